"""Whatever is killed while PicMa's tasks run: every task ends, and each is told of once.

``pytest tests/acceptance/test_picma_faults.py -s`` prints what was killed.
"""

import asyncio
import json
import threading
from collections import defaultdict
from pathlib import Path

import httpx
import pytest

from faults import PATIENCE_S, Faults, rage
from picture_host import Site
from receivers import Receiver, reply
from running import photo
from tinct.backend import open_backend
from tinct.settings import Settings

pytestmark = pytest.mark.asyncio

TASKS = 50
TABLE = f"""
[callback]
waits_s = {[0.5] * 20}
total_s = 4

[types.90]
name = "slow"
effect = "slow"
params = {{ seconds = 0.2 }}
"""
"""Tries that are over soon, and enough of them for a receiver on a busy machine; tasks that need no processor."""
KINDS = ("child", "worker", "database", "api")
SUCCESS = reply(200, body=b'{"code":0,"msg":"","data":{"success":true}}')


def token_of(faults: Faults) -> str:
    return str(
        json.loads(faults.server.keys("create", "--name", "c", "--for", "picma", "--json"))["picma"]["token"]
    )


async def created(faults: Faults, http: httpx.AsyncClient, token: str, picurl: str, told: str) -> str:
    """Make a task, again and again while the server is down; a lost reply costs a second task, as documented."""
    body = {"picurl": picurl, "type": 90, "callbackurl": told}
    async with asyncio.timeout(2 * PATIENCE_S):
        while True:
            try:
                url = f"{faults.server.url}/api/v1/createtask"
                answer = (await http.post(url, json=body, headers={"token": token})).json()
                if answer["code"] == 0:
                    return str(answer["data"]["taskid"])
            except (httpx.HTTPError, ValueError):
                pass
            await asyncio.sleep(0.3)


async def end_its_sender(faults: Faults, receiver: Receiver) -> None:
    """Kill the worker as soon as it sends a first callback, which is never answered."""
    async with asyncio.timeout(2 * PATIENCE_S):
        while not receiver.got or not await asyncio.to_thread(faults.kill, "worker"):
            await asyncio.sleep(0.02)


async def told_of(made: list[str], receiver: Receiver) -> None:
    """Wait until the receiver has heard of these tasks, as long as it goes on hearing of any."""
    while not set(made) <= {got.json["data"]["taskid"] for got in receiver.got}:
        known = len(receiver.got)
        async with asyncio.timeout(PATIENCE_S):
            while len(receiver.got) == known:
                await asyncio.sleep(0.1)


async def all_over(data: Path) -> None:
    """Wait for tasks whose reply was lost, too; nothing is sent after that."""
    async with open_backend(Settings(data=data)) as backend, asyncio.timeout(PATIENCE_S):
        while await backend.database.one(
            "SELECT 1 FROM jobs WHERE finished_at IS NULL UNION ALL SELECT 1 FROM callbacks WHERE state = 'waiting'"
        ):
            await asyncio.sleep(0.1)


async def test_no_callback_is_lost_or_doubled_whatever_is_killed(tmp_path: Path) -> None:
    (tmp_path / "picma.toml").write_text(TABLE)
    faults = Faults(tmp_path / "data", 7, picma=str(tmp_path / "picma.toml"), allow_private_hosts="127.0.0.1")
    done = threading.Event()
    async with (
        Site() as site,
        Receiver(None, SUCCESS) as receiver,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        http.timeout = httpx.Timeout(20)
        try:
            token = await asyncio.to_thread(token_of, faults)
            picurl = site.picture("/a.png", photo(64, 64))
            raging = asyncio.create_task(asyncio.to_thread(rage, faults, done, TASKS, least=12))
            ending = asyncio.create_task(end_its_sender(faults, receiver))
            made: list[str] = []
            while len(made) < TASKS or not all(faults.killed[what] for what in KINDS):
                orders = (created(faults, http, token, picurl, receiver.url) for _ in range(10))
                made += await asyncio.gather(*orders)
            await told_of(made, receiver)
            done.set()
            await raging
            await ending
            await all_over(tmp_path / "data")
        finally:
            done.set()
            await asyncio.to_thread(faults.server.stop)
        told: dict[str, set[str]] = defaultdict(set)
        for got in receiver.got:
            assert got.json["data"]["status"] == 2, got.json
            told[got.json["data"]["taskid"]].add(got.headers["delivery-id"])
    print(dict(faults.killed), len(receiver.got), "posts of", len(told), "tasks")
    assert all(len(ids) == 1 for ids in told.values())
    assert len(set.union(*told.values())) == len(told)
    async with open_backend(Settings(data=tmp_path / "data")) as backend:
        jobs = await backend.database.all("SELECT id, state FROM jobs")
        calls = await backend.database.all("SELECT job_id, state FROM callbacks")
        lost = await backend.database.all("SELECT FROM callback_attempts WHERE outcome = 'lost'")
    assert {job["state"] for job in jobs} == {"succeeded"}
    assert {job["id"] for job in jobs} == set(told) >= set(made)
    assert sorted(call["job_id"] for call in calls) == sorted(told)
    assert {call["state"] for call in calls} == {"delivered"}
    assert len(lost) >= 1
