"""Replies that depend on time and on how a job ended, from a server in this process without a worker."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from running import photo
from tinct.backend import Backend
from tinct.jobs.job import FINAL, Failure, JobState
from tinct.jobs.moves import end
from tinct.server.app import create_app

SUBMIT = "/api/image/effects/image-hd-color-migration"
BY_TASK, BY_REQUEST = "/api/common/query-async-task-result", "/api/image/asyn-task-results"


@pytest_asyncio.fixture
async def client(backend: Backend) -> AsyncIterator[httpx.AsyncClient]:
    key = (await backend.accounts.create("tester")).api_key
    transport = httpx.ASGITransport(create_app(backend), client=("127.0.0.1", 1))
    headers = {"ailabapi-api-key": key}
    async with httpx.AsyncClient(
        transport=transport, base_url="http://tinct.test", headers=headers
    ) as client:
        yield client


async def submit(client: httpx.AsyncClient) -> dict[str, Any]:
    form = {"task_type": "async", "mode": "AUTO", "degree": "1"}
    reply = await client.post(SUBMIT, data=form, files={"image": photo()})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


async def polls(client: httpx.AsyncClient, sent: dict[str, Any]) -> tuple[httpx.Response, httpx.Response]:
    by_task = await client.get(BY_TASK, params={"task_id": sent["task_id"]})
    query = {"job_id": sent["request_id"], "type": "HD_COLOUR_MIGRATION"}
    return by_task, await client.get(BY_REQUEST, params=query)


async def force(backend: Backend, state: JobState, failure: Failure | None = None) -> None:
    """Bring the only job to a state."""
    async with backend.database.transaction() as connection:
        await connection.execute("UPDATE jobs SET state = 'running', attempt = 1")
        if state is not JobState.RUNNING:
            row = await (await connection.execute("SELECT id FROM jobs")).fetchone()
            assert row
            assert await end(connection, row["id"], state, failure=failure)


@pytest.mark.asyncio
async def test_a_waiting_and_a_running_job_are_zero_and_one(
    client: httpx.AsyncClient, backend: Backend
) -> None:
    sent = await submit(client)
    by_task, by_request = await polls(client, sent)
    assert (by_task.json()["task_status"], by_request.json()["data"]["status"]) == (0, "QUEUING")
    assert "data" not in by_task.json()
    await force(backend, JobState.RUNNING)
    by_task, by_request = await polls(client, sent)
    assert (by_task.json()["task_status"], by_request.json()["data"]["status"]) == (1, "PROCESSING")


ENDS = [
    (JobState.FAILED, "photo_broken", 422, "FILE_DECODING_FAILURE", "PROCESS_FAILED"),
    (JobState.FAILED, "photo_unsupported", 415, "UNSUPPORTED_FILE_TYPES", "PROCESS_FAILED"),
    (JobState.FAILED, "photo_too_large", 413, "FILE_RESOLUTION_EXCEEDS_LIMITS", "PROCESS_FAILED"),
    (JobState.FAILED, "out_of_memory", 503, "ERROR_INSUFFICIENT_RESOURCES", "PROCESS_FAILED"),
    (JobState.FAILED, "model_missing", 502, "AI_SERVICE_ERROR", "PROCESS_FAILED"),
    (JobState.FAILED, "internal", 500, "PROCESSING_FAILURE", "PROCESS_FAILED"),
    (JobState.TIMED_OUT, "timed_out", 504, "AI_SERVICE_TIMEOUT", "TIMEOUT_FAILED"),
    (JobState.RETRIES_EXHAUSTED, "retries_exhausted", 500, "PROCESSING_FAILURE", "LIMIT_RETRY_FAILED"),
    (JobState.CANCELLED, "cancelled", 500, "PROCESSING_FAILURE", "PROCESS_FAILED"),
]


@pytest.mark.asyncio
@pytest.mark.parametrize(("state", "failure", "status", "code", "word"), ENDS)
async def test_every_bad_end_is_a_failed_poll_by_task_and_a_word_by_request(
    client: httpx.AsyncClient,
    backend: Backend,
    state: JobState,
    failure: str,
    status: int,
    code: str,
    word: str,
) -> None:
    sent = await submit(client)
    await force(backend, state, Failure(code=failure, message="what happened, in a sentence"))
    by_task, by_request = await polls(client, sent)
    assert (by_task.status_code, by_task.json()["error_code"]) == (status, status)
    assert by_task.json()["error_detail"]["code"] == code
    assert by_task.json()["error_detail"]["message"]
    assert by_request.status_code == 200
    assert by_request.json()["error_code"] == 0
    assert by_request.json()["data"] == {"status": word, "image_list": []}


def test_every_final_state_has_a_case() -> None:
    assert {case[0] for case in ENDS} == FINAL - {JobState.SUCCEEDED}


@pytest.mark.asyncio
async def test_a_request_id_answers_for_half_an_hour_and_a_task_id_for_a_day(
    client: httpx.AsyncClient, backend: Backend
) -> None:
    sent = await submit(client)
    await force(backend, JobState.SUCCEEDED)
    for minutes, by_task_answers, by_request_answers in (
        (29, 200, 200),
        (31, 200, 400),
        (24 * 60 + 1, 400, 400),
    ):
        await backend.database.run(
            "UPDATE jobs SET finished_at = now() - make_interval(mins => %s)", (minutes,)
        )
        by_task, by_request = await polls(client, sent)
        assert (by_task.status_code, by_request.status_code) == (by_task_answers, by_request_answers)
    assert by_task.json()["error_detail"]["code"] == "ERROR_INVALID_PARAMETER"


@pytest.mark.asyncio
async def test_an_upload_goes_when_its_job_ends(client: httpx.AsyncClient, backend: Backend) -> None:
    await submit(client)
    rows = await backend.database.all("SELECT discard_inputs, format, keep_results_s FROM jobs")
    assert rows == [{"discard_inputs": True, "format": "png", "keep_results_s": 86_400}]


@pytest.mark.asyncio
async def test_nothing_is_kept_of_an_order_that_is_refused(
    client: httpx.AsyncClient, backend: Backend
) -> None:
    key = (await backend.accounts.create("poor", credits=0)).api_key
    reply = await client.post(
        SUBMIT,
        data={"mode": "REF_PIC", "degree": "1"},
        files={"image": photo(), "ref": photo(seed=1)},
        headers={"ailabapi-api-key": key},
    )
    assert reply.status_code == 429
    assert await backend.database.all("SELECT id FROM files") == []
    assert await backend.database.all("SELECT id FROM jobs") == []
    assert [path for path in (backend.settings.data / "blobs").rglob("*") if path.is_file()] == []
