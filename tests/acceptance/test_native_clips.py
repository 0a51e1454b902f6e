"""Clips over the native API: declared, sent, worked on in a child, shown with their length; bad ones fail by name."""

import tempfile
from pathlib import Path

import httpx
import pytest

from running import finished, photo, submitted, uploaded
from unit.clips import pan, write


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write(tmp_path_factory.mktemp("clips") / "a.mp4", pan(10), sound="aac").read_bytes()


def sent(client: httpx.Client, data: bytes) -> str:
    told = client.post("/v1/files", json={"name": "a.mp4", "size": len(data)}).json()
    reply = httpx.put(told["upload_url"], content=data, trust_env=False, timeout=30)
    assert reply.status_code == 200, reply.text
    return str(told["id"])


def test_a_clip_is_lit_in_a_child_and_comes_back_as_a_clip(client: httpx.Client, clip: bytes) -> None:
    source = sent(client, clip)
    told = client.get(f"/v1/files/{source}").json()
    assert (told["width"], told["height"], told["depth"], told["seconds"]) == (
        128,
        96,
        None,
        pytest.approx(0.4, abs=0.1),
    )
    job = finished(client, submitted(client, effect="video_light", inputs={"image": source})["id"])
    assert job["state"] == "succeeded", job
    assert job["facts"]["starts"] == [0.0]
    (result,) = job["results"]
    assert (result["media_type"], result["width"], result["height"]) == ("video/mp4", 128, 96)
    file = client.get(f"/v1/files/{result['id']}").json()
    assert file["seconds"] == pytest.approx(0.4, abs=0.05)
    data = httpx.get(file["url"], trust_env=False).content
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.mp4"
        path.write_bytes(data)
        from tinct.clip.clip import Clip

        facts = Clip.open(path).facts
    assert (facts.frames, facts.codec, facts.sound) == (10, "h264", "aac")


def test_a_result_may_be_the_next_jobs_clip(client: httpx.Client, clip: bytes) -> None:
    first = finished(
        client, submitted(client, effect="video_light", inputs={"image": sent(client, clip)})["id"]
    )
    order = {
        "effect": "video_enhance",
        "params": {"scale": 2},
        "inputs": {"image": first["results"][0]["id"]},
    }
    job = finished(client, submitted(client, **order)["id"])
    assert job["state"] == "succeeded", job
    assert (job["results"][0]["width"], job["facts"]["engine"]) == (256, "network")


def test_broken_and_other_content_fail_by_name(client: httpx.Client, clip: bytes) -> None:
    for data, code in ((clip[: len(clip) // 2], "clip_broken"), (photo(), "clip_unsupported")):
        job = finished(
            client, submitted(client, effect="video_light", inputs={"image": sent(client, data)})["id"]
        )
        assert (job["state"], job["failure"]["code"]) == ("failed", code)


def test_a_photo_effect_refuses_a_clip(client: httpx.Client, clip: bytes) -> None:
    job = finished(client, submitted(client, effect="light", inputs={"image": sent(client, clip)})["id"])
    assert (job["state"], job["failure"]["code"]) == ("failed", "photo_unsupported")
    assert uploaded(client, photo())


def test_a_format_is_refused_for_clips(client: httpx.Client, clip: bytes) -> None:
    order = {"effect": "video_light", "inputs": {"image": sent(client, clip)}, "format": "png"}
    reply = client.post("/v1/jobs", json=order)
    assert (reply.status_code, reply.json()["error"]["field"]) == (422, "format")


def test_the_list_of_effects_says_which_take_clips(client: httpx.Client) -> None:
    found = {
        one["name"]: one["inputs"][0]["clip"]
        for one in client.get("/v1/effects").json()["effects"]
        if one["inputs"]
    }
    assert found["video_enhance"] is True
    assert found["enhance"] is False
