"""Make what the network of hints learns from: ``python -m training.hints.prepare WORK [--every 30]``.

Training photos, some with a thing pasted in, are made grey; the colorizer says what it knows of them, and dots are put
on them. Written in files of a hundred photos, so that training may begin before all are made.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.colorize import gray, lab_of
from tinct.effects.colorize.carry import heat_of
from tinct.effects.colorize.cells import Cells
from tinct.effects.colorize.extent import told
from tinct.effects.colorize.join import MIDDLE
from tinct.imaging.decision import softmax
from tinct.imaging.domain_transform import coherent
from tinct.imaging.likelihood import ChromaDistribution
from tinct.imaging.mean_field import agreed, resized
from tinct.imaging.people import find_people
from tinct.models.runtime import session, use_threads
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo
from tinct.photo.resize import resize
from training.hints.regions import Clicked, clicked
from training.shards import entries, part, photos
from training.subject.cut import Cut, cropped, cut

__all__ = ["main"]

Array = NDArray[np.float32]
Image = NDArray[np.uint8]

_FEW: Final = ("utkface", "muxface")  # sources with nothing but faces: one in ten of them
_CUT: Final = ("caltech101", "gifts", "antiq", "instruments", "clothing", "fruit", "imgbase", "web", "grocery", "food",
               "in1k2", "pillow", "themes", "templates")  # fmt: skip
_PEOPLE: Final = ("flickr", "ccp", "caption8k", "sports", "news")
_PERSON: Final = 0.25  # of those are looked at for people to paste
_POOL: Final = 400
_PASTED: Final = 0.45  # of the photos get a thing
_SIZE: Final = (0.35, 0.95)  # of the photo's shorter side
_TRIES, _DOTS = 40, 4
_PER_FILE: Final = 100


class _Things:
    """Things cut out of earlier photos."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._found: list[Cut] = []

    def look(self, source: str, rgb: Image) -> None:
        """Keep what can be cut from a photo."""
        found = None
        if source in _CUT:
            found = cut(rgb)
        elif source in _PEOPLE and self._rng.random() < _PERSON:
            people = find_people(Photo(rgb))
            if people is not None and 0.06 < people.share < 0.7:
                mask = np.asarray(cv2.resize(people.small, rgb.shape[1::-1]), np.float32)
                found = cropped(rgb, mask > 0.5, mask)
        if found is not None and min(found.alpha.shape) > 30:
            self._found.append(found)
            del self._found[:-_POOL]

    def pasted(self, rgb: Image) -> tuple[Image, Array]:
        """A photo, perhaps with a thing, and the alpha (h, w) of that."""
        rng, nothing = self._rng, np.zeros(rgb.shape[:2], np.float32)
        if rng.random() > _PASTED or len(self._found) < 10:
            return rgb, nothing
        thing = self._found[int(rng.integers(len(self._found)))]
        layer = np.dstack([thing.rgb, thing.alpha]).astype(np.float32) / 255
        high, wide = layer.shape[:2]
        scale = rng.uniform(*_SIZE) * min(rgb.shape[:2]) / max(high, wide)
        scale = min(scale, 1.5)
        layer = cv2.resize(layer, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            layer = layer[:, ::-1]
        high, wide = layer.shape[:2]
        top, left = int(rng.integers(rgb.shape[0] - high + 1)), int(rng.integers(rgb.shape[1] - wide + 1))
        place = np.s_[top : top + high, left : left + wide]
        made, alpha = rgb.astype(np.float32) / 255, nothing
        alpha[place] = layer[..., 3]
        share = layer[..., 3:]
        made[place] = layer[..., :3] * share + made[place] * (1 - share)
        return np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8), alpha


def _dots(lab: Array, pasted: Array, rng: np.random.Generator) -> list[Clicked]:
    """Some dots on different things."""
    h, w = pasted.shape
    taken, found = np.zeros((h, w), bool), list[Clicked]()
    for _ in range(_TRIES):
        at = int(rng.integers(2, h - 2)), int(rng.integers(2, w - 2))
        one = None if taken[at] else clicked(lab, pasted, at)
        if one is None:
            continue
        deep = cv2.distanceTransform(one.same.astype(np.uint8), cv2.DIST_L2, 3)
        if deep[at] < 0.3 * deep.max() and rng.random() < 0.7:
            continue
        found.append(one)
        taken |= one.same
        if len(found) == _DOTS:
            break
    return found


