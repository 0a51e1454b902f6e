"""A stored file on its way out: the link under which it can be had, and the reply that carries its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from tinct.backend import Backend
from tinct.dialects.dialect import backend_of
from tinct.jobs.file import File, suffix

__all__ = ["Part", "base_of", "content", "link", "link_at", "part_of", "unchanged"]

_SAFE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Accept-Ranges": "bytes",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def base_of(connection: HTTPConnection) -> str:
    """This server's address as its caller knows it, without a slash at its end."""
    return (backend_of(connection).settings.public_url or str(connection.base_url)).rstrip("/")


def link(connection: HTTPConnection, file_id: str, format: str, *, seconds: float) -> str:
    """A whole URL under which anyone can GET a file for `seconds`.

    Parameters
    ----------
    format : str
        The file's format; becomes the extension, for clients that look at it.
    """
    return link_at(backend_of(connection), str(connection.base_url), file_id, format, seconds=seconds)


def link_at(backend: Backend, base: str, file_id: str, format: str, *, seconds: float) -> str:
    """The same where there is no request; `base` is the server's address where the settings name none."""
    path = backend.links.to_file(file_id + suffix(format), seconds=seconds)
    return (backend.settings.public_url or base).rstrip("/") + path


async def content(request: Request, file: File, *, max_age_s: int = 0) -> Response:
    """The bytes of a file, or the part asked for.

    One range is served, several are answered with the whole file; ``If-None-Match`` and ``If-Range`` are
    obeyed.
    """
    etag = f'"{file.etag}"'
    name = quote(file.name or file.id, safe="")
    headers = _SAFE_HEADERS | {
        "ETag": etag,
        "Cache-Control": f"private, max-age={max_age_s}",
        "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
    }
    part = part_of(request, file.size, etag, headers)
    if isinstance(part, Response):
        return part
    if request.method == "HEAD":
        return Response(status_code=part.status, headers=headers, media_type=file.media_type)
    stream = await backend_of(request).files.open(file, part.start, part.end)
    return StreamingResponse(stream, status_code=part.status, headers=headers, media_type=file.media_type)


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of some bytes is to be sent."""

    start: int
    end: int
    """Exclusive."""
    status: int


def unchanged(request: Request, etag: str) -> bool:
    """Whether who asks has what bears this tag already, so that the reply is 304."""
    return etag in (tag.strip() for tag in request.headers.get("if-none-match", "").split(","))


def part_of(request: Request, size: int, etag: str, headers: dict[str, str]) -> Part | Response:
    """Which of `size` bytes a request asks for, or the reply where it gets none; `headers` are completed."""
    if unchanged(request, etag):
        return Response(status_code=304, headers=headers)
    asked = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if asked is None or asked.group() == "bytes=-" or request.headers.get("if-range", etag) != etag:
        start, end, status = 0, size, 200
    else:
        start, end = _bounds(asked[1], asked[2], size)
        if start >= end:
            headers["Content-Range"] = f"bytes */{size}"
            return Response(status_code=416, headers=headers)
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        status = 206
    headers["Content-Length"] = str(end - start)
    return Part(start=start, end=end, status=status)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    """Start and exclusive end; start >= end where nothing can be served."""
    if not first:  # the last so many bytes
        return max(size - int(last), 0), size if int(last) else 0
    return int(first), min(int(last) + 1 if last else size, size)
