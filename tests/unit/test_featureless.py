"""Flat greys, ramps, mounts and borders have nothing that could have a colour; photos do."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

import tinct
from tinct.imaging.featureless import colorable
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo


def _light(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.ascontiguousarray(srgb_to_lab(pixels.astype(np.float32) / 255)[..., 0])


def _chroma(photo: Photo) -> NDArray[np.float32]:
    lab = srgb_to_lab(np.asarray(photo.pixels, np.float32) / 255)
    return np.hypot(lab[..., 1], lab[..., 2])


@pytest.mark.parametrize("level", [0, 60, 127, 200, 255])
@pytest.mark.parametrize("grain", [0, 3])
def test_a_card_of_one_grey_stays_grey(level: int, grain: int) -> None:
    noise = np.random.default_rng(0).normal(0, grain, (48, 64, 1))
    card = np.clip(level + noise, 0, 255).astype(np.uint8).repeat(3, axis=2)
    assert _chroma(tinct.colorize(Photo(card)).photo).max() < 2


def test_a_ramp_stays_grey() -> None:
    ramp = np.linspace(60, 200, 400).astype(np.uint8)[None, :, None].repeat(300, 0).repeat(3, axis=2)
    assert _chroma(tinct.colorize(Photo(ramp)).photo).max() < 2


@pytest.mark.parametrize("level", [20, 128, 200])
def test_a_mount_stays_neutral_and_the_photo_in_it_is_coloured(level: int) -> None:
    camera = data.astronaut()[::2, ::2].mean(axis=2, keepdims=True).astype(np.uint8).repeat(3, axis=2)
    mounted = np.full((336, 336, 3), level, np.uint8)
    mounted[40:-40, 40:-40] = camera
    found = _chroma(tinct.colorize(Photo(mounted)).photo)
    assert found[40:-40, 40:-40].mean() > 5
    found[36:-36, 36:-36] = 0
    assert found.mean() < 1
    assert np.percentile(found, 99) < 5


def test_bars_at_two_sides_are_borders() -> None:
    light = _light(data.astronaut()[::4, ::4])
    light[:12] = light[-9:] = 5
    assert not colorable(light)[:12].any()
    assert not colorable(light)[-9:].any()
    assert colorable(light)[20:-20].min() == 1


def test_a_sky_is_no_border() -> None:
    light = _light(data.astronaut()[::4, ::4])
    sky = np.linspace(88, 80, 40)[:, None].repeat(128, axis=1)
    hills = 40 + (20 * np.sin(np.arange(128) / 9)).astype(int)
    light[:40] = sky
    for x, top in enumerate(hills):
        light[40 : max(40, top), x] = 80
    assert colorable(light).min() == 1


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea", "rocket"])
def test_photos_may_have_all_their_colour(name: str) -> None:
    assert colorable(_light(getattr(data, name)()[::2, ::2])).min() == 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 3), (33, 31)])
def test_any_size_has_an_answer(shape: tuple[int, int]) -> None:
    found = colorable(np.full(shape, 50, np.float32))
    assert found.shape == shape
    assert found.max() == 0
