"""Which handler takes a request, and what every reply of this API carries."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tinct.dialects.cos import addressing, buckets, coloring, objects, signature, uploads
from tinct.dialects.cos.addressing import Place
from tinct.dialects.cos.auth import Caller, authenticate
from tinct.dialects.cos.call import Call, Handler, located
from tinct.dialects.cos.coverage import NOT_OFFERED
from tinct.dialects.cos.credentials import CREDENTIALS
from tinct.dialects.cos.errors import CosError, refusal
from tinct.dialects.cos.xml import MOST_BYTES, document, element
from tinct.dialects.dialect import Claims, Dialect, backend_of, settings_of
from tinct.dialects.guard import anonymous, counted, refused
from tinct.dialects.limits import CallLimits, usual
from tinct.dialects.refusals import refusal_headers
from tinct.errors import TinctError
from tinct.settings import Settings

__all__ = ["DIALECT"]


_NUMBERS: Final = {"InvalidArgument": "-103", "InvalidImageSource": "-106", "InvalidImageFormat": "-113"}
"""What else colouring on download calls its refusals, in the header ``X-ErrNo``."""


async def _service(call: Call) -> Response:
    if call.caller.account is None:
        raise CosError("AccessDenied", "Check auth failure because signature empty.")
    return await buckets.list_buckets(call)


async def _switch(call: Call) -> Response:
    """``/ai_bucket`` of the processing host: image colouring is always switched on."""
    call.own("PutBucket")
    name = element("BucketName" if call.request.method == "DELETE" else "AiBucket", call.place.bucket)
    reply = element("Response", raw=element("RequestId", call.request.state.cos_request_id) + name)
    return Response(document(reply), media_type="application/xml")


def _handler(call: Call) -> Handler:
    """The handler of a request.

    Raises
    ------
    CosError
        NotImplemented or MethodNotAllowed.
    """
    method, query, place = call.request.method, call.query, call.place
    found: Handler | None
    if method == "OPTIONS" or not NOT_OFFERED.isdisjoint(query):
        raise CosError("NotImplemented")
    if place.bucket is None:
        found = {"GET": _service}.get(method)
    elif place.ci and place.key == "ai_bucket":
        found = _switch if method in ("POST", "GET", "DELETE") else None
    elif method == "GET" and "ci-process" in query:
        found = coloring.download
    else:
        found = _of_object(call) if place.key else _of_bucket(call)
    if found is None:
        raise CosError("MethodNotAllowed")
    return found


def _of_bucket(call: Call) -> Handler | None:
    match call.request.method:
        case "GET":
            return uploads.list_uploads if "uploads" in call.query else buckets.list_objects
        case "HEAD":
            return buckets.head_bucket
        case "PUT":
            return buckets.put_bucket
        case "DELETE":
            return buckets.delete_bucket
        case "POST" if "delete" in call.query:
            return objects.delete_many
    return None


def _of_object(call: Call) -> Handler | None:
    query, headers = call.query, call.request.headers
    in_parts, copies = "uploadId" in query, "x-cos-copy-source" in headers
    match call.request.method:
        case "GET":
            return uploads.list_parts if in_parts else objects.get_object
        case "HEAD":
            return objects.get_object
        case "DELETE":
            return uploads.abort if in_parts else objects.delete_object
        case "PUT" if in_parts:
            return uploads.copy_part if copies else uploads.put_part
        case "PUT" if copies:
            return objects.copy_object
        case "PUT":
            return coloring.upload if headers.get("pic-operations") else objects.put_object
        case "POST" if "uploads" in query:
            return uploads.start
        case "POST" if in_parts:
            return uploads.complete
        case "POST" if "image_process" in query:
            return coloring.process
    return None


async def _answer(request: Request) -> Response:
    place = await _place(request)
    request.state.cos_place = place
    request.state.cos_request_id = _request_id()
    pairs = signature.pairs(request.scope["query_string"].decode("latin-1"))
    caller = await _admitted(request, place, pairs)
    backend = backend_of(request)
    bucket = await backend.buckets.find(place.bucket) if place.bucket is not None else None
    query = dict(reversed(pairs))  # of equal names the first counts, as in the signature
    call = Call(request=request, place=place, caller=caller, query=query, pairs=pairs, bucket=bucket)
    try:
        response = await _handler(call)(call)
    except CosError as error:
        if caller.account is None and error.name == "AccessDenied":
            await refused(request)
        raise
    _complete(request, response)
    return response


async def _admitted(request: Request, place: Place, pairs: signature.Pairs) -> Caller:
    """Who calls; counted, as every dialect does."""
    try:
        strict = settings_of(request).cos_strict_signatures
        caller = await authenticate(request, place, pairs, backend_of(request).accounts, strict=strict)
    except CosError:
        await refused(request)
        raise
    if caller.account is None:
        await anonymous(request)
    else:
        await counted(request, caller.account)
    return caller


async def _place(request: Request) -> Place:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return await located(backend_of(request), raw.decode("latin-1"), request.headers.get("host", ""))


def _request_id() -> str:
    """In the vendor's form: base64 of hexadecimal numbers, the first of them the time."""
    text = f"{int(time.time()):x}_{secrets.token_hex(4)}_{secrets.randbits(20):x}_{secrets.randbits(28):x}"
    return base64.b64encode(text.encode()).decode()


