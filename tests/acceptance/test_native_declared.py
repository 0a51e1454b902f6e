"""Declared files over the native API, clips, and files whose bytes are lost."""

import hashlib
from pathlib import Path

import httpx
import pytest

from running import Server, finished, photo, submitted, uploaded
from unit.test_declarations import movie


def refused(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def declared(client: httpx.Client, **what: object) -> dict:
    reply = client.post("/v1/files", json=what)
    assert reply.status_code == 201, reply.text
    return reply.json()


def put(url: str, content: bytes, **headers: str) -> httpx.Response:
    return httpx.put(url, content=content, headers=headers, trust_env=False, timeout=30)


def test_a_file_is_declared_sent_without_any_key_or_header_and_used(client: httpx.Client):
    data = photo()
    md5 = hashlib.md5(data).hexdigest()
    told = declared(client, name="a.png", media_type="image/jpg", size=len(data), md5=md5)
    assert (told["state"], told["url"], told["size"], told["width"]) == ("declared", None, 0, None)
    assert client.get(f"/v1/files/{told['id']}").json()["state"] == "declared"
    assert refused(client.get(f"/v1/files/{told['id']}/content")) == (409, "file_not_sent")
    for headers in ({}, {"Content-Type": "video/mp4"}, {"Content-Type": "application/json"}):
        reply = put(told["upload_url"], data, **headers)
        assert (reply.status_code, reply.content, reply.headers["etag"]) == (200, b"", f'"{md5}"')
    shown = client.get(f"/v1/files/{told['id']}").json()
    assert (shown["state"], shown["media_type"], shown["width"]) == ("stored", "image/png", 96)
    assert httpx.get(shown["url"], trust_env=False).content == data
    job = finished(client, submitted(client, effect="noop", inputs={"image": told["id"]})["id"])
    assert job["state"] == "succeeded"
    assert refused(put(told["upload_url"], data)) == (403, "upload_closed")
    assert client.get(f"/v1/files/{told['id']}").json()["upload_url"] is None


def test_a_job_whose_input_never_came_fails_at_birth(client: httpx.Client):
    told = declared(client)
    reply = client.post("/v1/jobs", json={"effect": "noop", "inputs": {"image": told["id"]}})
    assert reply.status_code == 202
    job = reply.json()
    assert (job["state"], job["failure"]["code"], job["attempt"]) == ("failed", "input_not_sent", 0)


@pytest.mark.parametrize(
    ("what", "field"),
    [({"size": 0}, "size"), ({"md5": "x"}, "md5"), ({"name": ""}, "name"), ({"colour": 1}, "colour")],
)
def test_a_wrong_declaration_is_refused_by_field(client: httpx.Client, what: dict, field: str):
    reply = client.post("/v1/files", json=what)
    assert (reply.status_code, reply.json()["error"]["field"]) == (422, field)


def test_a_declaration_that_is_no_json_or_too_long_is_refused(client: httpx.Client):
    headers = {"Content-Type": "application/json"}
    assert client.post("/v1/files", content=b"{", headers=headers).status_code == 422
    assert client.post("/v1/files", content=b"[" * 100_000, headers=headers).status_code == 422
    assert client.post("/v1/files", content=b" " * 2**20, headers=headers).status_code == 413


def test_other_bytes_a_changed_link_and_too_many_bytes_are_refused(client: httpx.Client):
    told = declared(client, size=len(photo()))
    assert refused(put(told["upload_url"], photo()[:-1])) == (422, "digest_differs")
    assert refused(put(told["upload_url"] + "A", photo())) == (403, "link_refused")
    other = declared(client)
    assert refused(put(told["upload_url"].replace(told["id"], other["id"]), photo())) == (403, "link_refused")
    assert refused(put(other["upload_url"], b"no photo")) == (415, "photo_unsupported")
    assert put(other["upload_url"], bytes(9 * 2**20)).status_code == 413
    assert put(other["upload_url"].partition("?")[0], photo()).status_code in (401, 403, 422)
    assert client.get(f"/v1/files/{other['id']}").json()["state"] == "declared"


def test_a_clip_is_kept_with_its_own_facts_and_is_no_photo(client: httpx.Client):
    reply = client.post("/v1/files?name=a.mp4", content=movie(2.5))
    assert reply.status_code == 201, reply.text
    clip = reply.json()
    found = [clip[name] for name in ("media_type", "seconds", "width", "channels")]
    assert found == ["video/mp4", 2.5, None, None]
    job = finished(client, submitted(client, effect="noop", inputs={"image": clip["id"]})["id"])
    assert (job["state"], job["failure"]["code"]) == ("failed", "photo_unsupported")


def test_a_file_whose_bytes_are_lost_is_404_and_not_a_broken_200(client: httpx.Client, server: Server):
    file_id = uploaded(client)
    url = client.get(f"/v1/files/{file_id}").json()["url"]
    (path,) = Path(server.data / "blobs").rglob(file_id)
    path.unlink()
    for reply in (client.get(f"/v1/files/{file_id}/content"), httpx.get(url, trust_env=False)):
        assert refused(reply) == (404, "file_not_found")
    assert client.delete(f"/v1/files/{file_id}").status_code == 204
