"""Tasks: made, asked for, deleted. One path for all tools and all forms of the API."""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from starlette.requests import Request

from tinct.accounts.credential import Account
from tinct.dialects.bodies import json_object
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.refusals import RefusalError
from tinct.dialects.youcam import styles, wire
from tinct.dialects.youcam.ask import Ask, read
from tinct.dialects.youcam.errors import Generation, invalid, unsupported
from tinct.dialects.youcam.files import link
from tinct.dialects.youcam.inputs import Found, fetched, stored
from tinct.dialects.youcam.tool import Tool, can_check
from tinct.dialects.youcam.tools import find
from tinct.errors import (
    AbandonedError,
    CreditError,
    JobMissingError,
    NoGeneratorError,
    NoWorkerError,
    UnsafePromptError,
)
from tinct.jobs import catalogue
from tinct.jobs.job import Failure, Job, JobState, Order, file_ids
from tinct.jobs.withdrawn import withdraw

__all__ = ["NAME", "delete", "poll", "run"]

_ANY_SHAPE: Final = (1, 1)  # of a source that nobody has looked at yet
NAME: Final = "youcam"
"""Of the wire format and its jobs."""


async def run(request: Request, account: Account, tool: Tool, version: str) -> dict[str, Any]:
    """Make a task; ``version`` is ``v1``, ``v2.0`` or ``v2.1``."""
    ask = read(tool, version, await json_object(request))
    async with backend_of(request).jobs.turns:
        if (known := await _known(request, account, ask)) is not None:
            return {"task_id": known.id}
        found = await stored(request, account.id, ask)
    values = ask.values | await _beside(request, ask)
    if (lacking := ask.tool.missing(ask.form, values)) is not None:
        raise unsupported(lacking)
    assert ask.form.to is not None
    effect, params = ask.form.name_of_effect(values), ask.form.to(values)
    await _check_workers(request, ask, effect, params)
    async with fetched(request, account.id, ask, found):
        params = ask.form.to(values | {"shape": found.shape()})
        order = Order(
            account=account.id,
            effect=effect,
            params=params,
            inputs=found.inputs(ask),
            format=_format(ask, found, version),
            keep_results_s=settings_of(request).youcam_keep_s,
            expired_inputs_fail=True,
            metadata="none",
            screened=settings_of(request).youcam_content_check and can_check(),
            credits=ask.tool.cost(values),
            tool=f"{NAME}/{ask.tool.slug}",
            idempotency_key=ask.repeat,
            callbacks=await backend_of(request).webhooks.of_order(account.id, NAME),
            lease_s=(settings_of(request).youcam_lease_s or None) if version == "v1" else None,
            dialect=NAME,
            meta={"tool": ask.tool.slug, "path": tool.slug, "version": version, "action": ask.action},
        )
        # A task that costs nothing; but it is not made for those who could not pay
        if found.failure is not None:
            await _check_units(request, order)
        try:
            made = await backend_of(request).jobs.submit(order, failure=found.failure)
        except UnsafePromptError as error:
            made = await backend_of(request).jobs.submit(order, failure=Failure.of(error))
    return {"task_id": made.job.id}


async def _beside(request: Request, ask: Ask) -> dict[str, Any]:
    """What the parameters of the effect depend on beside those of the call."""
    able = ask.form.better_with and ask.form.better_with in await backend_of(request).capabilities.live()
    chance = zlib.crc32(ask.repeat.encode()) if ask.repeat is not None else secrets.randbits(31)
    return {
        "style": styles.resolve(ask.tool, ask.chosen),
        "able": bool(able),
        "shape": _ANY_SHAPE,
        "chance": chance % 2**31,
        "strict": settings_of(request).youcam_strict_swap,
    }


async def _check_workers(request: Request, ask: Ask, effect: str, params: Mapping[str, Any]) -> None:
    """Refuse what no worker can do, by the tool's name, before anything is fetched for it."""
    needed = catalogue.capability(effect, Found.names(ask), params)
    if not needed:
        return
    try:
        await backend_of(request).capabilities.require(effect, needed)
    except (NoGeneratorError, NoWorkerError) as error:
        raise unsupported(f"{ask.tool.title} is not available on this server: {error.message}") from None


async def poll(
    request: Request, account: Account, tool: Tool, task_id: str, generation: Generation
) -> dict[str, Any]:
    """Tell of a task."""
    job = await _task_of(request, account, task_id)
    made_by = job.meta.get("tool")
    if tool.slug not in (made_by, job.meta.get("path")):  # a body may turn one tool into another
        raise JobMissingError("it is another tool's")
    now, of = datetime.now(UTC), find(str(made_by)) or tool
    return wire.polled(job, of, generation, lambda file, format: link(request, file, format), now)


async def delete(request: Request, account: Account) -> None:
    """Remove a task that has ended, with the files that went in and came out; its units stay spent."""
    task_id = (await json_object(request)).get("task_id")
    if not isinstance(task_id, str):
        raise invalid("task_id", task_id, "the id that the run call gave")
    job = await _task_of(request, account, task_id)
    if not job.state.final:
        raise RefusalError(400, "OperationInvalid", "The task has not ended; delete it when it has.")
    backend = backend_of(request)
    made = [result.file_id for result in job.results]
    await withdraw(backend.database, account.id, [*file_ids(job.inputs), *made])
    await backend.jobs.delete(account.id, job.id)


async def _task_of(request: Request, account: Account, task_id: str | None) -> Job:
    """A task that is there.

    Raises
    ------
    RefusalError
        No id is given.
    JobMissingError
        It is unknown, another account's, lost, expired or deleted.
    """
    if not task_id:
        raise invalid("task_id", None, "the id that the run call gave")
    job = await backend_of(request).jobs.get(account.id, task_id)
    over = job.results_expire_at is not None and job.results_expire_at <= datetime.now(UTC)
    if job.dialect != NAME or over or _lost(job):
        raise JobMissingError("there is no such task")
    return job


def _lost(job: Job) -> bool:
    return job.state is JobState.CANCELLED and isinstance(job.error, AbandonedError)


async def _known(request: Request, account: Account, ask: Ask) -> Job | None:
    """The task of an earlier call of which this one is a repeat; one that was lost, failed or deleted is forgotten."""
    if ask.repeat is None:
        return None
    jobs = backend_of(request).jobs
    before = await jobs.repeats.find(account.id, ask.repeat)
    if before is None:
        return None
    try:
        job = await jobs.get(account.id, before.job_id)
        if not job.state.final or job.state is JobState.SUCCEEDED:
            return job
    except JobMissingError:
        pass
    await jobs.repeats.forget(account.id, ask.repeat, before.job_id)
    return None


async def _check_units(request: Request, order: Order) -> None:
    assert order.credits is not None
    balance = await backend_of(request).credits.balance(order.account)
    price = backend_of(request).prices.base(order.tool or "", order.credits)
    if not balance.unlimited and balance.available < price:
        raise CreditError(price, balance.available)


def _format(ask: Ask, found: Found, version: str) -> str | None:
    """Format of the results; None of clips."""
    if ask.form.takes_clips:
        return None
    if ask.form.picture is not None:
        return ask.form.picture
    if ask.ending is not None:
        return ask.ending
    source = found.files["src"][0].format if found.files.get("src") else "jpeg"
    if version == "v1":
        return "png" if source == "png" else "jpeg"
    return "jpeg" if source == "jpeg" else "png"
