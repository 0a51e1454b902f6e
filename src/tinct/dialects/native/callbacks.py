"""What a ``callback_url`` is told when its job has ended: a Standard Webhook."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from tinct.backend import Backend
from tinct.dialects.dialect import backend_of
from tinct.dialects.native import wire
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.replies import REFUSALS
from tinct.errors import FetchError
from tinct.jobs.callbacks.recipe import Delivery, Recipe
from tinct.jobs.callbacks.standard import standard_webhook
from tinct.jobs.job import Callback, Job

__all__ = ["RECIPE", "Ended", "recipe", "router", "wanted"]

RECIPE: Final = "native"
_MOST_RESULTS: Final = 50  # listed in one message, which has to stay small

router = APIRouter(prefix="/v1/callbacks", tags=["Callbacks"], responses=REFUSALS)


class Told(wire.Record):
    """A result, without a link: ask for the job to get one."""

    id: str
    media_type: str
    size: int = Field(description="Bytes.")
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")


class EndedJob(wire.Record):
    """The job, in short."""

    id: str
    effect: str
    state: Literal["succeeded", "failed", "timed_out", "retries_exhausted", "cancelled"]
    results: list[Told] = Field(description=f"The first {_MOST_RESULTS}, best first.")
    failure: wire.Failure | None
    credits: int
    created_at: datetime
    finished_at: datetime


class Ended(wire.Record):
    """The message to a ``callback_url``."""

    type: str = Field(description="``job.`` and the state in which it ended.")
    timestamp: datetime = Field(description="When it ended.")
    data: EndedJob


class Secret(wire.Record):
    """What a receiver checks signatures with."""

    secret: str = Field(description="``whsec_...``, as libraries for Standard Webhooks take it.")


@router.get("/secret", response_model=Secret)
async def get_secret(request: Request, account: Caller) -> Secret:
    """The secret by which the account's callbacks are signed."""
    return Secret(secret=await backend_of(request).callbacks.secret(account.id))


@router.post("/secret/rotate", response_model=Secret)
async def rotate_secret(request: Request, account: Caller) -> Secret:
    """Take a new secret. For a day, callbacks carry two signatures: by the new and by the old one."""
    return Secret(secret=await backend_of(request).callbacks.rotate(account.id))


async def wanted(backend: Backend, account: str, url: str | None) -> tuple[Callback, ...]:
    """Who is to be told, from an order's ``callback_url``.

    Raises
    ------
    FetchError
        Nothing would be sent to that address.
    """
    if url is None:
        return ()
    try:
        await backend.callbacks.check(url)
    except FetchError as error:
        raise type(error)(f"callback_url: {error.message}") from None
    await backend.callbacks.secret(account)  # so that there is one when it is needed
    return (Callback(recipe=RECIPE, url=url),)


def recipe(backend: Backend) -> Recipe:
    """How it is told."""
    return standard_webhook(body=_body, secrets_of=backend.callbacks.secrets)


async def _body(job: Job, delivery: Delivery) -> bytes:
    assert job.finished_at is not None
    message = Ended(
        type=f"job.{job.state}",
        timestamp=job.finished_at,
        data=EndedJob(
            id=job.id,
            effect=job.effect,
            state=job.state.value,
            results=[
                Told(
                    id=result.file_id,
                    media_type=result.media_type,
                    size=result.size,
                    width=result.width,
                    height=result.height,
                )
                for result in job.results[:_MOST_RESULTS]
            ],
            failure=wire.Failure(code=job.failure.code, message=job.failure.message) if job.failure else None,
            credits=job.credits,
            created_at=job.created_at,
            finished_at=job.finished_at,
        ),
    )
    return message.model_dump_json().encode()
