"""REFERENCE: the colours of another picture, carried over smoothly."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from scenes import lab_of, photo, picture, sample
from skimage.metrics import structural_similarity

import tinct
from tinct import Photo
from tinct.effects.migrate.reference import fit_reference
from tinct.effects.migrate.transport import sliced_wasserstein
from tinct.errors import ParameterError

PAIRS = (("coffee", "rocket"), ("chelsea", "astronaut"), ("rocket", "coffee"), ("astronaut", "chelsea"))


def _axes() -> np.ndarray:
    axes = np.random.default_rng(0).normal(size=(3, 64)).astype(np.float32)
    return axes / np.linalg.norm(axes, axis=0)


def _left(source: np.ndarray, result: np.ndarray, reference: np.ndarray) -> float:
    """D: share of the distance between the colours that is left."""
    draw = np.random.default_rng(1)
    clouds = [lab_of(p)[draw.integers(0, p.shape[0] * p.shape[1], 8000)] for p in (source, result, reference)]
    return sliced_wasserstein(clouds[1], clouds[2], _axes()) / sliced_wasserstein(
        clouds[0], clouds[2], _axes()
    )


def _structure(source: np.ndarray, result: np.ndarray) -> float:
    """S: SSIM of L*."""
    one, two = (lab_of(p)[:, 0].reshape(p.shape[:2]) for p in (source, result))
    return float(structural_similarity(one, two, data_range=100))


def _range(pixels: np.ndarray) -> np.ndarray:
    grey, square = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.ones((5, 5), np.uint8)
    return cv2.dilate(grey, square).astype(int) - cv2.erode(grey, square)


def _banding(source: np.ndarray, result: np.ndarray) -> float:
    """B: share of the source's smooth pixels that are no longer smooth."""
    smooth = _range(source) <= 2
    return float((_range(result)[smooth] > 8).mean()) if smooth.sum() > 200 else 0.0


def _figures(smoothness: float) -> Iterator[tuple[float, float, float]]:
    for one, two in PAIRS:
        source, reference = picture(one, 320), picture(two, 320)
        made = fit_reference(sample(source), sample(reference), smoothness).apply(Photo(source)).pixels
        yield _left(source, made, reference), _structure(source, made), _banding(source, made)


@pytest.mark.parametrize(("smoothness", "most_left", "structure"), [(0.15, 0.30, 0.65), (0.5, 0.45, 0.75)])
def test_colours_come_close_while_drawing_and_smoothness_stay(smoothness, most_left, structure):
    d, s, b = np.mean(list(_figures(smoothness)), axis=0)
    assert d <= most_left
    assert s >= structure
    assert b <= 0.10


def test_smoothness_trades_closeness_for_drawing():
    source, reference = picture("coffee"), picture("rocket")
    made = [
        fit_reference(sample(source), sample(reference), s).apply(Photo(source)).pixels for s in (0.0, 1.0)
    ]
    assert _left(source, made[0], reference) < _left(source, made[1], reference)
    assert _structure(source, made[0]) < _structure(source, made[1])


def test_a_photo_as_its_own_reference_hardly_changes():
    source = picture("coffee")
    made = fit_reference(sample(source), sample(source)).apply(Photo(source)).pixels
    assert np.abs(made.astype(int) - source).mean() < 2


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (3, 3), (7, 7)])
def test_a_reference_smaller_than_8_pixels_works(size):
    tiny = Photo(np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8))
    made = tinct.migrate(photo(), "reference", reference=tiny, portrait=False).photo
    assert made.pixels.shape == photo().pixels.shape
    assert not np.array_equal(made.pixels, photo().pixels)


def test_a_single_colour_reference_tints_without_flattening():
    red = Photo(np.full((30, 30, 3), (180, 40, 30), np.uint8))
    source = picture("coffee")
    made = tinct.migrate(Photo(source), "reference", reference=red, portrait=False).photo.pixels
    before, after = lab_of(source).mean(axis=0), lab_of(made).mean(axis=0)
    assert after[1] > before[1] + 10  # redder
    assert lab_of(made)[:, 0].std() > 0.25 * lab_of(source)[:, 0].std()


def test_a_16_bit_reference_gives_what_its_8_bit_twin_gives():
    small = picture("rocket")
    deep = Photo(small.astype(np.uint16) * 257)
    one, two = (tinct.fit_reference(photo(), r) for r in (Photo(small), deep))
    assert np.abs(one.lattice - two.lattice).max() < 2e-3


def test_the_same_seed_gives_the_same_map():
    one, two = (tinct.fit_reference(photo(), photo("rocket"), seed=7) for _ in range(2))
    assert np.array_equal(one.lattice, two.lattice)


@pytest.mark.parametrize("smoothness", [-0.1, 1.1, float("nan"), "x"])
def test_smoothness_outside_0_to_1_is_refused_by_name(smoothness):
    with pytest.raises(ParameterError) as caught:
        tinct.fit_reference(photo(), photo("rocket"), smoothness=smoothness)
    assert caught.value.field == "smoothness"
