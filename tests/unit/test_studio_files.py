"""The studio's files as the server sends them: policy, caching, and nothing else of the package."""

import re
from importlib.resources import files

import httpx
import pytest
import pytest_asyncio

from tinct.backend import Backend
from tinct.server.app import create_app

FIRST_LOAD_BYTES = 150_000


@pytest_asyncio.fixture
async def client(backend: Backend):
    transport = httpx.ASGITransport(create_app(backend), client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://tinct.example.org") as opened:
        yield opened


async def named(client: httpx.AsyncClient) -> list[str]:
    """What the page names."""
    return re.findall(r'(?:src|href)="([^"]+)"', (await client.get("/studio/")).text)


@pytest.mark.asyncio
async def test_the_page_and_all_that_it_names_are_there_and_stay_in_caches(client):
    page = await client.get("/studio/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    found = await named(client)
    assert len(found) == 4
    for address in found:
        reply = await client.get(address)
        assert reply.status_code == 200, address
        assert "immutable" in reply.headers["cache-control"]
        again = await client.get(address, headers={"If-None-Match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.asyncio
async def test_every_module_that_is_imported_is_there(client):
    base = next(address for address in await named(client) if address.endswith("/app.js")).rpartition("/")[0]
    seen, left = set(), {"app.js"}
    while left:
        name = left.pop()
        seen.add(name)
        reply = await client.get(f"{base}/{name}")
        assert reply.status_code == 200, name
        assert reply.headers["content-type"].startswith("text/javascript")
        imported = re.findall(r'(?:from|import|import\(|new URL\()\s*"\./([\w.-]+\.js)"', reply.text)
        left |= set(imported) - seen
    there = {entry.name for entry in files("tinct.studio").iterdir() if entry.name.endswith(".js")}
    assert seen == there, "no file is left over"


@pytest.mark.asyncio
async def test_scripts_come_from_this_server_alone(client):
    page = await client.get("/studio/")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert not re.search(r"<script(?![^>]*src=)|style=|onclick=|https?://", page.text)
    assert page.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize("name", ["__init__.py", "nothing.js", "..%2fsettings.py", "%2e%2e/settings.py"])
@pytest.mark.asyncio
async def test_nothing_else_is_served(client, name):
    assert (await client.get(f"/studio/x/{name}")).status_code == 404


@pytest.mark.asyncio
async def test_an_old_page_gets_the_newest_files_and_does_not_keep_them(client):
    reply = await client.get("/studio/0123456789abcdef/app.js")
    assert (reply.status_code, reply.headers["cache-control"]) == (200, "no-cache")


@pytest.mark.asyncio
async def test_files_are_zipped_for_those_who_take_that(client):
    plain = await client.get("/studio/", headers={"Accept-Encoding": "identity"})
    zipped = await client.get("/studio/", headers={"Accept-Encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.text == plain.text
    assert plain.headers["vary"] == zipped.headers["vary"] == "Accept-Encoding"


@pytest.mark.asyncio
async def test_without_a_slash_it_is_the_same_page(client):
    reply = await client.get("/studio")
    assert (reply.status_code, reply.headers["location"]) == (308, "/studio/")
