"""Bangs: strands in the colours and the light of the photo's own hair, from the hairline over the forehead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.hair.gate import suitable, with_forehead, with_parting
from tinct.effects.hair.hairline import Forehead
from tinct.effects.hair.lay import Layer, grain, laid
from tinct.effects.hair.mannequin import mannequin, shown
from tinct.effects.hair.soft import blurred, shrunk
from tinct.faces.find import MODELS
from tinct.imaging.guided import smoothstep
from tinct.imaging.hair.hair import Hair
from tinct.imaging.hair.palette import looked_up
from tinct.imaging.hair.space import Head
from tinct.imaging.hair.strands import drawn, gathered, lightness
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["Bangs", "Cut", "hair_bangs"]

Array = NDArray[np.float64]
Cut = Literal["full", "wispy", "side", "curtain"]

_STEPS: Final = 28  # points of a strand
_LIGHTER: Final = 1.6  # most by which drawn strands are made lighter
# Widths of the face below the mesh's rim between which own hair comes to the front
_BELOW_RIM: Final = (0.06, 0.18)
_FACE_PIXELS: Final = 640  # width of the face for which widths of strands are given


@dataclass(frozen=True)
class _Way:
    """How a cut is drawn."""

    strands: int
    locks: int
    pull: float
    shadow: float


_WAYS: Final[dict[Cut, _Way]] = {
    "full": _Way(9000, 80, 0.5, 0.5),
    "wispy": _Way(3200, 34, 0.5, 0.35),
    "side": _Way(9000, 70, 0.6, 0.5),
    "curtain": _Way(5200, 70, 0.45, 0.35),
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Bangs:
    """What `hair_bangs` gives back."""

    photo: Photo


@effect(
    title="Bangs",
    engines={"mediapipe": MODELS},
    faces="largest",
    label="bangs",
    preview=lambda cut, length, density: _shown(cut, length, density),
)
def hair_bangs(
    photo: Annotated[Photo, Field(description="A photo of one person from the front, with hair.")],
    *,
    cut: Annotated[
        Cut,
        Field(
            description="full: to the brows; wispy: thin; side: swept; curtain: parted, longer at the temples."
        ),
    ] = "full",
    length: Annotated[
        float,
        Field(ge=0, le=1, description="How far down; 0 returns the photo as it is, 0.8 reaches the brows."),
    ] = 0.8,
    density: Annotated[float, Field(ge=0.3, le=1.5, description="How many strands.")] = 1.0,
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Bangs:
    """Cut bangs: strands in the colours of the photo's own hair fall over the forehead; all else stays.

    Raises
    ------
    FaceError
        There is no face or more than one, it is smaller than 128 pixels or turned too far, or the hair does not suit;
        a subclass says which.
    MissingModelError
        The networks are not installed.
    """
    hair = suitable(photo)
    above, colors = with_forehead(hair)
    if cut == "curtain":
        with_parting(hair, above)
    progress(0.4)
    if length == 0:
        return Bangs(photo=photo)
    made = laid(photo, hair, _layer(hair, above, colors, cut, length, density, seed))
    progress(1.0)
    return Bangs(photo=made)


def _shown(cut: Cut, length: float, density: float) -> Photo:
    """A picture of a cut."""
    hair = mannequin()[1]
    above, colors = with_forehead(hair)
    return shown(_layer(hair, above, colors, cut, length, density, 0))


def _layer(
    hair: Hair,
    above: Forehead,
    colors: NDArray[np.float32],
    cut: Cut,
    length: float,
    density: float,
    seed: int,
) -> Layer:
    rng = np.random.default_rng(seed)
    way, frame = _WAYS[cut], hair.frame
    head = Head(hair.points)
    count = int(way.strands * density)
    depth = 0.05 + np.clip(np.abs(rng.normal(0, 0.085, count)), 0, 0.26)
    strands = _strands(hair, head, above, cut, length, depth, rng)
    strands, lock = gathered(strands, way.locks, way.pull, 0.006, rng)
    rank = lightness(head, strands, lock, _light(hair), 0.13, rng)
    paths = head.project(strands)[..., :2]
    widths = rng.uniform(0.7, 1.3, count) * frame.width / _FACE_PIXELS
    top, left, bottom, right = _box(paths, hair.matte.shape)
    light, cover = drawn(
        (bottom - top, right - left),
        paths - [left, top],
        _tinted(colors, rank),
        widths,
        -depth + rng.normal(0, 0.03, count),
        root=0.22,
    )
    light = _as_light(light, cover, colors)
    opacity, shown = np.zeros(hair.matte.shape, np.float32), srgb_to_linear(hair.rgb)
    opacity[top:bottom, left:right] = cover
    opacity *= 1 - _falling(hair, above)
    inside = cover[..., None] > 1e-4
    made = np.where(inside, light / np.maximum(cover[..., None], 1e-4), shown[top:bottom, left:right])
    noisy = np.clip(
        linear_to_srgb(np.clip(made, 0, 1)) + grain(hair, seed)[top:bottom, left:right, None], 0, 1
    )
    shown[top:bottom, left:right] = srgb_to_linear(noisy.astype(np.float32))
    return Layer(shown, opacity, _shadow(hair, opacity, way.shadow))


def _as_light(
    light: NDArray[np.float32], cover: NDArray[np.float32], colors: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Strands that shade each other, as light and as coloured as the hair usually is."""
    sure = cover > 0.5
    if sure.sum() < 30:
        return light
    own = np.log(colors + 1e-4).mean(axis=(0, 1))
    drawn_ones = np.log(light[sure] / cover[sure][:, None] + 1e-4).mean(axis=0)
    gain = np.exp(np.clip(own - drawn_ones, np.log(0.7), np.log(_LIGHTER)))
    return np.asarray(light * gain, np.float32)


