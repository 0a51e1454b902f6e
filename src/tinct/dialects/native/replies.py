"""What routes may answer besides success, for the API's documentation."""

from __future__ import annotations

from typing import Any

from tinct.dialects.native.wire import ErrorReply

__all__ = ["BINARY", "PREVIEW", "REFUSALS", "ZIP"]

_PHRASES = {
    400: "The request is malformed.",
    401: "The API key is missing or not a good one.",
    402: "There are not enough credits.",
    403: "The account may not do this.",
    404: "There is no such thing, or it is someone else's.",
    409: "The file was declared, and its bytes have not come.",
    413: "The body, the photo or what a URL leads to is too large.",
    415: "The content is not a photo format that is read.",
    422: "A parameter or a photo is not allowed.",
    429: "Too many requests, or too many jobs wait; `Retry-After` says when to come back.",
    503: "The database or the store for files cannot be reached.",
    507: "There is no room for more.",
}


def _replies(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {status: {"model": ErrorReply, "description": _PHRASES[status]} for status in statuses}


REFUSALS = _replies(*_PHRASES)
"""Every refusal that a route can give."""


def _carrying(media_type: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {
        200: {"description": "The file.", "content": content},
        206: {"description": "The part that was asked for.", "content": content},
        304: {"description": "It has not changed."},
        416: {"description": "The range lies outside the file."},
    }


BINARY = _carrying("image/*")
"""Replies that carry a photo."""
ZIP = _carrying("application/zip")
"""Replies that carry an archive."""
PREVIEW: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The picture.",
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/jpeg", "image/png")
        },
    },
    304: {"description": "It has not changed."},
}
"""Replies that carry a small picture."""
