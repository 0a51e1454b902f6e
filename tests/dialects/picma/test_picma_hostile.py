"""A hostile client of PicMa's API never sees a failure of the server."""

import asyncio
from itertools import product
from typing import Any

import pytest
from test_picma_calls import Client, backend, client, site  # noqa: F401

from hostile import BODIES, HEADERS, ODD, TYPES, spoilt
from picture_host import Site

pytestmark = pytest.mark.asyncio

CALLS = ("createtask", "gettask", "deletetask")
MALFORMED, BROKEN = 1_000_001, 1_000_003


def shown(reply: Any, what: str) -> None:
    """An envelope, and no failure of the server."""
    assert reply.status_code < 500, f"{what}: {reply.text}"
    found = reply.json()
    assert list(found) == ["code", "msg", "data"], what
    assert found["code"] != BROKEN, what
    assert "server failed" not in found["msg"], f"{what}: {found}"


async def test_odd_bodies_of_odd_types_are_refused(client: Client) -> None:  # noqa: F811
    for body, call in product(BODIES, CALLS):
        shown(await client.http.post(f"/api/v1/{call}", content=body), f"{call} {body[:80]!r}")
    for kind, body, call in product(TYPES, BODIES[::3], CALLS):
        reply = await client.http.post(f"/api/v1/{call}", content=body, headers={"content-type": kind})
        shown(reply, f"{call} {kind} {body[:80]!r}")


async def test_odd_values_are_refused_in_every_place(client: Client, site: Site) -> None:  # noqa: F811
    made = {"picurl": site.url + "/a.jpg", "type": 90, "chtaskid": "x", "callbackurl": site.url, "token": "t"}
    for call, body in (
        ("createtask", made),
        ("gettask", {"taskid": "x", "type": 90}),
        ("deletetask", {"taskid": "x"}),
    ):
        for each in spoilt(body):
            reply = await client.http.post(f"/api/v1/{call}", content=each)
            shown(reply, f"{call} {each[:200]!r}")


async def test_odd_addresses_of_pictures_and_callbacks_are_refused(client: Client, site: Site) -> None:  # noqa: F811
    for url in (
        " " + site.url + "/a.jpg", site.url + "/a.jpg\r\nX: y", "http://127.0.0.1:99999/a.jpg", "http://[::1", "http://a:b@c/",
        "http://0x7f000001/", "http://\N{FULLWIDTH DIGIT ONE}27.0.0.1/", "http://x" + "y" * 9000,
        "http://.", "http:///a", "http://%00/",
        "http://xn--a/", "http://" + "a." * 200, "javascript:alert(1)", "file:///etc/passwd", "\0", "http://localhost:0/",
    ):  # fmt: skip
        for body in (
            {"picurl": url, "type": 90},
            {"picurl": site.url + "/a.jpg", "type": 90, "callbackurl": url},
        ):
            reply = await client.http.post("/api/v1/createtask", json=body)
            shown(reply, f"{body}")
            assert reply.json()["code"] in (MALFORMED, 1001001, 1001002), body


async def test_a_nul_in_a_form_is_refused_as_in_json(client: Client, site: Site) -> None:  # noqa: F811
    made = {"picurl": site.url + "/a.jpg", "type": "90"}
    for sent in (
        {"data": made | {"chtaskid": "a\0"}},
        {"data": made | {"a\0": "b"}},
        {"data": made, "files": {"chtaskid": ("a.txt", b"a\0b")}},
    ):
        reply = await client.http.post("/api/v1/createtask", **sent)
        shown(reply, str(sent))
        assert (reply.status_code, reply.json()["code"]) == (400, MALFORMED)
        assert "NUL" in reply.json()["msg"]
    assert not site.asked


async def test_odd_headers_and_queries_are_refused(client: Client) -> None:  # noqa: F811
    for header in HEADERS:
        reply = await client.http.post("/api/v1/gettask", json={"taskid": "x"}, headers=[header])
        shown(reply, str(header))
    for value in ("", "%00", "%ff", "%ud800", "x" * 5000, "9" * 400, "[]"):
        reply = await client.http.get(f"/api/v1/gettask?taskid={value}&type={value}&token={value}")
        shown(reply, value)


async def test_of_deletes_at_one_moment_one_succeeds_beside_whatever_else_is_asked(
    client: Client,  # noqa: F811
    site: Site,  # noqa: F811
) -> None:
    taskid = await client.made(site.url + "/a.jpg")
    calls = ("deletetask", "gettask", "deletetask")
    replies = await asyncio.gather(
        *(client.http.post(f"/api/v1/{call}", json={"taskid": taskid}) for call in calls * 8)
    )
    for reply in replies:
        shown(reply, "")
    codes = [
        reply.json()["code"] for reply, call in zip(replies, calls * 8, strict=True) if call == "deletetask"
    ]
    assert sorted(codes) == [0] + [1002002] * 15


async def test_numbers_that_are_none_make_no_task(client: Client, site: Site) -> None:  # noqa: F811
    for odd in (value for value in ODD if value not in ("", None)):
        reply = await client.http.post(
            "/api/v1/createtask", json={"picurl": site.url + "/a.jpg", "type": _plain(odd)}
        )
        assert reply.json()["code"] in (MALFORMED, 1001001), odd


def _plain(value: Any) -> Any:
    """Half characters cannot be written by this client."""
    return "x" if value == "\ud800" else value
