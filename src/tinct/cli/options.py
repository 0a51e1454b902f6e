"""From options to settings, the same for every command that serves."""

from __future__ import annotations

from tinct.settings import Settings

__all__ = ["settings_from"]


def settings_from(**options: object) -> Settings:
    """The environment's settings, with the options that were given over them.

    Raises
    ------
    ParameterError
        An option or a variable has a value that is not allowed.
    """
    return Settings.from_environment().with_changes(**options)
