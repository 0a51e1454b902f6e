"""What an effect is: the descriptor from which everything that serves effects is derived.

An effect is pure: photos and parameters in, photos and facts out. It knows nothing of jobs, servers or files.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from tinct.clip.clip import Clip
from tinct.errors import ParameterError
from tinct.models.generators.port import Task, capability
from tinct.photo.photo import Photo

if TYPE_CHECKING:
    from tinct.imaging.colormap import ColorMap

__all__ = [
    "Effect",
    "Faces",
    "Input",
    "Output",
    "Photos",
    "Progress",
    "Result",
    "Sizes",
    "best_first",
    "checked",
    "unheard",
]

Params = TypeVar("Params", bound=BaseModel)

Faces = Literal["", "largest", "all"]
"""Which faces of a photo an effect works on: the largest, all or those that its parameters name; empty where none is
asked for."""

Progress = Callable[[float], None]
"""Told how far the work is, 0..1; may raise to stop it."""

Photos = Mapping[str, Any]
"""Photos by the name of the input: a `Photo`, a sequence of them where the input takes several, or a `Clip`."""

Sizes = Mapping[str, Sequence[tuple[int, ...]]]
"""Width and height, in pixels, of each photo of an input, by input name; of a clip also how many frames it has."""


def unheard(share: float) -> None:
    """The `Progress` of callers who do not ask."""


@dataclass(frozen=True, kw_only=True)
class Input:
    """A photo, or several, that an effect takes."""

    name: str
    """Key under which APIs pass it; the first input of every effect is ``image``."""
    summary: str
    """One sentence for the documentation."""
    required: bool = True
    """False where the parameters decide."""
    most: int = 1
    """Above 1 it takes a list of so many photos at most, and the effect gets a tuple of them."""
    least: int = 1
    """The shortest list that it takes."""
    of_one: bool = False
    """It belongs to one photo, such as a mask of its size."""
    parameter: str = ""
    """Name in the library's function, where it is another."""
    clip: bool = False
    """It is a clip, not a photo."""

    @property
    def argument(self) -> str:
        """Name in the library's function."""
        return self.parameter or self.name

    @property
    def is_list(self) -> bool:
        """Whether it takes a list of photos."""
        return self.most > 1


