"""TEMPLATE: asked swatches become the main colours; lightness stays."""

from __future__ import annotations

import numpy as np
import pytest
from scenes import lab_of, photo, picture, sample

import tinct
from tinct import Photo
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
    """Share of the pixels within CIEDE2000 6 of each swatch, lightness aside."""
    lab = lab_of(pixels)
    shares = []
    for swatch in srgb_to_lab(from_hex(colors)):
        asked = np.broadcast_to(swatch, lab.shape).copy()
        asked[:, 0] = lab[:, 0]
        shares.append(float((delta_e_2000(lab, asked) <= 6).mean()))
    return shares


def _can_hold(pixels: np.ndarray, colors: list[str]) -> list[bool]:
    """Whether enough of the photo has a lightness at which the swatch's chroma exists."""
    lightness = lab_of(pixels)[:, 0]
    fits = []
    for swatch in srgb_to_lab(from_hex(colors)):
        asked = np.broadcast_to(swatch, (101, 3)).copy()
        asked[:, 0] = np.arange(101)
        holds = delta_e_2000(clip_chroma(asked), asked) <= 4
        fits.append(bool(holds[np.clip(np.rint(lightness), 0, 100).astype(int)].mean() >= 0.06 * len(colors)))
    return fits


@pytest.mark.parametrize("name", ["astronaut", "coffee"])
@pytest.mark.parametrize("swatches", SETS)
def test_every_swatch_that_fits_shows_and_the_order_of_lightness_stays(name, swatches):
    source, colors = picture(name), SETS[swatches]
    result = fit_template(sample(source), colors).apply(Photo(source)).pixels
    assert _spearman(lab_of(source)[:, 0], lab_of(result)[:, 0]) >= 0.97
    shown, fits = _shown(result, colors), _can_hold(source, colors)
    assert any(fits)
    assert all(share >= 0.03 for share, fit in zip(shown, fits, strict=True) if fit), (shown, fits)


def test_the_way_swatches_are_written_does_not_matter():
    one = tinct.fit_template(photo(), "#DB0D0D,#0E0CBB")
    two = tinct.fit_template(photo(), ["FFdb0d0d", "0e0cbb"])
    assert np.array_equal(one.lattice, two.lattice)


def test_a_smooth_sky_stays_smooth():
    y, x = np.mgrid[0:120, 0:240]
    sky = np.stack([90 + x / 4, 140 + y / 3, 230 - x / 10], axis=-1).round().astype(np.uint8)
    result = tinct.fit_template(Photo(sky), SETS["two"]).apply(Photo(sky)).pixels.astype(int)
    assert np.abs(np.diff(result, axis=0)).max() <= 12
    assert np.abs(np.diff(result, axis=1)).max() <= 12


def test_seven_swatches_are_accepted_even_with_black_and_white_among_them():
    colors = "9B5DE5,F15BB5,FEE440,00BBF9,00F5D4,FFFFFF,222222"
    source = picture("coffee")
    result = tinct.fit_template(Photo(source), colors).apply(Photo(source)).pixels
    assert _spearman(lab_of(source)[:, 0], lab_of(result)[:, 0]) >= 0.97


def test_a_grey_photo_takes_the_swatches_colour():
    grey = np.repeat(picture("astronaut")[..., :1], 3, axis=2)
    result = tinct.fit_template(Photo(grey), "E07A5F").apply(Photo(grey)).pixels
    assert _shown(result, ["#E07A5F"])[0] >= 0.03
