"""Effects on clips: one map a shot, nothing flickers, nothing bleeds across a cut; and their commands."""

import json
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import pan, rgb, write
from skimage import data
from typer.testing import CliRunner

import tinct
from tinct.cli import app
from tinct.clip.clip import Clip
from tinct.effects.registry import get
from tinct.errors import ParameterError
from tinct.imaging.motion import Motion
from tinct.imaging.shots import shots
from tinct.photo.photo import Photo


def two_shots(path: Path, each: int = 10) -> Path:
    """A warm pan, then a cold one."""
    warm = [np.clip(f * np.array([1.0, 0.6, 0.3]), 0, 255).astype(np.uint8) for f in pan(each, seed=1)]
    cold = [np.clip(f * np.array([0.2, 0.4, 1.0]), 0, 255).astype(np.uint8) for f in pan(each, seed=2)]
    return write(path, warm + cold)


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return two_shots(tmp_path_factory.mktemp("clips") / "cut.mp4")


def test_shots_end_where_the_clip_is_cut(cut: Path) -> None:
    found = list(shots(Clip.open(cut)))
    assert [(shot.first, shot.count) for shot in found] == [(0, 10), (10, 10)]
    assert all(1 <= len(shot.views) <= 9 for shot in found)
    assert [(shot.first, shot.count) for shot in shots(Clip.open(cut), whole=True)] == [(0, 20)]


def test_a_pan_a_flash_and_a_fade_are_one_shot(tmp_path: Path) -> None:
    frames = pan(24, step=6)
    frames[12] = np.clip(frames[12].astype(int) + 90, 0, 255).astype(np.uint8)  # a flash
    faded = [(f * (1 - n / 40)).astype(np.uint8) for n, f in enumerate(frames)]
    assert len(list(shots(Clip.open(write(tmp_path / "a.mp4", faded))))) <= 2


def test_motion_carries_values_to_where_things_went() -> None:
    frames = pan(2, 160, 96, step=6)
    now, then = (cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in frames[::-1])
    values = then.astype(np.float32)
    carried = Motion(now, then).carried(values)
    inside = np.s_[8:-8, 8:-16]
    assert np.abs(carried - now)[inside].mean() < 0.35 * np.abs(values - now)[inside].mean()
    assert Motion(now, then).trust(96, 160)[inside].mean() > 0.7


def test_degree_0_returns_the_frames_of_the_source(cut: Path) -> None:
    made = tinct.video.migrate(cut, degree=0, portrait=False)
    pairs = zip(Clip.open(cut).frames(), made.clip.frames(), strict=True)
    assert max(np.abs(a.y.astype(int) - b.y).mean() for a, b in pairs) < 1  # coded once more, nothing else


