"""What a person does in the studio, from the first photo to the download."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import color, data

from running import photo
from studio.watched import LEVELS, Watched, pixels

CLOSE_DE = 1.0
"""Mean CIEDE2000 between what the page shows and the full result, the most that docs/studio.md states."""


def jpeg(pixels: np.ndarray, quality: int = 95) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def cat() -> bytes:
    return jpeg(data.chelsea())


@pytest.fixture(scope="module")
def portrait() -> bytes:
    return jpeg(data.astronaut())


def test_drop_run_compare_by_keys_and_download(studio: Watched) -> None:
    page = studio.page
    studio.open("convert", format="jpeg")
    studio.drop(("house.png", photo(320, 240)))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Run").click()
    studio.wait_for_state("done")
    page.locator("photo-stage.compared").wait_for()

    slider = page.get_by_label("Divider between before and after")
    slider.focus()
    before = page.evaluate("document.querySelector('.after').style.clipPath")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    assert slider.input_value() == "60"
    assert page.evaluate("document.querySelector('.after').style.clipPath") != before

    with page.expect_download() as download:
        page.locator("job-card").get_by_role("link", name="Download").click()
    with Image.open(download.value.path()) as made:
        assert made.format == "JPEG"
    assert studio.accessibility() == []


def test_many_photos_become_one_zip(studio: Watched) -> None:
    page = studio.page
    studio.open("convert", format="webp")
    studio.drop(*[(f"{name}.png", photo(200, 150, seed)) for seed, name in enumerate(("a", "b", "c"))])
    studio.wait_for_state("ready", 3)
    page.get_by_role("button", name="On all 3 photos").click()
    studio.wait_for_state("done", 3)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 3 as one ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert sorted(archive.namelist()) == ["a-convert.webp", "b-convert.webp", "c-convert.webp"]


def canvas(studio: Watched) -> np.ndarray:
    """The photo under the look as the page shows it: the layers blended as the browser does it, (h, w, 3)."""
    drawn = studio.page.evaluate(
        f"""() => {{
            const before = document.querySelector(".before"), after = document.querySelector(".after");
            const canvas = new OffscreenCanvas(after.width, after.height);
            const context = canvas.getContext("2d");
            context.imageSmoothingQuality = "high";
            context.drawImage(before, 0, 0, canvas.width, canvas.height);
            context.globalAlpha = Number(after.style.opacity);
            context.drawImage(after, 0, 0);
            return ({LEVELS})(canvas);
        }}"""
    )
    return pixels(drawn)


def test_a_look_is_chosen_weakened_at_once_applied_and_is_what_was_shown(
    studio: Watched, portrait: bytes
) -> None:
    page = studio.page
    studio.open("migrate", format="png")
    studio.drop(("face.jpg", portrait), ("second.jpg", portrait))
    studio.wait_for_state("ready", 2)
    page.get_by_role("button", name="Make 4 looks").click()
    studio.wait_for_state("done")
    page.locator(".results .pick").nth(3).wait_for()
    page.get_by_label("Result 2").click()

    # People are not kept: the page applies the map itself, on a small copy.
    page.get_by_label("People keep their colours").uncheck()
    page.locator("canvas.after").wait_for()
    strength = page.get_by_role("slider", name="Strength", exact=True)
    took = page.evaluate(
        """() => new Promise((done) => {
            const slider = document.querySelector("input[name=degree]");
            const began = performance.now();
            slider.value = 0.6;
            slider.dispatchEvent(new Event("input", { bubbles: true }));
            requestAnimationFrame(() => requestAnimationFrame(() => done([
                performance.now() - began, document.querySelector(".after").style.opacity])));
        })"""
    )
    assert took[1] == "0.6"
    studio.figures["strength to preview, ms"] = took[0]
    assert strength.input_value() == "0.6"
    shown = canvas(studio)

    page.get_by_role("button", name="Apply at 60 %").click()
    page.locator("job-card[data-state=succeeded]").wait_for()
    with page.expect_download() as download:
        page.locator("job-card").get_by_role("link", name="Download").click()
    with Image.open(download.value.path()) as opened:
        full = np.asarray(opened.convert("RGB").resize(shown.shape[1::-1], Image.Resampling.LANCZOS))
    distance = color.deltaE_ciede2000(color.rgb2lab(shown), color.rgb2lab(full)).mean()
    studio.figures["preview to result, mean CIEDE2000"] = distance
    assert distance < CLOSE_DE
    assert studio.accessibility() == []


def test_who_keeps_their_colours_is_shown_on_the_photo(studio: Watched, portrait: bytes) -> None:
    page = studio.page
    studio.open("migrate", count="1")
    studio.drop(("face.jpg", portrait))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Make a look").click()
    studio.wait_for_state("done")
    page.get_by_label("Show who keeps their colours").check()
    veil = page.locator(".people-veil")
    veil.wait_for()
    share = veil.evaluate(
        """(canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let seen = 0;
            for (let at = 3; at < data.length; at += 4) seen += data[at] > 60;
            return seen / (data.length / 4);
        }"""
    )
    assert 0.2 < share < 0.9


def test_a_palette_is_named_and_found_again_and_a_look_serves_another_photo(
    studio: Watched, cat: bytes
) -> None:
    page = studio.page
    studio.open("migrate", mode="template", colors='["%231B4965","%23F4A259"]')
    studio.drop(("cat.jpg", cat), ("other.jpg", cat))
    studio.wait_for_state("ready", 2)
    page.get_by_role("button", name="Save this palette").click()
    page.get_by_label("Name").fill("Night and lamp")
    page.get_by_role("button", name="Save", exact=True).click()
    page.locator(".saved-look", has_text="Night and lamp").wait_for()
    page.get_by_role("button", name="Recolour").click()
    studio.wait_for_state("done")

    page.get_by_role("button", name="Save look").click()
    page.get_by_label("Name").fill("My look")
    page.get_by_role("button", name="Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=".cube").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[1] == "LUT_3D_SIZE 33"
    assert len(lines) == 2 + 33**3

    page.locator(".cell .pick").nth(1).click()
    page.get_by_role("tab", name="Saved").click()
    page.locator(".saved-look", has_text="My look").click()
    page.locator("canvas.after").wait_for()
    page.get_by_role("button", name="Apply to all 2").click()
    studio.wait_for_state("done", 2)


def test_colorize_takes_colours_of_points(studio: Watched) -> None:
    page = studio.page
    box = studio.old_photo()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    page.locator(".view").focus()
    page.keyboard.press("Enter")  # by keys, into the middle
    assert page.locator(".point").count() == 2
    with page.expect_request("**/v1/jobs") as order:
        page.get_by_role("button", name="Run").click()
    hints = order.value.post_data_json["params"]["hints"]
    assert [hints[1]["x"], hints[1]["y"]] == [150, 100]
    assert abs(hints[0]["x"] - 75) <= 1
    assert abs(hints[0]["y"] - 100) <= 1
    studio.wait_for_state("done")
    assert studio.accessibility() == []
    studio.drop(("other.png", _png(data.camera())))
    # They were of the other photo
    page.wait_for_function("() => document.querySelectorAll('.point').length === 0")


def test_a_painted_mask_erases_there_and_nowhere_else(studio: Watched, cat: bytes) -> None:
    page = studio.page
    studio.open("erase")
    studio.drop(("cat.png", _png(data.chelsea())))
    studio.wait_for_state("ready")
    assert page.get_by_role("button", name="Run").is_disabled()
    page.locator("mask-brush").wait_for(state="attached")
    view = page.locator(".plane").bounding_box()
    assert view

    def at(x: float, y: float) -> tuple[float, float]:
        return view["x"] + view["width"] * x, view["y"] + view["height"] * y

    for x, y in ((0.2, 0.2), (0.8, 0.8)):  # two strokes, of which the second is taken back
        page.mouse.move(*at(x, y))
        page.mouse.down()
        page.mouse.move(*at(x + 0.1, y), steps=5)
        page.mouse.up()
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Run").click()
    studio.wait_for_state("done")
    with studio.server.client(studio.key) as client:
        job = client.get("/v1/jobs?limit=1").json()["jobs"][0]
        painted = client.get(f"/v1/files/{job['inputs']['mask']}/content").content
    with Image.open(io.BytesIO(painted)) as opened:
        mask = np.asarray(opened.convert("L"))
    height, width = data.chelsea().shape[:2]
    assert mask.shape == (height, width)
    assert mask[int(0.2 * height), int(0.25 * width)] == 255
    assert mask[int(0.8 * height), int(0.85 * width)] == 0
    with page.expect_download() as download:
        page.locator("job-card").get_by_role("link", name="Download").click()
    with Image.open(download.value.path()) as opened:
        made = np.asarray(opened.convert("RGB"))
    changed = (made != data.chelsea()).any(axis=2)
    assert changed[mask == 255].mean() > 0.5
    assert not changed[mask == 0].any()
    assert studio.accessibility() == []


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_result_is_the_next_tool_s_photo_and_the_order_can_be_copied(studio: Watched) -> None:
    page = studio.page
    studio.open("convert", format="webp")
    studio.drop(("a.png", photo(120, 90)))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Run").click()
    studio.wait_for_state("done")
    page.get_by_role("button", name="Copy as code").click()
    for text in ("curl -s", "tinct.convert", "tinct convert"):
        page.locator("pre", has_text=text).wait_for()
    assert studio.accessibility() == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Go on with it").click()
    assert page.locator(".tool-list button[data-effect=video_light]").count() == 0, "it is no clip"
    assert studio.accessibility() == []
    page.locator(".tool-list button[data-effect=light]").click()
    page.locator(".effect[data-effect=light]").wait_for()
    page.locator(".cell").nth(1).wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    studio.wait_for_state("done", 2)


def test_history_shows_and_deletes(alone: Watched) -> None:
    studio, page = alone, alone.page
    studio.open("convert")
    studio.drop(("a.png", photo(120, 90)))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Run").click()
    studio.wait_for_state("done")
    page.get_by_role("link", name="History").click()
    entry = page.locator(".history li")
    entry.wait_for()
    assert studio.accessibility() == []
    entry.get_by_role("button", name="Delete").click()
    entry.get_by_role("button", name="Delete for good?").click()
    entry.wait_for(state="detached")
    page.get_by_text("Nothing yet.").wait_for()
    with studio.server.client(studio.key) as client:
        assert client.get("/v1/jobs").json()["jobs"] == []


def test_a_new_effect_has_a_page_by_itself(studio: Watched) -> None:
    page = studio.page
    studio.open("slow")
    studio.drop(("a.png", photo(64, 48)))
    studio.wait_for_state("ready")
    page.get_by_label("Seconds").fill("0.3")
    page.get_by_role("button", name="Run").click()
    studio.wait_for_state("done")


def test_photos_are_pasted_and_chosen_too(studio: Watched, tmp_path: Path) -> None:
    page = studio.page
    path = tmp_path / "chosen.png"
    path.write_bytes(photo(60, 40))
    studio.open("convert")
    page.locator("drop-zone input[type=file]").first.set_input_files(path)
    studio.wait_for_state("ready")
    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(30, 20);
            canvas.getContext("2d").fillRect(0, 0, 30, 20);
            const transfer = new DataTransfer();
            transfer.items.add(new File([await canvas.convertToBlob()], "image.png", { type: "image/png" }));
            window.dispatchEvent(new ClipboardEvent("paste", { clipboardData: transfer, cancelable: true }));
        }"""
    )
    studio.wait_for_state("ready", 2)
