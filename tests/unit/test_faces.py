"""Faces: what holds without the networks, then the networks themselves on a real photo."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from skimage import data
from typer.testing import CliRunner

import tinct
from tinct.errors import (
    FaceAngleError,
    FaceCoveredError,
    FaceCutError,
    FaceError,
    MissingModelError,
    NoFaceError,
    ReferenceEyeCoveredError,
    ReferenceFaceError,
    SeveralFacesError,
    SmallFaceError,
)
from tinct.faces import canonical, detect, find, mesh
from tinct.faces.crop import Crops
from tinct.faces.dark import lifted
from tinct.faces.face import Face
from tinct.faces.points import EYES, LIPS_RING, OVAL_RING
from tinct.faces.pose import Pose, fit, pose_of
from tinct.faces.regions import NAMES, region, window
from tinct.faces.views import smallest_face, views
from tinct.photo.photo import Photo
from tinct.settings import current


def turned(yaw: float = 0, pitch: float = 0, roll: float = 0) -> np.ndarray:
    """Points of a mesh: the canonical face, turned; 10 pixels a centimetre."""
    y, p, r = np.radians([yaw, pitch, roll])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    about_z = np.array([[np.cos(r), np.sin(r), 0], [-np.sin(r), np.cos(r), 0], [0, 0, 1]])
    points = canonical.points() @ (about_z @ about_y @ about_x).T * [1, -1, -1] * 10 + [200, 200, 0]
    return np.concatenate([points, np.zeros((10, 3))])


def face(points: np.ndarray | None = None, size: tuple[int, int] = (400, 400), **pose: float) -> Face:
    return Face(
        turned() if points is None else points, 0.9, Pose(**{"yaw": 0, "pitch": 0, "roll": 0} | pose), size
    )


def test_the_canonical_face_is_symmetric_and_its_triangles_fill_it_once() -> None:
    mirror = canonical.mirror()
    np.testing.assert_array_equal(mirror[mirror], np.arange(468))
    np.testing.assert_allclose(canonical.points()[mirror], canonical.points() * [-1, 1, 1], atol=1e-6)
    np.testing.assert_allclose(canonical.places()[mirror], canonical.places() * [-1, 1] + [1, 0], atol=1e-9)
    places = canonical.places()
    one, two, three = (places[canonical.triangles()[:, corner]] for corner in range(3))
    across, down = two - one, three - one
    areas = np.abs(across[:, 0] * down[:, 1] - across[:, 1] * down[:, 0]) / 2
    outline = places[OVAL_RING]
    after = np.roll(outline, -1, axis=0)
    whole = abs((outline[:, 0] * after[:, 1] - after[:, 0] * outline[:, 1]).sum()) / 2
    assert areas.sum() == pytest.approx(whole, rel=0.01)


def test_rings_are_of_different_points_and_sides_mirror_each_other() -> None:
    mirror = canonical.mirror()
    for ring in (OVAL_RING, LIPS_RING, *EYES):
        assert len(set(ring)) == len(ring)
    assert {int(mirror[point]) for point in EYES[0]} == set(EYES[1])


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"), [(0, 0, 0), (25, 0, 0), (0, -20, 0), (0, 0, 40), (-15, 10, 5)]
)
def test_a_turned_head_has_the_turn_it_was_given(yaw: float, pitch: float, roll: float) -> None:
    level = pose_of(turned()).pitch  # what the network's own tilt is taken for
    found = pose_of(turned(yaw, pitch, roll))
    assert (found.yaw, found.pitch - level, found.roll) == pytest.approx((yaw, pitch, roll), abs=4)
    assert np.sign(np.round(found.yaw)) == np.sign(yaw)


def test_a_fit_finds_scale_rotation_and_shift() -> None:
    points = np.random.default_rng(0).normal(size=(20, 3))
    scale, rotation, shift = fit(points, points[:, [1, 0, 2]] * [1, -1, 1] * 3 + [1, 2, 3])
    assert scale == pytest.approx(3)
    np.testing.assert_allclose(
        points @ rotation.T * scale + shift, points[:, [1, 0, 2]] * [3, -3, 3] + [1, 2, 3]
    )


@pytest.mark.parametrize("size", [(300, 500), (2000, 3000), (1000, 1000), (200, 1600)])
@pytest.mark.parametrize("small", [False, True])
def test_every_place_is_seen_whole_by_a_view_in_which_the_smallest_face_is_large_enough(
    size: tuple[int, int], small: bool
) -> None:
    rng = np.random.default_rng(0)
    photo = Photo(rng.integers(0, 256, (*size, 3), dtype=np.uint8))
    seen = list(views(Crops(photo), 192, small=small))
    assert seen[0].whole
    least = smallest_face(*size, small=small)
    fine = min(view.scale for view in seen)
    assert least / fine >= 192 / 14 - 0.5
    covered = np.zeros(size, bool)
    for view in seen:
        if view.scale == fine:
            side = 192 * view.scale
            top, left = int(view.top), int(view.left)
            covered[top : round(top + side) + 2, left : round(left + side) + 2] = True
    assert covered.all()


def test_a_square_cut_from_a_halved_copy_shows_what_one_cut_from_the_photo_does() -> None:
    y, x = np.mgrid[:603, :801]
    pixels = np.dstack([x * 0.3, y * 0.4, 120 + 60 * np.sin(x / 40) * np.cos(y / 50)]).astype(np.uint8)
    crops, centre = Crops(Photo(pixels)), np.array([400.5, 300.25])
    view, to_photo = crops.square(centre, 500.0, 0.3, 64)
    places = np.dstack(np.meshgrid(np.arange(64), np.arange(64))) @ to_photo[:, :2].T + to_photo[:, 2]
    blurred = cv2.GaussianBlur(pixels.astype(np.float32) / 255, (0, 0), 4)
    expected = cv2.remap(
        blurred, places[..., 0].astype(np.float32), places[..., 1].astype(np.float32), cv2.INTER_LINEAR
    )
    assert np.abs(view - expected).mean() < 0.004
    np.testing.assert_allclose(to_photo @ [31.5, 31.5, 1], centre)


def test_squares_that_reach_over_a_tiny_photo_have_its_border() -> None:
    crops = Crops(Photo(np.full((3, 5, 3), 90, np.uint8)))
    view, _ = crops.square(np.array([0.0, 0.0]), 4000.0, 0.0, 32)
    np.testing.assert_allclose(view, 90 / 255, atol=1e-6)


def test_dark_photos_alone_are_lifted_and_what_is_light_in_them_stays() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(2, 9, (300, 400, 3), np.uint8)
    pixels[:80, :100] = 220
    copy = lifted(Crops(Photo(pixels)))
    assert copy is not None
    assert copy.pixels.dtype == np.uint16
    assert 0.35 < np.median(copy.pixels[100:] / 65535) < 0.7
    assert (copy.pixels[10:70, 10:90] > 0.85 * 65535).all()
    assert lifted(Crops(Photo(np.full((300, 400, 3), 60, np.uint8)))) is None


def test_tiles_without_any_structure_are_not_looked_at() -> None:
    sky = Photo(np.full((2000, 3000, 3), 180, np.uint8))
    assert len(list(views(Crops(sky), 192, small=False))) == 1


def test_a_box_is_clipped_to_the_photo_and_says_how_much_of_the_face_is_inside() -> None:
    whole, cut = face(), face(turned() - [180, 0, 0])
    assert whole.inside == 1
    assert cut.box[0] == 0
    assert 0.3 < cut.inside < 0.9


@pytest.mark.parametrize("name", NAMES)
def test_each_region_lies_within_the_face_and_is_symmetric(name: Any) -> None:
    found = face()
    part = window(found)
    mask = region(found, name, part)
    assert mask.shape == (part.bottom - part.top, part.right - part.left)
    assert mask.min() >= 0
    assert mask.max() > 0.9
    oval = region(found, "oval", part)
    assert (mask[oval == 0] == 0).all()
    middle = 200 - part.left
    reach = min(middle, mask.shape[1] - middle - 1)
    left, right = mask[:, middle - reach : middle], mask[:, middle + 1 : middle + 1 + reach][:, ::-1]
    assert np.abs(left - right).mean() < 0.01


def test_regions_do_not_overlap_where_they_must_not() -> None:
    found = face()
    part = window(found)
    masks = {name: region(found, name, part) for name in NAMES}
    for one, other in (
        ("skin", "lips"),
        ("skin", "eyes"),
        ("skin", "brows"),
        ("lips", "mouth"),
        ("lids", "lips"),
    ):
        assert (masks[one] * masks[other]).max() < 0.3, (one, other)


@pytest.mark.parametrize(
    ("found", "limits", "error"),
    [
        (face(), {"least": 1000}, SmallFaceError),
        (face(yaw=50), {"least": 1, "yaw": 45}, FaceAngleError),
        (face(pitch=-50), {"least": 1, "pitch": 45}, FaceAngleError),
        (face(roll=-100), {"least": 1, "roll": 45}, FaceAngleError),
        (face(turned() - [180, 0, 0]), {"least": 1, "inside": 0.95}, FaceCutError),
    ],
)
def test_a_face_that_does_not_suit_is_refused_with_its_measure(found: Face, limits: Any, error: Any) -> None:
    find.check(face(), least=1, yaw=45, pitch=45, roll=45, inside=0.95)
    with pytest.raises(error, match=r"\d"):
        find.check(found, **limits)


def test_an_error_about_the_reference_is_a_class_of_its_own() -> None:
    from tinct.errors import EyeCoveredError, FaceCutError, restored

    error = EyeCoveredError("an eye is covered").of_reference()
    assert type(error) is ReferenceEyeCoveredError
    assert type(restored(error.code, str(error))) is ReferenceEyeCoveredError
    assert type(FaceCutError("cut").of_reference()) is ReferenceFaceError


def test_without_the_networks_the_error_names_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinct.models import runtime

    monkeypatch.setenv("TINCT_MODELS", str(tmp_path))
    current.cache_clear()
    runtime.forget()
    try:
        assert not find.installed()
        with pytest.raises(MissingModelError, match=r"tinct models fetch face-near face-far face-mesh$"):
            tinct.find_faces(Photo(np.zeros((50, 50, 3), np.uint8)))
        photo = Photo(np.zeros((50, 50, 3), np.uint8))
        for work in (
            lambda: tinct.makeup(photo, look="rose"),
            lambda: tinct.swap(photo, [photo], consent=True),
            lambda: tinct.detect_faces(photo),
        ):
            with pytest.raises(MissingModelError, match=r"fetch face-near face-far face-mesh$"):
                work()
    finally:
        current.cache_clear()


@pytest.mark.parametrize(
    ("turn", "error"),
    [({"yaw": 70.0}, FaceAngleError), ({"pitch": -60.0}, FaceAngleError)],
    ids=["profile", "lowered"],
)
def test_profiles_are_refused_by_the_effects_on_faces(
    monkeypatch: pytest.MonkeyPatch, turn: Any, error: Any
) -> None:
    photo = Photo(np.full((400, 400, 3), 128, np.uint8))
    turned_face = (face(**turn),)
    for effect in ("makeup", "swap"):
        module = importlib.import_module(f"tinct.effects.{effect}.{effect}")
        monkeypatch.setattr(module, "find_faces", lambda photo: turned_face)
        monkeypatch.setattr(module, "largest_face", lambda photo: turned_face[0])
    with pytest.raises(error, match=r"at most \d+"):
        tinct.makeup(photo, look="rose")
    with pytest.raises(error, match=r"at most \d+"):
        tinct.swap(photo, [photo], consent=True)


# -- with the networks ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def astronaut() -> Photo:
    return Photo(data.astronaut())


def crowd(astronaut: Photo, widths: list[int]) -> Photo:
    """Copies of one head in a row on a lawn's texture."""
    head = astronaut.pixels[0:230, 110:340]
    rng = np.random.default_rng(0)
    canvas = cv2.GaussianBlur(rng.integers(60, 160, (400, 1600, 3), dtype=np.uint8), (0, 0), 3)
    step = canvas.shape[1] // len(widths)
    for number, width in enumerate(widths):
        small = cv2.resize(head, (width, width), interpolation=cv2.INTER_AREA)
        left, top = number * step + 10, 40 + 30 * (number % 3)
        canvas[top : top + width, left : left + width] = small
    return Photo(canvas)


