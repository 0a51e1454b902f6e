"""How files and jobs become the records of the API."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.requests import HTTPConnection

from tinct.dialects.content import base_of, link
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.native import wire
from tinct.jobs.file import File, FileState, format_of
from tinct.jobs.job import Job, JobState

__all__ = ["file_record", "job_record"]


def file_record(connection: HTTPConnection, file: File) -> wire.File:
    """A stored file as the API shows it."""
    left_s = (file.expires_at - datetime.now(UTC)).total_seconds()
    settings = settings_of(connection)
    seconds = max(min(settings.upload_link_s if file.open else settings.link_s, left_s), 0)
    photo, seen = file.photo, file.photo or file.clip
    return wire.File(
        id=file.id,
        name=file.name,
        media_type=file.media_type,
        size=file.size,
        width=seen.width if seen else None,
        height=seen.height if seen else None,
        depth=photo.depth if photo else None,
        channels=photo.channels if photo else None,
        job=file.job_id,
        role=file.role,
        seconds=file.seconds,
        frames=file.clip.frames if file.clip else None,
        state="declared" if file.state is FileState.DECLARED else "stored",
        url=link(connection, file.id, file.format, seconds=seconds) if file.size else None,
        upload_url=_upload_link(connection, file.id, seconds=seconds) if file.open else None,
        url_expires_at=datetime.fromtimestamp(int(datetime.now(UTC).timestamp() + seconds), UTC),
        created_at=file.created_at,
        expires_at=file.expires_at,
    )


def _upload_link(connection: HTTPConnection, file_id: str, *, seconds: float) -> str:
    """A whole URL to which anyone can PUT the bytes of a declared file."""
    links = backend_of(connection).links
    return base_of(connection) + links.sign(f"/v1/files/{file_id}/content", seconds=seconds, method="PUT")


def job_record(connection: HTTPConnection, job: Job, position: int = 0) -> wire.Job:
    """A stored job as the API shows it."""
    left_s = 0.0
    if job.results_expire_at:
        left_s = (job.results_expire_at - datetime.now(UTC)).total_seconds()
    return wire.Job(
        id=job.id,
        effect=job.effect,
        state=job.state.value,
        progress=job.progress,
        position=position or None if job.state is JobState.QUEUED else None,
        attempt=job.attempt,
        batch=job.batch,
        params=dict(job.params),
        inputs={name: named if isinstance(named, str) else list(named) for name, named in job.inputs.items()},
        results=[
            wire.Result(
                id=result.file_id,
                role=result.role,
                media_type=result.media_type,
                size=result.size,
                width=result.width,
                height=result.height,
                url=link(connection, result.file_id, format_of(result.media_type), seconds=left_s),
            )
            for result in job.results
            if left_s > 0
        ],
        facts=dict(job.facts),
        failure=wire.Failure(code=job.failure.code, message=job.failure.message) if job.failure else None,
        credits=job.credits,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        results_expire_at=job.results_expire_at,
        revision=job.revision,
    )
