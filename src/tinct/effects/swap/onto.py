"""One face onto one head."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.swap.beard import beard
from tinct.effects.swap.blend import joined, relit
from tinct.effects.swap.lit import lit, lit_unlike
from tinct.effects.swap.shape import eye_opening, mouth_opening, placed, smile
from tinct.errors import EyeCoveredError, FaceCoveredError, FacesUnlikeError
from tinct.faces.covered import covered, share_around, share_of
from tinct.faces.face import Face
from tinct.faces.find import check
from tinct.faces.flat import SIDE, flat_points, flattened, spread, warped
from tinct.faces.lips import opening
from tinct.faces.points import EYES, LIPS_RING, OVAL_RING, UPPER_LIDS
from tinct.faces.regions import region, window
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo
from tinct.photo.transfer import srgb_to_linear

__all__ = ["Given", "given", "put", "refuse_unlike"]

Array = NDArray[np.float32]

_LEAST: Final = 48.0  # width in pixels
_YAW, _PITCH = 45.0, 40.0  # degrees, of either face
_TURN: Final = 16.0  # degrees by which both may differ, sideways and up or down together
_COVERED: Final = 0.6
_FINGER: Final = (
    0.15  # share of the lips: the finger goes on over skin of its own colour, where it cannot be told
)
_AROUND: Final = (
    21  # pixels of the flattened face: twice how far an eye that is put in reaches beyond its lids
)
_SHUT: Final = 0.05  # opening of a mouth, of its width, up to which it counts as closed
_LAUGH: Final = 0.1  # by how much wider the reference's may be open
_LIDS: Final = 0.1  # difference of the eyes' openings, of their width: beyond it open eyes lie over creases
_SMILE: Final = (
    0.16  # difference of the mouths' widths, of the distance of the eyes: cheeks of a laugh, or of none
)
_BEARD, _SHAVEN = 1.4, 0.7
"""Darkness around a mouth from which on it counts as a beard, and by how much that exceeds a shaven face's."""
_LIT: Final = 1.0  # difference of the logarithm of light, see `lit_unlike`
_DARK: Final = 0.004  # linear light added before logarithms
_ENLARGED: Final = 2.0  # times a face may be enlarged


@dataclass(frozen=True, eq=False)
class Given:
    """A face to be put on heads, or the one of a head."""

    face: Face
    rgb: Array
    """The part of the photo that holds it, sRGB 0..1."""
    points: NDArray[np.float64]
    """The mesh in its pixels."""
    hidden: Array
    """On the flattened face; see :func:`tinct.faces.covered.covered`."""
    beard: float = 0.0
    """See :func:`tinct.effects.swap.beard.beard`."""
    light: Array = field(default_factory=lambda: np.zeros((1, 1, 2), np.float32))
    """See :func:`tinct.effects.swap.lit.lit`."""


def given(photo: Photo, face: Face, *, force: bool) -> Given:
    """A face and what is known of it.

    Raises
    ------
    SmallFaceError, FaceAngleError, EyeCoveredError, FaceCoveredError
        It does not suit; with `force` only what is too small is refused.
    """
    if force:
        check(face, least=_LEAST / 2)
    else:
        check(face, least=_LEAST, yaw=_YAW, pitch=_PITCH, inside=0.8)
    part = window(face, 0.25)
    rgb = np.clip(profile_to_srgb(np.ascontiguousarray(photo.pixels[part.slices]), photo.icc), 0, 1)
    points = face.points - [part.left, part.top, 0]
    flat = flattened(rgb, points)
    hidden = covered(flat)
    if not force:
        if max(share_around(hidden, ring) for ring in EYES) > _COVERED:
            raise EyeCoveredError(
                "hair, glasses, a hand or deep shade hide an eye; use a photo that shows both, or force it"
            )
        if share_around(hidden, LIPS_RING) > _COVERED or share_of(hidden, LIPS_RING) > _FINGER:
            raise FaceCoveredError(
                "a hand, a beard or something else hides the mouth; use a photo that shows the lips, or force it"
            )
    return Given(face, rgb, points, _with_whole_eyes(hidden), beard(flat), lit(flat, hidden))


