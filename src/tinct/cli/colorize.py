"""``tinct colorize`` also colours photos of one scene alike."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer

from tinct.cli import batch, inputs
from tinct.cli.effects import EffectCommand
from tinct.cli.outputs import Outputs
from tinct.cli.parameters import Options
from tinct.effects.effect import Output, best_first
from tinct.errors import ParameterError, PhotoError

if TYPE_CHECKING:
    from tinct.effects.colorize.scene import Scene
    from tinct.photo.photo import Photo

__all__ = ["Command"]


class Command(EffectCommand):
    """One photo after another, or all of them read as one scene first."""

    extra: ClassVar[Options] = {
        "same_scene": (
            bool,
            typer.Option(
                False,
                "--same-scene",
                help="The photos show one scene, as pages or frames do: the same coat, the same wall get one colour. "
                "Up to 100 photos; those of another place come out as alone. A --hint is of the first photo, or "
                "of the one that it names, FILE:x,y,colour, and is carried to the others.",
            ),
        ),
    }

    several: ClassVar[Mapping[str, str]] = {"hints": "; or photos of one scene, with --same-scene"}

    def sensible(self) -> None:
        """A scene gives one answer for each photo."""
        self._numbers: dict[Path, int] = {}
        self._scene: Scene | None = None
        if self.given["same_scene"]:
            self.only(
                "variants seed", False, "nothing with --same-scene, which gives one answer for each photo"
            )

    def read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Hints of a scene are kept apart, for they name their photo."""
        self._hints: list[str] = []
        if self.given["same_scene"] and self.given["hints"]:
            self._hints, self.given["hints"] = self.given["hints"], None
        return super().read()

    def prepare(self, photos: list[Path], outputs: Outputs) -> None:
        """Read the scene."""
        if not self.given["same_scene"]:
            return
        if inputs.STREAM in photos:
            raise ParameterError("same_scene", "-", "files: photos of a scene are read twice")
        from tinct.effects.colorize.scene import SceneReader
        from tinct.imaging.pool import MOST

        if len(photos) > MOST:
            raise ParameterError("same_scene", f"{len(photos)} photos", f"1 to {MOST} photos of a scene")
        hints = [_hint(text) for text in self._hints]
        reader = SceneReader(self.inputs.get("reference"))
        for path in photos:
            try:
                photo = inputs.opened(path)
            except PhotoError:
                continue  # said when it is its turn
            self._numbers[path] = reader.look(photo)
        self._scene = reader.read([self._placed(hint) for hint in hints])

    def _placed(self, hint: tuple[str, str, str, str]) -> dict[str, Any]:
        """A hint with the number of the photo that it names."""
        name, x, y, color = hint
        there = [path for path in self._numbers if name in ("", str(path), path.name)]
        if not there or (name and len(there) > 1):
            found = f"{name}: {len(there)} photos of that name" if name else "no photo that can be read"
            raise ParameterError("hints", found, "the name of one of the photos, as FILE:x,y,colour")
        return {"photo": self._numbers[there[0]], "x": x, "y": y, "color": color}

    def _done(self, path: Path, photo: Photo | None) -> Output:
        """Of the scene, where there is one."""
        if self._scene is None or photo is None:
            return super()._done(path, photo)
        number = self._numbers[path]
        made = self._scene.colorize(number, photo, self.params.strength, self.params.neutralise)
        names = {n: str(other) for other, n in self._numbers.items()}
        alike = [names[other] for other in self._scene.partners[number]]
        facts: Mapping[str, Any] = {
            "tone": made.tone,
            "already_color": made.already_color,
            "same_scene": alike,
        }
        return Output(results=best_first(made.photos), facts=facts)

    def report(self, path: Path, photo: Photo, output: Output) -> batch.Done:
        """Who stayed alone is said."""
        done = super().report(path, photo, output)
        if self._scene is not None and len(self._numbers) > 1 and not output.facts["same_scene"]:
            line = f"{path}: nothing in common with the other photos was found; coloured as alone"
            done.tell.append(lambda: typer.echo(line, err=True))
        return done


def _hint(text: str) -> tuple[str, str, str, str]:
    """FILE (or nothing), x, y, colour."""
    name, colon, rest = text.rpartition(":")
    parts = rest.split(",")
    if len(parts) != 3:
        raise ParameterError("hints", text, "x,y,colour, or FILE:x,y,colour")
    x, y, color = parts
    return name if colon else "", x, y, color
