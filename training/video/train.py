"""Train it: ``python -m training.video.train WORK --steps 60000``; goes on from WORK/checkpoint.pt if it is there.

WORK/data holds the clips of ``python -m training.video.prepare WORK/data``. The rate falls along a cosine over all
steps, so a run that was stopped and begun again ends as one in a piece would; with ``--minutes`` over the time, if that
ends sooner. ``--anew`` takes the checkpoint's weights and begins the steps again.
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
# Noise that is left of a clean clip, and the share of those that are shown without views
_CLEAN, _PLAIN = 1 / 255, 0.2
_KEEP_EVERY_S = 180.0


def _stored(work: Path, held_out: bool, seed: int) -> list[Tensor]:
    """The pairs of ``WORK/data``, made once."""
    file = work / ("held.npz" if held_out else "pairs.npz")
    if not file.exists():
        np.savez(file, *pairs(work / "data", held_out, seed))
    with np.load(file) as kept:
        return [torch.from_numpy(kept[name]) for name in ("arr_0", "arr_1")]


def _loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute error of pixels, and less of slopes."""
    gap = made - wanted
    across, down = gap[..., 1:] - gap[..., :-1], gap[..., 1:, :] - gap[..., :-1, :]
    return gap.abs().mean() + 0.2 * (across.abs().mean() + down.abs().mean())


def _some(seen: Tensor, wanted: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A batch, turned and mirrored by chance, in 0..1; some clean frames alone, as they are seen without denoising."""
    which = torch.from_numpy(rng.integers(len(seen), size=_BATCH))
    x, y = seen[which].float() / 255, wanted[which, None].float() / 255
    plain = (x[:, 4].mean((1, 2)) < _CLEAN) & torch.from_numpy(rng.random(_BATCH) < _PLAIN)
    x[plain, 1:] = 0
    turns = int(rng.integers(4))
    x, y = torch.rot90(x, turns, (2, 3)), torch.rot90(y, turns, (2, 3))
    return (x.flip(3), y.flip(3)) if rng.random() < 0.5 else (x, y)


@torch.no_grad()
def _decibels(net: ClipNet, seen: Tensor, wanted: Tensor) -> list[tuple[float, float]]:
    """PSNR of the network and of bicubic interpolation of the cleaned luma; on clean held-out pairs, and noisy ones."""
    x, y = seen.float() / 255, wanted[:, None].float() / 255
    cubic = functional.interpolate(x[:, :1], scale_factor=2, mode="bicubic", align_corners=False)
    errors = [((made.clamp(0, 1) - y) ** 2).mean((1, 2, 3)) for made in (net(x), cubic)]
    clean = x[:, 4].mean((1, 2)) < _CLEAN
    ours, plain = (-10 * torch.log10(error + 1e-7) for error in errors)
    return [(float(ours[some].mean()), float(plain[some].mean())) for some in (clean, ~clean)]


def main() -> None:
    """Draw the pairs, train for so many steps, keep checkpoints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument(
        "--minutes", type=float, help="end by then: the rate falls by the time, if that is sooner"
    )
    parser.add_argument("--anew", action="store_true")
    options = parser.parse_args()
    options.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    held, (seen, wanted) = _stored(options.work, True, 3), _stored(options.work, False, 5)
    net = ClipNet().to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # twice as fast
    print(f"{len(seen)} pairs, {sum(p.numel() for p in net.parameters())} weights", flush=True)
    best = torch.optim.Adam(net.parameters(), _RATE)
    kept, step = options.work / "checkpoint.pt", 0
    if kept.exists():
        state = torch.load(kept, weights_only=True)
        net.load_state_dict(state["net"])
        if not options.anew:
            best.load_state_dict(state["optimizer"])
            step = state["step"]
    begun = last = time.monotonic()
    number, done = step, step / options.steps
    while done < 1:
        for group in best.param_groups:
            fall = 0.5 * float(1 + np.cos(np.pi * done))
            group["lr"] = _LEAST_RATE + (_RATE - _LEAST_RATE) * fall
        x, y = _some(seen, wanted, rng)
        loss = _loss(net(x.contiguous(memory_format=torch.channels_last)), y)
        best.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 0.5)
        best.step()
        number += 1
        now = time.monotonic()
        done = max(number / options.steps, (now - begun) / 60 / options.minutes if options.minutes else 0)
        if now - last > _KEEP_EVERY_S:
            last = now
            _keep(kept, net, best, number)
            _tell(f"{number}", net, held)
    _keep(kept, net, best, number)
    _tell("held out", net, held)


def _tell(when: str, net: ClipNet, held: list[Tensor]) -> None:
    clean, noisy = _decibels(net, *held)
    said = "clean {:.3f} dB, bicubic {:.3f}; noisy {:.3f} dB, bicubic {:.3f}".format(*clean, *noisy)
    print(f"{when}: {said}", flush=True)


def _keep(path: Path, net: ClipNet, best: torch.optim.Adam, step: int) -> None:
    part = path.with_suffix(".part")
    torch.save({"net": net.state_dict(), "optimizer": best.state_dict(), "step": step}, part)
    part.rename(path)


if __name__ == "__main__":
    main()
