"""The rows of the error table that objects, buckets and uploads do not reach by themselves."""

import asyncio
import json
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from backends import submitted
from cos_wire import BUCKET, Cos, refusal
from running import photo
from tinct import errors
from tinct.dialects.cos import objects
from tinct.dialects.cos.errors import CODES
from tinct.dialects.cos.errors import refusal as refusal_of
from tinct.jobs.job import Failure, JobState

pytestmark = pytest.mark.asyncio

COLOR = {"ci-process": "AIImageColoring"}
NUMBERS = {"InvalidArgument": "-103", "InvalidImageSource": "-106", "InvalidImageFormat": "-113"}


def operations(**rule: Any) -> dict[str, str]:
    rules = [{"fileid": "out.png", "rule": "ci-process=AIImageColoring"} | rule]
    return {"Pic-Operations": json.dumps({"rules": rules})}


async def test_processing_that_cannot_be_is_refused_before_anything_is_done(cos: Cos) -> None:
    await cos.put("text.jpg", b"not a photo")
    await cos.put("grey.jpg", photo(format="JPEG", mode="L"))
    for key, query, expected in (
        ("grey.jpg", {"ci-process": "Other"}, (400, "InvalidArgument")),
        ("", COLOR, (400, "InvalidArgument")),
        ("text.jpg", COLOR, (400, "InvalidImageFormat")),
        ("none.jpg", COLOR, (404, "NoSuchKey")),
        ("", COLOR | {"detect-url": "http://127.0.0.1:1/a.jpg"}, (400, "InvalidImageSource")),
        ("", COLOR | {"detect-url": "http://169.254.169.254/a.jpg"}, (400, "InvalidImageSource")),
        ("", COLOR | {"detect-url": "file:///etc/passwd"}, (400, "InvalidImageSource")),
    ):
        reply = await cos("GET", key, query=query)
        assert refusal(reply) == expected, (key, query)
        assert reply.headers.get("x-errno") == NUMBERS.get(expected[1])
    for headers, expected in (
        ({}, (400, "InvalidArgument")),
        ({"Pic-Operations": "no json"}, (400, "InvalidArgument")),
        (operations(rule="imageMogr2/thumbnail"), (400, "InvalidArgument")),
        (operations(fileid=""), (400, "InvalidPicOperations")),
        (operations(fileid="a/"), (400, "InvalidPicOperations")),
        (
            {"Pic-Operations": json.dumps({"rules": [{"fileid": "a", "rule": "b"}] * 6})},
            (400, "InvalidPicOperations"),
        ),
        (operations(fileid="k" * 851), (400, "KeyTooLong")),
        (operations(fileid="a\0b"), (400, "InvalidURI")),
        (operations(bucket="none-1"), (404, "NoSuchBucket")),
        (operations(bucket="other-1250000000"), (403, "AccessDenied")),
    ):
        reply = await cos("POST", "grey.jpg", query={"image_process": ""}, headers=headers)
        assert refusal(reply) == expected, headers
    depth = await cos.backend.jobs.depth()
    assert depth == {"queued": 0, "running": 0}
    assert (await cos.backend.files.list(cos.accounts["owner"])) == ((), None)


@pytest.mark.parametrize("cos", [{"max_photo_bytes": 3000, "max_photo_pixels": 4000}], indirect=True)
async def test_a_picture_above_the_limits_is_refused(cos: Cos) -> None:
    await cos.put("bytes.jpg", b"x" * 3001)
    await cos.put("pixels.png", photo(100, 41, mode="1"))
    assert refusal(await cos("GET", "bytes.jpg", query=COLOR)) == (400, "ImageTooLarge")
    assert refusal(await cos("GET", "pixels.png", query=COLOR)) == (400, "ImageResolutionExceed")


async def test_cos_refuses_a_side_over_fifty_thousand_pixels(cos: Cos) -> None:
    for key, width, height in (("wide.png", 50_001, 1), ("high.png", 1, 50_001)):
        await cos.put(key, photo(width, height, mode="1"))
        reply = await cos("GET", key, query={"ci-process": "AIImageColoring"})
        assert refusal(reply) == (400, "ImageResolutionExceed")
    assert await cos.backend.jobs.depth() == {"queued": 0, "running": 0}


@pytest.mark.parametrize("cos", [{"cos_wait_s": 0.05}], indirect=True)
async def test_a_picture_that_waits_too_long_is_to_be_sent_again(cos: Cos) -> None:
    await cos.put("grey.jpg", photo(format="JPEG", mode="L"))
    assert refusal(await cos("GET", "grey.jpg", query=COLOR)) == (503, "SlowDown")
    assert await cos.backend.jobs.depth() == {"queued": 0, "running": 0}  # cancelled


