"""What the COS dialect costs: colouring beyond the job itself, twenty at once, large objects, long lists.

``python -m benchmarks.cos`` starts a server of its own in a temporary folder and talks to it with Tencent's Python SDK
over loopback. Run it on an otherwise idle machine.
"""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.serving import Server, cos_client
from benchmarks.tables import table
from tinct.backend import Backend, open_backend
from tinct.settings import Settings

_BUCKET = "bench-1250000000"
_LISTED = 100_000  # objects in the bucket that is listed
_LARGE = 256 * 2**20  # bytes


def _photo() -> bytes:
    """A grey JPEG of a megapixel."""
    from skimage import data

    picture = Image.fromarray(data.astronaut()).convert("L").resize((1000, 1000), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def _timed(act: Callable[[], object], times: int) -> list[float]:
    """Seconds of each of `times` calls, one after the other."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return taken


async def _ran(backend: Backend) -> float:
    """Seconds that all jobs which succeeded ran, in all."""
    return sum(each.ran_s for each in await backend.jobs.statistics() if each.state == "succeeded")


async def _paired(data: Path, act: Callable[[], object], times: int) -> tuple[list[float], list[float]]:
    """Seconds of each call, and of the job in it."""
    taken, ran = [], []
    async with open_backend(Settings(data=data)) as backend:
        before = await _ran(backend)
        for _ in range(times):
            began = time.perf_counter()
            await asyncio.to_thread(act)
            taken.append(time.perf_counter() - began)
            after = await _ran(backend)
            ran.append(after - before)
            before = after
    return taken, ran


def coloring(cos: Any, data: Path, times: int) -> str:
    """GET with colouring, one after the other and twenty at once."""
    cos.put_object(Bucket=_BUCKET, Key="grey.jpg", Body=_photo())

    def color(_: int = 0) -> bool:
        try:
            _, body = cos.cos_ai_image_coloring(Bucket=_BUCKET, ObjectKey="grey.jpg")
            return len(body.get_raw_stream().read()) > 1000
        except Exception as error:
            return getattr(error, "get_error_code", str)() == "SlowDown"

    _timed(color, 3)
    taken, ran = asyncio.run(_paired(data, color, times))
    beyond = [whole - job for whole, job in zip(taken, ran, strict=True)]
    began = time.perf_counter()
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(color, range(20)))
    burst = time.perf_counter() - began
    rows = [
        ["GET with colouring, p50", f"{statistics.median(taken) * 1e3:.0f} ms"],
        ["the job in it (decoding, colouring, PNG), p50", f"{statistics.median(ran) * 1e3:.0f} ms"],
        ["beyond the job, p50", f"{statistics.median(beyond) * 1e3:.0f} ms"],
        ["twenty at once, until the last", f"{burst:.1f} s"],
        ["of these coloured, or told to slow down", f"{sum(answers)} of 20"],
    ]
    note = f"1000 x 1000 grey JPEG, {times} calls; the client's own time is in it."
    return table("Colouring on download", note, ["", "time"], rows)


def moving(cos: Any, times: int) -> str:
    """Small and large objects in and out."""
    small, large = os.urandom(100_000), np.random.default_rng(0).bytes(_LARGE)
    key = {"Bucket": _BUCKET, "Key": "object"}

    def get() -> None:
        stream = cos.get_object(**key)["Body"].get_raw_stream()
        while stream.read(2**20):
            pass

    rows = []
    for name, body, count in (("100 kB", small, times * 5), ("256 MiB", large, 3)):
        put = statistics.median(_timed(lambda body=body: cos.put_object(Body=body, **key), count))  # type: ignore[misc]
        got = statistics.median(_timed(get, count))
        rows.append([name, *(f"{t * 1e3:.1f} ms, {len(body) / t / 1e6:.0f} MB/s" for t in (put, got))])
    cos.delete_object(**key)
    return table("Objects", "p50 of a call, flushed to the disk.", ["object", "PUT", "GET"], rows)


async def _fill(data: Path) -> None:
    """Many objects without bytes: one folder with nearly all of them, and a thousand small ones."""
    async with open_backend(Settings(data=data)) as backend:
        bucket = await backend.buckets.get(_BUCKET)
        async with backend.database.transaction() as connection:
            await connection.execute(
                "INSERT INTO contents (id, pieces, sizes, size, etag, crc64, unused_since)"
                " SELECT 'bench' || n, '{}', '{}', 0, repeat('0', 32), 0, now() FROM generate_series(1, %s) AS n",
                (_LISTED,),
            )
            await connection.execute(
                "INSERT INTO objects (bucket_id, key, content_id, headers) SELECT %s,"
                " CASE WHEN n <= 1000 THEN 'small' || n || '/a' ELSE 'big/' || n END, 'bench' || n, '{}'"
                " FROM generate_series(1, %s) AS n",
                (bucket.id, _LISTED),
            )
        await backend.database.run("ANALYZE objects")


def listing(cos: Any, data: Path, times: int) -> str:
    """Pages of a bucket with many objects."""
    asyncio.run(_fill(data))
    rows = []
    for name, wanted in (
        ("1000 keys", {"Prefix": "big/"}),
        ("1000 folders, one of them with nearly all", {"Delimiter": "/"}),
        ("three folders", {"Delimiter": "/", "MaxKeys": 3}),
    ):

        def page(wanted: dict[str, Any] = wanted) -> None:
            cos.list_objects(Bucket=_BUCKET, **wanted)

        page()
        rows.append([name, f"{statistics.median(_timed(page, times)) * 1e3:.0f} ms"])
    note = f"A bucket with {_LISTED:,} objects; p50 of a call, XML written and read."
    return table("Lists", note, ["page", "time"], rows)


def main() -> None:
    """Print all tables."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        server = Server(data, requests_per_minute="1000000")
        try:
            cos = cos_client(server.url, server.keys()["cos"], 32)
            cos.create_bucket(Bucket=_BUCKET)
            print(coloring(cos, data, 30), flush=True)
            print(moving(cos, 20), flush=True)
            print(listing(cos, data, 20), flush=True)
        finally:
            server.stop()


if __name__ == "__main__":
    main()
