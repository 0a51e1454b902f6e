"""Settings are taken back, begun anew and kept under names; what would be refused is said before."""

import base64
import io

import numpy as np
from PIL import Image
from playwright.sync_api import expect
from skimage import data

from running import photo
from studio.watched import Watched


def test_changes_are_taken_back_one_by_one_and_all_at_once(studio: Watched) -> None:
    page = studio.page
    studio.open("cartoon")
    undo = page.get_by_role("button", name="Take back the last change")
    assert undo.is_disabled()
    lines, tones = page.get_by_label("Lines"), page.get_by_label("Tones")
    lines.fill("0.2")
    page.wait_for_timeout(500)  # longer than what counts as one change
    tones.fill("12")
    page.wait_for_function("() => location.hash.includes('tones=12')")
    undo.click()
    assert (page.get_by_label("Lines").input_value(), page.get_by_label("Tones").input_value()) == (
        "0.2",
        "7",
    )
    page.get_by_label("Lines").focus()
    page.keyboard.press("Control+z")
    assert page.get_by_label("Lines").input_value() == "0.6"
    assert undo.is_disabled()
    page.get_by_label("Lines").fill("0.9")
    page.get_by_label("Tones").fill("3")
    page.wait_for_function("() => location.hash.includes('tones=3')")
    page.get_by_role("button", name="All settings as they were at first").click()
    assert (page.get_by_label("Lines").input_value(), page.get_by_label("Tones").input_value()) == (
        "0.6",
        "7",
    )
    page.wait_for_function("() => location.hash === '#/cartoon'")
    undo.click()
    assert page.get_by_label("Lines").input_value() == "0.9", "that too"
    assert studio.accessibility() == []


def test_a_tab_of_migration_and_its_colours_are_taken_back_too(studio: Watched) -> None:
    page = studio.page
    studio.open("migrate")
    page.get_by_role("tab", name="Palette").click()
    page.get_by_role("button", name="Add a swatch").click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Add a swatch").click()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Take back the last change").click()
    assert page.locator(".swatch").count() == 1
    page.get_by_role("button", name="All settings as they were at first").click()
    assert page.get_by_role("tab", name="Looks").get_attribute("aria-selected") == "true"
    assert page.get_by_label("How many").input_value() == "4"


def test_points_on_the_photo_are_taken_back_one_by_one(studio: Watched) -> None:
    page = studio.page
    box = studio.old_photo()
    for count, share in enumerate((0.2, 0.5, 0.8), 1):
        page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] * 0.5)
        assert page.locator(".point").count() == count
        page.wait_for_timeout(500)  # longer than what counts as one change
    page.keyboard.press("Control+z")
    assert page.locator(".point").count() == 2
    page.keyboard.press("Control+z")
    assert page.locator(".point").count() == 1
    with page.expect_request("**/v1/jobs") as order:
        page.get_by_role("button", name="Run", exact=True).click()
    assert len(order.value.post_data_json["params"]["hints"]) == 1


def test_settings_are_kept_under_a_name_and_found_by_another_browser(
    browser, server, studio: Watched
) -> None:
    from studio.conftest import DESKTOP
    from studio.watched import watched

    studio.open("cartoon", tones="14")
    studio.page.get_by_role("button", name="Presets").click()
    studio.page.get_by_text("Nothing is kept yet").wait_for()
    studio.page.get_by_label("Keep the present settings as").fill("Poster")
    studio.page.get_by_role("button", name="Save", exact=True).click()
    studio.page.locator(".preset-list", has_text="Poster").wait_for()
    assert studio.accessibility() == []
    with watched(browser, server, key=studio.key, **DESKTOP) as other:
        other.sign_in()
        other.open("cartoon")
        other.page.get_by_role("button", name="Presets").click()
        other.page.get_by_role("button", name="Poster", exact=True).click()
        assert other.page.get_by_label("Tones").input_value() == "14"
        other.page.get_by_role("button", name="Presets").click()
        other.page.get_by_role("button", name="Delete the preset Poster").click()
        other.page.get_by_text("Nothing is kept yet").wait_for()


def test_what_would_be_refused_is_said_before_and_what_has_no_effect_is_hidden_and_not_sent(
    studio: Watched,
) -> None:
    page = studio.page
    studio.open("background")
    studio.drop(("a.png", photo(60, 40)))
    studio.wait_for_state("ready")
    expect(page.locator("[data-name=colors]")).to_be_hidden()
    expect(page.locator(".slot[data-input=backdrop]")).to_be_hidden()
    page.get_by_label("Replace", exact=True).check()
    page.get_by_text("Choose colours or a scene, say it in words, or add a backdrop.").wait_for()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    page.get_by_role("button", name="Add a swatch").click()
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    page.get_by_label("Blur", exact=True).first.check()
    expect(page.locator("[data-name=colors]")).to_be_hidden()
    with page.expect_request("**/v1/jobs") as order:
        page.get_by_role("button", name="Run", exact=True).click()
    assert order.value.post_data_json["params"] == {"mode": "blur"}
    studio.open("makeup")
    page.get_by_text("Choose a look, or add a reference.").wait_for()
    page.get_by_label("Look").select_option("Rose")
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    studio.open("replace", by="color")
    page.get_by_text("Paint over something first.").or_(
        page.get_by_text("Choose the new colour.")
    ).first.wait_for()


def test_a_result_is_copied_as_a_picture(studio: Watched) -> None:
    page = studio.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    file = io.BytesIO()
    Image.fromarray(data.chelsea()[::3, ::3]).save(file, "JPEG", quality=90)
    studio.open("convert", format="webp")
    studio.drop(("cat.jpg", file.getvalue()))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Run", exact=True).click()
    studio.wait_for_state("done")
    page.get_by_role("button", name="Copy picture").click()
    page.get_by_role("button", name="Copied").wait_for()
    content = page.evaluate(
        """async () => {
            const [item] = await navigator.clipboard.read();
            const levels = new Uint8Array(await (await item.getType("image/png")).arrayBuffer());
            let text = "";
            for (const level of levels) text += String.fromCharCode(level);
            return btoa(text);
        }"""
    )
    with Image.open(io.BytesIO(base64.b64decode(content))) as copied:
        found = np.asarray(copied.convert("RGB")).astype(int)
    assert np.abs(found - data.chelsea()[::3, ::3]).mean() < 8


def test_keys_are_listed_and_the_screen_is_filled(studio: Watched) -> None:
    page = studio.page
    studio.open("convert")
    studio.drop(("a.png", photo(60, 40)))
    studio.wait_for_state("ready")
    page.locator(".view").focus()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    assert studio.accessibility() == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Fill the screen").click()
    page.wait_for_function("() => document.fullscreenElement?.localName === 'photo-stage'")
    page.get_by_role("button", name="Fill the screen").click()
    page.wait_for_function("() => document.fullscreenElement === null")
