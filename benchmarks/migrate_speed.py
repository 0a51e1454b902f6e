"""The speed and memory tables of ``python -m benchmarks.migrate``, also by ``python -m benchmarks.migrate_speed``.

Every size runs in processes of its own: one that does the whole job once, for its peak memory, and one that times each
part beside color-matcher on the same decoded pixels. Photos are mosaics of real ones, so that a JPEG costs what a
photo of that size costs.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

import tinct
from benchmarks import data
from benchmarks.tables import table

__all__ = ["memory_and_time", "start"]

_LARGEST_FOR_PEERS = 24  # megapixels; color-matcher works on float64 and needs over 10 GB at 100
_GOALS = {"mkl": 30, "hm-mkl-hm": 100}


def memory_and_time(quick: bool, sizes: Sequence[int] | None = None, *, beside: bool = True) -> str:
    """Tables of time, ratios and peak memory by size, in megapixels."""
    sizes = sizes or ((1, 12) if quick else (1, 12, 24, 100))
    found = {size: _measure(size, quick, beside) for size in sizes}
    return _times(found) + "\n" + _ratios(found)


def _times(found: dict[int, dict[str, float]]) -> str:
    names = {
        "decode": "decode JPEG",
        "encode": "encode JPEG",
        "fit": "fit REFERENCE",
        "apply": "apply",
        "again": "apply a map that was applied before",
        "total": "REFERENCE, JPEG to JPEG",
        "people": "the same, people looked for and kept",
        "auto4": "four AUTO results, JPEG to JPEG",
        "peer mkl": "color-matcher mkl, transfer alone",
        "peer hm-mkl-hm": "color-matcher hm-mkl-hm, transfer alone",
    }
    rows = [(text, *(_cell(f.get(key), "{:.3f}") for f in found.values())) for key, text in names.items()]
    note = "Seconds, medians of interleaved runs, one process per size."
    return table("Speed", note, ("", *(f"{size} MP" for size in found)), rows)


def _ratios(found: dict[int, dict[str, float]]) -> str:
    def row(text: str, form: str, of: Callable[[dict[str, float]], float]) -> tuple[str, ...]:
        cells = []
        for figures in found.values():
            try:
                cells.append(form.format(of(figures)))
            except KeyError:
                cells.append("-")
        return (text, *cells)

    rows = [
        row(
            "REFERENCE total / (decode + encode); goals: 6 at 1 MP, 2.2 at 12, 1.8 at 24",
            "{:.2f}",
            lambda f: f["total"] / (f["decode"] + f["encode"]),
        ),
        row(
            "the same in processor seconds",
            "{:.2f}",
            lambda f: f[_cpu("total")] / (f[_cpu("decode")] + f[_cpu("encode")]),
        ),
        row(
            "the same, where two cores share the map",
            "{:.2f}",
            lambda f: (f[_cpu("total")] - f[_cpu("apply")] / 2) / (f[_cpu("decode")] + f[_cpu("encode")]),
        ),
        row(
            "four AUTO / (decode + one fit + four applications + four encodes); goal 1.3 or less",
            "{:.2f}",
            lambda f: f["auto4"] / (f["decode"] + f["fit auto"] + 4 * f["apply"] + 4 * f["encode"]),
        ),
        row(
            "color-matcher mkl / apply; goal at 24 MP: 30 or more",
            "{:.0f}",
            lambda f: f["peer mkl"] / f["apply"],
        ),
        row(
            "color-matcher hm-mkl-hm / apply; goal at 24 MP: 100 or more",
            "{:.0f}",
            lambda f: f["peer hm-mkl-hm"] / f["apply"],
        ),
        row("color-matcher mkl / (fit + apply)", "{:.0f}", lambda f: f["peer mkl"] / (f["fit"] + f["apply"])),
        row(
            "color-matcher hm-mkl-hm / (fit + apply)",
            "{:.0f}",
            lambda f: f["peer hm-mkl-hm"] / (f["fit"] + f["apply"]),
        ),
        row("peak memory of REFERENCE, MB; goal at 100 MP: 900 or less", "{:.0f}", lambda f: f["peak"]),
    ]
    return table(
        "Ratios and memory",
        "From the same runs; peak memory is that of a process that does one photo, JPEG to JPEG.",
        ("", *(f"{size} MP" for size in found)),
        rows,
    )


def _cell(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)


def _measure(megapixels: int, quick: bool, beside: bool) -> dict[str, float]:
    """Figures of one size, from two child processes."""
    with tempfile.TemporaryDirectory() as folder:
        photo = Path(folder) / "photo.jpg"
        tinct.Photo(data.mosaic(megapixels)).save(photo)
        reference = Path(folder) / "reference.png"
        tinct.Photo(data.load(data.photos("kodak")[2], 768)).save(reference)
        figures = _child("once", photo, reference)
        peers = "none" if not beside or megapixels > _LARGEST_FOR_PEERS else "mkl" if quick else "all"
        return figures | _child("timed", photo, reference, peers)


def _child(*words: object) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.migrate_speed", *map(str, words)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(done.returncode)  # it has said why
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _once(photo: Path, reference: Path) -> dict[str, float]:
    made = tinct.migrate(tinct.open(photo), "reference", reference=tinct.open(reference))
    made.photo.save(photo.with_name("out.jpg"))
    # getrusage would count the parent's peak too
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return {"peak": int(kilobytes) * 1024 / 1e6}


def _timed(photo: Path, reference: Path, peers: str) -> dict[str, float]:
    """Medians of interleaved runs of each part."""
    out, colors_from = photo.with_name("out.jpg"), tinct.open(reference)
    source = tinct.open(photo)
    color_map = tinct.fit_reference(source, colors_from)

    def total(portrait: bool) -> None:
        opened = tinct.open(photo)
        tinct.migrate(opened, "reference", reference=colors_from, portrait=portrait).photo.save(out)

    def auto4() -> None:
        for number, made in enumerate(tinct.migrate(tinct.open(photo), count=4, portrait=False).photos):
            made.save(photo.with_name(f"out{number}.jpg"))

    parts: dict[str, Callable[[], object]] = {
        "decode": lambda: tinct.open(photo),
        "encode": lambda: source.save(out),
        "fit": lambda: tinct.fit_reference(source, colors_from),
        "fit auto": lambda: tinct.fit_auto(source, 4),
        "apply": lambda: tinct.ColorMap(color_map.lattice).apply(source),  # as one that was just fitted
        "again": lambda: color_map.apply(source),
        "total": lambda: total(False),
        "people": lambda: total(True),
    }
    if source.width * source.height < 50e6:
        parts["auto4"] = auto4  # five photos of 100 MP would need 1.5 GB
    taken: dict[str, list[float]] = {name: [] for name in (*parts, *map(_cpu, parts))}
    for _ in range(3 if source.width * source.height > 50e6 else 5):
        for name, part in parts.items():
            before = time.process_time()
            taken[name].append(_seconds(part))
            taken[_cpu(name)].append(time.process_time() - before)
    figures = {name: statistics.median(times) for name, times in taken.items()}
    for method in {"none": (), "mkl": ("mkl",), "all": tuple(_GOALS)}[peers]:
        figures[f"peer {method}"] = _peer(method, source, colors_from)
    return figures


def _cpu(name: str) -> str:
    """The key of a part's processor seconds, of all cores."""
    return f"{name}, CPU"


