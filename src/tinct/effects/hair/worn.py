"""Another person's hair as a head would wear it: warped onto it, in its light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.hair.placing import flow
from tinct.effects.hair.soft import blurred, grown, shrunk
from tinct.faces.points import BROWS, EYES, LIPS_RING, OVAL_RING
from tinct.imaging.foreground import estimate, foreground
from tinct.imaging.guided import smoothstep
from tinct.imaging.hair.gaussians import mixture
from tinct.imaging.hair.hair import SKIN, Hair
from tinct.imaging.hair.palette import looked_up, palette
from tinct.imaging.hair.seen import filled
from tinct.photo.resize import resize
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["Worn", "around", "bare_face", "brows_of", "put_on"]

Array = NDArray[np.float32]

_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LIGHT: Final = 0.3  # share of the difference between both skins' light that hair follows
_MOST: Final = (0.75, 1.3)  # factors on light
_REFLECTED: Final = cv2.BORDER_REFLECT_101
_MIRRORED: Final = 0.08  # widths of the face that hair may go on, mirrored, beyond the border that cuts it
_SKULL: Final = 0.65  # radius of a crown, in widths of the face
_LIDS: Final = 0.06  # widths of the face around the eyes, see `Worn.eyes`
_OTHER: Final = 5.0  # CIELAB's a and b beyond those of the hair around the head
_SHADES: Final = (1.0, 0.8, 0.6, 0.45)  # factors on CIELAB of a neck's skin
_SEED: Final = 11


@dataclass(frozen=True, eq=False)
class Worn:
    """Hair on the target's picture; all arrays in its pixels."""

    light: Array
    """(h, w, 3) linear light of the hair."""
    opacity: Array
    """(h, w) 0..1."""
    skin: Array
    """(h, w, 3) sRGB: the reference's skin around its hair, in the target's tone."""
    bare: Array
    """(h, w) 0..1: where the reference shows skin of face, ears, neck."""
    cut: float
    """Length of the reference's upper and side borders that cut its hair where the target's picture goes on, in widths
    of the face."""
    eyes: float
    """Share of the eyes and the lids around them that the hair would cover; it is cut away there."""


@dataclass(frozen=True, eq=False)
class _Cut:
    """Where the reference's picture ends on the target's."""

    kept: Array
    """(h, w) 0..1: what hair may be drawn; below the lower border it ends in strands."""
    beyond: Array
    """(h, w) how far outside, in widths of the face; 0 within."""
    side: NDArray[np.bool_]
    """(h, w) a little beyond the upper and side borders."""

    @classmethod
    def of(cls, width: float, x: Array, y: Array, size: tuple[int, int]) -> _Cut:
        """From the flow, and the height and width of the reference's picture."""
        aside = np.clip(np.maximum(np.maximum(-x, x - (size[1] - 1)), -y), 0, None) / width
        below = np.clip(y - (size[0] - 1), 0, None) / width
        kept = 1 - smoothstep(np.asarray(aside, np.float32), _MIRRORED, _MIRRORED + 0.06)
        if below.max() > _MIRRORED:
            inward = (size[0] - 1 - y) / width
            kept = kept * smoothstep(np.asarray(inward - _ends(x / width), np.float32), 0.0, 0.04)
        over = (aside > _MIRRORED) & (aside < _MIRRORED + 0.03)
        return cls(np.asarray(kept, np.float32), np.asarray(np.maximum(aside, below), np.float32), over)


def _ends(across: Array) -> Array:
    """How far above the lower border each strand ends, in widths of the face, by its place along the border."""
    rng = np.random.default_rng(_SEED)
    strands, locks = (
        np.asarray(cv2.GaussianBlur(rng.normal(0, 1, (1, 2001)).astype(np.float32), (0, 0), wide))[0]
        for wide in (1.2, 14.0)
    )
    ends = 0.04 + 0.006 * strands / strands.std() + 0.012 * locks / locks.std()
    return np.asarray(ends[np.clip(np.rint(across * 220), -500, 1500).astype(int) + 500], np.float32)


def _across(matte: Array, side: NDArray[np.bool_], width: float) -> float:
    """See `Worn.cut`."""
    return float((side & (matte > 0.5)).sum()) / width**2 / 0.03


