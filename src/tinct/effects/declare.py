"""Declare an effect by the signature of a function.

A parameter annotated ``Annotated[Photo, Field(description=...)]`` is an input; ``Photo | None`` makes it optional,
``Sequence[Photo]`` takes several within ``Field(min_length=..., max_length=...)``, and `Clip` takes a clip.
``progress: Progress`` hears how far the work is. Every other parameter is one that people choose: ``Annotated[type,
Field(description=..., ge=..., ...)]``. The first paragraph of the docstring is the effect's sentence, and the class
that the function returns says what its results and facts are; see `tinct.effects.findings`. From this the library
function, the checked parameters, the APIs, the command line and the tables of the documentation are derived.
"""

from __future__ import annotations

import functools
import inspect
import textwrap
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ParamSpec, TypeVar, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model
from pydantic.fields import FieldInfo

from tinct.clip.clip import Clip, as_clip
from tinct.effects.effect import Effect, Faces, Input, Output, Photos, Progress, Sizes
from tinct.effects.findings import output, roles
from tinct.effects.tables import parameters
from tinct.models.generators.port import Task
from tinct.photo.given import as_photo, as_photos
from tinct.photo.photo import Photo

__all__ = ["CheckedAs", "OfOnePhoto", "declared", "effect"]

P = ParamSpec("P")
R = TypeVar("R")

_CONFIG = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


@dataclass(frozen=True)
class OfOnePhoto:
    """Marks an input or parameter that speaks of places in one photo, so that it cannot serve several."""


@dataclass(frozen=True)
class CheckedAs:
    """The type to which a parameter is brought, where callers may write it in other ways too."""

    type: Any


