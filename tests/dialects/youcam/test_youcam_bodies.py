"""The documented body of every tool is understood in both generations, and what is wrong with one is named."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from youcam_client import PICTURE, Client, payload

from youcam_pictures import clip

pytestmark = pytest.mark.asyncio

BODIES = json.loads((Path(__file__).parent / "bodies.json").read_text(encoding="utf-8"))
DONE = {
    "enhance", "obj-removal", "generative-fill", "sod", "bg-replace", "bg-blur", "colorize", "colorize/color-correct",
    "lighting", "mu-transfer", "face-swap", "face-swap/pre-process", "hair-ext", "hair-bang", "hair-vol",
    "out-paint", "video-sr", "hair-transfer",
}  # fmt: skip
NEED_FACES = {
    "hair-transfer",
    "mu-transfer",
    "face-swap",
    "face-swap/pre-process",
    "hair-ext",
    "hair-bang",
    "hair-vol",
}


def filled(body: Any, files: dict[str, str]) -> Any:
    """A documented body with real ids."""
    if isinstance(body, dict):
        return {key: filled(value, files) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, files) for value in body]
    return files.get(body, body) if isinstance(body, str) else body


@pytest.mark.parametrize(
    ("version", "name"), [(version, name) for version, bodies in BODIES.items() for name in bodies]
)
async def test_a_documented_body_makes_a_task_or_is_told_what_lacks(
    client: Client, version: str, name: str
) -> None:
    slug = name.partition(" ")[0]
    template = {"bg-replace": "sky_day", "text-to-image": "photograph", "hair-ext": "long_straight"}
    template |= {"hair-bang": "straight_bangs", "hair-vol": "more_volume"}
    source = clip() if slug == "video-sr" else PICTURE
    files = {letter: await client.sent(source) for letter in "FGMR"} | {
        "T": template.get(slug, "all_buzz_cut")
    }
    path = {"v1": "v1.0", "v2": "v2.1" if "v2.1" in name else "v2.0"}[version]
    reply = await client.http.post(f"/s2s/{path}/task/{slug}", json=filled(BODIES[version][name], files))
    prompted = name == "bg-replace" and version == "v2"
    if slug in DONE and not prompted and not (slug in NEED_FACES and reply.status_code == 400):
        assert reply.status_code == 200, reply.text
        task = reply.json()["result" if version == "v1" else "data"]["task_id"]
        assert re.fullmatch(r"[A-Za-z0-9_-]{8,128}", task)
        if slug == "video-sr":
            return  # it was sent a picture: the task fails, as tests of clips say
        polled = await client.polled(slug, task, path)
        expected = (
            {"polling_interval": 1000, "status": "running"} if version == "v1" else {"task_status": "running"}
        )
        assert polled == expected
    else:
        assert (reply.status_code, reply.json()["error_code"]) == (400, "OperationNotSupport"), reply.text
        told = r"tinct models (fetch|use)|tinct hair styles add|begin with one picture"
        assert re.search(told, reply.json()["error"])


async def test_a_body_of_v1_is_understood_on_paths_of_v2(client: Client) -> None:
    body = payload({"intensity": 10}, src_ids=await client.sent())
    del body["request_id"]
    one, other = [await client.run("bg-blur", **body) for _ in range(2)]
    assert one != other


WRONG: list[tuple[str, Any, str]] = [
    ("enhance", {"request_id": None}, "request_id"),
    ("enhance", {"request_id": True}, "request_id"),
    ("enhance", {"request_id": "5"}, "request_id"),
    ("enhance", {"request_id": -1}, "request_id"),
    ("enhance", {"request_id": 1.5}, "request_id"),
    ("enhance", {"request_id": 10**400}, "request_id"),
    ("enhance", {"payload.file_sets": {"src_ids": ["\ud800"]}}, "src_ids"),
    ("enhance", {"payload": []}, "payload"),
    ("enhance", {"payload.actions": []}, "actions"),
    ("enhance", {"payload.actions": [{"id": 0, "params": {"scale": 2}}] * 2}, "actions"),
    ("enhance", {"payload.actions": [{"params": {"scale": 2}}]}, "id"),
    ("enhance", {"payload.actions": [{"id": 0}]}, "scale"),
    ("enhance", {"payload.actions": [{"id": 0, "parameters": {"scale": 2}}]}, "scale"),
    ("enhance", {"payload.actions": [{"id": 0, "params": {"scale": 3}}]}, "1, 2, 4"),
    ("enhance", {"payload.actions": [{"id": 0, "params": {"scale": True}}]}, "scale"),
    ("enhance", {"payload.actions": [{"id": 0, "params": {"scale": "2"}}]}, "scale"),
    ("enhance", {"payload.file_sets": None}, "file_sets"),
    ("enhance", {"payload.file_sets": {"src_ids": []}}, "src_ids"),
    ("enhance", {"payload.file_sets": {"src_ids": ["a", "b"]}}, "src_ids"),
    ("enhance", {"payload.file_sets": {"src_ids": [5]}}, "src_ids"),
    ("enhance", {"payload.file_sets": {"src_ids": ["file_unknown"]}}, "no such file"),
    ("obj-removal", {"payload.file_sets": {"src_ids": ["a"]}}, "mask_ids"),
    (
        "text-to-image",
        {"payload.actions": [{"id": 0, "params": {"prompt": "", "style_group_id": 1}}]},
        "prompt",
    ),
    (
        "text-to-image",
        {
            "payload.actions": [
                {"id": 0, "params": {"prompt": "a" * 2001, "style_group_id": 1, "style_ids": [11]}}
            ]
        },
        "prompt",
    ),
    (
        "hair-style",
        {"payload.actions": [{"id": 0, "params": {"style_group_id": 1, "style_ids": [1, 2]}}]},
        "style_ids",
    ),
    ("face-swap", {"payload.actions": [{"id": 0, "params": {"face_mapping": []}}]}, "face_mapping"),
    (
        "face-swap",
        {"payload.actions": [{"id": 0, "params": {"face_mapping": [{"index": 1, "position": 0}]}}]},
        "index up to 0",
    ),
    (
        "face-swap",
        {"payload.actions": [{"id": 0, "params": {"face_mapping": [{"index": 0, "position": 0}] * 2}}]},
        "face_mapping",
    ),
    ("video-sr", {"payload.actions": [{"id": 0, "params": {"dst_duration": 61}}]}, "dst_duration"),
    ("video-sr", {"payload.actions": [{"id": 0, "params": {"dst_duration": 0}}]}, "dst_duration"),
]


@pytest.mark.parametrize(("slug", "change", "named"), WRONG, ids=[f"{n}-{w[0]}" for n, w in enumerate(WRONG)])
async def test_what_is_wrong_with_a_body_of_v1_is_named(
    client: Client, slug: str, change: dict[str, Any], named: str
) -> None:
    files = {letter: await client.sent() for letter in "FMR"}
    body = filled(BODIES["v1"][slug], files)
    for path, value in change.items():
        *where, last = path.split(".")
        target = body
        for part in where:
            target = target[part]
        target[last] = value
    said = await client.refused("POST", f"v1.0/task/{slug}", 400, "InvalidParameters", json=body)
    assert named in said


async def test_a_mistake_of_each_out_paint_number_is_named(client: Client) -> None:
    good = filled(BODIES["v2"]["out-paint"], {"F": await client.sent()})
    for name in good.keys() - {"src_file_id"}:
        for value in (None, "1", True, -1, 4097):
            body = good | {name: value}
            said = await client.refused("POST", "v2.0/task/out-paint", 400, "InvalidParameters", json=body)
            assert name in said
    body = good | {"input_x": 601}
    said = await client.refused("POST", "v2.0/task/out-paint", 400, "InvalidParameters", json=body)
    assert "input_x + input_width" in said
    fraction = good | {"input_x": 299.5}
    assert await client.run("out-paint", **fraction)


@pytest.mark.parametrize(
    ("slug", "body", "named"),
    [
        ("enhance", {"scale": 2}, "src_file_id"),
        ("enhance", {"scale": 2, "src_file_id": "", "src_file_url": None}, "src_file_id"),
        (
            "enhance",
            {"scale": 2, "src_file_id": "F", "src_file_url": "https://example.com/a.jpg"},
            "exactly one",
        ),
        ("enhance", {"scale": 2, "src_file_url": "ftp://example.com/a.jpg"}, "http"),
        ("enhance", {"scale": 2, "src_file_url": "a.jpg"}, "http"),
        ("enhance", {"scale": 2, "src_file_url": "https://example.com/\ud800"}, "src_file_url"),
        ("enhance", {"scale": 2, "src_file_id": 5}, "src_file_id"),
        ("bg-blur", {"src_file_id": "F", "intensity": 101}, "intensity"),
        ("bg-blur", {"src_file_id": "F", "intensity": "50"}, "intensity"),
        ("bg-replace", {"src_file_id": "F", "type": "colour"}, "type"),
        ("text-to-image", {"prompt": "a" * 501, "template_id": "photograph"}, "prompt"),
        ("text-to-image", {"prompt": "a"}, "template_id"),
        ("text-to-image", {"prompt": "a", "template_id": "photograph", "seed": 7}, "seed"),
        ("text-to-image", {"prompt": "a", "template_id": "photograph", "steps": 101}, "steps"),
        ("text-to-image/youcam", {"prompt": "a", "model": "other"}, "model"),
        ("text-to-image/youcam", {"prompt": "a", "model": "youcam-image-v2", "size": "1*1"}, "size"),
        ("image-to-image/youcam", {"prompt": "a", "model": "youcam-image-v2"}, "src_file_id"),
        (
            "image-to-image/youcam",
            {"src_file_ids": ["F"] * 4, "prompt": "a", "model": "youcam-image-v2"},
            "1 to 3",
        ),
        ("hair-transfer", {"src_file_id": "F"}, "ref_file_id"),
    ],
)
async def test_what_is_wrong_with_a_flat_body_is_named(
    client: Client, slug: str, body: dict[str, Any], named: str
) -> None:
    body = filled(body, {"F": await client.sent()})
    assert named in await client.refused("POST", f"v2.0/task/{slug}", 400, "InvalidParameters", json=body)


async def test_unknown_keys_and_singulars_for_arrays_are_taken(client: Client) -> None:
    file = await client.sent()
    extra = {"request_id": 7, "gender": "x", "dst_actions": [], "width": 5, "style": None}
    await client.run("enhance", src_file_ids=[file], scale=2.0, **extra)


async def test_what_stands_for_params_is_nothing_to_tools_that_have_none(client: Client) -> None:
    file = await client.sent()
    for number, odd in enumerate(([], "x", 7, {"scale": 9}, None)):
        for slug in ("sod", "bg-replace", "colorize/color-correct", "face-swap/pre-process"):
            body = payload(number=number, src_ids=file)
            body["payload"]["actions"][0]["params"] = odd
            await client.run(slug, version="v1.0", **body)


async def test_an_example_or_a_template_exactly_is_needed_for_hair_of_v2_1(client: Client) -> None:
    file = await client.sent()
    both = {"src_file_id": file, "ref_file_id": file, "template_id": "all_buzz_cut"}
    for body in (both, {"src_file_id": file}):
        await client.refused("POST", "v2.1/task/hair-transfer", 400, "InvalidParameters", json=body)


async def test_paths_that_nobody_knows_and_methods_that_nobody_takes(client: Client) -> None:
    for path in ("v3.0/file", "v2.0/task/nothing", "v1.0/task/generative-fill", "v1.0/nothing", "v1.1/client/credit",
                 "v1.0/task/style/enhance", "v2.0/task/template/enhance", "v2.2/task/enhance"):  # fmt: skip
        await client.refused("POST" if "nothing" in path else "GET", path, 404, "NotFound")
    await client.refused("DELETE", "v2.0/task/enhance", 405, "MethodNotAllowed")
    await client.refused("GET", "v2.0/file", 405, "MethodNotAllowed")
    await client.refused("POST", "v1.0/client/credit", 405, "MethodNotAllowed")
    await client.refused("POST", "v2.0/task/enhance", 400, "BadRequest", content=b"[1]")
    await client.refused("POST", "v2.0/task/enhance", 413, "PayloadTooLarge", content=b" " * (2**20 + 1))


async def test_trailing_slashes_and_other_names_of_a_tool_are_its_own(client: Client) -> None:
    file = await client.sent()
    task = await client.run("colorization/", src_file_id=file)
    for path in (
        f"v2.0/task/colorize/{task}",
        f"v2.1/task/colorize/{task}/",
        f"v2.0/task/colorize?task_id={task}",
    ):
        assert (await client.said("GET", path))["data"] == {"task_status": "running"}
    for path in (f"v1.0/task/colorize?task_id={task}", f"v1.1/task/colorization/?task_id={task}"):
        assert (await client.said("GET", path))["result"]["status"] == "running"
