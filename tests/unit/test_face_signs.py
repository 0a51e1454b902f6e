"""Signs of faces, and locks across lips."""

from __future__ import annotations

import cv2
import numpy as np

from tinct.faces.flat import SIDE, flat_mask, flat_points
from tinct.faces.locks import across_lips
from tinct.faces.points import BROWS, EYES, LIPS_RING, MOUTH_RING
from tinct.faces.signs import COUNT, described, signs_of


def bare_face() -> np.ndarray:
    """Skin, eyes, brows and lips with some grain, (SIDE, SIDE, 3)."""
    flat = np.full((SIDE, SIDE, 3), [0.80, 0.62, 0.52], np.float32)
    for rings, color in (
        ((LIPS_RING,), (0.66, 0.36, 0.36)),
        (EYES, (0.25, 0.2, 0.2)),
        (BROWS, (0.3, 0.22, 0.18)),
    ):
        flat[flat_mask(list(rings)) > 0] = color
    grain = np.random.default_rng(0).normal(0, 0.02, flat.shape).astype(np.float32)
    return np.clip(cv2.GaussianBlur(flat + grain, (0, 0), 2), 0, 1)


def test_a_face_is_told_by_as_many_numbers_as_the_weights_take_and_light_does_not_matter() -> None:
    face = bare_face()
    found = described(face)
    assert found.shape == (COUNT,)
    assert np.isfinite(found).all()
    one, two = signs_of(face), signs_of(face[:, ::-1].copy())
    assert abs(one.glasses - two.glasses) < 0.01


def test_rims_around_the_eyes_are_told_as_glasses_and_darkness_around_the_mouth_as_a_beard() -> None:
    rimmed, bearded = bare_face(), bare_face()
    for ring in EYES:
        x, y = (int(one) for one in flat_points()[list(ring)].mean(axis=0))
        cv2.ellipse(rimmed, (x, y), (78, 48), 0, 0, 360, (0.1, 0.1, 0.1), 7)
    left, right = (int(flat_points()[list(ring), 0].mean()) for ring in EYES)
    row = int(flat_points()[list(EYES[0]), 1].mean())
    cv2.line(rimmed, (min(left, right) + 78, row), (max(left, right) - 78, row), (0.1, 0.1, 0.1), 7)
    below = np.zeros((SIDE, SIDE, 1), np.float32)
    below[int(flat_points()[2, 1]) :] = 1
    below[flat_mask([LIPS_RING]) > 0] = 0
    dark = np.clip(np.random.default_rng(1).normal(0.35, 0.15, (SIDE, SIDE, 1)), 0.1, 1).astype(np.float32)
    bearded = bearded * (1 - cv2.GaussianBlur(below, (0, 0), 6)[..., None] * (1 - dark))
    plain = signs_of(bare_face())
    assert signs_of(rimmed).glasses > plain.glasses + 2
    assert signs_of(np.asarray(bearded, np.float32)).beard > plain.beard + 2


def test_a_dark_lock_across_the_lips_is_found_and_bare_lips_are_whole() -> None:
    face = bare_face()
    assert across_lips(face).max() == 0
    cv2.line(face, (225, 300), (265, 500), (0.15, 0.1, 0.08), 9)
    found = across_lips(face)
    lips = (flat_mask([LIPS_RING]) > 0) & (flat_mask([MOUTH_RING]) == 0)
    lock = np.zeros((SIDE, SIDE), np.uint8)
    cv2.line(lock, (225, 300), (265, 500), (1,), 9)
    on = lips & (lock > 0)
    assert on.sum() > 100
    assert found[on].mean() > 0.9
    assert found[lips & (cv2.dilate(lock, np.ones((41, 41), np.uint8)) == 0)].max() == 0
