"""Make the parts that views are composed of: ``python -m training.subject.prepare WORK [--worker 0 --workers 2]``.

Objects cut from plain backgrounds (:mod:`training.subject.cut`), people where the shipped person segmenter says the
same of several views and something speaks for a person, photos without a subject, and photos that only serve as
background. Written in files of a hundred or so, so that training may begin before all are made; stops and resumes.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tinct.imaging.people import find_people
from tinct.imaging.segment import predict
from tinct.photo.photo import Photo
from training.lite0 import Classifier
from training.shards import Entry, entries, part, photos
from training.subject.cut import Cut, cropped, cut, overlap

__all__ = ["CANVAS", "SIDE", "Kind", "kept_apart", "main"]

Image = NDArray[np.uint8]
Kind = Literal["object", "person", "empty", "back"]

SIDE: Final = 160
"""Pixels of a square photo, squashed as the network sees photos."""
CANVAS: Final = 160
"""Pixels that a cut object is held in."""
OBJECTS: Final = {
    "caltech101": 3000, "gifts": 1100, "antiq": 424, "instruments": 900, "clothing": 350, "fruit": 450,
    "imgbase": 1984, "in1k2": 826, "in1k": 127, "pacs": 700, "food": 1200, "web": 1200, "flowers5": 458,
    "pillow": 187, "birds": 1500, "cars": 500, "templates": 489, "themes": 680, "mozgalo": 600, "catsdogs": 300,
    "imagewoof": 400, "imagenette": 1200, "afhq": 350, "inmini": 534, "sysuscene": 1200, "ava": 1437,
    "picsum": 930, "flickrpoem": 800,
}  # fmt: skip
PEOPLE: Final = {
    "flickr": 900, "ccp": 350, "caption8k": 900, "sports": 900, "news": 400, "utkface": 150, "muxface": 100,
    "web": 0, "travel": 300,
}  # fmt: skip
EMPTY: Final = {
    "natscene": 900,
    "landscape": 800,
    "weather": 500,
    "intel": 1400,
    "landscape2": 500,
    "gallery": 216,
}
BACKS: Final = {
    "rooms": 1000, "venice": 700, "houses": 400, "ikea": 205, "camvid": 62, "street1": 200, "grocery": 300,
    "flood": 200, "scenes": 539,
}  # fmt: skip
_SCENERY: Final = ("forest", "glacier", "mountain", "sea")  # of `intel`: the rest serves as background
_KINDS: Final[dict[Kind, dict[str, int]]] = {
    "object": OBJECTS,
    "person": PEOPLE,
    "empty": EMPTY,
    "back": BACKS,
}
_APART: Final = ("antiq", "instruments", "venice", "landscape2")
"""Sources whose photos are never trained on."""
_PER_FILE: Final = 120
_PASSES: Final = 8  # over the shards, so that every kind is there early
_PEOPLE_LEAST: Final = (0.06, 0.7)  # of the photo
_DECIDED: Final = 0.93
_NOBODY: Final = 0.003


def kept_apart(key: str) -> bool:
    """Whether a photo is for tests alone: all of some sources, and a tenth of the others by name."""
    return key.split("_")[0] in _APART or part(key, 10) == 0


@dataclass
class _File:
    """Parts of one kind on their way to a file."""

    keys: list[str] = field(default_factory=list)
    photos: list[Image] = field(default_factory=list)
    masks: list[Image] = field(default_factory=list)
    cuts: list[Image] = field(default_factory=list)
    sizes: list[tuple[int, int]] = field(default_factory=list)

    def add(self, key: str, rgb: Image, found: Cut | None = None) -> None:
        self.keys.append(key)
        self.photos.append(_squashed(rgb))
        if found is not None:
            self.masks.append(_squashed(found.mask))
            canvas, size = _on_canvas(found)
            self.cuts.append(canvas)
            self.sizes.append(size)

    def save(self, path: Path) -> None:
        arrays = {"keys": np.array(self.keys), "photos": np.stack(self.photos)}
        if self.masks:
            arrays |= {
                "masks": np.stack(self.masks),
                "cuts": np.stack(self.cuts),
                "sizes": np.array(self.sizes),
            }
        temporary = path.with_suffix(".tmp")
        with temporary.open("wb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        temporary.replace(path)


def _squashed(pixels: Image) -> Image:
    return np.asarray(cv2.resize(pixels, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def _on_canvas(found: Cut) -> tuple[Image, tuple[int, int]]:
    """RGB and alpha (CANVAS, CANVAS, 4) in the corner, and how much of it is used."""
    both = np.dstack([found.rgb, found.alpha])
    scale = min(1.0, CANVAS / max(both.shape[:2]))
    size = (max(1, round(both.shape[0] * scale)), max(1, round(both.shape[1] * scale)))
    both = cv2.resize(both, size[::-1], interpolation=cv2.INTER_AREA)
    canvas = np.zeros((CANVAS, CANVAS, 4), np.uint8)
    canvas[: size[0], : size[1]] = both
    return canvas, size


class _Judge:
    """Tells what a photo is good for."""

    _NATURE = (*range(398), *range(984, 999))  # ImageNet's animals; flowers, fruit and fungi
    _SCENES = (
        *range(970, 981),
        975,
        500,
        525,
        449,
        698,
        979,
        437,
        536,
        718,
        839,
        874,
        912,
    )  # no subject in itself

    def __init__(self) -> None:
        self._net = Classifier().load_imagenet()

    def _kinds(self, rgb: Image) -> NDArray[np.float32]:
        view = cv2.resize(rgb, (192, 192), interpolation=cv2.INTER_LINEAR).astype(np.float32) / 255
        with torch.no_grad():
            logits = self._net(torch.from_numpy(view).permute(2, 0, 1)[None])
        return np.asarray(torch.softmax(logits, 1)[0].numpy(), np.float32)

    def person(self, rgb: Image) -> Cut | None:
        """People where views agree, with evidence of one, and no animal for the subject."""
        small = rgb.astype(np.float32) / 255
        views = [predict(small), predict(np.ascontiguousarray(small[:, ::-1]))[:, ::-1]]
        views.append(
            predict(np.asarray(cv2.GaussianBlur(small, (0, 0), 0.8), np.float32) ** np.float32(1.15))
        )
        mean = np.mean(views, axis=0)
        inside = mean > 0.5
        if not _PEOPLE_LEAST[0] < inside.mean() < _PEOPLE_LEAST[1]:
            return None
        if min(overlap(view > 0.5, inside) for view in views) < _DECIDED:
            return None
        found = find_people(Photo(rgb))
        if found is None or float(self._kinds(rgb)[list(self._NATURE)].sum()) > 0.4:
            return None
        sure = found.small > 0.5
        if overlap(sure, inside) < 0.85 or float(np.abs(found.small - 0.5).mean() * 2) < _DECIDED:
            return None
        return cropped(rgb, sure, np.asarray(found.small, np.float32))

    def empty(self, rgb: Image) -> bool:
        """Nobody, and no thing or animal that a classifier would name."""
        if float(predict(rgb.astype(np.float32) / 255).mean()) > _NOBODY:
            return False
        kinds = self._kinds(rgb)
        kinds[list(self._SCENES)] = 0
        return float(kinds.max()) < 0.35


def _chosen(worker: int, workers: int) -> list[dict[str, Kind]]:
    """Keys and what each may become, by pass."""
    left = {kind: dict(shares) for kind, shares in _KINDS.items()}
    passes: list[dict[str, Kind]] = [{} for _ in range(_PASSES)]
    for row in entries():
        kind = next((kind for kind, shares in left.items() if shares.get(row.source, 0) > 0), None)
        if kind is None:
            continue
        left[kind][row.source] -= 1
        if kind == "empty" and row.source == "intel" and not _scenery(row):
            kind = "back"
        if part(row.key + "worker", workers) == worker:
            passes[part(row.key + "pass", _PASSES)][row.key] = kind
    return passes


def _scenery(row: Entry) -> bool:
    return any(f"/{name}/" in f"/{row.path}" for name in _SCENERY)


def main() -> None:
    """Write ``parts/KIND-WORKER-NUMBER.npz``: keys, photos (n, SIDE, SIDE, 3); cut ones also masks, cuts and sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    folder = options.work / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    judge, done = _Judge(), folder / f"passes-{options.worker}.txt"
    first = int(done.read_text()) if done.exists() else 0
    for number, chosen in enumerate(_chosen(options.worker, options.workers)):
        if number >= first:
            kept = _pass(judge, chosen, folder, f"{options.worker}-{number}")
            done.write_text(str(number + 1))
            print("pass", number, kept, flush=True)


def _pass(judge: _Judge, chosen: dict[str, Kind], folder: Path, name: str) -> dict[Kind, int]:
    """Write the parts that some photos give; how many of each kind."""
    files: dict[Kind, _File] = {kind: _File() for kind in _KINDS}
    kept = dict.fromkeys(_KINDS, 0)

    def save(kind: Kind) -> None:
        if files[kind].keys:
            files[kind].save(folder / f"{kind}-{name}-{kept[kind]:05}.npz")
            files[kind] = _File()

    for key, rgb in photos(set(chosen)):
        kind = chosen[key]
        found = cut(rgb) if kind == "object" else judge.person(rgb) if kind == "person" else None
        if (kind in ("object", "person") and found is None) or (kind == "empty" and not judge.empty(rgb)):
            continue
        files[kind].add(key, rgb, found)
        kept[kind] += 1
        if len(files[kind].keys) >= _PER_FILE:
            save(kind)
    for kind in _KINDS:
        save(kind)
    return kept


if __name__ == "__main__":
    main()
