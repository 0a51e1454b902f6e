"""What each effect can do on this machine, or by the workers there are, and what the rest lacks; read, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tinct.effects import registry
from tinct.errors import DamagedModelError
from tinct.models import store
from tinct.models.generators.port import CAPABILITY, TASKS, capability
from tinct.models.generators.registry import lacking, ready, served
from tinct.models.manifest import models

__all__ = ["Engine", "available", "engines", "generators"]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A way in which an effect works, and whether it can do so now."""

    name: str
    models: tuple[str, ...]
    """Ids of the models that it needs, and tasks for which it needs a generator."""
    missing: tuple[str, ...]
    """Those of them that are not installed, neither here nor with a worker."""
    packages: str = ""
    """The command for packages without which a generator that was registered cannot run; empty where none lack."""
    served_by: str = ""
    """The generator that works for it, such as ``diffusers: sd-v1-5``; empty where none does."""
    worker: bool | None = None
    """Whether there is a worker with the capability that it needs; None where every worker will do, and where nobody
    asked for workers."""

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing and self.worker is not False

    @property
    def fetch(self) -> str | None:
        """The command that brings what is missing."""
        tasks = [name for name in self.missing if name in TASKS]
        if tasks and self.packages:
            return self.packages
        if tasks:
            return f"tinct models use {tasks[0]} FOLDER_OR_FILE"
        if self.missing:
            return "tinct models fetch " + " ".join(self.missing)
        return f"tinct worker --for {CAPABILITY}" if self.worker is False else None


def engines(name: str, workers: Mapping[str, str] | None = None) -> tuple[Engine, ...]:
    """All engines of an effect, in the order in which it declares them.

    Parameters
    ----------
    name : str
    workers : mapping of str to str, optional
        Capabilities of the workers that there are, and which generator each stands for (see `generators`). With it,
        what needs a capability is ready where one of them has it, whatever this machine has itself.

    Raises
    ------
    ParameterError
        There is no such effect.
    """
    known = models()
    declared = registry.get(name).engines
    tasks = {task: capability(task) for task in TASKS}
    asking = any(one in tasks for models in declared.values() for one in models)
    here, packages = (generators(), _packages()) if asking else ({}, {})
    by = here | {needed: workers[needed] for needed in tasks.values() if workers and needed in workers}

    def there(one: str) -> bool:
        return tasks[one] in by if one in tasks else one in known and store.installed(one)

    def engine(name: str, models: tuple[str, ...]) -> Engine:
        needed = [tasks[one] for one in models if one in tasks]
        return Engine(
            name=name,
            models=models,
            missing=tuple(one for one in models if not there(one)),
            packages=next((packages[one] for one in models if one in packages), ""),
            served_by=next((by[one] for one in needed if one in by), ""),
            worker=None if workers is None or not needed else all(one in workers for one in needed),
        )

    return tuple(engine(name, models) for name, models in declared.items())


def generators() -> dict[str, str]:
    """Engine and name of what serves here, by the capability that it gives a worker."""
    try:
        return {capability(task): f"{use.facts.engine}: {use.facts.name}" for task, use in ready().items()}
    except DamagedModelError:
        return {}


def _packages() -> dict[str, str]:
    """The command for the packages that what was registered for a task lacks, by task."""
    try:
        found = {task: lacking(use.facts.engine) for task, use in served().items()}
    except DamagedModelError:
        return {}
    return {task: command for task, command in found.items() if command is not None}


def available() -> dict[str, tuple[Engine, ...]]:
    """The engines of all effects, by the effect's name."""
    return {name: engines(name) for name in registry.names()}
