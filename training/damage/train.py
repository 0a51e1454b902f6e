"""Train it: ``python -m training.damage.train WORK [--steps 4000]``; goes on from WORK/checkpoint.pt if it is there.

Crops are drawn first and kept in WORK. With ``--after FIRST`` a second training begins with the network of another
folder, on crops that are hard for that network. The rate stays until the last third of the steps and falls to nothing
there, so that a run can be told to end sooner or later than was planned. ``training.damage.export`` writes the
network; what it says of whole marks is weighed by ``training.damage.kept``.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.damage.network import DamageNet, suspicion_of
from training.damage.pairs import UNSURE, pairs, views

__all__ = ["loss_of", "main", "train"]

_BATCH, _RATE, _LATER_RATE = 12, 2e-3, 8e-4
_FALLING = 1 / 3  # of the steps
_KEEP_EVERY_S = 120.0

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


def _some(crops: Pixels, labels: Pixels, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch, turned, mirrored and made lighter or darker by chance."""
    which = rng.integers(len(crops), size=_BATCH)
    x = torch.from_numpy(crops[which]).permute(0, 3, 1, 2).float() / 255
    y = torch.from_numpy(labels[which])
    turns = int(rng.integers(4))
    x, y = torch.rot90(x, turns, (2, 3)), torch.rot90(y, turns, (1, 2))
    if rng.random() < 0.5:
        x, y = x.flip(3), y.flip(2)
    if rng.random() < 0.5:
        x = 1 - x  # a negative
    return (x ** float(rng.uniform(0.8, 1.25))).contiguous(memory_format=torch.channels_last), y


def train(
    net: DamageNet, crops: Pixels, labels: Pixels, work: Path, steps: int, highest: float = _RATE
) -> float:
    """Train up to that step, keep checkpoints; gives the mean loss of the last 100."""
    best = torch.optim.AdamW(net.parameters(), _RATE, weight_decay=1e-4)
    kept, step = work / "checkpoint.pt", 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        net.load_state_dict(state["net"])
        best.load_state_dict(state["optimizer"])
        step = state["step"]
    rng = np.random.default_rng(1 + step)
    last = time.monotonic()
    losses: list[float] = []
    net.train()
    while step < steps:
        for group in best.param_groups:
            group["lr"] = highest * min(1.0, (step + 1) / 100, (steps - step) / (_FALLING * steps))
        x, y = _some(crops, labels, rng)
        with torch.autocast(
            "cpu", torch.bfloat16
        ):  # half the time of single precision where the processor has it
            odds = net(x)
        loss = loss_of(odds.float(), y)
        best.zero_grad()
        loss.backward()
        best.step()
        step += 1
        losses.append(float(loss.detach()))
        if time.monotonic() - last > _KEEP_EVERY_S:
            last = time.monotonic()
            _keep(kept, net, best, step)
            print(f"{step}: {np.mean(losses[-100:]):.4f}", flush=True)
    _keep(kept, net, best, step)
    return float(np.mean(losses[-100:]))


def _keep(path: Path, net: DamageNet, best: torch.optim.Optimizer, step: int) -> None:
    part = path.with_suffix(".part")
    torch.save({"net": net.state_dict(), "optimizer": best.state_dict(), "step": step}, part)
    part.rename(path)


def main() -> None:
    """Draw the crops, train, keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", type=int, default=4000)
    parser.add_argument("--crops", type=int, default=5000)
    parser.add_argument("--after", type=Path, help="folder of the training that this one follows")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = DamageNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if options.after is not None:
        net.load_state_dict(torch.load(options.after / "checkpoint.pt", weights_only=True)["net"])
    drawn = options.work / f"crops-{options.crops}.npz"
    if not drawn.exists():
        rng = np.random.default_rng(3 if options.after is None else 4)
        suspicion = None if options.after is None else suspicion_of(net)
        crops, labels = pairs(options.crops, views(rng), rng, suspicion)
        np.savez(drawn, crops=crops, labels=labels)
    with np.load(drawn) as stored:
        crops, labels = stored["crops"], stored["labels"]
    print(f"{len(crops)} crops, {sum(p.numel() for p in net.parameters())} weights", flush=True)
    highest = _RATE if options.after is None else _LATER_RATE
    print(f"loss {train(net, crops, labels, options.work, options.steps, highest):.4f}", flush=True)


if __name__ == "__main__":
    main()
