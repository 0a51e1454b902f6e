"""The person segmenter: EfficientNet-Lite0 to stride 16 and a light decoder to stride 2."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lite0 import Encoder, imagenet_weights

__all__ = ["PersonNet"]


def _refine(inside: int, outside: int) -> nn.Sequential:
    """Depthwise-separable 3x3."""
    return nn.Sequential(
        nn.Conv2d(inside, inside, 3, padding=1, groups=inside, bias=False),
        nn.Conv2d(inside, outside, 1, bias=False),
        nn.BatchNorm2d(outside),
        nn.ReLU(inplace=True),
    )


class PersonNet(nn.Module):
    """RGB (n, 3, H, W) in 0..1, H and W multiples of 16, to logits (n, 1, H/2, W/2)."""

    def __init__(self, pretrained: bool = False) -> None:
        super().__init__()
        self.encoder = Encoder(deep=False)
        if pretrained:
            weights = imagenet_weights()
            self.encoder.load_state_dict({k: weights[k] for k in self.encoder.state_dict()})
        widths = (24, 32, 48, 96)
        self.side = nn.ModuleList(
            nn.Conv2d(c, w, 1) for c, w in zip(self.encoder.channels, widths, strict=True)
        )
        self.scene = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(112, 96, 1), nn.ReLU(), nn.Conv2d(96, 96, 1)
        )
        self.deep = _refine(96, 96)
        self.up = nn.ModuleList([_refine(96 + 48, 48), _refine(48 + 32, 32), _refine(32 + 24, 24)])
        self.out = nn.Sequential(_refine(24, 24), nn.Conv2d(24, 1, 1))

    def forward(self, rgb: Tensor) -> Tensor:
        features = self.encoder(rgb)
        sides = [layer(f) for layer, f in zip(self.side, features, strict=True)]
        x = self.deep(sides[3] + self.scene(features[3]))
        for layer, skip in zip(self.up, sides[2::-1], strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = layer(torch.cat([x, skip], dim=1))
        return self.out(x)
