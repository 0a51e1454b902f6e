"""Decode the training photos once: ``python -m training.colorizer.prepare WORK [--classes ONNX]``.

Writes to WORK, for n photos in shard order:

- ``light.npy`` (n, 144, 192) uint8: CIELAB L* x 2.55; the photo lies at the left, tall ones turned by a transposition;
- ``chroma.npy`` (n, 2, 72, 96) int8: a*, b*, at half the size;
- ``shape.npy`` (n, 2) uint8: how many of the 192 columns are filled, and 1 where the photo is tall;
- ``weights.npy`` (n,) float64: chance of each photo to be drawn, summing to 1; 0 for those held out;
- ``held.npy`` (m,) int64: the photos held out for validation, 2 % by hash of the key;
- ``bins.npz``: ``bins`` (q, 2) chroma classes and ``rarity`` (q,), their weights in the loss. ``--classes`` takes the
  classes of a network, so that training can start from its weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.colorizer.bins import grid, rarity
from training.shards import Entry, entries, part, photos

__all__ = ["LONG", "SHORT", "main", "split", "weights"]

SHORT, LONG = 144, 192
_HELD = 50  # one photo in so many is held out
_FACES = 0.07  # share of faces among the photos drawn
_SKIN_GROUPS = 5  # UTKFace: 0 White, 1 Black, 2 Asian, 3 Indian, 4 other
# How often photos of a source are drawn, where not once: people from head to foot more often, narrow subjects less.
_OFTEN = {
    "caption8k": 1.5,
    "flickr": 1.5,
    "ccp": 2.0,
    "clothing": 1.5,
    "news": 1.5,
    "sports": 1.2,
    "antiq": 1.5,
    "imagewoof": 0.5,
    "imagenette": 0.6,
    "intel": 0.7,
    "birds": 0.8,
}


def _group(entry: Entry) -> int:
    """Skin group 0..4 of a face, -1 for all other photos."""
    parts = Path(entry.path).name.split("_")
    if entry.source != "utkface":
        return -1
    return int(parts[2]) if len(parts) > 3 and parts[2] in "01234" else _SKIN_GROUPS - 1


def weights(rows: Sequence[Entry]) -> NDArray[np.float64]:
    """Chances (n,): `_FACES` for all faces together, the same for each skin group, the rest by source; none if held."""
    groups = np.array([_group(row) for row in rows])
    chance = np.array([_OFTEN.get(row.source, 1.0) for row in rows])
    chance[[part(row.key, _HELD) == 0 for row in rows]] = 0
    others = groups < 0
    present = [group for group in range(_SKIN_GROUPS) if chance[groups == group].sum() > 0]
    chance[others] *= (1 - _FACES) / max(chance[others].sum(), 1e-12)
    for group in present:
        inside = groups == group
        chance[inside] *= _FACES / len(present) / chance[inside].sum()
    return np.asarray(chance / chance.sum())


def split(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int8], tuple[int, bool]]:
    """L* x 2.55 (SHORT, LONG), a*, b* (2, SHORT/2, LONG/2), columns filled and whether the photo was tall."""
    tall = pixels.shape[0] > pixels.shape[1]
    lying = pixels.transpose(1, 0, 2) if tall else pixels
    height, width = lying.shape[:2]
    most = round(height * LONG / SHORT)
    left = max(0, (width - most) // 2)
    lying = np.ascontiguousarray(lying[:, left : left + most])
    columns = min(LONG, 2 * max(SHORT // 2, round(lying.shape[1] / height * SHORT / 2)))
    small = cv2.resize(lying, (columns, SHORT), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    ab = np.rint(cv2.resize(lab[..., 1:], (columns // 2, SHORT // 2), interpolation=cv2.INTER_AREA))
    light = np.zeros((SHORT, LONG), np.uint8)
    chroma = np.zeros((2, SHORT // 2, LONG // 2), np.int8)
    light[:, :columns] = np.rint(lab[..., 0] * 2.55)
    chroma[:, :, : columns // 2] = ab.transpose(2, 0, 1).clip(-127, 127)
    return light, chroma, (columns, tall)


def _classes(onnx_file: Path) -> NDArray[np.float32]:
    """The chroma classes of a network."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(onnx_file), providers=["CPUExecutionProvider"])
    feeds = {
        "lightness": np.zeros((1, 1, 32, 32), np.float32),
        "hints": np.zeros((1, 3, 8, 8), np.float32),
        "mood": np.zeros((1, 4), np.float32),
    }
    return np.asarray(session.run(None, feeds)[1], np.float32)


def main() -> None:
    """Decode, weigh, and find the chroma classes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--classes", type=Path, help="a network whose classes are kept")
    options = parser.parse_args()
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    rows = {row.key: row for row in entries()}
    n = len(rows)
    light = np.lib.format.open_memmap(work / "light.npy", "w+", np.uint8, (n, SHORT, LONG))
    chroma = np.lib.format.open_memmap(work / "chroma.npy", "w+", np.int8, (n, 2, SHORT // 2, LONG // 2))
    shapes = np.empty((n, 2), np.uint8)
    found: list[Entry] = []
    for number, (key, pixels) in enumerate(photos(set(rows))):
        light[number], chroma[number], shapes[number] = split(pixels)
        found.append(rows[key])
    if len(found) != n:
        raise SystemExit(f"the shards hold {len(found)} photos, the index names {n}")
    chance = weights(found)
    drawn = np.sort(np.random.default_rng(0).choice(n, 6000, p=chance))
    sample = chroma[drawn][:, :, 4::12, 4:72:12].transpose(0, 2, 3, 1).reshape(-1, 2).astype(np.float32)
    bins = grid(sample) if options.classes is None else _classes(options.classes)
    held = np.flatnonzero(chance == 0)
    np.save(work / "shape.npy", shapes)
    np.save(work / "weights.npy", chance)
    np.save(work / "held.npy", held)
    np.savez(work / "bins.npz", bins=bins, rarity=rarity(sample, bins))
    print(f"{n} photos, {len(held)} held out, {len(bins)} chroma classes")


if __name__ == "__main__":
    main()
