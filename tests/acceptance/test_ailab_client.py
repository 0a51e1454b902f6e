"""The AILab wire format, spoken by the vendor's own Python client and by plain HTTP, over a real socket."""

import asyncio
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import numpy as np
import pytest
from ailabtools import AILabClient
from ailabtools.errors import AILabApiError
from PIL import Image

from running import Server, photo

SUBMIT = "/api/image/effects/image-hd-color-migration"


@pytest.fixture(scope="module")
def key(server: Server) -> str:
    return str(server.key("ailab client")["ailab"]["api_key"])


def talk(server: Server, key: str, conversation: Callable[[AILabClient], Awaitable[Any]]) -> Any:
    async def go() -> Any:
        client = AILabClient(api_key=key, base_url=server.url)
        try:
            return await conversation(client)
        finally:
            await client.aclose()

    return asyncio.run(go())


def migrate(**fields: Any) -> Callable[[AILabClient], Awaitable[dict[str, Any]]]:
    async def conversation(client: AILabClient) -> dict[str, Any]:
        body = {"task_type": "async", "image": photo(160, 120, format="JPEG"), "degree": 0.8} | fields
        sent = await client._requester.request("POST", SUBMIT, body=body, multipart=True)
        by_task = await client.wait_for_task(sent["task_id"], interval=0.1, timeout=60)
        by_request = await client.image.imageQueryingAsyncTaskResults(
            {"jobId": sent["request_id"], "type": "HD_COLOUR_MIGRATION"}
        )
        assert by_request["data"]["status"] == "PROCESS_SUCCESS"
        names = [
            [url.partition("?")[0] for url in reply["data"]["image_list"]] for reply in (by_task, by_request)
        ]
        assert names[0] == names[1]
        return by_task

    return conversation


def pictures(result: dict[str, Any]) -> list[np.ndarray]:
    found = []
    for url in result["data"]["image_list"]:
        reply = httpx.get(url)
        assert reply.headers["content-type"] == "image/png"
        assert reply.headers["x-content-type-options"] == "nosniff"
        opened = Image.open(io.BytesIO(reply.content))
        assert (opened.format, opened.mode, opened.size) == ("PNG", "RGB", (160, 120))
        found.append(np.asarray(opened, dtype=np.float64))
    return found


def test_auto_gives_as_many_different_pictures_as_colours_were_asked_for(server: Server, key: str) -> None:
    found = pictures(talk(server, key, migrate(mode="AUTO", color_count=3)))
    assert len(found) == 3
    for first in range(3):
        for second in range(first):
            assert np.abs(found[first] - found[second]).mean() > 4


def test_template_pulls_the_picture_to_its_colours(server: Server, key: str) -> None:
    (red,) = pictures(talk(server, key, migrate(mode="TEMPLATE", color_template="#C01010", degree=1)))
    (blue,) = pictures(talk(server, key, migrate(mode="TEMPLATE", color_template="1010C0", degree=1)))
    assert (red[..., 0] - red[..., 2]).mean() > (blue[..., 0] - blue[..., 2]).mean() + 40


def test_reference_takes_the_palette_of_the_second_picture(server: Server, key: str) -> None:
    orange = np.zeros((100, 100, 3), np.uint8)
    orange[:] = np.random.default_rng(1).integers([180, 90, 0], [256, 150, 60], (100, 100, 3))
    file = io.BytesIO()
    Image.fromarray(orange).save(file, "PNG")
    (found,) = pictures(talk(server, key, migrate(mode="REF_PIC", ref=file.getvalue(), degree=1)))
    assert found[..., 0].mean() > found[..., 1].mean() > found[..., 2].mean()


def test_degree_zero_gives_the_source_back(server: Server, key: str) -> None:
    source = photo(160, 120)
    (found,) = pictures(talk(server, key, migrate(mode="AUTO", image=source, degree=0)))
    assert np.array_equal(found, np.asarray(Image.open(io.BytesIO(source))))


def test_the_client_reads_the_balance(server: Server) -> None:
    limited = server.key(credits=7)["ailab"]["api_key"]
    pot = talk(server, limited, lambda client: client.common.commonQueryCredits({}))["data"][0]
    assert (pot["balance"], pot["total"], pot["unique_sign"]) == (7.0, 7.0, "common")


