"""Pictures that the test dependencies ship, made small, and colour maps made by formula."""

from __future__ import annotations

import functools

import cv2
import numpy as np

from tinct import ColorMap, Photo
from tinct.imaging.colormap import grid
from tinct.imaging.sample import Sample

SHIPPED = ("astronaut", "chelsea", "coffee", "rocket")


@functools.cache
def picture(name: str, side: int = 160) -> np.ndarray:
    """A picture of scikit-image, longer side `side`: (h, w, 3) uint8. Do not write into it."""
    from skimage import data

    full = np.ascontiguousarray(getattr(data, name)()[..., :3])
    scale = side / max(full.shape[:2])
    small = cv2.resize(full, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small.flags.writeable = False
    return small


def photo(name: str = "coffee", side: int = 160) -> Photo:
    return Photo(picture(name, side))


def sample(pixels: np.ndarray) -> Sample:
    return Sample(pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max))


def lab_of(pixels: np.ndarray) -> np.ndarray:
    """(n, 3) CIELAB of 8-bit sRGB pixels."""
    from tinct.photo.color import srgb_to_lab

    return srgb_to_lab(pixels.reshape(-1, 3).astype(np.float32) / np.float32(255))


def wavy_map(seed: int = 0, size: int = 33) -> ColorMap:
    """A smooth map that moves every colour and stays inside 0..1."""
    rng = np.random.default_rng(seed)
    nodes = grid(size)
    mix = np.eye(3) * 0.7 + rng.uniform(-0.15, 0.15, (3, 3))
    bent = nodes @ mix.T.astype(np.float32) + 0.1 * np.sin(np.pi * nodes[..., ::-1])
    return ColorMap(np.clip(bent, 0, 1).astype(np.float32), f"Wave {seed}")
