"""Values of a network while it is converted: known ones are arrays, the others tensors of a graph with known shape.

What depends on no input is computed here, with NumPy, so that all arithmetic on shapes is gone from the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ModelError
from tinct.models.convert.graph import Attribute, Graph

__all__ = ["Builder", "Tensor", "Value", "known"]


@dataclass(frozen=True)
class Tensor:
    """A value that depends on the input."""

    name: str
    """In the graph."""
    shape: tuple[int, ...]
    """All sizes are known."""


Value = NDArray[Any] | Tensor


def known(value: Value) -> NDArray[Any]:
    """The array of a value that does not depend on the input.

    Raises
    ------
    ModelError
        It does.
    """
    if isinstance(value, Tensor):
        raise ModelError(f"the network takes {value.name!r} for a constant, but it depends on the input")
    return value


class Builder:
    """Adds operations to a graph; float32 tensors only."""

    def __init__(self) -> None:
        self.graph = Graph()

    def emit(
        self, op: str, inputs: Sequence[Value | None], shape: Sequence[int], **attributes: Attribute
    ) -> Tensor:
        """Append an operation whose result has `shape`; None stands for an input that is left out."""
        names = [
            "" if value is None else value.name if isinstance(value, Tensor) else self.graph.constant(value)
            for value in inputs
        ]
        name = self.graph.add(op, names, "", **attributes)
        return Tensor(name, tuple(int(size) for size in shape))

    def transpose(self, value: Value, order: Sequence[int]) -> Value:
        """Axes in another order."""
        if list(order) == list(range(len(order))):
            return value
        if not isinstance(value, Tensor):
            return np.transpose(value, order)
        return self.emit("Transpose", [value], [value.shape[axis] for axis in order], perm=list(order))

    def reshape(self, value: Value, shape: Sequence[int]) -> Value:
        """The same values in another shape, whose one size of -1 is filled in."""
        sizes = [int(size) for size in shape]
        if -1 in sizes:
            sizes[sizes.index(-1)] = int(np.prod(value.shape)) // -int(np.prod(sizes))
        if not isinstance(value, Tensor):
            return np.reshape(value, sizes)
        return (
            value
            if tuple(sizes) == value.shape
            else self.emit("Reshape", [value, np.array(sizes, np.int64)], sizes)
        )

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Values one after the other along an axis."""
        if not any(isinstance(value, Tensor) for value in values):
            return np.concatenate([known(value) for value in values], axis)
        shape = list(values[0].shape)
        axis %= len(shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        return self.emit("Concat", values, shape, axis=axis)

    def channels_first(self, value: Value) -> Value:
        """(n, h, w, c) as (n, c, h, w)."""
        return self.transpose(value, (0, 3, 1, 2))

    def channels_last(self, value: Value) -> Value:
        """(n, c, h, w) as (n, h, w, c)."""
        return self.transpose(value, (0, 2, 3, 1))
