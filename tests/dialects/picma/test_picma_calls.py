"""The calls in one process: who may call, what is read, which code each mistake gets, what a task tells."""

import asyncio
import hashlib
import io
import json
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image

from backends import Postgres, ended, working
from picture_host import Site
from running import pages, photo
from tinct.accounts.credential import Account
from tinct.backend import Backend, open_backend
from tinct.dialects.picma.credentials import CREDENTIALS
from tinct.effects import registry
from tinct.errors import DatabaseError
from tinct.jobs.job import Order
from tinct.server.app import create_app

pytestmark = pytest.mark.asyncio

PICTURE = photo(96, 72, format="JPEG")
HAZARD_TYPES = """
[types.90]
name = "Nothing"
effect = "noop"
[types.91]
name = "Broken"
effect = "broken"
[types.92]
name = "Priced"
effect = "noop"
price = 7
[types.93]
name = "Hanging"
effect = "hang"
"""


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as running:
        running.picture("/a.jpg", PICTURE)
        yield running


def opened(postgres: Postgres, tmp_path: Path, site: Site, table: str = "", **changes: Any) -> Any:
    own = tmp_path / "picma.toml"
    own.write_text(table + HAZARD_TYPES)
    settings = {"allow_private_hosts": f"127.0.0.1:{site.port}", "fetch_total_s": 3.0, "picma": own} | changes
    return open_backend(postgres.create(tmp_path / "data", **settings))


@pytest_asyncio.fixture
async def backend(postgres: Postgres, tmp_path: Path, site: Site) -> AsyncIterator[Backend]:
    async with opened(postgres, tmp_path, site) as running:
        yield running


async def member(backend: Backend, credits: int | None = None) -> tuple[Account, str]:
    account = await backend.accounts.open("customer", credits=credits)
    issued = await CREDENTIALS.issue(backend.accounts, account.id)
    return account, issued.fields["token"]


class Client:
    """Calls as the contract says; `say` gives back code and data, and checks the envelope."""

    def __init__(self, backend: Backend, token: str | None) -> None:
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(
                create_app(backend), client=("203.0.113.9", 1), raise_app_exceptions=False
            ),
            base_url="http://tinct.test",
            headers={"token": token} if token else {},
        )

    async def say(self, call: str, status: int = 200, **body: Any) -> tuple[int, Any]:
        reply = await self.http.post(f"/api/v1/{call}", json=body)
        return told(reply, status)

    async def made(self, picurl: str, type: int = 90, **more: Any) -> str:
        code, data = await self.say("createtask", picurl=picurl, type=type, **more)
        assert code == 0, data
        return str(data["taskid"])


def told(reply: httpx.Response, status: int = 200) -> tuple[int, Any]:
    assert reply.status_code == status, reply.text
    found = reply.json()
    assert list(found) == ["code", "msg", "data"]
    assert (found["data"] is None) == (found["code"] != 0)
    assert bool(found["msg"]) == (found["code"] != 0)
    return found["code"], found["data"] if found["code"] == 0 else found["msg"]


@pytest_asyncio.fixture
async def client(backend: Backend) -> Client:
    return Client(backend, (await member(backend))[1])


# -- who calls, and how ------------------------------------------------------------------------------


async def test_a_wrong_or_missing_token_is_refused_before_the_body_is_read(backend: Backend) -> None:
    api_key = (await backend.accounts.create("other")).api_key
    for token in (None, "pm_", "pm_" + "0" * 48, api_key, "x" * 5000):
        for call in ("createtask", "gettask", "deletetask"):
            reply = await Client(backend, token).http.post(f"/api/v1/{call}", content=b"{")
            assert told(reply, 401) == (1003001, "Invalid token")


async def test_a_revoked_token_is_refused(backend: Backend) -> None:
    account, token = await member(backend)
    (credential,) = await backend.accounts.credentials(account.id)
    await backend.accounts.revoke_credential(credential.id)
    assert (await Client(backend, token).say("gettask", 401, taskid="x"))[0] == 1003001


