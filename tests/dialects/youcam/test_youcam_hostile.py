"""A hostile client of the YouCam API never sees a failure of the server."""

import asyncio
from itertools import product
from typing import Any

import pytest
from youcam_client import Client, payload

from hostile import BODIES, HEADERS, ODD, TYPES, spoilt
from tinct.backend import Backend

pytestmark = pytest.mark.asyncio

CALLS = (
    "v1.0/client/auth", "v1.0/file/enhance", "v1.1/file/enhance", "v1.0/task/enhance", "v2.0/file", "v2.0/task/enhance",
    "v2.0/task/delete", "v2.1/task/hair-transfer",
)  # fmt: skip


async def post(client: Client, call: str, body: bytes, kind: str = "application/json") -> None:
    reply = await client.http.post(f"/s2s/{call}", content=body, headers={"content-type": kind})
    shown(reply, f"{call} {kind} {body[:200]!r}")


def shown(reply: Any, what: str) -> None:
    """A reply of this wire format, and no failure of the server."""
    assert reply.status_code < 500, f"{what}: {reply.text}"
    assert reply.json()["status"] == reply.status_code, what


async def test_odd_bodies_of_odd_types_are_refused(client: Client) -> None:
    for body, call in product(BODIES, CALLS):
        await post(client, call, body)
    for kind, body in product(TYPES, BODIES[::3]):
        await post(client, "v2.0/task/enhance", body, kind)


async def test_odd_values_are_refused_in_every_place_of_every_body(client: Client) -> None:
    file = await client.sent()
    entry = {"files": [{"content_type": "image/jpg", "file_name": "a.jpg", "file_size": 9}]}
    swap = payload({"face_mapping": [{"index": 0, "position": 0}]}, src_ids=file, ref_ids=[file])
    bodies = (
        ("v1.0/client/auth", {"client_id": "x" * 32, "id_token": "AAAA"}),
        ("v2.0/file", entry),
        ("v1.0/task/enhance", payload({"scale": 2}, src_ids=file) | {"request_id": 5}),
        ("v1.0/task/face-swap", swap | {"request_id": 6}),
        ("v2.0/task/enhance", {"src_file_id": file, "scale": 2}),
        ("v2.0/task/bg-blur", {"src_file_id": file, "intensity": 50}),
        ("v2.0/task/text-to-image", {"prompt": "x", "template_id": "y", "seed": [1], "cfg_scale": 4.0}),
        ("v2.1/task/hair-transfer", {"src_file_id": file, "template_id": "y"}),
        ("v2.0/task/delete", {"task_id": "x"}),
    )
    for number, (call, body) in enumerate(bodies):
        for each in spoilt(body, ODD[number % 2 :: 2]):
            await post(client, call, each)


async def test_of_a_key_that_comes_twice_the_last_counts(client: Client) -> None:
    file = await client.sent()
    start = f'{{"src_file_id": "{file}", '
    for rest, status in (('"scale": 3, "scale": 1}', 200), ('"scale": 1, "scale": 3}', 400)):
        await client.said("POST", "v2.0/task/enhance", status, content=start + rest)
    twice = start + '"src_file_id": "file_nobodys", "scale": 1}'
    await client.refused("POST", "v2.0/task/enhance", 400, "InvalidParameters", content=twice)


async def test_odd_queries_ids_and_headers_are_refused(client: Client) -> None:
    file = await client.sent()
    task = await client.run("enhance", src_file_id=file, scale=1)
    odd = ("", "%00", "%ff", "..%2f..", "%ud800", "x" * 5000, "-1", "1e9", "9" * 400, "null", "[]")
    for value, path in product(
        odd,
        (
            "v1.0/task/enhance?task_id={}", "v2.0/task/enhance/{}", "v1.0/client/credit/history?page_size={}",
            "v1.0/client/credit/history?starting_token={}", "v2.0/task/template/hair-style?starting_token={}",
            "v1.0/task/style/hair-style?style_group_id={}", "v2.0/credit/feature-cost?page_size={}",
            "upload/{}", "download/{}",
            "v{}/file", "v2.0/{}",
        ),
    ):  # fmt: skip
        reply = await client.http.get(f"/s2s/{path.format(value)}")
        assert reply.status_code < 500, path.format(value)
    for header in HEADERS:
        reply = await client.http.get(f"/s2s/v2.0/task/enhance/{task}", headers=[header])
        assert reply.status_code < 500, header


async def test_bodies_of_the_other_generation_and_calls_at_one_moment_break_nothing(
    backend: Backend, client: Client
) -> None:
    file = await client.sent()
    older, newer = payload({"scale": 2}, src_ids=file), {"src_file_id": file, "scale": 2}
    replies = await asyncio.gather(
        *(client.http.post(f"/s2s/v1.0/task/{slug}", json=newer) for slug in ("enhance", "sod", "colorize")),
        *(
            client.http.post("/s2s/v2.0/task/enhance", json=older | {"request_id": value})
            for value in ODD[:6]
        ),
        *(client.http.post("/s2s/v1.0/task/enhance", json=older) for _ in range(10)),
    )
    assert {reply.status_code for reply in replies} <= {200, 400}
    assert {reply.status_code for reply in replies[:3]} == {400}
    (task,) = {reply.json()["result"]["task_id"] for reply in replies[-10:]}
    calls = (
        ("POST", "v2.0/task/delete"),
        ("GET", f"v1.0/task/enhance?task_id={task}"),
        ("GET", f"v2.0/task/enhance/{task}"),
    )
    mixed = await asyncio.gather(
        *(client.http.request(method, f"/s2s/{path}", json={"task_id": task}) for method, path in calls * 8)
    )
    assert max(reply.status_code for reply in mixed) < 500
