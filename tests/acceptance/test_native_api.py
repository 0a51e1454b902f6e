"""The native API over a real socket: upload, submit, follow, download, chain."""

import io
import json
import re
import threading
import time

import httpx
import pytest
from PIL import Image

from running import Server, finished, photo, submitted, uploaded, uploads


def refused(reply: httpx.Response, status: int, code: str) -> dict:
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert error["code"] == code
    assert error["message"]
    assert error["request_id"] == reply.headers["x-request-id"]
    return error


def test_four_calls_take_a_photo_through_an_effect(client: httpx.Client) -> None:
    file_id = uploaded(client, photo(90, 60))
    job = submitted(client, effect="convert", inputs={"image": file_id}, format="jpeg", quality=80)
    done = finished(client, job["id"])
    assert (done["state"], done["progress"], done["failure"]) == ("succeeded", 1, None)
    (result,) = done["results"]
    picture = httpx.get(result["url"])
    assert picture.headers["content-type"] == result["media_type"] == "image/jpeg"
    assert len(picture.content) == result["size"]
    opened = Image.open(io.BytesIO(picture.content))
    assert (opened.format, opened.size) == ("JPEG", (90, 60))


def test_every_effect_is_listed_with_the_schema_of_its_parameters(client: httpx.Client) -> None:
    effects = {effect["name"]: effect for effect in client.get("/v1/effects").json()["effects"]}
    assert {"convert", "migrate", "noop"} <= set(effects)
    assert effects["slow"]["params"]["properties"]["seconds"]["maximum"] == 60
    assert effects["convert"]["inputs"][0]["name"] == "image"
    assert client.get("/v1/effects/slow").json() == effects["slow"]
    refused(client.get("/v1/effects/nonsense"), 404, "not_found")


def test_an_upload_can_be_raw_or_a_form(client: httpx.Client) -> None:
    content = photo(70, 50, seed=2)
    raw = client.post("/v1/files", content=content, params={"name": "beach.png"}).json()
    form = client.post("/v1/files", files={"file": ("beach.png", content, "text/html")}).json()
    for file in (raw, form):
        assert file["media_type"] == "image/png"
        assert (file["width"], file["height"], file["size"]) == (70, 50, len(content))
        assert file["name"] == "beach.png"
        assert httpx.get(file["url"]).content == content
        assert client.get(f"/v1/files/{file['id']}/content").content == content
    listed = [file["id"] for file in client.get("/v1/files").json()["files"]]
    assert listed[:2] == [form["id"], raw["id"]]
    assert client.delete(f"/v1/files/{raw['id']}").status_code == 204
    refused(client.get(f"/v1/files/{raw['id']}"), 404, "file_not_found")
    assert httpx.get(raw["url"]).status_code == 404


def test_an_order_can_bring_its_photos_along(client: httpx.Client) -> None:
    order = json.dumps({"effect": "noop", "format": "png"})
    reply = client.post("/v1/jobs", files={"image": photo(40, 30)}, data={"order": order})
    assert reply.status_code == 202, reply.text
    assert reply.headers["location"] == f"/v1/jobs/{reply.json()['id']}"
    assert finished(client, reply.json()["id"])["results"][0]["width"] == 40


def test_a_result_is_the_input_of_the_next_job_by_id(client: httpx.Client) -> None:
    first = submitted(client, effect="noop", inputs={"image": uploaded(client, photo(44, 33))})
    result = finished(client, first["id"])["results"][0]
    for reference in (first["id"], f"{first['id']}/0", result["id"]):
        second = submitted(client, effect="convert", inputs={"image": reference}, format="webp")
        assert finished(client, second["id"])["results"][0]["media_type"] == "image/webp"
    beyond = client.post("/v1/jobs", json={"effect": "noop", "inputs": {"image": f"{first['id']}/1"}})
    assert refused(beyond, 422, "invalid_parameter")["field"] == "image"


