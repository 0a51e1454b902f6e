"""What nobody asked for stays closed: the library reaches nobody, and the server is reached from its own machine."""

import ipaddress
import socket

import numpy as np
import pytest

import tinct
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings


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


def test_a_server_without_settings_listens_on_loopback_alone() -> None:
    assert ipaddress.ip_address(Settings.from_environment({}).host).is_loopback
