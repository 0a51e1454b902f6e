"""Train the colorizer: ``python -m training.colorizer.train WORK --minutes 45``; stops and resumes.

The same on a CPU and on one GPU. WORK holds what `prepare` wrote; checkpoints and ``losses.csv`` go there too. The
rate follows a cosine over the minutes of training, counted over all runs together, so a longer training is a new one;
``--start`` lets it begin from the weights of another.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from training.colorizer.bins import SoftTargets
from training.colorizer.network import Colorizer
from training.colorizer.views import Photos, aged, steering

__all__ = ["Trainer", "main"]

_SAVE_SECONDS = 240
_REPORT = 50  # steps
_ENCODER_SHARE = 0.2  # of the rate: it was trained before
_LONGEST_STEP = 20.0  # seconds; a longer one means that the process was suspended


class Trainer:
    """Network, optimiser and how far they are."""

    def __init__(self, work: Path, device: torch.device, *, rate: float, frozen: int) -> None:
        stored = np.load(work / "bins.npz")
        self.rarity = torch.from_numpy(stored["rarity"]).to(device)
        self.net = Colorizer(torch.from_numpy(stored["bins"]), pretrained=True).to(device)
        self.targets = SoftTargets(self.net.bins)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.rate, self.device = rate, device
        self.unfrozen = self._freeze(frozen)
        decoder = [p for name, p in self.net.named_parameters() if not name.startswith("encoder.")]
        groups: list[dict[str, Any]] = [{"params": decoder, "share": 1.0}]
        if self.unfrozen:
            groups.append({"params": self.unfrozen, "share": _ENCODER_SHARE})
        self.optimizer = torch.optim.AdamW(groups, lr=rate, weight_decay=1e-2)
        self.step, self.seconds, self.views = 0, 0.0, 0

    def _freeze(self, blocks: int) -> list[nn.Parameter]:
        """Leave the stem and the first `blocks` of the encoder as they are; the parameters of the others."""
        encoder = self.net.encoder
        encoder.requires_grad_(blocks == 0)
        for block in encoder._blocks[blocks:]:
            block.requires_grad_(True)
            if self.device.type == "cpu":
                _in_float32(cast(nn.Conv2d, block._depthwise_conv))
        return [parameter for parameter in encoder.parameters() if parameter.requires_grad]

    def loss(self, light: Tensor, chroma: Tensor, hints: Tensor, mood: Tensor) -> tuple[Tensor, Tensor]:
        """Cross-entropy weighted by rarity, and plain."""
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
        return (plain * self.rarity[index[:, 0]]).mean(), plain.mean().detach()

    def update(self, done: float, batch: tuple[Tensor, Tensor, Tensor, Tensor]) -> tuple[float, float]:
        """One step at `done` 0..1 of the schedule; both losses."""
        rate = self.rate * min(1.0, (self.step + 1) / 100) * (0.5 + 0.5 * math.cos(math.pi * done) + 0.01)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["share"]
        self.net.train()
        self.net.encoder.eval()  # the statistics of ImageNet stay
        weighted, plain = self.loss(*batch)
        self.optimizer.zero_grad(set_to_none=True)
        weighted.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 5.0)
        self.optimizer.step()
        self.step += 1
        self.views += len(batch[0])
        return float(weighted.detach()), float(plain)

    def save(self, path: Path) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            "views": self.views,
        }
        torch.save(state, path.with_suffix(".part"))
        path.with_suffix(".part").replace(path)

    def start(self, path: Path) -> None:
        """Take the weights of another run's checkpoint, and count on from its views."""
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.net.load_state_dict(state["net"])
        self.views = state["views"]

    def load(self, path: Path) -> None:
        """Continue from a checkpoint of this run."""
        self.start(path)
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.seconds = state["step"], state["seconds"]


def _in_float32(convolution: nn.Conv2d) -> None:
    """Keep a depthwise convolution out of autocast: on CPUs its gradient in bfloat16 takes three times as long."""
    plain = convolution.forward

    def forward(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return plain(x.float())

    convolution.forward = forward  # type: ignore[method-assign, assignment]


def _run(trainer: Trainer, photos: Photos, options: argparse.Namespace, log: Path) -> None:
    """Train until the minutes are spent."""
    rng = np.random.default_rng(trainer.step)
    saved, recent = time.monotonic(), []
    checkpoint = options.work / "checkpoint.pt"
    while trainer.seconds < options.minutes * 60:
        begun = time.monotonic()
        light, chroma = photos.draw(options.batch)
        batch = (aged(light), chroma, *steering(chroma, rng))
        recent.append(trainer.update(trainer.seconds / (options.minutes * 60), batch))
        trainer.seconds += min(time.monotonic() - begun, _LONGEST_STEP)
        if trainer.step % _REPORT == 0:
            row = [trainer.step, trainer.views, round(trainer.seconds), *np.round(np.mean(recent, 0), 4)]
            with log.open("a", newline="") as file:
                csv.writer(file).writerow(row)
            print(*row, flush=True)
            recent.clear()
        if time.monotonic() - saved > _SAVE_SECONDS:
            trainer.save(checkpoint)
            saved = time.monotonic()
    trainer.save(checkpoint)


def main() -> None:
    """Train or continue."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--threads", type=int, default=2, help="of the CPU; 1 where others use it too")
    parser.add_argument(
        "--frozen", type=int, default=16, help="first blocks of the encoder that stay; 0 to 16"
    )
    parser.add_argument("--start", type=Path, help="checkpoint whose weights a new run begins with")
    options = parser.parse_args()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(0)
    if device.type == "cpu":
        torch.set_num_threads(options.threads)
    trainer = Trainer(options.work, device, rate=options.rate, frozen=options.frozen)
    log = options.work / "losses.csv"
    if (options.work / "checkpoint.pt").exists():
        trainer.load(options.work / "checkpoint.pt")
    else:
        log.write_text("step,photos,seconds,weighted,plain\n")
        if options.start is not None:
            trainer.start(options.start)
    photos = Photos(options.work, device, seed=trainer.step)
    torch.manual_seed(trainer.step)
    _run(trainer, photos, options, log)


if __name__ == "__main__":
    main()