@dataclass(frozen=True, kw_only=True)
class Result:
    """A photo that an effect made."""

    photo: Photo
    role: str = "main"
    """What it is to the caller: ``main``, ``variant`` (another answer), ``mask``, ``face_crop``, ..."""
    label: str = ""
    """What tells it from others of its role, such as the name of a look."""
    format: str = ""
    """The only format that will do, for what is no photo to look at; empty where any does."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """What an effect gives back."""

    results: tuple[Result, ...] = ()
    """Best first, several of a role in their order; none where the facts are all there is to say."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """JSON-ready findings, such as the palette or the engine that served."""
    clip: Clip | None = None
    """The clip that was made, of an effect that makes one."""
    maps: tuple[ColorMap, ...] = ()
    """The colour map of each of its shots."""

    @property
    def photos(self) -> tuple[Photo, ...]:
        """The results without their roles."""
        return tuple(result.photo for result in self.results)


def best_first(photos: Iterable[Photo], labels: Sequence[str] = ()) -> tuple[Result, ...]:
    """Alternatives: the first is the main result, the others are variants of it."""
    return tuple(
        Result(photo=photo, role="variant" if number else "main", label=labels[number] if labels else "")
        for number, photo in enumerate(photos)
    )


def _nothing(inputs: Mapping[str, object], params: Any) -> None:
    """What effects ask of a generator that never use one."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Effect:
    """Facts about an effect that callers need, as data; `tinct.effects.declare.effect` derives it from a function."""

    name: str
    """Stable name in the library, APIs and on the command line."""
    title: str
    """A few words for people."""
    summary: str
    """A sentence or two for the documentation."""
    params: type[BaseModel]
    """Parameters; their defaults and limits are the documentation."""
    run: Callable[[Photos, Any, Progress], Output]
    """``run(photos by input name, parameters, progress)``; an input that takes a list has a tuple of photos. Raises
    `tinct.errors.TinctError`."""
    inputs: tuple[Input, ...] = (Input(name="image", summary="The photo to work on."),)
    """Photos it takes."""
    roles: tuple[str, ...] = ("main",)
    """What its results can be; none for an effect that only tells facts."""
    engines: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Ways in which it can work, and the ids in the model manifest that each needs; none is no model."""
    credits: int = 1
    """Price of one call, in credits."""
    estimate: Callable[[Sizes, Any], float] | None = None
    """``estimate(sizes of the photos, parameters)``: seconds that a call takes here, none of the photos decoded; None
    where all calls are short."""
    together: Callable[[Mapping[str, object], BaseModel], None] | None = None
    """Refuses inputs and parameters that do not belong together."""
    label: Callable[[Any], str] = field(default=lambda params: "")
    """What a result's file is called after, by its parameters; empty for the effect's name."""
    of_one: frozenset[str] = frozenset()
    """Parameters that speak of places in one photo."""
    generates: Callable[[Mapping[str, object], Any], Task | None] = _nothing
    """What a call with these inputs (or whatever stands for them) and parameters asks of a generator; None for
    nothing. Where no generator serves it the call is refused before any work."""
    permission: str = ""
    """The setting with which an operator allows a server to take orders of it; without one every server does."""
    preview: Callable[[Any], Photo | None] = field(default=lambda params: None)
    """A small picture of what some parameters bring, for lists to choose from; None where there is none."""
    pictured: tuple[str, ...] = ()
    """The parameters that `preview` shows."""
    faces: Faces = ""
    """Which faces of the first photo it works on, so that they can be shown before there is an order."""
    counted: str = ""
    """The parameter that says how many results there will be; without one there is one."""
    needs: Callable[[Any], str] | None = None
    """The capability that a worker needs for a call with these parameters, such as ``generate``; empty, and None, where
    every worker will do."""

    def capability(self, inputs: Mapping[str, object], params: Mapping[str, Any]) -> str:
        """What a worker needs for a call: ``generate.`` and the task where a generator works, or what `needs` says.

        Empty where every worker will do.
        """
        if self.generates is _nothing and self.needs is None:
            return ""
        parsed = self.parse(params)
        task = self.generates(inputs, parsed)
        if task is not None:
            return capability(task)
        return self.needs(parsed) if self.needs is not None else ""

    @functools.cached_property
    def properties(self) -> Mapping[str, Any]:
        """The JSON Schema of each parameter, by its name; not to be written to."""
        from tinct.effects.tables import schema_of

        found: Mapping[str, Any] = schema_of(self.params).get("properties", {})
        return found

    def slow(self, inputs: Mapping[str, object], params: Any) -> bool:
        """Whether a call with these inputs and parameters is one that may take long; see `estimate`."""
        asks = self.generates is _nothing or self.generates(inputs, params) is not None
        return self.estimate is not None and asks

    @property
    def needs_no_photo(self) -> bool:
        """Whether it makes its result of parameters alone."""
        return not any(item.required for item in self.inputs)

    def count(self, params: Any) -> int:
        """How many results, variants included, a call with these parameters gives."""
        return int(getattr(params, self.counted)) if self.counted else 1

    def parse(self, params: Mapping[str, Any]) -> Any:
        """Check parameters; see :func:`checked`."""
        return checked(self.params, params)

    def accept(
        self, inputs: Mapping[str, object], params: Mapping[str, Any], *, complete: bool = True
    ) -> Any:
        """Check all that a call says before any work; `inputs` are photos, or whatever stands for them.

        Parameters
        ----------
        complete : bool
            False: inputs may be missing, for there will be no work.

        Returns
        -------
        BaseModel
            An instance of `params`.

        Raises
        ------
        ParameterError
            Names the first field that is wrong, what was found and what is allowed.
        """
        parsed = self.parse(params)
        known = {item.name: item for item in self.inputs}
        for name in inputs:
            if name not in known:
                raise ParameterError("inputs", name, "one of " + (", ".join(known) or "none"))
        for item in self.inputs:
            if complete or item.name in inputs:
                _count(item, inputs.get(item.name))
        if complete and self.together is not None:
            self.together(inputs, parsed)
        return parsed


def _count(item: Input, given: object) -> None:
    """Refuse too few or too many photos."""
    if given is None and item.required:
        raise ParameterError(item.name, None, "a photo; this input is required")
    number = len(given) if isinstance(given, Sequence) and not isinstance(given, str) else None
    if given is None or (number is None and not item.is_list):
        return
    if number is None or not (item.is_list and item.least <= number <= item.most):
        allowed = f"a list of {item.least} to {item.most} photos" if item.is_list else "one photo, not a list"
        raise ParameterError(item.name, given if number is None else f"{number} photos", allowed)


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
        found = error.errors()  # an unknown name says more than a missing one: it may be the same, misspelt
        first = next((one for one in found if one["type"] == "extra_forbidden"), found[0])
    limits = first.get("ctx", {})
    cause = limits.get("error")
    field_name = ".".join(str(part) for part in first["loc"]) or "parameters"
    if isinstance(cause, ParameterError):
        if first["loc"][:1] == (cause.field,):  # which of its parts, the checker alone knows
            cause = ParameterError(field_name, cause.value, cause.allowed)
        raise cause
    plain = _PLAIN.get(first["type"])
    said = first["msg"] if plain is None else plain.format_map(limits)
    value = first.get("input")
    if first["type"] == "too_long" and isinstance(value, list | tuple):
        value = f"{len(value)} of them"
    raise ParameterError(
        field_name,
        value,
        _allowed(model, first["loc"], str(cause) if isinstance(cause, ValueError) else said),
    )


_OBJECT = "an object"
_PLAIN = {
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_parsing", "float_type"), "a number"),
    "finite_number": "a finite number",
    "string_type": "a text",
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), _OBJECT),
    "missing": "all of its fields; this one is missing",
    "extra_forbidden": "no field of this name",
    "greater_than_equal": "{ge:g} or more",
    "less_than_equal": "{le:g} or less",
}
"""What the checker says of parts of a field, in plain words."""


def _allowed(model: type[BaseModel], loc: tuple[int | str, ...], message: str) -> str:
    """What a field takes, in the words of its documentation; the checker's own for a part of a field."""
    from tinct.effects.tables import parameters

    known = {found.name: found.allowed for found in parameters(model)}
    if loc and loc[0] not in known:
        return "one of " + (", ".join(known) or "none")
    if len(loc) == 1 and known[str(loc[0])] not in ("text", ""):
        return known[str(loc[0])]
    if message == _OBJECT:
        return known[str(loc[0])].rpartition(" × ")[2] or message  # without how many
    return message[:1].lower() + message[1:]
