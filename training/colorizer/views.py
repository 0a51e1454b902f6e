"""Training views: crops, other exposures, old scans, and what people might tell the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["Photos", "aged", "steering"]

_VIEW = 128
_CROPS = (96, 112, 128, 144)  # of the 144 pixels stored; each is resized to the view


class Photos:
    """The prepared photos, held in memory on `device` where that is a GPU."""

    def __init__(self, work: Path, device: torch.device, seed: int) -> None:
        mode = None if device.type == "cuda" else "c"  # copy-on-write: pages are read as they are drawn
        self.light = torch.from_numpy(np.load(work / "light.npy", mmap_mode=mode)).to(device)
        self.chroma = torch.from_numpy(np.load(work / "chroma.npy", mmap_mode=mode)).to(device)
        self._chance = np.load(work / "weights.npy")
        self._device = device
        self._rng = np.random.default_rng(seed)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """L* / 100 (n, 1, 128, 128) and a*, b* (n, 2, 32, 32) of random crops."""
        rng = self._rng
        chosen = torch.from_numpy(np.sort(rng.choice(len(self._chance), count, p=self._chance))).to(
            self._device
        )
        light = self.light[chosen][:, None].float() / 255
        chroma = self.chroma[chosen].float()
        crop = int(rng.choice(_CROPS))
        top, left = (2 * int(rng.integers(0, (light.shape[-1] - crop) // 2 + 1)) for _ in range(2))
        light = light[..., top : top + crop, left : left + crop]
        chroma = chroma[..., top // 2 : (top + crop) // 2, left // 2 : (left + crop) // 2]
        if rng.random() < 0.5:
            light, chroma = light.flip(-1), chroma.flip(-1)
        if crop != _VIEW:
            light = functional.interpolate(light, (_VIEW, _VIEW), mode="bilinear")
        return light, functional.interpolate(chroma, (_VIEW // 4, _VIEW // 4), mode="area")


def aged(light: Tensor) -> Tensor:
    """Other exposure and contrast for all; blur, noise and film grain for some, as in old scans."""
    n, device = len(light), light.device

    def normal(spread: float) -> Tensor:
        return torch.randn(n, 1, 1, 1, device=device) * spread

    out = light.clamp(1e-3, 1) ** torch.exp(normal(0.18))
    out = (out - 0.5) * torch.exp(normal(0.15)) + 0.5 + normal(0.03)
    old = torch.rand(n, 1, 1, 1, device=device)
    soft = functional.avg_pool2d(functional.pad(out, (1, 1, 1, 1), mode="reflect"), 3, stride=1)
    out = torch.where(old < 0.2, soft, out)
    grain = torch.randn_like(out) * torch.rand(n, 1, 1, 1, device=device) * 0.06
    return torch.where((old > 0.1) & (old < 0.35), out + grain, out).clamp(0, 1)


def steering(chroma: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Hints (n, 3, h, w) and mood (n, 4) for chroma (n, 2, h, w); mostly nothing is told."""
    n, _, height, width = chroma.shape
    scaled = chroma / 110
    mean = scaled.mean((2, 3))
    size = torch.hypot(scaled[:, 0], scaled[:, 1]).mean((1, 2))[:, None]
    told = torch.from_numpy((rng.random((n, 1)) < 0.4).astype(np.float32)).to(chroma.device)
    mood = torch.cat([mean, size, torch.ones_like(size)], 1) * told
    mask = np.zeros((n, 1, height, width), np.float32)
    for photo in range(n):
        points = int(rng.integers(1, 12)) if rng.random() < 0.35 else 0
        for _ in range(points):
            edge = int(rng.integers(1, 4))
            y, x = int(rng.integers(0, height)), int(rng.integers(0, width))
            mask[photo, 0, y : y + edge, x : x + edge] = 1
    known = torch.from_numpy(mask).to(chroma.device)
    return torch.cat([scaled * known, known], 1), mood
