"""The network: luma in, luma of twice the sides out, at half the input's resolution inside.

A pixel shuffle by four (Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
Convolutional Neural Network", CVPR 2016) behind layers that see the frame at half its sides: four times the weights for
the same work, and twice the field of view.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ClipNet"]


class ClipNet(nn.Module):
    """Luma (n, 1, H, W) in 0..1, H and W even, to (n, 1, 2H, 2W)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.straight = nn.Conv2d(1, 16, 6, stride=2, padding=2)  # all that a linear filter can do
        layers: list[nn.Module] = [nn.Conv2d(1, width, 6, stride=2, padding=2), nn.PReLU(width)]
        for _ in range(depth):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        last = nn.Conv2d(width, 16, 3, padding=1)
        self.body = nn.Sequential(*layers, last)
        self.shuffle = nn.PixelShuffle(4)
        with torch.no_grad():
            last.weight.mul_(0.1)
            nn.init.zeros_(self.straight.weight)
            nn.init.zeros_(self.straight.bias)
            for row in range(4):
                for column in range(4):  # each pixel begins as the one it lies in
                    self.straight.weight[4 * row + column, 0, 2 + row // 2, 2 + column // 2] = 1.0

    def forward(self, luma: Tensor) -> Tensor:
        return self.shuffle(self.straight(luma) + self.body(luma))
