"""What clips cost by their length: held when ordered, charged when done, given back when it fails or is cancelled."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from running import Server, finished, submitted
from unit.clips import pan, write
from youcam_pictures import clip
from youcam_wire import Caller, account, said, state

SLUG = "video-sr"


@pytest.mark.parametrize(("seconds", "price"), [(2, 1), (3, 2)])
def test_a_clip_costs_a_unit_for_every_two_seconds_that_were_begun(
    youcam: Server, seconds: int, price: int
) -> None:
    caller = Caller(youcam.url, account(youcam, credits=5).client_id, "v2.0")
    file = caller.upload(clip(seconds), "video/mp4")
    body = {"src_file_id": file, "dst_duration": seconds}
    found = caller.ended(SLUG, said(caller.start(SLUG, body))["data"]["task_id"])
    assert state(found) == "success", found
    assert caller.balance() == 5 - price
    newest = caller.history()["history"][0]
    assert [one["amount"] for one in newest["info"]["credits"]] == [-price]


def test_a_clip_that_fails_costs_nothing_and_one_beyond_the_balance_is_refused(youcam: Server) -> None:
    caller = Caller(youcam.url, account(youcam, credits=2).client_id, "v2.0")
    file = caller.upload(clip(3), "video/mp4")
    assert caller.failed(SLUG, {"src_file_id": file, "dst_duration": 1}) == "error_unexpected_video_duration"
    broken = caller.upload(clip(3)[:600], "video/mp4")
    assert caller.failed(SLUG, {"src_file_id": broken, "dst_duration": 3}) == "error_decode_video"
    assert caller.balance() == 2
    reply = caller.start(SLUG, {"src_file_id": file, "dst_duration": 5})
    assert reply.json()["error_code"] == "CreditInsufficiency"
    assert caller.balance() == 2


# -- the native API ----------------------------------------------------------------------------------------

PRICES = "[video_light]\ncredits = 1\nper_second = 2.5\n"


@pytest.fixture(scope="module")
def priced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("priced")
    (folder / "prices.toml").write_text(PRICES)
    running = Server(folder / "data", prices=str(folder / "prices.toml"))
    yield running
    running.stop()


def sent(client: httpx.Client, data: bytes) -> str:
    told = client.post("/v1/files", json={"name": "a.mp4", "size": len(data)}).json()
    assert httpx.put(told["upload_url"], content=data, trust_env=False, timeout=30).status_code == 200
    return str(told["id"])


def spent(client: httpx.Client) -> tuple[int, int]:
    """What can be spent, and what is held."""
    told = client.get("/v1/account").json()["credits"]
    return told["available"], told["held"]


def test_the_operators_price_for_a_second_is_charged_once_the_clip_is_done(
    priced: Server, tmp_path: Path
) -> None:
    key = priced.key(credits=20)
    with priced.client(key) as client:
        whole = write(tmp_path / "a.mp4", pan(30)).read_bytes()  # 1.2 s: 1 + 3 credits
        job = finished(client, submitted(client, effect="video_light", inputs={"image": sent(client, whole)})["id"])
        assert (job["state"], job["credits"]) == ("succeeded", 4)
        assert spent(client) == (16, 0)
        job = finished(
            client, submitted(client, effect="video_light", inputs={"image": sent(client, whole[: len(whole) // 2])})["id"]
        )
        assert job["state"] == "failed"
        assert spent(client) == (16, 0)
