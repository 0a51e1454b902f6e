from __future__ import annotations

import numpy as np
import pytest
from photo_files import ADOBE_XY, P3_XY, SRGB_CURVE, SRGB_XY, matrix_icc, scene
from skimage import color as reference

from tinct.photo import color
from tinct.photo.icc import is_srgb, matrix_profile
from tinct.photo.resize import resize, shrink

RGB = np.random.default_rng(0).random((64, 64, 3)).astype(np.float32)
P3, ADOBE, SRGB = matrix_icc(P3_XY), matrix_icc(ADOBE_XY, 2.19921875), matrix_icc(SRGB_XY)


def test_lab_agrees_with_scikit_image() -> None:
    assert np.abs(color.srgb_to_lab(RGB) - reference.rgb2lab(RGB)).max() < 0.02


@pytest.mark.parametrize(
    "there_and_back", [(color.srgb_to_lab, color.lab_to_srgb), (color.srgb_to_oklab, color.oklab_to_srgb)]
)
def test_spaces_come_back_also_outside_the_gamut(there_and_back) -> None:
    there, back = there_and_back
    wide = RGB * 1.6 - 0.3
    assert np.abs(back(there(wide), clip=False) - wide).max() < 2e-4
    assert back(there(wide)).min() >= 0
    assert back(there(wide)).max() <= 1


def test_grays_have_no_chroma_and_white_is_100() -> None:
    gray = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[:, None], 3, 1)
    lab, oklab = color.srgb_to_lab(gray), color.srgb_to_oklab(gray)
    assert np.abs(lab[:, 1:]).max() < 1e-3
    assert np.abs(oklab[:, 1:]).max() < 1e-5
    assert lab[-1, 0] == pytest.approx(100, abs=1e-3)
    assert oklab[-1, 0] == pytest.approx(1, abs=1e-5)


