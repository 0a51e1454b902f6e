"""Train the person segmenter: ``python -m training.person.train WORK [--models FOLDER]``; stops and resumes.

WORK holds what :mod:`training.person.label` wrote; FOLDER is the unpacked wheel of MediaPipe. The first run begins with
the person segmenter that Tinct ships, or with its sight and MediaPipe's outlines. The sight stays as it is.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from tinct.models import store
from training.folded import take_over
from training.person.network import PersonNet
from training.person.views import Views, load
from training.rounds import add_options, one_thread, train

__all__ = ["loss_of", "main"]

_BATCH = 12
_RELOAD_S = 300.0  # seconds after which photos labelled meanwhile are read


def loss_of(logits: Tensor, matte: Tensor, learned: Tensor) -> Tensor:
    """Cross-entropy against a slightly sharpened matte, and overlap (soft Dice), where something is learned.

    Logits (n, 1, h, w); matte and learned (n, 1, H, W) in 0..1.
    """
    small = functional.interpolate(matte, size=logits.shape[-2:], mode="area")
    weight = functional.interpolate(learned, size=logits.shape[-2:], mode="area")
    sharp = torch.clamp((small - 0.5) * 1.3 + 0.5, 0, 1)
    guess = torch.sigmoid(logits) * weight
    sharp = sharp * weight
    dice = 1 - (2 * (guess * sharp).sum((1, 2, 3)) + 30) / ((guess + sharp).sum((1, 2, 3)) + 30)
    cross = functional.binary_cross_entropy_with_logits(logits, sharp, weight)
    return cross + 0.3 * dice.mean()


def _batch(views: Views) -> tuple[Tensor, Tensor, Tensor]:
    drawn = [views.view() for _ in range(_BATCH)]
    rgb = torch.from_numpy(np.stack([one[0] for one in drawn])).permute(0, 3, 1, 2)  # channels last in memory
    matte, learned = (torch.from_numpy(np.stack([one[i] for one in drawn]))[:, None] for i in (1, 2))
    return rgb, matte, learned


def _objects(folder: Path | None) -> np.ndarray | None:
    """Cut objects (n, h, w, 4) of :mod:`training.subject.prepare`, if there are any."""
    paths = sorted((folder / "parts").glob("object-*.npz")) if folder else []
    return np.concatenate([np.load(path)["cuts"] for path in paths]) if paths else None


def main() -> None:
    """Train until `minutes` of this process's processor time have been spent, over all runs together."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser, minutes=35, rate=3e-4)
    parser.add_argument("--models", type=Path, help="begin with MediaPipe's outlines, not with Tinct's")
    parser.add_argument(
        "--objects", type=Path, help="working folder of training.subject, for its cut objects"
    )
    options = parser.parse_args()
    one_thread()
    net = PersonNet()
    take_over(net, store.load("person"), last=True)
    if options.models:
        net.begin(options.models)
    net.to(memory_format=torch.channels_last)
    net.eval()  # statistics stay those that were folded
    average = PersonNet().to(memory_format=torch.channels_last)
    slow, fast = net.trained()
    objects = _objects(options.objects)

    def begin(step: int) -> Callable[[], Tensor]:
        views = Views(load(options.work), objects, step)

        def loss() -> Tensor:
            rgb, matte, learned = _batch(views)
            return loss_of(net(rgb)[1], matte, learned)

        return loss

    train(options, net, average, [(slow, 0.3), (fast, 1.0)], begin, _RELOAD_S)


if __name__ == "__main__":
    main()
