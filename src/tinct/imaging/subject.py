"""The subject of a photo, as a matte at full size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.imaging import salient
from tinct.imaging.guided import GuidedMask, guide, smoothstep
from tinct.imaging.people import SIDE, find_people
from tinct.models import runtime, store
from tinct.photo.photo import Photo
from tinct.photo.resize import fit_size, resize

__all__ = ["Matte", "Subject", "find", "given"]

Array = NDArray[np.float32]
Subject = Literal["auto", "person", "any"]

_ANY: Final = 320  # longer side at which colours are told apart
_LIKELY: Final = (0.3, 0.7)  # probabilities between which the matte goes from 0 to 1
_ISNET: Final = 1024
_LEAST: Final = 0.004  # share of the photo below which nothing was found
_MOST: Final = 0.985
_PEOPLE: Final = 0.01  # share of the photo from which people are the subject
_SMALL: Final = 0.05  # share below which they may be a picture on a thing, as on a cover or a shirt
_LARGER: Final = 3.0  # times that such a thing covers
_WITHIN: Final = 0.9  # of the people lies on it
_TRUSTED: Final = 0.7  # confidence that there is such a thing


@dataclass(frozen=True, eq=False)
class Matte:
    """Where the subject is."""

    alpha: NDArray[np.uint8]
    """(H, W), 255 on the subject."""
    engine: str
    """``person``, ``isnet``, ``subject`` or ``mask``: who found it."""
    confidence: float
    """0..1: for ``subject`` how much of it is expected to be right, as intersection over union; for ``person`` and
    ``isnet`` the share of the matte that is decided."""

    @property
    def coverage(self) -> float:
        """Share of the photo."""
        return float(self.alpha.mean() / 255)


def given(photo: Photo, mask: Photo) -> Matte:
    """A matte that the caller made: grey, white on the subject, of the photo's size.

    Raises
    ------
    ParameterError
        It has another size, or is black or white throughout.
    """
    if (mask.width, mask.height) != (photo.width, photo.height):
        wanted = f"{photo.width}x{photo.height}, the size of the photo; scale the mask to it"
        raise ParameterError("mask", f"{mask.width}x{mask.height}", wanted)
    green = mask.pixels[..., 1]
    alpha = np.asarray(green if mask.depth == 8 else green >> 8, np.uint8)
    if not alpha.any() or alpha.min() == 255:
        found = "nothing but white" if alpha.any() else "nothing but black"
        raise ParameterError("mask", found, "white on the subject and black on the background")
    return Matte(alpha, "mask", 1.0)


def find(photo: Photo, subject: Subject) -> Matte:
    """Find the subject.

    Raises
    ------
    ParameterError
        Nothing was found.
    """
    rgb = np.clip(photo.proxy(SIDE), 0, 1)
    if subject in ("auto", "person"):
        people = find_people(photo)
        if people is not None and (subject == "person" or people.share >= _PEOPLE):
            found = _matte(photo, people.guided, "person", 1.0)
            if subject == "auto" and people.share < _SMALL:
                thing = _anything(photo, rgb)
                found = thing if _bears(thing, found) else found
            return _checked(found, subject)
        if subject == "person":
            raise ParameterError("subject", "person, but nobody was found", "any, or a mask of your own")
    return _checked(_anything(photo, rgb), subject)


def _anything(photo: Photo, rgb: Array) -> Matte:
    """Whatever stands out, by ISNet where it is installed."""
    return _matte(photo, _isnet(rgb), "isnet", 1.0) if store.installed("isnet") else _salient(photo, rgb)


def _bears(thing: Matte, people: Matte) -> bool:
    """Whether people are a small picture on a thing that stands out: a book, a shirt, a stocking."""
    within = float(np.minimum(thing.alpha, people.alpha).mean() / 255) >= _WITHIN * people.coverage
    return thing.confidence >= _TRUSTED and thing.coverage >= _LARGER * people.coverage and within


def _salient(photo: Photo, rgb: Array) -> Matte:
    """By Tinct's own network, which also tells how much of it is expected to be right."""
    size = fit_size(rgb.shape[0], rgb.shape[1], _ANY)
    small = resize(rgb, size)
    probability = salient.predict(small)
    likely = smoothstep(salient.outlined(small, probability), *_LIKELY)
    expected = salient.expected_overlap(probability, likely)
    if expected < salient.WORTH:
        likely = np.zeros_like(likely)
    mask = resize(likely, (rgb.shape[0], rgb.shape[1]))
    guided = guide(mask, rgb, radius=max(2, max(rgb.shape[:2]) // 100))
    return Matte(guided.full(photo.pixels), "subject", round(expected, 3))


def _matte(photo: Photo, guided: GuidedMask, engine: str, trust: float) -> Matte:
    alpha = guided.full(photo.pixels)
    decided = float(np.abs(guided.small - 0.5).mean() * 2)
    return Matte(alpha, engine, round(decided * trust, 3))


def _checked(matte: Matte, subject: Subject) -> Matte:
    if not _LEAST <= matte.coverage <= _MOST:
        found = f"{subject}, which covers {matte.coverage:.1%} of the photo"
        raise ParameterError("subject", found, "a photo whose subject stands out, or a mask of your own")
    return matte


def _isnet(rgb: Array) -> GuidedMask:
    """ISNet (Qin et al. 2022, "Highly accurate dichotomous image segmentation")."""
    seen = (resize(rgb, (_ISNET, _ISNET)) * 255 - 128) / np.float32(256)
    made = runtime.session("isnet").apply(np.ascontiguousarray(seen.transpose(2, 0, 1)[None]))[0, 0]
    small = resize(np.clip(np.asarray(made, np.float32), 0, 1), (rgb.shape[0], rgb.shape[1]))
    return guide(small, rgb, radius=max(2, max(rgb.shape[:2]) // 100))
