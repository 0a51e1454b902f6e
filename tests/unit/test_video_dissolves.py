"""Where one shot dissolves into the next no colour jumps, and neighbouring shots may be alike by choice."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from clips import pan, rgb, write

import tinct
from tinct.clip.clip import Clip
from tinct.imaging.shots import shots

WARM, COLD = np.array([1.0, 0.6, 0.3]), np.array([0.2, 0.4, 1.0])


def dissolve(length: int, each: int = 16) -> list[np.ndarray]:
    """A warm shot that dissolves into a cold one by `length` mixed frames."""
    whole = each * 2 + length
    one, other = (
        [f * tint for f in pan(whole, 128, 96, seed=k, step=1)] for k, tint in ((1, WARM), (2, COLD))
    )
    shares = np.clip((np.arange(whole) - each + 1) / (length + 1), 0, 1)
    mixed = [a * (1 - s) + b * s for a, b, s in zip(one, other, shares, strict=True)]
    return [np.clip(np.rint(f), 0, 255).astype(np.uint8) for f in mixed]


@pytest.mark.parametrize("length", [2, 4, 12, 24])
def test_a_dissolve_is_found_and_ends_a_shot_once(tmp_path: Path, length: int) -> None:
    frames = dissolve(length)
    found = list(shots(Clip.open(write(tmp_path / "a.mp4", frames))))
    assert len(found) == 2
    assert sum(shot.count for shot in found) == len(frames)
    told = found[1].dissolve
    assert told is not None
    assert told[0] == pytest.approx(15, abs=3)
    assert told[1] == pytest.approx(16 + length, abs=3)
    assert told[0] < found[1].first <= told[1]
    red, blue = (np.mean([v[..., 0].mean() - v[..., 2].mean() for v in shot.views]) for shot in found)
    assert red > 40
    assert blue < -40


def test_a_pan_a_fade_to_black_and_a_light_that_grows_are_no_dissolves(tmp_path: Path) -> None:
    still = pan(1, 128, 96, seed=3)[0]
    for name, frames in {
        "pan": pan(40, 128, 96, step=4),
        "black": [(still * min(1, max(0, (30 - n) / 20))).astype(np.uint8) for n in range(40)],
        "light": [(still * min(1, max(0.4, n / 30))).astype(np.uint8) for n in range(40)],
    }.items():
        found = list(shots(Clip.open(write(tmp_path / f"{name}.mp4", frames))))
        assert [shot.dissolve for shot in found] == [None], name


def test_a_cut_is_no_dissolve(tmp_path: Path) -> None:
    frames = dissolve(0)
    found = list(shots(Clip.open(write(tmp_path / "a.mp4", frames))))
    assert [(shot.first, shot.dissolve) for shot in found] == [(0, None), (16, None)]


def steps(frames: list[np.ndarray]) -> float:
    """The largest change of the mean colour from one frame to the next."""
    means = [frame.reshape(-1, 3).mean(axis=0) for frame in frames]
    return max(float(np.abs(b - a).max()) for a, b in pairwise(means))


@pytest.mark.parametrize("length", [4, 12])
def test_colours_do_not_jump_in_a_dissolve(tmp_path: Path, length: int) -> None:
    path = write(tmp_path / "a.mp4", dissolve(length), options={"crf": "8"})
    made = tinct.video.migrate(path, "template", colors="crimson,teal", portrait=False)
    assert len(made.color_maps) == 2
    whole = tinct.video.migrate(path, "template", colors="crimson,teal", portrait=False, shots="one")
    means = [frame.reshape(-1, 3).mean(axis=0) for frame in rgb(made.clip.path)]
    apart = np.abs(means[-1] - means[0]).max()
    assert steps(rgb(made.clip.path)) < max(
        1.5 * apart / length, 1.5 * steps(rgb(path)), 1.5 * steps(rgb(whole.clip.path))
    )


def test_maps_of_neighbouring_shots_are_mixed_by_choice(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", dissolve(0))
    each, smooth = (tinct.video.migrate(path, portrait=False, shots=shots) for shots in ("each", "smooth"))
    a, b = (one.lattice for one in each.color_maps)
    mixed = smooth.color_maps
    assert np.abs(mixed[0].lattice - (2 * a + b) / 3).max() < 1e-5
    assert np.abs(mixed[1].lattice - (a + 2 * b) / 3).max() < 1e-5
    assert smooth.starts == each.starts
