"""The outline of lips follows the photo's own colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tinct.faces import canonical
from tinct.faces.lips import _ring, lips, opening, outline, softness
from tinct.faces.points import LIPS_RING, MOUTH_RING

SKIN, LIPS = np.array([-0.8, -1.3, -1.7]), np.array([-1.0, -2.0, -2.1])


def mesh() -> NDArray[np.float64]:
    """A face as wide as 400 pixels, with an iris's points that nobody looks at."""
    points = canonical.points() * [25, -25, -25] + [250, 250, 0]
    return np.vstack([points, np.zeros((478 - len(points), 3))])


def width(points: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(points[LIPS_RING[10], :2] - points[LIPS_RING[0], :2]))


def painted(
    points: NDArray[np.float64], grown: float, color: NDArray[np.float64] = LIPS
) -> NDArray[np.float32]:
    """Skin with lips that reach above and below the mesh's by `grown` of their width, a little blurred and noisy."""
    ring = points[LIPS_RING, :2].copy()
    middle = ring.mean(axis=0)
    ring[:, 1] += np.sign(ring[:, 1] - middle[1]) * grown * width(points)
    drawn = np.zeros((500, 500), np.uint8)
    cv2.fillPoly(drawn, [np.round(ring).astype(np.int32)], (255,))
    share = cv2.GaussianBlur(drawn.astype(np.float32) / 255, (0, 0), 1.5)[..., None]
    noise = np.random.default_rng(3).normal(0, 0.04, (500, 500, 3))
    return np.asarray(SKIN * (1 - share) + color * share + noise, np.float32)


def below(found: NDArray[np.float64], points: NDArray[np.float64]) -> float:
    """How far the outline lies below the mesh's in the middle of the lower lip, of the width of the lips."""
    lowest = points[17, :2]
    near = found[np.abs(found[:, 0] - lowest[0]) < 0.15 * width(points)]
    return float(near[:, 1].max() - lowest[1]) / width(points)


@pytest.mark.parametrize("grown", [-0.03, 0.0, 0.04])
def test_the_outline_goes_where_lips_end(grown: float) -> None:
    points = mesh()
    assert below(outline(painted(points, grown), points), points) == pytest.approx(grown, abs=0.012)


def test_where_lips_and_skin_look_alike_it_stays_where_the_mesh_has_it() -> None:
    points = mesh()
    assert abs(below(outline(painted(points, 0.04, SKIN), points), points)) < 0.002


def test_a_shut_mouth_has_no_gap_between_its_lips_and_an_open_one_has() -> None:
    points = mesh()
    shut, opened = points.copy(), points.copy()
    ring = np.array(MOUTH_RING)
    shut[ring[1:10], 1] = shut[ring[:10:-1], 1] = shut[ring[[0, 10]], 1].mean()
    opened[ring[1:10], 1] += 8
    opened[ring[:10:-1], 1] -= 8
    middle = shut[ring, :2].mean(axis=0).round().astype(int)
    assert lips(painted(shut, 0), shut)[middle[1], middle[0]] == 1
    assert lips(painted(opened, 0), opened)[middle[1], middle[0]] == 0


@pytest.mark.parametrize("rim", [0.0, 0.03])
def test_the_rim_of_parted_lips_that_the_mesh_counts_to_the_mouth_is_lip(rim: float) -> None:
    points, ring = mesh(), np.array(MOUTH_RING)
    points[ring[1:10], 1] += 8
    points[ring[:10:-1], 1] -= 8
    hole = points[ring, :2].copy()
    hole[11:, 1] += rim * width(points)  # the upper lip reaches further down than the mesh's
    drawn = cv2.fillPoly(np.zeros((500, 500), np.uint8), [np.round(hole).astype(np.int32)], (1,))
    light = painted(points, 0)
    light[drawn > 0] = [-4, -4.4, -4.5]
    found, middle = opening(light, points), hole[:, 0].mean()
    near = found[np.abs(found[:, 0] - middle) < 0.1 * width(points)]
    mesh_top = points[ring[11:], 1].min()
    assert (near[:, 1].min() - mesh_top) / width(points) == pytest.approx(rim, abs=0.008)


def test_the_outline_of_small_noisy_lips_has_no_stairs() -> None:
    points = mesh()
    points[:, :2] *= 0.35
    ring = np.round(points[LIPS_RING, :2]).astype(np.int32)
    share = cv2.GaussianBlur(cv2.fillPoly(np.zeros((180, 180), np.float32), [ring], (1,)), (0, 0), 1.5)[
        ..., None
    ]
    noise = cv2.GaussianBlur(np.random.default_rng(3).normal(0, 0.4, (180, 180, 3)), (0, 0), 1)
    found = outline(np.asarray(SKIN * (1 - share) + LIPS * share + noise, np.float32), points)
    moved = np.linalg.norm(found - _ring(points, LIPS_RING)[0], axis=1)
    assert moved.max() > 0.5  # noise moves it, by so many pixels
    assert np.abs(np.diff(moved)).max() < 0.12


def test_lips_that_end_softly_are_told_from_those_that_end_sharply() -> None:
    points = mesh()
    light = painted(points, 0)  # blurred by 1.5 pixels
    sharp, soft = (softness(cv2.GaussianBlur(light, (0, 0), blur), points) for blur in (0.5, 4))
    assert sharp == pytest.approx(1.6, abs=0.8)
    assert soft == pytest.approx(4.3, abs=1.3)
    assert softness(painted(points, 0, SKIN), points) == 0
