"""AUTO: distinct colour families that look natural."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scenes import lab_of, photo, picture, sample

import tinct
from tinct import Photo
from tinct.effects.migrate.auto import fit_auto, fit_families
from tinct.effects.migrate.graph import graph_of
from tinct.effects.migrate.natural import POOLED, STEPS, Expectation
from tinct.effects.migrate.parameters import Style
from tinct.effects.migrate.pool import Pool, distinct, far_apart, perceived
from tinct.effects.migrate.space import from_srgb, to_srgb
from tinct.effects.migrate.turning import SCHEMES, Turning
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
    turning = Turning.of(
        graph, np.tile(-5 * (1 - np.cos(2 * np.pi * np.arange(STEPS) / STEPS)), (len(graph.centre), 1))
    )
    want = turning.wanted("even", np.array([np.pi]))
    natural, bold = (turning.turns(want, faith, strict) for faith, strict in ((0.5, 3.0), (4.0, 0.0)))
    assert turning.known.min() == 1
    assert np.abs(natural).mean() < np.abs(bold).mean() < np.pi


def test_the_less_colours_share_the_more_a_muted_colour_is_known():
    graph = graph_of(sample(picture("chelsea")), 26)  # a tan cat
    apart, shared = (Expectation.of(graph, pooled).of_turns() for pooled in (6.0, POOLED))
    fur = graph.area.argsort()[-4:]
    assert graph.chroma[fur].max() < 25
    opposite = STEPS // 2
    for cluster in fur:
        assert (
            apart[cluster, 0] - apart[cluster, opposite]
            > 1.2 * (shared[cluster, 0] - shared[cluster, opposite])
            > 0
        )


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_scheme_is_smooth_around_the_circle(scheme):
    turns, _ = SCHEMES[scheme]
    hue = np.linspace(-np.pi, np.pi, 361)
    new = np.exp(1j * (hue + turns(hue)))
    assert abs(new[0] - new[-1]) < 1e-6
    assert np.abs(np.diff(new)).max() < 0.06


def test_what_is_chosen_lies_far_apart_and_is_allowed():
    """Twelve candidates on a circle around the photo: three allowed ones of every third are the farthest apart."""
    angle = 2 * np.pi * np.arange(12) / 12
    places = 20 * np.stack([np.cos(angle), np.sin(angle)], axis=-1)[:, None].astype(np.float32)
    pool = Pool(places, np.zeros((1, 2), np.float32), np.zeros(12), np.zeros(12))
    allowed = np.ones(12, bool)
    allowed[0] = False
    chosen, least = far_apart(pool, allowed, 3, enough=99, from_photo=2)
    assert 0 not in chosen
    assert least == pytest.approx(20 * np.sqrt(3), abs=0.1)
    assert distinct(pool, chosen, 30) == 0  # each is 20 from the photo
    assert distinct(pool, chosen, 19) == 3


def test_distances_between_perceived_colours_are_about_ciede2000():
    rng = np.random.default_rng(0)
    one, two = (
        np.column_stack([np.full(2000, 60), rng.normal(0, 25, (2000, 2))]).astype(np.float32) for _ in "ab"
    )
    near = np.linalg.norm(perceived(one[:, 1:]) - perceived(two[:, 1:]), axis=1)
    true = delta_e_2000(one, two)
    assert np.corrcoef(near, true)[0, 1] > 0.9
    assert near.mean() == pytest.approx(true.mean(), rel=0.1)


def test_eight_bold_families_of_a_colourful_photo_are_distinct_and_the_result_says_so():
    made = tinct.migrate(photo("coffee"), "auto", count=8, portrait=False)
    assert made.distinct == 8
    assert tinct.migrate(photo("coffee"), "template", colors=["#2A6F97"]).distinct is None


def test_a_photo_of_little_colour_says_that_its_families_are_not_distinct():
    pale = np.full((60, 80, 3), (128, 127, 124), np.uint8)
    found = fit_families(sample(pale), 8)
    assert len(found.maps) == 8
    assert found.distinct < 8


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
    """Another colour of the same lightness, for the network that says what is likely sees that of the whole photo."""
    both = np.full((40, 80, 3), (200, 60, 40), np.float32) / 255
    blue = from_srgb(np.array([[40, 90, 200]], np.float32) / 255)
    weight = np.zeros(both.shape[:2], np.float32)
    weight[:, :40] = 1
    maps = []
    for turned in (1, -1):
        both[:, 40:] = to_srgb(blue * np.array([1, turned, turned], np.float32) * [1, 0.3, 0.3])
        maps.append(fit_auto(Sample(both.copy(), weight), 2, style="bold"))
    color = np.array([[200, 60, 40]], np.float32) / 255
    for one, two in zip(*maps, strict=True):
        assert np.abs(one.colors(color) - color).max() > 20 / 255
        assert np.abs(one.colors(color) - two.colors(color)).max() < 2 / 255


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
