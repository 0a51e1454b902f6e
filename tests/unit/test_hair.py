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
from tinct.effects.hair.gate import _demand, long_enough, with_forehead, with_parting
from tinct.effects.hair.hairline import forehead
from tinct.effects.hair.lay import Layer, laid
from tinct.effects.hair.mannequin import mannequin, shown
from tinct.effects.hair.soft import blurred, grown, shrunk
from tinct.errors import (
    FaceAngleError,
    HairError,
    HairTooShortError,
    NoFaceError,
    NoShoulderError,
    SeveralFacesError,
    SmallFaceError,
)
from tinct.faces.find import largest_face
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


def test_short_hair_grows_less_towards_its_ends_so_that_it_is_not_cut_off_above_an_ear() -> None:
    _, hair = mannequin()
    u, v = hair.frame.grid(hair.matte.shape)
    short = replace(hair, matte=hair.matte * (v < -0.05), small=hair.small * (v < -0.05))
    outside = np.asarray((short.matte < 0.05) & (np.abs(u) > 0.4))
    opacity = volume._layer(short, 1.0, "all").opacity

    def grown_at(low: float, high: float) -> float:
        return float(opacity[outside & (v > low) & (v < high)].sum())

    assert grown_at(-0.15, -0.02) < 0.35 * grown_at(-0.45, -0.32)


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


def test_cloth_of_nearly_the_hairs_colour_is_refused() -> None:
    _, hair = mannequin()
    rng = np.random.default_rng(0)
    strands = hair.seen.lab + np.float32(4) * rng.normal(0, 1, hair.seen.shape)[..., None].astype(np.float32)
    plain = replace(hair, seen=replace(hair.seen, lab=strands.astype(np.float32)))
    _demand(plain, 0.5)
    lab = strands.astype(np.float32)
    lab[(hair.small > 0.5) & (hair.seen.v < -0.3)] = np.median(strands[hair.small > 0.9], axis=0) + np.array(
        [8, 8, 0]
    )
    cap = replace(hair, seen=replace(hair.seen, lab=lab))
    assert cap.two_colors < 16
    assert cap.sleek < 0.2 < plain.sleek
    with pytest.raises(HairError, match="hat or a scarf"):
        _demand(cap, 0.5)


def test_a_jacket_that_counts_as_hair_is_not_drawn_out() -> None:
    _, hair = mannequin()
    long_enough(hair)
    jacket = (hair.seen.v > hair.chin + 0.3) & (np.abs(hair.seen.u) > 0.4)
    worn = replace(hair, small=np.where(jacket, 1, hair.small).astype(np.float32))
    with pytest.raises(HairError, match="clothes"):
        long_enough(worn)


def test_a_brim_is_refused() -> None:
    _, hair = mannequin()
    seen = hair.seen
    brim = (np.abs(seen.u) < 1.0) & (np.abs(seen.v + 0.42) < 0.09)
    worn = replace(hair, small=np.where(brim, 1, hair.small * (np.abs(seen.u) < 0.62)).astype(np.float32))
    worn = replace(worn, seen=replace(seen, person=worn.small))
    assert hair.brim < 0.06
    assert worn.brim > 0.2
    with pytest.raises(HairError, match="hat or a scarf"):
        _demand(worn, 0.2)


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


def test_a_fringe_of_coloured_hair_has_the_colour_of_roots_above_and_of_lengths_below() -> None:
    _, hair = mannequin()
    rgb = hair.seen.rgb.copy()
    lengths = (hair.small > 0.5) & (hair.seen.v > -0.3)
    rgb[lengths] = np.clip(rgb[lengths] * [2.2, 2.0, 1.4], 0, 1)
    dyed = replace(hair, seen=replace(hair.seen, rgb=rgb, lab=srgb_to_lab(rgb)))
    ratios = []
    for one in (hair, dyed):
        above, colors = with_forehead(one)
        layer = bangs._layer(one, above, colors, "full", 0.8, 1.0, 0)
        u, v = one.frame.grid(one.matte.shape)
        middle = (np.abs(u) < 0.2) & (layer.opacity > 0.8)
        line, brow = (float(height(np.array([0.0]))[0]) for height in (above.hair, above.brow))
        top, low = (layer.light[middle & (np.abs(v - at) < 0.03)].mean() for at in (line, brow))
        ratios.append(low / top)
    assert colors[1].mean() > 1.5 * colors[0].mean()
    assert ratios[1] > 1.15 * ratios[0]


def test_curtain_bangs_ask_for_a_parting_in_the_middle_and_hair_beside_it() -> None:
    _, hair = mannequin()
    above, _ = with_forehead(hair)
    with_parting(hair, above)
    assert above.aside < 0.15
    u, v = hair.frame.grid(hair.matte.shape)
    swept = np.where((u > 0.05) & (v < 0.1) & (v > -0.6), 1, hair.matte).astype(np.float32)
    aside = forehead(replace(hair, matte=swept))
    with pytest.raises(HairError, match="parted far aside"):
        with_parting(hair, aside)


