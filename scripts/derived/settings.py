"""docs/reference/settings.md: every setting with its default and its reason."""

import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from tinct import serving, settings, working
from tinct.settings import Settings

__all__ = ["write"]

_HEAD = """# Settings

Written from `tinct/settings.py`, `tinct/working.py` and `tinct/serving.py` by `scripts/derive`. Each setting is an
environment variable, for the server, its workers, the command line and the library alike; options win.
[Operating](../operating.md) tells which of them people change. A value that is not allowed stops the program with a
sentence that says so.
"""
_SECTION = re.compile(r"^    # -- (.+?) -+$|^    (\w+): ", re.MULTILINE)
_UNITS = ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_TIMES = ((24 * 3600, "d"), (3600, "h"), (60, "min"))


def write(text: str) -> str:
    """The whole page."""
    parts = [_HEAD]
    for title, names in _sections():
        rows = "".join(_row(name) for name in names)
        parts.append(
            f"\n## {title.capitalize()}\n\n| variable | default | allowed | |\n|---|---|---|---|\n{rows}"
        )
    return "".join(parts)


def _sections() -> Iterator[tuple[str, list[str]]]:
    """The fields under the headings that the modules give them."""
    found: dict[str, list[str]] = {}
    for module in (settings, working, serving):
        title = ""
        for match in _SECTION.finditer(Path(str(module.__file__)).read_text(encoding="utf-8")):
            title = match[1] or title
            if match[2] in Settings.model_fields and title:
                found.setdefault(title, []).append(match[2])
    assert sorted(name for names in found.values() for name in names) == sorted(Settings.model_fields)
    yield from found.items()


def _row(name: str) -> str:
    field = Settings.model_fields[name]
    cells = (f"`TINCT_{name.upper()}`", _default(name, field), _allowed(name, field), field.description or "")
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _default(name: str, field: Any) -> str:
    """The default in people's units."""
    if field.default_factory is not None:
        return "this machine's"
    value = field.default
    if value is None or value in ("", frozenset()):
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _number(name, value)
    return f"`{value}`"


def _number(name: str, value: float) -> str:
    """A number as the variable takes it, and in a larger unit where it is a whole number of them."""
    plain = f"`{int(value)}`" if value == int(value) else f"`{value:g}`"
    units = _UNITS if name.endswith("_bytes") else _TIMES if name.endswith("_s") else ()
    for size, unit in units:
        if value >= size and value % size == 0:
            return f"{plain} ({value / size:g} {unit})"
    return plain


def _allowed(name: str, field: Any) -> str:
    """The bounds of a number, or the kind of another value."""
    signs = {"gt": "above", "ge": "from", "lt": "below", "le": "to"}
    bounds = [
        f"{word} {_number(name, getattr(one, sign))}"
        for sign, word in signs.items()
        for one in field.metadata
        if getattr(one, sign, None) is not None
    ]
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(one for one in get_args(kind) if one is not types.NoneType)
    if get_origin(kind) is Literal:
        return " or ".join(f"`{one}`" for one in get_args(kind))
    if get_origin(kind) is frozenset:
        return "names, comma-separated"
    words = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}
    return " ".join([words.get(kind, "text"), *bounds])
