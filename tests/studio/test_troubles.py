"""What goes wrong for a person: files that are no photos, a lost server, a revoked key, a reload in the middle."""

import io
import json
import re
import signal
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from running import Server, photo
from studio.conftest import DESKTOP
from studio.watched import Watched, watched

EFFECTS = "noop=effects_for_tests:NOOP,slow=effects_for_tests:SLOW,broken=effects_for_tests:BROKEN"


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Server]:
    """A server that a test may stop."""
    server = Server(tmp_path / "data", extra_effects=EFFECTS)
    yield server
    server.stop()


def test_twenty_at_once_with_one_broken_file(studio: Watched) -> None:
    page, studio.refusals = studio.page, True
    studio.open("convert", format="webp")
    files = [(f"photo {number}.png", photo(80, 60, number)) for number in range(20)]
    files[7] = ("photo 7.png", photo(80, 60)[:900])  # its head is whole, so only decoding finds out
    studio.drop(*files)
    studio.wait_for_state("ready", 20)
    page.get_by_role("button", name="On all 20 photos").click()
    studio.wait_for_state("done", 19)
    studio.wait_for_state("failed", 1)
    assert page.locator(".cell[data-state=failed] .cell-state").inner_text()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 19 as one ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert len(set(archive.namelist())) == 19
        assert archive.testzip() is None
    assert studio.accessibility() == []


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("letter.txt", b"Dear Sir or Madam", "allowed: JPEG"),
        ("empty.png", b"", "empty"),
        ("large.png", photo(40, 30) + bytes(9 * 2**20), "8.4 MB"),
        ("page.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "allowed: JPEG"),
    ],
)
def test_a_file_that_is_no_photo_says_why_in_its_place_and_the_next_one_works(
    studio: Watched, name: str, content: bytes, sentence: str
) -> None:
    page, studio.refusals = studio.page, True
    studio.open("convert")
    studio.drop((name, content), ("good.png", photo(60, 40)))
    studio.wait_for_state("failed")
    studio.wait_for_state("ready")
    assert sentence in page.locator(".cell[data-state=failed] .cell-state").inner_text()
    assert sentence in page.locator(".broken .problem").inner_text(), "and in the place of the photo"
    page.get_by_role("button", name=re.compile("^good")).click()
    page.get_by_role("button", name="Run", exact=True).click()
    studio.wait_for_state("done")


def test_a_job_that_fails_says_why_and_is_tried_again(studio: Watched) -> None:
    page = studio.page
    studio.open("broken")
    studio.drop(("a.png", photo(60, 40)))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Run", exact=True).click()
    studio.wait_for_state("failed")
    assert page.locator("job-card .problem").inner_text()
    with page.expect_response("**/v1/jobs") as again:
        page.get_by_role("button", name="Try again").click()
    assert again.value.status == 202


def test_a_reload_in_mid_job_finds_it_again(alone: Watched) -> None:
    studio, page = alone, alone.page
    studio.open("slow", seconds="4")
    studio.drop(("a.png", photo(60, 40)), ("b.png", photo(60, 40, 1)))
    studio.wait_for_state("ready", 2)
    page.get_by_role("button", name="On all 2 photos").click()
    page.locator(".cell[data-state=running]").first.wait_for()
    page.reload()
    page.locator(".cell").nth(1).wait_for()
    assert page.get_by_label("Seconds").input_value() == "4", "settings stand in the address"
    studio.wait_for_state("done", 2)
    page.get_by_role("link", name="Download 2 as one ZIP").wait_for()
    page.reload()
    page.get_by_role("link", name="Download 2 as one ZIP").wait_for()
    with studio.server.client(studio.key) as client:
        assert len(client.get("/v1/jobs").json()["jobs"]) == 2


def test_a_job_is_cancelled(studio: Watched) -> None:
    page = studio.page
    studio.open("slow", seconds="50")
    studio.drop(("a.png", photo(60, 40)))
    studio.wait_for_state("ready")
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator("job-card[data-state=running]").wait_for()
    page.get_by_role("button", name="Cancel").click()
    studio.wait_for_state("cancelled")


def test_a_server_that_stops_and_starts_loses_nothing(browser, own_server: Server, tmp_path: Path) -> None:
    with watched(browser, own_server, key=own_server.first_key, **DESKTOP) as studio:
        page, studio.refusals = studio.page, True
        studio.sign_in()
        studio.open("slow", seconds="3")
        studio.drop(("a.png", photo(60, 40)))
        studio.wait_for_state("ready")
        page.get_by_role("button", name="Run", exact=True).click()
        page.locator("job-card[data-state=running]").wait_for()
        port = own_server.url.rpartition(":")[2]
        own_server.stop(signal.SIGKILL)
        studio.drop(("b.png", photo(60, 40, 1)))
        page.get_by_text("The server does not answer").wait_for()
        again = Server(tmp_path / "data", "--port", port, extra_effects=EFFECTS)
        try:
            page.get_by_text("The server does not answer").wait_for(state="hidden")
            studio.wait_for_state("done")
            studio.wait_for_state("ready")
        finally:
            again.stop()


def test_a_revoked_key_asks_for_another_and_everything_is_still_there(alone: Watched) -> None:
    studio, page = alone, alone.page
    studio.refusals = True
    studio.open("convert")
    studio.drop(("a.png", photo(60, 40)))
    studio.wait_for_state("ready")
    with studio.server.client(studio.key) as client:
        account = client.get("/v1/account").json()["id"]
    rotated = studio.server.keys("rotate", account, "--for", "native", "--grace-s", "0", "--json")
    key = json.loads(rotated)["api_key"]
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("The session has ended").wait_for()
    page.get_by_label("API key").fill("tnct_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("unknown, revoked or expired").wait_for()
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    studio.wait_for_state("done")
