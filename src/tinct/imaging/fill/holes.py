"""The holes of a mask, and the part of the photo that each is filled from."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.fill.scene import Flags

__all__ = ["Box", "Hole", "find"]

_MOST = 64  # holes filled one by one; more specks are taken together
_CONTEXT = 96  # pixels around a hole that are looked at, at least


@dataclass(frozen=True, order=True)
class Box:
    """A rectangle of pixels; `bottom` and `right` are the first outside."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def size(self) -> tuple[int, int]:
        """(height, width)."""
        return self.bottom - self.top, self.right - self.left

    @property
    def area(self) -> int:
        """In pixels."""
        return self.size[0] * self.size[1]

    def joined(self, other: Box) -> Box:
        """The smallest box around both."""
        return Box(
            min(self.top, other.top),
            min(self.left, other.left),
            max(self.bottom, other.bottom),
            max(self.right, other.right),
        )

    def widened(self, by: int, size: tuple[int, int]) -> Box:
        """Wider on each side, inside a photo of (height, width)."""
        return Box(
            max(self.top - by, 0),
            max(self.left - by, 0),
            min(self.bottom + by, size[0]),
            min(self.right + by, size[1]),
        )

    def within(self, outer: Box) -> Box:
        """The same box counted from the corner of `outer`."""
        return Box(
            self.top - outer.top,
            self.left - outer.left,
            self.bottom - outer.top,
            self.right - outer.left,
        )


@dataclass(frozen=True, eq=False)
class Hole:
    """Marked pixels that are filled together.

    Parameters
    ----------
    box : Box
        Around them.
    flags : ndarray, (h, w), bool
        Which pixels of `box` they are.
    window : Box
        The part of the photo to look at: `box` and as much again on each side.
    """

    box: Box
    flags: Flags
    window: Box


def find(marked: Flags) -> list[Hole]:
    """Holes of a mask (H, W), from top to bottom; those that see nearly the same surroundings are one."""
    size = marked.shape[0], marked.shape[1]
    number, labels = _clusters(marked)
    boxes = _boxes(labels, number)
    members = [[n] for n in range(1, number)]
    _join(boxes, members, size)
    owner = np.zeros(number, np.int32)
    for hole, group in enumerate(members, 1):
        owner[group] = hole
    holes = []
    for hole, box in enumerate(boxes, 1):
        flags = marked[box.slices] & (owner[labels[box.slices]] == hole)
        holes.append(Hole(box, flags, _window(box, size)))
    return sorted(holes, key=lambda h: h.box)


def _window(box: Box, size: tuple[int, int]) -> Box:
    return box.widened(max(_CONTEXT, *box.size), size)


def _clusters(marked: Flags) -> tuple[int, NDArray[np.int32]]:
    """Number the marked pixels by cluster from 1 on, 0 elsewhere; gives one more than there are clusters."""
    reach = 4
    plain = marked.astype(np.uint8)
    while True:
        near = cv2.dilate(plain, np.ones((2 * reach + 1,) * 2, np.uint8))
        number, labels = cv2.connectedComponents(near, connectivity=8, ltype=cv2.CV_32S)
        if number - 1 <= _MOST:
            return number, np.asarray(labels * plain, np.int32)
        reach *= 2


def _boxes(labels: NDArray[np.int32], number: int) -> list[Box]:
    rows, columns = np.nonzero(labels)
    of = labels[rows, columns]
    top, left = np.full(number, labels.shape[0]), np.full(number, labels.shape[1])
    bottom, right = np.zeros(number, int), np.zeros(number, int)
    np.minimum.at(top, of, rows)
    np.minimum.at(left, of, columns)
    np.maximum.at(bottom, of, rows + 1)
    np.maximum.at(right, of, columns + 1)
    return [Box(*map(int, edges)) for edges in zip(top, left, bottom, right, strict=True)][1:]


def _join(boxes: list[Box], members: list[list[int]], size: tuple[int, int]) -> None:
    """Join, in place, holes whose common window is hardly larger than their own two."""
    joined = True
    while joined:
        joined = False
        for i in range(len(boxes)):
            for j in range(len(boxes) - 1, i, -1):
                both = boxes[i].joined(boxes[j])
                apart = _window(boxes[i], size).area + _window(boxes[j], size).area
                if _window(both, size).area <= apart:
                    boxes[i] = both
                    members[i] += members.pop(j)
                    boxes.pop(j)
                    joined = True
