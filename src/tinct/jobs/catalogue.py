"""The effects as plain data, for wire formats, which do not import effects."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from tinct.effects import available, registry
from tinct.effects.effect import Effect
from tinct.effects.tables import Parameter, parameters

__all__ = [
    "EffectFacts",
    "InputFacts",
    "capability",
    "catalogue",
    "facts",
    "hair_styles",
    "nearest_hair_style",
    "preview",
]

_WORDS: Final = "a picture"  # stand for words that an order needs and a little picture does not show


@dataclass(frozen=True, kw_only=True)
class InputFacts:
    """A photo that an effect takes."""

    name: str
    summary: str
    required: bool
    least: int
    """The shortest list it takes."""
    most: int
    """Photos it takes, as a list; 1: a single one."""
    clip: bool = False
    """It is a clip."""


@dataclass(frozen=True, kw_only=True)
class EffectFacts:
    """What a caller needs to know to order an effect."""

    name: str
    title: str
    summary: str
    credits: int
    """Price of one call."""
    inputs: tuple[InputFacts, ...]
    roles: tuple[str, ...]
    """What its results can be."""
    params: Mapping[str, Any]
    """JSON Schema of the parameters."""
    words: tuple[Parameter, ...] = ()
    """The same for people."""
    pictured: tuple[str, ...] = ()
    """Parameters of which there are small pictures; see `preview`."""
    faces: str = ""
    """Which faces of the first photo it works on: ``largest``, ``all``, or none."""
    engines: tuple[available.Engine, ...] = ()
    """Ways in which it works, and which of them are ready here."""


def facts(name: str, workers: Mapping[str, str] | None = None) -> EffectFacts:
    """One effect; with `workers`, as `tinct.jobs.capabilities.Capabilities.live` gives them, what they can do counts.

    Raises
    ------
    ParameterError
        There is no such effect.
    """
    return replace(_facts(registry.get(name)), engines=available.engines(name, workers))


def capability(name: str, inputs: Mapping[str, object], params: Mapping[str, Any]) -> str:
    """What a worker needs for a call of an effect; empty where every worker will do that takes ordinary jobs.

    Raises
    ------
    ParameterError
        There is no such effect, or a parameter that it does not take.
    """
    return registry.get(name).capability(inputs, params)


def catalogue(workers: Mapping[str, str] | None = None) -> tuple[EffectFacts, ...]:
    """All effects, by name; see `facts`."""
    return tuple(facts(name, workers) for name in sorted((*registry.names(), *registry.clip_names())))


def hair_styles() -> tuple[tuple[str, str, str], ...]:
    """Name, title and group (female, male or all) of each style of the operator's library."""
    from tinct.models import hairstyles

    return tuple((style.name, style.title, style.group) for style in hairstyles.styles())


def nearest_hair_style(name: str) -> str | None:
    """The style of the operator's library that is most like what the words of a name say; None where none is near."""
    from tinct.models import hairstyles

    return hairstyles.nearest(name)


@functools.lru_cache(maxsize=256)
def preview(name: str, params: tuple[tuple[str, Any], ...]) -> bytes | None:
    """A small JPEG of what some parameters of an effect bring; None where it has no such picture.

    Raises
    ------
    ParameterError
        There is no such effect, or a parameter that it does not take.
    """
    from tinct.photo.encode import encode

    effect = registry.get(name)
    needed = effect.params.model_json_schema().get("required", ())
    unseen = {field: _WORDS for field in needed if field not in effect.pictured}
    photo = effect.preview(effect.parse(unseen | dict(params)))
    return None if photo is None else encode(photo, "jpeg", quality=85)


@functools.lru_cache(maxsize=256)
def _facts(effect: Effect) -> EffectFacts:
    return EffectFacts(
        name=effect.name,
        title=effect.title,
        summary=effect.summary,
        credits=effect.credits,
        inputs=tuple(
            InputFacts(
                name=item.name,
                summary=item.summary,
                required=item.required,
                least=item.least,
                most=item.most,
                clip=item.clip,
            )
            for item in effect.inputs
        ),
        roles=effect.roles,
        params=effect.params.model_json_schema(),
        words=parameters(effect.params),
        pictured=effect.pictured,
        faces=effect.faces,
    )
