"""Write the trained network as ONNX: ``python -m training.hair.export WORK OUT.onnx``; checked against PyTorch.

Given two checkpoints of which one went on from the other, it writes the mean of their weights (Wortsman et al. 2022,
"Model soups: averaging weights of multiple fine-tuned models improves accuracy without increasing inference time").
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from tinct.imaging.hair.upright import HEIGHT, WIDTH
from training.export import write
from training.hair.network import HairNet

__all__ = ["load", "main"]


def load(*checkpoints: Path) -> HairNet:
    """The network at a checkpoint, or the mean of several; of each its moving average, where there is one."""
    states = [torch.load(path, weights_only=True) for path in checkpoints]
    weights = [state.get("average", state["net"]) for state in states]
    net: HairNet = HairNet()
    net.load_state_dict(
        {
            name: torch.stack([one[name] for one in weights]).mean(0) if value.is_floating_point() else value
            for name, value in weights[-1].items()
        }
    )
    net.eval()
    return net


def main() -> None:
    """Export and compare on two heads at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--checkpoint", nargs="+", default=["checkpoint.pt"])
    options = parser.parse_args()
    view = np.random.default_rng(0).random((2, 3, HEIGHT, WIDTH), np.float32)
    write(
        load(*(options.work / name for name in options.checkpoint)),
        options.out,
        [view],
        input_name="rgb",
        output_name="logits",
    )


if __name__ == "__main__":
    main()
