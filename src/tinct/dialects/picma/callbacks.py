"""What a callback address is told when a task has ended, and what it has to answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tinct.backend import Backend
from tinct.dialects.picma import tasks, wire
from tinct.dialects.picma.credentials import token_of
from tinct.dialects.picma.table import read
from tinct.jobs.callbacks.recipe import Answer, Delivery, Recipe, always_2xx
from tinct.jobs.job import Job

__all__ = ["heard", "recipe"]

_READ_BYTES: Final = 64 * 1024
_MOST_BYTES: Final = 2**20  # two hundred faces have 100 kB


def recipe(backend: Backend) -> Recipe:
    """How it is told."""
    table = read(backend.settings.picma)

    async def body(job: Job, delivery: Delivery) -> bytes:
        base = str(delivery.context.get("base", ""))
        return _message(await tasks.described(backend, table, job, base))

    async def example(delivery: Delivery) -> bytes:
        return _message(wire.example(table.status))

    async def headers(delivery: Delivery, message: bytes, now: datetime) -> Mapping[str, str]:
        token = await token_of(backend.accounts, delivery.account, delivery.context.get("token"))
        told = json.loads(message)["data"]
        return {
            "Content-Type": "application/json",
            table.headers.token: token,
            table.headers.md5: table.md5.of(message, token, told["taskid"], str(told["status"])),
            table.headers.delivery: delivery.id,
        }

    return Recipe(
        body=body,
        headers=headers,
        waits_s=table.callback.waits_s,
        succeeded=heard,
        total_s=table.callback.total_s,
        read_bytes=_READ_BYTES,
        most_bytes=_MOST_BYTES,
        example=example,
    )


def heard(answer: Answer) -> bool:
    """Whether an answer is the documented one: 2xx, ``code`` 0 and ``data.success`` true."""
    if not (always_2xx(answer) and answer.whole):
        return False
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return False
    data = said.get("data") if isinstance(said, dict) else None
    return (
        isinstance(data, dict)
        and data.get("success") is True
        and said.get("code") == 0
        and said["code"] is not False
    )


def _message(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