async def test_the_token_travels_in_the_header_as_bearer_in_the_body_or_in_the_query(
    backend: Backend,
) -> None:
    _, token = await member(backend)
    http = Client(backend, None).http
    for reply in (
        await http.post("/api/v1/gettask", json={"taskid": "x"}, headers={"token": token}),
        await http.post(
            "/api/v1/gettask", json={"taskid": "x"}, headers={"Authorization": f"Bearer {token}"}
        ),
        await http.post("/api/v1/gettask", json={"taskid": "x", "token": token}),
        await http.post("/api/v1/gettask", data={"taskid": "x", "token": token}),
        await http.post("/api/v1/gettask", json={"taskid": "x"}, params={"token": token}),
        await http.get("/api/v1/gettask", params={"taskid": "x", "token": token}),
    ):
        assert told(reply)[0] == 1002001


async def test_all_paths_and_forms_reach_the_same_calls(client: Client, site: Site) -> None:
    seen = set()
    for path in ("/api/v1/createtask", "/createtask", "/api/v1/image/createtask"):
        code, data = told(await client.http.post(path, data={"picurl": site.url + "/a.jpg", "type": "90"}))
        assert code == 0
        seen.add(data["taskid"])
    body = json.dumps({"picurl": site.url + "/a.jpg", "type": 90})
    as_curl = await client.http.post(
        "/createtask", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
    )
    seen.add(told(as_curl)[1]["taskid"])
    assert len(seen) == 4
    for taskid in seen:
        for path in ("/api/v1/gettask", "/gettask", "/api/v1/image/gettask"):
            assert (
                told(await client.http.get(path, params={"taskid": taskid, "type": "90"}))[1]["taskid"]
                == taskid
            )
            assert (
                told(await client.http.post(path, json={"taskid": taskid, "type": 1}))[1]["taskid"] == taskid
            )


async def test_what_is_no_call_or_no_body_is_malformed(client: Client) -> None:
    for method, path, status in (
        ("POST", "/api/v1/nothing", 404),
        ("GET", "/api/v1/createtask", 405),
        ("PUT", "/gettask", 405),
        ("GET", "/deletetask", 405),
    ):
        reply = await client.http.request(method, path)
        assert told(reply, status)[0] == 1000001
        assert (reply.headers.get("allow") is not None) == (status == 405)
    for body in (b"", b"{", b"[]", b"null", b'{"taskid": NaN}', b'{"a":' * 40):
        assert told(await client.http.post("/gettask", content=body), 400)[0] == 1000001
        assert told(await client.http.post("/createtask", content=body), 400)[0] == 1000001
    for call in ("gettask", "deletetask"):
        for taskid in ({}, {"taskid": ""}, {"taskid": None}, {"taskid": 5}):
            assert (await client.say(call, 400, **taskid))[0] == 1000001


async def test_a_body_of_more_than_a_mebibyte_is_refused(client: Client) -> None:
    reply = await client.http.post("/createtask", content=b" " * (2**20 + 1))
    assert told(reply, 413)[0] == 1000001


async def test_the_server_answers_the_vendors_host_as_the_vendor_does(client: Client) -> None:
    reply = await client.http.post("/unknown", headers={"Host": "api.magictiger.ai"})
    assert told(reply, 404)[0] == 1000001


async def test_too_many_requests_are_told_when_to_come_back(
    postgres: Postgres, tmp_path: Path, site: Site
) -> None:
    table = "[limits]\nrequests_per_minute = 2\n"
    async with opened(postgres, tmp_path, site, table) as backend:
        client = Client(backend, (await member(backend))[1])
        for _ in range(2):
            assert (await client.say("gettask", taskid="x"))[0] == 1002001
        reply = await client.http.post("/gettask", json={"taskid": "x"})
        assert told(reply, 429)[0] == 1000002
        assert int(reply.headers["retry-after"]) > 0
        other = Client(backend, (await member(backend))[1])
        assert (await other.say("gettask", taskid="x"))[0] == 1002001


