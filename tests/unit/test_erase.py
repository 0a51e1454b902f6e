"""Object removal: what it must keep, what it must continue, what it refuses."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scenes import picture

import tinct
from tinct.effects.registry import get
from tinct.errors import ParameterError
from tinct.imaging.fill.mask import boxes
from tinct.photo.photo import Photo


def marked(height: int, width: int, top: int, left: int, bottom: int, right: int, level: int = 255) -> Photo:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top:bottom, left:right] = level
    return Photo(pixels)


def stripes(height: int = 72, width: int = 108, period: int = 12) -> np.ndarray:
    """Slanted stripes in three colours: (h, w, 3) uint8."""
    rows, columns = np.mgrid[:height, :width]
    phase = (columns + rows // 2) % period
    colors = np.array([[40, 60, 150], [230, 220, 200], [170, 40, 30]], np.uint8)
    return colors[phase * 3 // period]


CUP = Photo(picture("coffee", 96))
ON_CUP = marked(CUP.height, CUP.width, 22, 50, 38, 68)
INSIDE = ON_CUP.pixels[..., 0] > 0


@functools.cache
def erased(method: str = "auto") -> np.ndarray:
    return tinct.erase(CUP, ON_CUP, method).photo.pixels


@pytest.mark.parametrize("method", ["auto", "shift", "patch"])
def test_pixels_outside_the_mask_are_those_of_the_source(method: str) -> None:
    assert np.array_equal(erased(method)[~INSIDE], CUP.pixels[~INSIDE])
    assert not np.array_equal(erased(method)[INSIDE], CUP.pixels[INSIDE])


@pytest.mark.parametrize("method", ["shift", "patch"])
def test_a_pattern_goes_on_through_the_hole(method: str) -> None:
    truth = stripes()
    spoilt = truth.copy()
    spoilt[24:48, 42:66] = (0, 255, 0)
    result = tinct.erase(Photo(spoilt), marked(72, 108, 24, 42, 48, 66), method).photo
    error = np.abs(result.pixels.astype(int) - truth)[24:48, 42:66].max(axis=-1)
    assert (error > 12).mean() < 0.02


def test_a_straight_line_goes_on_through_a_hole_that_is_filled_small() -> None:
    pixels = np.full((500, 1300, 3), (120, 160, 200), np.uint8)
    pixels[245:257] = (30, 30, 30)
    truth = pixels.copy()
    pixels[200:300, 500:740] = (250, 0, 0)
    result = tinct.erase(Photo(pixels), marked(500, 1300, 200, 500, 300, 740)).photo.pixels
    assert np.abs(result.astype(int) - truth).max() <= 2


def test_texture_keeps_its_strength_at_full_size() -> None:
    rng = np.random.default_rng(3)
    pixels = np.clip(rng.normal(128, 20, (240, 900, 3)), 0, 255).astype(np.uint8)
    mask = marked(240, 900, 60, 400, 160, 500)
    result = tinct.erase(Photo(pixels), mask, "patch").photo.pixels[60:160, 400:500].astype(float)
    assert 0.8 < np.diff(result, axis=1).std() / np.diff(pixels.astype(float), axis=1).std() < 1.1


def test_a_slope_of_tone_shows_no_seam() -> None:
    rows, columns = np.mgrid[:90, :140]
    truth = np.repeat((40 + columns + rows / 2).astype(np.uint8)[..., None], 3, axis=2)
    spoilt = truth.copy()
    spoilt[30:60, 50:85] = 0
    result = tinct.erase(Photo(spoilt), marked(90, 140, 30, 50, 60, 85)).photo.pixels.astype(int)
    window = result[28:62, 48:87, 0]
    assert max(np.abs(np.diff(window, axis=0)).max(), np.abs(np.diff(window, axis=1)).max()) <= 6
    assert np.abs(result - truth).max() < 16


def test_nothing_of_what_is_removed_is_left() -> None:
    pixels = np.full((60, 90, 3), 90, np.uint8)
    pixels[20:40, 30:50] = (255, 0, 0)
    result = tinct.erase(Photo(pixels), marked(60, 90, 20, 30, 40, 50)).photo
    assert (result.pixels == 90).all()


def test_colours_do_not_run_from_what_touches_the_hole() -> None:
    pixels = np.full((80, 120, 3), 200, np.uint8)
    pixels[30:50, 60:80] = (220, 20, 20)  # half of it is marked
    result = tinct.erase(Photo(pixels), marked(80, 120, 24, 40, 56, 70)).photo.pixels.astype(int)
    inside = result[26:54, 42:62]
    assert np.ptp(inside, axis=2).max() <= 8


def test_growing_removes_the_halo_that_a_tight_mask_leaves() -> None:
    pixels = np.full((60, 90, 3), 90, np.uint8)
    pixels[18:42, 28:52] = 180
    tight = marked(60, 90, 20, 30, 40, 50)
    left = tinct.erase(Photo(pixels), tight, "patch").photo.pixels
    gone = tinct.erase(Photo(pixels), tight, "patch", grow=5).photo.pixels
    assert (left == 180).any()
    assert np.abs(gone.astype(int) - 90).max() <= 1


def test_a_soft_mask_mixes_the_new_with_the_old() -> None:
    pixels = np.full((60, 90, 3), 100, np.uint8)
    pixels[20:40, 30:50] = 200
    half = tinct.erase(Photo(pixels), marked(60, 90, 20, 30, 40, 50, level=128), "shift").photo.pixels
    assert np.abs(half[20:40, 30:50].astype(int) - 150).max() <= 1


def test_sixteen_bits_and_opacity_are_kept_and_transparent_pixels_are_not_copied() -> None:
    pixels = np.full((60, 90, 3), 30_001, np.uint16)
    pixels[:, :20] = 0
    alpha = np.full((60, 90), 65_535, np.uint16)
    alpha[:, :20] = 0
    photo = Photo(pixels, alpha=alpha, icc=None)
    result = tinct.erase(photo, marked(60, 90, 20, 20, 40, 40)).photo
    assert result.pixels.dtype == np.uint16
    assert result.alpha is alpha
    assert (result.pixels[:, 20:] == 30_001).all()


def test_grey_photos_stay_grey() -> None:
    gray = np.repeat(CUP.pixels[..., 1:2], 3, axis=2)
    result = tinct.erase(Photo(gray, gray=True), ON_CUP).photo
    assert result.gray
    assert np.ptp(result.pixels, axis=2).max() == 0


def test_the_seed_decides_and_nothing_else_does() -> None:
    assert np.array_equal(tinct.erase(CUP, ON_CUP, seed=0).photo.pixels, erased())
    others = [tinct.erase(CUP, ON_CUP, "patch", seed=seed).photo.pixels for seed in (1, 2)]
    assert any(not np.array_equal(other, erased("patch")) for other in others)


def test_distant_holes_are_filled_one_by_one_and_reported() -> None:
    pixels = np.full((300, 900, 3), 120, np.uint8)
    mask = np.zeros((300, 900, 3), np.uint8)
    mask[100:120, 40:60] = mask[200:220, 800:830] = 255
    result = tinct.erase(Photo(pixels), Photo(mask))
    assert [hole.box for hole in result.holes] == [(40, 100, 20, 20), (800, 200, 30, 20)]
    assert {hole.engine for hole in result.holes} <= {"shift", "patch"}


@pytest.mark.parametrize("size", [(1, 2), (3, 3), (7, 9), (2, 300)])
def test_photos_too_small_for_patches_are_filled_from_the_nearest_pixel(size: tuple[int, int]) -> None:
    pixels = np.full((*size, 3), 70, np.uint8)
    mask = np.full((*size, 3), 255, np.uint8)
    mask[0, 0] = 0
    pixels[mask[..., 0] > 0] = 255
    result = tinct.erase(Photo(pixels), Photo(mask))
    assert (result.photo.pixels == 70).all()
    assert result.holes[0].engine == "nearest"


def test_many_specks_are_removed_together() -> None:
    rng = np.random.default_rng(0)
    pixels = np.full((120, 160, 3), 90, np.uint8)
    mask = np.repeat((rng.random((120, 160, 1)) < 0.01).astype(np.uint8) * 255, 3, axis=2)
    pixels[mask > 0] = 255
    result = tinct.erase(Photo(pixels), Photo(mask))
    assert (result.photo.pixels == 90).all()
    assert len(result.holes) <= 64


def test_progress_rises_to_one() -> None:
    heard: list[float] = []
    tinct.erase(CUP, ON_CUP, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    assert len(heard) > 4


def test_transparent_parts_of_a_mask_are_kept() -> None:
    pixels = np.full((40, 60, 3), 255, np.uint8)
    alpha = np.zeros((40, 60), np.uint8)
    alpha[10:20, 20:30] = 255
    photo = np.full((40, 60, 3), 90, np.uint8)
    photo[8:22, 18:32] = 200
    result = tinct.erase(Photo(photo), Photo(pixels, alpha=alpha), "patch").photo.pixels
    assert np.array_equal(result[alpha == 0], photo[alpha == 0])
    mask = np.repeat(alpha[..., None], 3, axis=2)
    assert np.array_equal(result, tinct.erase(Photo(photo), Photo(mask), "patch").photo.pixels)


GREEN = np.zeros((64, 96, 3), np.uint8)
GREEN[5, 7] = (0, 200, 0)
FADED = Photo(np.full((64, 96, 3), 255, np.uint8), alpha=np.zeros((64, 96), np.uint8))


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        (marked(64, 95, 1, 1, 9, 9), "'95x64'; allowed: 96x64"),
        (marked(64, 96, 0, 0, 0, 0), "nothing but black"),
        (marked(64, 96, 5, 5, 50, 50, level=15), "nothing but black"),
        (marked(64, 96, 0, 0, 64, 96), "every pixel marked'"),
        (FADED, "nothing white that is not transparent"),
        (Photo(GREEN), "#00C800 at x=7, y=5"),
    ],
)
def test_a_mask_that_cannot_be_used_is_refused_with_the_remedy(mask: Photo, found: str) -> None:
    with pytest.raises(ParameterError) as caught:
        tinct.erase(CUP, mask)
    assert caught.value.field == "mask"
    assert found in str(caught.value)


def test_a_mask_that_grows_over_everything_is_refused() -> None:
    with pytest.raises(ParameterError, match="after growing by 90 px"):
        tinct.erase(CUP, ON_CUP, grow=90)


def test_a_photo_with_nothing_opaque_left_is_refused() -> None:
    photo = Photo(CUP.pixels, alpha=np.where(INSIDE, 255, 0).astype(np.uint8))
    with pytest.raises(ParameterError, match="every pixel that is not transparent"):
        tinct.erase(photo, ON_CUP)


def _ball() -> tuple[np.ndarray, np.ndarray]:
    """A red ball on grass, and where it is: (120, 160, 3) uint8 and (120, 160) bool."""
    rng = np.random.default_rng(0)
    pixels = np.array([70, 130, 50]) + rng.normal(0, 12, (120, 160, 3))
    rows, columns = np.mgrid[:120, :160]
    ball = (rows - 60) ** 2 + (columns - 80) ** 2 < 24**2
    pixels[ball] = np.array([190, 40, 40]) + rng.normal(0, 8, (int(ball.sum()), 3))
    return pixels.clip(0, 255).astype(np.uint8), ball


def test_a_thing_that_is_marked_in_half_goes_wholly_if_asked_and_its_mask_comes_back() -> None:
    pixels, ball = _ball()
    half = ball & (np.arange(160) < 80)
    mask = Photo(np.repeat(np.where(half, np.uint8(255), np.uint8(0))[..., None], 3, axis=2))
    plain = tinct.erase(Photo(pixels), mask, "patch")
    whole = tinct.erase(Photo(pixels), mask, "patch", complete=True)
    assert plain.mask is None
    assert whole.mask is not None
    used = whole.mask.pixels[..., 0] > 0
    assert (used & ball).sum() / (used | ball).sum() > 0.9
    assert (whole.photo.pixels[ball][:, 0] > 150).mean() < 0.02
    assert np.array_equal(whole.photo.pixels[~used], pixels[~used])


def test_a_part_of_what_has_no_outline_is_not_carried_on() -> None:
    pixels, _ = _ball()
    grass = pixels[:, :50]
    result = tinct.erase(Photo(grass), marked(120, 50, 50, 15, 70, 35), "patch", complete=True)
    assert result.mask is not None
    assert (result.mask.pixels[..., 0] > 0).sum() <= 1.3 * 20 * 20


@pytest.mark.parametrize(("field", "value"), [("method", "magic"), ("grow", -1), ("grow", 201), ("seed", -1)])
def test_a_wrong_parameter_is_named(field: str, value: object) -> None:
    with pytest.raises(ParameterError) as caught:
        get("erase").parse({field: value})
    assert caught.value.field == field


def test_the_served_effect_takes_a_mask_and_names_the_engines() -> None:
    effect = get("erase")
    assert [i.name for i in effect.inputs if i.required] == ["image", "mask"]
    output = effect.run({"image": CUP, "mask": ON_CUP}, effect.params(), lambda _: None)
    assert np.array_equal(output.photos[0].pixels, erased())
    assert output.facts["holes"][0]["box"] == [50, 22, 18, 16]


def test_boxes_are_cut_at_the_border_and_refused_outside() -> None:
    mask = boxes(CUP, [(90, 60, 20, 20)]).pixels[..., 0]
    assert mask[60:, 90:].all()
    assert mask.sum() == 255 * 4 * 6
    with pytest.raises(ParameterError, match="box: got '96,0,5,5'"):
        boxes(CUP, [(96, 0, 5, 5)])
