"""How far colour correction trusts its two cues: ``python -m training.illuminant``, some ten minutes.

Training photos count as untinted. Each is seen as it is, and under random lights: daylights of 4000 to 9500 K, and
gains of green of up to a quarter of a stop either way; white keeps its luminance. The colorizer is asked once a photo,
for a light hardly changes lightness. From the cues of each view its tint is fitted by least absolute deviations; the
matrix is `_TRUST` of `tinct.effects.correct.illuminant`.
"""

from __future__ import annotations

import argparse
import itertools

import numpy as np
from numpy.typing import NDArray

from benchmarks.lighting import daylight_shift
from tinct.effects.correct.illuminant import cues
from tinct.imaging.likelihood import glance
from tinct.photo.color import linear_to_srgb, srgb_to_lab, srgb_to_linear
from tinct.photo.resize import shrink
from training.shards import photos

__all__ = ["main"]

Matrix = NDArray[np.float64]

_EVERY, _PASSES = 43, ((0, 504), (20, 512))  # of the photos; from which on, and how many of them
_LIGHTS = 4
_SIDE = 256
_FACES = ("utkface", "muxface")
_FEW = 0.2  # share of those that is taken
_COLORLESS = 2.0  # mean chroma
_LUMINANCE = np.array([0.2126729, 0.7151522, 0.0721750])


def views(most: int | None = None) -> tuple[Matrix, Matrix]:
    """Cues and 1 (n, 5), and the true warm and pink (n, 2), of at most so many photos a pass."""
    seen, true = [], []
    for number, (start, count) in enumerate(_PASSES):
        rng = np.random.default_rng(number)
        taken = 0
        for name, pixels in itertools.islice(photos(), start, None, _EVERY):
            if taken == min(count, most or count):
                break
            if name.startswith(_FACES) and rng.random() > _FEW:
                continue
            linear = srgb_to_linear(shrink(pixels, _SIDE).astype(np.float32) / np.float32(255))
            lab = srgb_to_lab(linear_to_srgb(linear))
            if np.hypot(lab[..., 1], lab[..., 2]).mean() < _COLORLESS:
                continue
            taken += 1
            expected = glance(np.ascontiguousarray(lab[..., 0]))
            for view in range(_LIGHTS):
                cast = _light(rng) if view else np.eye(3)
                tinted = linear @ (cast / (_LUMINANCE @ cast @ np.ones(3))).T.astype(np.float32)
                stored = np.rint(linear_to_srgb(np.clip(tinted, 0, 1)) * 255).astype(np.float32)
                found = cues(stored / np.float32(255), expected)
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
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, help="photos a pass; all by default")
    seen, true = views(parser.parse_args().most)
    matrix = fitted(seen, true)
    off = np.hypot(*(seen @ matrix.T - true).T)
    print(np.array2string(matrix, precision=3, separator=", "))
    print(f"{len(seen)} views; off by {np.median(off):.3f} (half of them), {off.mean():.3f} (mean)")


if __name__ == "__main__":
    main()
