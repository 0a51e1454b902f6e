"""Colouring on download, on upload and in the cloud: a job each, waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import starmap
from typing import Final
from urllib.parse import unquote

from starlette.background import BackgroundTask
from starlette.responses import Response, StreamingResponse

from tinct.dialects.cos.call import Call
from tinct.dialects.cos.errors import CosError
from tinct.dialects.cos.objects import receipt, receive
from tinct.dialects.cos.picops import COLORING, Operations, Rule, parse
from tinct.dialects.cos.xml import document, element
from tinct.errors import UploadLimitError
from tinct.jobs.file import File
from tinct.jobs.intake import Copy, PhotoRule, Source, Stored, Url
from tinct.jobs.job import Job, Order
from tinct.objects.buckets import Bucket
from tinct.objects.objects import Object, check_object_key

__all__ = ["ACTION", "download", "process", "upload"]

ACTION: Final = "ci:CreateAIImageColoringJob"
_SERVER: Final = "tencent-ci"
_PNG: Final = {"content-type": "image/png"}
# The job's own copy of the result, in case that the server stops before it is handed on
_KEPT_S: Final = 600.0
_MOST_SIDE: Final = 50_000  # pixels
_ROUNDS: Final = 3  # of decoding a detect-url


async def download(call: Call) -> Response:
    """``GET ?ci-process=AIImageColoring``: a coloured copy of an object, or of what a URL leads to."""
    if call.query["ci-process"] != COLORING:
        raise CosError("InvalidArgument", f"ci-process is something else than {COLORING}.")
    account = _processor(call)
    address = call.query.get("detect-url")
    if address is not None:
        source: Source = Url(url=_address(address))
    elif call.place.key:
        source = Copy(object=await call.read())
    else:
        raise CosError("InvalidArgument", "Neither an object key nor detect-url is given.")
    job, file = await _colored(call, account, source)
    backend = call.backend
    return StreamingResponse(
        backend.files.stream(file),
        media_type="image/png",
        headers={"Content-Length": str(file.size), "Server": _SERVER},
        background=BackgroundTask(backend.jobs.delete, account, job.id),
    )


async def upload(call: Call) -> Response:
    """``PUT`` with ``Pic-Operations``: store the object, then what its rules ask for."""
    asked, bucket = _asked(call), call.own("PutObject")
    targets = await _targets(call, bucket, asked.rules)
    response = await _processed(call, bucket, asked, targets, source := await receive(call))
    response.headers.update(receipt(source))
    return response


async def process(call: Call) -> Response:
    """``POST ?image_process`` with ``Pic-Operations``: colour an object that is stored."""
    asked, bucket = _asked(call), call.own("GetObject")
    targets = await _targets(call, bucket, asked.rules)
    return await _processed(call, bucket, asked, targets, await call.read())


def _asked(call: Call) -> Operations:
    raw = call.request.headers.get("pic-operations", "")
    if not raw:
        raise CosError("InvalidArgument", "The header Pic-Operations is missing.")
    try:
        return parse(raw.encode("latin-1").decode("utf-8"), call.place.key)
    except UnicodeError:
        raise CosError("InvalidArgument", "Pic-Operations is not UTF-8.") from None


def _processor(call: Call) -> str:
    """The account that pays, if its key has the right to process images of this bucket."""
    bucket = call.own("GetObject")
    if not call.caller.may(ACTION, bucket.name):
        raise CosError("NoProcessAuthority")
    return bucket.account


async def _targets(call: Call, own: Bucket, rules: tuple[Rule, ...]) -> list[Bucket]:
    """The bucket of each rule: of the account that has the source's, and one that the key may write to."""
    found = []
    for rule in rules:
        check_object_key(rule.key)
        bucket = own if rule.bucket is None else await call.backend.buckets.get(rule.bucket)
        if bucket.account != own.account or not call.caller.may("PutObject", bucket.name):
            raise CosError("AccessDenied")
        found.append(bucket)
    return found


