"""Training that stops and resumes: rounds of a network until so much processor time has been spent, over all runs."""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import torch
from torch import Tensor, nn

__all__ = ["add_options", "one_thread", "train"]

_CLIP = 5.0  # norm of the gradient
_WARM = 60  # steps
_SAVE_S = 90.0


def add_options(parser: argparse.ArgumentParser, minutes: float, rate: float) -> None:
    """What every such training asks: where it works, for how long and how fast."""
    parser.add_argument("work", type=Path)
    parser.add_argument("--minutes", type=float, default=minutes)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument(
        "--until", type=float, default=math.inf, help="epoch seconds at which to stop, decayed"
    )


def one_thread() -> None:
    """The same each time, and beside other work."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def train(
    options: argparse.Namespace,
    net: nn.Module,
    average: nn.Module,
    groups: Sequence[tuple[Sequence[nn.Parameter], float]],
    begin: Callable[[int], Callable[[], Tensor]],
    reload_s: float,
    *,
    keep: float = 0.99,
) -> None:
    """Train until `options.minutes` of this process's processor time have been spent, over all runs together.

    Parameters
    ----------
    options : Namespace
        Of `add_options`. ``work/checkpoint.pt`` is gone on from, and kept; losses go to ``work/losses.csv``.
    net, average : Module
        The network, and the moving average of its weights, of the same kind; both as they begin.
    groups : sequence
        Parameters, and the share of the rate that they learn at.
    begin : callable
        Told the step, gives what draws a batch and returns its loss; asked again every `reload_s` seconds, for what was
        made meanwhile.
    reload_s : float
    keep : float
        Share of itself that the moving average keeps in a step, once it has its footing.
    """
    optimizer = torch.optim.AdamW(
        [{"params": list(some), "share": share} for some, share in groups], weight_decay=1e-2
    )
    learned = [one for some, _ in groups for one in some]
    average.load_state_dict(net.state_dict())
    checkpoint = options.work / "checkpoint.pt"
    step, spent = 0, 0.0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step, spent = state["step"], state["spent"]
    lossy = begin(step)
    used, began = time.process_time(), time.time()
    saved = loaded = time.monotonic()
    over = False
    with (options.work / "losses.csv").open("a", newline="") as log:
        while not over:
            share = spent / (options.minutes * 60)
            if math.isfinite(options.until):
                share = max(share, (time.time() - began) / max(options.until - began, 1.0))
            share = min(share, 1.0)
            fall = 0.5 * (1 + math.cos(math.pi * share)) + 0.01
            for group in optimizer.param_groups:
                group["lr"] = options.rate * min(1.0, (step + 1) / _WARM) * fall * group["share"]
            loss = lossy()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(learned, _CLIP)
            optimizer.step()
            step += 1
            _follow(average, net, min(keep, step / (step + 20)))
            spent, used = spent + time.process_time() - used, time.process_time()
            over = share >= 1.0
            if step % 10 == 0:
                csv.writer(log).writerow([step, round(spent), round(loss.item(), 4)])
                log.flush()
            if time.monotonic() - saved > _SAVE_S or over:
                state = {"net": net.state_dict(), "average": average.state_dict()}
                state |= {"optimizer": optimizer.state_dict(), "step": step, "spent": spent}
                _save(checkpoint, state)
                saved = time.monotonic()
            if time.monotonic() - loaded > reload_s:
                lossy, loaded = begin(step), time.monotonic()


@torch.no_grad()
def _follow(average: nn.Module, net: nn.Module, keep: float) -> None:
    for mean, now in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
        if now.is_floating_point():
            mean.lerp_(now, 1 - keep)


def _save(path: Path, state: dict[str, Any]) -> None:
    """Write whole or not at all."""
    torch.save(state, path.with_suffix(".tmp"))
    path.with_suffix(".tmp").replace(path)
