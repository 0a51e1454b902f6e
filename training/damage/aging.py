"""What years and a scanner do to a photo: grey or sepia, faded, soft, grainy."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["aged", "screened"]

Array = NDArray[np.float32]


def aged(
    seen: Array, rng: np.random.Generator, *, gray: float, faded: float, soft: float, grainy: float
) -> Array:
    """A photo (h, w, 3), 0..255, as an old print may show it; the numbers are how likely each is. It is not clipped."""
    colorless = rng.random() < gray
    if colorless:
        seen = np.repeat(seen @ np.array([[0.3], [0.59], [0.11]], np.float32), 3, axis=2)
        if rng.random() < 0.5:
            seen *= np.array([1, rng.uniform(0.85, 1), rng.uniform(0.6, 0.95)], np.float32)
    if rng.random() < faded:
        low, high = rng.uniform(0, 60), rng.uniform(190, 255)
        seen = low + seen * (high - low) / 255
    if rng.random() < soft:
        seen = cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.3, 1.5))
    if rng.random() < grainy:
        grain = rng.normal(0, 1, seen.shape[:2]).astype(np.float32)
        if rng.random() < 0.5:
            grain = 2 * cv2.GaussianBlur(grain, (0, 0), 0.8)
        seen = seen + grain[..., None] * rng.uniform(1, 9)
        if not colorless:
            seen += rng.normal(0, rng.uniform(0, 3), seen.shape)
    return seen


def screened(seen: Array, rng: np.random.Generator) -> None:
    """In place: the dots of a printed page, (h, w, 3), which are no damage."""
    height, width = seen.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle, step = rng.uniform(0, np.pi / 2), 2 * np.pi / rng.uniform(2.2, 5)
    along = np.float32(step * np.cos(angle)) * x + np.float32(step * np.sin(angle)) * y
    across = np.float32(step * np.cos(angle)) * y - np.float32(step * np.sin(angle)) * x
    seen += (np.float32(rng.uniform(4, 30)) * np.cos(along) * np.cos(across))[..., None]
