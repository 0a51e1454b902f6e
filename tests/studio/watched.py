"""A page of the studio that is watched: what breaks the policy, goes to another origin or is an error, is noted."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np

from running import Server, photo

if TYPE_CHECKING:
    from playwright.sync_api import Browser, FloatRect, Page, Request

VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
CONTRAST = "color-contrast"
"""The rule that asks for colours, and takes most of the time of all rules."""
POLL_MS = 100
"""How often a page is asked for what takes a while: at every frame, as by default, keeps it drawing."""
LEVELS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let text = "";
    for (const level of data) text += String.fromCharCode(level);
    return [canvas.width, canvas.height, btoa(text)];
}"""
"""Levels of a canvas on their way to `pixels`: a list of numbers takes seconds through the debugger."""


def pixels(told: tuple[int, int, str]) -> np.ndarray:
    """(h, w, 3) uint8 of what `LEVELS` told."""
    width, height, levels = told
    return np.frombuffer(base64.b64decode(levels), np.uint8).reshape(height, width, 4)[..., :3]


@dataclass
class Watched:
    """A page, and what was seen of it."""

    page: Page
    server: Server
    key: str
    url: str
    """Where the browser reaches it."""
    errors: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    """Requests to other origins."""
    sent: list[str] = field(default_factory=list)
    """Paths that were asked for."""
    figures: dict[str, float] = field(default_factory=dict)
    """What was measured; printed, and never asserted where it depends on the machine."""
    refusals: bool = False
    """True where the test itself brings about replies of 400 and above, which browsers write to their console."""

    def sign_in(self) -> None:
        """Open the studio and paste the key."""
        self.page.goto(f"{self.url}/")
        self.page.get_by_label("API key").fill(self.key)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.locator("main h1").wait_for()

    def open(self, effect: str, **query: str) -> None:
        """The page of an effect."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        self.page.evaluate("(hash) => { location.hash = hash }", f"#/{effect}{'?' + text if text else ''}")
        self.page.locator(f".effect[data-effect={effect}]").wait_for()

    def drop(self, *files: tuple[str, bytes]) -> None:
        """Drop files onto the window, as a person does from a folder."""
        self.page.evaluate(
            """async (files) => {
                const transfer = new DataTransfer();
                for (const [name, content] of files) {
                    const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
                    transfer.items.add(new File([bytes], name));
                }
                const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
                for (const kind of ["dragenter", "dragover", "drop"]) {
                    document.querySelector("main").dispatchEvent(new DragEvent(kind, how));
                }
            }""",
            [[name, base64.b64encode(content).decode()] for name, content in files],
        )

    def old_photo(self) -> FloatRect:
        """Open colorizing with a photo without colours; where it lies on the page, ready for points."""
        self.open("colorize")
        self.drop(("old.png", photo(300, 200, mode="L")))
        self.wait_for_state("ready")
        self.page.locator("color-points").wait_for(state="attached")
        box = self.page.locator(".plane").bounding_box()
        assert box
        return box

    def wait_for_state(self, state: str, count: int = 1, patience_s: float = 90) -> None:
        """Until so many photos of the tray are in a state."""
        self.page.wait_for_function(
            "([state, count]) => document.querySelectorAll(`.cell[data-state=${state}]`).length === count",
            arg=[state, count],
            timeout=patience_s * 1000,
            polling=POLL_MS,
        )

    def accessibility(self, *, contrast: bool = True, all_else: bool = True) -> list[str]:
        """What axe-core finds wrong with the page as it stands: with its contrast, and with all else."""
        import axe_playwright_python

        if not self.page.evaluate("'axe' in window"):
            script = Path(axe_playwright_python.__file__).parent / "axe.min.js"
            self.page.evaluate(script.read_text(encoding="utf-8"))  # by the debugger: the page's policy stays
        only = {"type": "tag", "values": RULES} if all_else else {"type": "rule", "values": [CONTRAST]}
        options = {
            "runOnly": only,
            "rules": {} if contrast else {CONTRAST: {"enabled": False}},
            "resultTypes": ["violations"],  # what is well need not be described
        }
        found = self.page.evaluate(
            "async (options) => (await axe.run(document, options)).violations", options
        )
        return [
            f"{one['id']}: {node['html'][:200]} {json.dumps(node['any'][:1])[:300]}"
            for one in found
            for node in one["nodes"]
        ]

    def check(self) -> None:
        """Nothing was seen that should not be there."""
        found = {
            "breaches of the policy": self.page.evaluate("window.violations"),
            "requests to other origins": self.strange,
            "errors": self.errors,
        }
        assert not any(found.values()), found


@contextmanager
def watched(
    browser: Browser, server: Server, *, key: str | None = None, url: str | None = None, **context: Any
) -> Iterator[Watched]:
    """A page in a browser of its own; what was seen is checked where the test itself did not fail.

    `url` is where the browser reaches the server, if not by its own address.
    """
    opened = browser.new_context(accept_downloads=True, **context)
    page = opened.new_page()
    page.set_default_timeout(60_000)
    opened.add_init_script(VIOLATIONS)
    found = Watched(page=page, server=server, key=key or server.key()["api_key"], url=url or server.url)
    origin = urlsplit(found.url).netloc

    def asked(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("blob", "data"):
            return
        found.sent.append(parts.path)
        if parts.netloc != origin:
            found.strange.append(request.url)

    def said(message: Any) -> None:
        if message.type != "error":
            return
        if found.refusals and message.text.startswith("Failed to load resource"):
            return
        found.errors.append(message.text)

    opened.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: found.errors.append(str(error)))
    try:
        yield found
        found.check()
        for name, value in found.figures.items():
            print(f"{name}: {value:.3g}")
    finally:
        opened.close()
