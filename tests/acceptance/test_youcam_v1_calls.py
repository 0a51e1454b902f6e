"""What the tools of the YouCam API in its older form have in common: files, numbers, aliases, polls, styles."""

import io
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from running import photo
from youcam_hazards import picture
from youcam_pictures import face, mask, opened
from youcam_wire import Caller, Json, body_of, downloaded, entries, fetched, put, refused, said, state, urls

STYLED = {"text-to-image", "hair-style", "hair-ext", "hair-bang", "hair-vol"}


@pytest.fixture(scope="module")
def files(v1: Caller) -> dict[str, str]:
    """What the letters of the bodies stand for, where it is the same for all tools."""
    return {"M": v1.upload(mask(96, 72), "image/png"), "R": v1.upload(face(300))}


# -- what all have in common ----------------------------------------------------------------------------


def test_the_number_of_the_action_comes_back(v1: Caller) -> None:
    file = v1.upload(picture(0))
    found = v1.ended("lighting", v1.run("lighting", body_of("lighting", 71, F=file)))
    assert found["results"][0]["id"] == 71


@pytest.mark.parametrize(("wanted", "format"), [("jpg", "JPEG"), ("png", "PNG"), ("gif", "PNG"), (7, "PNG")])
def test_output_ext_names_the_format_and_other_values_are_ignored(
    v1: Caller, wanted: object, format: str
) -> None:
    (made,) = v1.done(
        "lighting", body_of("lighting", F=v1.upload(picture(0)), payload={"output_ext": wanted})
    )
    assert opened(made).format == format


def test_a_result_is_the_source_of_another_tools_task(v1: Caller) -> None:
    first = v1.ended("lighting", v1.run("lighting", body_of("lighting", F=v1.upload(picture(0)))))
    (chained,) = v1.done("lighting", body_of("lighting", F=entries(first)[0]["dst_id"]))
    assert opened(chained).size == (300, 260)
    assert len(v1.done("colorize", body_of("colorize", F=entries(first)[0]["dst_id"]))) == 4


def test_each_poll_of_a_finished_task_gives_urls_of_their_own_that_need_no_key(v1: Caller) -> None:
    task = v1.run("lighting", body_of("lighting", F=v1.upload(picture(0))))
    first = urls(v1.ended("lighting", task))[0]
    second = urls(v1.poll("lighting", task))[0]
    assert downloaded(first) == downloaded(second)
    assert first.startswith(v1.url)


def test_a_file_is_bound_to_no_tool_and_its_declared_type_binds_nothing(v1: Caller) -> None:
    file = v1.upload(picture(0), "video/quicktime", slug="hair-style")
    (made,) = v1.done("lighting", body_of("lighting", F=file))
    assert opened(made).format == "PNG"


@pytest.mark.parametrize("send", ["all", "one", "none", "other"])
def test_an_upload_needs_none_of_its_headers(v1: Caller, send: str) -> None:
    content = photo(40, 32)
    (request,) = v1.in_form("v1.1").declared(content, "image/png")["requests"]
    given: dict[str, dict[str, str]] = {
        "all": request["headers"],
        "one": {"Content-Type": "image/png"},
        "none": {},
        "other": {"Content-Type": "application/octet-stream"},
    }
    reply = put(request["url"], content, given[send])
    assert (reply.status_code, reply.content) == (200, b"")


def test_twenty_files_are_declared_in_one_call_in_their_order(v1: Caller) -> None:
    kinds = [
        "image/jpg",
        "image/jpeg",
        "image/png",
        "video/mp4",
        "image/heic",
        "image/heif",
        "video/quicktime",
    ]
    asked = [{"content_type": kinds[n % 7], "file_name": f"фото {n}.jpg"} for n in range(20)]
    found = v1.declare(*asked)
    assert len({one["file_id"] for one in found}) == 20


def test_the_newer_file_call_of_the_older_form_wants_the_size_and_says_it(v1: Caller) -> None:
    newer = v1.in_form("v1.1")
    assert len(v1.done("lighting", body_of("lighting", F=newer.upload(picture(0))))) == 1
    bare = {"files": [{"content_type": "image/jpg", "file_name": "a.jpg"}]}
    refused(v1.http.post("/v1.1/file/enhance", json=bare), 400, "InvalidParameters")