def effect(
    *,
    title: str,
    engines: Mapping[str, tuple[str, ...]] | None = None,
    credits: int = 1,
    estimate: Callable[..., float] | None = None,
    together: Callable[..., None] | None = None,
    label: str | Callable[..., str] = "",
    preview: Callable[..., Photo | None] | None = None,
    faces: Faces = "",
    counted: str = "",
    needs: str | Callable[..., str] = "",
    permission: str = "",
    generates: Callable[..., Task | None] | None = None,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function an effect; it stays a function with the same signature, which checks what it is given.

    Where the signature says `Photo`, callers may give a path, bytes, a file, an image of PIL or an array as well: they
    become photos here, as `tinct.photo.given` says, so that no effect has to know.

    Parameters
    ----------
    title : str
        A few words for people.
    engines : mapping of str to tuple of str
        Ways in which it can work, and the models that each needs.
    credits : int
        Price of one call.
    estimate : callable
        Seconds that a call will take; in place of a photo it gets its width and height. This and the two below are
        called with those of the function's arguments that they name.
    together : callable
        Raises `ParameterError` for arguments that do not belong together. Of inputs it may only ask whether they are
        None: before the work, they are names of files.
    label : str or callable
        What files of results are called after; the effect's name by default.
    preview : callable
        A small picture of what some of the parameters bring, where there is something to choose by the eye.
    faces : str
        Which faces of the first photo it works on: ``largest``, or ``all``, of which parameters may choose.
    counted : str
        The parameter that says how many results there will be; without one there is one.
    needs : str or callable
        The capability that a worker needs for a call, such as ``generate``; every worker will do by default.
    permission : str
        The field of the settings that must be true before a server takes orders of it; none by default.
    generates : callable
        What a call asks of a generator, or None for nothing; called as `together` is. None: no call ever does.
    """

    def declare(function: Callable[P, R]) -> Callable[P, R]:
        signature = _Signature(function, together)
        made = Effect(
            name=function.__name__,
            title=title,
            summary=signature.summary,
            params=signature.model,
            run=signature.run,
            inputs=signature.inputs,
            roles=roles(signature.returns),
            engines=dict(engines or {}),
            credits=credits,
            estimate=None if estimate is None else functools.partial(signature.call_sized, estimate),
            together=None if together is None else functools.partial(signature.call, together),
            label=functools.partial(signature.call, label, {}) if callable(label) else lambda params: label,
            preview=functools.partial(signature.call, preview, {}) if preview else lambda params: None,
            pictured=tuple(inspect.signature(preview).parameters) if preview else (),
            of_one=signature.of_one,
            faces=faces,
            counted=counted,
            needs=_needs(needs, signature),
            permission=permission,
            **({} if generates is None else {"generates": functools.partial(signature.call, generates)}),
        )

        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            return function(**signature.checked(made, *args, **kwargs))  # type: ignore[call-arg]

        called.__doc__ = signature.documented()
        called.__effect__ = made  # type: ignore[attr-defined]
        return called

    return declare


def _needs(needs: str | Callable[..., str], signature: _Signature) -> Callable[[Any], str] | None:
    """What `Effect.needs` is."""
    if callable(needs):
        return functools.partial(signature.call, needs, {})
    return (lambda params: needs) if needs else None


def declared(function: Callable[..., Any]) -> Effect:
    """The effect that a function was made."""
    found: Effect = function.__effect__  # type: ignore[attr-defined]
    return found


class _Signature:
    """A function's signature, read once."""

    def __init__(self, function: Callable[..., Any], together: Callable[..., None] | None) -> None:
        hints = get_type_hints(function, include_extras=True)
        self._function = function
        self._together = together
        self._signature = inspect.signature(function)
        self.returns = hints.pop("return")
        self.doc = inspect.cleandoc(function.__doc__ or "")
        self.summary = " ".join(self.doc.partition("\n\n")[0].split())
        self._progress = hints.pop("progress", None) is not None
        inputs: list[Input] = []
        fields: dict[str, Any] = {}
        of_one: set[str] = set()
        for name, hint in hints.items():
            default = self._signature.parameters[name].default
            required = default is inspect.Parameter.empty
            if _any(hint, OfOnePhoto):
                of_one.add(name)
            if _is_photo(hint):
                inputs.append(_input(name, hint, required, first=not inputs))
            else:
                other = _any(hint, CheckedAs)
                kind = Annotated[other.type, *hint.__metadata__] if other else hint
                fields[name] = (kind, ... if required else default)
        self.inputs = tuple(inputs)
        self.of_one = frozenset(of_one)
        name = "".join(part.title() for part in function.__name__.split("_"))
        self.model: type[BaseModel] = create_model(
            f"{name}Params", __config__=_CONFIG, __doc__=f"Parameters of {function.__name__}.", **fields
        )

    def checked(self, declared: Effect, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Arguments of a call from the library, checked."""
        given = self._signature.bind(*args, **kwargs).arguments
        photos: dict[str, Any] = {}
        for item in self.inputs:
            value = given.pop(item.argument, None)
            if value is None or (item.is_list and isinstance(value, list | tuple) and not value):
                continue
            given_as = as_clip if item.clip else as_photos if item.is_list else as_photo
            photos[item.name] = given_as(value, item.argument)
        heard = {"progress": given.pop("progress")} if "progress" in given else {}
        return self._arguments(_seen(photos), declared.accept(photos, given)) | heard

    def _arguments(self, photos: Mapping[str, Any], params: BaseModel) -> dict[str, Any]:
        given = {item.argument: photos[item.name] for item in self.inputs if item.name in photos}
        return given | {name: getattr(params, name) for name in type(params).model_fields}

    def run(self, photos: Photos, params: BaseModel, progress: Progress) -> Output:
        """What `Effect.run` is."""
        heard = {"progress": progress} if self._progress else {}
        if self._together is not None:
            self.call(self._together, photos, params)
        return output(self._function(**self._arguments(_seen(photos), params), **heard))

    def call(self, function: Callable[..., R], photos: Mapping[str, Any], params: BaseModel) -> R:
        """Call a function with those of the arguments that it names; inputs that are not given are None."""
        given = dict.fromkeys(item.argument for item in self.inputs) | self._arguments(photos, params)
        return function(**{name: given[name] for name in inspect.signature(function).parameters})

    def call_sized(self, function: Callable[..., R], sizes: Sizes, params: BaseModel) -> R:
        """The same before the photos are decoded: width and height stand for each."""
        lists = {item.name for item in self.inputs if item.is_list}
        known = {name: found if name in lists else found[0] for name, found in sizes.items() if found}
        return self.call(function, known, params)

    def documented(self) -> str:
        """The docstring with a section of the parameters."""
        lines = [f"{item.argument} : {_kind(item)}\n{_wrapped(item.summary)}" for item in self.inputs]
        lines += [f"{p.name} : {p.allowed}\n{_wrapped(p.summary)}" for p in parameters(self.model)]
        head, _, rest = self.doc.partition("\n\n")
        return "\n\n".join(filter(None, [head, "Parameters\n----------\n" + "\n".join(lines), rest]))


def _seen(photos: Mapping[str, Any]) -> dict[str, Any]:
    """Photos without the colours that nobody sees, so that no effect can depend on them."""
    return {
        name: found
        if isinstance(found, Clip)
        else found.without_hidden_colors()
        if isinstance(found, Photo)
        else tuple(photo.without_hidden_colors() for photo in found)
        for name, found in photos.items()
    }


def _kind(item: Input) -> str:
    photo = "Clip, path, bytes or file" if item.clip else "Photo, path, bytes, file, PIL image or array"
    return (f"{photo}, or a list of them" if item.is_list else photo) + (
        "" if item.required else ", optional"
    )


def _wrapped(text: str) -> str:
    return textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="    ")


def _any(hint: Any, mark: type[Any]) -> Any:
    return next((one for one in getattr(hint, "__metadata__", ()) if isinstance(one, mark)), None)


def _bare(hint: Any) -> Any:
    return hint.__origin__ if hasattr(hint, "__metadata__") else hint


def _is_photo(hint: Any) -> bool:
    hint = _bare(hint)
    origin = get_origin(hint)
    inside = isinstance(origin, type) and (issubclass(origin, Sequence) or origin is types.UnionType)
    return hint in (Photo, Clip) or (inside and Photo in get_args(hint))


def _input(name: str, hint: Any, required: bool, *, first: bool) -> Input:
    """An input from its annotation."""
    info = _any(hint, FieldInfo) or FieldInfo()
    least, most = (
        next((getattr(mark, key) for mark in info.metadata if hasattr(mark, key)), 1)
        for key in ("min_length", "max_length")
    )
    origin = get_origin(_bare(hint))
    if isinstance(origin, type) and issubclass(origin, Sequence) and most < 2:
        raise TypeError(f"{name} takes a list of photos; say how many at most: Field(max_length=...)")
    return Input(
        name="image" if first else name,
        summary=info.description or "",
        required=required and least > 0,
        least=max(1, least),
        most=most,
        of_one=_any(hint, OfOnePhoto) is not None,
        parameter=name,
        clip=_bare(hint) is Clip,
    )
