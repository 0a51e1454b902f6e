"""Tools that a generator serves, by one that paints by rule; and what they say where there is none."""

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from youcam_client import Client, member

import painter
from backends import Postgres, working
from tinct.backend import Backend, open_backend
from tinct.models.generators import registry as generators
from tinct.photo import decode, provenance
from tinct.settings import use

pytestmark = pytest.mark.asyncio

OUT_PAINT = {
    **{"output_width": 300, "output_height": 200, "input_x": 50, "input_y": 0},
    **{"input_width": 200, "input_height": 200},
    **{"crop_input_x": 0, "crop_input_y": 0, "crop_input_width": 200, "crop_input_height": 200},
}


def encoded(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(file, "PNG")
    return file.getvalue()


def disk(size: int = 200) -> bytes:
    """A red disk before a light wall."""
    y, x = np.mgrid[0:size, 0:size] - size / 2
    inside = (x**2 + y**2 < (size / 4) ** 2)[..., None]
    return encoded(np.where(inside, (160, 30, 40), (215, 220, 225)))


def square(size: int = 200) -> bytes:
    """A mask: the middle is white."""
    pixels = np.zeros((size, size, 3))
    pixels[60:140, 60:140] = 255
    return encoded(pixels)


@asynccontextmanager
async def _painting(postgres: Postgres, folder: Path, **changes: Any) -> AsyncIterator[Backend]:
    """A backend with a worker on a machine where a generator is installed."""
    limits = dict.fromkeys(("youcam_address_calls", "youcam_v2_address_calls"), "0/1")
    settings = postgres.create(folder / "data", models=folder / "models", workers=1, **limits, **changes)
    use(settings)
    painter.install()
    async with open_backend(settings) as backend, working(backend):
        while "generate.inpaint" not in await backend.capabilities.live():
            await asyncio.sleep(0.05)
        yield backend
    generators.drop()


@pytest_asyncio.fixture
async def painting(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Backend]:
    async with _painting(postgres, tmp_path) as backend:
        yield backend


async def pictures(client: Client, found: dict[str, Any]) -> list[Any]:
    """The results of a poll of either form, decoded."""
    assert found.get("task_status", found.get("status")) == "success", found
    urls = [found["results"]["url"]] if "task_status" in found else [
        one["url"] for one in found["results"][0]["data"]
    ]  # fmt: skip
    return [decode.open((await client.http.get(url)).content) for url in urls]


async def test_a_generator_serves_backgrounds_and_extensions(painting: Backend) -> None:
    account, pair = await member(painting, credits=20)
    client = Client(painting, pair["client_id"])
    file = await client.sent(disk())
    tasks = {
        "bg-replace": await client.run("bg-replace", src_file_id=file, prompt="a quiet pine forest"),
        "out-paint": await client.run("out-paint", src_file_id=file, **OUT_PAINT),
    }
    older = await client.run_v1("out-paint", OUT_PAINT, src_ids=file)
    for slug, task in tasks.items():
        (made,) = await pictures(client, await client.ended(slug, task))
        assert provenance.source(made) == "compositeWithTrainedAlgorithmicMedia", slug
        assert (made.width, made.height) == ((300, 200) if slug == "out-paint" else (200, 200))
    (made,) = await pictures(client, await client.ended("out-paint", older, "v1.0"))
    source = decode.open(disk()).pixels
    assert np.array_equal(made.pixels[:, 60:240], source[:, 10:190])
    assert (await painting.credits.balance(account.id)).available == 20 - 4 - 2 - 2


async def test_a_generator_makes_pictures_in_all_forms(painting: Backend) -> None:
    account, pair = await member(painting, credits=20)
    client = Client(painting, pair["client_id"])
    file, mask = await client.sent(disk()), await client.sent(square())
    large = await client.sent(disk(400))
    model = {"model": "youcam-image-v2", "negative_prompt": "", "prompt_extend": True}
    styled = {"prompt": "a harbour at dawn", "style_group_id": 1, "style_ids": [11]}
    asked: dict[str, tuple[str, dict[str, Any], tuple[int, int]]] = {
        "styled": ("text-to-image", styled, (1024, 1024)),
        "templated": (
            "text-to-image",
            {
                "prompt": "a lighthouse",
                "template_id": "oil",
                "seed": [77],
                "width_ratio": 900,
                "height_ratio": 1200,
            },
            (768, 1024),
        ),
        "sized": ("text-to-image/youcam", {"prompt": "snow", "size": "928*1664", **model}, (928, 1664)),
        "redrawn": (
            "image-to-image/youcam",
            {"src_file_ids": [large], "prompt": "blue", **model},
            (1024, 1024),
        ),
        "turned": (
            "text-to-image/youcam",
            {"src_file_id": large, "prompt": "x", "size": "513*700", **model},
            (512, 704),
        ),
        "replaced": (
            "obj-replace",
            {"src_file_id": file, "msk_file_id": mask, "prompt": "a red chair"},
            (200, 200),
        ),
    }
    tasks = {
        name: await client.run_v1(slug, body) if name == "styled" else await client.run(slug, **body)
        for name, (slug, body, _) in asked.items()
    }
    for name, (slug, _, size) in asked.items():
        found = await client.ended(slug, tasks[name], "v1.0" if name == "styled" else "v2.0")
        if name == "turned":  # into another tool, which knows it too
            assert (await client.polled("image-to-image/youcam", tasks[name]))["task_status"] == "success"
        (made,) = await pictures(client, found)
        assert (made.width, made.height) == size, name
        assert provenance.source(made) in (
            "trainedAlgorithmicMedia",
            "compositeWithTrainedAlgorithmicMedia",
        ), name
    source = decode.open(disk()).pixels
    assert np.array_equal(made.pixels[:40], source[:40])  # outside of the mask
    assert not np.array_equal(made.pixels[80:120, 80:120], source[80:120, 80:120])
    assert (await painting.credits.balance(account.id)).available == 20 - 2 - 2 - 1 - 1 - 1 - 1
    params = await painting.database.all("SELECT id, params FROM jobs")
    given = {row["id"]: row["params"] for row in params}
    assert (given[tasks["templated"]]["style"], given[tasks["templated"]]["seed"]) == ("oil", 77)
    assert (given[tasks["templated"]]["steps"], given[tasks["templated"]]["guidance"]) == (20, 4.0)
    assert given[tasks["styled"]]["style"] == "photograph"


async def test_a_repeat_of_a_call_without_a_seed_is_the_same_task(painting: Backend) -> None:
    client = Client(painting, (await member(painting))[1]["client_id"])
    styled = {"prompt": "a harbour at dawn", "style_group_id": 2, "style_ids": [21]}
    made = await asyncio.gather(*(client.run_v1("text-to-image", styled, 3) for _ in range(8)))
    assert len(set(made)) == 1
    assert await client.run_v1("text-to-image", styled, 4) not in made


async def test_more_than_one_source_is_refused_and_not_left_out_quietly(painting: Backend) -> None:
    client = Client(painting, (await member(painting))[1]["client_id"])
    file = await client.sent(disk())
    body = {"src_file_ids": [file, file], "model": "youcam-image-v2", "prompt": "the first on the second"}
    said = await client.refused(
        "POST", "v2.0/task/image-to-image/youcam", 400, "OperationNotSupport", json=body
    )
    assert "one picture" in said


async def test_what_the_generator_cannot_do_fails_its_task_by_name(painting: Backend) -> None:
    client = Client(painting, (await member(painting))[1]["client_id"])
    body = {"model": "youcam-image-v2", "prompt": "word " * 60}
    task = await client.run("text-to-image/youcam", **body)
    assert (await client.ended("text-to-image/youcam", task))["error"] == "invalid_parameter"
    empty = encoded(np.zeros((200, 200, 3)))
    file, mask = await client.sent(disk()), await client.sent(empty)
    task = await client.run("obj-replace", src_file_id=file, msk_file_id=mask, prompt="a chair")
    assert (await client.ended("obj-replace", task))["error"] == "invalid_parameter"


async def test_a_prompt_that_is_refused_fails_its_task_and_costs_nothing(painting: Backend) -> None:
    account, pair = await member(painting, credits=20)
    client = Client(painting, pair["client_id"])
    task = await client.run("bg-replace", src_file_id=await client.sent(disk()), prompt="n u d e people")
    found = await client.polled("bg-replace", task)
    assert (found["task_status"], found["error"]) == ("error", "error_nsfw_content_detected")
    assert (await painting.credits.balance(account.id)).available == 20


@pytest.mark.parametrize("checked", [True, False])
async def test_pictures_that_are_all_unsafe_fail_their_task_unless_the_operator_says_otherwise(
    postgres: Postgres, tmp_path: Path, checked: bool
) -> None:
    strict = {"extra_effects": "moderate=youcam_hazards:STRICT", "generation_check": checked}
    async with _painting(postgres, tmp_path, youcam_content_check=False, **strict) as backend:
        account, pair = await member(backend, credits=20)
        client = Client(backend, pair["client_id"])
        task = await client.run("text-to-image", prompt="a harbour", template_id="film", width_ratio=4)
        found = await client.ended("text-to-image", task)
        assert found.get("error") == ("exceed_nsfw_retry_limits" if checked else None)
        assert (await backend.credits.balance(account.id)).available == (20 if checked else 18)


async def test_without_a_generator_what_needs_one_is_refused_by_name(
    backend: Backend, client: Client
) -> None:
    file = await client.sent(disk())
    body = {"src_file_id": file, "prompt": "a quiet pine forest"}
    said = await client.refused("POST", "v2.0/task/bg-replace", 400, "OperationNotSupport", json=body)
    assert "AI Photo Background Change" in said
    assert "text-to-image" in said
    mask = await client.sent(square())
    for slug, title, asked in (
        ("obj-replace", "AI Replace", {"src_file_id": file, "msk_file_id": mask, "prompt": "a chair"}),
        ("text-to-image", "AI Image Generator", {"prompt": "a harbour", "template_id": "neon"}),
        ("text-to-image/youcam", "AI Image Generator 2.0", {"model": "youcam-image-v2", "prompt": "x"}),
    ):
        said = await client.refused("POST", f"v2.0/task/{slug}", 400, "OperationNotSupport", json=asked)
        assert said.startswith(f"{title} is not available on this server")
    task = await client.run("out-paint", src_file_id=file, **OUT_PAINT)  # which can do without
    row = await backend.database.one("SELECT capability, params FROM jobs WHERE id = %s", (task,))
    assert row is not None
    assert (row["capability"], row["params"].get("method")) == ("", None)
