"""The cells of the colorizer's prediction, in which a hint is carried: what is known of each, and beside another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.imaging import salient
from tinct.imaging.conduction import Flow, conducted
from tinct.imaging.likelihood import ChromaDistribution
from tinct.imaging.mean_field import resized
from tinct.photo.color import lightness_to_srgb

__all__ = ["COLD", "Beside", "Cells", "near"]

Array = NDArray[np.float32]
Part = tuple[slice, slice]

COLD: Final = np.float32(1e-3)
"""Heat below which there is none."""
_CONDUCTS = (2.0, 0.26, 0.2)  # difference of L*, of looks, and of root probabilities at which flow falls
_LEAST = 3.2e-3  # of the flow between the most alike, through any edge
_OTHER, _SUDDEN = 0.6, 12.0  # of root probabilities: from there a thing is another, such as a face


@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """Each cell beside the surroundings of one: (h, w) each."""

    warm: Array
    """Logarithm of the heat that reaches it."""
    lighter: Array
    """Difference of L*."""
    like: Array
    """Cosine of looks."""
    looks: Array
    """Distance of looks."""
    roots: Array
    """Distance of root probabilities."""
    away: Array
    """Cells between."""


@dataclass(frozen=True, eq=False)
class Cells:
    """What is compared between cells, and how well neighbours conduct."""

    light: Array
    """(h, w) L*."""
    looks: Array
    """(h, w, c)."""
    roots: Array
    """(h, w, q) square roots of probabilities: their distance is that of Hellinger."""
    seen: Array
    """(h / 2, w / 2, c): looks as the encoder has them."""
    expected: Array
    """(h, w, 3) a*, b* and chroma that the network expects."""
    subject: Array
    """(h, w) probability of what stands out in the photo, which ends where the subject does."""
    flow: Flow

    @classmethod
    def of(cls, predicted: ChromaDistribution) -> Cells:
        """The cells of a prediction."""
        h, w = predicted.light.shape
        p = np.exp(predicted.logits - predicted.logits.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        roots = np.sqrt(p)
        expected = p @ np.column_stack([predicted.bins, np.hypot(*predicted.bins.T)])
        looks = resized(predicted.looks, (h, w))
        told = list(zip((predicted.light, looks, roots), _CONDUCTS, strict=True))
        subject = salient.predict(lightness_to_srgb(predicted.light))
        return cls(predicted.light, looks, roots, predicted.looks, expected, subject, conducted(told, _LEAST))

    def around(self, row: int, column: int) -> tuple[Array, Array, Array]:
        """What the surroundings of a cell are: L*, looks (c,), roots (q,)."""
        around = near(row, column)
        looks, roots = (x[around].reshape(-1, x.shape[2]) for x in (self.looks, self.roots))
        middle = np.asarray(np.median(self.light[around]), np.float32)
        return middle, np.median(looks, axis=0).astype(np.float32), roots.mean(axis=0, dtype=np.float32)

    def beside(self, heat: Array, at: tuple[int, int]) -> Beside:
        """What can be said of each cell beside the surroundings of one, of whose colour `heat` (h, w) reaches them."""
        light, looks, roots = self.around(*at)
        norm = np.linalg.norm(self.looks, axis=-1) * np.linalg.norm(looks)
        down, across = (axis.astype(np.float32) for axis in np.indices(heat.shape))
        return Beside(
            warm=np.log(np.maximum(heat, COLD)),
            lighter=self.light - light,
            like=self.looks @ looks / np.maximum(norm, np.float32(1e-6)),
            looks=np.linalg.norm(self.looks - looks, axis=-1),
            roots=np.linalg.norm(self.roots - roots, axis=-1),
            away=np.hypot(down - at[0], across - at[1]),
        )

    def alike(self, scales: tuple[float, float, float], row: int, column: int) -> Array:
        """How like the surroundings of one cell each is, (h, w), 0 to 1; differences in units of `scales`."""
        light, looks, roots = self.around(row, column)
        apart = (
            ((self.light - light) / np.float32(scales[0])) ** 2
            + ((self.looks - looks) ** 2).sum(axis=-1) / np.float32(scales[1] ** 2)
            + ((self.roots - roots) ** 2).sum(axis=-1) / np.float32(scales[2] ** 2)
        )
        return np.asarray(np.exp(-apart / 2), np.float32)

    def expected_as(self, row: int, column: int) -> Array:
        """1 where the network expects colours such as around one cell, 0 where it expects others: (h, w)."""
        apart = self.roots - self.around(row, column)[2]
        far = np.sqrt((apart * apart).sum(axis=-1)) / np.float32(_OTHER)
        return np.asarray(1 / (1 + far ** np.float32(_SUDDEN)), np.float32)


def near(row: int, column: int) -> Part:
    """A cell and those around it."""
    return np.s_[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
