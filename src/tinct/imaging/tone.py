"""Is a photo grey, toned or in colour? Paper and toning give chroma that only depends on lightness; scenes do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["RealColor", "Tone", "tone_of"]

Tone = Literal["gray", "toned", "color"]

_LEVELS = 24  # steps of lightness at which the tint of the paper is measured
_GRAY = 2.0  # mean chroma below which a photo counts as grey, CIELAB units
_REAL = (16.0, 28.0)  # chroma beside the tint from which colour may be, and surely is, real
_LEAST_REAL, _MOST_REAL = 0.0005, 0.3  # share of a photo that real colour takes in places
_SCATTER = 5.0  # 95th percentile of what the tint leaves, above which there are real colours


def tone_of(lab: NDArray[np.float32]) -> Tone:
    """Judge a proxy.

    Parameters
    ----------
    lab : ndarray, (h, w, 3), float32
        CIELAB, D65.

    Returns
    -------
    {"gray", "toned", "color"}
        ``toned``: sepia, faded or yellowed, one tint for each lightness.
    """
    light, chroma = lab[..., 0].ravel(), lab[..., 1:].reshape(-1, 2)
    if np.hypot(chroma[:, 0], chroma[:, 1]).mean() < _GRAY:
        scatter = np.percentile(np.hypot(chroma[:, 0], chroma[:, 1]), 99)
        return "gray" if scatter < 2 * _SCATTER else "color"
    level = _level(light)
    counts = np.maximum(np.bincount(level, minlength=_LEVELS), 1)
    tint = np.stack(
        [np.bincount(level, chroma[:, k], _LEVELS) / counts for k in (0, 1)], axis=1
    )  # (levels, 2)
    rest = chroma - tint[level]
    return "toned" if np.percentile(np.hypot(rest[:, 0], rest[:, 1]), 95) < _SCATTER else "color"


@dataclass(frozen=True, eq=False)
class RealColor:
    """Colour that a grey or toned photo really has in places, such as a red stamp, ink, or a tinted flag.

    Parameters
    ----------
    tint : ndarray, (levels, 2), float32
        a*, b* of the paper at each step of lightness.
    """

    tint: NDArray[np.float32]

    @classmethod
    def of(cls, lab: NDArray[np.float32]) -> RealColor | None:
        """From a proxy (h, w, 3); None where there is none, or so much that the photo is one in colour."""
        light, chroma = lab[..., 0].ravel(), lab[..., 1:].reshape(-1, 2)
        level = _level(light)
        plain = np.median(chroma, axis=0)
        tint = np.array(
            [
                np.median(chroma[level == k], axis=0) if (level == k).sum() > 20 else plain
                for k in range(_LEVELS)
            ],
            np.float32,
        )
        # Where only the stamp has some lightness, the median there is its own colour: no paper is that strong.
        strong = np.hypot(*(tint - plain).T) > _REAL[0]
        found = cls(np.where(strong[:, None], plain, tint).astype(np.float32))
        share = float((found.share(lab) > 0.5).mean())
        return found if _LEAST_REAL < share < _MOST_REAL else None

    def share(self, lab: NDArray[np.float32]) -> NDArray[np.float32]:
        """How surely each pixel (..., 3) has a colour of its own, 0..1: what differs clearly from the paper's tint."""
        rest = lab[..., 1:] - self.tint[_level(lab[..., 0])]
        low, high = _REAL
        t = np.clip((np.hypot(rest[..., 0], rest[..., 1]) - low) / (high - low), 0, 1)
        return np.asarray(t * t * (3 - 2 * t), np.float32)


def _level(light: NDArray[np.float32]) -> NDArray[np.int64]:
    return np.clip((light * (_LEVELS / 100)).astype(np.int64), 0, _LEVELS - 1)
