"""Write the trained network as ONNX, checked against PyTorch: ``python -m training.person.export WORK OUT.onnx``."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from training.export import write
from training.person.network import PersonNet

__all__ = ["load", "main"]


def load(work: Path) -> PersonNet:
    """The averaged network at the last checkpoint."""
    net = PersonNet()
    net.load_state_dict(torch.load(work / "checkpoint.pt", weights_only=True)["average"])
    return net.eval()


def main() -> None:
    """Export and compare at two sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    net = load(options.work)
    views = [np.random.default_rng(0).random((1, 3, h, w), np.float32) for h, w in ((160, 256), (256, 208))]
    write(net, options.out, views, input_name="rgb", output_name=("people", "outlines"))


if __name__ == "__main__":
    main()
