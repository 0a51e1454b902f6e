"""What a parameter of a call may be, as data: its name, whether it must be there, and how it is read."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from tinct.dialects.youcam.errors import invalid

__all__ = [
    "Param", "choice", "faces", "flag", "is_text", "listed", "number", "one_of", "read", "sides", "text", "whole",
    "whole_number",
]  # fmt: skip

_SIDES: Final = re.compile(r"([0-9]{1,5})\*([0-9]{1,5})", re.ASCII)
_MOST: Final = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Param:
    """A parameter of a tool."""

    name: str
    read: Callable[[Any], Any]
    """Gives the value as it is used; raises ValueError for one that is not allowed."""
    allowed: str
    required: bool = True
    default: Any = None


def read(params: Sequence[Param], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of some parameters; unknown ones are ignored, and null is none.

    Raises
    ------
    RefusalError
        Names the first that is missing or not allowed.
    """
    values = {}
    for param in params:
        value = given.get(param.name)
        if value is None:
            if param.required:
                raise invalid(param.name, None, param.allowed)
            values[param.name] = param.default
            continue
        try:
            values[param.name] = param.read(value)
        except ValueError:
            raise invalid(param.name, value, param.allowed) from None
    return values


def is_text(value: Any) -> TypeGuard[str]:
    """Whether a value is a text of whole characters; JSON can hold half of one."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def whole_number(value: Any, least: int = 0, most: int = _MOST, *, down: bool = False) -> int:
    """A JSON integer, or a number without fraction; with `down` a fraction is cut off."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError
    if not down and value != math.floor(value):
        raise ValueError
    found = math.floor(value)
    if not least <= found <= most:
        raise ValueError
    return found


def whole(name: str, least: int = 0, most: int = _MOST, *, down: bool = False, **more: Any) -> Param:
    """A whole number."""
    return Param(
        name=name,
        read=lambda value: whole_number(value, least, most, down=down),
        allowed=f"a whole number from {least} to {most}",
        **more,
    )


def one_of(name: str, values: Sequence[int], **more: Any) -> Param:
    """One of some whole numbers."""

    def one(value: Any) -> int:
        found = whole_number(value)
        if found not in values:
            raise ValueError
        return found

    return Param(name=name, read=one, allowed="one of " + ", ".join(map(str, values)), **more)


def text(name: str, least: int, most: int, **more: Any) -> Param:
    """A text of so many characters; an empty one counts as none where it may be left out."""

    def words(value: Any) -> str | None:
        if not is_text(value):
            raise ValueError
        if not value and not more.get("required", True):
            return None
        if not least <= len(value) <= most:
            raise ValueError
        return str(value)

    return Param(name=name, read=words, allowed=f"a text of {least} to {most} characters", **more)


def choice(name: str, values: Sequence[str], **more: Any) -> Param:
    """One of some texts."""

    def one(value: Any) -> str:
        if not isinstance(value, str) or value not in values:
            raise ValueError
        return value

    return Param(name=name, read=one, allowed="one of " + ", ".join(values), **more)


def number(name: str, least: float, most: float, **more: Any) -> Param:
    """Any number."""

    def any_number(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ValueError
        return float(value)

    return Param(name=name, read=any_number, allowed=f"a number from {least:g} to {most:g}", **more)


def flag(name: str, **more: Any) -> Param:
    """True or false."""

    def truth(value: Any) -> bool:
        if not isinstance(value, bool):
            raise ValueError
        return value

    return Param(name=name, read=truth, allowed="true or false", **more)


def listed(name: str, **more: Any) -> Param:
    """An array of one whole number."""

    def only(value: Any) -> int:
        if not isinstance(value, list) or len(value) != 1:
            raise ValueError
        return whole_number(value[0])

    return Param(name=name, read=only, allowed="an array of one whole number", **more)


def sides(name: str, least: int, most: int, step: int, **more: Any) -> Param:
    """Width and height as ``W*H``, each brought to the nearest multiple of `step`."""

    def pair(value: Any) -> tuple[int, int]:
        found = _SIDES.fullmatch(value) if isinstance(value, str) else None
        if found is None or not all(least <= int(side) <= most for side in found.groups()):
            raise ValueError
        return step * round(int(found[1]) / step), step * round(int(found[2]) / step)

    return Param(name=name, read=pair, allowed=f"W*H, each {least} to {most}", **more)


def faces(name: str) -> Param:
    """Which reference goes to which face: a list by position, -1 where the face stays."""

    def mapping(value: Any) -> list[int]:
        if not isinstance(value, list) or not 1 <= len(value) <= 1000:
            raise ValueError
        found: dict[int, int] = {}
        for entry in value:
            if not isinstance(entry, dict):
                raise ValueError
            index, position = (whole_number(entry.get(key), -1, 999) for key in ("index", "position"))
            if -1 in (index, position):
                continue
            if position in found:
                raise ValueError
            found[position] = index
        return [found.get(position, -1) for position in range(max(found, default=-1) + 1)]

    return Param(
        name=name,
        read=mapping,
        allowed="an array of {index, position}, each position once, -1 to skip",
    )
