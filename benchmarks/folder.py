"""How near a folder run of the command line comes to what the machine can do.

``python -m benchmarks.folder [--photos N] [--megapixels M] [--rounds R] [--only PART]`` prints a table, each row when
it is measured. It needs the evaluation photos (TINCT_DATA_DIR). The bound of a part is the same work without any of the
command's own: worker processes, one for each core, take photos from a list and do decode, map and encode, or the
effect, and nothing else. Command and bound take turns on the same files, so that both meet the same machine; ratios are
of the same round. What the command needs to start is measured by a run on one tiny photo and taken off, so that a short
folder tells what a long one would.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import tinct
from benchmarks import data
from benchmarks.tables import table
from tinct.machine import cores

__all__ = ["main"]

_KINDS = 4  # different photos; the others are links to them


@dataclass(frozen=True)
class Part:
    """A command, and the work of its bound."""

    words: tuple[str, ...]
    work: Callable[[Path, Path, Path], None]
    """``work(photo, result, folder)``."""
    share: float = 1.0
    """Of the photos that are asked for: slow effects get fewer."""


def _apply(photo: Path, result: Path, folder: Path) -> None:
    """Decode, map and encode by the libraries alone: no metadata, no checks."""
    import numpy as np
    import pyvips

    image = pyvips.Image.new_from_file(str(photo), access="sequential")
    pixels = np.asarray(image)
    out = np.empty_like(pixels)
    _lut(folder).apply(pixels, out)
    height, width = out.shape[:2]
    made = pyvips.Image.new_from_memory(out.data, width, height, 3, "uchar").copy(interpretation="srgb")
    made.jpegsave(str(result), Q=92, subsample_mode="off", keep=0)


_LUTS = {}


def _lut(folder: Path) -> object:
    import numpy as np

    from tinct.imaging.colormap import ColorMap
    from tinct.imaging.lut import Lut

    if folder not in _LUTS:
        _LUTS[folder] = Lut(ColorMap.load(folder / "look.cube").lattice, np.dtype(np.uint8))
        _LUTS[folder].expect(1 << 30)
    return _LUTS[folder]


def _reference(photo: Path, result: Path, folder: Path) -> None:
    """The library's work, with the reference opened once a photo, as nothing else is."""
    source, colors = tinct.open(photo), tinct.open(folder / "reference.png")
    tinct.migrate(source, "reference", reference=colors, portrait=False).photo.save(result)


def _colorize(photo: Path, result: Path, folder: Path) -> None:
    tinct.colorize(tinct.open(photo)).photo.save(result)


