"""Variants: what the network is in doubt about gets another likely colour as a whole; the rest stays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage import data

import tinct
from tinct.effects.colorize.doubt import choices, colorings
from tinct.imaging.likelihood import ChromaDistribution
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo

Array = NDArray[np.float32]

BINS = np.array([[0, 0], [40, 20], [-30, -30], [10, 10]], np.float32)  # grey, red, blue, of skin


def _scene(doubt: float) -> ChromaDistribution:
    """A coat on the left, red or blue, and skin on the right, which is of its colour alone."""
    p = np.full((64, 64, 4), 1e-3, np.float32)
    p[:, :32, 1], p[:, :32, 2] = 1 - doubt, doubt
    p[:, 32:, 3] = 1
    looks = np.zeros((32, 32, 2), np.float32)
    looks[:, :16, 0], looks[:, 16:, 0] = 1, -1
    light = np.full((64, 64), 50, np.float32)
    light[:, 32:] = 75
    return ChromaDistribution(np.log(p), BINS, light, np.ones((64, 64), np.float32), looks)


def _best() -> Array:
    best = np.zeros((64, 64, 2), np.float32)
    best[:, :32], best[:, 32:] = BINS[1], BINS[3]
    return best


def test_a_thing_in_doubt_changes_to_its_edge_and_the_rest_stays() -> None:
    scene, best = _scene(0.4), _best()
    (made,) = colorings(best, scene.light, choices(scene, best), 1, 0)
    assert np.abs(made[:, :29] - BINS[2]).max() < 8
    assert np.abs(made[:, 35:] - BINS[3]).max() < 1


def test_there_are_no_more_colourings_than_choices() -> None:
    scene, best = _scene(0.4), _best()
    assert len(colorings(best, scene.light, choices(scene, best), 3, 0)) == 1


def test_without_doubt_there_is_no_choice() -> None:
    scene, best = _scene(0.01), _best()
    assert choices(scene, best) == []
    assert colorings(best, scene.light, [], 3, 0) == []


def test_what_is_kept_has_no_choice() -> None:
    scene, best = _scene(0.4), _best()
    assert choices(scene, best, np.ones((64, 64), np.float32)) == []


def test_a_suit_may_be_of_another_colour_and_the_face_keeps_its_own() -> None:
    level = np.asarray(data.astronaut()[::2, ::2] @ np.array([0.2126, 0.7152, 0.0722]), np.uint8)
    found = tinct.colorize(Photo(np.repeat(level[..., None], 3, axis=2), gray=True), variants=4)
    assert len(found.photos) == 4
    assert found.doubted >= 1
    labs = [srgb_to_lab(one.pixels.astype(np.float32) / 255) for one in found.photos]
    for other in labs[1 : 1 + found.doubted]:
        away = delta_e_2000(labs[0], other)
        assert away[40:80, 95:130].mean() <= 2  # the face
        assert (away >= 10).mean() > 0.03
