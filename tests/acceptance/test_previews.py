"""Small pictures of files and of choices over the native API: what browsers cannot show, free of charge and bounded."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from skimage import data

from running import Server, photo, uploaded
from unit.clips import pan, write


def refused(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


def seen(reply: httpx.Response) -> tuple[str, np.ndarray]:
    assert reply.status_code == 200, reply.text
    with Image.open(io.BytesIO(reply.content)) as opened:
        return reply.headers["content-type"], np.asarray(opened)


def encoded(pixels: np.ndarray, format: str, **options: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, format, **options)
    return file.getvalue()


def test_a_tiff_is_seen_small_upright_and_without_metadata(client: httpx.Client) -> None:
    pixels = np.zeros((60, 200, 3), np.uint8)
    pixels[:, :100] = 200, 40, 40
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise
    exif[0x010E] = "a secret"
    file = uploaded(client, encoded(pixels, "TIFF", exif=exif))
    reply = client.get(f"/v1/files/{file}/preview", params={"side": 100})
    kind, shown = seen(reply)
    assert kind == "image/jpeg"
    assert shown.shape == (100, 30, 3)
    assert abs(shown[10, 15].astype(int) - [200, 40, 40]).max() < 6
    assert shown[90, 15].max() < 6
    assert b"secret" not in reply.content
    again = client.get(
        f"/v1/files/{file}/preview", params={"side": 100}, headers={"If-None-Match": reply.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_what_is_clear_stays_clear_and_nothing_is_enlarged(client: httpx.Client) -> None:
    pixels = np.full((40, 50, 4), 255, np.uint8)
    pixels[:, :25, 3] = 0
    kind, shown = seen(client.get(f"/v1/files/{uploaded(client, encoded(pixels, 'PNG'))}/preview"))
    assert (kind, shown.shape) == ("image/png", (40, 50, 4))
    assert (shown[:, 5, 3].max(), shown[:, 45, 3].min()) == (0, 255)


def test_the_first_frame_stands_for_a_clip(client: httpx.Client, tmp_path: Path) -> None:
    frames = pan(5)
    file = uploaded(client, write(tmp_path / "a.mp4", frames).read_bytes())
    kind, shown = seen(client.get(f"/v1/files/{file}/preview"))
    assert (kind, shown.shape) == ("image/jpeg", frames[0].shape)
    assert np.abs(shown.astype(int) - frames[0]).mean() < 8


def test_a_preview_costs_nothing_and_is_for_its_owner_alone(server: Server, stranger: httpx.Client) -> None:
    with server.client(server.key("poor", credits=0)["api_key"]) as poor:
        file = uploaded(poor)
        assert poor.get(f"/v1/files/{file}/preview").status_code == 200
        assert poor.get("/v1/account/history").json()["entries"] == []
        assert poor.get("/v1/jobs").json()["jobs"] == []
    assert refused(stranger.get(f"/v1/files/{file}/preview")) == (404, "file_not_found")
    anyone = httpx.get(f"{server.url}/v1/files/{file}/preview", trust_env=False)
    assert refused(anyone) == (401, "key_refused")


def test_what_cannot_be_decoded_is_refused_in_a_sentence_and_the_next_one_works(client: httpx.Client) -> None:
    broken = uploaded(client, photo(80, 60)[:900])  # its head is whole
    assert refused(client.get(f"/v1/files/{broken}/preview")) == (422, "photo_broken")
    for side in (0, 15, 8193, "wide"):
        assert refused(client.get(f"/v1/files/{broken}/preview", params={"side": side})) == (
            422,
            "invalid_parameter",
        )
    assert client.get(f"/v1/files/{uploaded(client)}/preview").status_code == 200


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    server = Server(
        tmp_path_factory.mktemp("strict") / "data", previews_per_minute="2", preview_side="64", workers="0"
    )
    with server.client(server.first_key) as client:
        yield client
    server.stop()


def test_an_operator_bounds_their_size_and_number_and_needs_no_worker_for_them(strict: httpx.Client) -> None:
    file = uploaded(strict, photo(200, 100))
    _, shown = seen(strict.get(f"/v1/files/{file}/preview", params={"side": 1000}))
    assert shown.shape == (32, 64, 3)
    assert strict.get(f"/v1/files/{file}/preview").status_code == 200
    late = strict.get(f"/v1/files/{file}/preview")
    assert refused(late) == (429, "rate_limited")
    assert int(late.headers["retry-after"]) >= 1
    assert refused(strict.get(f"/v1/files/{file}/faces")) == (429, "rate_limited")


def test_choices_by_the_eye_have_pictures(client: httpx.Client) -> None:
    effects = {one["name"]: one for one in client.get("/v1/effects").json()["effects"]}
    assert effects["hair_bangs"]["pictured"] == ["cut", "length", "density"]
    assert effects["convert"]["pictured"] == []
    pictures = []
    for cut in ("full", "side"):
        kind, shown = seen(
            client.get("/v1/effects/hair_bangs/preview", params={"params": f'{{"cut": "{cut}"}}'})
        )
        assert kind == "image/jpeg"
        pictures.append(shown.astype(int))
    assert np.abs(pictures[0] - pictures[1]).max() > 60
    kind, shown = seen(client.get("/v1/effects/generate/preview", params={"params": '{"style": "oil"}'}))
    assert kind == "image/jpeg", "the words of a prompt are not needed for that"
    for params in ("[" * 1000, "[]", "{", '{"cut": ["full"]}', '{"cut": "none"}', '{"seed": 3}'):
        reply = client.get("/v1/effects/hair_bangs/preview", params={"params": params})
        assert refused(reply) == (422, "invalid_parameter"), params
    assert refused(client.get("/v1/effects/convert/preview")) == (404, "not_found")
    assert refused(client.get("/v1/effects/nothing/preview")) == (404, "not_found")


def test_faces_are_told_before_there_is_an_order_and_cost_nothing(server: Server) -> None:
    with server.client(server.key("poor", credits=0)["api_key"]) as poor:
        file = uploaded(poor, encoded(data.astronaut(), "JPEG", quality=95))
        reply = poor.get(f"/v1/files/{file}/faces")
        assert reply.status_code == 200, reply.text
        told = reply.json()
        assert (told["width"], told["height"]) == (512, 512)
        (face,) = told["faces"]
        left, top, right, bottom = face["box"]
        assert left < 225 < right, "the nose"
        assert top < 120 < bottom
        assert abs(face["pose"]["roll"]) < 30
        again = poor.get(f"/v1/files/{file}/faces", headers={"If-None-Match": reply.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert poor.get(f"/v1/files/{uploaded(poor)}/faces").json()["faces"] == []
        assert poor.get("/v1/account/history").json()["entries"] == []
        assert poor.get("/v1/jobs").json()["jobs"] == []


def test_faces_of_another_account_or_of_no_photo_are_refused(
    client: httpx.Client, stranger: httpx.Client
) -> None:
    file = uploaded(client)
    assert refused(stranger.get(f"/v1/files/{file}/faces")) == (404, "file_not_found")
    broken = uploaded(client, photo(80, 60)[:900])
    assert refused(client.get(f"/v1/files/{broken}/faces")) == (422, "photo_broken")


def test_effects_say_which_faces_they_work_on(client: httpx.Client) -> None:
    effects = {one["name"]: one["faces"] for one in client.get("/v1/effects").json()["effects"]}
    found = {name: faces for name, faces in effects.items() if faces}
    hair = {name: "largest" for name in effects if name.startswith("hair_")}
    assert found == {"swap": "all", "detect_faces": "all", "makeup": "largest"} | hair
