"""Questions that are asked at the same moment go to the database in one go."""

import asyncio
from collections.abc import Sequence

import pytest

from tinct.errors import DatabaseError
from tinct.storage.together import Together

pytestmark = pytest.mark.asyncio


class Oracle:
    """Doubles numbers, when it is let; -1 makes it break."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.free = asyncio.Event()
        self.free.set()

    async def answer(self, numbers: Sequence[int]) -> Sequence[int]:
        self.asked.append(list(numbers))
        await self.free.wait()
        if -1 in numbers:
            raise ArithmeticError("none of you")
        return [2 * number for number in numbers]


async def test_who_asks_while_nothing_is_under_way_is_served_alone_and_at_once():
    oracle = Oracle()
    together = Together(oracle.answer)
    assert [await together.ask(number) for number in (1, 2)] == [2, 4]
    assert oracle.asked == [[1], [2]]


async def test_who_asks_meanwhile_goes_with_the_next_and_each_gets_his_own_answer():
    oracle = Oracle()
    together = Together(oracle.answer)
    oracle.free.clear()
    first = asyncio.create_task(together.ask(1))
    await asyncio.sleep(0.01)
    rest = [asyncio.create_task(together.ask(number)) for number in (2, 3, 2)]
    await asyncio.sleep(0.01)
    assert oracle.asked == [[1]]  # what is asked later is not answered by what was seen before
    oracle.free.set()
    assert await asyncio.gather(first, *rest) == [2, 4, 6, 4]
    assert oracle.asked == [[1], [2, 3, 2]]


async def test_a_crowd_goes_in_several():
    oracle = Oracle()
    together = Together(oracle.answer)
    assert await asyncio.gather(*map(together.ask, range(250))) == [2 * number for number in range(250)]
    assert [len(asked) for asked in oracle.asked] == [100, 100, 50]


async def test_what_breaks_is_told_to_who_asked_it_alone():
    oracle = Oracle()
    together = Together(oracle.answer)
    one, broken, two = await asyncio.gather(*map(together.ask, (1, -1, 2)), return_exceptions=True)
    assert (one, two) == (2, 4)
    assert isinstance(broken, ArithmeticError)
    assert oracle.asked == [[1, -1, 2], [1], [-1], [2]]


async def test_a_database_that_is_away_is_told_to_all_at_once():
    asked: list[Sequence[int]] = []

    async def away(numbers: Sequence[int]) -> Sequence[int]:
        asked.append(list(numbers))
        raise DatabaseError("gone")

    together = Together(away)
    told = await asyncio.gather(*map(together.ask, (1, 2)), return_exceptions=True)
    assert [type(found) for found in told] == [DatabaseError, DatabaseError]
    assert asked == [[1, 2]]


async def test_who_leaves_takes_nothing_from_the_others():
    oracle = Oracle()
    together = Together(oracle.answer)
    oracle.free.clear()
    first, second, third = (asyncio.create_task(together.ask(number)) for number in (1, 2, 3))
    await asyncio.sleep(0.01)
    for task in (first, second):
        task.cancel()
    await asyncio.sleep(0.01)
    oracle.free.set()
    assert await third == 6
    assert first.cancelled()
    assert second.cancelled()
