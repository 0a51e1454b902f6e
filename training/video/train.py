"""Train it: ``python -m training.video.train WORK --steps 60000``; goes on from WORK/checkpoint.pt if it is there.

The rate falls along a cosine over all steps, so a run that was stopped and begun again ends as one in a piece would.
``--anew`` takes the checkpoint's weights and begins the steps again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.video.network import ClipNet
from training.video.pairs import pairs

__all__ = ["main"]

_BATCH, _RATE, _LEAST_RATE = 32, 1.5e-3, 1e-6
_KEEP_EVERY_S = 60.0


def _loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute error of pixels, and less of slopes."""
    gap = made - wanted
    across, down = gap[..., 1:] - gap[..., :-1], gap[..., 1:, :] - gap[..., :-1, :]
    return gap.abs().mean() + 0.2 * (across.abs().mean() + down.abs().mean())


def _some(seen: Tensor, wanted: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch, turned and mirrored by chance, in 0..1."""
    which = torch.from_numpy(rng.integers(len(seen), size=_BATCH))
    x, y = seen[which, None].float() / 255, wanted[which, None].float() / 255
    turns = int(rng.integers(4))
    x, y = torch.rot90(x, turns, (2, 3)), torch.rot90(y, turns, (2, 3))
    return (x.flip(3), y.flip(3)) if rng.random() < 0.5 else (x, y)


@torch.no_grad()
def _decibels(net: ClipNet, seen: Tensor, wanted: Tensor) -> tuple[float, float]:
    """PSNR of the network and of bicubic interpolation on held-out pairs."""
    x, y = seen[:, None].float() / 255, wanted[:, None].float() / 255
    cubic = functional.interpolate(x, scale_factor=2, mode="bicubic", align_corners=False)
    errors = [((made.clamp(0, 1) - y) ** 2).mean((1, 2, 3)) for made in (net(x), cubic)]
    return tuple(float(-10 * torch.log10(error + 1e-7).mean()) for error in errors)  # type: ignore[return-value]


def main() -> None:
    """Draw the pairs, train for so many steps, keep checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--pairs", type=int, default=50_000)
    parser.add_argument("--anew", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    held = [torch.from_numpy(part) for part in pairs(1600, True, 3)]
    seen, wanted = (torch.from_numpy(part) for part in pairs(options.pairs, False, 5))
    net = ClipNet()
    print(f"{len(seen)} pairs, {sum(p.numel() for p in net.parameters())} weights", flush=True)
    best = torch.optim.Adam(net.parameters(), _RATE)
    kept, step = options.work / "checkpoint.pt", 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        net.load_state_dict(state["net"])
        if not options.anew:
            best.load_state_dict(state["optimizer"])
            step = state["step"]
    last = time.monotonic()
    for number in range(step, options.steps):
        for group in best.param_groups:
            fall = 0.5 * float(1 + np.cos(np.pi * number / options.steps))
            group["lr"] = _LEAST_RATE + (_RATE - _LEAST_RATE) * fall
        x, y = _some(seen, wanted, rng)
        loss = _loss(net(x), y)
        best.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        best.step()
        if time.monotonic() - last > _KEEP_EVERY_S:
            last = time.monotonic()
            _keep(kept, net, best, number + 1)
            ours, cubic = _decibels(net, *held)
            print(f"{number + 1}: {ours:.3f} dB, bicubic {cubic:.3f} dB", flush=True)
    _keep(kept, net, best, options.steps)
    print("held out: {:.3f} dB, bicubic {:.3f} dB".format(*_decibels(net, *held)), flush=True)


def _keep(path: Path, net: ClipNet, best: torch.optim.Adam, step: int) -> None:
    part = path.with_suffix(".part")
    torch.save({"net": net.state_dict(), "optimizer": best.state_dict(), "step": step}, part)
    part.rename(path)


if __name__ == "__main__":
    main()