def drawing() -> Photo:
    """Two eyes, a nose and a mouth in an oval."""
    paper = np.full((500, 400, 3), 250, np.uint8)
    cv2.ellipse(paper, (200, 250), (120, 165), 0, 0, 360, (245, 210, 180), cv2.FILLED, cv2.LINE_AA)
    cv2.ellipse(paper, (200, 250), (120, 165), 0, 0, 360, (20, 20, 20), 3, cv2.LINE_AA)
    for x in (150, 250):
        cv2.ellipse(paper, (x, 215), (26, 14), 0, 0, 360, (255, 255, 255), cv2.FILLED, cv2.LINE_AA)
        cv2.circle(paper, (x, 215), 12, (60, 40, 20), cv2.FILLED, cv2.LINE_AA)
        cv2.ellipse(paper, (x, 185), (34, 12), 0, 190, 350, (40, 30, 20), 6, cv2.LINE_AA)
    cv2.polylines(
        paper, [np.array([[200, 230], [185, 290], [210, 295]])], False, (120, 80, 60), 3, cv2.LINE_AA
    )
    cv2.ellipse(paper, (200, 340), (48, 16), 0, 0, 180, (180, 40, 50), cv2.FILLED, cv2.LINE_AA)
    return Photo(paper)


def statue() -> Photo:
    """A head without colour, even and hard lit like stone."""
    gray = cv2.cvtColor(data.astronaut()[:300, 60:400], cv2.COLOR_RGB2GRAY)
    stone = cv2.bilateralFilter(gray, 9, 40, 9).astype(np.float32) * 0.6 + 80
    return Photo(np.repeat(np.clip(stone, 0, 255).astype(np.uint8)[..., None], 3, axis=2))


