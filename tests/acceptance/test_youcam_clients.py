"""What public clients of the YouCam API insist on, one test each; each plays the part of the client that breaks."""

import json
import re
from typing import Any

import httpx
import requests

from running import photo
from youcam_hazards import RAISES, picture
from youcam_pictures import face, opened
from youcam_wire import (
    BODIES,
    HELD,
    HTTP,
    Account,
    Api,
    Caller,
    declared,
    fetched,
    filled,
    id_token,
    log_in,
    polls,
    put,
    refused,
    urls,
)


def sent(api: Api, content: bytes, kind: str = "image/jpeg", path: str = "/file") -> str:
    """Upload with the headers that the server named."""
    file = declared(api, content, kind, path)
    assert put(file["requests"][0]["url"], content, file["requests"][0]["headers"]).status_code == 200
    return str(file["file_id"])


def test_skills_of_the_vendor_send_named_headers_by_requests_and_count_units_and_prices(newer: Api) -> None:
    content = face()
    file = declared(newer, content)
    assert requests.put(
        file["requests"][0]["url"], data=content, headers=file["requests"][0]["headers"], timeout=60
    ).ok  # refuses numbers as values
    body = {"src_file_id": file["file_id"], "template_id": HELD[0]}
    hair = Api(newer.base.replace("v2.0", "v2.1"), newer.bearer)
    started = hair.call("POST", "/task/hair-transfer", json=body)
    assert started.status_code == 200 or started.json()["error_code"] == "OperationNotSupport"
    task = newer.json("POST", "/task/sod", json={"src_file_id": file["file_id"]})["data"]["task_id"]
    for found in polls(newer, f"/task/sod/{task}"):
        if found["data"]["task_status"] != "running":
            break
    assert fetched(found["data"]["results"]["url"]).status_code == 200
    units = newer.json("GET", "/../v1.0/client/credit")["results"]
    assert sum(one["amount"] for one in units if one["type"].startswith("Api")) > 0
    token, skus = None, []
    for _ in range(50):
        query = {"page_size": 5} | ({"starting_token": token} if token else {})
        page = newer.json("GET", "/credit/feature-cost", params=query)["result"]
        skus += page["skus"]
        if not (token := page["next_token"]):
            break
    assert len(skus) > 20


def test_atelier_logs_in_calls_the_newer_form_with_its_token_and_sends_a_request_id(
    newer: Api, pair: Account
) -> None:
    root = newer.base.removesuffix("/s2s/v2.0")
    api = Api(newer.base, log_in(root, pair))
    source, look = sent(api, face(), path="/file/mu-transfer"), sent(api, face(300), path="/file/mu-transfer")
    body = {"src_file_id": source, "ref_file_id": look, "request_id": 0}
    task = api.json("POST", "/task/mu-transfer", json=body)["data"]["task_id"]
    by_path = api.call("GET", f"/task/mu-transfer/{task}")
    assert by_path.status_code not in (404, 405)
    assert by_path.status_code < 400  # any other is fatal
    assert api.call("GET", f"/task/mu-transfer?task_id={task}").status_code == 200
    for found in polls(api, f"/task/mu-transfer/{task}"):
        if found["data"]["task_status"] != "running":
            break
    assert found["data"]["task_status"] == "success", found
    hair = Api(f"{root}/s2s/v2.1", api.bearer)
    for template in HELD[:3]:
        started = hair.call(
            "POST",
            "/task/hair-transfer",
            json={"src_file_id": source, "template_id": template, "request_id": 0},
        )
        assert started.status_code == 200 or started.json()["error_code"] == "OperationNotSupport"


