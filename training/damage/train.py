"""Train it: ``python -m training.damage.train WORK --minutes 60``; stops and resumes.

Crops are drawn all the time: of those that are held a part is replaced again and again, so each is seen about three
times. Once it has learned something, half of the new ones are of places where it errs (``hard``). With ``--after
FIRST`` it begins with the network of another folder. ``training.damage.export`` writes the moving average of its
weights; what that says of whole marks is weighed by ``training.damage.kept``.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.damage.hard import Suspicion
from training.damage.network import DamageNet, suspicion_of
from training.damage.pairs import UNSURE, pairs, views
from training.rounds import add_options, one_thread, train

__all__ = ["Supply", "begun", "loss_of", "main"]

_BATCH = 12
_HELD, _PART = 3600, 900  # crops, and how many of them are drawn at once
_USES = 3  # of a crop
_LEARNED = 1500  # steps after which it knows enough to be told where it errs
_KEEP = 0.998  # of the moving average in a step

Pixels = NDArray[np.uint8]


def loss_of(odds: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy (n, 1, H, W) against (n, H, W), and one less the overlap (Milletari et al. 2016, "V-Net")."""
    sure = (labels != UNSURE).float()
    wanted = (labels == 1).float()
    odds = odds[:, 0]
    entropy = functional.binary_cross_entropy_with_logits(odds, wanted, reduction="none")
    found = torch.sigmoid(odds) * sure
    overlap = (2 * (found * wanted).sum() + 1) / (found.sum() + wanted.sum() + 1)
    return (entropy * sure).mean() + 0.1 * (1 - overlap)


class Supply:
    """Crops with their labels, the oldest of which give way to new ones."""

    def __init__(self, clean: Iterator[Pixels], held: int = _HELD, part: int = _PART) -> None:
        self._clean = clean
        self._most, self._part = held, part
        self._parts: list[tuple[Pixels, Pixels]] = []
        self._left = 0

    def batch(
        self, size: int, rng: np.random.Generator, suspicion: Suspicion | None
    ) -> tuple[Pixels, Pixels]:
        """Crops (n, SIDE, SIDE, 3) and labels (n, SIDE, SIDE); `suspicion` says where new ones are to be hard."""
        if self._left <= 0:
            self._parts.append(pairs(self._part, self._clean, rng, suspicion))
            del self._parts[: -max(1, self._most // self._part)]
            self._left = self._part * _USES
        self._left -= size
        which = [(int(rng.integers(len(self._parts))), int(rng.integers(self._part))) for _ in range(size)]
        crops, labels = zip(*((self._parts[a][0][b], self._parts[a][1][b]) for a, b in which), strict=True)
        return np.stack(crops), np.stack(labels)


def begun(net: DamageNet, average: DamageNet, supply: Supply) -> Callable[[int], Callable[[], Tensor]]:
    """What `training.rounds.train` asks for: the loss of a batch, turned, mirrored, lighter or darker by chance."""

    def begin(step: int) -> Callable[[], Tensor]:
        rng = np.random.default_rng(1 + step)
        hear = suspicion_of(average)
        done = step

        def lossy() -> Tensor:
            nonlocal done
            crops, labels = supply.batch(_BATCH, rng, hear if done >= _LEARNED else None)
            done += 1
            x = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
            y = torch.from_numpy(labels)
            turns = int(rng.integers(4))
            x, y = torch.rot90(x, turns, (2, 3)), torch.rot90(y, turns, (1, 2))
            if rng.random() < 0.5:
                x, y = x.flip(3), y.flip(2)
            if rng.random() < 0.5:
                x = 1 - x  # a negative
            x = (x ** float(rng.uniform(0.8, 1.25))).contiguous(memory_format=torch.channels_last)
            net.train()
            with torch.autocast("cpu", torch.bfloat16):  # half the time, where the processor has it
                odds = net(x)
            return loss_of(odds.float(), y)

        return lossy

    return begin


def main() -> None:
    """Train."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    add_options(parser, minutes=60, rate=2e-3)
    parser.add_argument("--after", type=Path, help="folder of the training that this one follows")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    one_thread()
    net = DamageNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if options.after is not None:
        net.load_state_dict(torch.load(options.after / "checkpoint.pt", weights_only=True)["average"])
    average = copy.deepcopy(net).requires_grad_(False)
    groups = [(list(net.parameters()), 1.0)]
    supply = Supply(views(np.random.default_rng(3)))
    train(options, net, average, groups, begun(net, average, supply), float("inf"), keep=_KEEP)


if __name__ == "__main__":
    main()
