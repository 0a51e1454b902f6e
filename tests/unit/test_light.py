"""Lighting: dark photos become light, bright ones stay, nothing else changes."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data

import tinct
from tinct.effects.light.exposure import relit
from tinct.errors import MissingModelError, ParameterError
from tinct.imaging.deblock import deblock
from tinct.imaging.gain import GainField
from tinct.imaging.people import find_people
from tinct.models import runtime, store
from tinct.photo.color import linear_to_srgb, srgb_to_linear
from tinct.photo.photo import Photo


def darkened(pixels: np.ndarray, factor: float, noise: float = 0.0) -> np.ndarray:
    linear = srgb_to_linear(pixels.astype(np.float32) / 255) * np.float32(factor)
    linear += np.random.default_rng(0).normal(0, noise, linear.shape).astype(np.float32)
    return np.asarray(linear_to_srgb(np.clip(linear, 0, 1)) * 255 + 0.5, np.uint8)


def psnr(one: np.ndarray, two: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one.astype(float) - two.astype(float)) ** 2)))


PICTURE = data.coffee()


@pytest.mark.parametrize("factor", [0.03, 0.06, 0.12])
def test_a_darkened_photo_comes_back(factor):
    dark = darkened(PICTURE, factor, 0.002)
    made = tinct.light(Photo(dark))
    gamma = 255 * (dark / 255) ** (np.log(0.45) / np.log(dark.mean() / 255))
    assert psnr(PICTURE, made.photo.pixels) > psnr(PICTURE, gamma) + 2
    assert made.engine == "classical"
    assert made.gain > 1.5


def test_a_light_photo_stays_nearly_as_it_is():
    made = tinct.light(Photo(data.chelsea()))
    assert np.abs(made.photo.pixels.astype(int) - data.chelsea()).mean() < 4
    assert not made.denoised


def test_lamps_and_skies_are_not_clipped():
    dark = darkened(PICTURE, 0.1)
    dark[:60] = 250
    made = tinct.light(Photo(dark)).photo.pixels
    clipped = (made == 255).any(axis=-1).mean() - (dark == 255).any(axis=-1).mean()
    assert clipped < 0.01
    assert made[100:].mean() > 1.5 * dark[100:].mean()


def test_black_stays_black():
    pixels = darkened(PICTURE, 0.05)
    pixels[:200] = 0
    assert tinct.light(Photo(pixels)).photo.pixels[:150].max() < 8


def test_rounding_in_the_shadows_does_not_become_colour():
    pixels = darkened(PICTURE, 0.05)
    pixels[300:] = (2, 2, 0)
    made = tinct.light(Photo(pixels)).photo.pixels[330:].astype(int)
    assert made.mean() > 4
    assert np.ptp(made, axis=2).mean() < 0.35 * made.mean()


def test_noise_does_not_grow_with_the_gain():
    flat = np.full((200, 300, 3), 128, np.uint8)
    flat[:, 150:] = 200
    dark = darkened(flat, 0.05, 0.002)
    plain = tinct.light(Photo(dark), denoise=False).photo.pixels[20:-20, 20:130]
    clean = tinct.light(Photo(dark)).photo.pixels[20:-20, 20:130]
    assert clean.std(axis=(0, 1)).mean() < 0.5 * plain.std(axis=(0, 1)).mean()


def test_no_strength_returns_the_photo_itself():
    photo = Photo(darkened(PICTURE, 0.1))
    assert np.array_equal(tinct.light(photo, strength=0).photo.pixels, photo.pixels)


def test_sixteen_bits_and_alpha_are_kept():
    deep = darkened(PICTURE, 0.1).astype(np.uint16) * 257
    alpha = np.random.default_rng(0).integers(0, 65536, deep.shape[:2]).astype(np.uint16)
    made = tinct.light(Photo(deep, alpha=alpha)).photo
    assert made.pixels.dtype == np.uint16
    assert np.array_equal(made.alpha, alpha)
    assert len(np.unique(made.pixels)) > 1000
    small = tinct.light(Photo(darkened(PICTURE, 0.1)), denoise=False).photo.pixels
    plain = tinct.light(Photo(deep), denoise=False).photo.pixels
    assert np.abs(plain / 257 - small).mean() < 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (50, 1), (3, 2), (70, 600)])
def test_any_size_works(shape):
    pixels = np.random.default_rng(0).integers(0, 40, (*shape, 3)).astype(np.uint8)
    assert tinct.light(Photo(pixels)).photo.pixels.shape == pixels.shape


def test_a_gray_photo_stays_gray():
    gray = np.repeat(darkened(PICTURE, 0.1)[..., 1:2], 3, axis=2)
    made = tinct.light(replace(Photo(gray), gray=True)).photo
    assert made.gray
    assert np.abs(np.ptp(made.pixels.astype(int), axis=2)).max() <= 1


def test_strips_do_not_show():
    """The field is the same however the photo is cut."""
    rng = np.random.default_rng(0)
    small, target = rng.random((40, 60, 3), np.float32), rng.random((40, 60, 3), np.float32)
    field = GainField.fit(small, target)
    light = rng.random((90, 130), np.float32)
    whole = field.gains(light, 0, 90)
    parts = np.concatenate([field.gains(light[top : top + 7], top, 90) for top in range(0, 90, 7)])
    assert np.abs(whole - parts).max() < 1e-3


def test_a_field_reproduces_the_change_it_was_fitted_to():
    small = darkened(PICTURE, 0.2).astype(np.float32)[::4, ::4] / 255
    target = np.clip(small * 2, 0, 1)
    made = GainField.fit(small, target).apply(Photo(np.asarray(small * 255 + 0.5, np.uint8))).pixels
    assert np.abs(made / 255 - target).mean() < 0.02


def test_the_engine_leaves_good_photos_alone():
    good = data.coffee().astype(np.float32) / 255
    assert np.abs(relit(good) - good).mean() < 0.05


def test_a_network_that_is_not_there_is_named(monkeypatch):
    def missing(name, size=None):
        raise MissingModelError(f"{name}: tinct models fetch {name}")

    monkeypatch.setattr(runtime, "session", missing)
    with pytest.raises(MissingModelError, match="tinct models fetch maxim-enhancement"):
        tinct.light(Photo(PICTURE), engine="maxim")
    assert tinct.light(Photo(PICTURE)).engine == "classical"


def test_a_network_is_carried_to_full_size(monkeypatch):
    class Brighter:
        def apply(self, seen):
            assert seen.shape[1] % 64 == seen.shape[2] % 64 == 0
            assert seen.shape[1] * seen.shape[2] <= 65536
            return np.clip(seen * 2, 0, 1)

    monkeypatch.setattr(store, "installed", lambda name: True)
    monkeypatch.setattr(runtime, "session", lambda name, size=None: Brighter())
    dark = darkened(PICTURE, 0.2)
    made = tinct.light(Photo(dark), engine="maxim", denoise=False)
    assert made.engine == "maxim"
    assert np.abs(made.photo.pixels.astype(int) - np.clip(dark.astype(int) * 2, 0, 255)).mean() < 6


@pytest.mark.parametrize(
    ("field", "value"),
    [("strength", 1.1), ("strength", float("nan")), ("engine", "magic"), ("denoise", "maybe")],
)
def test_what_is_not_allowed_is_named(field, value):
    with pytest.raises(ParameterError, match=field):
        tinct.light(Photo(PICTURE), **{field: value})


def capped(level: float, noise: float, size: tuple[int, int] = (480, 640), grain: int = 1) -> np.ndarray:
    """What a camera sees with its cap on: noise about a level, clipped at black."""
    rng = np.random.default_rng(7)
    small = rng.normal(0, noise, (-(-size[0] // grain), -(-size[1] // grain), 3))
    values = np.kron(small, np.ones((grain, grain, 1)))[: size[0], : size[1]] + level
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("level", "noise", "grain"),
    [(1.5, 1.0, 1), (0, 2.0, 1), (3, 3.0, 1), (2, 1.5, 2), (0, 0, 1), (1, 0, 1), (5, 4.0, 1)],
)
@pytest.mark.parametrize("size", [(48, 64), (480, 640), (900, 1300)])
def test_noise_without_a_picture_is_not_lifted(level, noise, grain, size):
    made = tinct.light(Photo(capped(level, noise, size, grain)))
    assert made.photo.pixels.mean() < 10
    assert made.photo.pixels.std() < 6
    assert made.gain < 1.5


def test_a_picture_in_the_lowest_levels_is_still_found():
    dark = darkened(PICTURE, 0.004, 0.0003)
    assert dark.max() < 20
    assert tinct.light(Photo(dark)).photo.pixels.mean() > 3 * dark.mean()


def _blocky(width: int = 128) -> np.ndarray:
    """A dark ramp whose blocks of 8 x 8 pixels are flat, as strong JPEG compression leaves them."""
    light = np.linspace(6, 40, width // 8).repeat(8)
    down = np.linspace(0, 10, 12).repeat(8)[:, None]
    return np.repeat(np.rint(light + down)[..., None], 3, axis=2).astype(np.uint8)


def test_blocks_of_jpeg_are_not_lifted() -> None:
    source = _blocky()
    made = tinct.light(Photo(source))
    assert made.gain > 1.5
    steps = np.abs(np.diff(made.photo.pixels[..., 0].astype(float), axis=1)).mean(axis=0)
    assert steps[7::8].mean() < 2 * np.delete(steps, np.s_[7::8]).mean()


def test_an_edge_at_the_border_of_a_block_stays() -> None:
    rows = np.zeros((16, 32, 3), np.float32)
    rows[:, 16:] = 0.5
    kept = rows.copy()
    deblock(rows, 0, 0.05)
    assert np.array_equal(rows, kept)


def test_borders_of_blocks_are_found_in_rows_that_begin_inside_one() -> None:
    whole = _blocky().astype(np.float32) / 255
    part = whole[13:61].copy()
    deblock(whole, 0, 0.05)
    deblock(part, 13, 0.05)
    assert np.allclose(part[8:-8], whole[21:53], atol=1e-6)


WOMAN = data.astronaut()


def _people() -> np.ndarray:
    found = find_people(Photo(WOMAN))
    assert found is not None
    return found.full(Photo(WOMAN)).astype(np.float32) / 255


def _placed(own: float, behind: float) -> np.ndarray:
    """The woman with so much of her own light, before an even background of that linear light."""
    matte = _people()[..., None]
    linear = srgb_to_linear(WOMAN.astype(np.float32) / 255) * np.float32(own)
    return np.asarray(linear_to_srgb(linear * matte + np.float32(behind) * (1 - matte)) * 255 + 0.5, np.uint8)


def _stops(before: np.ndarray, after: np.ndarray, where: np.ndarray) -> float:
    light = [srgb_to_linear(p[where].astype(np.float32) / 255).mean() for p in (before, after)]
    return float(np.log2(light[1] / light[0]))


def test_people_against_the_light_are_lifted_and_the_sky_stays():
    source = _placed(0.06, 0.7)
    made = tinct.light(Photo(source), denoise=False).photo.pixels
    matte = _people()
    assert _stops(source, made, matte > 0.98) > 0.7
    assert np.percentile(np.abs(made.astype(int) - source)[matte < 0.02], 99) <= 6
    assert (made == 255).mean() <= (source == 255).mean() + 0.001


def test_a_lift_leaves_no_halo_beside_people():
    """Rows of sky beside the outline are no lighter and no darker than the sky far away."""
    source = _placed(0.06, 0.7)
    made = tinct.light(Photo(source), denoise=False).photo.pixels.astype(int)
    matte = _people()
    near = (cv2.dilate((matte > 0.5).astype(np.uint8), np.ones((41, 41))) > 0) & (matte < 0.02)
    assert np.abs(made - source)[near].mean() < 1.5


def test_a_face_before_black_stays_as_it_was_meant():
    source = _placed(0.6, 0.002)
    assert np.abs(tinct.light(Photo(source)).photo.pixels.astype(int) - source).mean() < 1


def test_people_in_a_bright_place_are_not_lightened():
    source = _placed(0.45, 0.85)  # a dark skin in good light: clothes and teeth are as light as the place
    made = tinct.light(Photo(source))
    assert made.gain < 1.02
    assert np.abs(made.photo.pixels.astype(int) - source).mean() < 2.5


def test_a_night_with_lamps_stays_a_night():
    source = np.full((300, 400, 3), 12, np.uint8)
    source[150:] = (20, 24, 40)
    source[100:112].reshape(12, 10, 40, 3)[:, :, :10] = 250
    made = tinct.light(Photo(source)).photo.pixels
    assert made[200:].mean() < 1.35 * source[200:].mean()


def test_what_gains_nothing_keeps_its_grain():
    grain = np.random.default_rng(0).normal(0, 12, (200, 300, 3))
    source = np.clip(60 + grain, 0, 255).astype(np.uint8)
    flat = np.full(source.shape, 0.3, np.float32)
    still = GainField.fit(flat, flat).apply(Photo(source), prepare=lambda rgb, first: np.full_like(rgb, 0.2))
    assert np.array_equal(still.pixels, source)
