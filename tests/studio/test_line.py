"""The line between browser and server: slow, broken in mid-upload or in mid-ZIP; and a tab that is closed meanwhile."""

import io
import re
import zipfile
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from running import Server, photo, uploads
from studio.conftest import DESKTOP
from studio.line import Break, Line
from studio.watched import Watched, watched


def noise(seed: int, height: int = 500, width: int = 700) -> bytes:
    """A photo that no compression makes small."""
    file = io.BytesIO()
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    opened = Line(server.url)
    yield opened
    opened.close()


@pytest.fixture
def through(browser, server: Server, line: Line) -> Iterator[Watched]:
    """A page that reaches the server by a line that breaks, signed in with an account of its own."""
    with watched(browser, server, url=line.url, **DESKTOP) as page:
        page.refusals = True
        page.sign_in()
        yield page


def done_batch(studio: Watched, count: int = 3) -> None:
    """So many photos that do not shrink, converted as one batch."""
    studio.open("convert", format="png")
    studio.drop(*[(f"photo {number}.png", noise(number)) for number in range(count)])
    studio.wait_for_state("ready", count)
    studio.page.get_by_role("button", name=f"On all {count} photos").click()
    studio.wait_for_state("done", count)


def heads(line: Line, begin: bytes) -> list[str]:
    return [head.decode("latin-1") for head in line.requests if head.startswith(begin)]


def test_on_a_slow_link_progress_is_told_and_what_is_pressed_meanwhile_is_done(studio: Watched) -> None:
    page = studio.page
    studio.open("convert")
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    conditions = {"offline": False, "latency": 40, "downloadThroughput": 2e6, "uploadThroughput": 120_000}
    slow.send("Network.emulateNetworkConditions", conditions)
    page.evaluate(
        """() => {
            window.said = [];
            new MutationObserver(() => {
                const cell = document.querySelector(".cell-state"), bar = document.querySelector(".cell progress");
                if (cell) window.said.push([cell.textContent, bar.hidden ? null : bar.value]);
            }).observe(document.querySelector(".tray-list"), { childList: true, subtree: true, characterData: true });
        }"""
    )
    content = noise(1, 300, 400)  # 360 kB: three seconds
    studio.drop(("far.png", content))
    page.locator(".cell[data-state=sending]").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("The photo is on its way").wait_for()
    studio.wait_for_state("done")
    said = page.evaluate("window.said")
    shares = [int(found[1]) for words, _ in said if (found := re.fullmatch(r"Sending, (\d+) %", words))]
    between = sorted({share for share in shares if 0 < share < 100})
    assert len(between) >= 3, said
    assert shares == sorted(shares), "it never goes back"
    with studio.server.client(studio.key) as client:
        job = client.get("/v1/jobs?limit=1").json()["jobs"][0]
        assert client.get(f"/v1/files/{job['inputs']['image']}/content").content == content


def test_an_upload_whose_connection_breaks_begins_anew_and_comes_whole_and_once(
    through: Watched, line: Line
) -> None:
    page = through.page
    through.open("convert")
    content = noise(2)
    line.breaks = broken = Break(request=b"POST /v1/files", after=len(content) // 2, stays=True)
    through.drop(("far.png", content))
    assert broken.happened.wait(60)
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("The server does not answer. Trying again; nothing is lost.").wait_for()
    assert page.locator(".cell[data-state=sending]").count() == 1
    line.mend()
    page.get_by_text("The server does not answer").wait_for(state="hidden")
    through.wait_for_state("done")
    with through.server.client(through.key) as client:
        (file,) = uploads(client)
        assert client.get(f"/v1/files/{file}/content").content == content
        assert len(client.get("/v1/jobs").json()["jobs"]) == 1


def test_a_zip_whose_connection_breaks_goes_on_where_it_was_and_is_whole(
    through: Watched, line: Line
) -> None:
    page = through.page
    done_batch(through)
    line.breaks = broken = Break(request=b"GET /v1/batches/", after=700_000, of_reply=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 3 as one ZIP").click()
    assert broken.happened.wait(60)
    content = download.value.path().read_bytes()
    first, *others = heads(line, b"GET /v1/batches/")
    assert "Range:" not in first
    begins = [int(found[1]) for head in others if (found := re.search(r"Range: bytes=(\d+)-", head))]
    assert begins, "not from its beginning"
    assert min(begins) > 0
    assert all("If-Range:" in head for head in others)
    with through.server.client(through.key) as client:
        batch = client.get("/v1/jobs?limit=1").json()["jobs"][0]["batch"]
        assert client.get(f"/v1/batches/{batch}/results.zip").content == content, "to the byte"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert len(archive.namelist()) == 3
        assert archive.testzip() is None


def test_a_zip_comes_whole_though_the_page_is_loaded_again_meanwhile(through: Watched, line: Line) -> None:
    page = through.page
    done_batch(through)
    line.reply_bytes_a_second = 700_000
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 3 as one ZIP").click()
    page.reload()
    page.locator(".cell").nth(2).wait_for()
    line.reply_bytes_a_second = None
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 3
    assert len(heads(line, b"GET /v1/batches/")) == 1


def test_a_tab_that_was_closed_during_an_upload_sends_it_once_it_is_opened_again(studio: Watched) -> None:
    page = studio.page
    studio.open("convert")
    page.route("**/v1/files?*", lambda route: None)  # nothing gets through
    content = photo(60, 40, 5)
    studio.drop(("a.png", content))
    page.locator(".cell[data-state=sending]").wait_for()
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function(
        """() => new Promise((done) => {
            const opening = indexedDB.open("tinct-studio", 1);
            opening.onsuccess = () => {
                const counting = opening.result.transaction("pending").objectStore("pending").count();
                counting.onsuccess = () => { opening.result.close(); done(counting.result === 1); };
            };
        })"""
    )
    page.close()
    again = page.context.new_page()
    again.goto(f"{studio.url}/studio/#/convert")
    again.locator(".cell[data-state=done]").wait_for()
    with studio.server.client(studio.key) as client:
        job = client.get("/v1/jobs?limit=1").json()["jobs"][0]
        assert client.get(f"/v1/files/{job['inputs']['image']}/content").content == content
    again.goto("about:blank")
    studio.page = again
    again.goto(f"{studio.url}/studio/")  # where breaches of the policy are looked for at the end
    again.locator("main h1").wait_for()
