"""A side with structure goes on: pixels are copied along ways that suit the border, height by height.

The photo stands to the left of the hole and its mirror image to the right, so that sources lie on both sides. Candidate
ways are those by which a source's columns continue the border, in bands of its height; copying costs more the less a
source looks like the border at its height, and people and things that stand out are no sources at all. The labelling
and the levelling of seams are those of object removal, the latter as a screened Poisson equation that cosines solve.

References
----------
Pritch et al. 2009, "Shift-map image editing"; He and Sun 2012, "Statistics of patch offsets for image completion";
Bhat et al. 2008, "Fourier analysis of the 2D screened Poisson equation for gradient domain problems".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.labelling import cheapest_labels
from tinct.imaging.fill.offset_field import Ground, Ints, OffsetField, icm, repair, seam_cost
from tinct.imaging.fill.poisson import excess_steps
from tinct.imaging.fill.scene import Array, Flags, Scene
from tinct.imaging.fill.upsampling import aligned
from tinct.imaging.threads import single_threaded
from tinct.photo.photo import Pixels

__all__ = ["STEP", "Banded", "extended"]

STEP: Final = 0.7
"""Of the width: what is added at a time at most."""
_NODES: Final = 4500  # pixels of the hole at the size of the labelling
_WAYS: Final = 40  # candidates
_BANDS: Final = 6
_OF_BAND: Final = 6  # candidates of a band
_OF_ALL: Final = 8  # candidates by the whole border
_MATCHED: Final = 3  # columns at the border that must look alike
_NEAREST: Final = 0.12  # of the width: the shortest way
_STRIP: Final = 0.12  # of the width: what the border looks like
_HEIGHT: Final = 0.08  # of the height: how far from its own height a source may look
_COLORS: Final = 160  # of the strip, that are compared at each height
_FOREIGN: Final = np.float32(1.5)
_FAR: Final = np.float32(0.004)
_TILT: Final = np.float32(0.003)  # toll of each row that a way leaves the photo's own slope
_ALIKE: Final = 0.05  # rows a column by which edges of one direction differ
_MIRRORED: Final = np.float32(0.004)
_LEVEL: Final = 0.12  # of 1: the most by which levelling seams may change a tone
_REACH: Final = 0.12  # of the height: how far a levelled seam is felt
_LARGE: Final = 1_500_000  # pixels of a hole above which its seams are moved once less
_LEAST: Final = 0.03  # share of the photo that may be copied


@dataclass(frozen=True, eq=False)
class Banded:
    """Columns beyond the right border."""

    pixels: Array
    """(h, columns, 3) in the photo's unit."""
    seam: float
    """Root of the mean cost of joints over the pixels that were added; 0 shows none."""
    foreign: float
    """Mean squared distance of what was copied from what the border shows at that height, CIELAB / 100."""
    mirrored: float
    """Share that was copied from the mirror image, 0..1."""
    texture: float
    """Root of the mean squared step from row to row near the border: how much hides a seam."""


@dataclass(frozen=True)
class _Layout:
    """Photo, hole, gap and mirror image side by side."""

    height: int
    width: int
    hole: int
    mirror: int
    """First column of the mirror image."""

    @property
    def whole(self) -> int:
        return self.mirror + self.width

    def spread(self, left: np.ndarray, fill: float = 0) -> np.ndarray:
        """`left` (h, w, ...) and its mirror image, `fill` between them."""
        out = np.full((self.height, self.whole, *left.shape[2:]), fill, left.dtype)
        out[:, : self.width] = left
        out[:, self.mirror :] = left[:, ::-1]
        return out

    @property
    def flags(self) -> Flags:
        out = np.zeros((self.height, self.whole), bool)
        out[:, self.width : self.width + self.hole] = True
        return out


@single_threaded
def extended(pixels: Pixels, columns: int, kept: Flags) -> Banded | None:
    """Add columns to the right.

    Parameters
    ----------
    pixels : ndarray, (h, w, 3), uint8 or uint16
    columns : int
        At most `STEP` of the width.
    kept : ndarray, (h, w), bool
        What must not be copied.

    Returns
    -------
    Banded or None
        None where too little may be copied.
    """
    height, width = pixels.shape[:2]
    if 1 - kept.mean() < _LEAST:
        return None
    factor = min(1.0, math.sqrt(_NODES / (height * columns)))
    rows, wide, hole = (
        max(8, round(height * factor)),
        max(8, round(width * factor)),
        max(2, round(columns * factor)),
    )
    small = _Layout(rows, wide, hole, wide + hole + 2)
    large = _Layout(height, width, columns, width + columns + 16)
    scene, prices, ways, tolls = _problem(pixels, kept, small)
    if not scene.known.any() or not len(ways):
        return None
    labels = cheapest_labels(scene, ways, prices=prices, tolls=tolls)
    down, across = (index.astype(np.int32) for index in np.nonzero(scene.hole))
    field = OffsetField.at(scene.size, down, across, ways[labels, 0], ways[labels, 1])
    ground = Ground(scene.lab, scene.known, scene.hole)
    field = icm(ground, repair(ground, field), 4)
    to_row = np.clip(down + field.down[down, across], 0, rows - 1)
    to_column = np.clip(across + field.right[down, across], 0, small.whole - 1)
    foreign = float(prices[to_row, to_column].mean() / _FOREIGN)
    mirrored = float((field.right[down, across] > 0).mean())
    made, seam = _copied(pixels, kept, field, small, large)
    return Banded(made, seam, foreign, mirrored, _texture(pixels))