@pytest.mark.parametrize(
    ("recipe", "signed"),
    [
        ("body+token", lambda body, token: body + token),
        ("token+body", lambda body, token: token + body),
        ("token+taskid+status", lambda body, token: token + b"x"),
    ],
)
async def test_md5_is_checked_where_the_operator_says_so(
    postgres: Postgres, tmp_path: Path, site: Site, recipe: str, signed: Callable[[bytes, bytes], bytes]
) -> None:
    table = f'[md5]\nrecipe = "{recipe}"\ncheck = true\n'
    async with opened(postgres, tmp_path, site, table) as backend:
        _, token = await member(backend)
        client, body = Client(backend, token), b'{"taskid":"x"}'
        good = hashlib.md5(signed(body, token.encode())).hexdigest()
        for md5, status, code in (
            (good, 200, 1002001),
            (good.upper(), 200, 1002001),
            ("0" * 32, 401, 1003003),
        ):
            reply = await client.http.post("/gettask", content=body, headers={"md5": md5})
            assert told(reply, status)[0] == code
        assert told(await client.http.post("/gettask", content=body), 401)[0] == 1003003


async def test_md5_is_ignored_by_default(client: Client) -> None:
    reply = await client.http.post("/gettask", json={"taskid": "x"}, headers={"md5": "nonsense"})
    assert told(reply)[0] == 1002001


# -- createtask --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"picurl": None},
        {"picurl": ""},
        {"picurl": 5},
        {"type": None},
        {"type": "one"},
        {"type": True},
        {"type": 1.5},
        {"type": []},
        {"type": 99},
        {"type": -1},
        {"type": 10**30},
        {"chtaskid": 5},
        {"chtaskid": "x" * 256},
        {"callbackurl": 5},
        {"callbackurl": "ftp://example.com/"},
        {"callbackurl": "http://127.0.0.1:1/"},
        {"callbackurl": "http://10.0.0.1/"},
        {"callbackurl": "http://user@example.com/"},
        {"callbackurl": "nonsense"},
    ],
)
async def test_a_field_that_is_wrong_is_named(client: Client, site: Site, wrong: dict[str, Any]) -> None:
    body = {"picurl": site.url + "/a.jpg", "type": 90} | wrong
    code, message = await client.say("createtask", **{k: v for k, v in body.items() if v is not None})
    assert code == 1001001
    assert next(iter(wrong)) in message
    assert site.asked == []


