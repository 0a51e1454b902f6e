"""A known colour fills the thing it was given for, and stops where that ends."""

from __future__ import annotations

import re

import numpy as np
import pytest

from tinct.effects.colorize.carry import carry
from tinct.effects.colorize.colorize import colorize
from tinct.errors import ParameterError
from tinct.imaging import salient
from tinct.imaging.likelihood import ChromaDistribution
from tinct.photo.photo import Photo

SQUARE = np.s_[16:48, 16:48]
BLUE, RED = (10.0, -40.0), (50.0, 30.0)


def _photo(*, bar: bool = False) -> ChromaDistribution:
    """A light square on grey, with a dark bar across it if asked for, that the network knows nothing of."""
    light = np.full((64, 64), 40, np.float32)
    light[SQUARE] = 65
    if bar:
        light[31:33, 16:48] = 5
    looks = np.zeros((32, 32, 152), np.float32)
    looks[8:24, 8:24, :4] = 1
    looks -= looks.mean(axis=(0, 1))
    bins = np.array([[0, 0], [40, 20], [-20, -30]], np.float32)
    return ChromaDistribution(np.zeros((64, 64, 3), np.float32), bins, light, np.ones_like(light), looks)


def _hint(row: int, column: int, chroma: tuple[float, float]) -> list[float]:
    return [(row + 0.5) / 64, (column + 0.5) / 64, *chroma]


def test_a_hint_fills_its_thing_and_nothing_else() -> None:
    found = carry(_photo(), np.array([_hint(40, 22, BLUE)], np.float32))
    assert found.share[SQUARE].min() > 0.9
    assert np.abs(found.chroma[SQUARE] - BLUE).max() < 0.5
    outside = found.share.copy()
    outside[14:50, 14:50] = 0  # looks are known for every other cell
    assert outside.max() < 0.05


def test_a_hint_reaches_the_part_beyond_what_lies_across_its_thing() -> None:
    found = carry(_photo(bar=True), np.array([_hint(27, 30, BLUE)], np.float32))
    assert found.share[36:46, 24:40].mean() > 0.8
    assert found.share[:12].max() < 0.1


def test_a_dot_on_what_stands_out_stays_on_it_though_the_background_is_much_alike(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    photo = _photo()
    photo.light[:] = 54
    photo.light[SQUARE] = 56
    photo.looks[:] *= 0.1

    def share(subject: float) -> float:
        seen = np.full((64, 64), subject, np.float32)
        seen[SQUARE] = 1
        monkeypatch.setattr(salient, "predict", lambda rgb: seen)
        found = carry(photo, np.array([_hint(32, 32, BLUE)], np.float32)).share
        return float(found[:8].mean())

    assert share(0) < 0.1
    assert share(1) > 0.3


def test_two_hints_on_one_thing_share_it() -> None:
    hints = np.array([_hint(30, 18, BLUE), _hint(30, 44, RED)], np.float32)
    found = carry(_photo(), hints)
    assert found.chroma[30, 18] == pytest.approx(BLUE, abs=0.5)
    assert found.chroma[30, 44] == pytest.approx(RED, abs=0.5)
    assert found.share[SQUARE].min() > 0.9


def test_hints_of_one_colour_reach_as_far_as_one_alone_or_farther() -> None:
    photo = _photo(bar=True)
    one = carry(photo, np.array([_hint(24, 22, BLUE)], np.float32))
    both = carry(photo, np.array([_hint(24, 22, BLUE), _hint(42, 40, BLUE)], np.float32))
    assert both.share[SQUARE].mean() >= one.share[SQUARE].mean()
    assert both.share[33:48, 16:48].min() > 0.9
    assert np.abs(both.chroma[33:48, 16:48] - BLUE).max() < 0.5
    assert both.share[:12].max() < 0.1


def test_a_grey_hint_takes_the_colour_of_its_part_away() -> None:
    hints = np.array([_hint(30, 18, BLUE), _hint(30, 44, (0, 0))], np.float32)
    found = carry(_photo(), hints).over(np.full((64, 64, 2), 30, np.float32))
    assert np.abs(found[30, 44]).max() < 1
    assert found[30, 18] == pytest.approx(BLUE, abs=0.5)


def test_of_contradicting_hints_at_one_place_the_last_counts() -> None:
    hints = np.array([_hint(15, 15, RED), _hint(15, 15, BLUE)], np.float32)
    assert carry(_photo(), hints).chroma[15, 15] == pytest.approx(BLUE, abs=0.5)


def test_a_shaded_part_gets_less_chroma_of_the_same_hue() -> None:
    photo = _photo()
    photo.light[16:32, 16:48] = 60
    found = carry(photo, np.array([_hint(40, 30, BLUE)], np.float32)).chroma
    shaded, lit = found[20, 30], found[40, 30]
    assert np.linalg.norm(shaded) < np.linalg.norm(lit) - 1
    assert shaded[0] / shaded[1] == pytest.approx(lit[0] / lit[1], abs=0.02)


def test_what_the_network_knows_as_something_else_is_left_out_even_in_the_middle() -> None:
    photo = _photo()
    photo.logits[26:36, 26:36] = (0, 6, 0)
    photo.logits[:26] = photo.logits[36:] = (0, 0, 6)
    photo.logits[26:36, :26] = photo.logits[26:36, 36:] = (0, 0, 6)
    found = carry(photo, np.array([_hint(44, 20, BLUE)], np.float32))
    assert found.share[28:34, 28:34].max() < 0.1
    assert found.share[40:47, 17:47].min() > 0.9


@pytest.mark.parametrize(
    ("hints", "words"),
    [
        ([(1, 2, "red"), (1, 2, "{reddish}")], "hints.1.color: got '{reddish}'; allowed: a colour written as"),
        ([(1, 2, "red"), (-1, 2, "red")], "hints.1.x: got -1; allowed: 0 or more"),
        ([(1, 2, 3)], "hints.0.color: got 3; allowed: a text"),
        ([(float("inf"), 2, "red")], "hints.0.x: got inf; allowed: a finite number"),
        ([None], "hints.0: got None; allowed: {x, y, color}"),
        ([{"x": 1, "y": 2}], "hints.0.color: got {'x': 1, 'y': 2}; allowed: all of its fields; this one is missing"),
        ([{"x": 1, "y": 2, "color": "red", "z": 3}], "hints.0.z: got 3; allowed: no field of this name"),
        ([(1, 2, "red")] * 201, "hints: got '201 of them'; allowed: up to 200 × {x, y, color}"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_hint_is_told_by_its_number(hints: list[object], words: str) -> None:
    with pytest.raises(ParameterError, match=re.escape(words)):
        colorize(Photo(np.zeros((4, 4, 3), np.uint8)), hints=hints)  # type: ignore[arg-type]
