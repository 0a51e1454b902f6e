"""A plain side goes on: its tones as a smooth surface that levels off, and its grain.

Two surfaces are tried. A strip that is plain throughout is fitted by a low polynomial that outliers hardly move
(iteratively reweighted least squares; Holland and Welsch 1977). Beyond the border its slope fades, so that no tone runs
away, and what the fit misses of the border itself fades too. Where the strip is smooth but not plain, as things out of
focus are, the border's own profile goes on, smoother the farther out. Blocks of the residual, mixed so that their
variance stays, are the grain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.photo.photo import Pixels

__all__ = ["Fit", "extended", "fitted"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_DEPTHS: Final = (0.12, 0.04, 0.015)  # of the width: strips that are tried, the deepest first
_STRIP: Final = 10, 160  # least and most pixels of a strip's depth
_ASKED: Final = 40_000  # pixels that are fitted
_ROUNDS: Final = 8
_ODD: Final = 8.0  # of 255: a pixel so far from the surface is not plain
_EDGE: Final = 6  # columns at the border that are judged
_NEAR: Final = 0.005  # a deeper strip is taken unless a thinner one is better by more
_BLOCK: Final = 32  # pixels of a side of a block of grain
_SMOOTH: Final = 0.97  # of the border's pixels that are smooth, from which its profile may go on
_ROUND: Final = 50  # the height in parts of which what is out of focus is smooth
_BLURS: Final = 6  # profiles between which those farther out lie
_WIDEST: Final = 0.12  # of the height: the blur of the last one
_QUIET, _OUTLIER = 4.0, 4.0  # of 255, and of the middle: louder residuals are things, not grain
_MISSED: Final = 25.0  # of 255: a border so far from the surface is a thing, and does not go on


@dataclass(frozen=True, eq=False)
class Fit:
    """The surface of a strip of depth d at the right border of a picture of height h, 0..255."""

    level: Array
    """(h, 3): at the border."""
    slope: Array
    """(h,): change of tone over one depth, outwards."""
    grain: Array
    """(h, d, 3): what is finer than the surface; 0 where the strip is not plain."""
    border: Array
    """(h, 3): the picture's own colours there."""
    depth: int
    width: int
    share: float
    """Of the border's pixels, that are plain or smooth, 0..1."""
    profile: bool = False
    """Whether the border's profile goes on, instead of the surface."""


def fitted(pixels: Pixels, enough: float = 0.93) -> Fit:
    """The best surface of the right border of (h, w, 3); its profile where `enough` is not plain, but smooth."""
    tried = [_fit(pixels, share) for share in _DEPTHS]
    best = max(fit.share for fit in tried)
    plain = next(fit for fit in tried if fit.share >= best - _NEAR)
    if plain.share > enough:
        return plain
    smooth = _profile(pixels)
    return smooth if smooth.share >= _SMOOTH else plain


def _profile(pixels: Pixels) -> Fit:
    """A border whose own profile goes on."""
    height, width = pixels.shape[:2]
    strip = _strip(pixels, _DEPTHS[1])
    depth = strip.shape[1]
    even = cv2.GaussianBlur(strip, (0, 0), max(2.0, height / _ROUND), borderType=cv2.BORDER_REPLICATE)
    rest = np.asarray(strip - even, np.float32)
    fine = cv2.GaussianBlur(rest, (0, 0), max(1.0, height / (4 * _ROUND)), borderType=cv2.BORDER_REPLICATE)
    smooth = np.abs(fine).max(axis=2) < _ODD
    grain = _even(np.asarray(rest - fine, np.float32), smooth)
    border = np.asarray(strip[:, -min(depth, 5) :].mean(axis=1), np.float32)
    share = float(smooth[:, -_EDGE:].mean())
    return Fit(border, np.zeros(height, np.float32), grain, border, depth, width, share, profile=True)


