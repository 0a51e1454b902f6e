"""Telling of a job's end: written with it, sent beside the jobs, signed, tried again, stopped, replayed."""

import asyncio
import base64
import dataclasses
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from backends import Postgres, ended, submitted, working
from receivers import Receiver, reply
from tinct.backend import Backend, open_backend
from tinct.errors import CallbackMissingError, RefusedUrlError
from tinct.jobs import moves, retention
from tinct.jobs.callbacks import outbox
from tinct.jobs.callbacks.outbox import Outcome, State
from tinct.jobs.callbacks.recipe import Recipe, retry_after
from tinct.jobs.callbacks.sender import Sender
from tinct.jobs.callbacks.service import Stored
from tinct.jobs.callbacks.standard import WAITS_S, new_secret, signature, standard_webhook
from tinct.jobs.job import Callback, JobState
from tinct.net.deliver import Answer

pytestmark = pytest.mark.asyncio


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC) + timedelta(seconds=30)  # nothing is in its future, however slow

    def __call__(self) -> datetime:
        return self.now


@pytest_asyncio.fixture
async def backend(postgres: Postgres, tmp_path) -> AsyncIterator[Backend]:
    settings = postgres.create(tmp_path / "data", allow_private_hosts=frozenset({"127.0.0.1", "localhost"}))
    async with open_backend(settings) as opened:
        yield opened


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sender(backend: Backend, clock: Clock) -> Sender:
    return Sender(backend, clock=clock)


async def told(backend: Backend, account: str, url: str, *, recipe: str = "native", **order: object):
    """A job that has ended, and its callback, which nobody has sent yet."""
    await backend.callbacks.secret(account)
    job = await submitted(backend, account, callbacks=(Callback(recipe=recipe, url=url),), **order)
    await backend.jobs.cancel(account, job.id)
    (found,) = await backend.callbacks.list(job_id=job.id)
    return await backend.jobs.get(account, job.id), found


async def now_is(backend: Backend, callback: Stored) -> Stored:
    return await backend.callbacks.get(callback.id)


async def all_due(sender: Sender) -> int:
    tries = 0
    while await sender.once():
        tries += 1
    return tries


# -- what is sent ---------------------------------------------------------------------------------


async def test_the_end_of_a_job_is_told_once_with_a_signature_that_a_receivers_library_accepts(
    backend, account
):
    async with Receiver() as receiver, working(backend):
        secret = await backend.callbacks.secret(account)
        job = await ended(
            backend,
            await submitted(backend, account, callbacks=(Callback(recipe="native", url=receiver.url),)),
        )
        while (stored := (await backend.callbacks.list(account))[0]).state is State.WAITING:
            await asyncio.sleep(0.02)
    (got,) = receiver.got
    assert stored.state is State.DELIVERED
    assert got.headers["webhook-id"] == stored.id
    assert "." not in stored.id
    assert got.headers["content-type"] == "application/json"
    message = Webhook(secret).verify(got.body, got.headers)
    assert (message["type"], message["data"]["id"]) == ("job.succeeded", job.id)
    assert [one["id"] for one in message["data"]["results"]] == [one.file_id for one in job.results]
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 300
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body + b" ", got.headers)
    assert len(got.body) < 20_000


async def test_the_signature_is_that_of_the_published_example():
    body = b'{"created_at":1790000060,"data":{"task_id":"k3JtPq7vWm0aZr5n","task_status":"success"}}'
    made = signature(
        "whsec_dGluY3Qtd2ViaG9vay1leGFtcGxlLWtleS0wMDAwMDE",
        "msg_k3JtPq7vWm0aZr5n:1790000060",
        1790000065,
        body,
    )
    assert made == "v1,+P6fKip4fweTDI8A6yaQWMDF5hCggxYyf8nyVFpe8YE="


async def test_a_secret_has_32_random_bytes():
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert {len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) for one in made} == {32}