def _peer(method: str, source: tinct.Photo, colors_from: tinct.Photo) -> float:
    from benchmarks.migrate_quality import peer

    transfer = peer(method)
    pixels, goal = np.asarray(source.pixels, np.uint8), np.asarray(colors_from.pixels, np.uint8)
    transfer(pixels[:64, :64], goal[:64, :64])  # imports and warms
    return _seconds(lambda: transfer(pixels, goal))


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def start(quick: bool) -> str:
    """How long importing the package and asking for help take."""
    inside = "import time; t = time.perf_counter(); import tinct; print(time.perf_counter() - t)"
    rounds = range(5 if quick else 11)
    imports = [
        float(subprocess.run([sys.executable, "-c", inside], stdout=subprocess.PIPE, check=True).stdout)
        for _ in rounds
    ]
    command = [sys.executable, "-c", "from tinct.cli import main; main()", "--help"]
    helps = [_seconds(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True)) for _ in rounds]
    rows = [
        ("`import tinct`; goal 0.25 or less", f"{statistics.median(imports):.3f}"),
        ("`tinct --help`, the whole process; goal 0.4 or less", f"{statistics.median(helps):.3f}"),
    ]
    return table("Start", "Seconds, median.", ("", "s"), rows)


def main() -> None:
    """Print the tables of speed, ratios and memory, and of starting."""
    parser = argparse.ArgumentParser(
        description="How long a photo takes from JPEG to JPEG, beside its decoding and encoding, and how much memory."
    )
    parser.add_argument("--quick", action="store_true", help="fewer sizes, rounds and peers: a minute or two")
    parser.add_argument(
        "--megapixels", type=int, action="append", metavar="N", help="this size; may be repeated"
    )
    parser.add_argument("--no-peers", action="store_true", help="without color-matcher, of the extra bench")
    given = parser.parse_args()
    print(memory_and_time(given.quick, given.megapixels, beside=not given.no_peers))
    print(start(given.quick))


if __name__ == "__main__":
    if sys.argv[1:2] in (["once"], ["timed"]):  # a child of this very program
        what, photo_path, reference_path, *rest = sys.argv[1:]
        paths = Path(photo_path), Path(reference_path)
        print(json.dumps(_once(*paths) if what == "once" else _timed(*paths, *rest)))
    else:
        main()
