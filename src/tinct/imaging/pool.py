"""Several photos seen as one, so that one map can be fitted to all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.imaging.sample import Sample
from tinct.photo.resize import fit_size, resize

__all__ = ["MOST", "pooled"]

Array = NDArray[np.float32]

MOST: Final = 100
"""Photos that are fitted together; each has about 100 pixels along its longer side then."""
_LEAST_SIDE: Final = 96
_BORDER: Final = 1  # pixels around each photo that repeat its edge, so that no neighbours are false
_GAP: Final = 6  # pixels between photos, striped: nothing smooth leads from one to the next


def pooled(samples: Sequence[Sample], side: int, field: str = "photo") -> Sample:
    """One sample of several photos, in which each counts alike, whatever its size.

    Parameters
    ----------
    samples : sequence of Sample
    side : int
        Longer side, in pixels, of the square on which they are laid out.
    field : str
        Name for the error.

    Raises
    ------
    ParameterError
        There are none, or more than `MOST`.
    """
    if not 1 <= len(samples) <= MOST:
        raise ParameterError(field, f"{len(samples)} photos", f"1 to {MOST} photos")
    if len(samples) == 1:
        return samples[0]
    columns = math.ceil(math.sqrt(len(samples)))
    cell = max(_LEAST_SIDE, side // columns)
    step = cell + 2 * _BORDER + _GAP
    whole = (math.ceil(len(samples) / columns) * step, columns * step)
    rgb = np.zeros((*whole, 3), np.float32)
    rgb[np.indices(whole).sum(axis=0) % 2 == 0] = 1
    weight = np.zeros(whole, np.float32)
    for number, sample in enumerate(samples):
        height, width = sample.rgb.shape[:2]
        size = fit_size(height, width, cell)
        top, left = (_BORDER + place * step for place in divmod(number, columns))
        around = np.pad(
            resize(sample.rgb, size), [(_BORDER, _BORDER), (_BORDER, _BORDER), (0, 0)], mode="edge"
        )
        rgb[top - _BORDER :, left - _BORDER :][: size[0] + 2 * _BORDER, : size[1] + 2 * _BORDER] = around
        shares = resize(sample.weights.reshape(sample.rgb.shape[:2]), size)
        weight[top : top + size[0], left : left + size[1]] = shares / shares.sum()
    return Sample(rgb, opacity=weight / weight.max())
