"""Wrong options in one form: the option as it was typed, what was found, what is allowed."""

from __future__ import annotations

import difflib
from typing import Any

from tinct.cli.words import option, typed_value

__all__ = ["sentence"]


def sentence(error: Any) -> str:
    """What is wrong with how a command was called.

    Parameters
    ----------
    error : exception
        What typer raises for wrong usage; kinds are told by what they carry.
    """
    ctx = error.ctx
    if getattr(error, "option_name", None) is not None:
        return (
            _unknown(error)
            if hasattr(error, "possibilities")
            else f"{error.option_name}: got nothing; allowed: a value"
        )
    param = getattr(error, "param", None)
    if param is not None and ctx is not None:
        said = str(error.message)
        found = repr(value) if said and (value := typed_value(ctx, param)) is not None else "nothing"
        return f"{_name(ctx, param)}: got {found}; allowed: {_allowed(param)}"
    message: str = error.format_message()
    if ctx is not None and hasattr(ctx.command, "list_commands") and message.startswith("No such command"):
        wrong = message.split("'")[1]
        names = ctx.command.list_commands(ctx)
        close = difflib.get_close_matches(wrong, names, 1)
        hint = f"; did you mean {close[0]}?" if close else ""
        return f"command: got {wrong!r}; allowed: {', '.join(names)}{hint}"
    if ctx is not None and message.startswith("Missing command"):
        return f"command: got nothing; allowed: {', '.join(ctx.command.list_commands(ctx))}"
    where = f"; see: {ctx.command_path} -h" if ctx is not None else ""
    return message[:1].lower() + message[1:].rstrip(".") + where


def _unknown(error: Any) -> str:
    likely = sorted(error.possibilities or ())
    hint = f"; did you mean {' or '.join(likely)}?" if likely else ""
    where = (
        f"the options of: {error.ctx.command_path} -h" if error.ctx is not None else "an option that exists"
    )
    return f"{error.option_name}: there is no such option; allowed: {where}{hint}"


def _name(ctx: Any, param: Any) -> str:
    """An option as it was typed, an argument as help shows it."""
    return option(ctx, param.name) if param.param_type_name == "option" else str(param.name).upper()


def _allowed(param: Any) -> str:
    """In plain words: of a range, of the choices that help shows, or of the kind."""
    low, high = getattr(param, "min", None), getattr(param, "max", None)
    if low is not None and high is not None:
        return f"{low} to {high}"
    if low is not None or high is not None:
        return f"{low} or more" if high is None else f"up to {high}"
    shown = str(param.metavar or "")
    if shown.startswith("[") and "|" in shown:
        return ", ".join(shown.strip("[]").split("|"))
    help = str(getattr(param, "help", None) or "")
    return help[:1].lower() + help[1:].rstrip(".") if help else "a value"
