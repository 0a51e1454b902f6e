"""How often YouCam's clients may call, on a server behind a proxy that has a public https address."""

import time
from collections.abc import Iterator

import httpx
import pytest

from running import Server
from youcam_hazards import picture
from youcam_wire import BODIES, HTTP, Account, account, filled, id_token

PUBLIC = "https://photos.example/tinct"
ADDRESS, TOKEN, V2_ADDRESS, V2_KEY = 20, 8, 25, 12


@pytest.fixture(scope="module")
def tight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with few calls per ten minutes, whose proxy tells the caller's address."""
    running = Server(
        tmp_path_factory.mktemp("tight") / "data",
        extra_effects="light=youcam_hazards:LIGHT",
        public_url=PUBLIC,
        trusted_proxies="127.0.0.1",
        youcam_address_calls=f"{ADDRESS}/600",
        youcam_token_calls=f"{TOKEN}/600",
        youcam_v2_address_calls=f"{V2_ADDRESS}/600",
        youcam_v2_key_calls=f"{V2_KEY}/600",
    )
    yield running
    running.stop()


class Somebody:
    """A caller from one address."""

    def __init__(self, server: Server, address: str, bearer: str = "") -> None:
        self.server, self.bearer = server, bearer
        self.headers = {"X-Forwarded-For": address}
        if bearer:
            self.headers["Authorization"] = f"Bearer {bearer}"

    def call(self, method: str, path: str, **more: object) -> httpx.Response:
        return HTTP.request(method, f"{self.server.url}/s2s/{path}", headers=self.headers, **more)  # type: ignore[arg-type]

    def passed(self, method: str, path: str, most: int = 100) -> int:
        """How many calls pass before one is refused for being too many; its reply is checked."""
        for number in range(most):
            reply = self.call(method, path)
            if reply.status_code == 429:
                assert reply.json() == {"status": 429, "error": "Too many requests"}
                assert reply.headers["retry-after"].isdigit()
                assert 0 < int(reply.headers["retry-after"]) <= 600
                assert reply.headers["x-request-id"]
                return number
        return most

    def fetch(self, method: str, url: str, content: bytes | None = None) -> httpx.Response:
        """Follow a link of the server, which is not really at its public address here."""
        assert url.startswith(PUBLIC + "/")
        return HTTP.request(
            method, self.server.url + url.removeprefix(PUBLIC), headers=self.headers, content=content
        )


@pytest.fixture(scope="module")
def of(tight: Server) -> Account:
    return account(tight)


def test_one_token_and_one_address_may_call_so_often_in_each_form(tight: Server, of: Account) -> None:
    assert Somebody(tight, "203.0.113.1", of.client_id).passed("GET", "v1.0/client/credit") == TOKEN
    other = account(tight)
    assert Somebody(tight, "203.0.113.1", other.client_id).passed("GET", "v1.0/client/credit") == TOKEN
    other_caller = Somebody(tight, "203.0.113.1", "nonsense")  # refused calls count for the address
    assert other_caller.passed("GET", "v1.0/client/credit") == ADDRESS - 2 * TOKEN - 2
    login = other_caller.call("POST", "v1.0/client/auth", json={"client_id": "x", "id_token": "x"})
    assert login.status_code == 429
    elsewhere = Somebody(tight, "203.0.113.2", of.client_id)
    assert elsewhere.call("GET", "v1.0/client/credit").status_code == 429  # the same key
    newer = Somebody(tight, "203.0.113.1", of.client_id)
    assert newer.passed("GET", "v2.0/credit/feature-cost") == V2_KEY
    assert (
        Somebody(tight, "203.0.113.1", "x").passed("GET", "v2.0/credit/feature-cost")
        == V2_ADDRESS - V2_KEY - 1
    )


def test_logging_in_counts_for_the_address_alone(tight: Server, of: Account) -> None:
    somebody = Somebody(tight, "203.0.113.7")
    for _ in range(ADDRESS - 1):
        body = {"client_id": of.client_id, "id_token": id_token(of)}
        reply = somebody.call("POST", "v1.0/client/auth", json=body)
        assert reply.status_code == 200
    token = reply.json()["result"]["access_token"]
    assert Somebody(tight, "203.0.113.8", token).call("GET", "v1.0/client/credit").status_code == 200


@pytest.mark.parametrize("form", ["v1.0", "v2.0"])
def test_links_are_https_at_the_public_address_and_never_count(tight: Server, form: str) -> None:
    """What a client that demands https sees; uploads and downloads pass after the last call that may be made."""
    address = "203.0.113.4" if form == "v1.0" else "203.0.113.5"
    somebody = Somebody(tight, address, account(tight).client_id)
    entry = {"content_type": "image/png", "file_name": "a.png", "file_size": 9}
    found = somebody.call("POST", f"{form}/file/lighting", json={"files": [entry]}).json()
    file = (found.get("result") or found["data"])["files"][0]
    put = file["requests"][0]["url"]
    for _ in range(2 * TOKEN):
        assert somebody.fetch("PUT", put, picture(0)).status_code == 200
    older = form == "v1.0"
    body = filled(BODIES["v1.0"]["lighting"], F=file["file_id"])
    task = somebody.call("POST", f"{form}/task/lighting", json=body).json()
    task_id = (task.get("result") or task["data"])["task_id"]
    url = ""
    for _ in range(TOKEN - 2):
        poll = somebody.call("GET", f"{form}/task/lighting?task_id={task_id}").json()
        found = poll.get("result") or poll["data"]
        if found.get("results"):
            url = found["results"][0]["data"][0]["url"] if older else found["results"]["url"]
            break
        time.sleep(3)
    somebody.passed("GET", f"{form}/task/lighting?task_id={task_id}")
    for _ in range(2 * V2_ADDRESS):
        assert somebody.fetch("GET", url).status_code == 200
    assert somebody.fetch("OPTIONS", url).status_code in (200, 204)
