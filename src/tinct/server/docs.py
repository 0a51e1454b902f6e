"""The server's documentation as one plain page: every effect with its parameters, and every call of the native API.

It is made from what effects declare and from the OpenAPI description, and loads nothing else.
"""

from __future__ import annotations

import html
import importlib.resources
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from tinct.accounts.prices import Prices
from tinct.dialects.dialect import backend_of
from tinct.dialects.native.dialect import APP
from tinct.jobs.catalogue import EffectFacts, InputFacts, catalogue

__all__ = ["page"]

_STYLE = (importlib.resources.files("tinct.server") / "docs.css").read_text()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


async def page(request: Request) -> Response:
    """``GET /docs``."""
    backend = backend_of(request)
    effects = catalogue(await backend.capabilities.live())
    return HTMLResponse(
        _render(APP.openapi(), effects, backend.prices), headers={"Content-Security-Policy": _POLICY}
    )


def _render(api: Mapping[str, Any], effects: Sequence[EffectFacts], prices: Prices) -> str:
    info = api["info"]
    groups: dict[str, list[str]] = {}
    for path, methods in api["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["Other"])[0]
            groups.setdefault(tag, []).append("".join(_operation(path, method, operation)))
    tags = {tag: f"calls-{number}" for number, tag in enumerate(groups)}
    body = "".join(
        f"<h2 id={tags[tag]}>{html.escape(tag)}</h2>{''.join(items)}" for tag, items in groups.items()
    )
    schemas = "".join(
        f"<details><summary>{html.escape(name)}</summary>{_json(schema)}</details>"
        for name, schema in api["components"]["schemas"].items()
    )
    contents = " · ".join(
        [f"<a href='#{place}'>{html.escape(tag)}</a>" for tag, place in tags.items()]
        + ["<a href='#records'>Records</a>"]
    )
    listed = " · ".join(f"<a href='#{html.escape(one.name)}'>{html.escape(one.title)}</a>" for one in effects)
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{html.escape(info['title'])} API</title>"
        f"<meta name=viewport content='width=device-width'><style>{_STYLE}</style>"
        f"<h1>{html.escape(info['title'])}</h1><p>{html.escape(info['description'])}</p>"
        "<p>Send <code>Authorization: Bearer KEY</code>. People find the same in the <a href=/studio/>studio</a>, "
        "programs in <a href=/openapi.json>openapi.json</a>.</p>"
        f"<p><b>Effects:</b> {listed}</p><p><b>Calls:</b> {contents}</p>{_FIRST}"
        f"<h2 id=effects>Effects</h2>{''.join(''.join(_effect(one, prices)) for one in effects)}"
        f"{body}<h2 id=records>Records</h2>{schemas}</html>"
    )


_FIRST = (
    "<h2 id=first>A first call</h2><pre>"
    + html.escape(
        """curl -s "$URL/v1/jobs" -H "Authorization: Bearer $KEY" \\
  -F 'order={"effect": "migrate", "params": {"count": 3}}' -F image=@photo.jpg     # -> {"id": "job_...", ...}
curl -s "$URL/v1/jobs/job_...?wait=20" -H "Authorization: Bearer $KEY"              # -> {"results": [{"url": ...}]}"""
    )
    + "</pre>"
)


def _effect(effect: EffectFacts, prices: Prices) -> Iterator[str]:
    """An effect with its inputs, parameters, results and price."""
    yield f"<h3 id='{html.escape(effect.name)}'>{html.escape(effect.name)}</h3><p>{_text(effect.summary)}</p>"
    rows = [
        (item.name, _photos(item), "required" if item.required else "", item.summary)
        for item in effect.inputs
    ]
    rows += [(one.name, one.allowed, one.default, one.summary) for one in effect.words]
    yield "<table><tr><th>input or parameter<th>allowed<th>default<th>"
    for name, *cells in rows:
        yield f"<tr><td><code>{html.escape(name)}</code>" + "".join(f"<td>{_text(cell)}" for cell in cells)
    yield "</table>"
    results = ", ".join(effect.roles) if effect.roles else "none, facts alone"
    credits = prices.base(effect.name, effect.credits)
    yield f"<p>Results: {html.escape(results)}. Price: {credits} credit{'' if credits == 1 else 's'}.</p>"
    for engine in effect.engines:
        by = f", by {html.escape(engine.served_by)}" if engine.served_by else ""
        state = (
            f"ready{by}"
            if engine.ready
            else f"the operator can: <code>{html.escape(engine.fetch or '')}</code>"
        )
        yield f"<p>Engine <code>{html.escape(engine.name)}</code>: {state}</p>"


def _photos(item: InputFacts) -> str:
    return "a photo" if item.most == 1 else f"{item.least} to {item.most} photos"


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