@pytest.mark.usefixtures("face_models")
class TestNetworks:
    def test_the_one_face_of_a_portrait_is_found_where_it_is(self, astronaut: Photo) -> None:
        (found,) = tinct.find_faces(astronaut)
        left, top, right, bottom = found.box
        assert (left, top, right, bottom) == pytest.approx((177, 70, 274, 181), abs=8)
        assert found.confidence > 0.8
        assert abs(found.pose.yaw) < 20
        assert abs(found.pose.roll) < 15

    def test_points_follow_the_photo_when_it_is_shifted_enlarged_or_has_16_bits(
        self, astronaut: Photo
    ) -> None:
        (found,) = tinct.find_faces(astronaut)
        shifted = Photo(np.ascontiguousarray(astronaut.pixels[6:, 10:]))
        enlarged = Photo(cv2.resize(astronaut.pixels, None, fx=2.5, fy=2.5, interpolation=cv2.INTER_CUBIC))
        deep = Photo(astronaut.pixels.astype(np.uint16) * 257)
        for other, back in (
            (shifted, lambda p: p + np.array([10, 6])),
            (enlarged, lambda p: (p + 0.5) / 2.5 - 0.5),
            (deep, lambda p: p),
        ):
            (again,) = tinct.find_faces(other)
            away = np.linalg.norm(back(again.points[:, :2]) - found.points[:, :2], axis=1)
            assert away.mean() < 0.02 * found.width

    def test_several_looks_tremble_less_than_one_when_the_photo_is_shifted(self, astronaut: Photo) -> None:
        moved = [
            np.ascontiguousarray(astronaut.pixels[dy:, dx:]) for dx, dy in ((0, 0), (1, 0), (0, 2), (2, 1))
        ]
        once, often = list[np.ndarray](), list[np.ndarray]()
        for pixels, shift in zip(moved, ((0, 0), (1, 0), (0, 2), (2, 1)), strict=True):
            crops = Crops(Photo(pixels))
            seen = mesh.trace(crops, detect.detect(crops)[0])
            for points, kept in ((seen.points, once), (mesh.steadied(crops, seen).points, often)):
                kept.append(points[:468, :2] + shift)
        away = [np.linalg.norm(np.array(one[1:]) - one[0], axis=-1).mean() for one in (once, often)]
        assert away[1] < 0.8 * away[0]
        (found,) = tinct.find_faces(astronaut)
        np.testing.assert_allclose(found.points[:468, :2], often[0], atol=1e-6)

    def test_a_mirrored_photo_has_the_mirrored_pose(self, astronaut: Photo) -> None:
        (found,) = tinct.find_faces(astronaut)
        (other,) = tinct.find_faces(Photo(np.ascontiguousarray(astronaut.pixels[:, ::-1])))
        assert other.pose.yaw == pytest.approx(-found.pose.yaw, abs=5)
        assert other.pose.roll == pytest.approx(-found.pose.roll, abs=3)
        assert other.pose.pitch == pytest.approx(found.pose.pitch, abs=4)

    def test_faces_of_many_sizes_are_found_from_left_to_right(self, astronaut: Photo) -> None:
        photo = crowd(astronaut, [60, 80, 110, 160, 240])
        found = tinct.find_faces(photo)
        assert len(found) == 5
        assert [face.box[0] for face in found] == sorted(face.box[0] for face in found)
        widths = [face.width for face in found]
        assert widths == sorted(widths)

    def test_a_face_in_the_dark_is_found_where_it_is(self, astronaut: Photo) -> None:
        wide = Photo(cv2.resize(astronaut.pixels, None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC))
        # A twentieth of display light
        dark = Photo(np.rint(np.float32(wide.pixels) / 255 * 12).astype(np.uint8))
        (found,), (lit,) = tinct.find_faces(dark), tinct.find_faces(wide)
        assert np.abs(np.array(found.box) - lit.box).max() < 0.1 * lit.width
        assert found.photo_size == (2560, 2560)

    def test_thirty_faces_are_thirty_from_left_to_right(self, astronaut: Photo) -> None:
        head = cv2.resize(astronaut.pixels[0:230, 110:340], (96, 96), interpolation=cv2.INTER_AREA)
        rng = np.random.default_rng(0)
        canvas = cv2.GaussianBlur(rng.integers(60, 160, (400, 1100, 3), dtype=np.uint8), (0, 0), 3)
        for number in range(30):
            row, column = divmod(number, 10)
            canvas[20 + 125 * row :, 12 + 108 * column :][:96, :96] = head
        found = tinct.find_faces(Photo(canvas))
        assert len(found) == 30
        middles = [(face.box[0] + face.box[2]) / 2 for face in found]
        assert middles == sorted(middles)

    @pytest.mark.parametrize("cut", [205, 225, 245])
    def test_a_face_that_the_border_cuts_is_refused_or_not_found(self, astronaut: Photo, cut: int) -> None:
        half = Photo(np.ascontiguousarray(np.repeat(np.repeat(astronaut.pixels[:300, cut:], 2, 0), 2, 1)))
        for face in tinct.find_faces(half):
            left, top, right, bottom = face.box
            assert 0 <= left < right <= half.width
            assert 0 <= top < bottom <= half.height
        for work in (
            lambda: tinct.makeup(half, look="rose"),
            lambda: tinct.swap(half, [astronaut], consent=True),
        ):
            with pytest.raises((FaceCutError, NoFaceError, FaceAngleError, FaceCoveredError)):
                work()

    @pytest.mark.parametrize("picture", [drawing(), statue()], ids=["drawing", "statue"])
    def test_drawn_and_stone_faces_are_worked_on_or_refused_by_cause(self, picture: Photo) -> None:
        for work in (
            lambda: tinct.makeup(picture, look="rose").photo,
            lambda: tinct.swap(picture, [picture], consent=True).photo,
        ):
            try:
                made = work()
            except FaceError:
                continue
            assert made.pixels.shape == picture.pixels.shape

    def test_small_faces_are_found_when_asked_for(self, astronaut: Photo) -> None:
        photo = crowd(astronaut, [34, 34, 34])
        assert len(tinct.find_faces(photo, small=True)) == 3

    def test_a_photo_without_faces_has_none(self) -> None:
        cat = Photo(data.chelsea())
        assert tinct.find_faces(cat) == ()
        with pytest.raises(NoFaceError):
            find.one_face(cat)

    def test_one_face_is_not_chosen_among_several_but_the_largest_can_be(self, astronaut: Photo) -> None:
        photo = crowd(astronaut, [100, 180])
        with pytest.raises(SeveralFacesError, match="2 faces"):
            find.one_face(photo)
        assert find.largest_face(photo).box[0] > 700

    def test_parts_of_a_face_are_not_faces(self, astronaut: Photo) -> None:
        close = cv2.resize(astronaut.pixels[60:210, 160:300], None, fx=8, fy=8, interpolation=cv2.INTER_CUBIC)
        assert len(tinct.find_faces(Photo(close))) == 1

    def test_the_detector_gives_eyes_nose_mouth_and_ears(self, astronaut: Photo) -> None:
        best = detect.detect(Crops(astronaut))[0]
        right_eye, left_eye, nose, mouth, right_ear, left_ear = best.points
        assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
        assert right_eye[1] < nose[1] < mouth[1]

    def test_the_command_prints_boxes_and_writes_a_picture(self, astronaut: Photo, tmp_path: Path) -> None:
        from tinct.cli import app

        path = astronaut.save(tmp_path / "photo.png")
        result = CliRunner().invoke(app, ["faces", str(path), "--boxes", str(tmp_path / "out.png"), "--json"])
        assert result.exit_code == 0
        (entry,) = json.loads(result.output)
        (one,) = entry["faces"]
        assert set(one) == {"box", "confidence", "pose"}
        drawn, whole = tinct.open(tmp_path / "out.png").pixels, astronaut.pixels
        assert drawn.shape == whole.shape
        assert 0.001 < (drawn != whole).any(axis=-1).mean() < 0.1

    def test_the_effect_shows_the_boxes_and_tells_them_as_plain_facts(self, astronaut: Photo) -> None:
        from tinct.effects import registry
        from tinct.effects.effect import unheard

        effect = registry.get("detect_faces")
        made = effect.run({"image": astronaut}, effect.accept({"image": astronaut}, {}), unheard)
        (found,) = json.loads(json.dumps(made.facts))["faces"]
        assert found["box"] == list(tinct.find_faces(astronaut)[0].box)
        assert made.photos[0].pixels.shape == astronaut.pixels.shape

    def test_a_face_can_be_required(self) -> None:
        cat = Photo(data.chelsea())
        assert tinct.detect_faces(cat).faces == ()
        with pytest.raises(NoFaceError):
            tinct.detect_faces(cat, required=True)


