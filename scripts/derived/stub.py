"""The names of effects in src/tinct/__init__.pyi, with the types that callers may give."""

import inspect
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from tinct.effects import registry
from tinct.photo.photo import Photo

__all__ = ["write"]

NAMES = re.compile(r"(# Effects and what they return.*\n)(?:.*\n)*?(# End of effects\n)")
_INDENT = " " * 4


def write(text: str) -> str:
    """The stub with the part that is derived."""
    return NAMES.sub(lambda found: found[1] + _effects() + found[2], text)


def _effects() -> str:
    """Imports of the classes that effects take and return, and the effects' signatures."""
    imports: set[str] = set()
    functions = []
    for name in registry.names():
        module, _, attribute = registry.where(name).partition(":")
        function = getattr(__import__(module, fromlist=[attribute]), attribute)
        kind = get_type_hints(function)["return"]
        if is_dataclass(kind) and kind.__module__ == module:
            imports.add(f"from {module} import {kind.__name__} as {kind.__name__}\n")
        functions.append(_function(attribute, function, imports))
    return "".join(sorted(imports, key=str.lower)) + "\n" + "\n".join(functions) + "\n"


def _function(name: str, function: Callable[..., Any], imports: set[str]) -> str:
    """The signature and the docstring."""
    hints = get_type_hints(function)
    lines, keyword_only = [], False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            lines.append("*,")
        lines.append(
            f"{parameter.name}: {_type(hints[parameter.name], imports)}{_default(parameter.default)},"
        )
    body = [f'"""{inspect.cleandoc(function.__doc__ or "")}', '"""']
    doc = "\n".join(_INDENT + line if line else "" for line in "\n".join(body).split("\n"))
    arguments = "".join(f"{_INDENT}{line}\n" for line in lines)
    return f"def {name}(\n{arguments}) -> {hints['return'].__name__}:\n{doc}\n"


def _default(value: object) -> str:
    if value is inspect.Parameter.empty:
        return ""
    shown = repr(value) if isinstance(value, bool | int | float | str | tuple | None) else "..."
    return " = " + (f'"{value}"' if isinstance(value, str) else shown)


def _type(hint: Any, imports: set[str]) -> str:
    """A type as it is written; a `Photo` may be given in other ways too."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint is Photo:
        return "PhotoLike"
    if hint in (None, types.NoneType):
        return "None"
    if hint is Any:
        return "Any"
    if origin is Literal:
        return (
            "Literal[" + ", ".join(f'"{one}"' if isinstance(one, str) else repr(one) for one in inside) + "]"
        )
    if origin in (Union, types.UnionType):
        return " | ".join(_type(one, imports) for one in inside)
    if origin is Callable:
        return (
            f"Callable[[{', '.join(_type(one, imports) for one in inside[0])}], {_type(inside[1], imports)}]"
        )
    if origin is Sequence and inside[0] is Photo:
        return "PhotoLike | Sequence[PhotoLike]"
    if origin in (Sequence, Mapping, tuple):
        return f"{origin.__name__}[{', '.join(_type(one, imports) for one in inside)}]"
    if hint.__module__ != "builtins":
        imports.add(f"from {hint.__module__} import {hint.__name__}\n")
    return str(hint.__name__)
