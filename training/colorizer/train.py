"""Train the colorizer: ``python -m training.colorizer.train WORK --minutes 45``; stops and resumes at any time.

The same on a CPU and on one GPU. WORK holds what `prepare` wrote; ``checkpoint.pt``, ``losses.csv`` and ``held.csv`` go
there too. After a warm-up the rate is constant, so that no run has to know how long training will go on; a moving
average of the weights is what is judged. When a network is wanted, ``--decay-minutes`` takes the last checkpoint,
brings the rate and the weights of rare colours in the loss down to nothing, and writes ``decayed.pt``; the checkpoint
stays, for more training.

``--from-onnx`` lets a new run begin with the weights of an exported network.
"""

from __future__ import annotations

import argparse
import copy
import csv
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from training.colorizer.bins import SoftTargets
from training.colorizer.network import Colorizer, no_steering, take_weights
from training.colorizer.settle import anchor, settle
from training.colorizer.views import Photos, aged, steering
from training.lite0 import Encoder

__all__ = ["Trainer", "held_loss", "main"]

_SAVE_SECONDS = 240
_REPORT = 50  # steps
_WARM = 200  # steps until the full rate
_ENCODER_SHARE = 0.2  # of the rate: it was trained before
_LONGEST_STEP = 20.0  # seconds; a longer one means that the process was suspended
_KEEP = 0.998  # of the moving average in a step, once it has run for a while
_BATCH_HELD = 50


