"""Batches over the native API: jobs by their batch, and all their results as one ZIP that can be gone on with."""

import io
import zipfile

import httpx
import pytest

from running import Server, finished, photo, submitted


def uploaded_as(client: httpx.Client, name: str, seed: int = 0) -> str:
    reply = client.post("/v1/files", content=photo(60, 40, seed=seed), params={"name": name})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


@pytest.fixture(scope="module")
def batch(client: httpx.Client) -> str:
    """Four photos, two of one name, one that is refused, and one of another batch."""
    names = ["Beach.png", "beach.PNG", "côté/../a:b.png", "plain.png"]
    jobs = [
        submitted(client, effect="convert", batch="trip.1", inputs={"image": uploaded_as(client, name, seed)})
        for seed, name in enumerate(names)
    ]
    jobs.append(
        submitted(client, effect="broken", batch="trip.1", inputs={"image": uploaded_as(client, "x.png")})
    )
    other = submitted(
        client, effect="convert", batch="trip.2", inputs={"image": uploaded_as(client, "y.png")}
    )
    for job in [*jobs, other]:
        finished(client, job["id"])
    return "trip.1"


def test_jobs_are_listed_by_their_batch(client: httpx.Client, batch: str) -> None:
    jobs = client.get("/v1/jobs", params={"batch": batch}).json()["jobs"]
    assert len(jobs) == 5
    assert {job["batch"] for job in jobs} == {batch}
    assert client.get("/v1/jobs", params={"batch": "nothing"}).json()["jobs"] == []
    alone = submitted(client, effect="noop", inputs={"image": uploaded_as(client, "z.png")})
    assert alone["batch"] is None


def test_a_batch_is_one_zip_of_all_that_succeeded_named_after_their_photos(
    client: httpx.Client, batch: str
) -> None:
    reply = client.get(f"/v1/batches/{batch}/results.zip")
    assert reply.headers["content-type"] == "application/zip"
    assert len(reply.content) == int(reply.headers["content-length"])
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "Beach-convert.png",
            "beach-convert (2).png",
            "a_b-convert.png",
            "plain-convert.png",
        ]
        jobs = client.get("/v1/jobs", params={"batch": batch, "state": "succeeded"}).json()["jobs"]
        results = [client.get(f"/v1/files/{job['results'][0]['id']}/content").content for job in jobs]
        assert [archive.read(name) for name in archive.namelist()] == results[::-1]


def test_a_download_that_broke_off_goes_on_where_it_was(client: httpx.Client, batch: str) -> None:
    address = f"/v1/batches/{batch}/results.zip"
    whole = client.get(address)
    etag = whole.headers["etag"]
    for start in (0, 1, 37, len(whole.content) // 2, len(whole.content) - 1):
        rest = client.get(address, headers={"Range": f"bytes={start}-", "If-Range": etag})
        assert rest.status_code == 206
        assert rest.content == whole.content[start:]
    middle = client.get(address, headers={"Range": "bytes=100-4999"})
    assert middle.content == whole.content[100:5000]
    assert client.get(address, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(address, headers={"Range": "bytes=99999999-"}).status_code == 416
    changed = client.get(address, headers={"Range": "bytes=100-", "If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, whole.content)


def test_a_zip_may_hold_some_roles_alone(client: httpx.Client) -> None:
    job = submitted(
        client,
        effect="migrate",
        params={"count": 3},
        batch="looks",
        inputs={"image": uploaded_as(client, "house.png")},
    )
    finished(client, job["id"])
    reply = client.get("/v1/batches/looks/results.zip", params={"role": "variant"})
    with zipfile.ZipFile(io.BytesIO(reply.content)) as archive:
        assert archive.namelist() == ["house-migrate-2.png", "house-migrate-3.png"]


def test_a_batch_without_results_or_of_somebody_else_is_not_there(
    client: httpx.Client, stranger: httpx.Client, batch: str
) -> None:
    for caller, name in ((client, "nothing"), (stranger, batch)):
        reply = caller.get(f"/v1/batches/{name}/results.zip")
        assert (reply.status_code, reply.json()["error"]["code"]) == (404, "job_not_found")


@pytest.mark.parametrize("name", ["", "a b", "é", "x" * 65, "a/b"])
def test_a_batch_has_a_plain_name(client: httpx.Client, name: str) -> None:
    order = {"effect": "noop", "inputs": {"image": "file_x"}, "batch": name}
    reply = client.post("/v1/jobs", json=order)
    assert (reply.status_code, reply.json()["error"]["field"]) == (422, "batch")


def test_results_that_were_deleted_are_left_out(client: httpx.Client, server: Server) -> None:
    jobs = [
        submitted(
            client, effect="convert", batch="less", inputs={"image": uploaded_as(client, f"{n}.png", n)}
        )
        for n in range(3)
    ]
    results = [finished(client, job["id"])["results"][0]["id"] for job in jobs]
    client.delete(f"/v1/files/{results[0]}")
    client.delete(f"/v1/jobs/{jobs[2]['id']}")
    with zipfile.ZipFile(io.BytesIO(client.get("/v1/batches/less/results.zip").content)) as archive:
        assert archive.namelist() == ["1-convert.png"]