def _complete(request: Request, response: Response) -> None:
    """What every reply carries, in the vendor's spelling: programs look headers up in a plain dict."""
    response.headers.setdefault("Server", "tencent-cos")
    response.headers["x-cos-request-id"] = request_id = request.state.cos_request_id
    if request.state.cos_place is not None and request.state.cos_place.ci:
        response.headers["x-ci-request-id"] = request_id
    response.raw_headers = [(_spelled(name), value) for name, value in response.raw_headers]


def _spelled(name: bytes) -> bytes:
    if name.startswith((b"x-cos-", b"x-ci-")):
        return name
    return {b"etag": b"ETag", b"x-errno": b"X-ErrNo"}.get(name, name.title())


def _words(request: Request, error: Exception) -> Response:
    state = request.scope.setdefault("state", {})
    place: Place | None = state.setdefault("cos_place", None)
    state.setdefault("cos_request_id", _request_id())
    found = refusal(error)
    trace = base64.b64encode(secrets.token_hex(64).encode()).decode()
    headers = refusal_headers(found) | {"x-cos-trace-id": trace}
    if "ci-process" in request.query_params and found.name in _NUMBERS:
        headers["X-ErrNo"] = _NUMBERS[found.name]
    if request.method == "HEAD":
        response = Response(status_code=found.status, headers=headers)
    else:
        body = element(
            "Error",
            raw=element("Code", found.name)
            + element("Message", found.message)
            + "".join(element(name, text) for name, text in found.details.items())
            + element("Resource", place.resource if place else request.headers.get("host", "") + "/")
            + element("RequestId", state["cos_request_id"])
            + element("TraceId", trace),
        )
        response = Response(document(body), found.status, headers, media_type="application/xml")
    _complete(request, response)
    return response


def _signed(connection: HTTPConnection) -> bool:
    """Whether a request bears this API's signature."""
    in_header = connection.headers.get("authorization", "").startswith("q-sign-algorithm=")
    return in_header or b"q-sign-algorithm=" in connection.scope["query_string"]


def _buckets_host(connection: HTTPConnection) -> bool:
    """Whether a request goes to a host of the service or of a bucket."""
    _, host = addressing.split_target(connection.scope["path"], connection.headers.get("host", ""))
    return addressing.host_of(host, settings_of(connection).cos_base_domain) is not None


def _limits(settings: Settings) -> CallLimits:
    def body_bytes(connection: HTTPConnection) -> int:
        return MOST_BYTES if connection.scope["method"] == "POST" else settings.max_object_bytes

    return usual(settings, body_bytes)


async def _app(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive, send)
    try:
        response = await _answer(request)
    except (TinctError, HTTPException) as error:
        response = _words(request, error)
    await response(scope, receive, send)


DIALECT = Dialect(
    name="cos",
    app=_app,
    claims=Claims(signature=_signed, domain=_buckets_host),
    errors=_words,
    limits=_limits,
    credentials=CREDENTIALS,
)
"""Tencent Cloud COS, with its image colouring."""
