"""Options of a command, made from what an effect declares: one for every further input and every parameter."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from tinct.cli import words

if TYPE_CHECKING:
    from tinct.effects.effect import Effect, Input

__all__ = ["NO_PHOTOS", "Options", "command", "flag_of", "number", "options_of"]

NO_PHOTOS = typer.Argument(
    None,
    metavar="[PHOTO]...",
    help="Files, folders or patterns; - is standard input. None: a new picture is made.",
)
Options = Mapping[str, tuple[Any, Any]]
"""Type and default of each option, as typer reads them."""


def flag_of(name: str, effect: Effect, own: Mapping[str, str]) -> str:
    """An option as help shows it: one of a list is given at a time."""
    many = {item.name for item in effect.inputs if item.is_list}
    is_list = name in many or "items" in _plain(effect.properties.get(name, {}))
    shown = own.get(name) or words.word(effect, name)
    return "--" + (shown[:-1] if is_list and shown.endswith("s") else shown).replace("_", "-")


def command(
    name: str,
    effect: Effect,
    options: Options,
    run: Callable[[typer.Context, dict[str, Any]], None],
    own: Mapping[str, str] | None = None,
) -> Any:
    """The command of an effect, as typer runs it.

    Parameters
    ----------
    name : str
    effect : Effect
    options : Options
    run : callable
        Gets the values of the options by name.
    own : mapping, optional
        Parameters that are called otherwise in this command than everywhere.
    """

    def function(ctx: typer.Context, **given: Any) -> None:
        run(ctx, given)

    kind = inspect.Parameter.KEYWORD_ONLY
    taken = [inspect.Parameter("ctx", kind, annotation=typer.Context)]
    taken += [
        inspect.Parameter(key, kind, default=info, annotation=of) for key, (of, info) in options.items()
    ]
    function.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]
    function.__annotations__ = {one.name: one.annotation for one in taken}
    function.__name__, function.__doc__ = effect.name, effect.summary
    synonyms = {
        "--" + key.replace("_", "-"): "--" + shown.replace("_", "-")
        for key in effect.params.model_fields
        if (shown := (own or {}).get(key) or words.word(effect, key)) != key
    }
    kind_of: type[TyperCommand] = type("Command", (words.Command,), {"synonyms": synonyms})
    alone = typer.Typer(add_completion=False)
    alone.command(name, cls=kind_of)(function)
    return typer.main.get_command(alone)


def options_of(
    effect: Effect, own: Mapping[str, str], replaced: frozenset[str]
) -> dict[str, tuple[Any, Any]]:
    """An option for every further input, and for every parameter.

    Parameters
    ----------
    effect : Effect
    own : mapping
        Parameters that are called otherwise in its command than everywhere.
    replaced : frozenset
        Inputs and parameters that get no option.
    """
    from tinct.effects.tables import parameters

    left = [item for item in effect.inputs[1:] if item.name not in replaced]
    options = {item.name: _input(item, flag_of(item.name, effect, own)) for item in left}
    for found in parameters(effect.params):
        if found.name not in replaced:
            flag = flag_of(found.name, effect, own)
            options[found.name] = _parameter(flag, found.allowed, effect.properties[found.name])
    return options


def _input(item: Input, flag: str) -> tuple[Any, Any]:
    default = ... if item.required else None
    of = list[Path] if item.is_list else Path
    again = " May be given again." if item.is_list else ""
    return (of if item.required else of | None), typer.Option(
        default, flag, metavar="FILE", help=item.summary + again
    )


def _plain(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A JSON Schema without the null beside it, where that is all."""
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return options[0] if len(options) == 1 else schema


def number(text: Any, schema: Mapping[str, Any]) -> Any:
    """The number that a word stands for where one is wanted; else the word: the effect refuses it in its sentence."""
    kind = {"integer": int, "number": float}.get(_plain(schema).get("type", ""))
    if kind is None or not isinstance(text, str):
        return text
    try:
        return kind(text)
    except ValueError:
        return text


def _parameter(flag: str, allowed: str, schema: Mapping[str, Any]) -> tuple[Any, Any]:
    """Type and typer's record of a parameter; what is allowed is checked by the effect, with its own sentence."""
    plain = _plain(schema)
    help, default = schema.get("description", ""), schema.get("default", ...)
    if "items" in plain:
        of_item = _item(plain)
        return list[str] | None, typer.Option(None, flag, metavar=of_item, help=f"{help} May be given again.")
    kind = plain.get("type", "")
    if kind == "boolean":
        flag += f"/--no-{flag[2:]}" if default is True else ""
        return bool, typer.Option(default, flag, help=help)
    choices = [str(one) for one in plain.get("enum", ())]
    told = allowed if kind in ("integer", "number") or "anyOf" in plain else "TEXT"
    metavar = "|".join(choices) or told
    if default not in (None, ...):
        default = str(default)
    complete: Callable[[str], list[str]] | None = (lambda incomplete: choices) if choices else None
    return (str if default is not None else str | None), typer.Option(
        default, flag, metavar=f"[{metavar}]", help=help, autocompletion=complete
    )


def _item(schema: Mapping[str, Any]) -> str:
    """What is written for one of a list."""
    return "NUMBER" if schema["items"].get("type") == "integer" else "TEXT"
