"""Boosted trees as ONNX, of operators that every runtime has: all trees go down one level at a time.

The trees are those of scikit-learn's ``HistGradientBoostingClassifier``, filled up to complete binary ones: a node's
branches are at twice its number plus one and two.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.models.convert.graph import Graph

__all__ = ["as_onnx"]

Array = NDArray[np.float32]


def as_onnx(model: Any, depth: int) -> bytes:
    """``features`` (n, f) in, ``probability`` (n, 1) out.

    Parameters
    ----------
    model : HistGradientBoostingClassifier
        Of two classes, fitted.
    depth : int
        That no tree is deeper than.

    Raises
    ------
    ValueError
        A tree is deeper.
    """
    trees = [_complete(stage[0].nodes, depth) for stage in model._predictors]
    columns, bounds, leaves = (np.stack(parts) for parts in zip(*trees, strict=True))
    count, inner = columns.shape
    graph = Graph()
    start = np.arange(count, dtype=np.int64)
    # of each mark and tree the node that it is at, counted through all trees
    zero = graph.add("ReduceSum", ("features", graph.constant(np.array([1]))), keepdims=1)  # (n, 1)
    zero = graph.add("Cast", (graph.add("Mul", (zero, graph.constant(np.float32(0)))),), to=7)
    at = graph.add("Add", (zero, graph.constant(np.zeros((1, count), np.int64))))  # (n, trees)
    first = graph.constant(start[None] * inner)
    tables = graph.constant(columns.ravel()), graph.constant(bounds.ravel())
    for _ in range(depth):
        node = graph.add("Add", (at, first))
        column, bound = (graph.add("Gather", (table, node), axis=0) for table in tables)
        seen = graph.add("GatherElements", ("features", column), axis=1)
        right = graph.add("Cast", (graph.add("Greater", (seen, bound)),), to=7)
        at = graph.add(
            "Add", (graph.add("Add", (at, at)), graph.add("Add", (right, graph.constant(np.int64(1)))))
        )
    leaf = graph.add("Add", (at, graph.constant(start[None] * (inner + 1) - inner)))
    values = graph.add("Gather", (graph.constant(leaves.ravel()), leaf), axis=0)
    total = graph.add("ReduceSum", (values, graph.constant(np.array([1]))), keepdims=1)
    base = graph.constant(np.float32(model._baseline_prediction.item()))
    graph.add("Sigmoid", (graph.add("Add", (total, base)),), "probability")
    return graph.to_bytes(("features", ("n", model.n_features_in_)), ("probability", ("n", 1)))


def _complete(nodes: Any, depth: int) -> tuple[NDArray[np.int64], Array, Array]:
    """Columns and bounds of the inner nodes of a tree, (2**depth - 1,), and the values of its leaves, (2**depth,)."""
    inner = 2**depth - 1
    columns, bounds = np.zeros(inner, np.int64), np.full(inner, np.inf, np.float32)
    leaves = np.zeros(inner + 1, np.float32)
    waiting = [(0, 0)]
    while waiting:
        number, place = waiting.pop()
        node = nodes[number]
        if not node["is_leaf"]:
            if place >= inner:
                raise ValueError(f"a tree is deeper than {depth}")
            columns[place], bounds[place] = node["feature_idx"], node["num_threshold"]
            waiting += [(int(node["left"]), 2 * place + 1), (int(node["right"]), 2 * place + 2)]
            continue
        while place < inner:  # all below is one leaf; its bounds are infinite, and so the left one is taken
            place = 2 * place + 1
        leaves[place - inner] = node["value"]
    return columns, bounds, leaves
