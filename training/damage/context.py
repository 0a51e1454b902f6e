"""Train the second judge of single pixels: ``python -m training.damage.context CONTEXT.onnx``.

It learns from photos that the network never saw (``training.damage.parts.unseen``), each as it is and aged, clean, and
with much or little damage drawn on it. It is a perceptron, as the first is. The first judge and the network, as they
are in the package, are heard: install them before. What keeps or leaves marks is trained by ``training.damage.kept``.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.context import Seen
from tinct.imaging.damage.find import seen_whole
from tinct.imaging.damage.judges import describe, last_word, suspected
from tinct.photo.color import srgb_to_lab
from training.damage.draw import draw
from training.damage.judges import exported, train
from training.damage.pairs import few, worn
from training.damage.parts import unseen
from training.digest import told

__all__ = ["Heard", "Judge", "hear", "judge_of", "main", "near", "variants"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]

_NEAR = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_DAMAGED, _SOUND = 400, 700  # pixels of a view, bright and dark each, that teach the judge
_EPOCHS = 6
_SMALL = 40  # small photos


@dataclass(frozen=True, eq=False)
class Heard:
    """What is known of a view before the second judge speaks."""

    photo: int
    suspects: Sequence[tuple[Ints, Ints, NDArray[np.floating]]]
    """Bright and dark ones: rows, columns (n,) and what the second judge hears of them (n, f)."""
    seen: Array
    """(h, w): what the network says."""
    truth: Flags
    """(h, w): where it is damaged."""


def near(truth: Flags) -> Flags:
    """Pixels (h, w) within two of damage."""
    return np.asarray(cv2.dilate(truth.astype(np.uint8), _NEAR) > 0)


def variants(pixels: Pixels, number: int) -> Iterator[tuple[Pixels, Flags]]:
    """A photo clean and damaged, as it is and aged, and where the damage is."""
    rng = np.random.default_rng(500 + number)
    old = worn(pixels, rng)
    none = np.zeros(pixels.shape[:2], np.bool_)
    yield pixels, none
    yield old, none
    yield draw(pixels, rng)
    yield draw(old, rng, few(old, rng) if number % 2 == 0 else None)


def hear(photos: Iterator[Pixels]) -> Iterator[Heard]:
    """All variants of all photos; numbers are halves, to save memory."""
    for number, pixels in enumerate(photos):
        for view, truth in variants(pixels, number):
            rgb = view.astype(np.float32) / 255
            seen = seen_whole(rgb)
            sure, suspects = suspected(srgb_to_lab(rgb))
            maps = Seen(seen)
            described = [
                (some.rows, some.columns, describe(sure, kind, some, maps).astype(np.float16))
                for kind, some in enumerate(suspects)
            ]
            yield Heard(number, described, seen, truth)


@dataclass(frozen=True, eq=False)
class Judge:
    """A second judge, trained: what ``exported`` takes."""

    mean: Array
    spread: Array
    parameters: list[Array]

    def odds_of(self, view: Heard) -> Array:
        """Log-odds (h, w) of damage."""
        words = [(rows, columns, self._sure(features)) for rows, columns, features in view.suspects]
        return last_word(view.seen, words)

    def _sure(self, features: NDArray[np.floating]) -> Array:
        x = np.clip((features.astype(np.float32) - self.mean) / self.spread, -5, 5)
        count = len(self.parameters) // 2
        for number, (weight, offset) in enumerate(
            zip(self.parameters[:count], self.parameters[count:], strict=True)
        ):
            x = x @ weight + offset
            x = np.maximum(x, 0) if number < count - 1 else x
        return np.asarray(1 / (1 + np.exp(-np.clip(x[:, 0], -30, 30))), np.float32)


def judge_of(views: Sequence[Heard], rng: np.random.Generator) -> Judge:
    """Train a second judge."""
    features: list[Array] = []
    damaged: list[Array] = []
    for view in views:
        rim = cv2.dilate(view.truth.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
        for rows, columns, numbers in view.suspects:
            hit = view.truth[rows, columns]
            yes, no = np.flatnonzero(hit), np.flatnonzero(~hit & ~rim[rows, columns])
            for flags, most, value in ((yes, _DAMAGED, 1), (no, _SOUND, 0)):
                some = rng.permutation(flags)[:most]
                features.append(numbers[some].astype(np.float32))
                damaged.append(np.full(len(some), value, np.float32))
    x, y = np.concatenate(features), np.concatenate(damaged)
    print(f"{len(x)} pixels of {len(views)} views, {y.mean():.0%} of them damage", flush=True)
    mean, spread = x.mean(axis=0), x.std(axis=0) + np.float32(1e-3)
    return Judge(mean, spread, train(np.clip((x - mean) / spread, -5, 5), y, _EPOCHS, rng))


def main() -> None:
    """Hear, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("context", type=Path)
    parser.add_argument("--most", type=int, help="only so many photos, to see that it runs")
    options = parser.parse_args()
    judge = judge_of(list(hear(islice(unseen(_SMALL), options.most))), np.random.default_rng(5))
    options.context.write_bytes(exported(judge.mean, judge.spread, judge.parameters))
    told(options.context)


if __name__ == "__main__":
    main()
