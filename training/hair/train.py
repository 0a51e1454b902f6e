"""Train the hair network: ``python -m training.hair.train WORK --minutes 40``; stops and resumes.

WORK is where `training.hair.label` wrote its parts. There are few labels, so each is shown in many ways: turned,
enlarged, in other light and colours, blurred and compressed, before other backgrounds, beside and behind
other people's heads, behind things, and its hat in every colour that hair has.
"""

from __future__ import annotations

import argparse
import copy
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tinct.imaging.hair.upright import HEIGHT, WIDTH, place
from training.hair.label import FACE, FINER, HAIR, HAT, OTHER, REST, UNKNOWN
from training.hair.network import HairNet
from training.hair.verdicts import Taught, taught
from training.rounds import add_options, one_thread, train

__all__ = ["example", "main"]

_BATCH = 8
_SMOOTH = 0.05  # of the labels' certainty
_BESIDE, _BEFORE, _THING = 0.35, 0.3, 0.25
"""Shares of views with another head beside, another background, and something in the way."""
_WEIGHTS = (1.5, 1.0, 1.0, 0.8)
_KEEP = 0.995  # of the moving average in a step; it is what is exported, as the last steps alone swing
_FROZEN = 3  # blocks of the encoder that stay as they are: they see edges and colours

View = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def _turn(rng: np.random.Generator, shift: tuple[float, float]) -> NDArray[np.float64]:
    """From a label's pixels to those of the network's view."""
    x, y = place(0.0, 0.1, FINER)
    size = float(np.exp(rng.normal(0, 0.1))) / FINER
    turn = cv2.getRotationMatrix2D((x, y), float(rng.normal(0, 6)), size)
    turn[:, 2] += np.array(place(0.0, 0.1)) - np.array([x, y]) + np.array(shift)
    if rng.random() < 0.5:
        turn = turn @ np.array([[-1, 0, 2 * x], [0, 1, 0], [0, 0, 1]])
    turn[:, :2] = turn[:, :2] * np.exp(rng.normal(0, 0.04, 2))  # faces are narrow or broad
    return np.asarray(turn)


def _moved(head: Taught, turn: NDArray[np.float64]) -> View:
    placed = cv2.warpAffine(head.view, turn, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR)
    labels = cv2.warpAffine(
        head.classes,
        turn,
        (WIDTH, HEIGHT),
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(UNKNOWN,),
    )
    return np.asarray(placed, np.uint8), np.asarray(labels, np.uint8)


def _recolored_hat(view: NDArray[np.uint8], labels: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Hats as dark, brown, grey or fair as hair, in place."""
    hat = labels == HAT
    if not hat.any() or rng.random() < 0.3:
        return
    light = view[hat].mean(axis=1, keepdims=True)
    wanted = np.array([(20, 18, 18), (60, 42, 30), (110, 80, 50), (130, 130, 130), (200, 190, 180)])[
        rng.integers(5)
    ]
    new = light / max(float(light.mean()), 1.0) * wanted
    view[hat] = np.clip(0.15 * view[hat] + 0.85 * new, 0, 255).astype(np.uint8)


def _beside(one: View, other: View, rng: np.random.Generator) -> None:
    """Another head before or behind, in place."""
    head = np.isin(other[1], [HAIR, FACE, HAT])
    mine = np.isin(one[1], [HAIR, FACE, HAT, UNKNOWN])
    seen = head & ~mine if rng.random() < 0.7 else head
    one[0][seen], one[1][seen] = other[0][seen], OTHER


def _before(one: View, other: View, rng: np.random.Generator) -> None:
    """Another photo's colours as background, in place: all beside the head above the chin."""
    head = np.isin(one[1], [HAIR, FACE, HAT, UNKNOWN, OTHER]).astype(np.uint8)
    near = cv2.dilate(head, np.ones((7, 7), np.uint8)) > 0
    rows = np.arange(HEIGHT)[:, None] < place(0.0, 0.45)[1]
    seen = ~near & (one[1] == REST) & rows
    picture = cv2.resize(other[0][rng.integers(0, 60) :, :], (WIDTH, HEIGHT))[:, :: rng.choice([-1, 1])]
    if rng.random() < 0.4:
        picture = np.full_like(picture, rng.integers(0, 255, 3))
    soft = cv2.GaussianBlur(seen.astype(np.float32), (0, 0), 1.5)[..., None]
    one[0][:] = (soft * picture + (1 - soft) * one[0]).astype(np.uint8)


def _thing(one: View, rng: np.random.Generator) -> None:
    """A hand, a microphone, a bough: something of one colour in the way, in place."""
    x, y = rng.uniform(0, WIDTH), rng.uniform(0.2 * HEIGHT, HEIGHT)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    axes = (int(rng.uniform(4, 14)), int(rng.uniform(8, 45)))
    cv2.ellipse(mask, ((x, y), axes, float(rng.uniform(0, 180))), 1, -1)
    seen = mask > 0
    one[0][seen] = np.clip(rng.integers(0, 255, 3) + rng.normal(0, 8, (int(seen.sum()), 3)), 0, 255)
    one[1][seen] = REST


def _lit(view: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.float32]:
    """Other light, other cameras; sometimes grey or sepia, blurred, noisy or compressed."""
    if rng.random() < 0.3:
        good, stored = cv2.imencode(".jpg", view, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))])
        assert good
        view = np.asarray(cv2.imdecode(stored, cv2.IMREAD_COLOR), np.uint8)
    x = (view.astype(np.float32) / 255) ** np.float32(np.exp(rng.normal(0, 0.35)))
    x = (x - 0.5) * np.float32(np.exp(rng.normal(0, 0.15))) + 0.5
    grey = x @ np.array([0.299, 0.587, 0.114], np.float32)
    if rng.random() < 0.1:
        x = grey[..., None] * np.array(
            [1.0, 1.0, 1.0] if rng.random() < 0.6 else [1.1, 0.95, 0.75], np.float32
        )
    else:
        x = grey[..., None] + (x - grey[..., None]) * np.float32(np.exp(rng.normal(0, 0.3)))
        x = x * np.exp(rng.normal(0, 0.07, 3)).astype(np.float32)
    if rng.random() < 0.35:
        x = cv2.GaussianBlur(x, (0, 0), float(rng.uniform(0.4, 1.3)))
    if rng.random() < 0.2:
        x = x + rng.normal(0, 0.03, x.shape).astype(np.float32)
    return np.clip(x, 0, 1).astype(np.float32)


