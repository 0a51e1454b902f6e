"""An images service on loopback: what it is asked, and what it may answer."""

from __future__ import annotations

import asyncio
import base64
import email.parser
import email.policy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backends import Postgres, working
from receivers import Got, Receiver, reply
from tinct.backend import open_backend
from tinct.errors import (
    GenerationRefusedError,
    GeneratorAnswerError,
    GeneratorAwayError,
    ParameterError,
)
from tinct.imaging.invention import invent
from tinct.jobs.intake import Upload
from tinct.jobs.job import JobState, Order
from tinct.models.generators import endpoint, registry
from tinct.models.generators.endpoint import Question, ask_by, use_of
from tinct.models.generators.port import Request
from tinct.net.deliver import Answer
from tinct.net.images import Images
from tinct.photo import decode
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings, current, use

pytestmark = pytest.mark.asyncio
ASKED = Question(prompt="a red chair", size="128x96")


def picture(height: int = 96, width: int = 128, value: int = 200) -> bytes:
    return encode(Photo(np.full((height, width, 3), value, np.uint8)), "png")


def given(data: bytes) -> bytes:
    return reply(200, body=json.dumps({"data": [{"b64_json": base64.b64encode(data).decode()}]}).encode())


def refusing(status: int, *headers: str, **error: str) -> bytes:
    return reply(status, *headers, body=json.dumps({"error": error}).encode())


def service(receiver: Receiver, **changes: Any) -> Images:
    address = {"images_url": f"http://127.0.0.1:{receiver.port}/v1", "images_key": "the-key"}
    return Images(Settings(**(address | {"images_sizes": "128x96"} | changes)))


async def test_a_prompt_is_asked_for_with_model_size_and_key() -> None:
    async with Receiver(given(picture())) as receiver:
        assert await service(receiver, images_model="the-model").ask(ASKED) == picture()
    (got,) = receiver.got
    assert got.line == "POST /v1/images/generations HTTP/1.1"
    assert got.headers["authorization"] == "Bearer the-key"
    assert got.json == {
        "model": "the-model",
        "prompt": "a red chair",
        "n": 1,
        "size": "128x96",
        "response_format": "b64_json",
    }


async def test_an_edit_sends_the_picture_and_a_mask_that_is_transparent_where_it_is_to_change() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (96, 128, 3)).astype(np.uint8)
    mask = np.zeros((96, 128), np.uint8)
    mask[10:20, 30:50] = 255
    asked: list[Question] = []

    def ask(question: Question) -> bytes:
        asked.append(question)
        return picture()

    ask_by(ask)
    try:
        named = use_of(Settings(images_url="http://127.0.0.1/v1", images_sizes="128x96"))
        assert named is not None
        request = Request(prompt="a red chair", size=(96, 128), picture=rgb, mask=mask)
        made = endpoint.Endpoint(named).make(request, lambda share: None)
    finally:
        ask_by(None)
    assert (made == 200).all()
    async with Receiver(given(picture())) as receiver:
        await service(receiver).ask(asked[0])
    (got,) = receiver.got
    assert got.line == "POST /v1/images/edits HTTP/1.1"
    parts = _parts(got)
    np.testing.assert_array_equal(decode.open(parts["image"]).pixels, rgb)
    holed = decode.open(parts["mask"])
    assert holed.alpha is not None
    np.testing.assert_array_equal(holed.alpha == 0, mask == 255)
    assert parts["prompt"] == b"a red chair"


def _parts(got: Got) -> dict[str, bytes]:
    head = f"Content-Type: {got.headers['content-type']}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + got.body)
    return {
        str(part.get_param("name", header="content-disposition")): part.get_payload(decode=True)
        for part in message.iter_parts()
    }


async def test_a_service_that_has_too_much_to_do_is_asked_again_when_it_says() -> None:
    busy = refusing(429, "Retry-After: 0.05", message="slow down")
    async with Receiver(busy, busy, given(picture())) as receiver:
        assert await service(receiver).ask(ASKED) == picture()
        assert len(receiver.got) == 3


async def test_a_service_that_stays_busy_is_given_up_and_says_when_to_come_back() -> None:
    async with Receiver(refusing(429, "Retry-After: 0.01")) as receiver:
        with pytest.raises(GeneratorAwayError, match="too much to do"):
            await service(receiver).ask(ASKED)
        assert len(receiver.got) == 3
    async with Receiver(refusing(429, "Retry-After: 3600")) as receiver:
        with pytest.raises(GeneratorAwayError) as caught:
            await service(receiver).ask(ASKED)
        assert caught.value.retry_after_s == 3600
        assert len(receiver.got) == 1