def put_on(target: Hair, source: Hair, color: str) -> Worn:
    """The source's hair on the target's head."""
    shape = target.matte.shape
    rgb, points, scale = _as_large(source, target.frame.width)
    x, y = flow(target.points, points, (shape[0], shape[1]))
    small = (rgb.shape[0], rgb.shape[1])

    def warped(picture: Array, method: int = cv2.INTER_LINEAR) -> Array:
        return np.asarray(cv2.remap(picture, x, y, method, borderMode=_REFLECTED), np.float32)

    matte, below = _refined(rgb, resize(_own_matte(source), small), points)
    front, back = (resize(one, small) for one in estimate(rgb, matte))
    light = srgb_to_linear(foreground(rgb, matte[..., None], front, back))
    if color == "src":
        light = _recolored(light, source, target)
    person, skin_like = resize(source.seen.person, small), resize(_skin_like(source), small)
    v = source.seen.v
    head = resize((v < source.chin + 0.4).astype(np.float32), small)
    ears = (
        (v < source.chin - 0.05)
        & (v > float(source.seen.place(10)[1]) - 0.1)
        & (np.abs(source.seen.u) < 0.62)
    )
    face = resize(ears.astype(np.float32), small)
    likely = resize(_skin_may_be(source), small)
    bare = head * likely * smoothstep(person, 0.5, 0.85) * np.maximum(skin_like, face) * (1 - matte)
    cut = _Cut.of(scale * source.frame.width, x, y, small)
    worn_bare = warped(bare)
    matte_worn = _warped_matte(matte, x, y, scale * source.frame.width)
    # the wearer's brows stay, unless its own fringe hid them: then the other's are seen
    rings = [points[list(ring), :2] for ring in _bare_brows(target)]
    brows = grown(filled(rings, small), 0.03 * target.frame.width)
    hidden = np.maximum(smoothstep(matte, 0.02, 0.4), blurred(brows, 2.0))
    plain = rgb + (below - rgb) * hidden[..., None]
    skin = _toned(warped(plain, cv2.INTER_CUBIC), worn_bare, target)
    face = filled([points[OVAL_RING, :2]], small)
    edge = grown(bare, 0.05 * source.frame.width * scale) * smoothstep(person, 0.3, 0.7) * likely
    worn_bare = warped(np.maximum(bare, np.maximum(edge * (matte > 0.02), face)).astype(np.float32))
    gain, eyes = _gain(target, source), [target.points[list(ring), :2] for ring in EYES]
    lids = grown(filled(eyes, (shape[0], shape[1])), _LIDS * target.frame.width) > 0.5
    return Worn(
        np.clip(warped(light, cv2.INTER_CUBIC) * gain, 0, 1).astype(np.float32),
        np.asarray(matte_worn * cut.kept * (1 - _eyes_of(target)), np.float32),
        skin,
        np.asarray(worn_bare * (cut.beyond < _MIRRORED), np.float32),
        _across(matte_worn, cut.side, target.frame.width),
        float(warped(resize(source.matte, small))[lids].mean()),
    )


def _warped_matte(matte: Array, x: Array, y: Array, width: float) -> Array:
    """The matte on the target: mirrored at a border that cuts the hair, nothing beyond one that it only comes near.

    Above the upper border a crown goes on as a round head does, as high as the arc over what is cut. `width` is the
    face's on the matte.
    """
    mirrored, at_border = (
        cv2.remap(matte, x, y, cv2.INTER_LINEAR, borderMode=mode)
        for mode in (_REFLECTED, cv2.BORDER_REPLICATE)
    )
    height, wide = matte.shape
    inside = (x >= 0) & (y >= 0) & (x <= wide - 1) & (y <= height - 1)
    crown = np.interp(x, np.arange(wide), _arcs(matte[0] > 0.5, _SKULL * width))
    over = 1 - smoothstep(np.asarray((-y - crown) / width, np.float32), 0.0, 0.02)
    return np.asarray(np.where(inside, mirrored, np.minimum(mirrored, at_border) * over), np.float32)


def _arcs(cut: NDArray[np.bool_], radius: float) -> NDArray[np.float64]:
    """How high circles rise above each run of a row that is marked, as their chord."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], cut, [False]]).astype(int)))
    rise = np.zeros(len(cut))
    for first, last in zip(ends[::2], ends[1::2], strict=True):
        along = np.arange(first, last)
        rise[first:last] = (along - first + 0.5) * (last - along - 0.5) / (2 * radius)
    return rise


def _as_large(source: Hair, width: float) -> tuple[Array, NDArray[np.float64], float]:
    """The source's picture and mesh with the face not wider than `width`, so that the warp never skips pixels."""
    scale = min(1.0, width / source.frame.width)
    height, wide = source.rgb.shape[:2]
    size = (max(2, round(height * scale)), max(2, round(wide * scale)))
    steps = np.array([size[1] / wide, size[0] / height, scale])
    points = source.points * steps
    points[:, :2] += (steps[:2] - 1) / 2
    return resize(source.rgb, size), points, scale


