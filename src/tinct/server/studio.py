"""The studio's files, as they lie in the package: plain modules that a browser runs as they are."""

from __future__ import annotations

import functools
import gzip
import hashlib
import importlib.resources
from dataclasses import dataclass
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from tinct.dialects.content import unchanged
from tinct.dialects.dialect import Claims, Dialect, application
from tinct.dialects.limits import plain
from tinct.dialects.native.errors import words

__all__ = ["STUDIO", "wanted"]

_PACKAGE: Final = "tinct.studio"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""Media types of what is served, by ending; nothing else of the package is."""
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_YEAR_S: Final = 365 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class _Asset:
    """A file, ready to be sent."""

    content: bytes
    zipped: bytes
    media_type: str
    etag: str


@functools.cache
def _assets() -> tuple[str, dict[str, _Asset]]:
    """A digest of all files, and each by its name; the page names the others below that digest."""
    found = {
        entry.name: entry.read_bytes()
        for entry in importlib.resources.files(_PACKAGE).iterdir()
        if entry.name.rpartition(".")[2] in _TYPES
    }
    digest = hashlib.sha256(b"".join(name.encode() + found[name] for name in sorted(found))).hexdigest()[:16]
    return digest, {name: _asset(name, content, digest) for name, content in found.items()}


def _asset(name: str, content: bytes, digest: str) -> _Asset:
    if name.endswith(".html"):
        content = content.replace(b"{version}", digest.encode())
    return _Asset(
        content=content,
        zipped=gzip.compress(content, mtime=0),
        media_type=_TYPES[name.rpartition(".")[2]],
        etag=f'"{hashlib.sha256(content).hexdigest()[:32]}"',
    )


async def _page(request: Request) -> Response:
    """``GET /studio/``."""
    return _reply(request, _assets()[1]["index.html"], "no-cache")


async def _bare(request: Request) -> Response:
    return RedirectResponse("/studio/", 308)


async def _file(request: Request) -> Response:
    """``GET /studio/{digest}/{name}``: for ever the same, unless the page that asks is older than the server."""
    digest, assets = _assets()
    asset = assets.get(request.path_params["name"])
    if asset is None:
        raise HTTPException(404)
    current = request.path_params["digest"] == digest
    return _reply(request, asset, f"public, max-age={_YEAR_S}, immutable" if current else "no-cache")


def _reply(request: Request, asset: _Asset, caching: str) -> Response:
    headers = _HEADERS | {"ETag": asset.etag, "Cache-Control": caching, "Vary": "Accept-Encoding"}
    if unchanged(request, asset.etag):
        return Response(status_code=304, headers=headers)
    content = asset.content
    if "gzip" in request.headers.get("accept-encoding", ""):
        content, headers["Content-Encoding"] = asset.zipped, "gzip"
    return Response(content, media_type=asset.media_type, headers=headers)


def wanted(request: Request) -> bool:
    """Whether whoever opens the bare address is a person's browser."""
    return "text/html" in request.headers.get("accept", "")


def _claims(connection: HTTPConnection) -> bool:
    path: str = connection.scope["path"]
    return path == "/studio" or path.startswith("/studio/")


STUDIO = Dialect(
    name="studio",
    app=application(
        (Route("/studio", _bare), Route("/studio/", _page), Route("/studio/{digest}/{name}", _file)), words
    ),
    claims=Claims(path=_claims),
    errors=words,
    limits=plain,
)
"""The pages of the studio; they call the native API alone."""
