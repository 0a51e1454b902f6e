"""Run models: one session per model per process. The only module that imports an inference runtime."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tinct.errors import ModelError, ModelMemoryError
from tinct.machine import cores
from tinct.models import store
from tinct.models.manifest import entry
from tinct.models.memory import by_tiles, fitting
from tinct.settings import current

__all__ = ["Session", "by_tiles", "each", "fitting", "forget", "session", "threads", "use_threads"]

T = TypeVar("T")
R = TypeVar("R")

_MOST_THREADS = 4  # these networks are small; more threads wait for each other
_PROVIDERS = ("CUDAExecutionProvider", "CoreMLExecutionProvider", "DmlExecutionProvider")
_NO_MEMORY = ("allocate memory", "bad_alloc", "out of memory", "bad allocation")

_lock = threading.Lock()
_sessions: OrderedDict[tuple[str, store.Size | None], Session] = OrderedDict()
_threads: int | None = None


def threads() -> int:
    """How many threads a large network may have: this process's share of the cores, else all."""
    return _threads or cores()


def use_threads(count: int) -> None:
    """Let sessions work with `count` threads: a worker's child has a share of the cores only."""
    global _threads
    _threads = max(1, count)
    forget()


class Session:
    """A model, ready to run. Safe to share between threads.

    Parameters
    ----------
    name : str
        Id in the manifest.
    size : (int, int), optional
        Height and width of the input; see :func:`tinct.models.store.load`.

    Raises
    ------
    MissingModelError, DamagedModelError, ParameterError
        See :func:`tinct.models.store.load`.
    ModelError
        The runtime cannot read the verified file.
    """

    def __init__(self, name: str, size: store.Size | None = None) -> None:
        self.name = name
        light = entry(name).light
        self._session = _open(name, store.load(name, size), 1 if light else _shared_threads())
        self._options = None if light else _run_options()
        self._input: str = self._session.get_inputs()[0].name
        self.outputs: tuple[str, ...] = tuple(output.name for output in self._session.get_outputs())

    @property
    def device(self) -> str:
        """``cpu``, or the graphics interface that runs it: ``cuda``, ``coreml``, ``dml``."""
        provider: str = self._session.get_providers()[0]
        return provider.removesuffix("ExecutionProvider").lower()

    def apply(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first output for the one input of the network; raises as :meth:`run` does."""
        return self.run({self._input: values}, [self.outputs[0]])[0]

    def run(
        self, feeds: Mapping[str, NDArray[Any]], outputs: Sequence[str] | None = None
    ) -> list[NDArray[np.float32]]:
        """Outputs for the inputs `feeds`, by input name: all, or those of these names.

        Raises
        ------
        ModelMemoryError
            Memory does not suffice for an input of this size.
        ModelError
            The network refused its input; its own message is not passed on.
        """
        try:
            found: list[NDArray[np.float32]] = self._session.run(outputs, dict(feeds), self._options)
            return found
        except Exception as error:
            shapes = ", ".join(f"{name} {value.dtype} {value.shape}" for name, value in feeds.items())
            failure = _failure(error, f"model {self.name!r}", shapes)
        raise failure


def session(name: str, size: store.Size | None = None) -> Session:
    """The session of model `name`, made on first use and kept while the budget of memory allows.

    Ask again whenever it is needed: one that was kept elsewhere cannot be dropped.

    Raises
    ------
    MissingModelError, DamagedModelError, ParameterError, ModelError
        See :class:`Session`.
    """
    key = (name, size)
    with _lock:
        if key not in _sessions:
            _make_room(entry(name).memory_bytes)
            _sessions[key] = Session(name, size)
        _sessions.move_to_end(key)
        return _sessions[key]


def forget() -> None:
    """Drop all sessions, as for another folder of models or another number of threads."""
    with _lock:
        _sessions.clear()


def each(work: Callable[[T], R], items: Iterable[T]) -> list[R]:
    """Do `work` for each of the items, in as many threads as sessions may have; the answers in the items' order."""
    waiting = list(items)
    threads = min(_shared_threads(), len(waiting))
    if threads < 2:
        return [work(item) for item in waiting]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, waiting))


def _shared_threads() -> int:
    return _threads or min(cores(), _MOST_THREADS)


def _make_room(wanted: int) -> None:
    """Drop the sessions unused for longest, until `wanted` bytes fit the budget."""
    budget = current().model_memory_bytes
    while _sessions and wanted + sum(entry(name).memory_bytes for name, _ in _sessions) > budget:
        _sessions.popitem(last=False)


def _open(name: str, weights: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 4  # its own words go nowhere; failures are raised
    options.enable_mem_pattern = False  # halves the peak of large networks, at no cost in time
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    present = onnxruntime.get_available_providers()
    cpu = ["CPUExecutionProvider"]
    for providers in ([name for name in _PROVIDERS if name in present] + cpu, cpu):
        try:
            return onnxruntime.InferenceSession(weights, options, providers=providers)
        except Exception as error:
            failure = _failure(error, f"model {name!r}", None)
    raise failure


def _run_options() -> Any:
    """Give the working memory of a run back after it: it is many times the weights."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


def _failure(error: Exception, model: str, shapes: str | None) -> ModelError:
    """What to raise for an error of the runtime, whose words stay here."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(sign in text for sign in _NO_MEMORY):
        what = "to load it" if shapes is None else f"for {shapes}"
        return ModelMemoryError(
            f"{model} does not get enough memory {what}; use a smaller photo or more memory"
        )
    if shapes is None:
        return ModelError(f"the installed inference runtime cannot read {model}; update it")
    return ModelError(f"{model} could not run on {shapes}")
