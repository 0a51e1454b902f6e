"""What an effect is, and the table of those that exist.

An effect is pure: photos and parameters in, photos and facts out. It knows nothing of jobs, servers or files.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tinct.errors import ParameterError
from tinct.photo.photo import Photo

__all__ = [
    "Effect",
    "Input",
    "Output",
    "Progress",
    "Result",
    "Sizes",
    "best_first",
    "checked",
    "get",
    "names",
    "parse",
    "register",
]

Params = TypeVar("Params", bound=BaseModel)

Progress = Callable[[float], None]
"""Told how far the work is, 0..1; may raise to stop it."""

Sizes = Mapping[str, Sequence[tuple[int, int]]]
"""Width and height, in pixels, of each photo of an input, by input name."""

_WHERE = {
    "background": "tinct.effects.background.served:EFFECT",
    "colorize": "tinct.effects.colorize.served:EFFECT",
    "convert": "tinct.effects.convert:EFFECT",
    "correct": "tinct.effects.correct.served:EFFECT",
    "enhance": "tinct.effects.enhance.served:EFFECT",
    "erase": "tinct.effects.erase.served:EFFECT",
    "light": "tinct.effects.light.served:EFFECT",
    "migrate": "tinct.effects.migrate.served:EFFECT",
    "moderate": "tinct.effects.moderate.served:EFFECT",
}


@dataclass(frozen=True, kw_only=True)
class Input:
    """A photo that an effect takes."""

    name: str
    """Key under which the caller passes it; the first input of every effect is ``image``."""
    summary: str
    """One sentence for the API's documentation."""
    required: bool = True
    """False where the parameters decide."""
    most: int = 1
    """Above 1 it takes a list of 1 to so many photos, and the effect gets a tuple of them."""


@dataclass(frozen=True, kw_only=True)
class Result:
    """A photo that an effect made."""

    photo: Photo
    role: str = "main"
    """What it is to the caller; one of the effect's `roles`."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """What an effect gives back."""

    results: tuple[Result, ...] = ()
    """Best first, several of a role in their order; none where the facts are all there is to say."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON-ready findings, such as the palette or the engine that served."""

    @property
    def photos(self) -> tuple[Photo, ...]:
        """The results without their roles."""
        return tuple(result.photo for result in self.results)


def best_first(photos: Iterable[Photo]) -> tuple[Result, ...]:
    """Alternatives: the first is the main result, the others are variants of it."""
    return tuple(
        Result(photo=photo, role="variant" if number else "main") for number, photo in enumerate(photos)
    )


@dataclass(frozen=True, kw_only=True)
class Effect:
    """Facts about an effect that callers need, as data."""

    name: str
    """Stable name in APIs and on the command line."""
    title: str
    """A few words for people."""
    summary: str
    """One sentence for the API's documentation."""
    params: type[BaseModel]
    """Parameters; their defaults and limits are the documentation."""
    run: Callable[[Mapping[str, Any], Any, Progress], Output]
    """``run(photos by input name, parameters, progress)``; an input that takes a list has a tuple of photos. Raises
    `tinct.errors.TinctError`."""
    inputs: tuple[Input, ...] = (Input(name="image", summary="The photo to work on."),)
    """Photos it takes."""
    roles: tuple[str, ...] = ("main",)
    """What its results can be: ``main``, ``variant`` (another answer), ``mask``, ``face_crop``, ...; none for an effect
    that only tells facts."""
    models: tuple[str, ...] = ()
    """Ids in the model manifest that it needs."""
    credits: int = 1
    """Price of one call, in credits."""
    estimate: Callable[[Sizes, Any], float] | None = None
    """``estimate(sizes of the photos, parameters)``: seconds that a call takes here, none of the photos decoded; None
    where all calls are short."""


def names() -> tuple[str, ...]:
    """Names of all effects, sorted."""
    return tuple(sorted(_WHERE))


def register(name: str, where: str) -> None:
    """Add an effect of one's own, or replace one.

    Parameters
    ----------
    name : str
        Its name in APIs and on the command line.
    where : str
        ``module:ATTRIBUTE`` of the `Effect`; imported on first use.

    Raises
    ------
    ParameterError
        `where` has another form.
    """
    module, colon, attribute = where.partition(":")
    if not (name and module and colon and attribute.isidentifier()):
        raise ParameterError("effect", f"{name}={where}", "name=module:ATTRIBUTE")
    _WHERE[name] = where


def get(name: str) -> Effect:
    """The effect called `name`, imported on first use.

    Raises
    ------
    ParameterError
        There is no such effect.
    """
    if name not in _WHERE:
        raise ParameterError("effect", name, "one of " + ", ".join(names()))
    module, _, attribute = _WHERE[name].partition(":")
    effect: Effect = getattr(importlib.import_module(module), attribute)
    return effect


def parse(effect: Effect, params: Mapping[str, Any]) -> BaseModel:
    """Check `params` against the effect's model; see :func:`checked`."""
    return checked(effect.params, params)


def checked(model: type[Params], params: Mapping[str, Any]) -> Params:
    """Check `params` against `model`.

    Raises
    ------
    ParameterError
        Names the first field that is wrong, what was found and what is allowed.
    """
    try:
        return model.model_validate(dict(params))
    except ValidationError as error:
        first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, ParameterError):
        raise cause
    field_name = ".".join(str(part) for part in first["loc"]) or "parameters"
    message = first["msg"]
    raise ParameterError(field_name, first.get("input"), message[:1].lower() + message[1:])
