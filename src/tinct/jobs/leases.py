"""Jobs that live only as long as somebody asks for them: who asks renews the lease, who stays away loses the job.

Servers keep a book: each writes down who asked, and up to which moment that is complete. A lease is over by what the
books say, never by the time alone, so that what a slow server has received and not yet written counts, and so that
nobody loses a job while no server could be asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from tinct.errors import AbandonedError, TinctError
from tinct.jobs.ending import cancelled
from tinct.jobs.job import Failure, Job, JobState
from tinct.jobs.moves import end
from tinct.jobs.queue import lock_waiting
from tinct.storage.database import Connection, Database, storable
from tinct.storage.ids import new_id

if TYPE_CHECKING:
    from tinct.jobs.queue import Queue

__all__ = ["Leases", "drop_abandoned", "drop_for_ever", "patience"]

_log = logging.getLogger(__name__)
_LOOK_S: Final = 1.0  # seconds between two looks
_BATCH: Final = 100
_WRITE_S: Final = 0.15  # seconds for which questions are gathered
_SIGN_S: Final = 2.0  # seconds after which a server says how far its book is, if nobody asks
_TURNS: Final = 5  # of the event loop in which a request is accepted, read, parsed and begun
_HELD_S: Final = 30.0  # seconds for which a request that has not begun holds the book back
_SILENT: Final = "interval '30 s'"  # after which a server counts no more, if there is another
_ASKED: Final = """
UPDATE jobs SET asked_at = now() - make_interval(secs => ago)
FROM unnest(%(ids)s::text[], %(ago)s::float[]) AS asked (id, ago)
WHERE jobs.id = asked.id AND lease_s IS NOT NULL AND finished_at IS NULL
    AND asked_at < now() - make_interval(secs => ago)
"""
_BOOK: Final = f"""
WITH written AS ({_ASKED})
INSERT INTO lease_books (server, written_to) VALUES (%(server)s, to_timestamp(%(to)s))
ON CONFLICT (server) DO UPDATE SET written_to = excluded.written_to, seen_at = now()
RETURNING extract(epoch FROM clock_timestamp())::float8 AS now
"""
_NOW: Final = "SELECT extract(epoch FROM clock_timestamp())::float8 AS now"
_OTHERS: Final = f"SELECT FROM lease_books WHERE server <> %(server)s AND seen_at > now() - {_SILENT}"
_RENEW: Final = f"""
UPDATE jobs SET asked_at = now() WHERE lease_s IS NOT NULL AND finished_at IS NULL AND NOT EXISTS ({_OTHERS})
"""
_WRITTEN: Final = f"""
coalesce((SELECT min(written_to) FROM lease_books WHERE seen_at > now() - {_SILENT}),
    (SELECT max(written_to) FROM lease_books), now())
