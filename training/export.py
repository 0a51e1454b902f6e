"""PyTorch to ONNX, with proof that both give the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.digest import told

__all__ = ["halve", "quantize", "write"]

_LARGE = 500  # numbers


def write(
    net: torch.nn.Module,
    path: Path,
    views: list[NDArray[np.float32]],
    *,
    input_name: str,
    output_name: str | tuple[str, ...],
) -> None:
    """Export `net` with free batch, height and width, and compare on `views` (n, c, H, W).

    A network that gives several arrays has a tuple of names for them.

    Raises
    ------
    RuntimeError
        The two differ by more than 1e-3.
    """
    outputs = (output_name,) if isinstance(output_name, str) else output_name
    axes = {0: "batch", 2: "height", 3: "width"}
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.onnx.export(
        net,
        (torch.from_numpy(views[0]),),
        str(path),
        input_names=[input_name],
        output_names=list(outputs),
        dynamic_axes=dict.fromkeys((input_name, *outputs), axes),
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for view in views:
        with torch.no_grad():
            given = net(torch.from_numpy(view))
        wanted = (given,) if isinstance(given, torch.Tensor) else given
        found = session.run(None, {input_name: view})
        worst = max(float(np.abs(f - w.numpy()).max()) for f, w in zip(found, wanted, strict=True))
        print(f"{view.shape}: largest difference {worst:.2e}")
        if worst > 1e-3:
            raise RuntimeError(f"the exported network differs by {worst}")
    told(path)


def halve(path: Path) -> None:
    """Keep the large weights as halves, which a reader widens when it opens the file."""
    model = onnx.load(path)
    graph, casts = model.graph, []
    for weight in graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.size >= _LARGE and values.dtype == np.float32:
            name = weight.name
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
            casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for cast in reversed(casts):
        graph.node.insert(0, cast)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def quantize(path: Path) -> None:
    """Keep the weights of large 1x1 convolutions as bytes, with one scale a filter; a reader widens them.

    What is computed stays float32; the others' weights are left for :func:`halve`, which may follow.
    """
    model = onnx.load(path)
    graph, steps = model.graph, []
    convolved = {node.input[1] for node in graph.node if node.op_type == "Conv"}
    for weight in [w for w in graph.initializer if w.name in convolved]:
        values = numpy_helper.to_array(weight)  # (out, in, h, w)
        if values.size < 20 * _LARGE or values.shape[2:] != (1, 1):
            continue
        scale = np.maximum(np.abs(values).max(axis=(1, 2, 3)) / 127, 1e-12).astype(np.float32)
        levels = np.rint(values / scale[:, None, None, None]).astype(np.int8)
        name = weight.name
        weight.CopyFrom(numpy_helper.from_array(levels, f"{name}.bytes"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{name}.scale"))
        inputs = [f"{name}.bytes", f"{name}.scale"]
        steps.append(helper.make_node("DequantizeLinear", inputs, [name], axis=0))
    for step in reversed(steps):
        graph.node.insert(0, step)
    onnx.checker.check_model(model)
    onnx.save(model, path)
