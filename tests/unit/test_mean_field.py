"""What looks alike agrees, what does not stays apart, and fine edges stay."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.mean_field import agreed, resized

Array = NDArray[np.float32]


def _p(logits: Array) -> Array:
    p = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(p / p.sum(axis=-1, keepdims=True), np.float32)


def _scene() -> tuple[Array, Array, Array]:
    """Two things side by side, 16 x 32 cells; the answer for the left one is torn between its upper and lower half."""
    logits = np.zeros((16, 32, 3), np.float32)
    logits[:10, :16, 0] = 4
    logits[10:, :16, 1] = 4
    logits[:, 16:, 2] = 4
    looks = np.zeros((8, 16, 2), np.float32)
    looks[:, :8, 0], looks[:, 8:, 0] = 1, -1
    return logits, np.full((16, 32), 50, np.float32), looks


def test_a_half_coloured_thing_becomes_of_one_colour() -> None:
    logits, light, looks = _scene()
    before, after = _p(logits), _p(agreed(logits, light, looks))
    assert before[2, 8, 0] - before[14, 8, 0] > 0.9
    assert after[2, 8, 0] - after[14, 8, 0] < 0.4


def test_a_thing_that_looks_different_keeps_its_answer() -> None:
    logits, light, looks = _scene()
    after = _p(agreed(logits, light, looks))
    assert after[:, 20:, 2].min() > 0.9
    assert after[:, :12, 2].max() < 0.05


def test_lightness_keeps_apart_what_the_features_do_not() -> None:
    logits, light, looks = _scene()
    light[10:] = 95
    after = _p(agreed(logits, light, np.zeros_like(looks)))
    assert after[2, 4, 0] > 0.5
    assert after[13, 4, 0] < 0.1


def test_edges_finer_than_the_features_stay() -> None:
    logits, light, looks = _scene()
    logits[5, 5] = (0, 0, 9)
    after = agreed(logits, light, looks)
    assert after[5, 5, 2] - after[5, 7, 2] > 5


def test_planes_of_any_number_can_be_resized() -> None:
    planes = np.arange(174, dtype=np.float32)[None, None].repeat(4, 0).repeat(6, 1)
    assert resized(planes, (8, 3)).shape == (8, 3, 174)
    assert np.allclose(resized(planes, (8, 3)), planes[:1, :1])
