"""Operations of TensorFlow graphs: arithmetic and shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tinct.errors import ModelError
from tinct.models.convert.graph import TYPES
from tinct.models.convert.tensors import Builder, Tensor, Value, known
from tinct.models.convert.tfjs_node import Node

__all__ = ["OPERATIONS", "Operation"]

Operation = Callable[[Builder, Node, list[Value]], Value]

_UNARY: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "Abs": ("Abs", np.abs),
    "Exp": ("Exp", np.exp),
    "Floor": ("Floor", np.floor),
    "Neg": ("Neg", np.negative),
    "Reciprocal": ("Reciprocal", np.reciprocal),
    "Relu": ("Relu", lambda values: np.maximum(values, 0)),
    "Sigmoid": ("Sigmoid", lambda values: 1 / (1 + np.exp(-values))),
    "Sign": ("Sign", np.sign),
    "Sqrt": ("Sqrt", np.sqrt),
    "Tanh": ("Tanh", np.tanh),
}
_BINARY: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "Add": ("Add", np.add),
    "AddV2": ("Add", np.add),
    "BiasAdd": ("Add", np.add),
    "Equal": ("Equal", np.equal),
    "Greater": ("Greater", np.greater),
    "GreaterEqual": ("GreaterOrEqual", np.greater_equal),
    "Less": ("Less", np.less),
    "LessEqual": ("LessOrEqual", np.less_equal),
    "LogicalAnd": ("And", np.logical_and),
    "LogicalOr": ("Or", np.logical_or),
    "Maximum": ("Max", np.maximum),
    "Minimum": ("Min", np.minimum),
    "Mul": ("Mul", np.multiply),
    "RealDiv": ("Div", np.divide),
    "Sub": ("Sub", np.subtract),
}
_KNOWN: dict[str, Callable[[Any, Any], Any]] = {
    "FloorDiv": np.floor_divide,
    "FloorMod": np.mod,
    "NotEqual": np.not_equal,
}
"""Operations that occur on shapes only."""
_SUMS: dict[str, tuple[str, Callable[..., Any]]] = {
    "Max": ("ReduceMax", np.max),
    "Mean": ("ReduceMean", np.mean),
    "Min": ("ReduceMin", np.min),
    "Prod": ("ReduceProd", np.prod),
    "Sum": ("ReduceSum", np.sum),
}


def _unary(build: Builder, node: Node, inputs: list[Value]) -> Value:
    op, compute = _UNARY[node.op]
    (value,) = inputs
    return build.emit(op, [value], value.shape) if isinstance(value, Tensor) else np.asarray(compute(value))


def _binary(build: Builder, node: Node, inputs: list[Value]) -> Value:
    op, compute = _BINARY[node.op]
    return _combine(build, op, compute, *inputs)


def _combine(build: Builder, op: str, compute: Callable[[Any, Any], Any], one: Value, other: Value) -> Value:
    if isinstance(one, Tensor) or isinstance(other, Tensor):
        return build.emit(op, [one, other], np.broadcast_shapes(one.shape, other.shape))
    return np.asarray(compute(one, other))


def _on_shapes(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return np.asarray(_KNOWN[node.op](known(inputs[0]), known(inputs[1])))


def _square(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return _combine(build, "Mul", np.multiply, inputs[0], inputs[0])


def _rsqrt(build: Builder, node: Node, inputs: list[Value]) -> Value:
    (value,) = inputs
    if not isinstance(value, Tensor):
        return np.asarray(1 / np.sqrt(value), value.dtype)
    return build.emit("Reciprocal", [build.emit("Sqrt", [value], value.shape)], value.shape)


def _softmax(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return build.emit("Softmax", inputs, inputs[0].shape, axis=-1)


def _cast(build: Builder, node: Node, inputs: list[Value]) -> Value:
    (value,), kind = inputs, np.dtype(node.type("DstT"))
    if not isinstance(value, Tensor):
        return value.astype(kind)
    return build.emit("Cast", [value], value.shape, to=TYPES[kind.name])


def _prelu(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return build.emit("PRelu", inputs, inputs[0].shape)


def _add_all(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return build.emit("Sum", inputs, np.broadcast_shapes(*(value.shape for value in inputs)))


def _matrix_product(build: Builder, node: Node, inputs: list[Value]) -> Value:
    """Products of stacks of matrices, either of them transposed."""
    one, other = (
        _turned(build, value) if node.flag(name) else value
        for value, name in zip(inputs, ("adj_x", "adj_y"), strict=True)
    )
    stack = np.broadcast_shapes(one.shape[:-2], other.shape[:-2])
    return build.emit("MatMul", [one, other], (*stack, one.shape[-2], other.shape[-1]))


def _turned(build: Builder, value: Value) -> Value:
    axes = list(range(len(value.shape)))
    return build.transpose(value, [*axes[:-2], axes[-1], axes[-2]])


def _select(build: Builder, node: Node, inputs: list[Value]) -> Value:
    if not any(isinstance(value, Tensor) for value in inputs):
        return np.where(*(known(value) for value in inputs))
    return build.emit("Where", inputs, np.broadcast_shapes(*(value.shape for value in inputs)))


def _reduce(build: Builder, node: Node, inputs: list[Value]) -> Value:
    op, compute = _SUMS[node.op]
    value, keep = inputs[0], node.flag("keep_dims")
    axes = [int(axis) % len(value.shape) for axis in np.atleast_1d(known(inputs[1]))]
    if not isinstance(value, Tensor):
        return np.asarray(compute(value, axis=tuple(axes), keepdims=keep))
    sizes = enumerate(value.shape)
    shape = [1 if axis in axes else size for axis, size in sizes if keep or axis not in axes]
    return build.emit(op, [value, np.array(axes, np.int64)], shape, keepdims=int(keep))


def _identity(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return inputs[0]


def _shape(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return np.array(inputs[0].shape, np.int32)


def _pack(build: Builder, node: Node, inputs: list[Value]) -> Value:
    axis = node.integer("axis")
    expanded = [_insert(build, value, axis) for value in inputs]
    return build.concat(expanded, axis)


def _insert(build: Builder, value: Value, axis: int) -> Value:
    shape = list(value.shape)
    shape.insert(axis % (len(shape) + 1), 1)
    return build.reshape(value, shape)


def _expand_dims(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return _insert(build, inputs[0], int(known(inputs[1])))


def _squeeze(build: Builder, node: Node, inputs: list[Value]) -> Value:
    (value,) = inputs
    axes = [axis % len(value.shape) for axis in node.integers("squeeze_dims")]
    gone = axes or [axis for axis, size in enumerate(value.shape) if size == 1]
    return build.reshape(value, [size for axis, size in enumerate(value.shape) if axis not in gone])


def _concat(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return build.concat(inputs[:-1], int(known(inputs[-1])))


def _reshape(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return build.reshape(inputs[0], [int(size) for size in known(inputs[1])])


def _transpose(build: Builder, node: Node, inputs: list[Value]) -> Value:
    return build.transpose(inputs[0], [int(axis) for axis in known(inputs[1])])


def _broadcast(build: Builder, node: Node, inputs: list[Value]) -> Value:
    value, shape = inputs[0], tuple(int(size) for size in known(inputs[1]))
    if not isinstance(value, Tensor):
        return np.broadcast_to(value, shape)
    return value if value.shape == shape else build.emit("Expand", [value, np.array(shape, np.int64)], shape)


def _range(build: Builder, node: Node, inputs: list[Value]) -> Value:
    start, stop, step = (known(value).item() for value in inputs)
    return np.arange(start, stop, step, dtype=known(inputs[0]).dtype)


def _gather(build: Builder, node: Node, inputs: list[Value]) -> Value:
    value, at = inputs[0], known(inputs[1])
    axis = int(known(inputs[2])) % len(value.shape) if len(inputs) > 2 else 0
    if not isinstance(value, Tensor):
        return np.take(value, at, axis)
    shape = value.shape[:axis] + at.shape + value.shape[axis + 1 :]
    return build.emit("Gather", [value, at.astype(np.int64)], shape, axis=axis)


def _gather_at(build: Builder, node: Node, inputs: list[Value]) -> Value:
    """Pick the parts at places (..., axes), which may depend on the photo; those outside read what is nearest."""
    value, at = inputs
    if isinstance(at, Tensor):
        at = build.emit("Cast", [at], at.shape, to=TYPES["int64"])
        last = np.array(value.shape[: at.shape[-1]], np.int64) - 1
        at = build.emit("Max", [build.emit("Min", [at, last], at.shape), np.zeros_like(last)], at.shape)
    whole = at if isinstance(at, Tensor) else at.astype(np.int64)
    shape = (*at.shape[:-1], *value.shape[at.shape[-1] :])
    return build.emit("GatherND", [value, whole], shape)


def _strided_slice(build: Builder, node: Node, inputs: list[Value]) -> Value:
    """As Python writes it, ``value[1:, 0]``; the masks tell which bounds are left out, or single."""
    value = inputs[0]
    begins, ends, strides = (known(bounds).tolist() for bounds in inputs[1:4])
    open_begin, open_end, single = (node.integer(f"{name}_mask") for name in ("begin", "end", "shrink_axis"))
    if node.integer("ellipsis_mask") or node.integer("new_axis_mask"):
        raise ModelError("slices that add axes or leave some out are not supported")
    index: list[slice] = []
    for axis, (begin, end, stride) in enumerate(zip(begins, ends, strides, strict=True)):
        if single >> axis & 1:
            begin %= value.shape[axis]
            index.append(slice(begin, begin + 1, 1))
        else:
            bounds = (None if open_begin >> axis & 1 else begin, None if open_end >> axis & 1 else end)
            index.append(slice(*slice(*bounds, stride).indices(value.shape[axis])))
    part = _slice(build, value, index)
    return build.reshape(part, [size for axis, size in enumerate(part.shape) if not single >> axis & 1])


def _slice(build: Builder, value: Value, index: list[slice]) -> Value:
    if not isinstance(value, Tensor):
        return np.asarray(value[tuple(index)])
    if any(part.step < 1 for part in index):
        raise ModelError("slices that run backwards are not supported")
    shape = [len(range(part.start, part.stop, part.step)) for part in index]
    bounds = [
        np.array([getattr(part, name) for part in index], np.int64) for name in ("start", "stop", "step")
    ]
    axes = np.arange(len(index), dtype=np.int64)
    return build.emit(
        "Slice", [value, bounds[0], bounds[1], axes, bounds[2]], [*shape, *value.shape[len(index) :]]
    )


def _einsum(build: Builder, node: Node, inputs: list[Value]) -> Value:
    """Products of a photo's axis with a matrix, as a matrix product between transposes."""
    terms, result = node.text("equation").replace(" ", "").split("->")
    value_term, matrix_term = terms.split(",")
    value, matrix = inputs
    if not isinstance(value, Tensor):
        value, matrix, value_term, matrix_term = matrix, value, matrix_term, value_term
    table = known(matrix)
    shared = set(value_term) & set(matrix_term) - set(result)
    if not isinstance(value, Tensor) or len(matrix_term) != 2 or len(shared) != 1:
        raise ModelError(f"the product {node.text('equation')!r} is not supported")
    summed = shared.pop()
    if matrix_term[0] != summed:
        table = np.ascontiguousarray(table.T)
    rest = value_term.replace(summed, "")
    rows = build.transpose(value, [value_term.index(letter) for letter in rest + summed])
    product = build.emit("MatMul", [rows, table], (*rows.shape[:-1], table.shape[1]))
    order = rest + matrix_term.replace(summed, "")
    return build.transpose(product, [order.index(letter) for letter in result])


OPERATIONS: dict[str, Operation] = {
    **dict.fromkeys(_UNARY, _unary),
    **dict.fromkeys(_BINARY, _binary),
    **dict.fromkeys(_KNOWN, _on_shapes),
    **dict.fromkeys(_SUMS, _reduce),
    "AddN": _add_all,
    "BatchMatMulV2": _matrix_product,
    "BroadcastTo": _broadcast,
    "Cast": _cast,
    "ConcatV2": _concat,
    "Einsum": _einsum,
    "ExpandDims": _expand_dims,
    "GatherNd": _gather_at,
    "GatherV2": _gather,
    "Identity": _identity,
    "Pack": _pack,
    "Prelu": _prelu,
    "Range": _range,
    "Reshape": _reshape,
    "Rsqrt": _rsqrt,
    "SelectV2": _select,
    "Shape": _shape,
    "Softmax": _softmax,
    "Square": _square,
    "Squeeze": _squeeze,
    "StridedSlice": _strided_slice,
    "Transpose": _transpose,
}