def test_oklab_equals_ottossons_published_pairs() -> None:
    xyz = np.array([[0.950, 1.000, 1.089], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    linear = xyz @ np.linalg.inv(color._RGB_TO_XYZ).T
    oklab = color.srgb_to_oklab(color.linear_to_srgb(linear.astype(np.float32)))
    expected = [[1, 0, 0], [0.450, 1.236, -0.019], [0.922, -0.671, 0.263], [0.153, -1.415, -0.449]]
    assert np.abs(oklab - expected).max() < 2e-3


# Sharma, Wu, Dalal 2005, table 1 (a choice of its 34 pairs, with those that are hard on hue).
SHARMA = [
    ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
    ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
    ((50, 0, 0), (50, -1, 2), 2.3669),
    ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
    ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
    ((50, -0.001, 2.49), (50, 0.0009, -2.49), 4.8045),
    ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
    ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
    ((50, 2.5, 0), (73, 25, -18), 27.1492),
    ((50, 2.5, 0), (58, 24, 15), 19.4535),
    ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ((22.7233, 20.0904, -46.694), (23.0331, 14.973, -42.5619), 2.0373),
    ((90.8027, -2.0831, 1.441), (91.1528, -1.6435, 0.0447), 1.4441),
    ((2.0776, 0.0795, -1.135), (0.9033, -0.0636, -0.5514), 0.9082),
]


def test_ciede2000_equals_the_published_pairs() -> None:
    first, second, expected = (np.array(v) for v in zip(*SHARMA, strict=True))
    assert np.abs(color.delta_e_2000(first, second) - expected).max() < 1e-4
    assert np.abs(color.delta_e_2000(second, first) - expected).max() < 1e-4


def test_clipping_chroma_keeps_lightness_and_hue() -> None:
    lab = np.random.default_rng(1).uniform((5, -120, -120), (95, 120, 120), (2000, 3)).astype(np.float32)
    clipped = color.clip_chroma(lab)
    assert color.in_gamut(clipped, tolerance=1e-3).all()
    assert np.array_equal(clipped[:, 0], lab[:, 0])
    hues = [np.arctan2(v[:, 2], v[:, 1]) for v in (lab, clipped)]
    moved = np.hypot(clipped[:, 1], clipped[:, 2]) > 0.1
    assert np.abs(np.angle(np.exp(1j * (hues[0] - hues[1]))))[moved].max() < 1e-3
    inside = color.in_gamut(lab)
    assert np.array_equal(clipped[inside], lab[inside])
    outside = np.hypot(clipped[~inside, 1], clipped[~inside, 2]) * 1.02 + 0.3
    further = clipped[~inside].copy()
    further[:, 1:] *= (outside / np.maximum(np.hypot(further[:, 1], further[:, 2]), 1e-6))[:, None]
    assert not color.in_gamut(further, tolerance=0).all()


def test_no_profile_and_srgb_by_any_name_divide_by_the_full_range() -> None:
    for dtype, top in (("uint8", 255), ("uint16", 65535)):
        pixels = scene(dtype=dtype)
        for icc in (None, SRGB):
            assert np.array_equal(
                color.profile_to_srgb(pixels, icc), pixels.astype(np.float32) / np.float32(top)
            )
    assert is_srgb(SRGB)
    assert not is_srgb(P3)
    assert not is_srgb(ADOBE)


def test_the_srgb_profile_of_little_cms_is_recognised() -> None:
    from PIL import ImageCms

    assert is_srgb(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())


@pytest.mark.parametrize("icc", [P3, ADOBE], ids=["p3", "adobe"])
def test_wide_profiles_come_back_and_go_beyond_srgb(icc: bytes) -> None:
    wide = color.profile_to_srgb(RGB, icc)
    assert wide.min() < -0.05
    assert np.abs(color.srgb_to_profile(wide, icc) - RGB).max() < 5e-4
    pixels = scene(dtype="uint8")
    again = color.srgb_to_profile(color.profile_to_srgb(pixels, icc), icc)
    assert np.array_equal(np.rint(again * 255), pixels)


@pytest.mark.parametrize("icc", [P3, ADOBE], ids=["p3", "adobe"])
def test_matrix_profiles_agree_with_little_cms(icc: bytes) -> None:
    from tinct.photo import icc as profiles

    own = color.profile_to_srgb(RGB, icc)
    lab = profiles._srgb_to_lab_d50(own)
    difference = color.delta_e_2000(lab, profiles._import_lab(RGB, icc))
    assert difference.mean() < 0.02
    assert difference.max() < 0.5
    assert np.abs(profiles._export_lab(lab, icc) - RGB).max() < 4e-3


def test_display_p3_red_is_the_known_colour_outside_srgb() -> None:
    red = color.profile_to_srgb(np.array([[[1.0, 0, 0]]], np.float32), P3)[0, 0]
    assert np.abs(red - (1.0930, -0.2267, -0.1501)).max() < 2e-3


def table_profile() -> bytes:
    """An RGB profile that Little CMS must compute by tables: the matrix tags are missing."""
    import struct

    from photo_files import icc_file

    identity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    ramp = struct.pack(">2H", 0, 65535)
    grid = np.stack(np.meshgrid(*[np.linspace(0, 1, 5)] * 3, indexing="ij"), -1).astype(np.float32)
    from tinct.photo import icc as profiles

    lab = profiles._srgb_to_lab_d50(grid).reshape(-1, 3)
    codes = np.stack([lab[:, 0] / 100 * 65280, (lab[:, 1] + 128) * 256, (lab[:, 2] + 128) * 256], -1)
    table = np.clip(np.rint(codes), 0, 65535).astype(">u2").tobytes()
    lut = (
        b"mft2\0\0\0\0"
        + bytes([3, 3, 5, 0])
        + identity
        + struct.pack(">HH", 2, 2)
        + ramp * 3
        + table
        + ramp * 3
    )
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"test\0" + bytes(79)
    return icc_file(
        {
            b"desc": text,
            b"A2B0": lut,
            b"A2B1": lut,
            b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
        },
        pcs=b"Lab ",
    )


def test_table_profiles_go_through_little_cms() -> None:
    icc = table_profile()
    assert matrix_profile(icc) is None
    grid = np.array([[[0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0.25, 0.75, 0.5]]], np.float32)
    found = color.profile_to_srgb(grid, icc)
    assert color.delta_e_2000(color.srgb_to_lab(found), color.srgb_to_lab(grid)).max() < 0.7


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_shrinking_averages_areas(dtype: str) -> None:
    pixels = scene(400, 600, dtype)
    small = shrink(pixels, 60)
    assert small.shape == (40, 60, 3)
    assert small.dtype == pixels.dtype
    blocks = pixels.reshape(40, 10, 60, 10, 3).mean((1, 3))
    assert np.abs(small - blocks).max() <= 1
    assert shrink(pixels, 600) is pixels
    assert shrink(np.zeros((1, 9000, 3), np.uint8), 512).shape == (1, 512, 3)


def test_shrinking_far_keeps_colours_in_their_places_in_odd_sizes_too() -> None:
    ramp = np.linspace(0, 65535, 4243).astype(np.uint16)
    small = shrink(np.broadcast_to(ramp, (2827, 4243)), 512)
    assert small.shape == (341, 512)
    middles = (np.arange(512) + 0.5) * 4243 / 512 - 0.5  # of the areas, in pixels of the large one
    assert np.abs(small - middles * 65535 / 4242).max() < 65535 / 512 / 4  # a quarter of a pixel


def test_resizing_floats_stays_in_their_range() -> None:
    ramp = np.random.default_rng(0).random((20, 30)).astype(np.float32)
    for size in ((7, 9), (50, 61), (5, 90)):
        out = resize(ramp, size)
        assert out.shape == size
        assert out.min() >= ramp.min() - 1e-6
        assert out.max() <= ramp.max() + 1e-6
    _ = SRGB_CURVE
