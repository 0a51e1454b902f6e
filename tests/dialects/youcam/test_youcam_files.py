"""Declaring, sending and having files, in every version."""

import time
from pathlib import Path

import httpx
import pytest
from youcam_client import PICTURE, Client, member

from backends import Postgres
from picture_host import Site
from tinct.backend import Backend, open_backend
from tinct.jobs.retention import expire

pytestmark = pytest.mark.asyncio


@pytest.mark.parametrize("version", ["v1.0", "v1.1", "v2.0", "v2.1"])
async def test_the_reply_repeats_what_was_said_and_tells_strings_alone(client: Client, version: str) -> None:
    file = await client.declared(version, content_type="image/png", file_name="ä b.png")
    assert (file["content_type"], file["file_name"]) == ("image/png", "ä b.png")
    (request,) = file["requests"]
    length = {} if version == "v1.0" else {"Content-Length": str(len(PICTURE))}
    assert request["headers"] == {"Content-Type": "image/png"} | length
    assert request["method"] == "PUT"
    assert request["url"].startswith("http://tinct.test/")


async def test_several_files_come_back_in_their_order(client: Client) -> None:
    entries = [{"content_type": "image/jpg", "file_name": f"{n}.jpg", "file_size": n + 1} for n in range(20)]
    found = await client.said("POST", "v2.0/file", json={"files": entries})
    assert [file["file_name"] for file in found["data"]["files"]] == [f"{n}.jpg" for n in range(20)]


@pytest.mark.parametrize(
    "entry",
    [
        {"content_type": "text/plain"},
        {"content_type": None},
        {"file_name": ""},
        {"file_name": "a" * 256},
        {"file_name": "\ud800"},
        {"file_size": 0},
        {"file_size": "5"},
        {"file_size": True},
        {"file_size": None},
        {"file_size": 128 * 2**20 + 1},
    ],
)
async def test_what_is_wrong_with_a_declaration_is_named(client: Client, entry: dict[str, object]) -> None:
    said = {"content_type": "image/jpg", "file_name": "a.jpg", "file_size": 5} | entry
    why = await client.refused("POST", "v2.0/file", 400, "InvalidParameters", json={"files": [said]})
    assert next(iter(entry)) in why


@pytest.mark.parametrize("files", [[], [{}] * 21, None, "x", [5]])
async def test_there_is_at_least_one_file_and_at_most_twenty(client: Client, files: object) -> None:
    await client.refused("POST", "v1.0/file/enhance", 400, "InvalidParameters", json={"files": files})


async def test_a_form_instead_of_json_is_a_bad_request(client: Client) -> None:
    form = {"files": {"file": ("a.jpg", PICTURE, "image/jpeg")}}
    for path in ("v1.0/file/enhance", "v1.1/file/enhance", "v2.0/file", "v2.0/file/sod"):
        await client.refused("POST", path, 400, "BadRequest", **form)


async def test_the_oldest_form_takes_fewer_types_and_its_links_end_earlier(client: Client) -> None:
    left = {}
    for version in ("v1.0", "v1.1", "v2.0"):
        link = httpx.URL((await client.declared(version))["requests"][0]["url"])
        left[version] = round((int(link.params["expires"]) - time.time()) / 3600, 1)
        slug = "" if version == "v2.0" else "/enhance"
        entry = {"content_type": "image/webp", "file_name": "a", "file_size": 9}
        reply = await client.http.post(f"/s2s/{version}/file{slug}", json={"files": [entry]})
        assert reply.status_code == (400 if version == "v1.0" else 200)
    assert left == {"v1.0": 1, "v1.1": 2, "v2.0": 2}


async def test_files_are_bound_to_no_tool(client: Client) -> None:
    entry = {"content_type": "image/jpg", "file_name": "a.jpg", "file_size": 5}
    for path in ("v2.0/file/skin-analysis", "v2.1/file/hair-transfer", "v2.0/file/", "v2.0/file"):
        await client.said("POST", path, json={"files": [entry]})
    await client.refused("POST", "v2.0/file/Enhance!", 404, "NotFound", json={"files": [entry]})


async def test_bytes_may_be_replaced_until_a_task_names_them(client: Client) -> None:
    file = await client.declared()
    url = file["requests"][0]["url"]
    for data in (b"no picture", b"", PICTURE):
        reply = await client.http.put(url, content=data)
        assert (reply.status_code, reply.content) == (200, b"")
        assert reply.headers["access-control-allow-origin"] == "*"
    await client.run("enhance", src_file_id=file["file_id"], scale=1)
    await client.refused("PUT", url.partition("/s2s/")[2], 403, "Forbidden", content=PICTURE)


