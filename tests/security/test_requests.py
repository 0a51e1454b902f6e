"""Hostile requests: what is too large, too many, not allowed, or not one's own."""

import contextlib
import io
import re
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image

from running import Server, finished, photo, submitted, uploaded, uploads

LIMIT = 8 * 2**20  # of the test server's uploads


def endless(sent: list[int], size: int) -> Iterator[bytes]:
    """A body without a declared length that starts like a photo."""
    head = photo()[:64]
    yield head
    for _ in range(size // 65_536):
        sent.append(65_536)
        yield bytes(65_536)


def test_an_upload_over_the_limit_is_refused_while_it_streams(server: Server, client: httpx.Client) -> None:
    before = uploads(client)
    sent: list[int] = []
    reply = client.post("/v1/files", content=endless(sent, 10 * LIMIT))
    assert reply.status_code == 413
    assert reply.json()["error"]["code"] in ("upload_too_large", "body_too_large")
    assert sum(sent) < 4 * LIMIT
    assert uploads(client) == before


def test_a_declared_length_over_the_limit_is_refused_before_the_body(
    server: Server, client: httpx.Client
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    authorization = client.headers["authorization"]
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\n"
        "Content-Type: image/png\r\nContent-Length: 99999999999\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode())
        assert b" 413 " in connection.recv(4096)


def test_a_client_that_leaves_in_the_middle_of_its_upload_is_no_fault_of_the_server(
    server: Server, client: httpx.Client
) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    head = (
        f"POST /v1/files HTTP/1.1\r\nHost: {host}\r\nAuthorization: {client.headers['authorization']}\r\n"
        "Content-Type: image/png\r\nContent-Length: 100000\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + photo()[:500])
    until = time.monotonic() + 20
    while not any(event.get("status") == 499 for event in server.events):
        assert time.monotonic() < until, server.events[-3:]
        time.sleep(0.05)
    assert not any(event.get("event") == "unexpected" for event in server.events)


@pytest.mark.parametrize("path", ["/v1/files", "/v1/jobs"])
def test_a_form_over_the_limit_is_refused(client: httpx.Client, path: str) -> None:
    reply = client.post(path, files={"file": bytes(LIMIT + 100_000)}, data={"order": "{}"})
    assert reply.status_code == 413
    assert reply.json()["error"]["code"] == "body_too_large"


def test_one_byte_over_the_limit_is_refused_and_the_limit_itself_is_not(client: httpx.Client) -> None:
    picture = photo()
    exact = picture + bytes(LIMIT - len(picture))
    assert client.post("/v1/files", content=exact).status_code == 201
    reply = client.post("/v1/files", content=exact + b"x")
    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "upload_too_large")


def test_a_body_where_none_belongs_is_bounded_too(client: httpx.Client) -> None:
    reply = client.request("POST", "/v1/jobs/job_x/cancel", content=bytes(2 * 2**20))
    assert reply.status_code in (404, 413)


def test_a_form_of_a_thousand_parts_is_malformed(client: httpx.Client) -> None:
    reply = client.post("/v1/jobs", files=[(f"part{n}", b"x") for n in range(1000)], data={"order": "{}"})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "malformed_request")
    reply = client.post("/v1/jobs", files={"a": b"x"}, data={"order": "x" * 400_000})
    assert (reply.status_code, reply.json()["error"]["code"]) == (400, "malformed_request")


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer"}, {"Authorization": "Basic eDp5"},
                                    {"Authorization": "Bearer tnct_" + "0" * 64}, {"Authorization": "Bearer \0"},
                                    {"Authorization": "Bearer " + "x" * 9000}])  # fmt: skip
