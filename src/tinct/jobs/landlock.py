"""Which files a child may read and write, on Linux from 5.13 on: Landlock, a sandbox that a process puts on itself.

Written is in the scratch folder alone. Read is everything but the server's data, of which a child needs its inputs
only: the secret, the database and what else lies there stay closed to it. It is inherited and cannot be taken off.
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

__all__ = ["close_files"]

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # system calls; the same on all processors
_VERSION: Final = 1  # flag that asks for the version
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVILEGES: Final = 38  # prctl

_EXECUTE, _WRITE, _READ, _LIST = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_SHAPE: Final = 0b1111111110000  # remove and make files and folders of every kind
_REFER, _TRUNCATE = 1 << 13, 1 << 14  # from versions 2 and 3 on
_OF_FILES: Final = _EXECUTE | _WRITE | _READ | _TRUNCATE  # what can be said of a file, the rest of folders


def close_files(data: Path, *, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Close all files of the system to writing, and those below `data` to reading, but for some.

    Parameters
    ----------
    data : Path
        The server's folder.
    readable, writable : iterable of Path
        Folders that stay open; what may be written may be read.

    Returns
    -------
    bool
        False where this system cannot.

    Raises
    ------
    OSError
        A place that is there could not be opened, as memory or descriptors are short; nothing is closed then, and this
        process is not to be used, since one that misses a rule would refuse files that others read.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE, None, 0, _VERSION)
    if version < 1:
        return False
    reading = _EXECUTE | _READ | _LIST
    writing = _WRITE | _SHAPE | (_REFER if version >= 2 else 0) | (_TRUNCATE if version >= 3 else 0)
    handled = struct.pack("=Q", reading | writing)
    rules = library.syscall(_CREATE, handled, len(handled), 0)
    if rules < 0:
        return False
    try:
        for path in _all_but(data.resolve()):
            _allow(library, rules, path, reading)
        for path in readable:
            _allow(library, rules, path.resolve(), reading)
        for path in (*writable, Path(os.devnull)):
            _allow(library, rules, path.resolve(), reading | writing)
        if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return False
        return bool(library.syscall(_RESTRICT, rules, 0) == 0)
    finally:
        os.close(rules)


def _all_but(folder: Path) -> Iterator[Path]:
    """What lies beside a folder and beside each folder above it: a rule can open a folder, and none can close one."""
    for above in folder.parents:
        inside = folder.relative_to(above).parts[0]
        try:
            yield from (above / entry.name for entry in os.scandir(above) if entry.name != inside)
        except (FileNotFoundError, PermissionError):
            continue  # what cannot be listed is not opened


def _allow(library: ctypes.CDLL, rules: int, path: Path, access: int) -> None:
    """Open a file or a folder with all below it; nothing where there is none, or a link, which may lead anywhere."""
    try:
        handle = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    except (FileNotFoundError, PermissionError):
        return
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISLNK(mode):
            return
        allowed = access if stat.S_ISDIR(mode) else access & _OF_FILES
        if library.syscall(_ADD, rules, _PATH_BENEATH, struct.pack("=Qi", allowed, handle), 0) != 0:
            raise OSError(ctypes.get_errno(), "a rule of the sandbox was refused")
    finally:
        os.close(handle)
