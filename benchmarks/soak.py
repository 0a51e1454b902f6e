"""Whether a server's memory, descriptors and processes stay where they were for hours at a steady low load.

``python -m benchmarks.soak [--minutes 120] [--csv soak.csv]`` starts a server of its own in a temporary folder, on
loopback, and every three seconds makes one round in one of the wire formats, as its clients do: a photo goes in, a
job runs, its result is fetched, sometimes it is deleted. Files stay for a few minutes only, so that what is stored is
soon as much as it will ever be, and children are not replaced, so that what leaks in them shows. Every 15 s a line goes
to the CSV: processes, own, shared and resident memory, descriptors and threads by role.

The first half is the warm-up: until then connections learn their statements, children load each network, and heaps
take their shape. It ends with a table of the second half: what was there at its beginning and at its end, nine samples
of ten being no more, and the slope of a line through it, an hour, with its standard error (of the means of eight equal
parts, as neighbouring samples say the same). The exit status is 1 if anything grew by more than a twentieth, if own
memory rises by more than a twentieth an hour and twice its error, or if a round failed.
"""

from __future__ import annotations

import argparse
import collections
import csv
import itertools
import random
import statistics
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import ROLES, Usage, slope, usage
from benchmarks.serving import Neighbour, Server, cos_client, photo

_EVERY_S = 3.0  # between the beginnings of two rounds
_SAMPLE_S = 15.0
_WARM = (1 / 2, 5 / 8)  # the part of the run that the end is held against
_END = (7 / 8, 1.0)
_GROWTH = 1.05
_PATIENCE_S = 120.0
_BUCKET = "soak-1250000000"
_POOL = 4  # threads more or less that a pool has at the moment of a sample
_PARTS = 8  # of the second half, for the error of its slope
_HOUR = 3600.0
_FACTS = ("processes", "own_mb", "shared_mb", "resident_mb", "descriptors", "threads")
# Shared pages are looked at for the first time: no leak of anybody's
_COUNTED_ONCE = ("shared_mb", "resident_mb")


