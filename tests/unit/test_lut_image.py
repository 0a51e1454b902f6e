"""Colour maps as pictures, and the effect that gives and takes them."""

import io

import numpy as np
import pytest
from skimage import data

import tinct
from tinct.errors import ParameterError
from tinct.imaging.colormap import ColorMap
from tinct.imaging.lut_image import from_image, to_image
from tinct.jobs import child
from tinct.photo.photo import Photo


@pytest.fixture(scope="module")
def cat() -> Photo:
    return Photo(np.ascontiguousarray(data.chelsea()[::2, ::2]))


@pytest.fixture(scope="module")
def looks(cat: Photo) -> tinct.Migration:
    return tinct.migrate(cat, "auto", count=2, maps=True, portrait=False)


def test_a_map_comes_back_from_its_picture_to_a_level_of_16_bits(looks):
    for color_map, strip in zip(looks.maps, looks.strips, strict=True):
        assert strip.pixels.shape == (33, 1089, 3)
        assert np.abs(from_image(strip).lattice - np.clip(color_map.lattice, 0, 1)).max() <= 1 / 131070 + 1e-6


def test_a_tile_is_a_blue_red_runs_across_and_green_down():
    strip = to_image(ColorMap.identity(5)).pixels.reshape(5, 5, 5, 3)  # [green, blue, red]
    assert (strip[2, 3, 4] == np.rint(np.array([4, 2, 3]) / 4 * 65535)).all()


def test_mode_map_gives_what_the_fit_gave(cat, looks):
    again = tinct.migrate(cat, "map", map=looks.strips[1], portrait=False)
    difference = np.abs(again.photo.pixels.astype(int) - looks.photos[1].pixels.astype(int))
    assert difference.max() <= 1
    assert again.strips == ()


def test_a_degree_is_a_plain_blend_so_a_page_can_preview_it(cat, looks):
    half = tinct.migrate(cat, "map", map=looks.strips[0], degree=0.4, portrait=False).photo.pixels
    blend = cat.pixels + 0.4 * (looks.photos[0].pixels.astype(float) - cat.pixels)
    assert np.abs(half - blend).max() <= 1.01


def test_without_being_asked_neither_maps_nor_people_are_given(cat):
    plain = tinct.migrate(cat, "auto")
    assert plain.strips == ()
    assert plain.kept is None


def test_where_people_keep_their_colours_is_a_picture_of_the_photo_s_shape():
    portrait = Photo(np.ascontiguousarray(data.astronaut()))
    made = tinct.migrate(portrait, "auto", maps=True)
    assert made.kept is not None
    assert made.kept.pixels.shape == portrait.pixels.shape
    assert np.abs(made.kept.pixels[..., 0].astype(int) - made.mask(portrait)).max() == 0


@pytest.mark.parametrize("shape", [(33, 1088, 3), (1, 1, 3), (130, 16900, 3), (20, 30, 3)])
def test_a_picture_that_is_no_strip_is_refused_in_a_sentence(cat, shape):
    with pytest.raises(ParameterError, match="N tiles of N by N"):
        tinct.migrate(cat, "map", map=Photo(np.zeros(shape, np.uint8)))


@pytest.mark.parametrize(("mode", "given"), [("map", {}), ("auto", {"map": True})])
def test_a_map_belongs_to_mode_map(cat, looks, mode, given):
    with pytest.raises(ParameterError, match="map: got"):
        tinct.migrate(cat, mode, **dict.fromkeys(given, looks.strips[0]))


def test_jobs_keep_maps_exact_whatever_format_is_asked_for(cat, tmp_path):
    source = tmp_path / "cat.png"
    cat.save(source)
    folder = tmp_path / "out"
    folder.mkdir()
    task = child.Task(
        effect="migrate", params={"maps": True, "portrait": False}, inputs={"image": str(source)}, format="jpeg",
        quality=60, folder=str(folder),
    )  # fmt: skip
    made = child.perform(task).made
    assert [(one.role, one.format, one.depth) for one in made] == [("main", "jpeg", 8), ("map", "png", 16)]
    with open(made[1].path, "rb") as file:
        assert from_image(tinct.open(io.BytesIO(file.read()))).size == 33