def cover(side: int) -> Photo:
    """A book on a table; on its cover a portrait, `side` pixels large."""
    rng = np.random.default_rng(0)
    pixels = np.full((480, 640, 3), (206, 196, 182), np.float32)
    pixels += np.linspace(-14, 14, 480, dtype=np.float32)[:, None, None]
    pixels[81:411, 203:453] *= 0.55
    pixels = cv2.GaussianBlur(pixels, (0, 0), 7)
    pixels[75:405, 195:445] = (28, 66, 120)
    pixels[95:123, 219:421] = (235, 215, 120)
    top, left = 270 - side // 2, 320 - side // 2
    portrait = cv2.resize(data.astronaut()[:300, 70:370], (side, side), interpolation=cv2.INTER_AREA)
    pixels[top : top + side, left : left + side] = portrait
    return Photo(np.clip(pixels + rng.normal(0, 2, pixels.shape), 0, 255).astype(np.uint8))


@pytest.mark.usefixtures("face_models")
def test_a_portrait_on_a_cover_is_not_the_subject_but_the_book():
    photo = cover(110)
    person = tinct.background(photo, "mask", subject="person")
    made = tinct.background(photo, "mask")
    assert (person.engine, made.engine) == ("person", "subject")
    assert person.coverage < 0.05
    assert made.coverage == pytest.approx(250 * 330 / (640 * 480), abs=0.03)
