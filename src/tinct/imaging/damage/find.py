"""Find damage: pixels are judged one by one and with all around them; what hangs together is a mark, kept or left.

The judges know the marks that are drawn on photos, and dismiss what else a network finds: creases and torn paper. So on
a worn print, one that is known for it or that has much of them, what a network finds goes that learned creases too.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.judges import CONTEXT, LOOKS, judged
from tinct.imaging.damage.marks import Marks, marks_of
from tinct.imaging.damage.pieces import pieces
from tinct.imaging.tone import tone_of
from tinct.models.runtime import session
from tinct.photo.color import srgb_to_lab

__all__ = [
    "NETWORKS",
    "believed",
    "found_in",
    "going",
    "heard",
    "is_worn",
    "seen_at",
    "seen_whole",
    "weighed",
]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

NETWORK, PRINTS, MARKS = "damage", "damage-prints", "damage-marks"
NETWORKS = (LOOKS, CONTEXT, NETWORK, PRINTS, MARKS)
"""Ids in the manifest of all that judge."""
BOUND, SURE = -1.75, 1.0
"""Log-odds from which a mark goes, and from which it is sure: there must be a sure one for any to go. Chosen by
``python -m training.damage.bounds`` on photos that taught nothing. What judges marks learned from many clean ones, and
is sure of few: hence the first is below nought."""
_TRUSTED = (-5.0, 9.0)  # log-odds beyond which the network is not
_MULTIPLE = 16  # of the sides that the network takes
_TILE, _MARGIN = 768, 112  # pixels that are judged at once, and around them; multiples of it
_SWAY = 4.0  # log-odds by which sensitivity moves what is asked for
_PRINT = 640  # pixels of the longer side at which the network looks at a print
# Log-odds of which it is sure, and the share of such pixels from which a print is worn
_SURE_ODDS, _MUCH = 2.0, 0.01
_GROWN, _SURER = 0.5, 3.0  # log-odds of the pixels of a mark on a worn print, and of its surest
_LEAST = 16  # pixels of a side of a photo in which damage can be told


def found_in(rgb: Array, sensitivity: float = 0.5, *, worn: bool | None = None) -> Flags:
    """Which pixels are damaged.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; longer side about 200 to 2000 pixels.
    sensitivity : float
        0 finds nothing, 1 all that might be.
    worn : bool, optional
        Whether the photo is a worn print, of which the network for prints is believed; None: see `is_worn`.

    Returns
    -------
    ndarray, (h, w), bool
    """
    if sensitivity == 0 or min(rgb.shape[:2]) < _LEAST:
        return np.zeros(rgb.shape[:2], np.bool_)
    more = (2 * sensitivity - 1) * _SWAY
    marks = marks_of(srgb_to_lab(rgb), *heard(rgb))
    found = marks.kept(going(weighed(marks), more=more))
    if worn is False:
        return found
    seen = seen_at(rgb, _PRINT)
    if worn or is_worn(rgb, seen):
        found |= believed(seen, more)
        if worn:
            found |= believed(seen_whole(rgb, PRINTS), more)
    return found


def is_worn(rgb: Array, seen: Array) -> bool:
    """Whether a photo (h, w, 3) is without colours, as old prints are, and the network (h, w) sure of much damage."""
    return bool((seen > _SURE_ODDS).mean() > _MUCH) and tone_of(srgb_to_lab(rgb)) != "color"


def believed(seen: Array, more: float = 0.0) -> Flags:
    """Pixels (h, w) that the network holds for damage, where they hang together with one of which it is surer."""
    count, of = cv2.connectedComponents((seen > _GROWN - more).astype(np.uint8), connectivity=8)
    surest = np.zeros(count, np.bool_)
    surest[np.unique(of[seen > _SURER - more])] = True
    surest[0] = False
    return np.asarray(surest[of])


def seen_at(rgb: Array, side: int) -> Array:
    """The log-odds (h, w) of the network for prints, of a photo looked at with its longer side at `side`.

    It learned from photos of that size: cracks of a print that is scanned finer are wider than any that it knows, and
    those of a smaller picture thinner.
    """
    height, width = rgb.shape[:2]
    scale = side / max(height, width)
    if scale == 1:
        return seen_whole(rgb, PRINTS)
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    size = max(round(width * scale), _LEAST), max(round(height * scale), _LEAST)
    copy = np.clip(cv2.resize(rgb, size, interpolation=way), 0, 1).astype(np.float32)
    way = cv2.INTER_LINEAR if scale < 1 else cv2.INTER_AREA
    return np.asarray(cv2.resize(seen_whole(copy, PRINTS), (width, height), interpolation=way), np.float32)


def going(odds: Array, bound: float = BOUND, more: float = 0.0) -> Flags:
    """Which marks (n,) of a photo go, by their log-odds; `more` is taken from what is asked for.

    Two thresholds, as of Canny 1986, "A computational approach to edge detection": doubtful marks go beside sure ones.
    """
    worn = (odds > SURE - more).any()
    return np.asarray((odds > bound - more) & worn)


def weighed(marks: Marks) -> Array:
    """Log-odds (n,) that marks are damage, by what each is, what is beside it and what else is in the photo.

    One thing in a photo that looks like a scratch may be a wire. Of a worn print, where there are many, and dust beside
    them, doubtful marks go too; from others only what is beyond doubt.
    """
    if not len(marks.features):
        return np.zeros(0, np.float32)
    sure = session(MARKS).apply(marks.features)[:, 0].astype(np.float64)
    sure = np.clip(sure, 1e-7, 1 - 1e-7)
    return np.asarray(np.log(sure / (1 - sure)), np.float32)


def heard(rgb: Array) -> tuple[Array, Array]:
    """Log-odds (h, w) of damage of sRGB (h, w, 3): the last word, and what the network alone says."""
    seen = seen_whole(rgb)
    return judged(srgb_to_lab(rgb), seen), seen


def seen_whole(rgb: Array, name: str = NETWORK) -> Array:
    """A network's log-odds (h, w), no surer than it is believed."""
    out = np.empty(rgb.shape[:2], np.float32)
    network = session(name)
    for inner, outer, within in pieces(rgb.shape[0], rgb.shape[1], _TILE, _MARGIN):
        seen = rgb[outer].transpose(2, 0, 1)  # (3, h, w)
        high, wide = seen.shape[1:]
        more = ((0, 0), (0, -high % _MULTIPLE), (0, -wide % _MULTIPLE))
        made = network.apply(np.ascontiguousarray(np.pad(seen, more, "reflect"))[None])
        out[inner] = made[0, 0][within]
    return np.clip(out, *_TRUSTED)
