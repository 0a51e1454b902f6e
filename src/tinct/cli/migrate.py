"""``tinct migrate`` has an option for each way to recolour, takes and saves colour maps, and shows who was spared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import typer

from tinct.cli import batch
from tinct.cli.effects import EffectCommand
from tinct.cli.lines import plain
from tinct.cli.outputs import Beside, Outputs
from tinct.cli.parameters import Options, number
from tinct.effects.effect import Output
from tinct.errors import ParameterError

if TYPE_CHECKING:
    from tinct.imaging.colormap import ColorMap
    from tinct.imaging.people import PersonMask
    from tinct.photo.photo import Photo

__all__ = ["Command"]

_WAYS = ("auto", "template", "reference", "apply")
_MAP_ENDINGS = (".cube", ".png")
_SIZES = ("17", "33", "65")


@dataclass(frozen=True, kw_only=True)
class _Made(Output):
    """Results with what else may be saved of them."""

    maps: tuple[ColorMap, ...]
    people: PersonMask | None


class Command(EffectCommand):
    """One of four ways to recolour, and what comes of it beside photos."""

    extra: ClassVar[Options] = {
        "auto": (
            str | None,
            typer.Option(None, metavar="[1 to 8]", help="This many new colour families; one is the default."),
        ),
        "template": (
            str | None,
            typer.Option(
                None,
                metavar="COLORS",
                help='1 to 7 swatches, such as "#DB0D0D,navy": CSS names, #RGB, #RRGGBB.',
            ),
        ),
        "apply": (
            Path | None,
            typer.Option(None, metavar="FILE", help="A colour map to apply: .cube, or HaldCLUT as PNG."),
        ),
        "cube": (
            Path | None,
            typer.Option(
                None,
                metavar="FILE",
                help="Also save the colour map here, as it was applied (with --degree): .cube, or .png for HaldCLUT.",
            ),
        ),
        "cube_size": (
            str | None,
            typer.Option(
                None,
                metavar="[17|33|65]",
                help="Nodes along each side of the saved .cube; 33 is what a fit has.",
                autocompletion=lambda incomplete: list(_SIZES),
            ),
        ),
        "save_mask": (
            Path | None,
            typer.Option(
                None,
                metavar="FILE",
                help="Also save where people were found and kept their colours: a grey picture, white on people.",
            ),
        ),
    }
    replaced = frozenset({"mode", "count", "colors", "map", "maps"})
    written = ("sheet", "cube", "save_mask")
    words: ClassVar[Mapping[str, str]] = {"strength": "protect_degree"}
    fields: ClassVar[Mapping[str, str]] = {"count": "auto", "colors": "template"}

    def sensible(self) -> None:
        """The option that was given says the mode; those of other modes are refused."""
        given = self.given
        chosen = [way for way in _WAYS if given[way] is not None]
        if len(chosen) > 1:
            raise ParameterError("mode", " and ".join("--" + name for name in chosen), "only one of them")
        self._way = way = chosen[0] if chosen else "auto"
        self.only("style", way == "auto", "only with --auto")
        self.only("spread", way == "template", "only with --template")
        self.only("smoothness", way == "reference", "only with --reference")
        self.only("seed", way in ("auto", "reference"), "only with --auto or --reference")
        self.only(
            "strength protect save_mask",
            given["portrait"],
            "nothing with --no-portrait: nobody is looked for",
        )
        self.only("cube_size", given["cube"] is not None, "only with --cube FILE")
        if given["cube"] is not None:
            is_cube = given["cube"].suffix.lower() == ".cube"
            self.only("cube_size", is_cube, "only with a .cube; a HaldCLUT has 64 nodes")
        if given["cube_size"] not in (None, *_SIZES):
            raise ParameterError("cube_size", given["cube_size"], ", ".join(_SIZES))

    def read(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """With the mode, and the map that is to be applied."""
        import tinct

        given = self.given
        self._map = tinct.ColorMap.load(given["apply"]) if given["apply"] is not None else None
        inputs, params = super().read()
        ways = {
            "mode": "auto" if self._way == "apply" else self._way,
            "colors": given["template"],
            "count": 1 if given["auto"] is None else number(given["auto"], {"type": "integer"}),
        }
        return inputs, params | ways

    def prepare(self, photos: list[Path], outputs: Outputs) -> None:
        """Names for colour maps and masks."""
        self._cubes = self.beside("cube", photos, self.params.count, _MAP_ENDINGS)
        self._masks: Beside | None = self.beside("save_mask", photos, 1, (".png",), "mask")

    def label(self) -> str:
        """After the map that is applied, or the mode."""
        return f"apply-{self.given['apply'].stem}" if self._map is not None else super().label()

    def make(self, photos: Mapping[str, Any], progress: Callable[[float], None]) -> Output:
        """With the maps and people of this photo."""
        from tinct.effects.effect import best_first
        from tinct.effects.migrate.migrate import migrate
        from tinct.imaging.people import find_people

        photo, mask, params = photos["image"], photos.get("mask"), self.params
        if self._map is None:
            made = migrate(
                photo, reference=photos.get("reference"), mask=mask, progress=progress, **dict(params)
            )
            return _Made(results=best_first(made.photos), maps=made.maps, people=made.people)
        people = find_people(photo, params.protect) if params.portrait else None
        done = self._map.apply(
            photo, degree=params.degree, mask=mask, protect=people, strength=params.strength
        )
        return _Made(results=best_first([done]), maps=(self._map,), people=people)

    def report(self, path: Path, photo: Photo, output: Output) -> batch.Done:
        """What was saved beside results."""
        assert isinstance(output, _Made)
        done = batch.Done()
        if output.people is not None:
            done.report["people"] = output.people.facts
            kept = f"people kept: {output.people.share:.0%} (--no-portrait to recolour them)"
            done.tell.append(lambda: typer.echo(plain(f"{path}: {kept}"), err=True))
        if self._cubes is not None:
            done.report["maps"] = [
                self._save_map(color_map, self._cubes.path(path, number))
                for number, color_map in enumerate(output.maps, 1)
            ]
        if self._masks is not None:
            done.report["mask"] = self._save_mask(output.people, photo, self._masks, path)
            if output.people is None:
                nobody = plain(f"tinct: {path}: no people were found, so there is no mask to save")
                done.tell.append(lambda: typer.echo(nobody, err=True))
        return done

    def _save_map(self, color_map: ColorMap, path: Path) -> str:
        """The map at the degree that was shown."""
        shown = color_map.blend(self.params.degree) if self.params.degree < 1 else color_map
        size = int(self.given["cube_size"]) if self.given["cube_size"] is not None else None
        return str(shown.save(path, size=size, overwrite=self.given["overwrite"]))

    def _save_mask(self, people: PersonMask | None, photo: Photo, masks: Beside, path: Path) -> str | None:
        """Write the mask as a grey PNG; None without people."""
        if people is None:
            return None
        import numpy as np

        from tinct.photo.photo import Photo

        full = people.full(photo)
        mask = Photo(np.repeat(full[..., None], 3, axis=2), gray=True)
        return str(mask.save(masks.path(path), overwrite=self.given["overwrite"]))
