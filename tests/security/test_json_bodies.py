"""Long bodies of JSON, over sockets: bounded while they come, and nobody waits for them."""

import threading
from collections.abc import Iterator

import httpx
import pytest

from cos_wire import BUCKET, authorization
from running import Server, photo
from tinct.dialects.registry import DIALECTS

MB = 2**20
PIECE = b"{}," * 21_845  # 64 KiB
LONG = 64 * MB
READ_ON = 16 * MB  # what a server reads after its refusal, so that the sender sees it, and what sockets keep
PATIENCE_S = 20.0
ASKED = 10  # times that /health is asked meanwhile

ADDRESSES = {
    "native": ("POST", "/v1/jobs"),
    "ailab": ("POST", "/api/image/effects/image-hd-color-migration"),
    "cos": ("POST", "/"),
    "picma": ("POST", "/createtask"),
    "youcam": ("POST", "/s2s/v1.0/task/enhance"),
    "youcam-v2": ("POST", "/s2s/v2.0/task/enhance"),
}
"""An address of each wire format that takes a body; for what takes a form or XML, JSON is one more thing to refuse."""


def body(size: int, sent: list[int]) -> Iterator[bytes]:
    """Empty objects in a list, as many as there is room for."""
    yield b"["
    for _ in range(size // len(PIECE)):
        sent.append(len(PIECE))
        yield PIECE
    yield b"{}]"


@pytest.fixture(scope="module")
def keys(server: Server) -> dict[str, dict[str, str]]:
    return server.key("bodies")


def headers_of(name: str, keys: dict[str, dict[str, str]]) -> dict[str, str]:
    """What proves who calls."""
    if name == "cos":
        own = {"host": f"{BUCKET}.cos.ap-test.myqcloud.com"}
        return own | {
            "authorization": authorization(
                "POST", "/", own, {}, keys["cos"]["secret_id"], keys["cos"]["secret_key"]
            )
        }
    if name == "ailab":
        return {"ailabapi-api-key": keys["ailab"]["api_key"]}
    token = keys["picma"]["token"] if name == "picma" else keys["api_key"]
    return {"authorization": f"Bearer {token}"}


def test_every_wire_format_has_an_address_here() -> None:
    assert set(ADDRESSES) == {each.name for each in DIALECTS}


@pytest.mark.parametrize("declared", [False, True])
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_long_body_of_json_is_refused_while_it_comes_and_others_are_served(
    server: Server, keys: dict[str, dict[str, str]], name: str, declared: bool
) -> None:
    method, path = ADDRESSES[name]
    headers = headers_of(name, keys) | {"content-type": "application/json"}
    if declared:
        headers["content-length"] = str(1 + LONG // len(PIECE) * len(PIECE) + 3)
    replies: list[httpx.Response] = []
    sent: list[list[int]] = [[] for _ in range(2)]

    def send(count: list[int]) -> None:
        replies.append(
            httpx.request(method, server.url + path, headers=headers, content=body(LONG, count), timeout=60)
        )

    senders = [threading.Thread(target=send, args=(count,)) for count in sent]
    for sender in senders:
        sender.start()
    for _ in range(ASKED):
        assert httpx.get(f"{server.url}/health", timeout=PATIENCE_S).status_code == 200
    for sender in senders:
        sender.join()
    assert len(replies) == len(senders)
    assert all(400 <= reply.status_code < 500 for reply in replies), replies
    assert max(map(sum, sent)) < READ_ON + 12 * MB


def test_a_body_of_the_greatest_length_is_read_beside_the_event_loop(
    server: Server, client: httpx.Client
) -> None:
    replies: list[httpx.Response] = []

    def send() -> None:
        with httpx.Client(headers=client.headers, timeout=60) as own:
            replies.extend(
                own.post(f"{server.url}/v1/jobs", content=body(MB - len(PIECE), [])) for _ in range(2)
            )

    senders = [threading.Thread(target=send) for _ in range(4)]
    for sender in senders:
        sender.start()
    for _ in range(ASKED):
        assert httpx.get(f"{server.url}/health", timeout=PATIENCE_S).status_code == 200
    for sender in senders:
        sender.join()
    assert {reply.status_code for reply in replies} == {422}


def test_one_byte_over_is_refused_in_a_part_of_a_form_too(client: httpx.Client) -> None:
    limit = 8 * MB  # of the test server's uploads
    picture = photo()
    exact = picture + bytes(limit - len(picture))
    assert client.post("/v1/files", files={"file": ("a.png", exact)}).status_code == 201
    reply = client.post("/v1/files", files={"file": ("a.png", exact + b"x")})
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "upload_too_large")
    text = '{"effect": "noop"}'.ljust(256 * 1024)
    assert client.post("/v1/jobs", files={"image": picture}, data={"order": text}).status_code == 202
    for over in (
        {"data": {"order": text + " "}, "files": {"image": picture}},
        {"files": {"order": ("o", text + " ")}},
    ):
        reply = client.post("/v1/jobs", **over)
        assert reply.status_code in (400, 413), reply.text
        assert reply.json()["error"]["code"] in ("malformed_request", "body_too_large")
