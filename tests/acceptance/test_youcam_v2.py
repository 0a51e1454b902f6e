"""The tools of the YouCam API in their newer form: flat bodies, files by id or URL, templates, deleting."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from PIL import Image

from picture_host import Site
from running import photo
from youcam_hazards import picture
from youcam_pictures import clip, combed_face, face, mask, opened, two_faces
from youcam_wire import BODIES, Caller, Json, downloaded, entries, filled, refused, said, state, urls

INSTALLED = {
    "video-sr",
    "enhance",
    "generative-fill",
    "sod",
    "bg-replace (template)",
    "bg-blur",
    "colorize",
    "colorize/color-correct",
    "lighting",
    "mu-transfer",
    "face-swap/pre-process",
    "face-swap",
}
"""Bodies that have to work wherever the tests run; other tools may answer that they are not installed."""
SOURCES: dict[str, Any] = {
    "hair-vol": lambda: face(480),
    "hair-bang": lambda: combed_face(480),
    "hair-ext": lambda: face(480),
    "hair-transfer": lambda: face(480),
    "out-paint": lambda: photo(640, 600, format="JPEG"),
    "colorize": lambda: photo(120, 90, format="JPEG", mode="L"),
    "colorize/color-correct": lambda: photo(120, 90, format="JPEG"),
    "enhance": lambda: photo(24, 20, format="JPEG"),
    "generative-fill": lambda: photo(96, 72, format="JPEG"),
    "obj-replace": lambda: photo(96, 72, format="JPEG"),
    "image-to-image/youcam": lambda: photo(400, 400, format="JPEG"),
    "face-swap": two_faces,
    "video-sr": lambda: clip(7),
}


@pytest_asyncio.fixture
async def site() -> AsyncIterator[Site]:
    async with Site() as running:
        yield running


@pytest.fixture(scope="module")
def files(v2: Caller) -> dict[str, str]:
    """What the letters of the bodies stand for, where it is the same for all tools."""
    ids = {"M": v2.upload(mask(96, 72), "image/png"), "R": v2.upload(face(300), slug="face-swap")}
    return ids | {"G": v2.upload(photo(400, 420, format="JPEG"))}


def reads(v2: Caller, name: str) -> tuple[Caller, str]:
    """Form and slug of a documented body, whose name may say more than the slug."""
    slug = name.partition(" ")[0]
    return (v2.in_form("v2.1") if name.endswith("(v2.1)") else v2), slug


@pytest.mark.parametrize("name", BODIES["v2"])
def test_every_documented_body_runs_or_says_that_its_tool_is_not_installed(
    v2: Caller, files: dict[str, str], name: str
) -> None:
    caller, slug = reads(v2, name)
    body = BODIES["v2"][name]
    values = dict(files)
    if "template_id" in body:
        listed = caller.templates(slug)
        values["T"] = listed[0]["id"] if listed else "female_blunt_bob"
    if "F" in str(body):
        values["F"] = v2.upload(SOURCES.get(slug, face)(), "video/mp4" if slug == "video-sr" else "image/jpg")
    if slug == "hair-transfer":
        values["R"] = v2.upload(combed_face(480))
    started = caller.start(slug, filled(body, **values))
    if started.status_code == 400 and name not in INSTALLED:
        code = started.json()["error_code"]
        assert code == "OperationNotSupport" or (code == "InvalidStyle" and "template_id" in body)
        refused(started, 400, code)
        return
    found = caller.ended(slug, said(started)["data"]["task_id"])
    if slug == "hair-ext":  # the pictures at hand show no hair that is long enough
        assert (state(found), found["error"]) == ("error", "error_hair_too_short")
        return
    if slug == "hair-transfer":  # nor any that others may wear
        assert state(found) == "error"
        assert found["error"].startswith(("error_ref", "error_face_pose")), found
        return
    assert state(found) == "success", found
    assert len(entries(found)) == (4 if slug.startswith("colorize") else 1)
    assert all(len(downloaded(url)) > 100 for url in urls(found))


# -- results, where they are other than in the older form ------------------------------------------------


def test_background_blur_is_a_finished_picture_and_no_intensity_leaves_the_source(v2: Caller) -> None:
    before = face(format="PNG")
    file = v2.upload(before, "image/png")
    old = np.asarray(opened(before), int)
    blurred = {}
    for name, more in {"none": {"intensity": 0}, "usual": {}, "most": {"intensity": 100}}.items():
        (made,) = v2.done("bg-blur", {"src_file_id": file, **more})
        assert opened(made).size == (320, 320)
        blurred[name] = np.abs(np.asarray(opened(made).convert("RGB"), int) - old).mean()
    assert blurred["none"] == 0
    assert 0 < blurred["usual"] < blurred["most"]


@pytest.mark.parametrize("body", [{}, {"type": "template"}, {"type": "template", "template_id": None}])
def test_background_change_requires_nothing_and_is_a_finished_picture(v2: Caller, body: Json) -> None:
    file = v2.upload(face())
    (made,) = v2.done("bg-replace", {"src_file_id": file, **body})
    (cut,) = v2.done("sod", {"src_file_id": file})
    new, old = (np.asarray(opened(one).convert("RGB"), int) for one in (made, face()))
    assert new.shape == old.shape
    change, opacity = np.abs(new - old).max(2), np.asarray(opened(cut))[..., 3]
    assert np.median(change[opacity == 255]) < 4
    assert np.median(change[opacity == 0]) > 6


def test_each_background_template_is_another_background(v2: Caller) -> None:
    listed = v2.templates("bg-replace")
    assert len(listed) >= 2
    file = v2.upload(face())
    made = {
        v2.done("bg-replace", {"src_file_id": file, "type": "template", "template_id": one["id"]})[0]
        for one in (listed[0], listed[-1])
    }
    assert len(made) == 2


def test_pictures_come_out_upright_and_without_what_the_camera_wrote(v2: Caller) -> None:
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    Image.new("RGB", (40, 20), (200, 30, 30)).save(file, "JPEG", exif=exif)
    (made,) = v2.done("lighting", {"src_file_id": v2.upload(file.getvalue())})
    assert opened(made).size == (20, 40)
    assert not opened(made).getexif()


def test_removal_of_the_background_is_a_png_with_alpha(v2: Caller) -> None:
    (made,) = v2.done("sod", {"src_file_id": v2.upload(face())})
    assert (opened(made).format, opened(made).mode) == ("PNG", "RGBA")


def test_four_results_stand_in_one_list_and_no_single_url_beside_it(v2: Caller) -> None:
    file = v2.upload(photo(120, 90, format="JPEG", mode="L"))
    found = v2.ended("colorize", v2.run("colorize", {"src_file_id": file}))
    assert set(found["results"]) == {"output"}
    assert len(found["results"]["output"]) == 4


def test_detection_tells_boxes_in_both_spellings(v2: Caller) -> None:
    slug = "face-swap/pre-process"
    found = v2.ended(slug, v2.run(slug, {"src_file_id": v2.upload(two_faces(), slug="face-swap")}))
    boxes = [one["bbox"] for one in found["results"]["faces"]]
    assert found["results"]["result"] == [
        {"left": x1, "top": y1, "width": x2 - x1, "height": y2 - y1} for x1, y1, x2, y2 in boxes
    ]
    assert len(boxes) == 2


def test_the_standard_removal_of_objects_is_there_under_its_older_name(
    v2: Caller, files: dict[str, str]
) -> None:
    file = v2.upload(photo(96, 72, format="JPEG"))
    v2.done("obj-removal", {"src_file_id": file, "msk_file_id": files["M"]})


# -- sources ---------------------------------------------------------------------------------------------


@pytest.mark.asyncio
async def test_sources_masks_and_references_come_from_urls_too_and_may_be_mixed_with_ids(
    v2: Caller, site: Site, files: dict[str, str]
) -> None:
    small = site.picture("/small.jpg", photo(96, 72, format="JPEG"))
    white = site.picture("/mask.png", mask(96, 72))
    moved = site.picture("/moved", b"", f"Location: {small}", status=302)
    for body in (
        {"src_file_url": small, "msk_file_id": files["M"]},
        {"src_file_url": moved, "msk_file_url": white, "src_file_id": None, "msk_file_id": ""},
    ):
        (made,) = await asyncio.to_thread(v2.done, "generative-fill", body)
        assert opened(made).size == (96, 72)


def test_a_results_url_and_its_id_are_sources(v2: Caller) -> None:
    first = v2.ended("lighting", v2.run("lighting", {"src_file_id": v2.upload(picture(0))}))
    for source in ({"src_file_url": urls(first)[0]}, {"src_file_id": entries(first)[0]["dst_id"]}):
        (made,) = v2.done("lighting", source)
        assert opened(made).size == (300, 260)


def test_one_stands_for_a_list_of_one_and_the_other_way_round(v2: Caller, files: dict[str, str]) -> None:
    target = v2.upload(two_faces())
    mapping = [{"index": 0, "position": 0}]
    v2.done("face-swap", {"src_file_id": [target], "ref_file_id": files["R"], "face_mapping": mapping})
    v2.done("mu-transfer", {"src_file_id": v2.upload(face()), "ref_file_ids": [files["R"]]})


def test_unknown_keys_are_ignored_null_is_the_default_and_numbers_may_end_in_nought(v2: Caller) -> None:
    file = v2.upload(face(300))
    more = {"request_id": 7, "dst_actions": [0], "gender": "female", "style": 1, "width": "x", "payload_": {}}
    v2.done("enhance", {"src_file_id": v2.upload(photo(24, 20)), "scale": 2.0, **more})
    v2.done("bg-blur", {"src_file_id": file, "intensity": None})


# -- forms -----------------------------------------------------------------------------------------------


def test_a_task_is_found_in_every_form_and_the_path_decides_the_words(v1: Caller, v2: Caller) -> None:
    newest = v2.in_form("v2.1")
    for maker, body in (
        (v1, filled(BODIES["v1.0"]["lighting"], F=v1.upload(picture(0, number=1)))),
        (v2, {"src_file_id": v2.upload(picture(0, number=2))}),
        (newest, {"src_file_id": v2.upload(picture(0, number=3))}),
    ):
        task = maker.run("lighting", body)
        assert state(maker.ended("lighting", task)) == "success"
        for asker in (v1, v1.in_form("v1.1"), v2, newest):
            assert state(asker.poll("lighting", task)) == "success"
        assert state(v2.poll("relight", task)) == "success"


def test_polls_by_query_are_polls_by_path(v2: Caller) -> None:
    task = v2.run("lighting", {"src_file_id": v2.upload(picture(0))})
    v2.ended("lighting", task)
    found = said(v2.http.get(f"/v2.0/task/lighting?task_id={task}"))
    assert found["data"]["task_status"] == "success"
    refused(v2.http.get("/v2.0/task/lighting"), 400, "InvalidParameters")
    refused(v2.http.get("/v2.0/task/lighting?task_id="), 400, "InvalidParameters")


@pytest.mark.parametrize("slug", ["enhance", "sod", "bg-blur", "bg-replace", "lighting"])
def test_bodies_of_the_older_form_mean_the_same_and_give_what_the_path_gives(v2: Caller, slug: str) -> None:
    side = 32 if slug == "enhance" else 320
    body = filled(BODIES["v1.0"][slug], F=v2.upload(face(side)))
    (made,) = v2.done(slug, body)
    assert opened(made).size == ((64, 64) if slug == "enhance" else (320, 320))
    assert opened(made).mode != "L"  # a picture, no mask


def test_each_post_of_the_newer_form_is_a_task_of_its_own(v2: Caller) -> None:
    file = v2.upload(picture(0, number=4))
    body = {"src_file_id": file, "request_id": 0}
    assert len({v2.run("lighting", body) for _ in range(3)}) == 3


def test_running_tasks_say_nothing_else(v2: Caller) -> None:
    task = v2.run("lighting", {"src_file_id": v2.upload(picture(0.6))})
    assert said(v2.ask("lighting", task)) == {"status": 200, "data": {"task_status": "running"}}
    v2.ended("lighting", task)
