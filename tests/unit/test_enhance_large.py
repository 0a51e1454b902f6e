"""Enlarging large photos: networks are asked where there is something to enlarge, or a small one is."""

import cv2
import numpy as np
import pytest
from skimage import data

import tinct
from tinct.effects.enhance.by_luma import by_luma
from tinct.effects.enhance.drawn import drawn_cells, effort_of, where_drawn
from tinct.effects.enhance.engines import ENGINES
from tinct.effects.enhance.work import tiling
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo

CAT = np.ascontiguousarray(data.chelsea()[:288, :384]).astype(np.float32) / 255


def soft_with_islands(count: int) -> np.ndarray:
    """A picture out of focus, with some of it sharp."""
    out = cv2.GaussianBlur(CAT, (0, 0), 6)
    for number in range(count):
        top, left = 40 + 90 * (number % 2), 60 + 100 * number
        out[top : top + 40, left : left + 50] = CAT[top + 60 : top + 100, left + 20 : left + 70]
    return out


def asked(seen: np.ndarray, margin: int = 12) -> tuple[np.ndarray, list[tuple[int, ...]]]:
    """What becomes of a window under a network that makes all it sees lighter, and what it was shown."""
    shown: list[tuple[int, ...]] = []

    def network(part: np.ndarray) -> np.ndarray:
        shown.append(part.shape[:2])
        larger = cv2.resize(part, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) + np.float32(0.1)
        larger[: 2 * margin] = larger[-2 * margin :] = 9  # of no use, as it lacks context
        larger[:, : 2 * margin] = larger[:, -2 * margin :] = 9
        return larger

    return where_drawn(seen, 2, margin, network), shown


def test_a_network_is_asked_about_what_has_detail_and_nothing_else():
    seen = soft_with_islands(3)
    made, shown = asked(seen)
    plain = cv2.resize(seen, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    gained = np.abs(made - plain).mean(axis=2)
    drawn = np.repeat(np.repeat(drawn_cells(seen), 32, axis=0), 32, axis=1)[: made.shape[0], : made.shape[1]]
    assert 0.03 < drawn.mean() < 0.2
    assert (np.abs(gained[drawn] - 0.1) < 0.02).all()
    far = cv2.dilate(drawn.astype(np.uint8), np.ones((41, 41), np.uint8)) == 0
    assert gained[far].mean() < 0.01
    assert gained.max() < 0.13  # no answer that lacks context
    assert 1 < len(shown) < 6
    assert sum(h * w for h, w in shown) < 0.5 * seen.shape[0] * seen.shape[1]


def test_a_window_full_of_detail_is_asked_about_whole_and_a_smooth_one_not_at_all():
    rng = np.random.default_rng(0)
    full = rng.random((96, 120, 3), np.float32)
    assert asked(full)[1] == [(96, 120)]
    assert asked(cv2.GaussianBlur(CAT, (0, 0), 6))[1] == []
    assert asked(np.full((5, 7, 3), 0.5, np.float32))[0].shape == (10, 14, 3)


def test_the_estimate_knows_how_much_is_smooth():
    soft, some, full = (
        effort_of(
            np.rint(np.clip(p, 0, 1) * 255).astype(np.uint8), tiling(*p.shape[:2], ENGINES["span"], 192)
        )
        for p in (soft_with_islands(0), soft_with_islands(3), np.random.default_rng(0).random((200, 300, 3)))
    )
    assert soft == pytest.approx(0.15)
    assert soft < some < full == 1


@pytest.mark.parametrize("shape", [(8, 9), (9, 8), (61, 47)])
def test_the_small_network_doubles_any_size_and_keeps_colours(shape):
    seen = np.ascontiguousarray(CAT[60 : 60 + shape[0], 100 : 100 + shape[1]])
    made = by_luma("clip", seen)
    assert made.shape == (2 * shape[0], 2 * shape[1], 3)
    back = cv2.resize(made, shape[::-1], interpolation=cv2.INTER_AREA)
    assert delta_e_2000(srgb_to_lab(np.clip(back, 0, 1)), srgb_to_lab(seen)).mean() < 1.5


def test_the_small_network_draws_more_than_interpolation_does():
    truth = np.rint(CAT * 255).astype(np.uint8)
    small = cv2.resize(truth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    made = tinct.enhance(Photo(small), 2, "luma")
    plain = cv2.resize(small, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    errors = [np.square(x.astype(float) - truth).mean() for x in (made.photo.pixels, plain)]
    assert errors[0] < 0.95 * errors[1]
    assert made.engine == "luma"