def test_a_url_is_fetched_where_the_server_may_reach_it(client: httpx.Client) -> None:
    url = client.get(f"/v1/files/{uploaded(client, photo(50, 40))}").json()["url"]
    job = submitted(client, effect="noop", inputs={"image": url})
    assert finished(client, job["id"])["results"][0]["width"] == 50
    before = len(client.get("/v1/files", params={"limit": 500}).json()["files"])
    for private in (
        "http://localhost:1/a.png",
        "http://169.254.169.254/latest/",
        "http://[::ffff:10.0.0.1]/",
    ):
        reply = client.post("/v1/jobs", json={"effect": "noop", "inputs": {"image": private}})
        refused(reply, 422, "url_refused")
    assert len(client.get("/v1/files", params={"limit": 500}).json()["files"]) == before


def test_waiting_returns_as_soon_as_the_job_ends(client: httpx.Client) -> None:
    job = submitted(client, effect="slow", params={"seconds": 0.4}, inputs={"image": uploaded(client)})
    began = time.monotonic()
    ended = client.get(f"/v1/jobs/{job['id']}", params={"wait": 20}).json()
    assert ended["state"] == "succeeded"
    assert time.monotonic() - began < 15
    assert client.get(f"/v1/jobs/{job['id']}").json()["results"]


def events_of(client: httpx.Client, job_id: str, after: int | None = None) -> list[tuple[int, dict]]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    found = []
    with client.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as reply:
        assert reply.headers["content-type"].startswith("text/event-stream")
        number = 0
        for line in reply.iter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            if line.startswith("data: "):
                found.append((number, json.loads(line[6:])))
    return found


def test_events_tell_every_change_until_the_end_and_resume(client: httpx.Client) -> None:
    job = submitted(client, effect="slow", params={"seconds": 1.5}, inputs={"image": uploaded(client)})
    seen = events_of(client, job["id"])
    numbers = [number for number, _ in seen]
    assert numbers == sorted(set(numbers))
    assert seen[-1][1]["state"] == "succeeded"
    progress = [record["progress"] for _, record in seen]
    assert progress == sorted(progress)
    assert any(0 < share < 1 for share in progress)
    assert [number for number, _ in events_of(client, job["id"], after=numbers[-2])] == numbers[-1:]
    assert events_of(client, job["id"], after=numbers[-1]) == []
    assert client.get(f"/v1/jobs/{job['id']}/events", headers={"Last-Event-ID": "x"}).status_code == 422


def test_a_listener_that_leaves_does_not_end_the_job(client: httpx.Client) -> None:
    job = submitted(client, effect="slow", params={"seconds": 0.5}, inputs={"image": uploaded(client)})
    with client.stream("GET", f"/v1/jobs/{job['id']}/events") as reply:
        next(reply.iter_lines())
    assert finished(client, job["id"])["state"] == "succeeded"


def test_cancel_ends_a_running_job_and_keeps_a_finished_one(client: httpx.Client) -> None:
    job = submitted(client, effect="slow", params={"seconds": 30}, inputs={"image": uploaded(client)})
    cancelled = client.post(f"/v1/jobs/{job['id']}/cancel").json()
    assert cancelled["state"] == "cancelled"
    done = submitted(client, effect="noop", inputs={"image": uploaded(client)})
    finished(client, done["id"])
    assert client.post(f"/v1/jobs/{done['id']}/cancel").json()["state"] == "succeeded"


def test_delete_removes_the_job_and_its_results(client: httpx.Client) -> None:
    job = submitted(client, effect="noop", inputs={"image": uploaded(client)})
    url = finished(client, job["id"])["results"][0]["url"]
    assert client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    refused(client.get(f"/v1/jobs/{job['id']}"), 404, "job_deleted")
    assert httpx.get(url).status_code == 404
    refused(client.delete(f"/v1/jobs/{job['id']}"), 404, "job_deleted")


