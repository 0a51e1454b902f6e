"""Which engines there are, and which of them serves what on this machine."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from tinct import extras
from tinct.errors import MissingModelError, NoGeneratorError, ParameterError
from tinct.models.generators.port import TASKS, Generator, Task
from tinct.models.generators.uses import Use, check_files, recorded
from tinct.settings import current

if TYPE_CHECKING:
    from tinct.models.generators.diffusion.look import Found

__all__ = [
    "CPP",
    "DIFFUSERS",
    "ENGINES",
    "FILES",
    "check_installed",
    "demand",
    "drop",
    "lacking",
    "look",
    "opened",
    "ready",
    "served",
    "serving",
]

DIFFUSERS, CPP = "diffusers", "stable-diffusion.cpp"
ENGINES: Final = {
    DIFFUSERS: "tinct.models.generators.diffusion.engine:Diffusers",
    CPP: "tinct.models.generators.stablecpp.engine:StableDiffusionCpp",
    "endpoint": "tinct.models.generators.endpoint:Endpoint",
}
"""Name of an engine -> ``module:attribute`` of its opener; imported on first use."""
FILES: Final = {
    DIFFUSERS: "tinct.models.generators.diffusion.look:look",
    CPP: "tinct.models.generators.stablecpp.look:look",
}
"""Name of an engine that opens files -> ``module:attribute`` of what looks at them first."""
_NEEDS: Final = {
    DIFFUSERS: (("torch", "diffusers", "transformers"), "generate"),
    CPP: (("stable_diffusion_cpp",), "stable-diffusion-cpp"),
}
"""Modules that an engine needs, and the extra that brings them."""

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


def ready() -> dict[Task, Use]:
    """The same, but for engines whose packages are not installed here."""
    return {task: use for task, use in served().items() if lacking(use.facts.engine) is None}


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


def lacking(engine: str) -> str | None:
    """The command for the packages that an engine needs and that are not installed; None where it has them all."""
    return extras.command(_NEEDS[engine][1]) if _absent(engine) else None


def check_installed(engine: str) -> None:
    """Whether the packages that an engine needs are there, which loads none of them.

    Raises
    ------
    MissingModelError
        One is not; says what to run.
    """
    absent = _absent(engine)
    if absent:
        raise MissingModelError(f"the engine {engine} needs {', '.join(absent)}; run: {lacking(engine)}")


def _absent(engine: str) -> list[str]:
    modules, _ = _NEEDS.get(engine, ((), ""))
    return [name for name in modules if importlib.util.find_spec(name) is None]


def look(engine: str, where: Path) -> Found:
    """What a folder or file is, to an engine that opens files.

    Raises
    ------
    ModelError
        It is nothing that the engine can use; says why.
    """
    return cast("Found", _named(FILES[engine])(where))


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
    try:
        return cast("Callable[[Use], Generator]", _named(ENGINES.get(engine, engine)))
    except (ImportError, AttributeError, ValueError):
        allowed = ", ".join([*ENGINES, "module:attribute of an opener that Python finds"])
        raise ParameterError("engine", engine, allowed) from None


def _named(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
