"""Clips are compared side by side, in step and frame by frame, and tried on a frame before the job runs."""

import io
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from skimage import color, data

from studio.watched import LEVELS, Watched, pixels
from unit.clips import pan, write

CLOSE_DE = 3.0
"""Mean CIEDE2000 between a look on a frame and that frame of the result, which was encoded once more: the most that
docs/studio.md states."""
SEEN = f"() => ({LEVELS})(document.querySelector('clip-stage').frame())"
STILL = f"""() => {{
    const shown = document.querySelector(".still > *");
    const canvas = new OffscreenCanvas(shown.naturalWidth ?? shown.width, shown.naturalHeight ?? shown.height);
    canvas.getContext("2d").drawImage(shown, 0, 0);
    return ({LEVELS})(canvas);
}}"""
STEPPED = """(was) => {
    const { currentTime, seeking } = document.querySelector("video.before");
    return currentTime !== was && !seeking;
}"""
PLACES = "() => [...document.querySelectorAll('clip-stage video')].map((one) => one.currentTime)"


def nearest(seen: np.ndarray, frames: Sequence[np.ndarray]) -> int:
    """Number of the frame that is seen."""
    return int(np.argmin([np.abs(seen.astype(int) - frame).mean() for frame in frames]))


@pytest.fixture(scope="module")
def frames() -> list[np.ndarray]:
    return list(pan(40))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory, frames: list[np.ndarray]) -> bytes:
    return write(tmp_path_factory.mktemp("clips") / "a.mp4", frames).read_bytes()


@pytest.fixture(scope="module")
def cat(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    photo = data.chelsea()
    moving = [np.ascontiguousarray(photo[20:260, x : x + 320]) for x in range(0, 60, 2)]
    return write(tmp_path_factory.mktemp("cats") / "cat.mp4", moving).read_bytes()


def box(studio: Watched, selector: str) -> dict[str, float]:
    found = studio.page.locator(selector).bounding_box()
    assert found
    return found


def test_a_frame_is_a_frame_forwards_and_backwards(
    studio: Watched, clip: bytes, frames: list[np.ndarray]
) -> None:
    page = studio.page
    studio.open("video_light")
    studio.drop(("walk.mp4", clip))
    studio.wait_for_state("ready")
    page.locator("clip-stage video.before:not([hidden])").wait_for()

    def after(name: str, presses: int) -> int:
        for _ in range(presses):
            seeks = page.evaluate("document.querySelector('.before').currentTime")
            page.get_by_role("button", name=name).click()
            page.wait_for_function(STEPPED, arg=seeks)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        return nearest(pixels(page.evaluate(SEEN)), frames)

    assert after("A frame on", 1) == 1
    assert after("A frame on", 4) == 5
    assert after("A frame back", 2) == 3


def test_both_are_seen_side_by_side_and_stay_in_step(studio: Watched, clip: bytes) -> None:
    page = studio.page
    studio.open("video_light")
    studio.drop(("walk.mp4", clip))
    studio.wait_for_state("ready")
    assert page.get_by_role("button", name="Side by side").is_hidden(), "there is nothing to compare"
    page.get_by_role("button", name="Run", exact=True).click()
    studio.wait_for_state("done")
    page.locator("clip-stage.compared").wait_for()
    one, other = box(studio, "video.before"), box(studio, "video.after")
    assert one == other, "over each other, with the divider"
    page.get_by_role("button", name="Side by side").click()
    one, other = box(studio, "video.before"), box(studio, "video.after")
    assert one["width"] == other["width"]
    assert one["height"] == other["height"]
    apart = one["x"] + one["width"] <= other["x"] + 1 or one["y"] + one["height"] <= other["y"] + 1
    assert apart
    assert page.locator("video.after").evaluate("(video) => video.style.clipPath") == "none", "all of it"
    assert page.get_by_label("Divider between before and after").is_disabled()

    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"() => ({PLACES})().every((place) => place > 0.2)")
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(f"() => {{ const [one, other] = ({PLACES})(); return one === other; }}")
    assert studio.accessibility() == []
    page.locator(".clip-view").press("s")
    assert box(studio, "video.before") == box(studio, "video.after")
    hold = page.get_by_role("button", name="Hold to compare")
    hold.dispatch_event("pointerdown")
    assert page.locator("video.after").evaluate("(video) => getComputedStyle(video).visibility") == "hidden"
    hold.dispatch_event("pointerup")
    assert page.locator("video.after").evaluate("(video) => getComputedStyle(video).visibility") == "visible"


def test_a_frame_is_tried_before_the_clip_is_and_only_the_frame_is_ordered(
    alone: Watched, frames: list[np.ndarray], tmp_path: Path
) -> None:
    studio, page = alone, alone.page
    dark = [(frame * 0.3).astype(np.uint8) for frame in frames]
    studio.open("video_light", strength="0.8")
    studio.drop(("dark.mp4", write(tmp_path / "dark.mp4", dark).read_bytes()))
    studio.wait_for_state("ready")
    page.locator(".clip-view").press(".")
    page.get_by_role("button", name="Try on this frame").click()
    page.locator(".still > img").wait_for()
    page.locator("clip-stage.compared").wait_for()
    page.get_by_text("What the frame at 0:00.0").wait_for()
    with studio.server.client(studio.key) as client:
        (job,) = client.get("/v1/jobs").json()["jobs"]
    assert (job["effect"], job["params"]["strength"]) == ("light", 0.8)
    seen, still = pixels(page.evaluate(SEEN)), pixels(page.evaluate(STILL))
    assert still.shape == seen.shape
    assert still.mean() > seen.mean() + 2, "it is lighter"
    assert studio.accessibility() == []
    page.locator(".clip-view").press(".")
    page.locator(".still > img").wait_for(state="detached")  # it was of that frame alone


