"""Begin a network from an ONNX file in which batch norms are folded into their convolutions."""

from __future__ import annotations

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

__all__ = ["take_over"]


def take_over(net: nn.Module, data: bytes, *, last: bool) -> None:
    """Copy the convolutions of a file, in the order in which they are computed, into those of `net`.

    Parameters
    ----------
    net : Module
        Takes RGB (n, 3, H, W); its norms become what is left of them, a factor of one and a bias.
    data : bytes
        Of the file; it may compute more after them.
    last : bool
        Whether the last convolution is taken over too.

    Raises
    ------
    ValueError
        The file holds other layers.
    """
    mine = list(_pairs(net))
    mine = mine if last else mine[:-1]
    convolutions = _convolutions(onnx.load_from_string(data))
    if len(convolutions) < len(mine):
        raise ValueError(f"{len(convolutions)} convolutions where {len(mine)} are needed")
    for (layer, norm), (weight, bias) in zip(mine, convolutions, strict=False):
        if layer.weight.shape != weight.shape:
            raise ValueError(f"a layer of {tuple(weight.shape)} where {tuple(layer.weight.shape)} is needed")
        layer.weight.data.copy_(weight)
        if norm is None:
            if layer.bias is not None:
                layer.bias.data.copy_(bias)
            continue
        assert norm.running_mean is not None
        assert norm.running_var is not None
        norm.running_mean.zero_()
        norm.running_var.fill_(1 - norm.eps)
        norm.weight.data.fill_(1)
        norm.bias.data.copy_(bias)


def _convolutions(model: onnx.ModelProto) -> list[tuple[Tensor, Tensor]]:
    """Weight and bias of each convolution, in the order in which they are computed."""
    stored = {
        weight.name: torch.from_numpy(numpy_helper.to_array(weight).copy())
        for weight in model.graph.initializer
    }
    found = []
    for node in model.graph.node:
        if node.op_type == "Conv":
            weight = stored[node.input[1]]
            found.append(
                (weight, stored[node.input[2]] if len(node.input) > 2 else torch.zeros(weight.shape[0]))
            )
    return found


def _pairs(net: nn.Module) -> list[tuple[nn.Conv2d, nn.BatchNorm2d | None]]:
    """Each convolution and the batch norm behind it, in the order in which a forward pass reaches them."""
    seen: list[tuple[nn.Conv2d, nn.BatchNorm2d | None]] = []

    def reached(layer: nn.Module, *_: object) -> None:
        if isinstance(layer, nn.Conv2d):
            seen.append((layer, None))
        elif isinstance(layer, nn.BatchNorm2d):
            seen[-1] = (seen[-1][0], layer)

    hooks = [layer.register_forward_hook(reached) for layer in net.modules()]
    mode = net.training
    net.train()  # with fixed statistics a norm is part of its convolution, and is not called
    with torch.no_grad():
        net(torch.zeros(2, 3, 32, 32))
    net.train(mode)
    for hook in hooks:
        hook.remove()
    return seen
