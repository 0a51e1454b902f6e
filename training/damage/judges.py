"""Train the first judge of single pixels: ``python -m training.damage.judges OUT.onnx``.

It hears numbers of a pixel. Damage is drawn on the half of the evaluation photos that ``benchmarks.data.split`` gives
for choosing; they are scaled, turned, made grey, sepia, faded, soft and grainy first, as old photos are, and compressed
afterwards, as scans are. The second judge, which hears the network too, is trained by ``training.damage.context``.
"""

from __future__ import annotations

import argparse
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.data import load, photos, split
from tinct.imaging.damage.features import candidates
from tinct.models.convert.graph import Graph
from tinct.photo.color import srgb_to_lab
from training.damage.aging import aged
from training.damage.draw import draw
from training.damage.parts import FOLDERS
from training.digest import told

__all__ = ["by_looks", "examples", "exported", "main", "train", "worn"]

Array = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Ints = NDArray[np.int64]
Described = tuple[Ints, Ints, Array]
"""Rows, columns (n,) and numbers (n, f) of pixels that a judge is asked about."""

_SIDE, _CROP = 900, 560
_DAMAGED, _SOUND = 2500, 3500  # pixels taken of a photo, at most
_HIDDEN = (48, 24)
_BATCH, _RATE = 1024, 3e-3


def worn(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """Another view of a photo, as an old print may show it."""
    scale = rng.uniform(0.6, 1.4)
    pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA if scale < 1 else 2)
    height, width = (min(side, _CROP) for side in pixels.shape[:2])
    top, left = rng.integers(pixels.shape[0] - height + 1), rng.integers(pixels.shape[1] - width + 1)
    pixels = np.rot90(pixels[top : top + height, left : left + width], rng.integers(4))
    seen = pixels[:, :: rng.choice((1, -1))].astype(np.float32)
    seen = aged(seen, rng, gray=0.5, faded=0.5, soft=0.5, grainy=0.6)
    return np.clip(seen, 0, 255).astype(np.uint8)


def _scanned(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    if rng.random() < 0.4:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 0.7))
    if rng.random() < 0.7:
        _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 97))])
        pixels = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return np.ascontiguousarray(pixels)


def by_looks(lab: Array) -> list[Described]:
    """What the first judge hears of bright and of dark pixels."""
    return [
        (found.rows, found.columns, found.features) for found in (candidates(lab, 1), candidates(lab, -1))
    ]


def examples(
    paths: list[Path],
    rounds: int,
    rng: np.random.Generator,
) -> tuple[Array, Array]:
    """Features (n, f) and whether each is damage (n,), of candidates of worn photos; a quarter of them undamaged."""
    features: list[Array] = []
    damaged: list[Array] = []
    for _ in range(rounds):
        for path in paths:
            clean = worn(load(path, _SIDE), rng)
            none = clean, np.zeros(clean.shape[:2], bool)
            pixels, mask = none if rng.random() < 0.25 else draw(clean, rng)
            pixels = _scanned(pixels, rng)
            rim = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            change = pixels.astype(np.float32).mean(axis=2) - clean.mean(axis=2)
            seen = by_looks(srgb_to_lab(pixels.astype(np.float32) / 255))
            for sign, (rows, columns, numbers) in zip((1, -1), seen, strict=True):
                at = rows, columns
                hit = mask[at] & (sign * change[at] > 0)
                yes, no = np.flatnonzero(hit), np.flatnonzero(~hit & ~rim[at])
                for flags, most, value in ((yes, _DAMAGED, 1), (no, _SOUND, 0)):
                    some = rng.permutation(flags)[:most]
                    features.append(numbers[some])
                    damaged.append(np.full(len(some), value, np.float32))
    return np.concatenate(features), np.concatenate(damaged)


