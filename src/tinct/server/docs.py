"""The API's documentation as one plain page, made from its OpenAPI description; it loads nothing else."""

from __future__ import annotations

import html
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tinct.dialects.native.dialect import APP

__all__ = ["page"]

_STYLE = (importlib.resources.files("tinct.server") / "docs.css").read_text()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


async def page(request: Request) -> Response:
    """``GET /docs``."""
    return HTMLResponse(_render(APP.openapi()), headers={"Content-Security-Policy": _POLICY})


def _render(api: Mapping[str, Any]) -> str:
    info = api["info"]
    groups: dict[str, list[str]] = {}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["Other"])[0]
            groups.setdefault(tag, []).append("".join(_operation(path, method, operation)))
    body = "".join(f"<h2>{html.escape(tag)}</h2>{''.join(items)}" for tag, items in groups.items())
    schemas = "".join(
        f"<details><summary>{html.escape(name)}</summary>{_json(schema)}</details>"
        for name, schema in api["components"]["schemas"].items()
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(info['title'])} API</title>"
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
        f"<h1>{html.escape(info['title'])} API</h1><p>{html.escape(info['description'])}</p>"
        "<p>Send <code>Authorization: Bearer KEY</code>. "
        "For programs: <a href=/openapi.json>openapi.json</a>.</p>"
        f"{body}<h2>Records</h2>{schemas}</html>"
    )


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<h3><b>{method.upper()}</b> {html.escape(path)}</h3>"
    for paragraph in operation.get("description", operation.get("summary", "")).split("\n\n"):
        yield f"<p>{_text(paragraph)}</p>"
    if parameters := operation.get("parameters"):
        rows = "".join(
            f"<tr><td><code>{html.escape(item['name'])}</code><td>{item['in']}"
            f"<td>{_text(item.get('description', item['schema'].get('description', '')))}"
            for item in parameters
        )
        yield f"<table>{rows}</table>"
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        title = f"Body: {html.escape(media_type)}"
        yield f"<details><summary>{title}</summary>{_json(content['schema'])}</details>"
    replies = ", ".join(
        f"<b>{status}</b> {_text(reply['description'].replace('Successful Response', ''))}"
        for status, reply in operation["responses"].items()
        if status < "300"
    )
    yield f"<p>Replies: {replies}</p>"


def _text(text: str) -> str:
    """Prose, with what stands in backticks as code."""
    return re.sub(r"(`+)([^`]+)\1", r"<code>\2</code>", html.escape(text))


def _json(schema: Mapping[str, Any]) -> str:
    return f"<pre>{html.escape(json.dumps(schema, indent=2, ensure_ascii=False))}</pre>"
