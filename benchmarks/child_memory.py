"""What one child keeps of thousands of jobs, and where: objects of Python, the C library's heap, or neither.

``python -m benchmarks.child_memory [--jobs 2000] [--every 100] [--large 0.03]`` drives a single child, which is not
replaced, with jobs of several effects over photos of several sizes, in an order that a seed decides; ``--soak`` takes
the jobs of `benchmarks.soak` in their shares, as fast as one child does them. Every so many jobs it prints the memory
that is the child's alone (USS), what the C library's heaps hold of it and how much of that is in use, what Python
counts, and the processor time until then. It ends with the slope of the second half, in bytes a job, with its standard
error. The allocator's own variables (``MALLOC_ARENA_MAX=1``, ``MALLOC_TRIM_THRESHOLD_=...``) work on
the child as on any process.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from benchmarks.processes import slope
from benchmarks.serving import photo
from tinct.jobs.child import Outcome, Task
from tinct.jobs.children import Child
from tinct.settings import Settings

_SIDES = (160, 240, 320, 480, 640, 800)
_LARGE = (2000, 3000)
_CHEAP = (
    ("convert", {}),
    ("migrate", {"mode": "auto"}),
    ("migrate", {"mode": "template", "colors": ["#C01010"]}),
    ("correct", {}),
    ("light", {}),
)
_DEAR = (
    ("colorize", {}),
    ("enhance", {"scale": 2}),
    ("enhance", {"scale": 1, "deblur": "auto"}),
)
_Job = tuple[str, dict[str, object], Path]


class _Heap(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
        )
    ]  # fmt: skip


def look(_: Task) -> Outcome:
    """What the process knows of its own memory; runs in the child."""
    gc.collect()
    library = ctypes.CDLL(None)
    library.mallinfo2.restype = _Heap
    heap = library.mallinfo2()
    facts = {
        "heap": heap.arena,
        "mapped": heap.hblkhd,
        "used": heap.uordblks,
        "free": heap.fordblks,
        "objects": len(gc.get_objects()),
        "blocks": sys.getallocatedblocks(),
    }
    return Outcome(facts=facts)


def _mixed(photos: dict[int, Path], small: Path, large: float) -> Iterator[_Job]:
    """Many cheap jobs over photos of all sizes, and some dear ones."""
    chance = random.Random(0)
    while True:
        if chance.random() < 0.08:
            yield (*chance.choice(_DEAR), small)
        else:
            sides = _LARGE if chance.random() < large else _SIDES
            yield (*chance.choice(_CHEAP), photos[chance.choice(sides)])


def _soaked(photos: dict[int, Path], small: Path, grey: Path) -> Iterator[_Job]:
    """The jobs of the four wire formats' rounds, in the soak's turns."""
    chance = random.Random(0)
    while True:
        for wire in ("native", "ailab", "native", "cos", "native", "picma"):
            some = photos[chance.choice(_SIDES)]
            if wire == "native":
                yield (*chance.choice(_CHEAP), some)
            elif wire == "ailab":
                yield "migrate", {"mode": "auto", "count": 2, "degree": 0.8}, some
            elif wire == "picma":
                yield (*chance.choice((*_DEAR[1:], ("colorize", {"variants": 4}))), small)
            elif chance.random() < 0.5:
                yield "colorize", {}, grey


async def drive(folder: Path, jobs: int, every: int, large: float, soak: bool) -> None:
    """Run the jobs; print what is kept."""
    settings = Settings(data=folder / "data", child_jobs=10 * jobs, workers=2)
    scratch = folder / "scratch"
    scratch.mkdir()
    photos = {side: folder / f"{side}.jpg" for side in (*_SIDES, *_LARGE)}
    for side, path in photos.items():
        path.write_bytes(photo(side, side * 3 // 4, side))
    small, grey = folder / "small.jpg", folder / "grey.jpg"
    small.write_bytes(photo(96, 72, 7))
    grey.write_bytes(photo(240, 180, 9, mode="L"))
    orders = _soaked(photos, small, grey) if soak else _mixed(photos, small, large)
    child = Child(settings, scratch)
    seen: list[tuple[float, float]] = []
    print(
        f"{'jobs':>6} {'own MB':>7} {'heap':>7} {'in use':>7} {'free':>7} {'mapped':>7} {'objects':>8} "
        f"{'blocks':>8} {'cpu s':>7}"
    )
    try:
        for number in range(jobs + 1):
            if number % every == 0:
                facts = (await _run(child, scratch, "convert", {}, small, look)).facts
                assert facts is not None
                process = psutil.Process(child.pid)
                own, seconds = process.memory_full_info().uss, sum(process.cpu_times()[:2])
                seen.append((number, own))
                heap = (facts[name] / 2**20 for name in ("heap", "used", "free", "mapped"))
                shown = " ".join(f"{each:7.1f}" for each in (own / 2**20, *heap))
                print(
                    f"{number:6} {shown} {facts['objects']:8} {facts['blocks']:8} {seconds:7.1f}", flush=True
                )
            outcome = await _run(child, scratch, *next(orders))
            assert outcome.code is None, outcome
    finally:
        child.drop()
    half = [(x, y) for x, y in seen if x >= jobs / 2]
    slant, error = slope(*map(list, zip(*half, strict=True)))
    print(f"second half: {slant:.0f} bytes a job, standard error {error:.0f}")


async def _run(
    child: Child, scratch: Path, effect: str, params: dict[str, object], path: Path, work=None
) -> Outcome:
    folder = tempfile.mkdtemp(dir=scratch)
    try:
        task = Task(
            effect=effect,
            params=params,
            inputs={"image": str(path)},
            format="jpeg",
            quality=90,
            folder=folder,
            work=work,
        )
        return await child.run(task, lambda share: None)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=2000)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--large", type=float, default=0.03, help="share of photos of 3 and of 7 megapixels")
    parser.add_argument("--soak", action="store_true", help="the jobs of the soak instead")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinct-child-") as folder:
        asyncio.run(drive(Path(folder), options.jobs, options.every, options.large, options.soak))


if __name__ == "__main__":
    main()
