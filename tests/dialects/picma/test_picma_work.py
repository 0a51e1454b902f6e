"""What createtask does while its caller waits: little, and nothing of the work; codes of a full and of an old queue."""

from pathlib import Path
from typing import Any

import psycopg
import pytest
from test_picma_calls import Client, backend, bomb, client, member, opened, site  # noqa: F401

from backends import Postgres
from picture_host import Site
from tinct.backend import Backend
from tinct.jobs import retention

pytestmark = pytest.mark.asyncio

STATEMENTS = 8
"""Token, its rate, the account's address, the file, the file again, the job, its input, its place in the queue."""


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """All that is asked of the database from now on."""
    asked: list[str] = []
    real = psycopg.AsyncCursor.execute

    async def heard(self: Any, query: Any, *more: Any, **others: Any) -> Any:
        asked.append(str(query))
        return await real(self, query, *more, **others)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", heard)
    return asked


def undecodable(side: int) -> bytes:
    """A PNG of that size with a header and an end, and pixels that nobody can read beyond the first rows."""
    whole = bomb(side, side)
    return whole[:1000] + bytes(len(whole) - 1100) + whole[-100:]


async def test_a_task_takes_the_same_few_statements_whatever_its_picture_and_the_queue(
    client: Client,  # noqa: F811
    site: Site,  # noqa: F811
    statements: list[str],
) -> None:
    await client.made(site.url + "/a.jpg", 93)  # the first also notes that the token was used
    site.picture("/large.png", undecodable(9216))
    counts, site.asked[:] = [], []
    for path in ("/a.jpg", *["/large.png"] * 8):
        statements.clear()
        await client.made(site.url + path, 93)
        counts.append(len(statements))
    # Now and then the server looks at its queue
    assert min(counts) == sorted(counts)[len(counts) // 2] == STATEMENTS
    assert max(counts) <= STATEMENTS + 3
    assert len(site.asked) == len(counts)  # and each picture is fetched once


async def test_nothing_of_a_picture_is_decoded_before_its_task_runs(
    backend: Backend,  # noqa: F811
    client: Client,  # noqa: F811
    site: Site,  # noqa: F811
) -> None:
    taskid = await client.made(site.picture("/large.png", undecodable(9216)), 93)
    _, waits = await client.say("gettask", taskid=taskid)
    assert (waits["status"], waits["inpathwidth"], waits["inpathheight"]) == (0, 9216, 9216)
    (stored,) = await backend.database.all("SELECT size FROM files")
    assert stored["size"] == waits["inpathsize"] == len(undecodable(9216))


async def test_a_full_queue_is_told_and_leaves_nothing(
    postgres: Postgres,
    tmp_path: Path,
    site: Site,  # noqa: F811
) -> None:
    async with opened(postgres, tmp_path, site, max_queued_jobs=1) as backend:  # noqa: F811
        account, token = await member(backend, credits=20)
        client = Client(backend, token)
        first = await client.made(site.url + "/a.jpg", 92)
        code, message = await client.say("createtask", picurl=site.url + "/a.jpg", type=92)
        assert (code, "wait" in message) == (1001001, True)
        assert (await backend.credits.balance(account.id)).held == 7
        row = await backend.database.one("SELECT (SELECT count(*) FROM jobs) + count(*) AS n FROM files")
        assert row is not None
        assert row["n"] == 2  # the first one and its picture
        assert (await client.say("deletetask", taskid=first))[0] == 0
        assert (await client.say("createtask", picurl=site.url + "/a.jpg", type=92))[0] == 0


async def test_after_thirty_days_a_task_is_not_known_any_more(
    backend: Backend,  # noqa: F811
    client: Client,  # noqa: F811
    site: Site,  # noqa: F811
) -> None:
    taskid = await client.made(site.url + "/a.jpg")
    job = await backend.database.one("SELECT account_id FROM jobs WHERE id = %s", (taskid,))
    assert job is not None
    await backend.jobs.cancel(job["account_id"], taskid)
    for days, code in ((29, 0), (31, 1002001)):
        await backend.database.run("UPDATE jobs SET finished_at = now() - make_interval(days => %s)", (days,))
        await retention.expire(backend)
        assert (await client.say("gettask", taskid=taskid))[0] == code
    assert (await client.say("deletetask", taskid=taskid))[0] == 1002001
