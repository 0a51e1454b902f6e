"""People are found, matted exactly, and keep their colours."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from tinct.imaging import people as segmenter
from tinct.imaging.colormap import ColorMap, grid
from tinct.imaging.people import PersonMask, find_people
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo


def lab(photo: Photo) -> NDArray[np.float32]:
    """CIELAB of a photo, (H, W, 3)."""
    return srgb_to_lab(photo.pixels.astype(np.float32) / 255)


@pytest.fixture(scope="module")
def astronaut() -> Photo:
    return Photo(data.astronaut())


@pytest.fixture(scope="module")
def people(astronaut: Photo) -> PersonMask:
    found = find_people(astronaut.proxy(512))
    assert found is not None
    return found


SWAP = ColorMap(np.ascontiguousarray(grid()[..., [2, 0, 1]]))
"""A recolouring that leaves no skin alone."""


def test_a_face_is_inside_the_matte_and_the_far_corner_is_not(people: PersonMask) -> None:
    assert (people.small[80:160, 195:250] == 1).all()  # face
    assert people.small[:100, :60].mean() < 0.02  # shuttle and flag
    assert (people.small[300:420, 180:300] > 0.9).mean() > 0.95  # suit


def test_recoloured_skin_keeps_its_colours(astronaut: Photo, people: PersonMask) -> None:
    before, after = lab(astronaut), lab(SWAP.apply(astronaut, protect=people))
    unprotected = lab(SWAP.apply(astronaut))
    face = np.s_[80:160, 195:250]
    assert delta_e_2000(before[face], after[face]).max() == 0
    assert delta_e_2000(before[face], unprotected[face]).mean() > 10
    assert delta_e_2000(unprotected[:100, :60], after[:100, :60]).mean() < 0.5


def test_every_brightness_of_the_same_face_is_protected_alike(astronaut: Photo) -> None:
    for gamma in (0.5, 0.75, 1.5, 2.2):
        pixels = np.rint(255 * (astronaut.pixels / 255.0) ** gamma).astype(np.uint8)
        found = find_people(Photo(pixels).proxy(512))
        assert found is not None
        assert found.small[80:170, 190:260].mean() > 0.99


def test_a_grey_portrait_is_found_too(astronaut: Photo) -> None:
    grey = cv2.cvtColor(astronaut.pixels, cv2.COLOR_RGB2GRAY)
    found = find_people(np.repeat(grey[..., None], 3, axis=2).astype(np.float32) / 255)
    assert found is not None
    assert found.small[80:170, 190:260].mean() > 0.99


@pytest.mark.parametrize("name", ["coffee", "rocket", "brick", "moon", "chelsea"])
def test_nobody_is_found_where_nobody_is(name: str) -> None:
    picture = getattr(data, name)()
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    assert find_people(Photo(np.ascontiguousarray(picture)).proxy(512)) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (7, 9), (33, 500)])
def test_odd_shapes_are_accepted(shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).random((*shape, 3), np.float32)
    found = find_people(rgb)
    assert found is None or found.small.shape == shape


def test_values_outside_the_gamut_do_no_harm(astronaut: Photo) -> None:
    wide = astronaut.proxy(256) * np.float32(1.2) - np.float32(0.1)
    found = find_people(wide)
    assert found is not None
    assert np.isfinite(found.small).all()


def test_the_full_matte_has_the_size_of_the_photo(astronaut: Photo, people: PersonMask) -> None:
    large = Photo(cv2.resize(astronaut.pixels, (1111, 977), interpolation=cv2.INTER_CUBIC))
    matte = people.full(large)
    assert matte.shape == (977, 1111)
    assert matte.dtype == np.uint8
    rows = people.rows(large.pixels[400:500], 400, 977)
    np.testing.assert_allclose(matte[400:500] / 255.0, rows, atol=0.5 / 255 + 2e-3)


def test_colour_extends_the_matte_only_where_the_network_hesitates() -> None:
    rgb = np.full((100, 100, 3), (0.2, 0.4, 0.7), np.float32)
    rgb[20:80, 10:50] = (0.45, 0.3, 0.2)  # skin, dark
    probability = np.zeros((100, 100), np.float32)
    probability[20:60, 10:50] = 0.98
    probability[60:80, 10:90] = 0.2  # a hand, and background beside it
    raised = segmenter._with_colors(probability, rgb)
    assert (raised[60:80, 10:50] > 0.7).all()
    assert (raised[60:80, 50:90] < 0.25).all()
    assert (raised[:20] < 0.1).all()


def test_regions_without_a_certain_core_are_dropped() -> None:
    matte = np.zeros((100, 100), np.float32)
    matte[10:40, 10:40] = 1
    matte[40:45, 10:40] = 0.3  # hangs on to the person
    matte[70:90, 70:90] = 0.6
    kept = segmenter._without_strays(matte)
    assert (kept[10:45, 10:40] == matte[10:45, 10:40]).all()
    assert kept[70:90, 70:90].max() == 0
