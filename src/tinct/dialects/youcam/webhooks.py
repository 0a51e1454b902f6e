"""What an account's addresses are told when a task has ended: that it has, and how; the receiver polls for the rest."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

from tinct.backend import Backend
from tinct.errors import AbandonedError
from tinct.jobs.callbacks.recipe import Delivery, Recipe
from tinct.jobs.callbacks.standard import standard_webhook
from tinct.jobs.job import Job, JobState

__all__ = ["recipe"]

_HOURS: Final = 3600.0
_WAITS_S: Final = (5.0, 300.0, 1800.0, 2 * _HOURS, 5 * _HOURS, 10 * _HOURS)
_EXAMPLE: Final = "test-of-the-endpoint"


def recipe(backend: Backend) -> Recipe:
    """How it is told."""
    found = standard_webhook(
        body=_body, secrets_of=backend.callbacks.secrets, message_id=_message_id, waits_s=_WAITS_S
    )
    return dataclasses.replace(found, example=_example)


def _message_id(delivery: Delivery) -> str:
    return f"msg_{delivery.job_id or _EXAMPLE}:{_ended(delivery)}"


async def _body(job: Job, delivery: Delivery) -> bytes | None:
    if job.state is JobState.CANCELLED and isinstance(job.error, AbandonedError):
        return None
    status = "success" if job.state is JobState.SUCCEEDED else "error"
    return _message(delivery, job.id, status)


async def _example(delivery: Delivery) -> bytes:
    return _message(delivery, _EXAMPLE, "success")


def _message(delivery: Delivery, task_id: str, status: str) -> bytes:
    said: dict[str, Any] = {
        "created_at": _ended(delivery),
        "data": {"task_id": task_id, "task_status": status},
    }
    return json.dumps(said, separators=(",", ":")).encode()


def _ended(delivery: Delivery) -> int:
    return int(delivery.created_at.timestamp())
