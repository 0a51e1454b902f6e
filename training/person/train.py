"""Train the person segmenter: ``python -m training.person.train WORK --minutes 30``; stops and resumes."""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from training.person.network import PersonNet

__all__ = ["augment", "main"]

SIDE = 160
_BATCH = 24


def augment(
    image: NDArray[np.uint8], matte: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A training view: (SIDE, SIDE, 3) RGB in 0..1 and its matte (SIDE, SIDE)."""
    side = image.shape[0]
    scale = SIDE / side * float(np.exp(rng.uniform(np.log(0.6), np.log(1.9))))
    angle = float(rng.normal(0, 8))
    turn = cv2.getRotationMatrix2D((side / 2, side / 2), angle, scale)
    slack = max(0.0, scale * side - SIDE) / 2
    turn[:, 2] += SIDE / 2 - side / 2 + rng.uniform(-slack, slack, 2)
    if rng.random() < 0.5:
        turn = turn @ np.array([[-1, 0, side - 1], [0, 1, 0], [0, 0, 1]])
    view = cv2.warpAffine(
        image, turn, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    mask = cv2.warpAffine(
        matte, turn, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return _recolor(view.astype(np.float32) / 255, rng), mask.astype(np.float32) / 255


def _recolor(x: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """Other light, other skin tones, other cameras; sometimes grey or sepia."""
    x = np.clip(x, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.35)))
    x = (x - 0.5) * np.float32(np.exp(rng.normal(0, 0.2))) + 0.5 + np.float32(rng.normal(0, 0.05))
    kind = rng.random()
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    if kind < 0.15:
        x = np.repeat(grey[..., None], 3, axis=2)
        if kind < 0.05:
            x = x * np.array([1.1, 0.95, 0.75], np.float32)
    else:
        x = grey[..., None] + (x - grey[..., None]) * np.float32(np.exp(rng.normal(0, 0.3)))
        x = x * np.exp(rng.normal(0, 0.08, 3)).astype(np.float32)
    if rng.random() < 0.2:
        x = cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.2)))
    if rng.random() < 0.2:
        x = x + rng.normal(0, 0.03, x.shape).astype(np.float32)
    return np.clip(x, 0, 1).astype(np.float32)


def _batch(
    images: NDArray[np.uint8], mattes: NDArray[np.uint8], rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    pairs = [augment(images[i], mattes[i], rng) for i in rng.integers(0, len(images), _BATCH)]
    rgb = torch.from_numpy(np.stack([p[0] for p in pairs])).permute(0, 3, 1, 2)
    return rgb, torch.from_numpy(np.stack([p[1] for p in pairs]))[:, None]


def _loss(logits: Tensor, matte: Tensor) -> Tensor:
    """Cross-entropy against a sharpened matte, and overlap (soft Dice)."""
    small = functional.interpolate(matte, size=logits.shape[-2:], mode="area")
    sharp = torch.clamp((small - 0.5) * 1.6 + 0.5, 0, 1)
    guess = torch.sigmoid(logits)
    dice = 1 - (2 * (guess * sharp).sum((1, 2, 3)) + 20) / ((guess + sharp).sum((1, 2, 3)) + 20)
    return functional.binary_cross_entropy_with_logits(logits, sharp) + 0.3 * dice.mean()


def main() -> None:
    """Train until `minutes` have been spent, over all runs together."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--rate", type=float, default=2e-3)
    options = parser.parse_args()
    torch.manual_seed(0)
    images = np.load(options.work / "images.npy", mmap_mode="r")
    mattes = np.load(options.work / "mattes.npy", mmap_mode="r")
    net = PersonNet(pretrained=True)
    slow = list(net.encoder.parameters())
    fast = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    optimizer = torch.optim.AdamW(
        [{"params": slow, "share": 0.1}, {"params": fast, "share": 1.0}], weight_decay=1e-2
    )
    checkpoint = options.work / "checkpoint.pt"
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    rng = np.random.default_rng(step)
    net.train()
    net.encoder.eval()  # statistics of ImageNet stay
    last = saved = time.monotonic()
    with (options.work / "losses.csv").open("a", newline="") as log:
        while spent < options.minutes * 60:
            share = spent / (options.minutes * 60)
            rate = options.rate * min(1.0, (step + 1) / 100) * (0.5 * (1 + math.cos(math.pi * share)) + 0.01)
            for group in optimizer.param_groups:
                group["lr"] = rate * group["share"]
            rgb, matte = _batch(images, mattes, rng)
            loss = _loss(net(rgb), matte)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
            optimizer.step()
            step += 1
            now = time.monotonic()
            spent, last = spent + min(now - last, 10.0), now
            if step % 20 == 0:
                csv.writer(log).writerow([step, round(spent), round(loss.item(), 4)])
                log.flush()
            if now - saved > 120 or spent >= options.minutes * 60:
                _save(checkpoint, net, optimizer, step, spent)
                saved = now


def _save(path: Path, net: PersonNet, optimizer: torch.optim.Optimizer, step: int, spent: float) -> None:
    """Write whole or not at all."""
    state = {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "step": step, "spent": spent}
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)


if __name__ == "__main__":
    main()