def _lit(rgb: Image, rng: np.random.Generator) -> Image:
    """Sometimes another exposure, blur or grain."""
    made = rgb.astype(np.float32) / 255
    if rng.random() < 0.3:
        made = made ** float(rng.uniform(0.6, 1.6))
    if rng.random() < 0.15:
        made = made + rng.normal(0, rng.uniform(0.01, 0.04), rgb.shape[:2])[..., None].astype(np.float32)
    return np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8)


def _predicted(rgb: Image) -> ChromaDistribution:
    """What the colorizer knows of the grey copy: as the effect asks, but for the mirrored photo and the middle size."""
    light = np.ascontiguousarray(srgb_to_lab(Photo(gray(rgb), gray=True).proxy(MIDDLE))[..., 0])
    total, bins, looks = _asked(light, 256)
    size = total.shape[:2]
    total = (total + resized(_asked(light, 128)[0], size)) / 2
    cells = resize(light, size)
    logits = coherent(agreed(total, cells, looks), cells, 8.0, 15.0)
    return ChromaDistribution(logits, bins, cells, np.ones(size, np.float32), looks)


def _asked(light: Array, side: int) -> tuple[Array, Array, Array]:
    """Log-probabilities (h, w, q), classes (q, 2) and looks (h / 2, w / 2, c) at the area of a square of `side`."""
    scale = side / (light.shape[0] * light.shape[1]) ** 0.5
    rows, columns = (max(1, round(n * scale / 32)) * 32 for n in light.shape)
    logits, bins, looks = session("colorizer").run(
        {
            "lightness": resize(light, (rows, columns))[None, None] / np.float32(100),
            "hints": np.zeros((1, 3, rows // 4, columns // 4), np.float32),
            "mood": np.zeros((1, 4), np.float32),
        }
    )
    return np.log(softmax(logits[0].transpose(1, 2, 0)) + np.float32(1e-8)), bins, looks[0].transpose(1, 2, 0)


def _items(every: int, skip: int) -> Iterator[dict[str, Any]]:
    """What is learned from, photo by photo."""
    rng = np.random.default_rng(skip)
    things = _Things(rng)
    source = {e.key: e.source for e in entries()}
    keys = {k for k, s in source.items() if part(k, every * (10 if s in _FEW else 1)) == 0}
    for key, rgb in photos(keys):
        things.look(source[key], rgb)
        made, alpha = things.pasted(_lit(rgb, rng))
        predicted = _predicted(made)
        cells = Cells.of(predicted)
        h, w = cells.light.shape
        lab = np.asarray(cv2.resize(lab_of(made), (w, h), interpolation=cv2.INTER_AREA), np.float32)
        pasted = np.asarray(cv2.resize(alpha, (w, h), interpolation=cv2.INTER_AREA), np.float32)
        dots = _dots(lab, pasted, rng)
        if not dots:
            continue
        rows = []
        for dot in dots:
            heat, _ = heat_of(cells, [[dot.at]])
            rows.append(told(cells, heat[..., 0], dot.at))
        yield {
            "looks": predicted.looks.astype(np.float16),
            "told": np.stack(rows).astype(np.float16),
            "at": np.array([dot.at for dot in dots], np.int16),
            "labels": np.stack([dot.same.astype(np.int8) - dot.other.astype(np.int8) for dot in dots]),
        }


def main() -> None:
    """Prepare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--every", type=int, default=30, help="one photo in so many is taken")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    use_threads(1)
    options.work.mkdir(parents=True, exist_ok=True)
    held: list[dict[str, Any]] = []
    number = 0
    for item in _items(options.every, 0):
        held.append(item)
        if len(held) == _PER_FILE:
            flat = {f"{k}/{name}": value for k, one in enumerate(held) for name, value in one.items()}
            temporary = options.work / "part.tmp"
            with temporary.open("wb") as file:
                np.savez(file, **flat)
            temporary.replace(options.work / f"part-{number:04}.npz")
            number += 1
            held = []


if __name__ == "__main__":
    main()
