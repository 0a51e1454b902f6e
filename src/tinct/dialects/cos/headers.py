"""Headers that an object is stored with, and those that it is served with."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from starlette.datastructures import Headers

from tinct.dialects.cos.errors import CosError
from tinct.objects.objects import Object

__all__ = [
    "content_md5",
    "http_date",
    "iso_second",
    "object_acl",
    "of_object",
    "quoted",
    "refuse_unsupported",
    "stored",
]

_KEPT: Final = (
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
_META: Final = "x-cos-meta-"
_META_BYTES: Final = 2048  # names and values of all x-cos-meta-* together
_DEFAULT_TYPE: Final = "application/octet-stream"
_OVERRIDES: Final = {f"response-{name}": name for name in _KEPT}
_VISIBLE: Final = re.compile(r"[^\x00-\x1f\x7f]*")  # what a header may hold

_UNSUPPORTED: Final = (
    # headers that ask for something that is not done; to take them silently would be a lie
    "x-cos-server-side-encryption",
    "x-cos-copy-source-server-side-encryption",
    "x-cos-grant-",
    "x-cos-tagging",
    "x-cos-forbid-overwrite",
    "x-cos-callback",
    "x-cos-website-redirect",
)


def stored(headers: Headers) -> dict[str, str]:
    """What an object shall be served with, by lower-case name, from the request that brings it.

    Raises
    ------
    CosError
        Too much metadata, or a header that asks for what is not done.
    """
    refuse_unsupported(headers)
    found = {name: headers[name] for name in _KEPT if headers.get(name)}
    meta = {name: value for name, value in headers.items() if name.startswith(_META)}
    if sum(len(name) + len(value) for name, value in meta.items()) > _META_BYTES:
        raise CosError("InvalidArgument", f"The x-cos-meta-* headers have more than {_META_BYTES} bytes.")
    return {"content-type": _DEFAULT_TYPE} | found | meta


def refuse_unsupported(headers: Headers) -> None:
    """Refuse, with 501, headers that ask for what is not done."""
    for name in headers:
        if name.startswith(_UNSUPPORTED):
            raise CosError("NotImplemented", f"The header {name} is not supported.")


def object_acl(headers: Headers) -> bool | None:
    """Whether anyone may read the object; None for what its bucket says.

    Raises
    ------
    CosError
        ``x-cos-acl`` has a value that objects do not have.
    """
    acl = headers.get("x-cos-acl") or "default"
    if acl not in ("default", "private", "public-read"):
        raise CosError("InvalidArgument", "x-cos-acl of an object is default, private or public-read.")
    return None if acl == "default" else acl == "public-read"


def content_md5(headers: Headers) -> bytes | None:
    """The MD5 that the sender announces.

    Raises
    ------
    CosError
        It is not the base64 of 16 bytes.
    """
    text = headers.get("content-md5")
    if text is None:
        return None
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 16:
        raise CosError("InvalidDigest", "Content-MD5 is not the base64 of the 16 bytes of an MD5.")
    return digest


def of_object(found: Object, query: Mapping[str, str]) -> dict[str, str]:
    """Headers of a reply with an object, `response-*` of the query applied.

    Raises
    ------
    CosError
        An override holds what no header may hold.
    """
    replaced = {}
    for name, target in _OVERRIDES.items():
        if value := query.get(name):
            if not _VISIBLE.fullmatch(value):
                raise CosError("InvalidArgument", f"{name} holds a control character.")
            replaced[target] = value.encode().decode("latin-1")
    return {
        **found.headers,
        **replaced,
        "ETag": quoted(found.etag),
        "Last-Modified": http_date(found.modified_at),
        "Accept-Ranges": "bytes",
        "x-cos-hash-crc64ecma": str(found.crc64),
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }


def quoted(etag: str) -> str:
    """An ETag as it goes out."""
    return f'"{etag}"'


def iso_second(moment: datetime) -> str:
    """A moment as replies about one thing have it; lists have milliseconds too."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def http_date(moment: datetime) -> str:
    """A moment as headers have it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
