"""The network: luma and what is known of it in, luma of twice the sides out, at half the input's resolution inside.

A pixel shuffle by four (Shi et al., "Real-Time Single Image and Video Super-Resolution Using an Efficient Sub-Pixel
Convolutional Neural Network", CVPR 2016) behind layers that see the frame at half its sides: four times the weights for
the same work, and twice the field of view. Beside the cleaned luma it is shown what the frame itself, those before and
the next one say of it, and how much noise is left where, as Zhang et al. 2018 ("FFDNet") tell theirs.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ClipNet"]


class ClipNet(nn.Module):
    """Seen (n, 5, H, W), luma in 0..1 and four views in its units, H and W even, to luma (n, 1, 2H, 2W)."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.straight = nn.Conv2d(1, 16, 6, stride=2, padding=2)  # all that a linear filter can do
        self.first = nn.Conv2d(5, width, 6, stride=2, padding=2)
        self.layers = nn.ModuleList(nn.Conv2d(width, width, 3, padding=1) for _ in range(4))
        self.bends = nn.ModuleList(nn.PReLU(width) for _ in range(4))
        self.last = nn.Conv2d(width, 16, 3, padding=1)
        self.shuffle = nn.PixelShuffle(4)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            nn.init.zeros_(self.layers[3].weight)  # the last two layers begin by adding nothing
            nn.init.zeros_(self.layers[3].bias)
            nn.init.zeros_(self.straight.weight)
            nn.init.zeros_(self.straight.bias)
            for row in range(4):
                for column in range(4):  # each pixel begins as the one it lies in
                    self.straight.weight[4 * row + column, 0, 2 + row // 2, 2 + column // 2] = 1.0

    def forward(self, seen: Tensor) -> Tensor:
        x = self.bends[0](self.first(seen))
        x = self.bends[1](self.layers[0](x))
        x = self.bends[2](self.layers[1](x))
        x = x + self.layers[3](self.bends[3](self.layers[2](x)))
        return self.shuffle(self.straight(seen[:, :1]) + self.last(x))
