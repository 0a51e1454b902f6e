"""What axe cannot see: where the focus goes, what is said of sliders and strokes, other people's colours, no motion."""

from typing import Any

from running import Server, photo
from studio.conftest import DESKTOP
from studio.watched import Watched, watched


def test_the_focus_is_never_lost(studio: Watched) -> None:
    page = studio.page
    page.get_by_role("link", name="Convert", exact=True).press("Enter")
    page.locator(".effect[data-effect=convert]").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Convert", "at the title of the page"
    studio.drop(("a.png", photo(60, 40)), ("b.png", photo(60, 40, 1)))
    studio.wait_for_state("ready", 2)
    page.get_by_role("button", name="Run", exact=True).focus()
    page.keyboard.press("Enter")
    studio.wait_for_state("done")
    assert "Run" in page.evaluate("document.activeElement.textContent")
    page.get_by_role("button", name="Remove b.png").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.cell').length === 1")
    assert page.evaluate("document.activeElement.classList.contains('pick')"), "at the photo beside it"
    page.get_by_role("button", name="Clear all").press("Enter")
    assert page.evaluate("document.activeElement !== null")


def test_the_order_of_the_focus_is_that_of_reading(studio: Watched) -> None:
    page = studio.page
    studio.open("erase")
    studio.drop(("a.png", photo(120, 90)))
    studio.wait_for_state("ready")
    page.locator("mask-brush").wait_for(state="attached")
    page.locator(".skip").focus()
    seen: list[str] = []
    for _ in range(90):
        page.keyboard.press("Tab")
        part = page.evaluate(
            """() => ["top", "rail", "view", "stage-tools", "panel-body", "go", "tray-list"]
                .find((name) => document.activeElement.closest(`.${name}`)) ?? ''"""
        )
        if part and (not seen or seen[-1] != part):
            seen.append(part)
        if part == "tray-list":
            break
    assert [part for part in seen if part != "go"] == [
        "top",
        "rail",
        "view",
        "stage-tools",
        "panel-body",
        "tray-list",
    ]


def test_sliders_and_strokes_say_what_they_stand_at(studio: Watched) -> None:
    page = studio.page
    studio.open("erase")
    studio.drop(("a.png", photo(120, 90)))
    studio.wait_for_state("ready")
    assert page.get_by_role("img", name="Nothing is painted").count() == 1
    page.locator(".view").focus()
    page.keyboard.press("Space")
    page.get_by_role("img", name="Painted in 1 stroke").wait_for()
    assert "X changes between brush and eraser" in page.locator(".view").get_attribute("aria-description")
    studio.open("migrate")
    assert page.get_by_role("slider", name="Strength", exact=True).get_attribute("aria-valuetext") == "100 %"
    assert page.get_by_label("Divider between").get_attribute("aria-valuetext") == "50 % before, 50 % after"


def test_colours_of_the_readers_own_still_show_what_is_chosen(browser: Any, server: Server, key: str) -> None:
    with watched(browser, server, key=key, **DESKTOP, forced_colors="active") as studio:
        studio.sign_in()
        studio.drop(("a.png", photo(60, 40)))
        studio.wait_for_state("ready")
        looks = studio.page.evaluate(
            """() => Object.fromEntries(Object.entries({
                tab: ['.tabs [aria-selected="true"]', '.tabs [aria-selected="false"]'],
                choice: ['.segments input:checked + span', '.segments input:not(:checked) + span'],
                tool: ['.rail [aria-current]', '.rail a:not([aria-current])'],
            }).map(([name, both]) => [name, both.map((one) => document.querySelector(one))])
                .map(([name, both]) => [name, both.map((one) => getComputedStyle(one).outlineStyle)]))"""
        )
        assert looks == {name: ["solid", "none"] for name in ("tab", "choice", "tool")}
        assert studio.accessibility() == []


def test_nothing_moves_for_those_who_do_not_want_it(studio: Watched) -> None:
    moving = studio.page.evaluate(
        """() => [...document.querySelectorAll("*")].filter((one) => {
            const { transitionDuration, animationName } = getComputedStyle(one);
            return animationName !== "none" || transitionDuration.split(",").some((time) => parseFloat(time) > 0);
        }).map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert moving == []
