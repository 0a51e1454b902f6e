"""Networks of the ncnn library as ONNX: a text of layers (``.param``) and their weights (``.bin``).

Covers the layers of networks that enlarge photos (RRDB, SPAN, SRVGG). Layer numbers: ncnn's operator table,
https://github.com/Tencent/ncnn/wiki/operators.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ModelError
from tinct.models.convert.graph import Graph

__all__ = ["to_onnx"]

_MAGIC = "7767517"
_HALF = 0x01306B47  # marks weights of 16-bit floats
_RELU, _LEAKY_RELU = 1, 2
_BINARY = ("Add", "Sub", "Mul", "Div", "Max", "Min")
_NEAREST, _BICUBIC = 1, 3


class _Weights:
    """Reads ``.bin`` from front to back."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def raw(self, count: int) -> NDArray[np.float32]:
        return self._take(count, "<f4")

    def tagged(self, count: int) -> NDArray[np.float32]:
        """Weights after a tag that tells their type, padded to 4 bytes."""
        (tag,) = self._take(1, "<u4")
        if tag == 0:
            return self.raw(count)
        if tag != _HALF:
            raise ModelError(f"weights of the type {tag:#x} are not supported")
        values = self._take(count, "<f2").astype(np.float32)
        self._at += -2 * count % 4
        return values

    def finish(self) -> None:
        """Check that nothing is left: the layers and the weights belong together."""
        if self._at != len(self._data):
            raise ModelError(f"{len(self._data) - self._at} bytes of weights belong to no layer")

    def _take(self, count: int, kind: str) -> NDArray[Any]:
        size = count * np.dtype(kind).itemsize
        if count < 0 or self._at + size > len(self._data):
            raise ModelError(f"the weights end at byte {len(self._data)}, in the middle of a layer")
        values = np.frombuffer(self._data, kind, count, self._at)
        self._at += size
        return values


