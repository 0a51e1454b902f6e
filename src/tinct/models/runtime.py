"""Run models: one session per model per process. The only module that imports an inference runtime."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ModelError
from tinct.models import store

__all__ = ["Session", "session"]

_MOST_THREADS = 4  # these networks are small; more threads wait for each other
_lock = threading.Lock()


class Session:
    """A model, ready to run. Safe to share between threads.

    Raises
    ------
    MissingModelError, DamagedModelError
        See :func:`tinct.models.store.load`.
    ModelError
        The runtime cannot read the verified file.
    """

    def __init__(self, name: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(len(os.sched_getaffinity(0)), _MOST_THREADS)
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        weights = store.load(name)
        self.name = name
        try:
            self._session: Any = onnxruntime.InferenceSession(
                weights, options, providers=["CPUExecutionProvider"]
            )
        except Exception:
            raise ModelError(
                f"the installed inference runtime cannot read model {name!r}; update it"
            ) from None

    def run(self, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[np.float32]]:
        """All outputs for the inputs `feeds`, by input name.

        Raises
        ------
        ModelError
            The network refused its input; its own message is not passed on.
        """
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(None, dict(feeds))
        except Exception:
            shapes = ", ".join(f"{name} {value.dtype} {value.shape}" for name, value in feeds.items())
            raise ModelError(f"model {self.name!r} could not run on {shapes}") from None
        return outputs


def session(name: str) -> Session:
    """The session of model `name`, made on first use.

    Raises
    ------
    MissingModelError, DamagedModelError
        See :func:`tinct.models.store.load`.
    """
    with _lock:
        return _session(name)


@functools.cache
def _session(name: str) -> Session:
    return Session(name)
