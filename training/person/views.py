"""Views to learn from: photos scaled, turned, relit, and with cut objects laid before people, which are not theirs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.person.label import PLAIN

__all__ = ["VIEW", "Labels", "Views", "load", "recolored"]

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

VIEW: Final = 192
"""Pixels of a square view."""
_SIZES: Final = (150.0, 420.0)
"""Longer side of the photo from which a view is taken, in pixels: from people as a part to parts of people."""
_PEOPLE: Final = 0.6
"""Of the views, how many hold people."""
_LAID: Final = 0.2
"""Of those, how many have an object laid into them."""


@dataclass(frozen=True, eq=False)
class Labels:
    """Photos in the corner of a canvas, as :mod:`training.person.label` writes them."""

    photos: Image
    """(n, CANVAS, CANVAS, 3)."""
    mattes: Image
    """(n, CANVAS, CANVAS)."""
    learned: Image
    """(n, CANVAS, CANVAS), 0 where nothing is learned from."""
    sizes: NDArray[np.int64]
    """(n, 2): height and width of what is used."""

    @property
    def people(self) -> NDArray[np.intp]:
        """Numbers of the photos with people."""
        return np.flatnonzero(self.mattes.any(axis=(1, 2)))

    @property
    def empty(self) -> NDArray[np.intp]:
        """Numbers of the photos without."""
        return np.flatnonzero(~self.mattes.any(axis=(1, 2)))


def load(work: Path) -> Labels:
    """All that was labelled so far.

    Photos of dogs, clothes and the like on which both teachers see people are left out: there they err together.
    """
    found: dict[str, list[NDArray[np.uint8]]] = {}
    for path in sorted(work.glob("part-*-[0-9][0-9][0-9].npz")):
        with np.load(path) as file:
            plain = np.array([str(key).rsplit("_", 1)[0] in PLAIN for key in file["keys"]])
            take = ~(plain & file["mattes"].any(axis=(1, 2)))
            for name in ("photos", "mattes", "learned", "sizes"):
                found.setdefault(name, []).append(file[name][take])
    return Labels(**{name: np.concatenate(arrays) for name, arrays in found.items()})  # type: ignore[arg-type]


class Views:
    """Draws views.

    Parameters
    ----------
    labels : Labels
    objects : ndarray, (n, h, w, 4), uint8, or None
        Cut objects with alpha, in a corner.
    seed : int
    """

    def __init__(self, labels: Labels, objects: Image | None, seed: int) -> None:
        self._labels, self._objects = labels, objects
        self._people, self._empty = labels.people, labels.empty
        self._rng = np.random.default_rng(seed)

    def view(self) -> tuple[Array, Array, Array]:
        """RGB (VIEW, VIEW, 3), matte and what is learned from (VIEW, VIEW), 0..1."""
        rng = self._rng
        with_people = rng.random() < _PEOPLE
        number = int(rng.choice(self._people if with_people else self._empty))
        height, width = self._labels.sizes[number]
        held = [
            array[number, :height, :width]
            for array in (self._labels.photos, self._labels.mattes, self._labels.learned)
        ]
        turn = self._turn(int(height), int(width))
        rgb, matte, learned = (_warped(one, turn) for one in held)
        if with_people and self._objects is not None and rng.random() < _LAID:
            rgb, alpha = self._laid(rgb)
            matte = matte * (1 - alpha)
        return recolored(rgb, rng), matte, (learned > 0.5).astype(np.float32)

    def _turn(self, height: int, width: int) -> Array:
        """From the photo to the view, (2, 3)."""
        rng = self._rng
        size = float(np.exp(rng.uniform(*np.log(_SIZES))))
        scale = size / max(height, width)
        middle = np.array([width, height]) / 2
        slack = np.maximum(np.array([width, height]) * scale - VIEW, 0) / 2
        turn = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), float(rng.normal(0, 7)), scale)
        if rng.random() < 0.35:  # another aspect, as of photos that were squashed
            turn[int(rng.integers(2))] *= np.exp(rng.normal(0, 0.15))
        turn[:, 2] += VIEW / 2 - turn[:, :2] @ middle - turn[:, 2] + rng.uniform(-slack, slack)
        if rng.random() < 0.5:
            turn = turn @ np.array([[-1, 0, width - 1], [0, 1, 0], [0, 0, 1]])
        return np.asarray(turn, np.float32)

    def _laid(self, rgb: Array) -> tuple[Array, Array]:
        """An object laid somewhere before the photo, and its alpha (VIEW, VIEW)."""
        rng, objects = self._rng, self._objects
        assert objects is not None
        cut = objects[rng.integers(len(objects))]
        used = np.argwhere(cut[..., 3] > 0)
        low, high = used.min(axis=0), used.max(axis=0) + 1
        cut = cut[low[0] : high[0], low[1] : high[1]]
        scale = VIEW * float(rng.uniform(0.2, 0.5)) / max(cut.shape[:2])
        middle = (cut.shape[1] / 2, cut.shape[0] / 2)
        turn = cv2.getRotationMatrix2D(middle, float(rng.normal(0, 25)), scale)
        turn[:, 2] += rng.uniform(0.1 * VIEW, 0.9 * VIEW, 2) - middle
        flags, size = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR, (VIEW, VIEW)
        placed = cv2.warpAffine(cut, turn, size, flags=flags).astype(np.float32) / 255
        alpha = placed[..., 3]
        return rgb + alpha[..., None] * (placed[..., :3] - rgb), alpha


def _warped(one: Image, turn: Array) -> Array:
    mode = cv2.BORDER_REFLECT_101
    made = cv2.warpAffine(one, turn, (VIEW, VIEW), flags=cv2.INTER_LINEAR, borderMode=mode)
    return np.asarray(made.astype(np.float32) / 255, np.float32)


def recolored(x: Array, rng: np.random.Generator) -> Array:
    """Other light, other skin tones, other cameras; sometimes grey or sepia."""
    x = np.clip(x, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.3)))
    x = (x - 0.5) * np.float32(np.exp(rng.normal(0, 0.2))) + 0.5 + np.float32(rng.normal(0, 0.05))
    kind = rng.random()
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    if kind < 0.12:
        x = np.repeat(grey[..., None], 3, axis=2)
        if kind < 0.04:
            x = x * np.array([1.1, 0.95, 0.75], np.float32)
    else:
        x = grey[..., None] + (x - grey[..., None]) * np.float32(np.exp(rng.normal(0, 0.3)))
        x = x * np.exp(rng.normal(0, 0.08, 3)).astype(np.float32)
    if rng.random() < 0.15:
        x = cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.0)))
    if rng.random() < 0.25:
        blurred = cv2.GaussianBlur(x, (0, 0), 1.0)
        x = x + float(rng.uniform(0.3, 1.2)) * (x - blurred)  # the photos are small; others are sharper
    if rng.random() < 0.2:
        x = x + rng.normal(0, 0.03, x.shape).astype(np.float32)
    return np.clip(x, 0, 1).astype(np.float32)
