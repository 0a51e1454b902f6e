"""Makeup: what each part changes, what stays, and when a face is refused."""

from __future__ import annotations

from typing import Any, get_args

import cv2
import numpy as np
import pytest
from skimage import data

import tinct
from tinct.effects.makeup.apply import _worn_on, applied
from tinct.effects.makeup.areas import areas
from tinct.effects.makeup.change import Amounts, Change, from_face, from_look
from tinct.effects.makeup.looks import Name, look
from tinct.effects.makeup.makeup import _suitable
from tinct.effects.makeup.worn import Worn
from tinct.errors import (
    EyeClosedError,
    LipCoveredError,
    NoFaceError,
    ParameterError,
    ReferenceFaceError,
    SmallFaceError,
)
from tinct.faces import canonical
from tinct.faces.covered import covered, share_around, share_of
from tinct.faces.face import Face
from tinct.faces.find import largest_face
from tinct.faces.flat import SIDE, flat_points, flattened, spread, visible
from tinct.faces.points import EYES, LIPS_RING
from tinct.faces.pose import Pose
from tinct.faces.regions import Window, region, window
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb

ALL = Amounts(1, 1, 1, 1, 1)


def worn(**changes: Any) -> Worn:
    empty = np.zeros((SIDE, SIDE, 3), np.float32)
    fields = {
        "skin": np.float32([-0.8, -1.4, -1.9]), "shadow": empty, "blush": empty, "liner": empty[..., 0],
        "seen": np.ones((SIDE, SIDE), np.float32), "lips": np.float32([-0.9, -1.9, -2.0]), "uneven": 0.1,
        "hidden": empty[..., 0], "strands": empty[..., 0], "low": empty,
    }  # fmt: skip
    return Worn(**fields | changes)


