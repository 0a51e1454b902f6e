"""Find damage: pixels are judged one by one and with all around them; what hangs together is a mark, kept or left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.judges import CONTEXT, LOOKS, judged
from tinct.imaging.damage.marks import Marks, marks_of
from tinct.imaging.damage.pieces import pieces
from tinct.models.runtime import session
from tinct.photo.color import srgb_to_lab

__all__ = ["NETWORKS", "found_in", "going", "heard", "seen_whole", "weighed"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

NETWORK, MARKS = "damage", "damage-marks"
NETWORKS = (LOOKS, CONTEXT, NETWORK, MARKS)
"""Ids in the manifest of all that judge."""
BOUND, SURE, WORN = -1.75, 0.0, 2
"""Log-odds from which a mark goes, and from which it is sure: there must be so many sure ones for any to go. Chosen by
``python -m training.damage.bounds`` on photos that taught nothing."""
_TRUSTED = (-5.0, 9.0)  # log-odds beyond which the network is not
_MULTIPLE = 16  # of the sides that the network takes
_TILE, _MARGIN = 768, 112  # pixels that are judged at once, and around them; multiples of it
_SWAY = 4.0  # log-odds by which sensitivity moves what is asked for
_LEAST = 16  # pixels of a side of a photo in which damage can be told


def found_in(rgb: Array, sensitivity: float = 0.5) -> Flags:
    """Which pixels are damaged.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; longer side about 400 to 2000 pixels.
    sensitivity : float
        0 finds nothing, 1 all that might be.

    Returns
    -------
    ndarray, (h, w), bool
    """
    if sensitivity == 0 or min(rgb.shape[:2]) < _LEAST:
        return np.zeros(rgb.shape[:2], np.bool_)
    marks = marks_of(*heard(rgb))
    return marks.kept(going(weighed(marks), more=(2 * sensitivity - 1) * _SWAY))


def going(odds: Array, bound: float = BOUND, more: float = 0.0) -> Flags:
    """Which marks (n,) of a photo go, by their log-odds; `more` is taken from what is asked for.

    Two thresholds, as of Canny 1986, "A computational approach to edge detection": doubtful marks go beside sure ones.
    """
    worn = (odds > SURE - more).sum() >= WORN
    return np.asarray((odds > bound - more) & worn)


def weighed(marks: Marks) -> Array:
    """Log-odds (n,) that marks are damage, by what each is and by what else is in the photo.

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


def seen_whole(rgb: Array) -> Array:
    """The network's log-odds (h, w), no surer than it is believed."""
    out = np.empty(rgb.shape[:2], np.float32)
    network = session(NETWORK)
    for inner, outer, within in pieces(rgb.shape[0], rgb.shape[1], _TILE, _MARGIN):
        seen = rgb[outer].transpose(2, 0, 1)  # (3, h, w)
        high, wide = seen.shape[1:]
        more = ((0, 0), (0, -high % _MULTIPLE), (0, -wide % _MULTIPLE))
        made = network.apply(np.ascontiguousarray(np.pad(seen, more, "reflect"))[None])
        out[inner] = made[0, 0][within]
    return np.clip(out, *_TRUSTED)
