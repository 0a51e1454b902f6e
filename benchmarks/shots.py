"""Where shots end, measured: ``python -m benchmarks.shots [choose|report]``.

Photos in motion (by hand, pan, zoom, roll, parallax, a fence or a thing that passes) follow each other by a cut, a
dissolve or a fade through black or white; some clips are one shot alone. Bounds were chosen on one half of the photos.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data import load, photos, split
from benchmarks.video import write
from tinct.clip.clip import Clip
from tinct.imaging.shots import Shot, shots

Pixels = NDArray[np.uint8]
Scene = Callable[[int], Pixels]
"""The frame of a number."""

SIZE: Final = (208, 144)
SIDE: Final = 432  # of a photo: a view shows about half of its width
EACH: Final = 26  # frames of a shot beside a change
ALONE: Final = 64  # frames of a clip that is one shot
SLACK: Final = 3  # frames by which a boundary may be off
CHANGES: Final = ("cut", "dissolve", "black", "white")
LENGTHS: Final = (4, 7, 12, 18, 25, 36)


def scenes(pixels: Pixels, rng: np.random.Generator) -> dict[str, Scene]:
    """One photo, in as many ways of moving."""
    height, width = pixels.shape[:2]
    turn = rng.uniform(0, 2 * np.pi)
    side = 1 if np.cos(turn) > 0 else -1
    x, y = width / 2, height / 2
    shake = np.cumsum(rng.normal(0, 0.5, (400, 2)), axis=0)
    pace = rng.uniform(0.8, 5.0)  # pixels a frame, of 208
    away = (pace * np.cos(turn), 0.35 * pace * np.sin(turn))
    zoom = rng.uniform(0.004, 0.014) * rng.choice((-1, 1))
    roll = rng.uniform(0.3, 1.0) * side
    far, near = rng.uniform(0.3, 1.5) * side, rng.uniform(2.5, 6.0) * side
    passing = rng.uniform(2.0, 6.0) * side
    other = np.ascontiguousarray(pixels[::-1, ::-1])
    rows, columns = np.mgrid[0 : SIZE[1], 0 : SIZE[0]]
    stripes = np.clip(12 * np.sin(columns / 23.0 + rng.uniform(0, 6)) - 6, 0, 1)[..., None]
    front = np.clip((rows - SIZE[1] * 0.62) / 6, 0, 1)[..., None]

    def mixed(back: Pixels, over: Pixels, share: NDArray[np.floating]) -> Pixels:
        return np.rint(back + (over.astype(np.float32) - back) * share).astype(np.uint8)

    def parallax(n: int) -> Pixels:
        close = _view(other, x - 120 * side + near * n, y, 0.9, 0)
        return mixed(_view(pixels, x + far * n, y, 1, 0), close, np.maximum(front, 0))

    def fence(n: int) -> Pixels:
        shown = np.roll(stripes, round(-near * n), axis=1)
        return mixed(
            _view(pixels, x + far * n, y, 1, 0),
            _view(other, x + near * n, y, 0.8, 0),
            shown * (rows[..., None] > 60),
        )

    def passes(n: int) -> Pixels:
        middle = SIZE[0] / 2 + passing * (n - 30)
        shown = np.clip((34 - np.hypot(columns - middle, 0.8 * (rows - 95))) / 4, 0, 1)[..., None]
        return mixed(_view(pixels, x, y, 1, 0), _view(other, x - passing * n, y, 1, 0), shown)

    return {
        "hand": lambda n: _view(pixels, x + shake[n, 0], y + shake[n, 1], 1, 0),
        "pan": lambda n: _view(pixels, x + away[0] * (n - 30), y + away[1] * (n - 30), 1, 0),
        "zoom": lambda n: _view(pixels, x, y, float(np.exp(zoom * (n - 30))), 0),
        "roll": lambda n: _view(pixels, x, y, 1, roll * (n - 30)),
        "parallax": parallax,
        "fence": fence,
        "passing": passes,
    }


def _view(pixels: Pixels, x: float, y: float, scale: float, degrees: float) -> Pixels:
    """What is around a place of a photo, mirrored beyond its edges."""
    place = cv2.getRotationMatrix2D((SIZE[0] / 2, SIZE[1] / 2), degrees, scale)
    place = np.vstack([place, [0, 0, 1]])
    there = np.array([[1, 0, x - SIZE[0] / 2], [0, 1, y - SIZE[1] / 2], [0, 0, 1]]) @ place
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(pixels, there[:2], SIZE, flags=how, borderMode=cv2.BORDER_REFLECT), np.uint8
    )


@dataclass(frozen=True)
class Example:
    """A clip, and where its second shot begins at the earliest and at the latest."""

    kind: str
    frames: list[Pixels]
    between: tuple[int, int] | None


def joined(change: str, one: Scene, other: Scene, length: int) -> Example:
    """Two shots, the second after the first by a change of so many frames."""
    count = 2 * EACH + (0 if change == "cut" else length)
    shares = (
        np.clip((np.arange(count) - EACH + 1) / (length + 1), 0, 1) if change != "cut" else np.zeros(count)
    )
    frames = []
    for n, share in enumerate(shares):
        if change == "cut":
            frames.append(one(n) if n < EACH else other(n))
        elif change == "dissolve":
            frames.append(cv2.addWeighted(one(n), 1 - share, other(n), share, 0))
        else:
            shown, left = (one(n), 1 - 2 * share) if share < 0.5 else (other(n), 2 * share - 1)
            plain = np.full_like(shown, 255 if change == "white" else 0)
            frames.append(cv2.addWeighted(shown, left, plain, 1 - left, 0))
    last = EACH if change == "cut" else EACH + length
    name = change if change != "dissolve" else f"dissolve, {'to 9' if length < 10 else 'from 10'} frames"
    return Example(name, [np.asarray(f, np.uint8) for f in frames], (EACH, last))


def examples(part: str, most: int) -> list[Callable[[], Example]]:
    """Clips over one half of the photos, made when they are asked for."""
    paths = split(photos("color_photos"), part)[:most]
    made: list[Callable[[], Example]] = []
    for number, path in enumerate(paths):
        rng = np.random.default_rng(number)
        own = scenes(load(path, SIDE), rng)
        next_one = scenes(load(paths[(number + 1) % len(paths)], SIDE), rng)
        for name, scene in own.items():
            made.append(lambda name=name, scene=scene: Example(name, [scene(n) for n in range(ALONE)], None))
        for change in (*CHANGES, "dissolve"):
            names = [list(own)[int(k)] for k in rng.integers(0, 4, 2)]
            length = int(rng.choice(LENGTHS))
            made.append(
                lambda change=change, length=length, a=own[names[0]], b=next_one[names[1]]: joined(
                    change, a, b, length
                )
            )
    return made


def judged(example: Example, found: list[Shot]) -> tuple[int, int]:
    """Whether its change was found, and how many shots began where nothing changed."""
    starts = [shot.first for shot in found[1:]]
    if example.between is None:
        return 0, len(starts)
    first, last = example.between
    right = [at for at in starts if first - SLACK <= at <= last + SLACK]
    return min(len(right), 1), len(starts) - min(len(right), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="?", default="report", choices=("choose", "report"))
    parser.add_argument("--photos", type=int, default=24)
    parser.add_argument("--names", action="store_true", help="also tell each clip that was judged wrongly")
    options = parser.parse_args()
    begun = time.process_time()
    told: dict[str, list[tuple[int, int, bool]]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as folder:
        for number, make in enumerate(examples(options.part, options.photos)):
            example = make()
            clip = Clip.open(write(Path(folder) / "a.mp4", example.frames, crf=20))
            found = list(shots(clip))
            right, false = judged(example, found)
            told[example.kind].append((right, false, example.between is not None))
            if options.names and (false or right < (example.between is not None)):
                print(number, example.kind, example.between, [(s.first, s.dissolve) for s in found])
    print("| | clips | changes found | false shots |\n|---|---|---|---|")
    for kind, results in told.items():
        there = sum(known for *_, known in results)
        hit = f"{sum(r for r, *_ in results)} of {there}" if there else ""
        print(f"| {kind} | {len(results)} | {hit} | {sum(f for _, f, _ in results)} |")
    every = [one for results in told.values() for one in results]
    hits, false, there = (sum(one[k] for one in every) for k in (0, 1, 2))
    print(f"recall {hits / there:.3f}, precision {hits / max(hits + false, 1):.3f}")
    street = list(shots(Clip.open(photos("video")[0])))
    print(f"street, 377 frames: {len(street)} shots; {time.process_time() - begun:.0f} CPU-s")


if __name__ == "__main__":
    main()
