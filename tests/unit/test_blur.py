"""Blur: measured, and taken away where it is small and everywhere the same."""

import cv2
import numpy as np
import pytest
from skimage import data as samples

import tinct
from tinct.imaging.blur.deconvolution import sharpened
from tinct.imaging.blur.kernels import Kernel, disc, gaussian, motion
from tinct.imaging.blur.measure import blur_of
from tinct.photo.photo import Photo


@pytest.fixture(scope="module")
def sharp() -> np.ndarray:
    return cv2.resize(samples.astronaut(), (360, 360), interpolation=cv2.INTER_AREA)


def blurred(pixels: np.ndarray, sigma: float) -> np.ndarray:
    return cv2.GaussianBlur(pixels, (0, 0), sigma)


def error(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.mean((one.astype(float) - two) ** 2))


@pytest.mark.parametrize("sigma", [1.4, 2.0, 2.6])
def test_blur_is_measured_and_the_photo_comes_nearer_to_the_sharp_one(
    sharp: np.ndarray, sigma: float
) -> None:
    soft = blurred(sharp, sigma)
    found = blur_of(soft)
    assert 0.75 * sigma < found.sigma < 1.1 * sigma
    assert (found.kind, found.removable) == ("gaussian", True)
    assert error(sharpened(soft, found.kernel, 1 / 255), sharp) < 0.75 * error(soft, sharp)


@pytest.mark.parametrize(
    ("kernel", "kind", "sigma", "degrees"),
    [
        (disc(3), "disc", 1.5, 0),
        (disc(5), "disc", 2.5, 0),
        (motion(5, 20), "motion", 1.44, 20),
        (motion(9, 100), "motion", 2.6, 100),
    ],
)
def test_lenses_out_of_focus_and_motion_are_told_apart_and_taken_away(
    sharp: np.ndarray, kernel: Kernel, kind: str, sigma: float, degrees: float
) -> None:
    soft = cv2.filter2D(sharp, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    found = blur_of(soft)
    assert (found.kind, found.removable) == (kind, True)
    assert found.sigma == pytest.approx(sigma, rel=0.06)
    assert found.degrees == pytest.approx(degrees, abs=6)
    made = tinct.enhance(Photo(soft), 1, "classical", deblur="auto")
    assert made.deblurred
    assert error(made.photo.pixels[16:-16, 16:-16], sharp[16:-16, 16:-16]) < 0.4 * error(
        soft[16:-16, 16:-16], sharp[16:-16, 16:-16]
    )


@pytest.mark.parametrize("kernel", [gaussian(6), disc(14), motion(30, 45)])
def test_blur_that_left_too_little_is_left(sharp: np.ndarray, kernel: Kernel) -> None:
    assert not blur_of(cv2.filter2D(sharp, -1, kernel)).removable


def test_kernels_sum_to_one_and_spread_as_they_say() -> None:
    for kernel, spread in ((gaussian(2), 2.0), (disc(4), 2.0), (motion(8, 0), 8 / 12**0.5)):
        assert kernel.sum() == pytest.approx(1, abs=1e-4)
        x = np.arange(len(kernel)) - len(kernel) // 2
        assert np.sqrt((kernel.sum(axis=0) * x * x).sum()) == pytest.approx(spread, rel=0.05)


def test_a_sharp_photo_has_no_blur_to_remove(sharp: np.ndarray) -> None:
    assert not blur_of(sharp).removable
    made = tinct.enhance(Photo(sharp), 1, "classical", deblur="auto")
    assert not made.deblurred
    assert np.array_equal(made.photo.pixels, tinct.enhance(Photo(sharp), 1, "classical").photo.pixels)


def test_blur_that_is_not_the_same_all_over_is_left(sharp: np.ndarray) -> None:
    half = sharp.copy()
    half[:, :180] = blurred(sharp, 3.0)[:, :180]
    assert not blur_of(half).removable
    assert not tinct.enhance(Photo(half), 1, "classical", deblur="auto").deblurred


def test_flat_photos_have_no_blur_that_is_known() -> None:
    flat = blur_of(np.full((100, 100, 3), 90, np.uint8))
    assert (flat.sigma, flat.uniform, flat.removable) == (0.0, False, False)


def test_enhance_tells_what_it_took_away(sharp: np.ndarray) -> None:
    soft = Photo(blurred(sharp, 1.8))
    made = tinct.enhance(soft, 1, "classical", deblur="auto")
    assert made.deblurred
    assert made.blur > 1
    assert error(made.photo.pixels, sharp) < 0.75 * error(soft.pixels, sharp)
    left = tinct.enhance(soft, 1, "classical")
    assert (left.deblurred, left.blur) == (False, 0.0)


def test_edges_do_not_ring(sharp: np.ndarray) -> None:
    step = np.full((80, 80, 3), 60, np.uint8)
    step[:, 40:] = 190
    made = sharpened(blurred(step, 2.0), gaussian(2.0), 0.0)
    assert made.min() >= 60 - 16
    assert made.max() <= 190 + 16
    assert np.abs(np.diff(made[40, :, 0].astype(int))).max() > 30


def test_noise_is_not_blown_up(sharp: np.ndarray) -> None:
    noisy = np.clip(blurred(sharp, 1.8) + np.random.default_rng(0).normal(0, 5, sharp.shape), 0, 255).astype(
        np.uint8
    )
    found = sharpened(noisy, gaussian(1.8), 5 / 255)
    assert error(found, sharp) < 1.1 * error(noisy, sharp)


@pytest.mark.parametrize("size", [(8, 8), (9, 400), (1000, 20)])
def test_depth_and_any_size_work(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 65536, (*size, 3), dtype=np.uint16)
    made = sharpened(pixels, gaussian(1.5), 0.0)
    assert made.dtype == np.uint16
    assert made.shape == pixels.shape
    assert tinct.enhance(Photo(pixels), 1, "classical", deblur="auto").photo.pixels.shape == pixels.shape
