"""A wire format in one short file is served whole: submit, poll, result, error, limits of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

import toy_format
from backends import Postgres, ended, working
from picture_host import hosted
from running import photo
from tinct.backend import Backend, open_backend
from tinct.dialects.registry import DIALECTS
from tinct.jobs.job import Failure, JobState
from tinct.jobs.moves import end
from tinct.server.app import create_app

pytestmark = pytest.mark.asyncio

PICTURE = photo()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """A web server on loopback with some files."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "a.png").write_bytes(PICTURE)
    (folder / "small.png").write_bytes(photo(20, 40))
    (folder / "no.png").write_bytes(b"no picture")
    with hosted(folder) as address:
        yield address


@pytest_asyncio.fixture
async def backend(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Backend]:
    async with open_backend(postgres.create(tmp_path / "data", allow_private_hosts="127.0.0.1")) as opened:
        yield opened


def client(backend: Backend, key: str | None, peer: str = "203.0.113.9") -> httpx.AsyncClient:
    app = create_app(backend, dialects=(toy_format.DIALECT, *DIALECTS))
    headers = {"toy-key": key} if key else {}
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=(peer, 1)), base_url="http://tinct.test", headers=headers
    )


async def test_submit_poll_and_result(backend: Backend, site: str) -> None:
    made = await backend.accounts.create("tester", credits=5)
    async with client(backend, made.api_key) as toy:
        reply = await toy.post("/toy/tasks", json={"tool": "copy", "photo": f"{site}/a.png"})
        assert reply.status_code == 200, reply.text
        task = reply.json()["task"]
        assert (await toy.get(f"/toy/tasks/{task}")).json() == {"ok": True, "state": "waiting", "urls": []}
        async with working(backend):
            await ended(backend, await backend.jobs.get(made.account.id, task))
        done = (await toy.get(f"/toy/tasks/{task}")).json()
        assert done["state"] == "done"
        result = await toy.get(done["urls"][0])  # a client that sends its key everywhere
        assert (result.status_code, result.headers["content-type"]) == (200, "image/png")
    assert (await backend.credits.balance(made.account.id)).available == 4


async def test_every_error_is_in_its_own_words(backend: Backend, site: str) -> None:
    made = await backend.accounts.create("tester", credits=2)
    for number, (sent, status, code) in enumerate(
        [
            ({"tool": "none"}, 400, "no_tool"),
            ({"tool": "copy"}, 400, "bad_request"),
            ({"tool": "copy", "photo": "ftp://x"}, 400, "bad_url"),
            ({"tool": "copy", "photo": f"{site}/none.png"}, 400, "bad_url"),
            ({"tool": "copy", "photo": f"{site}/no.png"}, 400, "bad_photo"),
            ({"tool": "copy", "photo": f"{site}/small.png"}, 400, "photo_size"),
            ({"tool": "color", "photo": f"{site}/a.png"}, 402, "no_credits"),
        ]
    ):
        key = await backend.accounts.add_key(made.account.id)
        async with client(backend, key, f"203.0.113.{number}") as toy:
            reply = await toy.post("/toy/tasks", json=sent)
            assert (reply.status_code, reply.json()["code"], reply.json()["ok"]) == (status, code, False), (
                sent
            )
    assert await backend.database.all("SELECT id FROM jobs") == []
    assert await backend.database.all("SELECT id FROM files WHERE state = 'stored'") == []
    async with client(backend, None) as toy:
        assert (await toy.get("/toy/tasks/x")).json()["code"] == "bad_key"
        assert (await toy.get("/toy/nothing")).json()["code"] == "no_such_call"
        assert (await toy.get("/v1/nothing")).json()["error"]["code"] == "not_found"
    async with client(backend, made.api_key) as toy:
        assert (await toy.get("/toy/tasks/x")).json()["code"] == "no_task"
        assert (await toy.post("/toy/tasks", content=b"[" * 2000)).json()["code"] == "bad_request"


async def test_a_job_that_failed_is_told_by_the_same_table(backend: Backend, site: str) -> None:
    made = await backend.accounts.create("tester")
    async with client(backend, made.api_key) as toy:
        task = (await toy.post("/toy/tasks", json={"tool": "copy", "photo": f"{site}/a.png"})).json()["task"]
        async with backend.database.transaction() as connection:
            await connection.execute("UPDATE jobs SET state = 'running', attempt = 1")
            failure = Failure(code="photo_broken", message="cut off")
            await end(connection, task, JobState.FAILED, failure=failure)
        reply = await toy.get(f"/toy/tasks/{task}")
        assert (reply.status_code, reply.json()) == (
            400,
            {"ok": False, "code": "bad_photo", "why": "cut off"},
        )


async def test_its_limits_are_its_own(backend: Backend) -> None:
    made = await backend.accounts.create("tester")
    async with client(backend, made.api_key) as toy:
        codes = [(await toy.get("/toy/tasks/x")).json()["code"] for _ in range(6)]
        assert codes == ["no_task"] * 5 + ["slow_down"]
        reply = await toy.get("/toy/tasks/x")
        assert 1 <= int(reply.headers["retry-after"]) <= 12
        assert not [name for name in reply.headers if name.startswith("ratelimit")]
    async with client(backend, None) as anyone:
        codes = [(await anyone.get("/toy/tasks/x")).json()["code"] for _ in range(4)]
        assert codes[-1] == "slow_down"
    key = await backend.accounts.add_key(made.account.id)
    async with client(backend, key, "203.0.113.77") as toy:
        large = await toy.post("/toy/tasks", content=b"[" + b" " * 4096 + b"]")
        assert (large.status_code, large.json()["code"]) == (400, "bad_request")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(backend), client=("203.0.113.9", 1)), base_url="http://t"
    ) as other:
        native = await other.get("/v1/account", headers={"authorization": f"Bearer {made.api_key}"})
        assert native.status_code == 200


async def test_its_file_is_short() -> None:
    assert len(Path(toy_format.__file__).read_text().splitlines()) < 150
