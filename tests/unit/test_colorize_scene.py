"""Photos of one scene are coloured alike; photos of other places as alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from typer.testing import CliRunner

import tinct
from tinct.cli import app
from tinct.effects.colorize.scene import SceneReader
from tinct.errors import ParameterError
from tinct.imaging.places import AGREED, Points, agreeing
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo

Pixels = NDArray[np.uint8]


def _gray(pixels: Pixels) -> Photo:
    level = np.asarray(pixels @ np.array([0.2126, 0.7152, 0.0722]), np.uint8)
    return Photo(np.repeat(level[..., None], 3, axis=2), gray=True)


def _lab(photo: Photo) -> NDArray[np.float32]:
    return srgb_to_lab(photo.pixels.astype(np.float32) / 255)


WHOLE = data.astronaut()
TOP, LEFT = 64, 60


@pytest.fixture(scope="module")
def photos() -> list[Photo]:
    """Two parts of one photo, the second darker, and another photo."""
    darker = np.asarray(255 * (WHOLE[TOP:, LEFT:] / 255) ** 1.2, np.uint8)
    return [_gray(WHOLE[:400, :400]), _gray(darker), _gray(data.cat())]


@pytest.fixture(scope="module")
def alone(photos: list[Photo]) -> list[Photo]:
    return [tinct.colorize(one).photo for one in photos]


@pytest.fixture(scope="module")
def together(photos: list[Photo]) -> list[Photo]:
    return [one.photo for one in tinct.colorize_scene(photos)]


@pytest.fixture(scope="module")
def reader(photos: list[Photo]) -> SceneReader:
    reader = SceneReader()
    for photo in photos[:2]:
        reader.look(photo)
    return reader


def _apart(one: Photo, other: Photo) -> float:
    """Mean CIEDE2000 of what both parts show, at one lightness."""
    a, b = _lab(one)[TOP:400, LEFT:400], _lab(other)[: 400 - TOP, : 400 - LEFT]
    return float(delta_e_2000(a, np.dstack([a[..., :1], b[..., 1:]])).mean())


def test_what_two_photos_of_a_scene_show_gets_one_colour(alone: list[Photo], together: list[Photo]) -> None:
    assert _apart(together[0], together[1]) < 0.6 * _apart(alone[0], alone[1])


def test_a_photo_of_another_place_comes_out_as_alone(alone: list[Photo], together: list[Photo]) -> None:
    assert delta_e_2000(_lab(alone[2]), _lab(together[2])).mean() < 0.2


def test_lightness_of_each_photo_stays(photos: list[Photo], together: list[Photo]) -> None:
    for before, after in zip(photos, together, strict=True):
        assert np.abs(_lab(before)[..., 0] - _lab(after)[..., 0]).max() * 2.55 <= 1


def test_a_hint_on_one_photo_colours_the_same_thing_in_the_other(
    photos: list[Photo], together: list[Photo]
) -> None:
    hinted = [one.photo for one in tinct.colorize_scene(photos, hints=[(0, 120, 385, "#2060D0")])]
    there = np.s_[380 - TOP : 390 - TOP, 115 - LEFT : 125 - LEFT, 2]  # of the second photo
    assert _lab(hinted[1])[there].mean() < _lab(together[1])[there].mean() - 12
    assert delta_e_2000(_lab(hinted[2]), _lab(together[2])).mean() < 0.2


def test_one_photo_is_a_scene(photos: list[Photo], alone: list[Photo]) -> None:
    (one,) = tinct.colorize_scene(photos[:1])
    assert delta_e_2000(_lab(one.photo), _lab(alone[0])).mean() < 0.2


def test_points_tell_a_place_from_a_photo_that_resembles_it() -> None:
    one, part = (Points.of(_lab(_gray(p))[..., 0]) for p in (WHOLE, WHOLE[80:400, 90:420]))
    other, flat = (
        Points.of(light) for light in (_lab(_gray(data.cat()))[..., 0], np.full((64, 64), 50.0, np.float32))
    )
    assert agreeing(one, part) >= 4 * AGREED
    assert agreeing(one, other) < AGREED
    assert agreeing(one, flat) == 0


@pytest.mark.parametrize(
    ("field", "hints"),
    [
        ("hints.0.photo", [(9, 1, 1, "red")]),
        ("hints.1", [(0, 1, 1, "red"), (1, 9999, 1, "red")]),
        ("hints.0", [(1, 2)]),
    ],
)
def test_a_wrong_hint_of_a_scene_is_named(
    reader: SceneReader, field: str, hints: list[tuple[object, ...]]
) -> None:
    with pytest.raises(ParameterError) as caught:
        reader.read(hints)
    assert caught.value.field == field


def test_what_cannot_be_a_scene_is_refused() -> None:
    for given in ([], "photo.jpg", [_gray(WHOLE)] * 101):
        with pytest.raises(ParameterError) as caught:
            tinct.colorize_scene(given)
        assert caught.value.field == "photos"


def test_the_command_colours_a_folder_as_the_library_does(photos: list[Photo], tmp_path: Path) -> None:
    for number, photo in enumerate(photos[:2]):
        Image.fromarray(photo.pixels).save(tmp_path / f"page{number}.png")
    (tmp_path / "broken.png").write_bytes(b"no photo")
    arguments = ["colorize", str(tmp_path), "--same-scene", "--hint", "page1.png:60,320,#2060D0", "--json"]
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == 1, result.output
    broken, *reports = json.loads(result.stdout)
    assert "error" in broken
    assert [report["same_scene"] for report in reports] == [
        [str(tmp_path / "page1.png")],
        [str(tmp_path / "page0.png")],
    ]
    wanted = list(tinct.colorize_scene(photos[:2], hints=[(1, 60, 320, "#2060D0")]))
    for report, made in zip(reports, wanted, strict=True):
        assert np.array_equal(tinct.open(report["results"][0]).pixels, made.photo.pixels)


@pytest.mark.parametrize("options", [["--variants", "2"], ["--hint", "1,2"], ["--hint", "other.png:1,2,red"]])
def test_options_that_mean_nothing_for_a_scene_are_refused(tmp_path: Path, options: list[str]) -> None:
    Image.fromarray(WHOLE[::4, ::4]).save(tmp_path / "page.png")
    result = CliRunner().invoke(app, ["colorize", str(tmp_path / "page.png"), "--same-scene", *options])
    assert isinstance(result.exception, ParameterError)


def test_a_hint_on_several_photos_says_what_carries_it(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        Image.fromarray(WHOLE[::4, ::4]).save(tmp_path / name)
    result = CliRunner().invoke(
        app, ["colorize", str(tmp_path), "--hint", "1,2,red", "-o", str(tmp_path / "out")]
    )
    assert isinstance(result.exception, ParameterError)
    assert result.exception.field == "hint"
    assert "--same-scene" in str(result.exception)