class Trainer:
    """Network, its moving average, optimiser and how far they are.

    `power` is the share (of logarithms) of the rarity of colours that weighs the loss.
    """

    def __init__(
        self, work: Path, device: torch.device, *, rate: float, frozen: int, power: float = 0.4
    ) -> None:
        stored = np.load(work / "bins.npz")
        self.rarity = torch.from_numpy(stored["rarity"]).to(device)
        self.net = Colorizer(torch.from_numpy(stored["bins"]), pretrained=True).to(device)
        self.targets = SoftTargets(self.net.bins)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.net).requires_grad_(False)
        self.rate, self.device, self.power = rate, device, power
        self.unfrozen = self._freeze(self.net.encoder, frozen)
        self._decode_exactly()
        decoder = [p for name, p in self.net.named_parameters() if not name.startswith("encoder.")]
        groups: list[dict[str, Any]] = [{"params": decoder, "share": 1.0}]
        if self.unfrozen:
            groups.append({"params": self.unfrozen, "share": _ENCODER_SHARE})
        self.optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=1e-2)
        self.step, self.seconds, self.views = 0, 0.0, 0

    def _freeze(self, encoder: Encoder, blocks: int) -> list[nn.Parameter]:
        """Leave the stem and the first `blocks` of the encoder as they are; the parameters of the others."""
        encoder.requires_grad_(blocks == 0)
        for block in encoder._blocks[blocks:]:
            block.requires_grad_(True)
            block._depthwise_conv.exact = self.device.type == "cpu"  # as below
        return [parameter for parameter in encoder.parameters() if parameter.requires_grad]

    def _decode_exactly(self) -> None:
        """Keep depthwise convolutions out of autocast: on CPUs their gradient in bfloat16 takes three times as long."""
        if self.device.type != "cpu":
            return
        for name, module in self.net.named_modules():
            if isinstance(module, nn.Conv2d) and module.groups > 1 and not name.startswith("encoder."):
                _in_float32(module)

    def loss(
        self, power: float, light: Tensor, chroma: Tensor, hints: Tensor, mood: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy weighted by rarity to `power`, and plain."""
        down, across = torch.randint(
            2, (2,)
        ).tolist()  # neighbours are alike: a quarter of the cells is enough
        every = (slice(down, None, 2), slice(across, None, 2))
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.set_grad_enabled(bool(self.unfrozen)):
                features = self.net.features(light.contiguous(memory_format=torch.channels_last))
            logits = self.net.decode(features, hints, mood, every)
        flat = logits.permute(0, 2, 3, 1).flatten(0, 2).float()  # (n h w, q)
        index, share = self.targets(chroma[:, :, *every])
        plain = flat.logsumexp(1) - (flat.gather(1, index) * share).sum(1)
        weight = self.rarity[index[:, 0]] ** power
        return (plain * weight).sum() / weight.sum(), plain.mean().detach()

    def update(self, batch: tuple[Tensor, Tensor, Tensor, Tensor], share: float = 1.0) -> tuple[float, float]:
        """One step at `share` 0..1 of the rate; both losses."""
        rate = self.rate * min(1.0, (self.step + 1) / _WARM) * share
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.net.train()
        self.net.encoder.eval()  # the statistics of ImageNet stay
        weighted, plain = self.loss(self.power * share, *batch)
        self.optimizer.zero_grad(set_to_none=True)
        weighted.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.views += len(batch[0])
        self._follow()
        return float(weighted.detach()), float(plain)

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the weights."""
        keep = min(_KEEP, (1 + self.step) / (10 + self.step))
        mean, now = list(self.average.parameters()), list(self.net.parameters())
        torch._foreach_lerp_(mean, now, 1 - keep)
        for own, other in zip(self.average.buffers(), self.net.buffers(), strict=True):
            own.copy_(other)

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "average": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "views": self.views,
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def begin(self, onnx_file: Path, photos: Photos) -> None:
        """Take the weights of an exported network."""
        print("new:", ", ".join(take_weights(self.net, onnx_file)))
        anchor(self.net, photos)
        self.average.load_state_dict(self.net.state_dict())

    def load(self, path: Path) -> None:
        """Continue from a checkpoint."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.average.load_state_dict(state["average"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds, self.views = state["step"], state["seconds"], state["views"]


def _in_float32(convolution: nn.Conv2d) -> None:
    plain = convolution.forward

    def forward(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return plain(x.float())

    convolution.forward = forward  # type: ignore[method-assign, assignment]


@torch.no_grad()
def held_loss(net: Colorizer, photos: Photos, tilt: Tensor) -> tuple[float, float]:
    """Plain cross-entropy of whole held-out photos that nothing is told of, with `tilt` (q,) taken from the logits.

    The second number is that of a guess that says the same for every cell: its share of the classes.
    """
    targets = SoftTargets(net.bins)
    total, cells = 0.0, 0
    count = torch.zeros(len(net.bins), device=tilt.device)
    for chosen in np.array_split(photos.held, max(1, len(photos.held) // _BATCH_HELD)):
        light, chroma = photos.whole(chosen)
        with torch.autocast(light.device.type, torch.bfloat16):
            logits = net(light, *no_steering(light))
        flat = logits.permute(0, 2, 3, 1).flatten(0, 2).float() - tilt
        index, share = targets(chroma)
        total += float((flat.logsumexp(1) - (flat.gather(1, index) * share).sum(1)).sum())
        cells += len(flat)
        count.index_add_(0, index.flatten(), share.flatten())
    p = count / count.sum()
    return total / cells, float(-(p * (p + 1e-12).log()).sum())


class _Clock:
    """When to report, save, validate, and whether the process was asked to stop."""

    def __init__(self, validate_minutes: float) -> None:
        self.saved = time.monotonic()
        self.validated = 0.0
        self.every = validate_minutes * 60
        self.stop = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)

    def _end(self, *_: object) -> None:
        self.stop = True


def _append(path: Path, head: str, row: list[float]) -> None:
    if not path.exists():
        path.write_text(head + "\n")
    with path.open("a", newline="") as file:
        csv.writer(file).writerow(row)
    print(path.stem, *row, flush=True)


def _validate(trainer: Trainer, photos: Photos, path: Path, power: float) -> None:
    """Add the average's loss on held-out photos to a file."""
    net = copy.deepcopy(trainer.average).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    settle(net, photos, batches=min(40, 1 + len(photos.held) // 32))
    loss, blind = held_loss(net, photos, power * torch.log(trainer.rarity))
    row = [trainer.step, trainer.views, round(trainer.seconds), round(loss, 4), round(blind, 4)]
    _append(path, "step,views,seconds,held,blind", row)


def _run(trainer: Trainer, photos: Photos, options: argparse.Namespace) -> None:
    """Train until the minutes are spent or the process is asked to stop; the rate falls only in a decay."""
    decay = options.decay_minutes is not None
    limit = trainer.seconds + 60 * options.decay_minutes if decay else 60 * options.minutes
    begun_at = trainer.seconds
    checkpoint = options.work / ("decayed.pt" if decay else "checkpoint.pt")
    losses, held = options.work / "losses.csv", options.work / "held.csv"
    rng = np.random.default_rng(trainer.step)
    clock = _Clock(options.validate_minutes)
    clock.validated = trainer.seconds if trainer.step else -clock.every
    recent: list[tuple[float, float]] = []
    while trainer.seconds < limit and not clock.stop:
        if trainer.seconds - clock.validated >= clock.every:
            _validate(trainer, photos, held, 0.0 if decay else trainer.power)
            clock.validated = trainer.seconds
        begun = time.monotonic()
        light, chroma = photos.draw(options.batch)
        batch = (aged(light), chroma, *steering(chroma, rng))
        share = (limit - trainer.seconds) / (limit - begun_at) if decay else 1.0
        recent.append(trainer.update(batch, share))
        trainer.seconds += min(time.monotonic() - begun, _LONGEST_STEP)
        if trainer.step % _REPORT == 0:
            row = [trainer.step, trainer.views, round(trainer.seconds), *np.round(np.mean(recent, 0), 4)]
            _append(losses, "step,views,seconds,weighted,plain", row)
            recent.clear()
        if time.monotonic() - clock.saved > _SAVE_SECONDS:
            trainer.save(checkpoint)
            clock.saved = time.monotonic()
    trainer.save(checkpoint)
    _validate(trainer, photos, held, 0.0 if decay else trainer.power)


def main() -> None:
    """Train, continue or decay."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=1e6, help="of training in all, over all runs")
    parser.add_argument(
        "--decay-minutes", type=float, help="bring the rate down to nothing in so many minutes"
    )
    parser.add_argument("--validate-minutes", type=float, default=20)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--threads", type=int, default=2, help="of the CPU; 1 where others use it too")
    parser.add_argument(
        "--frozen", type=int, default=3, help="first blocks of the encoder that stay; 0 to 16"
    )
    parser.add_argument("--from-onnx", type=Path, help="network whose weights a new run begins with")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    if device.type == "cpu":
        torch.set_num_threads(options.threads)
    trainer = Trainer(options.work, device, rate=options.rate, frozen=options.frozen)
    photos = Photos(options.work, device, seed=0)
    checkpoint = options.work / "checkpoint.pt"
    if checkpoint.exists():
        trainer.load(checkpoint)
    elif options.from_onnx is not None:
        trainer.begin(options.from_onnx, photos)
    photos.reseed(trainer.step)
    torch.manual_seed(trainer.step)
    _run(trainer, photos, options)


if __name__ == "__main__":
    main()
