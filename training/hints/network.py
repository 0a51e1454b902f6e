"""The network of hints: a small U-Net over the cells that says of each whether it is of the thing that a dot is on."""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from tinct.effects.colorize.extent import TOLD
from training.layers import separable

__all__ = ["ExtentNet"]

LOOKS: Final = 152
_SEEN: Final = 32  # of the encoder's features, after a mixing that is learned
_WIDTHS: Final = (24, 64, 96, 128)  # at strides of 1, 2, 4 and 8 cells


class _More(nn.Module):
    """A layer that only adds."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layer = separable(width, width, 5)

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, x + self.layer(x))


class ExtentNet(nn.Module):
    """Logits (n, 1, h, w) of being of the dot's thing.

    `told` (n, TOLD, h, w) is of each cell, h and w multiples of 8; `looks` (n, 152, h / 2, w / 2) the encoder's
    features, and `dot` (n, 152) those around the dot.
    """

    def __init__(self) -> None:
        super().__init__()
        a, b, c, d = _WIDTHS
        self.mix = nn.Conv2d(LOOKS, _SEEN, 1)
        self.first = nn.Sequential(
            nn.Conv2d(TOLD, a, 3, padding=1, bias=False), nn.BatchNorm2d(a), nn.ReLU(inplace=True), _More(a)
        )
        self.second = nn.Sequential(separable(a + 2 * _SEEN, b), _More(b))
        self.third = nn.Sequential(separable(b, c), _More(c))
        self.deep = nn.Sequential(separable(c, d), _More(d))
        self.scene = nn.Sequential(nn.Linear(2 * d, d), nn.ReLU(), nn.Linear(d, d))
        self.deeper = _More(d)
        self.up = nn.ModuleList([separable(d + c, c, 5), separable(c + b, b, 5), separable(b + a, a, 3)])
        self.out = nn.Sequential(_More(a), nn.Conv2d(a, 1, 1))

    def forward(self, told: Tensor, looks: Tensor, dot: Tensor) -> Tensor:
        one = self.first(told)
        seen = self.mix(looks)
        own = self.mix(dot[:, :, None, None])
        two = self.second(torch.cat([functional.avg_pool2d(one, 2), seen, (seen - own) ** 2], 1))
        three = self.third(functional.avg_pool2d(two, 2))
        x = self.deep(functional.avg_pool2d(three, 2))
        whole = torch.cat([x.mean(dim=(2, 3)), x.amax(dim=(2, 3))], 1)
        x = self.deeper(x + self.scene(whole)[:, :, None, None])
        for layer, skip in zip(self.up, (three, two, one), strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = layer(torch.cat([x, skip], 1))
        return cast(Tensor, self.out(x))