@pytest.mark.parametrize("code", ["moderation_blocked", "content_policy_violation"])
async def test_a_refusal_for_what_is_asked_is_a_refusal(code: str) -> None:
    async with Receiver(refusing(400, code=code, message="<script>no</script>")) as receiver:
        with pytest.raises(GenerationRefusedError, match="refuses") as caught:
            await service(receiver).ask(ASKED)
    assert "script" not in caught.value.message


async def test_a_model_that_refuses_response_format_is_asked_without_it_from_then_on() -> None:
    no = refusing(400, param="response_format", message="Unknown parameter: 'response_format'.")
    async with Receiver(no, given(picture())) as receiver:
        images = service(receiver)
        assert await images.ask(ASKED) == picture()
        assert await images.ask(ASKED) == picture()
    assert ["response_format" in got.json for got in receiver.got] == [True, False, False]


async def test_a_url_of_the_service_is_fetched_and_one_of_another_host_is_not() -> None:
    async with Receiver() as receiver, Receiver() as stranger:
        own = json.dumps({"data": [{"url": f"http://127.0.0.1:{receiver.port}/made.png"}]}).encode()
        receiver.answers = [reply(200, body=own), reply(200, body=picture())]
        assert await service(receiver).ask(ASKED) == picture()
        for url in (
            f"http://127.0.0.1:{stranger.port}/made.png",
            f"http://localhost:{receiver.port}/made.png",
            f"https://127.0.0.1:{receiver.port}/made.png",
            "http://169.254.169.254/latest/meta-data",
            "file:///etc/passwd",
            "",
            7,
        ):
            receiver.answers = [reply(200, body=json.dumps({"data": [{"url": url}]}).encode())]
            with pytest.raises(GeneratorAnswerError):
                await service(receiver).ask(ASKED)
        assert stranger.got == []


@pytest.mark.parametrize(
    "answer",
    [
        reply(200, body=b"<html>"),
        reply(200, body=b"[]"),
        reply(200, body=b'{"data": []}'),
        reply(200, body=b'{"data": [{}]}'),
        reply(200, body=b'{"data": [{"b64_json": "%%%"}]}'),
        reply(200, body=b"[" * 100_000),
        refusing(400, message="no"),
        refusing(401, message="no"),
        reply(302, "Location: http://169.254.169.254/"),
    ],
)
async def test_a_service_that_lies_is_not_believed(answer: bytes) -> None:
    async with Receiver(answer) as receiver:
        with pytest.raises(GeneratorAnswerError):
            await service(receiver).ask(ASKED)
        assert len(receiver.got) == 1


async def test_a_service_that_hangs_or_is_not_there_is_away() -> None:
    async with Receiver(None) as receiver:
        with pytest.raises(GeneratorAwayError):
            await service(receiver, images_answer_s=0.3).ask(ASKED)
        gone = service(receiver)
    with pytest.raises(GeneratorAwayError):
        await gone.ask(ASKED)


async def test_a_picture_that_is_none_or_has_another_shape_is_refused() -> None:
    named = use_of(Settings(images_url="http://127.0.0.1/v1", images_sizes="128x96"))
    assert named is not None
    engine = endpoint.Endpoint(named)
    request = Request(prompt="a red chair", size=(96, 128))
    for answer in (b"no picture", picture(100, 128)):
        ask_by(lambda question, answer=answer: answer)
        try:
            with pytest.raises(GeneratorAnswerError):
                engine.make(request, lambda share: None)
        finally:
            ask_by(None)
    with pytest.raises(GeneratorAwayError, match="ask_by"):
        engine.make(request, lambda share: None)
    with pytest.raises(ParameterError, match="negative"):
        engine.make(Request(prompt="a", negative="b", size=(96, 128)), lambda share: None)


@pytest.fixture
def _settings_come_back() -> Iterator[None]:
    before = current()
    yield
    use(before)
    registry.drop()


