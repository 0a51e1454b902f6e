"""`callback_url` and `tinct callbacks` on a real server."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from running import Server, submitted, uploaded


class Hook:
    """A receiver in a thread of its own."""

    def __init__(self, *statuses: int) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        left, got = list(statuses) or [200], self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(left.pop(0) if len(left) > 1 else left[0])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"

    def wait(self, number: int, patience_s: float = 60) -> None:
        until = time.monotonic() + patience_s
        while len(self.got) < number:
            assert time.monotonic() < until, f"{len(self.got)} of {number} came"
            time.sleep(0.05)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hook() -> Iterator[Hook]:
    made = Hook()
    yield made
    made.close()


def command(server: Server, *arguments: str, code: int = 0) -> str:
    done = server.command("callbacks", *arguments)
    assert done.returncode == code, done.stderr
    return done.stdout + done.stderr


def listed(server: Server, *arguments: str) -> list[dict[str, Any]]:
    return json.loads(command(server, "list", "--json", *arguments))


def ended(server: Server, job: str) -> dict[str, Any]:
    """The job's callback, when a try is written down."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        (found,) = listed(server, "--job", job)
        if found["tries"]:
            return found
        time.sleep(0.1)
    raise AssertionError(found)


def test_a_callback_url_is_told_and_its_signature_fits_the_secret_of_the_account(
    client: httpx.Client, hook: Hook
):
    secret = client.get("/v1/callbacks/secret").json()["secret"]
    image = uploaded(client)
    job = submitted(client, effect="noop", inputs={"image": image}, callback_url=hook.url)
    hook.wait(1)
    headers, body = hook.got[0]
    message = Webhook(secret).verify(body, headers)
    assert (message["type"], message["data"]["id"]) == ("job.succeeded", job["id"])
    shown = client.get(f"/v1/jobs/{job['id']}").json()
    assert [one["id"] for one in message["data"]["results"]] == [one["id"] for one in shown["results"]]


def test_a_rotated_secret_signs_beside_the_old_one(client: httpx.Client, hook: Hook):
    old = client.get("/v1/callbacks/secret").json()["secret"]
    new = client.post("/v1/callbacks/secret/rotate").json()["secret"]
    assert client.get("/v1/callbacks/secret").json()["secret"] == new != old
    submitted(client, effect="noop", inputs={"image": uploaded(client)}, callback_url=hook.url)
    hook.wait(1)
    headers, body = hook.got[0]
    assert headers["webhook-signature"].count("v1,") >= 2
    for secret in (old, new):
        Webhook(secret).verify(body, headers)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.0.0.1/", "url_refused"),
        ("ftp://127.0.0.1/", "url_refused"),
        ("http://user@127.0.0.1/", "url_refused"),
        ("http://169.254.169.254/latest", "url_refused"),
        ("http://no-such-host.invalid/", "url_unreachable"),
        ("", "invalid_parameter"),
    ],
)
def test_a_callback_url_that_leads_elsewhere_is_refused_with_the_order(
    client: httpx.Client, url: str, code: str
):
    image = uploaded(client)
    reply = client.post("/v1/jobs", json={"effect": "noop", "inputs": {"image": image}, "callback_url": url})
    assert (reply.status_code, reply.json()["error"]["code"]) == (422, code)
    assert "callback_url" in reply.json()["error"]["message"]


def test_the_secret_is_for_those_with_a_key(server: Server, client: httpx.Client, stranger: httpx.Client):
    for method, path in (("GET", "/v1/callbacks/secret"), ("POST", "/v1/callbacks/secret/rotate")):
        assert httpx.request(method, server.url + path).status_code == 401
    mine, theirs = (one.get("/v1/callbacks/secret").json()["secret"] for one in (client, stranger))
    assert mine != theirs


def test_a_stopped_callback_is_listed_shown_and_sent_again_by_command(server: Server, client: httpx.Client):
    hook = Hook(410, 200)
    try:
        job = submitted(client, effect="noop", inputs={"image": uploaded(client)}, callback_url=hook.url)
        hook.wait(1)
        found = ended(server, job["id"])
        assert (found["state"], found["url"], found["tries"]) == ("stopped", hook.url, 1)
        assert job["id"] in command(server, "list", "--state", "stopped")
        shown = command(server, "show", found["id"])
        assert "410" in shown
        assert '"type":"job.succeeded"' in shown
        assert "waiting" in command(server, "replay", found["id"])
        hook.wait(2)
        assert hook.got[0][0]["webhook-id"] == hook.got[1][0]["webhook-id"] == found["id"]
        assert hook.got[0][1] == hook.got[1][1]
        again = ended(server, job["id"])
        assert again["state"] == "delivered"
        attempts = json.loads(command(server, "show", found["id"], "--json"))["attempts"]
        assert [(one["status"], one["outcome"]) for one in attempts] == [(410, "refused"), (200, "heard")]
        account = client.get("/v1/account").json()["id"]
        secret = command(server, "secret", account).strip()
        assert secret == client.get("/v1/callbacks/secret").json()["secret"]
    finally:
        hook.close()


def test_commands_refuse_what_is_not_there_in_a_sentence(server: Server):
    assert "no such callback" in command(server, "show", "msg_none", code=1)
    assert "no such callback" in command(server, "replay", "msg_none", code=1)
    assert "no such account" in command(server, "secret", "acct_none", code=1)
    assert "delivered" in command(server, "list", "--state", "gone", code=2)
