"""Write the trained network as ONNX: ``python -m training.hair.export WORK OUT.onnx``; checked against PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from tinct.imaging.hair.upright import HEIGHT, WIDTH
from training.export import write
from training.hair.network import HairNet

__all__ = ["load", "main"]


def load(checkpoint: Path) -> HairNet:
    """The averaged network at a checkpoint."""
    net: HairNet = HairNet()
    net.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    net.eval()
    return net


def main() -> None:
    """Export and compare on two heads at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--checkpoint", default="checkpoint.pt")
    options = parser.parse_args()
    view = np.random.default_rng(0).random((2, 3, HEIGHT, WIDTH), np.float32)
    write(
        load(options.work / options.checkpoint), options.out, [view], input_name="rgb", output_name="logits"
    )


if __name__ == "__main__":
    main()
