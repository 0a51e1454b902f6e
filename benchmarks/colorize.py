"""How well grey photos get their colours back: ``python -m benchmarks.colorize [PART ...]``, everything without parts.

Every photo of eval/color_photos, eval/kodak and eval/small_photos is made grey (its L* alone) and coloured by
`tinct.colorize`, beside two baselines: grey, and the mean chroma of each lightness over other small_photos. The
definitions are those of published work: CIEDE2000, chroma PSNR (a*, b* against a peak of 255), colourfulness CF (Hasler
and Süsstrunk 2003), top-1 of ImageNet classifiers, and a Fréchet distance over pooled features of EfficientNet-Lite0 on
small_photos, called FD-Lite0 because it is not the FID of papers, which uses InceptionV3. Lite0 is the encoder of the
network; Lite2, trained apart, was used nowhere in its training.

Three more that eyes asked for. ``|dCF|``: how far a photo's colourfulness is from its truth's, as the mean over photos,
so that a garish photo cannot make up for a dull one. ``wrong``: share of the area whose chroma is above 22 (CIELAB) and
whose CIEDE2000 to the truth is larger than grey's by more than 6, and the share of photos where that is over 5 % of the
area. ``near grey``: photos that end with CF below 15, which Hasler and Süsstrunk call slightly colourful, and below
half of the truth's.

Photos are split in two by hash of their name. What can be chosen is chosen on ``choose``, figures are of ``report``.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import functools
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.portrait import data_folder
from tinct.effects.colorize.colorize import colorize
from tinct.photo import decode
from tinct.photo.color import delta_e_2000, lab_to_srgb, srgb_to_lab
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from training.shards import part

__all__ = ["main"]

Array = NDArray[np.float32]
Rgb = NDArray[np.uint8]
Method = Callable[[Rgb], Rgb]

_SPLITS = ("choose", "report")
_SEEN = 22.0  # chroma that nobody overlooks, CIELAB
_FARTHER = 6.0  # CIEDE2000
_SLIGHTLY = 15.0  # CF
_RACES = {"0": "White", "1": "Black", "2": "Asian", "3": "Indian", "4": "other"}


def photos(folder: str, size: tuple[int, int] | None = None, split: str = "all") -> Iterator[tuple[str, Rgb]]:
    """Name and pixels of each photo of an evaluation folder and split, squeezed to `size` if given."""
    for path in sorted((data_folder() / folder).iterdir()):
        if not in_split(path.name, split):
            continue
        pixels = pixels_of(path)
        if size is not None:
            pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
        yield path.name, pixels


def in_split(name: str, split: str) -> bool:
    """Whether a photo is of a split, by hash of its name."""
    return split == "all" or _SPLITS[part(name, len(_SPLITS))] == split


def pixels_of(path: Path) -> Rgb:
    """A photo, 8 bits a channel."""
    pixels = decode.open(path).pixels
    return pixels if pixels.dtype == np.uint8 else (pixels >> 8).astype(np.uint8)


def lab_of(rgb: Rgb) -> Array:
    """CIELAB of 8-bit sRGB."""
    return srgb_to_lab(rgb.astype(np.float32) / 255)


def rgb_of(lab: Array) -> Rgb:
    """8-bit sRGB of CIELAB."""
    return np.asarray(lab_to_srgb(lab) * 255 + 0.5, np.uint8)


def gray(rgb: Rgb) -> Rgb:
    """The photo without its chroma."""
    lab = lab_of(rgb)
    lab[..., 1:] = 0
    return rgb_of(lab)


@functools.cache
def _mean_chroma() -> Array:
    """(101, 2) mean a*, b* for each step of L* over eval/small_photos."""
    total, count = np.zeros((101, 2)), np.zeros(101)
    for _, rgb in photos("small_photos", split="choose"):
        lab = lab_of(rgb).reshape(-1, 3)
        level = np.clip(np.rint(lab[:, 0]), 0, 100).astype(int)
        count += np.bincount(level, minlength=101)
        for k in (0, 1):
            total[:, k] += np.bincount(level, lab[:, 1 + k], 101)
    return (total / np.maximum(count, 1)[:, None]).astype(np.float32)


def mean_of_luminance(rgb: Rgb) -> Rgb:
    """The baseline that knows lightness alone."""
    lab = lab_of(rgb)
    lab[..., 1:] = _mean_chroma()[np.clip(np.rint(lab[..., 0]), 0, 100).astype(int)]
    return rgb_of(lab)


def by_tinct(rgb: Rgb) -> Rgb:
    """`tinct.colorize` of the grey photo."""
    return np.asarray(colorize(Photo(gray(rgb), gray=True)).photo.pixels, np.uint8)


METHODS: dict[str, Method] = {
    "grey": gray,
    "mean of luminance": mean_of_luminance,
    "tinct": by_tinct,
    "truth": lambda x: x,
}


def colorfulness(rgb: Rgb) -> float:
    """Hasler and Süsstrunk 2003, "Measuring colourfulness in natural images"."""
    r, g, b = (rgb[..., k].astype(np.float64) for k in range(3))
    rg, yb = r - g, (r + g) / 2 - b
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def chroma_psnr(truth: Array, found: Array) -> float:
    """PSNR of a*, b* in decibels against a peak of 255."""
    error = float(np.mean((truth[..., 1:] - found[..., 1:]) ** 2))
    return 10 * float(np.log10(255**2 / max(error, 1e-9)))


class Classifier:
    """EfficientNet-Lite0, or with `second` Lite2; needs the extra ``train``."""

    def __init__(self, second: bool = False) -> None:
        import torch

        from training.lite0 import Classifier as Network

        self._torch = torch
        self._net = Network(second).load_imagenet()
        with (data_folder() / "imagenet_classes.tsv").open() as file:
            rows = [row for row in csv.reader(file, delimiter="\t") if row and row[0].isdigit()]
        self._class = {row[1]: int(row[0]) for row in rows}

    def _input(self, rgb: Rgb) -> object:
        side = min(rgb.shape[:2])
        top, left = (rgb.shape[0] - side) // 2, (rgb.shape[1] - side) // 2
        view = cv2.resize(
            rgb[top : top + side, left : left + side], (self._net.side,) * 2, interpolation=cv2.INTER_AREA
        )
        return self._torch.from_numpy(view).permute(2, 0, 1)[None].float() / 255

    def right(self, name: str, rgb: Rgb) -> bool:
        """Is the photo's best class that of its file name?"""
        with self._torch.no_grad():
            return int(self._net(self._input(rgb)).argmax()) == self._class[name.split("_")[0]]

    def pooled(self, rgb: Rgb) -> NDArray[np.float64]:
        """Features (1280,)."""
        with self._torch.no_grad():
            return np.asarray(self._net.pooled(self._input(rgb))[0], np.float64)


