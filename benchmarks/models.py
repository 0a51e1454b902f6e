"""What each installed network costs: ``python -m benchmarks.models [NAME...]``. Each runs in a process of its own."""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import time

import numpy as np
import psutil

from benchmarks.tables import table
from tinct.models import runtime, store

__all__ = ["main"]

_SHAPES = {
    "span-x2": (1, 3, 256, 256),
    "span-x4": (1, 3, 256, 256),
    "realesrgan-x4plus": (1, 3, 128, 128),
    "maxim-enhancement": (1, 256, 256, 3),
    "maxim-retouching": (1, 256, 256, 3),
    "maxim-denoising": (1, 256, 256, 3),
    "maxim-deblurring": (1, 256, 256, 3),
    "isnet": (1, 3, 1024, 1024),
    "opennsfw": (1, 224, 224, 3),
    "nsfwjs": (1, 224, 224, 3),
}


def measure(name: str) -> str:
    """Processor seconds of a second run, wall seconds, peak and kept memory above a session-less process."""
    import onnxruntime  # noqa: F401 - its own memory is not the network's

    process = psutil.Process()
    base = process.memory_info().rss
    values = np.random.default_rng(0).random(_SHAPES[name], np.float32)
    runtime.session(name).apply(values)
    wall, cpu = time.perf_counter(), time.process_time()
    runtime.session(name).apply(values)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - base
    kept = process.memory_info().rss - base
    return f"{cpu:.2f} {wall:.2f} {peak / 1e9:.2f} {kept / 1e9:.2f}"


def main() -> None:
    """Print a table, or with ``--one`` the figures of one network."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--one", choices=list(_SHAPES))
    chosen = parser.parse_args()
    if chosen.one:
        print(measure(chosen.one))
        return
    rows = []
    for name in chosen.names or [name for name in _SHAPES if store.installed(name)]:
        command = [sys.executable, "-m", "benchmarks.models", "--one", name]
        figures = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        rows.append([f"`{name}`", "x".join(map(str, _SHAPES[name])), *figures])
    head = ["model", "input", "processor s", "wall s", "peak GB", "kept GB"]
    print(table("Networks", "One run, and resident memory above an empty process.", head, rows))


if __name__ == "__main__":
    main()
