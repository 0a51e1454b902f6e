"""Motion and light end no shot; cuts, dissolves and fades do, in motion too."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import write
from skimage import data

from tinct.clip.clip import Clip
from tinct.imaging.shots import Shot, shots

SIZE = (128, 96)
ONE, OTHER = (cv2.blur(photo, (2, 2)) for photo in (data.astronaut()[:, :, :3], data.coffee()))


def view(pixels: np.ndarray, x: float, y: float, scale: float = 2) -> np.ndarray:
    place = np.array([[scale, 0, x], [0, scale, y]], np.float32)
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(pixels, place, SIZE, flags=how, borderMode=cv2.BORDER_REFLECT)


def pan(pixels: np.ndarray, n: int, step: float = 5) -> np.ndarray:
    return view(pixels, 20 + step * n, 60 + 0.4 * step * n)


def parallax(pixels: np.ndarray, n: int) -> np.ndarray:
    near = np.arange(SIZE[1])[:, None, None] > 56
    return np.where(near, view(OTHER, 6 * n, 150, 1.6), view(pixels, 2 * n, 40))


def mixed(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    return cv2.addWeighted(one, 1 - share, other, share, 0)


def found(folder: Path, frames: list[np.ndarray]) -> list[Shot]:
    return list(shots(Clip.open(write(folder / "a.mp4", frames, options={"crf": "20"}))))


@pytest.mark.parametrize(
    "frame",
    [
        lambda n: pan(ONE, n),
        lambda n: view(ONE, 4 * n, 3 * n, 3.2 - 0.04 * n),
        lambda n: parallax(ONE, n),
    ],
    ids=["pan", "zoom", "parallax"],
)
def test_steady_motion_is_one_shot(tmp_path: Path, frame: Callable[[int], np.ndarray]) -> None:
    assert [(s.first, s.count) for s in found(tmp_path, [frame(n) for n in range(50)])] == [(0, 50)]


def test_exposure_that_follows_what_passes_ends_no_shot(tmp_path: Path) -> None:
    frames = []
    for n in range(44):
        gain = 1 - 0.45 * np.clip((n - 14) / 8, 0, 1)
        seen = view(ONE, 100, 250) * 0.25 + 110  # of little contrast, as a street is
        seen[30:70, max(0, 6 * n - 100) : max(0, 6 * n - 60)] = 250
        frames.append(np.clip(seen * gain, 0, 255).astype(np.uint8))
    assert len(found(tmp_path, frames)) == 1


def test_two_pans_that_dissolve_are_two_shots(tmp_path: Path) -> None:
    shares = [float(np.clip((n - 15) / 13, 0, 1)) for n in range(44)]
    frames = [mixed(pan(ONE, n, 3), pan(OTHER, n, 3), share) for n, share in enumerate(shares)]
    parts = found(tmp_path, frames)
    assert len(parts) == 2
    assert parts[1].dissolve == (pytest.approx(15, abs=3), pytest.approx(28, abs=3))


@pytest.mark.parametrize("plain", [0, 255])
def test_a_fade_through_black_or_white_ends_a_shot_where_nothing_is_seen(tmp_path: Path, plain: int) -> None:
    empty = np.full((SIZE[1], SIZE[0], 3), plain, np.uint8)
    shares = [float(np.clip(abs(n - 25) / 10, 0, 1)) for n in range(50)]
    frames = [mixed(empty, pan(ONE if n < 25 else OTHER, n), share) for n, share in enumerate(shares)]
    parts = found(tmp_path, frames)
    assert len(parts) == 2
    assert parts[1].first == pytest.approx(25, abs=2)
    assert parts[1].dissolve is None
    assert min(v.std() for s in parts for v in s.views) > 5  # nothing is fitted on what is empty


def test_a_fade_to_black_and_back_to_the_same_picture_is_one_shot(tmp_path: Path) -> None:
    shares = [float(np.clip(abs(n - 25) / 10, 0, 1)) for n in range(50)]
    frames = [(view(ONE, 40 + n, 60) * share).astype(np.uint8) for n, share in enumerate(shares)]
    assert len(found(tmp_path, frames)) == 1
