"""What nobody asked for stays closed: the library reaches nobody, and the server is reached from its own machine."""

import asyncio
import ipaddress
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tinct
from running import COMMAND
from tinct.errors import FetchError, RefusedUrlError
from tinct.net.deliver import Deliverer
from tinct.net.fetch import Fetcher
from tinct.net.packages import download
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings, current, use


def test_an_effect_of_the_library_opens_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, lambda self, *arguments: asked.append(arguments))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: asked.append(arguments))
    gradient = np.tile(np.linspace(0, 255, 64, dtype=np.uint8)[None, :, None], (48, 1, 3))
    photo = tinct.open(encode(Photo(gradient), "png"))
    assert tinct.colorize(photo).photo.pixels.shape == (48, 64, 3)
    assert tinct.migrate(photo, "auto").photo.pixels.shape == (48, 64, 3)
    assert asked == []


def test_a_server_with_a_short_secret_does_not_start(tmp_path: Path) -> None:
    for secret in ("short", f"{'s' * 48},short"):
        started = subprocess.run(
            [*COMMAND, "serve", "--data", str(tmp_path / "data"), "--port", "0"],
            env=os.environ | {"TINCT_SECRET": secret},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert started.returncode not in (0, None)
        assert "TINCT_SECRET" in started.stderr
        assert "32 characters or more" in started.stderr
        assert secret not in started.stdout + started.stderr
        assert "Traceback" not in started.stderr
        assert not (tmp_path / "data" / "database").exists()


def test_a_server_without_settings_listens_on_loopback_alone() -> None:
    assert ipaddress.ip_address(Settings.from_environment({}).host).is_loopback


@pytest.fixture
def offline() -> Iterator[Settings]:
    """This process is offline, though every private host may be reached."""
    before, settings = current(), Settings(offline=True, allow_private_hosts=frozenset({"127.0.0.1"}))
    use(settings)
    yield settings
    use(before)


def test_offline_nothing_is_looked_up_connected_to_or_brought(
    offline: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[object] = []
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, lambda self, *arguments: asked.append(arguments))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: asked.append(arguments))

    async def reach() -> None:
        for url in ("https://photos.example/a.jpg", "http://127.0.0.1/a.jpg"):
            with pytest.raises(RefusedUrlError, match="offline"):
                await Fetcher(offline).read(url, max_bytes=1000)
            with pytest.raises(RefusedUrlError, match="offline"):
                await Deliverer(offline).check(url)
            with pytest.raises(RefusedUrlError, match="offline"):
                await Deliverer(offline).post(url, b"{}", {}, total_s=1)

    asyncio.run(reach())
    with pytest.raises(FetchError, match=r"TINCT_OFFLINE.*tinct models import"):
        download("pypi", "some-package", "1.0", "some_package-1.0-py3-none-any.whl", tmp_path)
    assert asked == []
