"""The thing that a point of a photo is on, by MobileSAM (Kirillov et al. 2023, "Segment anything"; Zhang et al. 2023).

An encoder looks at the photo once; a small decoder then answers any number of points. A point on a button may mean
the button, the coat or the person; more points, on the thing or beside it, tell which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.models import store
from tinct.models.runtime import session
from tinct.photo.color import lightness_to_srgb

__all__ = ["MODELS", "Cell", "Outlines", "Things", "installed", "spread", "things_of"]

Array = NDArray[np.float32]
Cell = tuple[int, int]
"""Row and column."""

MODELS: Final = ("sam-encoder", "sam-decoder")
_SIDE: Final = 1024  # of the square that the encoder sees, the photo at its upper left
_CELL: Final = 4  # pixels of that square to a cell of a mask
_MEAN: Final = np.array([123.675, 116.28, 103.53], np.float32)  # of ImageNet's levels
_DEVIATION: Final = np.array([58.395, 57.12, 57.375], np.float32)
_NOT, _ON, _END = 0, 1, -1  # what the decoder calls points
_ONE, _WHOLE = 0, 2  # of four masks: what is meant by several points, and the largest thing that one may mean

_WITHIN: Final = np.ones((5, 5), np.uint8)  # cells around one that is well within an area
_APART: Final = 8  # cells between points: nearer ones tell little


@dataclass(frozen=True, eq=False)
class Outlines:
    """What points may mean: logits, (h, w) each, above 0 inside; the longer side has 256 cells."""

    thing: Array
    """The likeliest."""
    most: Array
    """The largest."""


@dataclass(frozen=True, eq=False)
class Things:
    """A photo that points can be asked of."""

    embedding: Array
    """(1, 256, 64, 64)."""
    size: tuple[int, int]
    """Height and width of the masks."""

    @classmethod
    def of(cls, levels: Array) -> Things:
        """Look at a photo: RGB (h, w, 3) in 0..255.

        Raises
        ------
        MissingModelError
            The networks are not installed.
        """
        height, width = levels.shape[:2]
        scale = _SIDE / max(height, width)
        rows, columns = max(1, round(height * scale)), max(1, round(width * scale))
        seen = cv2.resize(levels, (columns, rows), interpolation=cv2.INTER_LINEAR)
        square = np.zeros((_SIDE, _SIDE, 3), np.float32)
        square[:rows, :columns] = (seen - _MEAN) / _DEVIATION
        embedding = session("sam-encoder").apply(np.ascontiguousarray(square.transpose(2, 0, 1)[None]))
        return cls(embedding, (-(-rows // _CELL), -(-columns // _CELL)))

    def at(self, grid: Cell, on: Sequence[Cell], beside: Sequence[Cell] = ()) -> Outlines:
        """The thing that some cells are on, and others are not.

        Parameters
        ----------
        grid : tuple of int
            Rows and columns of cells into which the photo is divided.
        on, beside : sequence of tuple of int
            Row and column of such cells; at least one is on the thing.
        """
        height, width = self.size
        middles = (np.array([*on, *beside], np.float32) + np.float32(0.5)) / np.array(grid, np.float32)
        places = middles[:, ::-1] * np.array([width, height], np.float32) * np.float32(_CELL)
        feeds = {
            "image_embeddings": self.embedding,
            "point_coords": np.vstack([places, np.zeros((1, 2), np.float32)])[None].astype(np.float32),
            "point_labels": np.array([[_ON] * len(on) + [_NOT] * len(beside) + [_END]], np.float32),
            "mask_input": np.zeros((1, 1, _SIDE // _CELL, _SIDE // _CELL), np.float32),
            "has_mask_input": np.zeros(1, np.float32),
            "orig_im_size": np.array(self.size, np.float32),
        }
        masks = session("sam-decoder").run(feeds)[-1][0, :, :height, :width]  # what the manifest names
        return Outlines(masks[_ONE], masks[_WHOLE])


def installed() -> bool:
    """Whether the networks are there."""
    return all(store.installed(name) for name in MODELS)


def things_of(light: Array) -> Things | None:
    """A photo without colour, L* (h, w), looked at; None where the networks are not installed."""
    if not installed():
        return None
    return Things.of(lightness_to_srgb(light) * np.float32(255))


def spread(where: NDArray[np.bool_], taken: Sequence[Cell], most: int) -> list[Cell]:
    """Up to `most` cells well within an area (h, w), each as far as it can be from those `taken` and before it."""
    rows, columns = np.nonzero(cv2.erode(where.astype(np.uint8), _WITHIN))
    found: list[Cell] = []
    while len(rows) and len(found) < most:
        away = np.min([np.hypot(rows - row, columns - column) for row, column in [*taken, *found]], axis=0)
        best = int(np.argmax(away))
        if away[best] < _APART:
            break
        found.append((int(rows[best]), int(columns[best])))
    return found
