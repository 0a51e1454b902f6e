"""Blur that is taken away: ``python -m benchmarks.deblur [--every 1] [--part report] [--sheets FOLDER]``.

Photos are blurred by known kernels (Gaussian, disc of a lens out of focus, straight motion), some with noise or JPEG
after it, and go through what `enhance(deblur="auto")` does: blur is measured, and taken away where it is small and the
same all over. What is sharp, blurred too much, or in one half only must be left. A blur is rightly judged where it
should go and goes, or should stay and stays. PSNR is against the photo before it was blurred, 24 pixels cut off all
round.

What should go: spreads of 1 to 3 pixels (standard deviation of the kernel along an axis; along its way for motion).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

import tinct
from benchmarks.data import Pixels, photos, split
from benchmarks.erase import psnr
from benchmarks.tables import table
from tinct.effects.enhance.enhance import deblurred
from tinct.imaging.blur.kernels import Kernel, disc, gaussian, motion
from tinct.photo.photo import Photo

__all__ = ["CASES", "Case", "main"]

_SIDE, _EDGE = 512, 24


@dataclass(frozen=True, eq=False)
class Case:
    """A blur, and whether it should go."""

    name: str
    kernel: Kernel | None
    goes: bool
    noise: float = 0.0
    """Levels."""
    half: bool = False
    """The left half alone."""
    quality: int = 0
    """Of JPEG, at the end; 0 for none."""

    def apply(self, pixels: Pixels, rng: np.random.Generator) -> Pixels:
        """A blurred copy (h, w, 3)."""
        seen = pixels.astype(np.float32)
        if self.kernel is not None:
            soft = cv2.filter2D(seen, -1, self.kernel, borderType=cv2.BORDER_REFLECT_101)
            middle = seen.shape[1] // 2
            seen = np.hstack([soft[:, :middle], seen[:, middle:]]) if self.half else soft
        if self.noise:
            seen = seen + rng.normal(0, self.noise, seen.shape)
        made = np.asarray(np.rint(np.clip(seen, 0, 255)), np.uint8)
        if not self.quality:
            return made
        _, data = cv2.imencode(".jpg", made, [cv2.IMWRITE_JPEG_QUALITY, self.quality])
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


CASES = (
    Case("sharp", None, False),
    Case("sharp, noise 4", None, False, 4),
    Case("sharp, JPEG 85", None, False, quality=85),
    Case("Gaussian 0.5", gaussian(0.5), False),
    Case("Gaussian 1.5", gaussian(1.5), True),
    Case("Gaussian 2.5", gaussian(2.5), True),
    Case("Gaussian 1.5, noise 2", gaussian(1.5), True, 2),
    Case("Gaussian 2, noise 6", gaussian(2.0), True, 6),
    Case("Gaussian 1.5, JPEG 90", gaussian(1.5), True, quality=90),
    Case("Gaussian 5", gaussian(5.0), False),
    Case("disc of radius 3", disc(3), True),
    Case("disc of radius 5", disc(5), True),
    Case("disc of radius 3, noise 4", disc(3), True, 4),
    Case("disc of radius 4, JPEG 90", disc(4), True, quality=90),
    Case("disc of radius 12", disc(12), False),
    Case("motion of 5 pixels, 20 degrees", motion(5, 20), True),
    Case("motion of 9 pixels, 100 degrees", motion(9, 100), True),
    Case("motion of 7 pixels, JPEG 90", motion(7, 60), True, quality=90),
    Case("motion of 7 pixels, noise 2", motion(7, 150), True, 2),
    Case("motion of 30 pixels", motion(30, 45), False),
    Case("Gaussian 2.5 in one half", gaussian(2.5), False, half=True),
)


def _inner(pixels: Pixels) -> Pixels:
    return pixels[_EDGE:-_EDGE, _EDGE:-_EDGE]


def _row(case: Case, every: list[tuple[str, Pixels]], sheets: Path | None) -> tuple[str, ...]:
    judged, before, after = [], [], []
    for number, (name, sharp) in enumerate(every):
        soft = case.apply(sharp, np.random.default_rng(number))
        made, found = deblurred(Photo(soft, format="jpeg" if case.quality else ""))
        judged.append(found.removable == case.goes)
        truth, all_of_it = _inner(sharp), np.ones(_inner(sharp).shape[:2], np.bool_)
        before.append(min(psnr(_inner(soft), truth, all_of_it), 99.0))
        after.append(min(psnr(_inner(np.asarray(made.pixels, np.uint8)), truth, all_of_it), 99.0))
        if sheets is not None:
            sheets.mkdir(parents=True, exist_ok=True)
            sheet = np.hstack([sharp, soft, np.asarray(made.pixels, np.uint8)])
            Photo(sheet).save(sheets / f"{case.name.replace(' ', '-')}-{name}.png")
    gain = np.subtract(after, before)
    return (
        case.name,
        "goes" if case.goes else "stays",
        f"{np.mean(judged):.0%}",
        f"{np.mean(before):.2f}",
        f"{gain.mean():+.2f}",
        f"{gain.min():+.2f}",
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--part", default="report", choices=["choose", "report"])
    parser.add_argument("--every", type=int, default=1, help="only every so many photos")
    parser.add_argument("--sheets", type=Path, help="also write pictures to this folder")
    parser.add_argument("--cases", type=int, nargs="*", help="numbers of those to run; default: all")
    options = parser.parse_args()
    paths = split(photos("color_photos", "kodak"), options.part)[:: options.every]
    every = [(p.stem, np.asarray(tinct.open(p).pixels, np.uint8)[:_SIDE, :_SIDE]) for p in paths]
    chosen = CASES if options.cases is None else [CASES[number] for number in options.cases]
    rows = [_row(case, every, options.sheets) for case in chosen]
    head = ("", "should", "rightly judged", "PSNR before, dB", "gain, mean", "least gain")
    print(table("Blur", f"{len(every)} photos of up to {_SIDE} pixels.", head, rows))


if __name__ == "__main__":
    main()