def test_each_shot_has_a_map_of_its_own_and_no_frame_another_ones(cut: Path) -> None:
    made = tinct.video.migrate(cut, "template", colors="navy,orange", portrait=False)
    assert made.starts == (0.0, pytest.approx(0.4))
    assert len(made.color_maps) == 2
    source, result = rgb(cut), rgb(made.clip.path)
    for number, frame in enumerate(source):
        wanted = made.color_maps[number // 10].apply(Photo(frame)).pixels.astype(int)
        other = made.color_maps[1 - number // 10].apply(Photo(frame)).pixels.astype(int)
        found = result[number].astype(int)
        assert np.abs(found - wanted).mean() < 0.5 * np.abs(found - other).mean()


def test_one_map_for_all_shots_by_choice(cut: Path) -> None:
    made = tinct.video.migrate(cut, portrait=False, shots="one")
    assert len(made.color_maps) == 1
    assert made.starts == (0.0,)


def test_a_map_is_applied_as_to_a_photo(cut: Path) -> None:
    first = tinct.video.migrate(cut, "template", colors="teal", portrait=False, shots="one", maps=True)
    again = tinct.video.migrate(cut, "map", map=first.strips[0], portrait=False)
    gap = [
        np.abs(a.astype(int) - b).mean()
        for a, b in zip(rgb(first.clip.path), rgb(again.clip.path), strict=True)
    ]
    assert max(gap) < 2


def flicker(frames: list[np.ndarray]) -> float:
    """Change of mean lightness from frame to frame, against that of the frames' trend."""
    means = np.array([frame.mean() for frame in frames])
    return float(np.abs(np.diff(means, 2)).mean())


def test_a_dark_clip_becomes_light_by_one_curve_and_does_not_pump(tmp_path: Path) -> None:
    dark = [(frame * 0.18).astype(np.uint8) for frame in pan(16, seed=3)]
    path = write(tmp_path / "dark.mp4", dark, options={"crf": "8"})
    made = tinct.video.light(path)
    source, result = rgb(path), rgb(made.clip.path)
    assert np.mean(result) > 1.6 * np.mean(source)
    assert flicker(result) < 1.3 * flicker(source) * np.mean(result) / np.mean(source) + 0.1
    assert made.gains[0] > 1.3
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 4, 0).repeat(3, 2)
    lit = made.color_maps[0].apply(Photo(ramp)).pixels[0, :, 0].astype(int)
    assert (np.diff(lit) >= 0).all()
    assert lit[255] == 255


def test_a_bright_clip_stays_as_it_is_lit(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", pan(6, seed=4))
    made = tinct.video.light(path)
    assert np.mean(rgb(made.clip.path)) == pytest.approx(np.mean(rgb(path)), rel=0.15)


def test_a_tinted_clip_is_whitened_by_one_light(tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(40, 220, 128)[None, :, None], 96, 0).repeat(3, 2)
    tinted = [
        np.clip(np.roll(ramp, n, axis=1) * [1.0, 0.85, 0.62], 0, 255).astype(np.uint8) for n in range(8)
    ]
    made = tinct.video.correct(write(tmp_path / "a.mp4", tinted))
    before, after = np.mean(tinted, axis=(0, 1, 2)), np.mean(rgb(made.clip.path), axis=(0, 1, 2))
    assert np.ptp(after) < 0.75 * np.ptp(before)
    assert len(made.tints) == 1


def test_parameters_of_other_modes_are_refused(cut: Path) -> None:
    with pytest.raises(ParameterError, match="colors"):
        tinct.video.migrate(cut, "template")
    with pytest.raises(ParameterError, match="shots"):
        tinct.video.light(cut, shots="few")


# -- commands --------------------------------------------------------------------------------------


def run(*arguments: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["video", *map(str, arguments)])
    return result.exit_code, result.output


def test_the_command_writes_a_clip_its_maps_and_a_comparison(cut: Path, tmp_path: Path) -> None:
    status, said = run(
        "migrate", cut, "--mode", "template", "--color", "navy", "--no-portrait", "--cube", tmp_path / "a.cube",
        "--compare", tmp_path / "both.png", "-o", tmp_path / "made.mp4", "--json",
    )  # fmt: skip
    assert status == 0, said
    report = json.loads(said)[0]
    assert report["results"] == [str(tmp_path / "made.mp4")]
    assert [Path(name).name for name in report["maps"]] == ["a.cube", "a-2.cube"]
    assert tinct.ColorMap.load(tmp_path / "a.cube").size == 33
    assert tinct.open(tmp_path / "both.png").width == 4 * 392
    assert Clip.open(tmp_path / "made.mp4").facts.frames == 20


def test_the_option_that_is_given_says_the_mode_and_a_saved_map_is_applied(cut: Path, tmp_path: Path) -> None:
    status, said = run("migrate", cut, "--color", "navy", "--no-portrait", "-o", tmp_path / "a.mp4", "--json")
    assert status == 0, said
    cube = tmp_path / "swap.cube"
    tinct.ColorMap(tinct.ColorMap.identity().lattice[..., ::-1]).save(cube)
    status, said = run("migrate", cut, "--apply", cube, "--no-portrait", "-o", tmp_path / "b.mp4", "--json")
    assert status == 0, said
    before, after = rgb(cut)[0].astype(int), rgb(tmp_path / "b.mp4")[0].astype(int)
    assert np.abs(after - before[..., ::-1]).mean() < 6 < np.abs(after - before).mean()


def test_a_folder_is_worked_on_once_and_its_results_are_no_clips_of_it(cut: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.mp4").write_bytes(cut.read_bytes())
    (tmp_path / "in" / "broken.mp4").write_bytes(cut.read_bytes()[:500])
    status, said = run("light", tmp_path / "in")
    assert status == 1
    assert "a-light.mp4" in said
    assert "broken.mp4: the clip is truncated" in said.replace("\n", " ")
    status, said = run("light", tmp_path / "in", "--json")
    assert [Path(one["clip"]).name for one in json.loads(said)] == ["a.mp4", "broken.mp4"]
    assert json.loads(said)[1]["error"]["code"] == "clip_broken"
    assert sorted(p.name for p in (tmp_path / "in").iterdir()) == [
        "a-light-2.mp4", "a-light.mp4", "a.mp4", "broken.mp4",
    ]  # fmt: skip


def test_a_folder_run_goes_on_where_it_stopped_and_maps_are_called_after_clips(
    cut: Path, tmp_path: Path
) -> None:
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(cut.read_bytes())
    given = ("migrate", tmp_path, "--no-portrait", "-o", tmp_path / "out", "--skip-existing", "--json")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a-auto.mp4").write_bytes(b"an earlier result")
    status, said = run(*given, "--cube", tmp_path / "look.cube")
    assert status == 0, said
    one, other = json.loads(said)
    assert one == {"clip": str(tmp_path / "a.mp4"), "results": [], "skipped": "results exist"}
    assert other["results"] == [str(tmp_path / "out" / "b-auto.mp4")]
    assert [Path(name).name for name in other["maps"]] == ["look-b.cube", "look-b-2.cube"]
    assert (tmp_path / "out" / "a-auto.mp4").read_bytes() == b"an earlier result"
    status, said = run(*given, "--cube", tmp_path / "look-b.cube")
    assert status == 0, said
    assert [one.get("skipped") for one in json.loads(said)] == ["results exist"] * 2
    result = CliRunner().invoke(app, ["video", *map(str, given), "--overwrite"])
    assert "either --skip-existing or --overwrite" in f"{result.output}{result.exception}"


def test_an_estimate_is_not_far_above_what_a_short_clip_takes(cut: Path) -> None:
    facts = Clip.open(cut).facts
    size = {"image": [(facts.width, facts.height, facts.frames)]}
    for name in ("migrate", "light", "correct", "enhance", "colorize"):
        effect = get(f"video_{name}")
        assert effect.estimate is not None
        assert 0.5 < effect.estimate(size, effect.parse({})) < 4, name  # 20 small frames take .4 to 1.2 s


def test_a_comparison_may_be_a_clip(cut: Path, tmp_path: Path) -> None:
    status, said = run("light", cut, "-o", tmp_path / "a.mp4", "--compare", tmp_path / "both.mp4")
    assert status == 0, said
    both, source = rgb(tmp_path / "both.mp4")[0], rgb(cut)[0]
    assert np.abs(both[:, :50].astype(int) - source[:, :50]).mean() < 6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["light", "none.mp4"], "clip: got 'none.mp4'"),
        (["light", "{cut}", "--compare", "a.txt"], "--compare: got 'a.txt'"),
        (["migrate", "{cut}", "--mode", "template"], "1 to 7 colours"),
        (["colorize", "{cut}", "--hint", "9,9,navy"], "second,x,y,colour, such as"),
        (["colorize", "{cut}", "--hint", "0,999,9,navy"], "--hint: got '999,9'"),
    ],
)
def test_wrong_options_are_a_sentence(cut: Path, arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["video", *(one.format(cut=cut) for one in arguments)])
    assert result.exit_code != 0
    assert words in f"{result.output}{result.exception}"


