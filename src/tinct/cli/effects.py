"""The command of an effect, made from what the effect declares; what is special about some stands in their modules."""

from __future__ import annotations

import inspect
import json as jsonlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer

from tinct.cli import batch
from tinct.cli.sheet import Sheet
from tinct.errors import OutputError, ParameterError, PhotoError

if TYPE_CHECKING:
    from tinct.effects.effect import Effect, Input, Output, Result
    from tinct.photo.photo import Photo

__all__ = ["EffectCommand", "Options", "opened"]

Options = Mapping[str, tuple[Any, Any]]
"""Type and default of each option, as typer reads them."""

_PHOTOS: Options = {
    "photos": (list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns."))
}
_OUTPUT: Options = {
    "sheet": (Path | None, typer.Option(None, help="Also write a before/after contact sheet here.")),
    "output": (Path, typer.Option(Path(), "--output", "-o", help="A folder, or a file for a single result.")),
    "format": (
        str | None,
        typer.Option(None, help="jpg, png, webp, tiff, heic or avif; else what suits it."),
    ),
    "quality": (int, typer.Option(92, min=1, max=100, help="Of lossy formats.")),
    "keep_gps": (bool, typer.Option(False, "--keep-gps", help="Keep the place in the metadata.")),
    "overwrite": (bool, typer.Option(False, "--overwrite", help="Replace files of the same name.")),
}
"""Where results go, and how they are written; the same for every effect that makes photos."""
_JSON: Options = {"json": (bool, typer.Option(False, "--json", help="Print one JSON document."))}


class EffectCommand:
    """One run of an effect's command. Subclasses add what is special about it.

    Parameters
    ----------
    effect : Effect
        What is to be done.
    given : dict
        Values of all options by name.
    """

    extra: ClassVar[Options] = {}
    """Options that the effect does not declare."""
    replaced: ClassVar[frozenset[str]] = frozenset()
    """Inputs and parameters that the extra options decide."""

    def __init__(self, effect: Effect, given: dict[str, Any]) -> None:
        self.effect = effect
        self.given = given
        self.params: Any = None
        self.inputs: dict[str, Any] = {}

    @classmethod
    def function(cls, effect: Effect) -> Callable[..., None]:
        """The function from which typer makes the command."""

        def command(**given: Any) -> None:
            cls(effect, given).run()

        output = _OUTPUT if effect.roles else {}
        options = {**_PHOTOS, **cls.extra, **_options(effect, cls.replaced), **output, **_JSON}
        kind = inspect.Parameter.KEYWORD_ONLY
        command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [
                inspect.Parameter(name, kind, default=info, annotation=of)
                for name, (of, info) in options.items()
            ]
        )
        command.__annotations__ = {name: of for name, (of, _) in options.items()}
        command.__name__, command.__doc__ = effect.name, effect.summary
        return command

    # -- what may be special ----------------------------------------------------------------------

    def read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs beside the photo, opened, and parameters as they were given."""
        inputs: dict[str, Any] = {}
        for item in self.effect.inputs[1:]:
            given = self.given.get(item.name)
            if isinstance(given, list):
                inputs |= {item.name: [opened(path, item.name) for path in given]} if given else {}
            elif given is not None:
                inputs[item.name] = opened(given, item.name)
        fields = set(self.effect.params.model_fields) - self.replaced
        return inputs, {name: self.given[name] for name in fields if self.given[name] is not None}

    def foretell(self, path: Path, photos: Mapping[str, Any]) -> str | None:
        """What to say before slow work."""
        return None

    def make(self, photos: Mapping[str, Any], progress: Callable[[float], None]) -> Output:
        """The work on one photo."""
        return self.effect.run(photos, self.params, progress)

    def report(self, path: Path, photo: Photo, output: Output) -> dict[str, Any]:
        """What is told of a photo beside its results."""
        return dict(output.facts)

    def line(self, path: Path, facts: Mapping[str, Any]) -> str:
        """What people read of a photo without results."""
        return f"{path}: {jsonlib.dumps(facts)}"

    def label(self) -> str:
        """What files of results are called after."""
        return self.effect.label(self.params) or self.effect.name

    def finish(self) -> None:
        """After all photos."""

    # -- what is the same for all -----------------------------------------------------------------

    def run(self) -> None:
        """Do it."""
        self.inputs, params = self.read()
        self.params = self.effect.accept({"image": "", **self.inputs}, params)
        found = batch.collect(self.given["photos"])
        self._refuse_several(len(found.photos))
        meter = batch.Meter() if self.effect.estimate else None
        if not self.effect.roles:
            self._tell(found, meter)
        else:
            self._write(found, meter)
        self.finish()

    def _refuse_several(self, photos: int) -> None:
        """What speaks of one photo cannot serve several."""
        bound = [item.name for item in self.effect.inputs if item.of_one and item.name in self.inputs]
        bound += [name for name in self.effect.of_one if getattr(self.params, name, None)]
        if bound and photos > 1:
            raise ParameterError(
                _named(bound[0], self.effect), f"{photos} photos", "one photo, the one it belongs to"
            )

    def _done(self, path: Path, photo: Photo, meter: batch.Meter | None) -> Output:
        photos = {"image": photo, **self.inputs}
        if meter is not None and (said := self.foretell(path, photos)):
            meter.say(said)
        return self.make(photos, meter.part if meter is not None else lambda share: None)

    def _tell(self, found: batch.Found, meter: batch.Meter | None) -> None:
        import tinct

        def work(path: Path) -> dict[str, Any]:
            photo = tinct.open(path)
            facts = self.report(path, photo, self._done(path, photo, meter))
            if not self.given["json"]:
                typer.echo(self.line(path, facts))
            return facts

        batch.run(found, work, as_json=self.given["json"], meter=meter)

    def _write(self, found: batch.Found, meter: batch.Meter | None) -> None:
        import tinct

        given, sheet, page = self.given, self.given["sheet"], Sheet()
        if sheet is not None and os.path.exists(sheet) and not given["overwrite"]:
            raise OutputError(f"{sheet.name} exists; choose another name or add --overwrite")
        results = self.effect.count(self.params)
        outputs = batch.Outputs(
            given["output"], len(found.photos) * results == 1, given["overwrite"], given["format"]
        )
        self.prepare(len(found.photos), outputs)

        def work(path: Path) -> dict[str, Any]:
            photo = tinct.open(path)
            output = self._done(path, photo, meter)
            if sheet is not None:
                page.add(photo, *output.photos)
            saved = [
                self._saved(outputs, path, number, result, results)
                for number, result in enumerate(output.results, 1)
            ]
            return {"results": saved, **self.report(path, photo, output)}

        try:
            batch.run(found, work, as_json=given["json"], meter=meter)
        finally:
            if sheet is not None and page:
                page.save(sheet)

    def prepare(self, photos: int, outputs: batch.Outputs) -> None:
        """Before the first photo."""

    def _saved(self, outputs: batch.Outputs, path: Path, number: int, result: Result, results: int) -> str:
        """Write one result; its path."""
        photo, label = result.photo, self.label()
        if result.role in ("main", "variant"):
            label += f"-{result.label or number}" if results > 1 else ""
            target = outputs.photo(path, photo.format, label)
        else:
            target = outputs.extra(
                path, photo.format, "-".join(filter(None, [label, result.role, result.label]))
            )
        metadata: Any = "all" if self.given["keep_gps"] else "no-gps"
        saved = photo.save(
            target, format=self.given["format"], quality=self.given["quality"], metadata=metadata
        )
        return str(saved)


def opened(path: Path, name: str) -> Photo:
    """A photo that is given by an option; errors name the option."""
    import tinct

    try:
        return tinct.open(path)
    except PhotoError as error:
        raise type(error)(f"{name}: {error}") from None


def _named(name: str, effect: Effect) -> str:
    """An option's name: one of a list is given at a time."""
    many = {item.name for item in effect.inputs if item.is_list}
    schema = effect.params.model_json_schema()["properties"].get(name, {})
    is_list = name in many or "items" in _plain(schema)
    return name[:-1] if is_list and name.endswith("s") else name


