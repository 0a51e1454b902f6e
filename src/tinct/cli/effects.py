"""The command of an effect, made from what the effect declares; what is special about some stands in their modules."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer

from tinct.cli import batch, inputs, words
from tinct.cli.common import JSON, PHOTOS, RECURSIVE, RESULTS
from tinct.cli.generators import reach_service
from tinct.cli.outputs import Beside, Outputs, write_stream
from tinct.cli.parameters import NO_PHOTOS, Options, command, flag_of, number, options_of
from tinct.cli.sheet import Sheet
from tinct.errors import ParameterError, PhotoError
from tinct.photo import formats

if TYPE_CHECKING:
    from tinct.effects.effect import Effect, Output, Result
    from tinct.photo.photo import Photo

__all__ = ["EffectCommand"]

_SHEET_ENDINGS = tuple(ending for row in formats.FORMATS if row.writable for ending in row.endings)


class EffectCommand:
    """One run of an effect's command. Subclasses add what is special about it.

    Parameters
    ----------
    effect : Effect
        What is to be done.
    given : dict
        Values of all options by name.
    ctx : typer.Context
        How the command was called.
    """

    extra: ClassVar[Options] = {}
    """Options that the effect does not declare."""
    replaced: ClassVar[frozenset[str]] = frozenset()
    """Inputs and parameters that the extra options decide."""
    words: ClassVar[Mapping[str, str]] = {}
    """Parameters that are called otherwise here than everywhere."""
    written: ClassVar[tuple[str, ...]] = ("sheet",)
    """Options that name files to write."""
    several: ClassVar[Mapping[str, str]] = {}
    """What serves several photos where such a parameter cannot."""
    fields: ClassVar[Mapping[str, str]] = {}
    """Parameters that an option of another name decides."""

    def __init__(self, effect: Effect, given: dict[str, Any], ctx: typer.Context) -> None:
        self.effect = effect
        self.given = given
        self.ctx = ctx
        self.asked = words.asked(ctx)
        self.params: Any = None
        self.inputs: dict[str, Any] = {}
        self.ends = True
        """Whether a photo that fails ends the program."""

    @classmethod
    def command(cls, effect: Effect) -> Any:
        """The command of an effect, as typer runs it."""

        def run(ctx: typer.Context, given: dict[str, Any]) -> None:
            made = cls(effect, given, ctx)
            (ctx.obj if callable(ctx.obj) else EffectCommand.run)(made)

        output = RESULTS if effect.roles else {}
        options: Options = {
            "photos": (list[str] | None, NO_PHOTOS) if effect.needs_no_photo else (list[str], PHOTOS),
            "recursive": (bool, RECURSIVE),
            **cls.extra,
            **options_of(effect, cls.words, cls.replaced),
            **output,
            **JSON,
        }
        return command(effect.name.replace("_", "-"), effect, options, run, cls.words)

    # -- what may be special ----------------------------------------------------------------------

    def read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Inputs beside the photo, opened, and parameters as they were given."""
        found: dict[str, Any] = {}
        for item in self.effect.inputs[1:]:
            given = self.given.get(item.name)
            if isinstance(given, list):
                found |= {item.name: [self.opened(path, item.name) for path in given]} if given else {}
            elif given is not None:
                found[item.name] = self.opened(given, item.name)
        schema = self.effect.properties
        fields = set(schema) - self.replaced
        given = {name: self.given[name] for name in fields if self.given[name] is not None}
        return found, {name: number(value, schema[name]) for name, value in given.items()}

    def sensible(self) -> None:
        """Refuse options that mean nothing beside the others; see `only`."""

    def foretell(self, path: Path, photos: Mapping[str, Any]) -> str | None:
        """What to say before slow work."""
        return None

    def make(self, photos: Mapping[str, Any], progress: Callable[[float], None]) -> Output:
        """The work on one photo; may be called for several at a time."""
        return self.effect.run(photos, self.params, progress)

    def report(self, path: Path, photo: Photo, output: Output) -> batch.Done:
        """What is told of a photo beside its results."""
        return batch.Done(dict(output.facts))

    def line(self, path: Path, facts: Mapping[str, Any]) -> str:
        """What people read of a photo without results."""
        return f"{path}: {jsonlib.dumps(facts)}"

    def label(self) -> str:
        """What files of results are called after."""
        return self.effect.label(self.params) or self.effect.name

    def finish(self) -> None:
        """After all photos."""

    # -- what is the same for all -----------------------------------------------------------------

    def only(self, names: str, when: bool, allowed: str) -> None:
        """Refuse those of the options `names` that were given, unless `when`."""
        for name in names.split():
            if name in self.asked and not when:
                given = self.given[name]
                raise ParameterError(
                    self.fields.get(name, name),
                    "it" if isinstance(given, (bool, list)) else str(given),
                    allowed,
                )

    def opened(self, path: Path, name: str) -> Photo:
        """A photo that is given by an option; errors name the option."""
        try:
            if path == inputs.STREAM:
                self._claim_input(name)
            return inputs.opened(path)
        except PhotoError as error:
            raise type(error)(f"{words.option(self.ctx, name)}: {error}") from None

    def _claim_input(self, name: str) -> None:
        if "-" in (self.given["photos"] or ()):
            raise ParameterError(name, "-", "a file: standard input is the photo")
        inputs.check_stream(name)

    @contextmanager
    def refusal(self) -> Iterator[None]:
        """Errors name options."""
        with words.refusal(self.ctx, self.fields):
            yield

    def begin(self) -> None:
        """Check all that is asked for, before any photo is opened."""
        self._check_plain()
        self.sensible()
        self.inputs, params = self.read()
        photos = {"image": "", **self.inputs} if self.given["photos"] else self.inputs
        self.params = self.effect.accept(photos, params)
        if self.effect.generates(photos, self.params) is not None:
            reach_service()
        self.meter = batch.Meter() if self.effect.slow(photos, self.params) else None

    def run(self) -> None:
        """Do it."""
        with self.refusal():
            self.begin()
            found = self.collect()
            self.go(found)
        self.finish()

    def collect(self) -> batch.Found:
        """The photos of the arguments."""
        if not self.given["photos"]:
            return batch.Found([inputs.NOTHING])
        labels = words.labels if self.effect.roles else tuple
        given = self.given
        written = [Path(given[name]) for name in ("output", *self.written) if given.get(name) is not None]
        return inputs.collect(given["photos"], recursive=given["recursive"], labels=labels, but=written)

    def go(self, found: batch.Found) -> list[dict[str, Any]]:
        """Work on these photos; a report of each."""
        self._refuse_several(len(found.photos))
        return self._write(found) if self.effect.roles else self._tell(found)

    def _check_plain(self) -> None:
        """The options that all commands have."""
        if not self.effect.roles:
            return
        given = self.given
        try:
            self._quality = int(given["quality"])
        except ValueError:
            self._quality = 0
        if not 1 <= self._quality <= 100:
            raise ParameterError("quality", given["quality"], "1 to 100")
        self.only("skip_existing", not given["overwrite"], "either --skip-existing or --overwrite")
        row = formats.named(given["format"]) if given["format"] else formats.of_path(given["output"] or "")
        if row is not None and row.writable:
            lossy = ", ".join(row.name for row in formats.FORMATS if row.writable and row.lossy)
            self.only(
                "quality", row.lossy, f"no quality with {row.name}, which loses nothing; it is for {lossy}"
            )

    def bound_to_one(self) -> list[str]:
        """Names of what was given and speaks of one photo alone."""
        bound = [item.name for item in self.effect.inputs if item.of_one and item.name in self.inputs]
        return bound + [name for name in self.effect.of_one if getattr(self.params, name, None)]

    def _refuse_several(self, photos: int) -> None:
        """What speaks of one photo cannot serve several."""
        bound = self.bound_to_one()
        if bound and photos > 1:
            flag = flag_of(bound[0], self.effect, self.words)
            allowed = "one photo, the one it belongs to" + self.several.get(bound[0], "")
            raise words.OptionError(flag, ParameterError(flag[2:], f"{photos} photos", allowed))

    def _done(self, path: Path, photo: Photo | None) -> Output:
        photos = self.inputs if photo is None else {"image": photo, **self.inputs}
        meter = self.meter
        if meter is not None and (said := self.foretell(path, photos)):
            meter.say(said)
        return self.make(photos, meter.part if meter is not None else lambda share: None)

    @property
    def abreast(self) -> bool:
        """Whether several photos may be worked on at a time: not where one alone keeps all cores busy for long."""
        return self.meter is None

    def _tell(self, found: batch.Found) -> list[dict[str, Any]]:
        def work(path: Path) -> batch.Done:
            with self.refusal():
                photo = inputs.opened(path)
                done = self.report(path, photo, self._done(path, photo))
            line = self.line(path, done.report)
            done.tell.append(lambda: typer.echo(line))
            return done

        return batch.run(found, work, as_json=self.given["json"], meter=self.meter, abreast=self.abreast)

    def labels(self, results: int) -> list[str]:
        """What names of results end in, as far as they are known before the work."""
        return [self.label() + (f"-{number}" if results > 1 else "") for number in range(1, results + 1)]

    def _write(self, found: batch.Found) -> list[dict[str, Any]]:
        results = self.effect.count(self.params)
        outputs = self.outputs(found, results)
        outputs.check()
        self.prepare(found.photos, outputs)
        sheet, page = self._sheet(found.photos), Sheet()
        numbers = {path: number for number, path in enumerate(found.photos)}

        def work(path: Path) -> batch.Done:
            with self.refusal():
                if self.given["skip_existing"] and (there := outputs.earlier(path, self.labels(results))):
                    if sheet is not None and path is not inputs.NOTHING:
                        page.add(numbers[path], *map(inputs.opened, (path, *there)))
                    return batch.Done({"results": [], "skipped": "results exist"})
                outputs.check_file()
                photo = None if path is inputs.NOTHING else inputs.opened(path)
                output = self._done(path, photo)
                if sheet is not None and photo is not None:
                    page.add(numbers[path], photo, *output.photos)
                told = batch.Done(dict(output.facts))
                done = told if photo is None else self.report(path, photo, output)
                saved = [
                    self._saved(outputs, path, number, result, results)
                    for number, result in enumerate(output.results, 1)
                ]
            return batch.Done({"results": saved} | done.report, done.tell)

        try:
            return batch.run(
                found,
                work,
                as_json=self.given["json"],
                meter=self.meter,
                abreast=self.abreast,
                listed=not outputs.is_stream,
                where=str(outputs.out) if outputs.out is not None else "",
                ends=self.ends,
            )
        finally:
            if sheet is not None and page:
                page.save(sheet.path(found.photos[0]))

    def outputs(self, found: batch.Found, results: int) -> Outputs:
        """Where results go."""
        given = self.given
        out = given["output"]
        if out is None and found.photos == [inputs.STREAM]:
            out = inputs.STREAM
        if out == inputs.STREAM and given["json"]:
            raise ParameterError("json", "it", "no JSON with the photo on standard output; give -o FILE")
        single = len(found.photos) * results == 1
        return Outputs(out, single, given["overwrite"], given["format"], found.places, found.photos)

    def _sheet(self, photos: list[Path]) -> Beside | None:
        return self.beside("sheet", photos[:1], 1, _SHEET_ENDINGS)

    def beside(
        self, name: str, photos: list[Path], each: int, endings: tuple[str, ...], label: str = ""
    ) -> Beside | None:
        """Where the files go that an option names, beside results; None without it. See `Beside`."""
        path = self.given[name]
        if path is None:
            return None
        anew = self.given["overwrite"] or (name == "sheet" and self.given["skip_existing"])
        return Beside(name, path, photos, each, overwrite=anew, endings=endings, label=label)

    def prepare(self, photos: list[Path], outputs: Outputs) -> None:
        """Before the first photo: names of what comes beside results."""

    def finished(self, found: batch.Found, since: float) -> bool:
        """Whether all results of the only photo are there, written after the time `since`."""
        results = self.effect.count(self.params)
        return self.outputs(found, results).has(found.photos[0], self.labels(results), since)

    def _saved(self, outputs: Outputs, path: Path, number: int, result: Result, results: int) -> str:
        """Write one result; its path."""
        photo, label = result.photo, self.label()
        metadata: Any = "all" if self.given["keep_gps"] else "no-gps"
        format, quality = self.given["format"], self._quality
        main = result.role in ("main", "variant")
        if outputs.is_stream:
            if main:
                write_stream(photo, format, quality, metadata)
            return str(outputs.out)
        if main:
            label += f"-{result.label or number}" if results > 1 else ""
            target = outputs.photo(path, photo.format, label)
        else:
            ending = "-".join(filter(None, [label, result.role, result.label]))
            target = outputs.extra(path, photo.format, ending)
        saved = photo.save(
            target, format=format, quality=quality, metadata=metadata, overwrite=self.given["overwrite"]
        )
        return str(saved)
