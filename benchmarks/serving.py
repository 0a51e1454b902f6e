"""A `tinct serve` of a benchmark's own, and a neighbour on loopback that has photos and hears callbacks."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

__all__ = ["COMMAND", "Neighbour", "Server", "cos_client", "photo"]

COMMAND = (sys.executable, "-c", "from tinct.cli import main; main()")


class Server:
    """A server with its data in `data`, started on construction; `stop` it. Its log lies beside `data`."""

    def __init__(self, data: Path, **settings: str) -> None:
        self.data = data
        self._environment = os.environ | {f"TINCT_{name.upper()}": value for name, value in settings.items()}
        self.log = data.with_suffix(".log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*COMMAND, "serve", "--data", str(data), "--port", "0"],
                stdout=subprocess.PIPE,
                stderr=log,
                env=self._environment,
                text=True,
            )
        self.url = self._listens()

    def _listens(self) -> str:
        assert self.process.stdout
        for line in self.process.stdout:
            if found := re.search(r"listens on (\S+)", line):
                threading.Thread(target=self.process.stdout.read, daemon=True).start()
                return found[1]
        raise SystemExit(f"the server did not start: see {self.log}")

    def keys(self, credits: int | None = None) -> dict[str, Any]:
        """The keys of a new account, for every wire format."""
        limited = [] if credits is None else ["--credits", str(credits)]
        done = subprocess.run(
            [*COMMAND, "keys", "create", "--name", "bench", "--json", "--data", str(self.data), *limited],
            env=self._environment,
            check=True,
            capture_output=True,
        )
        return dict(json.loads(done.stdout))

    def stop(self, number: int = signal.SIGTERM, patience_s: float = 90) -> int:
        """Send it a signal and wait until it has ended; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(patience_s)


def cos_client(url: str, key: dict[str, str], connections: int = 10) -> Any:
    """Tencent's client of a server's COS dialect, with the keys that :meth:`Server.keys` gives for it."""
    from qcloud_cos import CosConfig
    from qcloud_cos.ai_recognition import AIRecognitionClient

    host, port = url.removeprefix("http://").split(":")
    config = CosConfig(
        Region="local",
        SecretId=key["secret_id"],
        SecretKey=key["secret_key"],
        Scheme="http",
        IP=host,
        Port=int(port),
        PoolConnections=connections,
        PoolMaxSize=connections,
    )
    return AIRecognitionClient(config, retry=0)


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    photo: ClassVar[bytes] = b""
    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self._reply(self.photo, "image/jpeg")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.heard.append(str(json.loads(body).get("type", "")))
        self._reply(b'{"code":0,"msg":"","data":{"success":true}}', "application/json")

    def _reply(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Neighbour:
    """Gives the same photo at every path and accepts every callback."""

    def __init__(self, content: bytes) -> None:
        handler = type("Answers", (_Answers,), {"photo": content, "heard": []})
        self.heard: list[str] = handler.heard  # type: ignore[attr-defined]
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @contextmanager
    def running(self) -> Iterator[Neighbour]:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


def photo(width: int, height: int, seed: int, format: str = "JPEG", mode: str = "RGB") -> bytes:
    """An encoded picture of smooth structure and several colours."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    picture = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC).convert(mode)
    file = io.BytesIO()
    picture.save(file, format)
    return file.getvalue()
