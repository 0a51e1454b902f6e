"""Face swap measured: ``python -m benchmarks.swap [--drawn [--sheet FILE]]``; the face networks must be installed.

Own face: mean CIEDE2000 inside the outline when a photo is its own reference, and pixels that change outside its
window. Pairs of portraits: refused, with the cause, or the distance of the result's mesh from the head's own in percent
of its width, and the seam: mean step across the mask's rim above the photo's own step there, in CIE76 units. Marks:
how strongly photos show the invisible mark without one, with it, and after JPEG and scaling; and what it changes.
Drawn: faces of the training photos by which nothing was chosen; how many pairs pass, why the others do not, and 32 of
those that pass, drawn by chance, no face twice as reference or as head.
"""

from __future__ import annotations

import argparse
import re
import tarfile
from collections import Counter
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from random import Random

import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos
from benchmarks.tables import table
from tinct.effects.swap.gate import fitting
from tinct.effects.swap.onto import Given, given
from tinct.errors import FaceError
from tinct.faces.find import find_faces, largest_face
from tinct.faces.regions import region, window
from tinct.imaging.watermark import marked
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from training.shards import data_folder

__all__ = ["main"]

_PAIRS = (
    ("celebahq_118017", "celebahq_137590"), ("celebahq_084913", "celebahq_081680"),
    ("celebahq_015248", "human_stock-emotions-a-1"), ("celebahq_145842", "celebahq_164930"),
    ("celebahq_076551", "73"), ("celebahq_137590", "98"), ("celebahq_091623", "celebahq_113393"),
    ("71", "celebahq_189498"), ("human_stock-teen-4", "human_stock-teen-5"), ("celebahq_084913", "celebahq_091623"),
)  # fmt: skip
"""Most of them are refused."""
_DRAWN = {"train-0002.tar.gz": 880, "train-0003.tar.gz": 910}
"""Shards of training photos of which faces are drawn, and how many of each helped to choose or were drawn before."""
_EACH, _SHOWN, _SEED = 330, 32, 101


def _lab(photo: Photo) -> NDArray[np.float32]:
    return srgb_to_lab(np.asarray(photo.pixels, np.float32) / 255)


def _own(photo: Photo) -> tuple[float, int]:
    face = largest_face(photo)
    made = tinct.swap(photo, [photo], consent=True, force=True).photo
    part = window(face, 0.25)
    inside = region(face, "oval", part) > 0.5
    different = delta_e_2000(_lab(photo), _lab(made))[part.slices]
    outside = np.ones(photo.pixels.shape[:2], bool)
    outside[part.slices] = False
    return float(different[inside].mean()), int((made.pixels != photo.pixels)[outside].sum())


def _pair(source: Photo, target: Photo) -> tuple[str, str]:
    face = largest_face(target)
    try:
        made = tinct.swap(target, [source], consent=True).photo
    except FaceError as error:
        return "refused", str(error).split(";")[0].split(":")[0]
    again = find_faces(made)
    away = min(np.linalg.norm(one.points[:468, :2] - face.points[:468, :2], axis=1).mean() for one in again)
    part = window(face, 0.25)
    changed = (made.pixels != target.pixels).any(axis=-1)[part.slices].astype(np.uint8)
    rim = (cv2.dilate(changed, np.ones((3, 3), np.uint8)) - cv2.erode(changed, np.ones((3, 3), np.uint8))) > 0
    steps = [
        np.linalg.norm(np.gradient(_lab(one)[part.slices], axis=(0, 1)), axis=(0, -1))
        for one in (made, target)
    ]
    seam = float(np.maximum(steps[0] - steps[1], 0)[rim].mean())
    return f"{100 * away / face.width:.1f} %", f"{seam:.2f}"


def _marks() -> list[tuple[str, ...]]:
    """Median, least and number found, of photos of eval/portraits, kodak and color_photos."""
    sources = [Photo(tinct.open(path).pixels) for path in photos("portraits", "kodak", "color_photos")[::2]]
    made = [marked(photo) for photo in sources]
    ways = {
        "not marked": sources,
        "marked": made,
        "JPEG 75": [_saved(photo, 1, 75) for photo in made],
        "half the size": [_saved(photo, 0.5, 98) for photo in made],
        "half the size, JPEG 75": [_saved(photo, 0.5, 75) for photo in made],
        "a quarter, JPEG 75": [_saved(photo, 0.25, 75) for photo in made],
        "JPEG 50": [_saved(photo, 1, 50) for photo in made],
    }
    rows = []
    for name, changed in ways.items():
        found = [tinct.find_mark(photo) for photo in changed]
        strengths = [mark.strength for mark in found]
        count = sum(mark.found for mark in found)
        figures = (np.min(strengths), np.median(strengths), np.max(strengths))
        rows.append((name, *(f"{one:.1f}" for one in figures), f"{count} of {len(found)}"))
    pairs = zip(sources, made, strict=True)
    changes = [np.sqrt(((one.pixels - two.pixels.astype(np.float32)) ** 2).mean()) for one, two in pairs]
    low, middle, high = np.percentile(changes, [0, 50, 100])
    rows.append(("levels of 255 changed, root mean square", f"{low:.1f}", f"{middle:.1f}", f"{high:.1f}", ""))
    return rows