def _texture(pixels: Pixels) -> float:
    strip = (
        pixels[:, -max(4, round(_STRIP * pixels.shape[1])) :].astype(np.float32) / np.iinfo(pixels.dtype).max
    )
    return float(np.sqrt((np.diff(strip, axis=0) ** 2).sum(axis=-1).mean()))


def _problem(pixels: Pixels, kept: Flags, small: _Layout) -> tuple[Scene, Array, Ints, Array]:
    """What the labelling is asked: scene, prices of sources, candidate ways and their tolls."""
    size = small.width, small.height
    shrunk = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    shrunk *= np.float32(1 / np.iinfo(pixels.dtype).max)
    left = np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_RGB2LAB), np.float32) * np.float32(0.01)
    lab = small.spread(left)
    lab[:, small.width : small.mirror] = left[:, -1:]
    taken = np.asarray(cv2.resize(kept.astype(np.float32), size, interpolation=cv2.INTER_AREA)) > 0.02
    known = small.spread(~taken, False)
    prices = _foreign(left, ~taken) * _FOREIGN
    prices += (1 - np.arange(small.width, dtype=np.float32) / small.width) * _FAR
    slope = _slope(left)
    ways, tolls = _candidates(lab, small, slope)
    return Scene(lab, known, small.flags), small.spread(prices, 1), ways, tolls


def _foreign(lab: Array, usable: Flags) -> Array:
    """How far each pixel's colour and roughness lie from all that the border shows at about its height, squared."""
    height, width = lab.shape[:2]
    rough = cv2.blur(np.abs(cv2.Laplacian(lab[..., 0], cv2.CV_32F)), (5, 5))
    seen = np.dstack([cv2.GaussianBlur(lab, (0, 0), 1), rough])  # (h, w, 4)
    strip = seen[:, -max(2, round(_STRIP * width)) :]
    reach = max(2, round(_HEIGHT * height))
    out = np.empty((height, width), np.float32)
    for row in range(height):
        around = strip[max(0, row - reach) : row + reach + 1].reshape(-1, 4)
        around = around[np.linspace(0, len(around) - 1, min(len(around), _COLORS)).astype(int)]
        out[row] = ((seen[row][:, None] - around) ** 2).sum(axis=-1).min(axis=1)
    return out


def _slope(lab: Array) -> float:
    """Rows by which a line that meets the border falls in each column outwards; 0 where there is none.

    The middle direction of the strongest edges near the border that lie rather across it (structure tensor).
    """
    strip = cv2.GaussianBlur(lab[:, -max(6, round(0.3 * lab.shape[1])) :, 0], (0, 0), 1.5)
    across, down = (cv2.Sobel(strip, cv2.CV_32F, *order, ksize=3) for order in ((1, 0), (0, 1)))
    both, upright = (cv2.GaussianBlur(part, (0, 0), 3) for part in (across * down, down * down))
    sure = (upright > 0.3 * upright.max()) & (np.abs(both) < 0.5 * upright)
    if not sure.any():
        return 0.0
    slopes = -both[sure] / upright[sure]
    middle = float(np.median(slopes))
    return middle if float(np.median(np.abs(slopes - middle))) < _ALIKE else 0.0


def _candidates(lab: Array, small: _Layout, slope: float) -> tuple[Ints, Array]:
    """Ways (k, 2) whose sources match the border, in each band of heights and in all, and the toll of each (k,)."""
    features = np.dstack(
        [lab, *(cv2.Sobel(lab[..., 0], cv2.CV_32F, *o, scale=1.5 / 8) for o in ((1, 0), (0, 1)))]
    )
    height, width = small.height, small.width
    border = features[:, width - _MATCHED : width]
    edges = [round(i * height / _BANDS) for i in range(_BANDS + 1)]
    bands = [slice(edges[i], edges[i + 2]) for i in range(_BANDS - 1)] + [slice(0, height)]
    ways, costs, tilts = [], [], []
    nearest = max(_MATCHED + 1, round(_NEAREST * width))
    for mirrored, steps in (
        (False, range(nearest, width - _MATCHED)),
        (True, range(_MATCHED, round(STEP * width))),
    ):
        for step in steps:
            column = small.mirror + step if mirrored else width - step
            found = features[:, column - _MATCHED : column]
            expected = 0 if mirrored else -round(slope * step)
            for tilt in (0, -1, 1, -2, 2):
                down = expected + tilt
                top, bottom = max(0, -down), height - max(0, down)
                if bottom - top < height // 2:
                    continue
                apart = ((found[top + down : bottom + down] - border[top:bottom]) ** 2).sum(axis=(1, 2))
                each = np.full(height, apart.mean(), np.float32)
                each[top:bottom] = apart
                ways.append((down, column - width))
                costs.append(
                    [each[band].mean() * (1 + 0.15 * abs(tilt)) + 0.002 * abs(tilt) for band in bands]
                )
                tilts.append(abs(tilt))
    return _chosen(
        np.array(ways, np.int32).reshape(-1, 2), np.array(costs).reshape(-1, len(bands)), np.array(tilts)
    )


