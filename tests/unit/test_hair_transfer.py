"""Hair of one head on another: what it covers, what stays, and which pairs are refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner

import tinct
from tinct.cli import app
from tinct.effects.hair import gate, transfer
from tinct.effects.hair.gate import alike, as_example, fitting, seamless, with_eyes
from tinct.effects.hair.lay import laid
from tinct.effects.hair.mannequin import mannequin
from tinct.effects.hair.placing import flow
from tinct.effects.hair.skin import own_skin
from tinct.effects.hair.transfer import Color
from tinct.effects.hair.uncover import _joined, _of_the_face, uncovered
from tinct.effects.hair.worn import Worn, _arcs, _neck, _of_its_color, _warped_matte, brows_of, put_on
from tinct.errors import (
    BaldError,
    EyeCoveredError,
    FacesUnlikeError,
    HairError,
    ParameterError,
    ReferenceFaceError,
    ReferenceNoFaceError,
)
from tinct.faces.points import OVAL_RING
from tinct.imaging.hair.hair import Hair
from tinct.imaging.hair.seen import filled
from tinct.models import hairstyles
from tinct.photo.photo import Photo
from tinct.settings import current

COLORS: tuple[Color, ...] = ("ref", "src")


def worn() -> tuple[Photo, Photo, Hair]:
    """A bald head, the same with the hair of another, and the bald head as it was seen."""
    photo, bald = mannequin(bald=True)
    _, other = mannequin()
    return photo, laid(photo, bald, transfer.layer(bald, other, "ref", 0)), bald


def test_the_flow_between_equal_heads_leaves_each_place() -> None:
    _, hair = mannequin()
    x, y = flow(hair.points, hair.points, (200, 160))
    rows, columns = np.indices((200, 160))
    assert np.abs(x - columns).max() < 1
    assert np.abs(y - rows).max() < 1


def test_the_flow_between_heads_of_two_sizes_brings_eyes_to_eyes() -> None:
    _, hair = mannequin()
    x, y = flow(hair.points, hair.points * 2 + [7, 3, 0], hair.matte.shape)
    for point in (33, 263, 152, 10):
        column, row = np.rint(hair.points[point, :2]).astype(int)
        goal = hair.points[point, :2] * 2 + [7, 3]
        assert np.hypot(x[row, column] - goal[0], y[row, column] - goal[1]) < 4


def test_a_bald_head_wears_the_hair_where_the_other_does() -> None:
    photo, made, _ = worn()
    with_hair, other = mannequin()
    inside = other.matte > 0.98
    away = np.abs(made.pixels.astype(int) - with_hair.pixels)[inside].mean()
    bare = np.abs(photo.pixels.astype(int) - with_hair.pixels)[inside].mean()
    assert away < 0.15 * bare


def test_face_and_far_background_stay_to_the_bit() -> None:
    photo, made, bald = worn()
    changed = (made.pixels != photo.pixels).any(axis=2)
    u, v = bald.frame.grid(bald.matte.shape)
    oval = filled([bald.points[OVAL_RING, :2]], bald.matte.shape).astype(np.uint8)
    face = (cv2.erode(oval, np.ones((15, 15), np.uint8)) > 0) & (v > -0.05)
    assert changed.any()
    assert not changed[face].any()
    assert not changed[np.hypot(u, v - 0.3) > 1.5].any()


def test_old_hair_that_new_hair_does_not_cover_goes() -> None:
    photo, hair = mannequin()
    _, bald = mannequin(bald=True)
    nothing = put_on(hair, bald, "ref")
    below = uncovered(hair, nothing, 0)
    _, v = hair.frame.grid(hair.matte.shape)
    above = (hair.matte > 0.9) & (v < -0.64)  # wall behind it
    wall = photo.pixels[5, 5].astype(float) / 255
    assert np.abs(below.rgb[above] - wall).max() < 0.08
    assert below.above > 0.1


def test_long_hair_is_not_taken_off_shoulders_that_nobody_has_seen() -> None:
    _, hair = mannequin()
    _, bald = mannequin(bald=True)
    taken = put_on(hair, bald, "ref")
    with pytest.raises(HairError, match="cannot be known"):
        fitting(hair, hair, taken, uncovered(hair, taken, 0))


def test_the_colour_of_the_own_hair_can_stay() -> None:
    _, other = mannequin()
    photo, hair = mannequin()
    red = replace(other, rgb=np.clip(other.rgb * [1.6, 0.7, 0.7], 0, 1).astype(np.float32))
    red = replace(red, seen=replace(red.seen, rgb=red.rgb))
    made = {color: laid(photo, hair, transfer.layer(hair, red, color, 0)).pixels for color in COLORS}
    inside = hair.matte > 0.99
    ratio = {color: float(p[inside][:, 0].mean() / p[inside][:, 2].mean()) for color, p in made.items()}
    own = photo.pixels[inside]
    assert ratio["src"] == pytest.approx(float(own[:, 0].mean() / own[:, 2].mean()), rel=0.1)
    assert ratio["ref"] > 1.3 * ratio["src"]


def test_a_head_that_looks_the_other_way_gives_its_mirrored_hair() -> None:
    _, hair = mannequin()
    left = replace(hair, face=replace(hair.face, pose=replace(hair.face.pose, yaw=-12.0)))
    right = replace(hair, face=replace(hair.face, pose=replace(hair.face.pose, yaw=12.0)))
    made = alike(left, right)
    np.testing.assert_array_equal(made.matte, right.matte[:, ::-1])
    assert made.face.pose.yaw == -12
    assert made.points[33, 0] == pytest.approx(right.rgb.shape[1] - 1 - right.points[263, 0])
    assert alike(left, left) is left


def test_heads_that_are_turned_too_differently_are_refused() -> None:
    _, hair = mannequin()
    raised = replace(hair, face=replace(hair.face, pose=replace(hair.face.pose, pitch=20.0)))
    with pytest.raises(FacesUnlikeError, match="up or down differently by 20"):
        alike(hair, raised)


def test_hair_that_would_be_enlarged_too_much_is_refused() -> None:
    _, hair = mannequin()
    small = replace(hair, points=hair.points / 3)
    with pytest.raises(FacesUnlikeError, match="enlarged"):
        alike(hair, small)


def test_hair_that_leaves_the_ears_free_is_not_put_on_others() -> None:
    _, hair = mannequin()
    assert hair.ears < 0.1
    assert as_example(hair) is hair
    seen = hair.seen
    ear = (np.abs(np.abs(seen.u) - 0.53) < 0.1) & (np.abs(seen.v - 0.1) < 0.2)
    skin = np.median(seen.lab[(seen.oval > 0.9) & (seen.v > 0.1) & (seen.v < 0.25)], axis=0)
    lab = np.where(ear[..., None], skin, seen.lab).astype(np.float32)
    cut = replace(hair, small=np.where(ear, 0, hair.small).astype(np.float32), seen=replace(seen, lab=lab))
    with pytest.raises(HairError, match="ears show"):
        as_example(cut)


def test_an_edge_painted_across_a_free_forehead_is_refused() -> None:
    _, hair = mannequin()
    nothing = replace(worn_by_itself(hair), opacity=np.zeros_like(hair.matte))
    assert transfer._edges(hair, nothing, hair.rgb) == 0
    _, v = hair.frame.grid(hair.matte.shape)
    painted = np.where((v < -0.1)[..., None], hair.rgb * 0.6, hair.rgb).astype(np.float32)
    edges = transfer._edges(hair, nothing, painted)
    seamless(0.005)
    with pytest.raises(HairError, match="without an edge"):
        seamless(edges)


def worn_by_itself(hair: Hair) -> Worn:
    return put_on(hair, hair, "ref")


def test_skin_behind_a_fringe_is_the_wearers_own_and_not_the_references() -> None:
    _, hair = mannequin(bald=True)
    worn = worn_by_itself(hair)
    red = replace(worn, skin=np.full_like(worn.skin, [0.9, 0.1, 0.1]), opacity=np.zeros_like(worn.opacity))
    u, v = hair.frame.grid(hair.matte.shape)
    gone = (np.abs(u) < 0.2) & (v < -0.15) & (v > -0.35)
    hidden = replace(hair, rgb=np.where(gone[..., None], 0, hair.rgb).astype(np.float32))
    made = own_skin(hidden, red, gone, 0)
    assert np.abs(made - hair.rgb)[gone].mean() < 0.05


def test_background_that_is_made_up_joins_what_lies_beside_it() -> None:
    grey = np.full((80, 80, 3), 0.5, np.float32)
    part = np.zeros((80, 80), bool)
    part[20:60, 20:60] = True
    made = np.where(part[..., None], grey - 0.2, grey).astype(np.float32)
    joined = _joined(made, part, np.zeros((80, 80), np.float32), 100)
    assert np.abs(joined - grey)[21, 20:60].max() < 0.06
    np.testing.assert_array_equal(joined[~part], made[~part])


def test_skin_that_is_made_up_joins_the_skin_that_is_seen() -> None:
    seen = np.full((80, 80, 3), 0.6, np.float32)
    made, part = seen - 0.1, np.zeros((80, 80), bool)
    part[:40] = True
    joined = _joined(made, part, np.zeros((80, 80), np.float32), 100, seen)
    assert np.abs(joined - seen)[38].max() < 0.03
    assert np.abs(joined - made)[5].max() < 0.03
    np.testing.assert_array_equal(_joined(made, part, np.ones((80, 80), np.float32), 100, seen), made)


def test_skin_outside_the_new_hair_is_none_above_the_ears() -> None:
    oval, opacity = np.zeros((60, 60), bool), np.zeros((60, 60), np.float32)
    oval[30:50, 20:40] = True
    opacity[5:10, 8:52] = opacity[5:40, 8:12] = opacity[5:40, 48:52] = 1
    skin = ~oval
    skin[40:] = False
    v = np.full((60, 60), -0.3, np.float32)
    kept = _of_the_face(skin, oval, opacity, v)
    assert kept[12:28, 14:46].all()  # a forehead above the mesh
    assert not kept[:3].any()  # beyond the crown
    assert _of_the_face(skin, oval, opacity, v + 0.4)[skin].all()  # ears and neck


def test_a_collar_apart_from_the_hair_is_not_put_on() -> None:
    _, hair = mannequin()
    u, v = hair.seen.u, hair.seen.v
    collar = (np.abs(u) < 0.2) & (v > hair.chin + 0.3) & (v < hair.chin + 0.45)
    size = (hair.matte.shape[1], hair.matte.shape[0])
    small = np.where(collar, 1, hair.small * (v < hair.chin)).astype(np.float32)
    matte = cv2.resize(small, size)
    opacity = put_on(hair, replace(hair, small=small, matte=matte), "ref").opacity
    assert opacity[cv2.resize(collar.astype(np.float32), size) > 0.9].max() < 0.1
    assert opacity[(hair.matte > 0.9) & (hair.frame.grid(hair.matte.shape)[1] < -0.4)].mean() > 0.9


def test_a_neck_that_counts_as_hair_is_not_put_on_and_hair_before_it_is() -> None:
    _, hair = mannequin()
    u, v = hair.seen.u, hair.seen.v
    neck = (u > 0.08) & (u < 0.2) & (v > hair.chin + 0.1) & (v < hair.chin + 0.35) & (hair.small < 0.05)
    small = np.where(neck, 1, hair.small).astype(np.float32)
    found = _neck(replace(hair, small=small))
    assert cv2.resize(found, hair.small.shape[::-1])[neck].mean() > 0.8
    before = (hair.matte > 0.95) & (np.abs(hair.frame.grid(hair.matte.shape)[0]) < 0.5)
    assert found[before].mean() < 0.02


def test_a_crown_that_the_border_cuts_goes_on_round_and_one_that_is_near_it_does_not() -> None:
    rows, columns = np.indices((60, 60)).astype(np.float32)
    matte = np.zeros((60, 60), np.float32)
    matte[:, 20:40] = 1
    over = _warped_matte(matte, columns, rows - 10, 25.0)
    assert over[9, 29] > 0.9
    assert over[9, 21] > 0.5
    assert over[4, 29] < 0.1
    assert over[9, :18].max() == 0
    matte[:2] = 0
    assert _warped_matte(matte, columns, rows - 10, 25.0)[:11].max() == 0
    np.testing.assert_array_equal(_arcs(np.zeros(9, bool), 5.0), np.zeros(9))


def test_background_of_another_colour_that_counts_as_hair_is_not_put_on() -> None:
    _, hair = mannequin()
    assert _of_its_color(hair)[hair.matte > 0.95].mean() > 0.97
    wall = (hair.seen.u > 0.3) & (hair.seen.v > 0.75) & (hair.seen.u < 0.8)
    small = np.where(wall, 1, hair.small).astype(np.float32)
    lab = np.where(wall[..., None], [20, 40, 20], hair.seen.lab).astype(np.float32)
    kept = _of_its_color(replace(hair, small=small, seen=replace(hair.seen, lab=lab)))
    inside = cv2.resize(cv2.erode(wall.astype(np.uint8), np.ones((5, 5))), hair.matte.shape[::-1]) > 0
    assert inside.any()
    assert kept[inside].max() < 0.2
    head = (hair.matte > 0.95) & (hair.frame.grid(hair.matte.shape)[1] < 0)
    assert kept[head].mean() > 0.97


def test_a_fringe_that_hangs_into_the_eyes_is_refused() -> None:
    _, hair = mannequin()
    worn = worn_by_itself(hair)
    below = uncovered(hair, worn, 0)
    bald, below = mannequin(bald=True)[1], replace(below, above=0.0, below=0.0, face=0.0, beside=0.0)
    fitting(bald, hair, replace(worn, cut=0.0, eyes=0.2), below)
    with pytest.raises(ReferenceFaceError, match="into the eyes"):
        fitting(bald, hair, replace(worn, cut=0.0, eyes=0.5), below)


def test_own_hair_below_the_chin_needs_longer_hair_over_it() -> None:
    _, hair = mannequin()
    worn = replace(worn_by_itself(hair), cut=0.0, eyes=0.0)
    below = replace(uncovered(hair, worn, 0), above=0.0, below=0.0, face=0.0, beside=0.0)
    assert hair.tip > hair.chin

    def ending(v: float) -> Hair:
        return replace(hair, small=np.where(hair.seen.v < v, hair.small, 0).astype(np.float32))

    fitting(ending(hair.tip - 0.2), hair, worn, below)
    with pytest.raises(HairError, match="the photo's hair is longer"):
        fitting(hair, ending(hair.tip - 0.2), worn, below)
    fitting(ending(hair.chin - 0.1), ending(hair.chin - 0.2), worn, below)  # short hair on short hair


def test_skin_of_face_or_beside_it_that_would_have_to_be_made_up_is_refused() -> None:
    _, hair = mannequin()
    _, bald = mannequin(bald=True)
    taken, worn = put_on(hair, bald, "ref"), replace(worn_by_itself(hair), cut=0.0, eyes=0.0)
    own = uncovered(hair, worn, 0)
    assert own.face < 0.02
    assert own.beside < 0.006
    assert uncovered(hair, replace(taken, bare=np.ones_like(taken.bare)), 0).beside > 0.1
    none = replace(own, above=0.0, below=0.0, face=0.0, beside=0.0)
    fitting(bald, hair, worn, none)
    with pytest.raises(HairError, match="hides too much of its face"):
        fitting(bald, hair, worn, replace(none, face=0.03))
    with pytest.raises(ReferenceFaceError, match="beside the face"):
        fitting(bald, hair, worn, replace(none, beside=0.01))


def test_hair_that_ends_above_the_chin_is_not_put_on_others() -> None:
    _, hair = mannequin()
    as_example(hair)
    with pytest.raises(HairError, match="reaches the chin"):
        as_example(replace(hair, small=np.where(hair.seen.v < 0.5 * hair.chin, hair.small, 0)))


def test_hair_that_the_border_cuts_or_that_may_be_background_is_not_put_on_others() -> None:
    _, hair = mannequin()
    assert max(hair.cut_above, hair.cut_beside, hair.unpeopled) < 0.02
    rows, columns = np.indices(hair.small.shape)
    top = (rows < 20) & (np.abs(hair.seen.u) < 0.4)
    side = (columns < 20) & (np.abs(hair.seen.v) < 0.2)
    for part, name in ((top, "cut_above"), (side, "cut_beside")):
        cut = replace(hair, small=np.where(part, 1, hair.small).astype(np.float32))
        width = 0.8 if name == "cut_above" else 0.4
        assert getattr(cut, name) == pytest.approx(width, abs=0.05)
        with pytest.raises(HairError, match="border cuts"):
            as_example(cut)
    person = np.where(hair.seen.v < -0.6, 0, hair.seen.person).astype(np.float32)
    with pytest.raises(HairError, match="plain background"):
        as_example(replace(hair, seen=replace(hair.seen, person=person)))


def test_a_style_is_shown_whatever_its_pose_and_its_border() -> None:
    _, hair = mannequin()
    turned = replace(hair, face=replace(hair.face, pose=replace(hair.face.pose, yaw=28.0)))
    cut = replace(turned, matte=np.ones_like(hair.matte), small=np.ones_like(hair.small))
    assert transfer.on_mannequin(cut).width == mannequin()[0].width


def test_glasses_are_refused() -> None:
    _, hair = mannequin()
    assert with_eyes(hair) is hair
    dark = hair.rgb.copy()
    for corners in ((33, 133), (362, 263)):
        x, y = hair.points[list(corners), :2].mean(axis=0)
        rows, columns = np.indices(hair.matte.shape)
        dark[np.hypot(columns - x, rows - y) < 0.2 * hair.frame.width] = [0.1, 0.05, 0.2]
    with pytest.raises(EyeCoveredError, match="glasses"):
        with_eyes(replace(hair, rgb=dark))


def test_hair_of_a_reference_whose_fringe_hangs_into_the_eyes_leaves_the_wearers_eyes_free() -> None:
    _, hair = mannequin()
    u, v = hair.frame.grid(hair.matte.shape)
    fringe = np.where((np.abs(u) < 0.45) & (v < 0.12) & (v > -0.6), 1, hair.matte).astype(np.float32)
    opacity = put_on(hair, replace(hair, matte=fringe, small=fringe), "ref").opacity
    for corners in ((33, 133), (362, 263)):
        x, y = np.rint(hair.points[list(corners), :2].mean(axis=0)).astype(int)
        assert opacity[y, x] < 0.1
    assert opacity[(hair.matte > 0.9) & (v < -0.4)].mean() > 0.9


def test_brows_under_a_fringe_are_not_kept() -> None:
    _, hair = mannequin()
    u, v = hair.frame.grid(hair.matte.shape)
    fringe = np.where((np.abs(u) < 0.45) & (v < -0.1) & (v > -0.6), 1, hair.matte).astype(np.float32)
    assert brows_of(hair).max() > 0.9
    assert brows_of(replace(hair, matte=fringe)).max() == 0


# -- the library -----------------------------------------------------------------------------------


@pytest.fixture
def styles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TINCT_HAIR_STYLES", str(tmp_path / "styles"))
    current.cache_clear()
    yield
    current.cache_clear()


def kept(name: str) -> None:
    photo, _ = mannequin()
    hairstyles.save(name, hairstyles.facts_of(name), photo, photo)


def test_words_of_a_name_declare_a_style() -> None:
    facts = hairstyles.facts_of("female_messy_bun_brown")
    assert (facts.group, facts.wave, facts.up, facts.title) == ("female", "wavy", True, "Messy bun brown")
    assert hairstyles.facts_of("all_buzz_cut").length == "shaved"
    assert hairstyles.facts_of("anna", "long", True).bangs


@pytest.mark.usefixtures("styles")
class TestLibrary:
    def test_a_style_is_kept_and_forgotten(self) -> None:
        kept("female_blunt_bob")
        assert hairstyles.names() == ("female_blunt_bob",)
        assert hairstyles.load("female_blunt_bob").length == "chin"
        assert hairstyles.photo("female_blunt_bob").width == mannequin()[0].width
        hairstyles.remove("female_blunt_bob")
        assert hairstyles.names() == ()
        with pytest.raises(ParameterError, match="tinct hair styles add"):
            hairstyles.photo("female_blunt_bob")

    @pytest.mark.parametrize("name", ["../up", "A", "", "a/b", "x" * 64])
    def test_names_that_are_no_names_are_refused(self, name: str) -> None:
        with pytest.raises(ParameterError):
            hairstyles.load(name)

    def test_the_nearest_style_is_found_by_its_words(self) -> None:
        for name in ("female_long_waves", "female_straight_bob", "male_short_crop"):
            kept(name)
        assert hairstyles.nearest("female_blunt_bob") == "female_straight_bob"
        assert hairstyles.nearest("female_s_wave_brunette") == "female_long_waves"
        assert hairstyles.nearest("male_textured_crop") == "male_short_crop"

    def test_the_command_lists_and_forgets_them(self) -> None:
        run = CliRunner()
        assert "tinct hair styles add" in run.invoke(app, ["hair", "styles", "list"]).output
        kept("female_blunt_bob")
        assert "chin, straight" in run.invoke(app, ["hair", "styles", "list"]).output
        assert run.invoke(app, ["hair", "styles", "remove", "female_blunt_bob"]).exit_code == 0
        assert hairstyles.names() == ()

    def test_nothing_is_near_a_shaved_head_among_long_hair(self) -> None:
        kept("female_long_waves")
        assert hairstyles.nearest("all_buzz_cut") is None


# -- real photos -----------------------------------------------------------------------------------


def portrait(scale: float = 1.6) -> Photo:
    pixels = data.astronaut()[:400, 40:420]
    return Photo(np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)))


@pytest.mark.usefixtures("face_models")
class TestOnAPhoto:
    def test_hair_of_its_own_hardly_changes_a_photo_and_nothing_below_it(self) -> None:
        photo = portrait()
        hair = gate.head(photo)
        worn = put_on(hair, hair, "ref")
        base = transfer._shaded(hair, worn, uncovered(hair, worn, 0))
        made = laid(photo, hair, transfer._over(hair, worn, base))
        changed = (made.pixels != photo.pixels).any(axis=2)
        assert 0.05 < changed.mean() < 0.4
        assert not changed[500:].any()
        assert np.abs(made.pixels[changed].astype(int) - photo.pixels[changed]).mean() < 12

    def test_references_that_do_not_suit_are_refused_as_references(self) -> None:
        photo = portrait()
        with pytest.raises(ReferenceNoFaceError, match="reference"):
            tinct.hair_transfer(photo, Photo(data.chelsea()))
        with pytest.raises(ReferenceFaceError, match="reaches the chin"):
            tinct.hair_transfer(photo, photo)
        bald, _ = mannequin(bald=True)
        large = Photo(bald.pixels.repeat(2, axis=0).repeat(2, axis=1))
        with pytest.raises((ReferenceFaceError, BaldError)):
            tinct.hair_transfer(photo, large)
