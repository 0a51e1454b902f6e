"""One map for several photos, and a map for a part of a photo."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

import tinct
from tinct.errors import ParameterError

WARM, COOL = (200, 90, 40), (40, 90, 200)


def flat(color: tuple[int, int, int], size: tuple[int, int] = (60, 80)) -> np.ndarray:
    """A photo of one colour, with a little noise."""
    noise = np.random.default_rng(1).integers(-6, 7, (*size, 3))
    return np.clip(np.full((*size, 3), color) + noise, 0, 255).astype(np.uint8)


def mean(photo: object) -> np.ndarray:
    return np.asarray(photo).reshape(-1, 3).mean(axis=0)


def test_each_photo_of_a_set_counts_alike_whatever_its_size():
    colors = tinct.dominant_colors([flat(WARM, (600, 800)), flat(COOL, (30, 20))], 2)
    assert [round(color.share, 1) for color in colors] == [0.5, 0.5]
    found = [list(bytes.fromhex(color.hex[1:])) for color in colors]
    for wanted in (WARM, COOL):
        assert min(np.abs(np.array(one) - wanted).max() for one in found) < 10
    assert {color.hex for color in tinct.dominant_colors([flat(WARM)], 2)} == {
        color.hex for color in tinct.dominant_colors(flat(WARM), 2)
    }


def test_one_map_carries_a_set_to_the_colours_of_a_set():
    photos, looks = [flat(WARM), flat((150, 140, 60))], [flat(COOL), flat((60, 140, 170))]
    look = tinct.fit_reference(photos, looks, smoothness=0.1)
    goal = np.mean([mean(one) for one in looks], axis=0)
    before = np.mean([mean(one) for one in photos], axis=0)
    after = np.mean([mean(look.apply(one)) for one in photos], axis=0)
    assert np.abs(after - goal).max() < 0.35 * np.abs(before - goal).max()


def test_a_set_of_one_is_fitted_as_the_photo_itself():
    photo, look = data.coffee()[::4, ::4], data.chelsea()[::4, ::4]
    alone, listed = tinct.fit_reference(photo, look), tinct.fit_reference([photo], [look])
    assert np.array_equal(alone.lattice, listed.lattice)


def test_all_three_ways_take_several_photos_and_give_one_map_for_all():
    photos = [data.coffee()[::4, ::4], data.astronaut()[::4, ::4], data.chelsea()[::4, ::4]]
    assert len(tinct.fit_auto(photos, 2)) == 2
    template = tinct.fit_template(photos, "navy, orange")
    assert repr(template).startswith("ColorMap('Swatches")
    for photo in photos:
        moved = np.abs(np.asarray(template.apply(photo)).astype(int) - photo)
        assert moved.mean() > 2


@pytest.mark.parametrize("count", [0, 101])
def test_too_few_or_too_many_photos_are_refused(count):
    with pytest.raises(ParameterError, match=rf"^photo: got '{count} photos'; allowed: 1 to 100 photos"):
        tinct.fit_auto([flat(WARM, (2, 2))] * count)


def test_a_mask_keeps_the_map_within_a_region_and_mixes_where_it_is_grey():
    photo, look = data.astronaut(), tinct.fit_template(data.astronaut(), "teal")
    mask = np.zeros(photo.shape[:2], np.uint8)
    mask[:, 200:] = 255
    mask[:, 300:] = 128
    made, full = np.asarray(look.apply(photo, mask=mask)), np.asarray(look.apply(photo))
    assert np.array_equal(made[:, :200], photo[:, :200])
    assert np.array_equal(made[:, 200:300], full[:, 200:300])
    half = photo[:, 300:] + (128 / 255) * (full[:, 300:].astype(float) - photo[:, 300:])
    assert np.abs(made[:, 300:] - half).max() <= 1


def test_a_map_for_each_region_leaves_the_other_region_its_own():
    photo = np.concatenate([flat(WARM), flat(WARM)], axis=1)
    left = np.zeros(photo.shape[:2], bool)
    left[:, :80] = True
    one, other = tinct.fit_template(photo, "green"), tinct.fit_template(photo, "purple")
    both = other.apply(one.apply(photo, mask=left), mask=~left)
    assert np.array_equal(both.pixels[:, :80], one.apply(photo).pixels[:, :80])
    assert np.array_equal(both.pixels[:, 80:], other.apply(photo).pixels[:, 80:])


@pytest.mark.parametrize("depth", [8, 16])
def test_a_mask_and_the_people_who_are_kept_work_together(depth):
    photo = tinct.Photo.from_array(data.astronaut() / 255, depth=depth)
    people = tinct.migrate(photo, "template", colors="teal").people
    assert people is not None
    look = tinct.fit_template(photo, "teal")
    everywhere = np.full((512, 512), 255, np.uint8)
    kept = look.apply(photo, protect=people).pixels.astype(int)
    assert np.abs(look.apply(photo, mask=everywhere, protect=people).pixels.astype(int) - kept).max() <= 1
    none = look.apply(photo, mask=np.zeros((512, 512), bool), protect=people)
    assert np.array_equal(none.pixels, photo.pixels)


def test_opacity_of_a_mask_counts_as_laid_on_black():
    photo, look = flat(WARM), tinct.fit_template(flat(WARM), "navy")
    mask = np.full((60, 80, 4), 255, np.uint8)
    mask[:30, :, 3] = 0
    made = look.apply(photo, mask=mask).pixels
    assert np.array_equal(made[:30], photo[:30])
    assert not np.array_equal(made[30:], photo[30:])


def test_a_mask_of_another_size_is_refused_with_both_sizes():
    with pytest.raises(ParameterError, match=r"^mask: got '80x30'; allowed: 80x60"):
        tinct.ColorMap.identity().apply(flat(WARM), mask=np.zeros((30, 80), bool))


def test_a_fit_sees_only_what_the_mask_shows():
    photo = np.concatenate([flat(WARM), flat(COOL)], axis=1)
    left = np.zeros(photo.shape[:2], bool)
    left[:, :80] = True
    masked = tinct.fit_reference(photo, flat((90, 160, 70)), mask=left)
    alone = tinct.fit_reference(flat(WARM), flat((90, 160, 70)))
    differ = masked.colors(np.float32([WARM]) / 255) - alone.colors(np.float32([WARM]) / 255)
    assert np.abs(differ).max() < 0.05
    of_part = tinct.fit_reference(flat(WARM), photo, reference_mask=~left)
    of_whole = tinct.fit_reference(flat(WARM), flat(COOL))
    differ = of_part.colors(np.float32([WARM]) / 255) - of_whole.colors(np.float32([WARM]) / 255)
    assert np.abs(differ).max() < 0.05
    with pytest.raises(ParameterError, match="nothing but black"):
        tinct.fit_auto(photo, mask=np.zeros(photo.shape[:2], bool))
    with pytest.raises(ParameterError, match="one for each photo"):
        tinct.fit_auto([photo, photo], mask=left)
