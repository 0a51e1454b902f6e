"""Soft masks follow the photo's edges, and read the same however the photo is cut into strips."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from tinct.imaging.guided import GuidedMask, guide, smoothstep
from tinct.photo.resize import shrink


def disc(size: int, radius: float) -> NDArray[np.bool_]:
    """A disc in the middle of a square."""
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    return np.hypot(x, y) < radius


def photo_of(inside: NDArray[np.bool_], dtype: type[np.unsignedinteger] = np.uint8) -> NDArray[np.uint8]:
    """An orange shape before blue, with noise."""
    colors = np.where(inside[..., None], [220, 130, 60], [50, 80, 160])
    noise = np.random.default_rng(0).normal(0, 4, colors.shape)
    return (np.clip(colors + noise, 0, 255) * (np.iinfo(dtype).max // 255)).astype(dtype)


def mask_of(photo: NDArray[np.uint8], inside: NDArray[np.bool_], side: int = 128) -> GuidedMask:
    """A blurred small mask fitted to the photo."""
    small = shrink(photo, side)
    rough = cv2.resize(inside.astype(np.float32), small.shape[1::-1], interpolation=cv2.INTER_AREA)
    return guide(
        cv2.GaussianBlur(rough, (0, 0), 2.5), small.astype(np.float32) / np.iinfo(photo.dtype).max, 4
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("strip", [1, 37, 128])
def test_rows_of_strips_equal_the_rows_of_the_whole(strip: int, dtype: type[np.unsignedinteger]) -> None:
    inside = disc(512, 150)
    photo = photo_of(inside, dtype)
    mask = mask_of(photo, inside)
    whole = mask.rows(photo, 0, 512)
    parts = [mask.rows(photo[top : top + strip], top, 512) for top in range(0, 512, strip)]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=2e-3)


def test_the_mask_of_a_blurred_guess_follows_the_edge_of_the_photo() -> None:
    inside = disc(1024, 300)
    photo = photo_of(inside)
    found = mask_of(photo, inside).rows(photo, 0, 1024)
    assert found[inside].mean() > 0.99
    assert found[~inside].mean() < 0.01
    assert ((found > 0.5) != inside).mean() < 0.002


def test_the_mask_is_exactly_one_inside_and_exactly_zero_outside() -> None:
    inside = disc(512, 150)
    photo = photo_of(inside)
    found = mask_of(photo, inside).rows(photo, 0, 512)
    assert (found[disc(512, 130)] == 1).all()
    assert (found[~disc(512, 175)] == 0).all()


def test_texture_deep_inside_does_not_reach_the_mask() -> None:
    inside = disc(512, 200)
    photo = photo_of(inside)
    photo[240:272, 240:272] = [50, 80, 160]  # the background's colour in the middle
    assert (mask_of(photo, inside).rows(photo, 0, 512)[230:282, 230:282] == 1).all()


def test_an_empty_mask_stays_empty_and_a_full_one_full() -> None:
    photo = data.astronaut()
    small = shrink(photo, 128).astype(np.float32) / 255
    for value in (0.0, 1.0):
        mask = guide(np.full(small.shape[:2], value, np.float32), small, 3)
        assert (mask.rows(photo, 0, photo.shape[0]) == value).all()
        assert (mask.full(photo) == round(255 * value)).all()


def test_full_is_the_rounded_mask_of_all_rows() -> None:
    inside = disc(600, 150)
    photo = photo_of(inside)
    mask = mask_of(photo, inside)
    rows = mask.rows(photo, 0, 600)
    assert np.abs(mask.full(photo).astype(np.float32) / 255 - rows).max() <= 0.5 / 255 + 2e-3


def test_eight_and_sixteen_bits_give_the_same_mask() -> None:
    inside = disc(256, 80)
    photo = photo_of(inside)
    mask = mask_of(photo, inside)
    deep = photo.astype(np.uint16) * 257
    np.testing.assert_allclose(mask.rows(deep, 0, 256), mask.rows(photo, 0, 256), atol=1e-4)


def test_smoothstep_is_flat_outside_its_limits_and_rises_between() -> None:
    values = smoothstep(np.linspace(-1, 2, 301, dtype=np.float32), 0, 1)
    assert (values[:101] == 0).all()
    assert (values[200:] == 1).all()
    assert (np.diff(values[100:201]) > 0).all()
