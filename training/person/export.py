"""Write the trained network as ONNX: ``python -m training.person.export WORK OUT.onnx --models FOLDER [--share S]``.

The outlines written are a mean of those that training began with, MediaPipe's (FOLDER is the unpacked wheel), and of
those that it led to, which count for S: people stay as MediaPipe outlines them, while it takes less for people
(Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). The file is checked against PyTorch.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch

from training.export import write
from training.person.network import PersonNet

__all__ = ["load", "main"]


def load(work: Path, models: Path, share: float) -> PersonNet:
    """The averaged network at the last checkpoint, `share` of the way from where its outlines began."""
    trained = torch.load(work / "checkpoint.pt", weights_only=True)["average"]
    net = PersonNet()
    net.load_state_dict(trained)
    net.begin(models)
    begun = net.state_dict()
    mixed = {
        name: begun[name].lerp(value, share) for name, value in trained.items() if value.is_floating_point()
    }
    net.load_state_dict(begun | mixed)
    return net.eval()


def main() -> None:
    """Export and compare at two sizes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--share", type=float, default=0.2)
    options = parser.parse_args()
    net = load(options.work, options.models, options.share)
    views = [np.random.default_rng(0).random((1, 3, h, w), np.float32) for h, w in ((160, 256), (256, 208))]
    write(net, options.out, views, input_name="rgb", output_name=("people", "outlines"))


if __name__ == "__main__":
    main()
