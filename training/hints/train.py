"""Train the network of hints on one core: ``python -m training.hints.train WORK [--minutes 15]``.

Each dot counts the same, and of it what is of its thing and what is not. Files of :mod:`training.hints.prepare` that
come while training are taken in. A tenth of the photos is held out; what their dots are told right is written at the
end.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.hints.network import ExtentNet
from training.rounds import add_options, one_thread, train

__all__ = ["Dots", "apart", "loss_of", "main", "tried"]

_BATCH: Final = 8
_NEW_S: Final = 120.0
_HELD: Final = 10  # one photo in so many
_NOISE: Final = 0.05
_FAR: Final = 7.0  # cells


class Dots:
    """Dots of the files that are there, and of those that come."""

    def __init__(self, work: Path, held: bool) -> None:
        self._work, self._held = work, held
        self._read: set[Path] = set()
        self.looks: list[NDArray[np.float16]] = []
        self._told: list[NDArray[np.float16]] = []
        self._at: list[NDArray[np.int16]] = []
        self._labels: list[NDArray[np.int8]] = []
        self.of: dict[tuple[int, int], list[tuple[int, int]]] = {}
        """Photo and dot by the photo's shape."""
        self.look()

    def look(self) -> None:
        """Take in the files that are new."""
        for path in sorted(set(self._work.glob("part-*.npz")) - self._read):
            self._read.add(path)
            with np.load(path) as file:
                for number in range(sum(name.endswith("/at") for name in file.files)):
                    if (number % _HELD == 0) == self._held:
                        self._add({n: file[f"{number}/{n}"] for n in ("looks", "told", "at", "labels")})
        self.shapes = list(self.of)
        self.chances = np.array([len(self.of[shape]) for shape in self.shapes], float)
        self.chances /= max(self.chances.sum(), 1)

    def _add(self, item: dict[str, NDArray[np.generic]]) -> None:
        photo = len(self.looks)
        self.looks.append(item["looks"].astype(np.float16))
        self._told.append(item["told"].astype(np.float16))
        self._at.append(item["at"].astype(np.int16))
        self._labels.append(apart(item["labels"].astype(np.int8)))
        shape = (item["told"].shape[2], item["told"].shape[3])
        self.of.setdefault(shape, []).extend((photo, k) for k in range(len(item["at"])))

    def batch(self, which: list[tuple[int, int]]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Told, looks, looks at the dot, labels."""
        looks = np.stack([self.looks[i] for i, _ in which]).astype(np.float32)  # (n, h / 2, w / 2, c)
        told = np.stack([self._told[i][k] for i, k in which]).astype(np.float32)
        labels = np.stack([self._labels[i][k] for i, k in which])
        dots = np.stack([_around(self.looks[i], self._at[i][k]) for i, k in which])
        last = torch.channels_last  # in which depthwise layers are quicker
        seen = torch.from_numpy(looks).permute(0, 3, 1, 2)
        return (
            torch.from_numpy(told).contiguous(memory_format=last),
            seen,
            torch.from_numpy(dots),
            torch.from_numpy(labels),
        )


def apart(labels: NDArray[np.int8]) -> NDArray[np.int8]:
    """What is not known and far from the dot's thing is of others: another shoe of its colour is another shoe."""
    made = labels.copy()
    for one in made:
        far = cv2.distanceTransform((one <= 0).astype(np.uint8), cv2.DIST_L2, 3) > _FAR
        one[far] = -1
    return made


def _around(looks: NDArray[np.float16], at: NDArray[np.int16]) -> NDArray[np.float32]:
    row, column = int(at[0]) // 2, int(at[1]) // 2
    return np.asarray(looks[row, column], np.float32)


def loss_of(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross entropy, of what is of the thing and what is not to equal parts, and of their overlap."""
    logits = logits[:, 0]
    same, other = (labels > 0).float(), (labels < 0).float()
    near = functional.softplus(-logits) * same
    far = functional.softplus(logits) * other
    crossed = near.sum((1, 2)) / same.sum((1, 2)).clamp(min=1) + far.sum((1, 2)) / other.sum((1, 2)).clamp(
        min=1
    )
    p = torch.sigmoid(logits)
    both = (p * same).sum((1, 2))
    overlap = both / (same.sum((1, 2)) + (p * other).sum((1, 2))).clamp(min=1)
    return (crossed / 2 + 0.5 * (1 - overlap)).mean()


def _begin(options: argparse.Namespace, net: ExtentNet) -> Callable[[int], Callable[[], Tensor]]:
    dots = Dots(options.work, held=False)

    def begin(step: int) -> Callable[[], Tensor]:
        rng = np.random.default_rng(step)
        dots.look()
        print(f"step {step}: {len(dots.looks)} photos", flush=True)

        def lossy() -> Tensor:
            net.train()
            shape = dots.shapes[int(rng.choice(len(dots.shapes), p=dots.chances))]
            every = dots.of[shape]
            told, looks, dot, labels = dots.batch(
                [every[int(i)] for i in rng.integers(len(every), size=_BATCH)]
            )
            if rng.random() < 0.5:
                told, looks, labels = told.flip(-1), looks.flip(-1), labels.flip(-1)
            told = told + _NOISE * torch.randn(len(told), told.shape[1], 1, 1)
            return loss_of(net(told, looks, dot), labels)

        return lossy

    return begin


@torch.no_grad()
def tried(net: ExtentNet, dots: Dots) -> None:
    """Print how much of things and of what is beside them is told right."""
    net.eval()
    found = []
    for shape, every in dots.of.items():
        for start in range(0, len(every), 16):
            told, looks, dot, labels = dots.batch(every[start : start + 16])
            logits = net(told, looks, dot)[:, 0]
            for z, label in zip(logits, labels, strict=True):
                same, other = label > 0, label < 0
                found.append((float((z[same] > 0).float().mean()), float((z[other] > 0).float().mean())))
        del shape
    reached, beside = np.array(found).T
    print(
        f"{len(found)} dots held out: {reached.mean():.1%} of their things, {beside.mean():.1%} beside them; "
        f"80 % reached and at most 5 % beside on {np.mean((reached >= 0.8) & (beside <= 0.05)):.1%}"
    )


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser, minutes=15, rate=3e-3)
    options = parser.parse_args()
    one_thread()
    net, average = (ExtentNet().to(memory_format=torch.channels_last) for _ in range(2))
    train(options, net, average, [(list(net.parameters()), 1.0)], _begin(options, net), _NEW_S)
    tried(average, Dots(options.work, held=True))


if __name__ == "__main__":
    main()
