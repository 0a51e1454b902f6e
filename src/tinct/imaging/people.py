"""People in a photo, so that effects can leave them as they are or cut them out.

Tinct's own segmenter finds people on a proxy (models/cards/person.md). Where it is unsure, the photo's own colours
decide: they are learned from the people it is sure of, never taken from a fixed range, so that every skin counts alike.
What it finds counts only with evidence: a face, a head, or that it is sure; so dogs, shoes and flowers are not people.
Faces that it missed are looked at again from near, and are people whatever it says. The matte is then fitted to the
photo's edges and read at full size strip by strip. This module decides for every effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging import heads
from tinct.imaging.guided import GuidedMask, guide, smoothstep
from tinct.imaging.heads import Evidence
from tinct.imaging.people_nearer import nearer
from tinct.imaging.segment import both, with_colors
from tinct.imaging.skin import skin_of
from tinct.photo.photo import Photo, Pixels

__all__ = ["SIDE", "Evidence", "Kept", "PersonMask", "Protect", "find_people"]

Array = NDArray[np.float32]
Protect = Literal["person", "skin"]
Region = tuple[NDArray[np.bool_], Evidence, int]
"""Where somebody is, (h, w); why that is a person; and how many faces were found there."""

SIDE = 512
"""Longer side, in pixels, of the proxy on which photos keep their people: larger ones find no more."""
_LEAST_CORE = 0.001  # of the photo; smaller finds are rather mistakes than people
_OUTLINED = 0.3  # of somebody; with less inside an outline the outline is of something else
_LEAST_PART = 0.08  # of the largest region's core; what is smaller beside people is rarely one,
_LEAST_SEEN = 0.015  # unless it is so much of the photo


@dataclass(frozen=True)
class Kept:
    """A person, or people who touch each other."""

    box: tuple[int, int, int, int]
    """Left, top, right, bottom in pixels of the photo; the last two lie outside."""
    evidence: Evidence
    """Why this is a person: a face, a head, or that the segmenter is sure."""
    faces: int
    """How many faces were found in it."""


@dataclass(frozen=True, eq=False, repr=False)
class PersonMask:
    """Where people are; see :class:`tinct.imaging.guided.GuidedMask` for how it is held."""

    guided: GuidedMask
    kept: tuple[Kept, ...] = ()
    """Who they are, from left to right."""

    def __repr__(self) -> str:
        return f"PersonMask({self.share:.1%} of the photo, {self.facts['count']} people)"

    @property
    def small(self) -> Array:
        """The matte at proxy size, (h, w) float32, 0..1."""
        return self.guided.small

    @property
    def share(self) -> float:
        """Of the photo, 0..1."""
        return float(self.small.mean())

    @property
    def facts(self) -> dict[str, Any]:
        """Share of the photo, how many people at least, and where, as plain data."""
        return {
            "share": round(self.share, 4),
            "count": sum(max(1, one.faces) for one in self.kept),
            "where": [{"box": list(one.box), "evidence": one.evidence} for one in self.kept],
        }

    def rows(self, pixels: Pixels, top: int, height: int) -> Array:
        """Matte (n, W) of the rows `pixels` (n, W, 3) that start at row `top` of `height`."""
        return self.guided.rows(pixels, top, height)

    def full(self, photo: Photo) -> NDArray[np.uint8]:
        """The matte at full size: (H, W) uint8, 255 on people."""
        return self.guided.full(photo.pixels)


def find_people(photo: Photo, protect: Protect = "person", *, side: int = SIDE) -> PersonMask | None:
    """Find people.

    Parameters
    ----------
    photo : Photo
    protect : str
        ``person``: all of them. ``skin``: their faces and bare skin, where a face tells the colour of it; people
        without a face as a whole.
    side : int
        Longer side of the proxy on which they are found.

    Returns
    -------
    PersonMask or None
        None when nobody is found.

    Notes
    -----
    Faces and heads count where their networks are installed (:func:`tinct.faces.find.installed`); else only what the
    segmenter is sure of does.
    """
    rgb = np.clip(photo.proxy(side), 0, 1)
    found = heads.look(photo)
    probability, outlines = both(rgb)
    seen = heads.with_faces(probability, photo, found.faces)
    matte, kept = _decided(
        _matte(seen, rgb), found, lambda region: heads.look_closer(photo, region, probability)
    )
    if not kept:
        return None
    outlines = np.maximum(nearer(outlines, photo), np.where(seen > probability, seen, np.float32(0)))
    matte, kept = _outlined(_matte(outlines, rgb), matte, kept)
    if protect == "skin":
        matte = skin_of(matte, rgb, found.faces, found.size)
    radius = max(2, max(rgb.shape[:2]) // (80 if protect == "person" else 160))
    return PersonMask(guide(matte, rgb, radius=radius), _placed(kept, photo, rgb))


def _matte(probability: Array, rgb: Array) -> Array:
    """The matte (h, w) that a probability (h, w) and the photo's colours give together."""
    return smoothstep(with_colors(probability, rgb), 0.2, 0.7)


