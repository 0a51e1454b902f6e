"""Tiles: what is cut and merged again is what was there, and no border of a tile shows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tinct.errors import ParameterError
from tinct.imaging.tiles import Tiling, merged, window

Array = NDArray[np.float32]
SIZES = st.tuples(st.integers(1, 150), st.integers(1, 150))


def _noise(*shape: int) -> NDArray[np.uint8]:
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


def _whole(pixels: NDArray[np.generic], tiling: Tiling, work: object, scale: int = 1) -> Array:
    parts = [(top, rows.copy()) for top, rows in merged(pixels, tiling, work, scale)]  # type: ignore[arg-type]
    ends = np.cumsum([len(rows) for _, rows in parts])
    assert [top for top, _ in parts] == [0, *ends[:-1]], "rows come in order, each once"
    return np.concatenate([rows for _, rows in parts])


def _enlarged(scale: int) -> object:
    return lambda seen: seen.repeat(scale, 0).repeat(scale, 1)


@settings(deadline=None, max_examples=60)
@given(
    SIZES,
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 60),
    st.sampled_from((1, 2, 3, 4)),
    st.booleans(),
)
def test_merging_what_was_cut_gives_the_photo_back(
    size: tuple[int, int], margin: int, overlap: int, room: int, scale: int, flat: bool
) -> None:
    pixels = _noise(*size) if flat else _noise(*size, 3)
    tiling = Tiling(*size, 2 * margin + 3 * overlap + 2 + room, margin, overlap)
    out = _whole(pixels, tiling, _enlarged(scale), scale)
    wanted = pixels.repeat(scale, 0).repeat(scale, 1)
    assert np.array_equal(np.rint(out * 255).astype(np.uint8), wanted)
    assert np.abs(out * 255 - wanted).max() < 1e-3


@settings(deadline=None, max_examples=60)
@given(SIZES, st.integers(0, 9), st.integers(0, 9), st.integers(0, 60))
def test_tiles_are_alike_cover_the_photo_and_no_three_overlap(
    size: tuple[int, int], margin: int, overlap: int, room: int
) -> None:
    tiling = Tiling(*size, 2 * margin + 3 * overlap + 2 + room, margin, overlap)
    for length, spans in zip(size, (tiling.rows, tiling.columns), strict=True):
        assert spans[0][0] == 0
        assert spans[-1][1] == length
        assert len({end - first for first, end in spans}) == 1
        for (_, end), (first, _) in itertools.pairwise(spans):
            assert overlap <= end - first <= overlap + 1
        for (_, end), (first, _) in zip(spans, spans[2:], strict=False):
            assert end <= first


@settings(deadline=None, max_examples=25)
@given(SIZES, st.integers(2, 12), st.integers(0, 40))
def test_work_within_the_margin_does_not_know_that_there_were_tiles(
    size: tuple[int, int], reach: int, room: int
) -> None:
    import cv2

    def blur(seen: Array) -> Array:
        return np.asarray(cv2.blur(seen, (2 * reach + 1, 2 * reach + 1)), np.float32)

    pixels = _noise(*size, 3)
    tiling = Tiling(*size, 2 * reach + 3 * 4 + 2 + room, reach, 4)
    whole = blur(window(pixels, -reach, -reach, size[0] + reach, size[1] + reach))
    out = _whole(pixels, tiling, blur)
    assert np.abs(out - whole[reach:-reach, reach:-reach]).max() < 1e-5


def test_what_tiles_disagree_about_fades_without_a_step() -> None:
    """Each tile answers with its own level: the worst case. Steps stay as small as the overlap allows."""
    levels = iter(np.random.default_rng(0).random(200))
    tiling = Tiling(300, 420, 100, 10, 24)

    def disagree(seen: Array) -> Array:
        return np.full_like(seen, next(levels))

    out = _whole(np.zeros((300, 420), np.uint8), tiling, disagree)
    steepest = max(float(np.abs(np.diff(out, axis=axis)).max()) for axis in (0, 1))
    assert steepest < 1.6 / 24  # a smooth ramp's largest slope is 1.5 of its length
    assert 0 <= out.min() <= out.max() <= 1


def test_a_part_beyond_the_border_mirrors_the_photo() -> None:
    pixels = _noise(5, 7, 3)
    padded = np.pad(pixels, [(9, 9), (11, 11), (0, 0)], mode="reflect")
    assert np.array_equal(np.rint(window(pixels, -9, -11, 14, 18) * 255), padded)
    assert window(pixels[:1, :1], -3, -3, 4, 4).shape == (7, 7, 3)


def test_sixteen_bits_stay_apart() -> None:
    pixels = np.arange(60_000, 60_400, dtype=np.uint16).reshape(20, 20)
    out = _whole(pixels, Tiling(20, 20, 20, 2, 3), lambda seen: seen)
    assert np.array_equal(np.rint(out * 65535), pixels)


def test_progress_is_heard_after_every_tile_and_rows_come_before_the_end() -> None:
    heard: list[float] = []
    tiling = Tiling(200, 100, 60, 4, 4)
    stream = merged(_noise(200, 100), tiling, lambda seen: seen, progress=heard.append)
    _, rows = next(stream)
    assert len(heard) == len(tiling.columns)
    assert len(rows) < 60
    assert len(list(stream)) == len(tiling.rows) - 1
    assert heard == sorted(heard)
    assert len(heard) == tiling.count
    assert heard[-1] == 1


def test_seen_counts_every_pixel_given_to_the_work() -> None:
    total = 0

    def count(seen: Array) -> Array:
        nonlocal total
        total += seen.size
        return seen

    tiling = Tiling(130, 90, 50, 5, 5)
    _whole(_noise(130, 90), tiling, count)
    assert total == tiling.seen


def test_a_side_without_room_is_refused() -> None:
    with pytest.raises(ParameterError, match="side"):
        Tiling(100, 100, 81, 16, 16)


def test_work_that_changes_the_size_is_refused() -> None:
    with pytest.raises(ParameterError, match="work"):
        next(merged(_noise(20, 20), Tiling(20, 20, 40, 2, 2), lambda seen: seen[1:]))