@pytest.mark.parametrize(("type", "words"), [(4, "Scratch Repair"), (6, "Cartoon")])
async def test_a_type_whose_effect_is_not_there_is_refused_by_name(
    client: Client, site: Site, type: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for effect in ("restore", "cartoon"):
        monkeypatch.delitem(registry._WHERE, effect)
    code, message = await client.say("createtask", picurl=site.url + "/a.jpg", type=type)
    assert (code, words in message, "not installed" in message) == (1001001, True, True)


async def test_a_type_whose_networks_are_missing_says_which_command_brings_them(
    postgres: Postgres, tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinct.settings import current

    monkeypatch.setenv("TINCT_MODELS", str(tmp_path / "no models"))
    current.cache_clear()
    try:
        async with opened(postgres, tmp_path, site) as backend:
            client = Client(backend, (await member(backend))[1])
            code, message = await client.say("createtask", picurl=site.url + "/a.jpg", type=1)
    finally:
        monkeypatch.undo()
        current.cache_clear()
    assert code == 1001001
    assert "tinct models fetch" in message


def bomb(width: int, height: int) -> bytes:
    """A PNG of that size, of one colour."""
    file = io.BytesIO()
    Image.new("1", (width, height)).save(file, "PNG")
    return file.getvalue()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7000\r\n\r\n")
    while True:
        writer.write(PICTURE[:1])
        await writer.drain()
        await asyncio.sleep(0.1)


async def endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + PICTURE)
    while True:
        writer.write(bytes(2**20))
        await writer.drain()


async def test_a_picture_that_cannot_be_fetched_or_taken_gets_its_code(client: Client, site: Site) -> None:
    site.answers |= {"/drip": drip, "/endless": endless, "/silent": None}
    jpeg = photo(300, 200, format="JPEG")
    cases = {
        # picurl validation failed
        "ftp://example.com/a.jpg": 1001002,
        "/a.jpg": 1001002,
        "nonsense": 1001002,
        f"http://user:password@127.0.0.1:{site.port}/a.jpg": 1001002,
        "http://10.0.0.1/a.jpg": 1001002,
        "http://169.254.169.254/latest/meta-data": 1001002,
        "http://[::1]/a.jpg": 1001002,
        "http://127.0.0.1:1/a.jpg": 1001002,
        "https://example.com:8443/a.jpg": 1001002,
        "http://" + "x" * 9000: 1001002,
        "http://does-not-exist.invalid/a.jpg": 1001002,
        site.url + "/nothing": 1001002,
        site.picture("/moved", b"", f"Location: {site.url}/a.jpg", status=302): 1001002,
        site.picture("/moved-inside", b"", "Location: http://10.0.0.1/", status=301): 1001002,
        site.picture("/created", PICTURE, status=201): 1001002,
        site.picture("/empty", b""): 1001002,
        site.picture("/short", PICTURE, length=len(PICTURE) + 500): 1001002,  # promises more than it sends
        site.picture("/small", photo(63, 200)): 1001002,
        site.url + "/drip": 1001002,
        site.url + "/silent": 1001002,
        # image too large
        site.picture("/declared", b"", length=20 * 2**20 + 1): 1001003,
        site.url + "/endless": 1001003,
        site.picture("/wide", bomb(9217, 64)): 1001003,
        site.picture("/high", bomb(64, 9217)): 1001003,
        # unsupported file type
        site.picture("/text", b"no picture at all", "Content-Type: image/png"): 1001004,
        site.picture("/gif", photo(80, 80, format="GIF")): 1001004,
        site.picture("/tiff", photo(80, 80, format="TIFF")): 1001004,
        site.picture("/pages", pages(2)): 1001004,
        site.picture("/half.jpg", jpeg[: len(jpeg) // 2]): 1001004,
        site.picture("/cut.jpg", jpeg, length=len(jpeg) - 700): 1001004,  # sends more than it promises
        site.picture("/half.png", photo(300, 200)[:9000]): 1001004,
        site.picture("/half.webp", photo(300, 200, format="WEBP")[:900]): 1001004,
        site.picture("/half.bmp", photo(300, 200, format="BMP")[:9000]): 1001004,
        site.picture("/head.jpg", jpeg[:20]): 1001004,
    }
    for url, expected in cases.items():
        code, message = await client.say("createtask", picurl=url, type=90)
        assert (code, bool(message)) == (expected, True), (url[:80], code, message)


async def test_pictures_at_the_limits_are_taken(client: Client, site: Site) -> None:
    padded = PICTURE + bytes(20 * 2**20 - len(PICTURE))
    for path, content in {
        "/64.png": photo(64, 64),
        "/wide.png": bomb(9216, 64),
        "/20mb.jpg": padded,
        "/a.webp": photo(80, 80, format="WEBP"),
        "/a.bmp": photo(80, 80, format="BMP"),
    }.items():
        assert await client.made(site.picture(path, content))


async def test_nothing_is_left_of_a_refused_task(backend: Backend, client: Client, site: Site) -> None:
    for path, content in (("/a", photo(63, 63)), ("/b", b"x"), ("/c", PICTURE[:-400])):
        assert (await client.say("createtask", picurl=site.picture(path, content), type=90))[0] != 0
    for table in ("files", "jobs"):
        row = await backend.database.one(f"SELECT count(*) AS n FROM {table}")
        assert row is not None
        assert row["n"] == 0


async def test_balance_is_the_last_thing_looked_at_held_at_creation_and_charged_on_success(
    backend: Backend, site: Site
) -> None:
    account, token = await member(backend, credits=8)
    client = Client(backend, token)
    assert (await client.say("createtask", picurl=site.url + "/a.jpg", type=92))[0] == 0
    code, _ = await client.say("createtask", picurl=site.url + "/a.jpg", type=92)
    assert code == 1003002
    assert (await client.say("createtask", picurl=site.picture("/x", b"x"), type=92))[0] == 1001004
    assert (await backend.credits.balance(account.id)).available == 1
    async with working(backend):
        failing = await client.made(site.url + "/a.jpg", 91)
        await ended(backend, await backend.jobs.get(account.id, failing))
        page = await backend.jobs.list(account.id)
        for job in page.jobs:
            await ended(backend, job)
    balance = await backend.credits.balance(account.id)
    assert (balance.available, balance.held) == (1, 0)


async def test_a_failure_of_the_server_has_its_code_by_call(
    backend: Backend, client: Client, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise DatabaseError("the database is away")

    monkeypatch.setattr(backend.jobs, "submit", away)
    monkeypatch.setattr(backend.jobs, "get", away)
    assert (await client.say("createtask", picurl=site.url + "/a.jpg", type=90))[0] == 1001001
    for call in ("gettask", "deletetask"):
        assert (await client.say(call, 500, taskid="x"))[0] == 1000003

    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(backend.jobs, "submit", broken)
    monkeypatch.setattr(backend.jobs, "get", broken)
    assert "secret" not in (await client.say("createtask", picurl=site.url + "/a.jpg", type=90))[1]
    assert "secret" not in (await client.say("gettask", 500, taskid="x"))[1]


# -- gettask and deletetask --------------------------------------------------------------------------

KEYS = {
    *("taskid", "status", "queuenum", "errorcode", "errormsg", "facenum", "chtaskid", "facelist"),
    *("inputurl", "inpathwidth", "inpathsize", "inpathheight", "inpathext"),
    *("outputurl", "outpathwidth", "outpathsize", "outpathheight", "outpathext"),
}


async def test_a_task_waits_runs_and_ends_and_its_input_is_there_all_along(
    backend: Backend, client: Client, site: Site
) -> None:
    turned = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.open(io.BytesIO(photo(120, 80))).save(turned, "JPEG", exif=exif)
    source = site.picture("/turned.jpg", turned.getvalue())
    code, made = await client.say("createtask", picurl=source, type=90, chtaskid="mine", other="ignored")
    assert (code, made["status"], made["queuenum"]) == (0, 0, 1)
    _, waits = await client.say("gettask", taskid=made["taskid"], type=90)
    assert set(waits) == KEYS
    assert (waits["status"], waits["queuenum"], waits["chtaskid"]) == (0, 1, "mine")
    assert (waits["inpathwidth"], waits["inpathheight"], waits["inpathext"]) == (80, 120, "jpg")
    assert [waits[key] for key in ("outpathwidth", "outpathsize", "outpathheight")] == [0, 0, 0]
    assert (waits["outputurl"], waits["outpathext"], waits["facenum"], waits["facelist"]) == ("", "", 0, [])
    fetched = await client.http.get(waits["inputurl"])
    assert (fetched.content, len(fetched.content)) == (turned.getvalue(), waits["inpathsize"])
    async with working(backend):
        page = await backend.jobs.list(
            (await backend.jobs.list((await backend.accounts.list())[0].id)).jobs[0].account
        )
        await ended(backend, page.jobs[0])
    _, done = await client.say("gettask", taskid=made["taskid"])
    assert set(done) == KEYS
    assert (done["status"], done["queuenum"], done["errorcode"], done["errormsg"]) == (2, 0, 0, "")
    assert (done["outpathwidth"], done["outpathheight"], done["outpathext"]) == (80, 120, "jpg")
    result = (await client.http.get(done["outputurl"])).content
    assert (len(result), Image.open(io.BytesIO(result)).size) == (done["outpathsize"], (80, 120))
    assert (await client.http.get(done["inputurl"])).content == turned.getvalue()


@pytest.mark.parametrize(
    ("format", "ext"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "png"), ("BMP", "png")]
)
async def test_the_result_is_jpg_for_a_jpeg_and_png_otherwise(
    backend: Backend, client: Client, site: Site, format: str, ext: str
) -> None:
    taskid = await client.made(site.picture("/x", photo(80, 70, format=format)))
    async with working(backend):
        await wait(client, taskid)
    _, done = await client.say("gettask", taskid=taskid)
    assert done["outpathext"] == ext
    assert done["inpathext"] == {"JPEG": "jpg"}.get(format, format.lower())
    kind = Image.open(io.BytesIO((await client.http.get(done["outputurl"])).content)).format
    assert kind == {"jpg": "JPEG", "png": "PNG"}[ext]


async def wait(client: Client, taskid: str, seconds: float = 60) -> dict[str, Any]:
    async with asyncio.timeout(seconds):
        while True:
            _, found = await client.say("gettask", taskid=taskid)
            if found["status"] > 1:
                return dict(found)
            await asyncio.sleep(0.1)


async def test_a_task_that_fails_says_why_and_costs_nothing(
    backend: Backend, client: Client, site: Site
) -> None:
    taskid = await client.made(site.url + "/a.jpg", 91, chtaskid="mine")
    async with working(backend):
        found = await wait(client, taskid)
    assert (found["status"], found["errorcode"], bool(found["errormsg"])) == (3, 1004001, True)
    assert (found["inpathwidth"], found["chtaskid"], found["outputurl"]) == (96, "mine", "")


@pytest.mark.parametrize(
    ("state", "failure", "code"),
    [("timed_out", "timed_out", 1004002), ("retries_exhausted", "retries_exhausted", 1004003)],
)
async def test_each_way_to_fail_has_its_number(
    backend: Backend, client: Client, site: Site, state: str, failure: str, code: int
) -> None:
    taskid = await client.made(site.url + "/a.jpg")
    await backend.database.run(
        "UPDATE jobs SET state = %s, failure_code = %s, failure_message = 'why', finished_at = now()"
        " WHERE id = %s",
        (state, failure, taskid),
    )
    _, found = await client.say("gettask", taskid=taskid)
    assert (found["status"], found["errorcode"], found["errormsg"]) == (3, code, "why")


async def test_a_deleted_task_is_deleted_for_good_and_its_files_are_gone(
    backend: Backend, client: Client, site: Site
) -> None:
    taskid = await client.made(site.url + "/a.jpg")
    async with working(backend):
        done = await wait(client, taskid)
    assert await client.say("deletetask", taskid=taskid) == (0, {"success": True})
    for url in (done["inputurl"], done["outputurl"]):
        assert (await client.http.get(url)).status_code == 404
    for call in ("gettask", "deletetask"):
        assert (await client.say(call, taskid=taskid))[0] == 1002002


async def test_a_waiting_or_running_task_is_cancelled_free_of_charge(backend: Backend, site: Site) -> None:
    account, token = await member(backend, credits=20)
    client = Client(backend, token)
    waiting = await client.made(site.url + "/a.jpg", 92)
    assert (await client.say("deletetask", taskid=waiting))[0] == 0
    running = await client.made(site.url + "/a.jpg", 93)
    async with working(backend):
        async with asyncio.timeout(30):
            while (await client.say("gettask", taskid=running))[1]["status"] != 1:
                await asyncio.sleep(0.05)
        assert (await client.say("gettask", taskid=running))[1]["queuenum"] == 0
        assert (await client.say("deletetask", taskid=running))[0] == 0
    assert (await client.say("gettask", taskid=waiting))[0] == 1002002
    assert (await client.say("gettask", taskid=running))[0] == 1002002
    balance = await backend.credits.balance(account.id)
    assert (balance.available, balance.held) == (20, 0)


async def test_unknown_foreign_and_other_formats_tasks_do_not_exist(
    backend: Backend, client: Client, site: Site
) -> None:
    stranger, token = await member(backend)
    theirs = await Client(backend, token).made(site.url + "/a.jpg")
    own = (await backend.jobs.submit(Order(account=stranger.id, effect="noop"))).job.id
    for taskid in ("x", theirs, "job_\u0663", "x" * 5000, "\ud800"):
        for call in ("gettask", "deletetask"):
            reply = await client.http.post(f"/{call}", content=json.dumps({"taskid": taskid}))
            assert told(reply)[0] == 1002001
    assert (await Client(backend, token).say("gettask", taskid=own))[0] == 1002001
    assert (await Client(backend, token).say("gettask", taskid=theirs))[0] == 0


async def test_a_refusal_names_what_this_api_takes_and_speaks_of_tasks(client: Client, site: Site) -> None:
    for name, content in (("/words", b"these are words"), ("/scan.tif", photo(80, 80, format="TIFF"))):
        code, message = await client.say("createtask", picurl=site.picture(name, content), type=4)
        assert (code, "JPEG, PNG, WebP or BMP" in message, "TIFF" in message) == (1001004, True, False)
    code, message = await client.say("gettask", taskid="x")
    assert (code, "task" in message, "job" in message) == (1002001, True, False)


async def test_after_a_day_the_urls_no_longer_work_and_the_task_is_still_told(
    backend: Backend, client: Client, site: Site
) -> None:
    taskid = await client.made(site.url + "/a.jpg")
    async with working(backend):
        done = await wait(client, taskid)
    rows = await backend.database.all("SELECT expires_at, job_id FROM files")
    job = await backend.database.one("SELECT results_expire_at FROM jobs WHERE id = %s", (taskid,))
    assert job is not None
    assert {(row["expires_at"], row["job_id"]) for row in rows} == {(job["results_expire_at"], taskid)}
    await backend.database.run("UPDATE jobs SET results_expire_at = now()")
    await backend.database.run("UPDATE files SET expires_at = now()")
    _, later = await client.say("gettask", taskid=taskid)
    assert (later["status"], later["outpathsize"]) == (2, done["outpathsize"])
    for url in (later["inputurl"], later["outputurl"], done["outputurl"]):
        assert (await client.http.get(url)).status_code in (403, 404, 410)


async def test_queue_numbers_fall_to_zero_and_never_grow(
    backend: Backend, client: Client, site: Site
) -> None:
    made = [await client.made(site.url + "/a.jpg", chtaskid="same") for _ in range(12)]
    assert len(set(made)) == 12  # equal chtaskids are no repetition
    numbers = {taskid: [(await client.say("gettask", taskid=taskid))[1]["queuenum"]] for taskid in made}
    assert [seen[0] for seen in numbers.values()] == list(range(1, 13))
    async with working(backend), asyncio.timeout(60):
        while any(seen[-1] for seen in numbers.values()):
            for taskid, seen in numbers.items():
                seen.append((await client.say("gettask", taskid=taskid))[1]["queuenum"])
    for seen in numbers.values():
        assert seen == sorted(seen, reverse=True)
        assert seen[-1] == 0


def jpeg_of(parts: bytes) -> bytes:
    return b"\xff\xd8" + parts


async def test_the_end_mark_of_a_thumbnail_is_not_that_of_the_picture(client: Client, site: Site) -> None:
    whole = photo(300, 200, format="JPEG")
    thumbnail = b"Other\0" + photo(20, 20, format="JPEG")
    segment = b"\xff\xe5" + struct.pack(">H", len(thumbnail) + 2) + thumbnail
    with_thumbnail = jpeg_of(segment + whole[2:])
    assert await client.made(site.picture("/whole.jpg", with_thumbnail))
    half = with_thumbnail[: len(with_thumbnail) - len(whole) // 2]
    assert (await client.say("createtask", picurl=site.picture("/half.jpg", half), type=90))[0] == 1001004
