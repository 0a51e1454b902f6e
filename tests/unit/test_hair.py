"""Hair: what volume, bangs and extension change, what stays, and which photos are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

import tinct
from tinct.effects.hair import bangs, extend, volume
from tinct.effects.hair.gate import _demand, with_forehead
from tinct.effects.hair.lay import Layer, laid
from tinct.effects.hair.mannequin import mannequin, shown
from tinct.errors import (
    FaceAngleError,
    HairError,
    NoFaceError,
    NoShoulderError,
    SeveralFacesError,
    SmallFaceError,
)
from tinct.faces.points import OVAL_RING
from tinct.faces.regions import Window
from tinct.imaging.hair.hair import Hair
from tinct.imaging.hair.palette import looked_up, palette
from tinct.imaging.hair.seen import filled
from tinct.imaging.hair.strands import drawn
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo
from tinct.photo.transfer import srgb_to_linear
from training.hair.classical import hanging
from youcam_pictures import combed

Flags = NDArray[np.bool_]


def moved(photo: Photo) -> Flags:
    before, _ = mannequin()
    return np.asarray((photo.pixels != before.pixels).any(axis=2))


def face_of(hair: Hair) -> Flags:
    inside = (filled([hair.points[OVAL_RING, :2]], hair.matte.shape) > 0.99).astype(np.uint8)
    return np.asarray(cv2.erode(inside, np.ones((5, 5), np.uint8)) > 0)


def test_volume_widens_the_hair_and_leaves_the_face_and_what_is_far_alone() -> None:
    _, hair = mannequin()
    changed = moved(shown(volume._layer(hair, 1.0, "all")))
    u, v = hair.frame.grid(hair.matte.shape)
    assert changed[(np.abs(u) < 0.2) & (v < -0.7) & (v > -0.8)].any()
    assert not changed[face_of(hair)].any()
    assert not changed[np.hypot(u, v) > 1.6].any()


@pytest.mark.parametrize(("where", "still"), [("crown", "sides"), ("sides", "crown")])
def test_volume_grows_where_it_is_asked_to(where: Any, still: str) -> None:
    _, hair = mannequin()
    u, v = hair.frame.grid(hair.matte.shape)
    places = {"crown": (np.abs(u) < 0.15) & (v < -0.5), "sides": (np.abs(u) > 0.55) & (v > 0.1)}
    changed = moved(shown(volume._layer(hair, 1.0, where)))
    assert changed[places[where]].any()
    assert not changed[places[still]].any()


def test_extension_reaches_lower_with_more_length_and_begins_below_the_eyes() -> None:
    _, hair = mannequin()
    _, v = hair.frame.grid(hair.matte.shape)
    lowest = []
    for length in (0.3, 0.6):
        changed = moved(shown(extend._layer(hair, length, 0.0)))
        lowest.append(float(v[changed].max()))
        assert float(v[changed].min()) > 0.3
        assert not changed[face_of(hair)].any()
    assert hair.tip < lowest[0] < lowest[1]


def test_a_wave_swings_to_both_sides_of_straight_hair() -> None:
    _, hair = mannequin()
    straight, wavy = (extend._layer(hair, 0.6, wave).opacity for wave in (0.0, 0.8))
    u, v = hair.frame.grid(hair.matte.shape)
    rows = (v > 0.8) & (v < 1.4) & (u > 0)
    more, less = ((wavy - straight)[rows] > 0.5).sum(), ((straight - wavy)[rows] > 0.5).sum()
    assert min(more, less) > 50


@pytest.mark.parametrize("cut", ["full", "wispy", "side", "curtain"])
def test_bangs_cover_the_forehead_and_nothing_below_the_nose_but_at_the_temples(cut: Any) -> None:
    _, hair = mannequin()
    above, colors = with_forehead(hair)
    layer = bangs._layer(hair, above, colors, cut, 0.8, 1.0, 0)
    u, v = hair.frame.grid(hair.matte.shape)
    forehead = (np.abs(u) < 0.3) & (v > -0.3) & (v < -0.2)
    assert float(layer.opacity[forehead].mean()) > 0.3
    assert float(layer.opacity[(np.abs(u) < 0.25) & (v > 0.15)].max()) < 0.05


def test_longer_and_denser_bangs_cover_more() -> None:
    _, hair = mannequin()
    above, colors = with_forehead(hair)
    _, v = hair.frame.grid(hair.matte.shape)

    def covered(length: float, density: float) -> float:
        layer = bangs._layer(hair, above, colors, "wispy", length, density, 0)
        return float(layer.opacity[v > -0.3].sum())

    assert covered(0.4, 1.0) < covered(0.8, 1.0)
    assert covered(0.8, 0.4) < covered(0.8, 1.3)


def test_the_same_seed_gives_the_same_bangs_and_another_gives_others() -> None:
    _, hair = mannequin()
    above, colors = with_forehead(hair)
    one, same, other = (
        bangs._layer(hair, above, colors, "wispy", 0.8, 1.0, seed).opacity for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1


def test_colours_of_bangs_are_those_of_the_hair() -> None:
    _, hair = mannequin()
    colors = palette(hair)
    assert colors is not None
    light = colors @ np.float32([0.2126, 0.7152, 0.0722])
    assert (np.diff(light) >= -1e-4).all()
    assert (colors[:, 0] > colors[:, 2]).all()  # brown
    np.testing.assert_allclose(looked_up(colors, np.array([0.0])), colors[:1], atol=1e-6)


def test_a_layer_without_hair_returns_the_photo() -> None:
    photo, hair = mannequin()
    nothing = Layer(np.ones_like(hair.rgb), np.zeros_like(hair.matte), np.zeros_like(hair.matte))
    assert laid(photo, hair, nothing) is photo


def test_sixteen_bits_stay() -> None:
    photo, hair = mannequin()
    deep = Photo(photo.pixels.astype(np.uint16) * 257)
    made = laid(deep, hair, Layer(np.zeros_like(hair.rgb), hair.matte))
    assert made.pixels.dtype == np.uint16
    untouched = hair.matte == 0
    np.testing.assert_array_equal(made.pixels[untouched], deep.pixels[untouched])
    assert made.pixels[hair.matte > 0.99].max() < 3000


def test_a_strand_lies_along_its_path_and_covers_what_its_width_says() -> None:
    path = np.stack([np.full(20, 16.0), np.linspace(4, 28, 20)], axis=-1)[None]
    light, cover = drawn(
        (32, 32),
        path,
        np.full((1, 20, 3), 0.5, np.float32),
        np.array([1.0]),
        np.zeros(1),
        layers=1,
        taper=0.01,
    )
    assert cover[10:20, 16].min() > 0.5
    assert cover[:, [10, 22]].max() == 0
    np.testing.assert_allclose(light[15, 16] / cover[15, 16], 0.5, atol=0.01)


def test_what_hangs_below_a_gap_is_no_hair() -> None:
    _, hair = mannequin()
    mask = (hair.matte > 0.5).astype(np.float32)
    _, v = hair.frame.grid(mask.shape)
    torn = mask * ~((v > 0.5) & (v < 0.75))
    kept = hanging(hair.seen, torn)
    np.testing.assert_array_equal(kept[v < 0.4], mask[v < 0.4])
    assert not kept[v > 0.8].any()


def test_a_forehead_that_hair_covers_gets_no_bangs() -> None:
    _, hair = mannequin()
    u, v = hair.frame.grid(hair.matte.shape)
    fringe = np.where((np.abs(u) < 0.4) & (v < -0.15) & (v > -0.5), 1, hair.matte).astype(np.float32)
    with_forehead(hair)
    with pytest.raises(HairError, match="covers the forehead"):
        with_forehead(replace(hair, matte=fringe))


def test_a_scarf_above_hair_of_another_colour_is_refused() -> None:
    _, hair = mannequin()
    assert hair.two_colors < 12
    _demand(hair, 0.5)
    lab = hair.seen.lab.copy()
    lab[(hair.small > 0.5) & (hair.seen.v < -0.35)] = [75, 0, 8]
    scarf = replace(hair, seen=replace(hair.seen, lab=lab))
    assert scarf.two_colors > 16
    with pytest.raises(HairError, match="a hat or a scarf"):
        _demand(scarf, 0.5)


def test_curls_get_no_straight_bangs() -> None:
    _, hair = mannequin()
    u, v = hair.frame.grid(hair.matte.shape)
    lab = hair.seen.lab.copy()
    lab[..., 0] = 40 + 15 * np.sin(np.hypot((u * 9) % 1 - 0.5, (v * 9) % 1 - 0.5) * 25)
    curly = replace(hair, seen=replace(hair.seen, lab=lab))
    assert hair.curl < 0.3
    assert curly.curl > 0.4
    with pytest.raises(HairError, match="curly"):
        with_forehead(curly)


def test_highlights_of_the_hue_of_skin_that_shines_through_are_no_colours_of_hair() -> None:
    _, hair = mannequin()
    light = srgb_to_linear(hair.seen.rgb) @ np.float32([0.2126, 0.7152, 0.0722])
    inside = hair.small > 0.92
    rgb = hair.seen.rgb.copy()
    rgb[inside & (light > np.quantile(light[inside], 0.9))] = [0.80, 0.45, 0.45]
    pink = replace(hair, seen=replace(hair.seen, rgb=rgb, lab=srgb_to_lab(rgb)))
    usual, made = palette(hair), palette(pink)
    assert usual is not None
    assert made is not None
    middle = usual[24] / usual[24].sum()
    assert np.abs(made[-1] / made[-1].sum() - middle).max() < 0.06


def test_a_layer_of_a_large_photo_is_enlarged_to_its_head() -> None:
    photo, hair = mannequin()
    large = Photo(np.ascontiguousarray(photo.pixels.repeat(2, axis=0).repeat(2, axis=1)))
    window = Window(0, 0, 2 * hair.window.right, 2 * hair.window.bottom)
    made = laid(large, replace(hair, window=window), Layer(np.zeros_like(hair.rgb), hair.matte))
    assert made.pixels[::2, ::2][hair.matte > 0.99].max() < 60
    far = cv2.dilate(hair.matte, np.ones((5, 5), np.uint8)) == 0
    np.testing.assert_array_equal(made.pixels[::2, ::2][far], photo.pixels[far])


# -- real photos -----------------------------------------------------------------------------------


def portrait(scale: float = 1.6) -> Photo:
    pixels = combed()[:400, 40:420]
    return Photo(np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)))


@pytest.mark.usefixtures("face_models")
class TestOnAPhoto:
    def test_nothing_asked_returns_the_photos_own_pixels(self) -> None:
        photo = portrait()
        for made in (tinct.hair_volume(photo, amount=0), tinct.hair_bangs(photo, length=0)):
            np.testing.assert_array_equal(made.photo.pixels, photo.pixels)

    def test_volume_and_bangs_change_the_head_alone(self) -> None:
        photo = portrait()
        for made in (tinct.hair_volume(photo, amount=0.8), tinct.hair_bangs(photo, cut="full")):
            changed = (made.photo.pixels != photo.pixels).any(axis=2)
            assert 0.01 < changed.mean() < 0.3
            assert not changed[440:].any()

    def test_photos_that_do_not_suit_are_refused_with_the_reason(self) -> None:
        photo = portrait()
        double = Photo(np.concatenate([photo.pixels, photo.pixels], axis=1))
        height, width = photo.pixels.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), 35, 1.0)
        tilted = Photo(np.asarray(cv2.warpAffine(photo.pixels, turn, (width, height))))
        for wrong, error in (
            (Photo(data.chelsea()), NoFaceError),
            (portrait(0.7), SmallFaceError),
            (double, SeveralFacesError),
            (tilted, FaceAngleError),
        ):
            with pytest.raises(error):
                tinct.hair_volume(wrong)
        with pytest.raises(NoShoulderError):
            tinct.hair_extend(Photo(np.ascontiguousarray(photo.pixels[:330])))
