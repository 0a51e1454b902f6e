"""A job: the record that every other module passes around, its states, and the moves between them.

    queued ──► running ──► succeeded
      │  ▲        │  ├───► failed               the effect said no, or its parameters or photo did; from queued: an
      │  │        │  │                          input never came
      │  └────────┘  ├───► timed_out            the deadline passed
      │   (retry)    ├───► retries_exhausted    the child died at every attempt
      └──────────────┴───► cancelled            the caller asked, or asked no more for a leased job

Nothing here knows a database; rows become records in `tinct.jobs.rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from tinct.errors import TinctError, restored

Metadata = Literal["all", "no-gps", "none"]
"""Exif, XMP and IPTC as they are, without the place, or nothing of them."""

__all__ = [
    "FINAL",
    "MOVES",
    "Callback",
    "Failure",
    "Inputs",
    "Job",
    "JobState",
    "Metadata",
    "Order",
    "Page",
    "Priority",
    "Result",
    "file_ids",
    "scratch_prefix",
]


class JobState(StrEnum):
    """Where a job stands."""

    QUEUED = "queued"
    """Accepted, waits for a worker (also between two attempts)."""
    RUNNING = "running"
    """An attempt is on a worker."""
    SUCCEEDED = "succeeded"
    """Results are stored; credits are settled."""
    FAILED = "failed"
    """The effect refused the photo or the parameters, or broke; trying again would not help."""
    TIMED_OUT = "timed_out"
    """An attempt ran longer than the job's deadline."""
    RETRIES_EXHAUSTED = "retries_exhausted"
    """Every allowed attempt lost its process."""
    CANCELLED = "cancelled"
    """The caller cancelled or deleted it before it ended, or let its lease run out."""

    @property
    def final(self) -> bool:
        """True where no further move is allowed."""
        return self in FINAL


MOVES: Mapping[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.FAILED, JobState.CANCELLED}),
    JobState.RUNNING: frozenset(
        {
            JobState.QUEUED,
            JobState.SUCCEEDED,
            JobState.FAILED,
            JobState.TIMED_OUT,
            JobState.RETRIES_EXHAUSTED,
            JobState.CANCELLED,
        }
    ),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.TIMED_OUT: frozenset(),
    JobState.RETRIES_EXHAUSTED: frozenset(),
    JobState.CANCELLED: frozenset(),
}
"""The only moves there are."""

FINAL = frozenset(state for state, targets in MOVES.items() if not targets)
"""States that a job never leaves."""


class Priority:
    """Named priorities; a higher number runs first, equal ones in order of arrival."""

    LOW = -10
    NORMAL = 0
    HIGH = 10


Inputs = Mapping[str, str | tuple[str, ...]]
"""Input name (``image``, ``reference``, ...) -> file id, or file ids in their order where the input takes a list."""


def file_ids(inputs: Inputs) -> list[str]:
    """Every file that some inputs name."""
    return [
        file_id for named in inputs.values() for file_id in ((named,) if isinstance(named, str) else named)
    ]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One stored file that a job produced."""

    file_id: str
    """The file under which it can be downloaded, or passed to another job."""
    media_type: str
    """Such as ``image/png``."""
    size: int
    """Bytes."""
    width: int | None
    """Pixels; None for what is no photo."""
    height: int | None
    """Pixels; None for what is no photo."""
    role: str = "main"
    """What it is to the caller: ``main``, ``variant``, ``mask``, ..."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a job did not succeed."""

    code: str
    """Stable, for programs: that of a class in `tinct.errors`."""
    message: str
    """A sentence for the caller."""

    @classmethod
    def of(cls, error: TinctError) -> Failure:
        """An error as a job keeps it."""
        return cls(code=error.code, message=error.message)

    @property
    def error(self) -> TinctError:
        """The error again, for those who map classes."""
        return restored(self.code, self.message)


