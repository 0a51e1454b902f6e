"""The colorizer: EfficientNet-Lite0 on luminance, a feature pyramid to stride 4, and a distribution over chroma.

Three inputs, so that people can steer what the photo alone does not say:

- ``light`` (n, 1, H, W): CIELAB L* / 100;
- ``hints`` (n, 3, H/4, W/4): a* / 110, b* / 110 of known points, and 1 where one is known;
- ``mood`` (n, 4): a* / 110, b* / 110 and chroma / 110 averaged over the photo, and 1 if they are given.

Output: logits over chroma classes (n, q, H/4, W/4). H and W are multiples of 32.

Beside the pyramid, `Scene` lets the cells of stride 32 and a few colour queries look at each other, as in DDColor (Kang
et al. 2023), and tells the pyramid what the photo as a whole is. All that came after the first network is added to it
through layers that begin at zero, so training can go on from the weights of a network without them.
"""

from __future__ import annotations

from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from training.lite0 import Encoder, imagenet_weights

__all__ = ["Colorizer", "no_steering", "take_weights"]

WIDTH = 96
ALL = (slice(None), slice(None))
_DEPTHS = (1, 2, 2, 2)  # layers at strides 4, 8, 16, 32
_SCENE = 256  # channels of a cell or query that looks at others
_BLOCKS = 3
_QUERIES = 8
_HEADS = 8


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


