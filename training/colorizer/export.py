"""Write the trained colorizer as ONNX: ``python -m training.colorizer.export WORK OUT.onnx``; checked against PyTorch.

Inputs and outputs are those of `training.colorizer.network`, with two more outputs: ``bins`` (q, 2), the a*, b* of each
class, so that the file explains itself; and ``looks`` (n, c, H/8, W/8), which tells things apart. Every file is
calibrated; see `training.colorizer.calibrate`.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

from training.colorizer.calibrate import calibrate
from training.colorizer.network import Colorizer
from training.colorizer.settle import settle
from training.colorizer.views import Photos

__all__ = ["load", "main", "write"]

_INPUTS = ("lightness", "hints", "mood")


class _Exported(nn.Module):
    """The network, and its classes."""

    def __init__(self, net: Colorizer) -> None:
        super().__init__()
        self.net = net

    def forward(self, lightness: Tensor, hints: Tensor, mood: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features = self.net.features(lightness)
        return self.net.decode(features, hints, mood), self.net.bins + 0, self.net.looks(features)


def load(checkpoint: Path) -> tuple[Colorizer, dict[str, float]]:
    """The averaged network at a checkpoint, and how long it was trained."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    net = Colorizer(state["average"]["bins"])
    net.load_state_dict(state["average"])
    return net.eval(), {name: float(state[name]) for name in ("step", "views", "seconds")}


def _example(height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
    """Lightness, hints and a mood that say something."""
    make = torch.Generator().manual_seed(height + width)
    hints = torch.zeros(1, 3, height // 4, width // 4)
    hints[0, :, 3, 4] = torch.tensor([0.3, -0.1, 1.0])
    return torch.rand(1, 1, height, width, generator=make), hints, torch.tensor([[0.1, 0.05, 0.2, 1.0]])


def write(net: Colorizer, path: Path) -> str:
    """Export with free batch, height and width; returns the file's sha256.

    Raises
    ------
    RuntimeError
        PyTorch and ONNX differ by more than 1e-3 in a logit.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sizes = {0: "batch", 2: "height", 3: "width"}
    cells = {0: "batch", 2: "rows", 3: "columns"}
    torch.onnx.export(
        _Exported(net).eval(),
        _example(256, 192),
        str(path),
        input_names=list(_INPUTS),
        output_names=["logits", "bins", "looks"],
        dynamic_axes={
            "lightness": sizes,
            "hints": cells,
            "mood": {0: "batch"},
            "logits": cells,
            "looks": {0: "batch", 2: "blocks down", 3: "blocks across"},
        },
        opset_version=17,
        dynamo=False,
    )
    onnx.checker.check_model(str(path), full_check=True)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for height, width in ((256, 192), (128, 256), (32, 32)):
        example = _example(height, width)
        with torch.no_grad():
            wanted = net(*example).numpy()
        feeds = {name: value.numpy() for name, value in zip(_INPUTS, example, strict=True)}
        worst = float(np.abs(session.run(None, feeds)[0] - wanted).max())
        print(f"{height} x {width}: largest difference {worst:.2e}")
        if worst > 1e-3:
            raise RuntimeError(f"the exported network differs by {worst}")
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> None:
    """Export a checkpoint."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path, help="folder with the checkpoint")
    parser.add_argument("out", type=Path)
    parser.add_argument("--checkpoint", default="decayed.pt", help="file in the folder")
    parser.add_argument("--photos", type=int, default=500, help="to calibrate with, and as many to check")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    net, spent = load(options.work / options.checkpoint)
    torch.manual_seed(0)
    settle(net, Photos(options.work, torch.device("cpu"), seed=0))
    raw = options.out.with_suffix(".raw.onnx")
    write(net, raw)
    digest = calibrate(options.work, raw, options.out, options.photos, options.threads)
    trained = sum(p.numel() for p in net.parameters())
    print(f"{options.out.name}: {options.out.stat().st_size} bytes, {trained} parameters, sha256 {digest}")
    print(f"{spent['views']:.0f} views in {spent['seconds'] / 60:.1f} minutes")


if __name__ == "__main__":
    main()
