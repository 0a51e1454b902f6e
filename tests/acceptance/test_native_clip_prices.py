"""What clips cost over the native API by the operator's price for a second: charged when done, else given back."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from running import Server, finished, submitted
from unit.clips import pan, write

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
    told = client.get("/v1/account").json()
    return told["available"], told["held"]


def test_the_operators_price_for_a_second_is_charged_once_the_clip_is_done(
    priced: Server, tmp_path: Path
) -> None:
    with priced.client(priced.key(credits=20)["api_key"]) as client:
        whole = write(tmp_path / "a.mp4", pan(30)).read_bytes()  # 1.2 s: 1 + 3 credits
        job = finished(
            client, submitted(client, effect="video_light", inputs={"image": sent(client, whole)})["id"]
        )
        assert (job["state"], job["credits"]) == ("succeeded", 4)
        assert spent(client) == (16, 0)
        job = finished(
            client,
            submitted(client, effect="video_light", inputs={"image": sent(client, whole[: len(whole) // 2])})[
                "id"
            ],
        )
        assert job["state"] == "failed"
        assert spent(client) == (16, 0)