"""
_OVER: Final = (
    f"lease_s IS NOT NULL AND finished_at IS NULL AND asked_at < {_WRITTEN} - make_interval(secs => lease_s)"
)


class Leases:
    """Who asked for which job, written down a few times a second for all of them together.

    Asking is what clients do most, so it costs no statement of its own; and on a server that is slow, a question counts
    while it waits for its answer, so that nobody loses a job by the server's own fault.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        # Id of a job -> when it was asked for last, by the monotonic clock
        self._asked: dict[str, float] = {}
        self._open: dict[int, tuple[str, float]] = {}
        """Questions without an answer yet: the job's id, empty where it is not known yet, and up to when it counts."""
        self._number = 0
        self._read_to = time.monotonic()  # whatever had arrived by then has begun
        self._server: str | None = None
        self._offset = 0.0  # from this process's clock to the database's, rather too little than too much
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._write_for_ever(), name="leases")

    async def serve(self) -> None:
        """Keep a book from now on. Where nobody could be asked until now, all leases begin anew."""
        server = new_id("server")
        async with self._database.transaction() as connection:
            await connection.execute("DELETE FROM lease_books WHERE seen_at < now() - interval '1 day'")
            await connection.execute(_RENEW, {"server": server})
            now = await (await connection.execute(_NOW)).fetchone()
            assert now is not None
            self._offset = now["now"] - time.monotonic()
            await self._enter(connection, server, {}, time.monotonic())
        self._server = server
        self._wake.set()

    async def stop(self) -> None:
        """Write what is left, and end."""
        if self._task is not None:
            await cancelled(self._task)
        with contextlib.suppress(TinctError):
            await self.write()
            if self._server is not None:  # the last one's book stays: nobody can be asked after it
                await self._database.run(
                    f"DELETE FROM lease_books WHERE server = %(server)s AND EXISTS ({_OTHERS})",
                    {"server": self._server},
                )
        self._server = None

    @contextmanager
    def arriving(self) -> Iterator[None]:
        """A request is there, and nobody knows yet whether it asks for a job."""
        with self._opened(""):
            yield

    def asked(self, job: Job) -> None:
        """Somebody who may asked for `job` just now."""
        if job.lease_s is not None and not job.state.final:
            self._asked[job.id] = time.monotonic()
            self._wake.set()

    @contextmanager
    def waiting(self, job_id: str) -> Iterator[None]:
        """Somebody asks for a job, and it counts all the time until the answer if that takes longer than usual."""
        with self._opened(job_id):
            self._wake.set()
            yield

    @contextmanager
    def _opened(self, job_id: str) -> Iterator[None]:
        self._number += 1
        number = self._number
        self._open[number] = (job_id, time.monotonic())
        try:
            yield
        finally:
            del self._open[number]

    async def write(self) -> None:
        """Write down who asked until now."""
        async with self._writing:  # what another has begun to write was asked before
            await self._write()

    async def _write(self) -> None:
        asked, self._asked = self._asked, {}
        held = time.monotonic() - _HELD_S
        to = min([self._read_to, *(since for _, since in self._open.values() if since > held)])
        if not asked and self._server is None:
            return
        try:
            async with self._database.connection(durable=False) as connection:
                if self._server is not None:
                    await self._enter(connection, self._server, asked, to)
                else:
                    await connection.execute(_ASKED, _when(asked))
        except BaseException:
            self._asked = asked | self._asked
            raise

    async def _enter(
        self, connection: Connection, server: str, asked: Mapping[str, float], to: float
    ) -> None:
        """Write into the book who asked, and that it is complete up to `to`, by this process's clock."""
        values = _when(asked) | {"server": server, "to": to + self._offset}
        row = await (await connection.execute(_BOOK, values)).fetchone()
        assert row is not None
        self._offset = row["now"] - time.monotonic()

    async def _write_for_ever(self) -> None:
        while True:
            if not any(job_id for job_id, _ in self._open.values()):
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_SIGN_S if self._server is not None else None):
                        await self._wake.wait()
            self._wake.clear()
            began = time.monotonic()
            await asyncio.sleep(_WRITE_S)
            for _ in range(_TURNS):
                await asyncio.sleep(0)
            self._read_to, now = began, time.monotonic()
            for number, (job_id, since) in self._open.items():
                if job_id and since < began and storable(job_id):
                    self._asked[job_id] = now  # it takes longer than usual: it counts until now
                    self._open[number] = (job_id, now)
            try:
                await self.write()
            except TinctError as error:
                _log.warning("leases: %s", error)
            except Exception:
                _log.exception("writing down who asks broke; the next time tries again")


def _when(asked: Mapping[str, float]) -> dict[str, Any]:
    now = time.monotonic()
    return {"ids": list(asked), "ago": [now - at for at in asked.values()]}


def patience(job: Job, seconds: float) -> float:
    """How long to wait for `job`, `seconds` at most, before its lease has to be renewed."""
    return seconds if job.lease_s is None else min(seconds, job.lease_s / 3)


async def drop_for_ever(database: Database, queue: Queue) -> None:
    """Drop abandoned jobs every second."""
    while True:
        await asyncio.sleep(_LOOK_S)
        try:
            await drop_abandoned(database, queue)
        except TinctError as error:
            _log.warning("leases: %s", error)
        except Exception:
            _log.exception("dropping abandoned jobs broke; the next look tries again")


async def drop_abandoned(database: Database, queue: Queue) -> int:
    """Cancel jobs whose lease is over, free of charge; how many."""
    rows = await database.all(f"SELECT id FROM jobs WHERE {_OVER} LIMIT {_BATCH}")
    dropped = 0
    for row in rows:
        async with database.transaction() as connection:
            await lock_waiting(connection, row["id"])
            found = await connection.execute(
                f"SELECT entry, lease_s FROM jobs WHERE id = %s AND {_OVER} FOR UPDATE", (row["id"],)
            )
            job = await found.fetchone()
            if job is None:  # somebody asked, or it ended
                continue
            failure = Failure.of(AbandonedError(job["lease_s"]))
            dropped += await end(connection, row["id"], JobState.CANCELLED, failure=failure) is not None
            if job["entry"] is not None:
                await queue.remove(connection, job["entry"])
    return dropped