def test_a_face_laid_flat_and_put_back_is_itself() -> None:
    y, x = np.mgrid[:300, :300].astype(np.float32)
    picture = np.dstack([x, y, x + y]) / 600
    points = canonical.points() * [1, -1, -1] * 14 + [150, 150, 0]
    back, inside = spread(flattened(picture, points), points, (300, 300))
    facing, _ = spread(visible(points), points, (300, 300))
    sure = cv2.erode(((facing > 0.95) & inside).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert sure.sum() > 10_000
    assert np.abs(back - picture)[sure].mean() < 0.004


def test_areas_are_symmetric_and_lie_where_they_should() -> None:
    found = areas()
    for name in ("skin", "base", "lids", "lashes", "cheeks"):
        area = getattr(found, name)
        np.testing.assert_allclose(area, area[:, ::-1], atol=1e-6)
        assert -1e-6 <= area.min() <= area.max() <= 1.0001
    eye = flat_points()[list(EYES[0])].mean(axis=0).astype(int)
    above = flat_points()[[223]].mean(axis=0).astype(int)
    assert found.lids[above[1], above[0]] > 0.5
    assert found.lids[eye[1], eye[0]] < 0.2
    assert found.cheeks[:, SIDE // 2].max() < 0.2


def test_a_faces_own_look_changes_nothing() -> None:
    rng = np.random.default_rng(0)
    own = worn(shadow=rng.normal(0, 0.3, (SIDE, SIDE, 3)).astype(np.float32), lips=np.float32([-0.5, -3, -3]))
    change = from_face(own, own, ALL)
    assert np.abs(change.field).max() < 1e-6
    assert np.abs(change.lips).max() < 1e-6


def test_the_skin_of_the_reference_is_not_taken() -> None:
    change = from_face(worn(), worn(skin=np.float32([-2.5, -3.4, -4])), ALL)
    assert np.abs(change.field).max() < 1e-6


@pytest.mark.parametrize("part", ["shadow", "liner", "blush", "lips"])
def test_each_part_can_be_left_out_and_is_alone_where_it_belongs(part: str) -> None:
    dark = np.full((SIDE, SIDE, 3), -0.9, np.float32)
    rosy = np.zeros((SIDE, SIDE, 3), np.float32) + np.float32([0.2, -0.1, -0.1])
    other = worn(shadow=dark, blush=rosy, liner=dark[..., 0], lips=np.float32([-0.4, -3.5, -3.0]))
    none = Amounts(0, 0, 0, 0, 0)
    from dataclasses import replace

    alone = from_face(worn(), other, replace(none, **{part: 1.0}))
    nothing = from_face(worn(), other, none)
    assert np.abs(nothing.field).max() == 0
    assert nothing.lips_density == 0
    if part == "lips":
        assert alone.lips_density == 1
        assert np.abs(alone.field).max() == 0
        return
    area = {"shadow": areas().lids, "liner": areas().lashes, "blush": areas().cheeks}[part]
    changed = np.abs(alone.field).max(axis=-1)
    assert changed.max() > 0.1
    assert changed[area < 1e-4].max() < 1e-3


def test_bare_lips_of_a_reference_are_not_lipstick() -> None:
    bare = worn()
    bare = worn(lips=bare.skin + np.float32([-0.1, -0.46, -0.2]))
    assert from_face(worn(lips=np.float32([-1.2, -1.6, -1.7])), bare, ALL).lips_density < 0.1


def test_foundation_evens_only_where_the_reference_is_evener() -> None:
    rng = np.random.default_rng(0)
    blotchy = worn(uneven=0.2, low=rng.normal(0, 0.2, (SIDE, SIDE, 3)).astype(np.float32))
    amounts = Amounts(0, 0, 0, 0, 1)
    assert np.abs(from_face(blotchy, worn(uneven=0.05), amounts).field).max() > 0.05
    assert np.abs(from_face(blotchy, worn(uneven=0.3), amounts).field).max() == 0


def test_lips_of_dark_skin_do_not_glow_and_its_lids_do_not_turn_black() -> None:
    dark = {"skin": np.float32([-3.0, -3.6, -4.0]), "lips": np.float32([-2.6, -3.2, -3.3])}
    shadow = np.full((SIDE, SIDE, 3), -1.2, np.float32)
    other = worn(lips=np.float32([-0.6, -3.9, -3.4]), shadow=shadow)
    light, deep = (from_face(own, other, ALL) for own in (worn(), worn(**dark)))
    assert deep.lips_density == 1
    assert deep.lips.max() <= 0.25 + 1e-6
    assert deep.lips[0] - deep.lips[1] > 0.8  # and yet they turn red
    lids = areas().lids > 0.8
    assert 0.3 < deep.field[lids].mean() / light.field[lids].mean() < 0.7


def test_vivid_lips_do_not_outshine_dark_skin_nor_turn_much_darker_for_it() -> None:
    other = worn(lips=np.float32([-0.8, -3.9, -3.4]))
    stands_out = (other.lips - other.skin).max()
    for lips in (np.float32([-2.9, -3.6, -4.0]), np.float32([-2.3, -3.1, -3.3])):
        own = worn(skin=np.float32([-3.0, -3.6, -4.0]), lips=lips)
        change = from_face(own, other, ALL).lips
        assert (lips + change - own.skin).max() <= stands_out + 0.2 + 1e-5 or change.max() == pytest.approx(
            -0.1
        )
    fair = from_face(worn(), other, ALL).lips
    assert fair.max() == pytest.approx(0.1, abs=0.02)  # of one skin: as bright as there


def lip_face(width: float) -> tuple[Face, np.ndarray]:
    """A face so wide, and its photo, linear light's logarithms: skin and lips with light and shade across them."""
    points = canonical.points() * [1, -1, -1] * (width / 16) + [0.6 * width, 0.6 * width, 0]
    face = Face(np.vstack([points, np.zeros((10, 3))]), 0.9, Pose(0, 0, 0), (round(1.2 * width),) * 2)
    mask = region(face, "lips", Window(0, 0, *face.photo_size))
    mask = np.maximum(mask, region(face, "mouth", Window(0, 0, *face.photo_size)))[..., None]
    wave = 0.15 * np.sin(np.arange(mask.shape[1]) / 2)[None, :, None]
    return face, np.float32([-0.8, -1.3, -1.7]) * (1 - mask) + (np.float32([-0.9, -1.9, -2]) + wave) * mask


@pytest.mark.parametrize("width", [160, 400])
def test_lipstick_reaches_the_corners_of_the_mouth_and_ends_within_the_lips_elsewhere(width: int) -> None:
    face, light = lip_face(width)
    mask, inner = _worn_on(light, face.points, face.width)
    lips = face.points[LIPS_RING, :2]
    across = lips[10] - lips[0]
    for corner, inwards in ((lips[0], across), (lips[10], -across)):
        x, y = np.round(corner + 0.04 * inwards).astype(int)
        assert mask[y - 1 : y + 2, x - 1 : x + 2].max() > 0.5
        x, y = np.round(corner - 0.04 * inwards).astype(int)
        assert mask[y - 2 : y + 3, x].max() < 0.1
    x, y = np.round(lips[5]).astype(int)  # the lowest
    assert mask[y + 3 :, x].max() < 0.2
    assert mask[inner].mean() > 0.8


def test_lips_that_grow_darker_keep_the_lightness_of_their_texture() -> None:
    face, light = lip_face(300)
    photo = Photo(np.uint8(np.rint(255 * linear_to_srgb(np.exp(light)))))
    darker = Change(np.zeros((SIDE, SIDE, 3), np.float32), np.float32([-0.4, -2.2, -1.6]), 1.0)
    made = applied(photo, face, Window(0, 0, *face.photo_size), darker, np.zeros((SIDE, SIDE), np.float32))
    inner = cv2.erode(region(face, "lips", Window(0, 0, *face.photo_size)), np.ones((9, 9))) > 0.95
    before, after = (srgb_to_lab(np.float32(p.pixels) / 255)[..., 0] for p in (photo, made))
    assert after[inner].mean() < before[inner].mean() - 10
    assert 0.85 < after[inner].std() / before[inner].std() < 1.2


def test_a_pale_lower_lip_does_not_shine_beside_a_dark_upper_one_under_lipstick() -> None:
    face, light = lip_face(300)
    rows = np.arange(light.shape[0])[:, None]
    middle = face.points[LIPS_RING, 1].mean()
    pale = light + (np.clip((rows - middle) / 6, -1, 1))[..., None] * np.float32([0.8, 1, 1.2])
    lips = region(face, "lips", Window(0, 0, *face.photo_size)) > 0.95
    pale = np.where(lips[..., None], pale, light).astype(np.float32)
    photo = Photo(np.uint8(np.rint(255 * linear_to_srgb(np.exp(pale)))))
    whole = Window(0, 0, *face.photo_size)
    apart = []
    for color in ([0.02, 0.02, 0.02], [0.1, -1.5, -1.0]):
        change = Change(np.zeros((SIDE, SIDE, 3), np.float32), np.float32(color), 1.0)
        made = applied(photo, face, whole, change, np.zeros((SIDE, SIDE), np.float32))
        lab = srgb_to_lab(np.float32(made.pixels) / 255)
        lower, upper = (lab[lips & side].mean(axis=0) for side in (rows > middle + 8, rows < middle - 8))
        apart.append(lower - upper)
    bare, painted = apart
    assert bare[0] > 15
    assert 3 < painted[0] < 0.7 * bare[0]


def test_blush_has_no_edges_within_the_cheeks() -> None:
    rosy = np.zeros((SIDE, SIDE, 3), np.float32)
    rosy[:, : SIDE // 3] = rosy[:, -(SIDE // 3) :] = [0.1, -0.05, -0.05]
    change = from_face(worn(), worn(blush=rosy), Amounts(0, 0, 0, 1, 0)).field
    assert change.max() > 0.04
    assert np.abs(np.diff(change, axis=1)).max() < 0.1 * change.max()


def test_foundation_levels_colour_more_than_shape() -> None:
    low = np.zeros((SIDE, SIDE, 3), np.float32)
    shaded, ruddy = (
        worn(uneven=0.2, low=low - 0.1),
        worn(uneven=0.2, low=low + np.float32([0.1, -0.05, -0.05])),
    )
    amounts = Amounts(0, 0, 0, 0, 1)
    one, two = (from_face(own, worn(uneven=0.05), amounts).field for own in (shaded, ruddy))
    assert -two[..., 0].min() > 1.8 * one.max() > 0


@pytest.mark.parametrize("name", get_args(Name))
def test_every_look_shows_on_light_and_on_very_dark_skin(name: Any) -> None:
    light, dark = np.float32([-0.3, -0.8, -1.1]), np.float32([-3.0, -3.7, -4.1])
    for skin in (light, dark):
        change = from_look(worn(skin=skin, lips=skin + np.float32([-0.1, -0.5, -0.3])), look(name), ALL)
        assert np.abs(change.lips).max() * change.lips_density > 0.1
        assert np.abs(change.field[areas().lids > 0.5]).mean() > 0.01


def test_what_is_unlike_the_skin_hides_it_and_the_rim_of_an_eye_tells() -> None:
    flat = np.full((SIDE, SIDE, 3), (0.75, 0.55, 0.45), np.float32)
    flat += np.random.default_rng(0).normal(0, 0.01, flat.shape).astype(np.float32)
    assert covered(flat).max() < 0.05
    low, high = flat_points()[list(EYES[0])].min(axis=0), flat_points()[list(EYES[0])].max(axis=0)
    left, top, right, bottom = *(low - 30).astype(int), *(high + 30).astype(int)
    flat[top:bottom, left:right] = 0.03  # a dark glass
    found = covered(flat)
    assert share_around(found, EYES[0]) > 0.9
    assert share_around(found, EYES[1]) < 0.1
    assert share_around(found, LIPS_RING) < 0.1


def painted_face() -> np.ndarray:
    """A face laid flat, (SIDE, SIDE, 3) sRGB 0..1: skin with a little grain, and redder lips."""
    flat = np.full((SIDE, SIDE, 3), (0.75, 0.55, 0.45), np.float32)
    cv2.fillPoly(flat, [np.round(flat_points()[LIPS_RING]).astype(np.int32)], (0.68, 0.36, 0.34))
    return flat + np.random.default_rng(0).normal(0, 0.01, flat.shape).astype(np.float32)


@pytest.mark.parametrize("color", [(0.55, 0.7, 0.8), (0.92, 0.92, 0.92), (0.1, 0.1, 0.12)])
def test_a_mask_over_mouth_and_nose_hides_them_though_it_fills_the_middle(color: tuple[float, ...]) -> None:
    flat = painted_face()
    flat[245:, 40:470] = color + np.random.default_rng(1).normal(0, 0.01, (SIDE - 245, 430, 3))
    found = covered(flat)
    assert found[255:450, 100:410].min() > 0.9
    assert found[80:120, 200:312].max() < 0.1
    assert share_around(found, LIPS_RING) > 0.9


def test_a_finger_of_the_skins_own_colour_hides_the_lips_it_lies_on_and_gloss_does_not() -> None:
    flat, lips = painted_face(), np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(lips, [np.round(flat_points()[LIPS_RING]).astype(np.int32)], (1,))
    assert covered(flat)[lips > 0].max() < 0.05
    flat[352:362, 210:230] = 0.9  # gloss, within the lips
    assert covered(flat)[lips > 0].max() < 0.05
    flat[310:480, 240:280] = (0.72, 0.53, 0.43)
    found, finger = covered(flat), np.zeros_like(lips)
    finger[:, 244:276] = 1
    assert found[(lips & finger) > 0].min() > 0.5
    assert found[(lips > 0) & (np.abs(np.arange(SIDE) - 260) > 40)].max() < 0.05
    assert share_of(found, LIPS_RING) > 0.15


def test_what_lies_across_the_bridge_of_the_nose_is_taken_for_glasses() -> None:
    flat = painted_face()
    assert max(share_around(covered(flat), ring) for ring in EYES) < 0.05
    cv2.line(flat, (120, 196), (392, 196), (0.5, 0.4, 0.35), 7)
    found = covered(flat)
    assert min(share_around(found, ring) for ring in EYES) > 0.9
    assert share_around(found, LIPS_RING) < 0.05


def test_either_a_reference_or_a_look_is_wanted() -> None:
    photo = Photo(np.zeros((9, 9, 3), np.uint8))
    for given in ({}, {"reference": photo, "look": "rose"}):
        with pytest.raises(ParameterError, match="reference"):
            tinct.makeup(photo, **given)


def test_a_closed_eye_is_refused_unless_eyes_wear_nothing() -> None:
    points = np.concatenate([canonical.points() * [1, -1, -1] * 14 + [150, 150, 0], np.zeros((10, 3))])
    ring = list(EYES[0])
    points[ring, 1] = points[ring, 1].mean()
    face = Face(points, 0.9, Pose(0, 0, 0), (300, 300))
    photo = Photo(np.full((300, 300, 3), 150, np.uint8))
    with pytest.raises(EyeClosedError, match="leave out shadow and liner"):
        _suitable(photo, face, ALL)
    _suitable(photo, face, Amounts(1, 0, 0, 1, 1))


# -- with the networks ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def astronaut() -> Photo:
    return Photo(np.ascontiguousarray(data.astronaut()[:300, 60:400]))


@pytest.mark.usefixtures("face_models")
class TestNetworks:
    def test_only_what_is_worn_changes(self, astronaut: Photo) -> None:
        made = tinct.makeup(astronaut, look="classic", foundation=0).photo
        face = largest_face(astronaut)
        part = window(face)
        before, after = (srgb_to_lab(np.float32(p.pixels[part.slices]) / 255) for p in (astronaut, made))
        different = delta_e_2000(before, after)
        assert different[region(face, "lips", part) > 0.95].mean() > 8
        cheeks, lids = region(face, "cheeks", part), region(face, "lids", part)
        elsewhere = (region(face, "skin", part) > 0.9) & (cheeks < 0.02) & (lids < 0.02)
        assert different[elsewhere].mean() < 1.5
        outside = np.ones(astronaut.pixels.shape[:2], bool)
        outside[part.slices] = False
        np.testing.assert_array_equal(made.pixels[outside], astronaut.pixels[outside])

    def test_its_own_photo_as_reference_gives_the_photo(self, astronaut: Photo) -> None:
        made = tinct.makeup(astronaut, reference=astronaut).photo
        assert np.abs(made.pixels.astype(int) - astronaut.pixels).max() <= 2

    def test_nothing_applied_gives_the_pixels(self, astronaut: Photo) -> None:
        off = dict.fromkeys(("lips", "shadow", "liner", "blush", "foundation"), 0.0)
        made = tinct.makeup(astronaut, look="berry", **off).photo
        np.testing.assert_array_equal(made.pixels, astronaut.pixels)

    def test_sixteen_bits_give_the_look_of_eight(self, astronaut: Photo) -> None:
        deep = tinct.makeup(Photo(astronaut.pixels.astype(np.uint16) * 257), look="rose").photo
        shallow = tinct.makeup(astronaut, look="rose").photo
        assert deep.pixels.dtype == np.uint16
        assert np.abs(deep.pixels / 257 - shallow.pixels).mean() < 1

    def test_a_reference_without_makeup_gives_next_to_none(self, astronaut: Photo) -> None:
        face = largest_face(astronaut)
        part = window(face)
        lips = region(face, "lips", part)[..., None]
        bare = astronaut.pixels.copy()
        skin = np.median(bare[part.slices][region(face, "skin", part) > 0.9], axis=0)
        shown = bare[part.slices] * (1 - lips) + lips * skin * [0.86, 0.74, 0.82]
        bare[part.slices] = np.rint(shown)
        made = tinct.makeup(astronaut, reference=Photo(bare))
        assert made.lipstick < 0.2

    def test_lips_behind_a_mask_are_refused_and_the_mask_stays_when_they_are_left_out(
        self, astronaut: Photo
    ) -> None:
        face = largest_face(astronaut)
        mask = np.zeros(astronaut.pixels.shape[:2], np.uint8)
        outline = [197, 50, 132, 172, 136, 149, 176, 152, 400, 378, 365, 397, 361, 280]
        cv2.fillPoly(mask, [np.round(face.points[outline, :2]).astype(np.int32)], (1,))
        pixels = astronaut.pixels.copy()
        pixels[mask > 0] = (150, 185, 205)
        photo, amounts = (
            Photo(pixels),
            {"lips": 1.0, "shadow": 1.0, "liner": 1.0, "blush": 1.0, "foundation": 1.0},
        )
        with pytest.raises(LipCoveredError, match="leave out lips"):
            _suitable(photo, face, Amounts(**amounts))
        left = Amounts(**amounts | {"lips": 0.0})
        own, part = _suitable(photo, face, left)
        made = applied(photo, face, part, from_look(own, look("smoky"), left), own.hidden).pixels
        different = np.abs(made.astype(int) - pixels).max(axis=-1)
        inner = cv2.erode(mask, np.ones((5, 5), np.uint8)) > 0
        assert different[inner].max() <= 2
        assert different[region(face, "lids", Window(0, 0, *face.photo_size)) > 0.9].mean() > 5

    def test_everybody_wears_it_but_those_whom_it_does_not_suit_and_of_a_reference_the_largest_counts(
        self, astronaut: Photo
    ) -> None:
        small = cv2.resize(astronaut.pixels, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
        both = np.full((300, 500, 3), 128, np.uint8)
        both[:, :340], both[60:180, 350:486] = astronaut.pixels, small
        made = tinct.makeup(Photo(both), look="berry", everybody=True)
        assert len(made.faces) == 1
        np.testing.assert_array_equal(made.photo.pixels[:, 345:], both[:, 345:])
        worn = tinct.makeup(astronaut, reference=made.photo, foundation=0)
        assert worn.lipstick > 0.5

    def test_faces_that_do_not_suit_are_refused_by_cause(self, astronaut: Photo) -> None:
        small = Photo(cv2.resize(astronaut.pixels, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA))
        cat = Photo(data.chelsea())
        with pytest.raises(SmallFaceError, match=r"\d+ pixels wide"):
            tinct.makeup(small, look="rose")
        with pytest.raises(NoFaceError):
            tinct.makeup(cat, look="rose")
        with pytest.raises(ReferenceFaceError, match="reference"):
            tinct.makeup(astronaut, reference=cat)
