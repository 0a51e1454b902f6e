"""Train the person segmenter: ``python -m training.person.train WORK [--models FOLDER]``; stops and resumes.

WORK holds what :mod:`training.person.label` wrote; FOLDER is the unpacked wheel of MediaPipe. The first run begins with
the person segmenter that Tinct ships, or with its sight and MediaPipe's outlines. The sight stays as it is.
"""

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

from tinct.models import store
from training.folded import take_over
from training.person.network import PersonNet
from training.person.views import Views, load

__all__ = ["loss_of", "main"]

_BATCH = 12
_RELOAD = 300.0  # seconds after which photos labelled meanwhile are read


def loss_of(logits: Tensor, matte: Tensor, learned: Tensor) -> Tensor:
    """Cross-entropy against a slightly sharpened matte, and overlap (soft Dice), where something is learned.

    Logits (n, 1, h, w); matte and learned (n, 1, H, W) in 0..1.
    """
    small = functional.interpolate(matte, size=logits.shape[-2:], mode="area")
    weight = functional.interpolate(learned, size=logits.shape[-2:], mode="area")
    sharp = torch.clamp((small - 0.5) * 1.3 + 0.5, 0, 1)
    guess = torch.sigmoid(logits) * weight
    sharp = sharp * weight
    dice = 1 - (2 * (guess * sharp).sum((1, 2, 3)) + 30) / ((guess + sharp).sum((1, 2, 3)) + 30)
    cross = functional.binary_cross_entropy_with_logits(logits, sharp, weight)
    return cross + 0.3 * dice.mean()


def _batch(views: Views) -> tuple[Tensor, Tensor, Tensor]:
    drawn = [views.view() for _ in range(_BATCH)]
    rgb = torch.from_numpy(np.stack([one[0] for one in drawn])).permute(0, 3, 1, 2)  # channels last in memory
    matte, learned = (torch.from_numpy(np.stack([one[i] for one in drawn]))[:, None] for i in (1, 2))
    return rgb, matte, learned


def _objects(folder: Path | None) -> np.ndarray | None:
    """Cut objects (n, h, w, 4) of :mod:`training.subject.prepare`, if there are any."""
    paths = sorted((folder / "parts").glob("object-*.npz")) if folder else []
    return np.concatenate([np.load(path)["cuts"] for path in paths]) if paths else None


def _save(path: Path, state: dict[str, object]) -> None:
    """Write whole or not at all."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


def main() -> None:
    """Train until `minutes` of this process's processor time have been spent, over all runs together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--models", type=Path, help="begin with MediaPipe's outlines, not with Tinct's")
    parser.add_argument(
        "--objects", type=Path, help="working folder of training.subject, for its cut objects"
    )
    parser.add_argument("--minutes", type=float, default=35)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument(
        "--until", type=float, default=math.inf, help="epoch seconds at which to stop, decayed"
    )
    options = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    net = PersonNet()
    take_over(net, store.load("person"), last=True)
    if options.models:
        net.begin(options.models)
    net.to(memory_format=torch.channels_last)
    average = PersonNet().to(memory_format=torch.channels_last)
    average.load_state_dict(net.state_dict())
    slow, fast = net.trained()
    optimizer = torch.optim.AdamW(
        [{"params": slow, "share": 0.3}, {"params": fast, "share": 1.0}], weight_decay=1e-2
    )
    checkpoint = options.work / "checkpoint.pt"
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    net.eval()  # statistics stay those that were folded
    objects = _objects(options.objects)
    views = Views(load(options.work), objects, step)
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
            rgb, matte, learned = _batch(views)
            loss = loss_of(net(rgb)[1], matte, learned)
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
                views = Views(load(options.work), objects, step)
                loaded = time.monotonic()


if __name__ == "__main__":
    main()
