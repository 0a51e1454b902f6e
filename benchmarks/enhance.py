"""How well photos are enlarged: ``python -m benchmarks.enhance [set14|double|peers|colour|seams|clean|speed ...]``.

set14   PSNR and SSIM of Y on eval/set14_x4, four pixels cut off all round, against bicubic; needs the models fetched.
double  PSNR of Y and core-seconds: photos of eval/kodak that nothing was chosen by, halved by areas, as sensors do,
        and by Pillow's bicubic filter, as most sets for such networks are, and enlarged twice; and portraits at their
        own size, where the network that is asked only where there is detail is compared with itself asked everywhere.
peers   The same with the same weights run whole by their own tool, ``ncnn``; needs the extra ``bench``.
colour  CIEDE2000 between source and result scaled back, as it is and with what is broad alone (Gaussian of 2 pixels).
seams   Steps across the borders of tiles against steps beside them; tiles of 96 pixels.
clean   PSNR of Kodak photos with noise or JPEG before and after cleaning, and what cleaning does to clean ones.
picture For docs/effects.md; needs the strong network too.
speed   Seconds and peak memory, each in a process of its own; ``slow`` adds the strong network and 12 megapixels.
"""

from __future__ import annotations

import argparse
import dataclasses
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import structural_similarity

import tinct
from benchmarks.data import Pixels, photos, split
from benchmarks.tables import table
from tinct.effects.enhance import engines
from tinct.effects.enhance.denoising import cleaner
from tinct.effects.enhance.work import enlarged, tiling, window_work
from tinct.imaging.degradation import condition
from tinct.models import manifest, store
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo

__all__ = ["main"]

Array = NDArray[np.float32]
Make = Callable[[Pixels], Pixels]


def _y(rgb: Pixels) -> NDArray[np.float64]:
    """Luma of BT.601 in 16..235, as papers on super-resolution measure."""
    return np.asarray(16 + rgb.astype(np.float64) @ [65.481, 128.553, 24.966] / 255)


def psnr(truth: NDArray[Any], found: NDArray[Any]) -> float:
    """In decibels against 255."""
    return float(10 * np.log10(255**2 / max(np.mean((truth.astype(float) - found.astype(float)) ** 2), 1e-9)))


def _pairs() -> Iterator[tuple[Pixels, Pixels]]:
    """Small and large photos of Set14."""
    for path in photos("set14_x4"):
        if path.stem.endswith("LR"):
            small = tinct.open(path).pixels
            large = tinct.open(path.with_name(path.name.replace("LR", "HR"))).pixels
            yield small, large[: small.shape[0] * 4, : small.shape[1] * 4]  # type: ignore[misc]


def bicubic(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC), np.uint8)


def by_tinct(model: str, denoise: Any = "auto") -> Make:
    def make(pixels: Pixels) -> Pixels:
        return np.asarray(tinct.enhance(Photo(pixels), 4, model, denoise).photo.pixels, np.uint8)  # type: ignore[arg-type]

    return make


def by_ncnn(name: str) -> Make:
    """The weights as they came, run by the tool they were made for, on the whole photo."""
    import ncnn  # type: ignore[import-not-found]

    model = manifest.entry(name)
    assert isinstance(model, manifest.Fetched)
    folder = Path(tempfile.mkdtemp())
    for file, data in store.sources(name, model).items():
        (folder / file).write_bytes(data)
    net = ncnn.Net()
    net.opt.use_vulkan_compute = False
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.load_param(str(folder / "net.param"))
    net.load_model(str(folder / "net.bin"))

    def make(pixels: Pixels) -> Pixels:
        padded = np.pad(pixels, [(16, 16), (16, 16), (0, 0)], mode="reflect")
        extractor = net.create_extractor()
        fed = np.ascontiguousarray(padded.transpose(2, 0, 1), np.float32) / np.float32(255)
        extractor.input(net.input_names()[0], ncnn.Mat(fed))
        _, found = extractor.extract(net.output_names()[0])
        cut = np.asarray(found)[:, 64:-64, 64:-64].transpose(1, 2, 0)
        return np.asarray(np.clip(cut * 255 + 0.5, 0, 255), np.uint8)

    return make


