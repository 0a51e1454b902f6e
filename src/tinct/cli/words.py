"""The words of the command line: one for the amount of an effect, one for its engine; and errors in these words."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand

from tinct.effects import registry
from tinct.errors import ParameterError

if TYPE_CHECKING:
    from tinct.effects.effect import Effect

__all__ = [
    "TYPED",
    "Command",
    "OptionError",
    "asked",
    "labels",
    "labels_of",
    "option",
    "refusal",
    "typed",
    "typed_value",
    "word",
]

_WORDS = {"strength": "degree", "amount": "degree", "model": "engine", "method": "engine"}
"""Parameters of effects that are called otherwise here; their own names are understood too."""

TYPED = "tinct.typed"
"""Where a context keeps the words that were typed."""


class OptionError(ParameterError):
    """A wrong value of an option; says the option as it was typed."""

    def __init__(self, option: str, error: ParameterError) -> None:
        super().__init__(error.field, error.value, error.allowed)
        self.option = option

    def __str__(self) -> str:
        said = super().__str__().removeprefix(self.field)
        if self.value is None:
            said = said.replace("got None", "got nothing", 1)
        return self.option + said


class Command(TyperCommand):
    """A command that understands the library's names of its options too, and remembers what was typed."""

    synonyms: Mapping[str, str] = {}
    """Other spellings of options, with the ones that help shows."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """With synonyms replaced."""
        ctx.meta[TYPED] = list(args)
        end = args.index("--") if "--" in args else len(args)
        known = [self._known(arg) for arg in args[:end]] + args[end:]
        return super().parse_args(ctx, known)

    def _known(self, arg: str) -> str:
        name, equals, value = arg.partition("=")
        return self.synonyms.get(name, name) + equals + value if name in self.synonyms else arg


def word(effect: Effect, parameter: str) -> str:
    """What a parameter is called on the command line, without dashes before it."""
    known = set(effect.params.model_fields)
    other = _WORDS.get(parameter, parameter)
    return parameter if other in known else other


def asked(ctx: typer.Context) -> frozenset[str]:
    """Names of what the caller chose, rather than left as it is."""
    return frozenset(
        name
        for name in ctx.params
        if (found := ctx.get_parameter_source(name)) and found.name == "COMMANDLINE"
    )


def option(ctx: typer.Context, field: str) -> str:
    """The option behind a field, as it was typed; else as help shows it. An argument keeps the field's name."""
    name = field.partition(".")[0]
    found = next((one for one in ctx.command.params if one.name == name), None)
    if found is None or found.param_type_name != "option":
        return field
    return typed(ctx, _names(ctx, found)) or max(found.opts, key=len)


def _names(ctx: typer.Context, param: Any) -> list[str]:
    """All spellings of an option."""
    names = [*param.opts, *param.secondary_opts]
    synonyms = getattr(ctx.command, "synonyms", {})
    return names + [other for other, shown in synonyms.items() if shown in names]


def typed(ctx: typer.Context, names: list[str]) -> str | None:
    """Which of the names was typed last."""
    return next((name for name, _ in _typed(ctx, names)), None)


def typed_value(ctx: typer.Context, param: Any) -> str | None:
    """The value of an option as it was typed; None of an argument that is not there."""
    if param.param_type_name == "option":
        return next((value for _, value in _typed(ctx, _names(ctx, param))), None)
    args = ctx.meta.get(TYPED, ())
    return str(args[-1]) if args else None


def _typed(ctx: typer.Context, names: list[str]) -> Iterator[tuple[str, str | None]]:
    args = ctx.meta.get(TYPED, ())
    for at in reversed(range(len(args))):
        for name in names:
            if args[at] == name:
                yield name, args[at + 1] if at + 1 < len(args) else None
            elif args[at].startswith(name + "="):
                yield name, args[at].partition("=")[2]
            elif len(name) == 2 and args[at].startswith(name) and not args[at].startswith("--"):
                yield name, args[at][2:]


@contextmanager
def refusal(ctx: typer.Context, fields: Mapping[str, str] | None = None) -> Iterator[None]:
    """Errors about fields become errors about options.

    Parameters
    ----------
    fields : mapping, optional
        Fields whose option has another name.
    """
    try:
        yield
    except OptionError:
        raise
    except ParameterError as error:
        root = error.field.partition(".")[0]
        field = (fields or {}).get(root, root)
        raise OptionError(option(ctx, field), error) from None


@functools.cache
def labels() -> tuple[str, ...]:
    """What results of any effect can be called after."""
    found = {"apply", "faces", "people"}  # those of commands that are more than an effect
    for name in registry.names():
        found |= labels_of(registry.get(name))
    return tuple(sorted(found))


def labels_of(effect: Effect) -> set[str]:
    """What results of an effect can be called after, whatever its parameters are."""
    fields = effect.params.model_fields
    base = {
        name: None if info.is_required() else info.get_default(call_default_factory=True)
        for name, info in fields.items()
    }
    choices: Callable[[Any], list[Any]] = _choices
    found = {effect.label(effect.params.model_construct(**base)) or effect.name}
    for name in fields:
        for choice in choices(effect.properties[name]):
            found.add(effect.label(effect.params.model_construct(**base | {name: choice})) or effect.name)
    return found


def _choices(schema: Mapping[str, Any]) -> list[Any]:
    found = list(schema.get("enum", ()))
    for one in schema.get("anyOf", ()):
        found += one.get("enum", ())
    return found