def _falling(hair: Hair, above: Forehead) -> NDArray[np.float32]:
    """The hair that falls in front of forehead and temples, (h, w): bangs lie behind it."""
    u, v = hair.frame.grid(hair.matte.shape)
    below = v - above.rim(u.ravel().astype(np.float64)).reshape(v.shape)
    inside = smoothstep(
        blurred(shrunk(hair.matte, 0.015 * hair.frame.width), 0.01 * hair.frame.width), 0.3, 0.9
    )
    return np.asarray(inside * smoothstep(np.asarray(below, np.float32), *_BELOW_RIM), np.float32)


def _tinted(colors: NDArray[np.float32], rank: Array) -> NDArray[np.float32]:
    """Colours of strands by their ranks (n, k): those of the roots pass into those of the ends."""
    along = (np.linspace(0, 1, rank.shape[1]) ** 0.7).astype(np.float32)[None, :, None]
    return np.asarray(
        looked_up(colors[0], rank) * (1 - along) + looked_up(colors[1], rank) * along, np.float32
    )


def _strands(
    hair: Hair, head: Head, above: Forehead, cut: Cut, length: float, depth: Array, rng: np.random.Generator
) -> Array:
    """(n, k, 3) in the head's space: from within the hair, over the hairline, down the forehead."""
    count, middle, half = len(depth), above.middle, above.half
    along = np.linspace(0, 1, _STEPS)[None]
    place = rng.uniform(-1, 1, count)
    if cut in ("full", "wispy"):
        full = cut == "full"
        ends = middle + half * 1.02 * place + rng.normal(0, 0.012, count)
        roots = middle + half * 0.80 * place
        tips = above.brow(ends) + (0.045 if full else 0.06) + rng.normal(0, 0.016 if full else 0.045, count)
        ease = along**0.8
    elif cut == "side":
        place = place + rng.normal(0, 0.10, count)
        roots = middle + half * (0.80 * place - 0.05)
        ends = middle + half * (0.62 * place + 0.42) + rng.normal(0, 0.02, count)
        tips = above.brow(ends) + 0.03 + 0.16 * np.clip((ends - middle) / half, 0, 1.3) ** 2
        tips = tips + rng.normal(0, 0.018, count)
        ease = along**0.85
    else:
        side = np.sign(place)
        away = np.clip(np.abs(place) + rng.normal(0, 0.09, count), 0.02, 1.3)
        roots = middle + side * half * (0.02 + 0.66 * away)
        ends = middle + side * half * (0.66 + 0.46 * away + rng.normal(0, 0.07, count))
        tips = above.brow(ends) + 0.02 + 0.40 * away**1.6 + rng.normal(0, 0.10, count)
        ease = 0.35 * along + 0.65 * np.sin(along * np.pi / 2) ** 1.4
    line = above.hair(roots)
    start, stop = line - depth, line + (tips - line) * min(length / 0.8, 1) + max(length - 0.8, 0) * 0.5
    u = roots[:, None] + (ends - roots)[:, None] * ease
    v = start[:, None] + (stop - start)[:, None] * along**1.08
    return _in_space(hair, head, above, u, v, depth, along)