@pytest.mark.usefixtures("_settings_come_back")
async def test_a_job_has_its_picture_made_by_the_service_through_its_worker(
    postgres: Postgres, tmp_path: Path
) -> None:
    async with Receiver(given(picture())) as receiver:
        changes = {"models": tmp_path / "models", "workers": 1, "images_sizes": "128x96", "images_key": "k"}
        settings = postgres.create(
            tmp_path / "data", images_url=f"http://127.0.0.1:{receiver.port}/v1", **changes
        )
        use(settings)
        async with open_backend(settings) as backend, working(backend):
            account = (await backend.accounts.create("tester")).account.id
            while "generate.inpaint" not in await backend.capabilities.live():
                await asyncio.sleep(0.05)
            mask = np.zeros((96, 128, 3), np.uint8)
            mask[30:60, 40:80] = 255
            order = Order(account=account, effect="replace", params={"prompt": "a red chair"})
            sources = {
                "image": Upload(chunks=picture(value=40)),
                "mask": Upload(chunks=encode(Photo(mask), "png")),
            }
            job = (await backend.intake.submit(order, sources)).job
            ended = await backend.jobs.wait(account, job.id, 60)
            assert ended.state is JobState.SUCCEEDED, ended.failure
            (got,) = receiver.got
            assert got.line == "POST /v1/images/edits HTTP/1.1"
            assert got.headers["authorization"] == "Bearer k"
            receiver.answers = [refusing(400, code="moderation_blocked")]
            order = Order(account=account, effect="generate", params={"prompt": "something else"})
            job = (await backend.intake.submit(order, {})).job
            ended = await backend.jobs.wait(account, job.id, 60)
            assert ended.failure is not None
            assert ended.failure.code == "generation_refused"


async def test_a_model_of_this_machine_comes_before_the_service(tmp_path: Path) -> None:
    import painter

    before = current()
    use(Settings(images_url="http://127.0.0.1/v1", models=tmp_path))
    try:
        assert {use.facts.engine for use in registry.served().values()} == {"endpoint"}
        painter.install("inpaint", ("inpaint",))
        assert registry.demand("inpaint").facts.engine == "painter:Painter"
        assert registry.demand("text-to-image").facts.engine == "endpoint"
        with pytest.raises(GeneratorAwayError):
            invent(Request(prompt="a", size=(64, 64)))
    finally:
        use(before)
        registry.drop()


# -- a service that is not what it says ---------------------------------------------------------------


class Pouring(Receiver):
    """Answers with a head, and then a piece again and again, as long as anybody reads."""

    def __init__(self, head: bytes, piece: bytes, pause_s: float = 0.0) -> None:
        super().__init__()
        self.head, self.piece, self.pause_s = head, piece, pause_s
        self.sent = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.head)
        while self.sent < 500 * 2**20:
            writer.write(self.piece)
            await writer.drain()
            self.sent += len(self.piece)
            await asyncio.sleep(self.pause_s)


