"""``tinct video``: a command for each effect on clips, made from what the effect declares."""

from __future__ import annotations

import glob
import json as jsonlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from tinct.cli import inputs, words
from tinct.cli.batch import Bar, Meter
from tinct.cli.common import JSON
from tinct.cli.lines import WORTH_SAYING_S, duration
from tinct.cli.outputs import check_free
from tinct.cli.parameters import Options, command, number, options_of
from tinct.effects import registry
from tinct.errors import OutputError, ParameterError, TinctError

if TYPE_CHECKING:
    from tinct.clip.clip import Clip
    from tinct.effects.effect import Effect, Output

__all__ = ["app"]

_PREFIX = "video_"
_UNWRITTEN = frozenset(
    (".avi", ".flv", ".gif", ".mkv", ".mpeg", ".mpg", ".mts", ".ogv", ".ts", ".webm", ".wmv")
)
"""Endings of clips of other kinds: who types one does not mean a folder."""
_OPTIONS: Options = {
    "output": (
        Path | None,
        typer.Option(
            None, "--output", "-o", metavar="FILE|FOLDER", help="By default each result lies beside its clip."
        ),
    ),
    "compare": (
        Path | None,
        typer.Option(
            None,
            metavar="FILE",
            help="Also write before and after side by side: a clip (.mp4), or a contact sheet (.png, .jpg). Of the "
            "first clip.",
        ),
    ),
    "overwrite": (bool, typer.Option(False, "--overwrite", help="Replace files of the same name.")),
    "skip_existing": (
        bool,
        typer.Option(False, "--skip-existing", help="Leave out clips whose results are there already."),
    ),
    **JSON,
}
_CUBE: Options = {
    "cube": (
        Path | None,
        typer.Option(
            None,
            metavar="FILE",
            help="Also save the colour map of each shot: FILE.cube, FILE-2.cube and so on; of several clips, FILE-CLIP "
            "and so on.",
        ),
    )
}
_APPLY: Options = {
    "apply": (
        Path | None,
        typer.Option(
            None,
            metavar="FILE",
            help="A colour map to apply to the whole clip: .cube, or HaldCLUT as PNG; mode map.",
        ),
    )
}
_MAPS = (".cube", ".png")
_CLIPS = typer.Argument(
    metavar="CLIP...",
    help="Files, folders or patterns. Of a folder, results of its other clips are left alone.",
)