def test_without_a_good_key_nothing_is_shown(server: Server, header: dict[str, str]) -> None:
    for method, path in (
        ("GET", "/v1/effects"),
        ("GET", "/v1/jobs/x"),
        ("POST", "/v1/files"),
        ("DELETE", "/v1/files/x"),
    ):
        if "\0" in header.get("Authorization", ""):
            with contextlib.suppress(httpx.HTTPError):  # the client itself may refuse to send it
                assert httpx.request(method, server.url + path, headers=header).status_code in (400, 401)
            continue
        reply = httpx.request(method, server.url + path, headers=header)
        assert reply.status_code == 401
        assert reply.json()["error"]["code"] == "key_refused"
        assert reply.headers["www-authenticate"] == "Bearer"


def test_the_jobs_and_files_of_another_account_do_not_exist(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    file_id = uploaded(client)
    job_id = submitted(client, effect="noop", inputs={"image": file_id})["id"]
    finished(client, job_id)
    for method, path in (
        ("GET", f"/v1/jobs/{job_id}"), ("GET", f"/v1/jobs/{job_id}/events"), ("POST", f"/v1/jobs/{job_id}/cancel"),
        ("DELETE", f"/v1/jobs/{job_id}"), ("GET", f"/v1/files/{file_id}"), ("GET", f"/v1/files/{file_id}/content"),
        ("DELETE", f"/v1/files/{file_id}"),
    ):  # fmt: skip
        unknown = path.replace(job_id, "job_" + "0" * 26).replace(file_id, "file_" + "0" * 26)
        foreign, missing = stranger.request(method, path), stranger.request(method, unknown)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json()["error"]["message"] == missing.json()["error"]["message"]
    for reference in (file_id, job_id):
        reply = stranger.post("/v1/jobs", json={"effect": "noop", "inputs": {"image": reference}})
        assert reply.status_code == 404
    assert stranger.get("/v1/jobs").json()["jobs"] == []
    assert client.get(f"/v1/jobs/{job_id}").status_code == 200


@pytest.mark.parametrize(
    "job_id", ["-1", "0", "99999999999999999999", "job_", "%00", "..", "%2e%2e%2f", "'", "💥"]
)
def test_odd_ids_are_simply_unknown(client: httpx.Client, job_id: str) -> None:
    for path in (f"/v1/jobs/{job_id}", f"/v1/files/{job_id}", f"/v1/effects/{job_id}"):
        assert client.get(path).status_code == 404 or job_id == ".."


def test_a_link_works_without_a_key_and_only_as_it_was_signed(client: httpx.Client) -> None:
    record = client.get(f"/v1/files/{uploaded(client)}").json()
    url = record["url"]
    good = httpx.get(url)
    assert good.status_code == 200
    assert good.headers["content-type"] == "image/png"
    assert good.headers["x-content-type-options"] == "nosniff"
    assert good.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert good.headers["content-disposition"].startswith("attachment")
    assert httpx.head(url).status_code == 200
    path, _, query = url.partition("?")
    other = client.get(f"/v1/files/{uploaded(client)}").json()["url"].partition("?")[0]
    later = re.sub(r"expires=(\d+)", lambda found: f"expires={int(found[1]) + 1}", query)
    flipped = query[:-2] + ("A" if query[-2] != "A" else "B") + query[-1]
    for wrong in (path, f"{path}?{later}", f"{path}?{flipped}", f"{path}?{query[:-4]}", f"{other}?{query}",
                  f"{path.replace('.png', '.jpg')}?{query}", f"{path.replace('files', '%66iles')}?{query}",
                  f"{path}?expires=&signature=", f"{path}?expires=x&signature=%00"):  # fmt: skip
        reply = httpx.get(wrong)
        assert (reply.status_code, reply.json()["error"]["code"]) == (403, "link_refused")
    assert httpx.post(url).status_code == 405


def test_a_part_of_a_file_can_be_had(client: httpx.Client) -> None:
    content = photo(60, 60, seed=4)
    url = client.get(f"/v1/files/{uploaded(client, content)}").json()["url"]
    size = len(content)
    for asked, start, end in (
        ("0-9", 0, 10),
        (f"{size - 5}-", size - 5, size),
        ("-7", size - 7, size),
        ("5-99999999", 5, size),
    ):
        reply = httpx.get(url, headers={"Range": f"bytes={asked}"})
        assert reply.status_code == 206
        assert reply.content == content[start:end]
        assert reply.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    for asked in (f"{size}-", "9-3", "-0"):
        reply = httpx.get(url, headers={"Range": f"bytes={asked}"})
        assert reply.status_code == 416
        assert reply.headers["content-range"] == f"bytes */{size}"
    for asked in ("bytes=0-1,3-4", "bytes=-", "bytes=x", "pages=1-2"):
        assert httpx.get(url, headers={"Range": asked}).content == content
    etag = httpx.get(url).headers["etag"]
    assert httpx.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert httpx.get(url, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).status_code == 200
    assert httpx.get(url, headers={"Range": "bytes=0-1", "If-Range": etag}).status_code == 206


def test_the_log_holds_no_key_no_query_and_one_line_a_request(server: Server) -> None:
    account = server.key("secretive")
    with server.client(account["api_key"]) as own:
        file = own.get(f"/v1/files/{uploaded(own)}").json()
        httpx.get(file["url"])
        refused = own.get("/v1/jobs/nonsense?token=a-secret-in-a-query")
    signature = file["url"].partition("signature=")[2]
    time.sleep(0.3)
    text = server.logged()
    for secret in (account["api_key"], account["api_key"][-40:], "a-secret-in-a-query", signature, "Bearer "):
        assert secret not in text
    lines = [line for line in server.events if line.get("request_id") == refused.headers["x-request-id"]]
    assert len(lines) == 1
    assert (lines[0]["status"], lines[0]["path"]) == (404, "/v1/jobs/nonsense")
    assert {"time", "level", "method", "ms", "dialect", "account"} <= set(lines[0])


def test_the_log_holds_no_position_of_a_photo_whatever_becomes_of_it(
    server: Server, client: httpx.Client
) -> None:
    picture, exif, written = Image.new("RGB", (40, 30), "teal"), Image.Exif(), io.BytesIO()
    position = {1: "N", 2: (89.0, 34.0, 56.789), 3: "E", 4: (176.0, 46.0, 54.321), 18: "WGS-SECRET-PLACE"}
    exif[0x8825] = position
    picture.save(written, "JPEG", exif=exif)
    whole = written.getvalue()
    for content, state in ((whole, "succeeded"), (whole[:-200], None), (whole[:300], None)):
        file = client.post("/v1/files", content=content)
        if file.status_code == 201:
            order = {"effect": "convert", "inputs": {"image": file.json()["id"]}}
            ended = finished(client, submitted(client, **order)["id"])
            assert state in (None, ended["state"])
    text = re.sub(r'"(time|ms)": [^,}]*', "", server.logged())  # numbers that may be anything
    for trace in ("SECRET-PLACE", "56.789", "54.321", "89.58", "176.78", "GPS"):
        assert trace not in text


def test_too_many_requests_are_told_when_to_come_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("limited") / "data"
    limited = Server(data, requests_per_minute="30", refusals_per_minute="10")
    try:
        with limited.client() as own:
            replies = [own.get("/v1/account") for _ in range(33)]
            assert {reply.status_code for reply in replies} == {200, 429}
            refused = next(reply for reply in replies if reply.status_code == 429)
            assert refused.json()["error"]["code"] == "rate_limited"
            assert 1 <= int(refused.headers["retry-after"]) <= 60
            native = httpx.get(
                f"{limited.url}/api/common/query-credits",
                headers={"ailabapi-api-key": own.headers["authorization"][7:]},
            )
            assert (native.status_code, native.json()["error_detail"]["code"]) == (429, "EXCEEDING_LIMITS")
            assert int(native.headers["retry-after"]) >= 1
        guesses = [
            httpx.get(f"{limited.url}/v1/account", headers={"Authorization": "Bearer x"}) for _ in range(12)
        ]
        assert [guess.status_code for guess in guesses][:10] == [401] * 10
        assert guesses[-1].status_code == 429
        assert httpx.get(f"{limited.url}/health").status_code == 200
    finally:
        limited.stop()