def test_short_hair_that_leaves_the_ears_free_gets_no_bangs() -> None:
    _, hair = mannequin()
    seen = hair.seen
    ear = (np.abs(np.abs(seen.u) - 0.53) < 0.1) & (np.abs(seen.v - 0.1) < 0.2)
    skin = np.median(seen.lab[(seen.oval > 0.9) & (seen.v > 0.1) & (seen.v < 0.25)], axis=0)
    lab = np.where(ear[..., None], skin, seen.lab).astype(np.float32)
    small = np.where(ear | (seen.v > hair.chin - 0.4), 0, hair.small).astype(np.float32)
    with pytest.raises(HairTooShortError, match="beside the face"):
        with_forehead(replace(hair, small=small, seen=replace(seen, lab=lab)))


def test_bangs_lie_behind_hair_that_falls_in_front_of_the_forehead() -> None:
    _, hair = mannequin()
    u, v = hair.frame.grid(hair.matte.shape)
    lock = np.where((u > 0.2) & (v < 0.1) & (v > -0.6), 1, hair.matte).astype(np.float32)
    covered = []
    for one in (hair, replace(hair, matte=lock)):
        above, colors = with_forehead(one)
        opacity = bangs._layer(one, above, colors, "full", 0.8, 1.0, 0).opacity
        covered.append(float(opacity[(u > 0.26) & (u < 0.32) & (v > -0.14) & (v < -0.10)].mean()))
    assert covered[1] < 0.2 < 0.6 < covered[0]


def test_highlights_over_dark_hair_get_no_fringe() -> None:
    _, hair = mannequin()
    lab = hair.seen.lab.copy()
    strands = (np.indices(hair.seen.shape)[1] // 5) % 2
    lab[..., 0] = np.where(strands, 78, 18)
    streaked = replace(hair, seen=replace(hair.seen, lab=lab.astype(np.float32)))
    assert hair.streaks < 45
    with pytest.raises(HairError, match="very light and very dark"):
        with_forehead(streaked)


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


def test_hair_of_the_skins_colour_keeps_it_where_no_skin_is_near() -> None:
    _, hair = mannequin()
    seen = hair.seen
    skin = np.median(seen.rgb[(seen.oval > 0.9) & (seen.v > 0.1) & (seen.v < 0.25)], axis=0)
    fair = np.clip(0.35 + 0.65 * seen.rgb.mean(axis=2, keepdims=True), 0, 1) * skin / skin.mean() * 0.9
    rgb = np.where((hair.small > 0.5)[..., None], fair, seen.rgb).astype(np.float32)
    colors = palette(replace(hair, seen=replace(seen, rgb=rgb, lab=srgb_to_lab(rgb))))
    assert colors is not None
    usual = srgb_to_linear(rgb[hair.small > 0.95]).mean(axis=0)
    middle = colors[24]
    np.testing.assert_allclose(middle / middle.sum(), usual / usual.sum(), atol=0.03)


@pytest.mark.parametrize("sigma", [2.0, 12.0, 40.0])
def test_a_wide_blur_on_a_smaller_copy_is_the_blur_of_the_whole(sigma: float) -> None:
    picture = np.zeros((240, 320), np.float32)
    picture[60:150, 100:220] = 1
    whole = cv2.GaussianBlur(picture, (0, 0), sigma)
    assert np.abs(blurred(picture, sigma) - whole).max() < 0.03


def test_a_mask_grown_and_shrunk_by_the_same_radius_is_what_it_was() -> None:
    mask = np.zeros((80, 80), bool)
    mask[20:60, 30:50] = True
    assert grown(mask, 5).sum() > 1.3 * mask.sum()
    np.testing.assert_allclose(shrunk(grown(mask, 5), 5), mask)
    assert shrunk(mask, 12).max() == 0


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


def astronaut() -> Photo:
    pixels = data.astronaut()[:400, 40:420]
    return Photo(np.asarray(cv2.resize(pixels, None, fx=1.6, fy=1.6, interpolation=cv2.INTER_CUBIC)))


def with_hat(photo: Photo, cloth: str) -> Photo:
    """A hat painted over the crown; beside the face hair still shows."""
    points = largest_face(photo).points
    width = float(np.linalg.norm(points[454, :2] - points[234, :2]))
    rows, columns = np.indices(photo.pixels.shape[:2])
    u, v = (columns - points[10, 0]) / width, (rows - points[10, 1]) / width
    head = (np.hypot(u / 0.75, v / 0.62) < 1) & (v < 0.06)
    shade = -0.1 * np.abs(u)
    if cloth == "straw hat":
        head |= np.hypot(u / 1.05, v / 0.13) < 1
        color, shade = np.array([0.85, 0.72, 0.48]), shade + 0.05 * np.sign(np.sin(90 * u) * np.sin(90 * v))
    else:
        color = np.array([0.05, 0.05, 0.055] if "black" in cloth else [0.25, 0.16, 0.12])
        shade = shade * 0.3
    soft = cv2.GaussianBlur(head.astype(np.float32), (0, 0), 1.0)[..., None]
    made = photo.pixels / 255 * (1 - soft) + np.clip(color + shade[..., None], 0, 1) * soft
    return Photo(np.rint(made * 255).astype(np.uint8))


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
        for cloth in ("close black cap", "brown knit cap", "straw hat"):
            with pytest.raises(HairError):
                tinct.hair_volume(with_hat(astronaut(), cloth))
        with pytest.raises(NoShoulderError):
            tinct.hair_extend(Photo(np.ascontiguousarray(photo.pixels[:330])))