def set14(methods: dict[str, Make], note: str) -> None:
    """PSNR and SSIM of Y, mean over the photos."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for small, large in _pairs():
        truth = _y(large)[4:-4, 4:-4]
        for name, make in methods.items():
            luma = _y(make(small))[4:-4, 4:-4]
            ssim = structural_similarity(
                truth, luma, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
            )
            found[name].append((psnr(truth, luma), float(ssim)))
    rows = [
        (n, *(f"{v:.{d}f}" for v, d in zip(np.mean(f, 0), (2, 4), strict=True))) for n, f in found.items()
    ]
    print(table("Set14, four times", note, ("", "PSNR Y", "SSIM Y"), rows))


def double() -> None:
    """Twice as large, by engine."""
    ways: dict[str, Make] = {
        "bicubic": lambda x: np.asarray(
            cv2.resize(x, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC), np.uint8
        )
    }
    ways |= {name: _twice(name) for name in ("classical", "luma", "span")}
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for path in split(photos("kodak"), "report"):
        truth = np.asarray(tinct.open(path).pixels, np.uint8)
        half = truth.shape[1] // 2, truth.shape[0] // 2
        by_areas = np.asarray(cv2.resize(truth, half, interpolation=cv2.INTER_AREA), np.uint8)
        cubic = np.asarray(Image.fromarray(truth).resize(half, Image.Resampling.BICUBIC))
        for name, way in ways.items():
            began = time.process_time()
            made = [way(by_areas), way(cubic)]
            spent = (time.process_time() - began) / (half[0] * half[1] * 2 / 1e6)
            found[name].append((*(psnr(_y(truth)[4:-4, 4:-4], _y(m)[4:-4, 4:-4]) for m in made), spent))
    rows = [
        (n, *(f"{v:.{d}f}" for v, d in zip(np.mean(f, 0), (2, 2, 1), strict=True))) for n, f in found.items()
    ]
    note = f"Mean over {len(found['span'])} photos, dB; and core-seconds a megapixel of the source."
    print(table("Twice as large", note, ("", "halved by areas", "by a bicubic filter", "core-s"), rows))
    _where_drawn()


def _twice(model: str) -> Make:
    def make(pixels: Pixels) -> Pixels:
        return np.asarray(tinct.enhance(Photo(pixels), 2, model, 0).photo.pixels, np.uint8)  # type: ignore[arg-type]

    return make


def _where_drawn() -> None:
    """What is saved, and lost, where the network is not asked."""
    engine, clean = engines.ENGINES["span"], cleaner(condition(np.zeros((64, 64, 3), np.uint8)), 0)
    shares = []
    for path in split(photos("portraits", "kodak"), "report")[::2]:
        pixels = np.asarray(tinct.open(path).pixels, np.uint8)[:720, :720]
        tiles = tiling(*pixels.shape[:2], engine, engine.sides[0])
        made, spent = [], []
        for everywhere in (True, False):
            work = window_work(engine, 2, clean, 0, False, everywhere=everywhere)
            began = time.process_time()
            made.append(enlarged(pixels, tiles, work, 2, lambda _: None).astype(np.int16))
            spent.append(time.process_time() - began)
        apart = np.abs(made[0] - made[1])
        kind = "Kodak" if path.stem.startswith("kodim") else "portraits"
        shares.append((kind, spent[1] / spent[0], float(np.quantile(apart, 0.999)), float(apart.max())))
    rows = []
    for kind in ("portraits", "Kodak"):
        values = np.array([each[1:] for each in shares if each[0] == kind])
        low, middle, high = np.quantile(values[:, 0], (0, 0.5, 1))
        row = (
            f"{low:.0%}",
            f"{middle:.0%}",
            f"{high:.0%}",
            f"{values[:, 1].max():.0f}",
            f"{values[:, 2].max():.0f}",
        )
        rows.append((f"{len(values)} {kind}", *row))
    note = (
        "`span` asked only where there is detail: share of the time it takes when asked everywhere, least, median and "
        "most; and the largest difference of any of the photos, levels of 255, of 99.9 % of the values and of all."
    )
    print(table("Where there is detail", note, ("", "least", "median", "most", "99.9 %", "all"), rows))


def colour(model: str, scale: int, folder: str, step: int) -> tuple[str, ...]:
    """A row: CIEDE2000 after scaling back, mean and 95th percentile; of what is broad, mean and largest."""
    plain, broad = [], []
    for path in photos(folder)[::step]:
        photo = tinct.open(path)
        result = tinct.enhance(photo, scale, model).photo.pixels  # type: ignore[arg-type]
        size = (photo.width, photo.height)
        back = np.asarray(cv2.resize(result, size, interpolation=cv2.INTER_AREA), np.float32) / 255
        source = photo.pixels.astype(np.float32) / 255
        plain.append(delta_e_2000(srgb_to_lab(source), srgb_to_lab(back)).ravel())
        blurred = [srgb_to_lab(cv2.GaussianBlur(x, (0, 0), 2.0)) for x in (source, back)]  # type: ignore[arg-type]
        broad.append(delta_e_2000(*blurred).ravel())
    every = np.concatenate(plain), np.concatenate(broad)
    figures = (every[0].mean(), np.quantile(every[0], 0.95), every[1].mean(), np.quantile(every[1], 0.999))
    return f"{model} x{scale}, {folder}", str(len(plain)), *(f"{v:.2f}" for v in figures)


def colours() -> None:
    rows = [
        colour("classical", 2, "kodak", 3),
        colour("span", 2, "kodak", 3),
        colour("span", 4, "small_photos", 25),
        colour("realesrgan", 4, "small_photos", 60),
    ]
    head = ("", "photos", "mean", "95 %", "broad, mean", "broad, 99.9 %")
    print(
        table("Colours", "CIEDE2000 between the source and the result scaled back to its size.", head, rows)
    )


def _with_tiles(model: str, side: int, photo: Photo) -> tuple[Pixels, int]:
    """The photo enlarged twice in tiles of `side`, and how many there were."""
    kept = engines._ENGINES[model]
    engines._ENGINES[model] = dataclasses.replace(kept, sides=(side,))
    try:
        result = tinct.enhance(photo, 2, model)  # type: ignore[arg-type]
    finally:
        engines._ENGINES[model] = kept
    return np.asarray(result.photo.pixels, np.uint8), result.tiles


def seams() -> None:
    """Tiles against no tiles."""
    rows = []
    for model in ("classical", "span"):
        apart, steps, count = [], [], 0
        for path in photos("kodak")[::4]:
            photo = tinct.open(path)
            whole, _ = _with_tiles(model, 1024, photo)
            tiled, tiles = _with_tiles(model, 96, photo)
            difference = np.abs(whole.astype(np.int16) - tiled)
            apart.append((difference.mean(), np.quantile(difference, 0.999), difference.max()))
            steps.append(_steps(tiled.astype(np.float32) - whole))
            count += tiles
        mean = np.mean(apart, 0)
        rows.append(
            (model, str(count), f"{mean[0]:.3f}", f"{mean[1]:.1f}", f"{mean[2]:.1f}", f"{max(steps):.2f}")
        )
    head = ("", "tiles", "mean", "99.9 %", "largest", "largest step of a whole row or column")
    note = "Levels of 255 between Kodak photos enlarged twice in tiles of 96 pixels and whole."
    print(table("Seams", note, head, rows))


def _steps(difference: Array) -> float:
    """The largest mean step between neighbouring rows or columns: what a seam would show as."""
    return max(float(np.abs(np.diff(difference.mean(axis=axis), axis=0)).max()) for axis in (0, 1))


def clean() -> None:
    """Cleaning alone."""
    rng = np.random.default_rng(0)

    def noisy(sigma: float) -> Make:
        return lambda x: np.clip(x + rng.normal(0, sigma, x.shape), 0, 255).round().astype(np.uint8)

    def compressed(quality: int) -> Make:
        def make(x: Pixels) -> Pixels:
            data = cv2.imencode(".jpg", x[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], np.uint8)

        return make

    wears: dict[str, Make] = {"nothing": lambda x: x}
    wears |= {f"noise {sigma}": noisy(sigma) for sigma in (3, 6, 12, 25)}
    wears |= {f"JPEG {quality}": compressed(quality) for quality in (90, 75, 50, 30, 10)}
    rows = []
    for name, wear in wears.items():
        before, after = [], []
        for path in photos("kodak")[::3]:
            truth = np.ascontiguousarray(tinct.open(path).pixels[:384, :384], np.uint8)
            worn = wear(truth)
            cleaned = cleaner(condition(worn), None).apply(worn.astype(np.float32) / 255)
            before.append(psnr(truth, worn))
            after.append(psnr(truth, np.rint(cleaned * 255)))
        shown = [f"{np.mean(v):.2f}" if np.mean(v) < 90 else "same" for v in (before, after)]
        rows.append((name, *shown))
    print(table("Cleaning", "PSNR in decibels, 6 Kodak photos.", ("added", "before", "after"), rows))


_MEASURED = """
import resource, sys, threading, time
import psutil
import tinct
from benchmarks.data import mosaic
from tinct.photo.photo import Photo
from tinct.effects.enhance.enhance import plan, run
model, scale, megapixels = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
photo = Photo(mosaic(megapixels))
tinct.enhance(Photo(mosaic(0.01)), scale, model)
planned = plan(photo, scale, model)
before = psutil.Process().memory_info().rss
began, used = time.perf_counter(), time.process_time()
result = run(photo, planned, scale)
seconds, used = time.perf_counter() - began, time.process_time() - used
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(seconds, used, planned.estimate.seconds, result.tiles, peak, before, result.photo.pixels.nbytes)
"""


def speed(slow: bool) -> None:
    """Time and memory."""
    runs: list[tuple[str, int, float]] = [
        ("classical", 2, 1),
        ("span", 2, 1),
        ("luma", 2, 1),
        ("span", 4, 1),
        ("classical", 1, 1),
    ]
    if slow:
        runs += [("realesrgan", 4, 0.04), ("classical", 2, 12), ("luma", 2, 12), ("span", 2, 12)]
    rows = []
    for model, scale, megapixels in runs:
        command = [sys.executable, "-c", _MEASURED, model, str(scale), str(megapixels)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds, used, thought, tiles, peak, before, output = map(float, done.stdout.split())
        beside = (peak - before - output) / 1e6
        shown = (f"{seconds:.1f}", f"{used / megapixels:.1f}", f"{thought:.1f}", f"{tiles:.0f}")
        rows.append((f"{model} x{scale}, {megapixels:g}", *shown, f"{peak / 1e6:.0f}", f"{beside:.0f}"))
    head = (
        "megapixels",
        "s",
        "core-s per megapixel",
        "s thought",
        "tiles",
        "peak MB",
        "of it working memory",
    )
    note = "Working memory is what is beyond the photo, the result and the loaded libraries."
    print(table("Speed and memory", note, head, rows))


def picture(path: Path = Path("docs/images/enhance.jpg")) -> None:
    """For the documentation: parts of scikit-image's cat and astronaut, enlarged four times in three ways."""
    from skimage import data

    rows = []
    for whole, top, left in ((data.chelsea(), 20, 54), (data.astronaut(), 16, 60)):
        half = cv2.resize(whole, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        small = np.ascontiguousarray(half[top : top + 80, left : left + 80], np.uint8)
        rows.append(np.hstack([bicubic(small), by_tinct("span")(small), by_tinct("realesrgan")(small)]))
    Photo(np.vstack(rows), format="jpeg").save(path, quality=60)


def main() -> None:
    """Print what was asked for; everything but the slow parts without arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "parts",
        nargs="*",
        help="set14 double peers colour seams clean speed picture; all but the last without",
    )
    parser.add_argument("--slow", action="store_true", help="the strong network and 12 megapixels too")
    options = parser.parse_args()
    methods: dict[str, Make] = {"bicubic": bicubic, "classical": by_tinct("classical")}
    methods |= {"span": by_tinct("span"), "span, denoise 0": by_tinct("span", 0)}
    if options.slow:
        methods |= {"realesrgan": by_tinct("realesrgan")}
    note = (
        "Mean over 14 photos; realesrgan is made for worn photos and the eye, which these figures do not see."
    )

    def peers() -> None:
        again = {"span, denoise 0": by_tinct("span", 0), "same weights by ncnn": by_ncnn("span-x4")}
        if options.slow:
            again |= {"realesrgan by ncnn": by_ncnn("realesrgan-x4plus")}
        set14(again, "Mean over 14 photos.")

    work: dict[str, Callable[[], None]] = {
        "set14": lambda: set14(methods, note),
        "double": double,
        "peers": peers,
        "colour": colours,
        "seams": seams,
        "clean": clean,
        "speed": lambda: speed(options.slow),
        "picture": picture,
    }
    for part in options.parts or list(work)[:-1]:
        work[part]()


if __name__ == "__main__":
    main()