@dataclass(frozen=True, kw_only=True)
class Callback:
    """Somebody to be told of a job's end."""

    recipe: str
    """Name of the way of telling, such as ``native``; see `tinct.jobs.callbacks.recipe`."""
    url: str
    """Where to; checked by `tinct.jobs.callbacks.service.Callbacks.check`."""
    context: Mapping[str, Any] = field(default_factory=dict)
    """Whatever the recipe needs to write the message; JSON-ready."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a caller asks for: everything `tinct.jobs.service.Jobs.submit` needs."""

    account: str
    """Who pays and who may see it."""
    effect: str
    """Name of the effect."""
    params: Mapping[str, Any] = field(default_factory=dict)
    """Its parameters, JSON-ready."""
    inputs: Inputs = field(default_factory=dict)
    """Its files by input name."""
    format: str | None = None
    """Format of the results (``png``, ``jpeg``, ``webp``, ...); None keeps the format of the first input."""
    quality: int = 92
    """Quality of lossy results, 1..100."""
    metadata: Metadata = "no-gps"
    """What of the source's metadata the results keep."""
    screened: bool = False
    """Fail where the content check calls a photo among the inputs unsafe, or a result that was made of none."""
    priority: int = Priority.NORMAL
    """Higher runs first."""
    deadline_s: float | None = None
    """Seconds one attempt may run; None means what the server allows, which is also the most."""
    keep_results_s: float | None = None
    """Seconds the results stay after the end; None means the server's default."""
    expired_inputs_fail: bool = False
    """An input whose time is over makes a job that fails at birth, as one that was never sent does; False: the order is
    refused."""
    discard_inputs: bool = False
    """Remove the input files as soon as the job ends."""
    owns_inputs: bool = False
    """Uploads among the inputs stay as long as the results, and are deleted with the job."""
    credits: int | None = None
    """Price; None means the effect's own."""
    tool: str | None = None
    """What the wire format calls it, ``dialect/tool``: so it stands in the account's history, and under this name the
    operator may set its price. None means the effect's name."""
    idempotency_key: str | None = None
    """Same key and same order: the same job; same key and another order: `IdempotencyError`."""
    lease_s: float | None = None
    """Seconds after which the job is dropped, free of charge, if nobody has asked for it; None: never."""
    callbacks: tuple[Callback, ...] = ()
    """Who is told when the job ends."""
    dialect: str = "native"
    """The wire format it came by."""
    batch: str | None = None
    """The caller's own name for orders that belong together; None for one that stands alone."""
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Further ids by which it can be found: kind (``ailab.task_id``) -> value. Unique per kind."""
    meta: Mapping[str, Any] = field(default_factory=dict)
    """Whatever the dialect needs to answer later; JSON-ready, never read by jobs."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as stored. A snapshot: ask the service for a newer one."""

    id: str
    account: str
    effect: str
    params: Mapping[str, Any]
    inputs: Inputs
    format: str | None
    quality: int
    metadata: Metadata
    screened: bool
    state: JobState
    revision: int
    """Grows by at least one with every visible change; the id of server-sent events."""
    sequence: int
    """Order of arrival over all jobs."""
    priority: int
    capability: str = ""
    """What a worker needs for it; empty where every worker will do that takes ordinary jobs."""
    attempt: int
    """Number of the attempt that runs or ran last; 0 before the first."""
    progress: float
    """0..1; 1 only when succeeded."""
    deadline_s: float
    lease_s: float | None = None
    """Seconds after which it is dropped if nobody asks for it."""
    callbacks: int = 0
    """How many are told of its end."""
    credits: int
    """Price: held until the end, then settled or released."""
    results: tuple[Result, ...]
    """Best first, several of a role in their order; none where the facts are all there is to say."""
    facts: Mapping[str, Any]
    """What the effect found, such as the palette."""
    failure: Failure | None
    dialect: str
    batch: str | None = None
    """The caller's own name for the jobs that belong together."""
    aliases: Mapping[str, str]
    meta: Mapping[str, Any]
    created_at: datetime
    started_at: datetime | None
    """Start of the last attempt."""
    finished_at: datetime | None
    results_expire_at: datetime | None
    """When the results go; set at the end."""

    @property
    def error(self) -> TinctError:
        """Why it did not succeed, where it did not."""
        failure = self.failure or Failure(code="failed", message=f"the job ended as {self.state}")
        return failure.error


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some of an account's jobs, newest first."""

    jobs: tuple[Job, ...]
    next_cursor: str | None
    """Pass it as `cursor` for the next page; None on the last."""


def scratch_prefix(job_id: str, attempt: int) -> str:
    """How the name of an attempt's folder begins in the scratch folder."""
    return f"{job_id}.{attempt}."
