"""Strands of hair over an eye are found by their edges, whatever their colour, and faces without any have none."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tinct.faces.flat import SIDE, flat_points
from tinct.faces.points import BROWS, EYES
from tinct.faces.strands import strands


def bare(seed: int = 0) -> NDArray[np.float32]:
    """Logarithms of light of skin with shading and grain, dark eyes, brows, creases and lashes."""
    light = np.full((SIDE, SIDE), -1.0, np.float32) + np.linspace(-0.3, 0.3, SIDE, dtype=np.float32)
    for ring in (*EYES, *BROWS):
        cv2.fillPoly(light, [np.round(flat_points()[list(ring)]).astype(np.int32)], (-2.5,))
    for ring in EYES:
        x, y = flat_points()[list(ring)].mean(axis=0).astype(int)
        cv2.ellipse(light, (x, y - 14), (34, 16), 0, 190, 350, (-1.4,), 2, cv2.LINE_AA)
        for lash in range(-30, 31, 6):
            cv2.line(light, (x + lash, y - 8), (x + lash + lash // 4, y - 22), (-2.5,), 1, cv2.LINE_AA)
    noise = np.random.default_rng(seed).normal(0, 0.02, light.shape)
    return np.asarray(cv2.GaussianBlur(light, (0, 0), 1) + cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32)


def locked(light: NDArray[np.float32], step: float) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """A lock of strands, each a little lighter or darker, over the first eye; and where it is."""
    rng, (x, y) = np.random.default_rng(5), flat_points()[list(EYES[0])].mean(axis=0)
    out, drawn = light.copy(), np.zeros(light.shape, np.uint8)
    for strand in range(-14, 15, 3):
        ends = [(x + strand + 30, y - 120), (x + strand - 20, y + 110)]
        line = np.round(np.array(ends) * 16).astype(np.int32)
        cv2.line(out, line[0], line[1], (-1 + step + float(rng.normal(0, 0.1)),), 3, cv2.LINE_AA, 4)
        cv2.line(drawn, line[0], line[1], (1,), 3, cv2.LINE_8, 4)
    return np.asarray(cv2.GaussianBlur(out, (0, 0), 0.8), np.float32), drawn > 0


@pytest.mark.parametrize("step", [-1.5, -0.5, 0.4])
def test_a_lock_over_an_eye_is_found_and_the_other_eye_stays_free(step: float) -> None:
    light, lock = locked(bare(), step)
    found = strands(light)
    middle = flat_points()[list(EYES[0])].mean(axis=0).astype(int)
    near = np.zeros_like(lock)
    near[middle[1] - 50 : middle[1] + 50] = True
    assert found[lock & near].mean() > 0.95
    assert found[:, SIDE // 2 + 20 :].max() == 0
    assert found[near].mean() < 0.35  # a part of both halves of the face


def test_brows_creases_lashes_and_shading_are_no_strands() -> None:
    for seed in range(3):
        assert strands(bare(seed)).max() == 0
