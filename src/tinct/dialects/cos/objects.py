"""Objects: PUT, GET, HEAD, DELETE, copy, and many deletes at once."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator

from starlette.responses import Response, StreamingResponse

from tinct.dialects.cos import headers as fields
from tinct.dialects.cos.call import Call
from tinct.dialects.cos.conditions import Verdict, span, verdict
from tinct.dialects.cos.errors import CosError, refusal
from tinct.dialects.cos.xml import MOST_BYTES, document, element, parse
from tinct.errors import DigestError, ObjectKeyError
from tinct.objects.multipart import Part
from tinct.objects.objects import Object, check_object_key

__all__ = [
    "arriving",
    "body_length",
    "copy_object",
    "copy_result",
    "copy_source",
    "delete_many",
    "delete_object",
    "get_object",
    "put_object",
    "receipt",
    "receive",
    "whole_body",
    "xml_reply",
]

_MOST_DELETES = 1000


async def put_object(call: Call) -> Response:
    """``PUT /key``."""
    return Response(headers=receipt(await receive(call)))


async def receive(call: Call) -> Object:
    """Store the body of a request as the object that it names.

    Raises
    ------
    CosError, TinctError
        It is refused; what was there stays.
    """
    bucket = call.own("PutObject")
    check_object_key(call.key)
    call.backend.blobs.check_room(body_length(call))
    return await call.backend.objects.put(
        bucket,
        call.key,
        arriving(call),
        headers=fields.stored(call.request.headers),
        public=fields.object_acl(call.request.headers),
        md5=fields.content_md5(call.request.headers),
    )


async def get_object(call: Call) -> Response:
    """``GET /key`` and ``HEAD /key``: the whole or a range, conditions and overrides obeyed."""
    found = await call.read()
    overridden = any(name.startswith("response-") for name in call.query)
    if overridden and call.account is None:
        raise CosError("AccessDenied", "response-* parameters need a signature.")
    headers = fields.of_object(found, call.query)
    given = call.request.headers
    match verdict(given, found.etag, found.modified_at):
        case Verdict.FAILED:
            raise CosError("PreconditionFailed")
        case Verdict.UNCHANGED:
            return Response(
                status_code=304, headers={k: v for k, v in headers.items() if k != "content-type"}
            )
    part = span(given.get("range"), found.size) if _same(given.get("if-range"), headers) else None
    start, end = part or (0, found.size)
    if part is not None:
        if start >= end:
            raise CosError("InvalidRange")
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    headers["Content-Length"] = str(end - start)
    status = 206 if part is not None else 200
    if call.request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    return StreamingResponse(await call.backend.objects.open(found, start, end), status, headers)


async def delete_object(call: Call) -> Response:
    """``DELETE /key``; also if there is none."""
    bucket = call.own("DeleteObject")
    await call.backend.objects.delete(bucket, call.key)
    return Response(status_code=204)


async def copy_object(call: Call) -> Response:
    """``PUT /key`` with ``x-cos-copy-source``; no bytes move."""
    bucket = call.own("PutObject")
    check_object_key(call.key)
    given = call.request.headers
    source = await copy_source(call)
    directive = (given.get("x-cos-metadata-directive") or "Copy").lower()
    if directive not in ("copy", "replaced"):
        raise CosError("InvalidArgument", "x-cos-metadata-directive is Copy or Replaced.")
    headers = fields.stored(given)
    copied = await call.backend.objects.copy(
        source,
        bucket,
        call.key,
        headers=headers if directive == "replaced" else None,
        public=fields.object_acl(given),
    )
    return xml_reply(copy_result("CopyObjectResult", copied), receipt(copied))


def copy_result(name: str, made: Object | Part) -> str:
    """What is told of a copy, or of a part that is one."""
    modified = element("LastModified", fields.iso_second(made.modified_at))
    return element(name, raw=element("ETag", fields.quoted(made.etag)) + modified)


async def copy_source(call: Call) -> Object:
    """The object that ``x-cos-copy-source`` names, if the caller may read it and its conditions hold.

    Raises
    ------
    CosError
        InvalidURI, NotImplemented, AccessDenied or PreconditionFailed.
    BucketMissingError, ObjectMissingError
        There is no such source.
    """
    text = call.request.headers["x-cos-copy-source"]
    path, question, query = text.partition("?")
    if question and query.startswith("versionId=") and query != "versionId=":
        raise CosError("NotImplemented", "Objects have no versions here.")
    bucket, key = await call.elsewhere(path)
    found = await call.read(key, bucket)
    held = verdict(call.request.headers, found.etag, found.modified_at, prefix="x-cos-copy-source-")
    if held is not Verdict.GO:
        raise CosError("PreconditionFailed")
    return found


async def delete_many(call: Call) -> Response:
    """``POST /?delete``: up to a thousand keys."""
    bucket = call.own("DeleteObject")
    body = await whole_body(call)
    announced = fields.content_md5(call.request.headers)
    if announced is None:  # the signature covers the list only by its digest
        raise CosError("InvalidDigest", "The header Content-MD5 is missing; a list of deletes needs it.")
    if hashlib.md5(body, usedforsecurity=False).digest() != announced:
        raise DigestError("Content-MD5 is not that of the body")
    asked = parse(body, "Delete")
    items = asked.findall("Object")
    keys = [item.findtext("Key") or "" for item in items]
    if not 1 <= len(keys) <= _MOST_DELETES:
        raise CosError("MalformedXML")
    if any((item.findtext("VersionId") or "null") != "null" for item in items):
        raise CosError("NotImplemented", "Objects have no versions here.")
    good, lines = [], []
    for key in keys:
        try:
            good.append(check_object_key(key))
        except ObjectKeyError as error:
            found = refusal(error)
            lines.append(_line("Error", key, Code=found.name, Message=found.message))
    await call.backend.objects.delete(bucket, *good)
    if (asked.findtext("Quiet") or "").strip().lower() != "true":
        lines = [_line("Deleted", key) for key in good] + lines
    return xml_reply(element("DeleteResult", raw="".join(lines)))


def body_length(call: Call) -> int:
    """Bytes that the body is said to have; 0 if it comes in chunks, which are counted as they arrive.

    Raises
    ------
    CosError
        MissingContentLength; EntityTooLarge.
    """
    given = call.request.headers
    if given.get("transfer-encoding", "").strip().lower() == "chunked":
        return 0
    text = given.get("content-length", "")
    if not (text.isascii() and text.isdigit()):
        raise CosError("MissingContentLength")
    length = int(text[:20])
    if length > call.backend.settings.max_object_bytes:
        raise CosError("EntityTooLarge")
    return length


async def arriving(call: Call) -> AsyncIterator[bytes]:
    """The body in pieces.

    Raises
    ------
    CosError
        RequestTimeout: nothing arrives for ``settings.body_idle_s``.
    """
    pieces = call.request.stream()
    while True:
        try:
            async with asyncio.timeout(call.backend.settings.body_idle_s):
                piece = await anext(pieces, None)
        except TimeoutError:
            raise CosError("RequestTimeout") from None
        if piece is None:
            return
        yield piece


async def whole_body(call: Call) -> bytes:
    """The body of a request with a document in it.

    Raises
    ------
    CosError
        MissingRequestBodyError; MalformedXML if it is too long.
    """
    chunks, size = [], 0
    async for chunk in arriving(call):
        size += len(chunk)
        if size > MOST_BYTES:
            raise CosError("MalformedXML")
        chunks.append(chunk)
    if not size:
        raise CosError("MissingRequestBodyError")
    return b"".join(chunks)


def xml_reply(root: str, headers: dict[str, str] | None = None) -> Response:
    """A reply with a document; SDKs read it only if its type is exactly this."""
    return Response(document(root), headers={**(headers or {}), "Content-Type": "application/xml"})


def receipt(stored: Object) -> dict[str, str]:
    """Headers that tell what was stored."""
    return {"ETag": fields.quoted(stored.etag), "x-cos-hash-crc64ecma": str(stored.crc64)}


def _line(name: str, key: str, **more: str) -> str:
    return element(name, raw=element("Key", key) + "".join(element(*each) for each in more.items()))


def _same(condition: str | None, headers: dict[str, str]) -> bool:
    """Whether ``If-Range`` allows a range: it is not there, or names this very object."""
    return condition is None or condition.strip() in (headers["ETag"], headers["Last-Modified"])
