"""The whole of a thing that is marked only in part.

Where the networks that outline things are installed, they are asked what points of the mark are on. Else what is marked
tells the colours of the thing, what lies far from it those of the rest; a cut through the pixels between them, along
edges, decides which are whose (Rother, Kolmogorov, Blake 2004, "GrabCut"). For people the segmenter is heard too. Where
the answer is no thing, as it runs out of sight or grows beyond reason, what was marked stays.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.guided import guide
from tinct.imaging.segment import predict
from tinct.imaging.things import Things, installed, spread
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["completed"]

Flags = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

_SIDE: Final = 384  # longer side of the proxy on which things are cut out
_SEEN: Final = 1024  # of that on which they are outlined
_AROUND: Final = 1.1  # times the longer side of what is marked: how far a thing may go on
_LEAST: Final = 24  # pixels that it may at least
_ROUNDS: Final = 5
_MOST: Final = 5.0  # times the marked area beyond which it is no thing that was marked
_OUT: Final = 0.25  # share of the window's rim inside the photo that a thing may reach
_FEWEST: Final = 16  # marked pixels of the proxy
_PERSON: Final = 0.5  # probability
_ON_PERSON: Final = (0.6, 0.2)  # share of what is marked that is a person, and of the person that is marked
_POINTS: Final = 8  # of a mark, that are asked about
# Of a mask that are carried on, the largest: of hundreds none is meant as a part of a thing
_PARTS: Final = 24
_COVERED: Final = 0.85  # share of the mark that its thing has, or it is another
_ALL: Final = 0.8  # share of the photo beyond which it is no thing but what is around
_MEANT: Final = 0.45  # share of the person that what was marked has: then it is not a garment


def completed(photo: Photo, weight: Bytes) -> Bytes:
    """Carry a mask on to the outlines of the things that its largest parts cover in part.

    Parameters
    ----------
    photo : Photo
    weight : ndarray, (H, W), uint8
        0 keeps, 255 replaces, as `tinct.imaging.fill.mask.removal` gives it.

    Returns
    -------
    ndarray, (H, W), uint8
        Nowhere less than `weight`.
    """
    rgb = np.clip(photo.proxy(_SIDE), 0, 1)
    size = (rgb.shape[0], rgb.shape[1])
    small = resize(weight.astype(np.float32), size) > 127
    joined = cv2.morphologyEx(small.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    _, parts, facts, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    largest = np.argsort(-facts[1:, cv2.CC_STAT_AREA], kind="stable")[:_PARTS] + 1
    people = predict(rgb) > _PERSON
    things = Things.of(photo.proxy(_SEEN) * np.float32(255)) if installed() else None
    found = np.zeros(size, bool)
    for number in largest:
        marked = np.asarray((parts == number) & small)
        found |= _whole(rgb, marked, people) if things is None else _outlined(things, marked, people)
    if not (found & ~small).any():
        return weight
    edge = guide(found.astype(np.float32), rgb, radius=2).full(photo.pixels)
    return np.maximum(weight, np.where(edge > 127, np.uint8(255), np.uint8(0)))


def _outlined(things: Things, marked: Flags, people: Flags) -> Flags:
    """The thing of which `marked` (h, w) is a part, by its outline; `marked` itself where that is not clear."""
    if marked.sum() < _FEWEST:
        return marked
    thing = _around(things, marked, marked)
    person = _person(marked, people)
    if (thing & person).sum() > _MEANT * max(person.sum(), 1):
        thing = _around(things, marked | person, marked)
    return thing


def _around(things: Things, area: Flags, marked: Flags) -> Flags:
    """The thing that an area (h, w) is on, with the area; the area alone where it is none, or too large for a mark."""
    deep = cv2.distanceTransform(np.pad(area, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(np.argmax(deep)), area.shape)
    first = (int(row), int(column))
    logits = things.at((area.shape[0], area.shape[1]), [first, *spread(area, [first], _POINTS - 1)]).thing
    thing = resize(logits, (area.shape[0], area.shape[1])) > 0
    other = (thing & area).sum() < _COVERED * area.sum()
    if other or thing.sum() > _MOST * marked.sum() or thing.mean() > _ALL:
        return area
    return np.asarray(thing | area)


def _whole(rgb: NDArray[np.float32], marked: Flags, people: Flags) -> Flags:
    """The thing of which `marked` (h, w) is a part; `marked` itself where that is not clear."""
    if marked.sum() < _FEWEST:
        return marked
    rows, columns = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    reach = max(_LEAST, round(_AROUND * max(np.ptp(rows), np.ptp(columns))))
    top, left = max(rows[0] - reach, 0), max(columns[0] - reach, 0)
    window = np.s_[top : rows[-1] + reach + 1, left : columns[-1] + reach + 1]
    inside, rim = marked[window], _rim(window, marked.shape)
    labels = np.full(inside.shape, cv2.GC_PR_BGD, np.uint8)
    labels[_person(marked, people)[window]] = cv2.GC_PR_FGD
    labels[rim] = cv2.GC_BGD
    labels[inside] = cv2.GC_FGD
    if not (labels != cv2.GC_FGD).any():
        return marked
    colors = np.rint(rgb[window] * 255).astype(np.uint8)
    lab = cv2.cvtColor(colors, cv2.COLOR_RGB2LAB)
    cv2.setRNGSeed(0)
    cv2.grabCut(
        lab, labels, (0, 0, 1, 1), np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS, cv2.GC_INIT_WITH_MASK
    )
    cut = np.isin(labels, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts = cv2.connectedComponents(cut, connectivity=4)
    thing = np.isin(parts, np.unique(parts[inside])) & (cut > 0)
    beside = cv2.dilate(rim.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if thing.sum() > _MOST * inside.sum() or (beside.any() and thing[beside].mean() > _OUT):
        return marked
    out = marked.copy()
    out[window] |= thing
    return out


def _rim(window: tuple[slice, slice], size: tuple[int, ...]) -> Flags:
    """The outermost pixels of a window, but for those where the photo itself ends."""
    rows, columns = window
    bottom, right = min(rows.stop, size[0]), min(columns.stop, size[1])
    rim = np.zeros((bottom - rows.start, right - columns.start), bool)
    rim[:1] |= rows.start > 0
    rim[-1:] |= bottom < size[0]
    rim[:, :1] |= columns.start > 0
    rim[:, -1:] |= right < size[1]
    return rim


def _person(marked: Flags, people: Flags) -> Flags:
    """Those people (h, w) who are marked in part."""
    on, of = _ON_PERSON
    _, parts = cv2.connectedComponents(people.astype(np.uint8), connectivity=8)
    out = np.zeros(marked.shape, bool)
    for number in np.unique(parts[marked & people]):
        one = parts == number
        both = (one & marked).sum()
        if both > on * marked.sum() and both > of * one.sum():
            out |= one
    return out
