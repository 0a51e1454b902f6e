"""Doubt takes chroma away, certainty keeps it, and a thing loses it as a whole."""

from __future__ import annotations

import numpy as np

from tinct.imaging.decision import dared
from tinct.imaging.likelihood import ChromaDistribution
from tinct.imaging.mean_field import evened

BINS = np.array([[0, 0], [50, 40], [-30, 30], [10, -40]], np.float32)  # grey, red, green, blue
RED = BINS[1:2]


def _share(*probability: float) -> float:
    return float(dared(np.array([probability], np.float32), BINS, RED)[0])


def test_a_colour_that_is_sure_is_kept() -> None:
    assert _share(0.02, 0.96, 0.01, 0.01) > 0.9


def test_the_less_sure_a_colour_is_the_less_of_it_is_dared() -> None:
    shares = [_share(1 - p, p, 0, 0) for p in (0.1, 0.3, 0.5, 0.7, 0.9)]
    assert shares == sorted(shares)
    assert shares[0] < 0.3


def test_red_where_green_and_blue_are_as_likely_is_not_dared() -> None:
    assert _share(0.1, 0.3, 0.3, 0.3) < 0.4


def test_colours_far_outside_the_classes_are_judged_too() -> None:
    far = np.array([[400, -400]], np.float32)
    assert 0 <= dared(np.array([[0, 1, 0, 0]], np.float32), BINS, far)[0] <= 1


def test_shares_are_made_alike_within_a_thing_and_not_beyond() -> None:
    share = np.ones((16, 32), np.float32)
    share[4:12, 4:8] = 0
    looks = np.zeros((8, 16, 2), np.float32)
    looks[:, :8, 0], looks[:, 8:, 0] = 1, -1
    after = evened(share, np.full((16, 32), 50, np.float32), looks)
    assert after[6, 6] > 0.5
    assert after[:, 20:].min() > 0.95


def test_a_photo_in_doubt_keeps_some_colour_and_less_than_a_sure_one() -> None:
    light, looks = np.full((32, 32), 55, np.float32), np.zeros((16, 16, 2), np.float32)
    logits = np.zeros((2, 32, 32, 4), np.float32)
    logits[0, ..., 1], logits[1, ..., 1] = 6, 1
    sure, unsure = (
        np.hypot(*ChromaDistribution(one, BINS, light, np.ones_like(light), looks).chroma().T).mean()
        for one in logits
    )
    assert 5 < unsure < 0.8 * sure
