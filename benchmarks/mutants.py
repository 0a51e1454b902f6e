"""Damaged photos sent to a running server: whatever the bytes, it refuses them or finishes the job, and goes on.

``python -m benchmarks.mutants [--each 2000]`` starts a server of its own in a temporary folder, on loopback, damages
one photo of each format in so many ways, uploads every one and converts what is taken. It prints what became of them
by format. The exit status is 1 if a reply was a 5xx, a job ended without a reason of its own (``internal``), its
children were lost again and again, or a job took more than 10 s.
"""

from __future__ import annotations

import argparse
import collections
import io
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from PIL import Image

from benchmarks.serving import Server
from benchmarks.tables import table
from tinct.photo.encode import encode
from tinct.photo.photo import Photo

_CLIENTS = 6
_LONGEST_S = 10.0
_BAD = ("internal", "retries_exhausted", "timed_out")
_EXTREMES = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\0\0\0\x01", b"\x80\0\0\0")


def _sources() -> dict[str, bytes]:
    """A small photo with structure in every format that is read."""
    import pillow_heif

    y, x = np.mgrid[0:50, 0:40].astype(np.float64)
    waves = [127 + 100 * np.sin(x / (3 + n)) * np.cos(y / (7 - n)) for n in range(3)]
    pixels = np.stack(waves, axis=2).astype(np.uint8)
    picture = Image.fromarray(pixels)
    found = {name: encode(Photo(pixels), name) for name in ("jpeg", "png", "webp", "tiff", "avif")}
    for name, image, options in (
        ("jpeg, progressive", picture, {"format": "JPEG", "progressive": True}),
        ("png, palette", picture.quantize(9), {"format": "PNG"}),
        ("bmp", picture, {"format": "BMP"}),
        ("gif", picture.quantize(16), {"format": "GIF"}),
    ):
        file = io.BytesIO()
        image.save(file, **options)
        found[name] = file.getvalue()
    file = io.BytesIO()
    pillow_heif.from_pillow(picture).save(file, quality=60)
    return found | {"heic": file.getvalue()}


def _mutants(data: bytes, number: int) -> Iterator[bytes]:
    """Copies with bytes changed, dropped, doubled, swapped or cut off, more of it near the head."""
    for seed in range(number):
        rng = np.random.default_rng(seed)
        out = bytearray(data)
        for _ in range(int(rng.integers(1, 6))):
            reach = len(out) if rng.random() < 0.5 else min(len(out), 200)
            at, length = int(rng.integers(0, max(reach, 1))), int(rng.integers(1, 33))
            other = int(rng.integers(0, max(len(out), 1)))
            kind = int(rng.integers(0, 7))
            if kind == 0:
                out[at : at + 1] = bytes([int(rng.integers(0, 256))])
            elif kind == 1:
                out[at : at + 4] = _EXTREMES[int(rng.integers(0, len(_EXTREMES)))]
            elif kind == 2:
                del out[at : at + length]
            elif kind == 3:
                out[at:at] = out[other : other + length]
            elif kind == 4:
                out[at : at + length] = rng.bytes(length)
            elif kind == 5:
                out[at : at + 1] = bytes([out[at] ^ (1 << int(rng.integers(0, 8)))]) if at < len(out) else b""
            elif rng.random() < 0.3:
                del out[max(1, other) :]
        yield bytes(out)


class Sender:
    """Uploads mutants of one format and converts them; counts what became of them."""

    def __init__(self, server: Server, key: str) -> None:
        self._http = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {key}"}, timeout=120, trust_env=False
        )
        self._lock = threading.Lock()
        self.ends: collections.Counter[str] = collections.Counter()
        self.slowest = 0.0

    def send(self, content: bytes) -> None:
        end, seconds = self._one(content)
        with self._lock:
            self.ends[end] += 1
            self.slowest = max(self.slowest, seconds)

    def _one(self, content: bytes) -> tuple[str, float]:
        sent = self._http.post("/v1/files", content=content)
        if sent.status_code != 201:
            return self._refusal(sent), 0.0
        order = {"effect": "convert", "inputs": {"image": sent.json()["id"]}, "format": "png"}
        reply = self._http.post("/v1/jobs", json=order)
        if reply.status_code != 202:
            return self._refusal(reply), 0.0
        job = reply.json()
        while not job["finished_at"]:
            reply = self._http.get(f"/v1/jobs/{job['id']}?wait=20")
            if reply.status_code != 200:
                return self._refusal(reply), 0.0
            job = reply.json()
        begun, ended = (datetime.fromisoformat(job[name]) for name in ("started_at", "finished_at"))
        seconds = (ended - begun).total_seconds()
        return ("done" if job["state"] == "succeeded" else f"job {_code(job)}"), seconds

    @staticmethod
    def _refusal(reply: httpx.Response) -> str:
        return "5xx" if reply.status_code >= 500 else f"refused {reply.json()['error']['code']}"


def _code(job: dict[str, Any]) -> str:
    return str((job["failure"] or {}).get("code", job["state"]))


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--each", type=int, default=2000)
    options = parser.parse_args()
    rows, bad = [], 0
    with tempfile.TemporaryDirectory(prefix="tinct-mutants-") as folder:
        server = Server(
            Path(folder) / "data", workers="2", requests_per_minute="10000000", min_free_bytes="0"
        )
        try:
            key = str(server.keys()["api_key"])
            for name, content in _sources().items():
                sender = Sender(server, key)
                with ThreadPoolExecutor(_CLIENTS) as pool:
                    collections.deque(pool.map(sender.send, _mutants(content, options.each)), maxlen=0)
                ends = sender.ends
                wrong = sum(count for end, count in ends.items() if end == "5xx" or end[4:] in _BAD)
                late = sender.slowest > _LONGEST_S
                bad += wrong + late
                refused = sum(count for end, count in ends.items() if end.startswith("refused"))
                failed = sum(count for end, count in ends.items() if end.startswith("job"))
                figures = [str(count) for count in (refused, failed, ends["done"], wrong)]
                rows.append([name, *figures, f"{sender.slowest:.2f} s"])
                print(name, dict(ends), f"slowest {sender.slowest:.2f} s", file=sys.stderr, flush=True)
            assert httpx.get(f"{server.url}/health", trust_env=False).status_code == 200
        finally:
            server.stop()
    head = ["format", "refused at upload", "job failed with a reason", "done", "faults", "slowest job"]
    print(table("Damaged photos", f"{options.each} of each.", head, rows))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
