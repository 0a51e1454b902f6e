"""A private PostgreSQL in the data folder, started by whoever needs it first and stopped by whoever leaves last.

The life of the server is managed here, because it must survive ``kill -9`` of any process that uses it:

- Each process holds a shared lock on a lease file while it uses the server. The kernel drops it when the process
  dies, however it dies, so "am I the last one?" is one attempt at the exclusive lock.
- Whether the server runs is asked of the server, never of a list kept on the side.
- The socket lies in a folder that only the server's user may enter; nothing listens on a network address.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Final

from tinct.errors import DatabaseError
from tinct.storage.programs import Programs, owner, prepare_owner

__all__ = ["EmbeddedPostgres", "abandon"]

_SOCKET_NAME: Final = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH: Final = 100  # bytes; the kernels' limits are 104 and 108
_START_S: Final = 60.0  # seconds within which the server must answer, recovery included
_FAILED_S: Final = 3.0  # seconds for which a start that fails for no passing reason is tried again
_ABANDON_S: Final = 3.0  # seconds that a process which must end at once spends on stopping the server
_AGAIN_S: Final = 0.3
_PASSING: Final = ("shared memory block", "lock file", "is starting up", "shutting down")
"""Words of the server's log while a predecessor that died is not gone yet."""
_REASONS: Final = (
    (
        ("control file", "pg_control"),
        "its control file is damaged; put a backup of the data folder in its place",
    ),
    (
        ("checkpoint record", "WAL"),
        "its write-ahead log is damaged; put a backup of the data folder in its place",
    ),
    (("No space left", "could not extend"), "the disk is full; make room and start again"),
    (
        ("Permission denied", "has invalid permissions"),
        "it may not read its own folder; see its owner and mode",
    ),
)
"""Words of the server's log, and what they mean."""
_CONFIGURATION: Final = """\
listen_addresses = ''
unix_socket_directories = '../socket'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 128MB
max_wal_size = 1GB
checkpoint_timeout = 15min
autovacuum_naptime = 10s
logging_collector = off
log_min_messages = warning
timezone = 'UTC'
"""

_held: set[EmbeddedPostgres] = set()  # servers that this process uses


