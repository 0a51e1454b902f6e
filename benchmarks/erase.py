"""How well removed objects are replaced: ``python -m benchmarks.erase [PART ...] [--sheets FOLDER]``.

truth   Holes shaped like a person, a car and a box are cut into photos of eval/kodak and eval/color_photos, filled, and
        held against what was there: PSNR inside the hole, and texture, the mean slope of luminance inside the hole over
        that of the truth (1 is as rough as the truth; diffusion is far below). PSNR alone rewards a blur.
complete
        Objects outlined by hand (``hinted_objects.csv``) and people of eval/matting_people of whom one half is marked,
        cut across the longer side, each half in turn: IoU with the whole object of what is marked, and of the mask that
        `complete` makes of it. And of objects that are wholly marked, how much the mask grows. Constants were chosen
        on the split `choose`.
cases   The two photos of eval/inpaint have no truth behind their objects; PSNR inside the mask is against what a
        network made of it, and says only how alike the two are.
speed   Seconds, and peak memory of a process of its own, at several sizes.

Peers: Telea's and the Navier-Stokes method, as in OpenCV, with a radius of 5 pixels.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks import data
from benchmarks.data import photos
from benchmarks.hints import object_of, outlined
from benchmarks.tables import table
from tinct.imaging.fill.completion import Method
from tinct.imaging.fill.whole import completed
from tinct.photo.photo import Photo

__all__ = ["main"]

Pixels = NDArray[np.uint8]
Fill = Callable[[Pixels, Pixels], Pixels]

_SIZES = (1, 4, 12, 24)  # megapixels


def by_tinct(method: Method) -> Fill:
    """`tinct.erase` with a method."""

    def fill(pixels: Pixels, mask: Pixels) -> Pixels:
        painted = Photo(np.repeat(mask[..., None], 3, axis=2), gray=True)
        return np.asarray(tinct.erase(Photo(pixels), painted, method).photo.pixels, np.uint8)

    return fill


def by_opencv(method: int) -> Fill:
    """A diffusion of OpenCV."""
    return lambda pixels, mask: np.asarray(cv2.inpaint(pixels, mask, 5, method), np.uint8)


METHODS: dict[str, Fill] = {
    "Telea": by_opencv(cv2.INPAINT_TELEA),
    "Navier-Stokes": by_opencv(cv2.INPAINT_NS),
    "tinct shift": by_tinct("shift"),
    "tinct patch": by_tinct("patch"),
    "tinct auto": by_tinct("auto"),
}


def hole(height: int, width: int, seed: int) -> Pixels:
    """A mask shaped like a person, a car or a box, somewhere near the middle: (h, w) uint8."""
    rng = np.random.default_rng(seed)
    mask = np.zeros((height, width), np.uint8)
    x, y = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.35, 0.65))
    if seed % 3 == 0:
        cv2.ellipse(mask, (x, y), (round(width * 0.06), round(height * 0.2)), 0, 0, 360, (255,), -1)
        cv2.circle(mask, (x, y - round(height * 0.2)), round(height * 0.06), (255,), -1)
    elif seed % 3 == 1:
        tilt = float(rng.uniform(-20, 20))
        cv2.ellipse(mask, (x, y), (round(width * 0.15), round(height * 0.09)), tilt, 0, 360, (255,), -1)
    else:
        dx, dy = round(width * 0.08), round(height * 0.12)
        cv2.rectangle(mask, (x - dx, y - dy), (x + dx, y + dy), (255,), -1)
    return mask


def psnr(one: Pixels, two: Pixels, inside: NDArray[np.bool_]) -> float:
    """Of the pixels inside, in decibels."""
    error = float(np.mean((one[inside].astype(np.float64) - two[inside]) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


def slope(pixels: Pixels, inside: NDArray[np.bool_]) -> float:
    """Mean absolute step of luminance to the right and below, inside, without the rim."""
    gray = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float64)
    deep = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    across, down = np.abs(np.diff(gray, axis=1))[:-1], np.abs(np.diff(gray, axis=0))[:, :-1]
    return float((across + down)[deep[:-1, :-1]].mean())


def truths() -> Iterator[tuple[str, Pixels, Pixels]]:
    """Name, pixels and mask of each photo with a hole cut into it."""
    for number, path in enumerate(photos("kodak") + photos("color_photos")[3::8]):
        pixels = np.asarray(tinct.open(path).pixels, np.uint8)
        yield path.stem, pixels, hole(pixels.shape[0], pixels.shape[1], number)


def truth(sheets: Path | None) -> None:
    figures = defaultdict(list)
    for name, pixels, mask in truths():
        inside, results = mask > 0, []
        for method, fill in METHODS.items():
            start = time.perf_counter()
            result = fill(pixels, mask)
            seconds = time.perf_counter() - start
            rough = slope(result, inside) / max(slope(pixels, inside), 1e-3)
            figures[method].append((psnr(pixels, result, inside), rough, seconds))
            results.append(result)
        _sheet(sheets, name, mask, pixels, results)
    rows = []
    for method, values in figures.items():
        decibels, rough, seconds = zip(*values, strict=True)
        cells = (
            f"{np.mean(decibels):.2f}",
            f"{np.median(rough):.2f}",
            f"{np.mean(seconds):.2f}",
            f"{max(seconds):.2f}",
        )
        rows.append((method, *cells))
    note = f"{len(next(iter(figures.values())))} photos with a hole of 4 to 5 % cut into each."
    head = ("", "PSNR inside, dB", "texture (truth 1)", "seconds, mean", "seconds, most")
    print(table("Holes with a known truth", note, head, rows))


def objects(split: str) -> Iterator[tuple[str, str, Pixels, NDArray[np.bool_]]]:
    """Kind, name, pixels and object of each photo of a split of which an object is known."""
    for name, rgb, row in outlined(split):
        yield "outlined", name, rgb, object_of(rgb, row) > 0
    masks = [path for path in photos("matting_people") if path.stem.endswith("_mask")]
    for path in masks if split == "all" else data.split(masks, split):
        name = f"{path.stem.removesuffix('_mask')}.jpg"
        rgb = np.asarray(tinct.open(path.with_name(name)).pixels, np.uint8)
        mask = np.asarray(tinct.open(path).pixels, np.uint8)[..., 0]
        scale = min(1.0, 512 / max(rgb.shape[:2]))
        small, inside = (
            np.asarray(cv2.resize(x, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
            for x in (rgb, mask)
        )
        yield "people", name, small, inside > 127


def complete(sheets: Path | None, split: str) -> None:
    rows = []
    figures = defaultdict(list)
    for kind, name, pixels, inside in objects(split):
        for half in halves(inside):
            found = completed(Photo(pixels), np.where(half, np.uint8(255), np.uint8(0))) > 0
            figures[kind].append((iou(half, inside), iou(found, inside)))
            _marked_sheet(sheets, name, pixels, [half, found, inside])
        whole = completed(Photo(pixels), np.where(inside, np.uint8(255), np.uint8(0))) > 0
        figures[f"{kind}, whole"].append((iou(inside, inside), iou(whole, inside)))
    for kind, values in figures.items():
        before, after = np.array(values).T
        rows.append(
            (
                kind,
                str(len(values)),
                f"{before.mean():.2f}",
                f"{after.mean():.2f}",
                f"{(after > 0.8).mean():.0%}",
            )
        )
    note = f"IoU with the object, split {split!r}."
    print(table("A half that is marked", note, ("", "marks", "marked", "completed", "above 0.8"), rows))


def halves(inside: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Two halves of an object, cut across its longer side."""
    rows, columns = np.nonzero(inside)
    place = (
        np.arange(inside.shape[0])[:, None]
        if np.ptp(rows) > np.ptp(columns)
        else np.arange(inside.shape[1])[None]
    )
    middle = np.median(rows if np.ptp(rows) > np.ptp(columns) else columns)
    for one in (place < middle, place >= middle):
        yield np.asarray(inside & one)


