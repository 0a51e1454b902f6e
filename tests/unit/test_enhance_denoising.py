"""Noise and JPEG blocks: found where they are, removed as far, and nothing where they are not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import tinct
from tinct.effects.enhance.denoising import cleaner
from tinct.imaging.degradation import condition
from tinct.photo.photo import Photo

Rgb = NDArray[np.uint8]


def _noisy(rgb: Rgb, sigma: float) -> Rgb:
    noise = np.random.default_rng(0).normal(0, sigma, rgb.shape)
    return np.clip(rgb + noise, 0, 255).round().astype(np.uint8)


def _jpeg(rgb: Rgb, quality: int) -> Rgb:
    file = io.BytesIO()
    Image.fromarray(rgb).save(file, "jpeg", quality=quality)
    return np.array(Image.open(file))


def _psnr(one: NDArray[np.generic], two: NDArray[np.generic]) -> float:
    return 10 * float(np.log10(255**2 / np.mean((one.astype(float) - two.astype(float)) ** 2)))


def _cleaned(rgb: Rgb, strength: float | None = None) -> NDArray[np.float32]:
    return cleaner(condition(rgb), strength).apply(rgb.astype(np.float32) / 255) * 255


@pytest.fixture(scope="module")
def photos() -> list[Rgb]:
    """Sharp parts of photos that were scaled down, so that they hold neither noise nor blocks."""
    return [
        np.ascontiguousarray(np.array(Image.fromarray(p).reduce(2)))
        for p in (data.astronaut(), data.chelsea(), data.coffee())
    ]


@pytest.mark.parametrize("sigma", [4, 8, 16])
def test_noise_is_measured(photos: list[Rgb], sigma: float) -> None:
    for rgb in photos:
        assert 0.75 * sigma < 255 * condition(_noisy(rgb, sigma)).noise < 1.15 * sigma


def test_noise_of_grey_photos_is_measured(photos: list[Rgb]) -> None:
    for rgb in photos:
        worn = np.repeat(_noisy(rgb[..., 1:2], 12), 3, axis=2)
        found = condition(worn)
        assert found.gray
        assert 0.65 * 12 < 255 * found.noise < 1.1 * 12  # the calmest blocks have less by chance
        assert _psnr(_cleaned(worn), rgb[..., 1:2]) > _psnr(worn, rgb[..., 1:2]) + 2


def test_texture_without_colour_of_its_own_is_no_noise() -> None:
    grass = np.stack([data.grass()[:256, :256] * g for g in (0.5, 0.8, 0.3)], axis=2).astype(np.uint8)
    assert not any(cleaner(condition(grass), None).thresholds)


def test_blocks_are_measured_wherever_the_photo_was_cropped(photos: list[Rgb]) -> None:
    for rgb in photos:
        assert condition(rgb).blocks * 255 < 0.3
        steps = [condition(_jpeg(rgb, quality)).blocks for quality in (90, 60, 30, 10)]
        assert steps == sorted(steps)
        assert steps[2] * 255 > 1.2
        cropped = condition(np.ascontiguousarray(_jpeg(rgb, 30)[3:, 5:])).blocks
        assert cropped == pytest.approx(steps[2], rel=0.15)


def test_clean_photos_are_left_alone(photos: list[Rgb]) -> None:
    for rgb in photos:
        assert not any(cleaner(condition(rgb), None).thresholds)
        assert np.array_equal(_cleaned(rgb), rgb.astype(np.float32) / 255 * 255)


@pytest.mark.parametrize(("sigma", "gain"), [(8, 2.5), (16, 4.0)])
def test_noise_is_removed(photos: list[Rgb], sigma: float, gain: float) -> None:
    gains = []
    for rgb in photos:
        noisy = _noisy(rgb, sigma)
        gains.append(_psnr(_cleaned(noisy), rgb) - _psnr(noisy, rgb))
    assert np.mean(gains) > gain


@pytest.mark.parametrize("quality", [15, 30, 60])
def test_blocks_are_removed_and_the_photo_comes_nearer_to_the_original(
    photos: list[Rgb], quality: int
) -> None:
    for rgb in photos:
        blocky = _jpeg(rgb, quality)
        cleaned = _cleaned(blocky)
        assert _psnr(cleaned, rgb) > _psnr(blocky, rgb) + 0.1
        rounded = np.clip(np.rint(cleaned), 0, 255).astype(np.uint8)
        assert condition(rounded).blocks < 0.5 * condition(blocky).blocks


def test_strength_goes_from_nothing_to_more_than_auto(photos: list[Rgb]) -> None:
    noisy = _noisy(photos[0], 8)
    changes = [float(np.abs(_cleaned(noisy, s) - noisy).mean()) for s in (0.0, 0.25, 0.5, 1.0)]
    assert changes == sorted(changes)
    assert changes[0] == 0
    assert changes[2] > changes[1] + 0.5
    found = tinct.enhance(Photo(noisy), 1, "classical", 0.0)
    assert not found.cleaned
    assert tinct.enhance(Photo(noisy), 1, "classical").cleaned


def test_sixteen_bits_and_tiny_photos_pass() -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (40, 50, 3), dtype=np.uint16)
    assert condition(deep).noise > 0.05
    for shape in ((8, 8), (9, 200)):
        flat = np.full((*shape, 3), 90, np.uint8)
        assert condition(flat).noise == 0
        assert condition(flat).blocks == 0


def test_softness_is_told_from_sharpness_with_noise_and_blocks(photos: list[Rgb]) -> None:
    import cv2

    from tinct.imaging.degradation import is_soft

    def soft(rgb: Rgb) -> bool:
        return is_soft(rgb, cleaner(condition(rgb), None).apply)

    for rgb in (photo[:120, 60:180] for photo in photos):
        enlarged = np.asarray(cv2.resize(rgb, None, fx=2.2, fy=2.2, interpolation=cv2.INTER_CUBIC), np.uint8)
        blurred = np.asarray(cv2.GaussianBlur(rgb, (0, 0), 2.5), np.uint8)
        for sharp in (rgb, _noisy(rgb, 6), _jpeg(rgb, 60)):
            assert not soft(sharp)
        for lost in (enlarged, blurred, _noisy(enlarged, 4), _jpeg(enlarged, 85)):
            assert soft(lost)
    assert not soft(np.full((64, 64, 3), 120, np.uint8))  # nothing there at all
