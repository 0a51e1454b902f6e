"""The network that tells damage from the photo: a small U-Net that works at half its input's sides and below.

Encoder and decoder with shortcuts after Ronneberger, Fischer and Brox 2015, "U-Net: convolutional networks for
biomedical image segmentation"; pixels come back by a pixel shuffle (Shi et al. 2016), so that thin lines stay thin.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["MULTIPLE", "DamageNet", "suspicion_of"]

MULTIPLE = 16
"""Sides of the input are multiples of it."""
_WIDTHS = (32, 64, 96, 128)


def _block(seen: int, made: int, *apart: int) -> nn.Sequential:
    """A layer for each of `apart`, the distance of the pixels that it sees together."""
    parts: list[nn.Module] = []
    for step in apart:
        parts += [nn.Conv2d(seen, made, 3, padding=step, dilation=step, bias=False)]
        parts += [nn.BatchNorm2d(made), nn.ReLU(inplace=True)]
        seen = made
    return nn.Sequential(*parts)


class DamageNet(nn.Module):
    """sRGB (n, 3, H, W) in 0..1, H and W multiples of `MULTIPLE`, to log-odds of damage (n, 1, H, W)."""

    def __init__(self) -> None:
        super().__init__()
        first = _WIDTHS[0]
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, 6, stride=2, padding=2, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            _block(first, first, 1),
        )
        self.down = nn.ModuleList(
            _block(seen, made, *((1, 1) if made < _WIDTHS[-1] else (1, 2, 3)))
            for seen, made in pairwise(_WIDTHS)
        )
        self.up = nn.ModuleList(_block(seen + made, made, 1) for seen, made in pairwise(_WIDTHS[::-1]))
        self.last = nn.Conv2d(first, 4, 3, padding=1)

    def forward(self, rgb: Tensor) -> Tensor:
        seen = [self.stem(rgb - 0.5)]
        for block in self.down:
            seen.append(block(functional.max_pool2d(seen[-1], 2)))
        made = seen.pop()
        for block in self.up:
            beside = seen.pop()
            made = block(torch.cat([functional.interpolate(made, scale_factor=2.0), beside], 1))
        return functional.pixel_shuffle(self.last(made), 2)


def suspicion_of(net: DamageNet) -> Callable[[NDArray[np.uint8]], NDArray[np.float32]]:
    """How far a network takes each pixel of a view (h, w, 3) for damage (h, w), 0..1."""
    net.eval()

    def suspicion(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = pixels.shape[:2]
        more = ((0, -height % MULTIPLE), (0, -width % MULTIPLE), (0, 0))
        seen = torch.from_numpy(np.pad(pixels, more, "reflect")).permute(2, 0, 1)[None].float() / 255
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            odds = net(seen)[0, 0, :height, :width]
        return np.asarray(torch.sigmoid(odds.float()).numpy())

    return suspicion