def refusal(server: Server, key: str, conversation: Callable[[AILabClient], Awaitable[Any]]) -> AILabApiError:
    with pytest.raises(AILabApiError) as caught:
        talk(server, key, conversation)
    assert caught.value.request_id == caught.value.log_id
    assert caught.value.detail.message
    assert caught.value.detail.code_message
    return caught.value


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"image": None}, 400, "MISSING_PARAMETERS"),
        ({"degree": None}, 400, "MISSING_PARAMETERS"),
        ({"mode": "SEPIA"}, 400, "ERROR_INVALID_PARAMETER"),
        ({"degree": 2}, 400, "ERROR_INVALID_PARAMETER"),
        ({"color_count": 9}, 400, "ERROR_INVALID_PARAMETER"),
        ({"image": photo(60, 200)}, 413, "FILE_RESOLUTION_EXCEEDS_LIMITS"),
        ({"image": photo(200, 200) + bytes(3 * 2**20)}, 413, "FILE_SIZE_EXCEEDS_LIMIT"),
        ({"image": photo(200, 200, format="BMP")}, 415, "UNSUPPORTED_FILE_TYPES"),
        ({"image": photo(200, 200, mode="L")}, 422, "FILE_DECODING_FAILURE"),
    ],
)
def test_the_client_sees_a_mistake_as_its_own_error(
    server: Server, key: str, fields: dict[str, Any], status: int, code: str
) -> None:
    error = refusal(server, key, migrate(**({"mode": "AUTO"} | fields)))
    assert (error.detail.status_code, error.detail.code) == (status, code)


def test_a_wrong_key_is_refused_on_every_endpoint(server: Server) -> None:
    for conversation in (
        migrate(mode="AUTO"),
        lambda client: client.common.commonQueryCredits({}),
        lambda client: client.common.commonQueryAsyncTaskResult({"taskId": "1.x"}),
    ):
        error = refusal(server, "wrong", conversation)
        assert (error.detail.status_code, error.detail.code) == (401, "ERROR_USER_NOT_EXISTS")


def test_an_unknown_or_foreign_task_is_an_invalid_parameter(server: Server, key: str) -> None:
    async def submit(client: AILabClient) -> dict[str, Any]:
        body = {"task_type": "async", "image": photo(), "mode": "AUTO", "degree": 0}
        return await client._requester.request("POST", SUBMIT, body=body, multipart=True)

    task = talk(server, key, submit)["task_id"]
    stranger = server.key("stranger")["ailab"]["api_key"]
    for who, asked in (
        (key, "1714743372764.fb8fd68b-7f0e-1485-d003-32ee0f854a92"),
        (stranger, task),
        (key, "\0"),
    ):
        error = refusal(server, who, lambda client, asked=asked: client.wait_for_task(asked))
        assert (error.detail.status_code, error.detail.code) == (400, "ERROR_INVALID_PARAMETER")


def broken() -> bytes:
    """A PNG whose header is right and whose pixels are not."""
    good = photo(160, 120)
    start = good.index(b"IDAT") + 20
    return good[:start] + bytes(byte ^ 0x5A for byte in good[start:-12]) + good[-12:]


def test_a_job_that_fails_later_is_a_failed_poll_by_task_and_a_status_by_request(server: Server) -> None:
    account = server.key(credits=5)["ailab"]["api_key"]
    sent = httpx.post(
        server.url + SUBMIT,
        headers={"ailabapi-api-key": account},
        data={"task_type": "async", "mode": "AUTO", "degree": "1"},
        files={"image": broken()},
    ).json()
    error = refusal(server, account, lambda client: client.wait_for_task(sent["task_id"], interval=0.1))
    assert (error.detail.status_code, error.detail.code) == (422, "FILE_DECODING_FAILURE")
    poll = httpx.get(
        f"{server.url}/api/image/asyn-task-results",
        headers={"ailabapi-api-key": account},
        params={"job_id": sent["request_id"], "type": "HD_COLOUR_MIGRATION"},
    )
    assert poll.status_code == 200
    assert poll.json()["error_code"] == 0
    assert poll.json()["data"] == {"status": "PROCESS_FAILED", "image_list": []}
    pot = talk(server, account, lambda client: client.common.commonQueryCredits({}))["data"][0]
    assert pot["balance"] == 5


def test_no_credits_left_is_said_so(server: Server) -> None:
    empty = server.key(credits=0)["ailab"]["api_key"]
    error = refusal(server, empty, migrate(mode="AUTO"))
    assert (error.detail.status_code, error.detail.code) == (429, "ERROR_NOT_ENOUGH_CREDITS")


