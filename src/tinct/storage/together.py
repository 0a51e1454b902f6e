"""Questions to the database that are asked at the same moment, in one go.

Who asks while nothing is under way is served at once; who asks meanwhile goes with the next, together with all others.
So a quiet server answers as fast as with a statement for each, and a busy one sends few. Each begins after its
questions were asked: nobody is told what was true before he asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from tinct.errors import DatabaseError

__all__ = ["Together"]

_Q = TypeVar("_Q")
_A = TypeVar("_A")
_MOST: Final = 100  # questions that go together


class Together(Generic[_Q, _A]):
    """Gathers what is asked while an answer is under way.

    Parameters
    ----------
    answer : callable
        From some questions, 1..100, to as many answers in their order. All or nothing: where it raises, each question
        is asked by itself, so that one that cannot be answered is in no other's way; what is raised then, or by a
        database that is away, who asked is told.
    """

    def __init__(self, answer: Callable[[Sequence[_Q]], Awaitable[Sequence[_A]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[_Q, asyncio.Future[_A]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: _Q) -> _A:
        """The answer to one question; who does not wait for it any more takes nothing from the others."""
        future: asyncio.Future[_A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = asyncio.create_task(self._serve(), name="questions asked together")
        return await future

    async def _serve(self) -> None:
        taken: Sequence[tuple[_Q, asyncio.Future[_A]]] = ()
        try:
            while self._waiting:
                taken, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                answers = await self._answers([question for question, _ in taken])
                for (_, future), answer in zip(taken, answers, strict=True):
                    if future.done():
                        continue
                    if isinstance(answer, Exception):
                        future.set_exception(answer)
                    else:
                        future.set_result(answer)
        finally:
            self._task = None
            for _, future in (*taken, *self._waiting):  # only where this was cancelled
                future.cancel()
            self._waiting = []

    async def _answers(self, questions: Sequence[_Q]) -> Sequence[_A | Exception]:
        try:
            return await self._answer(questions)
        except Exception as error:
            if len(questions) == 1 or isinstance(error, DatabaseError):
                return [error] * len(questions)
            return [answer for question in questions for answer in await self._answers([question])]
