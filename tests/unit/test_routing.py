"""Who answers a request."""

import httpx
import pytest
import pytest_asyncio

from tinct.backend import Backend
from tinct.server.app import create_app
from tinct.server.metrics import Metrics

COS, PLAIN = "photos-125.cos.ap-test.myqcloud.com", "tinct.example.org"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest_asyncio.fixture
async def client(backend: Backend, metrics: Metrics):
    transport = httpx.ASGITransport(create_app(backend, metrics), client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{PLAIN}") as opened:
        yield opened


async def told(client: httpx.AsyncClient, metrics: Metrics, path: str, host: str, **headers: str) -> str:
    """The wire format in which a GET was answered, by its words."""
    reply = await client.get(path, headers={"host": host, **headers})
    if reply.headers["content-type"] == "application/xml":
        return "cos"
    body = reply.json()
    return "ailab" if "error_code_str" in body else "gateway" if "message" in body else "native"


@pytest.mark.asyncio
async def test_the_bare_address_leads_people_to_the_studio_and_programs_to_the_documentation(client):
    reply = await client.get("/")
    assert (reply.status_code, reply.headers["location"]) == (307, "/docs")
    reply = await client.get("/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (reply.status_code, reply.headers["location"]) == (307, "/studio/")
    assert (await client.get("/", headers={"host": COS})).headers["content-type"] == "application/xml"


@pytest.mark.parametrize(
    ("path", "host", "headers", "expected"),
    [
        ("/v1/account", PLAIN, {}, "native"),
        ("/nothing/here", PLAIN, {}, "native"),
        ("/files/x", PLAIN, {}, "native"),
        ("/api/common/query-credits", PLAIN, {}, "ailab"),
        ("/api/image/nothing", PLAIN, {}, "ailab"),
        ("/v1/account", PLAIN, {"ailabapi-api-key": "x"}, "ailab"),
        ("/nothing", "www.ailabapi.com", {}, "ailab"),
        ("/v1/account", "www.ailabapi.com", {}, "native"),
        ("/", COS, {}, "cos"),
        ("/health", COS, {}, "cos"),
        ("/v1/account", COS, {}, "cos"),
        ("/api/common/query-credits", COS, {}, "cos"),
        ("/a.png", "photos-125.cos.example.org", {}, "cos"),
        ("/a.png", "photos-125.localhost:8080", {}, "cos"),
        ("/a.png", "service.cos.myqcloud.com", {}, "cos"),
        ("/photos-125/a.png", PLAIN, {"authorization": "q-sign-algorithm=sha1&q-ak=x"}, "cos"),
        ("/photos-125/a.png?q-sign-algorithm=sha1", PLAIN, {}, "cos"),
    ],
)
@pytest.mark.asyncio
async def test_each_request_is_answered_by_one_wire_format_in_its_own_words(
    client: httpx.AsyncClient, metrics: Metrics, path: str, host: str, headers: dict[str, str], expected: str
) -> None:
    assert await told(client, metrics, path, host, **headers) == expected


@pytest.mark.asyncio
async def test_an_unknown_path_says_so_and_a_wrong_method_names_the_right_ones(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.get("/nothing/here")
    assert (reply.status_code, reply.json()["error"]["code"]) == (404, "not_found")
    reply = await client.put("/v1/files")
    assert (reply.status_code, reply.headers["allow"]) == (405, "GET, POST")


@pytest.mark.asyncio
async def test_the_metrics_are_shown_to_this_machine_alone(client: httpx.AsyncClient) -> None:
    assert (await client.get("/metrics")).status_code == 404
    assert (await client.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"})).status_code == 404
