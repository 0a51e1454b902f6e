"""Which engines there are, and which of them serves what on this machine."""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from typing import Final, cast

from tinct.errors import NoGeneratorError, ParameterError
from tinct.models.generators.port import TASKS, Generator, Task
from tinct.models.generators.uses import Use, check_files, recorded
from tinct.settings import current

__all__ = ["ENGINES", "demand", "drop", "opened", "served", "serving"]

ENGINES: Final = {
    "diffusers": "tinct.models.generators.diffusion.engine:Diffusers",
    "endpoint": "tinct.models.generators.endpoint:Endpoint",
}
"""Name of an engine -> ``module:attribute`` of its opener; imported on first use."""

_lock: Final = threading.Lock()
_open: dict[str, Generator] = {}
"""The generator that this process holds, by its record: one at a time, as weights fill the memory."""


def serving(task: Task) -> Use | None:
    """What serves a task here, read from records alone; None for nothing.

    What was registered for the very task comes first, then any other that can do it as well, then the service that the
    settings name.
    """
    known = recorded()
    own = known.get(task)
    if own is not None:
        return own
    able = next((use for use in known.values() if task in use.facts.serves), None)
    if able is None and current().images_url is not None:
        from tinct.models.generators.endpoint import use_of

        able = use_of(current())
    return able


def served() -> dict[Task, Use]:
    """Every task that is served here, and by what."""
    return {task: use for task in TASKS if (use := serving(task)) is not None}


def demand(task: Task) -> Use:
    """What serves a task here.

    Raises
    ------
    NoGeneratorError
        Nothing does.
    """
    use = serving(task)
    if use is None:
        raise NoGeneratorError(task)
    return use


def opened(use: Use) -> Generator:
    """The generator of a record, loaded once a process; the one before is dropped first.

    Raises
    ------
    ModelError
        Its files are gone, were changed, or cannot be used.
    ParameterError
        There is no such engine.
    """
    key = use.model_dump_json()
    with _lock:
        if key not in _open:
            check_files(use)
            _open.clear()
            _open[key] = _opener(use.facts.engine)(use)
        return _open[key]


def drop() -> None:
    """Let go of the generator that this process holds, and of its memory."""
    with _lock:
        _open.clear()


def _opener(engine: str) -> Callable[[Use], Generator]:
    module, _, attribute = ENGINES.get(engine, engine).partition(":")
    try:
        return cast("Callable[[Use], Generator]", getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError, ValueError):
        allowed = ", ".join([*ENGINES, "module:attribute of an opener that Python finds"])
        raise ParameterError("engine", engine, allowed) from None
