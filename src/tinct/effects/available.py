"""What each effect can do on this machine, and what would have to be fetched for the rest; read, never guessed."""

from __future__ import annotations

from dataclasses import dataclass

from tinct.effects import registry
from tinct.models import store

__all__ = ["Engine", "available", "engines"]


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A way in which an effect works, and whether it can do so now."""

    name: str
    models: tuple[str, ...]
    """Ids of the models that it needs."""
    missing: tuple[str, ...]
    """Those of them that are not installed."""

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    @property
    def fetch(self) -> str | None:
        """The command that brings what is missing."""
        return "tinct models fetch " + " ".join(self.missing) if self.missing else None


def engines(name: str) -> tuple[Engine, ...]:
    """All engines of an effect, in the order in which it declares them.

    Raises
    ------
    ParameterError
        There is no such effect.
    """
    known = store.models()
    return tuple(
        Engine(
            name=engine,
            models=models,
            missing=tuple(one for one in models if one not in known or not store.installed(one)),
        )
        for engine, models in registry.get(name).engines.items()
    )


def available() -> dict[str, tuple[Engine, ...]]:
    """The engines of all effects, by the effect's name."""
    return {name: engines(name) for name in registry.names()}