def _refined(rgb: Array, matte: Array, points: NDArray[np.float64]) -> tuple[Array, Array]:
    """The matte on the face, where a colour says how it is mixed of hair and skin; and that skin's colours."""
    shape = (rgb.shape[0], rgb.shape[1])
    width = float(np.linalg.norm(points[454, :2] - points[234, :2]))
    eyes = [points[list(ring), :2] for ring in EYES]
    brows = [points[list(ring), :2] for ring in BROWS if not _under(points[list(ring), :2], matte, width)]
    features = filled([points[list(ring), :2] for ring in (*EYES, *BROWS)], shape)
    kept = grown(filled([*eyes, *brows], shape), 0.035 * width)
    near = grown(filled([points[OVAL_RING, :2]], shape), 0.04 * width)
    hair = np.asarray(cv2.erode((matte > 0.9).astype(np.uint8), np.ones((3, 3), np.uint8)), np.float32)
    skin = near * (matte < 0.03) * (1 - grown(features, 0.03 * width))
    skin = skin * (1 - grown(matte, 0.025 * width))
    on, below = around(rgb, hair, 0.035 * width), around(rgb, skin, 0.07 * width)
    step = on - below
    size = (step**2).sum(axis=-1)
    mixed = ((rgb - below) * step).sum(axis=-1) / np.maximum(size, 1e-4)
    core = shrunk(matte, 0.03 * width)
    band = near * grown(matte, 0.07 * width) * (1 - core) * (1 - blurred(kept, 1.5))
    band = np.asarray(band * smoothstep(np.sqrt(size), 0.12, 0.3), np.float32)
    band = blurred(band, max(0.8, 0.006 * width))
    made = matte + (smoothstep(mixed, 0.12, 0.85) - matte) * band
    return _without_lashes(made.astype(np.float32), features, width), below


def _without_lashes(matte: Array, features: Array, width: float) -> Array:
    """Around eyes and brows only what is broad is hair, and a bay that it leaves there is filled."""
    broad = grown(shrunk(matte > 0.5, 0.03 * width), 0.03 * width)
    broad = shrunk(grown(broad, 0.07 * width), 0.07 * width)
    broad = blurred(broad, max(0.8, 0.012 * width))
    near = blurred(grown(features, 0.075 * width), 0.012 * width)
    return np.asarray(matte + (broad - matte) * near, np.float32)


def _under(brow: NDArray[np.float64], matte: Array, width: float) -> bool:
    """Whether hair covers a brow: it lies all along its upper side."""
    above = brow - [0, 0.075 * width]
    columns, rows = (
        np.clip(np.rint(above[:, axis]), 0, matte.shape[1 - axis] - 1).astype(int) for axis in (0, 1)
    )
    return bool((matte[rows, columns] > 0.5).mean() > 0.85)


def brows_of(hair: Hair) -> Array:
    """Where the brows are that hair does not hide, with a rim, (h, w); they stay the wearer's own."""
    rings = [hair.points[list(ring), :2] for ring in _bare_brows(hair)]
    wide = grown(filled(rings, (hair.matte.shape[0], hair.matte.shape[1])), 0.025 * hair.frame.width)
    return blurred(wide, max(0.8, 0.008 * hair.frame.width))


def _eyes_of(hair: Hair) -> Array:
    """The eyes with their lids, (h, w): lashes and lines beside them are no hair, and a gaze is not covered."""
    rings = [hair.points[list(ring), :2] for ring in EYES]
    width = hair.frame.width
    aside, above = max(1, round(0.05 * width)), max(1, round(0.035 * width))
    around_it = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * aside + 1, 2 * above + 1))
    eyes = filled(rings, (hair.matte.shape[0], hair.matte.shape[1]))
    return blurred(cv2.dilate(np.rint(eyes * 255).astype(np.uint8), around_it) / 255, max(0.8, 0.012 * width))


