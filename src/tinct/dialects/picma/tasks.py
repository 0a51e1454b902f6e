"""What the calls do: make a task, tell of it, delete it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from tinct.accounts.credential import Account
from tinct.backend import Backend
from tinct.dialects.content import link_at
from tinct.dialects.picma import wire
from tinct.dialects.picma.errors import CREATE_FAILED
from tinct.dialects.picma.fields import Fields, asked
from tinct.dialects.picma.table import Table, Type
from tinct.dialects.refusals import RefusalError
from tinct.errors import BrokenPhotoError, FetchError, JobMissingError
from tinct.jobs.intake import Url
from tinct.jobs.job import Callback, Job, Order

__all__ = ["NAME", "create", "delete", "described", "get"]

NAME: Final = "picma"
"""Of the wire format, its recipe and its jobs."""


async def create(
    backend: Backend, table: Table, account: Account, fields: Fields, base: str, token: str
) -> dict[str, Any]:
    """createtask.

    Parameters
    ----------
    base : str
        This server's address, for the links of the callback.
    token : str
        What the token is found by, which the callback repeats.
    """
    ask = asked(fields)
    kind = _type(table, ask.type)
    url = await _receiver(backend, account.id, ask.callbackurl)
    context = {"base": base, "token": token}
    async with backend.intake.brought(
        account.id, {"image": Url(url=ask.picurl, redirects=0, field="picurl")}, table.photo
    ) as brought:
        (file,) = brought.made
        seen = await backend.files.look(file)
        if not seen.whole:
            raise BrokenPhotoError("the end of the picture is missing; serve the whole file")
        order = Order(
            account=account.id,
            effect=kind.effect,
            params=kind.parameters(seen.width * seen.height),
            inputs=brought.inputs,
            format="jpeg" if file.format == "jpeg" else "png",
            keep_results_s=table.limits.keep_s,
            owns_inputs=True,
            credits=kind.price,
            tool=f"{NAME}/{ask.type}",
            callbacks=(Callback(recipe=NAME, url=url, context=context),) if url else (),
            dialect=NAME,
            meta=wire.meta(file, seen, kind.list, ask.chtaskid),
        )
        job = (await backend.jobs.submit(order)).job
    return wire.created(job, await backend.jobs.position(job), table.status)


async def get(
    backend: Backend, table: Table, account: Account, fields: Fields, base: str, token: str
) -> dict[str, Any]:
    """gettask."""
    job = await _task(backend, account.id, fields.taskid)
    return await described(backend, table, job, base)


async def delete(
    backend: Backend, table: Table, account: Account, fields: Fields, base: str, token: str
) -> dict[str, Any]:
    """deletetask: a task that has not ended is cancelled; its pictures go."""
    job = await _task(backend, account.id, fields.taskid)
    await backend.jobs.delete(account.id, job.id)
    return wire.deleted()


async def described(backend: Backend, table: Table, job: Job, base: str) -> dict[str, Any]:
    """A task as gettask and callbacks tell of it."""
    return wire.task(job, await backend.jobs.position(job), table.status, _linked(backend, table, job, base))


def _linked(backend: Backend, table: Table, job: Job, base: str) -> Callable[[str, str], str]:
    """Links that work as long as the pictures are kept."""
    seconds = table.limits.keep_s
    if job.results_expire_at is not None:
        seconds = max((job.results_expire_at - datetime.now(UTC)).total_seconds(), 0)
    return lambda file_id, format: link_at(backend, base, file_id, format, seconds=seconds)


def _type(table: Table, number: int) -> Type:
    kind = table.types.get(number)
    if kind is None:
        known = ", ".join(f"{key} ({each.name})" for key, each in sorted(table.types.items()))
        raise RefusalError(200, CREATE_FAILED, f"type is {number}; allowed: {known}")
    if (missing := kind.missing()) is not None:
        raise RefusalError(200, CREATE_FAILED, f"type {number}: {missing}")
    return kind


async def _receiver(backend: Backend, account: str, url: str | None) -> str | None:
    """Who is told of the end: the address in the call, or that of the account."""
    if url is None:
        return await backend.callbacks.address(account, NAME)
    try:
        await backend.callbacks.check(url)
    except FetchError as error:
        raise RefusalError(200, CREATE_FAILED, f"callbackurl: {error.message}") from None
    return url


async def _task(backend: Backend, account: str, taskid: str) -> Job:
    job = await backend.jobs.get(account, taskid)
    if job.dialect != NAME:
        raise JobMissingError("there is no such task")
    return job
