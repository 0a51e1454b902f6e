"""Files of weights, whatever their form: opened where they are files, and never where they are pickles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from tinct.errors import MissingModelError, PickledModelError, TruncatedModelError

__all__ = ["LONGEST_HEADER", "PICKLED", "cut", "opened", "pickled"]

LONGEST_HEADER: Final = 100 * 2**20
"""Bytes of a safetensors header; that of the largest models has a few MB."""
PICKLED: Final = (".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle")
"""Endings of files that are pickles, or archives of some."""
_ZIP, _PICKLE = b"PK\x03\x04", b"\x80"
# Bytes; in a safetensors file the length of its header, which may begin as a pickle does
_BEGINNING: Final = 8


@contextmanager
def opened(path: Path) -> Iterator[tuple[BinaryIO, int]]:
    """A file of weights and its size in bytes.

    Raises
    ------
    MissingModelError
        There is no such file.
    PickledModelError
        It is a pickle, or an archive that may hold one.
    """
    try:
        if not path.is_file():  # a pipe would never open
            raise FileNotFoundError
        with path.open("rb") as file:
            begin = file.read(_BEGINNING)
            looks_so = begin.startswith(_PICKLE) and int.from_bytes(begin, "little") > LONGEST_HEADER
            if path.suffix.lower() in PICKLED or begin.startswith(_ZIP) or looks_so:
                raise pickled(path.name, "as .safetensors or .gguf")
            file.seek(0)
            yield file, path.stat().st_size
    except OSError:
        raise MissingModelError(f"there is no file {path.name} that can be read; check the path") from None


def pickled(what: str, wanted: str) -> PickledModelError:
    """A file or folder, `what`, holds a pickle; `wanted` is what to bring instead."""
    return PickledModelError(
        f"{what} holds its weights as a pickle, which could run any program when it is opened; bring the same model "
        f"{wanted}"
    )


def cut(name: str, size: int, wanted: str) -> TruncatedModelError:
    """A file has another number of bytes than its header says."""
    return TruncatedModelError(
        f"{name} has {size} bytes, and its header says {wanted}: it was cut short; copy it again"
    )
