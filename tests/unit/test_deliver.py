"""Guarded POST: where messages may go, and what comes back."""

from collections.abc import Awaitable, Callable

import httpx
import pytest

from receivers import Receiver, reply
from tinct.errors import OversizeUrlError, RefusedUrlError, UnreachableUrlError
from tinct.net.deliver import Answer, Deliverer
from tinct.settings import Settings

pytestmark = pytest.mark.asyncio

BODY = b'{"a": 1}'


def deliverer(*allowed: str, **changes: object) -> Deliverer:
    return Deliverer(Settings(allow_private_hosts=frozenset(allowed), **changes))


async def post(sender: Deliverer, url: str, *, total_s: float = 10.0, read_bytes: int = 0) -> Answer:
    return await sender.post(url, BODY, {"X-Own": "y"}, total_s=total_s, read_bytes=read_bytes)


class Recorder(httpx.AsyncBaseTransport):
    """Connects to nothing, and remembers where it would have."""

    def __init__(self) -> None:
        self.hosts: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.hosts.append(request.url.host)
        return httpx.Response(200)


def answering(*answers: str) -> Callable[[str, int], Awaitable[list[str]]]:
    """A resolver that gives each answer once, then the last one for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> list[str]:
        return [left.pop(0) if len(left) > 1 else left[0]]

    return resolve


async def test_the_exact_bytes_arrive_as_one_post_with_the_headers_given():
    async with Receiver(reply(202, "X-Said: z", body=b"thanks")) as receiver:
        answer = await post(deliverer("127.0.0.1"), receiver.url, read_bytes=100)
    (got,) = receiver.got
    assert got.line == "POST /told HTTP/1.1"
    assert (got.body, got.headers["x-own"], got.headers["host"]) == (BODY, "y", f"127.0.0.1:{receiver.port}")
    assert (answer.status, answer.headers["x-said"], answer.body, answer.whole) == (202, "z", b"thanks", True)


async def test_a_private_host_that_is_not_allowed_is_never_connected_to():
    async with Receiver() as receiver:
        for allowed in ([], ["127.0.0.2"], [f"127.0.0.1:{receiver.port + 1}"], ["localhost"]):
            with pytest.raises(RefusedUrlError):
                await post(deliverer(*allowed), receiver.url)
            with pytest.raises(RefusedUrlError):
                await deliverer(*allowed).check(receiver.url)
    assert receiver.got == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://0/",
        "http://2130706433/", "http://169.254.169.254/latest/meta-data/", "http://user:pw@1.1.1.1/",
        "http://1.1.1.1:22/", "ftp://1.1.1.1/", "file:///etc/passwd", "", "http://", "http://1.1.1.1/\r\nX: y",
        "http://[64:ff9b::a00:1]/", "http://100.64.0.1/", "http://[2002:c0a8:101::]/",
    ],
)  # fmt: skip
async def test_a_url_that_leads_elsewhere_is_refused_at_the_check_and_at_the_post(url: str):
    recorder = Recorder()
    sender = Deliverer(Settings(), resolve=answering("127.0.0.1"), transport=lambda: recorder)
    with pytest.raises(RefusedUrlError):
        await sender.check(url)
    with pytest.raises(RefusedUrlError):
        await post(sender, url)
    assert recorder.hosts == []


async def test_the_address_is_checked_at_every_call():
    recorder = Recorder()
    sender = Deliverer(
        Settings(), resolve=answering("1.1.1.1", "1.1.1.1", "127.0.0.1"), transport=lambda: recorder
    )
    await sender.check("http://rebound.example/")
    await post(sender, "http://rebound.example/")
    with pytest.raises(RefusedUrlError):
        await post(sender, "http://rebound.example/")
    assert recorder.hosts == ["1.1.1.1"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: int):
    async with Receiver() as target, Receiver(reply(status, f"Location: {target.url}")) as receiver:
        assert (await post(deliverer("127.0.0.1"), receiver.url)).status == status
    assert (len(receiver.got), target.got) == (1, [])


async def test_a_receiver_that_says_nothing_is_given_up_in_time():
    async with Receiver(None) as receiver:
        with pytest.raises(UnreachableUrlError, match=r"within 0\.3 seconds"):
            await post(deliverer("127.0.0.1"), receiver.url, total_s=0.3)


async def test_a_port_where_nobody_listens_is_unreachable():
    async with Receiver() as receiver:
        url = receiver.url
    with pytest.raises(UnreachableUrlError):
        await post(deliverer("127.0.0.1"), url)


async def test_no_more_of_an_answer_is_read_than_was_asked_for():
    async with Receiver(reply(200, body=b"x" * 100_000)) as receiver:
        unread = await post(deliverer("127.0.0.1"), receiver.url)
        part = await post(deliverer("127.0.0.1"), receiver.url, read_bytes=65_536)
    assert (unread.body, unread.whole) == (b"", True)
    assert (len(part.body), part.whole) == (65_536, False)


async def test_a_message_of_more_than_20_kb_is_not_sent():
    async with Receiver() as receiver:
        sender = deliverer("127.0.0.1")
        await sender.post(receiver.url, b"x" * 20_000, {}, total_s=5)
        with pytest.raises(OversizeUrlError, match="20000"):
            await sender.post(receiver.url, b"x" * 20_001, {}, total_s=5)
    assert len(receiver.got) == 1


async def test_proxies_of_the_environment_are_ignored(monkeypatch):
    async with Receiver() as proxy, Receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await post(deliverer("127.0.0.1"), receiver.url)
    assert (len(receiver.got), proxy.got) == (1, [])


async def test_the_host_is_named_by_the_deliverer_alone():
    async with Receiver() as receiver:
        await deliverer("127.0.0.1").post(receiver.url, BODY, {"Host": "elsewhere.example"}, total_s=5)
    assert receiver.got[0].headers["host"] == f"127.0.0.1:{receiver.port}"