async def _processed(
    call: Call, bucket: Bucket, asked: Operations, targets: list[Bucket], source: Object
) -> Response:
    """Colour the object once, store it wherever the rules say, and tell of it."""
    account, about, made = bucket.account, "", ""
    if asked.rules or asked.info:
        async with _brought(call, account, Copy(object=source)) as copy:
            about = _image_info(copy) if asked.info else ""
            if asked.rules:
                job, file = await _colored(call, account, Stored(file_id=copy.id))
                stored = await _stored(call, file, asked.rules, targets)
                made = element("ProcessResults", raw="".join(starmap(partial(_result, call), stored)))
                await call.backend.jobs.delete(account, job.id)
            else:
                await call.backend.files.delete(account, copy.id)
    original = element("OriginalInfo", raw=_entry(call, bucket, source) + about)
    body = document(element("UploadResult", raw=original + made))
    return Response(body, media_type="application/xml", headers={"Server": _SERVER})


async def _stored(
    call: Call, file: File, rules: tuple[Rule, ...], targets: list[Bucket]
) -> list[tuple[Bucket, Object]]:
    """One picture under the name of each rule; its bytes are stored once."""
    objects, made = call.backend.objects, list[tuple[Bucket, Object]]()
    for rule, target in zip(rules, targets, strict=True):
        if made:
            each = await objects.copy(made[0][1], target, rule.key)
        else:
            each = await objects.put(target, rule.key, call.backend.files.stream(file), headers=_PNG)
        made.append((target, each))
    return made


def _result(call: Call, bucket: Bucket, stored: Object) -> str:
    size = element("Format") + element("Size", stored.size)
    return element("Object", raw=_entry(call, bucket, stored, size))


def _entry(call: Call, bucket: Bucket, stored: Object, between: str = "") -> str:
    """``Key``, ``Location`` and ``ETag`` of an object, with what comes before the last."""
    return (
        element("Key", stored.key)
        + element("Location", f"{call.place.host_of(bucket.name)}/{stored.key}")
        + between
        + element("ETag", f'"{stored.etag}"')
    )


def _image_info(file: File) -> str:
    photo = file.as_photo()
    size = element("Width", photo.width) + element("Height", photo.height)
    return element("ImageInfo", raw=element("Format", file.format.upper()) + size)


async def _colored(call: Call, account: str, source: Source) -> tuple[Job, File]:
    """A job that succeeded, and what it made."""
    backend, settings = call.backend, call.backend.settings
    order = Order(
        account=account,
        effect="colorize",
        format="png",
        keep_results_s=_KEPT_S,
        discard_inputs=True,
        dialect="cos",
    )
    async with _limited(call):
        submission = await backend.intake.submit(order, {"image": source}, rule=_rule(call))
    job = await backend.intake.result(submission.job, settings.cos_wait_s)
    return job, await backend.files.get(account, job.results[0].file_id)


@asynccontextmanager
async def _brought(call: Call, account: str, source: Source) -> AsyncIterator[File]:
    """A picture as a file; it goes again if the block raises."""
    async with (
        _limited(call),
        call.backend.intake.brought(account, {"image": source}, _rule(call)) as brought,
    ):
        yield brought.made[0]


def _rule(call: Call) -> PhotoRule:
    return PhotoRule(max_bytes=call.backend.settings.max_photo_bytes, max_side=_MOST_SIDE)


@asynccontextmanager
async def _limited(call: Call) -> AsyncIterator[None]:
    """An image with too many bytes is told from an object with too many."""
    try:
        yield
    except UploadLimitError as error:
        raise CosError("ImageTooLarge", f"The image has more than {error.limit} bytes.") from None


def _address(text: str) -> str:
    """The URL of a ``detect-url``, which may have been encoded more than once."""
    for _ in range(_ROUNDS):
        if text.lower().startswith(("http://", "https://")):
            break
        text = unquote(text)
    return text