BY_TASK, BY_REQUEST = "/api/common/query-async-task-result", "/api/image/asyn-task-results"
TYPE = {"type": "HD_COLOUR_MIGRATION"}


@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        (BY_TASK, {}, "MISSING_PARAMETERS"),
        (BY_TASK, {"task_id": ""}, "PARAMETERS_CANNOT_EMPTY"),
        (BY_REQUEST, TYPE, "MISSING_PARAMETERS"),
        (BY_REQUEST, {"job_id": "x"}, "MISSING_PARAMETERS"),
        (BY_REQUEST, TYPE | {"job_id": ""}, "PARAMETERS_CANNOT_EMPTY"),
        (BY_REQUEST, {"job_id": "x", "type": "GENERATE_CARTOONIZED_IMAGE"}, "ERROR_INVALID_PARAMETER"),
        ("/image/get_async_job_result", TYPE | {"job_id": "x"}, "ERROR_INVALID_PARAMETER"),
        ("/api/rapidapi/query-async-task-result", {"task_id": "-1"}, "ERROR_INVALID_PARAMETER"),
    ],
)
def test_a_poll_with_wrong_parameters_is_a_400(
    server: Server, key: str, path: str, query: dict[str, str], code: str
) -> None:
    reply = httpx.get(server.url + path, params=query, headers={"ailabapi-api-key": key})
    assert (reply.status_code, reply.json()["error_code"]) == (400, 400)
    assert reply.json()["error_detail"]["code"] == code


def test_unknown_paths_and_methods_answer_in_the_envelope(server: Server, key: str) -> None:
    for path in ("/api/image/effects/nonsense", "/image/nonsense", "/api/common/nonsense"):
        reply = httpx.get(server.url + path)
        assert (reply.status_code, reply.json()["error_detail"]["code"]) == (404, "ERROR_AI_NOT_EXISTS")
    elsewhere = httpx.get(f"{server.url}/nonsense", headers={"ailabapi-api-key": key})
    assert elsewhere.json()["error_detail"]["code"] == "ERROR_AI_NOT_EXISTS"
    assert httpx.get(server.url + SUBMIT).status_code == 405
    assert httpx.get(server.url + SUBMIT).json()["error_code"] == 405


def test_the_listing_s_gateway_speaks_without_the_envelope(server: Server) -> None:
    for headers in ({}, {"X-RapidAPI-Key": "wrong", "X-RapidAPI-Host": "hd-colour-migration.p.rapidapi.com"}):
        reply = httpx.post(f"{server.url}/image/effects/image-hd-color-migration", headers=headers)
        assert reply.status_code == 401
        assert list(reply.json()) == ["message"]
        assert reply.json()["message"].startswith("Invalid API key.")


def test_both_surfaces_answer_on_both_submit_paths(server: Server, key: str) -> None:
    form: dict[str, Any] = {"data": {"mode": "AUTO", "degree": "0"}, "files": {"image": photo()}}
    for path in (SUBMIT, SUBMIT.removeprefix("/api")):
        native = httpx.post(server.url + path, headers={"AILABAPI-API-KEY": key}, **form).json()
        listed = httpx.post(server.url + path, headers={"x-rapidapi-key": key}, **form).json()
        assert native["data"]["status"] == "QUEUING"
        assert "data" not in listed
        assert re.fullmatch(r"\d{13}\.[0-9a-f-]{36}", listed["task_id"])


def test_names_and_types_of_parts_mean_nothing(server: Server, key: str) -> None:
    """Text may come as a file, a photo under any name and type."""
    files = {
        "image": ("image.bin", photo(), "application/x-nonsense"),
        "mode": ("mode.bin", b"AUTO"),
        "degree": ("degree.bin", b"0.4"),
        "task_type": ("task_type.bin", b"async"),
    }
    reply = httpx.post(server.url + SUBMIT, headers={"ailabapi-api-key": key}, files=files)
    assert reply.status_code == 200, reply.text
    assert reply.json()["task_type"] == "async"


def test_a_submit_without_a_form_is_missing_its_parameters(server: Server, key: str) -> None:
    for body in ({"data": {"degree": "1"}}, {"json": {"degree": 1}}, {"content": b"\xff\xfe"}, {}):
        reply = httpx.post(server.url + SUBMIT, headers={"ailabapi-api-key": key}, **body)
        assert reply.status_code == 400
        assert reply.json()["error_detail"]["code"] == "MISSING_PARAMETERS"