def _in_space(
    hair: Hair, head: Head, above: Forehead, u: Array, v: Array, depth: Array, along: Array
) -> Array:
    """Places u, v (n, k) of the picture with the depth of the forehead and of the hair that arches over it."""
    heights = [above.points[10, 1] - 0.5, above.points[10, 1] - 0.15, *above.points[[10, 9, 50], 1]]
    deep = [head.face[10, 2] + 0.32, head.face[10, 2] + 0.08, head.face[10, 2] - 0.01]
    deep += [head.face[9, 2] - 0.03, head.face[50, 2] - 0.05]
    z = np.interp(v.ravel(), heights, deep).reshape(u.shape) + 0.5 * (u - above.middle) ** 2
    z = cv2.GaussianBlur(z.astype(np.float32), (9, 1), 2.2, borderType=cv2.BORDER_REPLICATE)
    z = z - (0.05 + 0.5 * depth[:, None]) * np.sin(np.pi * np.clip(along * 0.8 + 0.12, 0, 1))
    pixels = head.project(np.stack([u, v, z], axis=-1))
    pixels[..., :2] = hair.frame.to(np.stack([u, v], axis=-1))
    return head.unproject(pixels)


def _light(hair: Hair) -> Array:
    """Where the light comes from, by the two halves of the face."""
    seen = hair.seen
    bare = seen.shrunk(seen.oval > 0.5, 0.03) & ~seen.features & (seen.v > 0) & (seen.v < hair.chin * 0.8)
    nose = float(seen.place(1)[0])
    left, right = bare & (seen.u < nose), bare & (seen.u >= nose)
    if not left.any() or not right.any():
        return np.array([0.0, -0.75, -0.55])
    more = float(seen.lab[right][:, 0].mean() - seen.lab[left][:, 0].mean())
    return np.array([np.clip(more / 24, -0.6, 0.6), -0.75, -0.55])


def _box(paths: Array, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of what strands may touch."""
    low, high = np.floor(paths.min(axis=(0, 1))) - 3, np.ceil(paths.max(axis=(0, 1))) + 4
    left, right = np.clip([low[0], high[0]], 0, shape[1]).astype(int)
    top, bottom = np.clip([low[1], high[1]], 0, shape[0]).astype(int)
    return int(top), int(left), int(bottom), int(right)


def _shadow(hair: Hair, opacity: NDArray[np.float32], strength: float) -> NDArray[np.float32]:
    """What the strands' shadow takes from the skin below them."""
    width = hair.frame.width
    wide = cv2.GaussianBlur(opacity, (0, 0), width * 0.045)
    near = 0.8 * cv2.GaussianBlur(opacity, (0, 0), width * 0.018)
    fallen = np.roll(np.maximum(wide, near), round(width * 0.03), axis=0)
    skin = (1 - hair.matte) * np.asarray(hair.frame.grid(hair.matte.shape)[1] < hair.chin * 0.4)
    return np.asarray(strength * fallen * skin, np.float32)
