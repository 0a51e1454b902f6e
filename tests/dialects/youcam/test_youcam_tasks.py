"""Tasks in one process: what is told of them, what is wrong with their files, repeats, leases, deletion."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from youcam_client import PICTURE, Client, id_token, member, payload

from backends import Postgres, working
from picture_host import Site
from running import pages, photo
from tinct.backend import Backend, open_backend
from tinct.errors import (
    BaldError,
    FaceAngleError,
    FacesUnlikeError,
    HairError,
    HairTooShortError,
    NoShoulderError,
    ParameterError,
    ReferenceNoFaceError,
    SmallFaceError,
    UnsafePhotoError,
)
from tinct.jobs import leases, moves
from tinct.jobs.job import Failure, JobState
from tinct.jobs.withdrawn import let_go
from unit.clips import pan, write
from unit.photo_files import png_file, zeros
from youcam_pictures import clip

pytestmark = pytest.mark.asyncio


async def failed(backend: Backend, task: str, failure: Failure, state: JobState = JobState.FAILED) -> None:
    """End a task as a worker would."""
    async with backend.database.transaction() as connection:
        await moves.end(connection, task, state, failure=failure)


async def test_a_task_goes_from_signing_in_to_its_picture_in_v1(backend: Backend) -> None:
    _, pair = await member(backend, credits=5)
    body = {"client_id": pair["client_id"], "id_token": id_token(pair)}
    said = await Client(backend).said("POST", "v1.0/client/auth", json=body)
    client = Client(backend, said["result"]["access_token"])
    async with working(backend):
        task = await client.run_v1("enhance", {"scale": 1}, src_ids=await client.sent(version="v1.0"))
        found = await client.ended("enhance", task, "v1.0")
    assert (found["status"], found["error"], found["polling_interval"]) == ("success", None, 1000)
    (picture,) = found["results"][0]["data"]
    reply = await Client(backend).http.get(picture["url"])
    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/jpeg")
    assert (await client.said("GET", "v1.0/client/credit"))["results"][0]["amount"] == 3


async def test_results_are_sources_by_id_and_by_url_until_their_task_is_deleted(backend: Backend) -> None:
    client = Client(backend, (await member(backend))[1]["client_id"])
    async with working(backend):
        source = await client.sent()
        task = await client.run("enhance", src_file_id=source, scale=1)
        found = (await client.ended("enhance", task))["results"]
        assert set(found) == {"url", "dst_id"}
        reply = await Client(backend).http.get(found["url"])
        assert reply.headers["access-control-allow-origin"] == "*"
        for body in ({"src_file_id": found["dst_id"]}, {"src_file_url": found["url"]}):
            chained = await client.run("enhance", scale=1, **body)
            assert (await client.ended("enhance", chained))["task_status"] == "success"
    waiting = await client.run("enhance", src_file_id=source, scale=1)
    other = await client.run("enhance", src_file_id=found["dst_id"], scale=1)
    assert await client.said("POST", "v2.0/task/delete", json={"task_id": task}) == {"status": 200}
    await client.refused("GET", f"v2.0/task/enhance/{task}", 400, "InvalidTaskId")
    await client.refused("POST", "v2.0/task/delete", 400, "InvalidTaskId", json={"task_id": task})
    await client.refused("POST", "v2.0/task/delete", 400, "OperationInvalid", json={"task_id": waiting})
    await client.refused("POST", "v2.0/task/delete", 400, "InvalidParameters", json={})
    await Client(backend).refused("GET", found["url"].partition("/s2s/")[2], 404, "NotFound")
    for gone in (
        {"src_file_id": source},
        {"src_file_id": found["dst_id"]},
        {"src_file_url": found["url"]},
    ):
        after = await client.run("enhance", scale=1, **gone)
        told = await client.polled("enhance", after)
        assert (told["task_status"], told.get("error")) == ("error", "error_download_image"), gone
    async with working(backend):  # what was accepted before keeps its bytes
        for accepted in (waiting, other):
            assert (await client.ended("enhance", accepted))["task_status"] == "success"
    await let_go(backend.database)
    row = await backend.database.one("SELECT expires_at <= now() AS over FROM files WHERE id = %s", (source,))
    assert row is not None
    assert row["over"]


async def test_a_mask_of_v1_is_a_picture_in_v2(backend: Backend) -> None:
    client = Client(backend, (await member(backend))[1]["client_id"])
    file = await client.sent()
    older = await client.run_v1("bg-blur", src_ids=file)
    newer = await client.run("bg-blur", src_file_id=file, intensity=0)
    jobs = [
        await backend.database.one("SELECT * FROM jobs WHERE id = %s", (task,)) for task in (older, newer)
    ]
    assert [(job["effect"], job["params"], job["format"], job["metadata"]) for job in jobs if job] == [
        ("background", {"mode": "mask"}, "png", "none"),
        ("convert", {}, "jpeg", "none"),
    ]


@pytest.mark.parametrize("strict", [True, False])
async def test_an_operator_decides_whether_faces_that_do_not_suit_are_swapped(
    postgres: Postgres, tmp_path: Path, strict: bool, face_models: None
) -> None:
    settings = postgres.create(tmp_path / "data", allow_swap=True, youcam_strict_swap=strict)
    async with open_backend(settings) as backend:
        client = Client(backend, (await member(backend))[1]["client_id"])
        one, two = await client.sent(), await client.sent()
        mapping = [{"index": 0, "position": 0}]
        task = await client.run("face-swap", src_file_id=one, ref_file_ids=[two], face_mapping=mapping)
        row = await backend.database.one("SELECT params FROM jobs WHERE id = %s", (task,))
        assert row is not None
        assert row["params"].get("force", False) is not strict


async def test_four_pictures_are_listed_in_both_forms(backend: Backend) -> None:
    client = Client(backend, (await member(backend))[1]["client_id"])
    async with working(backend):
        task = await client.run("color-correct", src_file_id=await client.sent())
        newer = await client.ended("color-correct", task)
        older = await client.polled("colorize/color-correct", task, "v1.0")
    assert set(newer["results"]) == {"output"}
    ids = [one["dst_id"] for one in newer["results"]["output"]]
    assert len(set(ids)) == 4
    assert [one["dst_id"] for one in older["results"][0]["data"]] == ids


async def test_a_part_of_a_large_picture_is_extended_and_one_that_lies_outside_fails(
    backend: Backend,
) -> None:
    client = Client(backend, (await member(backend))[1]["client_id"])
    file = await client.sent(photo(4400, 400, format="JPEG"))  # a strip would be checked by many squares
    numbers = dict.fromkeys(("output_width", "input_width", "crop_input_width"), 60)
    numbers |= dict.fromkeys(("output_height", "input_height", "crop_input_height"), 30)
    numbers |= {"input_x": 0, "input_y": 0, "crop_input_x": 4000, "crop_input_y": 5}
    async with working(backend):
        for change, error in (({}, None), ({"crop_input_y": 371}, "invalid_parameter")):
            older = await client.run_v1("out-paint", numbers | change, src_ids=file)
            assert (await client.ended("out-paint", older, "v1.0")).get("error") == error
            newer = await client.run("out-paint", src_file_id=file, **numbers | change)
            assert (await client.ended("out-paint", newer)).get("error") == error


async def test_a_full_queue_is_told_as_a_failure_of_the_server_that_passes(
    postgres: Any, tmp_path: Any
) -> None:
    async with open_backend(postgres.create(tmp_path / "data", max_queued_jobs=1)) as backend:
        client = Client(backend, (await member(backend))[1]["client_id"])
        file = await client.sent()
        await client.run("enhance", src_file_id=file, scale=1)
        body = {"src_file_id": file, "scale": 1}
        await client.refused("POST", "v2.0/task/enhance", 503, "unknown_internal_error", json=body)


async def test_results_are_sources_by_url_below_the_path_of_a_proxy_too(postgres: Any, tmp_path: Any) -> None:
    public = "https://photos.example/tinct"
    async with open_backend(postgres.create(tmp_path / "data", public_url=public)) as backend:
        client = Client(backend, (await member(backend))[1]["client_id"])
        file = await client.declared()
        link = file["requests"][0]["url"]
        assert link.startswith(public + "/s2s/upload/")
        assert (await client.http.put(link.removeprefix(public), content=PICTURE)).status_code == 200
        async with working(backend):
            task = await client.run("enhance", src_file_id=file["file_id"], scale=1)
            url = (await client.ended("enhance", task))["results"]["url"]
            chained = await client.run("enhance", src_file_url=url, scale=1)
            assert (await client.ended("enhance", chained))["task_status"] == "success"
        for altered in (url[:-4], url.replace("photos", "other")):
            task = await client.run("enhance", src_file_url=altered, scale=1)
            assert (await client.polled("enhance", task))["error"] == "error_download_image"


# -- what is wrong with a file ---------------------------------------------------------------------

WRONG: list[tuple[str, str, bytes | None, str, str]] = [
    # tool, role, bytes, code of v1, code of v2
    ("enhance", "src", None, "error_download_image", "error_download_image"),
    ("enhance", "src", b"GIF no picture", "error_decode_image", "error_decode_image"),
    ("enhance", "src", b"", "error_decode_image", "error_decode_image"),
    ("colorize", "src", photo(60, 60, format="WEBP"), "error_decode_image", "error_decode_image"),
    ("enhance", "src", photo(4097, 8, format="PNG"), "exceed_max_filesize", "exceed_max_filesize"),
    ("obj-removal", "src", photo(4097, 8), "exceed_max_filesize", "error_exceed_max_image_size"),
    ("enhance", "src", PICTURE + b"\0" * 10 * 2**20, "exceed_max_filesize", "exceed_max_filesize"),
    ("obj-removal", "msk", None, "error_download_mask", "error_download_mask"),
    ("obj-removal", "msk", b"no mask", "error_decode_mask", "error_decode_mask"),
    ("obj-removal", "msk", PICTURE[:-300], "error_decode_mask", "error_decode_mask"),
    ("obj-removal", "msk", photo(319, 272), "invalid_parameter", "size_mismatch_on_input_image_and_mask"),
    ("lighting", "src", photo(300, 255), "invalid_parameter", ""),
]


@pytest.mark.parametrize(
    ("slug", "role", "data", "older", "newer"), WRONG, ids=[f"{w[0]}-{w[4]}" for w in WRONG]
)
async def test_what_is_wrong_with_a_file_fails_the_task_free_of_charge(
    backend: Backend, slug: str, role: str, data: bytes | None, older: str, newer: str
) -> None:
    account, pair = await member(backend, credits=10)
    client = Client(backend, pair["client_id"])
    bad = (await client.declared())["file_id"] if data is None else await client.sent(data)
    files = {"src": await client.sent(), "msk": await client.sent()} | {role: bad}
    sets = {"src_ids": files["src"]} | ({"mask_ids": files["msk"]} if slug == "obj-removal" else {})
    task = await client.run_v1(slug, {"scale": 2}, **sets)
    said = await client.polled(slug, task, "v1.0")
    assert (said["status"], said["error"]) == ("error", older), said
    assert said["error_message"]
    flat = {f"{name}_file_id": file for name, file in files.items()}
    task = await client.run(slug, scale=2, **flat)
    said = await client.polled(slug, task)
    if newer:
        assert said == {"task_status": "error", "error": newer, "error_message": said["error_message"]}
    else:
        assert said == {"task_status": "running"}
        return
    assert (await backend.credits.balance(account.id)).held == 0


async def test_who_sends_a_picture_too_large_to_be_read_is_told_the_limits(backend: Backend) -> None:
    client = Client(backend, (await member(backend))[1]["client_id"])
    file = await client.sent(png_file(64250, 64250, 1, 0, zeros(10**6)))
    said = await client.polled("enhance", await client.run("enhance", src_file_id=file, scale=1))
    assert said["error"] == "error_decode_image"
    most = f"{backend.settings.max_photo_pixels} pixels and {backend.settings.max_photo_side} on a side"
    assert most in said["error_message"]


async def test_a_url_that_leads_to_nothing_fails_the_task(postgres: Any, tmp_path: Any) -> None:
    async with Site() as site:
        site.picture("/a.jpg", PICTURE)
        site.picture("/b.jpg", b"no picture")
        site.picture("/wide.jpg", png_file(64250, 64250, 1, 0, zeros(10**6)))
        site.picture("/several.jpg", pages(2))
        host = f"127.0.0.1:{site.port}"
        settings = postgres.create(tmp_path / "data", allow_private_hosts=host)
        async with open_backend(settings) as backend:
            client = Client(backend, (await member(backend))[1]["client_id"])
            mask = await client.sent()
            for path, code in (
                ("a", None),
                ("b", "error_decode_image"),
                ("c", "error_download_image"),
                ("wide", "exceed_max_filesize"),
                ("several", "error_decode_image"),
            ):
                task = await client.run("enhance", scale=1, src_file_url=f"http://{host}/{path}.jpg")
                assert (await client.polled("enhance", task)).get("error") == code
            body = {"src_file_id": mask, "msk_file_url": f"http://{host}/c.jpg"}
            task = await client.run("generative-fill", **body)
            assert (await client.polled("generative-fill", task))["error"] == "error_download_mask"


async def test_clips_come_from_urls_too_and_from_results(postgres: Any, tmp_path: Any) -> None:
    async with Site() as site:
        site.picture("/a.mp4", clip(3))
        site.picture("/b.mp4", PICTURE)
        host = f"127.0.0.1:{site.port}"
        settings = postgres.create(tmp_path / "data", allow_private_hosts=host)
        async with open_backend(settings) as backend:
            client = Client(backend, (await member(backend))[1]["client_id"])
            for path, code in (("a", None), ("b", "error_decode_video"), ("c", "error_download_video")):
                body = {"src_file_url": f"http://{host}/{path}.mp4", "dst_duration": 3}
                task = await client.run("video-sr", **body)
                assert (await client.polled("video-sr", task)).get("error") == code
            body = {"src_file_url": f"http://{host}/a.mp4", "scale": 1}
            task = await client.run("enhance", **body)
            assert (await client.polled("enhance", task))["error"] == "error_decode_image"


async def test_a_minute_and_thirty_pictures_a_second_are_too_much_where_the_form_says_so(
    client: Client, tmp_path: Any
) -> None:
    fast = write(tmp_path / "fast.mp4", pan(60, 64, 48), rate=60).read_bytes()
    for content, seconds, older, newer in (
        (clip(59), 59, None, None),
        (clip(60), 60, "invalid_parameter", None),
        (clip(62), 60, "invalid_parameter", "error_unexpected_video_duration"),
        (fast, 1, None, "error_unsupported_video"),
    ):
        file = await client.sent(content)
        task = await client.run_v1("video-sr", {"dst_duration": seconds}, src_ids=file)
        assert (await client.polled("video-sr", task, "v1.0")).get("error") == older
        task = await client.run("video-sr", src_file_id=file, dst_duration=seconds)
        assert (await client.polled("video-sr", task)).get("error") == newer


@pytest.mark.parametrize("checked", [True, False])
async def test_the_operator_may_leave_the_content_check_out(
    postgres: Any, tmp_path: Any, checked: bool
) -> None:
    strict = {"extra_effects": "moderate=youcam_hazards:STRICT", "youcam_content_check": checked}
    async with open_backend(postgres.create(tmp_path / "data", **strict)) as backend, working(backend):
        account, pair = await member(backend, credits=10)
        client = Client(backend, pair["client_id"])
        file = await client.sent()
        tasks = {
            "v1.0": await client.run_v1("enhance", {"scale": 1}, src_ids=file),
            "v2.0": await client.run("enhance", src_file_id=file, scale=1),
        }
        for version, task in tasks.items():
            found = await client.ended("enhance", task, version)
            assert found.get("error") == ("error_nsfw_content_detected" if checked else None)
        assert (await backend.credits.balance(account.id)).available == (10 if checked else 6)


@pytest.mark.parametrize(
    ("slug", "failure", "older", "newer"),
    [
        ("mu-transfer", Failure.of(ReferenceNoFaceError("no")), "error_no_face", "error_ref_no_face"),
        ("mu-transfer", Failure.of(FaceAngleError("no")), "error_pose", "error_src_large_face_angle"),
        ("face-swap", Failure.of(FaceAngleError("no")), "error_pose", "error_large_face_angle"),
        ("face-swap", Failure.of(ReferenceNoFaceError("no")), "error_no_face", "error_no_face"),
        ("hair-vol", Failure.of(BaldError("no")), "error_face_parsing", "error_bald_image"),
        ("hair-ext", Failure.of(HairTooShortError("no")), "error_face_parsing", "error_hair_too_short"),
        ("hair-ext", Failure.of(NoShoulderError("no")), "error_no_shoulder", "error_no_shoulder"),
        (
            "hair-style",
            Failure.of(FacesUnlikeError("no")),
            "error_large_face_angle",
            "error_large_face_angle",
        ),
        ("hair-bang", Failure.of(SmallFaceError("no")), "error_no_face", "error_insufficient_landmarks"),
        ("hair-bang", Failure.of(HairError("no")), "error_face_parsing", "error_face_parsing"),
        (
            "enhance",
            Failure.of(UnsafePhotoError("no")),
            "error_nsfw_content_detected",
            "error_nsfw_content_detected",
        ),
        ("enhance", Failure.of(ParameterError("a", 1, "2")), "invalid_parameter", "invalid_parameter"),
        ("enhance", Failure(code="internal", message="no"), "error_inference", "error_inference"),
        ("enhance", Failure(code="of_nobody", message="no"), "error_inference", "error_inference"),
        (
            "enhance",
            Failure(code="timed_out", message="no"),
            "unknown_internal_error",
            "unknown_internal_error",
        ),
        ("enhance", Failure(code="storage_full", message="no"), "error_upload", "error_upload"),
    ],
)
async def test_causes_have_the_codes_of_the_generation_that_is_polled(
    backend: Backend, client: Client, slug: str, failure: Failure, older: str, newer: str
) -> None:
    task = await client.run("enhance", src_file_id=await client.sent(), scale=1)
    changed = "UPDATE jobs SET meta = jsonb_set(meta, '{tool}', to_jsonb(%s::text)) WHERE id = %s"
    await backend.database.run(changed, (slug, task))
    await failed(backend, task, failure)
    assert (await client.polled(slug, task, "v1.0"))["error"] == older
    assert (await client.polled(slug, task))["error"] == newer


# -- repeats ---------------------------------------------------------------------------------------


async def test_fifty_equal_calls_at_once_are_one_task(backend: Backend) -> None:
    account, pair = await member(backend, credits=10)
    client = Client(backend, pair["client_id"])
    file = await client.sent()
    tasks = await asyncio.gather(*(client.run_v1("enhance", {"scale": 1}, src_ids=file) for _ in range(50)))
    assert len(set(tasks)) == 1
    assert (await backend.credits.balance(account.id)).held == 2
    other = await client.run_v1("enhance", {"scale": 1}, 1, src_ids=file)
    third = await client.run_v1("enhance", {"scale": 2}, src_ids=file)
    assert len({tasks[0], other, third}) == 3


async def test_a_task_that_failed_was_lost_or_deleted_is_forgotten(backend: Backend, client: Client) -> None:
    file = await client.sent()

    async def again() -> str:
        return await client.run_v1("enhance", {"scale": 1}, src_ids=file)

    first = await again()
    assert await again() == first
    await failed(backend, first, Failure(code="internal", message="no"))
    second = await again()
    assert second != first
    await backend.jobs.leases.write()  # who made it has asked for it
    await backend.database.run(
        "UPDATE jobs SET asked_at = now() - interval '1 hour' WHERE id = %s", (second,)
    )
    await leases.drop_abandoned(backend.database, backend.queue)
    third = await again()
    assert third not in (first, second)


async def test_a_constant_number_does_not_hide_that_a_file_was_not_sent(client: Client) -> None:
    file = await client.declared()
    first = await client.run_v1("enhance", {"scale": 1}, src_ids=file["file_id"])
    assert (await client.polled("enhance", first, "v1.0"))["error"] == "error_download_image"
    await client.http.put(file["requests"][0]["url"], content=PICTURE)
    second = await client.run_v1("enhance", {"scale": 1}, src_ids=file["file_id"])
    assert (await client.polled("enhance", second, "v1.0"))["status"] == "running"


async def test_of_deletes_at_one_moment_one_is_answered_by_200(backend: Backend, client: Client) -> None:
    task = await client.run("enhance", src_file_id=await client.sent(), scale=1)
    await failed(backend, task, Failure(code="internal", message="no"))
    replies = await asyncio.gather(
        *(client.http.post("/s2s/v2.0/task/delete", json={"task_id": task}) for _ in range(12))
    )
    assert sorted(reply.status_code for reply in replies) == [200] + [400] * 11
    assert {reply.json().get("error_code") for reply in replies} == {None, "InvalidTaskId"}


# -- leases ----------------------------------------------------------------------------------------


async def test_who_stays_away_loses_a_task_of_v1_free_of_charge_and_none_of_v2(backend: Backend) -> None:
    account, pair = await member(backend, credits=10)
    client = Client(backend, pair["client_id"])
    file = await client.sent()
    older = await client.run_v1("enhance", {"scale": 1}, src_ids=file)
    newer = await client.run("enhance", src_file_id=file, scale=1)
    shaped = await client.run("enhance", **payload({"scale": 1}, src_ids=file))
    await backend.jobs.leases.write()  # who made a task has asked for it
    for seconds, held in ((11, 6), (13, 4)):
        away = "UPDATE jobs SET asked_at = now() - make_interval(secs => %s)"
        await backend.database.run(away, (seconds,))
        await leases.drop_abandoned(backend.database, backend.queue)
        assert (await backend.credits.balance(account.id)).held == held
    for path in (f"v1.0/task/enhance?task_id={older}", f"v2.0/task/enhance/{older}"):
        said = await client.refused("GET", path, 400, "InvalidTaskId")
        assert said == "Invalid task ID"
    for task in (newer, shaped):
        assert await client.polled("enhance", task) == {"task_status": "running"}


async def test_nothing_is_lost_where_the_operator_says_so(postgres: Any, tmp_path: Any) -> None:
    async with open_backend(postgres.create(tmp_path / "data", youcam_lease_s=0)) as backend:
        client = Client(backend, (await member(backend))[1]["client_id"])
        task = await client.run_v1("enhance", {"scale": 1}, src_ids=await client.sent())
        await backend.database.run("UPDATE jobs SET asked_at = now() - interval '1 hour'")
        assert await leases.drop_abandoned(backend.database, backend.queue) == 0
        assert (await client.polled("enhance", task, "v1.0"))["status"] == "running"


async def test_the_interval_grows_to_what_the_limit_lasts_for(backend: Backend, client: Client) -> None:
    task = await client.run_v1("enhance", {"scale": 1}, src_ids=await client.sent())
    assert (await client.polled("enhance", task, "v1.0"))["polling_interval"] == 1000
    await backend.database.run("UPDATE jobs SET created_at = now() - interval '11 s'")
    assert (await client.polled("enhance", task, "v1.0"))["polling_interval"] == 3000


async def test_a_task_is_its_owners_and_its_tools_alone(backend: Backend, client: Client) -> None:
    task = await client.run("enhance", src_file_id=await client.sent(), scale=1)
    stranger = Client(backend, (await member(backend))[1]["client_id"])
    await stranger.refused("GET", f"v2.0/task/enhance/{task}", 400, "InvalidTaskId")
    await client.refused("GET", f"v2.0/task/sod/{task}", 400, "InvalidTaskId")
    await client.refused("GET", "v1.0/task/enhance", 400, "InvalidParameters")
    await client.refused("GET", "v2.0/task/enhance", 400, "InvalidParameters")
    await stranger.refused(
        "POST", "v2.0/task/sod", 400, "InvalidParameters", json={"src_file_id": await client.sent()}
    )
