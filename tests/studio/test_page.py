"""The page itself: what it loads, who can use it, and how it is opened."""

import re
from pathlib import Path
from typing import Any

from running import Server, photo
from studio.conftest import DESKTOP
from studio.watched import Watched, watched

FIRST_LOAD_BYTES = 150_000


def test_the_first_load_is_small_and_comes_from_this_server_alone(browser, server: Server, key: str) -> None:
    with watched(browser, server, key=key, **DESKTOP) as studio:
        page = studio.page
        asked: list[Any] = []
        page.on("requestfinished", lambda one: asked.append(one))
        studio.sign_in()
        page.get_by_role("button", name="Make 4 looks").wait_for()
        page.wait_for_load_state("networkidle")
        sizes = {one.url: one.sizes()["responseBodySize"] for one in asked}
        code = {url: size for url, size in sizes.items() if "/studio/" in url}
        studio.figures["code, bytes as sent"] = sum(code.values())
        studio.figures["all that was loaded, bytes as sent"] = sum(sizes.values())
        assert sum(sizes.values()) <= FIRST_LOAD_BYTES
        assert len(code) > 10


def test_the_last_address_is_the_page_however_fast_it_changes(studio: Watched) -> None:
    """The code of a page is loaded when it is first asked for, and may come after that of the next."""
    studio.page.evaluate("for (const name of ['erase', 'migrate', 'convert']) location.hash = `#/${name}`")
    studio.page.locator(".effect[data-effect=convert]").wait_for()
    studio.page.wait_for_load_state("networkidle")
    assert studio.page.locator(".effect").get_attribute("data-effect") == "convert"
    assert studio.page.evaluate("location.hash").startswith("#/convert")


def test_settings_that_are_being_written_down_do_not_call_back_who_has_left(studio: Watched) -> None:
    """The address has changed, and the page of before hears of it only after it has written its settings there."""
    studio.open("cartoon")
    studio.page.evaluate(
        """() => {
            location.hash = "#/convert";
            const format = document.querySelector("select[id^=format]");
            format.value = "png";
            format.dispatchEvent(new Event("change", { bubbles: true }));
        }"""
    )
    studio.page.locator(".effect[data-effect=convert]").wait_for()
    assert studio.page.evaluate("location.hash").startswith("#/convert")


def test_everything_can_be_done_by_keys(studio: Watched) -> None:
    page = studio.page
    studio.open("convert")
    studio.drop(("a.png", photo(120, 90)))
    studio.wait_for_state("ready")
    first = page.evaluate("document.querySelector('a, button, input, select').textContent")
    assert first == "Skip to the photo"
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className").startswith("view")
    page.keyboard.press("+")
    zoomed = page.locator(".zoom-level").inner_text()
    page.keyboard.press("0")
    assert page.locator(".zoom-level").inner_text() != zoomed
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('run')"):
            break
    page.keyboard.press("Enter")
    studio.wait_for_state("done")
    page.locator("photo-stage.compared").wait_for()
    page.locator(".view").focus()
    page.keyboard.press("ArrowLeft")
    assert page.get_by_label("Divider between").input_value() == "48"
    page.keyboard.press("l")
    page.locator(".loupe canvas").first.wait_for()
    page.keyboard.down("c")
    assert page.locator("photo-stage.holding").count() == 1
    page.keyboard.up("c")
    assert page.locator("photo-stage.holding").count() == 0


def test_every_page_can_be_read_by_everybody_in_light_and_in_dark(studio: Watched) -> None:
    page = studio.page
    studio.drop(("a.png", photo(120, 90)))
    studio.wait_for_state("ready")
    names = page.eval_on_selector_all(".rail a", "(links) => links.map((link) => link.hash.slice(2))")
    assert {"migrate", "colorize", "erase", "swap", "noop", "album", "video_light", "video_migrate"} <= set(
        names
    )
    found = []
    for name in names:
        studio.open(name)
        for theme in ("light", "dark"):  # of which only colours depend
            page.evaluate("(theme) => { document.documentElement.dataset.theme = theme }", theme)
            found += [f"{theme} {name} {one}" for one in studio.accessibility(all_else=theme == "light")]
    assert found == []


SMALL = """() => [...document.querySelectorAll("button, a[href], input, select, summary, label.button")]
    .filter((one) => one.checkVisibility({ visibilityProperty: true }) && getComputedStyle(one).opacity > 0)
    .map((one) => [one.closest(".toggle label, .segments label, .thumb-list label") ?? one, one])
    .map(([room, one]) => [room.getBoundingClientRect(), one.outerHTML.slice(0, 120)])
    .filter(([box]) => box.width > 1 && box.right > 0 && (box.width < 43.5 || box.height < 43.5))
    .map(([, html]) => html)"""


def test_a_phone_shows_everything_without_moving_sideways_and_has_room_for_fingers(phone: Watched) -> None:
    page = phone.page
    phone.drop(("a.png", photo(400, 300)))
    phone.wait_for_state("ready")
    names = page.eval_on_selector_all(".rail a", "(links) => links.map((link) => link.hash.slice(2))")
    small, found = {}, []
    for name in names:
        phone.open(name)
        found += [f"{name} {one}" for one in phone.accessibility(contrast=False)]  # seen on the desktop
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 360, name
        small[name] = page.evaluate(SMALL)
    assert {name: some for name, some in small.items() if some} == {}
    assert found == []

    page.locator(".rail-toggle").tap()  # all tools, and back
    page.locator(".rail a[data-effect=convert]").tap()
    page.locator(".effect[data-effect=convert]").wait_for()
    assert page.locator(".rail-menu").is_hidden()
    page.get_by_role("button", name="Run", exact=True).tap()
    phone.wait_for_state("done")
    page.locator("photo-stage.compared").wait_for()
    box = page.locator(".view").bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert phone.accessibility() == []
    assert page.evaluate(SMALL) == []


def test_a_one_time_link_opens_the_studio_once(browser, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    program = tmp_path / "browser"
    program.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    program.chmod(0o755)
    import os

    before = os.environ.get("BROWSER")
    os.environ["BROWSER"] = str(program)
    try:
        server = Server(tmp_path / "data", "--open")
    finally:
        os.environ.pop("BROWSER") if before is None else os.environ.update(BROWSER=before)
    try:
        link = server._wait_for(r"(http\S+/studio/#open=\S+)")
        for attempt in ("first", "second"):
            with watched(browser, server, key="unused", **DESKTOP) as studio:
                studio.refusals = True
                studio.page.goto(link)
                if attempt == "first":
                    studio.page.get_by_role("button", name="Make 4 looks").wait_for()
                    assert "open=" not in studio.page.url
                else:
                    studio.page.get_by_text("used before or is too old").wait_for()
        assert link.rpartition("=")[2] not in server.logged()
        assert re.search(r"#open=", opened.read_text())
    finally:
        server.stop()


def test_nobody_who_is_not_signed_in_sees_anything(browser, server: Server) -> None:
    with watched(browser, server, key="unused", **DESKTOP) as studio:
        studio.page.goto(f"{server.url}/studio/")
        studio.page.get_by_label("API key").wait_for()
        assert studio.accessibility() == []
        assert not [path for path in studio.sent if path.startswith("/v1/") and path != "/v1/session"]
