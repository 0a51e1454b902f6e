"""Score cuts on parts that were kept apart: ``python -m training.subject.evaluate WORK [--sides 224]``.

Composites of objects, people and backgrounds of which none was trained with (a tenth by name, and whole sources); whole
photos with their mask; photos without a subject. IoU where mattes are above a half; false: photos without a subject of
which more than 1 % is taken.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tinct.imaging import salient
from training.subject.color import by_color
from training.subject.compose import Composer, load
from training.subject.cut import overlap
from training.subject.export import load as load_net

__all__ = ["Case", "cases", "main", "predictor"]

Array = NDArray[np.float32]
Case = tuple[str, Array, Array]
"""Kind (composite, object, person, empty), RGB (h, w, 3) and matte (h, w), 0..1."""


def cases(work: Path, composites: int, others: int) -> list[Case]:
    """The same in every run, as long as the parts are the same."""
    parts = load(work, apart=True)
    composer = Composer(parts, seed=1)
    made: list[Case] = [("composite", *composer.composite()) for _ in range(composites)]
    for kind in ("object", "person"):
        part = parts[kind]  # type: ignore[index]
        if part.masks is not None:
            made += [
                (kind, rgb / np.float32(255), mask / np.float32(255))
                for rgb, mask in zip(part.photos[:others], part.masks[:others], strict=True)
            ]
    made += [
        ("empty", rgb / np.float32(255), np.zeros(rgb.shape[:2], np.float32))
        for rgb in parts["empty"].photos[:others]
    ]
    return made


def predictor(work: Path, side: int) -> Callable[[Array], Array]:
    """Probabilities (h, w) of the last checkpoint, for RGB (h, w, 3) seen at `side` pixels, plain and mirrored."""
    net = load_net(work)

    def predict(rgb: Array) -> Array:
        seen = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_LINEAR).transpose(2, 0, 1)
        both = torch.from_numpy(np.ascontiguousarray(np.stack([seen, seen[..., ::-1]])))
        with torch.no_grad():
            plain, mirrored = net(both).numpy()[:, 0]
        mean = (plain + mirrored[:, ::-1]) / 2
        return np.asarray(cv2.resize(1 / (1 + np.exp(-mean)), rgb.shape[1::-1]), np.float32)

    return predict


def _as_the_effect(rgb: Array) -> Array:
    probability = salient.predict(rgb)
    likely = salient.outlined(rgb, probability)
    sure = salient.expected_overlap(probability, likely) >= salient.WORTH
    return likely if sure else np.zeros_like(likely)


def _score(name: str, found: list[Case], cut: Callable[[Array], Array]) -> str:
    overlaps: dict[str, list[float]] = {}
    for kind, rgb, matte in found:
        made = cut(rgb)
        value = float((made > 0.5).mean() > 0.01) if kind == "empty" else overlap(made > 0.5, matte > 0.5)
        overlaps.setdefault(kind, []).append(value)
    kinds = ("composite", "object", "person", "empty")
    figures = " | ".join(
        f"{np.mean(overlaps[kind]):.3f} ({len(overlaps[kind])})" if kind in overlaps else "-"
        for kind in kinds
    )
    return f"| {name} | {figures} |"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--sides", type=int, nargs="*", default=[], help="also the checkpoint's, seen so")
    parser.add_argument("--composites", type=int, default=150)
    parser.add_argument("--others", type=int, default=60)
    parser.add_argument("--classical", action="store_true", help="also the cut by colour")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    found = cases(options.work, options.composites, options.others)
    print("| cut | composites IoU | objects IoU | people IoU | empty: false |\n|---|---|---|---|---|")
    for side in options.sides:
        print(_score(f"network at {side}", found, predictor(options.work, side)), flush=True)
    print(_score("shipped network", found, salient.predict), flush=True)
    print(_score("as the effect cuts", found, _as_the_effect), flush=True)
    if options.classical:
        print(_score("by colour", found, lambda rgb: by_color(rgb)[0].small), flush=True)


if __name__ == "__main__":
    main()
