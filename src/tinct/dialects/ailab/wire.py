"""The replies, as plain records: from ids, states and URLs to the JSON that goes out.

Pure functions; nothing here knows a request, a job service or a clock other than the one it is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tinct.accounts.credits import Balance
from tinct.dialects.ailab.errors import CODES, AilabError
from tinct.jobs.job import JobState

__all__ = [
    "STATUS",
    "TASK_STATUS",
    "credits",
    "envelope",
    "gateway",
    "job_result",
    "submitted",
    "task_id",
    "task_result",
]

Json = dict[str, Any]

STATUS = {
    JobState.QUEUED: "QUEUING",
    JobState.RUNNING: "PROCESSING",
    JobState.SUCCEEDED: "PROCESS_SUCCESS",
    JobState.FAILED: "PROCESS_FAILED",
    JobState.CANCELLED: "PROCESS_FAILED",
    JobState.TIMED_OUT: "TIMEOUT_FAILED",
    JobState.RETRIES_EXHAUSTED: "LIMIT_RETRY_FAILED",
}
"""``data.status``, by state."""

TASK_STATUS = {JobState.QUEUED: 0, JobState.RUNNING: 1, JobState.SUCCEEDED: 2}
"""``task_status``, by state; a job that did not succeed is a failure reply instead."""

UNLIMITED = 1_000_000.0
"""Balance shown for an account that is not counted; clients expect a number."""


def task_id(created: datetime, unique: UUID) -> str:
    """The current form's id: milliseconds since 1970, a dot, a lower-case UUID."""
    return f"{int(created.timestamp() * 1000)}.{unique}"


def envelope(request_id: UUID, refusal: AilabError | None = None) -> Json:
    """What every reply holds; deprecated fields included, since old clients read them.

    With a `refusal` it is the whole reply, whose HTTP status is ``refusal.status``.
    """
    shown = str(request_id).upper()
    code = refusal.name if refusal else ""
    message = refusal.message if refusal else ""
    code_message = CODES[refusal.name][1] if refusal else ""
    return {
        "request_id": shown,
        "log_id": shown,
        "error_code": refusal.status if refusal else 0,
        "error_code_str": code,
        "error_msg": f"{code_message} - {message}" if refusal else "",
        "error_detail": {
            "status_code": refusal.status if refusal else 200,
            "code": code,
            "code_message": code_message,
            "message": message,
        },
    }


def gateway(message: str) -> Json:
    """What RapidAPI's gateway says before a request reaches the vendor: no envelope."""
    return {"message": message}


def submitted(request_id: UUID, task: str, *, current: bool, listed: bool) -> Json:
    """The reply to a submit.

    Parameters
    ----------
    request_id : UUID
        Also the ``job_id`` of the older poll endpoint.
    task : str
        Id for the current poll endpoint; sent in every version, where it was not known it does no harm.
    current : bool
        True for v1.1.0 (the client sent ``task_type``), False for v1.0.0.
    listed : bool
        True for the RapidAPI listing, whose reply has neither ``task_type`` nor ``data``.
    """
    reply = envelope(request_id) | {"task_id": task}
    if listed:
        return reply
    if current:
        return reply | {"task_type": "async"}
    return reply | {"data": {"status": STATUS[JobState.QUEUED], "image_list": []}}


def task_result(request_id: UUID, state: JobState, urls: Sequence[str], *, listed: bool) -> Json:
    """The reply to a poll by task id of a job that has not failed.

    `urls` are those of the results, best first; `listed` adds RapidAPI's status string.
    """
    reply = envelope(request_id) | {"task_status": TASK_STATUS[state]}
    data: Json = {"status": STATUS[state]} if listed else {}
    if state is JobState.SUCCEEDED:
        data["image_list"] = list(urls)
    return reply | {"data": data} if data else reply


def job_result(request_id: UUID, state: JobState, urls: Sequence[str]) -> Json:
    """The reply to a poll by request id; a failed job is a success of the poll."""
    return envelope(request_id) | {"data": {"status": STATUS[state], "image_list": list(urls)}}


def credits(request_id: UUID, balance: Balance, unlimited_since: datetime) -> Json:
    """The reply to the balance query: one pot, called common."""
    grants = sorted(balance.grants, key=lambda grant: grant.granted_at)
    total = UNLIMITED if balance.unlimited else float(sum(grant.amount for grant in grants))
    pot = {
        "unique_sign": "common",
        "name": "Common",
        "balance": UNLIMITED if balance.unlimited else float(balance.available),
        "total": total,
        "last_recharge_balance": float(grants[-1].amount) if grants else total,
        "balance_warning": 0.0,
        "first_buy_time": int((grants[0].granted_at if grants else unlimited_since).timestamp()),
        "last_update_time": int((grants[-1].granted_at if grants else unlimited_since).timestamp()),
    }
    return envelope(request_id) | {"data": [pot]}