def test_a_look_is_chosen_on_one_frame_seen_on_another_and_given_to_the_clip(
    studio: Watched, cat: bytes
) -> None:
    page = studio.page
    studio.open("video_migrate", portrait="false")
    studio.drop(("cat.mp4", cat))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Try on this frame").click()
    page.locator(".tries .pick").nth(3).wait_for()
    page.get_by_label("Look 3").click()
    page.get_by_role("slider", name="Strength", exact=True).fill("0.7")
    for _ in range(12):
        page.locator(".clip-view").press(".")
    page.locator(".still > canvas").wait_for()
    page.get_by_text("The look on the frame that is seen.").wait_for()
    seen = pixels(page.evaluate(SEEN)).astype(np.float64)
    shown = seen + 0.7 * (pixels(page.evaluate(STILL)) - seen)
    number = round(page.evaluate("document.querySelector('clip-stage').at") * 25 - 0.5)
    page.get_by_role("button", name="Give the clip this look at 70 %").click()
    studio.wait_for_state("done")
    page.locator("clip-stage.compared video.after:not([hidden])").wait_for()
    page.wait_for_timeout(1000)
    assert page.locator("video.after.covered").count() == 0, "what was tried lies over the result"
    with studio.server.client(studio.key) as client:
        job = client.get("/v1/jobs?effect=video_migrate&limit=1").json()["jobs"][0]
        made = client.get(f"/v1/files/{job['results'][0]['id']}/content").content
    assert (job["params"]["mode"], job["params"]["degree"]) == ("map", 0.7)
    with av.open(io.BytesIO(made)) as opened:
        frame = [one.to_ndarray(format="rgb24") for one in opened.decode(video=0)][number]
    distance = color.deltaE_ciede2000(color.rgb2lab(shown / 255), color.rgb2lab(frame)).mean()
    changed = color.deltaE_ciede2000(color.rgb2lab(seen / 255), color.rgb2lab(frame)).mean()
    studio.figures["look on a frame to that frame of the clip, mean CIEDE2000"] = distance
    studio.figures["the clip to its source there"] = changed
    assert distance < CLOSE_DE < changed
    assert studio.accessibility() == []


def test_known_colours_are_pointed_at_on_frames_and_each_has_its_moment(
    alone: Watched, cat: bytes, clip: bytes
) -> None:
    studio, page = alone, alone.page
    studio.open("video_colorize")
    studio.drop(("cat.mp4", cat))
    studio.wait_for_state("ready")
    page.locator("clip-points").wait_for(state="attached")
    marks = box(studio, ".marks")
    assert abs(marks["width"] / marks["height"] - 320 / 240) < 0.01, (
        "they lie on the clip, not on the bars beside it"
    )

    def click(x: float, y: float) -> None:
        page.mouse.click(marks["x"] + marks["width"] * x, marks["y"] + marks["height"] * y)

    click(0.25, 0.5)
    assert page.locator(".point").count() == 1
    page.locator(".clip-view").press(".")
    page.wait_for_function("() => document.querySelectorAll('.point').length === 0")  # another frame is seen
    for _ in range(4):
        page.locator(".clip-view").press(".")
    page.get_by_label("Colour of the next point").fill("#336699")
    page.locator(".clip-view").focus()
    page.keyboard.press("Enter")  # by keys, into the middle
    assert page.locator(".point").count() == 1
    page.locator(".point").press("ArrowRight")
    assert studio.accessibility() == []

    with page.expect_request("**/v1/jobs") as order:
        page.get_by_role("button", name="Try on this frame").click()
    tried = order.value.post_data_json
    assert (tried["effect"], len(tried["params"]["hints"])) == ("colorize", 1), "that frame's alone"
    assert set(tried["params"]["hints"][0]) == {"x", "y", "color"}
    page.locator(".still > img").wait_for()

    page.locator(".hint-at").first.click()  # leads to its frame
    page.wait_for_function("() => document.querySelector('.point')?.style.background === 'rgb(181, 101, 29)'")
    with page.expect_request("**/v1/jobs") as order:
        page.get_by_role("button", name="Run", exact=True).click()
    first, second = order.value.post_data_json["params"]["hints"]
    assert (first["at"], first["color"]) == (0, "#B5651D")
    assert abs(first["x"] - 80) <= 1
    assert abs(first["y"] - 120) <= 1
    assert int(second["at"] * 25) == 5
    assert (second["x"], second["y"], second["color"]) == (162, 120, "#336699")
    studio.wait_for_state("done")
    with studio.server.client(studio.key) as client:
        done = client.get("/v1/jobs?effect=video_colorize&limit=1").json()["jobs"][0]
    assert [bool(span) for span in done["facts"]["followed"]] == [True, True]

    page.get_by_role("button", name="Remove #B5651D at 0:00.00").click()
    assert page.locator(".hint-list li").count() == 1
    studio.drop(("walk.mp4", clip))
    studio.wait_for_state("ready")
    page.wait_for_function("() => document.querySelectorAll('.hint-list li').length === 0")


def test_a_press_on_a_playing_clip_stops_it_and_marks_nothing(studio: Watched, clip: bytes) -> None:
    page = studio.page
    studio.open("video_colorize")
    studio.drop(("walk.mp4", clip))
    studio.wait_for_state("ready")
    page.locator("clip-points").wait_for(state="attached")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => document.querySelector('video.before').currentTime > 0.1")
    page.locator(".clip-view").click()
    page.wait_for_function("() => document.querySelector('video.before').paused")
    assert page.locator(".hint-list li").count() == 0
