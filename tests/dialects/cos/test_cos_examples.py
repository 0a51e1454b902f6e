"""Every documented way of colouring is a stored conversation; here each is held with a running server."""

import base64
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx
import pytest
from PIL import Image

from cos_wire import authorization
from running import Server, photo, uploaded

EXAMPLES: dict[str, Any] = json.loads((Path(__file__).parent / "examples.json").read_text())["examples"]
SOURCES, TARGETS = "examples-1250000000", "targets-1250000000"
PATTERNS = {"~ETAG": r'"[0-9a-f]{32}"', "~SIZE": r"[1-9]\d{2,}", "~BASE64": r"[A-Za-z0-9+/]{20,}={0,2}"}


def host_of(bucket: str, kind: str = "cos") -> str:
    return f"{bucket}.{kind}.ap-beijing.myqcloud.com"


class Client:
    """Sends requests as the contract writes them, and signs them by the contract alone."""

    def __init__(self, server: Server) -> None:
        self.key = server.key("examples")["cos"]
        self.http = httpx.Client(base_url=server.url, timeout=60, trust_env=False)

    def send(
        self,
        method: str,
        host: str,
        key: str = "",
        query: str = "",
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        signed: bool = True,
    ) -> httpx.Response:
        given = {"host": host} | (headers or {})
        if signed:
            params = dict(parse_qsl(query, keep_blank_values=True))
            secret_id, secret_key = self.key["secret_id"], self.key["secret_key"]
            given["authorization"] = authorization(
                method, f"/{key}", dict(given), params, secret_id, secret_key
            )
        return self.http.request(method, f"/{quote(key)}?{query}", headers=given, content=content)


@pytest.fixture(scope="module")
def cos(server: Server) -> Iterator[Client]:
    made = Client(server)
    for bucket in (SOURCES, TARGETS):
        assert made.send("PUT", host_of(bucket)).status_code == 200
    grey = photo(96, 72, format="JPEG", mode="L")
    assert made.send("PUT", host_of(SOURCES), "dir/a.jpg", content=grey).status_code == 200
    yield made
    made.http.close()


@pytest.fixture(scope="module")
def elsewhere(client: httpx.Client) -> str:
    """URL of a photo on a host that this server may fetch from."""
    file = uploaded(client, photo(64, 48, mode="L"))
    return str(client.get(f"/v1/files/{file}").json()["url"])


def filled(query: str, url: str, times: int) -> str:
    for _ in range(times):
        url = quote(url, safe="")
    return query.replace("SOURCE", url)


def shape(element: ET.Element) -> list[Any]:
    inner = [shape(child) for child in element]
    return [element.tag, inner or element.text]


def agree(found: Any, expected: Any) -> None:
    if isinstance(expected, list):
        assert isinstance(found, list), (found, expected)
        assert len(found) == len(expected), (found, expected)
        for each, other in zip(found, expected, strict=True):
            agree(each, other)
    elif isinstance(expected, str) and expected.startswith("~"):
        assert re.fullmatch(PATTERNS[expected], found), (found, expected)
    else:
        names = {"HOST": host_of(SOURCES), "THERE": host_of(TARGETS)}
        whole, _, rest = (expected or "").partition("/")
        assert found == (f"{names[whole]}/{rest}" if whole in names else expected)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_documented_example_goes_as_documented(name: str, cos: Client, elsewhere: str) -> None:
    example = EXAMPLES[name]
    headers = {}
    if operations := example.get("operations"):
        headers["pic-operations"] = json.dumps(operations).replace("TARGET", TARGETS)
    reply = cos.send(
        example["method"],
        example.get("host") or host_of(SOURCES, example.get("kind", "cos")),
        example["key"],
        filled(example.get("query", ""), elsewhere, example.get("encoded", 0)),
        headers,
        photo(96, 72, format="JPEG", mode="L") if example.get("body") else None,
        example.get("signed", True),
    )
    assert reply.status_code == example["status"], reply.text
    for header, value in example["headers"].items():
        agree(reply.headers[header], value)
    assert re.fullmatch(
        r"[0-9a-f]{8}_[0-9a-f]{8}_[0-9a-f]+_[0-9a-f]+",
        base64.b64decode(reply.headers["x-cos-request-id"]).decode(),
    )
    if "png" in example:
        assert Image.open(io.BytesIO(reply.content)).size == tuple(example["png"])
        assert len(reply.content) == int(reply.headers["content-length"])
    else:
        agree(shape(ET.fromstring(reply.content)), example["xml"])


def test_what_is_stored_in_two_places_is_the_same_picture(cos: Client) -> None:
    rules = [
        {"fileid": "/same/a.png", "rule": "ci-process=AIImageColoring"},
        {"fileid": "/same/b.png", "rule": "ci-process=AIImageColoring", "bucket": TARGETS},
    ]
    headers = {"pic-operations": json.dumps({"rules": rules})}
    assert cos.send("POST", host_of(SOURCES), "dir/a.jpg", "image_process", headers).status_code == 200
    first = cos.send("GET", host_of(SOURCES), "same/a.png")
    second = cos.send("GET", host_of(TARGETS), "same/b.png")
    assert first.content == second.content
    assert first.headers["etag"] == second.headers["etag"]
    assert {first.headers["content-type"], second.headers["content-type"]} == {"image/png"}
    picture = Image.open(io.BytesIO(first.content)).convert("RGB")
    assert any(len({*pixel}) > 1 for pixel in picture.get_flattened_data())  # not grey any more


def test_the_switch_of_the_processing_host_is_on(cos: Client) -> None:
    host = host_of(SOURCES, "ci")
    for method, name in (("POST", "AiBucket"), ("GET", "AiBucket"), ("DELETE", "BucketName")):
        reply = cos.send(method, host, "ai_bucket")
        assert reply.status_code == 200, reply.text
        assert reply.headers["x-ci-request-id"] == reply.headers["x-cos-request-id"]
        agree(
            shape(ET.fromstring(reply.content)),
            ["Response", [["RequestId", "~BASE64"], [name, SOURCES]]],
        )
