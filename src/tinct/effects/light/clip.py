"""Brighten a clip: one curve a shot, so that nothing pumps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray

from tinct.clip.clip import Clip
from tinct.effects.choices import ClipIn, Shots, Strength
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Rounded, Told
from tinct.effects.light.exposure import dark_somewhere, relit
from tinct.effects.light.noise import signal
from tinct.effects.light.subject import NOBODY, Subject, look
from tinct.imaging import grading
from tinct.imaging.colormap import ColorMap, grid
from tinct.imaging.gain import light_of
from tinct.imaging.shots import Shot

__all__ = ["VideoLighting", "curve", "video_light"]

Array = NDArray[np.float32]

_STEPS: Final = 64  # of the curve
_LEAST_SEEN: Final = 1e-3  # share of the pixels with which a step of the curve is half believed
_FLOOR: Final = np.float32(0.004)


@dataclass(frozen=True, kw_only=True)
class VideoLighting:
    """What lighting made of a clip."""

    clip: Clip
    """The result."""
    starts: Annotated[tuple[float, ...], Rounded(3)]
    """When each shot begins, in seconds."""
    gains: Annotated[tuple[float, ...], Rounded(3)]
    """Gain of mid-grey of each shot."""
    color_maps: Annotated[tuple[ColorMap, ...], Told(lambda maps: [one.title for one in maps])]
    """The curve of each shot as a colour map."""


@effect(
    title="Lighting of clips", credits=5, estimate=lambda clip: grading.estimate(clip, False), label="light"
)
def video_light(
    clip: ClipIn, *, strength: Strength = 1.0, shots: Shots = "each", progress: Progress = unheard
) -> VideoLighting:
    """Brighten a dark clip by one curve a shot; what is bright is not clipped, and nothing pumps.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    ClipError
        The clip cannot be used.
    OutputError
        There is no room for the result.
    """
    made = grading.graded(clip, curve, shots=shots, degree=strength, progress=progress)
    middle = np.full((1, 3), 0.2, np.float32)
    gains = tuple(float(one.blend(strength).colors(middle)[0, 1] / 0.2) for one in made.maps)
    return VideoLighting(clip=made.clip, starts=made.starts, gains=gains, color_maps=made.maps)


def curve(shot: Shot) -> ColorMap:
    """How much lighter each lightness gets in a shot, as a map that keeps hues.

    Each view is lit as a photo is; what that did to each lightness is averaged over all of them. The people of the
    middle one say whether darkness is meant; they are not lifted by themselves, for one curve lifts all that is dark.
    """
    subject = _subject(shot.views[len(shot.views) // 2].astype(np.float32) / np.float32(255))
    total = np.zeros(_STEPS, np.float64)
    seen = np.zeros(_STEPS, np.float64)
    for view in shot.views:
        rgb = view.astype(np.float32) / np.float32(255)
        light = light_of(rgb)
        shown = signal(rgb, np.ones(light.shape, np.bool_))
        lit = light + np.float32(shown) * (light_of(relit(rgb, subject=subject)) - light)
        gain = np.log((lit + _FLOOR) / (light + _FLOOR))
        step = np.minimum((light * _STEPS).astype(np.intp), _STEPS - 1).ravel()
        total += np.bincount(step, gain.ravel(), _STEPS)
        seen += np.bincount(step, minlength=_STEPS)
    return _as_map(_smooth(total, seen))


def _subject(view: Array) -> Subject:
    return Subject(look(view).meant) if dark_somewhere(view) else NOBODY


def _smooth(total: NDArray[np.float64], seen: NDArray[np.float64]) -> Array:
    """Logarithm of the gain of each step: neighbours speak for steps that few pixels have, and light never falls."""
    share = seen / seen.sum()
    mean = total / np.maximum(seen, 1)
    weight = share / (share + _LEAST_SEEN)
    axis = np.arange(_STEPS)
    near = np.exp(-0.5 * ((axis[:, None] - axis) / 3.0) ** 2) * (weight + 1e-6)
    gains = (near @ mean) / near.sum(axis=1)
    middle = (axis + 0.5) / _STEPS
    lit = np.maximum.accumulate(np.minimum(middle * np.exp(gains), 1.0))
    return np.asarray(np.log(lit / middle), np.float32)


def _as_map(gains: Array) -> ColorMap:
    nodes = grid()
    light = light_of(nodes.reshape(-1, 1, 3)).reshape(-1)
    middle = (np.arange(len(gains), dtype=np.float32) + 0.5) / len(gains)
    gain = np.exp(np.interp(light, middle, gains)).astype(np.float32)[:, None]
    flat = nodes.reshape(-1, 3)
    room = np.minimum(gain, 1 / np.maximum(flat.max(axis=1, keepdims=True), np.float32(1e-3)))  # hue stays
    return ColorMap(np.clip(flat * np.maximum(room, 1), 0, 1).reshape(nodes.shape), "Lighting")
