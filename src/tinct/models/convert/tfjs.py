"""Graph models of TensorFlow.js as ONNX, for one size of input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tinct.errors import ModelError
from tinct.models.convert import tfjs_layers, tfjs_math, tfjs_weights
from tinct.models.convert.tensors import Builder, Tensor, Value
from tinct.models.convert.tfjs_node import Node

__all__ = ["to_onnx"]

_OPERATIONS = tfjs_math.OPERATIONS | tfjs_layers.OPERATIONS


def to_onnx(document: Mapping[str, Any], weights: bytes, size: tuple[int, int] | None) -> bytes:
    """Convert a network of one photo (1, height, width, 3), float32.

    One result is called ``result``; of several each has the name of its node.

    Parameters
    ----------
    document : mapping
        The JSON of ``model.json``.
    weights : bytes
        All weight files, joined in the document's order.
    size : (int, int) or None
        Height and width of the photo; None takes the document's.

    Raises
    ------
    ModelError
        An operation is not supported, or document and weights do not belong together.
    """
    nodes = {node.name: node for node in map(Node.parse, document["modelTopology"]["node"])}
    values: dict[str, Value] = dict(tfjs_weights.read(document["weightsManifest"], weights))
    build = Builder()
    (source,) = (node for node in nodes.values() if node.op == "Placeholder")
    photo = Tensor("photo", _input_shape(source, size))
    values[source.name] = photo
    results = _results(nodes)
    for name in _order(nodes, results):
        node = nodes[name]
        if name not in values:
            if node.op not in _OPERATIONS:
                raise ModelError(f"the operation {node.op!r} is not supported")
            values[name] = _OPERATIONS[node.op](build, node, [values[other] for other in node.inputs])
    outputs = []
    for name in results:
        last = values[name]
        if not isinstance(last, Tensor) or last is photo:
            raise ModelError(f"the result {name!r} does not depend on the photo")
        output = build.graph.add("Identity", [last.name], "result" if len(results) == 1 else name)
        outputs.append((output, last.shape))
    return build.graph.to_bytes((photo.name, photo.shape), *outputs)


def _input_shape(source: Node, size: tuple[int, int] | None) -> tuple[int, int, int, int]:
    _, height, width, channels = (int(dim["size"]) for dim in source.attributes["shape"]["shape"]["dim"])
    rows, columns = size or (height, width)
    if rows < 1 or columns < 1:
        raise ModelError("the network runs at any size; one has to be chosen")
    return 1, rows, columns, channels


def _results(nodes: Mapping[str, Node]) -> list[str]:
    """The nodes that no other takes."""
    taken = {name for node in nodes.values() for name in node.inputs}
    return [name for name in nodes if name not in taken]


def _order(nodes: Mapping[str, Node], results: Sequence[str]) -> list[str]:
    """Names of the nodes that the results need, each after its inputs."""
    order: list[str] = []
    seen: set[str] = set()
    waiting = [(result, False) for result in reversed(results)]
    while waiting:
        name, ready = waiting.pop()
        if ready:
            order.append(name)
        elif name not in seen:
            seen.add(name)
            waiting.append((name, True))
            waiting += [(other, False) for other in nodes[name].inputs]
    return order
