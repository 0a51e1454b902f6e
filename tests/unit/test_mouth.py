"""The corners of a mouth are laid where the line between its lips ends."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tinct.faces import canonical
from tinct.faces.mouth import reached
from tinct.faces.points import EYES, LIPS_RING

LEFT, RIGHT = LIPS_RING[0], LIPS_RING[10]


def mesh() -> NDArray[np.float64]:
    points = canonical.points() * [25, -25, -25] + [250, 250, 0]
    return np.vstack([points, np.zeros((478 - len(points), 3))])


def seen(points: NDArray[np.float64], beyond: float, dark: float = 1.0) -> NDArray[np.float32]:
    """Noisy skin with a line between the lips that ends `beyond` either corner, of the mouth's width."""
    ends = points[[LEFT, RIGHT], :2]
    over = beyond * (ends[1] - ends[0])
    line = np.round(np.array([ends[0] - over, ends[1] + over]) * 16).astype(np.int32)
    drawn = cv2.line(np.zeros((500, 500), np.uint8), line[0], line[1], (255,), 2, cv2.LINE_AA, 4)
    noise = np.random.default_rng(3).normal(0, 0.04, (500, 500, 3))
    return np.asarray(
        [-0.8, -1.3, -1.7] - dark * cv2.GaussianBlur(drawn / 255, (0, 0), 1)[..., None] + noise, np.float32
    )


@pytest.mark.parametrize("beyond", [0.03, 0.06])
def test_corners_go_to_where_the_line_between_the_lips_ends(beyond: float) -> None:
    points = mesh()
    found = reached(seen(points, beyond), points)
    width = points[RIGHT, 0] - points[LEFT, 0]
    assert (points[LEFT, 0] - found[LEFT, 0]) / width == pytest.approx(beyond, abs=0.015)
    assert (found[RIGHT, 0] - points[RIGHT, 0]) / width == pytest.approx(beyond, abs=0.015)
    middle = [0, 17, *EYES[0]]
    np.testing.assert_array_equal(found[middle], points[middle])


@pytest.mark.parametrize(("beyond", "dark"), [(0.05, 0.0), (0.3, 1.0), (-0.05, 1.0)])
def test_without_a_line_beside_a_fold_that_goes_on_and_where_it_ends_before_the_mesh_corners_stay(
    beyond: float, dark: float
) -> None:
    points = mesh()
    np.testing.assert_array_equal(reached(seen(points, beyond, dark), points), points)