class Rounds:
    """One round of each wire format, after the other; counts replies by wire format and status."""

    def __init__(self, server: Server, neighbour: Neighbour) -> None:
        keys = server.keys()
        self.statuses: collections.Counter[tuple[str, int]] = collections.Counter()
        self.done: collections.Counter[str] = collections.Counter()
        self._random = random.Random(0)
        self._http = httpx.Client(base_url=server.url, timeout=60, trust_env=False)
        self._native = {"Authorization": f"Bearer {keys['api_key']}"}
        self._ailab = {"ailabapi-api-key": keys["ailab"]["api_key"]}
        self._picma = {"token": keys["picma"]["token"]}
        self._cos = cos_client(server.url, keys["cos"])
        self._neighbour = neighbour
        self._photos = [
            photo(side, side * 3 // 4, seed) for seed, side in enumerate((160, 240, 320, 480, 640, 800))
        ]
        self._grey = photo(240, 180, 9, mode="L")
        self._cos.create_bucket(Bucket=_BUCKET)
        self._numbers = itertools.count()

    @property
    def all(self) -> tuple[Callable[[], None], ...]:
        return (self.native, self.ailab, self.native, self.cos, self.native, self.picma)

    def _call(self, wire: str, method: str, path: str, **options: Any) -> httpx.Response:
        reply = self._http.request(method, path, **options)
        self.statuses[wire, reply.status_code] += 1
        assert reply.status_code < 400, f"{method} {path}: {reply.status_code} {reply.text[:300]}"
        return reply

    def native(self) -> None:
        """Upload, submit, follow by events or by waiting, download, and mostly delete."""

        def call(method: str, path: str, **options: Any) -> Any:
            return self._call("native", method, path, headers=self._native, **options)

        file = call("POST", "/v1/files", content=self._random.choice(self._photos)).json()["id"]
        effect, params = self._random.choice(
            [
                ("convert", {}),
                ("migrate", {"mode": "auto"}),
                ("migrate", {"mode": "template", "colors": ["#C01010"]}),
                ("correct", {}),
                ("light", {}),
            ]
        )
        order: dict[str, Any] = {
            "effect": effect,
            "params": params,
            "inputs": {"image": file},
            "format": "jpeg",
        }
        if self._random.random() < 0.5:
            order["callback_url"] = f"{self._neighbour.url}/told"
        job = call("POST", "/v1/jobs", json=order).json()
        if self._random.random() < 0.3:
            path = f"/v1/jobs/{job['id']}/events"
            with self._http.stream("GET", path, headers=self._native) as events:
                collections.deque(events.iter_lines(), maxlen=0)
        while not job["finished_at"]:
            job = call("GET", f"/v1/jobs/{job['id']}?wait=20").json()
        assert job["state"] == "succeeded", job
        for result in job["results"]:
            self._call("native", "GET", result["url"])
        call("GET", "/v1/jobs")
        if self._random.random() < 0.7:
            call("DELETE", f"/v1/jobs/{job['id']}")
            call("DELETE", f"/v1/files/{file}")

    def ailab(self) -> None:
        """Submit a form, ask until the pictures are there, fetch them, look at the balance."""
        sent = self._call(
            "ailab",
            "POST",
            "/api/image/effects/image-hd-color-migration",
            headers=self._ailab,
            data={"task_type": "async", "mode": "AUTO", "degree": "0.8", "color_count": "2"},
            files={"image": ("a.jpg", self._random.choice(self._photos), "image/jpeg")},
        ).json()
        found = _until(
            lambda: self._call(
                "ailab",
                "GET",
                "/api/common/query-async-task-result",
                params={"task_id": sent["task_id"]},
                headers=self._ailab,
            ).json(),
            lambda reply: reply["task_status"] == 2,
        )
        for url in found["data"]["image_list"]:
            self._call("ailab", "GET", url)
        self._call("ailab", "GET", "/api/common/query-credits", headers=self._ailab)

    def cos(self) -> None:
        """Put, list, read, colour, upload in parts and delete, with the vendor's own SDK."""
        name = f"{next(self._numbers) % 20}.jpg"
        where = {"Bucket": _BUCKET, "Key": name}
        self._cos.put_object(Body=self._grey, **where)
        assert self._cos.list_objects(Bucket=_BUCKET)["Contents"]
        assert self._cos.get_object(**where)["Body"].get_raw_stream().read() == self._grey
        if self._random.random() < 0.5:
            _, colored = self._cos.cos_ai_image_coloring(Bucket=_BUCKET, ObjectKey=name)
            assert colored.get_raw_stream().read()[:4] == b"\x89PNG"
        upload = self._cos.create_multipart_upload(**where)["UploadId"]
        part = self._cos.upload_part(Body=self._photos[0], PartNumber=1, UploadId=upload, **where)
        self._cos.complete_multipart_upload(
            UploadId=upload, MultipartUpload={"Part": [{"ETag": part["ETag"], "PartNumber": 1}]}, **where
        )
        if self._random.random() < 0.5:
            self._cos.delete_object(**where)
        self.statuses["cos", 200] += 7

    def picma(self) -> None:
        """A task from a URL, with a callback; asked for, fetched, deleted."""

        def call(name: str, **body: Any) -> Any:
            found = self._call("picma", "POST", f"/api/v1/{name}", json=body, headers=self._picma).json()
            assert found["code"] == 0, found
            return found["data"]

        kind = self._random.choice((2, 3, 5))
        url = f"{self._neighbour.url}/a.jpg"
        task = call("createtask", picurl=url, type=kind, callbackurl=f"{self._neighbour.url}/told")["taskid"]
        done = _until(
            lambda: call("gettask", taskid=task, type=kind), lambda reply: reply["status"] in (2, 3)
        )
        assert done["status"] == 2, done
        self._call("picma", "GET", done["outputurl"])
        if self._random.random() < 0.5:
            call("deletetask", taskid=task)


def _until(ask: Callable[[], Any], ready: Callable[[Any], bool]) -> Any:
    until = time.monotonic() + _PATIENCE_S
    while not ready(found := ask()):
        assert time.monotonic() < until, f"did not end: {found}"
        time.sleep(0.2)
    return found


def _most(values: list[float]) -> float:
    """What nine of ten do not exceed."""
    return sorted(values)[len(values) * 9 // 10] if values else 0.0


class Samples:
    """Lines of the CSV, written as they are taken."""

    def __init__(self, server: Server, path: Path, rounds: Rounds) -> None:
        self._server, self._path, self._rounds = server, path, rounds
        self._over = threading.Event()
        self._taking = threading.Thread(target=self._take)
        self.taken: list[tuple[float, dict[str, Usage]]] = []

    def __enter__(self) -> Samples:
        self._taking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._taking.join()

    def _take(self) -> None:
        began = time.monotonic()
        with self._path.open("w", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(["seconds", "rounds", *(f"{role}_{fact}" for role in ROLES for fact in _FACTS)])
            while not self._over.wait(_SAMPLE_S):
                now = usage(self._server.process.pid, self._server.data)
                at = time.monotonic() - began
                self.taken.append((at, now))
                facts = [getattr(now[role], fact) for role in ROLES for fact in _FACTS]
                shown = [f"{each:.1f}" if isinstance(each, float) else each for each in facts]
                lines.writerow([f"{at:.0f}", sum(self._rounds.done.values()), *shown])
                file.flush()

    def grown(self, seconds: float) -> list[str]:
        """Print what was there when all was warm and at the end; the names of what grew."""
        found = []
        print(f"{'':24} {'warm':>8} {'end':>8} {'ratio':>6} {'an hour':>9} {'error':>7}")
        for role, fact in itertools.product(ROLES, _FACTS):
            warm, end = (_most(self._between(role, fact, seconds, *part)) for part in (_WARM, _END))
            rise, error = self._slope(role, fact, seconds)
            rises = fact == "own_mb" and rise > max(2 * error, (_GROWTH - 1) * warm)
            more = _POOL if fact == "threads" else 0
            grew = fact not in _COUNTED_ONCE and (end > warm * _GROWTH + more or rises)
            name = f"{role}_{fact}"
            slope = f"{rise:+9.2f} {error:7.2f}"
            print(
                f"{name:24} {warm:8.1f} {end:8.1f} {end / max(warm, 1e-9):6.3f} {slope}{' GREW' if grew else ''}"
            )
            found += [name] if grew else []
        return found

    def _between(self, role: str, fact: str, seconds: float, first: float, last: float) -> list[float]:
        return [getattr(now[role], fact) for at, now in self.taken if first <= at / seconds <= last]

    def _slope(self, role: str, fact: str, seconds: float) -> tuple[float, float]:
        """How much a fact of a role rises an hour in the second half, with the standard error."""
        parts = [(1 + number / _PARTS) / 2 for number in range(_PARTS + 1)]
        means = [
            (seconds / _HOUR * (first + last) / 2, statistics.fmean(values))
            for first, last in itertools.pairwise(parts)
            if (values := self._between(role, fact, seconds, first, last))
        ]
        return slope(*map(list, zip(*means, strict=True))) if len(means) > 2 else (0.0, 0.0)


def soak(folder: Path, seconds: float, path: Path) -> bool:
    """Whether all went well and stayed flat."""
    with Neighbour(photo(96, 72, 7)).running() as neighbour:
        server = Server(
            folder / "data",
            workers="2",
            child_jobs="1000000",
            allow_private_hosts="127.0.0.1",
            requests_per_minute="1000000",
            keep_inputs_s="300",
            keep_results_s="300",
            keep_jobs_s="600",
            keep_replaced_s="60",
        )
        failures = 0
        try:
            rounds = Rounds(server, neighbour)
            with Samples(server, path, rounds) as samples:
                began = time.monotonic()
                for number, one in enumerate(itertools.cycle(rounds.all)):
                    if (at := time.monotonic() - began) >= seconds:
                        break
                    time.sleep(max(0.0, number * _EVERY_S - at))
                    try:
                        one()
                        rounds.done[one.__name__] += 1
                    except Exception:
                        failures += 1
                        traceback.print_exc()
        finally:
            server.stop()
    print(f"{seconds:.0f} s; rounds by wire format: {dict(rounds.done)}; failed: {failures}")
    print(f"replies by wire format and status: {dict(sorted(rounds.statuses.items()))}")
    print(f"callbacks heard: {len(neighbour.heard)}")
    return not samples.grown(seconds) and not failures


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--csv", type=Path, default=Path("soak.csv"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tinct-soak-") as folder:
        return 0 if soak(Path(folder), options.minutes * 60, options.csv) else 1


if __name__ == "__main__":
    sys.exit(main())
