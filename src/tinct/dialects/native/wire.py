"""The records of the API, as its documentation shows them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tinct.accounts.credits import Kind
from tinct.jobs.file import WRITABLE
from tinct.jobs.job import Priority

__all__ = [
    "BATCH",
    "PRIORITIES",
    "Account",
    "Change",
    "Declaration",
    "Effect",
    "EffectEngine",
    "EffectInput",
    "EffectList",
    "Entry",
    "Error",
    "ErrorReply",
    "Failure",
    "File",
    "FileList",
    "Grant",
    "History",
    "Job",
    "JobList",
    "Order",
    "Record",
    "Result",
    "State",
    "Text",
]

MOST_LISTED = 100  # photos in one list
BATCH = r"^[A-Za-z0-9._-]{1,64}$"
PRIORITIES = {"low": Priority.LOW, "normal": Priority.NORMAL, "high": Priority.HIGH}
State = Literal["queued", "running", "succeeded", "failed", "timed_out", "retries_exhausted", "cancelled"]


class Record(BaseModel):
    """Base of what is sent."""

    model_config = ConfigDict(extra="forbid")


class Error(Record):
    """What went wrong."""

    code: str = Field(description="Stable, for programs.")
    message: str = Field(description="A sentence: what was found, what is allowed, what to do.")
    field: str | None = Field(None, description="The parameter that is wrong, where it is one.")
    request_id: str = Field(description="Quote it when you ask for help; it stands in the server's log.")


class ErrorReply(Record):
    """Every refusal."""

    error: Error


class EffectInput(Record):
    """A photo, or a list of them, that an effect takes."""

    name: str = Field(description="Key in an order's ``inputs``.")
    summary: str
    required: bool
    least: int = Field(description="The shortest list it takes; 1 where it takes a single photo.")
    most: int = Field(description="Above 1: it takes a list of so many photos at most; 1: a single one.")
    clip: bool = Field(description="It takes a clip, not a photo.")


class EffectEngine(Record):
    """A way in which an effect works."""

    name: str = Field(description="As the results' facts name it.")
    models: list[str] = Field(description="Models that it needs, and tasks that a generator does for it.")
    missing: list[str] = Field(
        description="Those of them that are not installed, neither on this server nor with a worker."
    )
    served_by: str | None = Field(
        description="The generator that works for it, its engine and name; null where none does, or none is needed."
    )
    worker: Literal["present", "absent"] | None = Field(
        description="Whether there is a worker that takes its jobs; null where every worker does."
    )
    ready: bool = Field(description="Whether it can work now.")
    fetch: str | None = Field(description="The command by which the operator brings what is missing.")


class Effect(Record):
    """What can be done to a photo."""

    name: str
    title: str
    summary: str
    credits: int = Field(description="Price of one call, before its parameters and files are looked at.")
    price: dict[str, Any] = Field(
        description="What this server adds or changes by parameters and files; empty: nothing."
    )
    inputs: list[EffectInput]
    roles: list[str] = Field(description="What its results can be; none where it only tells facts.")
    engines: list[EffectEngine]
    pictured: list[str] = Field(
        description="Parameters whose choices have a small picture: ``GET /v1/effects/{name}/preview``."
    )
    faces: str = Field(
        description="Which faces of the photo it works on: largest, or all, of which its parameters may choose; empty "
        "where it looks for none. ``GET /v1/files/{id}/faces`` tells where they are."
    )
    params: dict[str, Any] = Field(description="JSON Schema of an order's ``params``.")


class EffectList(Record):
    """All effects."""

    effects: list[Effect]


class File(Record):
    """A stored file: an upload, or a job's result."""

    id: str = Field(description="Pass it as an input of any job.")
    name: str
    media_type: str
    size: int = Field(description="Bytes.")
    width: int | None = Field(
        description="Pixels, as stored; this and the next are null for what is neither photo nor clip."
    )
    height: int | None = Field(description="Pixels, as stored.")
    depth: int | None = Field(
        description="Bits per channel; this and the next are null for what is no photo."
    )
    channels: int | None
    seconds: float | None = Field(
        description="How long a clip runs; null for a photo, or where it does not say."
    )
    frames: int | None = Field(description="How many frames a clip has; null for a photo.")
    job: str | None = Field(description="The job that made it; null for an upload.")
    role: str | None = Field(description="What a result is: main, variant, mask, ...; null for an upload.")
    state: Literal["declared", "stored"] = Field(description="declared: its bytes have not come yet.")
    url: str | None = Field(
        description="Download it here; needs no key, works until ``url_expires_at``. Null before its bytes came."
    )
    upload_url: str | None = Field(
        description="PUT its bytes here, as the whole body; needs no key, works until ``url_expires_at``. Null for "
        "what was not declared, and after a job named it."
    )
    url_expires_at: datetime
    created_at: datetime
    expires_at: datetime = Field(description="When the file goes.")


def _no_nul(value: object) -> object:
    if isinstance(value, str) and "\0" in value:
        raise ValueError("must not hold a NUL character")
    return value


Text = Annotated[str, BeforeValidator(_no_nul)]


