"""Restoring: drawn damage is found and filled, what is sound stays, tones that faded come back."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data as samples

import tinct
from tinct.errors import ParameterError
from tinct.imaging.damage.features import line_means
from tinct.imaging.damage.find import believed, found_in, going, is_worn
from tinct.imaging.damage.marks import FEATURES, marks_of
from tinct.imaging.damage.mend import mended
from tinct.imaging.fill.thin import fill_thin
from tinct.photo.photo import Photo

NEAR = np.ones((5, 5), np.uint8)


@pytest.fixture(scope="module")
def clean() -> np.ndarray:
    return cv2.resize(samples.astronaut(), (400, 400), interpolation=cv2.INTER_AREA)


@pytest.fixture(scope="module")
def scratches(clean: np.ndarray) -> np.ndarray:
    """Two white scratches and a black one, over background, face and suit."""
    marks = np.zeros(clean.shape[:2], np.uint8)
    cv2.line(marks, (60, 0), (70, 399), 255, 2)
    cv2.line(marks, (250, 20), (190, 380), 255, 2)
    return marks > 0


@pytest.fixture(scope="module")
def damaged(clean: np.ndarray, scratches: np.ndarray) -> Photo:
    pixels = clean.copy()
    pixels[scratches] = 250
    return Photo(pixels)


def psnr(one: np.ndarray, two: np.ndarray, inside: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((one[inside].astype(float) - two[inside]) ** 2)))


def test_scratches_are_found_and_little_else(damaged: Photo, scratches: np.ndarray) -> None:
    made = tinct.restore(damaged, level="off")
    found = made.mask.pixels[..., 0] > 0
    assert (scratches & (cv2.dilate(found.astype(np.uint8), NEAR) > 0)).sum() > 0.8 * scratches.sum()
    assert (found & (cv2.dilate(scratches.astype(np.uint8), NEAR) > 0)).sum() > 0.7 * found.sum()
    assert made.damaged == pytest.approx(found.mean())


def test_outside_of_what_was_found_pixels_stay(damaged: Photo) -> None:
    made = tinct.restore(damaged, level="off")
    kept = made.mask.pixels[..., 0] == 0
    assert np.array_equal(made.photo.pixels[kept], damaged.pixels[kept])


def test_scratches_are_filled_better_than_by_telea(
    damaged: Photo, clean: np.ndarray, scratches: np.ndarray
) -> None:
    wide = cv2.dilate(scratches.astype(np.uint8), np.ones((3, 3), np.uint8))
    ours = mended(damaged.pixels, wide > 0)
    telea = cv2.inpaint(damaged.pixels, wide, 5, cv2.INPAINT_TELEA)
    assert psnr(ours, clean, scratches) > psnr(telea, clean, scratches)


def test_a_mask_of_ones_own_takes_the_place_of_what_would_be_found(
    damaged: Photo, scratches: np.ndarray
) -> None:
    white = np.where(scratches, np.uint8(255), np.uint8(0))[..., None].repeat(3, axis=2)
    made = tinct.restore(damaged, mask=Photo(white, gray=True), level="off")
    assert np.array_equal(made.mask.pixels[..., 0] > 0, scratches)
    changed = (made.photo.pixels != damaged.pixels).any(axis=2)
    assert not (changed & ~scratches).any()


def test_wide_damage_is_filled_by_copies_and_its_texture_stays() -> None:
    rough = np.random.default_rng(0).integers(60, 200, (160, 160, 1), dtype=np.uint8).repeat(3, axis=2)
    hole = np.zeros((160, 160), bool)
    hole[60:95, 60:95] = True
    holed = rough.copy()
    holed[hole] = 255
    made = mended(holed, hole)
    assert made[65:90, 65:90].std() > 0.7 * rough.std()


def test_filled_scratches_have_the_grain_of_the_photo() -> None:
    rng = np.random.default_rng(1)
    grain = np.clip(120 + rng.normal(0, 8, (200, 200, 1)), 0, 255).astype(np.uint8).repeat(3, axis=2)
    scratch = np.zeros((200, 200), bool)
    scratch[:, 98:102] = True
    made = mended(grain, scratch)
    assert 0.5 < made[scratch].std() / grain[~scratch].std() < 1.2


@pytest.mark.parametrize("name", ["coffee", "chelsea", "camera"])
def test_a_clean_photo_comes_back_as_it_is(name: str) -> None:
    pixels = getattr(samples, name)()
    pixels = pixels if pixels.ndim == 3 else pixels[..., None].repeat(3, axis=2)
    small = cv2.resize(pixels, (360, 260), interpolation=cv2.INTER_AREA)
    made = tinct.restore(Photo(small))
    assert np.array_equal(made.photo.pixels, small)


def test_sensitivity_zero_finds_nothing_and_more_finds_more(damaged: Photo) -> None:
    rgb = damaged.pixels.astype(np.float32) / 255
    shares = [found_in(rgb, sensitivity).mean() for sensitivity in (0, 0.3, 0.5, 1)]
    assert shares[0] == 0
    assert shares == sorted(shares)
    assert shares[-1] > shares[1]


def test_a_faded_and_yellowed_print_becomes_neutral_and_full(clean: np.ndarray) -> None:
    grey = cv2.cvtColor(clean, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    faded = (70 + grey * 0.5) * np.array([1, 0.93, 0.75], np.float32)
    made = tinct.restore(Photo(np.rint(faded).astype(np.uint8)))
    assert made.levelled
    assert np.ptp(made.photo.pixels.astype(int), axis=2).max() <= 2
    low, high = np.percentile(made.photo.pixels, (1, 99))
    assert low < 25
    assert high > 215


def test_level_off_leaves_the_tint(clean: np.ndarray) -> None:
    sepia = np.rint(cv2.cvtColor(clean, cv2.COLOR_RGB2GRAY)[..., None] * np.array([1, 0.9, 0.7])).astype(
        np.uint8
    )
    made = tinct.restore(Photo(sepia), level="off", sensitivity=0)
    assert not made.levelled
    assert np.array_equal(made.photo.pixels, sepia)


@pytest.mark.parametrize(
    ("paper", "low", "kept"),
    [((1, 0.93, 0.8), 0, True), ((0.75, 0.9, 1), 70, True), ((1, 0.93, 0.8), 70, False)],
    ids=["full tones", "blue", "faded"],
)
def test_a_tint_goes_by_itself_only_where_it_is_warm_and_the_tones_have_faded(
    clean: np.ndarray, paper: tuple[float, ...], low: int, kept: bool
) -> None:
    grey = cv2.cvtColor(clean, cv2.COLOR_RGB2GRAY).astype(np.float32)[..., None]
    toned = np.rint((low + grey * (1 - low / 140)) * np.array(paper, np.float32)).astype(np.uint8)
    assert tinct.restore(Photo(toned), sensitivity=0).levelled is not kept
    assert tinct.restore(Photo(toned), sensitivity=0, level="on").levelled


def test_a_photo_in_colour_without_damage_keeps_its_tones(clean: np.ndarray) -> None:
    pale = (60 + clean * 0.6).astype(np.uint8)
    assert np.array_equal(tinct.restore(Photo(pale), sensitivity=0).photo.pixels, pale)
    assert tinct.restore(Photo(pale), sensitivity=0, level="on").levelled


def test_a_photo_in_colour_keeps_its_tones_whatever_is_taken_for_damage(clean: np.ndarray) -> None:
    pale = (60 + clean * 0.6).astype(np.uint8)
    lines = np.zeros(clean.shape[:2], np.uint8)
    lines[:, ::20] = 255  # boards, say
    made = tinct.restore(Photo(pale), mask=Photo(lines[..., None].repeat(3, axis=2), gray=True))
    assert made.damaged > 0.02
    assert not made.levelled
    assert np.array_equal(made.photo.pixels[lines == 0], pale[lines == 0])


def test_doubtful_marks_go_only_beside_sure_ones() -> None:
    assert not going(np.array([0.9, 0, -1], np.float32)).any()  # one line may be a wire
    assert going(np.array([2, -1, -1.5, -9], np.float32)).tolist() == [True, True, True, False]
    assert not going(np.zeros(0, np.float32)).any()


@pytest.fixture(scope="module")
def print_() -> tuple[np.ndarray, np.ndarray]:
    """A sepia print with creases, and where they are."""
    from training.damage.crease import creased

    grey = cv2.cvtColor(cv2.resize(samples.astronaut(), (640, 640)), cv2.COLOR_RGB2GRAY)[..., None]
    sound = np.rint(grey * np.array([0.95, 0.85, 0.7])).astype(np.float32)
    worn = sound.copy()
    for seed in (1, 2, 3, 4, 5, 6):
        creased(worn, np.random.default_rng(seed))
    pixels = np.rint(np.clip(worn, 0, 255)).astype(np.uint8)
    return pixels, np.abs(pixels - sound).max(axis=2) > 25


def test_creases_of_a_print_are_found_without_being_asked_for(print_: tuple[np.ndarray, np.ndarray]) -> None:
    pixels, truth = print_
    rgb = pixels.astype(np.float32) / 255
    found = found_in(rgb)
    assert (truth & found).sum() > 0.5 * truth.sum()
    assert found.mean() < 0.2
    assert found_in(rgb, worn=False).sum() < found.sum()


def test_one_scratch_on_a_print_that_is_said_to_be_worn_goes() -> None:
    grey = cv2.resize(samples.camera(), (512, 512))[..., None].repeat(3, axis=2)
    scratch = np.zeros(grey.shape[:2], np.uint8)
    cv2.line(scratch, (420, 20), (440, 180), 255, 2)
    marked = grey.copy()
    marked[scratch > 0] = 15
    said = tinct.restore(Photo(marked), condition="worn", level="off").mask.pixels[..., 0] > 0
    assert (said & (scratch > 0)).sum() > 0.8 * (scratch > 0).sum()
    assert said.mean() < 0.03


def test_sure_damage_makes_no_worn_print_of_a_photo_in_colour(clean: np.ndarray) -> None:
    seen = np.full(clean.shape[:2], -4, np.float32)
    seen[:40] = 5
    rgb = clean.astype(np.float32) / 255
    assert not is_worn(rgb, seen)
    assert is_worn(rgb.mean(axis=2, keepdims=True).repeat(3, axis=2), seen)


def test_of_a_worn_print_doubtful_pixels_go_with_a_surer_one() -> None:
    seen = np.full((40, 40), -4, np.float32)
    seen[5, 5:20] = 1
    seen[5, 12] = 4
    seen[30, 5:20] = 1  # nothing sure beside it
    assert np.array_equal(believed(seen).nonzero()[0], np.full(15, 5))
    assert believed(seen, more=3).sum() == 30


def test_what_else_is_in_a_photo_is_known_of_each_mark() -> None:
    odds = np.full((200, 200), -6, np.float32)
    odds[20:180, 50:52] = 6  # a line
    for row in range(20, 180, 40):
        odds[row : row + 3, 120:123] = 6  # specks
    marks = marks_of(np.full((200, 200, 3), 50, np.float32), odds, odds)
    assert len(marks.features) == 5
    named = {name: marks.features[:, number] for number, name in enumerate(FEATURES)}
    line = int(named["area"].argmax())
    others = [number for number in range(5) if number != line]
    assert named["specks_5"][line] > named["specks_5"][others].max()  # it is none itself
    assert named["lines_5"][line] < named["lines_5"][others].min()
    only = np.arange(5) == line
    assert np.array_equal(marks.kept(only), (odds > 0) & (np.arange(200) < 100))


def test_what_is_behind_a_mark_goes_on_beneath_damage_and_not_at_an_edge() -> None:
    lab = np.full((120, 200, 3), 40, np.float32)
    lab[..., 1:] = 0
    lab[:, 120:] = 70  # an edge of the photo
    odds = np.full(lab.shape[:2], -6, np.float32)
    for column in (60, 119):
        lab[20:100, column : column + 2] = 95
        odds[20:100, column : column + 2] = 6
    marks = marks_of(lab, odds, odds)
    named = {name: marks.features[:, number] for number, name in enumerate(FEATURES)}
    assert named["slope"][0] < 0.3 < 1.5 < named["slope"][1]
    assert named["stands_out"][0] == pytest.approx(55, abs=1)
    assert (named["upright"] > 0.99).all()
    assert (named["bright"] == 1).all()


def test_depth_and_opacity_stay_and_transparent_parts_are_no_damage(damaged: Photo) -> None:
    alpha = np.full(damaged.pixels.shape[:2], 65535, np.uint16)
    alpha[:, :120] = 0
    deep = replace(damaged, pixels=damaged.pixels.astype(np.uint16) * 257, alpha=alpha)
    made = tinct.restore(deep, level="off")
    assert made.photo.pixels.dtype == np.uint16
    assert made.photo.alpha is alpha
    assert not made.mask.pixels[:, :110].any()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (17, 17)])
def test_tiny_and_flat_photos_come_back(size: tuple[int, int]) -> None:
    flat = np.full((*size, 3), 128, np.uint8)
    assert np.array_equal(tinct.restore(Photo(flat), level="off").photo.pixels, flat)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"mask": Photo(np.zeros((10, 10, 3), np.uint8))}, "mask"),
        ({"mask": Photo(np.zeros((400, 400, 3), np.uint8))}, "mask"),
        ({"mask": Photo(np.full((400, 400, 3), 255, np.uint8))}, "mask"),
        ({"sensitivity": 2}, "sensitivity"),
        ({"level": "maybe"}, "level"),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(
    damaged: Photo, options: dict[str, object], named: str
) -> None:
    with pytest.raises(ParameterError, match=named):
        tinct.restore(damaged, **options)


def test_thin_holes_of_smooth_photos_are_filled_exactly() -> None:
    y, x = np.mgrid[:80, :80].astype(np.float32)
    smooth = np.stack([100 + x, 60 + y, 200 - x], axis=2).astype(np.uint8)
    hole = np.zeros((80, 80), bool)
    hole[:, 40:43] = True
    holed = smooth.copy()
    holed[hole] = 255
    made = fill_thin(holed, hole, ~hole)
    assert np.abs(made.astype(int) - smooth).max() <= 3
    assert np.array_equal(made[~hole], smooth[~hole])


def test_tiles_leave_no_seam_in_a_long_scratch() -> None:
    wave = 128 + 60 * np.sin(np.arange(700, dtype=np.float32) / 23)
    pixels = np.repeat(wave[:, None, None], 60, axis=1).repeat(3, axis=2).astype(np.uint8)
    hole = np.zeros((700, 60), bool)
    hole[:, 28:31] = True
    made = fill_thin(np.where(hole[..., None], np.uint8(0), pixels), hole, ~hole)
    assert np.abs(made.astype(int) - pixels).max() <= 4


def test_lines_are_followed_at_their_angle() -> None:
    net = np.zeros((60, 60), np.float32)
    cv2.line(net, (5, 5), (55, 55), 1.0)
    means, angles = line_means(net, (13,))
    assert means[0][30, 30] > 0.6
    assert angles[30, 30] == 3  # of twelve from level: 45 degrees


def test_a_scratch_over_stripes_is_filled_with_stripes() -> None:
    x, y = np.meshgrid(np.arange(96), np.arange(96))
    stripes = np.where((x + 2 * y) % 16 < 8, 60, 190).astype(np.uint8)[..., None].repeat(3, axis=2)
    hole = np.zeros((96, 96), bool)
    hole[:, 46:51] = True
    holed = np.where(hole[..., None], np.uint8(255), stripes)
    made = fill_thin(holed, hole, ~hole)
    assert np.abs(made[hole].astype(int) - stripes[hole]).mean() < 25


def test_grey_photos_are_filled_as_photos_in_colour_are() -> None:
    grey = cv2.resize(samples.camera(), (96, 96), interpolation=cv2.INTER_AREA)[..., None].repeat(3, axis=2)
    hole = np.zeros((96, 96), bool)
    hole[:, 40:43] = True
    tinted = grey.copy()
    tinted[0, 0, 0] ^= 1  # is in colour, and far from the hole
    made = fill_thin(grey, hole, ~hole)
    assert np.ptp(made, axis=2).max() == 0
    assert np.abs(made.astype(int) - fill_thin(tinted, hole, ~hole))[hole].max() <= 1