@pytest.mark.parametrize("length", [b"Content-Length: 524288000\r\n", b""], ids=["says so", "says nothing"])
async def test_an_answer_of_500_megabytes_is_cut_off(length: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + b"\r\n"
    async with Pouring(head + b'{"data": [{"b64_json": "', b"A" * 65536) as receiver:
        with pytest.raises(GeneratorAnswerError):
            await service(receiver, max_photo_bytes=2**20).ask(ASKED)
        assert receiver.sent < 16 * 2**20  # what is asked for, and what the kernel holds of it


async def test_a_picture_of_500_megabytes_at_a_url_is_cut_off() -> None:
    head = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    async with Pouring(head, b"A" * 65536) as receiver:
        images = service(receiver, max_photo_bytes=2**20)
        said = json.dumps({"data": [{"url": f"http://127.0.0.1:{receiver.port}/made.png"}]}).encode()
        with pytest.raises(GeneratorAnswerError):
            await images._picture(Answer(status=200, body=said))
        assert receiver.sent < 16 * 2**20


@pytest.mark.parametrize("piece", [b" ", b"0\r\n"])
async def test_an_answer_that_comes_in_drops_is_given_up_in_time(piece: bytes) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n"
    async with Pouring(head, piece, 0.02) as receiver:
        with pytest.raises(GeneratorAwayError):
            await service(receiver, images_answer_s=0.5).ask(ASKED)
        assert receiver.sent < 10_000


async def test_a_picture_that_comes_in_drops_is_given_up_in_time() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\nConnection: close\r\n\r\n"
    async with Pouring(head, b"x", 0.02) as receiver:
        said = json.dumps({"data": [{"url": f"http://127.0.0.1:{receiver.port}/made.png"}]}).encode()
        with pytest.raises(GeneratorAnswerError):
            await service(receiver, fetch_total_s=0.5)._picture(Answer(status=200, body=said))
        assert receiver.sent < 10_000


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_nobody_is_led_on_from_the_picture_either(status: int) -> None:
    async with Receiver() as receiver, Receiver(reply(200, body=picture())) as stranger:
        own = json.dumps({"data": [{"url": f"http://127.0.0.1:{receiver.port}/made.png"}]}).encode()
        for place in (stranger.url, "http://169.254.169.254/", "/elsewhere.png"):
            receiver.answers = [reply(200, body=own), reply(status, f"Location: {place}")]
            with pytest.raises(GeneratorAnswerError):
                await service(receiver).ask(ASKED)
        assert stranger.got == []


@pytest.mark.parametrize(
    "form",
    [
        "http://127.0.0.1:{own}@127.0.0.1:{other}/a.png",
        "http://127.0.0.1:{other}#@127.0.0.1:{own}/a.png",
        "http://127.0.0.1:{other}?@127.0.0.1:{own}/a.png",
        "http://127.0.0.1:{own}.@127.0.0.1:{other}/a.png",
        "http://[::ffff:127.0.0.1]:{own}/a.png",
        "http://2130706433:{own}/a.png",
        "http://0x7f.1:{own}/a.png",
        "http://10.0.0.1/a.png",
        "http://192.168.1.1:{own}/a.png",
        "http://metadata.google.internal/a.png",
        "//127.0.0.1:{own}/a.png",
        "ftp://127.0.0.1:{own}/a.png",
        "data:image/png;base64,AAAA",
        "http://127.0.0.1:{own}" + "/a" * 10 + "\r\nX: y",
    ],
)
async def test_a_url_in_disguise_is_one_of_another_host(form: str) -> None:
    async with Receiver(reply(200, body=picture())) as receiver, Receiver() as stranger:
        url = form.format(own=receiver.port, other=stranger.port)
        receiver.answers = [reply(200, body=json.dumps({"data": [{"url": url}]}).encode())]
        with pytest.raises(GeneratorAnswerError):
            await service(receiver).ask(ASKED)
        assert len(receiver.got) == 1
        assert stranger.got == []


async def test_what_the_answer_says_of_its_type_does_not_count() -> None:
    async with Receiver() as receiver:
        page = b"<html><body>sign in</body></html>"
        receiver.answers = [reply(200, "Content-Type: application/json", body=page)]
        with pytest.raises(GeneratorAnswerError):
            await service(receiver).ask(ASKED)
        own = json.dumps({"data": [{"url": f"http://127.0.0.1:{receiver.port}/made.png"}]}).encode()
        receiver.answers = [reply(200, "Content-Type: text/html", body=own)]
        receiver.answers.append(reply(200, "Content-Type: image/png", body=page))
        found = await service(receiver).ask(ASKED)  # the engine says what it is
    named = use_of(Settings(images_url="http://127.0.0.1/v1", images_sizes="128x96"))
    assert named is not None
    bomb = bytearray(picture())
    bomb[16:24] = (60_000).to_bytes(4, "big") * 2  # a header that says 60,000 x 60,000
    for lie in (
        found,
        bytes(bomb),
        b"%PDF-1.7",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        picture()[:60],
    ):
        ask_by(lambda question, lie=lie: lie)
        try:
            with pytest.raises(GeneratorAnswerError):
                endpoint.Endpoint(named).make(Request(prompt="a", size=(96, 128)), lambda share: None)
        finally:
            ask_by(None)


@pytest.mark.parametrize("said", ["nan", "-5", "soon"])
async def test_a_time_to_come_back_that_is_none_is_chosen_here(said: str) -> None:
    async with Receiver(refusing(429, f"Retry-After: {said}"), given(picture())) as receiver:
        assert await service(receiver).ask(ASKED) == picture()
        assert len(receiver.got) == 2


@pytest.mark.parametrize("said", ["inf", "1e999", "86400"])
async def test_a_time_to_come_back_that_is_far_away_is_not_waited_for(said: str) -> None:
    async with Receiver(refusing(429, f"Retry-After: {said}")) as receiver:
        with pytest.raises(GeneratorAwayError) as caught:
            await service(receiver, images_answer_s=20).ask(ASKED)
        assert (caught.value.retry_after_s or 0) < 1e6
