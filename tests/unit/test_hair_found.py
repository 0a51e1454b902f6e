"""Hair found by the network and the photo's colours."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from tinct.faces.find import installed, largest_face
from tinct.imaging.hair.found import _clothes, _neck, _score, found_hair
from tinct.imaging.hair.network import FACE, HAIR, classes
from tinct.imaging.hair.seen import Seen, look
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo

pytestmark = pytest.mark.skipif(not installed(), reason="the face networks are not installed")


@pytest.fixture(scope="module")
def seen() -> Seen:
    """The astronaut, whose hair falls beside a dark flag and an orange suit."""
    photo = Photo(data.astronaut())
    return look(photo, largest_face(photo))


def test_probabilities_sum_to_one_where_the_view_reaches(seen: Seen) -> None:
    probability = classes(seen)
    assert probability.shape == (*seen.shape, 4)
    near = (np.abs(seen.u) < 1.2) & (seen.v > -1.2) & (seen.v < 2)
    assert np.abs(probability.sum(axis=2)[near] - 1).max() < 1e-3


def test_the_astronauts_hair_is_hair_and_her_cheeks_and_suit_are_not(seen: Seen) -> None:
    found = found_hair(seen)
    cheeks = (seen.oval > 0.5) & (seen.v > 0.1) & (seen.v < 0.4) & (np.abs(seen.u) < 0.3)
    crown = (np.abs(seen.u) < 0.2) & (np.abs(seen.v - (float(seen.place(10)[1]) - 0.15)) < 0.05)
    suit = (seen.v > seen.place(152)[1] + 0.6) & (np.abs(seen.u) < 0.8)
    assert found.crown > 0.6
    assert found.mask[crown].mean() > 0.9
    assert found.mask[cheeks].mean() < 0.02
    assert found.mask[suit].mean() < 0.05
    assert classes(seen)[cheeks][:, FACE].mean() > 0.6


@pytest.mark.parametrize("color", [(0.1, 0.2, 0.45), (0.6, 0.1, 0.1), (0.15, 0.35, 0.2), (0.5, 0.5, 0.5)])
def test_a_knit_cap_over_all_hair_is_no_hair(seen: Seen, color: tuple[float, float, float]) -> None:
    top = float(seen.place(10)[1])
    cap = (np.hypot(seen.u / 0.75, (seen.v - top) / 0.75) < 1) & (seen.v < top + 0.12)
    beside = (np.abs(seen.u) > 0.42) & (classes(seen)[..., HAIR] > 0.3)
    rgb = seen.rgb.copy()
    ribs = 0.03 * np.sign(np.sin(40 * seen.u))[..., None]
    rgb[cap] = np.clip(np.array(color) + ribs, 0, 1)[cap]
    before = found_hair(seen).crown
    worn = replace(seen, rgb=rgb.astype(np.float32), lab=srgb_to_lab(rgb.astype(np.float32)))
    assert beside.any()
    assert found_hair(worn).crown < 0.5 * before


def test_what_looks_like_hair_is_less_likely_hair_where_the_segmenter_sees_nobody(seen: Seen) -> None:
    behind = (seen.u > 0.35) & (seen.v < 0.2)
    alone = replace(seen, person=np.where(behind, 0.02, seen.person).astype(np.float32))
    probability = classes(seen)
    change = _score(alone, probability) - _score(seen, probability)
    inside = (seen.u > 0.45) & (seen.v < 0.1) & (seen.person > 0.5)
    assert inside.sum() > 100
    assert change[inside].max() < -3
    assert np.abs(change[seen.u < 0.25]).max() < 1e-3


def test_clothes_and_the_necks_shade_below_the_chin_lose_the_odds_of_hair(seen: Seen) -> None:
    chin = float(seen.place(152)[1])
    probability = classes(seen)[..., HAIR]
    suit = (seen.v > chin + 0.7) & (np.abs(seen.u) < 0.6)
    taken = np.where(suit, 0.6, probability).astype(np.float32)
    change = _clothes(seen, taken)
    assert change[suit].mean() < -3
    assert not change[seen.v < chin].any()
    assert _neck(seen, taken)[seen.v < chin - 0.3].max() <= 0
    assert not _neck(seen, taken)[np.abs(seen.u) > 0.8].any()
