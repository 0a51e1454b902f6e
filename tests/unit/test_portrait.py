"""People are found, matted exactly, and keep their colours."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

from tinct.faces.detect import Detection
from tinct.faces.face import Face
from tinct.faces.pose import Pose
from tinct.imaging import heads
from tinct.imaging import people as people_module
from tinct.imaging.colormap import ColorMap, grid
from tinct.imaging.people import PersonMask, find_people
from tinct.imaging.people_nearer import nearer
from tinct.imaging.segment import both, with_colors
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo


def lab(photo: Photo) -> NDArray[np.float32]:
    """CIELAB of a photo, (H, W, 3)."""
    return srgb_to_lab(photo.pixels.astype(np.float32) / 255)


@pytest.fixture(scope="module")
def astronaut() -> Photo:
    return Photo(data.astronaut())


@pytest.fixture(scope="module")
def people(astronaut: Photo) -> PersonMask:
    found = find_people(astronaut)
    assert found is not None
    return found


SWAP = ColorMap(np.ascontiguousarray(grid()[..., [2, 0, 1]]))
"""A recolouring that leaves no skin alone."""


def test_a_face_is_inside_the_matte_and_the_far_corner_is_not(people: PersonMask) -> None:
    assert (people.small[80:160, 195:250] == 1).all()  # face
    assert people.small[:100, :60].mean() < 0.02  # shuttle and flag
    assert (people.small[300:420, 180:300] > 0.9).mean() > 0.95  # suit


def test_recoloured_skin_keeps_its_colours(astronaut: Photo, people: PersonMask) -> None:
    before, after = lab(astronaut), lab(SWAP.apply(astronaut, protect=people))
    unprotected = lab(SWAP.apply(astronaut))
    face = np.s_[80:160, 195:250]
    assert delta_e_2000(before[face], after[face]).max() == 0
    assert delta_e_2000(before[face], unprotected[face]).mean() > 10
    assert delta_e_2000(unprotected[:100, :60], after[:100, :60]).mean() < 0.5


def test_every_brightness_of_the_same_face_is_protected_alike(astronaut: Photo) -> None:
    for gamma in (0.5, 0.75, 1.5, 2.2):
        pixels = np.rint(255 * (astronaut.pixels / 255.0) ** gamma).astype(np.uint8)
        found = find_people(Photo(pixels))
        assert found is not None
        assert found.small[80:170, 190:260].mean() > 0.99


def test_a_grey_portrait_is_found_too(astronaut: Photo) -> None:
    grey = cv2.cvtColor(astronaut.pixels, cv2.COLOR_RGB2GRAY)
    found = find_people(Photo(np.repeat(grey[..., None], 3, axis=2)))
    assert found is not None
    assert found.small[80:170, 190:260].mean() > 0.99


@pytest.mark.parametrize("name", ["coffee", "rocket", "brick", "moon", "chelsea"])
def test_nobody_is_found_where_nobody_is(name: str) -> None:
    picture = getattr(data, name)()
    if picture.ndim == 2:
        picture = np.repeat(picture[..., None], 3, axis=2)
    assert find_people(Photo(np.ascontiguousarray(picture))) is None


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (7, 9), (33, 500)])
def test_odd_shapes_are_accepted(shape: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    found = find_people(Photo(pixels))
    assert found is None or found.small.shape == shape


def test_a_photo_of_16_bits_has_the_people_of_8(astronaut: Photo, people: PersonMask) -> None:
    found = find_people(Photo(astronaut.pixels.astype(np.uint16) * 257))
    assert found is not None
    np.testing.assert_allclose(found.small, people.small, atol=0.02)


def test_the_full_matte_has_the_size_of_the_photo(astronaut: Photo, people: PersonMask) -> None:
    large = Photo(cv2.resize(astronaut.pixels, (1111, 977), interpolation=cv2.INTER_CUBIC))
    matte = people.full(large)
    assert matte.shape == (977, 1111)
    assert matte.dtype == np.uint8
    rows = people.rows(large.pixels[400:500], 400, 977)
    np.testing.assert_allclose(matte[400:500] / 255.0, rows, atol=0.5 / 255 + 2e-3)


def test_colour_extends_the_matte_only_where_the_network_hesitates() -> None:
    rgb = np.full((100, 100, 3), (0.2, 0.4, 0.7), np.float32)
    rgb[20:80, 10:50] = (0.45, 0.3, 0.2)  # skin, dark
    probability = np.zeros((100, 100), np.float32)
    probability[20:60, 10:50] = 0.98
    probability[60:80, 10:90] = 0.2  # a hand, and background beside it
    raised = with_colors(probability, rgb)
    assert (raised[60:80, 10:50] > 0.7).all()
    assert (raised[60:80, 50:90] < 0.25).all()
    assert (raised[:20] < 0.1).all()


def decided(matte: NDArray[np.float32], found: heads.Found | None = None, closer: Any = None) -> Any:
    size = (matte.shape[1], matte.shape[0])
    return people_module._decided(matte, found or heads.Found(size), closer or (lambda region: None))


def test_regions_count_only_with_evidence_and_the_rest_of_the_matte_goes() -> None:
    matte = np.zeros((100, 100), np.float32)
    matte[10:40, 10:40] = 1
    matte[40:45, 10:40] = 0.3  # hangs on to the person
    matte[70:95, 70:95] = 1  # a dog
    asked: list[Any] = []

    def closer(region: Any) -> Any:
        asked.append(region)
        return "sure" if region[15, 15] else None

    kept, regions = decided(matte, closer=closer)
    assert (kept[:50] == matte[:50]).all()
    assert kept[70:95, 70:95].max() == 0
    ((_, evidence, faces),) = regions
    assert (evidence, faces) == ("sure", 0)
    assert len(asked) == 2


def test_who_is_cut_by_the_border_beside_a_large_group_is_looked_at_closer() -> None:
    matte = np.zeros((100, 100), np.float32)
    matte[10:90, 10:60] = 1  # a group
    matte[40:70, 94:] = 1  # 1.8 % of the photo, 4.5 % of the group
    matte[5:15, 80:85] = 1  # a bag: .5 %
    _, regions = decided(matte, closer=lambda region: "head")
    assert sorted(int(region.sum()) for region, _, _ in regions) == [180, 4000]


def test_a_face_or_a_head_makes_a_person_of_what_the_segmenter_is_not_sure_of() -> None:
    matte = np.zeros((100, 100), np.float32)
    matte[10:40, 10:40] = matte[60:63, 60:63] = matte[10:40, 60:90] = 1
    points = np.zeros((478, 3)) + np.array([122, 122, 0])
    points[0] = [128, 128, 0]
    face = Face(points, 0.9, Pose(0, 0, 0), (200, 200))  # in a copy of twice the size
    head = Detection(np.array([140.0, 40, 20, 20]), 0.9, np.zeros((6, 2)))
    _, regions = decided(matte, heads.Found((200, 200), (face,), (head,)))
    assert [(evidence, faces) for _, evidence, faces in regions] == [("head", 0), ("face", 1)]
    assert regions[1][0].sum() == 9  # small as it is


def test_regions_far_smaller_than_the_largest_are_dropped() -> None:
    matte = np.zeros((100, 100), np.float32)
    matte[10:60, 10:60] = matte[80:90, 80:90] = 1
    kept, _ = decided(matte, closer=lambda region: "sure")
    assert kept[:60].max() == 1
    assert kept[80:].max() == 0


def test_facts_say_how_many_people_there_are_and_where(people: PersonMask, astronaut: Photo) -> None:
    found = people.facts
    assert found["count"] == 1
    assert found["share"] == pytest.approx(float(people.small.mean()), abs=1e-3)
    ((left, top, right, bottom),) = [one["box"] for one in found["where"]]
    assert left < 190 < 260 < right <= astronaut.width
    assert top < 80 < 400 < bottom <= astronaut.height


@pytest.mark.usefixtures("face_models")
class TestWithFaces:
    def test_a_face_too_small_for_the_segmenter_is_protected(self, astronaut: Photo) -> None:
        rng = np.random.default_rng(0)
        canvas = cv2.GaussianBlur(rng.integers(60, 160, (1000, 1500, 3), dtype=np.uint8), (0, 0), 3)
        canvas[300:420, 900:1020] = cv2.resize(astronaut.pixels[0:230, 110:340], (120, 120))
        found = find_people(Photo(canvas))
        assert found is not None
        assert found.full(Photo(canvas))[345:385, 945:975].min() > 240
        assert found.facts["count"] == 1

    def test_skin_alone_keeps_its_colours_where_that_is_asked(self, astronaut: Photo) -> None:
        whole, skin = find_people(astronaut), find_people(astronaut, "skin")
        assert whole is not None
        assert skin is not None
        assert skin.small[100:160, 200:250].min() > 0.95  # face
        assert skin.small[330:420, 180:300].mean() < 0.3  # suit
        assert skin.share < 0.5 * whole.share

    def test_without_a_known_face_skin_means_the_whole_person(
        self, astronaut: Photo, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tinct.faces.find.installed", lambda: False)
        whole, skin = find_people(astronaut), find_people(astronaut, "skin")
        assert whole is not None
        assert skin is not None
        assert skin.share > 0.95 * whole.share


def test_a_small_person_is_drawn_as_closely_as_a_large_one(astronaut: Photo, people: PersonMask) -> None:
    small = cv2.resize(astronaut.pixels, (200, 200), interpolation=cv2.INTER_AREA)
    truth = np.zeros((900, 1200), np.float32)
    truth[500:700, 600:800] = cv2.resize(people.small, (200, 200), interpolation=cv2.INTER_AREA)
    meadow = np.full((900, 1200, 3), (96, 118, 74), np.uint8)
    meadow[500:700, 600:800] = np.where(truth[500:700, 600:800, None] > 0.5, small, meadow[500:700, 600:800])
    photo = Photo(meadow)
    rgb = np.clip(photo.proxy(512), 0, 1)
    _, first = both(rgb)
    second = nearer(first, photo)
    wanted = cv2.resize(truth, rgb.shape[1::-1], interpolation=cv2.INTER_AREA) > 0.5
    once, twice = (((seen > 0.5) & wanted).sum() / ((seen > 0.5) | wanted).sum() for seen in (first, second))
    assert twice > max(0.85, once)
    assert np.array_equal(first[:150], second[:150])  # far from the person nothing is looked at again


def test_outlines_of_what_was_not_decided_to_be_a_person_are_left_out() -> None:
    outlines, matte = np.zeros((100, 100), np.float32), np.zeros((100, 100), np.float32)
    outlines[10:90, 10:40] = 1  # a person with limbs that sight did not see
    outlines[50:90, 60:90] = 1  # a dog
    matte[10:50, 12:38] = 1
    made, kept = people_module._outlined(outlines, matte, [(matte > 0.1, "face", 1)])
    assert (made[10:90, 10:40] == 1).all()
    assert made[:, 50:].max() == 0
    assert [(evidence, faces) for _, evidence, faces in kept] == [("face", 1)]


def test_people_without_an_outline_stay_as_they_were_seen() -> None:
    outlines, matte = np.zeros((100, 100), np.float32), np.zeros((100, 100), np.float32)
    matte[10:50, 12:38] = 1
    made, kept = people_module._outlined(outlines, matte, [(matte > 0.1, "sure", 0)])
    assert np.array_equal(made, matte)
    assert len(kept) == 1


def test_people_whose_outlines_touch_are_one_region_with_the_best_evidence() -> None:
    outlines, matte = np.zeros((100, 100), np.float32), np.zeros((100, 100), np.float32)
    outlines[10:90, 10:90] = 1
    matte[20:40, 15:35] = matte[20:40, 65:85] = 1
    left, right = (matte > 0.1) & (np.arange(100) < 50), (matte > 0.1) & (np.arange(100) >= 50)
    _, kept = people_module._outlined(outlines, matte, [(left, "sure", 0), (right, "face", 2)])
    assert [(evidence, faces) for _, evidence, faces in kept] == [("face", 2)]