def test_jobs_are_listed_newest_first_in_pages(server: Server) -> None:
    with server.client() as own:
        file_id = uploaded(own)
        ids = [submitted(own, effect="noop", inputs={"image": file_id})["id"] for _ in range(5)]
        for job_id in ids:
            finished(own, job_id)
        first = own.get("/v1/jobs", params={"limit": 3}).json()
        second = own.get("/v1/jobs", params={"limit": 3, "cursor": first["next_cursor"]}).json()
        assert [job["id"] for job in first["jobs"] + second["jobs"]] == ids[::-1]
        assert second["next_cursor"] is None
        assert own.get("/v1/jobs", params={"state": ["queued", "running"]}).json()["jobs"] == []
        assert len(own.get("/v1/jobs", params={"state": "succeeded", "effect": "noop"}).json()["jobs"]) == 5
        refused(own.get("/v1/jobs", params={"cursor": "x"}), 422, "invalid_parameter")
        refused(own.get("/v1/jobs", params={"limit": -1}), 422, "invalid_parameter")


def test_an_idempotency_key_makes_one_job_of_many_orders(server: Server) -> None:
    account = server.key(credits=10)
    with server.client(account["api_key"]) as own:
        order = {"effect": "noop", "inputs": {"image": uploaded(own)}}
        headers = {"Idempotency-Key": "once"}
        replies: list[httpx.Response] = []

        def send() -> None:
            replies.append(own.post("/v1/jobs", json=order, headers=headers))

        threads = [threading.Thread(target=send) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(reply.status_code for reply in replies) == [200] * 11 + [202]
        assert len({reply.json()["id"] for reply in replies}) == 1
        assert all(reply.headers.get("idempotent-replayed") for reply in replies if reply.status_code == 200)
        finished(own, replies[0].json()["id"])
        assert own.get("/v1/account").json()["available"] == 9
        other = own.post("/v1/jobs", json=order | {"quality": 5}, headers=headers)
        refused(other, 422, "idempotency_conflict")


def test_an_idempotent_order_with_its_photo_inside_is_known_by_content(client: httpx.Client) -> None:
    form = {"files": {"image": photo(seed=9)}, "data": {"order": '{"effect":"noop"}'}}
    headers = {"Idempotency-Key": "inline-once"}
    first = client.post("/v1/jobs", headers=headers, **form)
    files = len(client.get("/v1/files", params={"limit": 500}).json()["files"])
    again = client.post("/v1/jobs", headers=headers, **form)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]
    finished(client, first.json()["id"])
    assert len(client.get("/v1/files", params={"limit": 500}).json()["files"]) <= files + 1


def test_a_failed_job_says_why_in_our_words_and_costs_nothing(server: Server) -> None:
    with server.client(server.key(credits=3)["api_key"]) as own:
        job = submitted(own, effect="broken", inputs={"image": uploaded(own)})
        done = finished(own, job["id"])
        assert done["state"] == "failed"
        assert "secret" not in json.dumps(done)
        assert done["results"] == []
        assert own.get("/v1/account").json() | {"id": "", "name": "", "grants": []} == {
            "grants": [],
            "id": "", "name": "", "unlimited": False, "available": 3, "held": 0,
        }  # fmt: skip