class EmbeddedPostgres:
    """The private server of one data folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there; holds the cluster, the socket, the log and the lease.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._cluster = self._folder / "cluster"
        self._lease: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """Where to connect, as a libpq URL over the private socket."""
        return f"postgresql://tinct@/postgres?host={self._way_to_socket}"

    def start(self) -> str:
        """Start the server or join the running one; recover it if it crashed.

        Returns
        -------
        str
            The URL to connect to.

        Raises
        ------
        DatabaseError
            It does not start; the sentence says why, and the log in the data folder says more.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        prepare_owner()
        with self._exclusive("start.lock"):
            held = self._lease is not None
            self._take_lease()
            try:
                if owner() is not None:
                    # From the cluster to the socket and the log
                    self._folder.chmod(self._folder.stat().st_mode | 0o011)
                if not (self._cluster / "PG_VERSION").exists():
                    self._create()
                self._run_server()
            except BaseException:
                if not held:  # who never had a server must not keep others from stopping theirs
                    self._give_up_lease()
                raise
        return self.url

    def _take_lease(self) -> None:
        if self._lease is None:
            self._lease = (self._folder / "lease").open("ab")
            fcntl.flock(self._lease, fcntl.LOCK_SH)
            _held.add(self)

    def _give_up_lease(self) -> None:
        if self._lease is not None:
            self._lease.close()
            self._lease = None
            _held.discard(self)

    def stop(self) -> None:
        """Give up the lease; stop the server if nobody else holds one."""
        if self._lease is None:
            return
        with self._exclusive("start.lock"):
            self._leave("fast")

    def abandon(self) -> None:
        """As `stop`, but within a few seconds: the server ends at once, and recovers at its next start."""
        until = time.monotonic() + _ABANDON_S
        with (self._folder / "start.lock").open("ab") as file:
            while self._lease is not None and time.monotonic() < until:
                with suppress(BlockingIOError):  # another thread or process starts or stops it just now
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if self._leave("immediate", give_up=False):
                        return
                time.sleep(0.05)

    def _leave(self, mode: str, *, give_up: bool = True) -> bool:
        """Stop the server if this is its last user, and give up the lease; False if others hold one."""
        if self._lease is None:
            return True
        try:
            fcntl.flock(self._lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
            last = True
        except BlockingIOError:
            last = False
        if last:
            self._control("stop", "-m", mode)
            if self._way_to_socket != self._socket_folder:
                self._way_to_socket.unlink(missing_ok=True)
        if last or give_up:
            self._give_up_lease()
        return last

    # -- where the socket is ----------------------------------------------------------------------

    @property
    def _socket_folder(self) -> Path:
        return self._folder / "socket"

    @property
    def _way_to_socket(self) -> Path:
        """What clients are told: the folder, or a link to it where its path is too long for a socket's address."""
        if len(os.fsencode(self._socket_folder / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return self._socket_folder
        digest = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"tinct-{os.geteuid()}-{digest}"

    def _prepare_socket_folder(self) -> None:
        folder, way = self._socket_folder, self._way_to_socket
        folder.mkdir(mode=0o700, exist_ok=True)
        folder.chmod(0o700)
        self._own(folder)
        if way == folder:
            return
        with suppress(FileNotFoundError):
            if way.lstat().st_uid not in (os.geteuid(), owner()) or (
                way.is_symlink() and way.readlink() != folder
            ):
                raise DatabaseError(
                    "the folder for the database's socket belongs to someone else; set TINCT_DATA elsewhere"
                )
            if not way.is_symlink():
                shutil.rmtree(way)  # earlier versions had the socket itself there
        with suppress(FileExistsError):
            way.symlink_to(folder)

    # -- starting it ------------------------------------------------------------------------------

    def _create(self) -> None:
        """Make a new cluster, complete or not at all."""
        new = self._folder / "cluster.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._own(new)
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--username=tinct", "--no-sync"]
        programs = Programs()
        if programs.run("initdb", *arguments, "-D", programs.here(new), cluster=new) != 0:
            raise DatabaseError("the embedded database cannot be set up; is the disk full or read-only?")
        with (new / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'tinct.conf'\n")
        new.rename(self._cluster)
        # Nothing is in it yet: no need to wait
        threading.Thread(target=os.sync, daemon=True, name="flush").start()

    def _run_server(self) -> None:
        self._prepare_socket_folder()
        configuration = self._cluster / "tinct.conf"
        configuration.write_text(_CONFIGURATION)
        self._own(configuration)
        log = self._folder / "log"
        log.touch()
        self._own(log)
        programs = Programs(self._major())
        began = time.monotonic()
        while True:
            # Processes of a server that died a moment ago may still hold its memory; until they are gone, no new
            # server starts.
            if programs.answers(self._way_to_socket):
                return
            before = log.stat().st_size
            self._control("start", "-w", "-t", str(round(_START_S)))
            if programs.answers(self._way_to_socket):
                return
            said = _tail(log, before)
            passing = any(word in said for word in _PASSING)
            if time.monotonic() - began > (_START_S if passing else _FAILED_S):
                raise DatabaseError(_why(said))
            time.sleep(_AGAIN_S)

    def _control(self, action: str, *arguments: str) -> None:
        programs = Programs(self._major())
        where = programs.here(self._cluster)
        programs.run("pg_ctl", action, "-D", where, "-l", "../log", *arguments, cluster=self._cluster)

    def _major(self) -> int | None:
        try:
            return int((self._cluster / "PG_VERSION").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def _own(self, path: Path) -> None:
        user = owner()
        if user is not None:
            os.chown(path, user, -1)

    @contextmanager
    def _exclusive(self, name: str) -> Iterator[None]:
        with (self._folder / name).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def abandon() -> None:
    """Stop the servers that nobody but this process uses, for a process that must end at once."""
    for server in tuple(_held):
        server.abandon()


def _tail(log: Path, start: int) -> str:
    with log.open("rb") as file:
        file.seek(start)
        return file.read().decode("utf-8", "replace")


def _why(said: str) -> str:
    """The sentence for what the server's log says."""
    for words, meaning in _REASONS:
        if any(word.lower() in said.lower() for word in words):
            return (
                f"the embedded database does not start: {meaning}; its log is database/log in the data folder"
            )
    return "the embedded database does not start; its log is database/log in the data folder"