def _bare_brows(hair: Hair) -> list[Sequence[int]]:
    """The outlines of brows that the head's own hair does not cover."""
    width = hair.frame.width
    return [ring for ring in BROWS if not _under(hair.points[list(ring), :2], hair.matte, width)]


def around(rgb: Array, where: Array, sigma: float) -> Array:
    """Mean colours (h, w, 3) of what is marked around each pixel; the nearest counts most."""
    small = [max(2, round(side / 4)) for side in rgb.shape[:2]]
    known = resize(np.ascontiguousarray(where, np.float32), (small[0], small[1]))
    colors = resize(np.ascontiguousarray(rgb * where[..., None], np.float32), (small[0], small[1]))
    total = np.zeros_like(known)
    summed = np.zeros_like(colors)
    for wide, share in ((1.0, 1.0), (3.0, 1e-2), (9.0, 1e-4)):  # the nearest that is known decides
        deviation = max(0.6, wide * sigma / 4)
        total = total + share * cv2.GaussianBlur(known, (0, 0), deviation)
        summed = summed + share * cv2.GaussianBlur(colors, (0, 0), deviation)
    return resize((summed / (total + 1e-8)[..., None]).astype(np.float32), (rgb.shape[0], rgb.shape[1]))


def _skin_like(hair: Hair) -> Array:
    """1 where the small copy has the skin's colour, and in the middle of the face."""
    like = 1 - smoothstep(np.minimum(hair.apart, 99.0), 1.3 * SKIN, 2.2 * SKIN)
    return np.maximum(like, (hair.seen.oval > 0.5).astype(np.float32))


def _of_one_piece(hair: Hair) -> Array:
    """0 where what counts as hair hangs together with none of the hair beside or above the face, as a collar."""
    seen = hair.seen
    count, pieces = cv2.connectedComponents((hair.small > 0.3).astype(np.uint8))
    above = np.bincount(pieces[seen.v < hair.chin - 0.1], minlength=count) > 0
    apart = ~above & (np.arange(count) > 0)
    alone = seen.grown(apart[pieces], 0.02)
    return 1 - resize(np.asarray(alone, np.float32), (hair.matte.shape[0], hair.matte.shape[1]))


def _own_matte(hair: Hair) -> Array:
    """The matte (h, w) without collars, background, clothes and neck that count as hair."""
    return np.asarray(hair.matte * _of_one_piece(hair) * _of_its_color(hair) * (1 - _neck(hair)), np.float32)


def _neck(hair: Hair) -> Array:
    """1 where what counts as hair below the chin is rather the neck that is seen between the strands, (h, w)."""
    seen, width, like = hair.seen, hair.seen.frame.width, np.zeros(hair.seen.shape, np.float32)
    strands = (hair.small > 0.9) & (np.abs(seen.u) > 0.3)
    near = np.abs(seen.u) < 0.3
    throat = (
        near
        & (hair.small < 0.1)
        & (seen.person > 0.8)
        & (seen.v > hair.chin + 0.03)
        & (seen.v < hair.chin + 0.4)
    )
    throat &= hair.apart < 2 * SKIN
    if min(strands.sum(), throat.sum()) > 60:
        # Below a chin it lies in shadow
        skin = np.concatenate([seen.lab[throat] * shade for shade in _SHADES])
        one, two = (mixture(part, 4).log(seen.lab) for part in (skin, seen.lab[strands]))
        fine = np.abs(seen.lab[..., 0] - cv2.GaussianBlur(seen.lab[..., 0], (0, 0), max(1.0, 0.02 * width)))
        fine = cv2.GaussianBlur(fine, (0, 0), max(1.0, 0.025 * width))
        plain = 1 - smoothstep(fine / max(float(np.median(fine[strands])), 0.1), 0.4, 0.7)
        odds = cv2.GaussianBlur(np.asarray(one - two, np.float32), (0, 0), max(0.8, 0.01 * width))
        like = np.asarray(smoothstep(odds + 3 * plain, 1.0, 3.0), np.float32)
    place = smoothstep(seen.v, hair.chin - 0.1, hair.chin) * (1 - smoothstep(np.abs(seen.u), 0.3, 0.45))
    return resize(np.asarray(like * place, np.float32), (hair.matte.shape[0], hair.matte.shape[1]))


