"""How bright a photo should be: the engine that needs no network.

In linear light. The brightest parts are brought near white by one gain. If the photo is still dark its base, which is
the light without the detail, is raised by a power: shadows gain most, white stays white, and detail rides on the base
unchanged, as in the base-and-detail tone mapping of Durand and Dorsey 2002.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.gain import light_of, mean
from tinct.imaging.guided import smoothstep
from tinct.photo.color import linear_to_srgb, srgb_to_linear

__all__ = ["relit"]

Array = NDArray[np.float32]

_LUMINANCE: Final = np.array([0.2126729, 0.7151522, 0.0721750], np.float32)
_WHITE: Final = 0.9  # linear light that the brightest parts should reach
_BRIGHTEST: Final = 99.5  # percentile
_WANTED: Final = (
    1.3,
    2.2,
)  # gain up to which a photo counts as bright enough, and from which it gets all of it
_MOST_GAIN: Final = 40.0
_MOST_MIDDLE: Final = 0.24  # geometric mean of the luminance beyond which the gain does not raise it
_MIDDLE: Final = 0.085  # geometric mean of the luminance of a photo that is light enough
_SHADOW: Final = 0.02  # the same for its darker half: photos may be light and their shadows too dark
_LEAST_POWER: Final = 0.42
_LEAST_LIT_POWER: Final = 0.6  # of photos whose brightest parts are bright: much of their darkness is meant
_LEAST_SHADOW_POWER: Final = 0.75
_BLACK: Final = 4e-3  # base luminance that is raised by half as much: a night sky stays black
_DARK: Final = 2e-3  # luminance below which detail is noise
_COLOR: Final = (
    0.5 / 255,
    8 / 255,
)  # luma below which a source's colour is not believed, and above which it is
_RADIUS: Final = 1 / 20  # of the base's window, as a share of the longer side
_EDGE: Final = 0.4  # variance of log2 luminance across which the base keeps an edge


def relit(rgb: Array, seen: NDArray[np.bool_] | None = None) -> Array:
    """A better lit copy.

    Parameters
    ----------
    rgb : ndarray, (h, w, 3), float32
        sRGB, 0..1; small, for the windows grow with it.
    seen : ndarray, (h, w), bool, optional
        Which pixels are judged; None means all.

    Returns
    -------
    ndarray, (h, w, 3), float32
        0..1; a photo that is bright enough comes back nearly as it was.
    """
    linear = srgb_to_linear(rgb)
    seen = np.ones(rgb.shape[:2], np.bool_) if seen is None else seen
    gain = _gain(linear[seen])
    linear = linear * np.float32(gain)
    luminance = np.maximum(linear @ _LUMINANCE, 0)  # (h, w)
    power = max(_power(luminance[seen]), _LEAST_LIT_POWER if gain == 1 else _LEAST_POWER)
    if gain == power == 1:
        return rgb
    if power < 1:
        base = np.exp2(_base(np.log2(luminance + np.float32(_DARK)))) - np.float32(_DARK)
        base = np.maximum(base, np.float32(_DARK))
        lift = np.minimum(base, 1) ** np.float32(power - 1) - 1
        linear = linear * (1 + lift * base / (base + np.float32(_BLACK)))[..., None]
    return np.clip(linear_to_srgb(_shouldered(_trusted(linear, rgb))), 0, 1)


def _trusted(linear: Array, rgb: Array) -> Array:
    """Less colour where `rgb`, the source, is next to black: what it has there is rounding, not the scene's."""
    trust = smoothstep(light_of(rgb), *_COLOR)[..., None]
    luminance = (linear @ _LUMINANCE)[..., None]
    return np.asarray(luminance + (linear - luminance) * trust, np.float32)


def _gain(linear: Array) -> float:
    """What brings the brightest parts near white, but the middle no higher than grey."""
    brightest = float(np.percentile(linear.max(axis=-1), _BRIGHTEST))
    gain = _WHITE / max(brightest, 1e-4)
    middle = float(np.exp(np.log(np.maximum(linear @ _LUMINANCE, 0) + 1e-4).mean()))
    gain = min(gain, _MOST_MIDDLE / middle, _MOST_GAIN)
    wanted = float(smoothstep(np.array(gain, np.float32), *_WANTED))
    return gain**wanted if gain > 1 else 1.0


def _power(luminance: Array) -> float:
    """The power of the base that brings the middle and the shadows up; 1 where they are high enough."""
    logs = np.log(luminance + 1e-4)
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
