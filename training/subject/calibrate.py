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

from training.subject.evaluate import cases, predictor

__all__ = ["expected_error", "fit", "main", "reliability"]

Array = NDArray[np.float32]
_BINS = 10
_EVERY = 7  # pixels taken


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
    return float(scale), float(bias)


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


def _pixels(work: Path, side: int, composites: int, others: int) -> tuple[list[Array], list[Array]]:
    predict, logits, truths = predictor(work, side), [], []
    for _, rgb, matte in cases(work, composites, others):
        probability = np.clip(predict(rgb), 1e-5, 1 - 1e-5)
        logits.append(np.log(probability / (1 - probability)).ravel()[::_EVERY].astype(np.float32))
        truths.append(matte.ravel()[::_EVERY])
    return logits, truths


def main() -> None:
    """Print scale, bias and both diagrams."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--side", type=int, default=224)
    parser.add_argument("--composites", type=int, default=150)
    parser.add_argument("--others", type=int, default=60)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    logits, truths = _pixels(options.work, options.side, options.composites, options.others)
    scale, bias = fit(np.concatenate(logits[::2]), np.concatenate(truths[::2]))
    print(f"--scale {scale:.3f} --bias {bias:.3f}")
    x, truth = np.concatenate(logits[1::2]), np.concatenate(truths[1::2])
    for name, values in (("before", x), ("after", x * scale + bias)):
        probability = 1 / (1 + np.exp(-values))
        print(f"{name}: expected calibration error {expected_error(probability, truth):.4f}")
        for share, said, true in reliability(probability, truth):
            print(f"  said {said:.2f}, true {true:.2f} ({share:.1%} of the pixels)")


if __name__ == "__main__":
    main()
