"""Train what keeps or leaves whole marks: ``python -m training.damage.kept MARKS.onnx``.

Gradient-boosted trees (Friedman 2001, "Greedy function approximation: a gradient boosting machine") over numbers of
each mark (``tinct.imaging.damage.marks``). They learn from photos that the network never saw
(``training.damage.parts.unseen``), each as it is and aged, clean, and with much or little damage drawn on it; and from
small photos that nothing else saw: one in twelve damaged, and of the others, all clean, those that the network takes
for damaged. The judges of pixels and the network, as they are in the package, are heard: install them before.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.damage.find import heard, seen_whole
from tinct.imaging.damage.marks import Marks, marks_of
from tinct.photo.color import srgb_to_lab
from training.damage.context import near, variants
from training.damage.draw import draw
from training.damage.pairs import few, worn
from training.damage.parts import small_unused, unseen
from training.damage.trees import as_onnx
from training.digest import told

__all__ = ["Examples", "examples", "fitted", "hard", "main", "on_damage"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Flags = NDArray[np.bool_]
View = tuple[Pixels, Flags]
"""Pixels (h, w, 3) and where they are damaged (h, w)."""

_CLEAN, _OTHER = 12.0, 1.0  # what a sound mark of a clean photo counts for, and one of a damaged photo
_SMALL, _LOOKED_AT = 40, 2500  # small photos
_TOLD = 100
_DAMAGED = 12  # one in so many of them
_SUSPECT, _SUSPECTS = 1.0, 25  # log-odds of the network, and pixels above it from which a clean photo is hard
_DEPTH = 6
_TREES = {
    "max_iter": 250,
    "learning_rate": 0.05,
    "max_leaf_nodes": 16,
    "max_depth": _DEPTH,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "max_features": 0.4,
    "early_stopping": False,  # else it stops by itself above 10,000 marks, on a random tenth of them
    "random_state": 0,
}


class Examples(NamedTuple):
    """Marks to learn from."""

    features: Array
    """(n, f)."""
    damaged: Array
    """(n,): 1 where a mark lies on damage, else 0."""
    area: Array
    """(n,) pixels."""
    clean: Flags
    """(n,): whether its photo has no damage at all."""

    def weight(self) -> Array:
        """(n,): large ones count for more, by the root of their area; those of clean photos too: one is too many."""
        sound = np.where(self.clean, _CLEAN, _OTHER)
        return np.asarray(np.sqrt(self.area) * np.where(self.damaged > 0, 1, sound), np.float32)


def hard(photos: Iterable[Pixels]) -> Iterator[View]:
    """Of small photos some damaged, and of the others those that the network takes for damaged."""
    for number, photo in enumerate(photos, 1):
        rng = np.random.default_rng(20_000 + number)
        if number % _DAMAGED == 0:
            seen = worn(photo, rng) if number % (2 * _DAMAGED) == 0 else photo
            yield draw(seen, rng, few(seen, rng) if number % (3 * _DAMAGED) == 0 else None)
            continue
        seen = worn(photo, rng) if number % 10 == 5 else photo
        if (seen_whole(seen.astype(np.float32) / 255) > _SUSPECT).sum() > _SUSPECTS:
            yield seen, np.zeros(seen.shape[:2], np.bool_)


def on_damage(marks: Marks, truth: Flags) -> tuple[Array, Array]:
    """Which marks (n,) lie mostly on damage, and the area (n,) of each."""
    count = len(marks.features) + 1
    area = np.bincount(marks.of.ravel(), minlength=count)[1:].astype(np.float32)
    hit = np.bincount(marks.of.ravel(), near(truth).ravel(), count)[1:]
    return (hit > area / 2).astype(np.float32), area


def examples(views: Iterable[View]) -> Examples:
    """All marks of some views."""
    parts = []
    for number, (pixels, truth) in enumerate(views, 1):
        rgb = pixels.astype(np.float32) / 255
        marks = marks_of(srgb_to_lab(rgb), *heard(rgb))
        damaged, area = on_damage(marks, truth)
        parts.append((marks.features, damaged, area, np.full(len(area), not truth.any())))
        if number % _TOLD == 0:
            print(f"{number} views heard", flush=True)
    return Examples(*(np.concatenate(some) for some in zip(*parts, strict=True)))


def fitted(features: Array, damaged: Array, weight: Array, **options: Any) -> tuple[Any, bytes]:
    """The trees, and the same as ONNX."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(**(_TREES | options))
    model.fit(features, damaged, sample_weight=weight / weight.mean())
    return model, as_onnx(model, _DEPTH)


def main() -> None:
    """Hear, train, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("marks", type=Path)
    parser.add_argument("--most", type=int, help="only so many photos of each kind, to see that it runs")
    parser.add_argument(
        "--kept", type=Path, help="a file (.npz) for what was heard, to train again in seconds"
    )
    options = parser.parse_args()
    photos = enumerate(islice(unseen(_SMALL), options.most))
    large = (view for number, pixels in photos for view in variants(pixels, number))
    small = hard(islice(small_unused(), options.most or _LOOKED_AT))
    if options.kept is not None and options.kept.exists():
        with np.load(options.kept) as kept:
            some = Examples(*(kept[name] for name in Examples._fields))
    else:
        some = examples(view for part in (large, small) for view in part)
        if options.kept is not None:
            np.savez(options.kept, **some._asdict())
    print(f"{len(some.features)} marks, {some.damaged.mean():.0%} of them damage", flush=True)
    _, data = fitted(some.features, some.damaged, some.weight())
    options.marks.write_bytes(data)
    told(options.marks)


if __name__ == "__main__":
    main()
