"""Requests that the YouCam API cannot read or route, and files that it does not take."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from running import Server, photo
from youcam_hazards import picture
from youcam_pictures import face, opened
from youcam_wire import ABSENT, HTTP, Caller, Json, changed, downloaded, put, refused, said, urls

MEGABYTE = 2**20


# -- bodies ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b'"x"', b"null", b"\xff\xfe{}", b"x" * 999, b'{"a":' * 9999]
)
@pytest.mark.parametrize(
    "path",
    [
        "v1.0/task/enhance",
        "v1.0/file/enhance",
        "v1.1/file/enhance",
        "v2.0/task/enhance",
        "v2.0/file",
        "v2.0/task/delete",
    ],
)
def test_what_is_no_json_object_is_a_bad_request(v2: Caller, path: str, content: bytes) -> None:
    refused(v2.http.post(f"/{path}", content=content), 400, "BadRequest")


def test_a_login_that_is_no_json_object_is_a_bad_request(youcam: Server) -> None:
    reply = HTTP.post(f"{youcam.url}/s2s/v1.0/client/auth", content=b"id_token=x")
    refused(reply, 400, "BadRequest")


@pytest.mark.parametrize("path", ["v1.0/file/enhance", "v1.0/task/enhance", "v2.0/file", "v2.0/task/sod"])
def test_forms_are_bad_requests(v2: Caller, path: str) -> None:
    reply = v2.http.post(f"/{path}", files={"file": ("a.jpg", face(), "image/jpeg")}, data={"scale": "2"})
    refused(reply, 400, "BadRequest")


@pytest.mark.parametrize("path", ["v1.0/task/enhance", "v2.0/task/enhance", "v2.0/file"])
def test_json_above_a_mebibyte_is_too_large(v2: Caller, path: str) -> None:
    content = json.dumps({"x": "x" * MEGABYTE}).encode()
    refused(v2.http.post(f"/{path}", content=content), 413, "PayloadTooLarge")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "v1.0/nonsense", 404, "NotFound"),
        ("POST", "v1.0/task/nonsense", 404, "NotFound"),
        ("GET", "v1.0/task/nonsense?task_id=x", 404, "NotFound"),
        ("POST", "v2.0/task/nonsense", 404, "NotFound"),
        ("GET", "v2.0/task/nonsense/xxxxxxxxxxxx", 404, "NotFound"),
        ("POST", "v3.0/task/enhance", 404, "NotFound"),
        ("POST", "v3.0/file", 404, "NotFound"),
        ("GET", "v9.9/client/credit", 404, "NotFound"),
        ("DELETE", "v1.0/task/enhance", 405, "MethodNotAllowed"),
        ("PUT", "v1.0/file/enhance", 405, "MethodNotAllowed"),
        ("GET", "v1.0/client/auth", 405, "MethodNotAllowed"),
        ("POST", "v1.0/client/credit", 405, "MethodNotAllowed"),
        ("GET", "v2.0/file", 405, "MethodNotAllowed"),
        ("GET", "v2.0/task/delete", 405, "MethodNotAllowed"),
    ],
)
def test_unknown_paths_and_methods_have_codes(
    v2: Caller, method: str, path: str, status: int, code: str
) -> None:
    refused(v2.http.request(method, f"/{path}"), status, code)


@pytest.mark.parametrize("slug", ["style", "template", "delete", "style-group"])
def test_reserved_words_are_no_tools(v1: Caller, slug: str) -> None:
    assert v1.start(slug, {}).status_code in (400, 404, 405)
    assert v1.ask(slug, "x").status_code in (400, 404, 405)


# -- the file call ---------------------------------------------------------------------------------------

ENTRY: Json = {"content_type": "image/jpg", "file_name": "a.jpg", "file_size": 9}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"files": None},
        {"files": {}},
        {"files": "a.jpg"},
        {"files": []},
        {"files": [ENTRY] * 21},
        {"files": [None]},
        {"files": [7]},
        {"files": [[ENTRY]]},
        {"files": [ENTRY | {"content_type": "image/svg+xml"}]},
        {"files": [ENTRY | {"content_type": "IMAGE/JPG"}]},
        {"files": [ENTRY | {"content_type": ""}]},
        {"files": [ENTRY | {"content_type": 7}]},
        {"files": [{"file_name": "a.jpg", "file_size": 9}]},
        {"files": [{"content_type": "image/jpg", "file_size": 9}]},
        {"files": [ENTRY | {"file_name": ""}]},
        {"files": [ENTRY | {"file_name": "x" * 256}]},
        {"files": [ENTRY | {"file_name": None}]},
        {"files": [ENTRY, ENTRY | {"content_type": "text/html"}]},
    ],
)
def test_what_is_wrong_with_a_declared_file_is_a_bad_parameter(v2: Caller, body: Json) -> None:
    for path in ("v1.0/file/enhance", "v1.1/file/enhance", "v2.0/file", "v2.0/file/enhance"):
        refused(v2.http.post(f"/{path}", json=body), 400, "InvalidParameters")


@pytest.mark.parametrize("size", [ABSENT, None, 0, -1, True, "9", 9.5, 128 * MEGABYTE + 1, 10**30])
def test_the_size_of_a_file_is_a_positive_integer_where_it_is_asked_for(v2: Caller, size: object) -> None:
    body = changed({"files": [ENTRY]}, "files.0.file_size", size)
    for path in ("v1.1/file/enhance", "v2.0/file", "v2.1/file/hair-transfer"):
        refused(v2.http.post(f"/{path}", json=body), 400, "InvalidParameters")
    said(v2.http.post("/v1.0/file/enhance", json=body))


def test_longest_names_and_largest_sizes_are_allowed(v2: Caller) -> None:
    v2.declare(ENTRY | {"file_name": "é" * 255, "file_size": 128 * MEGABYTE})


def test_uploads_are_refused_by_altered_urls_and_once_a_task_has_named_the_file(v2: Caller) -> None:
    content = photo(40, 32)
    file = v2.declared(content)
    url = file["requests"][0]["url"]
    other = v2.declared(content)["requests"][0]["url"]
    crossed = url.partition("?")[0] + "?" + other.partition("?")[2]
    for altered in (url[:-1], url + "0", url.partition("?")[0], url[:-3] + "abc", crossed):
        assert said(put(altered, content), 403)["error"]
    assert put(url, b"first").status_code == 200
    assert put(url, content).status_code == 200  # replaces what was sent before
    task = v2.run("lighting", {"src_file_id": file["file_id"]})
    said(put(url, photo(40, 32, seed=1)), 403)
    assert v2.ended("lighting", task)["task_status"] == "success"


def test_a_task_works_on_one_of_the_uploads_that_race_with_its_call(v2: Caller) -> None:
    file = v2.declared(picture(0))
    url = file["requests"][0]["url"]
    assert put(url, picture(0, number=1)).status_code == 200
    with ThreadPoolExecutor(5) as pool:
        puts = {number: pool.submit(put, url, picture(0, number=number)) for number in range(2, 6)}
        task = pool.submit(v2.run, "lighting", {"src_file_id": file["file_id"]}).result()
    arrived = {1} | {number for number, reply in puts.items() if reply.result().status_code == 200}
    assert {reply.result().status_code for reply in puts.values()} <= {200, 403}
    (made,) = (downloaded(url) for url in urls(v2.ended("lighting", task)))
    assert opened(made).getpixel((0, 0))[2] in arrived
