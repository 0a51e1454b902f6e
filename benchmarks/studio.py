"""The studio in Chromium: figures of its loading and its previews, and the pictures of docs/studio.md.

``python -m benchmarks.studio`` prints the figures; with ``--pictures docs/images`` it also takes the pictures. To judge
the design, ``--states FOLDER`` takes every state (empty, one photo, a result, a batch, an error, the brush, a clip,
history) and the page of every effect, on a desktop in light and dark, and on a phone. Photos are those of scikit-image
and scikit-learn.
"""

from __future__ import annotations

import argparse
import base64
import io
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from skimage import data
from sklearn.datasets import load_sample_image

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

_MOST_BYTES = 95_000  # of one picture
FLAGS = ["--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking"]
DROP = """(files) => {
    const transfer = new DataTransfer();
    for (const [name, content] of files) {
        const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
        transfer.items.add(new File([bytes], name));
    }
    const how = { dataTransfer: transfer, bubbles: true, cancelable: true };
    document.querySelector("main").dispatchEvent(new DragEvent("drop", how));
}"""
STRENGTH = """() => new Promise((done) => {
    const slider = document.querySelector("input[name=degree]");
    const began = performance.now();
    slider.value = 0.5;
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
})"""
PEOPLE = """() => new Promise((done) => {
    const slider = document.querySelector("input[name=strength]"), shown = document.querySelector(".after");
    const began = performance.now();
    new MutationObserver((_, watcher) => {
        const after = document.querySelector("canvas.after");
        if (!after || after === shown) return;
        watcher.disconnect();
        requestAnimationFrame(() => done(performance.now() - began));
    }).observe(document.querySelector(".plane"), { childList: true });
    slider.value = 0.2 + 0.7 * Math.random();
    slider.dispatchEvent(new Event("input", { bubbles: true }));
})"""


@contextmanager
def served() -> Iterator[str]:
    """A server with nothing in it; the link that opens its studio."""
    with tempfile.TemporaryDirectory() as folder:
        command = [
            sys.executable,
            "-c",
            "from tinct.cli import main; main()",
            "serve",
            "--data",
            folder,
            "--port",
            "0",
        ]
        process = subprocess.Popen(
            [*command, "--open"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={
                "BROWSER": "true",
                "PATH": "/usr/bin:/bin",
                "HOME": folder,
                "PYTHONPATH": ":".join(sys.path),
            },
        )
        try:
            assert process.stdout
            for line in process.stdout:
                if found := re.search(r"http\S+/studio/#open=\S+", line):
                    yield found[0]
                    break
        finally:
            process.terminate()
            process.wait(60)


def photos() -> dict[str, bytes]:
    """What is dropped, by name."""
    return {
        "temple.jpg": _jpeg(load_sample_image("china.jpg")),
        "flower.jpg": _jpeg(load_sample_image("flower.jpg")),
        "astronaut.jpg": _jpeg(data.astronaut()),
        "rocket.jpg": _jpeg(data.rocket()),
    }


def _jpeg(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


def drop(page: Page, *names: str) -> None:
    """Drop photos, and wait until the server has them."""
    known = photos()
    page.evaluate(DROP, [[name, base64.b64encode(known[name]).decode()] for name in names])
    state(page, "ready", len(names))


def state(page: Page, name: str, count: int = 1) -> None:
    """Wait until so many photos are in a state."""
    page.wait_for_function(
        "([name, count]) => document.querySelectorAll(`.cell[data-state=${name}]`).length >= count",
        arg=[name, count],
        timeout=180_000,
    )


def go(page: Page, address: str) -> None:
    """Open a page of the studio."""
    page.evaluate("(address) => { location.hash = address }", address)
    page.locator(f".effect[data-effect={address.strip('#/').partition('?')[0]}]").wait_for()


def figures(browser: Browser, address: str, signed_in: Any, pictures: Path | None) -> None:
    """Measure, and take the first picture."""
    page = browser.new_page(
        viewport={"width": 1280, "height": 860}, color_scheme="light", storage_state=signed_in
    )
    asked: list[Any] = []
    page.on("requestfinished", lambda one: asked.append(one))
    page.goto(address)
    page.locator("button.run").wait_for()
    page.wait_for_load_state("networkidle")
    sent = {one.url: one.sizes()["responseBodySize"] for one in asked}
    unpacked = sum(len(one.response().body()) for one in asked)
    code = sum(size for url, size in sent.items() if "/studio/" in url)
    print(
        f"first load: {code} bytes of code and {sum(sent.values()) - code} of the API, as sent; {unpacked} unpacked"
    )
    drop(page, "temple.jpg", "astronaut.jpg", "flower.jpg")
    page.locator("button.run").click()
    state(page, "done")
    page.locator(".results .pick").nth(3).click()
    page.wait_for_timeout(1500)
    save(page, pictures, "studio.jpg")
    print(f"strength to preview: {median(page, STRENGTH):.0f} ms")
    first = page.evaluate(PEOPLE)
    again = median(page, PEOPLE)
    print(f"colour map over the small copy (people less kept): {first:.0f} ms at first, {again:.0f} ms then")
    page.close()


def median(page: Page, script: str) -> float:
    """Of nine runs, in milliseconds."""
    return float(np.median([page.evaluate(script) for _ in range(9)]))


def more_pictures(browser: Browser, address: str, signed_in: Any, folder: Path) -> None:
    """Dark, with the brush; and a phone."""
    dark = browser.new_context(
        viewport={"width": 1280, "height": 860}, color_scheme="dark", storage_state=signed_in
    )
    page = dark.new_page()
    page.goto(f"{address}#/erase")
    page.locator(".effect").wait_for()
    drop(page, "rocket.jpg")
    page.locator("mask-brush").wait_for(state="attached")
    box = page.locator(".plane").bounding_box()
    assert box
    for x in (0.49, 0.51):
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * 0.12)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] * x, box["y"] + box["height"] * 0.62, steps=12)
        page.mouse.up()
    save(page, folder, "studio-dark.jpg")
    dark.close()
    phone = browser.new_context(
        viewport={"width": 360, "height": 740},
        device_scale_factor=2,
        is_mobile=True,
        has_touch=True,
        color_scheme="light",
        storage_state=signed_in,
    )
    page = phone.new_page()
    page.goto(f"{address}#/background")
    page.locator(".effect").wait_for()
    drop(page, "astronaut.jpg")
    page.locator("button.run").click()
    state(page, "done")
    page.locator("photo-stage.compared").wait_for()
    page.evaluate("window.scrollTo(0, 0)")
    page.wait_for_timeout(800)
    save(page, folder, "studio-phone.jpg")
    phone.close()


