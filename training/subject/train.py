"""Train the subject segmenter: ``python -m training.subject.train WORK --minutes 50``; stops and resumes."""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.subject.compose import Composer, load
from training.subject.network import SubjectNet

__all__ = ["loss_of", "main"]

_BATCH = 16
_RELOAD = 240.0  # seconds after which parts made meanwhile are read


def loss_of(logits: Tensor, matte: Tensor) -> Tensor:
    """Cross-entropy, and overlap (soft Dice); logits (n, 1, h, w), matte (n, 1, H, W) in 0..1."""
    small = functional.interpolate(matte, size=logits.shape[-2:], mode="area")
    guess = torch.sigmoid(logits)
    dice = 1 - (2 * (guess * small).sum((1, 2, 3)) + 50) / ((guess + small).sum((1, 2, 3)) + 50)
    return functional.binary_cross_entropy_with_logits(logits, small) + 0.4 * dice.mean()


def _batch(composer: Composer) -> tuple[Tensor, Tensor]:
    pairs = [composer.view() for _ in range(_BATCH)]
    rgb = torch.from_numpy(np.stack([p[0] for p in pairs])).permute(0, 3, 1, 2)  # channels last in memory
    return rgb, torch.from_numpy(np.stack([p[1] for p in pairs]))[:, None]


def _save(path: Path, state: dict[str, object]) -> None:
    """Write whole or not at all."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def main() -> None:
    """Train until `minutes` of this process's processor time have been spent, over all runs together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=50)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument(
        "--until", type=float, default=math.inf, help="epoch seconds at which to stop, decayed"
    )
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = SubjectNet(pretrained=True).to(memory_format=torch.channels_last)
    average = SubjectNet().to(memory_format=torch.channels_last)
    slow, fast = net.trained()
    optimizer = torch.optim.AdamW(
        [{"params": slow, "share": 0.15}, {"params": fast, "share": 1.0}], weight_decay=1e-2
    )
    checkpoint = options.work / "checkpoint.pt"
    step, spent = 0, 0.0
    average.load_state_dict(net.state_dict())
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    net.train()
    net.encoder.eval()  # statistics of ImageNet stay
    composer = Composer(load(options.work), step)
    used, began = time.process_time(), time.time()
    saved = loaded = time.monotonic()
    over = False
    with (options.work / "losses.csv").open("a", newline="") as log:
        while not over:
            share = spent / (options.minutes * 60)
            if math.isfinite(options.until):
                share = max(share, (time.time() - began) / max(options.until - began, 1.0))
            share = min(share, 1.0)
            rate = options.rate * min(1.0, (step + 1) / 60) * (0.5 * (1 + math.cos(math.pi * share)) + 0.01)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["share"]
            rgb, matte = _batch(composer)
            loss = loss_of(net(rgb), matte)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_([*slow, *fast], 5.0)
            optimizer.step()
            step += 1
            with torch.no_grad():
                keep = min(0.99, step / (step + 20))
                for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
                    if now.is_floating_point():
                        mean.lerp_(now, 1 - keep)
            spent, used = spent + time.process_time() - used, time.process_time()
            over = share >= 1.0
            if step % 10 == 0:
                csv.writer(log).writerow([step, round(spent), round(loss.item(), 4)])
                log.flush()
            if time.monotonic() - saved > 90 or over:
                state = {"net": net.state_dict(), "average": average.state_dict()}
                state |= {"optimizer": optimizer.state_dict(), "step": step, "spent": spent}
                _save(checkpoint, state)
                saved = time.monotonic()
            if time.monotonic() - loaded > _RELOAD:
                composer = Composer(load(options.work), step)
                loaded = time.monotonic()


if __name__ == "__main__":
    main()
