"""Frames of a clip lend each other detail: what moves is resolved beyond one frame, what is new is not mixed up."""

import cv2
import numpy as np
import pytest
from skimage import data

from tinct.effects.enhance.fusion import Fusion
from tinct.models.runtime import session

FRAMES = 10


def pairs(step: tuple[float, float], noise: float = 0) -> list[tuple[np.ndarray, np.ndarray]]:
    """Truth (192, 256) float32 of a pan over a photo, and its half (96, 128) uint8."""
    photo, rng = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY), np.random.default_rng(0)
    found = []
    for n in range(FRAMES):
        place = np.array([[1, 0, 100 + step[0] * n], [0, 1, 20 + step[1] * n]], np.float32)
        truth = cv2.warpAffine(photo, place, (256, 192), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        half = (
            cv2.resize(truth, (128, 96), interpolation=cv2.INTER_AREA) + rng.normal(0, 1, (96, 128)) * noise
        )
        found.append((truth.astype(np.float32), np.rint(np.clip(half, 0, 255)).astype(np.uint8)))
    return found


def alone(half: np.ndarray) -> np.ndarray:
    seen = np.zeros((1, 5, *half.shape), np.float32)  # nothing is known beside it
    seen[0, 0] = half / np.float32(255)
    return np.asarray(session("clip").run({"seen": seen})[0][0, 0] * np.float32(255))


def seen(half: np.ndarray, noise: float = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return half, half.astype(np.float32), np.full(half.shape, noise, np.float32)


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    gap = (one - other)[16:-16, 16:-16]
    return float(10 * np.log10(255**2 / (gap**2).mean()))


def gain(step: tuple[float, float], noise: float = 0) -> float:
    """What fusing adds to the network alone, in dB, over the last frames."""
    fuse, gains = Fusion(), []
    for truth, half in pairs(step, noise):
        doubled = alone(half)
        fused = fuse(*seen(half, noise), doubled, False)
        gains.append(decibels(fused, truth) - decibels(doubled, truth))
    return float(np.mean(gains[FRAMES // 2 :]))


def test_what_moves_by_parts_of_a_pixel_is_resolved_beyond_one_frame() -> None:
    assert gain((2.6, 1.1)) > 1


def test_a_clip_that_stands_still_loses_nothing() -> None:
    assert gain((0, 0)) > 0


def test_noise_is_averaged_and_not_given_back() -> None:
    assert gain((2.6, 1.1), noise=8) > 1.5
    assert gain((0, 0), noise=8) > 1


def test_noise_is_not_given_back_to_the_first_frame_either() -> None:
    rng = np.random.default_rng(0)
    half = np.rint(np.clip(120 + 8 * rng.normal(size=(96, 128)), 0, 255)).astype(np.uint8)
    plain = np.full((192, 256), 120, np.float32)
    told, untold = (Fusion()(*seen(half, noise), plain, True) for noise in (8, 0))
    assert np.abs(told - plain).mean() < 0.2 * np.abs(untold - plain).mean()


def test_nothing_of_another_shot_is_seen_even_where_nobody_tells_of_the_cut() -> None:
    fuse = Fusion()
    for _, half in pairs((2.6, 1.1)):
        fuse(*seen(half), alone(half), False)
    other = 255 - pairs((2.6, 1.1))[0][1][:, ::-1]
    told = Fusion()(*seen(other), alone(other), True)
    assert np.abs(fuse(*seen(other), alone(other), False) - told).mean() < 1.5


def test_where_noise_is_to_stay_the_result_made_small_is_the_frame() -> None:
    fuse = Fusion()
    for _, half in pairs((2.6, 1.1), noise=8):
        fused = fuse(*seen(half), alone(half), False)
        small = cv2.resize(fused, (128, 96), interpolation=cv2.INTER_AREA)
        assert np.abs(small - half).mean() < 2  # the noise itself: 6.4


@pytest.mark.parametrize("size", [(16, 16), (17, 31), (16, 90)])
def test_the_smallest_and_odd_sizes_are_taken(size: tuple[int, int]) -> None:
    fuse, rng = Fusion(), np.random.default_rng(0)
    for _ in range(3):
        frame = rng.integers(0, 255, size, dtype=np.uint8)
        doubled = cv2.resize(frame.astype(np.float32), (size[1] * 2, size[0] * 2))
        fused = fuse(*seen(frame), doubled, False)
        assert fused.shape == doubled.shape
        assert np.isfinite(fused).all()