def _of_its_color(hair: Hair) -> Array:
    """0 where background or clothes count as hair: at its outline, of a colour not found around the head."""
    seen, width = hair.seen, hair.seen.frame.width
    lab = cv2.GaussianBlur(seen.lab, (0, 0), max(1.0, 0.015 * width))
    core = (hair.small > 0.9) & (seen.v < 0.25 * hair.chin) & (np.abs(seen.u) < 0.75)
    if core.sum() < 50:
        return np.ones_like(hair.matte)
    low, high = np.percentile(lab[core][:, 1:], [3, 97], axis=0)
    away = np.linalg.norm(np.clip(np.maximum(low - lab[..., 1:], lab[..., 1:] - high), 0, None), axis=-1)
    other = ((hair.small > 0.3) & (away > _OTHER)).astype(np.uint8)
    other = cv2.morphologyEx(other, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8))
    count, pieces = cv2.connectedComponents(np.asarray(other, np.uint8))
    touching = np.bincount(pieces[seen.grown(hair.small < 0.3, 0.02)], minlength=count) > 0
    touching[0] = False
    marked = blurred(seen.grown(touching[pieces], 0.025), max(1.0, 0.01 * width))
    return 1 - resize(np.asarray(marked, np.float32), (hair.matte.shape[0], hair.matte.shape[1]))


def _skin_may_be(hair: Hair) -> Array:
    """1 where skin of face, ears and neck may lie: beside a forehead there is none, whatever its colour."""
    u, v = np.abs(hair.seen.u), hair.seen.v
    return np.asarray(u < np.where(v < -0.05, 0.52, np.where(v < hair.chin, 0.64, 0.6)), np.float32)


def bare_face(hair: Hair, shape: tuple[int, ...]) -> Array:
    """Where the target shows bare skin of its face, away from eyes, brows and lips."""
    rings = [hair.points[list(ring), :2] for ring in (*EYES, *BROWS, LIPS_RING)]
    reach = 2 * max(1, round(hair.frame.width * 0.03)) + 1
    features = cv2.dilate(filled(rings, (shape[0], shape[1])), np.ones((reach, reach), np.uint8))
    oval = filled([hair.points[OVAL_RING, :2]], (shape[0], shape[1]))
    like = resize(np.asarray(hair.apart < 1.5 * SKIN, np.float32), (shape[0], shape[1]))  # no glasses
    return np.asarray(oval * (1 - features) * (hair.matte < 0.05) * (like > 0.9), np.float32)


def _toned(rgb: Array, bare: Array, target: Hair) -> Array:
    """Another's skin in the target's tone and light, which are followed as far as both are seen."""
    known = (bare > 0.9) * bare_face(target, rgb.shape)
    if known.sum() < 50:
        return rgb
    sigma = 0.12 * target.frame.width
    one, two = (np.log(srgb_to_linear(np.clip(p, 0, 1)) + np.float32(0.01)) for p in (rgb, target.rgb))
    away = (two - one) * known[..., None]
    middle = away.sum(axis=(0, 1)) / known.sum()
    total = blurred(known, sigma)[..., None]
    change = (blurred(away, sigma) + 0.02 * middle) / (total + 0.02)
    made = np.exp(one + np.clip(change, middle - 0.5, middle + 0.5)) - np.float32(0.01)
    return np.asarray(linear_to_srgb(np.clip(made, 0, 1).astype(np.float32)), np.float32)


def _gain(target: Hair, source: Hair) -> float:
    """By what the hair is made lighter or darker."""
    levels = []
    for hair in (target, source):
        bare = bare_face(hair, hair.matte.shape) > 0.9
        if bare.sum() < 50:
            return 1.0
        levels.append(float(np.median(srgb_to_linear(hair.rgb[bare]) @ _LUMA)) + 0.01)
    return float(np.clip((levels[0] / levels[1]) ** _LIGHT, *_MOST))


def _recolored(light: Array, source: Hair, target: Hair) -> Array:
    """The hair in the target's own colours, each place with that of its rank in light."""
    theirs, own = palette(source), palette(target)
    if theirs is None or own is None:
        return light
    levels = np.maximum.accumulate(theirs @ _LUMA)
    rank = np.interp(light @ _LUMA, levels, np.linspace(0.01, 0.975, len(levels)))
    made = looked_up(own, rank)
    # what is lighter than the source's lightest hair stays so much lighter
    over = np.clip(light @ _LUMA / max(float(levels[-1]), 1e-4), 1, 1.5)
    return np.asarray(made * over[..., None], np.float32)
