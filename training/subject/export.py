"""Write the trained network as ONNX: ``python -m training.subject.export WORK OUT.onnx [--scale S --bias B]``.

Scale and bias come from :mod:`training.subject.calibrate` and go into the last layer. The large weights are kept as
bytes, the others as halves; both files are compared.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch

from training.digest import told
from training.export import halve, quantize, write
from training.subject.network import SubjectNet

__all__ = ["export", "load", "main"]

_SHIFTED = 0.05
"""Most that probabilities may differ, in the mean, once weights are kept as bytes."""


def load(work: Path, scale: float = 1.0, bias: float = 0.0) -> SubjectNet:
    """The averaged network at the last checkpoint, calibrated."""
    net = SubjectNet()
    net.load_state_dict(torch.load(work / "checkpoint.pt", weights_only=True)["average"])
    last = net.out[1]
    assert isinstance(last, torch.nn.Conv2d)
    assert last.bias is not None
    with torch.no_grad():
        last.weight.mul_(scale)
        last.bias.mul_(scale).add_(bias)
    return net.eval()


def export(net: SubjectNet, out: Path) -> None:
    """Raises RuntimeError where the files differ."""
    rng = np.random.default_rng(0)
    views = [rng.random((1, 3, h, w), np.float32) for h, w in ((224, 224), (160, 192))]
    write(net, out, views, input_name="rgb", output_name="logits")
    exact = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    wanted = [exact.run(None, {"rgb": view})[0] for view in views]
    quantize(out)
    halve(out)
    kept = onnxruntime.InferenceSession(str(out), providers=["CPUExecutionProvider"])
    for view, before in zip(views, wanted, strict=True):
        after = kept.run(None, {"rgb": view})[0]
        shift = float(np.abs(1 / (1 + np.exp(-after)) - 1 / (1 + np.exp(-before))).mean())
        print(f"{view.shape}: probabilities differ by {shift:.4f} in the mean")
        if shift > _SHIFTED:
            raise RuntimeError(f"weights kept as bytes differ by {shift}")
    told(out)


def main() -> None:
    """Export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--bias", type=float, default=0.0)
    options = parser.parse_args()
    export(load(options.work, options.scale, options.bias), options.out)


if __name__ == "__main__":
    main()
