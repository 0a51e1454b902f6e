"""Files: declared by a call, sent to a link, and had by a link; browsers may send and get them from any page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from tinct.accounts.credential import Account
from tinct.dialects.bodies import json_object
from tinct.dialects.content import base_of, content
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.guard import refused
from tinct.dialects.refusals import RefusalError
from tinct.dialects.youcam.errors import invalid
from tinct.dialects.youcam.params import is_text, whole_number
from tinct.errors import FileMissingError, LinkError
from tinct.jobs import withdrawn
from tinct.jobs.declarations import Declaration
from tinct.jobs.file import suffix

__all__ = ["CORS", "DOWNLOADS", "MAX_BYTES", "UPLOADS", "declare", "download", "link", "preflight", "upload"]

UPLOADS: Final = "/s2s/upload/"
DOWNLOADS: Final = "/s2s/download/"
MAX_BYTES: Final = 128 * 2**20
"""Of one file."""
CORS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Length, Content-Type",
}
"""Links say themselves what they allow, so that any page may use them."""
_PREFLIGHT: Final = CORS | {
    "Access-Control-Allow-Methods": "PUT, GET, HEAD",
    "Access-Control-Allow-Headers": "Content-Type, Content-Length",
    "Access-Control-Max-Age": "86400",
}
_OLD_TYPES: Final = (
    "image/jpg", "image/jpeg", "image/png", "image/heic", "image/heif", "video/mp4", "video/quicktime",
)  # fmt: skip
_NEW_TYPES: Final = (*_OLD_TYPES, "image/webp", "image/bmp", "image/tiff", "image/gif")
_MOST: Final = 20  # files of one call
_LONGEST: Final = 255  # characters of a name


@dataclass(frozen=True, kw_only=True)
class _Asked:
    type: str
    name: str
    size: int | None


async def declare(request: Request, account: Account, version: str) -> dict[str, Any]:
    """The file call of any version: ``v1.0``, ``v1.1``, ``v2.0`` or ``v2.1``."""
    entries = (await json_object(request)).get("files")
    if not isinstance(entries, list) or not 1 <= len(entries) <= _MOST:
        raise invalid("files", entries, f"an array of 1 to {_MOST} objects")
    asked = [_asked(number, entry, version) for number, entry in enumerate(entries)]
    return {"files": [await _declared(request, account, each, version) for each in asked]}


def _asked(number: int, entry: Any, version: str) -> _Asked:
    field = f"files[{number}]"
    if not isinstance(entry, dict):
        raise invalid(field, entry, "an object")
    types = _OLD_TYPES if version == "v1.0" else _NEW_TYPES
    kind, name, size = entry.get("content_type"), entry.get("file_name"), None
    if not isinstance(kind, str) or kind not in types:
        raise invalid(f"{field}.content_type", kind, "one of " + ", ".join(types))
    if not is_text(name) or not 1 <= len(name) <= _LONGEST:
        raise invalid(f"{field}.file_name", name, f"a text of 1 to {_LONGEST} characters")
    if version != "v1.0":
        try:
            size = whole_number(entry.get("file_size"), 1, MAX_BYTES)
        except ValueError:
            allowed = f"a whole number of bytes, 1 to {MAX_BYTES}"
            raise invalid(f"{field}.file_size", entry.get("file_size"), allowed) from None
    return _Asked(type=kind, name=name, size=size)


async def _declared(request: Request, account: Account, asked: _Asked, version: str) -> dict[str, Any]:
    backend, settings = backend_of(request), settings_of(request)
    older = version == "v1.0"
    keep_s = settings.youcam_v1_files_s if older else settings.youcam_keep_s
    file = await backend.declarations.declare(account.id, Declaration(), keep_s=keep_s)
    seconds = settings.upload_link_s if older else settings.youcam_link_s
    headers = {"Content-Type": asked.type}
    if asked.size is not None:
        headers["Content-Length"] = str(asked.size)
    url = base_of(request) + backend.links.sign(UPLOADS + file.id, seconds=seconds, method="PUT")
    return {
        "content_type": asked.type,
        "file_name": asked.name,
        "file_id": file.id,
        "requests": [{"method": "PUT", "url": url, "headers": headers}],
    }


async def upload(request: Request, file_id: str) -> Response:
    """Take in the bytes of a declared file, whatever they are: the task says what is wrong with them."""
    backend = backend_of(request)
    await _check_link(request, "PUT")
    try:
        await backend.declarations.send(file_id, request.stream(), max_bytes=MAX_BYTES, accepted="anything")
    except FileMissingError as error:
        raise RefusalError(403, "Forbidden", error.message) from None
    return Response(status_code=200)


async def download(request: Request, name: str) -> Response:
    """The bytes of a result."""
    await _check_link(request, request.method)
    try:
        file = await backend_of(request).files.get(None, name.partition(".")[0])
        if file.role == withdrawn.ROLE:
            raise FileMissingError("the task of this file was deleted")
        return await content(request, file, max_age_s=round(settings_of(request).youcam_link_s))
    except FileMissingError as error:
        raise RefusalError(404, "NotFound", error.message) from None


def link(request: Request, file_id: str, format: str) -> str:
    """A fresh URL of a result."""
    path = DOWNLOADS + file_id + suffix(format)
    return base_of(request) + backend_of(request).links.sign(path, seconds=settings_of(request).youcam_link_s)


def preflight() -> Response:
    """What a browser asks before it sends or gets."""
    return Response(status_code=204, headers=_PREFLIGHT)


async def _check_link(request: Request, method: str) -> None:
    path = request.scope["raw_path"].decode("ascii", "replace")
    try:
        backend_of(request).links.check(method, path, request.query_params)
    except LinkError:
        await refused(request)
        raise
