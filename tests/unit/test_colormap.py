"""ColorMap: applying, blending, protecting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from photo_files import P3_XY, matrix_icc, scene
from scenes import photo, picture, wavy_map

import tinct
from tinct import ColorMap, Photo
from tinct.errors import ParameterError
from tinct.imaging import colormap
from tinct.imaging.colormap import grid
from tinct.photo.color import profile_to_srgb, srgb_to_profile

sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))
depths = st.sampled_from([np.uint8, np.uint16])


def _noise(size: tuple[int, int], dtype: type, seed: int = 0) -> np.ndarray:
    top = int(np.iinfo(dtype).max)
    return np.random.default_rng(seed).integers(0, top + 1, (*size, 3)).astype(dtype)


@settings(deadline=None, max_examples=40)
@given(size=sizes, depth=depths, seed=st.integers(0, 99))
def test_degree_zero_returns_the_source_pixels(size, depth, seed):
    source = Photo(_noise(size, depth, seed))
    assert np.array_equal(wavy_map(seed).apply(source, degree=0).pixels, source.pixels)


@settings(deadline=None, max_examples=40)
@given(size=sizes, depth=depths, degree=st.floats(0, 1))
def test_size_depth_alpha_profile_and_metadata_are_untouched(size, depth, degree):
    pixels = _noise(size, depth)
    source = Photo(pixels, pixels[..., 0].copy(), matrix_icc(), b"II*\0\x08\0\0\0\0\0", "tiff", xmp=b"<x/>")
    result = wavy_map().apply(source, degree=degree)
    assert result.pixels.shape == pixels.shape
    assert result.pixels.dtype == pixels.dtype
    assert np.array_equal(result.alpha, source.alpha)
    assert (result.icc, result.exif, result.xmp) == (source.icc, source.exif, source.xmp)
    assert result.format == "tiff"


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_identity_map_changes_no_pixel_by_more_than_rounding(dtype):
    source = Photo(_noise((64, 64), dtype))
    result = ColorMap.identity().apply(source)
    off = np.abs(result.pixels.astype(int) - source.pixels.astype(int)).max()
    assert off <= (0 if dtype == np.uint8 else 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_full_size_application_agrees_with_mapping_single_colours(dtype):
    top = np.iinfo(dtype).max
    source = Photo(_noise((40, 50), dtype))
    wanted = wavy_map().colors(source.pixels.astype(np.float32) / np.float32(top))
    got = wavy_map().apply(source).pixels / top
    assert np.abs(got - wanted).max() <= 1.5 / 255  # tetrahedral against trilinear


@settings(deadline=None, max_examples=25)
@given(size=st.tuples(st.integers(1, 90), st.integers(1, 30)), strip=st.integers(1, 400), depth=depths)
def test_strips_equal_the_whole(size, strip, depth):
    source = Photo(_noise(size, depth))
    whole = wavy_map().apply(source).pixels
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(colormap, "_STRIP_PIXELS", strip)
        assert np.array_equal(wavy_map().apply(source).pixels, whole)


def test_degree_half_lies_half_way():
    source = photo()
    full, half = wavy_map().apply(source).pixels, wavy_map().apply(source, degree=0.5).pixels
    middle = (source.pixels.astype(float) + full) / 2
    assert np.abs(half - middle).max() <= 1.5


def test_blending_by_one_gives_the_same_map():
    assert np.abs(wavy_map().blend(1).lattice - wavy_map().lattice).max() < 1e-6
    assert np.abs(wavy_map().blend(0).lattice - grid()).max() < 1e-6


def test_pixels_that_are_a_view_are_mapped_like_their_copy():
    base = picture("coffee")
    view = Photo(base[::2, ::-1])
    assert np.array_equal(wavy_map().apply(view).pixels, wavy_map().apply(Photo(view.pixels.copy())).pixels)


def test_the_source_is_never_written_to():
    pixels = _noise((30, 30), np.uint8)
    before = pixels.copy()
    wavy_map().apply(Photo(pixels))
    assert np.array_equal(pixels, before)


def test_a_gray_photo_is_no_longer_gray_once_it_is_mapped():
    gray = Photo(np.repeat(picture("chelsea")[..., :1], 3, axis=2), gray=True)
    assert not wavy_map().apply(gray).gray
    assert wavy_map().apply(gray, degree=0).gray


def test_a_display_p3_photo_is_mapped_in_its_own_profile():
    icc = matrix_icc(P3_XY)
    source = Photo(scene(dtype="uint16"), icc=icc)
    encoded = source.pixels.astype(np.float32) / np.float32(65535)
    srgb = profile_to_srgb(encoded, icc)
    wanted = np.clip(srgb_to_profile(wavy_map().colors(srgb), icc), 0, 1)
    inside = ((srgb >= 0) & (srgb <= 1)).all(axis=-1)
    off = np.abs(wavy_map().apply(source).pixels / 65535 - wanted)
    assert inside.mean() > 0.5
    assert off[inside].max() <= 3 / 255
    assert off.max() <= 8 / 255  # the edge of sRGB crosses the lattice's cells


def test_the_identity_keeps_display_p3_colours_that_srgb_cannot_show():
    icc = matrix_icc(P3_XY)
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[..., 1] = 255  # P3's green lies far outside sRGB
    result = ColorMap.identity().apply(Photo(pixels, icc=icc))
    assert np.abs(result.pixels.astype(int) - pixels).max() <= 1


class _LeftHalf:
    """Protects the left half."""

    def rows(self, pixels: np.ndarray, top: int, height: int) -> np.ndarray:
        assert top >= 0
        assert top + pixels.shape[0] <= height
        mask = np.zeros(pixels.shape[:2], np.float32)
        mask[:, : pixels.shape[1] // 2] = 1
        return mask


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_protected_pixels_keep_their_colours_and_the_others_do_not_notice(dtype):
    source = Photo(_noise((50, 40), dtype))
    free = wavy_map().apply(source).pixels
    kept = wavy_map().apply(source, protect=_LeftHalf()).pixels
    assert np.array_equal(kept[:, :20], source.pixels[:, :20])
    assert np.array_equal(kept[:, 20:], free[:, 20:])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_strength_weakens_protection(dtype):
    source = Photo(_noise((50, 40), dtype))
    free = wavy_map().apply(source).pixels
    none = wavy_map().apply(source, protect=_LeftHalf(), strength=0).pixels
    half = wavy_map().apply(source, protect=_LeftHalf(), strength=0.5).pixels
    assert np.array_equal(none, free)
    middle = (free[:, :20].astype(float) + source.pixels[:, :20]) / 2
    assert np.abs(half[:, :20] - middle).max() <= 1


@pytest.mark.parametrize("degree", [-0.01, 1.01, float("nan"), float("inf"), "much", None])
@pytest.mark.parametrize("field", ["degree", "strength"])
def test_a_degree_outside_0_to_1_is_refused_by_name(field, degree):
    with pytest.raises(ParameterError, match=f"{field}: got .*allowed: a number from 0 to 1") as caught:
        wavy_map().apply(photo(), **{field: degree})
    assert caught.value.field == field


@pytest.mark.parametrize(
    "lattice",
    [
        np.zeros((4, 4, 4), np.float32),
        np.zeros((4, 4, 5, 3), np.float32),
        np.zeros((1, 1, 1, 3), np.float32),
        np.zeros((2, 2, 2, 4), np.float32),
        np.full((2, 2, 2, 3), np.nan, np.float32),
    ],
)
def test_a_lattice_of_another_shape_or_without_numbers_is_refused(lattice):
    with pytest.raises(ParameterError, match="lattice"):
        ColorMap(lattice)


def test_single_colours_of_any_shape_keep_their_shape():
    for shape in [(3,), (1, 3), (2, 5, 3), (0, 3)]:
        assert wavy_map().colors(np.full(shape, 0.5, np.float32)).shape == shape


def test_the_nodes_of_a_map_are_reproduced_exactly():
    made = wavy_map(3, 5)
    assert np.abs(made.colors(grid(5)) - made.lattice).max() < 1e-6


def test_a_map_can_be_applied_to_other_photos():
    made = tinct.fit_auto(photo("coffee"), 1)[0]
    other = photo("rocket")
    assert not np.array_equal(made.apply(other).pixels, other.pixels)