VIEWS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "phone": {
        "viewport": {"width": 360, "height": 740},
        "device_scale_factor": 2,
        "is_mobile": True,
        "has_touch": True,
        "color_scheme": "light",
    },
}


def states(browser: Browser, address: str, signed_in: Any, folder: Path) -> None:
    """Every state on every screen, as PNG, for a designer's eyes."""
    folder.mkdir(parents=True, exist_ok=True)
    for view, options in VIEWS.items():
        context = browser.new_context(storage_state=signed_in, **options)
        page = context.new_page()

        def shot(name: str, page: Page = page, view: str = view) -> None:
            page.wait_for_timeout(700)
            page.screenshot(path=folder / f"{view}-{name}.png", full_page=view == "phone")
            print(folder / f"{view}-{name}.png")

        page.goto(address)
        page.locator(".effect").wait_for()
        shot("1-empty")
        drop(page, "astronaut.jpg")
        page.locator("img.before").wait_for()
        shot("2-photo")
        page.locator("button.run").click()
        state(page, "done")
        page.locator("photo-stage.compared").wait_for()
        shot("3-result")
        drop(page, "temple.jpg", "flower.jpg")
        page.evaluate(DROP, [["letter.jpg", base64.b64encode(b"Dear Sir or Madam").decode()]])
        state(page, "failed")
        go(page, "#/light")
        page.locator("button.run-all").click()
        state(page, "done", 3)
        shot("4-batch")
        page.locator(".cell[data-state=failed] .pick").click()
        shot("5-error")
        go(page, "#/erase")
        page.locator(".cell .pick").first.click()
        page.locator("mask-brush").wait_for(state="attached")
        shot("6-brush")
        page.evaluate(DROP, [["street.mp4", base64.b64encode(clip()).decode()]])
        state(page, "ready")
        go(page, "#/video_light")
        page.locator("button.run").click()
        page.locator("clip-stage.compared").wait_for()
        shot("7-clip")
        page.evaluate("location.hash = '#/history'")
        page.locator(".history li").first.wait_for()
        shot("8-history")
        page.locator(".cell .pick").first.click()
        for name in page.eval_on_selector_all(
            ".rail a", "(links) => links.map((link) => link.hash.slice(2))"
        ):
            go(page, f"#/{name}")
            page.wait_for_load_state("networkidle")
            shot(f"page-{name}")
        context.close()


def clip() -> bytes:
    """Two seconds over a photo, darkened."""
    import av

    photo = (load_sample_image("china.jpg") * 0.5).astype(np.uint8)
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 480, 320, "yuv420p"
        for number in range(50):
            part = np.ascontiguousarray(photo[40:360, 2 * number : 2 * number + 480])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(part, format="rgb24")))
        out.mux(stream.encode(None))
    return file.getvalue()


def save(page: Page, folder: Path | None, name: str) -> None:
    """A picture of what is seen, small enough for a page of the documentation."""
    if folder is None:
        return
    with Image.open(io.BytesIO(page.screenshot())) as seen:
        seen.thumbnail((1040, 1040), Image.Resampling.LANCZOS)
        for quality in range(88, 40, -6):
            seen.convert("RGB").save(folder / name, "JPEG", quality=quality, optimize=True)
            if (folder / name).stat().st_size <= _MOST_BYTES:
                break
    print(folder / name)


def main() -> None:
    """Run it."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="folder for the pictures")
    parser.add_argument("--states", type=Path, help="folder for a picture of every state")
    given = parser.parse_args()
    folder: Path | None = given.pictures
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("there is no Chromium on this machine; on Debian: apt-get install chromium")
    with served() as link, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        with browser.new_context() as first:
            page = first.new_page()
            page.goto(link)
            page.locator("button.run").wait_for()
            signed_in = first.storage_state()
        address = link.partition("#")[0]
        if given.states is not None:
            states(browser, address, signed_in, given.states)
            return
        figures(browser, address, signed_in, folder)
        if folder is not None:
            more_pictures(browser, address, signed_in, folder)
        browser.close()


if __name__ == "__main__":
    main()
