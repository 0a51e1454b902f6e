"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

__all__ = ["writing"]


@contextmanager
def writing(
    path: Path, *, overwrite: bool = True, mode: int = 0o666, durable: bool = False
) -> Iterator[BinaryIO]:
    """A file beside `path` that gets this name when the block ends; after an exception nothing is left of it.

    Parameters
    ----------
    path : Path
        In a folder that is there.
    overwrite : bool
        Whether a file of that name may be replaced.
    mode : int
        Permissions of the new file; the kernel takes the process's umask off them.
    durable : bool
        Whether the bytes are on the disk before the file has its name.

    Raises
    ------
    FileExistsError
        There is such a file, and it may not be replaced.
    OSError
        The folder cannot be written, or has no room.
    """
    draft = path.with_name(f".tinct-{secrets.token_hex(8)}.tmp")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode), "w+b") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        _rename(draft, path, overwrite)
    finally:
        draft.unlink(missing_ok=True)


def _rename(draft: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        draft.replace(path)
        return
    try:
        os.link(draft, path)  # unlike a rename, this refuses an existing name
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        draft.rename(path)
