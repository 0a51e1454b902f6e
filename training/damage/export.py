"""Write the trained network as ONNX: ``python -m training.damage.export WORK OUT.onnx``; checked against PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from training.damage.network import DamageNet
from training.digest import told
from training.export import halve, write

__all__ = ["export", "main"]


def export(net: DamageNet, out: Path) -> None:
    """Raises RuntimeError where both differ."""
    views = [np.random.default_rng(0).random((1, 3, h, w), np.float32) for h, w in ((128, 160), (64, 96))]
    write(net.eval(), out, views, input_name="rgb", output_name="odds")
    halve(out)
    told(out)


def main() -> None:
    """Export and compare at two sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    net = DamageNet()
    net.load_state_dict(torch.load(options.work / "checkpoint.pt", weights_only=True)["average"])
    export(net, options.out)


if __name__ == "__main__":
    main()