async def test_an_altered_link_is_refused(client: Client) -> None:
    file, other = await client.declared(), await client.declared()
    url = file["requests"][0]["url"].partition("/s2s/")[2]
    for wrong in (url[:-3], url.replace(file["file_id"], other["file_id"]), url.partition("?")[0]):
        await client.refused("PUT", wrong, 403, "Forbidden", content=PICTURE)


async def test_a_link_ends_in_time_and_takes_nothing_then(postgres: Postgres, tmp_path: Path) -> None:
    settings = postgres.create(tmp_path / "data", youcam_link_s=1e-3)
    async with open_backend(settings) as backend:
        client = Client(backend, (await member(backend))[1]["client_id"])
        file = await client.declared()
        reply = await client.http.put(file["requests"][0]["url"], content=PICTURE)
        assert (reply.status_code, reply.json()["error_code"]) == (403, "Forbidden")
        row = await backend.database.one("SELECT state, size FROM files")
        assert row == {"state": "declared", "size": 0}


async def test_a_file_lives_as_long_as_its_form_says_and_is_remembered_thereafter(
    backend: Backend, client: Client
) -> None:
    for version, days in (("v1.0", 1), ("v1.1", 30), ("v2.0", 30)):
        file = await client.sent(version=version)
        row = await backend.database.one(
            "SELECT extract(epoch FROM expires_at - created_at)::float8 / 86400 AS days FROM files WHERE id = %s",
            (file,),
        )
        assert row is not None
        assert row["days"] == pytest.approx(days, abs=1e-3)
        await backend.database.run("UPDATE files SET expires_at = now() - interval '29 days'")
        await expire(backend)
        task = await client.run("enhance", src_file_id=file, scale=1)
        assert (await client.polled("enhance", task))["error"] == "error_download_image"
        await backend.database.run("UPDATE files SET expires_at = now() - interval '31 days'")
        await expire(backend)
        body = {"src_file_id": file, "scale": 1}
        await client.refused("POST", "v2.0/task/enhance", 400, "InvalidParameters", json=body)


async def test_what_is_refused_is_not_kept(postgres: Postgres, tmp_path: Path) -> None:
    async with Site() as site:
        site.picture("/a.jpg", PICTURE)
        host = f"127.0.0.1:{site.port}"
        settings = postgres.create(tmp_path / "data", allow_private_hosts=host, max_photo_bytes=2**20)
        async with open_backend(settings) as backend:
            account, pair = await member(backend, credits=1)
            client = Client(backend, pair["client_id"])
            link = (await client.declared())["requests"][0]["url"]
            too_much = await client.http.put(link, content=b"x" * (2**20 + 1))
            assert (too_much.status_code, too_much.json()["error_code"]) == (413, "PayloadTooLarge")
            url = f"http://{host}/a.jpg"
            for body, code in (
                ({"src_file_url": url, "scale": 1}, "CreditInsufficiency"),
                ({"src_file_url": url, "scale": 3}, "InvalidParameters"),
                ({"src_file_url": f"http://{host}/none.jpg", "scale": 1}, "CreditInsufficiency"),
            ):
                await client.refused("POST", "v2.0/task/enhance", 400, code, json=body)
            rows = await backend.database.all("SELECT state, size FROM files WHERE state <> 'deleted'")
            assert rows == [{"state": "declared", "size": 0}]
            assert await backend.database.one("SELECT FROM jobs") is None
            kept = [
                path for path in (tmp_path / "data").rglob("*") if path.is_file() and "uploads" in str(path)
            ]
            assert kept == []
            assert (await backend.credits.balance(account.id)).available == 1


async def test_browsers_may_use_links_from_any_page(client: Client) -> None:
    url = (await client.declared())["requests"][0]["url"]
    for where in (url, "http://tinct.test/s2s/download/file_x.jpg"):
        reply = await client.http.options(where)
        assert (reply.status_code, reply.content) == (204, b"")
        assert reply.headers["access-control-allow-methods"] == "PUT, GET, HEAD"
        assert reply.headers["access-control-allow-headers"] == "Content-Type, Content-Length"


async def test_sending_and_having_files_counts_nowhere(backend: Backend) -> None:
    client = Client(backend, (await member(backend))[1]["client_id"])
    file = await client.declared()
    before = await backend.database.one("SELECT count(*) AS n, max(arrival) AS last FROM limits")
    await client.http.put(file["requests"][0]["url"], content=PICTURE)
    assert await backend.database.one("SELECT count(*) AS n, max(arrival) AS last FROM limits") == before
