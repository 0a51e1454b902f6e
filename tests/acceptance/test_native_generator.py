"""Pictures from prompts over the native API: a painter that needs no network stands for the generator."""

from __future__ import annotations

import io
import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

import painter
from running import Server, finished, photo, submitted, uploaded
from tinct import settings
from tinct.models.generators import registry
from tinct.photo import decode, provenance

PROMPTED: dict[str, dict[str, Any]] = {
    "generate": {},
    "replace": {},
    "background": {"mode": "change"},
    "extend": {"left": "20", "method": "generator"},
}
"""Effects that take a prompt, and what else they are asked for."""


@pytest.fixture(scope="module")
def painting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with one worker, on a machine where a painter is installed."""
    folder = tmp_path_factory.mktemp("painting")
    before = settings.current()
    settings.use(before.model_copy(update={"models": folder / "models"}))
    painter.install()
    settings.use(before)
    registry.drop()
    quick = {"heartbeat_s": "0.3", "stalled_s": "1.5", "sweep_s": "0.3", "workers": "1"}
    limits = {"requests_per_minute": "100000", "refusals_per_minute": "100000"}
    running = Server(folder / "data", models=str(folder / "models"), **quick, **limits)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def artist(painting: Server) -> Iterator[httpx.Client]:
    with painting.client() as native:
        until = time.monotonic() + 60
        while _engine(native, "generate", "text")["worker"] != "present":
            assert time.monotonic() < until
            time.sleep(0.1)
        yield native


def _engine(native: httpx.Client, effect: str, name: str) -> dict[str, Any]:
    engines = native.get(f"/v1/effects/{effect}").json()["engines"]
    return next(engine for engine in engines if engine["name"] == name)


def _mask(value: int = 255, width: int = 96, height: int = 72) -> bytes:
    grey = np.zeros((height, width), np.uint8)
    grey[20:50, 30:70] = value
    return _png(grey)


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _ordered(native: httpx.Client, effect: str, files: dict[str, bytes], **params: Any) -> dict[str, Any]:
    """Submit, and wait for the end."""
    inputs = {name: uploaded(native, data) for name, data in files.items()}
    job = submitted(native, effect=effect, inputs=inputs, params=params, format="png")
    return finished(native, job["id"])


def _refused(native: httpx.Client, effect: str, params: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """What an order that has all its photos is answered."""
    inputs = {} if effect == "generate" else {"image": uploaded(native, photo())}
    if effect == "replace":
        inputs["mask"] = uploaded(native, _mask())
    reply = native.post("/v1/jobs", json={"effect": effect, "inputs": inputs, "params": params})
    return reply.status_code, reply.json().get("error", {})


def _picture(done: dict[str, Any]) -> Any:
    assert done["state"] == "succeeded", done["failure"]
    return decode.open(httpx.get(done["results"][0]["url"]).content)


def test_a_prompt_becomes_a_picture_of_any_size_that_is_asked_for(artist: httpx.Client) -> None:
    done = _ordered(artist, "generate", {}, prompt="a red chair", width=101, height=75, seed=5)
    made = _picture(done)
    assert (made.width, made.height) == (101, 75)
    assert provenance.source(made) == "trainedAlgorithmicMedia"
    facts = done["facts"]
    assert (facts["engine"], facts["model"], facts["licence"], facts["seed"]) == (
        "painter:Painter",
        "painter",
        "Apache-2.0",
        5,
    )
    again = _picture(_ordered(artist, "generate", {}, prompt="a red chair", width=101, height=75, seed=5))
    np.testing.assert_array_equal(made.pixels, again.pixels)


def test_a_photo_and_a_prompt_become_another_photo(artist: httpx.Client) -> None:
    source = photo(90, 70)
    made = _picture(_ordered(artist, "generate", {"image": source}, prompt="a cat", strength=0.3))
    assert (made.width, made.height) == (90, 70)
    away = np.abs(made.pixels.astype(int) - decode.open(source).pixels).mean()
    assert 0 < away < 60


def test_replace_by_prompt_keeps_all_that_its_mask_leaves_out(artist: httpx.Client) -> None:
    source, mask = photo(), _mask()
    done = _ordered(artist, "replace", {"image": source, "mask": mask}, prompt="a red armchair")
    made, inside = _picture(done).pixels, decode.open(mask).pixels[..., 0] > 0
    np.testing.assert_array_equal(made[~inside], decode.open(source).pixels[~inside])
    assert (made[inside] != decode.open(source).pixels[inside]).mean() > 0.5
    assert done["facts"]["model"] == "painter"


def test_a_background_by_prompt_keeps_the_subject(artist: httpx.Client) -> None:
    source, mask = photo(), _mask()
    files = {"image": source, "mask": mask}
    made = _picture(_ordered(artist, "background", files, mode="change", prompt="a pine forest")).pixels
    inside = decode.open(mask).pixels[..., 0] == 255
    np.testing.assert_array_equal(made[inside], decode.open(source).pixels[inside])
    assert (made[~inside] != decode.open(source).pixels[~inside]).mean() > 0.5


def test_an_extension_by_prompt_keeps_the_photo(artist: httpx.Client) -> None:
    source = photo()
    params = PROMPTED["extend"] | {"prompt": "a quiet lake"}
    done = _ordered(artist, "extend", {"image": source}, **params)
    made = _picture(done)
    assert (made.width, made.height) == (116, 72)
    np.testing.assert_array_equal(made.pixels[:, 24:], decode.open(source).pixels[:, 4:])
    assert (done["facts"]["engine"], done["facts"]["box"]) == ("generator", [20, 0, 96, 72])


@pytest.mark.parametrize("effect", PROMPTED)
@pytest.mark.parametrize(
    "prompt",
    ["x" * 10_000, 7, True, ["a", "b"], {"text": "a"}, "a\u0007b"],
    ids=["long", "number", "flag", "list", "object", "bell"],
)
def test_a_prompt_that_is_none_is_refused_when_it_is_ordered(
    artist: httpx.Client, effect: str, prompt: object
) -> None:
    status, error = _refused(artist, effect, PROMPTED[effect] | {"prompt": prompt})
    assert (status, error["code"], error["field"]) == (422, "invalid_parameter", "prompt")
    assert len(error["message"]) < 300


@pytest.mark.parametrize("effect", ["generate", "replace", "background"])
@pytest.mark.parametrize("prompt", ["", " \n\t "])
def test_an_empty_prompt_is_refused_by_name(artist: httpx.Client, effect: str, prompt: str) -> None:
    status, error = _refused(artist, effect, PROMPTED[effect] | {"prompt": prompt})
    assert (status, error["code"], error["field"]) == (422, "invalid_parameter", "prompt")


@pytest.mark.parametrize("effect", PROMPTED)
def test_a_prompt_that_is_not_allowed_is_refused_when_it_is_ordered(
    artist: httpx.Client, effect: str
) -> None:
    status, error = _refused(artist, effect, PROMPTED[effect] | {"prompt": "a N U D E portrait"})
    assert (status, error["code"]) == (422, "prompt_unsafe")


@pytest.mark.parametrize(
    ("field", "value"),
    [("width", 63), ("height", 4097), ("width", "wide"), ("strength", 0), ("steps", 0), ("guidance", -1)],
)
def test_numbers_that_no_generator_takes_are_refused_by_name(
    artist: httpx.Client, field: str, value: object
) -> None:
    status, error = _refused(artist, "generate", {"prompt": "a cat", field: value})
    assert (status, error["code"], error["field"]) == (422, "invalid_parameter", field)


def test_more_words_than_the_model_takes_fail_the_job_with_their_number(artist: httpx.Client) -> None:
    done = _ordered(artist, "generate", {}, prompt="chair " * 40)
    assert done["state"] == "failed"
    assert done["failure"]["code"] == "prompt_too_long"
    assert "40 tokens" in done["failure"]["message"]


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (_mask(0), "nothing but black"),
        (_png(np.full((72, 96), 255, np.uint8)), "every pixel marked"),
        (_mask(width=95), "96x72"),
        (_png(np.full((72, 96, 3), (255, 0, 0), np.uint8)), "grey alone"),
    ],
    ids=["empty", "full", "of another size", "red"],
)
def test_a_mask_that_is_none_fails_the_job_by_name(artist: httpx.Client, mask: bytes, said: str) -> None:
    done = _ordered(artist, "replace", {"image": photo(), "mask": mask}, prompt="a cat")
    assert done["state"] == "failed"
    assert done["failure"]["code"] == "invalid_parameter"
    assert said in done["failure"]["message"]


@pytest.mark.parametrize("effect", PROMPTED)
def test_without_a_generator_an_order_is_refused_with_a_code_of_its_own(
    client: httpx.Client, effect: str
) -> None:
    status, error = _refused(client, effect, PROMPTED[effect] | {"prompt": "a red chair"})
    assert (status, error["code"]) == (501, "generator_missing")
    assert "tinct models use" in error["message"]


def test_effects_say_what_serves_them_and_whether_there_is_a_worker(
    artist: httpx.Client, client: httpx.Client
) -> None:
    listed = {one["name"]: one for one in artist.get("/v1/effects").json()["effects"]}
    for effect, name in (("generate", "text"), ("replace", "prompt"), ("extend", "generator")):
        engine = next(one for one in listed[effect]["engines"] if one["name"] == name)
        assert (engine["served_by"], engine["worker"]) == ("painter:Painter: painter", "present")
        assert (engine["ready"], engine["missing"], engine["fetch"]) == (True, [], None)
        away = _engine(client, effect, name)
        assert (away["served_by"], away["worker"], away["ready"]) == (None, "absent", False)
        assert away["fetch"].startswith("tinct models use")
    plain = _engine(artist, "extend", "banded")
    assert (plain["served_by"], plain["worker"], plain["ready"]) == (None, None, True)


def _begun(painting: Server, artist: httpx.Client, name: str, steps: int) -> tuple[dict[str, Any], Path]:
    """A job that takes its time and has done a step, and the file that tells how many it has done."""
    mark = painting.data.resolve() / "scratch" / name  # the only folder that a child may write to
    job = submitted(artist, effect="generate", params={"prompt": f"slowly {mark}", "steps": steps})
    until = time.monotonic() + 60
    while not mark.exists():
        assert time.monotonic() < until, artist.get(f"/v1/jobs/{job['id']}").json()
        time.sleep(0.05)
    return job, mark


def test_a_picture_whose_process_is_killed_in_mid_step_is_made_anew(
    painting: Server, artist: httpx.Client
) -> None:
    job, mark = _begun(painting, artist, "killed", 20)
    first = json.loads(mark.read_text())["pid"]
    os.kill(first, signal.SIGKILL)
    done = finished(artist, job["id"])
    assert (_picture(done).width, done["attempt"]) == (512, 2)
    assert json.loads(mark.read_text())["pid"] != first


def test_cancelling_ends_the_work_within_a_step(painting: Server, artist: httpx.Client) -> None:
    job, mark = _begun(painting, artist, "cancelled", 150)
    assert artist.post(f"/v1/jobs/{job['id']}/cancel").status_code == 200
    assert finished(artist, job["id"])["state"] == "cancelled"
    known = json.loads(mark.read_text())["step"]
    assert known < 150
    time.sleep(1.0)
    assert json.loads(mark.read_text())["step"] <= known + 1
    assert _picture(_ordered(artist, "generate", {}, prompt="a cat")).width == 512