class _Commands(TyperGroup):
    """Commands of effects are made when they are asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [name.removeprefix(_PREFIX) for name in registry.clip_names()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        from tinct.cli import examples

        if _PREFIX + cmd_name not in registry.clip_names():
            return None
        return examples.shown(_command(registry.get(_PREFIX + cmd_name)), f"video {cmd_name}")


app = typer.Typer(cls=_Commands, no_args_is_help=True)


@app.callback()
def _video() -> None:
    """Effects on clips, steady from frame to frame; the sound stays."""


def _command(effect: Effect) -> Any:
    def run(ctx: typer.Context, given: dict[str, Any]) -> None:
        with words.refusal(ctx):
            _run(ctx, effect, given)

    has_maps = "shots" in effect.params.model_fields
    options: Options = {
        "clips": (list[str], _CLIPS),
        "recursive": (
            bool,
            typer.Option(False, "--recursive", "-r", help="Also take clips of folders inside."),
        ),
        **options_of(effect, {}, frozenset({"maps", "map"})),
        **(_APPLY if "mode" in effect.params.model_fields else {}),
        **(_CUBE if has_maps else {}),
        **_OPTIONS,
    }
    return command(effect.name.removeprefix(_PREFIX), effect, options, run)


def _run(ctx: typer.Context, effect: Effect, given: dict[str, Any]) -> None:
    """Work on each clip; an error of one does not stop the others."""
    if "mode" in given:
        _say_mode(ctx, given)
    asked = {
        name: number(given[name], effect.properties[name])
        for name in effect.params.model_fields
        if given.get(name) is not None
    }
    more = {
        item.name: inputs.opened(given[item.name])
        for item in effect.inputs[1:]
        if given.get(item.name) is not None
    }
    if given.get("apply") is not None:
        from tinct.imaging.colormap import ColorMap
        from tinct.imaging.lut_image import to_image

        more["map"] = to_image(ColorMap.load(given["apply"]))
    params = effect.accept({"image": "", **more}, asked)
    label = effect.label(params) or effect.name.removeprefix(_PREFIX)
    found = _collect(given["clips"], given["recursive"])
    if given["skip_existing"] and given["overwrite"]:
        raise ParameterError("skip-existing", "both", "either --skip-existing or --overwrite")
    target = _Target(given["output"], label, given["overwrite"], len(found))
    there = target.earlier(found) if given["skip_existing"] else set[Path]()
    if len(there) < len(found):
        _check_beside("compare", given["compare"], (".mp4", ".png", ".jpg"), given["overwrite"])
        _check_beside("cube", None if len(found) > 1 else given.get("cube"), _MAPS, given["overwrite"])
        _check_ending("cube", given.get("cube"), _MAPS)
    meter, reports, failed = Meter(), [], False
    with Bar(len(found), quiet=given["json"], meter=meter) as bar:
        first = next((path for path in found if path not in there), None)
        for path in found:
            report: dict[str, Any] = {"clip": str(path)}
            if path in there:
                reports.append(report | {"results": [], "skipped": "results exist"})
                bar.step()
                continue
            try:
                where = target.of(path)
                with words.refusal(ctx):
                    clip, output = _one(effect, path, more, params, meter)
                assert output.clip is not None
                report |= {"results": [str(output.clip.save(where, overwrite=given["overwrite"]))]}
                report |= {"broken_frames": output.clip.broken} | dict(output.facts)
                report |= _beside(
                    given, clip, output, first=path == first, name=path.stem if len(found) > 1 else ""
                )
                if not given["json"]:
                    bar.say(report["results"][0])
                    if output.clip.broken:
                        bar.say(f"{path}: {output.clip.broken} broken frames were concealed", err=True)
            except TinctError as error:
                failed = True
                report["error"] = {"code": error.code, "message": error.message}
                if not given["json"]:
                    bar.say(f"tinct: {path}: {error}", err=True)
            reports.append(report)
            bar.step()
    if there and not given["json"]:
        typer.echo(f"{len(there)} clips skipped (results exist)")
    if given["json"]:
        typer.echo(jsonlib.dumps(reports, indent=2, default=str))
    if failed:
        raise typer.Exit(1)


def _say_mode(ctx: typer.Context, given: dict[str, Any]) -> None:
    """The option that was given says the mode, as with photos, where none is named."""
    if "mode" in words.asked(ctx):
        return
    ways = {"apply": "map", "reference": "reference", "colors": "template"}
    given["mode"] = next((mode for name, mode in ways.items() if given.get(name)), given["mode"])


def _one(effect: Effect, path: Path, more: dict[str, Any], params: Any, meter: Meter) -> tuple[Clip, Output]:
    """The clip and what was made of it."""
    from tinct.clip.clip import Clip

    clip = Clip.open(path)
    if effect.estimate is not None:
        facts = clip.facts
        seconds = effect.estimate({"image": [(facts.width, facts.height, facts.frames)]}, params)
        if seconds >= WORTH_SAYING_S:
            meter.say(f"{path}: {facts.frames} frames, about {duration(seconds)}")
    return clip, effect.run({"image": clip, **more}, params, meter.part)


def _beside(given: dict[str, Any], clip: Clip, output: Output, *, first: bool, name: str) -> dict[str, Any]:
    """What is written beside the result; maps are called after the clip of this name, if any."""
    told: dict[str, Any] = {}
    if given.get("cube") is not None:
        path: Path = given["cube"]
        path = path.with_stem(f"{path.stem}-{name}") if name else path
        maps = output.maps
        names = [
            path if not number else path.with_stem(f"{path.stem}-{number + 1}") for number in range(len(maps))
        ]
        told["maps"] = [
            str(one.save(file, overwrite=given["overwrite"])) for one, file in zip(maps, names, strict=True)
        ]
    if given["compare"] is not None and first:
        from tinct.imaging.side_by_side import compared

        assert output.clip is not None
        told["compare"] = str(compared(clip, output.clip, given["compare"]))
    return told


def _check_beside(option: str, path: Path | None, endings: tuple[str, ...], overwrite: bool) -> None:
    """Refuse before the work, which is long, what could not be written after it."""
    if path is None:
        return
    _check_ending(option, path, endings)
    check_free(path, overwrite)


def _check_ending(option: str, path: Path | None, endings: tuple[str, ...]) -> None:
    if path is None:
        return
    if path.suffix.lower() not in endings:
        raise ParameterError(option, str(path), f"a file name that ends in {' or '.join(endings)}")
    _make(path.parent)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        raise OutputError(f"folder {folder} cannot be made; choose another output") from None


class _Target:
    """Where results go."""

    def __init__(self, out: Path | None, label: str, overwrite: bool, clips: int) -> None:
        from tinct.clip.clip import ENDINGS

        self._label, self._overwrite, self._taken = label, overwrite, set[Path]()
        self._file = (
            out if out is not None and out.suffix.lower() in ENDINGS and not os.path.isdir(out) else None
        )
        self._folder = out if self._file is None else None
        if (
            self._folder is not None
            and self._folder.suffix.lower() in _UNWRITTEN
            and not os.path.isdir(self._folder)
        ):
            raise ParameterError(
                "output", str(out), f"a file name that ends in {' or '.join(ENDINGS)}, or a folder"
            )
        if self._file is not None and clips > 1:
            raise ParameterError("output", str(out), "a folder, because there are several results")
        place = self._folder if self._file is None else self._file.parent
        if place is not None:
            _make(place)

    def of(self, clip: Path) -> Path:
        """For the result of a clip; its name is free."""
        if self._file is not None:
            check_free(self._file, self._overwrite)
            return self._file
        return self._free(clip, lambda path: os.path.exists(path) and not self._overwrite)

    def earlier(self, clips: Iterable[Path]) -> set[Path]:
        """Those of the clips whose results are there; of clips of one name they are numbered in this order."""
        if self._file is not None:
            return set(clips) if os.path.exists(self._file) else set()
        wanted = {clip: self._free(clip, lambda path: False) for clip in clips}
        there = {clip for clip, path in wanted.items() if os.path.exists(path)}
        self._taken = {wanted[clip] for clip in there}
        return there

    def _free(self, clip: Path, is_taken: Callable[[Path], bool]) -> Path:
        wanted = (self._folder or clip.parent) / f"{clip.stem}-{self._label}.mp4"
        path, count = wanted, 2
        while path in self._taken or is_taken(path):
            path, count = wanted.with_stem(f"{wanted.stem}-{count}"), count + 1
        self._taken.add(path)
        return path


def _collect(arguments: Iterable[str], recursive: bool) -> list[Path]:
    """Clips that files, folders and patterns name, each once."""
    from tinct.clip.clip import ENDINGS

    found: dict[Path, None] = {}
    labels: Callable[[], Iterable[str]] = _labels
    for argument in arguments:
        path = Path(argument)
        if os.path.isdir(path):
            files = [p for p in inputs.inside(path, recursive=recursive) if not p.name.startswith(".")]
            clips = [p for p in files if p.suffix.lower() in ENDINGS]
            clips = [p for p in clips if p not in inputs.results_among(clips, labels)]
            if not clips:
                raise ParameterError("clip", argument, "a folder with clips in it")
            found.update(dict.fromkeys(clips))
        elif os.path.exists(path):
            found[path] = None
        else:
            matches = sorted(Path(m) for m in glob.glob(argument, recursive=True) if Path(m).is_file())
            if not matches:
                raise ParameterError("clip", argument, "a file, a folder or a pattern that matches files")
            found.update(dict.fromkeys(matches))
    return list(found)


def _labels() -> set[str]:
    """What results of clips can be called after."""
    found: set[str] = set()
    for name in registry.clip_names():
        found |= {label.removeprefix(_PREFIX) for label in words.labels_of(registry.get(name))}
    return found
