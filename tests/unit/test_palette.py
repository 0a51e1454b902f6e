"""Dominant colours and swatches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import SHIPPED, photo, sample

import tinct
from tinct import Photo
from tinct.errors import ParameterError
from tinct.imaging.palette import clusters, from_hex, parse_colors, to_hex
from tinct.imaging.sample import Sample

hexes = st.integers(0, 0xFFFFFF).map(lambda n: f"{n:06X}")


def _flat(color: str, height: int = 8, width: int = 8) -> np.ndarray:
    return np.broadcast_to(np.array(list(bytes.fromhex(color)), np.uint8), (height, width, 3)).copy()


@given(color=hexes)
def test_a_swatch_survives_the_way_to_numbers_and_back(color):
    assert to_hex(from_hex(["#" + color])[0]) == "#" + color


@settings(deadline=None, max_examples=30)
@given(color=hexes)
def test_a_single_colour_picture_has_that_one_colour(color):
    found = tinct.dominant_colors(Photo(_flat(color)), 6)
    assert [c.hex for c in found] == ["#" + color]
    assert found[0].share == pytest.approx(1)


def test_two_areas_give_two_colours_with_their_shares():
    pixels = np.concatenate([_flat("C03020", 8, 30), _flat("2040B0", 8, 10)], axis=1)
    found = tinct.dominant_colors(Photo(pixels), 5)
    assert [c.hex for c in found] == ["#C03020", "#2040B0"]
    assert [round(c.share, 3) for c in found] == [0.75, 0.25]


@pytest.mark.parametrize("name", SHIPPED)
def test_shares_add_up_and_fall(name):
    found = tinct.dominant_colors(photo(name), 8)
    shares = [c.share for c in found]
    assert len(found) == 8
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    assert shares == sorted(shares, reverse=True)


def test_the_same_photo_gives_the_same_palette():
    assert tinct.dominant_colors(photo("chelsea"), 8) == tinct.dominant_colors(photo("chelsea"), 8)


def test_pixels_of_no_weight_do_not_count():
    pixels = np.concatenate([_flat("C03020"), _flat("2040B0")], axis=1)
    weight = np.zeros(pixels.shape[:2], np.float32)
    weight[:, :8] = 1
    found = clusters(Sample(sample(pixels).rgb, weight), 4)
    assert [c.hex for c in found] == ["#C03020"]


@pytest.mark.parametrize("count", [0, 33, -1, 2.5, "4", True, None])
def test_a_count_out_of_range_is_refused_by_name(count):
    with pytest.raises(ParameterError, match=r"count: got .*; allowed: .*1 to 32"):
        tinct.dominant_colors(photo(), count)


@pytest.mark.parametrize("written", ["db0d0d", "#DB0D0D", "FFdb0D0d", "#00DB0D0D", " DB0D0D "])
def test_every_way_of_writing_a_swatch_is_the_same_colour(written):
    assert parse_colors(written) == ["#DB0D0D"]
    assert parse_colors([written]) == ["#DB0D0D"]


@pytest.mark.parametrize(
    ("written", "color"),
    [
        ("navy", "#000080"),
        ("RebeccaPurple", "#663399"),
        (" lightGoldenrodYellow ", "#FAFAD2"),
        ("grey", "#808080"),
        ("#f80", "#FF8800"),
        ("F80", "#FF8800"),
    ],
)
def test_a_swatch_may_be_a_css_name_or_three_digits(written, color):
    assert parse_colors(written) == [color]


def test_several_swatches_come_in_one_string_or_in_a_list():
    wanted = ["#DB0D0D", "#0E0CBB"]
    assert parse_colors("#DB0D0D,#0E0CBB") == wanted
    assert parse_colors(["DB0D0D", "0E0CBB"]) == wanted
    assert parse_colors(tuple(wanted)) == wanted


@pytest.mark.parametrize(
    "bad", ["reddish", "#12345", "1234567", "GGGGGG", "", "#", "DB0D0D,", "DB0D0D;0E0CBB", "１２３４５６"]
)
def test_a_malformed_swatch_is_refused_with_what_is_allowed(bad):
    with pytest.raises(ParameterError, match=r"colors: got .*; allowed: colours written as a CSS name"):
        parse_colors(bad)


@pytest.mark.parametrize("bad", [[None], [123456], [["DB0D0D"]], 7, {"a": 1}])
def test_swatches_of_another_type_are_refused(bad):
    with pytest.raises(ParameterError, match="colors"):
        parse_colors(bad)


@pytest.mark.parametrize("colors", [[], ["DB0D0D"] * 8])
def test_no_swatches_and_more_than_seven_are_refused(colors):
    with pytest.raises(ParameterError, match=r"allowed: 1 to 7 colours"):
        parse_colors(colors)