PARTS = {
    "apply": Part(("migrate", "--apply", "look.cube", "--no-portrait"), _apply),
    "reference": Part(("migrate", "--reference", "reference.png", "--no-portrait"), _reference, 0.5),
    "colorize": Part(("colorize",), _colorize, 0.3),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How near a folder run comes to what the machine can do.")
    parser.add_argument("--photos", type=int, default=40)
    parser.add_argument("--megapixels", type=float, default=12)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=PARTS)
    given = parser.parse_args()
    note = (
        f"JPEGs of {given.megapixels:g} MP on {cores()} cores; medians of {given.rounds} rounds in turns. Start: CPU "
        "seconds of the command before its first photo, which the other columns leave out. Ratio: photos a second of "
        "the command over those of its bound. CPU: seconds of all cores that the bound takes over those of the command."
    )
    head = ("", "start", "photos/s", "bound", "ratio", "CPU", "peak MB")
    print(table("Folders", note, head, ()), end="", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _prepare(folder, given.megapixels)
        for part in given.only or PARTS:
            photos = max(_KINDS, round(given.photos * PARTS[part].share))
            _links(folder, photos)
            row = (f"{part}, {photos} photos", *_row(folder, part, photos, given.rounds))
            print("| " + " | ".join(row) + " |", flush=True)


def _prepare(folder: Path, megapixels: float) -> None:
    pixels = data.mosaic(megapixels)
    for number in range(_KINDS):
        turned = pixels[:: -1 if number & 1 else 1, :: -1 if number & 2 else 1]
        tinct.Photo(turned.copy()).save(folder / f"kind{number}.jpg")
    tinct.Photo(pixels[:32, :48].copy()).save(folder / "tiny.jpg")
    reference = tinct.Photo(data.load(data.photos("kodak")[2], 768))
    reference.save(folder / "reference.png")
    tinct.fit_reference(tinct.Photo(pixels), reference).save(folder / "look.cube")


def _links(folder: Path, photos: int) -> None:
    inside = folder / "photos"
    inside.mkdir(exist_ok=True)
    for path in inside.iterdir():
        path.unlink()
    for number in range(photos):
        os.link(folder / f"kind{number % _KINDS}.jpg", inside / f"{number:04}.jpg")


def _row(folder: Path, part: str, photos: int, rounds: int) -> tuple[str, ...]:
    found = []
    for number in range(rounds):
        both = [lambda: _command(folder, PARTS[part].words, "photos"), lambda: _bound(folder, part)]
        first = number % 2
        times = {first: both[first](), 1 - first: both[1 - first]()}
        start = _command(folder, PARTS[part].words, "tiny.jpg")
        wall, cpu = times[0][0] - start[0], times[0][1] - start[1]
        found.append(
            (
                start[1],
                photos / wall,
                photos / times[1][0],
                times[1][0] / wall,
                times[1][1] / cpu,
                times[0][2],
            )
        )
    start, speed, bound, ratio, cpu, peak = (statistics.median(column) for column in zip(*found, strict=True))
    return f"{start:.2f}", f"{speed:.2f}", f"{bound:.2f}", f"{ratio:.2f}", f"{cpu:.2f}", f"{peak:.0f}"


def _command(folder: Path, words: tuple[str, ...], photos: str) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak memory (MB) of the command."""
    effect, *options = words
    out = tempfile.mkdtemp(dir=folder)
    line = [sys.executable, "-m", "tinct", effect, photos, *options, "-o", out]
    try:
        return _measured(line, folder)
    finally:
        shutil.rmtree(out)


def _bound(folder: Path, part: str) -> tuple[float, float, float]:
    """Of the bound; its own start is not counted."""
    line = [sys.executable, "-m", "benchmarks.folder", "--bound", part, str(folder)]
    alone = os.environ | {"VIPS_CONCURRENCY": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(line, stdout=subprocess.PIPE, check=True, env=alone)
    wall, cpu = json.loads(done.stdout)
    return wall, cpu, 0.0


def _measured(line: list[str], folder: Path) -> tuple[float, float, float]:
    start = time.perf_counter()
    with subprocess.Popen(line, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"{' '.join(line)} failed")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024 * 1.048576


def _work_off(part: str, folder: Path) -> None:
    """Print wall and CPU seconds of all photos over all cores."""
    photos = sorted((folder / "photos").iterdir())
    out = Path(tempfile.mkdtemp(dir=folder))
    context = get_context("forkserver")
    with context.Pool(cores(), _alone) as pool:
        pool.map(_time_of, [(part, photos[0], out, folder)] * cores(), chunksize=1)
        start = time.perf_counter()
        taken = sum(pool.imap_unordered(_time_of, [(part, photo, out, folder) for photo in photos]))
        wall = time.perf_counter() - start
    print(json.dumps((wall, taken)))


def _alone() -> None:
    """Each worker has a core of its own: nothing in it starts threads for others."""
    from tinct.imaging import threads

    threads._mine.cores = 1


def _time_of(job: tuple[str, Path, Path, Path]) -> float:
    """CPU seconds of one photo."""
    part, photo, out, folder = job
    before = resource.getrusage(resource.RUSAGE_SELF)
    PARTS[part].work(photo, out / photo.name, folder)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bound"]:
        _work_off(sys.argv[2], Path(sys.argv[3]))
    else:
        main()
