"""Restoring: damage drawn on clean photos, found and filled; clean photos left alone.

    python -m benchmarks.restore [find kinds fill clean scans large] [--part report] [--every 1] [--first 0]
        [--sheets FOLDER]

Damage is drawn by `training.damage.draw`: scratches, hairs, cracks, dust and spots with known pixels. By the hash of
its name each photo trained the network, or its bounds were chosen on it, or it is reported (`training.damage.parts`).
Recall and precision are at 2 pixels; `kinds` draws one kind at a time. Filling gets the true mask, as Telea does. Scans
are the historical photos, for which there is no truth: write sheets and look. `large` is 12 megapixels, in a process of
its own. ``--every 2`` are the 42 photos that several versions were reported on, ``--every 2 --first 1`` the other 42.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos
from benchmarks.erase import psnr
from benchmarks.tables import table
from tinct.imaging.damage.mend import mended
from tinct.photo.photo import Photo
from training.damage.draw import KINDS, draw
from training.damage.parts import PARTS, Part, at_most, photos_of

__all__ = ["main"]

Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]

_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_CHANGED = 0  # levels above which a pixel counts as changed


def _near(mask: Flags) -> Flags:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), _NEAR) > 0)


Every = slice
"""Which photos of a part: from where on, and every so many."""


def clean_photos(part: Part, every: Every) -> list[tuple[str, Pixels]]:
    """Names and pixels of photos without damage."""
    return [(path.stem, at_most(path)) for path in photos_of(part)[every]]


def find(part: Part, every: Every, sheets: Path | None) -> None:
    recalls, precisions, seconds, size = [], [], 0.0, 0.0
    for number, (name, clean) in enumerate(clean_photos(part, every)):
        pixels, truth = draw(clean, np.random.default_rng(1000 + number))
        begun = time.process_time()
        made = tinct.restore(Photo(pixels), level="off")
        seconds += time.process_time() - begun
        size += truth.size / 1e6
        found = made.mask.pixels[..., 0] > 0
        recalls.append((truth & _near(found)).sum() / max(truth.sum(), 1))
        if found.any():
            precisions.append((found & _near(truth)).sum() / found.sum())
        _sheet(
            sheets, f"find-{name}", pixels, _marked(pixels, found), np.asarray(made.photo.pixels, np.uint8)
        )
    rows = [
        ("recall at 2 px", f"{np.mean(recalls):.3f}", "0.8"),
        ("precision at 2 px", f"{np.mean(precisions):.3f}", "0.7"),
        ("CPU-seconds a megapixel, filling included", f"{seconds / size:.1f}", ""),
    ]
    note = (
        f"{len(recalls)} photos with damage drawn on them; means over photos. On {len(recalls) - len(precisions)} "
        "nothing was found; of these there is no precision."
    )
    print(table("Damage found", note, ("", "Tinct", "goal"), rows), flush=True)


def kinds(part: Part, every: Every, sheets: Path | None) -> None:
    rows = []
    for kind, count in KINDS.items():
        recalls, precisions = [], []
        for number, (name, clean) in enumerate(clean_photos(part, every)):
            pixels, truth = draw(clean, np.random.default_rng(3000 + number), {kind: count})
            found = tinct.restore(Photo(pixels), level="off").mask.pixels[..., 0] > 0
            recalls.append((truth & _near(found)).sum() / max(truth.sum(), 1))
            precisions.append((found & _near(truth)).sum() / max(found.sum(), 1))
            _sheet(sheets, f"{kind}-{name}", pixels, _marked(pixels, found))
        rows.append((kind, f"{np.mean(recalls):.3f}", f"{np.mean(precisions):.3f}"))
    note = f"One kind of damage drawn at a time; {len(recalls)} photos each."
    print(table("Damage found, by kind", note, ("", "recall at 2 px", "precision at 2 px"), rows), flush=True)


def fill(part: Part, every: Every, sheets: Path | None) -> None:
    figures: dict[str, list[float]] = {"Telea": [], "Navier-Stokes": [], "Tinct": []}
    for number, (name, clean) in enumerate(clean_photos(part, every)):
        pixels, truth = draw(clean, np.random.default_rng(2000 + number))
        mask = np.asarray(cv2.dilate(truth.astype(np.uint8), np.ones((3, 3), np.uint8)), np.uint8)
        made = {
            "Telea": cv2.inpaint(pixels, mask, 5, cv2.INPAINT_TELEA),
            "Navier-Stokes": cv2.inpaint(pixels, mask, 5, cv2.INPAINT_NS),
            "Tinct": mended(pixels, mask > 0),
        }
        for method, result in made.items():
            figures[method].append(psnr(np.asarray(result, np.uint8), clean, truth))
        _sheet(sheets, f"fill-{name}", pixels, np.asarray(made["Telea"]), made["Tinct"], clean)
    base = figures["Telea"]
    rows = [
        (method, f"{np.mean(values):.2f}", f"{np.mean(values) - np.mean(base):+.2f}")
        for method, values in figures.items()
    ]
    note = f"{len(base)} photos; the true mask is given, widened by a pixel."
    print(table("Damage filled", note, ("", "PSNR inside, dB", "against Telea"), rows), flush=True)


def clean(part: Part, every: Every, sheets: Path | None) -> None:
    shares = []
    for name, pixels in clean_photos(part, every):
        made = tinct.restore(Photo(pixels))
        changed = np.abs(made.photo.pixels.astype(np.int16) - pixels).max(axis=2) > _CHANGED
        shares.append(float(changed.mean()))
        if changed.any():
            found = made.mask.pixels[..., 0] > 0
            _sheet(
                sheets,
                f"clean-{name}",
                pixels,
                _marked(pixels, found),
                np.asarray(made.photo.pixels, np.uint8),
            )
    rows = [
        ("pixels changed, mean", f"{np.mean(shares):.3%}", "0.1 %"),
        ("photos returned unchanged", f"{np.mean(np.array(shares) == 0):.0%}", ""),
        ("photos with more than 0.1 % changed", f"{np.mean(np.array(shares) > 0.001):.0%}", ""),
        ("most changed photo", f"{np.max(shares):.2%}", ""),
    ]
    print(table("Clean photos", f"{len(shares)} photos.", ("", "Tinct", "goal"), rows), flush=True)


def scans(part: Part, every: Every, sheets: Path | None) -> None:
    rows = []
    for path in photos("historical")[every]:
        photo = tinct.open(path)
        made = tinct.restore(photo)
        found = made.mask.pixels[..., 0] > 0
        rows.append((path.stem, f"{made.damaged:.2%}", "yes" if made.levelled else "no"))
        pixels = np.asarray(photo.pixels, np.uint8)
        _sheet(
            sheets,
            f"scan-{path.stem}",
            pixels,
            _marked(pixels, found),
            np.asarray(made.photo.pixels, np.uint8),
        )
    note = "Old photos; how much was filled, and whether tones were levelled."
    print(table("Real scans", note, ("", "filled", "levelled"), rows), flush=True)


def large(part: Part, every: Every, sheets: Path | None) -> None:
    """Twelve megapixels, damaged as a scan of that size is; memory beyond the photo and the loaded libraries."""
    to = [] if sheets is None else [str(sheets / "large.png")]
    if sheets is not None:
        sheets.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, "-c", _LARGE, *to], capture_output=True, text=True, check=True)
    seconds, peak, before, share = map(float, done.stdout.split())
    rows = [
        ("CPU-seconds", f"{seconds:.0f}"),
        ("memory beyond the photo, MB", f"{(peak - before) / 1e6:.0f}"),
        ("filled", f"{share:.2%}"),
    ]
    print(table("Twelve megapixels", "A scan with drawn damage.", ("", "Tinct"), rows), flush=True)


_LARGE = """
import resource, sys, time
import cv2, numpy as np, psutil
import tinct
from benchmarks.data import mosaic
from tinct.photo.photo import Photo
from training.damage.draw import draw
small = mosaic(1.0)
damaged, _ = draw(small, np.random.default_rng(4))
photo = Photo(cv2.resize(damaged, (4243, 2828), interpolation=cv2.INTER_CUBIC))
tinct.restore(Photo(damaged[:200, :200]))
before = psutil.Process().memory_info().rss
begun = time.process_time()
made = tinct.restore(photo)
seconds = time.process_time() - begun
print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, before, made.damaged)
if len(sys.argv) > 1:
    middle = np.s_[914:1914, 1621:2621]
    Photo(np.hstack([photo.pixels[middle], made.photo.pixels[middle]])).save(sys.argv[1])
"""


def _marked(pixels: Pixels, found: Flags) -> Pixels:
    shown = pixels.copy()
    shown[found] = (255, 0, 255)
    return shown


def _sheet(folder: Path | None, name: str, *pictures: Pixels) -> None:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        Photo(np.hstack(pictures)).save(folder / f"{name}.png")


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parts = {"find": find, "kinds": kinds, "fill": fill, "clean": clean, "scans": scans, "large": large}
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="default: all")
    parser.add_argument("--part", default="report", choices=PARTS)
    parser.add_argument("--every", type=int, default=1, help="only every so many photos")
    parser.add_argument("--first", type=int, default=0, help="begin with this one")
    parser.add_argument("--sheets", type=Path, help="also write pictures to this folder")
    options = parser.parse_args()
    for part in options.parts or parts:
        parts[part](options.part, slice(options.first, None, options.every), options.sheets)


if __name__ == "__main__":
    main()