def train(features: Array, damaged: Array, epochs: int, rng: np.random.Generator) -> list[Array]:
    """Weights and offsets of each layer in turn, by Adam on cross-entropy; features are scaled already."""
    sizes = (features.shape[1], *_HIDDEN, 1)
    layers = [rng.normal(0, np.sqrt(2 / a), (a, b)).astype(np.float32) for a, b in pairwise(sizes)]
    parameters = layers + [np.zeros(size, np.float32) for size in sizes[1:]]
    first, second = ([np.zeros_like(p) for p in parameters] for _ in range(2))
    steps, turn = len(features) // _BATCH * epochs, 0
    for epoch in range(epochs):
        order, loss = rng.permutation(len(features)), 0.0
        for begin in range(0, len(order) - _BATCH + 1, _BATCH):
            some = order[begin : begin + _BATCH]
            loss += _slopes(parameters, features[some], damaged[some], slopes := [])
            turn += 1
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * turn / steps))
            for p, m, v, slope in zip(parameters, first, second, slopes, strict=True):
                m += 0.1 * (slope - m)
                v += 0.001 * (slope * slope - v)
                p -= np.float32(rate) * (m / (1 - 0.9**turn)) / (np.sqrt(v / (1 - 0.999**turn)) + 1e-8)
        print(f"epoch {epoch + 1}: cross-entropy {loss * _BATCH / len(order):.4f}", flush=True)
    return parameters


def _slopes(parameters: list[Array], x: Array, wanted: Array, out: list[Array]) -> float:
    """The loss; `out` gets its slope by each parameter."""
    count = len(parameters) // 2
    weights, offsets = parameters[:count], parameters[count:]
    seen = [x]
    for number, (weight, offset) in enumerate(zip(weights, offsets, strict=True)):
        x = x @ weight + offset
        seen.append(np.maximum(x, 0) if number < count - 1 else x)
        x = seen[-1]
    sure = 1 / (1 + np.exp(-x[:, 0]))
    slope = ((sure - wanted) / len(wanted))[:, None].astype(np.float32)
    by_weight, by_offset = [], []
    for number in range(count - 1, -1, -1):
        by_weight.insert(0, seen[number].T @ slope)
        by_offset.insert(0, slope.sum(axis=0))
        slope = (slope @ weights[number].T) * (seen[number] > 0)
    out += by_weight + by_offset
    sure = np.clip(sure, 1e-6, 1 - 1e-6)
    return float(-(wanted * np.log(sure) + (1 - wanted) * np.log(1 - sure)).mean())


def exported(mean: Array, spread: Array, parameters: list[Array]) -> bytes:
    """The network as ONNX: ``features`` (n, f) in, ``probability`` (n, 1) out."""
    graph = Graph()
    at = graph.add("Sub", ("features", graph.constant(mean)))
    at = graph.add("Div", (at, graph.constant(spread)))
    bounds = [graph.constant(np.float32(bound)) for bound in (-5, 5)]
    at = graph.add("Clip", (at, *bounds))
    count = len(parameters) // 2
    for number, (weight, offset) in enumerate(zip(parameters[:count], parameters[count:], strict=True)):
        at = graph.add("MatMul", (at, graph.constant(weight)))
        at = graph.add("Add", (at, graph.constant(offset)))
        at = graph.add("Relu", (at,)) if number < count - 1 else graph.add("Sigmoid", (at,), "probability")
    return graph.to_bytes(("features", ("n", len(mean))), ("probability", ("n", 1)))


def main() -> None:
    """Draw, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--rounds", type=int, default=2, help="views of each photo")
    parser.add_argument("--epochs", type=int, default=16)
    options = parser.parse_args()
    rng = np.random.default_rng(5)
    chosen = split([path for path in photos(*FOLDERS) if "mask" not in path.name], "choose")
    features, damaged = examples(chosen, options.rounds, rng)
    print(f"{len(features)} pixels of {len(chosen)} photos, {damaged.mean():.0%} of them damage")
    mean, spread = features.mean(axis=0), features.std(axis=0) + np.float32(1e-3)
    scaled = np.clip((features - mean) / spread, -5, 5)
    options.out.write_bytes(exported(mean, spread, train(scaled, damaged, options.epochs, rng)))
    told(options.out)


if __name__ == "__main__":
    main()
