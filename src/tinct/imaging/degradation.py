"""How worn a photo is: noise and JPEG blocks, estimated from its pixels alone.

Both estimates err towards a clean photo: what is taken for damage is smoothed, and texture must not be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.tiles import window
from tinct.photo.photo import Pixels

__all__ = ["OF_A_CHANNEL", "TO_OPPONENT", "Condition", "condition", "is_soft", "opponent"]

Array = NDArray[np.float32]

TO_OPPONENT = np.array([[1 / 3, 1 / 3, 1 / 3], [1 / 2, 0, -1 / 2], [1 / 4, -1 / 2, 1 / 4]])
"""Light and two differences of red, green and blue, in which noise is less alike than in the three themselves."""
OF_A_CHANNEL = np.sqrt((TO_OPPONENT**2).sum(axis=1))
"""What is left in them of noise that is independent in red, green and blue."""

_WINDOW = 256  # pixels, of the places looked at
_PLACES = 6  # of them at most along each side
_BLOCK = 16  # pixels, of the blocks whose noise is compared
_CALM, _CALMEST = 0.1, 0.02  # shares of blocks that are thought to hold nothing but noise
_GRAY = 0.5 / 255  # mean colour difference below which a photo has no colours
_LAPLACIANS = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32) / 6
_GRID = 8

_SOFT = 0.5  # of the coarser octaves' detail in the finest; sharp photos have 0.6 and more, enlarged ones 0.2 to 0.45
_DETAIL = 0.98  # quantile of detail that is compared: edges and texture rather than flat parts
_SOFT_PLACES = 3


@dataclass(frozen=True)
class Condition:
    """What was found; levels are shares of the full range."""

    noise: float
    """Standard deviation of noise in each channel."""
    gray: bool
    """Whether the three channels are the same, noise included."""
    blocks: float
    """Height of the steps at the borders of 8 x 8 blocks, beyond what is found between them."""


def opponent(rgb: Array) -> Array:
    """Light and colour differences (h, w, 3) of (h, w, 3)."""
    return np.asarray(cv2.transform(rgb, TO_OPPONENT), np.float32)


def condition(pixels: Pixels) -> Condition:
    """Estimate noise and blocks.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
        At the size at which they were taken or compressed; after resizing there is little to be found.

    References
    ----------
    Immerkær 1996, "Fast noise variance estimation"; Wang, Bovik and Evans 2000, "Blind measurement of blocking
    artifacts in images", of which the comparison of borders with their surroundings is taken.
    """
    levels: list[Array] = []
    colored = 0.0
    steps = np.zeros((2, _GRID, 2))
    for top, left in _places(pixels.shape[0], pixels.shape[1]):
        bottom, right = min(top + _WINDOW, pixels.shape[0]), min(left + _WINDOW, pixels.shape[1])
        seen = opponent(window(pixels, top, left, bottom, right))
        levels.append(_noise_of_blocks(seen))
        colored = max(colored, float(np.abs(seen[..., 1:]).mean()))
        light = np.ascontiguousarray(seen[..., 0])
        steps[0] += _steps(light, left)
        steps[1] += _steps(np.ascontiguousarray(light.T), top)
    gray = colored < _GRAY
    return Condition(_noise(np.concatenate(levels), gray), gray, _blocks(steps))


def _noise(levels: Array, gray: bool) -> float:
    """Noise of a channel from that of blocks (n, 3) in light and colour differences.

    Texture is light above all, noise of cameras is in every difference as well: the least of the three counts. Where
    there is no colour, only the calmest blocks tell them apart.
    """
    if not len(levels):
        return 0.0
    if gray:
        return float(np.quantile(levels[:, 0], _CALMEST))
    return float((np.quantile(levels, _CALM, axis=0) / OF_A_CHANNEL).min())


def is_soft(pixels: Pixels, clean: Callable[[Array], Array]) -> bool:
    """Whether every other row and column of a photo could go and hardly anything were lost.

    Parameters
    ----------
    pixels : ndarray, (H, W, 3), uint8 or uint16
    clean : callable
        Takes noise from a window, which would look like detail.
    """
    shares = []
    for top, left in _places(pixels.shape[0], pixels.shape[1], _SOFT_PLACES):
        bottom, right = min(top + _WINDOW, pixels.shape[0]), min(left + _WINDOW, pixels.shape[1])
        light = cv2.cvtColor(clean(window(pixels, top, left, bottom, right)), cv2.COLOR_RGB2GRAY)
        finest, second, third = _detail(np.asarray(light, np.float32))
        coarser = max(second, third / 2)  # a blurred photo has nothing in either of the finest two
        if coarser > 2 / 255:
            shares.append(finest / coarser)
    return bool(shares) and float(np.quantile(shares, 0.8)) < _SOFT


def _detail(light: Array) -> tuple[float, float, float]:
    """How much is lost by halving (h, w), by halving once more, and once more."""
    lost = []
    for _ in range(3):
        light = light[: light.shape[0] // 2 * 2, : light.shape[1] // 2 * 2]
        if min(light.shape) < 4:
            return 0.0, 0.0, 0.0
        half = cv2.resize(light, (light.shape[1] // 2, light.shape[0] // 2), interpolation=cv2.INTER_AREA)
        back = cv2.resize(half, (light.shape[1], light.shape[0]), interpolation=cv2.INTER_CUBIC)
        lost.append(float(np.quantile(np.abs(light - back), _DETAIL)))
        light = np.asarray(half, np.float32)
    return lost[0], lost[1], lost[2]


def _places(height: int, width: int, most: int = _PLACES) -> list[tuple[int, int]]:
    """Corners of the windows to look at, spread over the photo."""
    rows, columns = (
        np.unique(np.linspace(0, max(0, length - _WINDOW), min(most, 1 + length // _WINDOW)).astype(int))
        for length in (height, width)
    )
    return [(int(top), int(left)) for top in rows for left in columns]


def _noise_of_blocks(seen: Array) -> Array:
    """Noise (n, 3) of each block that is neither black nor white."""
    high, wide = seen.shape[0] // _BLOCK * _BLOCK, seen.shape[1] // _BLOCK * _BLOCK
    if not high or not wide:
        return np.zeros((0, 3), np.float32)
    rough = np.abs(cv2.filter2D(seen, -1, _LAPLACIANS, borderType=cv2.BORDER_REFLECT_101))
    parts = rough[:high, :wide].reshape(high // _BLOCK, _BLOCK, wide // _BLOCK, _BLOCK, 3)
    light = seen[:high, :wide, 0].reshape(high // _BLOCK, _BLOCK, wide // _BLOCK, _BLOCK)
    level = light.mean(axis=(1, 3)).ravel()
    mean = parts.mean(axis=(1, 3)).reshape(-1, 3) * np.float32(np.sqrt(np.pi / 2))
    return np.asarray(mean[(level > 0.04) & (level < 0.96)], np.float32)


def _steps(light: Array, first: int) -> NDArray[np.float64]:
    """For each place in the grid of blocks: the sum of steps beyond those beside them, and their number (8, 2)."""
    out = np.zeros((_GRID, 2))
    slopes = np.abs(np.diff(light, axis=1))
    if slopes.shape[1] < 3:
        return out
    beside = (slopes[:, :-2] + slopes[:, 2:]) / 2
    beyond = slopes[:, 1:-1] - beside
    calm = beside < 0.02  # elsewhere the photo's own edges are larger than any block's
    place = (np.arange(beyond.shape[1]) + first + 2) % _GRID  # of the pixel after the step
    for k in range(_GRID):
        chosen = calm[:, place == k]
        out[k] = (beyond[:, place == k] * chosen).sum(), chosen.sum()
    return out


def _blocks(steps: NDArray[np.float64]) -> float:
    """Step at the one place of the grid where it is largest, beyond the second largest; the lesser direction counts."""
    found = []
    for direction in steps:
        mean = direction[:, 0] / np.maximum(direction[:, 1], 1)
        ordered = np.sort(mean)
        found.append(max(0.0, float(ordered[-1] - ordered[-2])))
    return min(found)
