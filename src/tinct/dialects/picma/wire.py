"""The replies, as plain records. Pure: what they need to know of files, links and queues is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tinct.dialects.picma.errors import failed
from tinct.dialects.picma.table import Status
from tinct.jobs.file import File, format_of, suffix
from tinct.jobs.files import Glance
from tinct.jobs.job import Job, JobState, Result

__all__ = ["Link", "created", "deleted", "envelope", "example", "meta", "task"]

Json = dict[str, Any]
Link = Callable[[str, str], str]
"""From a file's id and format to its URL."""


def envelope(data: Json | None, code: int = 0, message: str = "") -> Json:
    """What every reply is."""
    return {"code": code, "msg": message, "data": data}


def created(job: Job, position: int, numbers: Status) -> Json:
    """The reply to createtask."""
    return envelope({"taskid": job.id, "status": _status(job, numbers), "queuenum": position})


def deleted() -> Json:
    """The reply to deletetask, and what a receiver answers to a callback."""
    return envelope({"success": True})


def meta(file: File, seen: Glance, listed: str, chtaskid: str | None) -> Json:
    """What a task remembers for its replies: its picture as it will be seen, and what its list will hold."""
    return {
        "input": [file.id, file.size, seen.width, seen.height, file.format],
        "list": listed,
        "chtaskid": chtaskid or "",
    }


def task(job: Job, position: int, numbers: Status, link: Link) -> Json:
    """The reply to gettask, and the message of a callback."""
    source = _input(job.meta, link)
    succeeded = job.state is JobState.SUCCEEDED
    entries = _entries(job, source, link) if succeeded else []
    ended_badly = job.state.final and not succeeded
    return envelope(
        {
            "taskid": job.id,
            "status": _status(job, numbers),
            "queuenum": position,
            "errorcode": failed(job.error) if ended_badly else 0,
            "errormsg": job.error.message if ended_badly else "",
            **source,
            **(_side("out", link, *_facts(job.results[0])) if succeeded else _NO_OUTPUT),
            "facenum": len(entries),
            "chtaskid": job.meta.get("chtaskid", ""),
            "facelist": entries,
        }
    )


def example(numbers: Status) -> Json:
    """The message of a test: of a task that there never was."""
    message = "This is a test of your callback address; there is no such task."
    nothing = {**_NO_INPUT, **_NO_OUTPUT, "facenum": 0, "chtaskid": "test", "facelist": []}
    about = {"taskid": "test", "status": numbers.success, "queuenum": 0, "errorcode": 0, "errormsg": message}
    return envelope(about | nothing)


def _status(job: Job, numbers: Status) -> int:
    if job.state is JobState.QUEUED:
        return numbers.queued
    if job.state is JobState.RUNNING:
        return numbers.processing
    return numbers.success if job.state is JobState.SUCCEEDED else numbers.failed


def _entries(job: Job, source: Json, link: Link) -> list[Json]:
    """``facelist``: faces from left to right, or outputs from the best on."""
    if job.meta.get("list") == "outputs":
        return [{**source, **_side("out", link, *_facts(result))} for result in job.results]
    if job.meta.get("list") != "faces":
        return []
    before, after = (
        [result for result in job.results if result.role == role] for role in ("input_crop", "output_crop")
    )
    return [
        {**_side("in", link, *_facts(one)), **_side("out", link, *_facts(other))}
        for one, other in zip(before, after, strict=True)
    ]


def _input(kept: Mapping[str, Any], link: Link) -> Json:
    return _side("in", link, *kept["input"])


def _facts(result: Result) -> tuple[str, int, int, int, str]:
    format = format_of(result.media_type)
    return result.file_id, result.size, result.width or 0, result.height or 0, format


def _side(side: str, link: Link, file_id: str, size: int, width: int, height: int, format: str) -> Json:
    """One picture; `side` is ``in`` or ``out``."""
    return {
        f"{side}pathwidth": width,
        f"{side}pathsize": size,
        f"{side}pathheight": height,
        f"{side}pathext": suffix(format).removeprefix("."),
        f"{side}puturl": link(file_id, format),
    }


def _nothing(side: str) -> Json:
    sizes = dict.fromkeys((f"{side}pathwidth", f"{side}pathsize", f"{side}pathheight"), 0)
    return {**sizes, f"{side}pathext": "", f"{side}puturl": ""}


_NO_INPUT, _NO_OUTPUT = _nothing("in"), _nothing("out")
