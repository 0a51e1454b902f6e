"""Object removal: what it must keep, what it must continue, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import tinct
from scenes import picture
from tinct.effects.effect import get, parse
from tinct.effects.erase.erase import run
from tinct.effects.erase.mask import boxes
from tinct.effects.erase.params import EraseParams
from tinct.errors import ParameterError
from tinct.photo.photo import Photo


def marked(height: int, width: int, top: int, left: int, bottom: int, right: int, level: int = 255) -> Photo:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top:bottom, left:right] = level
    return Photo(pixels)


def stripes(height: int = 96, width: int = 128, period: int = 12) -> np.ndarray:
    """Slanted stripes in three colours: (h, w, 3) uint8."""
    rows, columns = np.mgrid[:height, :width]
    phase = (columns + rows // 2) % period
    colors = np.array([[40, 60, 150], [230, 220, 200], [170, 40, 30]], np.uint8)
    return colors[phase * 3 // period]


@pytest.mark.parametrize("method", ["auto", "shift", "patch"])
def test_pixels_outside_the_mask_are_those_of_the_source(method: str) -> None:
    photo = Photo(picture("coffee"))
    mask = marked(photo.height, photo.width, 40, 90, 70, 120)
    result = tinct.erase(photo, mask, method).photo
    kept = mask.pixels[..., 0] == 0
    assert np.array_equal(result.pixels[kept], photo.pixels[kept])
    assert not np.array_equal(result.pixels[~kept], photo.pixels[~kept])


@pytest.mark.parametrize("method", ["shift", "patch"])
def test_a_pattern_goes_on_through_the_hole(method: str) -> None:
    truth = stripes()
    spoilt = truth.copy()
    spoilt[30:60, 50:80] = (0, 255, 0)
    result = tinct.erase(Photo(spoilt), marked(96, 128, 30, 50, 60, 80), method).photo
    error = np.abs(result.pixels.astype(int) - truth)[30:60, 50:80]
    assert (error.max(axis=-1) > 12).mean() < 0.02


def test_nothing_of_what_is_removed_is_left() -> None:
    photo = Photo(np.full((80, 120, 3), 90, np.uint8))
    photo.pixels[20:50, 30:60] = (255, 0, 0)
    result = tinct.erase(photo, marked(80, 120, 20, 30, 50, 60)).photo
    assert np.array_equal(result.pixels, np.full((80, 120, 3), 90, np.uint8))
