"""What is no ordinary photo: clips, formats that browsers do not show, pictures made of words, and parts of a photo."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

from running import photo
from studio.watched import Watched
from unit.clips import pan, write


def encoded(pixels: np.ndarray, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("clips") / "a.mp4", pan(40), sound="aac").read_bytes()


PLACES = "() => [...document.querySelectorAll('clip-stage video')].map((video) => video.currentTime)"


def test_a_clip_is_worked_on_played_beside_its_source_and_downloaded(studio: Watched, clip: bytes) -> None:
    page = studio.page
    studio.open("video_light")
    assert page.get_by_text("Drop a clip to begin").is_visible()
    studio.drop(("walk.mp4", clip), ("still.png", photo(120, 90)))
    studio.wait_for_state("ready", 2)
    page.locator("clip-stage").wait_for()
    assert page.get_by_role("button", name="On all").count() == 0, "the photo is not for this tool"
    page.get_by_role("button", name="Run", exact=True).click()
    studio.wait_for_state("done")
    page.locator("clip-stage.compared").wait_for()

    page.locator(".clip-view").focus()
    page.keyboard.press("Space")
    page.wait_for_function(f"() => ({PLACES})().every((place) => place > 0)")
    page.get_by_role("button", name="Pause").click()
    for _ in range(3):
        page.locator(".clip-view").press(".")
    first, second = page.evaluate(PLACES)
    assert first == second, "both are in step"
    page.locator(".clip-view").press("ArrowRight")
    assert page.get_by_label("Divider between before and after").input_value() == "52"
    assert page.evaluate("document.querySelector('clip-stage .after').muted") is False
    page.keyboard.press("m")
    assert page.evaluate("document.querySelector('clip-stage .after').muted") is True
    assert studio.accessibility() == []
    with page.expect_download() as download:
        page.locator("job-card").get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.endswith(".mp4")
    page.get_by_role("button", name="Copy as code").click()
    page.locator("pre", has_text="tinct.video.light").wait_for()
    page.keyboard.press("Escape")

    page.reload()  # it is found again, and streamed from the server
    page.locator("clip-stage.compared").wait_for()
    page.get_by_role("button", name="Go on with it").click()
    page.locator(".tool-list button[data-effect=video_light]").click()
    page.locator(".cell").nth(2).wait_for()
    page.get_by_role("link", name="History").click()
    page.locator(".history img").first.wait_for()


def test_a_tool_says_what_it_works_on(studio: Watched, clip: bytes) -> None:
    page = studio.page
    studio.open("convert")
    studio.drop(("walk.mp4", clip))
    studio.wait_for_state("ready")
    page.get_by_text("walk.mp4 is no photo").wait_for()
    assert page.get_by_role("button", name="Run", exact=True).is_disabled()
    studio.drop(("a.png", photo(60, 40)))
    studio.wait_for_state("ready", 2)
    assert page.get_by_role("button", name="Run", exact=True).is_enabled()


def test_a_look_of_a_photo_is_given_to_a_clip(studio: Watched, clip: bytes) -> None:
    page = studio.page
    studio.open("migrate", mode="template", colors='["%231B4965","%23F4A259"]')
    studio.drop(("a.png", encoded(data.chelsea()[::2, ::2], "PNG")), ("walk.mp4", clip))
    studio.wait_for_state("ready", 2)
    page.get_by_role("button", name="Recolour").click()
    studio.wait_for_state("done")
    page.get_by_role("button", name="Save look").click()
    page.get_by_label("Name").fill("Evening")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("dialog").wait_for(state="detached")
    studio.open("video_migrate")
    page.get_by_role("tab", name="Saved").click()
    page.locator(".saved-look", has_text="Evening").click()
    page.get_by_role("button", name="Run", exact=True).click()
    studio.wait_for_state("done", 2)
    page.locator("clip-stage.compared").wait_for()


def test_a_tiff_is_shown_painted_on_and_costs_one_credit(browser: Any, server: Any) -> None:
    from studio.conftest import DESKTOP
    from studio.watched import watched

    pixels = data.chelsea()[:280, :400]
    exif = Image.Exif()
    exif[0x0112] = 6  # stored lying, seen standing
    poor = server.key("poor", credits=1)["api_key"]
    with watched(browser, server, key=poor, **DESKTOP) as studio:
        page = studio.page
        studio.sign_in()
        studio.open("erase")
        studio.drop(("cat.tif", encoded(pixels, "TIFF", exif=exif)))
        studio.wait_for_state("ready")
        page.locator(".cell .thumb img").wait_for()
        page.wait_for_function("() => document.querySelector('img.before')?.naturalHeight === 400")
        page.locator("mask-brush").wait_for(state="attached")
        box = page.locator(".plane").bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.25)
        page.get_by_role("button", name="Run").click()
        studio.wait_for_state("done")
        page.locator("photo-stage.compared").wait_for()
        with studio.server.client(poor) as client:
            assert [entry["kind"] for entry in client.get("/v1/account/history").json()["entries"]][
                -1
            ] == "grant"
            (job,) = client.get("/v1/jobs").json()["jobs"]
            mask = client.get(f"/v1/files/{job['inputs']['mask']}/content").content
    with Image.open(io.BytesIO(mask)) as opened:
        painted = np.asarray(opened.convert("L"))
    assert painted.shape == (400, 280), "of the photo's own size, upright"
    assert (painted[100, 70], painted[300, 200]) == (255, 0)


def test_a_picture_is_made_of_words_and_is_the_next_tools_photo(studio: Watched) -> None:
    page = studio.page
    studio.open("sketch")
    make = page.get_by_role("button", name="Make it")
    assert make.is_disabled()
    assert page.get_by_text("Still to be said: Prompt").is_visible()
    page.get_by_label("Prompt").fill("five grey stripes, please")
    page.get_by_label("How many").fill("2")
    make.click()
    studio.wait_for_state("done")
    page.locator(".results .pick").nth(1).click()
    assert page.locator("photo-stage.compared").count() == 0, "there was nothing before"
    assert studio.accessibility() == []
    page.reload()
    page.locator(".results .pick").nth(1).wait_for()
    make.click()
    studio.wait_for_state("done", 2)
    studio.open("convert")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("job-card[data-state=succeeded]").wait_for()
    with studio.server.client(studio.key) as client:
        newest = client.get("/v1/jobs?limit=2").json()["jobs"]
    assert newest[0]["inputs"]["image"] == newest[1]["results"][0]["id"]


def test_only_a_painted_part_is_recoloured(studio: Watched) -> None:
    page = studio.page
    pixels = data.chelsea()[::2, ::2]
    height, width = pixels.shape[:2]
    studio.open("migrate", format="png", mode="template", colors='["%231B4965","%23F4A259"]')
    studio.drop(("cat.png", encoded(pixels, "PNG")), ("other.png", encoded(pixels, "PNG")))
    studio.wait_for_state("ready", 2)
    page.get_by_label("Only a part of the photo").check()
    assert not page.get_by_label("People keep their colours").is_checked()
    page.get_by_text("Paint over something first").wait_for()
    page.locator("mask-brush").wait_for(state="attached")
    box = page.locator(".plane").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + box["height"] * 0.25)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.25, steps=6)
    page.mouse.up()
    assert page.get_by_role("img", name="Painted in 1 stroke").count() == 1
    assert page.get_by_role("button", name="On all").count() == 0, "a part belongs to one photo"
    page.get_by_role("button", name="Recolour").click()
    studio.wait_for_state("done")
    with page.expect_download() as download:
        page.locator("job-card").get_by_role("link", name="Download").click()
    with Image.open(download.value.path()) as opened:
        changed = (np.asarray(opened.convert("RGB")) != pixels).any(axis=2)
    assert changed[int(0.25 * height), int(0.2 * width) : int(0.8 * width)].mean() > 0.8
    assert not changed[int(0.7 * height) :].any()
    assert studio.accessibility() == []


def test_cuts_of_hair_are_chosen_by_the_eye(studio: Watched) -> None:
    page = studio.page
    studio.open("hair_bangs")
    cuts = page.locator(".thumb-list label")
    assert cuts.count() == 4
    page.wait_for_function(
        "() => [...document.querySelectorAll('.thumb-list img')].every((one) => one.complete && one.naturalWidth > 0)"
    )
    page.get_by_label("Curtain").check()
    assert "cut=curtain" in page.evaluate("new Promise((done) => setTimeout(() => done(location.hash), 300))")
    with page.expect_response("**/v1/effects/hair_bangs/preview?*") as redrawn:
        page.get_by_label("Length").fill("0.4")
    assert redrawn.value.ok
    studio.open("hair_extend")
    page.locator(".illustration img").wait_for()
    assert studio.accessibility() == []
