"""The person segmenter: one branch tells people from whatever else there is, another draws their outlines."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.layers import separable
from training.lite0 import Encoder, imagenet_weights
from training.person.selfie import Selfie, load_selfie

__all__ = ["PersonNet", "Sight"]


class Sight(nn.Module):
    """EfficientNet-Lite0 to stride 16 and a light decoder to stride 2.

    RGB (n, 3, H, W) in 0..1, H and W multiples of 16, to logits (n, 1, H/2, W/2).
    """

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
        self.deep = separable(96, 96)
        self.up = nn.ModuleList([separable(96 + 48, 48), separable(48 + 32, 32), separable(32 + 24, 24)])
        self.out = nn.Sequential(separable(24, 24), nn.Conv2d(24, 1, 1))

    def features(self, rgb: Tensor) -> Tensor:
        """What the last layer decides by, (n, 24, H/2, W/2)."""
        features = self.encoder(rgb)
        sides = [layer(f) for layer, f in zip(self.side, features, strict=True)]
        x = self.deep(sides[3] + self.scene(features[3]))
        for layer, skip in zip(self.up, sides[2::-1], strict=True):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = layer(torch.cat([x, skip], dim=1))
        return self.out[0](x)

    def forward(self, rgb: Tensor) -> Tensor:
        return self.out[1](self.features(rgb))


class PersonNet(nn.Module):
    """RGB (n, 3, H, W) in 0..1, H and W multiples of 16, to logits of people and of their outlines, (n, 1, H/2, W/2).

    For outlines the logits of both branches are added, and what follows from both together; they begin as MediaPipe's.
    """

    def __init__(self) -> None:
        super().__init__()
        self.sight, self.outline = Sight(), Selfie()
        self.drawn = nn.Conv2d(16, 1, 1)
        self.together = nn.Sequential(nn.Conv2d(24 + 16, 24, 1), nn.ReLU(), nn.Conv2d(24, 1, 1))

    def begin(self, models: Path) -> PersonNet:
        """Let the outlines start as MediaPipe's; `models` is the unpacked wheel."""
        selfie = load_selfie(models)
        self.outline.load_state_dict(selfie.state_dict())
        end = selfie.out
        assert end.bias is not None
        assert self.drawn.bias is not None
        with torch.no_grad():
            self.drawn.weight.copy_(end.weight.mean((2, 3)).T[..., None, None])
            self.drawn.bias.copy_(end.bias)
            for parameter in self.together[2].parameters():
                parameter.zero_()
        return self

    def trained(self) -> tuple[list[nn.Parameter], list[nn.Parameter]]:
        """Parameters of the outlines, which move slowly, and of what joins both branches; the sight is fixed."""
        self.sight.requires_grad_(False)
        self.outline.out.requires_grad_(False)
        slow = [p for p in self.outline.parameters() if p.requires_grad]
        return slow, [*self.drawn.parameters(), *self.together.parameters()]

    def forward(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        seen, drawn = self.sight.features(rgb), self.outline(rgb)
        sight = self.sight.out[1](seen)
        both = self.together(torch.cat([seen, drawn], dim=1))
        return sight, sight + self.drawn(drawn) + both
