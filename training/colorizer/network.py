"""The colorizer: EfficientNet-Lite0 on luminance, a feature pyramid to stride 4, and a distribution over chroma.

Three inputs, so that people can steer what the photo alone does not say:

- ``light`` (n, 1, H, W): CIELAB L* / 100;
- ``hints`` (n, 3, H/4, W/4): a* / 110, b* / 110 of known points, and 1 where one is known;
- ``mood`` (n, 4): a* / 110, b* / 110 and chroma / 110 averaged over the photo, and 1 if they are given.

Output: logits over chroma classes (n, q, H/4, W/4). H and W are multiples of 32.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from training.lite0 import Encoder, imagenet_weights

__all__ = ["Colorizer", "no_steering"]

WIDTH = 96
ALL = (slice(None), slice(None))
_DEPTHS = (1, 2, 2, 2)  # layers at strides 4, 8, 16, 32


def _layer(width: int) -> nn.Sequential:
    """Depthwise-separable 3x3."""
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
        nn.Conv2d(width, width, 1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


def _coarser(hints: Tensor) -> Tensor:
    """Hints at half the size: the mean of the known points in each cell."""
    pooled = functional.avg_pool2d(hints, 2)
    return pooled / pooled[:, 2:].clamp(min=1e-3) * (pooled[:, 2:] > 0)


class Colorizer(nn.Module):
    """See the module; `bins` (q, 2) are the chroma classes, kept with the weights."""

    bins: Tensor

    def __init__(self, bins: Tensor, pretrained: bool = False, width: int = WIDTH) -> None:
        super().__init__()
        self.register_buffer("bins", bins)
        self.encoder = Encoder()
        if pretrained:
            weights = imagenet_weights()
            self.encoder.load_state_dict({name: weights[name] for name in self.encoder.state_dict()})
        widths = self.encoder.channels[1:]  # strides 4, 8, 16, 32
        self.side = nn.ModuleList(nn.Conv2d(c, width, 1) for c in widths)
        self.scene = nn.Linear(widths[-1], width)
        self.mood = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, width))
        self.hint = nn.ModuleList(nn.Conv2d(3, width, 3, padding=1) for _ in _DEPTHS)
        self.refine = nn.ModuleList(nn.Sequential(*(_layer(width) for _ in range(d))) for d in _DEPTHS)
        self.out = nn.Sequential(_layer(width), nn.Conv2d(width, len(bins), 1))

    def features(self, light: Tensor) -> list[Tensor]:
        """What the encoder sees at strides 4, 8, 16 and 32; it is not trained at first."""
        seen: list[Tensor] = self.encoder(light.expand(-1, 3, -1, -1))
        return seen[1:]

    def decode(
        self, features: list[Tensor], hints: Tensor, mood: Tensor, every: tuple[slice, slice] = ALL
    ) -> Tensor:
        """Logits (n, q, H/4, W/4) from features; only for the rows and columns in `every`."""
        known = [hints]
        for _ in _DEPTHS[1:]:
            known.append(_coarser(known[-1]))
        told = (self.scene(features[3].mean((2, 3))) + self.mood(mood))[:, :, None, None]
        x = self.refine[3](self.side[3](features[3]) + self.hint[3](known[3]) + told)
        for level in (2, 1, 0):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.refine[level](x + self.side[level](features[level]) + self.hint[level](known[level]))
        logits: Tensor = self.out[1](self.out[0](x)[:, :, *every])
        return logits

    def forward(self, light: Tensor, hints: Tensor, mood: Tensor) -> Tensor:
        """Logits; see the module."""
        return self.decode(self.features(light), hints, mood)


def no_steering(light: Tensor) -> tuple[Tensor, Tensor]:
    """Hints and mood that say nothing, for `light` (n, 1, H, W)."""
    n, _, height, width = light.shape
    return light.new_zeros(n, 3, height // 4, width // 4), light.new_zeros(n, 4)
