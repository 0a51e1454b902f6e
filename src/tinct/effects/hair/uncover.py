"""The head without the hair that it wears: what lies behind is its own skin, the background, the clothes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.hair.skin import own_skin
from tinct.effects.hair.soft import blurred, grown
from tinct.effects.hair.worn import Worn, around, bare_face, brows_of
from tinct.faces.points import EYES, OVAL_RING
from tinct.imaging.fill.fill import fill
from tinct.imaging.guided import smoothstep
from tinct.imaging.hair.hair import SKIN, Hair
from tinct.imaging.hair.seen import filled
from tinct.photo.resize import resize

__all__ = ["Uncovered", "uncovered"]

Array = NDArray[np.float32]
Flags = NDArray[np.bool_]

_COVERED: Final = 0.985  # opacity of new hair below which nothing is seen
_WIDER: Final = 0.045  # widths of the face by which old hair is taken wider than it was found
_SURE: Final = 0.04  # widths of the face from old hair beyond which skin is sure
_FRINGE: Final = 0.06  # widths of the face from hair within which what is unlike skin on a forehead is hair
_RIM, _FADED = 0.025, 0.25  # widths of the face: where made and seen are compared, to where it counts
_MERGED: Final = 0.03  # widths of the face within `_WIDER` over which made and seen merge
_OTHER: Final = 0.06  # of sRGB: a pixel that changes by more was made up
_FILLED: Final = 384  # longer side of the copy on which the background is continued


@dataclass(frozen=True, eq=False)
class Uncovered:
    """The target without its hair."""

    rgb: Array
    """(h, w, 3) sRGB."""
    changed: Array
    """(h, w) 0..1."""
    above: float
    """Area of background that had to be made up, in widths of the face squared."""
    below: float
    """The same of clothes and shoulders."""
    face: float
    """The same of skin on the face that stays in sight and was not the photo's."""
    beside: float
    """The same of skin beside the face."""


def uncovered(hair: Hair, worn: Worn, seed: int) -> Uncovered:
    """Take a head's hair away where the new hair does not cover it."""
    width, shape = hair.frame.width, hair.matte.shape
    u, v = hair.frame.grid(shape)
    old = _old(hair, u, v)
    wide = grown(old, _WIDER * width)
    free = (wide > 0.02) & ~_kept(hair) & (brows_of(hair) < 0.3)
    gone = free & (worn.opacity < _COVERED)
    oval = filled([hair.points[OVAL_RING, :2]], (shape[0], shape[1])) > 0.5
    skin = gone & _of_the_face(worn.bare > 0.5, oval, worn.opacity, v)
    rest = gone & ~skin & ~oval
    gone = skin | rest
    person = resize(hair.seen.person, (shape[0], shape[1]))
    body = _body(hair, u, v, person, wide)
    out = hair.rgb.copy()
    unit = width * width
    areas = []
    for part, known in (
        (rest & ~body, _background(hair, person, wide)),
        (rest & body, (person > 0.8) & (wide < 0.02) & (v > hair.chin + 0.15) & body),
    ):
        areas.append(float(part.sum()) / unit)
        if part.any():
            out = _joined(_continued(out, part, known, seed, 0.012 * width), part, wide, width)
    made = own_skin(hair, worn, grown(gone, _SURE * width) > 0, seed)
    made = _joined(made, skin, 1 - bare_face(hair, shape), width, hair.rgb)
    out[skin] = made[skin]
    soft = max(0.8, 0.012 * width)
    changed = blurred(gone, soft)
    inward = cv2.distanceTransform(free.astype(np.uint8), cv2.DIST_L2, 5) / np.float32(width)
    changed = np.maximum(changed, gone) * smoothstep(np.asarray(inward, np.float32), 0.0, _MERGED)
    mixed = hair.rgb + (out - hair.rgb) * changed[..., None]
    other = (np.abs(mixed - hair.rgb).max(axis=-1) > _OTHER) & (worn.opacity < 0.5)
    beside = other & ~oval & (worn.bare > 0.5) & (v > -0.1) & (v < hair.chin)
    areas += [float(part.sum()) / unit for part in (other & oval, beside)]
    return Uncovered(np.asarray(mixed, np.float32), np.asarray(changed, np.float32), *areas)


def _of_the_face(skin: Flags, oval: Flags, opacity: Array, v: Array) -> Flags:
    """Skin that hangs together with the face inside the new hair; above the ears what lies outside it is none."""
    free = np.asarray((skin | oval) & (opacity < 0.5), np.uint8)
    count, pieces = cv2.connectedComponents(free)
    inside = np.bincount(pieces[oval & (free > 0)], minlength=count) > 0
    inside[0] = True  # under the new hair
    return np.asarray(skin & (inside[pieces] | (v > -0.05)))


def _background(hair: Hair, person: Array, wide: Array) -> Flags:
    """Where background may be copied from: neither near a person nor of the skin's colour."""
    width = hair.frame.width
    near = grown((person > 0.1) | (wide > 0.02), 0.02 * width) > 0
    bare = resize(np.asarray(hair.apart < 1.2 * SKIN, np.float32), (wide.shape[0], wide.shape[1])) > 0.5
    return np.asarray(~near & ~bare)


