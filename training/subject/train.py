"""Train the subject segmenter: ``python -m training.subject.train WORK --minutes 50``; stops and resumes."""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.rounds import add_options, one_thread, train
from training.subject.compose import Composer, load
from training.subject.network import SubjectNet

__all__ = ["loss_of", "main"]

_BATCH = 16
_RELOAD_S = 240.0  # seconds after which parts made meanwhile are read


def loss_of(logits: Tensor, matte: Tensor) -> Tensor:
    """Cross-entropy, and overlap (soft Dice); logits (n, 1, h, w), matte (n, 1, H, W) in 0..1."""
    small = functional.interpolate(matte, size=logits.shape[-2:], mode="area")
    guess = torch.sigmoid(logits)
    dice = 1 - (2 * (guess * small).sum((1, 2, 3)) + 50) / ((guess + small).sum((1, 2, 3)) + 50)
    return functional.binary_cross_entropy_with_logits(logits, small) + 0.4 * dice.mean()


def _batch(composer: Composer) -> tuple[Tensor, Tensor]:
    pairs = [composer.view() for _ in range(_BATCH)]
    rgb = torch.from_numpy(np.stack([p[0] for p in pairs])).permute(0, 3, 1, 2)  # channels last in memory
    return rgb, torch.from_numpy(np.stack([p[1] for p in pairs]))[:, None]


def main() -> None:
    """Train until `minutes` of this process's processor time have been spent, over all runs together."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser, minutes=50, rate=2e-3)
    options = parser.parse_args()
    one_thread()
    net = SubjectNet(pretrained=True).to(memory_format=torch.channels_last)
    net.train()
    net.encoder.eval()  # statistics of ImageNet stay
    average = SubjectNet().to(memory_format=torch.channels_last)
    slow, fast = net.trained()

    def begin(step: int) -> Callable[[], Tensor]:
        composer = Composer(load(options.work), step)

        def loss() -> Tensor:
            rgb, matte = _batch(composer)
            return loss_of(net(rgb), matte)

        return loss

    train(options, net, average, [(slow, 0.15), (fast, 1.0)], begin, _RELOAD_S)


if __name__ == "__main__":
    main()
