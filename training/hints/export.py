"""Write the trained network of hints as ONNX: ``python -m training.hints.export WORK OUT.onnx``."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from tinct.effects.colorize.extent import TOLD
from training.digest import told
from training.export import halve
from training.hints.network import LOOKS, ExtentNet

__all__ = ["export", "load", "main"]

_NAMES = ("told", "looks", "dot")
_EXACT = 1e-3  # of the logits, before the weights are kept as halves
_SHIFTED = 0.01  # of the probabilities, after


def load(work: Path) -> ExtentNet:
    """The averaged network at the last checkpoint."""
    net = ExtentNet()
    net.load_state_dict(torch.load(work / "checkpoint.pt", weights_only=True)["average"])
    return net.eval()


def export(net: ExtentNet, out: Path) -> None:
    """Raises RuntimeError where the files differ."""
    rng = np.random.default_rng(0)
    views = [
        tuple(rng.normal(0, 0.3, shape).astype(np.float32) for shape in shapes)
        for shapes in (
            ((1, TOLD, 64, 64), (1, LOOKS, 32, 32), (1, LOOKS)),
            ((3, TOLD, 48, 80), (3, LOOKS, 24, 40), (3, LOOKS)),
        )
    ]
    cells = {0: "dots", 2: "height", 3: "width"}
    axes = {"told": cells, "looks": {**cells, 2: "rows", 3: "columns"}, "dot": {0: "dots"}, "logits": cells}
    torch.onnx.export(
        net,
        tuple(map(torch.from_numpy, views[0])),
        str(out),
        input_names=list(_NAMES),
        output_names=["logits"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )
    exact = [_run(out, view) for view in views]
    for view, found in zip(views, exact, strict=True):
        with torch.no_grad():
            wanted = net(*map(torch.from_numpy, view)).numpy()
        worst = float(np.abs(found - wanted).max())
        print(f"{view[0].shape}: largest difference {worst:.2e}")
        if worst > _EXACT:
            raise RuntimeError(f"the exported network differs by {worst}")
    halve(out)
    for view, wanted in zip(views, exact, strict=True):
        after, before = (1 / (1 + np.exp(-logits)) for logits in (_run(out, view), wanted))
        if (shift := float(np.abs(after - before).max())) > _SHIFTED:
            raise RuntimeError(f"weights kept as halves differ by {shift}")
    told(out)


def _run(path: Path, view: tuple[np.ndarray, ...]) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, dict(zip(_NAMES, view, strict=True)))[0])


def main() -> None:
    """Export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    export(load(options.work), options.out)


if __name__ == "__main__":
    main()
