"""The training photos: shards of small WebP and AVIF files and their index."""

from __future__ import annotations

import csv
import gzip
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Entry", "data_folder", "entries", "part", "photos", "square"]


@dataclass(frozen=True)
class Entry:
    """A row of the index."""

    key: str
    source: str
    path: str
    """Where the photo was in its source; for ``utkface`` the name holds age_gender_race."""
    width: int = 0
    height: int = 0
    """Of the photo before it was made small, in pixels; 0 where it is not known."""


def data_folder() -> Path:
    """Folder with ``train`` and ``eval``: TINCT_DATA_DIR, or the data beside the repository."""
    return Path(os.environ.get("TINCT_DATA_DIR", "../shared/data"))


def entries() -> list[Entry]:
    """The whole index, in shard order."""
    with gzip.open(data_folder() / "train" / "index.csv.gz", "rt", newline="") as file:
        return [
            Entry(row["key"], row["source"], row["path"], int(row["w0"] or 0), int(row["h0"] or 0))
            for row in csv.DictReader(file)
        ]


def part(name: str, parts: int) -> int:
    """Which of `parts` a photo belongs to, 0.., by its name alone: the same in every run and on every machine."""
    return int(sha256(name.encode()).hexdigest()[:8], 16) % parts


def photos(keys: set[str] | None = None) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Key and RGB pixels (h, w, 3) of each photo, in shard order; only those in `keys` if given.

    Raises
    ------
    RuntimeError
        A photo cannot be decoded; AVIF needs OpenCV 4.12 or later.
    """
    for shard in sorted((data_folder() / "train").glob("*.tar.gz")):
        with tarfile.open(shard, "r:gz") as archive:
            for member in archive:
                name = Path(member.name).name
                if not member.isfile() or (keys is not None and name not in keys):
                    continue
                stored = archive.extractfile(member)
                assert stored is not None
                pixels = cv2.imdecode(np.frombuffer(stored.read(), np.uint8), cv2.IMREAD_COLOR)
                if pixels is None:
                    raise RuntimeError(
                        f"{name} of {shard.name} cannot be decoded by OpenCV {cv2.__version__}; AVIF needs 4.12"
                    )
                yield name, np.ascontiguousarray(pixels[..., ::-1])


def square(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The central square of a photo, at `side` pixels."""
    height, width = pixels.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    crop = pixels[top : top + edge, left : left + edge]
    return np.asarray(cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
