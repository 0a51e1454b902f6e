"""A drawn head with hair, on which small pictures show what a choice brings; nobody's photo is needed for them."""

from __future__ import annotations

import functools
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.hair.lay import Layer, laid
from tinct.faces import canonical
from tinct.faces.face import Face
from tinct.faces.points import BROWS, EYES, LIPS_RING, OVAL_RING
from tinct.faces.pose import Pose
from tinct.faces.regions import Window
from tinct.imaging.hair.frame import Frame, frame_of
from tinct.imaging.hair.hair import Hair
from tinct.imaging.hair.palette import looked_up
from tinct.imaging.hair.seen import Seen, filled
from tinct.imaging.hair.strands import drawn
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["mannequin", "shown"]

Array = NDArray[np.float32]

_SIZE: Final = (400, 320)  # height and width
_FACE: Final = 118.0  # width of the face in pixels
_WALL, _SKIN, _SHIRT = (0.87, 0.88, 0.90), (0.85, 0.69, 0.60), (0.52, 0.60, 0.68)
_LIPS, _DARK = (0.74, 0.45, 0.43), (0.30, 0.21, 0.17)
_BROWN: Final = np.linspace(0.25, 2.4, 48)[:, None] * np.array([0.105, 0.055, 0.030])
_SEED: Final = 3


def shown(layer: Layer | None = None) -> Photo:
    """The head, with a layer of hair on it."""
    photo, hair = mannequin()
    return laid(photo, hair, layer) if layer is not None else photo


@functools.cache
def mannequin(bald: bool = False) -> tuple[Photo, Hair]:
    """The drawn head and its hair, as the effects take them from a photo."""
    canon = canonical.points() * [1, -1, -1]
    points = canon * (_FACE / np.linalg.norm(canon[454] - canon[234]))
    points[:, :2] += [_SIZE[1] / 2, 168]
    points = np.concatenate([points, np.repeat(points[[159, 386]], 5, axis=0)])
    frame = frame_of(points)
    u, v = frame.grid(_SIZE)
    chin = float(frame.of(points[152])[1])
    bare = _head(points, frame, u, v, chin)
    light, cover = _long_hair(frame, u, v, chin)
    if bald:
        light, cover = np.zeros_like(light), np.zeros_like(cover)
    rgb = np.asarray(linear_to_srgb(srgb_to_linear(bare) * (1 - cover[..., None]) + light), np.float32)
    oval = filled([points[OVAL_RING, :2]], _SIZE)
    person = np.clip(oval + cover + (np.abs(rgb - np.array(_WALL, np.float32)).max(axis=-1) > 0.05), 0, 1)
    whole = Window(0, 0, _SIZE[1], _SIZE[0])
    seen = Seen(
        whole, rgb, srgb_to_lab(rgb), points[:, :2], frame, u, v, person.astype(np.float32), oval, 1.0
    )
    face = Face(points, 1.0, Pose(0.0, 0.0, 0.0), (_SIZE[1], _SIZE[0]))
    photo = Photo(np.rint(rgb * 255).astype(np.uint8))
    return photo, Hair(face, whole, rgb, cover, points, seen, cover, 1.0)


def _head(points: NDArray[np.float64], frame: Frame, u: Array, v: Array, chin: float) -> Array:
    """Wall, shoulders, neck and face, sRGB."""
    rgb = np.empty((*_SIZE, 3), np.float32)
    rgb[:] = _WALL
    shade = np.clip(1.06 - 0.16 * np.abs(u) - 0.05 * v, 0, 1.05)[..., None]
    shoulders = (v > chin + 0.50 + 0.42 * np.abs(u) ** 2.2) & (np.abs(u) < 1.35)
    neck = (np.abs(u) < 0.31 + 0.9 * np.clip(v - chin - 0.25, 0, None) ** 2) & (v > 0.2) & (v < chin + 0.62)
    skull = np.hypot(u / 0.54, (v + 0.12) / 0.46) < 1
    for where, color in ((shoulders, _SHIRT), (neck, _SKIN), (skull, _SKIN)):
        soft = cv2.GaussianBlur(where.astype(np.float32), (0, 0), 0.8)[..., None]
        rgb = rgb * (1 - soft) + np.array(color, np.float32) * shade * soft
    below = np.exp(-(((v - chin - 0.06) / 0.12) ** 2)) * (np.abs(u) < 0.4) * neck
    rgb *= 1 - 0.22 * cv2.GaussianBlur(below.astype(np.float32), (0, 0), 3)[..., None]
    oval = cv2.GaussianBlur(filled([points[OVAL_RING, :2]], _SIZE), (0, 0), 1.0)[..., None]
    rgb = rgb * (1 - oval) + np.array(_SKIN, np.float32) * shade * oval
    eyes = [points[list(ring), :2] for ring in EYES]
    brows = [points[list(ring), :2] for ring in BROWS]
    for rings, color, share in (
        (brows, _DARK, 0.65),
        (eyes, (0.95, 0.94, 0.93), 1.0),
        ([points[LIPS_RING, :2]], _LIPS, 0.8),
    ):
        area = share * cv2.GaussianBlur(filled(rings, _SIZE), (0, 0), 0.7)[..., None]
        rgb = rgb * (1 - area) + np.array(color, np.float32) * area
    for ring in eyes:
        x, y = ring.mean(axis=0)
        iris = np.hypot(np.indices(_SIZE)[1] - x, np.indices(_SIZE)[0] - y) < 0.045 * frame.width
        rgb[iris & (filled([ring], _SIZE) > 0.4)] = _DARK
    return np.asarray(rgb, np.float32)


def _long_hair(frame: Frame, u: Array, v: Array, chin: float) -> tuple[Array, Array]:
    """Hair parted in the middle that falls to the shoulders: light times coverage, and coverage."""
    rng = np.random.default_rng(_SEED)
    count, steps = 5200, 40
    side = np.sign(rng.uniform(-1, 1, count))[:, None]
    out = rng.uniform(0, 1, count)[:, None]
    along = np.linspace(0, 1, steps)[None]
    turn = np.clip(along / 0.4, 0, 1) * np.pi / 2 * (0.92 + 0.08 * out)
    wide, high = 0.50 + 0.14 * out, 0.30 + 0.30 * out
    across = side * wide * np.sin(turn) + rng.normal(0, 0.012, (count, 1))
    fall = np.clip(along - 0.4, 0, None) / 0.6
    down = -0.12 - high * np.cos(turn) + fall * (chin + 0.42 + rng.normal(0, 0.05, (count, 1)))
    across = across + side * fall * (0.05 * out + 0.05 * np.sin(6 * along + 3 * out))
    paths = frame.to(np.stack([across, down], axis=-1))
    wave = (
        0.45 + 0.25 * np.sin(14 * out + 3 * along) + 0.2 * np.sin(31 * out) + rng.normal(0, 0.1, (count, 1))
    )
    lit = wave + 0.35 * np.exp(-(((along - 0.22) / 0.10) ** 2)) - 0.25 * fall
    colors = looked_up(_BROWN.astype(np.float32), np.clip(lit, 0, 1))
    widths = rng.uniform(0.35, 0.7, count)
    light, cover = drawn(_SIZE, paths, colors, widths, out[:, 0] + rng.normal(0, 0.05, count), taper=0.15)
    face = np.hypot(u / 0.47, (v - 0.08) / np.where(v < 0.08, 0.46, 0.9)) < 1
    free = 1 - cv2.GaussianBlur(face.astype(np.float32), (0, 0), 1.5)
    return np.asarray(light * free[..., None], np.float32), np.asarray(cover * free, np.float32)
