"""Which blur a photo's spectrum shows: discs and straight motion leave rings and bands where nothing is left.

The spectrum of photos falls smoothly, and about alike in all directions. Of each kernel that might be, what is left of
the photo's mean log-spectrum beside a smooth fall and that kernel is measured; the right one leaves least.

References
----------
Savakis and Trussell 1993, "Blur identification by residual spectral matching"; Cannon 1976, "Blind deconvolution of
spatially invariant image blurs with phase", of which the mean of log-spectra of windows is taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.blur.kernels import Kernel, disc, gaussian, motion

__all__ = ["Guess", "everywhere", "guesses"]

Array = NDArray[np.float64]
Kind = Literal["gaussian", "disc", "motion"]

_SIDE = 64  # pixels of a window
_FEWEST, _MOST = 9, 400  # windows
_FLAT = 0.02  # of 1: spread below which a window shows nothing
_LOW, _HIGH = 0.04, 0.42  # cycles a pixel between which spectra are compared; above there is noise alone
_GONE = 3e-3  # of what comes in: a kernel that leaves less tells nothing about the fall
_WORSE = 1.1  # times what no blur leaves in a quarter, where a kernel is not there; sharp quarters have 1.3 and more
_FAR = 1.5  # of the logarithm: how far off a frequency may be held to be


@dataclass(frozen=True)
class Guess:
    """The likeliest kernel of its kind."""

    kind: Kind
    size: float
    """Pixels: standard deviation, radius or length."""
    degrees: float
    """Of the way of motion, from level downwards."""
    left: float
    """What it leaves unexplained, in shares of what no blur leaves."""
    widest: bool
    """Whether it is the largest that was tried."""

    @property
    def kernel(self) -> Kernel:
        """As an array."""
        return _KERNELS[self.kind](self.size, self.degrees)


_KERNELS = {
    "gaussian": lambda size, degrees: gaussian(size),
    "disc": lambda size, degrees: disc(size),
    "motion": motion,
}
_SIZES: dict[Kind, tuple[float, float, float]] = {
    "gaussian": (0.8, 3.2, 0.1),
    "disc": (1.75, 6.5, 0.25),
    "motion": (4, 12, 0.5),
}
_DEGREES = 10.0


def guesses(light: NDArray[np.float32]) -> dict[Kind, Guess]:
    """The likeliest kernel of each kind for (h, w), 0..1; none where the photo shows too little."""
    spectrum = _spectrum(light)
    if spectrum is None:
        return {}
    at, smooth, tried = _tried()
    noise = _noise(spectrum)
    seen = np.log(spectrum[at] + noise)  # (f,)
    nothing = _left(seen, np.ones_like(seen), smooth, noise)
    found: dict[Kind, Guess] = {}
    for kind, size, degrees, kept in tried:
        left = _left(seen, kept, smooth, noise) / nothing
        if kind not in found or left < found[kind].left:
            found[kind] = Guess(kind, size, degrees, left, size >= _SIZES[kind][1] - 1e-6)

    def nearer(one: Guess, size: float, degrees: float) -> Guess:
        left = _left(seen, _power(one.kind, size, degrees)[at], smooth, noise) / nothing
        return replace(one, size=size, degrees=degrees % 180, left=left) if left < one.left else one

    for kind, one in found.items():
        step, turn = _SIZES[kind][2], _DEGREES if kind == "motion" else 0.0
        for share in (1 / 2, 1 / 4):
            for way in (-share, share):
                one = nearer(one, one.size + way * step, one.degrees)
                one = nearer(one, one.size, one.degrees + way * turn) if turn else one
        found[kind] = one
    return found


def everywhere(light: NDArray[np.float32], kernel: Kernel) -> bool:
    """Whether no quarter of (h, w) is clearly better explained by no blur than by this one."""
    at, smooth, _ = _tried()
    kept = (np.abs(np.fft.rfft2(kernel, (_SIDE, _SIDE))) ** 2)[at]
    rows, columns = (np.array_split(np.arange(size), 2) for size in light.shape)
    for row in rows:
        for column in columns:
            spectrum = _spectrum(light[row[0] : row[-1] + 1, column[0] : column[-1] + 1])
            if spectrum is None:
                continue
            noise = _noise(spectrum)
            seen = np.log(spectrum[at] + noise)
            if _left(seen, kept, smooth, noise) > _WORSE * _left(seen, np.ones_like(seen), smooth, noise):
                return False
    return True


def _noise(spectrum: Array) -> float:
    return max(float(np.percentile(spectrum[np.hypot(*_frequencies()) > _HIGH], 20)), 1e-7)


def _power(kind: Kind, size: float, degrees: float) -> Array:
    """What a kernel leaves of each frequency's power (64, 33)."""
    return np.asarray(np.abs(np.fft.rfft2(_KERNELS[kind](size, degrees), (_SIDE, _SIDE))) ** 2)


