"""Listening for changes of jobs, and its end."""

import asyncio

import pytest

from tinct.jobs.changes import Changes
from tinct.jobs.ending import cancelled

pytestmark = pytest.mark.asyncio


class Deaf:
    """A database whose wait for news loses the first cancellation, as `asyncio.wait_for` does with a late one."""

    lost = 0

    async def notifications(self, *channels: str):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if self.lost:
                    raise
                self.lost += 1
            yield None


async def test_listening_ends_though_a_cancellation_is_lost():
    database = Deaf()
    changes = Changes(database)
    changes.start()
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await changes.stop()
    assert database.lost == 1


async def test_tasks_beside_a_worker_end_though_each_loses_a_cancellation():
    lost = []

    async def stubborn(number):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                if number in lost:
                    raise
                lost.append(number)

    tasks = [asyncio.create_task(stubborn(number)) for number in range(3)]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await cancelled(*tasks)
    assert sorted(lost) == [0, 1, 2]
    assert all(task.cancelled() for task in tasks)
