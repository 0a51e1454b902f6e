"""Make a network's certainty honest: ``python -m training.colorizer.calibrate WORK IN.onnx OUT.onnx``.

The loss weighs rare colours more, so the network expects too many of them; and averaging answers at several sizes, and
along what looks alike, changes how sure the result is. One bias per class (Menon et al. 2021, "Long-tail learning via
logit adjustment") and one scale (Guo et al. 2017, "On calibration of modern neural networks") are fitted to the plain
likelihood of what the effect in fact decodes: the averaged answers for photos held out of the training. Half of these
photos are fitted to, by hash of their number, and the other half tells what it brought. Averages of logits keep both,
so they fold into the network's last layer.

A little of the preference for rare colours is left in: pictures by the honest distribution are dull.
"""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import Tensor

from tinct.imaging.likelihood import predict_chroma
from training.colorizer.bins import SoftTargets
from training.colorizer.candidate import using
from training.shards import part

__all__ = ["Sample", "calibrate", "fit", "fold", "main", "measure"]

_CELLS = 256  # of a photo; its others are like them
_RARE = 0.15  # power of the rarity of colours that is left in, chosen with the decoding of the effect
_CALM = 1e-3  # how much a bias costs: classes that no photo shows stay as they are
_OUT = ("net.out.1.weight", "net.out.1.bias")


@dataclass(frozen=True, eq=False)
class Sample:
    """Cells of photos: what the effect expects there, and what there is."""

    logits: Tensor
    """(n, q)."""
    chroma: Tensor
    """(n, 2)."""
    bins: Tensor
    """(q, 2)."""

    def loss(self, bias: Tensor, scale: Tensor) -> Tensor:
        """Cross-entropy with changed logits."""
        index, share = SoftTargets(self.bins)(self.chroma.T[None, :, :, None])
        logits = self.logits * scale + bias
        return (logits.logsumexp(1) - (logits.gather(1, index) * share).sum(1)).mean()


def measure(work: Path, chosen: NDArray[np.int64]) -> Sample:
    """What the effect expects of prepared photos; see `training.colorizer.candidate` for another network."""
    light, chroma = (np.load(work / f"{name}.npy", mmap_mode="r") for name in ("light", "chroma"))
    shapes = np.load(work / "shape.npy")
    rng = np.random.default_rng(0)
    logits, truth = [], []
    for number in chosen:
        columns, tall = shapes[number]
        seen = light[number, :, :columns].astype(np.float32) / np.float32(2.55)
        ab = chroma[number, :, :, : columns // 2].astype(np.float32).transpose(1, 2, 0)
        if tall:
            seen, ab = np.ascontiguousarray(seen.T), np.ascontiguousarray(ab.transpose(1, 0, 2))
        found = predict_chroma(np.ascontiguousarray(seen))
        h, w = found.light.shape
        cells = cv2.resize(np.ascontiguousarray(ab), (w, h), interpolation=cv2.INTER_AREA)
        picked = rng.choice(h * w, min(_CELLS, h * w), replace=False)
        logits.append(found.logits.reshape(h * w, -1)[picked])
        truth.append(cells.reshape(-1, 2)[picked])
    return Sample(
        torch.from_numpy(np.concatenate(logits)),
        torch.from_numpy(np.concatenate(truth)),
        torch.from_numpy(found.bins),
    )


def fit(sample: Sample) -> tuple[Tensor, Tensor]:
    """Bias (q,) and scale () that make the sample most likely."""
    bias = torch.zeros(len(sample.bins), requires_grad=True)
    scale = torch.ones((), requires_grad=True)
    optimizer = torch.optim.LBFGS([bias, scale], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = sample.loss(bias, scale) + _CALM * (bias * bias).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return bias.detach() - bias.detach().mean(), scale.detach()


def fold(source: Path, out: Path, bias: Tensor, scale: Tensor) -> str:
    """Write the network with a bias and scale in its last layer; returns the file's sha256."""
    model = onnx.load(str(source))
    stored = {item.name: item for item in model.graph.initializer}
    for name in _OUT:
        values = onnx.numpy_helper.to_array(stored[name]) * float(scale)
        if name == _OUT[1]:
            values = values + bias.numpy()
        stored[name].CopyFrom(onnx.numpy_helper.from_array(values.astype(np.float32), name))
    onnx.save(model, str(out))
    return hashlib.sha256(out.read_bytes()).hexdigest()


def calibrate(work: Path, source: Path, out: Path, count: int, threads: int) -> str:
    """Fit on up to `count` held-out photos, say what it brings on as many others, and write; returns the sha256."""
    held = np.load(work / "held.npy")
    half = np.array([part(str(number), 2) for number in held])
    with using(source, threads):
        first, second = (measure(work, held[half == k][:count]) for k in (0, 1))
    bias, scale = fit(first)
    nothing = torch.zeros_like(bias), torch.ones(())
    for name, sample in (("fitted to", first), ("others", second)):
        print(f"{name:10} {float(sample.loss(*nothing)):.4f} -> {float(sample.loss(bias, scale)):.4f}")
    print(f"scale {float(scale):.3f}, bias {float(bias.min()):.2f} to {float(bias.max()):.2f}")
    rarity = torch.from_numpy(np.load(work / "bins.npz")["rarity"])
    return fold(source, out, bias + _RARE * torch.log(rarity), scale)


def main() -> None:
    """Calibrate a file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path, help="folder of `prepare`")
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photos", type=int, default=500, help="of each half")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(options.threads)
    digest = calibrate(options.work, options.source, options.out, options.photos, options.threads)
    print(f"{options.out.name}: sha256 {digest}")


if __name__ == "__main__":
    main()
