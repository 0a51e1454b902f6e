"""What is solved for as heat is even over a thing, and ends where the thing does."""

from __future__ import annotations

import numpy as np

from tinct.imaging.conduction import conducted, leveled, steady
from tinct.imaging.likelihood import ChromaDistribution

DOOR = np.s_[12:52, 20:44]
MIDDLE = np.s_[22:42, 27:37]
BINS = np.array([[0, 0], [60, 40], [0, -40]], np.float32)


def _door() -> np.ndarray:
    light = np.full((64, 64), 75, np.float32)
    light[DOOR] = 40
    return light


def test_leveled_values_are_even_on_a_thing_and_do_not_cross_its_edge() -> None:
    light = _door()
    values = np.zeros((64, 64, 2), np.float32)
    values[MIDDLE] = (60, 40)
    found = leveled(values, conducted([(light, 2.0)]), 0.004)
    door = found[DOOR][..., 0]
    assert door.min() > 0.7 * door.max()
    outside = found[..., 0].copy()
    outside[DOOR] = 0
    assert outside.max() < 1e-3
    assert np.allclose(found.sum(axis=(0, 1)), values.sum(axis=(0, 1)), rtol=0.05)


def test_fixed_cells_stay_and_the_steady_state_lies_between_them() -> None:
    flow = conducted([(np.zeros((1, 9), np.float32), 1.0)])
    fixed = np.zeros((1, 9), bool)
    fixed[0, [0, 8]] = True
    start = np.zeros((1, 9, 1), np.float32)
    start[0, 8] = 1
    found = steady(flow, np.zeros((1, 9), np.float32), np.zeros((1, 9, 1), np.float32), start, fixed)
    assert np.allclose(found[0, :, 0], np.linspace(0, 1, 9), atol=0.01)


def test_a_thing_of_which_the_network_knows_the_middle_alone_gets_one_colour() -> None:
    light = _door()
    logits = np.zeros((64, 64, 3), np.float32)
    logits[..., 0] = 6
    logits[DOOR] = (2, 2, 0)
    logits[MIDDLE] = (0, 5, 0)
    looks = np.zeros((32, 32, 4), np.float32)
    chroma = ChromaDistribution(logits, BINS, light, np.ones_like(light), looks).chroma()
    size = np.hypot(chroma[..., 0], chroma[..., 1])
    assert size[DOOR][2:-2, 2:-2].min() > 0.75 * size[DOOR].max()
    assert size[:10].max() < 0.1 * size[DOOR].max()
