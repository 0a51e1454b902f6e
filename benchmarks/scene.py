"""Photos of one scene coloured alike: ``python -m benchmarks.scene [--split choose|report] [--every N]``.

Of each photo of eval/color_photos and eval/kodak two overlapping parts are made grey, the second at seven eighths of
the size and darker (gamma 1.2). They are coloured each alone, and as one scene by `tinct.colorize_scene`. ``between``:
CIEDE2000 between both colourings of what both show; ``truth``: CIEDE2000 of both to the photo. ``moved``: how far
photos of a scene that show different places (each photo and the next one) end from what they are alone; ``linked``:
how many such pairs were taken for one place. Frames of eval/video, 31 apart: ``between`` is measured from each to the
next where their luma differs by less than 4 of 255.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.colorize import gray, lab_of, photos
from benchmarks.portrait import data_folder
from tinct.effects.colorize.colorize import colorize
from tinct.effects.colorize.scene import SceneReader
from tinct.photo.color import delta_e_2000
from tinct.photo.photo import Photo

__all__ = ["main"]

Rgb = NDArray[np.uint8]

_SIDE = 512
_STILL = 4.0  # of 255
_STEP = 31  # frames


def _scaled(rgb: Rgb, side: int) -> Rgb:
    scale = side / max(rgb.shape[:2])
    return np.asarray(cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


def _alone(parts: list[Rgb]) -> list[Rgb]:
    return [np.asarray(colorize(Photo(part, gray=True)).photo.pixels, np.uint8) for part in parts]


def _together(parts: list[Rgb]) -> tuple[list[Rgb], bool]:
    """Colourings, and whether any were taken for one place."""
    reader = SceneReader()
    for part in parts:
        reader.look(Photo(part, gray=True))
    scene = reader.read()
    made = [scene.colorize(n, Photo(part, gray=True)).photo.pixels for n, part in enumerate(parts)]
    return [np.asarray(one, np.uint8) for one in made], any(scene.partners)


def _halves(split: str, every: int) -> Iterator[tuple[Rgb, Rgb]]:
    """Both parts of each photo, in colour and of one scale."""
    found = [rgb for folder in ("color_photos", "kodak") for _, rgb in photos(folder, split=split)]
    for whole in found[::every]:
        rgb = _scaled(whole, _SIDE)
        height, width = rgb.shape[:2]
        top, left = height // 4, width // 4
        yield rgb[: height - top, : width - left], rgb[top:, left:]


def _darker(rgb: Rgb) -> Rgb:
    """Grey, smaller and darker."""
    small = _scaled(gray(rgb), max(rgb.shape[:2]) * 7 // 8)
    return np.asarray(255 * (small / 255) ** 1.2 + 0.5, np.uint8)


def _parts_of(one: Rgb, other: Rgb) -> tuple[Rgb, Rgb]:
    """What both parts show, as each shows it."""
    size = (one.shape[1], one.shape[0])
    wide = np.asarray(cv2.resize(other, size, interpolation=cv2.INTER_LINEAR), np.uint8)
    top, left = one.shape[0] // 3, one.shape[1] // 3  # a quarter of the photo is a third of its part
    return one[top:, left:], wide[: one.shape[0] - top, : one.shape[1] - left]


def _apart(one: Rgb, other: Rgb) -> float:
    """CIEDE2000 of chroma, at the lightness of the first."""
    a, b = lab_of(one), lab_of(other)
    return float(delta_e_2000(a, np.dstack([a[..., :1], b[..., 1:]])).mean())


def crops(split: str, every: int) -> None:
    """Two parts of one photo."""
    rows = []
    for one, other in _halves(split, every):
        sources = [gray(one), _darker(other)]
        made, linked = _together(sources)
        row = [float(linked)]
        for found in (_alone(sources), made):
            back = np.asarray(cv2.resize(found[1], (other.shape[1], other.shape[0])), np.uint8)
            row += [_apart(*_parts_of(found[0], back)), (_apart(one, found[0]) + _apart(other, back)) / 2]
        rows.append(row)
    table = np.array(rows)
    linked, *figures = table.mean(axis=0)
    worse = (table[:, 4] > table[:, 2] + 0.5).sum()
    print(f"{len(rows)} photos in two parts, split {split!r}; taken for one place: {linked:.0%}")
    print(f"alone     between {figures[0]:.2f}  truth {figures[1]:.2f}")
    print(f"scene     between {figures[2]:.2f}  truth {figures[3]:.2f}; farther by more than 0.5 on {worse}")


def strangers(split: str, every: int) -> None:
    """Photos of different places."""
    ones = [gray(one) for one, _ in _halves(split, every)]
    moved, linked = [], 0
    for one, other in zip(ones, ones[1:] + ones[:1], strict=True):
        made, found = _together([one, other])
        linked += found
        moved.append(_apart(_alone([one])[0], made[0]))
    print(
        f"{len(moved)} pairs of different photos: moved {np.mean(moved):.3f}, at most {max(moved):.2f}; linked {linked}"
    )


def frames() -> None:
    """Frames of a clip."""
    with av.open(str(data_folder() / "video" / "car-detection.mp4")) as clip:
        decoded = enumerate(clip.decode(video=0))
        every = [np.asarray(f.to_ndarray(format="rgb24"), np.uint8) for n, f in decoded if not n % _STEP]
    sources = [gray(_scaled(frame, _SIDE)) for frame in every]
    truth = [_scaled(frame, _SIDE) for frame in every]
    for name, made in (("alone", _alone(sources)), ("scene", _together(sources)[0])):
        between = []
        for n in range(len(made) - 1):
            near = np.abs(sources[n][..., 0].astype(float) - sources[n + 1][..., 0]) < _STILL
            a, b = lab_of(made[n])[near], lab_of(made[n + 1])[near]
            between.append(delta_e_2000(a, np.column_stack([a[:, 0], b[:, 1:]])).mean())
        away = np.mean([_apart(t, m) for t, m in zip(truth, made, strict=True)])
        print(f"{len(made)} frames, {name:6} between {np.mean(between):.2f}  truth {away:.2f}")


def main() -> None:
    """Print all."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=("choose", "report", "all"), default="report")
    parser.add_argument("--every", type=int, default=1, help="of the photos of the split, only each so many")
    options = parser.parse_args()
    frames()
    crops(options.split, options.every)
    strangers(options.split, options.every)


if __name__ == "__main__":
    main()