def _chosen(ways: Ints, costs: NDArray[np.float64], tilts: NDArray[np.int64]) -> tuple[Ints, Array]:
    """The best of each band, none close to a better one."""
    chosen: dict[int, None] = {}
    for band in range(costs.shape[1] if len(ways) else 0):
        most = _OF_ALL if band == costs.shape[1] - 1 else _OF_BAND
        used: list[int] = []
        for number in np.argsort(costs[:, band], kind="stable"):
            near = [
                one
                for one in used
                if abs(ways[one, 1] - ways[number, 1]) < 4 and abs(ways[one, 0] - ways[number, 0]) < 2
            ]
            if near:
                continue
            used.append(int(number))
            if len(used) >= most:
                break
        chosen |= dict.fromkeys(used)
    numbers = list(chosen)[:_WAYS]
    tolls = tilts[numbers] * _TILT + (ways[numbers, 1] > 0) * _MIRRORED
    return ways[numbers], tolls.astype(np.float32)


def _copied(
    pixels: Pixels, kept: Flags, small_field: OffsetField, small: _Layout, large: _Layout
) -> tuple[Array, float]:
    """The hole at full size, and how much its joints show."""
    picture = large.spread(pixels)
    ground = Ground(picture, large.spread(~kept, False), large.flags)
    field = repair(ground, _enlarged(small_field, small, large))
    factor = large.height / small.height
    if factor > 1.2:
        field = aligned(ground, field, math.ceil(factor / 2), round(24 * factor * factor))
    rounds = 2 if large.height * large.hole <= _LARGE else 1
    field = icm(ground, repair(ground, field), rounds)
    cost = seam_cost(ground, field, ground.hole.astype(np.int32))[1]
    return _levelled(ground, field, large), float(np.sqrt(cost / ground.hole.sum()))


def _enlarged(field: OffsetField, small: _Layout, large: _Layout) -> OffsetField:
    """The same ways at full size; those into the mirror image are counted from its own first column."""
    rows = np.minimum(np.arange(large.height) * small.height // large.height, small.height - 1)
    columns = np.minimum(np.arange(large.hole) * small.hole // large.hole, small.hole - 1) + small.width
    down, right = field.down[rows[:, None], columns], field.right[rows[:, None], columns]
    scale = large.width / small.width
    mirrored = np.rint((right - (small.mirror - small.width)) * scale) + large.mirror - large.width
    out = OffsetField(*(np.zeros((large.height, large.whole), np.int32) for _ in range(2)))
    hole = np.s_[:, large.width : large.width + large.hole]
    out.down[hole] = np.rint(down * (large.height / small.height))
    out.right[hole] = np.where(right > 0, mirrored, np.rint(right * scale))
    return out


def _levelled(ground: Ground, field: OffsetField, large: _Layout) -> Array:
    """Colours of the hole, its seams levelled: (laplacian - 1 / reach²) u = excess, u odd about the border."""
    number = np.full(ground.hole.shape, -1, np.int32)
    rows, columns = (index.astype(np.int32) for index in np.nonzero(ground.hole))
    number[rows, columns] = np.arange(len(rows), dtype=np.int32)
    colors, _ = ground.look(rows + field.down[rows, columns], columns + field.right[rows, columns])
    size = large.height, large.hole
    steps = excess_steps(ground, field, number, len(rows)).reshape(*size, 3)
    padded = tuple(_fast(length) for length in (size[0], 2 * size[1]))
    bend = [2 - 2 * np.cos(np.pi * np.arange(n, dtype=np.float32) / n) for n in padded]
    whole = bend[0][:, None] + bend[1] + np.float32(1 / max(1.0, _REACH * large.height) ** 2)
    colors = colors.reshape(*size, 3)
    for channel in range(3):
        odd = np.zeros(padded, np.float32)
        odd[: size[0], size[1] : 2 * size[1]] = steps[..., channel]
        odd[: size[0], : size[1]] = -odd[: size[0], 2 * size[1] - 1 : size[1] - 1 : -1]
        moved = cv2.idct(cv2.dct(odd) / whole)[: size[0], size[1] : 2 * size[1]]
        colors[..., channel] += np.clip(moved, -_LEVEL, _LEVEL) / ground.unit
    return colors


def _fast(length: int) -> int:
    """The least even length from `length` on whose cosine transform is quick."""
    return 2 * cv2.getOptimalDFTSize((length + 1) // 2)
