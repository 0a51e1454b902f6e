"""Faces are shown by themselves, and told apart by keys and by fingers."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from running import photo
from studio.watched import Watched


def encoded(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.fixture(scope="module")
def one() -> bytes:
    return encoded(data.astronaut())


@pytest.fixture(scope="module")
def two() -> bytes:
    """The same face twice: on the left smaller than on the right."""
    face = Image.fromarray(data.astronaut()[:260, 90:370])
    small = face.resize((168, 156))
    pixels = Image.new("RGB", (480, 280), (120, 120, 120))
    pixels.paste(small, (16, 60))
    pixels.paste(face, (192, 10))
    return encoded(np.asarray(pixels))


def references(studio: Watched, *photos: bytes) -> None:
    studio.page.locator(".slot[data-input=references] input[type=file]").set_input_files(
        [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": one} for n, one in enumerate(photos)]
    )
    studio.page.locator(f".slot-photo figure:nth-child({len(photos)})").wait_for()


def mapping(studio: Watched) -> object:
    """What an order says of faces; the server of these tests takes none of swaps."""
    studio.page.get_by_label("They agree").check()
    with studio.page.expect_request("**/v1/jobs") as order:
        studio.page.get_by_role("button", name="Run", exact=True).click()
    return order.value.post_data_json["params"].get("mapping")


def test_faces_appear_without_a_press_where_an_effect_takes_them_and_cost_nothing(
    alone: Watched, two: bytes
) -> None:
    studio, page = alone, alone.page
    studio.open("makeup")
    page.get_by_text("found as soon as there is a photo").wait_for()
    studio.drop(("two.jpg", two))
    page.get_by_text("2 faces were found; the largest is meant.").wait_for()
    boxes = page.locator(".face")
    assert [box.get_attribute("data-meant") for box in boxes.all()] == ["no", "yes"]
    plane = page.locator(".plane").bounding_box()
    assert plane
    middles = []
    for box in boxes.all():
        at = box.bounding_box()
        assert at
        middles.append((at["x"] + at["width"] / 2 - plane["x"]) / plane["width"] * 480)
    assert abs(middles[0] - (16 + 84)) < 20, "where the faces are"
    assert abs(middles[1] - (192 + 140)) < 30
    page.get_by_label("Everybody").check()
    assert [box.get_attribute("data-meant") for box in boxes.all()] == ["yes", "yes"]
    assert studio.accessibility() == []
    studio.open("convert")
    assert page.locator(".face").count() == 0
    with studio.server.client(studio.key) as client:
        assert client.get("/v1/jobs").json()["jobs"] == []
    assert len([path for path in studio.sent if path.endswith("/faces")]) == 1, "asked for once"


def test_a_photo_without_faces_says_so(studio: Watched) -> None:
    studio.open("hair_volume")
    studio.drop(("waves.png", photo(200, 150)))
    studio.page.get_by_text("No face was found in this photo.").wait_for()


def test_one_reference_goes_to_the_largest_face_and_by_keys_to_another(
    studio: Watched, one: bytes, two: bytes
) -> None:
    page, studio.refusals = studio.page, True
    studio.open("swap")
    studio.drop(("two.jpg", two))
    page.get_by_text("2 faces were found. Add a reference").wait_for()
    assert page.get_by_role("button", name="Run", exact=True).is_disabled()
    assert page.get_by_label("Face 1", exact=True).is_disabled()
    references(studio, one)
    page.get_by_text("Confirm that those who are shown agree.").wait_for()
    assert (
        page.get_by_label("Face 2", exact=True)
        .locator("option:checked")
        .inner_text()
        .startswith("Reference 1")
    )
    assert mapping(studio) is None, "which is what the server does by itself"
    # Swaps are not allowed here, and the page says so in its place
    page.get_by_text("Not accepted").wait_for()

    page.get_by_role("button", name="Face 1: stays").focus()
    page.keyboard.press("Enter")
    assert "reference 1" in page.evaluate("document.activeElement.textContent"), "the focus stays at the face"
    page.get_by_label("Face 2", exact=True).select_option("Stays as it is")
    assert mapping(studio) == [0, -1]
    page.get_by_label("Face 1", exact=True).select_option("Stays as it is")
    page.get_by_text("Choose a reference for one of the faces.").wait_for()
    assert page.get_by_role("button", name="Run", exact=True).is_disabled()
    assert studio.accessibility() == []


def test_on_a_phone_faces_are_told_apart_by_touch(phone: Watched, one: bytes, two: bytes) -> None:
    page, phone.refusals = phone.page, True
    phone.open("swap")
    phone.drop(("two.jpg", two))
    page.get_by_text("2 faces were found").wait_for()
    references(phone, one, one)
    tags = page.locator("button.face-tag")
    assert tags.all_inner_texts() == ["1: reference 1", "2: reference 2"]
    for tag in tags.all():
        box = tag.bounding_box()
        assert box
        assert box["height"] >= 43.5
    tags.nth(1).tap()
    assert tags.nth(1).inner_text() == "2: stays"
    tags.nth(0).tap()
    assert tags.nth(0).inner_text() == "1: reference 2"
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert mapping(phone) == [1, -1]


def test_another_photo_and_another_reference_begin_anew(studio: Watched, one: bytes, two: bytes) -> None:
    page = studio.page
    studio.open("swap")
    studio.drop(("two.jpg", two))
    references(studio, one, one)
    page.locator("button.face-tag").nth(1).click()
    assert "mapping" in page.evaluate("new Promise((done) => setTimeout(() => done(location.hash), 400))")
    studio.drop(("one.jpg", one))
    page.get_by_text("1: reference 1").wait_for()
    assert page.locator(".face").count() == 1
    page.locator(".slot-photo button").first.click()
    page.get_by_text("1: reference 1").wait_for()
    assert page.locator(".slot-photo figure").count() == 1
    assert "mapping" not in page.evaluate("new Promise((done) => setTimeout(() => done(location.hash), 400))")
