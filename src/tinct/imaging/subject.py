"""The subject of a photo, as a matte at full size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.imaging.guided import GuidedMask, guide
from tinct.imaging.people import SIDE, find_people
from tinct.models import runtime, store
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["Matte", "Subject", "by_color", "find", "given"]

Array = NDArray[np.float32]
Subject = Literal["auto", "person", "any"]

_ANY: Final = 320  # longer side for the path without weights
_ISNET: Final = 1024
_LEAST: Final = 0.004  # share of the photo below which nothing was found
_MOST: Final = 0.985
_PEOPLE: Final = 0.01  # share of the photo from which people are the subject
_BORDER: Final = 0.04  # of the longer side: what is thought to be background
_ROUNDS: Final = 4


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
        if people is not None and (subject == "person" or people.small.mean() >= _PEOPLE):
            return _checked(_matte(photo, people.guided, "person", 1.0), subject)
        if subject == "person":
            raise ParameterError("subject", "person, but nobody was found", "any, or a mask of your own")
    if store.installed("isnet"):
        return _checked(_matte(photo, _isnet(rgb), "isnet", 1.0), subject)
    guided, unlike = by_color(rgb)
    return _checked(_matte(photo, guided, "classical", unlike), subject)


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


def by_color(rgb: Array) -> tuple[GuidedMask, float]:
    """Without weights: what is unlike the photo's border, made sharp by graph cuts.

    The border is taken for background, as in Wei et al. 2012 ("Geodesic saliency using background priors"); the start
    goes to GrabCut (Rother et al. 2004). Also returned: how unlike the two are, 0..1.
    """
    height, width = rgb.shape[:2]
    scale = min(1.0, _ANY / max(height, width))
    size = (max(8, round(height * scale)), max(8, round(width * scale)))
    small = resize(rgb, size)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float32)
    edge = max(1, round(max(size) * _BORDER))
    border = np.ones(size, bool)
    border[edge:-edge, edge:-edge] = False
    unlike = _distance(lab, lab[border])
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j]
    central = np.exp(-(x**2 + y**2) / 0.9).astype(np.float32)
    salient = np.asarray(cv2.GaussianBlur(unlike * central, (0, 0), max(size) / 80), np.float32)
    level = float(cv2.threshold(_levels(salient), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[0]) / 255
    share = salient / max(float(salient.max()), 1e-6)
    labels = np.where(share > level, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    labels[share > level + 0.6 * (1 - level)] = cv2.GC_FGD
    labels[border & (share < level)] = cv2.GC_BGD
    certain = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    if not certain.any() or certain.all():
        return guide(np.zeros((height, width), np.float32), rgb, 4), 0.0
    models = np.zeros((2, 1, 65))
    cv2.setRNGSeed(0)
    whole = (0, 0, size[1], size[0])  # not used: the labels say where to begin
    cv2.grabCut(_levels(small), labels, whole, models[0], models[1], _ROUNDS, cv2.GC_INIT_WITH_MASK)
    subject = (labels == cv2.GC_FGD) | (labels == cv2.GC_PR_FGD)
    apart = _apart(lab[subject], lab[~subject])
    mask = resize(subject.astype(np.float32), (height, width))
    return guide(mask, rgb, radius=max(2, max(height, width) // 80)), apart


def _distance(lab: Array, border: Array) -> Array:
    """How far each colour (h, w, 3) lies from the nearest of eight kinds of border."""
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
    cv2.setRNGSeed(0)
    count = min(8, len(border))
    _, _, kinds = cv2.kmeans(np.ascontiguousarray(border), count, None, criteria, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    far = [np.linalg.norm(lab - kind, axis=-1) for kind in kinds]
    return np.asarray(np.min(far, axis=0), np.float32)


def _levels(values: Array) -> NDArray[np.uint8]:
    return np.asarray(values / max(float(values.max()), 1e-6) * 255, np.uint8)


def _apart(one: Array, two: Array) -> float:
    """How unlike two sets of colours (n, 3) are: 1 less what their histograms share."""
    if not len(one) or not len(two):
        return 0.0
    shares = [
        np.histogramdd(part, bins=8, range=((0, 100), (-80, 80), (-80, 80)))[0] / len(part)
        for part in (one, two)
    ]
    return float(1 - np.minimum(shares[0], shares[1]).sum())
