"""``python -m tinct.jobs``: a worker with the settings of the environment.

The first SIGTERM or SIGINT lets running jobs finish; the second ends at once, and other workers take over.
With ``--follow PID`` the end of that process, its parent, counts as the first.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from tinct.loading import end_quickly, loading

with loading():
    from tinct import logs
    from tinct.errors import TinctError
    from tinct.jobs.worker import run_worker
    from tinct.settings import Settings
    from tinct.storage.embedded import abandon

_LOOK_S = 0.5  # seconds between two looks at the parent


async def _main(settings: Settings, parent: int | None) -> None:
    stop = asyncio.Event()

    def told() -> None:
        if stop.is_set():
            abandon()
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    following = asyncio.create_task(_follow(parent, stop)) if parent else None
    await run_worker(settings, stop)
    if following:
        following.cancel()


async def _follow(parent: int, stop: asyncio.Event) -> None:
    while os.getppid() == parent:
        await asyncio.sleep(_LOOK_S)
    stop.set()


if __name__ == "__main__":
    end_quickly()
    try:
        settings = Settings.from_environment()
        logs.configure(repeats_per_minute=settings.log_repeats_per_minute)
        asyncio.run(_main(settings, int(sys.argv[2]) if "--follow" in sys.argv[1:2] else None))
    except TinctError as error:
        sys.exit(f"tinct worker: {error}")
