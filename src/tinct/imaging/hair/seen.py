"""What is looked at to find hair: a small copy of a head, with all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.face import Face
from tinct.faces.points import BROWS, EYES, LIPS_RING, OVAL_RING
from tinct.faces.regions import Window
from tinct.imaging.hair.frame import Frame, around_head, frame_of
from tinct.imaging.segment import predict
from tinct.photo.color import profile_to_srgb, srgb_to_lab
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["SEEN", "Seen", "filled", "look"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

SEEN: Final = 400
"""Longer side in pixels of the copy on which hair is found."""


@dataclass(frozen=True, eq=False)
class Seen:
    """A head's part of a photo, at most `SEEN` pixels on its longer side."""

    window: Window
    """In pixels of the photo."""
    rgb: Array
    """(h, w, 3) sRGB, 0..1."""
    lab: Array
    """(h, w, 3) CIELAB."""
    points: NDArray[np.float64]
    """(478, 2) the face's mesh, in pixels of the copy."""
    frame: Frame
    u: Array
    v: Array
    """(h, w) places in the head's frame."""
    person: Array
    """(h, w) probability of a person, 0..1."""
    oval: Array
    """(h, w) the face's outline filled, 0..1."""
    scale: float
    """Pixels of the copy to one of the photo."""

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width."""
        return self.person.shape[0], self.person.shape[1]

    def place(self, point: int) -> NDArray[np.float64]:
        """u, v of a point of the mesh."""
        return self.frame.of(self.points[point])

    @property
    def features(self) -> Flags:
        """Eyes, brows and lips with a rim, (h, w)."""
        rings = [self.points[list(ring)] for ring in (*EYES, *BROWS, LIPS_RING)]
        return self.grown(filled(rings, self.shape) > 0.5, 0.03)

    @property
    def never(self) -> Flags:
        """Where hair is never looked for, (h, w): below the eyes, and eyes and brows themselves."""
        rings = [self.points[list(ring)] for ring in (*EYES, *BROWS)]
        eyes = self.grown(filled(rings, self.shape) > 0.5, 0.036) & (self.v > float(self.place(10)[1]) * 0.42)
        return np.asarray((self.shrunk(self.oval > 0.5, 0.025) & (self.v > 0.05)) | eyes)

    def grown(self, mask: Flags, share: float) -> Flags:
        """A mask widened by a share of the face's width."""
        side = 2 * max(1, round(self.frame.width * share)) + 1
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel) > 0)

    def shrunk(self, mask: Flags, share: float) -> Flags:
        """A mask narrowed by a share of the face's width."""
        return ~self.grown(~mask, share)


def look(photo: Photo, face: Face) -> Seen:
    """Look at a head of a photo."""
    part = around_head(face)
    rgb = np.clip(profile_to_srgb(np.ascontiguousarray(photo.pixels[part.slices]), photo.icc), 0, 1)
    scale = min(1.0, SEEN / max(rgb.shape[:2]))
    size = (max(16, round(rgb.shape[0] * scale)), max(16, round(rgb.shape[1] * scale)))
    small = resize(np.asarray(rgb, np.float32), size)
    steps = np.array([size[1] / rgb.shape[1], size[0] / rgb.shape[0]])
    points = (face.points[:, :2] - [part.left, part.top] + 0.5) * steps - 0.5
    frame = frame_of(points)
    u, v = frame.grid(size)
    oval = filled([points[OVAL_RING]], size)
    person = np.asarray(np.maximum(predict(small), 0.97 * oval), np.float32)
    return Seen(part, small, srgb_to_lab(small), points, frame, u, v, person, oval, size[1] / rgb.shape[1])


def filled(rings: list[NDArray[np.float64]], shape: tuple[int, int]) -> Array:
    """Polygons (n, 2) in pixels, filled: (h, w), 0..1."""
    out = np.zeros(shape, np.uint8)
    for ring in rings:
        cv2.fillPoly(out, [np.round(ring * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return np.asarray(out / 255, np.float32)
