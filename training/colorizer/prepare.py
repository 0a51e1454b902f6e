"""Decode the training photos once: ``python -m training.colorizer.prepare WORK``.

Writes to WORK, for n photos:

- ``light.npy`` (n, 144, 144) uint8: CIELAB L* x 2.55;
- ``chroma.npy`` (n, 2, 72, 72) int8: a*, b*, at half the size;
- ``weights.npy`` (n,) float64: chance of each photo to be drawn, summing to 1;
- ``bins.npz``: ``bins`` (q, 2) chroma classes and ``rarity`` (q,), their weights in the loss.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.colorizer.bins import grid, rarity
from training.shards import entries, photos, square

__all__ = ["SIDE", "main"]

SIDE = 144
_FACES = 0.12  # share of faces among the photos drawn
_SKIN_GROUPS = 5  # UTKFace: 0 White, 1 Black, 2 Asian, 3 Indian, 4 other


def _group(source: str, path: str) -> int:
    """Skin group 0..4 of a face, -1 for all other photos."""
    parts = Path(path).name.split("_")
    if source != "utkface":
        return -1
    return int(parts[2]) if len(parts) > 3 and parts[2] in "01234" else _SKIN_GROUPS - 1


def weights(groups: NDArray[np.int8]) -> NDArray[np.float64]:
    """Chances (n,): `_FACES` for all faces together, the same for each skin group, the rest for other photos."""
    chance = np.empty(len(groups))
    others = groups < 0
    chance[others] = (1 - _FACES) / max(int(others.sum()), 1)
    present = np.unique(groups[~others])
    for group in present:
        inside = groups == group
        chance[inside] = _FACES / len(present) / int(inside.sum())
    return np.asarray(chance / chance.sum())


def split(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.int8]]:
    """L* x 2.55 (SIDE, SIDE) and a*, b* (2, SIDE/2, SIDE/2) of the photo's central square."""
    lab = cv2.cvtColor(square(pixels, SIDE).astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    ab = cv2.resize(lab[..., 1:], (SIDE // 2, SIDE // 2), interpolation=cv2.INTER_AREA)
    light = np.rint(lab[..., 0] * 2.55).astype(np.uint8)
    return light, np.rint(ab).transpose(2, 0, 1).clip(-127, 127).astype(np.int8)


def main() -> None:
    """Decode, weigh, and find the chroma classes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    work: Path = parser.parse_args().work
    work.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    rows = {row.key: row for row in entries()}
    n, half = len(rows), SIDE // 2
    light = np.lib.format.open_memmap(work / "light.npy", "w+", np.uint8, (n, SIDE, SIDE))
    chroma = np.lib.format.open_memmap(work / "chroma.npy", "w+", np.int8, (n, 2, half, half))
    groups = np.empty(n, np.int8)
    number = -1
    for number, (key, pixels) in enumerate(photos(set(rows))):
        light[number], chroma[number] = split(pixels)
        groups[number] = _group(rows[key].source, rows[key].path)
    if number + 1 != n:
        raise SystemExit(f"the shards hold {number + 1} photos, the index names {n}")
    chance = weights(groups)
    drawn = np.sort(np.random.default_rng(0).choice(n, 6000, p=chance))
    sample = chroma[drawn][:, :, 4::12, 4::12].transpose(0, 2, 3, 1).reshape(-1, 2).astype(np.float32)
    bins = grid(sample)
    np.save(work / "weights.npy", chance)
    np.savez(work / "bins.npz", bins=bins, rarity=rarity(sample, bins))
    print(f"{n} photos, {int((groups >= 0).sum())} faces, {len(bins)} chroma classes")


if __name__ == "__main__":
    main()
