"""The journey of somebody new on a phone of 360 pixels, by touch alone; then every other tab."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from studio.test_page import SMALL
from studio.watched import Watched


@pytest.fixture(scope="module")
def cat() -> bytes:
    file = io.BytesIO()
    Image.fromarray(data.chelsea()).save(file, "JPEG", quality=92)
    return file.getvalue()


def fits(phone: Watched) -> None:
    """Nothing is wider than the screen or too small for a finger."""
    assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert phone.page.evaluate(SMALL) == []


def swipe(phone: Watched, start: tuple[float, float], end: tuple[float, float]) -> None:
    """One finger from here to there."""
    fingers = phone.page.context.new_cdp_session(phone.page)
    for kind, share in (("touchStart", 0.0), *(("touchMove", step / 6) for step in range(1, 7))):
        x, y = (a + (b - a) * share for a, b in zip(start, end, strict=True))
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_somebody_new_makes_looks_chooses_one_compares_and_downloads(phone: Watched, cat: bytes) -> None:
    page = phone.page
    fits(phone)
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose photos").tap()
    chooser.value.set_files([{"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": cat}])
    phone.wait_for_state("ready")
    page.get_by_role("button", name="Make 4 looks").tap()
    page.locator(".results .pick").nth(3).wait_for()
    page.locator("photo-stage.compared").wait_for()
    page.get_by_label("Result 3").tap()
    assert page.get_by_label("Result 3").get_attribute("aria-pressed") == "true"
    fits(phone)

    view = page.locator(".view")
    view.scroll_into_view_if_needed()
    box = view.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    swipe(phone, middle, (box["x"] + box["width"] * 0.2, middle[1]))
    assert abs(float(page.get_by_label("Divider between").input_value()) - 20) < 4
    hold = page.get_by_role("button", name="Hold to compare")
    hold.dispatch_event("pointerdown")
    assert page.locator("photo-stage.holding").count() == 1
    hold.dispatch_event("pointerup")
    assert phone.accessibility() == []

    link = page.locator("job-card").get_by_role("link", name="Download")
    link.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a tap while the page still moves only stops it
    with page.expect_download() as download:
        link.tap()
    with Image.open(download.value.path()) as made:
        assert made.size == data.chelsea().shape[1::-1]
        assert np.abs(np.asarray(made).astype(int) - data.chelsea()).mean() > 2


def test_every_other_tab_leads_to_a_result(phone: Watched, cat: bytes) -> None:
    page = phone.page
    phone.drop(("cat.jpg", cat))
    phone.wait_for_state("ready")

    page.get_by_role("tab", name="Palette").tap()
    go = page.locator("button.run")
    assert go.is_disabled()
    page.get_by_text("Add a swatch first.").wait_for()
    page.get_by_role("button", name="Add a swatch").tap()
    fits(phone)
    go.tap()
    phone.wait_for_state("done")
    page.locator("photo-stage.compared").wait_for()
    fits(phone)

    page.get_by_role("button", name="Save look").tap()
    page.get_by_label("Name").fill("Mine")
    page.get_by_role("button", name="Save", exact=True).tap()
    page.get_by_role("dialog").wait_for(state="detached")

    page.get_by_role("tab", name="Reference").tap()
    page.get_by_text("Choose a reference first.").wait_for()
    with page.expect_file_chooser() as chooser:
        page.locator(".slot[data-input=reference] label.button").tap()
    chooser.value.set_files([{"name": "other.jpg", "mimeType": "image/jpeg", "buffer": cat}])
    page.locator(".slot-photo figure").wait_for()
    fits(phone)
    with page.expect_response("**/v1/jobs") as ordered:
        go.tap()
    assert ordered.value.status == 202
    page.locator("job-card[data-state=succeeded]").wait_for()

    page.get_by_role("tab", name="Saved").tap()
    page.get_by_text("Choose a look first.").wait_for()
    page.locator(".saved-look", has_text="Mine").tap()
    page.locator("canvas.after").wait_for()
    fits(phone)
    with page.expect_response("**/v1/jobs") as ordered:
        go.tap()
    assert ordered.value.status == 202
    assert ordered.value.request.post_data_json["params"]["mode"] == "map"
    page.locator("job-card[data-state=succeeded]").wait_for()
    assert phone.accessibility() == []