def frechet(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Fréchet distance of Gaussians fitted to features (n, d), on their 64 strongest common directions.

    493 photos cannot fill 1,280 dimensions, so both sets are first projected.
    """
    centre = second.mean(0)
    basis = np.linalg.svd(second - centre, full_matrices=False)[2][:64].T
    a, b = (first - centre) @ basis, (second - centre) @ basis
    ca, cb = np.cov(a.T), np.cov(b.T)
    values = np.linalg.eigvals(ca @ cb)
    root = np.sqrt(np.maximum(values.real, 0)).sum()
    return float(((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca) + np.trace(cb) - 2 * root)


def measures(truth: Rgb, made: Rgb) -> dict[str, float]:
    """What the table means over photos."""
    true, found = lab_of(truth), lab_of(made)
    away = delta_e_2000(true, found)
    grey_away = delta_e_2000(true, true * np.array([1, 0, 0], np.float32))
    chroma = np.hypot(found[..., 1], found[..., 2])
    wrong = float(((chroma > _SEEN) & (away > grey_away + _FARTHER)).mean())
    cf, true_cf = colorfulness(made), colorfulness(truth)
    return {
        "dE2000": float(away.mean()),
        "PSNR": chroma_psnr(true, found),
        "CF": cf,
        "|dCF|": abs(cf - true_cf),
        "wrong": wrong,
        "wrong>5%": float(wrong > 0.05),
        "near grey": float(cf < _SLIGHTLY and cf < true_cf / 2),
    }


def table(options: argparse.Namespace) -> None:
    """The main table: color_photos and kodak at 256 x 256 and at full size, small_photos as they are."""
    classifiers = (
        {} if options.no_classifier else {"top-1": Classifier(), "top-1 of Lite2": Classifier(second=True)}
    )
    full: tuple[int, int] | None = None
    runs = [(folder, size) for folder in ("color_photos", "kodak") for size in ((256, 256), full)]
    for folder, size in [*runs, ("small_photos", full)]:
        rows: dict[str, list[dict[str, float]]] = defaultdict(list)
        for name, rgb in photos(folder, size, options.split):
            for method, make in METHODS.items():
                made = make(rgb)
                row = measures(rgb, made)
                if folder == "color_photos":
                    row |= {head: float(c.right(name, made)) for head, c in classifiers.items()}
                rows[method].append(row)
        _print_table(f"{folder}, {'256 x 256' if size else 'full size'}", options.split, rows)


def _print_table(title: str, split: str, rows: dict[str, list[dict[str, float]]]) -> None:
    heads = list(rows["truth"][0])
    print(f"\n{title}, {len(rows['truth'])} photos of the split {split!r}")
    print(f"{'':18}" + "".join(f"{head:>{max(len(head) + 2, 8)}}" for head in heads))
    for method, found in rows.items():
        cells = []
        for head in heads:
            mean = float(np.mean([row[head] for row in found]))
            share = head.startswith(("wrong", "near", "top"))
            cells.append(f"{mean:>{max(len(head) + 2, 8)}{'.1%' if share else '.2f'}}")
        print(f"{method:18}" + "".join(cells))


def distance() -> None:
    """FD-Lite0 over small_photos."""
    classifier = Classifier()
    pooled: dict[str, list[NDArray[np.float64]]] = defaultdict(list)
    for _, rgb in photos("small_photos"):
        for method, make in METHODS.items():
            pooled[method].append(classifier.pooled(make(rgb)))
    print(f"\nFD-Lite0, small_photos, {len(pooled['truth'])} photos")
    for method, features in pooled.items():
        print(f"{method:20}{frechet(np.stack(features), np.stack(pooled['truth'])):9.3f}")


def faces() -> None:
    """CIEDE2000 of skin on faces_200px by group: inside the crop's ellipse, where the truth has skin's chroma."""
    found: dict[str, list[float]] = defaultdict(list)
    plain: dict[str, list[float]] = defaultdict(list)
    for name, rgb in photos("faces_200px"):
        codes = cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb)
        y, x = np.mgrid[-1 : 1 : rgb.shape[0] * 1j, -1 : 1 : rgb.shape[1] * 1j]
        skin = (x / 0.72) ** 2 + (y / 0.84) ** 2 < 1
        skin &= (
            (codes[..., 2] >= 77) & (codes[..., 2] <= 127) & (codes[..., 1] >= 133) & (codes[..., 1] <= 173)
        )
        if skin.mean() < 0.05:
            continue
        race = name.split("_")[0]
        truth = lab_of(rgb)[skin]
        found[_RACES.get(race, race)].append(float(delta_e_2000(truth, lab_of(by_tinct(rgb))[skin]).mean()))
        plain[_RACES.get(race, race)].append(float(delta_e_2000(truth, lab_of(gray(rgb))[skin]).mean()))
    print(f"\nskin of faces_200px\n{'':20}{'faces':>6}{'dE2000':>9}{'grey':>9}")
    for group in sorted(found):
        print(f"{group:20}{len(found[group]):6}{np.mean(found[group]):9.2f}{np.mean(plain[group]):9.2f}")
    means = [float(np.mean(values)) for values in found.values()]
    print(f"{'apart by':20}{'':6}{max(means) - min(means):9.2f}")


def sepia() -> None:
    """The same photo grey and toned sepia: CIEDE2000 between the two colourings."""
    differences = []
    for _, rgb in photos("kodak"):
        lab = lab_of(gray(rgb))
        lab[..., 1], lab[..., 2] = 4 + 5 * np.sin(lab[..., 0] / 32), 10 + 10 * np.sin(lab[..., 0] / 32)
        toned = colorize(Photo(rgb_of(lab)))
        assert toned.tone == "toned", toned.tone
        differences.append(
            float(delta_e_2000(lab_of(by_tinct(rgb)), lab_of(np.asarray(toned.photo.pixels))).mean())
        )
    print(
        f"\nsepia against grey, kodak: dE2000 {np.mean(differences):.2f}, worst photo {np.max(differences):.2f}"
    )


def lightness() -> None:
    """How far the lightness of a colouring is from that of its photo, in levels of 255."""
    worst = []
    for _, rgb in photos("kodak"):
        source = gray(rgb)
        worst.append(float(np.abs(lab_of(by_tinct(rgb))[..., 0] - lab_of(source)[..., 0]).max()) * 2.55)
    print(f"\nlightness kept, kodak: largest difference of a pixel {max(worst):.2f} of 255")


def speed(sizes: Iterable[float] = (1, 6, 24)) -> None:
    """Seconds and memory, JPEG to JPEG; the photo is a Kodak one made larger, with grain."""
    from tinct.imaging.likelihood import predict_chroma

    _, source = next(photos("kodak"))
    grain = np.random.default_rng(0).integers(0, 12, (997, 991), dtype=np.uint8)
    print(
        "\nspeed, JPEG to JPEG; sum against the goal 2.5 x decode + encode + network, and against 2.5 x all three"
    )
    heads = ("megapixels", "decode", "network", "colorize", "encode", "sum/goal", "sum/2.5", "peak MB")
    print("".join(f"{head:>11}" for head in heads))
    for size in sizes:
        scale = float(np.sqrt(size * 1e6 / (source.shape[0] * source.shape[1])))
        big = np.asarray(
            cv2.resize(gray(source), None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC), np.uint8
        )
        big = cv2.add(big, np.resize(grain, big.shape[:2])[..., None].repeat(3, axis=2))
        data = encode(Photo(big), format="jpeg")
        photo = decode.open(data)
        colored = colorize(photo).photo
        light = np.ascontiguousarray(lab_of(np.asarray(photo.proxy(512) * 255, np.uint8))[..., 0])
        network = _seconds(lambda light=light: predict_chroma(light))  # type: ignore[misc]
        parts = [
            _seconds(lambda data=data: decode.open(data)),  # type: ignore[misc]
            _seconds(lambda photo=photo: colorize(photo)),  # type: ignore[misc]
            _seconds(lambda colored=colored: encode(colored, format="jpeg")),  # type: ignore[misc]
        ]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        goal, loose = 2.5 * parts[0] + parts[2] + network, 2.5 * (parts[0] + parts[2] + network)
        row = [parts[0], network, parts[1], parts[2], sum(parts) / goal, sum(parts) / loose]
        print(f"{size:11}" + "".join(f"{value:11.3f}" for value in row) + f"{peak:11.0f}")


def _seconds(work: Callable[[], object], times: int = 5) -> float:
    """Shortest wall time: other work on the machine only ever adds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def sheet(folder: str, path: Path, limit: int, variants: int) -> None:
    """Before and after, as ``tinct colorize --sheet`` does."""
    from tinct.cli.sheet import Sheet

    page = Sheet()
    found = list(photos(folder))
    for index in np.unique(np.linspace(0, len(found) - 1, limit).astype(int)):
        rgb = found[index][1]
        source = Photo(rgb if folder == "historical" else gray(rgb))
        page.add(source, *colorize(source, variants=variants).photos)
    page.save(path)


def main() -> None:
    """Print what was asked for; everything without arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", help="table faces sepia lightness distance speed; all without")
    parser.add_argument(
        "--no-classifier", action="store_true", help="without top-1, which needs the extra train"
    )
    parser.add_argument("--split", choices=[*_SPLITS, "all"], default="report", help="photos of the table")
    parser.add_argument("--network", type=Path, help="an ONNX file to judge instead of the packaged one")
    parser.add_argument("--sheets", type=Path, help="also write contact sheets to this folder")
    options = parser.parse_args()
    if not data_folder().is_dir():
        raise SystemExit("the evaluation photos are not here; set TINCT_DATA_DIR")
    work = {
        "table": lambda: table(options),
        "faces": faces,
        "sepia": sepia,
        "lightness": lightness,
        "distance": distance,
        "speed": speed,
    }
    with contextlib.ExitStack() as stack:
        if options.network is not None:
            from training.colorizer.candidate import using

            stack.enter_context(using(options.network))
        for name in options.parts or work:
            work[name]()
        if options.sheets:
            for folder, limit in (("historical", 20), ("faces_200px", 20), ("color_photos", 20)):
                sheet(folder, options.sheets / f"{folder}.png", limit, variants=1)


if __name__ == "__main__":
    main()