@pytest.mark.parametrize("skew_s", [-330, 330])
async def test_a_receivers_library_refuses_a_message_signed_more_than_300_s_ago_or_ahead(skew_s):
    secret, body = new_secret(), b'{"type":"job.succeeded"}'
    for seconds in (0, skew_s):
        at = int(time.time()) + seconds
        headers = {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(at),
            "webhook-signature": signature(secret, "msg_1", at, body),
        }
        if seconds == 0:
            Webhook(secret).verify(body, headers)
        else:
            with pytest.raises(WebhookVerificationError):
                Webhook(secret).verify(body, headers)


async def test_a_failed_and_a_cancelled_job_are_told_too(backend, account):
    async with Receiver() as receiver, working(backend):
        order = {"callbacks": (Callback(recipe="native", url=receiver.url),)}
        await backend.callbacks.secret(account)
        await ended(backend, await submitted(backend, account, "broken", **order))
        hanging = await submitted(backend, account, "slow", params={"seconds": 30.0}, **order)
        await backend.jobs.cancel(account, hanging.id)
        while len(receiver.got) < 2:
            await asyncio.sleep(0.02)
    kinds = {got.json["type"]: got.json["data"]["failure"]["code"] for got in receiver.got}
    assert kinds == {"job.failed": "internal", "job.cancelled": "cancelled"}


async def test_every_try_sends_the_same_id_and_bytes_with_a_time_of_its_own(backend, account, sender, clock):
    async with Receiver(reply(500)) as receiver:
        await told(backend, account, receiver.url)
        for _ in range(3):
            assert await sender.once()
            clock.now += timedelta(hours=3)
    assert len({(got.headers["webhook-id"], got.body) for got in receiver.got}) == 1
    assert len({got.headers["webhook-timestamp"] for got in receiver.got}) == 3
    assert len({got.headers["webhook-signature"] for got in receiver.got}) == 3


