"""How often who may call, as a wire format wants it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cos_wire import BUCKET
from tinct.accounts.limits import Window
from tinct.backend import Backend
from tinct.dialects.dialect import Claims, Dialect, application
from tinct.dialects.guard import admit, counted
from tinct.dialects.limits import CallLimits
from tinct.server.app import create_app

pytestmark = pytest.mark.asyncio


def words(request: Request, error: Exception) -> Response:
    seconds = getattr(error, "retry_after_s", None)
    return JSONResponse({"bad": type(error).__name__}, 429 if seconds else 400)


async def _call(request: Request) -> Response:
    account = await admit(request, request.headers.get("key"))
    if token := request.headers.get("token"):
        await counted(request, account, token=token)
    return JSONResponse({})


def client(backend: Backend, peer: str = "203.0.113.5", **limits: Any) -> httpx.AsyncClient:
    dialect = Dialect(
        name="plain",
        app=application([Route("/plain", _call), Route("/plain/free", _call)], words),
        claims=Claims(path=lambda connection: connection.scope["path"].startswith("/plain")),
        errors=words,
        limits=lambda settings: CallLimits(body_bytes=lambda connection: 1000, **limits),
    )
    transport = httpx.ASGITransport(create_app(backend, dialects=(dialect,)), client=(peer, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://test")


async def statuses(call: Callable[[], Any], times: int) -> list[int]:
    return [(await call()).status_code for _ in range(times)]


async def test_a_window_of_an_address_counts_all_its_calls_good_or_not(backend: Backend) -> None:
    async with client(backend, address=Window(2, 60)) as one:
        assert await statuses(lambda: one.get("/plain"), 3) == [400, 400, 429]
    async with client(backend, "203.0.113.6", address=Window(3, 60)) as other:
        assert await statuses(lambda: other.get("/plain"), 3) == [400, 400, 400]


async def test_keys_and_tokens_have_windows_of_their_own(backend: Backend) -> None:
    made = await backend.accounts.create("tester")
    second = await backend.accounts.add_key(made.account.id)
    async with client(backend, key=Window(2, 60)) as one:
        for key in (made.api_key, second):
            assert await statuses(lambda key=key: one.get("/plain", headers={"key": key}), 3) == [
                200,
                200,
                429,
            ]
    async with client(backend, token=Window(1, 60)) as one:
        for token in ("a", "b"):
            headers = {"key": second, "token": token}
            assert await statuses(lambda h=headers: one.get("/plain", headers=h), 2) == [200, 429]


async def test_exempt_calls_count_nowhere(backend: Backend) -> None:
    free = lambda connection: connection.scope["path"] == "/plain/free"  # noqa: E731
    key = (await backend.accounts.create("tester")).api_key
    async with client(backend, account=Window(1, 60), exempt=free) as one:
        assert await statuses(lambda: one.get("/plain/free", headers={"key": key}), 3) == [200, 200, 200]
        assert await statuses(lambda: one.get("/plain", headers={"key": key}), 2) == [200, 429]


async def test_a_wire_format_chooses_whether_replies_tell_what_is_left(backend: Backend) -> None:
    key = (await backend.accounts.create("tester")).api_key
    async with client(backend, account=Window(2, 30), headers=True) as one:
        replies = [await one.get("/plain", headers={"key": key}) for _ in range(3)]
        assert [reply.headers["ratelimit-policy"] for reply in replies] == ['"account";q=2;w=30'] * 3
        assert [reply.headers["ratelimit"].split(";t=")[0] for reply in replies] == [
            '"account";r=1', '"account";r=0', '"account";r=0',
        ]  # fmt: skip
        assert replies[2].status_code == 429
        assert 1 <= int(replies[2].headers["ratelimit-reset"]) <= 15
    async with client(backend, account=Window(2, 30)) as one:
        assert not [
            name for name in (await one.get("/plain", headers={"key": key})).headers if "rate" in name
        ]


async def test_what_needs_no_key_and_what_is_refused_is_counted_by_address(backend: Backend) -> None:
    few = backend.settings.with_changes(anonymous_per_minute=2, refusals_per_minute=2)
    object.__setattr__(backend, "settings", few)
    owner = (await backend.accounts.create("owner")).account.id
    bucket = await backend.buckets.create(owner, BUCKET, public=True)
    await backend.objects.put(bucket, "a", b"content", headers={})
    transport = httpx.ASGITransport(create_app(backend), client=("203.0.113.7", 1))
    async with httpx.AsyncClient(transport=transport) as anyone:
        public = f"http://{BUCKET}.cos.ap-test.myqcloud.com/a"
        assert await statuses(lambda: anyone.get(public), 3) == [200, 200, 503]  # SlowDown
        bad = "http://tinct.example.org/files/file_x.png?expires=1&signature=x"
        assert await statuses(lambda: anyone.get(bad), 3) == [403, 403, 429]