def example(
    heads: Sequence[Taught], rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """A training view: (HEIGHT, WIDTH, 3) RGB in 0..1 and its classes (HEIGHT, WIDTH)."""
    one, other, third = (heads[n] for n in rng.integers(0, len(heads), 3))
    near = (float(rng.normal(0, 4)), float(rng.normal(0, 4)))
    seen = _moved(one, _turn(rng, near))
    _recolored_hat(*seen, rng)
    if rng.random() < _BEFORE:
        _before(seen, _moved(third, _turn(rng, (0.0, 0.0))), rng)
    if rng.random() < _BESIDE:
        far = (float(rng.choice([-1, 1]) * rng.uniform(0.32, 0.6) * WIDTH), float(rng.normal(0, 14)))
        _beside(seen, _moved(other, _turn(rng, far)), rng)
    if rng.random() < _THING:
        _thing(seen, rng)
    labels = np.where(seen[1] == HAT, REST, seen[1])
    return _lit(seen[0], rng), labels.astype(np.int64)


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy where there is a label, and overlap of hair (soft Dice)."""
    small = labels[:, ::2, ::2]
    known = (small != UNKNOWN).float()
    target = torch.where(small == UNKNOWN, torch.full_like(small, REST), small)
    every = functional.cross_entropy(
        logits, target, weight=torch.tensor(_WEIGHTS), reduction="none", label_smoothing=_SMOOTH
    )
    guess, real = torch.softmax(logits, 1)[:, HAIR] * known, (target == HAIR).float() * known
    dice = 1 - (2 * (guess * real).sum((1, 2)) + 20) / ((guess + real).sum((1, 2)) + 20)
    return (every * known).sum() / known.sum().clamp(min=1) + 0.3 * dice.mean()


def _begin(heads: Sequence[Taught], net: HairNet) -> Callable[[int], Callable[[], Tensor]]:
    def begin(step: int) -> Callable[[], Tensor]:
        rng = np.random.default_rng(step)

        def lossy() -> Tensor:
            pairs = [example(heads, rng) for _ in range(_BATCH)]
            rgb = torch.from_numpy(np.stack([pair[0] for pair in pairs])).permute(0, 3, 1, 2)
            return _loss(net(rgb), torch.from_numpy(np.stack([pair[1] for pair in pairs])))

        return lossy

    return begin


def main() -> None:
    """Train until `minutes` have been spent, over all runs together."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser, minutes=10, rate=1.5e-3)
    parser.add_argument("--after", type=Path, help="a checkpoint whose network to begin with")
    options = parser.parse_args()
    one_thread()
    heads = taught(options.work)
    print(len(heads), "heads", flush=True)
    net = HairNet().begin()
    if options.after:
        net.load_state_dict(torch.load(options.after, weights_only=True)["net"])
    for block in (net.encoder._conv_stem, *list(net.encoder._blocks)[:_FROZEN]):
        block.requires_grad_(False)
    slow = [p for p in net.encoder.parameters() if p.requires_grad]
    fast = [p for name, p in net.named_parameters() if not name.startswith("encoder.")]
    net.eval()  # statistics stay those that the segmenter was folded with
    average = copy.deepcopy(net).requires_grad_(False)
    train(options, net, average, [(slow, 0.2), (fast, 1.0)], _begin(heads, net), math.inf, keep=_KEEP)


if __name__ == "__main__":
    main()
