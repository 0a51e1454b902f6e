"""Colours that a clip was given do not flicker, and hints of a moment are followed through their shot."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from clips import pan, write

import tinct
from tinct.clip.planes import Planes
from tinct.imaging.steady import Steady

SIZE = (64, 96)
HALF = (32, 48)


def plane(value: float, shape: tuple[int, int], noise: float = 0, seed: int = 0) -> np.ndarray:
    made = value + noise * np.random.default_rng(seed).normal(size=shape)
    return np.clip(np.rint(made), 0, 255).astype(np.uint8)


def noisy(number: int, chroma: float = 128, gain: float = 1) -> Planes:
    """A flat frame whose noise of chroma is `gain` times 2."""
    u, v = (plane(chroma, HALF, 2 * gain, 10 * number + k) for k in (1, 2))
    return Planes(plane(120, SIZE, 1, number), u, v)


def change(frames: list[Planes]) -> float:
    return float(np.mean([np.abs(b.u.astype(int) - a.u).mean() for a, b in pairwise(frames)]))


def test_noise_that_a_map_made_vivid_does_not_flicker() -> None:
    steady = Steady()
    vivid = [noisy(n, 90, gain=3) for n in range(10)]
    made = [steady(noisy(n), one, begins=not n) for n, one in enumerate(vivid)]
    assert change(made) < 0.5 * change(vivid)
    assert np.mean(made[-1].u) == pytest.approx(90, abs=0.7)
    assert all(a.y is b.y for a, b in zip(made, vivid, strict=True))  # luma is not touched


def test_chroma_that_stays_the_clips_own_is_not_touched() -> None:
    steady = Steady()
    for n in range(5):
        own = noisy(n)
        made = steady(own, own, begins=not n)
        assert (made.u == own.u).all()
        assert (made.v == own.v).all()


def test_what_takes_another_colour_has_it_at_once_and_a_cut_takes_nothing_along() -> None:
    steady = Steady()
    for n in range(6):
        steady(noisy(n), noisy(n, 90, gain=2), begins=not n)
    other = steady(noisy(6, chroma=150), noisy(6, 180))
    assert np.mean(other.u) == pytest.approx(180, abs=1)
    cut = steady(noisy(7, chroma=150), noisy(7, 60), begins=True)
    assert np.mean(cut.u) == pytest.approx(60, abs=0.5)


def test_a_vivid_template_flickers_little_more_than_its_clip(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = [
        np.clip(0.3 * f + 84 + rng.normal(0, 4, f.shape), 0, 255).astype(np.uint8)
        for f in [pan(1, 192, 128)[0]] * 10
    ]
    path = write(tmp_path / "a.mp4", frames, options={"crf": "8"})
    made = tinct.video.migrate(path, "template", colors="navy,orange", portrait=False)
    source, result = (list(clip.frames()) for clip in (tinct.video.Clip.open(path), made.clip))
    spread = [np.std([f.u.astype(float) for f in some]) for some in (source, result)]
    assert spread[1] > 1.2 * spread[0]  # it is vivid
    assert change(result[3:]) < 1.3 * change(source[3:])
