"""Rate limits: a token bucket that every process shares."""

import asyncio
import subprocess
import sys

import pytest

from tinct.accounts.limits import Window
from tinct.errors import RateLimitError

pytestmark = pytest.mark.asyncio

_HAMMER = """
import asyncio, sys
from pathlib import Path
from tinct.accounts.limits import Limits, Window
from tinct.errors import RateLimitError
from tinct.settings import Settings
from tinct.storage.database import Database

async def main() -> None:
    database = await Database.open(Settings(database_url=sys.argv[1]))
    limits, accepted = Limits(database), 0
    async def hammer() -> int:
        got = 0
        for _ in range(250):
            try:
                await limits.take("shared", Window(600, 6e5))
                got += 1
            except RateLimitError:
                pass
        return got
    print(sum(await asyncio.gather(*(hammer() for _ in range(4)))))
    await database.close()

asyncio.run(main())
"""


async def test_two_thousand_calls_from_two_processes_are_counted_exactly(backend):
    url = backend.settings.database_url
    both = [
        subprocess.Popen([sys.executable, "-c", _HAMMER, url], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    outputs = [await asyncio.to_thread(process.communicate) for process in both]
    assert sum(int(out) for out, _ in outputs) == 600


async def test_a_refusal_says_when_to_come_back_and_takes_nothing(backend):
    for left in (2, 1, 0):
        allowance = await backend.limits.take("a", Window(3, 30))
        assert (allowance.window.calls, allowance.remaining) == (3, left)
    for _ in range(3):
        with pytest.raises(RateLimitError) as caught:
            await backend.limits.take("a", Window(3, 30))
        assert 9 < caught.value.retry_after_s <= 10
    assert (await backend.limits.take("b", Window(3, 30))).remaining == 2


async def test_tokens_come_back_one_by_one(backend):
    for _ in range(2):
        await backend.limits.take("a", Window(2, 3))
    with pytest.raises(RateLimitError) as caught:
        await backend.limits.take("a", Window(2, 3))
    await asyncio.sleep(caught.value.retry_after_s)
    await backend.limits.take("a", Window(2, 3))
    with pytest.raises(RateLimitError):
        await backend.limits.take("a", Window(2, 3))


async def test_a_call_may_cost_several_tokens(backend):
    assert (await backend.limits.take("a", Window(10, 100), cost=7)).remaining == 3
    with pytest.raises(RateLimitError):
        await backend.limits.take("a", Window(10, 100), cost=4)
    assert (await backend.limits.take("a", Window(10, 100), cost=3)).remaining == 0


async def test_full_buckets_are_forgotten(backend):
    await backend.limits.take("short", Window(1, 0.05))
    await backend.limits.take("long", Window(1, 100))
    await asyncio.sleep(0.1)
    assert await backend.limits.sweep() == 1