def _options(effect: Effect, replaced: frozenset[str]) -> dict[str, tuple[Any, Any]]:
    """An option for every further input, and for every parameter."""
    from tinct.effects.tables import parameters

    schema = effect.params.model_json_schema()["properties"] if effect.params.model_fields else {}
    options = {item.name: _input(item, effect) for item in effect.inputs[1:] if item.name not in replaced}
    for found in parameters(effect.params):
        if found.name not in replaced:
            options[found.name] = _parameter(found.name, found.allowed, schema[found.name], effect)
    return options


def _input(item: Input, effect: Effect) -> tuple[Any, Any]:
    name = "--" + _named(item.name, effect).replace("_", "-")
    default = ... if item.required else None
    of = list[Path] if item.is_list else Path
    return (of if item.required else of | None), typer.Option(
        default, name, metavar="FILE", help=item.summary
    )


def _plain(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A JSON Schema without the null beside it, where that is all."""
    options = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    return options[0] if len(options) == 1 else schema


def _parameter(name: str, allowed: str, schema: Mapping[str, Any], effect: Effect) -> tuple[Any, Any]:
    """Type and typer's record of a parameter; what is allowed is checked by the effect, with its own sentence."""
    plain = _plain(schema)
    flag = "--" + _named(name, effect).replace("_", "-")
    help, default = schema.get("description", ""), schema.get("default", ...)
    kinds = {"boolean": bool, "integer": int, "number": float}
    if "items" in plain:
        return list[str] | None, typer.Option(None, flag, help=f"{help} May be given again.")
    of = kinds.get(plain.get("type", ""), str)
    if of is bool:
        flag += f"/--no-{flag[2:]}" if default is True else ""
        return bool, typer.Option(default, flag, help=help)
    if "enum" in plain:
        metavar = "|".join(map(str, plain["enum"]))
    else:
        metavar = allowed if of is not str or "anyOf" in plain else "TEXT"
    return (of if default is not None else of | None), typer.Option(
        default, flag, metavar=f"[{metavar}]", help=help
    )
