"""Lighting and colour correction: ``python -m benchmarks.lighting [light|jpeg|correct|choose|speed ...]``.

Lighting: photos of eval/kodak are darkened in linear light (factors 0.03, 0.06, 0.12 in turn) with the noise of
photons and of reading, rounded to 8 bits, and brightened again; PSNR to the original, beside CLAHE on L* and a gamma
that brings the mean to the middle. JPEG: the same without noise, darkened to 0.06 and saved at two qualities; steps
between blocks, and PSNR to what is made of the unsaved. Colour correction: photos of eval/kodak and eval/color_photos
under another light (Bradford adaptation in linear light between daylights of 4500, 6500 and 8500 K; green and magenta
by a gain of the green channel; white keeps its luminance, what leaves the range is cut off), CIEDE2000 to the
original; and how far an uncast photo moves; `correct` is of the half of the photos that nothing was chosen by,
`choose` of the other. The originals are taken for neutral, which those of Kodak mostly are not:
hence also the distance between the tinted photo and the original, both corrected.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks import data
from benchmarks.colorize import Rgb, lab_of, photos
from benchmarks.tables import table
from tinct.imaging.degradation import condition
from tinct.photo.color import delta_e_2000, linear_to_srgb, srgb_to_linear
from tinct.photo.encode import encode

__all__ = ["daylight_shift", "main"]

Array = NDArray[np.float32]

_FACTORS = (0.03, 0.06, 0.12)
_TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def light() -> str:
    """PSNR after brightening."""
    engines = [name for name in ("classical", "maxim") if name == "classical" or _has("maxim-enhancement")]
    rows = []
    for number, (_, original) in enumerate(photos("kodak")):
        dark = _darkened(original, _FACTORS[number % 3], number)
        made = [tinct.light(tinct.Photo(dark), engine=engine).photo.pixels for engine in engines]
        rows.append([_psnr(original, one) for one in (dark, _clahe(dark), _gamma(dark), *made)])
    head = ("photos", "dark", "CLAHE", "gamma", *(f"Tinct, {name}" for name in engines))
    kept = [_psnr(pixels, tinct.light(tinct.Photo(pixels)).photo.pixels) for _, pixels in photos("kodak")]
    note = (
        "PSNR in dB of darkened, noisy photos after brightening, means. Photos that were not darkened: half keep "
        f"{np.median(kept):.0f} dB or more to themselves, the worst {min(kept):.0f} dB."
    )
    return table(
        "Lighting: quality", note, head, [(str(len(rows)), *(f"{v:.1f}" for v in np.mean(rows, axis=0)))]
    )


def jpeg() -> str:
    """Whether the blocks of a dark JPEG are lifted."""
    rows = []
    for quality in (40, 75):
        found = []
        for _, original in photos("kodak"):
            linear = srgb_to_linear(original.astype(np.float32) / 255) * np.float32(_FACTORS[1])
            dark = np.asarray(linear_to_srgb(linear) * 255 + 0.5, np.uint8)
            saved = tinct.open(encode(tinct.Photo(dark), "jpeg", quality=quality)).pixels
            goal = tinct.light(tinct.Photo(dark)).photo.pixels
            plain, made = (tinct.light(tinct.Photo(saved), denoise=on).photo.pixels for on in (False, True))
            steps = (condition(pixels).blocks * 255 for pixels in (saved, plain, made))
            found.append([*steps, _psnr(goal, plain), _psnr(goal, made)])
        rows.append((str(quality), *(f"{value:.2f}" for value in np.mean(found, axis=0))))
    note = (
        "Mean step at the borders of blocks, levels of 255, in dark JPEGs and in what is made of them, with the "
        "parameter denoise off and on; and PSNR in dB to what is made of the photo before it was saved."
    )
    head = ("quality", "dark", "steps, off", "steps, on", "PSNR, off", "PSNR, on")
    return table("Lighting: JPEG", note, head, rows)


def correct(part: str = "report") -> str:
    """CIEDE2000 after correction, of one half of the photos."""
    casts = {
        "none": np.eye(3),
        "4500 K": daylight_shift(4500),
        "8500 K": daylight_shift(8500),
        "green": np.diag([1, 2**0.2, 1]),
        "magenta": np.diag([1, 2**-0.2, 1]),
    }
    rows = []
    for folder in ("kodak", "color_photos"):
        found: dict[str, list[list[float]]] = {name: [] for name in casts}
        for path in data.split(data.photos(folder), part):
            pixels = data.load(path)
            own = lab_of(_corrected(pixels))
            for name, cast in casts.items():
                found[name].append(_distances(pixels, own, cast))
        for name, each in found.items():
            share = np.mean(np.array(each)[:, 2] <= (2 if name == "none" else 4))
            rows.append(
                (
                    f"{len(each)} {folder}, {name}",
                    *(f"{v:.1f}" for v in np.mean(each, axis=0)),
                    f"{share:.0%}",
                )
            )
    note = (
        "Mean CIEDE2000. From the photo before the cast: as it is, by grey world, by Tinct. From that photo corrected "
        "by Tinct, which has its own tint taken away: the tinted one corrected. Goals: 4 or less with a cast, 2 or "
        "less without; the last column is the share that meets its goal, measured from the photo before the cast."
    )
    head = ("photos, cast", "as it is", "grey world", "Tinct", "Tinct, own tint aside", "within goal")
    return table("Colour correction: quality", note, head, rows)


def _distances(pixels: Rgb, own: Array, cast: NDArray[np.float64]) -> list[float]:
    """CIEDE2000 to the photo: tinted, by grey world, corrected; and of the last to the photo corrected, `own`."""
    luminance = _TO_XYZ[1] @ cast @ np.ones(3)
    linear = srgb_to_linear(pixels.astype(np.float32) / np.float32(255)) @ (cast / luminance).T.astype(
        np.float32
    )
    tinted = np.asarray(linear_to_srgb(np.clip(linear, 0, 1)) * 255 + 0.5, np.uint8)
    goal, made = lab_of(pixels), lab_of(_corrected(tinted))
    pairs = ((lab_of(tinted), goal), (lab_of(_gray_world(tinted)), goal), (made, goal), (made, own))
    return [float(delta_e_2000(one, other).mean()) for one, other in pairs]


def _corrected(pixels: Rgb) -> Rgb:
    return np.asarray(tinct.correct(tinct.Photo(pixels)).photos[0].pixels, np.uint8)


def speed() -> str:
    """Seconds and peak memory at 12 megapixels."""
    pixels = np.asarray(
        cv2.resize(next(photos("kodak"))[1], (4000, 3000), interpolation=cv2.INTER_CUBIC), np.uint8
    )
    dark = tinct.Photo(_darkened(pixels, 0.06, 0))
    rows = []
    runs: dict[str, Callable[[], object]] = {
        "light": lambda: tinct.light(dark),
        "light, noise left": lambda: tinct.light(dark, denoise=False),
        "correct": lambda: tinct.correct(tinct.Photo(pixels)),
        "correct, four looks": lambda: tinct.correct(tinct.Photo(pixels), variants=4),
    }
    for name, run in runs.items():
        run()
        began = time.perf_counter()
        run()
        rows.append((name, f"{time.perf_counter() - began:.2f}"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return table(
        "Speed", f"At 12 megapixels; the process peaked at {peak:.0f} MB.", ("effect", "seconds"), rows
    )


def _darkened(pixels: Rgb, factor: float, seed: int) -> Rgb:
    """Less light, with noise."""
    linear = srgb_to_linear(pixels.astype(np.float32) / np.float32(255)) * np.float32(factor)
    noise = np.random.default_rng(seed).normal(0, 1, linear.shape) * np.sqrt(1e-6 + 2e-4 * linear)
    noisy = np.clip(linear + noise, 0, 1).astype(np.float32)
    return np.asarray(linear_to_srgb(noisy) * 255 + 0.5, np.uint8)


def _clahe(pixels: Rgb) -> Rgb:
    lab = cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)
    lab[..., 0] = cv2.createCLAHE(2.0, (8, 8)).apply(lab[..., 0])
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def _gamma(pixels: Rgb) -> Rgb:
    share = pixels / 255
    return np.asarray(255 * share ** (np.log(0.45) / np.log(max(share.mean(), 1e-3))) + 0.5, np.uint8)


def _gray_world(pixels: Rgb) -> Rgb:
    linear = srgb_to_linear(pixels.astype(np.float32) / np.float32(255))
    means = linear.mean(axis=(0, 1))
    return np.asarray(linear_to_srgb(np.clip(linear / means * means.mean(), 0, 1)) * 255 + 0.5, np.uint8)


def _psnr(one: NDArray[np.generic], two: NDArray[np.generic]) -> float:
    error = float(np.mean((one.astype(np.float64) - two.astype(np.float64)) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-3)))


def daylight_shift(kelvin: float) -> NDArray[np.float64]:
    """What daylight of another temperature does to linear sRGB (CIE 15:2004, the daylight locus)."""
    to_cones = _BRADFORD @ _TO_XYZ
    white, other = to_cones @ np.ones(3), _BRADFORD @ _daylight(kelvin)
    return np.asarray(np.linalg.inv(to_cones) @ np.diag(other / white) @ to_cones)


def _daylight(kelvin: float) -> NDArray[np.float64]:
    t = 1e3 / kelvin
    if kelvin <= 7000:
        x = 0.244063 + 0.09911 * t + 2.9678 * t**2 - 4.6070 * t**3
    else:
        x = 0.237040 + 0.24748 * t + 1.9018 * t**2 - 2.0064 * t**3
    y = -3.0 * x * x + 2.870 * x - 0.275
    return np.array([x / y, 1.0, (1 - x - y) / y])


def _has(name: str) -> bool:
    from tinct.models import store

    return store.installed(name)


_PARTS = {
    "light": light,
    "jpeg": jpeg,
    "correct": correct,
    "choose": lambda: correct("choose"),
    "speed": speed,
}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*_PARTS, []], help="all by default")
    for part in parser.parse_args().parts or _PARTS:
        print(_PARTS[part](), flush=True)


if __name__ == "__main__":
    main()
