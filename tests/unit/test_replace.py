"""Replacing: what stays, what the place gives to what is put there, what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import picture

import tinct
from tinct.effects.replace.place import Place
from tinct.errors import ParameterError
from tinct.imaging.grain import grain_of
from tinct.photo.photo import Photo

CUP = Photo(picture("coffee", 96))


def marked(height: int, width: int, top: int, left: int, bottom: int, right: int) -> Photo:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top:bottom, left:right] = 255
    return Photo(pixels)


MASK = marked(CUP.height, CUP.width, 20, 30, 50, 60)
INSIDE = MASK.pixels[..., 0] > 0
TILE = np.zeros((40, 40, 3), np.uint8)
TILE[..., 0], TILE[:20, :, 2] = 200, 180


def cutout() -> Photo:
    """A green disk, with opacity."""
    y, x = np.mgrid[:40, :40]
    alpha = np.where(np.hypot(y - 19.5, x - 19.5) < 18, 255, 0).astype(np.uint8)
    return Photo(np.full((40, 40, 3), (20, 200, 40), np.uint8), alpha)


@pytest.mark.parametrize(
    "how",
    [
        {"by": "object", "reference": cutout()},
        {"by": "surface", "reference": Photo(TILE)},
        {"by": "color", "color": "navy"},
    ],
)
def test_pixels_outside_the_mask_are_those_of_the_source(how: dict[str, object]) -> None:
    made = tinct.replace(CUP, MASK, **how).photo  # type: ignore[arg-type]
    assert np.array_equal(made.pixels[~INSIDE], CUP.pixels[~INSIDE])
    assert not np.array_equal(made.pixels[INSIDE], CUP.pixels[INSIDE])
    none = tinct.replace(CUP, MASK, strength=0, **how).photo  # type: ignore[arg-type]
    assert np.array_equal(none.pixels, CUP.pixels)
    deep = Photo(CUP.pixels.astype(np.uint16) * np.uint16(257), icc=CUP.icc)
    made = tinct.replace(deep, MASK, **how).photo  # type: ignore[arg-type]
    assert made.pixels.dtype == np.uint16
    assert np.array_equal(made.pixels[~INSIDE], deep.pixels[~INSIDE])


def test_an_object_stands_on_the_lower_edge_of_the_mask_and_nothing_of_the_old_one_is_left() -> None:
    field = np.full((80, 100, 3), 128, np.uint8)
    field[20:60, 40:60] = (250, 0, 250)
    made = tinct.replace(Photo(field), marked(80, 100, 15, 30, 65, 70), reference=cutout(), match=0)
    green = (made.photo.pixels[..., 1].astype(int) - made.photo.pixels[..., 0]) > 100
    rows, columns = np.nonzero(green)
    assert (rows.max(), made.cut_out_by) == (64, "opacity")
    assert 0.6 * 40 * 40 < green.sum() < 0.9 * 40 * 40
    assert abs(columns.mean() - 49.5) < 1
    magenta = (np.abs(made.photo.pixels.astype(int) - (250, 0, 250)).max(axis=2)) < 60
    assert not magenta.any()


def test_a_surface_lies_in_the_perspective_of_four_corners_and_in_the_light_of_the_place() -> None:
    light = np.repeat(np.linspace(60, 200, 120)[None, :, None], 100, axis=0)
    wall = np.repeat(light, 3, axis=2).astype(np.uint8)
    mask = np.zeros((100, 120, 3), np.uint8)
    import cv2

    cv2.fillConvexPoly(mask, np.array([[20, 20], [100, 35], [100, 75], [20, 90]]), (255, 255, 255))
    made = tinct.replace(Photo(wall), Photo(mask), "surface", reference=Photo(TILE))
    assert made.in_perspective
    blue = made.photo.pixels[..., 2].astype(int)
    for column, middle in ((25, 55), (60, 55), (95, 55)):  # the tile's halves meet along the vanishing axis
        assert blue[middle - 8, column] > blue[middle + 8, column] + 20
    assert blue[30, 30] < blue[45, 95]  # darker where the wall was darker


def test_a_mask_of_another_shape_is_no_quadrilateral() -> None:
    y, x = np.mgrid[:60, :80]
    assert not Place.of(np.where(np.hypot(y - 30, x - 40) < 20, 255, 0).astype(np.uint8)).quadrilateral
    box = np.zeros((60, 80), np.uint8)
    box[10:40, 20:70] = 255
    place = Place.of(box)
    assert place.quadrilateral
    assert np.array_equal(place.corners, [[0, 0], [50, 0], [50, 30], [0, 30]])


def test_another_colour_keeps_the_drawing_and_reaches_the_hue() -> None:
    cloth = np.clip(140 + 30 * np.sin(np.arange(60) / 4)[None, :, None] + np.zeros((50, 60, 3)), 0, 255)
    photo = Photo((cloth * (1, 0.4, 0.4)).astype(np.uint8))
    made = tinct.replace(photo, marked(50, 60, 5, 5, 45, 55), "color", color="#2040C0").photo.pixels[
        10:40, 10:50
    ]
    assert made[..., 2].mean() > made[..., 0].mean() + 40
    folds = photo.pixels[10:40, 10:50].astype(float).mean(axis=2).ravel()
    assert np.corrcoef(folds, made.astype(float).mean(axis=2).ravel())[0, 1] > 0.95
    wanted = np.array([0x20, 0x40, 0xC0])
    assert np.abs(made.reshape(-1, 3).mean(axis=0) - wanted).max() < 45


def test_what_is_put_there_is_as_grainy_as_what_lies_around() -> None:
    rng = np.random.default_rng(0)
    noisy = Photo(np.clip(rng.normal(120, 8, (120, 120, 1)) + np.zeros(3), 0, 255).astype(np.uint8))
    made = tinct.replace(
        noisy, marked(120, 120, 30, 30, 90, 90), "surface", reference=Photo(np.full((9, 9, 3), 90, np.uint8))
    ).photo.pixels[35:85, 35:85]
    here, around = grain_of(made.astype(np.float32) / 255), grain_of(noisy.pixels.astype(np.float32) / 255)
    assert 0.7 < here / around < 1.3


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"by": "object"}, "reference"),
        ({"by": "surface"}, "reference"),
        ({"by": "color"}, "color"),
        ({"by": "color", "color": "no colour"}, "color"),
        ({"by": "color", "color": "red", "reference": CUP}, "reference"),
        ({"by": "surface", "color": "red", "reference": CUP}, "color"),
        ({"reference": Photo(TILE, np.zeros((40, 40), np.uint8))}, "reference"),
        ({"reference": Photo(np.full((64, 64, 3), 90, np.uint8))}, "reference"),
    ],
)
def test_what_does_not_belong_together_is_named(given: dict[str, object], named: str) -> None:
    with pytest.raises(ParameterError) as caught:
        tinct.replace(CUP, MASK, **given)  # type: ignore[arg-type]
    assert caught.value.field == named


def test_a_mask_of_nothing_or_everything_or_another_size_is_refused() -> None:
    for wrong in (
        marked(CUP.height, CUP.width, 0, 0, 0, 0),
        marked(CUP.height, CUP.width, 0, 0, 999, 999),
        CUP,
        Photo(TILE),
    ):
        with pytest.raises(ParameterError) as caught:
            tinct.replace(CUP, wrong, "color", color="red")
        assert caught.value.field == "mask"
