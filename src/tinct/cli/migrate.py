"""``tinct migrate`` has an option for each way to recolour, takes and saves colour maps, and shows who was spared."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer

from tinct.cli import batch
from tinct.cli.effects import EffectCommand, Options
from tinct.errors import OutputError, ParameterError

if TYPE_CHECKING:
    from tinct.effects.effect import Output
    from tinct.imaging.colormap import ColorMap
    from tinct.imaging.people import PersonMask
    from tinct.photo.photo import Photo

__all__ = ["Command"]


class Command(EffectCommand):
    """One of four ways to recolour, and what comes of it beside photos."""

    extra: ClassVar[Options] = {
        "auto": (int | None, typer.Option(None, help="This many new colour families, 1 to 8.")),
        "template": (str | None, typer.Option(None, help='1 to 7 swatches, such as "#DB0D0D,navy".')),
        "apply": (Path | None, typer.Option(None, metavar="FILE", help="A colour map (.cube) to apply.")),
        "cube": (
            Path | None,
            typer.Option(None, metavar="FILE", help="Also save the fitted colour map here (.cube)."),
        ),
        "mask": (bool, typer.Option(False, "--mask", help="Also write where people were found.")),
    }
    replaced = frozenset({"mode", "count", "colors"})

    def read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The option that was given says the mode."""
        import tinct

        given = self.given
        chosen = [way for way in ("auto", "template", "reference", "apply") if given[way] is not None]
        if len(chosen) > 1:
            raise ParameterError("mode", " and ".join("--" + name for name in chosen), "only one of them")
        self._map = tinct.ColorMap.load(given["apply"]) if given["apply"] is not None else None
        mode = chosen[0] if chosen and chosen[0] != "apply" else "auto"
        inputs, params = super().read()
        ways = {
            "mode": mode,
            "colors": given["template"],
            "count": 1 if given["auto"] is None else given["auto"],
        }
        return inputs, params | ways

    def prepare(self, photos: int, outputs: batch.Outputs) -> None:
        """Names for colour maps."""
        self._outputs = outputs
        cube, count = self.given["cube"], self.params.count
        self._cubes = _Cubes(cube, photos, count, self.given["overwrite"]) if cube is not None else None

    def label(self) -> str:
        """After the map that is applied, or the mode."""
        return self.given["apply"].stem if self._map is not None else super().label()

    def make(self, photos: Mapping[str, Any], progress: Callable[[float], None]) -> Output:
        """Keep the maps and people of this photo for `report`."""
        from tinct.effects.effect import Output, best_first
        from tinct.effects.migrate.migrate import migrate
        from tinct.imaging.people import find_people

        photo, params = photos["image"], self.params
        self._maps: tuple[ColorMap, ...]
        self._people: PersonMask | None
        if self._map is None:
            made = migrate(photo, reference=photos.get("reference"), progress=progress, **dict(params))
            self._maps, self._people = made.maps, made.people
            return Output(results=best_first(made.photos))
        self._maps, self._people = (
            (self._map,),
            find_people(photo, params.protect) if params.portrait else None,
        )
        done = self._map.apply(photo, degree=params.degree, protect=self._people, strength=params.strength)
        return Output(results=best_first([done]))

    def report(self, path: Path, photo: Photo, output: Output) -> dict[str, Any]:
        """What was saved beside results."""
        report: dict[str, Any] = {}
        if self._people is not None:
            report["people"] = self._people.facts
            if not self.given["json"]:
                kept = f"people kept: {self._people.share:.0%} (--no-portrait to recolour them)"
                typer.echo(f"{path}: {kept}", err=True)
        if self._cubes is not None:
            report["maps"] = self._cubes.save(self._maps, path)
        if self.given["mask"]:
            report["mask"] = self._save_mask(photo, self._outputs.beside(f"{path.stem}-people.png"))
        return report

    def _save_mask(self, photo: Photo, path: Path) -> str | None:
        """Write the mask as a grey PNG; None without people."""
        if self._people is None:
            return None
        import numpy as np

        from tinct.photo.photo import Photo

        full = self._people.full(photo)
        return str(Photo(np.repeat(full[..., None], 3, axis=2), gray=True).save(path))


class _Cubes:
    """Where fitted maps go: one under the name that was asked for, several under names made from it."""

    def __init__(self, path: Path, photos: int, maps: int, overwrite: bool) -> None:
        self._path, self._photos, self._maps, self._overwrite = path, photos, maps, overwrite
        self._names = batch.Outputs(path.parent, single=False, overwrite=overwrite)
        if photos * maps == 1 and os.path.exists(path) and not overwrite:
            raise OutputError(f"{path.name} exists; choose another name or add --overwrite")

    def save(self, maps: tuple[ColorMap, ...], photo: Path) -> list[str]:
        saved = []
        for number, color_map in enumerate(maps, 1):
            parts = [self._path.stem]
            parts += [photo.stem] if self._photos > 1 else []
            parts += [str(number)] if self._maps > 1 else []
            path = self._names.beside("-".join(parts) + self._path.suffix)
            saved.append(str(color_map.save(path, overwrite=self._overwrite)))
        return saved
