"""Luminance is kept, whatever chroma is put on it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from skimage import data

from tinct.effects.colorize.join import Join, spread
from tinct.effects.colorize.luminance import Luminance, encode, to_linear
from tinct.photo.color import srgb_to_lab, srgb_to_linear
from tinct.photo.photo import Photo

_WEIGHTS = np.array([0.2126729, 0.7151522, 0.0721750], np.float32)


def _lightness(pixels: NDArray[np.generic]) -> NDArray[np.float32]:
    return srgb_to_lab(pixels.astype(np.float32) / np.iinfo(pixels.dtype).max)[..., 0]


def _gray(dtype: type[np.unsignedinteger]) -> Photo:
    levels = data.camera()[::2, ::2].astype(dtype) * dtype(257 if dtype is np.uint16 else 1)
    return Photo(np.repeat(levels[..., None], 3, axis=2), gray=True)


@settings(max_examples=60, deadline=None)
@given(
    y=st.floats(0, 1, width=32),
    a=st.floats(-128, 128, width=32),
    b=st.floats(-128, 128, width=32),
)
def test_every_chroma_leaves_luminance_and_stays_inside_the_gamut(y: float, a: float, b: float) -> None:
    plane = np.full((1, 1), y, np.float32)
    root = np.where(plane > 216 / 24389, np.cbrt(plane), plane * (24389 / 27 / 116) + 16 / 116).astype(
        np.float32
    )
    planes = to_linear(Luminance(plane, root), np.full_like(plane, a), np.full_like(plane, b))
    rgb = np.stack(planes, axis=-1)
    assert rgb.min() >= -1e-6
    assert rgb.max() <= 1 + 1e-6
    assert (rgb @ _WEIGHTS)[0, 0] == pytest.approx(y, abs=2e-6)


def test_chroma_inside_the_gamut_is_reached_exactly() -> None:
    luminance = Luminance.of(np.full((1, 1, 3), 150, np.uint8), None)
    out = np.empty((1, 1, 3), np.uint16)
    encode(
        to_linear(luminance, np.full((1, 1), 14.0, np.float32), np.full((1, 1), -9.0, np.float32)), None, out
    )
    lab = srgb_to_lab(out.astype(np.float32) / 65535)[0, 0]
    assert lab[1:] == pytest.approx([14, -9], abs=0.02)


@pytest.mark.parametrize(("dtype", "worst"), [(np.uint8, 1.0), (np.uint16, 0.02)])
def test_a_joined_photo_has_the_lightness_of_its_source(
    dtype: type[np.unsignedinteger], worst: float
) -> None:
    photo = _gray(dtype)
    light = _lightness(photo.pixels)
    rng = np.random.default_rng(0)
    cells = rng.uniform(-90, 90, (16, 16, 2)).astype(np.float32)
    pixels = Join.fit(spread(cells, light), light).apply(photo, strength=1, keep=False)
    assert pixels.dtype == dtype
    assert np.abs(pixels.astype(int) - photo.pixels).max() > np.iinfo(dtype).max // 20
    assert np.abs(_lightness(pixels) - light).max() * 2.55 <= worst


def test_gray_pixels_measure_the_same_as_through_the_general_path() -> None:
    gray = _gray(np.uint8).pixels
    nearly = gray.copy()
    nearly[0, 0] = (10, 10, 11)
    fast, general = Luminance.of(gray, None), Luminance.of(nearly, None)
    assert np.abs(fast.y - general.y)[1:].max() < 1e-5
    assert np.abs(fast.y - srgb_to_linear(gray[..., 0].astype(np.float32) / 255)).max() < 1e-6


def test_strips_leave_no_seams() -> None:
    """A photo of several strips equals its parts where the maps are constant."""
    ramp = np.linspace(30, 220, 900, dtype=np.uint8)
    pixels = np.ascontiguousarray(np.broadcast_to(ramp[:, None, None], (900, 700, 3)))
    light = np.full((64, 50), 50, np.float32)
    cells = np.full((64, 50, 2), 20, np.float32)
    out = Join.fit(cells, light).apply(Photo(pixels), strength=1, keep=False)
    assert (out == out[:, :1]).all()
    steps = np.abs(np.diff(out[:, 0].astype(int), axis=0))
    assert steps.max() <= 3


def test_colours_end_where_lightness_does() -> None:
    """The step is inside a column of cells; joined chroma must still change at the photo's edge."""
    light = np.full((128, 128), 25, np.float32)
    light[:, 62:] = 75
    cells = np.zeros((32, 32, 2), np.float32)
    cells[:, :15] = (40, 20)
    cells[:, 15] = (20, 0)
    cells[:, 16:] = (0, -20)
    full = spread(cells, light)
    assert np.abs(full[:, :60] - (40, 20)).max() < 4
    assert np.abs(full[:, 64:] - (0, -20)).max() < 4