def test_a_hackathon_client_takes_any_status_it_does_not_know_for_done(newer: Api, pair: Account) -> None:
    auth = newer.base.replace("v2.0", "v1.0") + "/client/auth"
    body = {"client_id": pair.client_id, "id_token": id_token(pair)}
    login = HTTP.post(auth, json=body).json()["result"]
    assert login["expires_in"] > 60
    for bearer in (login["access_token"], pair.client_id):
        api = Api(newer.base, bearer)
        file = sent(api, picture(0.5, number=21), "image/png")
        task = api.json("POST", "/task/lighting", json={"src_file_id": file})["data"]["task_id"]
        seen = []
        for found in polls(api, f"/task/lighting/{task}"):
            seen.append(found["data"]["task_status"])
            if seen[-1] != "running":
                break
        assert seen[0] == "running"
        assert seen[-1] == "success"
        assert found["data"]["results"]["url"]


def test_relay_holds_every_reply_against_strict_schemas(newer: Api) -> None:
    assert len(newer.bearer) >= 20
    content = picture(0, number=26)
    for kind in ("image/jpg", "image/png"):
        entry = {"content_type": kind, "file_name": "a.png", "file_size": len(content)}
        body = newer.json("POST", "/file", json={"files": [entry]})
        assert body["status"] == 200
        (file,) = body["data"]["files"]
        assert file["content_type"] == kind
        (request,) = file["requests"]
        assert request["method"] == "PUT"
        assert all(type(value) is str for value in request["headers"].values())
    assert put(request["url"], content, request["headers"]).status_code == 200
    for source, ends in ((file["file_id"], "success"), (sent(newer, picture(0, RAISES)), "error")):
        task = newer.json("POST", "/task/lighting", json={"src_file_id": source})
        assert (task["status"], type(task["data"]["task_id"])) == (200, str)
        for found in polls(newer, f"/task/lighting/{task['data']['task_id']}"):
            assert found["status"] == 200
            assert found["data"]["task_status"] in ("running", "success", "error")
            assert found["data"].get("error_message", "") is not None
            if found["data"]["task_status"] != "running":
                break
            assert "results" not in found["data"]
        assert found["data"]["task_status"] == ends
        if ends == "success":
            assert found["data"].get("error") is None
            assert httpx.URL(found["data"]["results"]["url"]).is_absolute_url


def test_moonloop_declares_two_files_in_one_call_and_never_meets_results_that_are_null(newer: Api) -> None:
    kinds = ("image/jpg", "image/heic")
    entries = [{"content_type": kind, "file_name": "a", "file_size": 9} for kind in kinds]
    files = newer.json("POST", "/file", json={"files": entries})["data"]["files"]
    assert [one["content_type"] for one in files] == list(kinds)
    assert all(type(v) is str for one in files for v in one["requests"][0]["headers"].values())
    content = picture(0.4, number=22)
    assert put(files[0]["requests"][0]["url"], content).status_code == 200
    task = newer.json("POST", "/task/lighting", json={"src_file_id": files[0]["file_id"]})["data"]["task_id"]
    for found in polls(newer, f"/task/lighting/{task}"):
        assert found["data"].get("results", {}) is not None
        if found["data"]["task_status"] != "running":
            break


def test_a_generic_runner_prefers_what_is_called_result_and_sends_urls(newer: Api, v2: Caller) -> None:
    made = v2.ended("lighting", v2.run("lighting", {"src_file_id": v2.upload(picture(0, number=27))}))
    body = newer.json("POST", "/task/lighting", json={"src_file_url": urls(made)[0]})
    task = (body.get("result") or body["data"])["task_id"]
    for found in polls(newer, f"/task/lighting/{task}"):
        about = found.get("result") or found.get("results") or found["data"]
        if about["task_status"] in ("success", "error"):
            break
    assert about["results"]["url"]


