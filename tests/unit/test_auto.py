"""AUTO: distinct colour families that look natural."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scenes import lab_of, photo, picture, sample

import tinct
from tinct import Photo
from tinct.effects.migrate.auto import Style, _Turning, fit_auto
from tinct.effects.migrate.graph import graph_of
from tinct.effects.migrate.natural import STEPS
from tinct.errors import ParameterError
from tinct.imaging.sample import Sample
from tinct.photo.color import delta_e_2000

PICTURES = ("astronaut", "coffee")
STYLES = ("natural", "bold")
NEUTRAL = 4.0  # CIELAB chroma below which a pixel is called neutral


def _families(name: str, count: int, style: Style) -> tuple[np.ndarray, list[np.ndarray]]:
    source = picture(name)
    maps = fit_auto(sample(source), count, style=style)
    return source, [m.apply(Photo(source)).pixels for m in maps]


def _at_its_ends(pixels: np.ndarray) -> float:
    return float(((pixels == 0) | (pixels == 255)).any(axis=-1).mean())


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("count", [1, 4, 8])
@pytest.mark.parametrize("style", STYLES)
def test_neutrals_stay_and_nothing_new_is_clipped(name, count, style):
    source, results = _families(name, count, style)
    lab = lab_of(source)
    neutral = np.hypot(lab[:, 1], lab[:, 2]) < NEUTRAL
    assert neutral.mean() > 0.01
    for result in results:
        moved = delta_e_2000(lab[neutral], lab_of(result)[neutral])
        assert moved.mean() <= 1.5
        assert np.percentile(moved, 95) <= 3
        assert _at_its_ends(result) - _at_its_ends(source) <= 0.01


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("count", [2, 4])
@pytest.mark.parametrize(("style", "apart"), [("natural", 6), ("bold", 12)])
def test_results_are_clearly_different_from_each_other(name, count, style, apart):
    source, results = _families(name, count, style)
    lab = lab_of(source)
    colored = np.hypot(lab[:, 1], lab[:, 2]) >= NEUTRAL
    labs = [lab_of(result)[colored] for result in results]
    assert min(delta_e_2000(one, two).mean() for one, two in combinations(labs, 2)) >= apart


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("style", STYLES)
def test_every_result_is_clearly_different_from_the_photo(name, style):
    source, results = _families(name, 3, style)
    lab = lab_of(source)
    colored = np.hypot(lab[:, 1], lab[:, 2]) >= NEUTRAL
    for result in results:
        assert delta_e_2000(lab[colored], lab_of(result)[colored]).mean() >= 8


def test_what_people_know_by_its_colour_turns_less_in_style_natural_than_in_bold():
    source = picture("coffee")
    graph = graph_of(sample(source), 26)
    turning = _Turning.of(
        graph, np.tile(-5 * (1 - np.cos(2 * np.pi * np.arange(STEPS) / STEPS)), (len(graph.centre), 1))
    )
    turns = {style: turning.families(np.array([np.pi]), np.pi, style, 1.0)[0][0].turn for style in STYLES}
    assert turning.known.min() == 1
    assert np.abs(turns["natural"]).mean() < np.abs(turns["bold"]).mean() < np.pi


def test_smooth_areas_stay_smooth():
    y, x = np.mgrid[0:120, 0:240]
    sky = np.stack([90 + x / 4, 140 + y / 3, 230 - x / 10], axis=-1).round().astype(np.uint8)
    for color_map in fit_auto(sample(sky), 4):
        result = color_map.apply(Photo(sky)).pixels.astype(int)
        assert np.abs(np.diff(result, axis=0)).max() <= 6
        assert np.abs(np.diff(result, axis=1)).max() <= 6


def test_the_same_seed_gives_the_same_maps_and_another_gives_others():
    one, same, other = (tinct.fit_auto(photo("chelsea"), 2, seed=s) for s in (3, 3, 4))
    assert all(np.array_equal(a.lattice, b.lattice) for a, b in zip(one, same, strict=True))
    assert not np.array_equal(one[0].lattice, other[0].lattice)


def test_black_white_and_greys_are_fixed_points():
    grey = np.repeat(np.linspace(0, 1, 33, dtype=np.float32)[:, None], 3, axis=1)
    for color_map in tinct.fit_auto(photo("coffee"), 3):
        assert np.abs(color_map.colors(grey) - grey).max() < 0.1 / 255


def test_a_grey_photo_stays_as_it_is():
    grey = np.repeat(picture("astronaut")[..., :1], 3, axis=2)
    for result in tinct.migrate(Photo(grey, gray=True), "auto", count=2, portrait=False).photos:
        assert np.abs(result.pixels.astype(int) - grey).max() <= 2


def test_pixels_of_no_weight_do_not_decide():
    left, right = np.full((40, 40, 3), (200, 60, 40)), np.full((40, 40, 3), (40, 90, 200))
    both = np.concatenate([left, right], axis=1).astype(np.uint8)
    weight = np.zeros(both.shape[:2], np.float32)
    weight[:, :40] = 1
    only_left = fit_auto(sample(left.astype(np.uint8)), 2, style="bold")
    weighted = fit_auto(Sample(sample(both).rgb, weight), 2, style="bold")
    color = np.array([[200, 60, 40]], np.float32) / 255
    for one, two in zip(only_left, weighted, strict=True):
        # not the same: the network that says what is likely sees the whole photo
        assert np.abs(one.colors(color) - two.colors(color)).max() < 20 / 255


@pytest.mark.parametrize("count", [0, 9, -1, 2.5, "three", None, float("nan")])
def test_a_count_outside_1_to_8_is_refused_by_name(count):
    with pytest.raises(ParameterError) as caught:
        tinct.fit_auto(photo(), count)
    assert caught.value.field == "count"


@pytest.mark.parametrize("seed", [-1, 2**31, 0.5, "x"])
def test_a_seed_out_of_range_is_refused_by_name(seed):
    with pytest.raises(ParameterError) as caught:
        tinct.fit_auto(photo(), 1, seed=seed)
    assert caught.value.field == "seed"
