"""Every documented example is a stored conversation; here each is held with a running server."""

import functools
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from running import Server, photo, uploads

HERE = Path(__file__).parent
SUBMIT = "/api/image/effects/image-hd-color-migration"
PATTERNS = {
    "~UUID": r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}",
    "~TASK": r"\d{13}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "~URL": r"http://127\.0\.0\.1:\d+/\S+\.png\?\S+",
    "~TIME": r"1\d{9}",
    "~TEXT": r".{5,}",
}


@functools.cache
def files() -> dict[str, bytes]:
    return {
        "photo": photo(120, 90),
        "empty": b"",
        "over 3 MB": photo(120, 90) + bytes(3 * 1024 * 1024),
        "over 20 MB": bytes(20 * 1024 * 1024),
        "64 pixels high": photo(90, 64),
        "10000 pixels wide": photo(10_000, 66),
        "WebP": photo(90, 70, format="WEBP"),
        "text": b"certainly not a photo",
        "PNG cut short": photo(90, 70)[:20],
        "grey": photo(90, 70, mode="L"),
        "RGBA": photo(90, 70, mode="RGBA"),
        "CMYK": photo(90, 70, mode="CMYK", format="JPEG"),
    }


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return str(server.key("ailab", credits=100)["ailab"]["api_key"])


def ask(server: Server, key: str, request: dict[str, Any], known: dict[str, str]) -> httpx.Response:
    header = {"native": "ailabapi-api-key", "rapidapi": "X-RapidAPI-Key"}[request["surface"]]
    content = files() if request.get("files") else {}
    return httpx.request(
        request["method"],
        server.url + request["path"],
        headers={header: key},
        params={name: known.get(value, value) for name, value in request.get("query", {}).items()},
        data=request.get("form"),
        files={name: content[value] for name, value in request.get("files", {}).items()} or None,
        timeout=60,
    )


def same(found: Any, expected: Any, at: str = "reply") -> None:
    if isinstance(expected, dict):
        assert sorted(found) == sorted(expected), at
        for name, value in expected.items():
            same(found[name], value, f"{at}.{name}")
    elif isinstance(expected, list):
        assert len(found) == len(expected), at
        for number, value in enumerate(expected):
            same(found[number], value, f"{at}[{number}]")
    elif isinstance(expected, str) and expected in PATTERNS:
        assert re.fullmatch(PATTERNS[expected], str(found)), f"{at}: {found!r} is no {expected[1:]}"
    else:
        assert (type(found), found) == (type(expected), expected), at


def within(reply: Any, path: str) -> Any:
    for part in path.split("."):
        reply = reply[part]
    return reply


@pytest.mark.parametrize("name", ["submit_current", "submit_v1_0_0", "rapidapi", "credits"])
def test_a_documented_conversation_goes_as_documented(name: str, server: Server, key: str) -> None:
    if name == "credits":
        key = server.key("balance", credits=100)["ailab"]["api_key"]
    known: dict[str, str] = {}
    for step in json.loads((HERE / f"{name}.json").read_text())["steps"]:
        until = time.monotonic() + 60
        while True:
            reply = ask(server, key, step["request"], known)
            waits = step.get("again_while", {})
            if time.monotonic() > until or not any(
                within(reply.json(), at) in few for at, few in waits.items()
            ):
                break
            time.sleep(0.1)
        assert reply.status_code == step["status"], reply.text
        assert reply.headers["content-type"] == "application/json"
        same(reply.json(), step["reply"])
        for alias, path in step.get("remember", {}).items():
            known[f"${alias}"] = within(reply.json(), path)


ERRORS = json.loads((HERE / "errors.json").read_text())


def title(case: dict[str, Any]) -> str:
    return f"{case.get('form', '')}{case.get('files', '')}"[:80]


@pytest.mark.parametrize("case", ERRORS["cases"], ids=title)
def test_a_mistake_gets_its_documented_code(case: dict[str, Any], server: Server, key: str) -> None:
    form = {
        name: value for name, value in (ERRORS["good"] | case.get("form", {})).items() if value is not None
    }
    request = {"method": "POST", "path": SUBMIT, "surface": "native", "form": form}
    request["files"] = case.get("files", {"image": "photo"})
    with server.client(key) as native:
        before = uploads(native)
        reply = ask(server, key, request, {})
        assert set(uploads(native)) <= set(before), "something was stored"  # what an earlier one had may go
    assert reply.status_code == case["status"], reply.text
    shape = json.loads(
        json.dumps(ERRORS["shape"]).replace('"~STATUS"', str(case["status"])).replace("~CODE", case["code"])
    )
    same(reply.json(), shape)
    assert reply.json()["log_id"] == reply.json()["request_id"] == reply.headers["x-request-id"].upper()
    assert case["says"] in reply.json()["error_detail"]["message"]
