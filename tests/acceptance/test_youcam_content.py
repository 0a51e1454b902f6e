"""The content check of YouCam's tasks with the packaged networks; a stand-in refuses only pictures that are marked."""

import io

import numpy as np
import pytest
from PIL import Image
from skimage import data

from running import Server
from tinct.effects.moderate.classify import ENGINES
from tinct.models import store
from youcam_hazards import unsafe_picture
from youcam_pictures import opened
from youcam_wire import BODIES, Caller, account, filled

pytestmark = pytest.mark.skipif(
    not all(store.installed(name) for name in ENGINES), reason="the content check's weights are not installed"
)


def encoded(pixels: np.ndarray, kind: str) -> bytes:
    file = io.BytesIO()
    image = Image.fromarray(pixels)
    image.thumbnail((480, 480))
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").from_pillow(image).save(file, format=kind)
    else:
        image.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "HEIF"])
@pytest.mark.parametrize("name", ["astronaut", "coffee", "chelsea"])
def test_clean_photos_pass_in_the_newer_form(v2: Caller, name: str, kind: str) -> None:
    file = v2.upload(encoded(getattr(data, name)(), kind), "image/heic" if kind == "HEIF" else "image/png")
    (made,) = v2.done("bg-blur", {"src_file_id": file, "intensity": 0})
    assert opened(made).format == ("JPEG" if kind == "JPEG" else "PNG")


def test_clean_photos_pass_in_the_older_form(v1: Caller) -> None:
    for name in ("astronaut", "rocket"):
        file = v1.upload(encoded(getattr(data, name)(), "JPEG"))
        assert len(v1.done("lighting", filled(BODIES["v1.0"]["lighting"], F=file))) == 1


def test_a_picture_that_is_refused_fails_its_task_by_name_and_costs_nothing(youcam: Server) -> None:
    older = Caller(youcam.url, account(youcam, credits=10).client_id)
    newer = older.in_form("v2.0")
    body = filled(BODIES["v1.0"]["lighting"], F=older.upload(unsafe_picture(), "image/png"))
    assert older.failed("lighting", body) == "error_nsfw_content_detected"
    file = newer.upload(unsafe_picture(), "image/png")
    assert newer.failed("lighting", {"src_file_id": file}) == "error_nsfw_content_detected"
    assert older.balance() == 10
    assert older.history()["history"][0]["action"] != "api_lighting"
