"""From the dataclass that an effect's function returns to results with roles, and to facts that JSON can hold.

A field of type `Photo`, ``Photo | None`` or ``tuple[Photo, ...]`` is a result; every other field, and every property
marked `fact`, is a fact. What differs from that is said in the field's own annotation by the marks below.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from tinct.clip.clip import Clip
from tinct.effects.effect import Output, Result, best_first
from tinct.photo.photo import Photo

__all__ = ["Role", "Rounded", "Told", "Untold", "fact", "output", "roles"]

T = TypeVar("T")


@dataclass(frozen=True)
class Role:
    """What the photos of a field are to the caller, if not the main result and its variants."""

    name: str = ""
    labels: str = ""
    """The field that holds a name for each of them."""
    format: str = ""
    """The only format that will do, whatever is asked for; empty where any does."""


@dataclass(frozen=True)
class Rounded:
    """A fact's decimals."""

    digits: int


@dataclass(frozen=True)
class Told:
    """What is told instead of a value that JSON cannot hold."""

    by: Callable[[Any], Any]


@dataclass(frozen=True)
class Untold:
    """For callers of the library alone."""


def fact(getter: Callable[[Any], T]) -> Callable[[Any], T]:
    """Marks the function of a property that is a fact."""
    getter.__fact__ = True  # type: ignore[attr-defined]
    return getter


@functools.cache
def _fields(kind: Any) -> Mapping[str, tuple[Any, tuple[Any, ...]]]:
    """Type and marks of each field and fact of a dataclass."""
    hints = get_type_hints(kind, include_extras=True)
    found = {item.name: hints[item.name] for item in dataclasses.fields(kind)}
    for name, value in vars(kind).items():
        if isinstance(value, property) and hasattr(value.fget, "__fact__"):
            found[name] = get_type_hints(value.fget, include_extras=True)["return"]
    return {name: _parted(hint) for name, hint in found.items()}


def _parted(hint: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without its marks, and the marks."""
    marks = getattr(hint, "__metadata__", ())
    return (hint.__origin__, marks) if marks else (hint, ())


def _mark(marks: tuple[Any, ...], kind: type[Any]) -> Any:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def _clip(found: Any) -> Clip | None:
    """The clip among the results."""
    named = [name for name, (hint, _) in _fields(found.__class__).items() if hint is Clip]
    return getattr(found, named[0]) if named else None


def _holds_photos(hint: Any) -> bool:
    return hint is Photo or (get_origin(hint) in (tuple, types.UnionType) and Photo in get_args(hint))


def roles(kind: Any) -> tuple[str, ...]:
    """Roles of the results that a function returning `kind` can have."""
    if kind is Photo:
        return ("main",)
    found: dict[str, None] = {}
    for hint, marks in _fields(kind).values():
        if hint is Clip:
            found["main"] = None
        if _holds_photos(hint):
            role = _mark(marks, Role)
            named = (role.name,) if role and role.name else ("main", "variant")
            found |= dict.fromkeys(named if get_origin(hint) is tuple else named[:1])
    return tuple(found)


def output(found: Any) -> Output:
    """Results and facts of what an effect's function returned."""
    if isinstance(found, Output):
        return found
    if isinstance(found, Photo):
        return Output(results=(Result(photo=found),))
    return Output(
        results=tuple(_results(found)),
        facts=_told(found),
        clip=_clip(found),
        maps=getattr(found, "color_maps", ()),
    )


def _results(found: Any) -> Iterator[Result]:
    for name, (hint, marks) in _fields(found.__class__).items():
        value = getattr(found, name) if _holds_photos(hint) else None
        if value is None:
            continue
        role = _mark(marks, Role) or Role()
        labels = getattr(found, role.labels) if role.labels else ()
        for result in best_first([value] if isinstance(value, Photo) else value, labels):
            if role.name:
                result = dataclasses.replace(result, role=role.name, format=role.format)
            yield result


def _told(found: Any) -> dict[str, Any]:
    """The facts of a dataclass."""
    facts = {}
    for name, (hint, marks) in _fields(found.__class__).items():
        if _holds_photos(hint) or hint is Clip or _mark(marks, Untold):
            continue
        value, told, rounded = getattr(found, name), _mark(marks, Told), _mark(marks, Rounded)
        facts[name] = _plain(told.by(value) if told else value, rounded.digits if rounded else None)
    return facts


def _plain(value: Any, digits: int | None) -> Any:
    """A value as JSON has it."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, float) and digits is not None:
        return round(value, digits)
    if isinstance(value, Mapping):
        return {str(key): _plain(item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, digits) for item in value]
    return _told(value) if dataclasses.is_dataclass(value) else value
