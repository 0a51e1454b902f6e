"""From options to settings, the same for every command that serves."""

from __future__ import annotations

from tinct.cli.words import OptionError
from tinct.errors import ParameterError
from tinct.settings import Settings

__all__ = ["settings_from"]

_NAMES = {"work_for": "for"}
"""Settings whose option is called otherwise."""


def settings_from(**options: object) -> Settings:
    """The environment's settings, with the options that were given over them.

    Raises
    ------
    ParameterError
        An option or a variable has a value that is not allowed.
    """
    settings = Settings.from_environment()
    try:
        return settings.with_changes(**options)
    except ParameterError as error:
        named = _NAMES.get(error.field, error.field.replace("_", "-"))
        raise OptionError(f"--{named}", error) from None
