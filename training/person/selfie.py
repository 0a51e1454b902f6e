"""MediaPipe's selfie segmentation (Apache-2.0, package ``mediapipe==0.10.14``) as a PyTorch network.

A MobileNetV3-like encoder to stride 16 and a decoder with gated skips; 256 pixels, and any other multiple of 16. Its
weights, stored as halves, are where the outline branch of :mod:`training.person.network` starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.lite0 import Conv

__all__ = ["MODEL", "Selfie", "load_selfie"]

MODEL = "mediapipe/modules/selfie_segmentation/selfie_segmentation.tflite"
"""Where the weights lie in the unpacked wheel."""


def _pooled(x: Tensor) -> Tensor:
    return x.mean((2, 3), keepdim=True)


class _Gate(nn.Module):
    """Squeeze and excitation: a factor in 0..1 for each channel, (n, c, 1, 1)."""

    def __init__(self, channels: int, middle: int) -> None:
        super().__init__()
        self.squeeze, self.excite = nn.Conv2d(channels, middle, 1), nn.Conv2d(middle, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.excite(functional.relu(self.squeeze(_pooled(x)))))


class _Block(nn.Module):
    """Inverted residual: expand, depthwise, gate, project."""

    def __init__(self, inside: int, middle: int, outside: int, kernel: int, stride: int, gate: int) -> None:
        super().__init__()
        self.expand = nn.Conv2d(inside, middle, 1)
        self.depthwise = Conv(middle, middle, kernel, stride, groups=middle)
        self.gate = _Gate(middle, gate) if gate else None
        self.project = nn.Conv2d(middle, outside, 1)
        self.act: Callable[[Tensor], Tensor] = functional.hardswish if kernel == 5 else functional.relu
        self.residual = stride == 1

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.depthwise(self.act(self.expand(x))))
        if self.gate is not None:
            y = y * self.gate(y)
        y = self.project(y)
        return x + y if self.residual else y


class _Up(nn.Module):
    """Twice the size, joined with what the encoder saw there."""

    def __init__(self, inside: int, channels: int) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inside, channels, 1)
        self.gate = _Gate(channels, channels)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.depthwise = Conv(channels, channels, 3, groups=channels)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        x = self.narrow(x)
        x = functional.relu(self.mix(skip * self.gate(skip + x) + x))
        return x + functional.relu(self.depthwise(x))


class Selfie(nn.Module):
    """RGB (n, 3, H, W) in 0..1 to features (n, 16, H/2, W/2); `out` makes logits (n, 1, H, W) of them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv(3, 16, 3, 2)
        self.blocks = nn.ModuleList(
            [
                _Block(16, 16, 16, 3, 2, 8),
                _Block(16, 72, 24, 3, 2, 0),
                _Block(24, 88, 24, 3, 1, 0),
                _Block(24, 96, 32, 5, 2, 24),
                _Block(32, 128, 32, 5, 1, 32),
                _Block(32, 128, 32, 5, 1, 32),
                _Block(32, 96, 32, 5, 1, 24),
                _Block(32, 96, 32, 5, 1, 24),
            ]
        )
        self.deep, self.scene = nn.Conv2d(32, 128, 1), nn.Conv2d(32, 128, 1)
        self.up = nn.ModuleList([_Up(128, 24), _Up(24, 16), _Up(16, 16)])
        self.out = nn.ConvTranspose2d(16, 1, 2, 2)

    def forward(self, rgb: Tensor) -> Tensor:
        x = functional.hardswish(self.stem(rgb))
        skips = [x]
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number in (0, 2):
                skips.append(x)
        x = functional.relu(self.deep(x)) * torch.sigmoid(self.scene(_pooled(x)))
        for layer, skip in zip(self.up, skips[::-1], strict=True):
            x = layer(x, skip)
        return x


def load_selfie(folder: Path) -> Selfie:
    """The network with MediaPipe's weights; `folder` is the unpacked wheel."""
    net = Selfie()
    layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers, _weights((folder / MODEL).read_bytes()), strict=True):
            turned = torch.from_numpy(weight)  # (out, h, w, in); depthwise (1, h, w, channels)
            depthwise = isinstance(layer, nn.ConvTranspose2d) or layer.groups > 1
            turned = turned.permute(3, 0, 1, 2) if depthwise else turned.permute(0, 3, 1, 2)
            assert turned.shape == layer.weight.shape, (turned.shape, layer.weight.shape)
            layer.weight.copy_(turned)
            assert layer.bias is not None
            layer.bias.copy_(torch.from_numpy(bias))
    return net


def _weights(data: bytes) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """Weight and bias of each convolution, in the order of execution."""
    import tflite

    model = tflite.Model.GetRootAsModel(data, 0)
    graph = model.Subgraphs(0)
    halves = {}
    for number in range(graph.OperatorsLength()):
        step = graph.Operators(number)
        code = model.OperatorCodes(step.OpcodeIndex())
        kind = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        if kind == tflite.BuiltinOperator.DEQUANTIZE:
            halves[step.Outputs(0)] = step.Inputs(0)
        elif step.InputsLength() == 3:
            yield tuple(_tensor(model, graph, halves, step.Inputs(place)) for place in (1, 2))  # type: ignore[misc]


def _tensor(model: object, graph: object, halves: dict[int, int], number: int) -> NDArray[np.float32]:
    tensor = graph.Tensors(halves.get(number, number))  # type: ignore[attr-defined]
    stored = model.Buffers(tensor.Buffer()).DataAsNumpy()  # type: ignore[attr-defined]
    kind = np.float16 if number in halves else np.float32
    return np.frombuffer(stored.tobytes(), kind).reshape(tensor.ShapeAsNumpy()).astype(np.float32)