@pytest.mark.parametrize("cos", [{"cos_wait_s": 0.05}], indirect=True)
async def test_colouring_in_the_cloud_reads_one_bucket_and_writes_another(cos: Cos) -> None:
    await cos.put("grey.jpg", photo(format="JPEG", mode="L"))
    await cos.backend.buckets.create(cos.accounts["owner"], "target-1")
    read, write = f"cos:{BUCKET}:GetObject", "cos:target-1:PutObject"
    for who, scopes, expected in (
        ("both", (read, write), (503, "SlowDown")),  # it was taken, and nobody works here
        ("reader", (read,), (403, "AccessDenied")),
        ("writer", (write,), (403, "AccessDenied")),
        ("elsewhere", (read, f"cos:{BUCKET}:PutObject"), (403, "AccessDenied")),
    ):
        await cos.backend.accounts.add_secret(
            cos.accounts["owner"], "cos", f"AK-{who}", f"secret-{who}".encode(), scopes=scopes
        )
        headers = operations(bucket="target-1")
        reply = await cos("POST", "grey.jpg", query={"image_process": ""}, headers=headers, who=who)
        assert refusal(reply) == expected, who


async def test_an_account_without_credits_pays_first(cos: Cos) -> None:
    poor = await cos.backend.accounts.create("poor", credits=0)
    await cos.backend.accounts.add_secret(poor.account.id, "cos", "AK-poor", b"secret-poor")
    await cos.backend.buckets.create(poor.account.id, "poor-1")
    await cos.put("grey.jpg", photo(format="JPEG", mode="L"), bucket="poor-1", who="poor")
    reply = await cos("GET", "grey.jpg", query=COLOR, bucket="poor-1", who="poor")
    assert refusal(reply) == (402, "PaymentRequired")
    assert "please check the quota of your package." in reply.text


@pytest.mark.parametrize("cos", [{"requests_per_minute": 2}], indirect=True)
async def test_too_many_requests_are_told_to_slow_down(cos: Cos) -> None:
    replies = [await cos("GET") for _ in range(4)]
    assert replies[0].status_code == 200
    assert refusal(replies[-1]) == (503, "SlowDown")
    assert int(replies[-1].headers["retry-after"]) > 0


@pytest.mark.parametrize("cos", [{"body_idle_s": 0.1}], indirect=True)
async def test_a_sender_that_falls_silent_is_cut_off(cos: Cos) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"half"
        await asyncio.sleep(60)

    for query in ({}, {"uploadId": "x", "partNumber": "1"}):
        if query:
            upload = await cos.backend.multipart.start(await cos.backend.buckets.get(BUCKET), "a")
            query["uploadId"] = upload.id
        reply = await cos("PUT", "a", query=query, headers={"Content-Length": "8"}, content=stalling())
        assert refusal(reply) == (400, "RequestTimeout")
    reply = await cos("POST", query={"delete": ""}, headers={"Content-Length": "8"}, content=stalling())
    assert refusal(reply) == (400, "RequestTimeout")
    assert refusal(await cos("GET", "a")) == (404, "NoSuchKey")
    assert list(cos.backend.blobs.scratch.iterdir()) == []