def refuse_unlike(source: Given, target: Given) -> None:
    """Refuse two faces of which one cannot take the other's place.

    Raises
    ------
    FacesUnlikeError
        Says what differs, by how much, and what is allowed.
    """
    one, two = source.face, target.face
    turns = (one.pose.yaw - two.pose.yaw, one.pose.pitch - two.pose.pitch)
    away = float(np.hypot(*turns))
    if away > _TURN:
        name = "sideways" if abs(turns[0]) >= abs(turns[1]) else "up or down"
        raise FacesUnlikeError(
            f"the faces are turned {name} differently, by {away:.0f} degrees in all; at most {_TURN:.0f} are allowed: "
            "use a reference that looks the same way, or force it"
        )
    if mouth_opening(one.points) - mouth_opening(two.points) > _LAUGH:
        raise FacesUnlikeError(
            "the reference's mouth is open much wider than the photo's; use one with the same expression, or force it"
        )
    if abs(eye_opening(one.points) - eye_opening(two.points)) > _LIDS:
        raise FacesUnlikeError(
            "the eyes of one face are open much wider than those of the other; use a reference with the same "
            "expression, or force it"
        )
    if abs(smile(one.points) - smile(two.points)) > _SMILE:
        raise FacesUnlikeError(
            "one face laughs and the other does not; use a reference with the same expression, or force it"
        )
    if source.beard > _BEARD and source.beard - target.beard > _SHAVEN:
        raise FacesUnlikeError(
            "the reference is dark around the mouth, as under a beard, and the photo is not; use a reference without a "
            "beard, or force it"
        )
    if lit_unlike(source.light, target.light) > _LIT:
        raise FacesUnlikeError(
            "the faces are lit from different sides, so that shadows of one would lie across the other; "
            "use a reference in similar light, or force it"
        )
    if two.width > _ENLARGED * one.width:
        raise FacesUnlikeError(
            f"the reference's face is {one.width:.0f} pixels wide and the photo's {two.width:.0f}; it may be enlarged "
            f"{_ENLARGED:.0f} times at most: use a larger reference, or force it"
        )


def put(photo: Photo, target: Given, source: Given) -> Photo:
    """The photo with the source's face on the target's head."""
    part, width = window(target.face, 0.25), target.face.width
    shape = target.rgb.shape[:2]
    goal = placed(source.points, target.points)
    face, inside = warped(source.rgb, source.points, goal, shape)
    face[~inside] = target.rgb[~inside]
    hidden = np.maximum(spread(target.hidden, target.points, shape)[0], spread(source.hidden, goal, shape)[0])
    ring = goal[OVAL_RING, :2]
    middle = goal[[168, 2], :2].mean(axis=0)
    mask = _filled(middle + (ring - middle) * 0.92, shape) * (1 - np.clip(1.6 * hidden, 0, 1))
    mask *= inside
    kept = 1 - _own_mouth(target, source)
    skin = region(target.face, "skin", part) * (1 - hidden)
    made = relit(face, target.rgb, skin * mask * kept, skin, width)
    made[~inside] = target.rgb[~inside]
    reach = max(1, round(width / 45))
    soft = cv2.erode(mask.astype(np.float32), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8))
    soft = cv2.GaussianBlur(soft, (0, 0), reach * 0.9) * kept
    out = joined(made, target.rgb, np.asarray(soft, np.float32), width)
    pixels = photo.pixels.copy()
    changed = np.abs(out - target.rgb).max(axis=-1) > 1e-3
    full = np.iinfo(pixels.dtype).max
    levels = np.rint(np.clip(srgb_to_profile(out, photo.icc), 0, 1) * full).astype(pixels.dtype)
    pixels[part.slices][changed] = levels[changed]
    return photo.with_pixels(pixels)


def _with_whole_eyes(hidden: Array) -> Array:
    """What hides a face, without the parts of eyes of which most is seen: half an eye of each would look at nothing."""
    out = hidden.copy()
    for ring, lid in zip(EYES, UPPER_LIDS, strict=True):
        if share_around(hidden, ring) > _COVERED:
            continue
        shape = (SIDE, SIDE)
        eye = np.maximum(_filled(flat_points()[list(ring)], shape), _filled(flat_points()[list(lid)], shape))
        wide = cv2.dilate(eye, np.ones((_AROUND, _AROUND), np.uint8))
        out *= 1 - cv2.GaussianBlur(wide, (0, 0), _AROUND / 4)
    return out


def _own_mouth(target: Given, source: Given) -> Array:
    """What shows between the head's parted lips, 0..1, where the source has no teeth to give; nothing otherwise."""
    shape, openings = target.rgb.shape[:2], (mouth_opening(source.points), mouth_opening(target.points))
    if openings[1] <= _SHUT or openings[0] >= 0.5 * openings[1]:
        return np.zeros(shape, np.float32)
    light = np.log(srgb_to_linear(target.rgb) + np.float32(_DARK))
    teeth = _filled(opening(light, target.points), shape)
    return np.asarray(cv2.GaussianBlur(teeth, (0, 0), max(0.6, target.face.width / 150)), np.float32)


def _filled(points: NDArray[np.float64], shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(out, [np.round(points * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return np.asarray(out / 255, np.float32)
