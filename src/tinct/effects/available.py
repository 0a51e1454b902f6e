"""What each effect can do on this machine, and what would have to be fetched for the rest; read, never guessed."""

from __future__ import annotations

from dataclasses import dataclass

from tinct.effects import registry
from tinct.errors import DamagedModelError
from tinct.models import store
from tinct.models.generators.port import TASKS
from tinct.models.generators.registry import served

__all__ = ["Engine", "available", "engines"]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A way in which an effect works, and whether it can do so now."""

    name: str
    models: tuple[str, ...]
    """Ids of the models that it needs, and tasks for which it needs a generator."""
    missing: tuple[str, ...]
    """Those of them that are not installed."""
    served_by: str = ""
    """The generator that works for it, such as ``diffusers: sd-v1-5``; empty where none does."""

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def fetch(self) -> str | None:
        """The command that brings what is missing."""
        tasks = [name for name in self.missing if name in TASKS]
        if tasks:
            return f"tinct models use {tasks[0]} FOLDER_OR_FILE"
        return "tinct models fetch " + " ".join(self.missing) if self.missing else None


def engines(name: str) -> tuple[Engine, ...]:
    """All engines of an effect, in the order in which it declares them.

    Raises
    ------
    ParameterError
        There is no such effect.
    """
    known = store.models()
    declared = registry.get(name).engines
    generators = _generators() if any(one in TASKS for models in declared.values() for one in models) else {}

    def there(one: str) -> bool:
        return one in generators or (one in known and store.installed(one))

    return tuple(
        Engine(
            name=engine,
            models=models,
            missing=tuple(one for one in models if not there(one)),
            served_by=next((generators[one] for one in models if one in generators), ""),
        )
        for engine, models in declared.items()
    )


def _generators() -> dict[str, str]:
    """Engine and name of what serves each task here."""
    try:
        return {task: f"{use.facts.engine}: {use.facts.name}" for task, use in served().items()}
    except DamagedModelError:
        return {}


def available() -> dict[str, tuple[Engine, ...]]:
    """The engines of all effects, by the effect's name."""
    return {name: engines(name) for name in registry.names()}
