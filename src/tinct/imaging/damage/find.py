"""Find damage: pixels are judged one by one and by all around them; what hangs together and is sure enough is kept."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.judges import CONTEXT, LOOKS, probabilities
from tinct.imaging.damage.pieces import pieces
from tinct.models.runtime import session
from tinct.photo.color import srgb_to_lab

__all__ = ["NETWORKS", "Bounds", "Gate", "found_in", "kept", "odds_of"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

NETWORK = "damage"
NETWORKS = (LOOKS, CONTEXT, NETWORK)
"""Ids in the manifest of all that judge."""
_SPECK, _SURE_SPECK = 80, 4.0  # pixels that a speck has at most, and log-odds of its surest
_SURE = 0.0025  # probability beyond which the judges are not believed
_TRUSTED = (-5.0, 9.0)  # log-odds beyond which the network is not
_MULTIPLE = 16  # of the sides that the network takes
_TILE, _MARGIN = 768, 112  # pixels that are judged at once, and around them; multiples of it
_SWAY = 4.0  # log-odds by which sensitivity moves what is asked for
_LEAST = 16  # pixels of a side of a photo in which damage can be told


@dataclass(frozen=True)
class Bounds:
    """What a connected part must have, in log-odds."""

    grown: float
    """Each of its pixels."""
    seed: float
    """The surest of them."""
    total: float
    """All of them together."""


@dataclass(frozen=True)
class Gate:
    """How much must be certain in a photo for what is only likely to go.

    One thing in a photo that looks like a scratch may be a wire: from a photo that is not worn nothing goes. On a worn
    print there are many, and dust beside them; the more there is of one, the less is asked of the other.
    """

    certain: Bounds
    likely: Bounds
    """What goes from a worn print."""
    worn: float
    """Share of pixels that are certainly damaged, times specks in a quarter of a megapixel, from which a photo is."""


GATE = Gate(Bounds(1, 5, 40), Bounds(-2.5, 0.5, 4), 0.04)
"""Chosen by ``python -m training.damage.bounds`` on photos that taught nothing and are not reported."""
_SOME = (1e-4, 0.5)  # of both kinds is taken to be there, so that neither decides alone


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
    return kept(odds_of(rgb), GATE, (2 * sensitivity - 1) * _SWAY)


def kept(odds: Array, gate: Gate, more: float = 0.0) -> Flags:
    """Damage among pixels (h, w) of these log-odds; `more` is taken from what is asked for."""
    certain = _parts(odds, gate.certain, more).mean()
    if (certain + _SOME[0]) * (_specks(odds, more) + _SOME[1]) <= gate.worn:
        return np.zeros(odds.shape, np.bool_)
    return _parts(odds, gate.likely, more)


def _specks(odds: Array, more: float) -> float:
    """Connected parts that are small and surely damage, in a quarter of a megapixel."""
    number, labels, stats, _ = cv2.connectedComponentsWithStats(
        (odds > 1 - more).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    surest = np.full(number, -np.inf)
    at = np.flatnonzero(labels)
    np.maximum.at(surest, np.asarray(labels, np.int64).ravel()[at], odds.ravel()[at])
    small = (np.asarray(stats)[:, cv2.CC_STAT_AREA] < _SPECK) & (surest > _SURE_SPECK - more)
    return float(small[1:].sum() * 250_000 / odds.size)


def _parts(odds: Array, bounds: Bounds, more: float) -> Flags:
    """Connected parts (h, w) that are sure enough."""
    number, labels = cv2.connectedComponents(
        (odds > bounds.grown - more).astype(np.uint8), connectivity=8, ltype=cv2.CV_32S
    )
    parts = np.asarray(labels)
    inside = np.flatnonzero(parts)
    of, odd = np.asarray(parts.ravel()[inside], np.int64), odds.ravel()[inside]
    total = np.bincount(of, np.maximum(odd, 0), number)
    surest = np.full(number, -np.inf)
    np.maximum.at(surest, of, odd)
    enough = (total >= bounds.total) & (surest >= bounds.seed - more)
    enough[0] = False
    return np.asarray(enough[parts])


def odds_of(rgb: Array) -> Array:
    """Log-odds (h, w) that each pixel is damaged, of sRGB (h, w, 3): what judges and network say, added."""
    judged, seen = heard(rgb)
    return judged + seen


def heard(rgb: Array) -> tuple[Array, Array]:
    """Log-odds (h, w) of the judges of single pixels and of the network, each no surer than it is believed."""
    return odds_of_judges(probabilities(srgb_to_lab(rgb))), np.clip(_seen_whole(rgb), *_TRUSTED)


def odds_of_judges(probability: Array) -> Array:
    """Log-odds (h, w) of damage, bright or dark, from probabilities (2, h, w)."""
    judged = np.clip(probability.max(axis=0), _SURE, 1 - _SURE)
    return np.asarray(np.log(judged / (1 - judged)), np.float32)


def _seen_whole(rgb: Array) -> Array:
    """The network's log-odds (h, w), unbounded."""
    out = np.empty(rgb.shape[:2], np.float32)
    network = session(NETWORK)
    for inner, outer, within in pieces(rgb.shape[0], rgb.shape[1], _TILE, _MARGIN):
        seen = rgb[outer].transpose(2, 0, 1)  # (3, h, w)
        high, wide = seen.shape[1:]
        more = ((0, 0), (0, -high % _MULTIPLE), (0, -wide % _MULTIPLE))
        made = network.apply(np.ascontiguousarray(np.pad(seen, more, "reflect"))[None])
        out[inner] = made[0, 0][within]
    return out