def _left(seen: Array, kept: Array, smooth: Array, noise: float) -> float:
    """Mean distance of a log-spectrum from the best smooth fall through a kernel that keeps shares of the power."""
    tells = kept > _GONE
    fall = np.linalg.lstsq(smooth[tells], seen[tells] - np.log(kept[tells] + 1e-4), rcond=None)[0]
    thought = np.log(np.exp(np.clip(smooth @ fall, -30, 30)) * kept + 2 * noise)
    return float(np.minimum(np.abs(seen - thought), _FAR).mean())


def _frequencies() -> tuple[Array, Array]:
    """Down (64, 33) and right, in cycles a pixel."""
    down, right = np.meshgrid(np.fft.fftfreq(_SIDE), np.fft.rfftfreq(_SIDE), indexing="ij")
    return down, right


@cache
def _tried() -> tuple[NDArray[np.bool_], Array, list[tuple[Kind, float, float, Array]]]:
    """Which frequencies are compared, smooth functions of them (f, 10), and kernels with the power (f,) they leave."""
    down, right = _frequencies()
    radius, angle = np.hypot(down, right), np.arctan2(down, right)
    # windows' own cross and the edges of the photo lie along the axes
    at = (radius > _LOW) & (radius < _HIGH) & (np.minimum(np.abs(down), np.abs(right)) > 1.5 / _SIDE)
    fall, turn = np.log(radius[at]), angle[at]
    around = [way(k * turn) * by for k in (2, 4) for way in (np.cos, np.sin) for by in (1, fall)]
    smooth = np.stack([np.ones_like(fall), fall, *around], axis=1)
    tried: list[tuple[Kind, float, float, Array]] = []
    for kind, (least, most, step) in _SIZES.items():
        for size in np.arange(least, most + step / 2, step):
            for degrees in np.arange(0, 180, _DEGREES) if kind == "motion" else (0.0,):
                power = _power(kind, float(size), float(degrees))
                tried.append((kind, float(size), float(degrees), power[at]))
    return at, smooth, tried


def _spectrum(light: NDArray[np.float32]) -> Array | None:
    """Geometric mean (64, 33) of the power spectra of windows, each in shares of its own."""
    line = np.hanning(_SIDE)
    fade = np.outer(line, line)
    corners = [
        (row, column)
        for row in range(0, light.shape[0] - _SIDE + 1, _SIDE // 2)
        for column in range(0, light.shape[1] - _SIDE + 1, _SIDE // 2)
    ]
    total, count = np.zeros((_SIDE, _SIDE // 2 + 1)), 0
    for row, column in corners[:: max(1, len(corners) // _MOST)]:
        window = light[row : row + _SIDE, column : column + _SIDE].astype(np.float64)
        if window.std() < _FLAT:
            continue
        power = np.abs(np.fft.rfft2((window - window.mean()) * fade)) ** 2
        total += np.log(power / power[np.hypot(*_frequencies()) > _LOW].mean() + 1e-12)
        count += 1
    return np.exp(total / count) if count >= _FEWEST else None
