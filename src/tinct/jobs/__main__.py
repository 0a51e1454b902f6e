"""``python -m tinct.jobs``: a worker with the settings of the environment.

The first SIGTERM or SIGINT lets running jobs finish; the second ends at once, and other workers take over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys

from tinct.errors import TinctError
from tinct.jobs.worker import run_worker
from tinct.settings import Settings


async def _main(settings: Settings) -> None:
    stop = asyncio.Event()

    def told() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told)
    await run_worker(settings, stop)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    try:
        asyncio.run(_main(Settings.from_environment()))
    except TinctError as error:
        sys.exit(f"tinct worker: {error}")
