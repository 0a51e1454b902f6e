"""How bright a photo should be: the engine that needs no network.

In linear light. The brightest parts are brought near white by one gain. If the photo is still dark its base, which is
the light without the detail, is raised by a power: shadows gain most, white stays white, and detail rides on the base
unchanged, as in the base-and-detail tone mapping of Durand and Dorsey 2002.

Darkness that is meant stays. A photo whose brightest parts are bright, with no large light part beside the dark, is a
night, a stage or a candle, and is raised little; where faces are its light parts, not at all. People who stand against
the light are lifted by a gain of their own, which ends where the light behind them begins.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.light.subject import NOBODY, Lift, Subject
from tinct.imaging.gain import light_of, mean
from tinct.imaging.guided import ramp, smoothstep
from tinct.photo.color import linear_to_srgb, luminance, srgb_to_linear

__all__ = ["dark_somewhere", "relit"]

Array = NDArray[np.float32]

_WHITE: Final = 0.9  # linear light that the brightest parts should reach
_BRIGHTEST: Final = 99.5  # percentile
# Gain up to which a photo counts as bright enough, and from which it gets all of it
_WANTED: Final = (1.3, 2.2)
_MOST_GAIN: Final = 40.0
_MOST_MIDDLE: Final = 0.24  # geometric mean of the luminance beyond which the gain does not raise it
_MIDDLE: Final = 0.085  # geometric mean of the luminance of a photo that is light enough
_SHADOW: Final = 0.02  # the same for its darker half: photos may be light and their shadows too dark
_LEAST_POWER: Final = 0.42
_LEAST_LIT_POWER: Final = 0.6  # of photos whose brightest parts are bright: much of their darkness is meant
_LEAST_SHADOW_POWER: Final = 0.75
# Gain up to which a photo was exposed as it was meant, and from which it was not
_EXPOSED: Final = (1.3, 4.0)
_OPEN: Final = 0.5  # linear light of what is light
_UNEVEN: Final = (0.04, 0.12)  # share of that in photos of lamps, and in those that are lit unevenly
_KEPT: Final = 0.75  # of the power of a photo whose darkness is meant
_KEPT_GAIN: Final = 0.85  # of the gain, where faces say so
_TOO_DARK: Final = (3.0, 5.0)  # gain from which nothing is meant
# Linear light, and the share that is darker, from which there is dark to judge
_SOMEWHERE: Final = (0.03, 0.03)
_ABOVE: Final = 1.5  # stops above faces up to which the lift is whole; it ends at the light behind
_BELOW: Final = (-4.0, -0.5)  # stops from faces at which hair and coats are black, and at which they are not
_OF_BLACK: Final = 0.45  # of the lift is given to black, so that it does not turn grey
_AROUND: Final = 0.35  # of the lift of people is given to what is as dark around them
_BLACK: Final = 4e-3  # base luminance that is raised by half as much: a night sky stays black
_DARK: Final = 2e-3  # luminance below which detail is noise
# Luma below which a source's colour is not believed, and above which it is
_COLOR: Final = (0.5 / 255, 8 / 255)
_RADIUS: Final = 1 / 20  # of the base's window, as a share of the longer side
_EDGE: Final = 0.4  # variance of log2 luminance across which the base keeps an edge


def dark_somewhere(rgb: Array) -> bool:
    """Whether a small copy (h, w, 3) has parts so dark that the people in it matter."""
    dark, share = _SOMEWHERE
    return bool((luminance(srgb_to_linear(rgb)) < dark).mean() > share)


def relit(rgb: Array, seen: NDArray[np.bool_] | None = None, subject: Subject = NOBODY) -> Array:
    """A better lit copy.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; small, for the windows grow with it.
    seen : ndarray, (h, w), bool, optional
        Which pixels are judged; None means all.
    subject : Subject
        What the people in it say.

    Returns
    -------
    ndarray, (h, w, 3), float32
        0..1; a photo that is bright enough comes back nearly as it was.
    """
    linear = srgb_to_linear(rgb)
    seen = np.ones(rgb.shape[:2], np.bool_) if seen is None else seen
    gain, power = _decided(linear[seen], subject.meant)
    power = 1.0 if subject.lift is not None else power  # it would raise the sky as well
    if gain == power == 1 and subject.lift is None:
        return rgb
    linear = linear * np.float32(gain)
    if power < 1 or subject.lift is not None:
        linear = linear * _raised(np.maximum(luminance(linear), 0), gain, power, subject.lift)[..., None]
    return np.clip(linear_to_srgb(_shouldered(_trusted(linear, rgb))), 0, 1)


def _raised(light: Array, gain: float, power: float, lift: Lift | None) -> Array:
    """Gain (h, w) of the luminance `light`, which has its `gain` already: by the power of its base, and of people."""
    base = np.maximum(
        np.exp2(_base(np.log2(light + np.float32(_DARK)))) - np.float32(_DARK), np.float32(_DARK)
    )
    raised = (np.minimum(base, 1) ** np.float32(power - 1) - 1) * base / (base + np.float32(_BLACK)) + 1
    if lift is None:
        return np.asarray(raised, np.float32)
    source = np.log2(np.maximum(light, np.float32(_DARK)) / np.float32(gain))
    return np.maximum(raised, _lifted(np.log2(base / np.float32(gain)), source, lift))


def _decided(linear: Array, meant: float) -> tuple[float, float]:
    """Gain of the light, and power of the base, of a photo (n, 3) whose people say how surely darkness is `meant`."""
    gain, wanted = _gain(linear)
    light = luminance(linear)
    power = max(
        _power(np.maximum(light * np.float32(gain), 0)), _LEAST_LIT_POWER if gain == 1 else _LEAST_POWER
    )
    exposed = 1 - ramp(wanted, *_EXPOSED)
    even = 1 - ramp(float((light > _OPEN).mean()), *_UNEVEN)
    meant *= 1 - ramp(wanted, *_TOO_DARK)
    return gain ** (1 - _KEPT_GAIN * meant), power ** (1 - max(_KEPT * exposed * even, meant))


def _lifted(base: Array, light: Array, lift: Lift) -> Array:
    """Gain (h, w) of people who stand against the light, from log2 of the source's luminance, its base and itself.

    Where nobody is a light pixel is light, however dark its neighbours are: so no rim of the sky is lifted.
    """
    log = np.maximum(base, base + (light - base) * (1 - lift.matte))
    top = lift.face + _ABOVE
    below = 1 - smoothstep(log, top, max(lift.behind, top + 1))
    black = np.float32(_OF_BLACK) + np.float32(1 - _OF_BLACK) * smoothstep(
        log - np.float32(lift.face), *_BELOW
    )
    share = lift.matte + (1 - lift.matte) * np.float32(_AROUND)
    return np.asarray(np.exp2(np.float32(lift.stops) * below * black * share), np.float32)


def _trusted(linear: Array, rgb: Array) -> Array:
    """Less colour where `rgb`, the source, is next to black: what it has there is rounding, not the scene's."""
    trust = smoothstep(light_of(rgb), *_COLOR)[..., None]
    gray = luminance(linear)[..., None]
    return np.asarray(gray + (linear - gray) * trust, np.float32)


