"""Tasks in one process, with a worker that runs them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from youcam_client import PICTURE, Client, id_token, member

from backends import Postgres, working
from tinct.backend import Backend, open_backend

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def backend(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Backend]:
    async with open_backend(postgres.create(tmp_path / "data")) as running:
        yield running


async def test_a_task_goes_from_signing_in_to_its_picture_in_v1(backend: Backend) -> None:
    _, pair = await member(backend, credits=5)
    body = {"client_id": pair["client_id"], "id_token": id_token(pair)}
    said = await Client(backend).said("POST", "v1.0/client/auth", json=body)
    assert set(said["result"]) == {"access_token", "expires_in"}
    client = Client(backend, said["result"]["access_token"])
    async with working(backend):
        task = await client.run_v1("enhance", {"scale": 1}, src_ids=await client.sent(version="v1.0"))
        found = await client.ended("enhance", task, "v1.0")
    assert (found["status"], found["error"], found["polling_interval"]) == ("success", None, 1000)
    (picture,) = found["results"][0]["data"]
    reply = await Client(backend).http.get(picture["url"])
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/jpeg")
    assert (await client.said("GET", "v1.0/client/credit"))["results"][0]["amount"] == 3


async def test_a_task_goes_from_its_file_to_its_picture_in_v2(backend: Backend) -> None:
    _, pair = await member(backend, credits=5)
    client = Client(backend, pair["client_id"])
    async with working(backend):
        task = await client.run("enhance", src_file_id=await client.sent(PICTURE), scale=1)
        found = await client.ended("enhance", task)
    assert set(found) == {"error", "results", "task_status"}
    assert found["task_status"] == "success"
    reply = await Client(backend).http.get(found["results"]["url"])
    assert reply.headers["access-control-allow-origin"] == "*"