def _even(grain: Array, plain: Flags) -> Array:
    """Grain (h, d, 3) without things: wires and specks would be strewn about."""
    loud = np.abs(grain).max(axis=2)
    thing = (loud > max(_QUIET, _OUTLIER * float(np.median(loud)))) | ~plain
    around = cv2.dilate(thing.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    return np.where(around[..., None], np.float32(0), grain)


def _strip(pixels: Pixels, share: float) -> Array:
    width = pixels.shape[1]
    depth = min(width, int(np.clip(share * width, *_STRIP)))
    return pixels[:, -depth:].astype(np.float32) * np.float32(255 / np.iinfo(pixels.dtype).max)


def _fit(pixels: Pixels, share: float) -> Fit:
    height, width = pixels.shape[:2]
    strip = _strip(pixels, share)
    depth = strip.shape[1]
    along = np.linspace(-1, 1, height)
    inwards = np.arange(1 - depth, 1) / depth  # 0 at the border
    u, v = (axis.ravel() for axis in np.meshgrid(along, inwards, indexing="ij"))
    terms = np.stack([u**i * v**j for j in range(2) for i in range(4 - j)], axis=-1)  # (n, 7)
    values = strip.reshape(-1, 3)
    some = slice(None, None, max(1, len(values) // _ASKED))
    weight: NDArray[np.floating] = np.ones(len(values[some]))
    coefficients = np.zeros((7, 3))
    for _ in range(_ROUNDS):
        a, b = terms[some] * weight[:, None], values[some] * weight[:, None]
        coefficients = np.linalg.lstsq(a, b, rcond=None)[0]
        off = np.abs(values[some] - terms[some] @ coefficients).max(axis=1)
        scale = max(1.0, 1.48 * float(np.median(off)))
        weight = 1 / (1 + (off / (2 * scale)) ** 2)
    rest = (values - terms @ coefficients).astype(np.float32).reshape(height, depth, 3)
    smooth = np.asarray(cv2.GaussianBlur(rest, (0, 0), max(2.0, height / 100)), np.float32)
    plain = np.abs(smooth).max(axis=2) < _ODD  # (h, d)
    powers = along[:, None] ** np.arange(4.0)
    level = (powers @ coefficients[:4]).astype(np.float32)
    slope = (powers[:, :3] @ coefficients[4:]).mean(axis=1).astype(np.float32)
    border = strip[:, -min(depth, 9) :].mean(axis=1)
    grain = _even(rest - smooth, plain)
    return Fit(level, slope, grain, border, depth, width, float(plain[:, -_EDGE:].mean()))


def extended(fit: Fit, columns: int, rng: np.random.Generator) -> Array:
    """So many columns beyond the right border: (h, columns, 3) float32, 0..255."""
    made = _grain(fit.grain, columns, rng)
    if fit.profile:
        _add_profile(made, fit.level)
    else:
        _add_surface(made, fit)
    return np.clip(made, 0, 255, out=made)


def _add_profile(made: Array, border: Array) -> None:
    """The border (h, 3), smoother column by column."""
    height, columns = made.shape[:2]
    away = np.linspace(0, _BLURS, columns, dtype=np.float32)
    before: Array = border[:, None]
    for number in range(_BLURS):
        sigma = max(1.0, _WIDEST * height * ((number + 1) / _BLURS) ** 2)
        after = _blurred(border, sigma)[:, None]
        here = np.flatnonzero((away >= number) & ((away < number + 1) | (number == _BLURS - 1)))
        share = (away[here] - number)[None, :, None]
        made[:, here] += before * (1 - share) + after * share
        before = after


def _blurred(profile: Array, sigma: float) -> Array:
    """A profile (h, 3), smooth along its height."""
    out = cv2.GaussianBlur(
        profile[:, None], (1, 0), sigmaX=0.1, sigmaY=sigma, borderType=cv2.BORDER_REPLICATE
    )
    return np.asarray(out, np.float32).reshape(-1, 3)


def _add_surface(made: Array, fit: Fit) -> None:
    height, columns = made.shape[:2]
    reach = fit.depth * (1.0 if fit.depth >= 0.1 * fit.width else 0.25)
    away = np.arange(1, columns + 1, dtype=np.float32)
    damped = (reach * (1 - np.exp(-away / reach)) / fit.depth).astype(np.float32)  # depths
    missed: Array = _blurred(fit.border, 3) - fit.level
    missed = np.where(np.abs(missed).max(axis=1, keepdims=True) < _MISSED, missed, np.float32(0))
    blur = max(3.0, height / 60)
    missed = _blurred(missed, blur)
    fade = np.exp(-away / np.float32(0.25 * columns)).astype(np.float32)
    made += fit.level[:, None]
    made += (fit.slope[:, None] * damped)[..., None]
    made += missed[:, None] * fade[:, None]


def _grain(grain: Array, columns: int, rng: np.random.Generator) -> Array:
    """Blocks from anywhere in the strip, laid over one another by windows whose squares make up for the loss."""
    height, depth = grain.shape[:2]
    block = min(_BLOCK, depth, height)
    step = max(1, block // 2)
    made = np.zeros((height + block, columns + block, 3), np.float32)
    total = np.zeros((height + block, columns + block, 1), np.float32)
    bell = np.hanning(block + 2)[1:-1]
    window = np.outer(bell, bell)[..., None].astype(np.float32)
    for row in range(0, height, step):
        for column in range(0, columns, step):
            i, j = rng.integers(0, height - block + 1), rng.integers(0, depth - block + 1)
            made[row : row + block, column : column + block] += grain[i : i + block, j : j + block] * window
            total[row : row + block, column : column + block] += window**2
    total = np.sqrt(np.maximum(total[:height, :columns], np.float32(1e-6)))
    return np.asarray(made[:height, :columns] / total, np.float32)
