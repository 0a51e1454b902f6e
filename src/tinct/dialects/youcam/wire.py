"""The replies, as plain records. Pure: links are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from tinct.dialects.refusals import RefusalError
from tinct.dialects.youcam.errors import Generation, engine_code
from tinct.dialects.youcam.tool import Tool
from tinct.errors.faces import FORCE
from tinct.jobs.file import format_of
from tinct.jobs.job import Job, JobState

__all__ = ["Link", "polled", "refused", "replied"]

Json = dict[str, Any]
Link = Callable[[str, str], str]
"""From a file's id and format to its URL."""
_SHOWN: Final = ("main", "variant")  # roles of results that clients see
_EAGER_S: Final = 10.0  # of a task, in which it is asked for often
_EAGER_MS, _CALM_MS = 1000, 3000  # one call in 3 s is what the limit by address lasts for


def replied(key: str, value: Json) -> Json:
    """A reply that is no refusal; `key` is ``result``, ``results`` or ``data``."""
    return {"status": 200, key: value}


def refused(refusal: RefusalError) -> Json:
    """The reply to a call that is refused."""
    found: Json = {"status": refusal.status, "error": refusal.message}
    return found | ({"error_code": refusal.name} if refusal.name else {})


def polled(job: Job, tool: Tool, generation: Generation, link: Link, now: datetime) -> Json:
    """The reply to a poll, in the form of the path that was polled."""
    return _older(job, tool, link, now) if generation == "v1" else _newer(job, tool, link)


def _older(job: Job, tool: Tool, link: Link, now: datetime) -> Json:
    eager = (now - job.created_at).total_seconds() < _EAGER_S
    said: Json = {"polling_interval": _EAGER_MS if eager else _CALM_MS}
    if not job.state.final:
        return replied("result", said | {"status": "running"})
    if job.state is not JobState.SUCCEEDED:
        return replied("result", said | {"status": "error"} | _why(job, tool, "v1"))
    pictures, faces = _pictures(job, link), _faces(job, tool)
    for picture in pictures:
        picture |= faces
    results = [{"id": job.meta.get("action", 0), "data": pictures} | faces]
    return replied("result", said | {"status": "success", "error": None, "results": results} | faces)


def _newer(job: Job, tool: Tool, link: Link) -> Json:
    if not job.state.final:
        return replied("data", {"task_status": "running"})
    if job.state is not JobState.SUCCEEDED:
        return replied("data", {"task_status": "error"} | _why(job, tool, "v2"))
    pictures = _pictures(job, link)
    results: Json = {"output": pictures} if len(pictures) > 1 else dict(pictures[0])
    if faces := _faces(job, tool):
        boxes = [face["bbox"] for face in faces["faces"]]
        results |= faces | {
            "result": [
                {"left": left, "top": top, "width": right - left, "height": bottom - top}
                for left, top, right, bottom in boxes
            ]
        }
    return replied("data", {"error": None, "results": results, "task_status": "success"})


def _why(job: Job, tool: Tool, generation: Generation) -> Json:
    error = job.error
    message = error.message.replace(FORCE, "")  # a field that these APIs lack
    return {"error": engine_code(error, generation, tool.codes), "error_message": message}


def _pictures(job: Job, link: Link) -> list[Json]:
    return [
        {"dst_id": result.file_id, "url": link(result.file_id, format_of(result.media_type))}
        for result in job.results
        if result.role in _SHOWN
    ]


def _faces(job: Job, tool: Tool) -> Json:
    if not any(form.tells_faces for form in tool.forms.values()):
        return {}
    found: list[Mapping[str, Any]] = job.facts.get("faces", [])
    return {"faces": [{"bbox": list(face["box"])} for face in found]}