@pytest.mark.parametrize(
    ("slug", "alias"),
    [
        ("sod", "bg-removal"),
        ("obj-removal", "object-removal"),
        ("lighting", "relight"),
        ("colorize/color-correct", "color-correct"),
        ("colorize/color-correct", "color-correction"),
        ("mu-transfer", "mu-trans-rec"),
        ("bg-blur", "blur-bg"),
        ("bg-replace", "bg-change"),
        ("bg-replace", "change-bg"),
    ],
)
def test_an_alias_is_the_same_tool(v1: Caller, files: dict[str, str], slug: str, alias: str) -> None:
    """A task that is made under one name is found under the other, and under no third."""
    task = v1.run(alias, body_of(slug, F=v1.upload(picture(0)), M=files["M"], R=files["R"]))
    v1.poll(slug, task)
    refused(v1.ask("enhance", task), 400, "InvalidTaskId")
    v1.ended(alias, task)


def test_paths_may_end_in_a_slash_bodies_may_have_any_type_and_the_newer_number_is_the_same(
    v1: Caller,
) -> None:
    content = httpx.Request("POST", "http://x", json=body_of("lighting", F=v1.upload(picture(0)))).content
    for path in ("/v1.0/task/lighting/", "/v1.1/task/lighting", "/v1.1/task/lighting/"):
        reply = v1.http.post(path, content=content, headers={"Content-Type": "text/plain"})
        task = said(reply)["result"]["task_id"]
        assert v1.http.get("/v1.1/task/lighting/", params={"task_id": task}).status_code == 200
    v1.ended("lighting", task)


def test_a_poll_is_found_at_once_and_its_interval_is_a_second_at_first(v1: Caller) -> None:
    task = v1.run("lighting", body_of("lighting", F=v1.upload(picture(0.5))))
    found = v1.poll("lighting", task)
    assert found == {"polling_interval": 1000, "status": "running"}
    assert state(v1.ended("lighting", task)) == "success"


def test_pixels_come_out_upright(v1: Caller) -> None:
    turned = Image.new("RGB", (300, 260), (200, 30, 30))
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    turned.save(file, "JPEG", exif=exif)
    (made,) = v1.done("lighting", body_of("lighting", F=v1.upload(file.getvalue())))
    assert opened(made).size == (260, 300)
    assert opened(made).getexif().get(0x0112, 1) == 1


def test_a_heic_comes_back_as_a_jpeg(v1: Caller) -> None:
    pillow_heif = pytest.importorskip("pillow_heif")
    pixels = np.asarray(opened(photo(64, 48)))
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.fromarray(pixels)).save(file, format="HEIF")
    heic, white = v1.upload(file.getvalue(), "image/heic"), v1.upload(mask(64, 48))
    (made,) = v1.done("obj-removal", body_of("obj-removal", F=heic, M=white))
    assert opened(made).format == "JPEG"


# -- styles ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("slug", sorted(STYLED))
def test_styles_are_listed_by_group_in_pages_with_thumbnails(v1: Caller, slug: str) -> None:
    def pages(path: str, key: str, **query: Any) -> list[Json]:
        found: list[Json] = []
        token = "null"
        for _ in range(200):
            asked = {"page_size": "3", "starting_token": token} | query
            result = said(v1.http.get(f"/v1.0/task/{path}", params=asked))["result"]
            assert set(result) == {"next_token", key}
            assert len(result[key]) <= 3
            found += result[key]
            if result["next_token"] is None:
                return found
            token = result["next_token"]
            assert token.isdigit()
        raise AssertionError("the list has no end")

    groups, styles = pages(f"style-group/{slug}", "groups"), pages(f"style/{slug}", "styles")
    assert all(set(one) == {"id", "info"} and one["info"]["title"] for one in groups + styles)
    assert all(type(one["id"]) is int and 0 < one["id"] < 2**53 for one in groups + styles)
    by_group = [
        style for group in groups for style in pages(f"style/{slug}", "styles", style_group_id=group["id"])
    ]
    assert by_group == styles
    for style in styles[:2]:
        thumb = fetched(style["info"]["thumb"])
        assert thumb.status_code == 200
        assert thumb.headers["content-type"].startswith("image/")
    refused(v1.http.get(f"/v1.0/task/style/{slug}?style_group_id=987654321"), 400, "InvalidStyleGroup")


@pytest.mark.parametrize("slug", ["enhance", "sod", "out-paint", "nonsense", "face-swap/pre-process"])
def test_other_tools_have_no_styles(v1: Caller, slug: str) -> None:
    for kind in ("style-group", "style"):
        refused(v1.http.get(f"/v1.0/task/{kind}/{slug}"), 404, "NotFound")