def _outlined(outlines: Array, matte: Array, kept: list[Region]) -> tuple[Array, list[Region]]:
    """The outlines (h, w) of those who were kept in `matte` (h, w); and who they are now, as some turn out to touch.

    Whoever has no outline stays as in `matte`.
    """
    _, labels = cv2.connectedComponents((outlines > 0.1).astype(np.uint8), connectivity=8)
    regions, made = np.asarray(labels, np.int32), np.zeros_like(matte)
    now: list[Region] = []
    for region, evidence, faces in kept:
        core = region & (matte > 0.5)
        numbers = [number for number in np.unique(regions[core]) if number]
        if not numbers or (outlines[core] > 0.5).mean() < _OUTLINED:
            made = np.where(region, np.maximum(made, matte), made)
            now.append((region, evidence, faces))
            continue
        whole = np.isin(regions, numbers)
        made = np.where(whole, np.maximum(made, outlines), made)
        now.append((whole, evidence, faces))
    return made, _joined(now)


def _joined(kept: list[Region]) -> list[Region]:
    """Those who touch, together, with the best evidence of them."""
    apart: list[Region] = []
    for region, evidence, faces in kept:
        touching = [one for one in apart if (one[0] & region).any()]
        apart = [one for one in apart if not (one[0] & region).any()]
        both_of = [(region, evidence, faces), *touching]
        best = min((one[1] for one in both_of), key=("face", "head", "sure").index)
        apart.append((np.any([one[0] for one in both_of], axis=0), best, sum(one[2] for one in both_of)))
    return apart


def _decided(
    matte: Array,
    found: heads.Found,
    closer: Callable[[NDArray[np.bool_]], Evidence | None],
) -> tuple[Array, list[Region]]:
    """The matte of those regions for which something speaks; and each of them with its evidence and faces.

    `closer` is asked about those of some size that hold neither face nor head.
    """
    count, labels = cv2.connectedComponents((matte > 0.1).astype(np.uint8), connectivity=8)
    regions = np.asarray(labels, np.int32)
    faces, seen = (
        _in_regions(found.middles(kind, matte.shape), regions, count) for kind in ("faces", "heads")
    )
    core = np.bincount(regions[matte > 0.95], minlength=count)
    core[0] = 0
    least = min(_LEAST_PART * core.max(), _LEAST_SEEN * matte.size)
    large = core > max(_LEAST_CORE * matte.size, least)
    kept: list[Region] = []
    for number in range(1, count):
        evidence: Evidence | None = None
        if faces[number]:
            evidence = "face"
        elif large[number] and seen[number]:
            evidence = "head"
        elif large[number]:
            evidence = closer(regions == number)
        if evidence is not None:
            kept.append((regions == number, evidence, int(faces[number])))
    inside = np.zeros(matte.shape, bool)
    for region, _, _ in kept:
        inside |= region
    return np.where(inside, matte, np.float32(0)), kept


def _in_regions(
    middles: Sequence[tuple[int, int]], regions: NDArray[np.int32], count: int
) -> NDArray[np.int64]:
    """How many of the places (row, column) lie in each region."""
    return np.bincount([int(regions[place]) for place in middles], minlength=count)


def _placed(kept: Sequence[Region], photo: Photo, rgb: Array) -> tuple[Kept, ...]:
    step_y, step_x = photo.height / rgb.shape[0], photo.width / rgb.shape[1]
    placed = []
    for region, evidence, faces in kept:
        rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
        box = (
            int(columns[0] * step_x),
            int(rows[0] * step_y),
            min(photo.width, int(np.ceil((columns[-1] + 1) * step_x))),
            min(photo.height, int(np.ceil((rows[-1] + 1) * step_y))),
        )
        placed.append(Kept(box, evidence, faces))
    return tuple(sorted(placed, key=lambda one: one.box))