def test_a_gray_clip_is_coloured_steadily_and_keeps_its_luminance(tmp_path: Path) -> None:
    photo = cv2.resize(data.astronaut(), (200, 200), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, 2)
    frames = [np.ascontiguousarray(grey[20:148, n : n + 160]) for n in range(12)]
    path = write(tmp_path / "grey.mp4", frames, options={"crf": "8"})
    made = tinct.video.colorize(path)
    coloured = [cv2.cvtColor(f.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for f in rgb(made.clip.path)]
    source = [cv2.cvtColor(f.astype(np.float32) / 255, cv2.COLOR_RGB2LAB) for f in rgb(path)]
    assert made.asked == 2
    assert np.mean([np.hypot(f[..., 1], f[..., 2]).mean() for f in coloured]) > 4
    assert np.mean([np.abs(a - b)[..., 0].mean() for a, b in zip(coloured, source, strict=True)]) < 2.5
    steps = [np.abs(b[:, :-1, 1:] - a[:, 1:, 1:]).mean() for a, b in pairwise(coloured)]
    assert np.mean(steps) < 2  # the pan moves by a pixel


def test_colours_do_not_bleed_across_a_cut(tmp_path: Path) -> None:
    photo = cv2.resize(data.astronaut(), (160, 128), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, 2)
    other = np.ascontiguousarray(255 - grey[::-1])
    path = write(tmp_path / "cut.mp4", [grey] * 6 + [other] * 6, options={"crf": "8"})
    alone = write(tmp_path / "alone.mp4", [other] * 6, options={"crf": "8"})
    made = [tinct.video.colorize(one) for one in (path, alone)]
    both, single = (rgb(one.clip.path) for one in made)
    assert np.abs(both[6].astype(int) - single[0]).mean() < 3
    assert np.abs(both[11].astype(int) - single[5]).mean() < 3