def iou(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return float((one & two).sum() / max((one | two).sum(), 1))


def _marked_sheet(folder: Path | None, name: str, pixels: Pixels, masks: list[NDArray[np.bool_]]) -> None:
    if folder is None:
        return
    shown = []
    for mask in masks:
        one = pixels.copy()
        one[mask] = one[mask] // 3 + np.array([170, 0, 170], np.uint8)
        shown.append(one)
    folder.mkdir(parents=True, exist_ok=True)
    number = len(list(folder.glob(f"{Path(name).stem}*")))
    Photo(np.hstack(shown)).save(folder / f"{Path(name).stem}-{number}.jpg")


def cases(sheets: Path | None) -> None:
    rows = defaultdict(list)
    found = [path for path in photos("inpaint") if path.stem.endswith("_raw")]
    for path in found:
        name = path.stem.removesuffix("_raw")
        pixels, mask, network = (
            np.asarray(tinct.open(path.with_name(f"{name}_{kind}.png")).pixels, np.uint8)
            for kind in ("raw", "mask", "output")
        )
        mask = np.where(mask[..., 0] > 127, 255, 0).astype(np.uint8)
        results = [fill(pixels, mask) for fill in METHODS.values()]
        for method, result in zip(METHODS, results, strict=True):
            rows[method].append(f"{psnr(network, result, mask > 0):.2f}")
        _sheet(sheets, name, mask, pixels, [*results, network])
    head = ("PSNR inside against the network's result, dB", *(p.stem.removesuffix("_raw") for p in found))
    note = "Likeness to a published network's result; not a truth."
    print(table("Real objects", note, head, [(m, *v) for m, v in rows.items()]))


def _sheet(folder: Path | None, name: str, mask: Pixels, pixels: Pixels, results: list[Pixels]) -> None:
    """Write the marked photo and the results, cut around the hole, side by side."""
    if folder is None:
        return
    rows, columns = np.nonzero(mask)
    top, left = max(rows.min() - 60, 0), max(columns.min() - 60, 0)
    window = np.s_[top : rows.max() + 60, left : columns.max() + 60]
    shown = pixels.copy()
    shown[mask > 0] = (255, 0, 255)
    folder.mkdir(parents=True, exist_ok=True)
    Photo(np.hstack([picture[window] for picture in (shown, *results)])).save(folder / f"{name}.png")


def speed() -> None:
    """Each size in a process of its own, so that its peak memory is known."""
    rows = []
    for size in _SIZES:
        command = [sys.executable, "-m", "benchmarks.erase", "one", "--megapixels", str(size)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows.append((f"{size} Mpixel", *done.stdout.split()))
    note = "A mosaic of the Kodak photos; the hole is a person of 4 %. Memory includes photo and interpreter."
    print(table("Speed", note, ("", "Telea, s", "tinct auto, s", "peak memory, MB"), rows))


def one(megapixels: float) -> None:
    """Print seconds of Telea and Tinct, and peak memory after the latter."""
    from benchmarks.data import mosaic

    pixels = mosaic(megapixels)
    mask = hole(pixels.shape[0], pixels.shape[1], 0)
    start = time.perf_counter()
    METHODS["tinct auto"](pixels, mask)
    ours = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.perf_counter()
    METHODS["Telea"](pixels, mask)
    print(f"{time.perf_counter() - start:.1f} {ours:.1f} {peak:.0f}")


def main() -> None:
    """Run the parts that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "parts", nargs="*", choices=["truth", "complete", "cases", "speed", "one", []], help="default: all"
    )
    parser.add_argument("--sheets", type=Path, help="also write the results to this folder")
    parser.add_argument("--split", choices=("choose", "report", "all"), default="report", help="of complete")
    parser.add_argument("--megapixels", type=float, default=12, help=argparse.SUPPRESS)
    options = parser.parse_args()
    for part in options.parts or ["truth", "complete", "cases", "speed"]:
        if part == "speed":
            speed()
        elif part == "complete":
            complete(options.sheets, options.split)
        elif part == "one":
            one(options.megapixels)
        else:
            {"truth": truth, "cases": cases}[part](options.sheets)


if __name__ == "__main__":
    main()
