"""Fit scale and bias of the logits: ``python -m training.subject.calibrate WORK [--sheet FILE.png]``.

On every other one of the cases kept apart; the reliability before and after is told for the rest: per tenth of
probability, how often pixels belong to the subject, and the expected calibration error (Guo et al. 2017, "On
calibration of modern neural networks").
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from tinct.imaging import salient
from training.subject.cut import overlap
from training.subject.evaluate import cases, predictor

__all__ = ["expected_error", "fit", "main", "reliability"]

Array = NDArray[np.float32]
_BINS = 10
_EVERY = 7  # pixels taken
_LEAST = 0.004  # share of the photo below which nothing was found, as in the effect


def fit(logits: Array, truth: Array) -> tuple[float, float]:
    """Scale and bias of greatest likelihood; logits and truth (n,), truth in 0..1."""
    scale, bias = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    x, y = torch.from_numpy(logits), torch.from_numpy(truth)
    solver = torch.optim.LBFGS([scale, bias], max_iter=60, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        solver.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(x * scale + bias, y)
        value.backward()
        return value

    solver.step(loss)
    return scale.item(), bias.item()


def reliability(probability: Array, truth: Array) -> list[tuple[float, float, float]]:
    """Of each tenth: its share of all, mean probability, how often true."""
    bins = np.minimum((probability * _BINS).astype(int), _BINS - 1)
    rows = []
    for number in range(_BINS):
        here = bins == number
        if here.any():
            rows.append((float(here.mean()), float(probability[here].mean()), float(truth[here].mean())))
    return rows


def expected_error(probability: Array, truth: Array) -> float:
    """Mean difference of both, weighted by shares."""
    return sum(share * abs(said - true) for share, said, true in reliability(probability, truth))


def _odds(probability: Array) -> Array:
    held = np.clip(probability, 1e-5, 1 - 1e-5)
    return np.asarray(np.log(held / (1 - held)), np.float32)


def _told(scale: float, bias: float, odds: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-(odds * scale + bias))), np.float32)


def _confidence(rgb: Array, probability: Array, matte: Array) -> tuple[float, float] | None:
    """What the effect would say of its cut, and its overlap with the matte; None if it finds nothing."""
    likely = salient.outlined(rgb, probability) > 0.5
    if likely.mean() < _LEAST:
        return None
    said = salient.expected_overlap(probability, likely.astype(np.float32))
    return said, overlap(likely, matte > 0.5)


def main() -> None:
    """Print scale, bias, and what was said and what is true, before and after, of pixels and of cuts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--side", type=int, default=salient.SEEN)
    parser.add_argument("--composites", type=int, default=150)
    parser.add_argument("--others", type=int, default=60)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    predict = predictor(options.work, options.side)
    found = [
        (kind, rgb, matte, _odds(predict(rgb)))
        for kind, rgb, matte in cases(options.work, options.composites, options.others)
    ]
    chosen, rest = found[::2], found[1::2]
    scale, bias = fit(
        np.concatenate([odds.ravel()[::_EVERY] for *_, odds in chosen]),
        np.concatenate([matte.ravel()[::_EVERY] for _, _, matte, _ in chosen]),
    )
    print(f"--scale {scale:.3f} --bias {bias:.3f}")
    truth = np.concatenate([matte.ravel()[::_EVERY] for _, _, matte, _ in rest])
    for name, (s, b) in {"before": (1.0, 0.0), "after": (scale, bias)}.items():
        told = [_told(s, b, odds) for *_, odds in rest]
        probability = np.concatenate([one.ravel()[::_EVERY] for one in told])
        print(f"{name}: expected calibration error of pixels {expected_error(probability, truth):.4f}")
        for share, said, true in reliability(probability, truth):
            print(f"  said {said:.2f}, true {true:.2f} ({share:.1%} of the pixels)")
        cuts = [
            (kind, _confidence(rgb, one, matte))
            for (kind, rgb, matte, _), one in zip(rest, told, strict=True)
        ]
        both = np.array([cut for _, cut in cuts if cut is not None], np.float32).reshape(-1, 2)
        print(
            f"  cuts: mean difference of confidence and overlap {np.abs(both[:, 0] - both[:, 1]).mean():.3f}"
        )
        for low in np.arange(0, 1, 0.2):
            here = both[(both[:, 0] >= low) & (both[:, 0] < low + 0.2 + (low > 0.7))]
            if len(here):
                print(
                    f"  confidence {here[:, 0].mean():.2f}, overlap {here[:, 1].mean():.2f} ({len(here)} cuts)"
                )
        for kind in ("composite", "object", "person", "empty"):
            of_kind = [cut for k, cut in cuts if k == kind]
            overlaps = [0.0 if cut is None else cut[1] for cut in of_kind]
            taken = sum(cut is not None and cut[0] >= salient.WORTH for cut in of_kind)
            if of_kind:
                print(f"  {kind}: {len(of_kind)}, IoU {np.mean(overlaps):.3f}, {taken} taken")


if __name__ == "__main__":
    main()
