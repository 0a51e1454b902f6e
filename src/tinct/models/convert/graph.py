"""Build an ONNX graph and write it.

ONNX files are protocol buffers; the few messages that networks need are written here, so that converting needs no
further library and the same weights give the same bytes everywhere. Field numbers: ``onnx.proto3`` of ONNX 1.17.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["TYPES", "Attribute", "Graph", "with_outputs"]

_OPSET, _IR_VERSION = 18, 9
TYPES = {"float32": 1, "float16": 10, "int32": 6, "int64": 7, "bool": 9}
"""TensorProto.DataType, by NumPy's names."""
_FLOAT, _INT, _STRING, _INTS = 1, 2, 3, 7  # AttributeProto.AttributeType
_SMALL = 64  # constants up to so many values are shared

Attribute = float | int | str | Sequence[int]


class Graph:
    """Nodes and constants of a network, in the order of execution."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []
        self._shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._count = 0

    def constant(self, array: NDArray[Any]) -> str:
        """Name of a tensor that holds `array`; equal small ones are one."""
        array = np.asarray(array)
        data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        key = (array.dtype.name, array.shape, data)
        if array.size <= _SMALL and key in self._shared:
            return self._shared[key]
        name = self._name("c")
        fields = [_number(1, size) for size in array.shape]
        fields += [_number(2, TYPES[array.dtype.name]), _text(8, name), _block(9, data)]
        self._constants.append(_block(5, b"".join(fields)))
        if array.size <= _SMALL:
            self._shared[key] = name
        return name

    def add(self, op: str, inputs: Iterable[str], output: str = "", **attributes: Attribute) -> str:
        """Append a node; returns the name of its output."""
        output = output or self._name("t")
        fields = [_text(1, name) for name in inputs] + [_text(2, output), _text(4, op)]
        fields += [_block(5, _attribute(name, value)) for name, value in attributes.items()]
        self._nodes.append(_block(1, b"".join(fields)))
        return output

    def to_bytes(
        self, source: tuple[str, Sequence[int | str]], *results: tuple[str, Sequence[int | str]]
    ) -> bytes:
        """The file, for a network of one float32 input and float32 outputs, each with name and shape.

        A size in a shape is a number, or a word where any number goes.
        """
        graph = b"".join(self._nodes) + _text(2, "network") + b"".join(self._constants)
        graph += _block(11, _value(*source))
        graph += b"".join(_block(12, _value(*result)) for result in results)
        opset = _text(1, "") + _number(2, _OPSET)
        return _number(1, _IR_VERSION) + _text(2, "tinct") + _block(7, graph) + _block(8, opset)

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"


def with_outputs(model: bytes, names: Iterable[str]) -> bytes:
    """An ONNX file in which some values inside the graph are outputs too, after its own.

    Protocol buffers merge a message that stands in a file twice, so a second graph with nothing but these follows the
    first; the runtime finds out their types.
    """
    outputs = b"".join(_block(12, _text(1, name)) for name in names)
    return model + _block(7, outputs) if outputs else model


def _value(name: str, shape: Sequence[int | str]) -> bytes:
    sizes = [_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape]
    tensor = _number(1, TYPES["float32"]) + _block(2, b"".join(_block(1, size) for size in sizes))
    return _text(1, name) + _block(2, _block(1, tensor))


def _attribute(name: str, value: Attribute) -> bytes:
    field = _text(1, name)
    if isinstance(value, float):
        return field + _key(2, 5) + struct.pack("<f", value) + _number(20, _FLOAT)
    if isinstance(value, int):
        return field + _number(3, value) + _number(20, _INT)
    if isinstance(value, str):
        return field + _text(4, value) + _number(20, _STRING)
    return field + b"".join(_number(8, int(item)) for item in value) + _number(20, _INTS)


def _varint(value: int) -> bytes:
    value &= 2**64 - 1  # negative numbers as their 64-bit complement
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _number(field: int, value: int) -> bytes:
    return _key(field, 0) + _varint(int(value))


def _block(field: int, data: bytes) -> bytes:
    return _key(field, 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _block(field, text.encode())
