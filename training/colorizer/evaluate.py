"""Score a checkpoint on photos that were not trained on: ``python -m training.colorizer.evaluate WORK``.

Appends to ``scores.csv`` in WORK, which is the curve of the model card: photo views, cross-entropy, CIEDE2000 and
colourfulness (Hasler and Süsstrunk 2003) of the annealed mean over eval/small_photos at 128 pixels.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tinct.photo.color import delta_e_2000, lab_to_srgb, srgb_to_lab
from training.colorizer.bins import SoftTargets
from training.colorizer.export import load
from training.colorizer.network import Colorizer, no_steering
from training.colorizer.settle import settle
from training.colorizer.views import Photos
from training.shards import data_folder, square

__all__ = ["colorfulness", "main", "score"]

_SIDE = 128
_TEMPERATURES = (0.38, 0.5, 0.7, 1.0)


def colorfulness(rgb: NDArray[np.float32]) -> float:
    """Of sRGB in 0..1, on the usual scale of 8-bit levels."""
    r, g, b = (rgb[..., k].astype(np.float64) * 255 for k in range(3))
    rg, yb = r - g, (r + g) / 2 - b
    return float(np.hypot(rg.std(), yb.std()) + 0.3 * np.hypot(rg.mean(), yb.mean()))


def _photos() -> Iterator[NDArray[np.float32]]:
    """CIELAB (128, 128, 3) of each evaluation photo."""
    for path in sorted((data_folder() / "eval" / "small_photos").iterdir()):
        rgb = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
        yield srgb_to_lab(square(np.asarray(rgb, np.uint8), _SIDE).astype(np.float32) / 255)


@torch.no_grad()
def score(net: Colorizer) -> dict[str, float]:
    """Means over the photos."""
    targets = SoftTargets(net.bins)
    rows: list[dict[str, float]] = []
    for lab in _photos():
        light = torch.from_numpy(lab[..., 0] / 100)[None, None]
        chroma = cv2.resize(lab[..., 1:], (_SIDE // 4, _SIDE // 4), interpolation=cv2.INTER_AREA)
        logits = net(light, *no_steering(light))
        index, share = targets(torch.from_numpy(chroma).permute(2, 0, 1)[None])
        flat = logits.permute(0, 2, 3, 1).flatten(0, 2)
        row = {"cross-entropy": float((flat.logsumexp(1) - (flat.gather(1, index) * share).sum(1)).mean())}
        grey = lab * np.array([1, 0, 0], np.float32)
        row |= {"dE grey": float(delta_e_2000(lab, grey).mean()), "CF truth": colorfulness(lab_to_srgb(lab))}
        for temperature in _TEMPERATURES:
            mean = torch.einsum("nqhw,qc->hwc", torch.softmax(logits / temperature, 1), net.bins).numpy()
            made = lab.copy()
            made[..., 1:] = cv2.resize(mean, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)
            rgb = lab_to_srgb(made)
            row[f"dE {temperature}"] = float(delta_e_2000(lab, srgb_to_lab(rgb)).mean())
            row[f"CF {temperature}"] = colorfulness(rgb)
        rows.append(row)
    return {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}


def main() -> None:
    """Print the scores and add them to the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    work: Path = parser.parse_args().work
    torch.set_num_threads(1)
    net, spent = load(work / "checkpoint.pt")
    torch.manual_seed(0)
    settle(net, Photos(work, torch.device("cpu"), seed=0))
    found = {"photo views": spent["views"]} | score(net)
    for name, value in found.items():
        print(f"{name:16}{value:12.3f}")
    path = work / "scores.csv"
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.writer(file)
        if fresh:
            writer.writerow(found)
        writer.writerow(round(value, 3) for value in found.values())


if __name__ == "__main__":
    main()
