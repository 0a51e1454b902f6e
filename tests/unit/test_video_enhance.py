"""Clips enhanced: noise goes along motion and nothing else does, and the network sharpens."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from clips import pan, rgb, write
from skimage import data

import tinct
from tinct.clip.clip import Clip
from tinct.clip.planes import Planes
from tinct.effects.enhance.temporal import Cleaner, noise_of
from tinct.effects.registry import get
from tinct.errors import ClipLimitError, MissingModelError
from tinct.models import runtime, store
from tinct.settings import Settings, current, use


def moving(count: int, step: float = 1.3) -> list[np.ndarray]:
    """Luma (192, 256) of a pan over a photo, uint8."""
    photo = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2GRAY)
    frames = []
    for n in range(count):
        place = np.array([[1, 0, 120 + step * n], [0, 1, 20 + 0.5 * n]], np.float32)
        frames.append(cv2.warpAffine(photo, place, (256, 192), flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP))
    return frames


def planes(luma: np.ndarray) -> Planes:
    grey = np.full((luma.shape[0] // 2, luma.shape[1] // 2), 128, np.uint8)
    return Planes(luma, grey, grey)


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    gap = (one.astype(np.float32) - other)[12:-12, 12:-12]
    return float(10 * np.log10(255**2 / max((gap**2).mean(), 1e-6)))


def test_noise_of_a_moving_clip_goes() -> None:
    rng, cleaner = np.random.default_rng(0), Cleaner(1.0)
    gains = []
    for frame in moving(10):
        noisy = np.clip(np.rint(frame + rng.normal(0, 8, frame.shape)), 0, 255).astype(np.uint8)
        gains.append(decibels(cleaner(planes(noisy)).planes[0], frame) - decibels(noisy, frame))
    assert gains[0] == 0
    assert np.mean(gains[5:]) > 2.5


def test_the_first_frames_are_averaged_with_those_that_follow_in_their_shot() -> None:
    rng = np.random.default_rng(0)
    truth = moving(7)
    shown = [np.clip(np.rint(f + rng.normal(0, 8, f.shape)), 0, 255).astype(np.uint8) for f in truth]
    gains = []
    for ahead in (shown[1:], [shown[1], *(255 - frame for frame in shown)]):
        cleaned = Cleaner(1.0)(planes(shown[0]), None, [planes(frame) for frame in ahead])
        gains.append(decibels(cleaned.planes[0], truth[0]) - decibels(shown[0], truth[0]))
    assert gains[0] > 2.5
    assert 1 < gains[1] < gains[0]  # of one frame alone, as the others are of another shot


def test_a_clip_without_noise_stays_as_it_is() -> None:
    cleaner = Cleaner(1.0)
    assert min(decibels(cleaner(planes(frame)).planes[0], frame) for frame in moving(8)) > 38


def test_texture_too_fine_to_be_carried_is_not_smeared() -> None:
    rng, still, noisy = np.random.default_rng(0), Cleaner(1.0), Cleaner(1.0)
    grass = data.camera()[300:512, 100:512].astype(np.float32)
    kept, gains = [], []
    for n in range(8):  # a zoom: each step lies elsewhere between the pixels
        step = 2 - 0.02 * n
        place = np.array([[step, 0, 10], [0, step, 6]], np.float32)
        frame = cv2.warpAffine(grass, place, (190, 96), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        seen = np.clip(np.rint(frame + rng.normal(0, 6, frame.shape)), 0, 255).astype(np.uint8)
        kept.append(decibels(still(planes(np.rint(frame).astype(np.uint8))).planes[0], frame))
        gains.append(decibels(noisy(planes(seen)).planes[0], frame) - decibels(seen, frame))
    assert min(kept) > 37
    assert min(gains) > -0.2


def test_nothing_is_carried_across_a_cut_or_from_what_was_hidden() -> None:
    cleaner = Cleaner(1.0)
    first, second = moving(6), [255 - frame for frame in moving(3)]
    for frame in first:
        cleaner(planes(frame))
    assert decibels(cleaner(planes(second[0])).planes[0], second[0]) > 60


def test_strength_0_leaves_every_pixel() -> None:
    cleaner = Cleaner(0.0)
    for frame in moving(3):
        found = cleaner(planes(frame), planes(frame))
        assert (found.planes[0] == frame).all()
        assert not found.views.any()


def test_the_network_is_shown_the_next_frame_along_motion_unless_it_is_of_another_shot() -> None:
    rng, cleaner = np.random.default_rng(0), Cleaner(1.0)
    truth = moving(6)
    shown = [np.clip(np.rint(f + rng.normal(0, 6, f.shape)), 0, 255).astype(np.uint8) for f in truth]
    shown.append(255 - shown[0])
    for now, after in pairwise(shown[:-1]):
        found = cleaner(planes(now), planes(after))
    luma, own, carried, ahead, left = found.seen
    assert np.array_equal(np.rint(luma + own), shown[4])
    assert decibels(luma + carried, truth[4]) > decibels(shown[4], truth[4]) + 1  # those before were averaged
    assert decibels(luma + ahead, truth[4]) > decibels(shown[5], truth[4]) + 6
    # Its noise is its own
    assert decibels(luma + (own + ahead) / 2, truth[4]) > decibels(shown[4], truth[4]) + 1
    assert 1 < left.mean() < 6
    last = cleaner(planes(shown[5]), planes(shown[6]))
    assert np.array_equal(last.views[2], last.views[0])


def test_noise_is_measured_and_texture_is_not_taken_for_it() -> None:
    frame = moving(1)[0]
    noisy = np.clip(np.rint(frame + np.random.default_rng(1).normal(0, 8, frame.shape)), 0, 255).astype(
        np.uint8
    )
    assert noise_of(noisy) == pytest.approx(8, rel=0.35)
    assert noise_of(frame) < 2.5


def test_x2_is_closer_to_the_truth_than_lanczos(tmp_path: Path) -> None:
    truth = [frame[:, :, None].repeat(3, 2) for frame in moving(4, step=2.6)]
    halves = [cv2.resize(frame, (128, 96), interpolation=cv2.INTER_AREA) for frame in truth]
    path = write(tmp_path / "a.mp4", halves, options={"crf": "12"})
    made = tinct.video.enhance(path, 2)
    assert (made.clip.facts.width, made.clip.facts.height, made.clip.facts.frames) == (256, 192, 4)
    lanczos = [cv2.resize(f, (256, 192), interpolation=cv2.INTER_LANCZOS4) for f in rgb(path)]
    ours = [decibels(a, b) for a, b in zip(rgb(made.clip.path), truth, strict=True)]
    plain = [decibels(a, b) for a, b in zip(lanczos, truth, strict=True)]
    assert np.mean(ours) > np.mean(plain) + 0.5


@pytest.mark.parametrize("engine", ["network", "classical"])
def test_x1_keeps_size_colors_and_brightness(tmp_path: Path, engine: str) -> None:
    path = write(tmp_path / "a.mp4", pan(4))
    made = tinct.video.enhance(path, 1, engine=engine)
    assert made.clip.facts.width == 128
    gap = [np.abs(a.astype(int) - b).mean() for a, b in zip(rgb(made.clip.path), rgb(path), strict=True)]
    assert max(gap) < 5
    assert np.mean(rgb(made.clip.path)) == pytest.approx(np.mean(rgb(path)), abs=1)


def test_the_network_of_photos_is_asked_in_tiles_and_only_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, asked = write(tmp_path / "a.mp4", pan(2, 512, 96)), []

    class Network:
        def apply(self, x: np.ndarray) -> np.ndarray:
            asked.append(x.shape[2:])
            return x.repeat(2, axis=2).repeat(2, axis=3)

    monkeypatch.setattr(store, "current", lambda: Settings(models=tmp_path))
    with pytest.raises(MissingModelError, match="tinct models fetch span-x2"):
        tinct.video.enhance(path, 2, engine="span")
    monkeypatch.setattr(store, "installed", lambda name: True)
    monkeypatch.setattr(runtime, "session", lambda name: Network())
    made = tinct.video.enhance(path, 2, engine="span", denoise=0)
    assert made.engine == "span"
    assert len(asked) > 2
    assert max(max(size) for size in asked) <= 384
    for large, small in zip(made.clip.frames(), Clip.open(path).frames(), strict=True):
        again = cv2.resize(large.y, (512, 96), interpolation=cv2.INTER_AREA)
        assert np.abs(again.astype(int) - small.y).mean() < 1.5


def test_a_result_beyond_the_limits_is_refused(tmp_path: Path) -> None:
    path, before = write(tmp_path / "a.mp4", pan(2)), current()
    use(Settings(max_clip_side=200))
    try:
        with pytest.raises(ClipLimitError, match="256x192"):
            tinct.video.enhance(path, 2)
    finally:
        use(before)


def test_the_estimate_grows_with_pixels_and_frames() -> None:
    effect = get("video_enhance")
    assert effect.estimate is not None
    short, long = (
        effect.estimate({"image": [(1920, 1080, frames)]}, effect.parse({"scale": 2})) for frames in (25, 250)
    )
    assert 8 < long / short < 10


def test_progress_is_told_by_frame_and_stops_the_work(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", pan(6))
    told: list[float] = []

    def hear(share: float) -> None:
        told.append(share)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        tinct.video.enhance(Clip.open(path), 1, engine="classical", progress=hear)
    assert told == pytest.approx([1 / 6, 2 / 6, 3 / 6])
