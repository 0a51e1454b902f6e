"""TEMPLATE: asked swatches become the main colours; lightness stays."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import lab_of, photo, picture, sample

import tinct
from tinct import ColorMap, Photo
from tinct.effects.migrate.template import fit_template
from tinct.imaging.palette import from_hex
from tinct.photo.color import clip_chroma, delta_e_2000, srgb_to_lab

SETS = {
    "one": ["#E07A5F"],
    "two": ["#DB0D0D", "#0E0CBB"],
    "three": ["#C75B7A", "#3D7EAA", "#E9C46A"],
    "five": ["#264653", "#2A9D8F", "#E9C46A", "#F4A261", "#E76F51"],
}


def _rank(values: np.ndarray) -> np.ndarray:
    """Ranks with ties sharing their mean."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _spearman(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(_rank(one), _rank(two))[0, 1])


def _shown(pixels: np.ndarray, colors: list[str]) -> list[float]:
    """Share of the pixels within CIEDE2000 8 of each swatch, lightness aside."""
    lab = lab_of(pixels)
    shares = []
    for swatch in srgb_to_lab(from_hex(colors)):
        asked = np.broadcast_to(swatch, lab.shape).copy()
        asked[:, 0] = lab[:, 0]
        shares.append(float((delta_e_2000(lab, clip_chroma(asked)) <= 8).mean()))
    return shares


def _harbour() -> np.ndarray:
    """A sky that runs from one blue to another, above a brown pier and a green shore: (120, 240, 3) uint8."""
    y, x = np.mgrid[0:120, 0:240]
    scene = np.stack([90 + x / 4, 140 + y / 3, 230 - x / 10], axis=-1)
    rng = np.random.default_rng(0)
    scene[70:, :120] = np.array((120, 80, 50)) + rng.normal(0, 8, (50, 120, 1))
    scene[70:, 120:] = np.array((70, 130, 60)) + rng.normal(0, 8, (50, 120, 1))
    return scene.round().clip(0, 255).astype(np.uint8)


def _map(pixels: np.ndarray, colors: list[str], spread: float = 0.0) -> ColorMap:
    return fit_template(sample(pixels), colors, spread).map


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("swatches", SETS)
@pytest.mark.parametrize("spread", [0, 1])
def test_lightness_stays(name, swatches, spread):
    source = picture(name)
    result = _map(source, SETS[swatches], spread).apply(Photo(source)).pixels
    before, after = lab_of(source)[:, 0], lab_of(result)[:, 0]
    assert _spearman(before, after) >= 0.99
    assert np.abs(before - after).mean() <= 0.4


@pytest.mark.parametrize("swatches", ["two", "three", "five"])
def test_one_sky_keeps_one_colour(swatches):
    source = _harbour()
    result = _map(source, SETS[swatches]).apply(Photo(source)).pixels
    sky = slice(0, 60)
    before, after = (lab_of(p[sky])[:, 1:].reshape(60, 240, 2) for p in (source, result))
    apart = np.linalg.norm(after[:, :-10] - after[:, 10:], axis=-1)
    was = np.linalg.norm(before[:, :-10] - before[:, 10:], axis=-1)
    assert (apart - 1.5 * was > 8).mean() == 0  # no rainbow


def test_things_apart_show_different_swatches():
    source = _harbour()
    made = fit_template(sample(source), ["#2A9D8F", "#E76F51"])
    assert made.capacity >= 2
    shown = _shown(made.map.apply(Photo(source)).pixels, ["#2A9D8F", "#E76F51"])
    assert min(shown) >= 0.1
    assert min(swatch.share for swatch in made.swatches) >= 0.1


@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
@pytest.mark.parametrize("swatches", [["#D7263D", "#1B998B"], SETS["five"]])
def test_the_share_of_a_swatch_is_what_shows_it(name, swatches):
    source = picture(name)
    made = fit_template(sample(source), swatches)
    lab = lab_of(made.map.apply(Photo(source)).pixels)
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    for swatch, asked in zip(made.swatches, srgb_to_lab(from_hex(swatches))[:, 1:], strict=True):
        size = float(np.hypot(*asked))
        like = (lab[:, 1:] @ asked > 0.8 * size * chroma) & (chroma > 0.25 * size)
        assert swatch.share <= like.mean() + 0.05


def test_a_photo_of_one_thing_says_that_it_can_show_one_swatch():
    sky = _harbour()[:60]
    made = fit_template(sample(sky), ["#DB0D0D", "#0E0CBB", "#FFB000"])
    assert made.capacity == 1
    assert [swatch.color for swatch in made.swatches] == ["#DB0D0D", "#0E0CBB", "#FFB000"]
    assert sum(swatch.share for swatch in made.swatches) <= 1.001


def test_spread_insists_on_swatches_that_calm_leaves_out():
    sky = _harbour()[:60]
    colors = ["#DB0D0D", "#0E0CBB", "#FFB000"]
    calm, firm = (_shown(_map(sky, colors, spread).apply(Photo(sky)).pixels, colors) for spread in (0.0, 1.0))
    assert sum(share >= 0.03 for share in firm) > sum(share >= 0.03 for share in calm)


def test_the_same_photo_gives_the_same_map():
    one, two = (_map(picture("coffee"), SETS["five"]) for _ in range(2))
    assert np.array_equal(one.lattice, two.lattice)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (5, 3)])
def test_photos_of_a_few_pixels_are_taken(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert np.isfinite(_map(pixels, SETS["three"]).lattice).all()


def test_the_way_swatches_are_written_does_not_matter():
    one = tinct.fit_template(photo(), "#DB0D0D,#0E0CBB")
    two = tinct.fit_template(photo(), ["FFdb0d0d", "0e0cbb"])
    assert np.array_equal(one.lattice, two.lattice)


def test_a_smooth_sky_stays_smooth():
    y, x = np.mgrid[0:120, 0:240]
    sky = np.stack([90 + x / 4, 140 + y / 3, 230 - x / 10], axis=-1).round().astype(np.uint8)
    result = tinct.fit_template(Photo(sky), SETS["two"]).apply(Photo(sky)).pixels.astype(int)
    assert np.abs(np.diff(result, axis=0)).max() <= 6
    assert np.abs(np.diff(result, axis=1)).max() <= 6


def test_seven_swatches_are_accepted_even_with_black_and_white_among_them():
    colors = "9B5DE5,F15BB5,FEE440,00BBF9,00F5D4,FFFFFF,222222"
    source = picture("coffee")
    result = tinct.fit_template(Photo(source), colors).apply(Photo(source)).pixels
    assert _spearman(lab_of(source)[:, 0], lab_of(result)[:, 0]) >= 0.97


def test_a_grey_photo_takes_the_swatches_colour():
    grey = np.repeat(picture("astronaut")[..., :1], 3, axis=2)
    result = tinct.fit_template(Photo(grey), "E07A5F").apply(Photo(grey)).pixels
    assert _shown(result, ["#E07A5F"])[0] >= 0.03


def test_what_is_next_to_black_stays_without_colour():
    source = _harbour()
    rng = np.random.default_rng(1)
    source[70:] = rng.integers(12, 26, (50, 240, 1))  # L* 3 to 9
    result = _map(source, SETS["two"]).apply(Photo(source)).pixels
    night = lab_of(result[75:])
    assert np.hypot(night[:, 1], night[:, 2]).mean() < 3
