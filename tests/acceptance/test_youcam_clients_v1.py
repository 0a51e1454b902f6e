"""What public clients of the YouCam API insist on that speak its older form, alone or beside the newer one."""

import json
import time

import pytest

from running import photo
from youcam_hazards import picture
from youcam_pictures import face, opened
from youcam_wire import BODIES, Api, Caller, Json, declared, fetched, filled, polls, put, refused, said, urls

# -- both forms ------------------------------------------------------------------------------------------


def test_a_salon_speaks_the_older_form_in_its_library_and_the_newer_in_its_routes(
    older: Api, newer: Api
) -> None:
    ids = []
    for content in (face(), face(300)):
        entry = {"content_type": "image/jpg", "file_name": "a.jpg"}
        file = older.json("POST", "/file/mu-trans-rec", json={"files": [entry]})["result"]["files"][0]
        (request,) = file["requests"]
        assert put(request["url"], content, request["headers"]).status_code == 200
        ids.append(file["file_id"])
    action: Json = {"id": 0, "params": {}}
    body = {
        "request_id": int(time.time() * 1000),
        "payload": {
            "file_sets": {"src_ids": ids[:1], "ref_ids": ids[1:]},
            "actions": [action],
            "output_ext": "jpg",
        },
    }
    task = older.json("POST", "/task/mu-trans-rec", json=body)["result"]["task_id"]
    for found in polls(older, f"/task/mu-trans-rec?task_id={task}"):  # the first one at once
        assert found["status"] == 200
        if found["result"]["status"] != "running":
            break
    assert opened(fetched(found["result"]["results"][0]["data"][0]["url"]).content).format == "JPEG"
    for slug in ("hair-style", "text-to-image"):
        assert "groups" in older.json("GET", f"/task/style-group/{slug}")["result"]

    content = face()
    file = declared(newer, content, "image/jpg", "/file/mu-trans-rec")
    assert put(file["requests"][0]["url"], content, {"Content-Type": "image/jpg"}).status_code == 200
    body = {"src_file_id": file["file_id"], "ref_file_id": ids[1]}
    task = newer.json("POST", "/task/mu-trans-rec", json=body)["data"]["task_id"]
    for found in polls(newer, f"/task/mu-trans-rec/{task}"):
        if found["data"]["task_status"] != "running":
            break
    assert fetched(found["data"]["results"]["url"]).status_code == 200


def test_a_printer_of_shirts_retries_while_a_task_is_said_to_be_invalid(older: Api, newer: Api) -> None:
    for slug in ("text-to-image", "hair-style"):
        for group in older.json("GET", f"/task/style-group/{slug}")["result"]["groups"]:
            assert json.loads(json.dumps(float(group["id"]))) == group["id"] < 2**53
    content = face()
    entry = {"content_type": "image/jpg", "file_name": "a.jpg"}
    file = older.json("POST", "/file/sod", json={"files": [entry]})["result"]["files"][0]
    headers = file["requests"][0]["headers"] | {"Content-Length": str(len(content))}
    assert put(file["requests"][0]["url"], content, headers).status_code == 200
    for extension in ("jpg", "png"):
        body = filled(BODIES["v1.0"]["sod"], F=file["file_id"])
        body["payload"]["output_ext"] = extension
        task = older.json("POST", "/task/sod", json=body)["result"]["task_id"]
        for found in polls(older, f"/task/sod?task_id={task}"):
            assert found["status"] < 400  # else it is a failure
            if found["result"]["status"] != "running":
                break
        assert fetched(found["result"]["results"][0]["data"][0]["url"]).status_code == 200
    for api, path in ((older, "/task/sod?task_id=xxxxxxxxxxxxxxxx"), (newer, "/task/sod/xxxxxxxxxxxxxxxx")):
        gone = api.call("GET", path)
        assert gone.json()["status"] == gone.status_code == 400
        assert "invalid task id" in gone.json()["error"].lower()


# -- traps of the older form -----------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 5055])
def test_a_constant_request_id_is_another_task_for_another_photo_and_the_same_for_the_same(
    v1: Caller, number: int
) -> None:
    bodies = [
        filled(BODIES["v1.0"]["lighting"], F=v1.upload(picture(0, number=30 + n))) | {"request_id": number}
        for n in range(2)
    ]
    first, second, again = (v1.run("lighting", body) for body in (*bodies, bodies[0]))
    assert first != second
    assert first == again


def test_parameters_in_the_place_of_params_are_refused_and_break_nothing(v1: Caller) -> None:
    body = filled(BODIES["v1.0"]["enhance"], F=v1.upload(photo(40, 32)))
    (action,) = body["payload"]["actions"]
    action["parameters"] = action.pop("params")
    refused(v1.start("enhance", body), 400, "InvalidParameters")


def test_the_file_call_of_the_older_form_refuses_a_form(v1: Caller) -> None:
    reply = v1.http.post("/v1.0/file/enhance", files={"file": ("a.jpg", face(), "image/jpeg")})
    refused(reply, 400, "BadRequest")


def test_a_place_may_have_a_fraction(v1: Caller) -> None:
    body = filled(BODIES["v1.0"]["out-paint"], F=v1.upload(photo(640, 600, format="JPEG")))
    body["payload"]["actions"][0]["params"] |= {"output_width": 901, "input_x": 150.5, "input_y": 0.0}
    started = v1.start("out-paint", body)
    if started.status_code != 200:
        refused(started, 400, "OperationNotSupport")
        return
    (made,) = (
        fetched(url).content for url in urls(v1.ended("out-paint", said(started)["result"]["task_id"]))
    )
    assert opened(made).size == (901, 600)


def test_the_first_group_of_hair_styles_is_known_by_the_number_that_clients_hold(v1: Caller) -> None:
    reply = v1.http.get("/v1.0/task/style/hair-style?style_group_id=18213963761051864")
    assert "styles" in said(reply)["result"]
