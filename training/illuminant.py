"""How far colour correction trusts its two cues: ``python -m training.illuminant``, about five minutes.

Training photos count as untinted. Each is seen as it is, and under random lights: daylights of 4000 to 9500 K, and
gains of green of up to a quarter of a stop either way. From the cues of each view its tint is fitted by least
absolute deviations; the matrix is `_TRUST` of `tinct.effects.correct.illuminant`.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from benchmarks.lighting import daylight_shift
from tinct.effects.correct.illuminant import cues
from tinct.photo.color import linear_to_srgb, srgb_to_linear
from tinct.photo.resize import shrink
from training.shards import photos

__all__ = ["main"]

Matrix = NDArray[np.float64]

_EVERY, _PHOTOS, _LIGHTS = 41, 240, 4
_SIDE = 256


def views() -> tuple[Matrix, Matrix]:
    """Cues and 1 (n, 5), and the true warm and pink (n, 2)."""
    rng = np.random.default_rng(0)
    seen, true = [], []
    for _, pixels in itertools.islice(photos(), 0, _EVERY * _PHOTOS, _EVERY):
        linear = srgb_to_linear(shrink(pixels, _SIDE).astype(np.float32) / np.float32(255))
        for number in range(_LIGHTS):
            cast = _light(rng) if number else np.eye(3)
            tinted = linear @ cast.T.astype(np.float32)
            tinted = np.clip(tinted / max(float(tinted.max()), 1.0), 0, 1)
            found = cues(np.rint(linear_to_srgb(tinted) * 255).astype(np.float32) / np.float32(255))
            if found is not None:
                red, green, blue = np.log2(cast.sum(axis=1))
                seen.append([*found, 1.0])
                true.append([(red - blue) / 2, green - (red + blue) / 2])
    return np.array(seen), np.array(true)


def _light(rng: np.random.Generator) -> Matrix:
    kelvin = 1e6 / rng.uniform(1e6 / 9500, 1e6 / 4000)
    return np.asarray(np.diag([1, 2 ** rng.uniform(-0.25, 0.25), 1]) @ daylight_shift(kelvin))


def fitted(seen: Matrix, true: Matrix) -> Matrix:
    """The matrix (2, 5) of least absolute deviations, by reweighted least squares."""
    rows = []
    for goal in true.T:
        weight = np.ones(len(seen))
        for _ in range(20):
            row = np.linalg.solve((seen * weight[:, None]).T @ seen, (seen * weight[:, None]).T @ goal)
            weight = 1 / np.maximum(np.abs(seen @ row - goal), 0.02)
        rows.append(row)
    return np.array(rows)


def main() -> None:
    """Print the matrix and how far off it is on the photos it was fitted to."""
    seen, true = views()
    matrix = fitted(seen, true)
    off = np.hypot(*(seen @ matrix.T - true).T)
    print(np.array2string(matrix, precision=3, separator=", "))
    print(f"{len(seen)} views; off by {np.median(off):.3f} (half of them), {off.mean():.3f} (mean)")


if __name__ == "__main__":
    main()