def test_a_browser_puts_and_gets_from_another_site_after_asking_leave(newer: Api) -> None:
    content = face()
    file = declared(newer, content, path="/file/hair-transfer")
    url = file["requests"][0]["url"]
    headers = {name: value for name, value in file["requests"][0]["headers"].items() if type(value) is str}
    assert headers
    origin = {"Origin": "https://mirror.example"}
    leave = {"Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "content-type"}
    asked = HTTP.options(url, headers=origin | leave)
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, "*")
    stored = put(url, content, headers | origin)
    assert (stored.status_code, stored.headers["access-control-allow-origin"]) == (200, "*")
    body = {"src_file_id": file["file_id"], "ref_file_id": sent(newer, face(300))}
    started = newer.call("POST", "/task/hair-transfer", json=body)
    assert started.status_code == 200 or started.json()["error_code"] == "OperationNotSupport"
    task = newer.json("POST", "/task/bg-blur", json={"src_file_id": file["file_id"]})["data"]["task_id"]
    for found in polls(newer, f"/task/bg-blur/{task}"):
        if found["data"]["task_status"] != "running":
            break
    shown = HTTP.get(found["data"]["results"]["url"], headers=origin)
    assert (shown.status_code, shown.headers["access-control-allow-origin"]) == (200, "*")


def test_presence_shows_the_message_of_a_lighting_that_failed(newer: Api) -> None:
    for content, code in ((picture(0, RAISES, 23), "error_inference"), (b"no picture", "error_decode_image")):
        task = newer.json("POST", "/task/lighting", json={"src_file_id": sent(newer, content)})
        for found in polls(newer, f"/task/lighting/{task['data']['task_id']}"):
            if found["data"]["task_status"] != "running":
                break
        data = found["data"]
        assert (data["task_status"], data["error"]) == ("error", code)
        shown = data["error_message"] or data["error"]
        assert shown
        assert "secret" not in shown
        assert "error_code" not in data
        assert "results" not in data


def test_a_server_of_tools_takes_polling_intervals_for_seconds_and_uploads_in_a_form_of_its_own(
    v2: Caller,
) -> None:
    api = Api(f"{v2.url}/s2s/v2.1", v2.bearer)
    form = HTTP.post(
        f"{api.base}/file/hair-transfer",
        files={"file": ("a.jpg", face(), "image/jpeg")},
        headers={"Authorization": f"Bearer {api.bearer}"},
    )
    refused(form, 400, "BadRequest")
    file = sent(api, picture(0.3, number=24), "image/png", path="/file/hair-transfer")
    task = api.json("POST", "/task/lighting", json={"src_file_id": file})["data"]["task_id"]
    for found in polls(api, f"/task/lighting/{task}"):
        assert "polling_interval" not in json.dumps(found)
        if found["data"]["task_status"] != "running":
            break


def test_lynleaf_reads_both_headers_by_their_names(newer: Api) -> None:
    content = picture(0.2, number=25)
    file = declared(newer, content, "image/png", path="/file/enhance")
    headers = file["requests"][0]["headers"]
    names = {"Content-Length": headers["Content-Length"], "Content-Type": headers["Content-Type"]}
    assert put(file["requests"][0]["url"], content, names).status_code == 200
    task = newer.json("POST", "/task/lighting", json={"src_file_id": file["file_id"]})
    assert task["status"] == 200
    for found in polls(newer, f"/task/lighting/{task['data']['task_id']}"):
        assert found["status"] == 200
        if found["data"]["task_status"] != "running":
            break


def test_a_restorer_of_old_photos_takes_the_first_of_a_list_before_a_single_url(newer: Api) -> None:
    for slug, more in (("enhance", {"scale": 2}), ("colorize", {})):
        file = sent(newer, photo(24, 20, format="JPEG", mode="L"), path=f"/file/{slug}")
        started = newer.call("POST", f"/task/{slug}", json={"src_file_id": file, **more})
        if started.status_code == 404:
            started = newer.call("POST", "/task/colorization", json={"src_file_id": file})
        for found in polls(newer, f"/task/{slug}/{started.json()['data']['task_id']}"):
            if found["data"]["task_status"] == "success":
                break
        results = found["data"]["results"]
        assert ("output" in results, "url" in results) == (slug == "colorize", slug == "enhance")
        url = results["output"][0]["url"] if "output" in results else results["url"]
        assert opened(fetched(url).content).size[0] in (24, 48)
    named = newer.json("POST", "/task/colorization", json={"src_file_id": file})["data"]["task_id"]
    assert newer.call("GET", f"/task/colorization/{named}").status_code == 200