@dataclass(frozen=True)
class _Layer:
    """A line of ``.param``."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: dict[int, str]

    def number(self, option: int, default: int = 0) -> int:
        return int(self.options.get(option, default))

    def floats(self, option: int) -> list[float]:
        """An array option: its count, then its values."""
        return [float(value) for value in self.options.get(option, "0").split(",")[1:]]


class _Writer:
    """The graph being built; names of the text become names of the graph."""

    def __init__(self, weights: bytes) -> None:
        self.graph, self.weights = Graph(), _Weights(weights)
        self.names: dict[str, str] = {}

    def inputs(self, layer: _Layer) -> list[str]:
        return [self.names[name] for name in layer.inputs]

    def add(self, op: str, inputs: list[str], **attributes: Any) -> str:
        return self.graph.add(op, inputs, **attributes)

    def constant(self, array: Any, kind: type = np.float32) -> str:
        return self.graph.constant(np.asarray(array, kind))


def to_onnx(param: str, weights: bytes) -> bytes:
    """Convert a network of one photo in, one photo out, both (1, 3, height, width), float32, any size.

    Raises
    ------
    ModelError
        A layer, an option or a type is not supported, or text and weights do not belong together.
    """
    layers = _layers(param)
    writer = _Writer(weights)
    for layer in layers:
        if layer.kind == "Split":
            for name in layer.outputs:
                writer.names[name] = writer.inputs(layer)[0]
            continue
        if layer.kind not in _KINDS:
            raise ModelError(f"layers of the kind {layer.kind!r} are not supported")
        writer.names[layer.outputs[0]] = _KINDS[layer.kind](writer, layer)
    writer.weights.finish()
    result = writer.graph.add("Identity", [writer.names[layers[-1].outputs[0]]], "result")
    return writer.graph.to_bytes(("rgb", (1, 3, "height", "width")), (result, (1, 3, "rows", "columns")))


def _layers(param: str) -> list[_Layer]:
    """Lines of ``kind name inputs outputs input... output... option=value...``."""
    lines = [line.split() for line in param.splitlines() if line.strip()]
    if len(lines) < 3 or lines[0] != [_MAGIC]:
        raise ModelError("the text does not describe a network of ncnn")
    found = []
    for kind, _, count_in, count_out, *rest in lines[2:]:
        first, last = int(count_in), int(count_in) + int(count_out)
        pairs = (option.split("=", 1) for option in rest[last:])
        options = {int(number): value for number, value in pairs}
        found.append(_Layer(kind, tuple(rest[:first]), tuple(rest[first:last]), options))
    return found


def _input(writer: _Writer, layer: _Layer) -> str:
    return "rgb"


def _memory_data(writer: _Writer, layer: _Layer) -> str:
    width, height, channels = (max(layer.number(option), 1) for option in (0, 1, 2))
    return writer.constant(writer.weights.raw(width * height * channels).reshape(1, channels, height, width))


def _convolution(writer: _Writer, layer: _Layer) -> str:
    count, side, pad = layer.number(0), layer.number(1), layer.number(4)
    if layer.number(2, 1) != 1 or layer.number(11, side) != side or layer.number(14, pad) != pad:
        raise ModelError("convolutions that are dilated or not square are not supported")
    kernel = writer.weights.tagged(layer.number(6)).reshape(count, -1, side, side)  # (out, in, side, side)
    inputs = [*writer.inputs(layer), writer.constant(kernel)]
    if layer.number(5):
        inputs.append(writer.constant(writer.weights.raw(count)))
    stride = layer.number(3, 1)
    output = writer.add("Conv", inputs, pads=[pad] * 4, strides=[stride, stride])
    activation = layer.number(9)
    if activation == _RELU:
        return writer.add("Relu", [output])
    if activation == _LEAKY_RELU:
        return writer.add("LeakyRelu", [output], alpha=layer.floats(-23310)[0])
    if activation:
        raise ModelError(f"the activation {activation} is not supported")
    return output


def _prelu(writer: _Writer, layer: _Layer) -> str:
    slopes = writer.weights.raw(layer.number(0)).reshape(-1, 1, 1)  # one a channel
    return writer.add("PRelu", [*writer.inputs(layer), writer.constant(slopes)])


def _sigmoid(writer: _Writer, layer: _Layer) -> str:
    return writer.add("Sigmoid", writer.inputs(layer))


def _swish(writer: _Writer, layer: _Layer) -> str:
    (value,) = writer.inputs(layer)
    return writer.add("Mul", [value, writer.add("Sigmoid", [value])])


def _binary(writer: _Writer, layer: _Layer) -> str:
    inputs = writer.inputs(layer)
    if layer.number(1):
        inputs.append(writer.constant(float(layer.options.get(2, "0"))))
    if layer.number(0) >= len(_BINARY):
        raise ModelError(f"the operation {layer.number(0)} is not supported")
    return writer.add(_BINARY[layer.number(0)], inputs)


def _weighted_sum(writer: _Writer, layer: _Layer) -> str:
    if layer.number(0) != 1:
        raise ModelError("only sums are supported of the layers called Eltwise")
    inputs = writer.inputs(layer)
    shares = layer.floats(-23301) or [1.0] * len(inputs)
    terms = [
        value if share == 1 else writer.add("Mul", [value, writer.constant(share)])
        for value, share in zip(inputs, shares, strict=True)
    ]
    return writer.add("Sum", terms)


def _concat(writer: _Writer, layer: _Layer) -> str:
    return writer.add("Concat", writer.inputs(layer), axis=1)


def _pixel_shuffle(writer: _Writer, layer: _Layer) -> str:
    return writer.add("DepthToSpace", writer.inputs(layer), blocksize=layer.number(0), mode="CRD")


def _resize(writer: _Writer, layer: _Layer) -> str:
    scales = [1.0, 1.0, *(float(layer.options[option]) for option in (1, 2))]
    inputs = [*writer.inputs(layer), "", writer.constant(scales)]
    if layer.number(0) == _NEAREST:
        how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return writer.add("Resize", inputs, mode="nearest", **how)
    if layer.number(0) == _BICUBIC:
        return writer.add("Resize", inputs, mode="cubic", coordinate_transformation_mode="half_pixel")
    raise ModelError(f"the resampling {layer.number(0)} is not supported")


_KINDS: dict[str, Callable[[_Writer, _Layer], str]] = {
    "BinaryOp": _binary,
    "Concat": _concat,
    "Convolution": _convolution,
    "Eltwise": _weighted_sum,
    "Input": _input,
    "Interp": _resize,
    "MemoryData": _memory_data,
    "PReLU": _prelu,
    "PixelShuffle": _pixel_shuffle,
    "Sigmoid": _sigmoid,
    "Swish": _swish,
}
