"""The server is killed while objects arrive: whatever is readable is whole, and the sweep finds the rest."""

import asyncio
import hashlib
import http.client
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from cos_wire import BUCKET, authorization
from running import Server
from tinct.backend import open_backend
from tinct.settings import Settings

HOST = f"{BUCKET}.cos.ap-test.myqcloud.com"
ROUNDS, WRITERS = 2, 4
PATIENCE_S = 60


class Shop:
    """A server under fire, and what was ever sent to it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.server = self.start()
        self.key = self.server.key("cos")["cos"]
        self.random = random.Random(7)
        self.stored: dict[str, str] = {}
        """Name -> MD5 of what the server last said it has."""
        self.coming: dict[str, str] = {}
        """Name -> MD5 of what was sent last, perhaps without a reply."""

    def start(self) -> Server:
        return Server(
            self.data, sweep_s="0.3", min_free_bytes="0", requests_per_minute="1000000", workers="1"
        )

    @property
    def address(self) -> tuple[str, int]:
        host, _, port = self.server.url.removeprefix("http://").partition(":")
        return host, int(port)

    def headers(self, method: str, path: str, query: Mapping[str, str]) -> dict[str, str]:
        signed = authorization(
            method, path, {"host": HOST}, query, self.key["secret_id"], self.key["secret_key"]
        )
        return {"Host": HOST, "Authorization": signed}

    def ask(self, method: str, path: str, body: bytes | None = None, **query: str) -> tuple[int, bytes, str]:
        """Status, body and ETag."""
        connection = http.client.HTTPConnection(*self.address, timeout=20)
        try:
            text = "&".join(f"{name}={value}" for name, value in query.items())
            connection.request(method, f"{path}?{text}", body, self.headers(method, path, query))
            reply = connection.getresponse()
            return reply.status, reply.read(), (reply.getheader("ETag") or "").strip('"')
        finally:
            connection.close()

    def begin(self, path: str, size: int, **query: str) -> socket.socket:
        """A PUT of which half arrives."""
        text = "&".join(f"{name}={value}" for name, value in query.items())
        lines = [f"PUT {path}?{text} HTTP/1.1", f"Content-Length: {size}"]
        lines += [f"{name}: {value}" for name, value in self.headers("PUT", path, query).items()]
        connection = socket.create_connection(self.address, 20)
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + b"h" * (size // 2))
        return connection

    def write(self, name: str) -> None:
        """Replace one object again and again until the server dies."""
        turn = random.Random(f"{name} {self.random.random()}")
        while True:
            data = turn.randbytes(turn.choice([1_000, 300_000, 1_500_000]))
            digest = hashlib.md5(data).hexdigest()
            self.coming[name] = digest
            try:
                status, _, etag = self.ask("PUT", f"/{name}", data)
            except (OSError, http.client.HTTPException):
                return
            assert (status, etag) == (200, digest)
            self.stored[name] = digest

    def kill_while_writing(self) -> None:
        upload = self.ask("POST", "/parts", uploads="")[1].decode()
        upload = upload.partition("<UploadId>")[2].partition("</UploadId>")[0]
        assert self.ask("PUT", "/parts", b"whole part", uploadId=upload, partNumber="1")[0] == 200
        halves = [
            self.begin("/kept", 2_000_000),
            self.begin("/half", 2_000_000),
            self.begin("/parts", 2_000_000, uploadId=upload, partNumber="2"),
        ]
        threads = [threading.Thread(target=self.write, args=(f"w{n}",)) for n in range(WRITERS)]
        for thread in threads:
            thread.start()
        time.sleep(self.random.uniform(0.3, 1.0))
        self.server.process.send_signal(signal.SIGKILL)
        for thread in threads:
            thread.join()
        for half in halves:
            half.close()
        self.server.stop()
        self.server = self.start()

    def check_objects(self) -> None:
        status, body, _ = self.ask("GET", "/kept")
        assert (status, body) == (200, b"old and whole")
        assert self.ask("GET", "/half")[0] == 404
        assert self.ask("GET", "/parts")[0] == 404
        for name, coming in self.coming.items():
            status, body, etag = self.ask("GET", f"/{name}")
            if name not in self.stored and status == 404:
                continue
            found = hashlib.md5(body).hexdigest()
            assert (status, etag) == (200, found)
            assert found in (self.stored.get(name), coming)
            self.stored[name] = found

    def files(self) -> set[str]:
        blobs = self.data / "blobs"
        return {path.relative_to(blobs).as_posix() for path in blobs.rglob("*") if path.is_file()} - {"owner"}


@pytest.fixture
def shop(tmp_path: Path):
    shop = Shop(tmp_path / "data")
    yield shop
    shop.server.stop()


async def _aged(data: Path) -> set[str]:
    """Let two weeks pass for everything unfinished; the blobs that objects use."""
    for path in (data / "scratch").iterdir():
        os.utime(path, (0, 0))
    async with open_backend(Settings(data=data)) as backend:
        async with backend.database.transaction() as connection:
            await connection.execute("UPDATE contents SET unused_since = unused_since - interval '14 days'")
            await connection.execute(
                "UPDATE multipart_parts SET modified_at = modified_at - interval '14 days'"
            )
            await connection.execute(
                "UPDATE multipart_uploads SET created_at = created_at - interval '14 days'"
            )
        rows = await backend.database.all(
            "SELECT unnest(pieces) AS piece FROM contents JOIN objects ON contents.id = content_id"
        )
    return {row["piece"] for row in rows}


def test_a_kill_in_the_middle_of_puts_leaves_whole_objects_and_the_sweep_leaves_nothing_else(
    shop: Shop,
) -> None:
    assert shop.ask("PUT", "/")[0] == 200
    assert shop.ask("PUT", "/kept", b"old and whole")[0] == 200
    for _ in range(ROUNDS):
        shop.kill_while_writing()
        shop.check_objects()
    assert any((shop.data / "scratch").iterdir()), "no PUT was in the middle when the server was killed"
    until = time.monotonic() + PATIENCE_S
    while True:
        used = asyncio.run(_aged(shop.data))  # again: what one sweep lets go, the next one drops
        if shop.files() == used and not any((shop.data / "scratch").iterdir()):
            break
        assert time.monotonic() < until, (shop.files() ^ used, list((shop.data / "scratch").iterdir()))
        time.sleep(0.3)
    assert len(used) == 1 + len(shop.stored)
    shop.check_objects()
