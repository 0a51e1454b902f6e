"""What is around the tools of the YouCam API in its newer form: files, templates, prices, deleting."""

import re
from typing import Any

import httpx
import numpy as np
import pytest

from running import photo
from youcam_hazards import picture
from youcam_pictures import face, opened
from youcam_wire import BODIES, HELD, HTTP, Caller, Json, entries, fetched, filled, put, refused, said, urls

TEMPLATED = ("text-to-image", "bg-replace", "hair-style", "hair-ext", "hair-bang", "hair-vol")


# -- files -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["file", "file/enhance", "file/", "file/some-old/tool", "file/skin-analysis"]
)
def test_files_are_declared_universally_or_under_any_slug(v2: Caller, path: str) -> None:
    for form in ("v2.0", "v2.1"):
        entry = {"content_type": "image/jpg", "file_name": "pier.jpg", "file_size": 81920}
        found = said(v2.http.post(f"/{form}/{path}", json={"files": [entry]}))
        (file,) = found["data"]["files"]
        (request,) = file["requests"]
        assert request["headers"] == {"Content-Type": "image/jpg", "Content-Length": "81920"}


@pytest.mark.parametrize("kind", ["webp", "bmp", "tiff", "gif", "heic", "heif", "png", "jpeg", "jpg"])
def test_more_types_may_be_declared_and_are_echoed_as_they_came(v2: Caller, kind: str) -> None:
    v2.declare({"content_type": f"image/{kind}", "file_name": "a", "file_size": 1})


