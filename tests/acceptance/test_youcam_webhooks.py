"""Webhooks of the YouCam API, verified by the receivers' own library."""

import asyncio
import json
import re
import time
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from receivers import Got, Receiver, reply
from running import Server
from youcam_hazards import RAISES, picture
from youcam_wire import BODIES, Account, Caller, account, filled, tinct, tinct_refuses

pytestmark = pytest.mark.asyncio


async def command(server: Server, *words: str) -> str:
    return await asyncio.to_thread(tinct, server, *words)


async def added(server: Server, of: Account, url: str) -> str:
    """Add an endpoint; its secret."""
    made = json.loads(await command(server, "webhooks", "add", of.id, url, "--json"))
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{32,88}={0,2}", made["secret"])
    return str(made["secret"])


async def until(receiver: Receiver, count: int, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while len(receiver.got) < count:
            await asyncio.sleep(0.1)


def verified(got: Got, secret: str) -> dict[str, Any]:
    """What the receivers' library makes of a message; it raises for a wrong signature and for an old one."""
    told = Webhook(secret).verify(got.body, got.headers)
    assert got.line.startswith("POST ")
    assert b" " not in got.body
    assert set(told) == {"created_at", "data"}
    assert set(told["data"]) == {"task_id", "task_status"}
    task, created = told["data"]["task_id"], told["created_at"]
    assert got.headers["webhook-id"] == f"msg_{task}:{created}"
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    assert type(created) is int
    return dict(told)


async def ended(caller: Caller, body: Any) -> str:
    task = await asyncio.to_thread(caller.run, "lighting", body)
    await asyncio.to_thread(caller.ended, "lighting", task)
    return task


async def test_the_end_of_every_task_of_either_form_is_told_to_every_endpoint(youcam: Server) -> None:
    of = await asyncio.to_thread(account, youcam)
    older = Caller(youcam.url, of.client_id)
    newer = older.in_form("v2.0")
    good = await asyncio.to_thread(older.upload, picture(0.2))
    bad = await asyncio.to_thread(older.upload, picture(0, RAISES))
    async with Receiver(reply(200)) as first, Receiver(reply(204)) as second:
        secrets = [await added(youcam, of, receiver.url) for receiver in (first, second)]
        tasks = {
            await ended(older, filled(BODIES["v1.0"]["lighting"], F=good)): "success",
            await ended(older, filled(BODIES["v1.0"]["lighting"], F=bad)): "error",
            await ended(newer, {"src_file_id": good}): "success",
            await ended(newer, {"src_file_id": bad}): "error",
        }
        for receiver, secret in zip((first, second), secrets, strict=True):
            await until(receiver, 4)
            told = [verified(got, secret)["data"] for got in receiver.got]
            assert {one["task_id"]: one["task_status"] for one in told} == tasks
        if secrets[0] != secrets[1]:
            with pytest.raises(WebhookVerificationError):
                Webhook(secrets[0]).verify(second.got[0].body, second.got[0].headers)


async def test_a_receiver_that_fails_is_told_again_under_the_same_id(youcam: Server) -> None:
    of = await asyncio.to_thread(account, youcam)
    caller = Caller(youcam.url, of.client_id, "v2.0")
    file = await asyncio.to_thread(caller.upload, picture(0))
    async with Receiver(reply(500), reply(200)) as receiver:
        secret = await added(youcam, of, receiver.url)
        await ended(caller, {"src_file_id": file})
        await until(receiver, 2)
        messages = [verified(got, secret) for got in receiver.got]
        assert messages[0] == messages[1]
        assert len(set(receiver.ids)) == 1
        gap = int(receiver.got[1].headers["webhook-timestamp"]) - int(
            receiver.got[0].headers["webhook-timestamp"]
        )
        assert gap >= 4


async def test_an_endpoint_that_is_gone_or_was_removed_hears_no_more(youcam: Server) -> None:
    of = await asyncio.to_thread(account, youcam)
    caller = Caller(youcam.url, of.client_id, "v2.0")
    file = await asyncio.to_thread(caller.upload, picture(0))
    async with Receiver(reply(410)) as gone, Receiver(reply(200)) as stays, Receiver(reply(200)) as removed:
        for receiver in (gone, stays, removed):
            await added(youcam, of, receiver.url)
        await ended(caller, {"src_file_id": file})
        for receiver in (gone, stays, removed):
            await until(receiver, 1)
        listed = json.loads(await command(youcam, "webhooks", "list", of.id, "--json"))
        urls = {one["url"]: one["id"] for one in listed}
        assert {stays.url, removed.url} <= set(urls)
        await command(youcam, "webhooks", "remove", of.id, urls[removed.url])
        await ended(caller, {"src_file_id": file})
        await until(stays, 2)
        await asyncio.sleep(1)
        assert (len(gone.got), len(removed.got)) == (1, 1)


async def test_ten_endpoints_are_the_most(youcam: Server) -> None:
    of = await asyncio.to_thread(account, youcam)
    async with Receiver(reply(200)) as receiver:
        for number in range(10):
            await added(youcam, of, f"{receiver.url}/{number}")
        said = await asyncio.to_thread(
            tinct_refuses, youcam, "webhooks", "add", of.id, f"{receiver.url}/more"
        )
        assert "10" in said
        assert receiver.got == []
        assert len(json.loads(await command(youcam, "webhooks", "list", of.id, "--json"))) == 10


@pytest.mark.parametrize("url", ["ftp://example.com/", "http://10.0.0.1/", "nonsense", "https://localhost/"])
async def test_an_endpoint_that_may_not_be_reached_is_refused(youcam: Server, url: str) -> None:
    of = await asyncio.to_thread(account, youcam)
    await asyncio.to_thread(tinct_refuses, youcam, "webhooks", "add", of.id, url)
    assert json.loads(await command(youcam, "webhooks", "list", of.id, "--json")) == []


async def test_an_operator_sends_a_test(youcam: Server) -> None:
    of = await asyncio.to_thread(account, youcam)
    async with Receiver(reply(200)) as receiver:
        secret = await added(youcam, of, receiver.url)
        (one,) = json.loads(await command(youcam, "webhooks", "list", of.id, "--json"))
        await command(youcam, "webhooks", "test", of.id, one["id"])
        await until(receiver, 1)
        assert verified(receiver.got[0], secret)["data"]["task_status"] == "success"