def test_background_removers_read_the_single_url(newer: Api) -> None:
    for kind in ("image/jpg", "image/png"):
        task = newer.json("POST", "/task/sod", json={"src_file_id": sent(newer, face(), kind)})
        for found in polls(newer, f"/task/sod/{task['data']['task_id']}"):
            if found["data"]["task_status"] != "running":
                break
        assert opened(fetched(found["data"]["results"]["url"]).content).mode == "RGBA"


def test_a_hair_client_lists_templates_and_takes_a_status_of_400_in_a_body_for_failure(v2: Caller) -> None:
    api = Api(f"{v2.url}/s2s/v2.1", v2.bearer)
    listed = api.json("GET", "/task/template/hair-transfer", params={"page_size": 20})
    assert listed["status"] < 400
    known = [one["id"] for one in listed["data"]["templates"]] or [HELD[1]]
    file = sent(api, face(), path="/file/hair-transfer")
    started = api.json("POST", "/task/hair-transfer", json={"src_file_id": file, "template_id": known[0]})
    if started["status"] >= 400:
        assert started["error_code"] == "OperationNotSupport"
        assert "hair" in started["error"].lower()
        return
    for found in polls(api, f"/task/hair-transfer/{started['data']['task_id']}"):
        assert found["status"] < 400
        if found["data"]["task_status"] != "running":
            break


def first_url(value: Any) -> str | None:
    """The first absolute URL anywhere in a reply."""
    if isinstance(value, str):
        return value if re.match("https?://", value) else None
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for part in parts if (found := first_url(part))), None)


def test_makers_of_pictures_take_the_first_url_and_send_empty_wishes(newer: Api, v2: Caller) -> None:
    made = v2.ended("lighting", v2.run("lighting", {"src_file_id": v2.upload(picture(0, number=28))}))
    wish = {"model": "youcam-image-v2", "prompt": "a pier", "negative_prompt": "", "request_id": 1}
    for slug, body in (
        ("image-to-image/youcam", wish | {"src_file_urls": urls(made)}),
        ("text-to-image/youcam", wish),
        ("text-to-image/youcam", wish | {"src_file_urls": urls(made)}),
    ):
        started = newer.call("POST", f"/task/{slug}", json=body)
        assert started.status_code == 200 or started.json()["error_code"] == "OperationNotSupport", (
            started.text
        )
    task = newer.json("POST", "/task/lighting", json={"src_file_id": sent(newer, picture(0.4))})
    for found in polls(newer, f"/task/lighting/{task['data']['task_id']}"):
        assert not {"data", "status", "result"} & set(found["data"])
        assert not {"result", "results"} & set(found)
        if found["data"]["task_status"] != "running":
            break
        assert first_url(found) is None
    assert first_url(found["data"]) == found["data"]["results"]["url"]


def test_the_first_generator_of_pictures_sends_steps_scale_and_ratios(newer: Api) -> None:
    listed = newer.json("GET", "/task/template/text-to-image")["data"]["templates"]
    body = filled(BODIES["v2"]["text-to-image"], T=listed[0]["id"] if listed else "T")
    started = newer.call("POST", "/task/text-to-image", json=body)
    if started.status_code != 200:
        assert started.json()["error_code"] in ("OperationNotSupport", "InvalidStyle")
        return
    for found in polls(newer, f"/task/text-to-image/{started.json()['data']['task_id']}"):
        if found["data"]["task_status"] != "running":
            break
    assert found["data"]["results"]["url"]