class Declaration(Record):
    """A file that will be sent."""

    name: Text | None = Field(None, min_length=1, max_length=255, description="File name.")
    media_type: Text | None = Field(
        None, min_length=1, max_length=255, description="Shown until the bytes come, which decide."
    )
    size: int | None = Field(None, ge=1, description="Bytes that will come; others are refused.")
    md5: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{32}$", description="MD5 of the bytes that will come; others are refused."
    )


class FileList(Record):
    """Some of the account's files, newest first."""

    files: list[File]
    next_cursor: str | None = Field(description="Pass it as ``cursor`` for the next page; null on the last.")


Reference = Annotated[
    str,
    BeforeValidator(_no_nul),
    Field(
        min_length=1,
        max_length=8192,
        description="A file id; a job id, for its first result; ``<job id>/<n>``, for its n-th from 0; or an "
        "http(s) URL, which the server fetches.",
    ),
]


if TYPE_CHECKING:
    ResultFormat = str
else:
    ResultFormat = Literal[WRITABLE]  # derived, so no type checker can follow


class Order(Record):
    """What to do."""

    effect: Text = Field(min_length=1, max_length=100, description="Name of the effect.")
    params: dict[str, Any] = Field(
        default_factory=dict, description="Its parameters; see ``GET /v1/effects``."
    )
    inputs: dict[
        Annotated[str, Field(max_length=100)],
        Reference | Annotated[list[Reference], Field(min_length=1, max_length=MOST_LISTED)],
    ] = Field(
        default_factory=dict,
        max_length=16,
        description="Photos by input name; ``image`` is the first of every effect. A list where the input takes one.",
    )
    format: ResultFormat | None = Field(
        None, description="Format of the results; that of the first input by default."
    )
    quality: int = Field(92, ge=1, le=100, description="Quality of lossy results.")
    priority: Literal["low", "normal", "high"] = Field("normal", description="Higher runs first.")
    deadline_s: float | None = Field(
        None, gt=0, le=86_400, description="Seconds the job may run; never more than the server's own limit."
    )
    callback_url: Text | None = Field(
        None,
        min_length=1,
        max_length=8192,
        description="http(s) URL that is told when the job has ended: a POST signed and tried again after Standard "
        "Webhooks. Check signatures with the secret from ``GET /v1/callbacks/secret``.",
    )
    batch: str | None = Field(
        None,
        pattern=BATCH,
        description="Your own name for orders that belong together: list their jobs by it, and get all their results "
        "as one ZIP from ``GET /v1/batches/{batch}/results.zip``.",
    )


class Result(Record):
    """What a job made; also a file, under the same id."""

    id: str
    role: str = Field(description="What it is: main, variant (another answer), mask, ...")
    media_type: str
    size: int = Field(description="Bytes.")
    width: int | None = Field(description="Pixels; null for what is no photo.")
    height: int | None = Field(description="Pixels; null for what is no photo.")
    url: str = Field(description="Download it here; needs no key, works until the results expire.")


class Failure(Record):
    """Why a job did not succeed."""

    code: str
    message: str


class Job(Record):
    """A call of an effect, and how far it is."""

    id: str
    effect: str
    state: State
    progress: float = Field(ge=0, le=1)
    position: int | None = Field(description="Place in the queue from 1; null when it does not wait.")
    attempt: int = Field(description="Attempts begun; more than 1 after a crash.")
    batch: str | None = Field(description="The order's own.")
    params: dict[str, Any]
    inputs: dict[str, str | list[str]] = Field(description="File ids by input name.")
    results: list[Result] = Field(
        description="Best first, several of a role in their order; empty until it succeeded, after they expired, and "
        "where the facts are all there is to say."
    )
    facts: dict[str, Any] = Field(description="What the effect found, such as the palette.")
    failure: Failure | None
    credits: int = Field(description="Price; charged only if the job succeeds.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    results_expire_at: datetime | None
    revision: int = Field(description="Grows with every change; the id of its events.")


class JobList(Record):
    """Some of the account's jobs, newest first."""

    jobs: list[Job]
    next_cursor: str | None = Field(description="Pass it as ``cursor`` for the next page; null on the last.")


class Grant(Record):
    """Credits given at one time."""

    id: int
    kind: str = Field(description="What they came from.")
    amount: int
    available: int
    held: int
    granted_at: datetime
    expires_at: datetime | None = Field(description="When what is left lapses; null: never.")


class Account(Record):
    """Who the key belongs to."""

    id: str
    name: str
    unlimited: bool = Field(description="True: jobs cost nothing.")
    available: int = Field(description="Credits that can be spent now.")
    held: int = Field(description="Credits of jobs that have not ended.")
    grants: list[Grant] = Field(description="Where they come from, in the order in which they will be spent.")


class Change(Record):
    """What an entry of the history changed in one grant."""

    grant: int
    available: int
    held: int


class Entry(Record):
    """One thing that happened to the account's credits: a grant, one move of one job, or a grant's end."""

    id: int
    kind: Kind
    job: str | None
    note: str = Field(description="The kind of the grant, or what the job did.")
    available: int = Field(description="Change of what can be spent.")
    held: int = Field(description="Change of what jobs hold.")
    grants: list[Change]
    at: datetime


class History(Record):
    """What happened to the account's credits, newest first."""

    entries: list[Entry]
    next_cursor: str | None = Field(description="Pass it as ``cursor`` for the next page; null on the last.")
