"""Compiled lattices: a table says what interpolation says, and is not held for longer than it is used."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import picture, wavy_map

from tinct import ColorMap, Photo
from tinct.imaging import colormap, lut
from tinct.imaging.lut import Lut

UINT8 = np.dtype(np.uint8)


def _mapped(lattice: np.ndarray, pixels: np.ndarray, *, by_table: bool) -> np.ndarray:
    made = Lut(lattice, pixels.dtype)
    if by_table:
        made.expect(1 << 24)
    out = np.empty_like(pixels)
    made.apply(pixels, out)
    assert (made._table is not None) == (by_table and pixels.dtype == np.uint8)
    return out


@settings(deadline=None, max_examples=10)
@given(size=st.tuples(st.integers(1, 300), st.integers(1, 300)), seed=st.integers(0, 99))
def test_a_table_gives_the_very_pixels_of_interpolation(size: tuple[int, int], seed: int) -> None:
    noise = np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)
    for pixels in (noise, noise // 16 * 5, picture("coffee", 300)):
        lattice = wavy_map(seed).lattice
        wanted = _mapped(lattice, pixels, by_table=False)
        assert np.array_equal(_mapped(lattice, pixels, by_table=True), wanted)


def test_every_colour_of_8_bits_is_right_in_a_table() -> None:
    lattice = wavy_map(3, 17).lattice
    for blue in (0, 7, 8, 100, 255):
        plane = np.stack(
            np.broadcast_arrays(np.arange(256)[:, None], np.arange(256), np.full((256, 256), blue)), axis=-1
        ).astype(np.uint8)
        wanted = _mapped(lattice, plane, by_table=False)
        assert np.array_equal(_mapped(lattice, plane, by_table=True), wanted)


def test_16_bits_are_always_interpolated() -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (40, 50, 3)).astype(np.uint16)
    lattice = wavy_map().lattice
    assert np.array_equal(_mapped(lattice, pixels, by_table=True), _mapped(lattice, pixels, by_table=False))


def test_threads_that_fill_one_table_agree_with_interpolation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lut, "_WORTH", 1)
    monkeypatch.setattr(lut, "_CHUNK", 500)
    monkeypatch.setattr(colormap, "_STRIP_PIXELS", 1500)
    pixels = np.random.default_rng(1).integers(0, 256, (400, 300, 3), dtype=np.uint8)
    wanted = _mapped(wavy_map().lattice, pixels, by_table=False)
    assert np.array_equal(wavy_map().apply(Photo(pixels)).pixels, wanted)


def test_a_map_whose_lattice_was_written_to_is_compiled_anew() -> None:
    made = ColorMap(wavy_map().lattice.copy())
    photo = Photo(picture("coffee"))
    before = made.apply(photo).pixels
    made.lattice[:] = made.lattice[::-1]
    after = made.apply(photo).pixels
    assert not np.array_equal(after, before)
    assert np.array_equal(after, ColorMap(made.lattice).apply(photo).pixels)


def test_a_process_holds_two_tables_at_most_and_none_of_maps_that_are_gone() -> None:
    photo = Photo(picture("coffee"))
    maps = [wavy_map(seed) for seed in range(4)]
    luts = []
    for one in maps:
        made = colormap._luts.of(one, one.blend(1).lattice, UINT8)
        made.expect(1 << 24)
        luts.append(made)
        one.apply(photo)
    assert [made._table is not None for made in luts] == [False, False, True, True]
    again = maps[0].apply(photo).pixels
    assert [made._table is not None for made in luts] == [True, False, False, True]
    assert np.array_equal(again, wavy_map(0).apply(photo).pixels)
    del maps, luts, made, one
    gc.collect()
    assert not [ref for ref in lut._holders if ref() is not None]


def test_maps_of_several_profiles_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lut, "_WORTH", 1)
    photo = Photo(picture("coffee"))
    one = wavy_map()
    results = [one.apply(photo, degree=degree).pixels for degree in (1.0, 0.5, 0.2, 1.0, 0.5)]
    assert np.array_equal(results[0], results[3])
    assert np.array_equal(results[1], results[4])


def test_a_photo_that_needs_much_memory_itself_brings_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lut, "_WORTH", 1)
    photo, one = Photo(picture("coffee")), wavy_map()
    made = colormap._luts.of(one, one.blend(1).lattice, UINT8)
    monkeypatch.setattr(colormap, "_SPARING", photo.width * photo.height - 1)
    wanted = one.apply(photo).pixels
    assert made._table is None
    monkeypatch.setattr(colormap, "_SPARING", photo.width * photo.height)
    assert np.array_equal(one.apply(photo).pixels, wanted)
    assert made._table is not None
