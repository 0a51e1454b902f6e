"""What looks alike agrees, and edges stop the mixing; answers do not depend on which way round a photo is."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from tinct.effects.colorize.conditioning import variant_moods
from tinct.imaging.domain_transform import coherent
from tinct.imaging.likelihood import predict_chroma
from tinct.photo.color import srgb_to_lab


def test_a_blotch_dissolves_where_lightness_is_even() -> None:
    values = np.zeros((32, 32, 3), np.float32)
    values[15:17, 15:17] = 10
    out = coherent(values, np.full((32, 32), 50, np.float32), reach=6, edge=15)
    assert out.max() < 1
    assert out.sum() == pytest.approx(values.sum(), rel=0.1)


def test_an_edge_of_lightness_keeps_two_surfaces_apart() -> None:
    light = np.full((32, 32), 20, np.float32)
    light[:, 16:] = 80
    values = np.zeros((32, 32, 2), np.float32)
    values[:, 16:] = (1, -1)
    out = coherent(values, light, reach=6, edge=15)
    assert np.abs(out - values).max() < 0.01
    mixed = coherent(values, np.full_like(light, 50), reach=6, edge=15)
    assert np.abs(mixed - values)[:, 15:17].min() > 0.2


def test_what_is_even_stays() -> None:
    light = np.random.default_rng(0).uniform(0, 100, (9, 14)).astype(np.float32)
    values = np.tile(np.array([3, -2, 0.5], np.float32), (9, 14, 1))
    assert np.abs(coherent(values, light, reach=4, edge=15) - values).max() < 1e-5


def test_the_mirrored_photo_gets_the_mirrored_colours() -> None:
    light = srgb_to_lab(np.ascontiguousarray(data.astronaut()[::4, ::4]).astype(np.float32) / 255)[..., 0]
    there, back = (
        predict_chroma(light).chroma(),
        predict_chroma(np.ascontiguousarray(light[:, ::-1])).chroma()[:, ::-1],
    )
    assert np.abs(there).max() > 10
    assert np.abs(there - back).mean() < 1


def test_a_mood_moves_the_mean_colour_its_way() -> None:
    light = srgb_to_lab(np.ascontiguousarray(data.coffee()[::4, ::4]).astype(np.float32) / 255)[..., 0]
    best = predict_chroma(light).chroma()
    for mood in variant_moods(best, 3, seed=0):
        moved = predict_chroma(light, mood=mood).chroma().mean((0, 1)) - best.mean((0, 1))
        assert moved @ (mood[:2] - best.mean((0, 1))) > 0