def _old(hair: Hair, u: Array, v: Array) -> Array:
    """What has to go: the hair, and whatever of the person rises above and beside the face and is no skin."""
    seen = hair.seen
    beside = (seen.v < 0.4) & (np.abs(seen.u) < 1.4) & (seen.oval < 0.5)
    unlike = seen.person * smoothstep(np.minimum(hair.apart, 99.0), 0.8 * SKIN, 1.3 * SKIN) * beside
    above = seen.person * ((seen.v < float(seen.place(10)[1]) - 0.12) & (np.abs(seen.u) < 1.2))
    forehead = (seen.oval > 0.5) & (seen.v < float(seen.place(10)[1]) * 0.45) & ~seen.features
    forehead &= seen.grown(hair.small > 0.3, _FRINGE)  # freckles, wrinkles and glare are no fringe
    fringe = smoothstep(np.minimum(hair.apart, 99.0), 0.7 * SKIN, 1.1 * SKIN) * forehead
    above = np.maximum(above, fringe)
    found = np.maximum(smoothstep(unlike, 0.2, 0.6), smoothstep(above, 0.2, 0.6))
    return np.maximum(hair.matte, resize(found, (hair.matte.shape[0], hair.matte.shape[1])))


def _kept(hair: Hair) -> Flags:
    """The middle of the face; nearer to its outline what is surely no hair."""
    seen = hair.seen
    oval = seen.oval > 0.5
    eyes = seen.grown(filled([seen.points[list(ring)] for ring in EYES], seen.shape) > 0.5, 0.04)
    middle = seen.shrunk(oval, 0.2) | eyes | (seen.shrunk(oval, 0.06) & ~seen.grown(hair.small > 0.1, 0.06))
    return np.asarray(
        resize(((middle & (seen.v > -0.06)) | eyes).astype(np.float32), hair.matte.shape[:2]) > 0.5
    )


def _body(hair: Hair, u: Array, v: Array, person: Array, wide: Array) -> Flags:
    """Neck and all below the line of the shoulders, which is fitted to where it is seen."""
    line = 0.42 * np.abs(u) ** 2.2
    free = (person > 0.6) & (wide < 0.02) & (v > hair.chin + 0.2) & (np.abs(u) > 0.3) & (np.abs(u) < 1.3)
    above = np.roll((person < 0.3) & (wide < 0.02), 3, axis=0)
    edge = free & above
    height = float(np.median((v - line)[edge])) if edge.sum() > 12 else hair.chin + 0.48
    height = float(np.clip(height, hair.chin + 0.25, hair.chin + 0.75))
    neck = (np.abs(u) < 0.28) & (v > hair.chin - 0.1)
    return np.asarray((v > height + line) | neck)


def _continued(rgb: Array, part: Flags, known: Flags, seed: int, soft: float) -> Array:
    """What is known, continued into a part."""
    shape = part.shape
    scale = min(1.0, _FILLED / max(shape))
    size = (max(8, round(shape[0] * scale)), max(8, round(shape[1] * scale)))
    weight = np.where(resize(part.astype(np.float32), size) > 0.02, 255, 0).astype(np.uint8)
    sure = (resize(known.astype(np.float32), size) > 0.98) & (weight == 0)
    pixels = np.rint(resize(rgb, size) * 255).astype(np.uint8)
    if sure.sum() < 200:
        mask = np.where(sure, 0, 255).astype(np.uint8)
        pixels = np.asarray(cv2.inpaint(pixels, np.maximum(mask, weight), 5, cv2.INPAINT_TELEA), np.uint8)
    else:
        pixels = np.asarray(fill(pixels, weight, sure, method="patch", seed=seed)[0], np.uint8)
    made = resize(np.asarray(pixels / np.float32(255), np.float32), (shape[0], shape[1]))
    # seams between copies are softened, within the part alone
    out = rgb.copy()
    out[part] = made[part]
    inside = blurred(part, soft)[..., None] + 1e-4
    smooth = blurred(out * part[..., None], soft) / inside
    out[part] = smooth[part]
    return out


def _joined(rgb: Array, part: Flags, wide: Array, width: float, seen: Array | None = None) -> Array:
    """What was made of a part, as light and as coloured at its rim as what is seen beside it.

    `seen` is what lies beside the part; without it `rgb` does.
    """
    outside = (grown(part, _RIM * width) > 0) & ~part & (wide < 0.02)
    if outside.sum() < 20:
        return rgb
    inside = part & (grown(outside, _RIM * width) > 0)
    one = around(rgb if seen is None else seen, np.asarray(outside, np.float32), _RIM * width)
    two = around(rgb, np.asarray(inside, np.float32), _RIM * width)
    far = cv2.distanceTransform((~outside).astype(np.uint8), cv2.DIST_L2, 5) / np.float32(width)
    near = (1 - smoothstep(np.asarray(far, np.float32), 0.0, _FADED)) * part
    return np.asarray(np.clip(rgb + np.clip(one - two, -0.3, 0.3) * near[..., None], 0, 1), np.float32)
