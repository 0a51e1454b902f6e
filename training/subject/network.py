"""The subject segmenter: EfficientNet-Lite0 to stride 32 and a light decoder to stride 4, told apart to stride 2."""

from __future__ import annotations

from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.layers import separable
from training.lite0 import Encoder, imagenet_weights

__all__ = ["SubjectNet"]

_FIXED: Final = 5
"""Blocks of the encoder that keep ImageNet's weights: they see edges and textures, and cost most to train; then
bfloat16 is exact enough for them."""
_TAPS: Final = (2, 4, 10, 15)
"""Blocks whose features the decoder sees."""
_WIDTHS: Final = (32, 48, 64, 96)  # at strides 4, 8, 16, 32


class SubjectNet(nn.Module):
    """RGB (n, 3, H, W) in 0..1, H and W multiples of 32, to logits (n, 1, H/2, W/2)."""

    def __init__(self, pretrained: bool = False) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.encoder._blocks[_FIXED].register_forward_pre_hook(lambda _, seen: (seen[0].float(),))
        if pretrained:
            weights = imagenet_weights()
            self.encoder.load_state_dict({k: weights[k] for k in self.encoder.state_dict()})
        self.side = nn.ModuleList(
            nn.Conv2d(c, w, 1) for c, w in zip(self.encoder.channels[1:], _WIDTHS, strict=True)
        )
        deep = _WIDTHS[-1]
        self.scene = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(320, deep, 1), nn.ReLU(), nn.Conv2d(deep, deep, 1)
        )
        self.deep = nn.Sequential(separable(deep, deep, 5), separable(deep, deep, 5))
        a, b, c, d = _WIDTHS
        self.up = nn.ModuleList([separable(d + c, c, 5), separable(c + b, b, 5), separable(b + a, a)])
        self.out = nn.Sequential(separable(a, a), nn.Conv2d(a, 4, 1), nn.PixelShuffle(2))

    def trained(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Parameters of the encoder and of the decoder that training moves; the others are fixed."""
        fixed = [self.encoder._conv_stem, self.encoder._bn0, *self.encoder._blocks[:_FIXED]]
        for module in fixed:
            module.requires_grad_(False)
        slow = [p for p in self.encoder.parameters() if p.requires_grad]
        return slow, [p for name, p in self.named_parameters() if not name.startswith("encoder.")]

    def forward(self, rgb: Tensor) -> Tensor:
        walk = self.encoder._walk(rgb)
        with torch.no_grad(), torch.autocast(rgb.device.type, torch.bfloat16, enabled=self.training):
            seen = [next(walk) for _ in range(_FIXED)]
        seen += walk
        features = [seen[number].float() for number in _TAPS]
        sides = [layer(f) for layer, f in zip(self.side, features, strict=True)]
        x = self.deep(sides[3] + self.scene(features[3]))
        for layer, skip in zip(self.up, sides[2::-1], strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = layer(torch.cat([x, skip], dim=1))
        return cast(Tensor, self.out(x))