async def test_while_secrets_change_there_are_two_signatures_and_afterwards_one(
    backend, account, sender, clock
):
    old = await backend.callbacks.secret(account)
    new = await backend.callbacks.rotate(account)
    assert old != new
    assert await backend.callbacks.secret(account) == new
    assert all(secret.startswith("whsec_") for secret in (old, new))
    async with Receiver() as receiver:
        await told(backend, account, receiver.url)
        await sender.once()
        await backend.database.run("UPDATE credentials SET expires_at = now() WHERE expires_at IS NOT NULL")
        await told(backend, account, receiver.url)
        clock.now = datetime.now(UTC)
        await sender.once()
    during, after = receiver.got
    for secret in (old, new):
        Webhook(secret).verify(during.body, during.headers)
    Webhook(new).verify(after.body, after.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(after.body, after.headers)


# -- when it is sent again ------------------------------------------------------------------------


async def test_a_receiver_that_fails_is_tried_ten_times_within_75_hours_and_then_given_up(
    backend, account, sender, clock
):
    began = clock.now
    async with Receiver(reply(500), reply(404), reply(302), reply(199), None, reply(500)) as receiver:
        _, callback = await told(backend, account, receiver.url)
        for number, wait in enumerate(WAITS_S, 1):
            assert await all_due(sender) == 1
            left = await now_is(backend, callback)
            assert (left.state, left.tries) == (State.WAITING, number)
            waited = (left.due_at - clock.now).total_seconds()
            assert 0.9 * wait <= waited <= 1.1 * wait
            clock.now = left.due_at - timedelta(milliseconds=1)
            assert await all_due(sender) == 0
            clock.now = left.due_at
        assert await all_due(sender) == 1
        assert await all_due(sender) == 0
    last = await now_is(backend, callback)
    assert (last.state, last.tries, last.due_at) == (State.FAILED, 10, None)
    assert len(receiver.got) == 10
    hours = (clock.now - began).total_seconds() / 3600
    assert 0.9 * 75.6 <= hours <= 1.1 * 75.6
    outcomes = [(attempt.outcome, attempt.status) for attempt in last.attempts]
    assert outcomes[:5] == [
        (Outcome.REFUSED, 500),
        (Outcome.REFUSED, 404),
        (Outcome.REFUSED, 302),
        (Outcome.UNREACHED, None),
        (Outcome.UNREACHED, None),
    ]


async def test_the_waits_are_those_of_the_specification():
    assert WAITS_S == (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_success(backend, account, sender, status):
    async with Receiver(reply(status)) as receiver:
        _, callback = await told(backend, account, receiver.url)
        await sender.once()
    assert (await now_is(backend, callback)).state is State.DELIVERED


@pytest.mark.parametrize("status", [429, 503])
async def test_a_busy_receiver_is_left_alone_for_as_long_as_it_says(backend, account, sender, clock, status):
    date = (clock.now + timedelta(seconds=900)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    async with Receiver(
        reply(status, "Retry-After: 120"),
        reply(status, f"Retry-After: {date}"),
        reply(status, "Retry-After: 1"),  # less than the wait
        reply(status, "Retry-After: 99999999999999999999"),
        reply(500, "Retry-After: 90000"),  # not one of those that are obeyed
    ) as receiver:
        _, callback = await told(backend, account, receiver.url)
        waits = []
        for _ in range(5):
            await sender.once()
            left = await now_is(backend, callback)
            waits.append((left.due_at - clock.now).total_seconds())
            clock.now = left.due_at
    assert waits[0] == pytest.approx(120)
    assert 770 <= waits[1] <= 900
    assert 0.9 * 1800 <= waits[2] <= 1.1 * 1800
    assert waits[3] == pytest.approx(24 * 3600)
    assert 0.9 * 18000 <= waits[4] <= 1.1 * 18000


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0", 0), ("-5", 0), ("soon", 0), ("", 0), ("Wed, 21 Oct 2015 07:28:00 GMT", 0), ("1.5", 0)],
)
async def test_what_a_retry_after_says(value, seconds):
    assert retry_after(Answer(status=503, headers={"retry-after": value}), datetime.now(UTC)) == seconds


async def test_410_stops_this_and_all_later_callbacks_to_the_receiver_until_one_is_replayed(
    backend, account, sender
):
    async with Receiver(reply(410), reply(204)) as receiver, Receiver() as other:
        _, first = await told(backend, account, receiver.url)
        _, waiting = await told(backend, account, receiver.url)
        _, elsewhere = await told(backend, account, other.url)
        stranger = (await backend.accounts.create("stranger")).account.id
        await sender.once()
        _, later = await told(backend, account, receiver.url)
        states = [(await now_is(backend, one)).state for one in (first, waiting, later)]
        assert states == [State.STOPPED] * 3
        await all_due(sender)
        assert len(receiver.got) == 1
        assert (await now_is(backend, elsewhere)).state is State.DELIVERED
        _, foreign = await told(backend, stranger, receiver.url)  # of an account that was not refused
        assert (await backend.callbacks.replay(first.id)).state is State.WAITING
        _, again = await told(backend, account, receiver.url)
        await all_due(sender)
    for one in (first, foreign, again):
        assert (await now_is(backend, one)).state is State.DELIVERED
    assert receiver.ids[0] == first.id
    assert sorted(receiver.ids) == sorted([first.id, first.id, foreign.id, again.id])


# -- what never happens ---------------------------------------------------------------------------


async def test_an_end_that_is_rolled_back_is_not_told(backend, account):
    job = await submitted(backend, account, callbacks=(Callback(recipe="native", url="http://x.example/"),))

    async def fall() -> None:
        async with backend.database.transaction() as connection:
            assert await moves.end(connection, job.id, JobState.CANCELLED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fall()
    assert await backend.callbacks.list() == ()
    async with backend.database.transaction() as connection:
        assert await moves.end(connection, job.id, JobState.CANCELLED)
        assert await moves.end(connection, job.id, JobState.CANCELLED) is None
    assert len(await backend.callbacks.list()) == 1


async def test_a_lost_try_is_made_again_under_the_same_id_and_its_late_end_changes_nothing(
    backend, account, sender, clock
):
    async with Receiver(reply(500), reply(204)) as receiver:
        _, callback = await told(backend, account, receiver.url)
        await sender.once()
        clock.now = (await now_is(backend, callback)).due_at
        async with backend.database.transaction() as connection:  # a worker that dies holding it
            taken = await outbox.take(connection, hold_s=30, now=clock.now)
        assert taken is not None
        assert await all_due(sender) == 0
        clock.now += timedelta(seconds=30)
        assert await all_due(sender) == 1
        async with backend.database.transaction() as connection:  # it was not dead after all
            assert not await outbox.finish(connection, taken, State.FAILED, Outcome.REFUSED, status=500)
    last = await now_is(backend, callback)
    assert (last.state, last.tries) == (State.DELIVERED, 2)
    assert [attempt.outcome for attempt in last.attempts] == [Outcome.REFUSED, Outcome.LOST, Outcome.HEARD]
    assert receiver.ids == [callback.id] * 2
    assert receiver.got[0].body == receiver.got[1].body


async def test_a_lost_try_that_would_have_been_over_soon_is_made_again_soon(backend, account, clock):
    one = dataclasses.replace(backend.callbacks.recipe("native"), total_s=2)
    backend.callbacks.register("soon", lambda: one)
    async with Receiver(None, reply(204)) as receiver:
        _, callback = await told(backend, account, receiver.url, recipe="soon")
        first = asyncio.create_task(Sender(backend, clock=clock).run())
        while not receiver.got:
            await asyncio.sleep(0.01)
        first.cancel()  # its worker dies
        clock.now += timedelta(seconds=2)
        assert await all_due(Sender(backend, clock=clock)) == 0
        clock.now += timedelta(seconds=6)
        assert await all_due(Sender(backend, clock=clock)) == 1
    assert receiver.ids == [callback.id] * 2


async def test_two_senders_never_take_the_same_callback(backend, account):
    async with Receiver() as receiver:
        for _ in range(20):
            await told(backend, account, receiver.url)
        first, second = Sender(backend), Sender(backend)
        await asyncio.gather(all_due(first), all_due(second))
    assert len(receiver.ids) == len(set(receiver.ids)) == 20


async def test_dead_receivers_delay_no_job_no_cancel_and_no_other_receiver(postgres: Postgres, tmp_path):
    settings = postgres.create(
        tmp_path / "data", allow_private_hosts=frozenset({"127.0.0.1", "localhost"}), callback_slots=2
    )
    async with open_backend(settings) as backend, Receiver(None) as dead, Receiver() as live:
        account = (await backend.accounts.create("tester")).account.id
        for _ in range(30):
            await told(backend, account, dead.url)
        async with working(backend):
            while not dead.got:
                await asyncio.sleep(0.02)
            url = live.url.replace("127.0.0.1", "localhost")
            jobs = [
                await submitted(backend, account, callbacks=(Callback(recipe="native", url=url),))
                for _ in range(10)
            ]
            for job in jobs:
                assert (await ended(backend, job)).state is JobState.SUCCEEDED
            hanging = await submitted(backend, account, "slow", params={"seconds": 30.0})
            assert (await backend.jobs.cancel(account, hanging.id)).state is JobState.CANCELLED
            while len(live.got) < 10:
                await asyncio.sleep(0.02)
        assert len(dead.got) < 4  # one slot of the two
        rows = await backend.database.all("SELECT DISTINCT queue_name FROM procrastinate_jobs")
        assert rows == []  # callbacks never stand in the queue of jobs


@pytest.mark.parametrize("steps", range(4))
async def test_a_sender_that_is_stopped_while_it_is_woken_stops(backend, steps):
    sender = Sender(backend)
    running = asyncio.create_task(sender.run())
    await asyncio.sleep(0.2)
    sender.wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait({running}, timeout=10)
    running.cancel()
    assert done


async def test_a_deleted_job_is_not_told(backend, account, sender):
    async with Receiver() as receiver:
        await backend.callbacks.secret(account)
        order = {"callbacks": (Callback(recipe="native", url=receiver.url),)}
        waiting = await submitted(backend, account, **order)
        await backend.jobs.delete(account, waiting.id)
        over, _ = await told(backend, account, receiver.url)
        await backend.jobs.delete(account, over.id)
        await all_due(sender)
    assert receiver.got == []
    assert [one.state for one in await backend.callbacks.list()] == [State.DROPPED] * 2


# -- addresses ------------------------------------------------------------------------------------


async def test_the_address_is_refused_at_every_try_once_it_leads_elsewhere(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data")  # loopback is not allowed here
    async with open_backend(settings) as backend, Receiver() as receiver:
        account = (await backend.accounts.create("tester")).account.id
        with pytest.raises(RefusedUrlError):
            await backend.callbacks.check(receiver.url)
        _, callback = await told(backend, account, receiver.url)
        clock = Clock()
        sender = Sender(backend, clock=clock)
        for _ in range(3):
            assert await sender.once()
            clock.now = (await now_is(backend, callback)).due_at
        left = await now_is(backend, callback)
    assert receiver.got == []
    assert [attempt.outcome for attempt in left.attempts] == [Outcome.UNREACHED] * 3


# -- recipes --------------------------------------------------------------------------------------


def heard(answer: Answer) -> bool:
    """An envelope with code 0 and data.success."""
    if not (200 <= answer.status < 300 and answer.whole):
        return False
    try:
        envelope = json.loads(answer.body)
        return envelope["code"] == 0 and envelope["data"]["success"] is True
    except (ValueError, KeyError, TypeError):
        return False


def envelope_recipe() -> Recipe:
    async def body(job, delivery):
        return json.dumps({"code": 0, "data": {"taskid": job.id, **delivery.context}}).encode()

    async def headers(delivery, message, now):
        return {"token": "t", "delivery-id": delivery.id}

    return Recipe(
        body=body, headers=headers, waits_s=(1.0, 5.0, 15.0), succeeded=heard, total_s=10.0, read_bytes=65_536
    )


async def test_a_recipe_decides_on_headers_body_tries_and_what_counts_as_heard(
    backend, account, sender, clock
):
    backend.callbacks.register("envelope", envelope_recipe)
    good = reply(200, body=b'{"code":0,"msg":"","data":{"success":true}}')
    async with Receiver(
        reply(200),
        reply(200, body=b'{"code":0,"data":{"success":false}}'),
        reply(302),
        reply(200, body=b"x" * 70_000),
    ) as receiver:
        job, callback = await told(backend, account, receiver.url, recipe="envelope")
        waits = []
        for _ in range(3):
            await sender.once()
            left = await now_is(backend, callback)
            waits.append((left.due_at - clock.now).total_seconds())
            clock.now = left.due_at
        await sender.once()
        assert waits == pytest.approx([1, 5, 15])
        assert (await now_is(backend, callback)).state is State.FAILED
        assert len(receiver.got) == 4
        assert receiver.got[0].json["data"] == {"taskid": job.id}
        assert {got.headers["delivery-id"] for got in receiver.got} == {callback.id}
        receiver.answers = [good]
        await backend.callbacks.replay(callback.id)
        clock.now = datetime.now(UTC)
        await sender.once()
        assert (await now_is(backend, callback)).state is State.DELIVERED


async def test_an_id_of_the_wire_formats_own_is_the_same_at_every_try(backend, account, sender, clock):
    async def body(job, delivery):
        return b"{}"

    backend.callbacks.register(
        "own",
        lambda: standard_webhook(
            body=body,
            secrets_of=backend.callbacks.secrets,
            message_id=lambda delivery: f"msg_{delivery.job_id}:{int(delivery.created_at.timestamp())}",
            waits_s=(5.0,),
        ),
    )
    async with Receiver(reply(500)) as receiver:
        job, callback = await told(backend, account, receiver.url, recipe="own")
        await sender.once()
        clock.now += timedelta(minutes=1)
        await sender.once()
    assert receiver.ids == [f"msg_{job.id}:{int(callback.created_at.timestamp())}"] * 2
    Webhook(await backend.callbacks.secret(account)).verify(receiver.got[0].body, receiver.got[0].headers)


@pytest.mark.parametrize("fault", ["nothing to tell", "too long", "broken"])
async def test_a_message_that_cannot_be_written_is_not_tried_again(backend, account, sender, fault):
    async def body(job, delivery):
        if fault == "broken":
            raise RuntimeError("a recipe's fault")
        return None if fault == "nothing to tell" else b"x" * 20_001

    async def headers(delivery, message, now):
        return {}

    backend.callbacks.register("faulty", lambda: Recipe(body=body, headers=headers, waits_s=(1.0,)))
    async with Receiver() as receiver:
        _, callback = await told(backend, account, receiver.url, recipe="faulty")
        assert await all_due(sender) == 1
    last = await now_is(backend, callback)
    assert last.state is (State.DROPPED if fault == "nothing to tell" else State.FAILED)
    assert [attempt.outcome for attempt in last.attempts] == [Outcome.UNWRITTEN]
    assert receiver.got == []


async def test_a_recipe_that_this_worker_does_not_know_waits_for_one_that_does_but_not_for_ever(
    backend, account, sender, clock
):
    async with Receiver() as receiver:
        _, known_later = await told(backend, account, receiver.url, recipe="newer")
        await all_due(sender)
        assert (await now_is(backend, known_later)).state is State.WAITING
        backend.callbacks.register("newer", envelope_recipe)
        clock.now += timedelta(seconds=30)
        await all_due(sender)
        assert len(receiver.got) == 1
        _, never = await told(backend, account, receiver.url, recipe="unknown")
        tries = 0
        while (await now_is(backend, never)).state is State.WAITING:
            clock.now += timedelta(seconds=30)
            tries += await sender.once()
    assert (await now_is(backend, never)).state is State.FAILED
    assert tries < 60


# -- looking --------------------------------------------------------------------------------------


async def test_callbacks_are_listed_by_account_job_and_state_newest_first(backend, account, sender):
    other = (await backend.accounts.create("other")).account.id
    async with Receiver(reply(204), reply(500)) as receiver:
        first, one = await told(backend, account, receiver.url)
        _, two = await told(backend, account, receiver.url)
        _, three = await told(backend, other, receiver.url)
        await all_due(sender)
    listed = backend.callbacks.list
    assert [found.id for found in await listed()] == [three.id, two.id, one.id]
    assert [found.id for found in await listed(account)] == [two.id, one.id]
    assert [found.id for found in await listed(job_id=first.id)] == [one.id]
    assert [found.id for found in await listed(state=State.DELIVERED)] == [one.id]
    assert [found.id for found in await listed(limit=1)] == [three.id]
    for unknown in ("msg_x", "\0", ""):
        with pytest.raises(CallbackMissingError):
            await backend.callbacks.get(unknown)
        with pytest.raises(CallbackMissingError):
            await backend.callbacks.replay(unknown)


async def test_a_callback_goes_after_the_time_of_its_job_but_not_while_it_waits(backend, account, sender):
    async with Receiver(reply(204), reply(500)) as receiver:
        await told(backend, account, receiver.url)
        await told(backend, account, receiver.url)
        await all_due(sender)
    await backend.database.run("UPDATE callbacks SET ended_at = ended_at - interval '1 year'")
    await retention.expire(backend)
    assert [one.state for one in await backend.callbacks.list()] == [State.WAITING]
    row = await backend.database.one("SELECT count(*) AS attempts FROM callback_attempts")
    assert row["attempts"] == 1


async def test_an_order_with_the_same_key_and_another_receiver_is_another_order(backend, account):
    order = {"idempotency_key": "k"}
    await submitted(
        backend, account, callbacks=(Callback(recipe="native", url="http://a.example/"),), **order
    )
    again = await submitted(
        backend, account, callbacks=(Callback(recipe="native", url="http://a.example/"),), **order
    )
    assert len((await backend.jobs.list(account)).jobs) == 1
    with pytest.raises(Exception, match="another order"):
        await submitted(
            backend, account, callbacks=(Callback(recipe="native", url="http://b.example/"),), **order
        )
    assert again