def _gain(linear: Array) -> tuple[float, float]:
    """What brings the brightest parts near white, but the middle no higher than grey: as it is used, and as it is."""
    brightest = float(np.percentile(linear.max(axis=-1), _BRIGHTEST))
    gain = _WHITE / max(brightest, 1e-4)
    middle = float(np.exp(np.log(np.maximum(luminance(linear), 0) + 1e-4).mean()))
    gain = min(gain, _MOST_MIDDLE / middle, _MOST_GAIN)
    return (gain ** ramp(gain, *_WANTED) if gain > 1 else 1.0), gain


def _power(light: Array) -> float:
    """The power of the base that brings the middle and the shadows up; 1 where they are high enough."""
    logs = np.log(light + 1e-4)
    middle, shadow = float(np.exp(logs.mean())), float(np.exp(logs[logs <= np.median(logs)].mean()))
    power = float(np.log(_MIDDLE) / np.log(middle)) if middle < _MIDDLE else 1.0
    if shadow < _SHADOW:
        power = min(power, max(float(np.log(_SHADOW) / np.log(shadow)), _LEAST_SHADOW_POWER))
    return power


def _base(log_light: Array) -> Array:
    """Log2 luminance without its detail, by the guided filter on itself."""
    radius = max(2, round(max(log_light.shape) * _RADIUS))
    middle = mean(log_light, radius)
    variance = np.maximum(mean(log_light * log_light, radius) - middle * middle, 0)
    slope = variance / (variance + np.float32(_EDGE))
    return mean(slope, radius) * log_light + mean(middle - slope * middle, radius)


def _shouldered(linear: Array) -> Array:
    """Values above 0.8 approach 1 smoothly; hue stays, for all channels share a factor."""
    largest = linear.max(axis=-1, keepdims=True)
    knee = np.float32(0.8)
    over = np.maximum(largest - knee, 0)
    soft = np.where(largest > knee, knee + (1 - knee) * over / (over + 1 - knee), largest)
    return np.asarray(linear * (soft / np.maximum(largest, 1e-6)), np.float32)
