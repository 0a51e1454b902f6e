"""Training views: crops, other exposures, old scans, and what people might tell the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

__all__ = ["Photos", "aged", "steering"]

_VIEWS = (
    (128, 128),
    (128, 128),
    (128, 128),
    (96, 160),
    (160, 96),
)  # height and width; one is drawn for a batch
_LEAST = 0.3  # share of the largest crop that a view shows at least
_STRETCH = 0.08  # standard deviation of the logarithm of a view's aspect, as some photos were stored squashed


class Photos:
    """The prepared photos, held in memory on `device` where that is a GPU."""

    def __init__(self, work: Path, device: torch.device, seed: int) -> None:
        mode = None if device.type == "cuda" else "c"  # copy-on-write: pages are read as they are drawn
        self.light = torch.from_numpy(np.load(work / "light.npy", mmap_mode=mode)).to(device)
        self.chroma = torch.from_numpy(np.load(work / "chroma.npy", mmap_mode=mode)).to(device)
        self.held: NDArray[np.int64] = np.load(work / "held.npy")
        self._shapes: NDArray[np.uint8] = np.load(work / "shape.npy")
        self._chance = np.cumsum(np.load(work / "weights.npy"))
        self._device = device
        self._rng = np.random.default_rng(seed)

    def reseed(self, seed: int) -> None:
        """Draw other photos from now on."""
        self._rng = np.random.default_rng(seed)

    def draw(self, count: int) -> tuple[Tensor, Tensor]:
        """L* / 100 (n, 1, h, w) and a*, b* (n, 2, h/4, w/4) of random crops; h and w are multiples of 32."""
        rng = self._rng
        chosen = np.searchsorted(self._chance, rng.random(count) * self._chance[-1], side="right")
        view = _VIEWS[rng.integers(len(_VIEWS))]
        aspect = view[1] / view[0] * np.exp(rng.normal(0, _STRETCH, count))
        share = np.sqrt(rng.uniform(_LEAST, 1, count))
        place = rng.random((count, 2))
        return self._crops(chosen, view, aspect, share, place, rng.random(count) < 0.5)

    def whole(self, chosen: NDArray[np.int64], view: tuple[int, int] = (128, 128)) -> tuple[Tensor, Tensor]:
        """The largest central crops of certain photos, as `draw` gives them."""
        n = len(chosen)
        middle = np.full((n, 2), 0.5)
        aspect = np.full(n, view[1] / view[0])
        return self._crops(chosen, view, aspect, np.ones(n), middle, np.zeros(n, bool))

    def _crops(
        self,
        chosen: NDArray[np.int64],
        view: tuple[int, int],
        aspect: NDArray[np.float64],
        share: NDArray[np.float64],
        place: NDArray[np.float64],
        mirrored: NDArray[np.bool_],
    ) -> tuple[Tensor, Tensor]:
        index = torch.from_numpy(chosen).to(self._device)
        light, chroma = self.light[index], self.chroma[index]
        short, long = light.shape[1:]
        columns = self._shapes[chosen, 0].astype(np.float64) - 1  # no view reaches past the last
        tall = self._shapes[chosen, 1] == 1
        height, width = np.where(tall, columns, short), np.where(tall, short, columns)
        crop_h = np.minimum(height, width / aspect) * share
        crop_w = crop_h * aspect
        y = place[:, 0] * (height - crop_h) + crop_h / 2
        x = place[:, 1] * (width - crop_w) + crop_w / 2
        sign = np.where(mirrored, -1.0, 1.0)
        zero = np.zeros_like(x)
        across = np.stack([crop_w * sign, zero, 2 * x], 1)  # of the photo's x, in twice its pixels
        down = np.stack([zero, crop_h, 2 * y], 1)
        stored_x = np.where(tall[:, None], down, across) / long - [0, 0, 1]
        stored_y = np.where(tall[:, None], across, down) / short - [0, 0, 1]
        theta = torch.from_numpy(np.stack([stored_x, stored_y], 1).astype(np.float32)).to(self._device)

        def crops(photos: Tensor, size: tuple[int, int]) -> Tensor:
            grid = functional.affine_grid(theta, [len(photos), 1, *size], align_corners=False)
            return functional.grid_sample(photos.float(), grid, padding_mode="border", align_corners=False)

        small = crops(chroma, (view[0] // 2, view[1] // 2))
        return crops(light[:, None], view) / 255, functional.avg_pool2d(small, 2)


def aged(light: Tensor) -> Tensor:
    """Other exposure and contrast for all; blur, noise, film grain, fading and scratches for some, as in old scans."""
    n, _, height, width = light.shape
    device = light.device

    def normal(spread: float) -> Tensor:
        return torch.randn(n, 1, 1, 1, device=device) * spread

    def chance() -> Tensor:
        return torch.rand(n, 1, 1, 1, device=device)

    out = light.clamp(1e-3, 1) ** torch.exp(normal(0.18))
    out = (out - 0.5) * torch.exp(normal(0.15)) + 0.5 + normal(0.03)
    old = chance()
    soft = functional.avg_pool2d(functional.pad(out, (1, 1, 1, 1), mode="reflect"), 3, stride=1)
    out = torch.where(old < 0.2, soft, out)
    coarse = functional.interpolate(functional.avg_pool2d(soft, 2), (height, width), mode="bilinear")
    out = torch.where(old < 0.05, coarse, out)
    span = 0.5 + 0.4 * chance()  # of a faded print
    out = torch.where(chance() < 0.1, out * span + (1 - span) * chance(), out)
    torn = (torch.rand(n, 1, 1, width, device=device) < 1.5 / width) & (chance() < 0.08)
    out = torch.where(torn, out * 0.4 + 0.6 * (chance() < 0.7), out)
    grain = torch.randn_like(out) * chance() * 0.06
    return torch.where((old > 0.1) & (old < 0.35), out + grain, out).clamp(0, 1)


def steering(chroma: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Hints (n, 3, h, w) and mood (n, 4) for chroma (n, 2, h, w); mostly nothing is told."""
    n, _, height, width = chroma.shape
    scaled = chroma / 110
    mean = scaled.mean((2, 3))
    size = torch.hypot(scaled[:, 0], scaled[:, 1]).mean((1, 2))[:, None]
    told = torch.from_numpy((rng.random((n, 1)) < 0.3).astype(np.float32)).to(chroma.device)
    mood = torch.cat([mean, size, torch.ones_like(size)], 1) * told
    mask = np.zeros((n, 1, height, width), np.float32)
    for photo in range(n):
        points = int(rng.integers(1, 12)) if rng.random() < 0.25 else 0
        for _ in range(points):
            edge = int(rng.integers(1, 4))
            y, x = int(rng.integers(0, height)), int(rng.integers(0, width))
            mask[photo, 0, y : y + edge, x : x + edge] = 1
    known = torch.from_numpy(mask).to(chroma.device)
    return torch.cat([scaled * known, known], 1), mood
