"""A real `tinct serve` as a child process, on loopback, for tests that talk to it over a socket."""

import contextlib
import io
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from unittest import mock

import httpx
import numpy as np
from PIL import Image

from prepared import prepared
from tinct.cli import main
from tinct.effects import registry

COMMAND = [sys.executable, "-c", "from tinct.cli import main; main()"]
START_S = 180  # patience on a busy machine


def command(
    *words: str, environment: dict[str, str] | None = None, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """``tinct`` in this process, which need not import it all once more, with an environment's settings in a folder."""
    given = {name: value for name, value in (environment or {}).items() if name.startswith("TINCT_")}
    output, errors, ends = io.StringIO(), io.StringIO(), [0]

    def run() -> None:
        try:
            main()
        except SystemExit as end:
            ends.append(end.code if isinstance(end.code, int) else bool(end.code))

    with (
        contextlib.chdir(folder or Path.cwd()),
        mock.patch.dict(os.environ, given),
        mock.patch.dict(registry._WHERE),  # effects of those settings are gone with them
        mock.patch("sys.argv", ["tinct", *words]),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(errors),
    ):
        thread = threading.Thread(target=run)  # where no event loop runs
        thread.start()
        thread.join()
    return subprocess.CompletedProcess(words, ends[-1], output.getvalue(), errors.getvalue())


class Server:
    """Started on construction; `stop` it.

    A folder that is not there is made as an earlier start would have left it, unless this is to be the `first` one.
    """

    def __init__(self, data: Path, *options: str, first: bool = False, **settings: str) -> None:
        self.data = data if first or data.exists() else prepared(data)
        given = {f"TINCT_{name.upper()}": value for name, value in settings.items()}
        self.environment = (
            os.environ
            | {
                "TINCT_WORKERS": "2",
                "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]),
            }
            | given
        )
        self.log = (data.parent / f"{data.name}.log").open("ab")
        self.process = subprocess.Popen(
            [*COMMAND, "serve", "--data", str(data), "--port", "0", *options],
            stdout=subprocess.PIPE,
            stderr=self.log,
            env=self.environment,
            text=True,
        )
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self.url = self._wait_for(r"listens on (\S+)")
            assert httpx.get(f"{self.url}/health").status_code == 200
            self.last_line = self._wait_for(r"(.*key.*)")
        except BaseException:
            self.stop(signal.SIGKILL)
            raise

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.put(line)
        self.process.stdout.close()

    def _wait_for(self, pattern: str) -> str:
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                line = self.lines.get(timeout=0.2)
            except queue.Empty:
                assert self.process.poll() is None, self.logged()
                continue
            if found := re.search(pattern, line):
                return found[1]
        raise AssertionError(f"no {pattern!r}: {self.logged()}")

    @property
    def first_key(self) -> str:
        """The key that the first start shows."""
        assert "shown only now" in self.last_line
        return self.last_line.rpartition(" ")[2]

    def logged(self) -> str:
        return Path(self.log.name).read_text()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.logged().splitlines() if line.startswith("{")]

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of `tinct` on the same data folder."""
        return command(*words, "--data", str(self.data), environment=self.environment)

    def keys(self, *arguments: str) -> str:
        """Run `tinct keys` on the same data folder."""
        done = self.command("keys", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def key(self, name: str = "tester", credits: int | None = None) -> dict[str, Any]:
        limited = [] if credits is None else ["--credits", str(credits)]
        return json.loads(self.keys("create", "--name", name, *limited, "--json"))

    def client(self, api_key: str | None = None, **options: Any) -> httpx.Client:
        """Talks to the native API; with a key of its own unless one is given."""
        key = api_key or self.key()["api_key"]
        headers = {"Authorization": f"Bearer {key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=START_S, trust_env=False, **options)

    def stop(self, number: int = signal.SIGTERM, patience_s: float = START_S) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait(10)
        self.log.close()
        return code


def photo(width: int = 96, height: int = 72, seed: int = 0, format: str = "PNG", mode: str = "RGB") -> bytes:
    """A small picture with structure and several colours."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    waves = [
        np.sin(x / rng.uniform(6, 20) + rng.uniform(0, 6)) + np.cos(y / rng.uniform(6, 20)) for _ in range(3)
    ]
    pixels = np.stack(
        [np.interp(wave, (-2, 2), rng.choice([(10, 200), (40, 250)])) for wave in waves], axis=2
    )
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).convert(mode).save(file, format)
    return file.getvalue()


def pages(count: int) -> bytes:
    """A document of so many pages, each a small picture."""
    first, *others = (Image.new("RGB", (80, 80), (60 * n, 90, 120)) for n in range(count))
    file = io.BytesIO()
    first.save(file, "TIFF", save_all=True, append_images=others)
    return file.getvalue()


def submitted(client: httpx.Client, **order: Any) -> dict[str, Any]:
    reply = client.post("/v1/jobs", json=order)
    assert reply.status_code == 202, reply.text
    return reply.json()


def finished(client: httpx.Client, job_id: str, patience_s: float = START_S) -> dict[str, Any]:
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        reply = client.get(f"/v1/jobs/{job_id}", params={"wait": 20})
        assert reply.status_code == 200, reply.text
        if reply.json()["finished_at"]:
            return reply.json()
    raise AssertionError(f"job {job_id} did not end: {reply.text}")


def uploaded(client: httpx.Client, content: bytes | None = None) -> str:
    reply = client.post("/v1/files", content=content or photo())
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


def uploads(client: httpx.Client) -> list[str]:
    """The ids of the files that were uploaded; results of jobs that still run come by themselves."""
    files = client.get("/v1/files", params={"limit": 500}).json()["files"]
    return [file["id"] for file in files if file["job"] is None]


def alive(pid: int) -> bool:
    """Whether a process runs; one that has ended and is not yet asked for does not."""
    try:
        return "zombie" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if f"PPid:\t{pid}\n" in status.read_text():
                found.append(int(status.parent.name))
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def worker_of(server: Server) -> int:
    """The process in which a server's jobs run, as soon as there is one."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for pid in _children(server.process.pid):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"tinct.jobs" in command and alive(pid):
                return pid
        time.sleep(0.05)
    raise AssertionError("no worker process")
