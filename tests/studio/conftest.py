"""The studio in a real browser: Debian's Chromium, driven by Playwright."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from running import Server
from studio.watched import Watched, watched

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed; it is in the extra dev")
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",  # as root there is no other way
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESKTOP: dict[str, Any] = {
    "viewport": {"width": 1280, "height": 900},
    "color_scheme": "light",
    "reduced_motion": "reduce",
}
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "reduced_motion": "reduce",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Of a module only: its event loop would be in the way of tests of coroutines."""
    program = next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip(
            "there is no Chromium on this machine; on Debian: apt-get install chromium-headless-shell"
        )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    """One account for a module's tests: the tray is each browser's own, and making an account starts a process."""
    return str(server.key()["api_key"])


@pytest.fixture
def studio(browser: Browser, server: Server, key: str) -> Iterator[Watched]:
    """A desktop's page, signed in; whatever goes wrong in it fails the test at its end."""
    with watched(browser, server, key=key, **DESKTOP) as page:
        page.sign_in()
        yield page


@pytest.fixture
def alone(browser: Browser, server: Server) -> Iterator[Watched]:
    """The same with an account of its own, for tests of what an account has."""
    with watched(browser, server, **DESKTOP) as page:
        page.sign_in()
        yield page


@pytest.fixture
def phone(browser: Browser, server: Server, key: str) -> Iterator[Watched]:
    with watched(browser, server, key=key, **PHONE) as page:
        page.sign_in()
        yield page
