"""Views to learn from: cut subjects before other photos, whole photos with their mask, and photos without a subject.

That a patch was pasted must not tell where the subject is: patches of other backgrounds are pasted too and belong to
nothing, light and colour of the subject come near the background's, and blur, noise and JPEG are of the whole view.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from training.subject.prepare import Kind, kept_apart

__all__ = ["VIEW", "Composer", "Parts", "load"]

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

VIEW: Final = 160
"""Pixels of a square view."""


@dataclass(frozen=True, eq=False)
class Parts:
    """What one kind of part is held in."""

    photos: Image
    """(n, SIDE, SIDE, 3)."""
    masks: Image | None = None
    """(n, SIDE, SIDE)."""
    cuts: Image | None = None
    """(n, CANVAS, CANVAS, 4): RGB and alpha, in the corner."""
    sizes: NDArray[np.int64] | None = None
    """(n, 2): how much of the canvas is used."""

    def __len__(self) -> int:
        return len(self.photos)


def load(work: Path, apart: bool = False) -> dict[Kind, Parts]:
    """All parts made so far: those to train with, or those kept apart."""
    kinds: tuple[Kind, ...] = ("object", "person", "empty", "back")
    return {kind: _load(sorted((work / "parts").glob(f"{kind}-*.npz")), apart) for kind in kinds}


def _load(paths: list[Path], apart: bool) -> Parts:
    found: dict[str, list[Image]] = {}
    for path in paths:
        with np.load(path) as file:
            take = np.array([kept_apart(str(key)) == apart for key in file["keys"]])
            for name in set(file.files) - {"keys"}:
                found.setdefault(name, []).append(file[name][take])
    if not found:
        return Parts(np.zeros((0, 1, 1, 3), np.uint8))
    return Parts(**{name: np.concatenate(arrays) for name, arrays in found.items()})  # type: ignore[arg-type]


class Composer:
    """Draws views.

    Parameters
    ----------
    parts : dict
        Of :func:`load`.
    seed : int
    """

    def __init__(self, parts: dict[Kind, Parts], seed: int) -> None:
        self._parts = parts
        self._rng = np.random.default_rng(seed)

    def view(self) -> tuple[Array, Array]:
        """RGB (VIEW, VIEW, 3) and matte (VIEW, VIEW), 0..1."""
        kind = self._rng.random()
        if kind < 0.60:
            rgb, alpha = self.composite()
        elif kind < 0.88:
            rgb, alpha = self._whole()
        else:
            rgb, alpha = self.without()
        return self._photographed(rgb), np.clip(alpha, 0, 1)

    def composite(self) -> tuple[Array, Array]:
        """One or two subjects before another photo or a plain backdrop."""
        rng = self._rng
        plain = rng.random() < 0.2
        rgb = self._backdrop() if plain else self._background()
        alpha = np.zeros((VIEW, VIEW), np.float32)
        if not plain and rng.random() < 0.4:
            rgb = self._with_patch(rgb)
        count = 2 if rng.random() < 0.25 else 1
        for number in range(count):
            rgb, alpha = self._with_subject(rgb, alpha, plain, small=number > 0)
        return rgb, alpha

    def without(self) -> tuple[Array, Array]:
        """Nothing that stands out; sometimes with patches of other photos."""
        rgb = self._scaled(self._photo("empty"))
        if self._rng.random() < 0.3:
            rgb = self._with_patch(rgb)
        return rgb, np.zeros((VIEW, VIEW), np.float32)

    def _whole(self) -> tuple[Array, Array]:
        kind: Kind = "person" if self._rng.random() < 0.4 and len(self._parts["person"]) else "object"
        parts = self._parts[kind]
        assert parts.masks is not None
        i = int(self._rng.integers(len(parts)))
        both = np.dstack([parts.photos[i], parts.masks[i]]).astype(np.float32) / 255
        made = self._scaled(both, least=0.75)
        return np.ascontiguousarray(made[..., :3]), np.ascontiguousarray(made[..., 3])

    def _photo(self, *kinds: Kind) -> Array:
        sets = [self._parts[kind].photos for kind in kinds if len(self._parts[kind])]
        number = int(self._rng.integers(sum(map(len, sets))))
        for one in sets:
            if number < len(one):
                return one[number].astype(np.float32) / 255
            number -= len(one)
        raise AssertionError

    def _scaled(self, pixels: Array, least: float = 0.55) -> Array:
        """A part of a photo, perhaps mirrored, at the view's size."""
        rng, side = self._rng, pixels.shape[0]
        high, wide = (max(8, round(side * edge)) for edge in rng.uniform(least, 1.0, 2))
        top, left = int(rng.integers(side - high + 1)), int(rng.integers(side - wide + 1))
        crop = pixels[top : top + high, left : left + wide]
        if rng.random() < 0.5:
            crop = crop[:, ::-1]
        return np.asarray(cv2.resize(np.ascontiguousarray(crop), (VIEW, VIEW)), np.float32)

    def _background(self) -> Array:
        rgb = self._scaled(self._photo("back", "empty"), least=0.4)
        if self._rng.random() < 0.35:
            rgb = np.asarray(cv2.GaussianBlur(rgb, (0, 0), float(self._rng.uniform(0.8, 6))), np.float32)
        return rgb

    def _backdrop(self) -> Array:
        """A wall and, below, perhaps a table: smooth colours."""
        rng = self._rng
        tone = rng.uniform(0.05, 1.0) if rng.random() < 0.6 else rng.uniform(0.85, 1.0)
        colors = np.clip(tone + rng.normal(0, 0.06, (4, 3)) + rng.normal(0, 0.05, (4, 1)), 0, 1)
        rgb = cv2.resize(colors.reshape(2, 2, 3).astype(np.float32), (VIEW, VIEW))
        if rng.random() < 0.4:
            table = int(rng.uniform(0.55, 0.9) * VIEW)
            rgb[table:] = np.clip(rgb[table:] * rng.uniform(0.6, 1.2) + rng.normal(0, 0.04, 3), 0, 1)
            rgb = cv2.GaussianBlur(rgb, (0, 0), float(rng.uniform(0.5, 4)))
        return np.asarray(rgb, np.float32)

    def _with_patch(self, rgb: Array) -> Array:
        """A part of another background pasted in: it has a seam, but is no subject."""
        rng = self._rng
        noise = rng.normal(size=(5, 5)).astype(np.float32)
        field = cv2.resize(noise, (VIEW, VIEW), interpolation=cv2.INTER_CUBIC)
        middle, size = rng.uniform(0, VIEW, 2), rng.uniform(0.12, 0.4) * VIEW
        y, x = np.mgrid[:VIEW, :VIEW]
        near = 1 - np.hypot(y - middle[0], x - middle[1]) / size
        shape = ((near + 0.4 * field) > 0).astype(np.float32)
        shape = np.asarray(cv2.GaussianBlur(shape, (0, 0), 0.8), np.float32)[..., None]
        other = self._scaled(self._photo("back", "empty"), least=0.3)
        other = np.clip(other + rng.uniform(0, 1) * (rgb.mean(axis=(0, 1)) - other.mean(axis=(0, 1))), 0, 1)
        return np.asarray(rgb * (1 - shape) + other * shape, np.float32)

    def _with_subject(self, rgb: Array, alpha: Array, plain: bool, small: bool) -> tuple[Array, Array]:
        rng = self._rng
        kind: Kind = "person" if rng.random() < 0.3 and len(self._parts["person"]) else "object"
        parts = self._parts[kind]
        assert parts.cuts is not None
        assert parts.sizes is not None
        i = int(rng.integers(len(parts)))
        high, wide = parts.sizes[i]
        layer = parts.cuts[i, :high, :wide].astype(np.float32) / 255
        if rng.random() < 0.5:
            layer = np.ascontiguousarray(layer[:, ::-1])
        placed = self._placed(layer, small)
        share = placed[..., 3]
        color = placed[..., :3] / np.maximum(share[..., None], 1e-3)
        inside = share > 0.5
        if inside.sum() < 0.01 * inside.size:
            return rgb, alpha
        color = self._lit(color, inside, rgb)
        if plain or rng.random() < 0.3:
            rgb = self._shadowed(rgb, share)
        if rng.random() < 0.15:  # the lens holds the background, not the subject
            share = np.asarray(cv2.GaussianBlur(share, (0, 0), 1.2), np.float32)
        share = share[..., None]
        made = np.clip(color * share + rgb * (1 - share), 0, 1)
        return made.astype(np.float32), np.maximum(alpha, share[..., 0])

    def _placed(self, layer: Array, small: bool) -> Array:
        """The cut somewhere in the view, (VIEW, VIEW, 4), colours times alpha; cut sides stay at the border."""
        rng = self._rng
        high, wide = layer.shape[:2]
        alpha = layer[..., 3]
        top, bottom, left, right = (
            float(edge.mean()) > 0.08 for edge in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1])
        )
        most = 0.5 if small else 1.0
        size = VIEW * (
            rng.uniform(0.22, most) if rng.random() < 0.7 else rng.uniform(0.45 * most, 1.05 * most)
        )
        shape = np.exp(rng.normal(0, 0.1))
        scale_x, scale_y = size / max(high, wide) * shape, size / max(high, wide) / shape
        if left and right:
            scale_x = VIEW / wide
        if top and bottom:
            scale_y = VIEW / high
        angle = 0.0 if top or bottom or left or right else np.radians(rng.normal(0, 9))
        new_w, new_h = wide * scale_x, high * scale_y
        slack = 0.05 * VIEW
        x = rng.uniform(-slack, VIEW - new_w + slack) if new_w < VIEW + 2 * slack else (VIEW - new_w) / 2
        y = rng.uniform(-slack, VIEW - new_h + slack) if new_h < VIEW + 2 * slack else (VIEW - new_h) / 2
        x = 0.0 if left else VIEW - new_w if right else x
        y = 0.0 if top and not bottom else VIEW - new_h if bottom else y
        cos, sin = np.cos(angle), np.sin(angle)
        turn = np.array([[cos * scale_x, -sin * scale_y, 0], [sin * scale_x, cos * scale_y, 0]])
        middle = turn[:, :2] @ np.array([wide / 2, high / 2])
        turn[:, 2] = np.array([x + new_w / 2, y + new_h / 2]) - middle
        shrink = min(scale_x, scale_y)
        if shrink < 0.6:
            layer = np.asarray(cv2.GaussianBlur(layer, (0, 0), 0.4 / shrink), np.float32)
        layer = layer.copy()
        layer[..., :3] *= layer[..., 3:]
        return np.asarray(cv2.warpAffine(layer, turn, (VIEW, VIEW), flags=cv2.INTER_LINEAR), np.float32)

    def _lit(self, color: Array, inside: NDArray[np.bool_], rgb: Array) -> Array:
        """Light and colour moved towards the background's, so that the difference does not tell."""
        rng = self._rng
        own, there = color[inside].mean(axis=0), rgb.mean(axis=(0, 1))
        near = rng.uniform(0, 0.7)
        gain = (own + near * 0.6 * (there - own)) / np.maximum(own, 0.05)
        light = np.clip(color * np.clip(gain, 0.4, 2.2), 0, 1)
        if rng.random() < 0.3:  # light from one side
            ramp = np.linspace(*rng.uniform(0.75, 1.2, 2), VIEW)
            light = np.clip(
                light * (ramp[None, :, None] if rng.random() < 0.5 else ramp[:, None, None]), 0, 1
            )
        return np.asarray(light, np.float32)

    def _shadowed(self, rgb: Array, share: Array) -> Array:
        rng = self._rng
        move = np.array([[1, 0, rng.normal(0, 6)], [0, 1, rng.uniform(0, 8)]])
        shade = cv2.GaussianBlur(cv2.warpAffine(share, move, (VIEW, VIEW)), (0, 0), float(rng.uniform(2, 8)))
        return np.asarray(rgb * (1 - float(rng.uniform(0.1, 0.5)) * shade[..., None]), np.float32)

    def _photographed(self, x: Array) -> Array:
        """Another camera: tone, colour, now and then grey, blur, noise, JPEG."""
        rng = self._rng
        x = np.clip(x, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.25)))
        x = (x - 0.5) * np.float32(np.exp(rng.normal(0, 0.15))) + 0.5 + np.float32(rng.normal(0, 0.04))
        grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
        if rng.random() < 0.08:
            x = np.repeat(grey[..., None], 3, axis=2)
        else:
            x = grey[..., None] + (x - grey[..., None]) * np.float32(np.exp(rng.normal(0, 0.25)))
            x = x * np.exp(rng.normal(0, 0.06, 3)).astype(np.float32)
        if rng.random() < 0.25:
            x = cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.3)))
        if rng.random() < 0.3:
            x = x + rng.normal(0, rng.uniform(0.005, 0.04), x.shape).astype(np.float32)
        x = np.clip(x, 0, 1)
        if rng.random() < 0.5:
            coded = cv2.imencode(".jpg", np.rint(x * 255).astype(np.uint8), [1, int(rng.integers(35, 95))])[1]
            x = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
        return np.ascontiguousarray(x, np.float32)
