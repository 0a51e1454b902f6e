"""Write the trained network as ONNX: ``python -m training.video.export WORK OUT.onnx``; checked against PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

from training.digest import told
from training.export import halve, write
from training.video.network import ClipNet

__all__ = ["main"]


def main() -> None:
    """Export and compare at two sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    net = ClipNet()
    net.load_state_dict(torch.load(options.work / "checkpoint.pt", weights_only=True)["net"])
    views = [np.random.default_rng(0).random((1, 5, h, w), np.float32) for h, w in ((96, 128), (54, 70))]
    write(net.eval(), options.out, views, input_name="seen", output_name="doubled")
    halve(options.out)
    model = onnx.load(options.out)
    kept, short = {"seen", "doubled", *(weight.name for weight in model.graph.initializer)}, {"": ""}
    for node in model.graph.node:  # names that nothing reads are two kilobytes
        node.name = ""
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                names[at] = name if name in kept else short.setdefault(name, f"x{len(short)}")
    onnx.save(model, options.out)
    session = onnxruntime.InferenceSession(str(options.out), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        wanted = net(torch.from_numpy(views[0])).numpy()
    print(
        f"as halves: largest difference {np.abs(session.run(None, {'seen': views[0]})[0] - wanted).max():.2e}"
    )
    told(options.out)


if __name__ == "__main__":
    main()
