"""Sends what waits in the outbox: a few messages at a time, beside a worker's jobs and never in their way."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Final

from tinct.backend import Backend
from tinct.errors import DatabaseError, FetchError, OversizeUrlError, TinctError
from tinct.jobs.callbacks import outbox
from tinct.jobs.callbacks.outbox import Outcome, State, Taken
from tinct.jobs.callbacks.recipe import Recipe
from tinct.jobs.ending import cancelled
from tinct.jobs.rows import job_of
from tinct.net.deliver import Answer, Deliverer

__all__ = ["Sender"]

_log = logging.getLogger(__name__)
_LOOK_S: Final = 1.0  # seconds between two looks when nobody wakes it
_MARGIN_S: Final = 5.0  # beyond the time of a try, until it is taken for lost
_AGAIN_S: Final = 1.0  # seconds between two tries to reach a lost database
_LONGEST_TRY_S: Final = 20.0  # the most that a recipe may ask for
_MOST_LOST: Final = 20  # lost tries of one message, after which the message itself is to blame


class Sender:
    """Sends callbacks of one backend, ``settings.callback_slots`` at a time.

    Parameters
    ----------
    backend : Backend
    deliverer : Deliverer, optional
        Another than the backend's settings make; for tests.
    clock : callable, optional
        Another time than the database's; for tests.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        deliverer: Deliverer | None = None,
        clock: Callable[[], datetime | None] = lambda: None,
    ) -> None:
        self._backend = backend
        self._deliverer = deliverer or backend.callbacks.deliverer
        self._clock = clock
        self._slots = backend.settings.callback_slots
        self._hosts: Counter[str] = Counter()  # tries under way
        self._trying: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look now: a job has just ended."""
        self._wake.set()

    async def run(self) -> None:
        """Send until cancelled; tries that are under way then count as lost, and are made again elsewhere."""
        try:
            while True:
                self._wake.clear()
                if len(self._trying) >= self._slots or not await self._begin():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_LOOK_S):  # wait_for may lose a cancel that meets the wake
                            await self._wake.wait()
        finally:
            await cancelled(*self._trying)

    async def once(self) -> bool:
        """Make one try and wait for its end; False if nothing is due."""
        taken = await self._take()
        if taken is not None:
            await self._try(taken)
        return taken is not None

    async def _begin(self) -> bool:
        try:
            taken = await self._take()
        except DatabaseError:
            return False
        except Exception:
            _log.exception("taking a callback broke; the next look tries again")
            return False
        if taken is None:
            return False
        task = asyncio.create_task(self._try(taken), name=f"callback {taken.delivery.id}")
        self._trying.add(task)
        self._hosts[taken.host] += 1
        task.add_done_callback(lambda done: self._over(done, taken.host))
        return True

    def _over(self, task: asyncio.Task[None], host: str) -> None:
        self._trying.discard(task)
        self._hosts[host] -= 1
        self._hosts += Counter()  # forgets hosts without tries
        self._wake.set()

    async def _take(self) -> Taken | None:
        """The next message, but none for a host that has half of the slots: a dead one must not have them all."""
        most = max(1, self._slots // 2)
        busy = [host for host, tries in self._hosts.items() if tries >= most]
        async with self._backend.database.transaction() as connection:
            return await outbox.take(
                connection,
                hold_s=_hold_s(_LONGEST_TRY_S),
                holds_s={name: _hold_s(one.total_s) for name, one in self._backend.callbacks.recipes.items()},
                busy=busy,
                now=self._clock(),
            )

    async def _try(self, taken: Taken) -> None:
        try:
            await self._made(taken)
        # It will be taken for lost, and tried again: perhaps by a worker that can
        except TinctError as error:
            _log.warning("callback %s: %s", taken.delivery.id, error)
        except Exception:
            _log.exception("callback %s: its recipe %s broke", taken.delivery.id, taken.recipe)
            await self._finish(taken, State.FAILED, Outcome.UNWRITTEN)

    async def _made(self, taken: Taken) -> None:
        """One try, from the message to its outcome."""
        if taken.attempt - taken.tries > _MOST_LOST:
            await self._finish(taken, State.FAILED, Outcome.LOST)
            return
        recipe = self._backend.callbacks.recipe(taken.recipe)
        body = taken.body if taken.body is not None else await self._body(recipe, taken)
        if body is None:
            await self._finish(taken, State.DROPPED, Outcome.UNWRITTEN)
            return
        if taken.body is None:
            async with self._backend.database.connection() as connection:
                await outbox.write(connection, taken, body)
        headers = await recipe.headers(taken.delivery, body, taken.started_at)
        answer: Answer | None = None
        try:
            answer = await self._deliverer.post(
                taken.delivery.url,
                body,
                headers,
                total_s=min(recipe.total_s, _LONGEST_TRY_S),
                read_bytes=recipe.read_bytes,
                most_bytes=recipe.most_bytes,
            )
        except OversizeUrlError as error:  # it would be too long the next time
            _log.error("callback %s: %s", taken.delivery.id, error)
            await self._finish(taken, State.FAILED, Outcome.UNWRITTEN)
            return
        except FetchError as error:
            _log.info("callback %s: %s", taken.delivery.id, error)
        await self._judge(recipe, taken, answer)

    async def _body(self, recipe: Recipe, taken: Taken) -> bytes | None:
        row = await self._backend.database.one(
            "SELECT * FROM jobs WHERE id = %s AND deleted_at IS NULL", (taken.delivery.job_id,)
        )
        return await recipe.body(job_of(row), taken.delivery) if row is not None else None

    async def _judge(self, recipe: Recipe, taken: Taken, answer: Answer | None) -> None:
        """What follows from an answer, or from none."""
        status = answer.status if answer is not None else None
        outcome = Outcome.REFUSED if answer is not None else Outcome.UNREACHED
        if answer is not None and recipe.succeeded(answer):
            await self._finish(taken, State.DELIVERED, Outcome.HEARD, status=status)
            return
        if status in recipe.stops:
            await self._finish(taken, State.STOPPED, outcome, status=status)
            return
        wait_s = recipe.wait_s(taken.tries + 1, answer, self._clock() or taken.started_at)
        if wait_s is None:
            await self._finish(taken, State.FAILED, outcome, status=status)
        else:
            await self._finish(taken, State.WAITING, outcome, status=status, wait_s=wait_s)

    async def _finish(
        self,
        taken: Taken,
        state: State,
        outcome: Outcome,
        *,
        status: int | None = None,
        wait_s: float = 0.0,
    ) -> None:
        """Write down how a try went, however long the database is away: else it would be made again."""
        while True:
            try:
                async with self._backend.database.transaction() as connection:
                    counted = await outbox.finish(
                        connection, taken, state, outcome, status=status, wait_s=wait_s, now=self._clock()
                    )
                break
            except DatabaseError:
                await asyncio.sleep(_AGAIN_S)
        if not counted:
            _log.warning("callback %s: try %d was taken over", taken.delivery.id, taken.attempt)
        elif state in (State.FAILED, State.STOPPED):
            tries = taken.tries + 1
            _log.warning("callback %s: %s after %d tries", taken.delivery.id, state.value, tries)


def _hold_s(total_s: float) -> float:
    """Seconds after which a try of `total_s` is taken for lost, and made again elsewhere."""
    return min(total_s, _LONGEST_TRY_S) + _MARGIN_S
