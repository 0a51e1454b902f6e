"""What a tool is: a row of the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, Literal

from tinct.dialects.youcam.errors import Codes
from tinct.dialects.youcam.params import Param
from tinct.errors import ParameterError
from tinct.jobs import catalogue

__all__ = ["CLIPS", "HEIC", "MB", "PHOTOS", "Form", "Limit", "Tool", "Values", "can_check"]

Values = Mapping[str, Any]
"""Parameters of a call, by name; ``style``: what the chosen style asks of the effect; ``able``: see `Form.better_with`;
``chance``: a seed for calls that name none, the same for repeats; ``shape``: width and height of the source;
``strict``: whether faces that do not suit each other are refused."""
MB: Final = 2**20
PHOTOS: Final = frozenset({"jpeg", "png"})
CLIPS: Final = frozenset({"mp4", "mov"})
HEIC: Final = PHOTOS | {"heif"}


@dataclass(frozen=True, kw_only=True)
class Limit:
    """What is taken of a file."""

    formats: frozenset[str] = PHOTOS
    long: int = 4096
    """Most pixels of the longer side."""
    short: int | None = None
    """Most pixels of the shorter side."""
    least: int | None = None
    """Least pixels of the shorter side."""
    bytes: int = 10 * MB
    """A file has fewer."""
    seconds: float = inf
    """A clip runs shorter."""
    rate: float = inf
    """Most pictures a second of a clip."""


@dataclass(frozen=True, kw_only=True)
class Form:
    """A tool in one generation of the API."""

    limit: Limit = Limit()
    inputs: Mapping[str, tuple[int, int]] = field(default_factory=lambda: {"src": (1, 1)})
    """``src``, ``msk``, ``ref`` -> how many at least and at most; most above 1 is a list for the effect too."""
    params: tuple[Param, ...] = ()
    styled: Literal["no", "required", "optional"] = "no"
    """Whether a style, or a template, is chosen."""
    styled_if: tuple[str, str] | None = None
    """The parameter, and its value, with which what is chosen counts; None: always."""
    check: Callable[[Values, Mapping[str, int]], None] = lambda values, counts: None
    """Refuses values that do not belong together, given how many files came of each role."""
    effect: str | Callable[[Values], str] = ""
    to: Callable[[Values], Mapping[str, Any]] | None = None
    """Parameters of the effect; None where it does not exist yet."""
    picture: str | None = None
    """Format of the results; None follows the source."""
    tells_faces: bool = False
    """Whether the reply lists the faces that were found."""
    better_with: str = ""
    """A capability of workers with which it is done better; `to` finds in ``able`` whether one is there."""

    @property
    def takes_clips(self) -> bool:
        """Whether its source is a video, and its result too."""
        return self.limit.formats <= CLIPS

    def name_of_effect(self, values: Values) -> str:
        """The effect that does it."""
        return self.effect if isinstance(self.effect, str) else self.effect(values)


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool."""

    slug: str
    title: str
    price: int | Callable[[Values], int]
    """In units."""
    action: str = ""
    """Its name in the history of units; derived where it is empty."""
    aliases: tuple[str, ...] = ()
    forms: Mapping[str, Form]
    """``v1``, ``v2``, and ``v2.1`` where that differs."""
    codes: Codes = field(default_factory=dict)
    """Engine codes that are not the general ones."""
    repeats: bool = True
    """False: ``request_id`` may be left out in v1."""
    catalogue: str = ""
    """Where its styles and templates are listed; empty where there are none."""
    per_second: tuple[int, int] | None = None
    """For the list of costs: units for so many seconds."""

    def form(self, version: str) -> Form | None:
        """Its form in ``v1``, ``v2.0`` or ``v2.1``; None where it is not there."""
        return self.forms.get(version) or self.forms.get(version.partition(".")[0])

    @property
    def name(self) -> str:
        """Its name in the history of units."""
        return self.action or "api_" + self.slug.replace("-", "_").replace("/", "_")

    def lists(self, generation: str) -> bool:
        """Whether there are lists of its styles (``v1``) or templates (``v2``)."""
        return any(form.styled != "no" for name, form in self.forms.items() if name.startswith(generation))

    def cost(self, values: Values) -> int:
        """Units of one task."""
        return self.price if isinstance(self.price, int) else self.price(values)

    def missing(self, form: Form, values: Values) -> str | None:
        """What this server lacks for it, as a sentence; None where it can do it."""
        effect = form.name_of_effect(values)
        here = f"{self.title} is not available on this server"
        if form.to is None:
            return f"{here}: it has no effect called {effect}."
        try:
            engines = catalogue.facts(effect).engines
        except ParameterError:
            return f"{here}: it has no effect called {effect}."
        if catalogue.capability(effect, {}, form.to(values)):
            return None  # workers are asked for it, which may be on other machines
        if engines and not any(engine.ready for engine in engines):
            return f"{here}: the weights of its effect {effect} are not installed. Its operator can: {engines[0].fetch}"
        return None


def can_check() -> bool:
    """Whether photos can be held against the content check here."""
    return any(engine.ready for engine in catalogue.facts("moderate").engines)
