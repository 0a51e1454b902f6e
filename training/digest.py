"""What the manifest says of a model's file: how large it is, and the digest of its bytes."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["told"]


def told(path: Path) -> None:
    """Print it."""
    data = path.read_bytes()
    print(f"{path.name}: {len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}")