def _saved(photo: Photo, scale: float, quality: int) -> Photo:
    small = cv2.resize(photo.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return tinct.open(encode(Photo(np.asarray(small, np.uint8)), "jpeg", quality=quality))


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--drawn", action="store_true")
    parser.add_argument("--sheet", type=Path, help="where to show the pairs drawn")
    options = parser.parse_args()
    if options.drawn:
        _drawn(options.sheet)
        return
    every = {path.stem: tinct.open(path) for path in photos("portraits", "matting_people", "faces_200px")}
    own = [_own(every[name]) for name in sorted({name for pair in _PAIRS for name in pair})]
    print(
        f"own face: CIEDE2000 {np.mean([e for e, _ in own]):.2f} on average, {max(e for e, _ in own):.2f} at most; "
    )
    print(f"pixels changed outside: {sum(count for _, count in own)}")
    rows = [(one, two, *_pair(every[one], every[two])) for one, two in _PAIRS]
    print(table("Pairs", "", ("reference", "head", "mesh", "seam, or cause"), rows))
    print(table("Marks", "", ("", "least", "median", "most", "found"), _marks()))


def _drawn(sheet: Path | None) -> None:
    """How many pairs of faces that nothing was chosen by pass, why others do not, and how some look."""
    photos_of = dict(_faces())
    suiting, alone = dict[str, Given](), Counter[str]()
    for name, photo in photos_of.items():
        try:
            suiting[name] = given(photo, largest_face(photo), force=False)
        except FaceError as error:
            alone[_cause(error)] += 1
    passing, causes = list[tuple[str, str]](), Counter[str]()
    for one, two in permutations(suiting, 2):
        try:
            fitting(suiting[one], suiting[two])
        except FaceError as error:
            causes[_cause(error)] += 1
        else:
            passing.append((one, two))
    print(f"{len(photos_of)} photos, {len(suiting)} suit alone; the others: {_counts(alone)}")
    print(f"{len(passing)} of {len(passing) + causes.total()} pairs pass; the others: {_counts(causes)}")
    rng = Random(_SEED)
    rng.shuffle(passing)
    shown = list[tuple[str, str]]()
    for one, two in passing:
        if len(shown) < _SHOWN and all(one != a and two != b for a, b in shown):
            shown.append((one, two))
    rows = [(one, two, *_pair(photos_of[one], photos_of[two])) for one, two in shown]
    print(table("Pairs drawn", "", ("reference", "head", "mesh", "seam"), rows))
    if sheet:
        cells = []
        for one, two in shown:
            head = photos_of[two]
            made = tinct.swap(head, [photos_of[one]], consent=True).photo
            seen = [(photos_of[one], photos_of[one]), (head, head), (head, made)]
            cells.append(np.hstack([_cell(source, photo) for source, photo in seen]))
        halves = [np.vstack(cells[first::2]) for first in (0, 1)]
        cv2.imwrite(str(sheet), np.hstack(halves)[..., ::-1])


def _faces() -> Iterator[tuple[str, Photo]]:
    """Face crops of 144 pixels, by name."""
    for shard, skipped in _DRAWN.items():
        with tarfile.open(data_folder() / "train" / shard, "r:gz") as archive:
            members = [member for member in archive if Path(member.name).name.startswith("utkface")]
            for member in members[skipped : skipped + _EACH]:
                stored = archive.extractfile(member)
                assert stored is not None
                photo = tinct.open(stored.read())
                if find_faces(photo):
                    yield Path(member.name).stem, photo


def _cause(error: FaceError) -> str:
    """A word for an error: what its sentence says before numbers."""
    said = str(error).split(";")[0].split(":")[-1].split(",")[0]
    return re.sub(r" by \d.*| \d+ pixels.*", "", said).strip()


def _counts(causes: Counter[str]) -> str:
    return "; ".join(f"{count} {cause}" for cause, count in causes.most_common())


def _cell(source: Photo, shown: Photo) -> NDArray[np.uint8]:
    crop = np.asarray(shown.pixels[window(largest_face(source), 0.3).slices], np.uint8)
    scale = 360 / max(crop.shape[:2])
    small = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)[:360, :360]
    cell = np.zeros((360, 360, 3), np.uint8)
    cell[: small.shape[0], : small.shape[1]] = small
    return cell


if __name__ == "__main__":
    main()