def _zero(layer: nn.Module) -> nn.Module:
    """The same layer, saying nothing yet."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)
    return layer


class _Look(nn.Module):
    """Tokens (n, t, c) look at others (n, s, k), with `_HEADS` heads; (n, t, c)."""

    def __init__(self, width: int, other: int) -> None:
        super().__init__()
        self.ask = nn.Linear(width, width)
        self.offer = nn.Linear(other, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: Tensor, others: Tensor) -> Tensor:
        n, _, width = x.shape

        def heads(tokens: Tensor) -> Tensor:
            return tokens.reshape(n, -1, _HEADS, width // _HEADS).transpose(1, 2)

        keys, values = self.offer(others).chunk(2, dim=-1)
        # Written out: with so few tokens the fused operator takes ten times as long on a CPU.
        alike = heads(self.ask(x)) @ heads(keys).transpose(2, 3) * (width // _HEADS) ** -0.5
        found = torch.softmax(alike, -1) @ heads(values)
        return cast(Tensor, self.out(found.transpose(1, 2).reshape(n, -1, width)))


class _SceneBlock(nn.Module):
    """Attention, then two layers for each token; both only add."""

    def __init__(self) -> None:
        super().__init__()
        self.before_look, self.look = nn.LayerNorm(_SCENE), _Look(_SCENE, _SCENE)
        self.think = nn.Sequential(
            nn.LayerNorm(_SCENE), nn.Linear(_SCENE, 4 * _SCENE), nn.GELU(), nn.Linear(4 * _SCENE, _SCENE)
        )

    def forward(self, x: Tensor) -> Tensor:
        normal = self.before_look(x)
        x = x + self.look(normal, normal)
        return cast(Tensor, x + self.think(x))


class Scene(nn.Module):
    """Cells of stride 32 and colour queries look at each other.

    Returns what to add to the pyramid at stride 32, (n, width, h, w), and the queries (n, `_QUERIES`, `_SCENE`).
    """

    def __init__(self, inside: int, width: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(inside, _SCENE, 1)
        self.near = nn.Conv2d(_SCENE, _SCENE, 3, padding=1, groups=_SCENE)
        self.queries = nn.Parameter(torch.randn(1, _QUERIES, _SCENE) * 0.5)
        self.blocks = nn.Sequential(*(_SceneBlock() for _ in range(_BLOCKS)))
        self.norm = nn.LayerNorm(_SCENE)
        self.leave = _zero(nn.Linear(_SCENE, width))

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        cells = self.enter(features)
        cells = cells + self.near(cells)
        n, _, h, w = cells.shape
        tokens = torch.cat([self.queries.expand(n, -1, -1), cells.flatten(2).transpose(1, 2)], 1)
        tokens = self.norm(self.blocks(tokens))
        queries, cells = tokens[:, :_QUERIES], self.leave(tokens[:, _QUERIES:])
        return cells.transpose(1, 2).reshape(n, -1, h, w), queries


class _Wide(nn.Module):
    """An inverted residual that only adds."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, 3 * width, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(3 * width, 3 * width, 5, padding=2, groups=3 * width, bias=False),
            nn.BatchNorm2d(3 * width),
            nn.ReLU(inplace=True),
            _zero(nn.Conv2d(3 * width, width, 1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return cast(Tensor, x + self.layers(x))


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
        self.whole = Scene(widths[-1], width)
        self.ask = _Look(width, _SCENE)
        _zero(self.ask.out)
        self.wide = nn.ModuleList([nn.Identity(), _Wide(width), _Wide(width), _Wide(width)])

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
        whole, queries = self.whole(features[3])
        x = self.refine[3](self.side[3](features[3]) + self.hint[3](known[3]) + told + whole)
        x = self.wide[3](x)
        for level in (2, 1, 0):
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = self.refine[level](x + self.side[level](features[level]) + self.hint[level](known[level]))
            x = self.wide[level](x)
            if level == 1:
                x = x + self._asked(x, queries)
        logits: Tensor = self.out[1](self.out[0](x)[:, :, *every])
        return logits

    def looks(self, features: list[Tensor]) -> Tensor:
        """What tells things apart (n, c, H/8, W/8): features of strides 8 and 16, each of mean 0 and mean square 1."""
        coarse = functional.interpolate(features[2], scale_factor=2.0, mode="bilinear", align_corners=False)
        parts = []
        for seen in (features[1], coarse):
            centred = seen - seen.mean((2, 3), keepdim=True)
            square = (centred * centred).sum(1, keepdim=True).mean((2, 3), keepdim=True)
            parts.append(centred * torch.rsqrt(square + 1e-6))
        return torch.cat(parts, 1)

    def _asked(self, x: Tensor, queries: Tensor) -> Tensor:
        """What the colour queries say to each cell of `x` (n, width, h, w)."""
        n, width, h, w = x.shape
        cells = x.flatten(2).transpose(1, 2)
        return cast(Tensor, self.ask(cells, queries)).transpose(1, 2).reshape(n, width, h, w)

    def forward(self, light: Tensor, hints: Tensor, mood: Tensor) -> Tensor:
        """Logits; see the module."""
        return self.decode(self.features(light), hints, mood)


def no_steering(light: Tensor) -> tuple[Tensor, Tensor]:
    """Hints and mood that say nothing, for `light` (n, 1, H, W)."""
    n, _, height, width = light.shape
    return light.new_zeros(n, 3, height // 4, width // 4), light.new_zeros(n, 4)


def take_weights(net: Colorizer, path: Path) -> list[str]:
    """Give `net` the weights of an exported network; returns the names of the parameters that it lacks.

    In the file, batch norms are folded into their convolutions. Here they are unfolded again: a convolution takes what
    remains after its own batch norm, as it stands, is divided out. Those of the decoder then have to be measured.
    """
    import numpy as np
    import onnx

    graph = onnx.load(str(path)).graph
    stored = {
        item.name: torch.from_numpy(np.array(onnx.numpy_helper.to_array(item))) for item in graph.initializer
    }
    state = net.state_dict()
    left = {name for name, _ in net.named_parameters()}
    for name in left & {key.removeprefix("net.") for key in stored}:
        state[name].copy_(stored[f"net.{name}"])
    left -= {key.removeprefix("net.") for key in stored}
    for node in graph.node:
        module = _module(node.name)
        known = node.op_type in ("Conv", "MatMul") and node.input[1] in stored
        if not known or f"{module}.weight" not in left:
            continue
        if node.op_type == "MatMul":  # of a linear layer
            state[f"{module}.weight"].copy_(stored[node.input[1]].T)
            left.remove(f"{module}.weight")
            continue
        norm = _norm_of(module)
        weight, bias = stored[node.input[1]], stored[node.input[2]]
        deviation = torch.sqrt(state[f"{norm}.running_var"] + _epsilon(net, norm))
        scale = state[f"{norm}.weight"] / deviation
        usable = scale.abs() > 1e-4
        state[f"{norm}.weight"][~usable] = deviation[~usable]
        scale = torch.where(usable, scale, torch.ones_like(scale))
        state[f"{module}.weight"].copy_(weight / scale[:, None, None, None])
        state[f"{norm}.bias"].copy_(bias + state[f"{norm}.running_mean"] * scale)
        left -= {f"{module}.weight", f"{norm}.weight", f"{norm}.bias"}
    return sorted(left)


def _module(node: str) -> str:
    """``encoder._blocks.0._expand_conv`` of the node ``/net/encoder/_blocks.0/_expand_conv/Conv``, or without ``/net``.

    A module in a sequence repeats the name of the sequence: ``/refine.3/refine.3.0/refine.3.0.1/Conv``.
    """
    path: list[str] = []
    for step in node.removeprefix("/net").split("/")[1:-1]:
        if path and step.startswith(path[-1] + "."):
            path.pop()
        path.append(step)
    return ".".join(path)


def _norm_of(convolution: str) -> str:
    """The batch norm behind a convolution."""
    parent, name = convolution.rsplit(".", 1)
    block = {"_expand_conv": "_bn0", "_depthwise_conv": "_bn1", "_project_conv": "_bn2", "_conv_stem": "_bn0"}
    return f"{parent}.{block[name] if name in block else int(name) + 1}"


def _epsilon(net: nn.Module, norm: str) -> float:
    return cast(nn.BatchNorm2d, net.get_submodule(norm)).eps
