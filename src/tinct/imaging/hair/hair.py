"""The hair of a person: its matte at full size, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces import canonical
from tinct.faces.face import Face
from tinct.faces.regions import Window
from tinct.imaging.guided import guide
from tinct.imaging.hair.found import found_hair
from tinct.imaging.hair.frame import Frame, frame_of
from tinct.imaging.hair.gaussians import mixture
from tinct.imaging.hair.seen import Seen, look
from tinct.photo.color import profile_to_srgb
from tinct.photo.photo import Photo, Pixels
from tinct.photo.resize import shrink

__all__ = ["SKIN", "Hair", "find_hair"]

Array = NDArray[np.float32]

SKIN: Final = 14.0
"""Distance below which a colour is rather the skin's; see `Hair.apart`."""
_MOST: Final = 2048  # longer side in pixels on which hair is worked; of larger heads the hair is enlarged
_SOFT: Final = 0.035  # half width of the matte's edge, of the face's width
_RIM: Final = 0.03  # widths of the face: what is no broader at the hair's outline says nothing of it


@dataclass(frozen=True, eq=False)
class Hair:
    """A head's hair.

    Parameters
    ----------
    face : Face
        In pixels of the photo.
    window : Window
        The part of the photo that all arrays show.
    rgb : ndarray, (h, w, 3), float32
        That part, sRGB 0..1, in its own size or smaller.
    matte : ndarray, (h, w), float32
        How much of each pixel is hair, 0..1.
    points : ndarray, (478, 3), float64
        The face's mesh, in pixels of `rgb`.
    seen : Seen
        The small copy on which it was found.
    small : ndarray, float32
        The matte on the small copy.
    crown : float
        Share of the person above the forehead that is hair: low on bald heads and under hats.
    """

    face: Face
    window: Window
    rgb: Array
    matte: Array
    points: NDArray[np.float64]
    seen: Seen
    small: Array
    crown: float

    @property
    def frame(self) -> Frame:
        """The head's axes in pixels of `rgb`."""
        return frame_of(self.points)

    @property
    def chin(self) -> float:
        """v of the chin."""
        return float(self.seen.place(152)[1])

    @property
    def throat(self) -> float:
        """Share of the column below the chin that counts as hair: high where dark clothes are taken for it."""
        u, v = self.seen.u, self.seen.v
        column = (np.abs(u) < 0.22) & (v > self.chin + 0.25) & (v < self.chin + 1.2)
        return float((self.small[column] > 0.5).mean()) if column.any() else 0.0

    @property
    def tip(self) -> float:
        """v of the lowest hair: what 2 % of its rows beside the face and below lie beyond."""
        rows = self.seen.v[(self.small > 0.5) & (np.abs(self.seen.u) > 0.2)]
        return float(np.percentile(rows, 98)) if len(rows) else -9.0

    @property
    def bottom(self) -> float:
        """v of the lower border of what is seen."""
        return float(np.median(self.seen.v[-1]))

    @property
    def cut_above(self) -> float:
        """Length of the photo's upper border that cuts the hair, in widths of the face."""
        return (
            float((self.small[0] > 0.5).sum()) / self.seen.frame.width if self.seen.window.top <= 0 else 0.0
        )

    @property
    def cut_beside(self) -> float:
        """Length of the photo's side borders that cut the hair above the chin, in widths of the face."""
        window, hair = self.seen.window, (self.small > 0.5) & (self.seen.v < self.chin)
        ends = ((window.left <= 0, hair[:, 0]), (window.right >= self.face.photo_size[0], hair[:, -1]))
        return sum(float(column.sum()) for at_border, column in ends if at_border) / self.seen.frame.width

    @property
    def unpeopled(self) -> float:
        """Share of the hair, but for its rim, where the segmenter sees nobody: background that counts as hair."""
        hair, seen = self.small > 0.5, self.seen
        broad = seen.grown(seen.shrunk(hair & (seen.person < 0.5), _RIM), _RIM)
        return float(broad.sum()) / max(float(hair.sum()), 1.0)

    @property
    def apart(self) -> Array:
        """How far each pixel of the small copy is from the skin's colour, (h, w): CIELAB, lightness counted half."""
        seen = self.seen
        bare = seen.shrunk(seen.oval > 0.5, 0.03) & ~seen.features & (seen.v > 0) & (seen.v < self.chin * 0.8)
        if not bare.any():
            return np.full(seen.shape, np.inf, np.float32)
        away = (seen.lab - np.median(seen.lab[bare], axis=0)) * np.array([0.5, 1, 1], np.float32)
        return np.asarray(np.linalg.norm(away, axis=-1), np.float32)

    @property
    def like_skin(self) -> float:
        """Share of the hair that has the skin's colour."""
        inside = (self.small > 0.92) & (self.seen.v < self.chin)
        return float((self.apart[inside] < SKIN).mean()) if inside.any() else 1.0

    @property
    def _crown_and_side(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The hair above the forehead, and that beside the face, (h, w) each."""
        seen, inside = self.seen, self.seen.shrunk(self.small > 0.9, 0.02)
        top = float(seen.place(10)[1])
        side = inside & (seen.v > top + 0.15) & (seen.v < self.chin) & (np.abs(seen.u) > 0.4)
        return inside & (seen.v < top - 0.08), side

    @property
    def two_colors(self) -> float:
        """How far the hair above the forehead is from that beside the face, in CIELAB, lightness counted 0.4."""
        seen, (crown, side) = self.seen, self._crown_and_side
        if min(crown.sum(), side.sum()) < 30:
            return 0.0
        away = np.median(seen.lab[crown], axis=0) - np.median(seen.lab[side], axis=0)
        return float(np.linalg.norm(away * [0.4, 1, 1]))

    @property
    def streaks(self) -> float:
        """By how much the light strands of the hair around the face are lighter than the dark ones, in CIELAB."""
        seen = self.seen
        inside = seen.shrunk(self.small > 0.9, 0.02) & (seen.v < 0.6 * self.chin)
        if inside.sum() < 30:
            return 0.0
        low, high = np.percentile(seen.lab[inside][:, 0], [10, 90])
        return float(high - low)

    @property
    def sleek(self) -> float:
        """How much fine light and shade there is above the forehead, as a share of what the hair beside the face has.

        Low under a cap of hair's colour: cloth shows no strands.
        """
        crown, side = self._crown_and_side
        if min(crown.sum(), side.sum()) < 30:
            return 1.0
        light = self.seen.lab[..., 0]
        fine = np.abs(light - cv2.GaussianBlur(light, (0, 0), max(1.0, 0.02 * self.seen.frame.width)))
        return float((fine[crown].mean() + 0.05) / (fine[side].mean() + 0.05))

    @property
    def strands(self) -> float:
        """How much fine light and shade the hair has, as a share of its light: what is smooth is cloth."""
        inside = self.seen.shrunk(self.small > 0.9, 0.02)
        if inside.sum() < 30:
            return 1.0
        light = self.seen.lab[..., 0]
        fine = np.abs(light - cv2.GaussianBlur(light, (0, 0), max(1.0, 0.02 * self.seen.frame.width)))
        return float(np.median(fine[inside]) / (np.median(light[inside]) + 5))

    @property
    def closed(self) -> float:
        """Share of the place right below the chin that counts as hair: a veil closes there."""
        seen = self.seen
        below = (np.abs(seen.u) < 0.2) & (seen.v > self.chin + 0.05) & (seen.v < self.chin + 0.3)
        return float((self.small[below] > 0.5).mean()) if below.any() else 0.0

    @property
    def brim(self) -> float:
        """How far what is above the eyes stands out over what is 0.3 below it, on both sides: a hat's brim does."""
        seen = self.seen
        solid = (seen.person > 0.5) | (self.small > 0.5)
        top = float(seen.place(10)[1])
        rows = np.arange(top - 0.45, top + 0.45, 0.03)
        wide = []
        for side in (-1, 1):
            reach = [
                float(np.percentile((side * seen.u)[row], 98)) if row.any() else 0.0
                for row in (solid & (np.abs(seen.v - v) < 0.03) & (np.abs(seen.u) < 1.5) for v in rows)
            ]
            wide.append(np.array(reach))
        over = np.minimum(*(each[:-10] - each[10:] for each in wide))
        return float(over.max())

    @property
    def curl(self) -> float:
        """How much the strands beside the face change their direction within a tenth of the face's width, 0..1."""
        seen, inside = self.seen, self.seen.shrunk(self.small > 0.9, 0.02)
        side = (
            inside
            & (seen.v > float(seen.place(10)[1]) + 0.15)
            & (seen.v < self.chin)
            & (np.abs(seen.u) > 0.4)
        )
        if side.sum() < 30:
            return 0.0
        light = cv2.GaussianBlur(seen.lab[..., 0], (0, 0), 0.8)
        dx, dy = (cv2.Sobel(light, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
        fine, wide = max(1.5, 0.025 * seen.frame.width), 0.12 * seen.frame.width
        xx, yy, xy = (cv2.GaussianBlur(each, (0, 0), fine) for each in (dx * dx, dy * dy, dx * dy))
        strength = np.sqrt((xx - yy) ** 2 + 4 * xy * xy)
        clear = strength / (xx + yy + 0.5)
        turn = [
            cv2.GaussianBlur(part / (strength + 1e-3) * clear, (0, 0), wide) for part in (xx - yy, 2 * xy)
        ]
        alike = np.hypot(*turn) / (cv2.GaussianBlur(clear, (0, 0), wide) + 1e-3)
        return float(1 - alike[side].mean())

    @property
    def like_clothes(self) -> float:
        """Share of what lies below the shoulders' line between the strands whose colours the hair has too."""
        u, v, seen = self.seen.u, self.seen.v, self.seen
        worn = (seen.person > 0.6) & (v > self.chin + 0.55) & (np.abs(u) < 0.9) & (self.small < 0.5)
        own = (self.small > 0.9) & (v < self.chin)
        if worn.sum() < 60 or own.sum() < 60:
            return 0.0
        odds = mixture(seen.lab[own], 4).log(seen.lab[worn][None])[0]
        usual = np.percentile(mixture(seen.lab[own], 4).log(seen.lab[own][None])[0], 25)
        return float((odds > usual).mean())

    @property
    def ears(self) -> float:
        """Share of the place of an ear that shows skin, 0..1; of the ear that shows more."""
        seen = self.seen
        free = (self.apart < 1.3 * SKIN) & (seen.person > 0.7) & (self.small < 0.3) & (seen.oval < 0.5)
        free &= (seen.v > -0.05) & (seen.v < 0.25)
        most = 0.0
        for temple, side in ((234, -1), (454, 1)):
            out = side * (seen.u - float(seen.place(temple)[0]))
            ear = (out > 0) & (out < 0.1) & (seen.v > -0.05) & (seen.v < 0.25)
            most = max(most, float(free[ear].mean()) if ear.any() else 0.0)
        return most

    @property
    def on_shoulders(self) -> float:
        """Share of the person far beside the neck and below it that counts as hair: a jacket taken for hair."""
        seen = self.seen
        low = (np.abs(seen.u) > 0.95) & (seen.v > self.chin + 0.3) & (seen.person > 0.5)
        return float((self.small[low] > 0.5).mean()) if low.sum() > 60 else 0.0

    def mirrored(self) -> Hair:
        """The same of the mirrored photo; points of the mesh keep their meaning."""
        seen, width = self.seen, self.face.photo_size[0]
        points = _turned(seen.points, seen.rgb.shape[1])
        frame = frame_of(points)
        u, v = frame.grid(seen.shape)
        other = replace(
            seen,
            window=Window(
                width - seen.window.right, seen.window.top, width - seen.window.left, seen.window.bottom
            ),
            rgb=_flipped(seen.rgb),
            lab=_flipped(seen.lab),
            points=points,
            frame=frame,
            u=u,
            v=v,
            person=_flipped(seen.person),
            oval=_flipped(seen.oval),
        )
        pose = replace(self.face.pose, yaw=-self.face.pose.yaw, roll=-self.face.pose.roll)
        return replace(
            self,
            face=replace(self.face, points=_turned(self.face.points, width), pose=pose),
            window=other.window,
            rgb=_flipped(self.rgb),
            matte=_flipped(self.matte),
            points=_turned(self.points, self.rgb.shape[1]),
            seen=other,
            small=_flipped(self.small),
        )


def _flipped(values: Array) -> Array:
    return np.ascontiguousarray(values[:, ::-1])


def _turned(points: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """A mesh in the mirrored picture, `width` pixels wide."""
    other = np.concatenate([canonical.mirror(), np.arange(473, 478), np.arange(468, 473)])
    turned = points[other].copy()
    turned[:, 0] = width - 1 - turned[:, 0]
    return np.asarray(turned)


def find_hair(photo: Photo, face: Face) -> Hair:
    """Find the hair of a head; a bald head has a matte of zeros.

    Parameters
    ----------
    photo : Photo
    face : Face
        Of this photo.
    """
    seen = look(photo, face)
    found = found_hair(seen)
    part = seen.window
    pixels: Pixels = np.ascontiguousarray(photo.pixels[part.slices])  # type: ignore[assignment]
    radius = max(2, round(_SOFT * seen.frame.width))
    guided = guide(found.mask, seen.rgb, radius, softness=4e-4)
    pixels = shrink(pixels, _MOST)
    matte = guided.full(pixels).astype(np.float32) / np.float32(255)
    rgb = np.clip(profile_to_srgb(pixels, photo.icc), 0, 1).astype(np.float32)
    scale = pixels.shape[1] / (part.right - part.left)
    points = (face.points - [part.left, part.top, 0]) * scale
    points[:, :2] += (scale - 1) / 2
    return Hair(face, part, rgb, matte, points, seen, guided.small, found.crown)
