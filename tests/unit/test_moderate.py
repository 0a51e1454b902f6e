"""Moderation asks each installed network about the photo as it was trained, and the worst part decides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data
from typer.testing import CliRunner

import tinct
from effects_for_tests import PAINTED
from tinct.cli import app
from tinct.effects import registry
from tinct.effects.moderate import classify
from tinct.errors import MissingModelError, ParameterError
from tinct.jobs.child import Task, perform
from tinct.models import runtime, store
from tinct.models.manifest import models
from tinct.photo.photo import Photo
from tinct.settings import Settings, use

Array = NDArray[np.float32]
RED = (255, 0, 0)


class Network:
    """Stands for a network: calls a picture unsafe by the share of red in it, and remembers what it saw."""

    def __init__(
        self, answer: Callable[[float], list[float]], red: Callable[[Array], NDArray[np.bool_]]
    ) -> None:
        self.answer, self.red, self.seen = answer, red, []

    def apply(self, values: Array) -> Array:
        self.seen.append(values)
        return np.array([self.answer(float(self.red(values[0]).mean()))], np.float32)


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Network]:
    """Both networks, the second half as sure as the first."""
    means = np.array([104, 117, 123], np.float32)
    found = {
        "opennsfw": Network(
            lambda p: [1 - p, p], lambda bgr: (bgr + means)[..., 2] > (bgr + means)[..., 1] + 128
        ),
        "nsfwjs": Network(
            lambda p: [0.0, p / 4, 1 - p / 2, p / 4, 0.0], lambda rgb: rgb[..., 0] > rgb[..., 1] + 0.5
        ),
    }
    monkeypatch.setattr(runtime, "session", lambda name, size=None: found[name])
    monkeypatch.setattr(store, "installed", lambda name: name in found)
    return found


def plain(color: tuple[int, int, int], height: int = 64, width: int = 64) -> Photo:
    return Photo(np.full((height, width, 3), color, np.uint8))


def test_a_photo_that_both_networks_find_unsafe_is_unsafe(networks: dict[str, Network]) -> None:
    found = tinct.moderate(plain(RED))
    assert found.verdict == "unsafe"
    assert found.score == pytest.approx(0.75)  # mean of 1 and 0.5
    assert found.engines == ("opennsfw", "nsfwjs")
    assert found.scores["nsfwjs"]["porn"] == pytest.approx(0.25)


def test_a_photo_without_anything_unsafe_is_safe(networks: dict[str, Network]) -> None:
    assert tinct.moderate(Photo(data.coffee())).verdict == "safe"


def test_a_stricter_threshold_turns_the_verdict(networks: dict[str, Network]) -> None:
    half = np.full((64, 64, 3), 255, np.uint8)
    half[:32] = RED
    photo = Photo(half)
    assert tinct.moderate(photo).verdict == "safe"
    assert tinct.moderate(photo, threshold=0.3).verdict == "unsafe"


def test_open_nsfw_gets_the_middle_in_bgr_minus_its_means(networks: dict[str, Network]) -> None:
    frame = np.zeros((256, 256, 3), np.uint8)
    frame[16:240, 16:240] = (10, 20, 30)
    tinct.moderate(Photo(frame))
    (seen,) = networks["opennsfw"].seen
    assert seen.shape == (1, 224, 224, 3)
    np.testing.assert_allclose(
        seen[0], np.broadcast_to([30 - 104, 20 - 117, 10 - 123], (224, 224, 3)), atol=1e-3
    )


def test_nsfwjs_gets_the_whole_in_rgb_from_0_to_1(networks: dict[str, Network]) -> None:
    tinct.moderate(plain((255, 51, 0), 300, 300))
    (seen,) = networks["nsfwjs"].seen
    np.testing.assert_allclose(seen, np.broadcast_to([1, 0.2, 0], (1, 224, 224, 3)), atol=1e-6)


@pytest.mark.parametrize("tall", [False, True])
def test_a_part_of_a_long_photo_is_found_that_the_whole_hides(
    networks: dict[str, Network], tall: bool
) -> None:
    long = np.full((100, 900, 3), 128, np.uint8)
    long[:, 620:720] = RED
    found = tinct.moderate(Photo(long.transpose(1, 0, 2).copy() if tall else long))
    assert found.score > 0.4
    whole = networks["opennsfw"].seen[0][0]
    assert networks["opennsfw"].red(whole).mean() < 0.2


def test_a_strip_is_not_looked_at_in_hundreds_of_tiny_squares(networks: dict[str, Network]) -> None:
    tinct.moderate(Photo(np.zeros((40, 4400, 3), np.uint8)))
    assert all(len(network.seen) <= 25 for network in networks.values())


def test_what_is_transparent_is_seen_on_white(networks: dict[str, Network]) -> None:
    photo = plain(RED)
    hidden = Photo(photo.pixels, alpha=np.zeros((64, 64), np.uint8))
    assert tinct.moderate(hidden).score == 0
    np.testing.assert_allclose(networks["nsfwjs"].seen[0], 1)


def test_16_bits_give_the_scores_of_8(networks: dict[str, Network]) -> None:
    pixels = data.astronaut()
    wide = Photo(pixels.astype(np.uint16) * 257)
    assert tinct.moderate(wide).score == pytest.approx(tinct.moderate(Photo(pixels)).score, abs=2e-3)


def test_one_network_alone_serves_and_is_named(
    networks: dict[str, Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "installed", lambda name: name == "nsfwjs")
    found = registry.get("moderate").run({"image": plain(RED)}, registry.get("moderate").parse({}), print)
    assert found.facts["engine"] == "nsfwjs"
    assert found.facts["score"] == pytest.approx(0.5)


def test_without_networks_the_error_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "installed", lambda name: False)
    with pytest.raises(MissingModelError, match="tinct models fetch opennsfw nsfwjs"):
        tinct.moderate(plain(RED))


@pytest.mark.parametrize("threshold", [0, 1, -0.5, float("nan")])
def test_a_threshold_outside_its_range_is_refused(networks: dict[str, Network], threshold: float) -> None:
    with pytest.raises(ParameterError, match="threshold"):
        tinct.moderate(plain(RED), threshold=threshold)


def test_the_served_effect_returns_json_ready_facts_and_no_photo(networks: dict[str, Network]) -> None:
    import json

    photo, served = plain(RED), registry.get("moderate")
    told: list[float] = []
    output = served.run({"image": photo}, served.parse({}), told.append)
    assert output.results == ()
    facts: dict[str, Any] = json.loads(json.dumps(dict(output.facts)))
    assert facts["verdict"] == "unsafe"
    assert facts["engine"] == "opennsfw + nsfwjs"
    assert told[-1] == 1


def test_the_command_tells_unsafe_photos_by_its_exit_status(
    networks: dict[str, Network], tmp_path: Any
) -> None:
    plain(RED).save(tmp_path / "red.png")
    plain((0, 0, 255)).save(tmp_path / "blue.png")
    run = CliRunner().invoke
    assert run(app, ["moderate", str(tmp_path / "blue.png")]).exit_code == 0
    both = run(app, ["moderate", str(tmp_path)])
    assert both.exit_code == 3
    assert "red.png: unsafe 0.750" in both.stdout
    assert "blue.png: safe 0.000" in both.stdout


def test_every_engine_is_a_model_of_the_manifest() -> None:
    assert set(classify.ENGINES) <= set(models())


@pytest.mark.parametrize("screened", [True, False])
def test_a_screened_job_fails_on_an_unsafe_photo_and_no_other_does(
    networks: dict[str, Network], tmp_path: Path, screened: bool
) -> None:
    path = tmp_path / "photo.png"
    plain(RED).save(path)
    folder = tmp_path / "results"
    folder.mkdir()
    task = Task(
        effect="convert",
        params={},
        inputs={"image": str(path)},
        format="png",
        quality=90,
        folder=str(folder),
        screened=screened,
    )
    outcome = perform(task)
    assert outcome.code == ("photo_unsafe" if screened else None)
    assert len(list(folder.iterdir())) == (0 if screened else 1)


# -- what a generator makes --------------------------------------------------------------------------


def painted(tmp_path: Path, unsafe: int, image: Photo | None = None, **settings: Any) -> Any:
    """The outcome of a job that paints so many unsafe pictures first."""
    registry.register("paint", "effects_for_tests:PAINT")
    PAINTED.clear()
    use(Settings(**settings))
    (tmp_path / "results").mkdir()
    inputs = {}
    if image is not None:
        image.save(tmp_path / "image.png")
        inputs["image"] = str(tmp_path / "image.png")
    return perform(
        Task(
            effect="paint",
            params={"unsafe": unsafe, "seed": 5},
            inputs=inputs,
            format="png",
            quality=90,
            folder=str(tmp_path / "results"),
        )
    )


@pytest.mark.parametrize(("unsafe", "code"), [(0, None), (1, None), (3, None), (4, "result_unsafe")])
def test_an_unsafe_picture_is_made_anew_with_up_to_three_other_seeds(
    networks: dict[str, Network], tmp_path: Path, unsafe: int, code: str | None
) -> None:
    outcome = painted(tmp_path, unsafe)
    assert outcome.code == code
    assert len(set(PAINTED)) == len(PAINTED) == min(unsafe, 3) + 1
    assert PAINTED[0] == 5
    assert outcome.code or outcome.facts == {"seed": PAINTED[-1]}


def test_a_generator_gets_no_unsafe_photo(networks: dict[str, Network], tmp_path: Path) -> None:
    assert painted(tmp_path, 0, plain(RED)).code == "photo_unsafe"
    assert PAINTED == []


def test_an_operator_may_leave_the_check_of_generated_pictures_out(
    networks: dict[str, Network], tmp_path: Path
) -> None:
    assert painted(tmp_path, 9, plain(RED), generation_check=False).code is None
    assert len(PAINTED) == 1


def test_without_a_classifier_generated_pictures_pass_unchecked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "installed", lambda name: False)
    assert painted(tmp_path, 9).code is None
