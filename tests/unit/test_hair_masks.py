"""Hair masks checked by hand, and the upright view of a head: what the benchmark and the training of hair stand on."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import numpy as np
import pytest

from tinct.imaging.hair.frame import Frame
from tinct.imaging.hair.upright import HEIGHT, WIDTH, back, place, upright

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))


def tilted() -> Frame:
    across = np.array([np.cos(0.3), np.sin(0.3)])
    return Frame(np.array([150.0, 120.0]), across, np.array([-across[1], across[0]]), 60.0)


def test_the_view_shows_a_tilted_head_upright_at_its_place() -> None:
    frame = tilted()
    picture = np.zeros((300, 320), np.float32)
    x, y = frame.to(np.array([[0.4, 0.7]]))[0]
    picture[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4] = 1
    row, column = np.unravel_index(np.argmax(upright(picture, frame)), (HEIGHT, WIDTH))
    assert abs(column - place(0.4, 0.7)[0]) < 3
    assert abs(row - place(0.4, 0.7)[1]) < 3


def test_a_view_laid_back_is_the_picture_where_the_view_saw_it() -> None:
    frame = tilted()
    u, v = frame.grid((300, 320))
    smooth = np.sin(2 * u) + np.cos(2 * v)
    again = back(upright(smooth, frame), frame, (300, 320))
    inside = (np.abs(u) < 1.0) & (v > -1.0) & (v < 1.5)
    assert np.abs(again - smooth)[inside].max() < 0.02
    assert not again[(np.abs(u) > 2.0)].any()


def test_what_lies_beyond_the_picture_has_the_value_asked_for() -> None:
    labels = np.zeros((40, 40), np.uint8)
    assert (upright(labels, tilted(), beyond=255) == 255).all()


def test_every_checked_head_has_a_face_kinds_and_outlines_within_its_photo() -> None:
    from benchmarks.hair_masks import KINDS, checked

    assert len(checked()) >= 40
    for one in checked():
        assert one.kinds
        assert set(one.kinds) <= set(KINDS)
        assert all(ring.min() >= 0 and ring.max() <= 1 and len(ring) >= 4 for ring in one.hair)
        assert one.hair or set(one.kinds) & {"hat", "bald"}


def test_verdicts_name_each_label_once() -> None:
    with (ROOT / "training" / "hair" / "verdicts.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert len({(key, number) for key, number, _ in rows}) == len(rows)
    assert {verdict for *_, verdict in rows} <= {"good", "hat", "short", "none"}


def test_no_photo_of_the_checked_set_teaches() -> None:
    from benchmarks.hair_masks import checked

    with (ROOT / "training" / "hair" / "verdicts.csv").open(newline="") as file:
        taught = {key for key, *_ in csv.reader(file)}
    assert not taught & {Path(one.photo).name for one in checked()}


def test_an_edge_that_is_off_by_less_than_the_rim_costs_nothing_and_a_missing_half_costs_half() -> None:
    from benchmarks.hair_masks import figure

    real = np.zeros((200, 200), bool)
    real[50:150, 40:160] = True
    near, half = np.roll(real, 1, axis=0), real.copy()
    half[:, 100:] = False
    assert figure(near, real, 100.0) == 1.0
    assert figure(half, real, 100.0) == pytest.approx(0.5, abs=0.03)
    assert figure(real, np.zeros_like(real), 100.0) == pytest.approx(1.2)
