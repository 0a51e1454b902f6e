"""The steps of object removal, each against what it must compute."""

from __future__ import annotations

import numpy as np
import pytest

from tinct.imaging.fill import poisson
from tinct.imaging.fill.holes import find
from tinct.imaging.fill.labelling import cheapest_labels
from tinct.imaging.fill.offset_field import Ground, OffsetField, icm, repair, seam_cost
from tinct.imaging.fill.patchmatch import Library, nearest, patchmatch, texture
from tinct.imaging.fill.scene import Scene, nearest_known, smaller
from tinct.imaging.fill.upsampling import upsampled


def scene(seed: int = 0, size: tuple[int, int] = (60, 80)) -> Scene:
    rng = np.random.default_rng(seed)
    pixels = np.repeat(rng.integers(0, 255, (size[0] // 4, size[1] // 4, 3), np.uint8).repeat(4, 0), 4, 1)
    hole = np.zeros(size, bool)
    hole[20:36, 30:50] = True
    return Scene.of(pixels, ~hole, hole, size)


def shifted(hole: np.ndarray, down: np.ndarray | int, right: np.ndarray | int) -> OffsetField:
    field = OffsetField(np.zeros(hole.shape, np.int32), np.zeros(hole.shape, np.int32))
    field.down[hole] = np.broadcast_to(down, hole.shape)[hole]
    field.right[hole] = np.broadcast_to(right, hole.shape)[hole]
    return field


def test_a_colour_that_is_removed_does_not_reach_the_smaller_scene() -> None:
    pixels = np.full((64, 96, 3), 100, np.uint8)
    pixels[21:43, 33:55] = (255, 0, 0)
    hole = (pixels[..., 1] == 0).copy()
    small = Scene.of(pixels, ~hole, hole, (16, 24))
    assert np.ptp(small.lab[..., 1:]) < 1e-3
    assert not (small.known & small.hole).any()
    assert np.ptp(smaller(small, (8, 12)).lab[..., 1:]) < 1e-3


def test_the_nearest_known_pixel_is_the_nearest() -> None:
    known = np.random.default_rng(1).random((30, 40)) < 0.05
    rows, columns = nearest_known(known)
    at, everywhere = np.argwhere(~known), np.argwhere(known)
    found = np.hypot(rows - at[:, 0], columns - at[:, 1])
    truth = np.sqrt(((at[:, None] - everywhere) ** 2).sum(-1).min(1))
    assert found == pytest.approx(truth, abs=0.6)  # the distance transform is a close approximation


def test_the_search_finds_what_comparing_everything_finds() -> None:
    rng = np.random.default_rng(0)
    s = scene(2)
    library = Library.of(s, texture(s.lab, s.known), rng)
    assert library is not None
    rows, columns = (index.astype(np.int32) for index in np.nonzero(s.hole))
    wanted = library.vectors[rows * 80 + columns - 24]  # patches that are known, 24 pixels to the left
    exact = nearest(library, wanted, (rows, columns))
    start = nearest(library, rng.permutation(wanted), (rows, columns))
    found = patchmatch(library, wanted, start, 8, rng)
    assert exact.distance.max() < 1e-3
    assert (found.distance < 1e-3).mean() > 0.95
    assert library.usable[found.rows + found.down, found.columns + found.right].all()


def test_a_known_way_of_repeating_is_chosen_everywhere() -> None:
    rows, columns = np.mgrid[:60, :80]
    pixels = np.stack([(columns % 16) * 15, (rows % 12) * 20, (rows + columns) % 4 * 9], -1).astype(np.uint8)
    hole = np.zeros((60, 80), bool)
    hole[20:36, 30:46] = True
    s = Scene.of(pixels, ~hole, hole, (60, 80))
    ways = np.array([[5, 20], [0, -16], [7, -21], [0, 16], [24, 0], [3, 30]], np.int32)
    labels = cheapest_labels(s, ways)
    assert set(labels) <= {1, 3, 4}
    at = np.argwhere(hole) + ways[labels]
    assert s.known[at[:, 0], at[:, 1]].all()


def test_a_field_of_one_way_by_which_the_picture_repeats_has_no_cost() -> None:
    picture = np.tile(np.random.default_rng(0).random((60, 16, 3), np.float32), (1, 5, 1))
    hole = np.zeros((60, 80), bool)
    hole[20:36, 30:44] = True
    ground = Ground(picture, ~hole, hole)
    labels = hole.astype(np.int32)
    assert seam_cost(ground, shifted(hole, 0, 16), labels)[1] == pytest.approx(0, abs=1e-6)
    assert seam_cost(ground, shifted(hole, 0, 19), labels)[1] > 1


def test_tidying_never_raises_the_cost_and_keeps_every_source_known() -> None:
    s = scene(3)
    ground = Ground(s.lab, s.known, s.hole)
    rng = np.random.default_rng(4)
    field = repair(ground, shifted(s.hole, rng.integers(-40, 40, s.size), rng.integers(-60, 60, s.size)))
    labels = s.hole.astype(np.int32)
    better = icm(ground, field, 4)
    assert seam_cost(ground, better, labels)[1] < seam_cost(ground, field, labels)[1]
    rows, columns = np.nonzero(s.hole)
    assert s.known[rows + better.down[s.hole], columns + better.right[s.hole]].all()


def test_enlarging_finds_the_exact_way_that_was_lost_in_the_small() -> None:
    picture = np.tile(np.random.default_rng(0).integers(0, 255, (200, 43, 3), np.uint8), (1, 6, 1))
    hole = np.zeros((200, 258), bool)
    hole[60:140, 90:130] = True
    small = np.zeros((50, 65), bool)
    small[15:35, 22:33] = True
    large = upsampled(shifted(small, 0, 11), small, Ground(picture, ~hole, hole))  # 11 x 258 / 65 is 43.7
    assert (large.right[hole] == 43).mean() > 0.95
    assert (large.down[hole] == 0).mean() > 0.95


@pytest.mark.parametrize("shape", ["block", "line", "specks"])
def test_levelling_solves_its_equations(shape: str) -> None:
    rng = np.random.default_rng(5)
    hole = np.zeros((40, 50), bool)
    if shape == "block":
        hole[8:30, 10:40] = True
    elif shape == "line":
        hole[np.arange(40), np.arange(40)] = hole[np.arange(39), np.arange(1, 40)] = True
    else:
        hole = rng.random((40, 50)) < 0.1
    ground = Ground(rng.integers(0, 255, (40, 50, 3), np.uint8), ~hole, hole)
    rows, columns = (i.astype(np.int32) for i in np.nonzero(hole))
    system = poisson._System.of(ground, rows, columns)
    wanted = rng.normal(0, 0.05, (len(rows), 3)).astype(np.float32)
    matrix = np.diag(system.whole[:, 0].astype(np.float64))
    for side in range(4):
        tied = np.flatnonzero(system.beside[side] < len(rows))
        matrix[tied, system.beside[side][tied]] -= system.ties[side][tied]
    truth = np.linalg.solve(matrix, wanted)
    assert np.abs(poisson._solve(system, wanted) - truth).max() < 0.05 * np.abs(truth).max()


def test_holes_far_apart_are_separate_and_near_ones_are_joined() -> None:
    marked = np.zeros((400, 1200), bool)
    marked[10:30, 10:40] = marked[10:30, 60:90] = True
    marked[350:390, 1100:1190] = True
    found = find(marked)
    assert [h.box.slices for h in found] == [np.s_[10:30, 10:90], np.s_[350:390, 1100:1190]]
    total = np.zeros_like(marked)
    for hole in found:
        assert not (total[hole.box.slices] & hole.flags).any()
        total[hole.box.slices] |= hole.flags
    assert np.array_equal(total, marked)


def test_things_whose_colours_do_not_lie_around_the_hole_are_not_brought_in() -> None:
    pixels = np.full((60, 90, 3), 120, np.uint8)
    pixels[22:34, 64:80] = (200, 30, 30)
    hole = np.zeros((60, 90), bool)
    hole[18:38, 20:42] = True
    s = Scene.of(pixels, ~hole, hole, (60, 90))
    labels = cheapest_labels(s, np.array([[0, 41], [0, -21], [0, 22], [21, 0]], np.int32))
    ways = np.array([[0, 41], [0, -21], [0, 22], [21, 0]])[labels]
    at = np.argwhere(hole) + ways
    assert (pixels[at[:, 0], at[:, 1], 1] == 120).all()