def test_credits_are_held_while_a_job_runs_and_run_out(server: Server) -> None:
    with server.client(server.key(credits=1)["api_key"]) as own:
        file_id = uploaded(own)
        job = submitted(own, effect="slow", params={"seconds": 20}, inputs={"image": file_id})
        assert own.get("/v1/account").json()["held"] == 1
        reply = own.post("/v1/jobs", json={"effect": "noop", "inputs": {"image": file_id}})
        refused(reply, 402, "credits_insufficient")
        own.post(f"/v1/jobs/{job['id']}/cancel")
        assert own.get("/v1/account").json()["available"] == 1


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"effect": "nonsense"}, "effect"),
        ({"effect": "noop"}, "image"),
        ({"effect": "noop", "inputs": {"image": "nonsense"}}, "image"),
        ({"effect": "noop", "inputs": {"picture": "file_x"}}, "inputs"),
        ({"effect": "slow", "params": {"seconds": -1}}, "seconds"),
        ({"effect": "slow", "params": {"second": 1}}, "second"),
        ({"effect": "noop", "quality": 0}, "quality"),
        ({"effect": "noop", "format": "gif"}, "format"),
        ({"effect": "noop", "extra": 1}, "extra"),
        ({"effect": 7}, "effect"),
        ({}, "effect"),
        ([], "body"),
    ],
)
def test_a_wrong_order_names_the_field(client: httpx.Client, order: object, field: str) -> None:
    error = refused(client.post("/v1/jobs", json=order), 422, "invalid_parameter")
    assert error["field"] == field


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"effect": NaN}', b'{"effect":"no\\u0000op"}'])
def test_a_body_that_is_not_json_is_malformed(client: httpx.Client, body: bytes) -> None:
    refused(client.post("/v1/jobs", content=body), 400, "malformed_request")
    deep = b'{"effect":"noop","params":{"a":' + b"[" * 5000 + b"]" * 5000 + b"}}"
    refused(client.post("/v1/jobs", content=deep), 400, "malformed_request")


def test_what_is_not_a_photo_is_refused_and_not_stored(client: httpx.Client) -> None:
    before = uploads(client)
    refused(
        client.post("/v1/files", content=b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        415,
        "photo_unsupported",
    )
    refused(client.post("/v1/files", content=b"%PDF-1.7 ..."), 415, "photo_unsupported")
    refused(client.post("/v1/files", content=b""), 422, "photo_empty")
    refused(client.post("/v1/files", content=photo()[:20]), 422, "photo_broken")
    refused(client.post("/v1/files", files={"picture": photo()}), 422, "invalid_parameter")
    assert uploads(client) == before


def test_unknown_addresses_and_methods_are_refused_in_the_same_words(client: httpx.Client) -> None:
    refused(client.get("/v1/nonsense"), 404, "not_found")
    refused(client.get("/nonsense"), 404, "not_found")
    reply = client.put("/v1/files")
    refused(reply, 405, "method_not_allowed")
    assert "POST" in reply.headers["allow"]


def test_replies_tell_what_is_left_of_the_minute(client: httpx.Client) -> None:
    headers = client.get("/v1/account").headers
    assert int(headers["ratelimit-limit"]) == 100_000
    assert 0 < int(headers["ratelimit-remaining"]) <= 100_000
    assert headers["ratelimit"].startswith('"account";r=')
    assert "q=100000;w=60" in headers["ratelimit-policy"]


def test_the_address_that_the_server_prints_leads_to_the_documentation(client: httpx.Client) -> None:
    led = httpx.get(client.base_url, follow_redirects=True)
    assert (led.status_code, led.url.path) == (200, "/docs")


def test_the_documentation_is_one_page_that_loads_nothing(client: httpx.Client) -> None:
    page = httpx.get(f"{client.base_url}/docs")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "<script" not in page.text
    assert "/v1/jobs/{job_id}/events" in page.text


def test_the_documentation_lists_every_effect_with_its_parameters(client: httpx.Client) -> None:
    page = httpx.get(f"{client.base_url}/docs").text
    for effect in client.get("/v1/effects").json()["effects"]:
        _, found, rest = page.partition(f"id='{effect['name']}'")
        assert found, effect["name"]
        assert f"href='#{effect['name']}'" in page
        shown = rest.partition("<h3")[0]
        for name in [*effect["params"].get("properties", {}), *(item["name"] for item in effect["inputs"])]:
            assert f"<td><code>{name}</code>" in shown, f"{effect['name']}: {name}"
    assert "0 keeps the photo, 1 is the full recolouring" in page
    for anchor in re.findall(r"href='#([^']+)'", page):
        assert re.search(rf"id='?{anchor}\b", page), anchor