async def test_windows_of_signatures_are_kept(cos: Cos) -> None:
    expired = await cos("GET", window=(-600, -1))
    assert refusal(expired) == (403, "AccessDenied")
    root = ET.fromstring(expired.text)
    assert root.findtext("Message") == "Request has expired"
    told = datetime.strptime(root.findtext("ServerTime") or "", "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert abs(told - datetime.now(UTC)) < timedelta(minutes=1)
    tags = [item.tag for item in root]
    assert tags.index("ServerTime") < tags.index("Resource")
    assert refusal(await cos("GET", window=(3600, 7200))) == (403, "RequestTimeTooSkewed")
    assert (await cos("GET", window=(600, 7200))).status_code == 200  # a clock that goes ahead


async def test_keys_that_are_not_good_are_named(cos: Cos) -> None:
    assert refusal(await cos("GET", who="nobody")) == (403, "InvalidAccessKeyId")
    await cos.backend.accounts.add_secret(cos.accounts["owner"], "cos", "AK-other", b"another secret")
    wrong = await cos("GET", who="other")
    assert refusal(wrong) == (403, "SignatureDoesNotMatch")
    assert "The Signature you specified is invalid." in wrong.text
    root = ET.fromstring(wrong.text)
    assert (root.findtext("StringToSign") or "").startswith("sha1\n")
    assert (root.findtext("FormatString") or "").startswith("get\n/\n")
    late = datetime.now(UTC) - timedelta(seconds=1)
    add = cos.backend.accounts.add_secret
    await add(cos.accounts["owner"], "cos.sts", "AK-old", b"secret-old\ntoken", expires_at=late)
    assert refusal(await cos("GET", who="old", headers={"x-cos-security-token": "token"})) == (
        400,
        "ExpiredToken",
    )
    garbled = await cos("GET", who=None, headers={"authorization": "q-sign-algorithm=sha1&q-ak=x"})
    assert refusal(garbled) == (403, "AccessDenied")


async def test_what_is_not_offered_says_so(cos: Cos) -> None:
    await cos.put("a")
    for flag in ("acl", "tagging", "location", "versioning", "versions", "cors", "lifecycle", "policy"):
        assert refusal(await cos("GET", query={flag: ""})) == (501, "NotImplemented")
    assert refusal(await cos("POST", "a", query={"restore": ""})) == (501, "NotImplemented")
    assert refusal(await cos("PUT", "a", query={"acl": ""})) == (501, "NotImplemented")
    assert refusal(await cos("OPTIONS", "a")) == (501, "NotImplemented")
    for method, key in (("POST", "a"), ("POST", ""), ("PATCH", "a"), ("PATCH", "")):
        assert refusal(await cos(method, key)) == (405, "MethodNotAllowed")
    assert refusal(await cos("DELETE", bucket=None)) == (405, "MethodNotAllowed")


async def test_only_our_own_faults_ask_to_be_tried_again(cos: Cos, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("a secret of the house")

    with monkeypatch.context() as patch:
        patch.setattr(objects, "body_length", broken)
        reply = await cos("PUT", "a", content=b"x")
        assert refusal(reply) == (500, "InternalError")
        assert "secret of the house" not in reply.text
    monkeypatch.setattr(cos.backend.blobs, "_min_free_bytes", 2**60)
    assert refusal(await cos("PUT", "a", content=b"x")) == (503, "ServiceUnavailable")


ERRORS = [
    (errors.EmptyPhotoError("x"), 400, "InvalidImageFormat"),
    (errors.BrokenPhotoError("x"), 400, "InvalidImageFormat"),
    (errors.UnsupportedPhotoError("x"), 400, "InvalidImageFormat"),
    (errors.PhotoLimitError("x"), 400, "ImageResolutionExceed"),
    (errors.UnreachableUrlError("x"), 400, "InvalidImageSource"),
    (errors.OversizeUrlError("x"), 400, "ImageTooLarge"),
    (errors.ParameterError("a", 1, "2"), 400, "InvalidArgument"),
    (errors.UploadLimitError(1), 400, "EntityTooLarge"),
    (errors.CreditError(1, 0), 402, "PaymentRequired"),
    (errors.QueueFullError(1, 2.0), 503, "SlowDown"),
    (errors.RateLimitError(2.0), 503, "SlowDown"),
    (errors.DatabaseError("x"), 503, "ServiceUnavailable"),
    (errors.StorageError("x"), 503, "ServiceUnavailable"),
    (errors.StorageFullError("x"), 503, "ServiceUnavailable"),
    (errors.MissingModelError("x"), 501, "NotImplemented"),
    (errors.TinctError("x"), 500, "InternalError"),
]


@pytest.mark.parametrize(("error", "status", "code"), ERRORS, ids=lambda value: type(value).__name__)
async def test_an_error_becomes_a_code_of_the_vendors(
    error: errors.TinctError, status: int, code: str
) -> None:
    found = refusal_of(error)
    assert (found.status, found.name) == (status, code)


async def test_every_code_has_a_status_and_a_sentence() -> None:
    for status, message in CODES.values():
        assert 400 <= status < 600
        assert message
    for status, code in (
        (404, "InvalidURI"),
        (405, "MethodNotAllowed"),
        (413, "EntityTooLarge"),
        (400, "InvalidArgument"),
    ):
        assert refusal_of(HTTPException(status, "x")).name == code


@pytest.mark.parametrize(
    ("state", "failure", "status", "code"),
    [
        (JobState.FAILED, "photo_broken", 400, "InvalidImageFormat"),
        (JobState.FAILED, "photo_too_large", 400, "ImageResolutionExceed"),
        (JobState.FAILED, "out_of_memory", 400, "ImageResolutionExceed"),
        (JobState.FAILED, "model_missing", 501, "NotImplemented"),
        (JobState.FAILED, "internal", 500, "InternalError"),
        (JobState.TIMED_OUT, "timed_out", 400, "ImageResolutionExceed"),
        (JobState.CANCELLED, "cancelled", 500, "InternalError"),
        (JobState.RETRIES_EXHAUSTED, "retries_exhausted", 500, "InternalError"),
    ],
)
async def test_a_job_that_failed_becomes_a_code_too(
    cos: Cos, state: JobState, failure: str, status: int, code: str
) -> None:
    file = await cos.backend.files.put(cos.accounts["owner"], photo())
    job = await submitted(cos.backend, cos.accounts["owner"], "colorize", inputs={"image": file.id})
    found = refusal_of(replace(job, state=state, failure=Failure(code=failure, message="why")).error)
    assert (found.status, found.name) == (status, code)