@pytest.mark.parametrize("send", ["PUT", "GET"])
def test_browsers_of_other_sites_may_upload_and_download(v2: Caller, send: str) -> None:
    content = photo(40, 32)
    file = v2.declared(content, "image/png")
    url = file["requests"][0]["url"]
    if send == "GET":
        put(url, content)
        url = urls(v2.ended("lighting", v2.run("lighting", {"src_file_id": file["file_id"]})))[0]
    asked = HTTP.options(
        url,
        headers={
            "Origin": "https://shop.example",
            "Access-Control-Request-Method": send,
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    allowed = {one.strip().lower() for one in asked.headers["access-control-allow-headers"].split(",")}
    assert {"content-type", "content-length"} <= allowed
    methods = {one.strip() for one in asked.headers["access-control-allow-methods"].split(",")}
    assert {"PUT", "GET", "HEAD"} <= methods
    sent = HTTP.request(
        send,
        url,
        content=content if send == "PUT" else None,
        headers={"Origin": "https://shop.example"},
    )
    assert sent.status_code == 200
    assert sent.headers["access-control-allow-origin"] == "*"
    exposed = sent.headers.get("access-control-expose-headers", "").lower()
    assert "content-length" in exposed
    assert "content-type" in exposed


def test_the_api_itself_is_not_for_browsers(v2: Caller) -> None:
    reply = v2.http.get("/v1.0/client/credit", headers={"Origin": "https://shop.example"})
    assert "access-control-allow-origin" not in reply.headers


# -- templates, prices -----------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", TEMPLATED)
def test_templates_are_listed_in_pages_with_thumbnails(v2: Caller, slug: str) -> None:
    found: list[Json] = []
    token: Any = ""
    while token is not None:
        query = {"page_size": 7, "starting_token": token}
        page = said(v2.http.get(f"/v2.0/task/template/{slug}", params=query))["data"]
        assert len(page["templates"]) <= 7
        found += page["templates"]
        token = page["next_token"]
        assert token is None or re.fullmatch(r"[A-Za-z0-9]+", token)
    keys = {"id", "thumb", "title", "category_name"}
    if slug == "hair-style":
        keys |= {"keep_users_color"}
    assert all(set(one) == keys for one in found)
    assert len({one["id"] for one in found}) == len(found)
    assert [one["id"] for one in found][:20] == [one["id"] for one in v2.templates(slug)]
    for one in found[:2]:
        thumb = fetched(one["thumb"])
        assert thumb.status_code == 200
        assert thumb.headers["content-type"].startswith("image/")


def test_hair_transfer_has_its_templates_in_both_newer_forms(v2: Caller) -> None:
    ids = [[one["id"] for one in caller.templates("hair-transfer")] for caller in (v2, v2.in_form("v2.1"))]
    assert ids[0] == ids[1]


@pytest.mark.parametrize("slug", ["enhance", "nonsense", "text-to-image/youcam", "face-swap"])
def test_other_tools_have_no_templates(v2: Caller, slug: str) -> None:
    refused(v2.http.get(f"/v2.0/task/template/{slug}"), 404, "NotFound")


@pytest.mark.parametrize("template", HELD)
def test_templates_that_clients_hold_are_known(v2: Caller, template: str) -> None:
    """They run, or their tool is not installed; nobody is told that there is no such style."""
    file = v2.upload(face())
    for caller, slug in ((v2, "hair-style"), (v2.in_form("v2.1"), "hair-transfer")):
        started = caller.start(slug, {"src_file_id": file, "template_id": template})
        if started.status_code != 200:
            refused(started, 400, "OperationNotSupport")


def test_prices_are_listed_by_tool_in_pages(v2: Caller) -> None:
    found: list[Json] = []
    token: Any = None
    while True:
        query = {"page_size": 6} | ({"starting_token": token} if token else {})
        body = said(v2.http.get("/v2.0/credit/feature-cost", params=query))
        assert set(body) == {"status", "result"}
        assert set(body["result"]) == {"next_token", "skus"}
        found += body["result"]["skus"]
        token = body["result"]["next_token"]
        if not token:
            break
    keys = {"description", "amount", "unit", "proc_unit", "run_task_url"}
    assert all(set(sku) == keys for sku in found)
    prices = {
        sku["run_task_url"].partition("/task/")[2]: (sku["amount"], sku["unit"], sku["proc_unit"])
        for sku in found
    }
    assert len(prices) == len(found)
    picture_of = "result_image"
    assert prices["enhance"] == (2, picture_of, 1)
    assert prices["video-sr"] == (1, "second", 2)
    assert prices["generative-fill"] == (2, picture_of, 1)
    assert prices["colorize/color-correct"] == (2, picture_of, 1)
    assert prices["text-to-image/youcam"] == (1, picture_of, 1)
    assert prices["bg-replace"] == (4, picture_of, 1)
    assert "face-swap/pre-process" not in prices
    assert {"hair-transfer", "image-to-image/youcam", "sod", "out-paint", "hair-vol"} <= set(prices)
    assert all(sku["run_task_url"].startswith(f"{v2.url}/s2s/v2.") for sku in found)


# -- delete ----------------------------------------------------------------------------------------------


def delete(caller: Caller, body: Any) -> httpx.Response:
    return caller.http.post("/v2.0/task/delete", json=body)


@pytest.mark.parametrize("form", ["v1.0", "v2.0"])
def test_a_deleted_task_takes_its_files_and_results_with_it(v1: Caller, v2: Caller, form: str) -> None:
    caller = v1 if form == "v1.0" else v2
    file = caller.upload(picture(0, number=8))
    older = filled(BODIES["v1.0"]["lighting"], F=file)
    task = caller.run("lighting", older if form == "v1.0" else {"src_file_id": file})
    found = caller.ended("lighting", task)
    (url,) = urls(found)
    assert delete(v2, {"task_id": task}).json() == {"status": 200}
    refused(caller.ask("lighting", task), 400, "InvalidTaskId")
    assert fetched(url).status_code == 404
    refused(delete(v2, {"task_id": task}), 400, "InvalidTaskId")
    for source in (file, entries(found)[0]["dst_id"]):
        assert v2.failed("lighting", {"src_file_id": source}) == "error_download_image"


def test_deleting_is_refused_while_a_task_runs_twice_and_to_others(
    v1: Caller, v2: Caller, other_caller: Caller
) -> None:
    task = v2.run("lighting", {"src_file_id": v2.upload(picture(0.8, number=9))})
    refused(delete(v2, {"task_id": task}), 400, "OperationInvalid")
    refused(delete(other_caller, {"task_id": task}), 400, "InvalidTaskId")
    v2.ended("lighting", task)
    refused(delete(other_caller, {"task_id": task}), 400, "InvalidTaskId")
    said(delete(v1, {"task_id": task}))
    refused(delete(v2, {"task_id": task}), 400, "InvalidTaskId")


@pytest.mark.parametrize("body", [{}, {"task_id": None}, {"task_id": 7}, {"task_id": ["x"]}])
def test_deleting_wants_an_id(v2: Caller, body: Json) -> None:
    refused(delete(v2, body), 400, "InvalidParameters")


@pytest.mark.parametrize("task", ["x", "../../x", "x" * 5000, "%00", "é"])
def test_malformed_ids_are_no_tasks(v2: Caller, task: str) -> None:
    refused(delete(v2, {"task_id": task}), 400, "InvalidTaskId")


@pytest.mark.parametrize("form", ["v1.0", "v2.0"])
def test_the_extender_gives_exactly_the_output_and_keeps_the_scaled_crop(
    v1: Caller, v2: Caller, form: str
) -> None:
    caller = v1 if form == "v1.0" else v2
    numbers = {"output_width": 120, "output_height": 90, "input_x": 30, "input_y": 20, "input_width": 60}
    numbers |= {"input_height": 48, "crop_input_x": 4, "crop_input_y": 0, "crop_input_width": 60}
    numbers |= {"crop_input_height": 48}
    file = caller.upload(photo(64, 48), "image/png", slug="out-paint")
    body: Json = {"src_file_id": file} | numbers
    if form == "v1.0":
        body = filled(BODIES["v1.0"]["out-paint"], F=file)
        body["payload"]["actions"][0]["params"] = numbers
    (made,) = (opened(one) for one in caller.done("out-paint", body))
    assert made.size == (120, 90)
    kept = np.asarray(made.convert("RGB"))[26:62, 36:84]
    assert np.array_equal(kept, np.asarray(opened(photo(64, 48)).convert("RGB"))[6:42, 10:58])
