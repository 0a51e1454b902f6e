"""Workers by capability: what each of those that are there can do beyond ordinary jobs.

Jobs that need a capability wait in a queue of its own for a worker that has it. Workers write down what they have with
each sign of life, so that a server that has none of it itself knows whether there is anybody for such a job. A
generator is a capability for each task that it serves, such as ``generate.inpaint``; ``generate`` stands for them all.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from tinct.effects.available import generators
from tinct.errors import DamagedModelError, NoGeneratorError, NoWorkerError, TinctError
from tinct.models.generators.port import CAPABILITY, TASKS, capability
from tinct.models.generators.registry import ready
from tinct.settings import ORDINARY, Settings
from tinct.storage.database import Database, Json
from tinct.storage.ids import new_id

__all__ = ["Capabilities", "of_machine"]

_log = logging.getLogger(__name__)
_FRESH_S: Final = 1.0  # seconds for which a look serves
_SILENT: Final = 3
"""Times the settings' ``stalled_s`` for which a silent worker counts: it may be starting anew."""
_GONE_S: Final = 3600.0  # after which a silent worker is forgotten
_HERE: Final = """
INSERT INTO workers (id, capabilities, served) VALUES (%s, %s, %s)
ON CONFLICT (id) DO UPDATE SET capabilities = excluded.capabilities, served = excluded.served, seen_at = now()
"""
_FORGET: Final = "DELETE FROM workers WHERE seen_at < now() - make_interval(secs => %s)"
_LIVE: Final = (
    "SELECT name, max(coalesce(served ->> name, '')) AS by FROM workers, unnest(capabilities) AS name"
    " WHERE seen_at > now() - make_interval(secs => %s) GROUP BY name"
)


def of_machine(settings: Settings) -> frozenset[str]:
    """What a worker with these settings takes: what they say, or all that this machine can do."""
    wanted = settings.work_for or frozenset({ORDINARY, CAPABILITY})
    if CAPABILITY not in wanted:
        return wanted
    try:
        tasks = frozenset(capability(task) for task in ready())
    except DamagedModelError as error:
        _log.error("capabilities: %s", error)
        tasks = frozenset()
    if not tasks and settings.work_for:
        _log.warning(
            "this worker is for generators, and none that can run is installed here; see: tinct doctor"
        )
    return wanted | tasks


class Capabilities:
    """What the workers of one database can do."""

    def __init__(
        self, database: Database, settings: Settings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database, self._settings, self._clock = database, settings, clock
        self._looked_at = float("-inf")
        self._found: dict[str, str] = {}

    async def live(self) -> dict[str, str]:
        """Capabilities that some worker has which gave a sign of life of late, and which generator each stands for.

        Empty for those that are no generator's. What several workers have is told of one of them.
        """
        rows = await self._database.all(_LIVE, (_SILENT * self._settings.stalled_s,))
        self._found, self._looked_at = {row["name"]: row["by"] for row in rows}, self._clock()
        return self._found

    async def require(self, effect: str, needed: str) -> None:
        """Refuse a job for which there is no worker.

        Raises
        ------
        NoGeneratorError
            It needs a generator, and there is none, neither here nor with a worker.
        NoWorkerError
            None of the workers that are there has the capability.
        """
        fresh = self._clock() - self._looked_at < _FRESH_S
        if (fresh and needed in self._found) or needed in await self.live():
            return
        task = next((task for task in TASKS if needed == capability(task)), None)
        if task is not None and task not in ready():
            raise NoGeneratorError(task)
        raise NoWorkerError(effect, needed)

    async def announce_for_ever(self, capabilities: frozenset[str]) -> None:
        """Say every ``settings.heartbeat_s`` that a worker with these capabilities is there."""
        worker = new_id("worker")
        by = Json({name: by for name, by in generators().items() if name in capabilities})
        while True:
            try:
                await self._database.run(_HERE, (worker, sorted(capabilities), by))
                await self._database.run(_FORGET, (_GONE_S,))
            except TinctError as error:
                _log.warning("capabilities: %s", error)
            except Exception:
                _log.exception("saying what this worker can do broke; the next time tries again")
            await asyncio.sleep(self._settings.heartbeat_s)
