"""Show where faces are: numbered boxes on a copy of the photo."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from tinct.faces.face import Face
from tinct.photo.photo import Photo

__all__ = ["boxed"]

_COLOR = (1.0, 0.85, 0.1)  # of the full range, red green blue
_THICK = 1 / 400  # of the photo's longer side


def boxed(photo: Photo, faces: Sequence[Face]) -> Photo:
    """The photo with a box around each face, numbered from 0 in the order of `faces`."""
    pixels = photo.pixels.copy()
    full = float(np.iinfo(pixels.dtype).max)
    color, dark = tuple(share * full for share in _COLOR), (0.0, 0.0, 0.0)
    thick = max(1, round(max(photo.width, photo.height) * _THICK))
    for number, face in enumerate(faces):
        left, top, right, bottom = face.box
        cv2.rectangle(pixels, (left, top), (right - 1, bottom - 1), color, thick)
        scale = 0.6 * thick**0.7
        (wide, high), below = cv2.getTextSize(str(number), cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
        base = max(top - thick, high + below)
        cv2.rectangle(pixels, (left, base - high - below), (left + wide + thick, base), color, cv2.FILLED)
        cv2.putText(
            pixels,
            str(number),
            (left, base - below // 2),
            cv2.FONT_HERSHEY_SIMPLEX,
            scale,
            dark,
            thick,
            cv2.LINE_AA,
        )
    return photo.with_pixels(pixels)
