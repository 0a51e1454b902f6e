"""Operations of TensorFlow graphs: convolutions, pooling, resizing and dense layers, with fused activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ModelError
from tinct.models.convert.tensors import Builder, Tensor, Value, known
from tinct.models.convert.tfjs_math import Operation
from tinct.models.convert.tfjs_node import Node

__all__ = ["OPERATIONS"]

Pair = tuple[int, int]


def _convolution(build: Builder, node: Node, inputs: list[Value]) -> Value:
    kernel = known(inputs[1]).transpose(3, 2, 0, 1)  # (h, w, in, out) -> (out, in, h, w)
    return _fused(build, node, inputs, _convolve(build, node, inputs[0], kernel, 1))


def _depthwise(build: Builder, node: Node, inputs: list[Value]) -> Value:
    kernel = known(inputs[1])  # (h, w, in, times)
    height, width, channels, times = kernel.shape
    each = kernel.transpose(2, 3, 0, 1).reshape(channels * times, 1, height, width)
    return _fused(build, node, inputs, _convolve(build, node, inputs[0], each, channels))


def _convolve(build: Builder, node: Node, value: Value, kernel: NDArray[Any], groups: int) -> Value:
    strides, dilations = _pair(node.integers("strides")), _pair(node.integers("dilations") or [1] * 4)
    sides = [(side - 1) * step + 1 for side, step in zip(kernel.shape[2:], dilations, strict=True)]
    sizes, pads = _window(node, value.shape[1:3], sides, strides)
    result = build.emit(
        "Conv",
        [build.channels_first(value), np.ascontiguousarray(kernel)],
        (value.shape[0], kernel.shape[0], *sizes),
        strides=strides,
        dilations=dilations,
        pads=pads,
        group=groups,
    )
    return build.channels_last(result)


def _transposed_convolution(build: Builder, node: Node, inputs: list[Value]) -> Value:
    batch, *sizes, channels = (int(size) for size in known(inputs[0]))
    kernel = known(inputs[1])  # (h, w, out, in)
    value, strides = inputs[2], _pair(node.integers("strides"))
    if node.text("padding") != "VALID":
        raise ModelError("transposed convolutions with padding are not supported")
    grown = [(s - 1) * t + k for s, t, k in zip(value.shape[1:3], strides, kernel.shape[:2], strict=True)]
    result = build.emit(
        "ConvTranspose",
        [build.channels_first(value), np.ascontiguousarray(kernel.transpose(3, 2, 0, 1))],
        (batch, channels, *sizes),
        strides=strides,
        output_padding=[want - have for want, have in zip(sizes, grown, strict=True)],
    )
    return build.channels_last(result)


def _pool(build: Builder, node: Node, inputs: list[Value]) -> Value:
    (value,) = inputs
    sides, strides = _pair(node.integers("ksize")), _pair(node.integers("strides"))
    sizes, pads = _window(node, value.shape[1:3], sides, strides)
    result = build.emit(
        {"AvgPool": "AveragePool"}.get(node.op, node.op),
        [build.channels_first(value)],
        (value.shape[0], value.shape[3], *sizes),
        kernel_shape=sides,
        strides=strides,
        pads=pads,
    )
    return build.channels_last(result)


def _pad(build: Builder, node: Node, inputs: list[Value]) -> Value:
    value, around = inputs[0], known(inputs[1]).astype(np.int64)  # (axes, before and after)
    if not isinstance(value, Tensor):
        return np.pad(value, around)
    sizes = [size + int(added) for size, added in zip(value.shape, around.sum(axis=1), strict=True)]
    return build.emit("Pad", [value, np.ascontiguousarray(around.T).ravel()], sizes)


def _depth_to_space(build: Builder, node: Node, inputs: list[Value]) -> Value:
    (value,) = inputs
    side = node.integer("block_size")
    batch, height, width, channels = value.shape
    result = build.emit(
        "DepthToSpace",
        [build.channels_first(value)],
        (batch, channels // side**2, height * side, width * side),
        blocksize=side,
        mode="DCR",
    )
    return build.channels_last(result)


def _resize(build: Builder, node: Node, inputs: list[Value]) -> Value:
    value, (height, width) = inputs[0], (int(side) for side in known(inputs[1]))
    places = "half_pixel" if node.flag("half_pixel_centers") else "asymmetric"
    size = (value.shape[0], value.shape[3], height, width)
    result = build.emit(
        "Resize",
        [build.channels_first(value), None, None, np.array(size, np.int64)],
        size,
        mode="linear",
        coordinate_transformation_mode="align_corners" if node.flag("align_corners") else places,
    )
    return build.channels_last(result)


def _dense(build: Builder, node: Node, inputs: list[Value]) -> Value:
    value, matrix = inputs[0], known(inputs[1])
    if node.flag("transpose_a"):
        raise ModelError("dense layers with a transposed input are not supported")
    table = np.ascontiguousarray(matrix.T) if node.flag("transpose_b") else matrix
    return _fused(build, node, inputs, build.emit("MatMul", [value, table], (value.shape[0], table.shape[1])))


def _fused(build: Builder, node: Node, inputs: list[Value], value: Value) -> Value:
    """Add the bias and the activation that the node brings along."""
    for op in node.words("fused_ops"):
        if op == "BiasAdd":
            value = build.emit("Add", [value, inputs[2]], value.shape)
        elif op == "Relu":
            value = build.emit("Relu", [value], value.shape)
        elif op == "Relu6":
            value = build.emit("Clip", [value, np.array(0, np.float32), np.array(6, np.float32)], value.shape)
        else:
            raise ModelError(f"the activation {op!r} is not supported")
    return value


def _window(
    node: Node, sizes: Sequence[int], sides: Sequence[int], strides: Sequence[int]
) -> tuple[Pair, list[int]]:
    """Size of the result and padding (top, left, bottom, right) of a window that slides over (h, w)."""
    if node.text("padding") == "VALID":
        rows, columns = (
            (size - side) // step + 1 for size, side, step in zip(sizes, sides, strides, strict=True)
        )
        return (rows, columns), [0] * 4
    if node.text("padding") != "SAME":
        raise ModelError(f"the padding {node.text('padding')!r} is not supported")
    rows, columns = (-(-size // step) for size, step in zip(sizes, strides, strict=True))
    pads = [
        max((count - 1) * step + side - size, 0)
        for count, step, side, size in zip((rows, columns), strides, sides, sizes, strict=True)
    ]
    return (rows, columns), [pad // 2 for pad in pads] + [pad - pad // 2 for pad in pads]


def _pair(values: Sequence[int]) -> Pair:
    """Height and width of a list for (n, h, w, c)."""
    return values[1], values[2]


OPERATIONS: dict[str, Operation] = {
    "AvgPool": _pool,
    "Conv2D": _convolution,
    "Conv2DBackpropInput": _transposed_convolution,
    "DepthwiseConv2dNative": _depthwise,
    "DepthToSpace": _depth_to_space,
    "FusedDepthwiseConv2dNative": _depthwise,
    "MatMul": _dense,
    "MaxPool": _pool,
    "Pad": _pad,
    "ResizeBilinear": _resize,
    "_FusedConv2D": _convolution,
    "_FusedMatMul": _dense,
}
