"""One face onto one head."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.swap.blend import joined, relit, softened
from tinct.effects.swap.gate import COVERED, refuse_hidden
from tinct.effects.swap.looks import Looks, edge_on, looks
from tinct.effects.swap.shape import area, mouth_opening, placed
from tinct.faces import canonical
from tinct.faces.covered import covered, share_around
from tinct.faces.face import Face
from tinct.faces.find import check
from tinct.faces.flat import SIDE, flat_points, flattened, spread, warped
from tinct.faces.light import logs
from tinct.faces.lips import opening
from tinct.faces.points import BROWS, EYES, OVAL_RING, UPPER_LIDS
from tinct.faces.regions import region, window
from tinct.imaging.hair.hair import find_hair
from tinct.photo.color import profile_to_srgb, srgb_to_profile
from tinct.photo.photo import Photo

__all__ = ["Given", "given", "put"]

Array = NDArray[np.float32]

_LEAST: Final = 48.0  # width in pixels
_YAW, _PITCH = 45.0, 40.0  # degrees, of either face
# Pixels of the flattened face: twice how far an eye that is put in reaches beyond its lids
_AROUND: Final = 21
_SHUT: Final = 0.05  # opening of a mouth, of its width, up to which it counts as closed
_BESIDE_BROWS: Final = 18  # how far around brows the face is put on: its width over this


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
    looks: Looks = field(default_factory=Looks)
    """What decides whether it fits another."""

    def mirrored(self) -> Given:
        """The same of the mirrored photo; points of the mesh keep their meaning."""
        pose = replace(self.face.pose, yaw=-self.face.pose.yaw, roll=-self.face.pose.roll)
        return Given(
            replace(self.face, points=_turned(self.face.points, self.face.photo_size[0]), pose=pose),
            np.ascontiguousarray(self.rgb[:, ::-1]),
            _turned(self.points, self.rgb.shape[1]),
            np.ascontiguousarray(self.hidden[:, ::-1]),
            replace(self.looks, light=np.ascontiguousarray(self.looks.light[:, ::-1])),
        )


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
    hair = find_hair(photo, face)
    hidden = np.maximum(covered(flat), flattened(hair.matte, hair.points))
    seen = looks(flat, hidden)
    if not force:
        refuse_hidden(hidden, seen)
    return Given(face, rgb, points, _with_whole_eyes(hidden), seen)


def put(photo: Photo, target: Given, source: Given) -> Photo:
    """The photo with the source's face on the target's head."""
    part, width = window(target.face, 0.25), target.face.width
    shape = target.rgb.shape[:2]
    goal = placed(source.points, target.points)
    face, inside = warped(source.rgb, source.points, goal, shape)
    face[~inside] = target.rgb[~inside]
    hidden = np.maximum(spread(target.hidden, target.points, shape)[0], spread(source.hidden, goal, shape)[0])
    mask = np.maximum(_filled(area(goal), shape), _around_brows(goal, target, shape)) * (
        1 - np.clip(1.6 * hidden, 0, 1)
    )
    mask *= inside
    kept = 1 - _own_mouth(target, source)
    skin = region(target.face, "skin", part) * (1 - hidden)
    face = softened(face, edge_on(source.looks.edge, width), target.looks.edge, width)
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


def _turned(points: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """A mesh (478, 3) in the mirrored picture, `width` pixels wide."""
    turned = points * [-1, 1, 1] + [width - 1, 0, 0]
    return np.concatenate([turned[:468][canonical.mirror()], turned[473:], turned[468:473]])


def _around_brows(goal: NDArray[np.float64], target: Given, shape: tuple[int, ...]) -> Array:
    """The brows of both faces and what is near, so that no end of the head's own stays beside another's."""
    reach = 2 * max(2, round(target.face.width / _BESIDE_BROWS)) + 1
    brows = [_filled(points[ring, :2], shape) for points in (goal, target.points) for ring in BROWS]
    wide = cv2.dilate(np.maximum.reduce(brows), np.ones((reach, reach), np.uint8))
    return np.asarray(wide * _filled(goal[OVAL_RING, :2], shape), np.float32)


def _with_whole_eyes(hidden: Array) -> Array:
    """What hides a face, without the parts of eyes of which most is seen: half an eye of each would look at nothing."""
    out = hidden.copy()
    for ring, lid in zip(EYES, UPPER_LIDS, strict=True):
        if share_around(hidden, ring) > COVERED:
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
    light = logs(target.rgb)
    teeth = _filled(opening(light, target.points), shape)
    return np.asarray(cv2.GaussianBlur(teeth, (0, 0), max(0.6, target.face.width / 150)), np.float32)


def _filled(points: NDArray[np.float64], shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(out, [np.round(points * 16).astype(np.int32)], (255,), cv2.LINE_AA, 4)
    return np.asarray(out / 255, np.float32)
