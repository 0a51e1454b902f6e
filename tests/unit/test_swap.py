"""Face swap: what it keeps, what it refuses, and who has to agree."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner

import tinct
from tinct.cli import app
from tinct.effects.swap import onto, swap
from tinct.effects.swap.blend import joined, relit, softened
from tinct.effects.swap.gate import fitting, refuse_hidden, refuse_unlike
from tinct.effects.swap.lit import lit
from tinct.effects.swap.looks import Looks, edge_on, edge_width, looks
from tinct.effects.swap.shape import area, mouth_opening, placed
from tinct.errors import (
    EyeCoveredError,
    FaceCoveredError,
    FacesUnlikeError,
    NoFaceError,
    ParameterError,
    ReferenceFaceError,
)
from tinct.faces import canonical
from tinct.faces.face import Face
from tinct.faces.find import largest_face
from tinct.faces.flat import SIDE, flat_points, warped
from tinct.faces.points import BROWS, EYES, LIPS_RING, MOUTH_RING, OVAL_RING
from tinct.faces.pose import Pose
from tinct.faces.regions import region, window
from tinct.faces.signs import Signs
from tinct.imaging import watermark
from tinct.photo import decode
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.photo.transfer import linear_to_srgb


def points(scale: float = 10.0) -> np.ndarray:
    made = canonical.points() * [1, -1, -1] * scale + [200, 200, 0]
    return np.concatenate([made, np.zeros((10, 3))])


def known(scale: float = 10.0, **pose: float) -> onto.Given:
    face = Face(points(scale), 0.9, Pose(**{"yaw": 0, "pitch": 0, "roll": 0} | pose), (400, 400))
    empty = np.zeros((SIDE, SIDE), np.float32)
    return onto.Given(face, np.zeros((400, 400, 3), np.float32), points(scale), empty)


def test_a_face_onto_itself_keeps_its_shape() -> None:
    np.testing.assert_allclose(placed(points(), points()), points()[:468], atol=1e-6)


def test_outline_and_mouth_stay_the_heads_and_the_rest_follows_the_other_face() -> None:
    other = points()
    other[:468, 0] = 200 + (other[:468, 0] - 200) * 0.8  # a narrower face
    found = placed(other, points())
    np.testing.assert_allclose(found[OVAL_RING], points()[OVAL_RING], atol=1e-6)
    np.testing.assert_allclose(found[[13, 14]], points()[[13, 14]], atol=1e-6)
    assert np.abs(found[[159, 386, 4]] - points()[[159, 386, 4]]).max() > 0.5


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (known(yaw=30), "sideways differently, by 30"),
        (known(pitch=-25), "up or down differently, by 25"),
        (known(yaw=-13, pitch=12), "sideways differently, by 18"),
        (known(scale=2), "enlarged"),
    ],
)
def test_faces_too_unlike_are_refused_with_the_measure(source: onto.Given, words: str) -> None:
    refuse_unlike(known(), known())
    with pytest.raises(FacesUnlikeError, match=words):
        refuse_unlike(source, known())


def test_an_open_mouth_and_a_closed_one_are_refused_either_way() -> None:
    laughing = known()
    laughing.face.points[14, 1] += 30
    assert mouth_opening(laughing.face.points) > mouth_opening(known().face.points) + 0.055
    for pair in ((laughing, known()), (known(), laughing)):
        with pytest.raises(FacesUnlikeError, match="mouth"):
            refuse_unlike(*pair)
    refuse_unlike(laughing, laughing)


def test_a_laughing_head_keeps_what_shows_between_its_lips_only_where_the_source_has_no_teeth() -> None:
    laughing, shut = known(), known()
    for given in (laughing, shut):
        ring = given.points[MOUTH_RING]
        step = 12.0 if given is laughing else 0.0
        given.points[MOUTH_RING[1:10], 1] = ring[:, 1].mean() + step
        given.points[MOUTH_RING[:10:-1], 1] = ring[:, 1].mean() - step
    middle = laughing.points[MOUTH_RING, :2].mean(axis=0).round().astype(int)
    own = onto._own_mouth(laughing, shut)
    assert own[middle[1], middle[0]] > 0.9
    assert own[: middle[1] - 40].max() == 0
    assert onto._own_mouth(laughing, laughing).max() == 0
    assert onto._own_mouth(shut, laughing).max() == 0


def test_eyes_and_smiles_that_differ_much_are_refused_either_way() -> None:
    narrow, laughing = known(), known()
    for above, below in ((159, 145), (386, 374)):
        narrow.face.points[above, :2] = narrow.face.points[below, :2] - [0, 1]
    middle = narrow.face.points[[61, 291], :2].mean(axis=0)
    laughing.face.points[[61, 291], :2] += 0.4 * (laughing.face.points[[61, 291], :2] - middle)
    for unlike, words in ((narrow, "eyes"), (laughing, "laughs")):
        for pair in ((unlike, known()), (known(), unlike)):
            with pytest.raises(FacesUnlikeError, match=words):
                refuse_unlike(*pair)


def seen(**changes: Any) -> onto.Given:
    return replace(known(), looks=replace(Looks(), **changes))


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        (seen(tone=np.float32([-1, -1, -1])), known(), "eyes and teeth"),
        (seen(tone=np.float32([1, 1, 1])), known(), "eyes and teeth"),
        (seen(tone=np.float32([0.5, 0, -0.5])), known(), "another hue"),
        (seen(folds=-0.5), known(), "smoother"),
        (seen(folds=0.5), known(), "smoother"),
        (seen(edge=14.0), known(), "softer"),
        (seen(edge=10.0), seen(edge=20.0), "sharper"),
        (seen(signs=Signs(child=2)), known(), "child"),
        (seen(brows=0.4), known(), "reference: hair"),
        (seen(hidden=0.1), known(), "reference: hair"),
        (known(), seen(brows=0.6), "hair"),
    ],
)
def test_faces_that_would_not_look_like_one_are_refused_by_cause(
    source: onto.Given, target: onto.Given, words: str
) -> None:
    with pytest.raises((FacesUnlikeError, EyeCoveredError, ReferenceFaceError), match=words):
        refuse_unlike(source, target)


def test_glasses_beards_and_hidden_lips_are_refused_on_either_face() -> None:
    none = np.zeros((SIDE, SIDE), np.float32)
    refuse_hidden(none, Looks())
    with pytest.raises(EyeCoveredError, match="glasses"):
        refuse_hidden(none, Looks(signs=Signs(glasses=1)))
    with pytest.raises(FaceCoveredError, match="beard"):
        refuse_hidden(none, Looks(signs=Signs(beard=1)))
    with pytest.raises(FaceCoveredError, match="mouth"):
        refuse_hidden(none, Looks(lips=0.1))


def test_a_reference_that_looks_the_other_way_is_mirrored() -> None:
    left, right = known(yaw=-12), known(yaw=12)
    with pytest.raises(FacesUnlikeError):
        refuse_unlike(left, right)
    turned = fitting(left, right)
    assert turned.face.pose.yaw == 12
    # A face is nearly symmetric
    np.testing.assert_allclose(turned.points[:468, 0], left.points[:468, 0], atol=2)
    assert fitting(right, right) is right
    with pytest.raises(FacesUnlikeError, match="by 30"):
        fitting(known(yaw=0, pitch=30), known())


def test_measures_of_a_face_see_tone_sharpness_and_what_is_hidden() -> None:
    rng = np.random.default_rng(0)
    flat = np.full((SIDE, SIDE, 3), [0.7, 0.5, 0.4], np.float32)
    for ring in (*EYES, *BROWS):
        cv2.fillPoly(flat, [flat_points()[list(ring)].round().astype(np.int32)], (0.1, 0.1, 0.1))
    hidden = np.zeros((SIDE, SIDE), np.float32)
    hidden[int(flat_points()[LIPS_RING, 1].mean()) :] = 1
    plain = looks(flat, 0 * hidden)
    soft, rough, dark, half = (
        looks(cv2.GaussianBlur(flat, (0, 0), 6), 0 * hidden),
        looks(
            flat + cv2.GaussianBlur(rng.normal(0, 0.3, flat.shape).astype(np.float32), (0, 0), 6), 0 * hidden
        ),
        looks(flat * 0.5, 0 * hidden),
        looks(flat, hidden),
    )
    assert soft.edge > 1.5 * plain.edge
    assert edge_width(flat) == plain.edge
    assert edge_on(plain.edge, 50) > plain.edge == edge_on(plain.edge, 500)
    assert rough.folds > plain.folds + 0.4
    assert (plain.tone - dark.tone).min() > 0.8
    assert plain.lips == 0 < 0.3 < half.lips
    assert plain.hidden == 0 < 0.1 < half.hidden


def test_a_sharper_face_is_blurred_as_far_as_the_head_is_and_a_softer_one_is_left() -> None:
    step = np.zeros((60, 60, 3), np.float32)
    step[:, 30:] = 1
    made = softened(step, 8, 16, 100)
    assert np.abs(np.diff(made[30, :, 0])).max() < 0.5
    np.testing.assert_array_equal(softened(step, 16, 8, 100), step)


def test_what_is_put_on_ends_above_the_brows_and_holds_them() -> None:
    outline = area(points()).astype(np.float32)
    for number in (70, 105, 300, 334, 152 - 1):
        assert cv2.pointPolygonTest(outline, [float(x) for x in points()[number, :2]], False) >= 0
    assert cv2.pointPolygonTest(outline, [float(x) for x in points()[10, :2]], False) < 0


def test_lips_that_close_over_parted_ones_take_no_specks_from_between() -> None:
    parted, shut = points(), points()
    ring = parted[MOUTH_RING]
    parted[MOUTH_RING[1:10], 1] = ring[:, 1].mean() + 12.0
    parted[MOUTH_RING[:10:-1], 1] = ring[:, 1].mean() - 12.0
    for made, step in ((parted, 12.0), (shut, 0.0)):
        made[MOUTH_RING[1:10], 1], made[MOUTH_RING[:10:-1], 1] = (
            ring[:, 1].mean() + step,
            ring[:, 1].mean() - step,
        )
    rows, columns = np.indices((400, 400), np.float32)
    face, inside = warped(np.dstack([rows, columns]), parted, shut, (400, 400))
    usual = np.dstack([cv2.medianBlur(np.ascontiguousarray(face[..., axis]), 5) for axis in (0, 1)])
    whole = cv2.erode(inside.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert np.abs(face - usual).max(axis=-1)[whole].max() < 16


def test_faces_lit_from_different_sides_are_refused_and_darker_ones_are_not() -> None:
    across = np.linspace(-1, 1, SIDE, dtype=np.float32)[None, :, None] * np.ones((SIDE, 1, 3), np.float32)
    none = np.zeros((SIDE, SIDE), np.float32)
    even, left, right, dark = (
        seen(light=lit(linear_to_srgb(0.3 * np.exp(0.8 * light)), none))
        for light in (0 * across, -across, across, 0 * across - 2)
    )
    with pytest.raises(FacesUnlikeError, match="lit from different sides"):
        refuse_unlike(left, right)
    for other in (left, right, dark):
        refuse_unlike(even, other)


def test_an_eye_of_which_a_part_is_hidden_is_put_in_whole_and_a_hidden_one_is_not() -> None:
    hidden = np.zeros((SIDE, SIDE), np.float32)
    right, left = (flat_points()[list(ring)].mean(axis=0).astype(int) for ring in EYES)
    hidden[: right[1], : right[0]] = 1  # the outer quarter
    hidden[left[1] - 90 : left[1] + 90, left[0] - 90 : left[0] + 90] = 1
    kept = onto._with_whole_eyes(hidden)
    assert kept[right[1] - 3, right[0] - 3] < 0.05
    assert kept[right[1] - 90, right[0] - 20] == 1
    assert kept[left[1], left[0]] == 1


def test_joining_leaves_the_outside_exact_and_the_middle_is_the_faces() -> None:
    rng = np.random.default_rng(0)
    target = rng.random((200, 200, 3), np.float32)
    face = np.full_like(target, 0.25)
    mask = np.zeros((200, 200), np.float32)
    cv2.circle(mask, (100, 100), 60, (1.0,), cv2.FILLED)
    out = joined(face, target, mask, 120)
    np.testing.assert_array_equal(out[mask == 0], target[mask == 0])
    assert np.abs(out[90:110, 90:110] - 0.25).mean() < 0.1


def test_a_face_takes_the_light_of_the_target() -> None:
    ones = np.ones((100, 100), np.float32)
    rng = np.random.default_rng(0)
    grain = rng.normal(0, 0.02, (100, 100, 1)).astype(np.float32)
    bright, dark = (
        np.clip(np.float32([0.8, 0.6, 0.5]) + grain, 0, 1),
        np.clip(np.float32([0.3, 0.2, 0.15]) + grain, 0, 1),
    )
    made = relit(bright, dark, ones, ones, 80)
    np.testing.assert_allclose(np.median(made, axis=(0, 1)), np.median(dark, axis=(0, 1)), atol=0.03)


def test_a_mapping_skips_and_names_what_is_there() -> None:
    faces = [known(9).face, known(10).face, known(5).face]
    assert swap._pairs(faces, None, 2) == {1: 0}
    assert swap._pairs(faces, [-1, 1], 2) == {1: 1}
    for wrong in ([0, 0, 0, 0], [2]):
        with pytest.raises(ParameterError, match="mapping"):
            swap._pairs(faces, wrong, 2)


def test_nothing_is_swapped_without_consent() -> None:
    photo = Photo(np.zeros((9, 9, 3), np.uint8))
    with pytest.raises(ParameterError, match="consent"):
        tinct.swap(photo, [photo])


@pytest.fixture(scope="module")
def astronaut() -> Photo:
    return Photo(np.ascontiguousarray(data.astronaut()[:300, 60:400]))


@pytest.mark.usefixtures("face_models")
class TestNetworks:
    def test_a_photos_own_face_changes_little_inside_and_nothing_outside(self, astronaut: Photo) -> None:
        made = tinct.swap(astronaut, [astronaut], consent=True)
        (face,) = made.faces
        part = window(face, 0.25)
        before, after = (
            srgb_to_lab(np.float32(p.pixels[part.slices]) / 255) for p in (astronaut, made.photo)
        )
        assert delta_e_2000(before, after)[region(face, "oval", part) > 0.5].mean() < 2
        outside = np.ones(astronaut.pixels.shape[:2], bool)
        outside[part.slices] = False
        np.testing.assert_array_equal(made.photo.pixels[outside], astronaut.pixels[outside])

    def test_another_face_is_put_where_the_first_was(self, astronaut: Photo) -> None:
        other = Photo(np.clip(astronaut.pixels[:, ::-1].astype(int) * 0.7 + 20, 0, 255).astype(np.uint8))
        made = tinct.swap(astronaut, [other], consent=True, force=True)
        face, again = largest_face(astronaut), largest_face(made.photo)
        away = np.linalg.norm(again.points[:468, :2] - face.points[:468, :2], axis=1).mean()
        assert away < 0.04 * face.width
        assert (made.photo.pixels != astronaut.pixels).any(axis=-1).mean() > 0.03

    def test_the_command_takes_several_references(self, astronaut: Photo, tmp_path: Path) -> None:
        path, out = astronaut.save(tmp_path / "head.png"), tmp_path / "out.png"
        given = [
            "swap",
            str(path),
            "--reference",
            str(path),
            "--reference",
            str(path),
            "--mapping",
            "1",
            "--consent",
        ]
        result = CliRunner().invoke(app, [*given, "-o", str(out)])
        assert result.exit_code == 0, result.output
        assert tinct.open(out).pixels.shape == astronaut.pixels.shape

    def test_a_mark_can_be_written(self, astronaut: Photo) -> None:
        plain = tinct.swap(astronaut, [astronaut], consent=True).photo
        marked = tinct.swap(astronaut, [astronaut], consent=True, mark="visible").photo
        different = (plain.pixels != marked.pixels).any(axis=-1)
        assert different[-40:, -150:].any()
        assert not different[:-40].any()

    def test_an_invisible_mark_is_found_again_by_the_command(self, astronaut: Photo, tmp_path: Path) -> None:
        paths = [
            tinct.swap(astronaut, [astronaut], consent=True, mark=mark).photo.save(
                tmp_path / f"{mark}.jpg", quality=75
            )
            for mark in ("none", "invisible")
        ]
        result = CliRunner().invoke(app, ["marked", *map(str, paths), "--json"])
        found = {Path(entry["photo"]).stem: entry["marked"] for entry in json.loads(result.output)}
        assert found == {"none": False, "invisible": True}

    def test_photos_without_faces_are_refused_by_role(self, astronaut: Photo) -> None:
        cat = Photo(data.chelsea())
        with pytest.raises(NoFaceError):
            tinct.swap(cat, [astronaut], consent=True)
        with pytest.raises(ReferenceFaceError):
            tinct.swap(astronaut, [cat], consent=True)


def textured(side: int = 600) -> Photo:
    """A picture with the spectrum of photos."""
    rng = np.random.default_rng(1)
    layers = [
        cv2.resize(rng.normal(0, 0.4 / n, (n, n, 3)), (side, side), interpolation=cv2.INTER_CUBIC) * 4
        for n in (3, 6, 12, 24, 48, 96)
    ]
    made = 0.5 + sum(layers) + rng.normal(0, 0.02, (side, side, 3))
    return Photo(np.rint(np.clip(made, 0.02, 0.98) * 255).astype(np.uint8))


def again(photo: Photo, scale: float, quality: int) -> Photo:
    """The photo scaled, saved as JPEG and read again."""
    small = cv2.resize(photo.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    data = encode(Photo(small), "jpeg", quality=quality)
    return decode.open(data)


@pytest.mark.parametrize(("scale", "quality"), [(1.0, 95), (1.0, 75), (0.5, 95), (0.5, 75), (1.5, 75)])
def test_an_invisible_mark_survives_jpeg_and_scaling(scale: float, quality: int) -> None:
    photo = textured()
    assert not tinct.find_mark(again(photo, scale, quality)).found
    found = tinct.find_mark(again(watermark.marked(photo), scale, quality))
    assert found.found, found


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_an_invisible_mark_changes_luma_alone_and_little(dtype: Any) -> None:
    full = float(np.iinfo(dtype).max)
    photo = Photo((textured(300).pixels.astype(np.float64) / 255 * full).astype(dtype))
    change = (watermark.marked(photo).pixels.astype(float) - photo.pixels) / full * 255
    assert 0.3 < np.sqrt((change**2).mean()) < 3.5
    # Nothing is cut off there
    inside = ((photo.pixels > 0.05 * full) & (photo.pixels < 0.95 * full)).all(axis=-1)
    assert np.abs(change - change.mean(axis=-1, keepdims=True))[inside].max() <= 0.7


def test_photos_without_a_mark_do_not_show_one_by_chance() -> None:
    rng = np.random.default_rng(3)
    strengths = [
        tinct.find_mark(
            Photo(cv2.GaussianBlur(rng.integers(0, 256, (90, 120, 3), np.uint8), (0, 0), blur))
        ).strength
        for blur in (0.5, 1, 2, 3)
        for _ in range(5)
    ]
    assert np.abs(strengths).max() < 4.5
    assert 0.3 < np.std(strengths) < 2
    assert not tinct.find_mark(Photo(np.full((80, 80, 3), 120, np.uint8))).found


def test_the_effect_is_served_with_its_parameters() -> None:
    from tinct.effects import registry

    effect: Any = registry.get("swap")
    assert set(effect.params.model_fields) == {"mapping", "consent", "force", "mark"}
    assert [item.name for item in effect.inputs] == ["image", "references"]
