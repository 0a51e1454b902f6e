"""What a person does in the studio, from the first photo to the download."""

import io
import zipfile

from PIL import Image

from running import photo
from studio.watched import Watched


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
    page.get_by_role("button", name="Run on all 3 photos").click()
    studio.wait_for_state("done", 3)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download 3 as one ZIP").click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as archive:
        assert sorted(archive.namelist()) == ["a-convert.webp", "b-convert.webp", "c-convert.webp"]
