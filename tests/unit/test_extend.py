"""Extending: what it must keep, what it must continue, what it never copies, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import picture

import tinct
from tinct.effects.extend import banded, sides
from tinct.effects.extend.frame import Frame, frame_of
from tinct.effects.extend.subject import Kept
from tinct.effects.registry import get
from tinct.errors import ParameterError
from tinct.photo.photo import Photo

ROCKET = Photo(picture("rocket", 128))


def inner(made: tinct.Extended) -> np.ndarray:
    x, y, width, height = made.box
    return made.photo.pixels[y : y + height, x : x + width]


def horizon(slope: float, height: int = 120, width: int = 160) -> np.ndarray:
    """Sky over ground with some grain; the border falls by `slope` rows a column: (h, w, 3) uint8."""
    rows, columns = np.mgrid[:height, :width]
    above = rows < height * 0.5 + slope * (columns - width / 2)
    pixels = np.where(above[..., None], (120, 170, 220), (90, 70, 40)).astype(float)
    return np.clip(pixels + np.random.default_rng(1).normal(0, 4, (height, width, 1)), 0, 255).astype(
        np.uint8
    )


@pytest.mark.parametrize("method", ["plain", "banded", "backdrop"])
def test_inner_pixels_are_those_of_the_source_beyond_a_feather(method: str) -> None:
    made = tinct.extend(ROCKET, left="20%", bottom="12", method=method)
    assert made.engine == method
    assert (made.photo.width, made.photo.height) == (
        ROCKET.width + round(0.2 * ROCKET.width),
        ROCKET.height + 12,
    )
    edge = int(np.ceil(0.02 * min(ROCKET.height, ROCKET.width)))
    assert np.array_equal(inner(made)[:-edge, edge:], ROCKET.pixels[:-edge, edge:])
    again = tinct.extend(ROCKET, left="20%", bottom="12", method=method)
    assert np.array_equal(made.photo.pixels, again.photo.pixels)


def test_nothing_added_gives_the_source_pixels() -> None:
    for made in (tinct.extend(ROCKET), tinct.extend(ROCKET, to=f"{ROCKET.width}:{ROCKET.height}")):
        assert made.engine == "none"
        assert np.array_equal(made.photo.pixels, ROCKET.pixels)


def test_plain_tones_go_on_with_their_grain() -> None:
    rng = np.random.default_rng(0)
    truth = 60 + 0.4 * np.mgrid[:100, :200][0][..., None] + rng.normal(0, 3, (100, 200, 3))
    pixels = np.clip(truth, 0, 255).astype(np.uint8)
    made = tinct.extend(Photo(pixels[:, :140].copy()), right="60")
    assert made.engine == "plain"
    new = made.photo.pixels[:, 140:].astype(float)
    assert np.abs(new.mean(axis=1) - truth[:, 140:].mean(axis=1)).max() < 4
    assert 0.7 < np.diff(new, axis=1).std() / np.diff(pixels.astype(float), axis=1).std() < 1.2


def test_wires_are_not_strewn_about_as_grain() -> None:
    pixels = np.clip(np.random.default_rng(0).normal(150, 2, (100, 320, 3)), 0, 255).astype(np.uint8)
    pixels[:, 70] = pixels[:20, 200] = 90
    made = tinct.extend(Photo(pixels), top="40")
    assert made.engine == "plain"
    new = made.photo.pixels[:38]
    assert (new < 135).mean() < 0.002


@pytest.mark.parametrize("slope", [0.0, 0.12, -0.2])
def test_a_straight_horizon_goes_on(slope: float) -> None:
    pixels = horizon(slope)
    made = tinct.extend(Photo(pixels), right="25%", method="banded")
    new = made.photo.pixels[:, pixels.shape[1] :].astype(int)
    sky = (new[..., 2] > new[..., 0]).sum(axis=0)  # rows of sky in each new column
    truth = 60 + slope * (np.arange(new.shape[1]) + pixels.shape[1] / 2)
    assert np.abs(sky - truth).max() <= 3


def test_sixteen_bits_profile_and_opacity_stay() -> None:
    deep = ROCKET.pixels.astype(np.uint16) * np.uint16(257) + np.uint16(3)
    alpha = np.full(deep.shape[:2], 65535, np.uint16)
    alpha[:, -20:] = 0
    photo = Photo(deep, alpha=alpha, icc=b"not looked at here")
    made = tinct.extend(photo, right="16", left="16", method="backdrop").photo
    assert made.pixels.dtype == np.uint16
    assert made.icc == photo.icc
    assert made.alpha is not None
    assert (made.alpha[:, -16:] == 0).all()
    assert (made.alpha[:, :16] == 65535).all()
    assert np.array_equal(made.pixels[:, 24:60], deep[:, 8:44])
    levels = np.unique(tinct.extend(Photo(deep), right="24", method="banded").photo.pixels[:, -24:])
    assert (levels % 257 != 3).any()  # levelled seams are finer than 8 bits


def test_grey_stays_grey() -> None:
    grey = np.repeat(picture("coffee", 96)[..., 1:2], 3, axis=2)
    made = tinct.extend(Photo(grey, gray=True), top="20").photo
    assert made.gray
    assert (made.pixels == made.pixels[..., :1]).all()


def test_what_must_be_kept_is_never_copied() -> None:
    pixels = np.random.default_rng(2).integers(90, 130, (80, 120, 3), dtype=np.uint8)
    pixels[20:60, 50:80] = (255, 0, 255)
    kept = np.zeros((80, 120), bool)
    kept[20:60, 50:80] = True
    frame = Frame(30, 0, 30, 24)
    rng = np.random.default_rng(0)
    done = sides.continued(pixels, frame, Kept(kept, None), "banded", rng, lambda share: None)
    assert done is not None
    magenta = (done.pixels.astype(int) - (255, 0, 255)).__abs__().max(axis=2) < 60
    assert magenta.sum() == kept.sum()
    assert banded.extended(pixels, 20, np.ones_like(kept)) is None


def test_a_photo_that_may_not_be_copied_gets_a_backdrop_and_says_why() -> None:
    made = tinct.extend(Photo(picture("astronaut", 128)), left="20%", bottom="20%")
    assert made.engine == "backdrop"
    assert "cut off" in made.note or "cannot be continued" in made.note
    assert made.confidence < 0.25


def test_a_narrow_strip_of_the_same_measures_passes_more_easily_and_cut_people_do_not() -> None:
    def side(added: float, cut: float = 0.0, mirrored: float = 0.3) -> sides.Side:
        return sides.Side(
            "left", "banded", 0.2, cut, added, seam=0.085, foreign=0.001, mirrored=mirrored, texture=0.16
        )

    found = [side(added).confidence for added in (0.01, 0.125, 0.17, 0.25, 0.9)]
    assert found == sorted(found, reverse=True)
    assert found[0] == found[1] > 0.32 > found[3] == found[4]
    assert side(0.1, cut=0.2).confidence < 0.01
    assert side(0.15, mirrored=1.0).confidence < 0.32 < side(0.15, mirrored=0.0).confidence


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (15, 15), (16, 16), (17, 300)])
def test_tiny_and_thin_photos_are_extended(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (*size, 3), dtype=np.uint8)
    made = tinct.extend(Photo(pixels), left="20", bottom="30")
    assert made.photo.pixels.shape == (size[0] + 30, size[1] + 20, 3)


def test_ten_numbers_say_crop_place_and_size() -> None:
    made = tinct.extend(ROCKET, crop=[10, 20, 60, 40], place="15, 5, 30, 20", size=[64, 48])
    assert (made.photo.width, made.photo.height, made.box) == (64, 48, (15, 5, 30, 20))
    whole = tinct.extend(ROCKET, crop="10,20,60,40", place="0,0,60,40", size="60x40")
    assert np.array_equal(whole.photo.pixels, ROCKET.pixels[20:60, 10:70])


def test_a_ratio_is_reached_with_the_photo_where_the_anchor_says() -> None:
    none = ("0", "0", "0", "0")
    assert frame_of((90, 100), none, "16:9", "center") == Frame(30, 0, 30, 0)
    assert frame_of((90, 100), none, "16:9", "left") == Frame(0, 0, 60, 0)
    assert frame_of((90, 100), none, "1:1", "bottom") == Frame(0, 10, 0, 0)
    assert frame_of((90, 100), ("10%", "0", "5px", "0"), "200x100", "center") == Frame(52, 5, 48, 5)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"left": "-3"}, "left"),
        ({"left": "2000%"}, "left"),
        ({"left": True}, "left"),
        ({"top": "x"}, "top"),
        ({"to": "16:0"}, "to"),
        ({"to": "wide"}, "to"),
        ({"to": "20x20"}, "to"),
        ({"right": "17000"}, "size"),
        ({"place": "0,0,9,9"}, "size"),
        ({"place": "5,0,9,9", "size": "9x9"}, "place"),
        ({"place": "0,0,9,9", "size": "9x9", "left": "2"}, "place"),
        ({"crop": "0,0,4000,9"}, "crop"),
        ({"crop": [0, 0, 0, 9]}, "crop"),
        ({"size": "0x9", "place": "0,0,9,9"}, "size"),
    ],
)
def test_a_wrong_frame_is_named(given: dict[str, object], named: str) -> None:
    with pytest.raises(ParameterError) as caught:
        tinct.extend(ROCKET, **given)  # type: ignore[arg-type]
    assert caught.value.field == named


def test_progress_rises_to_one() -> None:
    heard: list[float] = []
    tinct.extend(ROCKET, left="12", progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert get("extend").engines == {
        "plain": (),
        "banded": (),
        "backdrop": (),
        "generator": ("inpaint",),
    }
