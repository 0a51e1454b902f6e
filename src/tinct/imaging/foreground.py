"""The subject's own colours: at its edges a pixel is a mixture, and the old background must not come along.

Multi-level estimation after Germer et al. 2020, "Fast multi-level foreground estimation": from a few pixels up to a
proxy, foreground and background are the smoothest pair that mixes to the photo. At full size the proxy's answer is
corrected by what the photo itself says there (Forte 2021, "Approximate fast foreground colour estimation").
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.photo.resize import resize

__all__ = ["estimate", "foreground"]

Array = NDArray[np.float32]

_PROXY: Final = 720  # longer side
_ROUNDS: Final = (12, 3)  # on small levels, and on those above 64 pixels
_SMOOTH: Final = np.float32(5e-3)
_EDGES: Final = np.float32(1.0)  # how much more smoothness counts where the matte changes


def estimate(rgb: Array, alpha: Array) -> tuple[Array, Array]:
    """Foreground and background.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        0..1.
    alpha : ndarray, (h, w), float32
        0..1.

    Returns
    -------
    tuple of two ndarray, (h, w, 3), float32
        Of the proxy's size, 0..1.
    """
    longest = max(alpha.shape)
    scale = min(1.0, _PROXY / longest)
    sides = [max(1, round(side * scale)) for side in alpha.shape]
    levels = int(np.ceil(np.log2(max(*sides, 2))))
    front = np.zeros((1, 1, 3), np.float32) + rgb.mean(axis=(0, 1))
    back = front.copy()
    for level in range(levels + 1):
        size = tuple(max(1, round(side ** (level / levels))) for side in sides)
        image, share = resize(rgb, (size[0], size[1])), resize(alpha, (size[0], size[1]))
        front, back = resize(front, (size[0], size[1])), resize(back, (size[0], size[1]))
        for _ in range(_ROUNDS[0] if max(size) <= 64 else _ROUNDS[1]):
            front, back = _step(image, share[..., None], front, back)
    return front, back


def _step(image: Array, share: Array, front: Array, back: Array) -> tuple[Array, Array]:
    """One round: each pixel's pair is solved for with its neighbours held."""
    padded = np.pad(share, ((1, 1), (1, 1), (0, 0)), mode="edge")
    fronts, backs = (np.pad(x, ((1, 1), (1, 1), (0, 0)), mode="edge") for x in (front, back))
    weight, sum_f, sum_b = np.zeros_like(share), np.zeros_like(front), np.zeros_like(back)
    for rows, columns in ((slice(0, -2), slice(1, -1)), (slice(2, None), slice(1, -1)),
                          (slice(1, -1), slice(0, -2)), (slice(1, -1), slice(2, None))):  # fmt: skip
        w = _SMOOTH + _EDGES * np.abs(padded[rows, columns] - share)
        weight += w
        sum_f += w * fronts[rows, columns]
        sum_b += w * backs[rows, columns]
    rest = 1 - share
    a, b, d = share * share + weight, share * rest, rest * rest + weight
    f, g = share * image + sum_f, rest * image + sum_b
    scale = 1 / (a * d - b * b)
    return np.clip((d * f - b * g) * scale, 0, 1), np.clip((a * g - b * f) * scale, 0, 1)


def foreground(rows: Array, alpha: Array, front: Array, back: Array) -> Array:
    """The subject's colours of some rows at full size.

    Parameters
    ----------
    rows, front, back : ndarray, (n, W, 3), float32
        The photo, and the proxy's answer brought to its size.
    alpha : ndarray, (n, W, 1), float32
    """
    rest = 1 - alpha
    missed = rows - alpha * front - rest * back
    made = front + alpha * missed / (alpha * alpha + rest * rest)
    return np.asarray(np.clip(made, 0, 1), np.float32)
