"""Let the effect use another network than the packaged one, to judge it before it is shipped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from tinct.imaging import likelihood

__all__ = ["using"]


class _Session:
    """An ONNX file, with the method that the effect calls."""

    def __init__(self, path: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        found: list[NDArray[np.float32]] = self._session.run(None, dict(feeds))
        return found


@contextmanager
def using(path: Path, threads: int = 2) -> Iterator[None]:
    """Within it, `tinct.colorize` asks the network at `path`."""
    candidate, packaged = _Session(path, threads), likelihood.session
    likelihood.session = lambda name: candidate  # type: ignore[assignment]
    try:
        yield
    finally:
        likelihood.session = packaged
