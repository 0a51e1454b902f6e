"""Hints of a clip: a colour at a moment is followed along motion, on and back, within its shot."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import rgb, write
from skimage import data
from typer.testing import CliRunner

import tinct
from tinct.cli import app
from tinct.clip.clip import Clip
from tinct.effects.colorize.tracked import ClipHint, points_at, tracked
from tinct.errors import ParameterError

COUNT, STEP, CUT = 20, 3, 12
BALL = (40, 60)  # row and column of its middle on the first frame


def ball(count: int = COUNT) -> list[np.ndarray]:
    """Grey frames of a ball that goes to the right over still ground."""
    photo = cv2.resize(data.camera(), (192, 128), interpolation=cv2.INTER_AREA)
    ground = np.clip(photo * 0.4 + 20, 0, 255).astype(np.uint8)
    spots = np.random.default_rng(1).integers(150, 230, (12, 12)).astype(np.uint8)
    skin = cv2.resize(spots, (48, 48), interpolation=cv2.INTER_CUBIC)
    inside = np.hypot(*np.mgrid[-24:24, -24:24]) < 22
    frames = []
    for n in range(count):
        frame = ground.copy()
        part = frame[BALL[0] - 24 : BALL[0] + 24, BALL[1] + STEP * n - 24 : BALL[1] + STEP * n + 24]
        part[inside] = skin[inside]
        frames.append(frame[..., None].repeat(3, 2))
    return frames


@pytest.fixture(scope="module")
def moving(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ball that moves for 12 frames; then a cut to something else, 8 frames long."""
    frames = ball(CUT)
    other = np.ascontiguousarray(255 - frames[0][::-1])
    return write(
        tmp_path_factory.mktemp("clips") / "ball.mp4", frames + [other] * (COUNT - CUT), options={"crf": "8"}
    )


def followed(path: Path, *hints: tuple[float, int, int, str]) -> list:
    given = [ClipHint(at=at, x=x, y=y, color=color) for at, x, y, color in hints]
    return tracked(Clip.open(path), given, lambda share: None)


def test_a_point_is_followed_on_and_back_and_not_across_the_cut(moving: Path) -> None:
    (track,) = followed(moving, (6 / 25, BALL[1] + 6 * STEP, BALL[0], "red"))
    assert track.frame == 6
    assert sorted(track.places) == list(range(CUT))
    for number, (row, column) in track.places.items():
        assert row * 128 == pytest.approx(BALL[0], abs=2)
        assert column * 192 == pytest.approx(BALL[1] + number * STEP, abs=3)
    assert track.seconds == (0, pytest.approx((CUT - 1) / 25))


def test_a_point_after_the_cut_stays_there(moving: Path) -> None:
    (track,) = followed(moving, (0.6, 100, 60, "red"))
    assert min(track.places) == CUT
    assert max(track.places) == COUNT - 1


def test_what_is_covered_is_not_followed_into_what_covers_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", ball(12), options={"crf": "8"})
    ahead = BALL[1] + 40  # the ball gets there at the sixth frame
    (track,) = followed(path, (0.0, ahead, BALL[0], "blue"))
    assert max(track.places) < 9


def test_of_two_hints_of_a_place_the_nearer_in_time_comes_last(moving: Path) -> None:
    tracks = followed(moving, (0.0, *BALL[::-1], "red"), (10 / 25, BALL[1] + 10 * STEP, BALL[0], "blue"))
    early, late = points_at(tracks, 1), points_at(tracks, 9)
    assert early[-1, 2] == pytest.approx(tracks[0].chroma[0])
    assert late[-1, 2] == pytest.approx(tracks[1].chroma[0])


def chroma(frame: np.ndarray, row: int, column: int) -> np.ndarray:
    part = frame[row - 5 : row + 6, column - 5 : column + 6].astype(np.float32) / 255
    return cv2.cvtColor(part, cv2.COLOR_RGB2LAB)[..., 1:].mean(axis=(0, 1))


def test_a_hint_colours_its_thing_in_the_whole_shot_and_nothing_beyond_it(moving: Path) -> None:
    hint = (8 / 25, BALL[1] + 8 * STEP, BALL[0], "#d02020")
    plain, made = tinct.video.colorize(moving), tinct.video.colorize(moving, hints=[hint])
    without, result = rgb(plain.clip.path), rgb(made.clip.path)
    for number in (0, 4, 8, 11):
        a, _ = chroma(result[number], BALL[0], BALL[1] + number * STEP)
        assert a > 20, number
        assert a > chroma(without[number], BALL[0], BALL[1] + number * STEP)[0] + 10
    gap = [np.abs(a.astype(int) - b).mean() for a, b in zip(result[CUT:], without[CUT:], strict=True)]
    assert max(gap) < 1
    assert made.followed == ((0.0, pytest.approx(0.44)),)


@pytest.mark.parametrize(
    ("hint", "words"),
    [
        ((0.1, 192, 5, "red"), "x below 192"),
        ((9, 5, 5, "red"), "a moment of the clip, which runs 0.80 s"),
        ((-1, 5, 5, "red"), "hints"),
        ((0.1, 5, 5, "reddish"), "reddish"),
        ((5, 5, "red"), "hints"),
    ],
)
def test_wrong_hints_are_refused_by_name(moving: Path, hint: tuple, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        tinct.video.colorize(moving, hints=[hint])


def test_the_command_takes_hints_with_a_time(moving: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(
        app, ["video", "colorize", str(moving), "--hint", "0.24,78,40,#d02020", "-o", str(tmp_path / "a.mp4")]
    )
    assert result.exit_code == 0, result.output
    assert chroma(rgb(tmp_path / "a.mp4")[6], BALL[0], BALL[1] + 6 * STEP)[0] > 20
