"""``tinct migrate``: recolour photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinct.cli import batch
from tinct.errors import OutputError, ParameterError, PhotoError

if TYPE_CHECKING:
    from tinct.effects.migrate.params import MigrateParams
    from tinct.imaging.colormap import ColorMap
    from tinct.photo.photo import Photo

__all__ = ["migrate"]


def migrate(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    auto: Annotated[int | None, typer.Option(help="This many new colour families, 1 to 8.")] = None,
    template: Annotated[str | None, typer.Option(help='1 to 7 swatches, such as "#DB0D0D,#0E0CBB".')] = None,
    reference: Annotated[Path | None, typer.Option(help="The photo whose colours to take.")] = None,
    apply: Annotated[Path | None, typer.Option(help="A colour map (.cube) to apply.")] = None,
    degree: Annotated[float, typer.Option(help="0 keeps the photo, 1 recolours it fully.")] = 1.0,
    smoothness: Annotated[
        float, typer.Option(help="With --reference: 0 tightest, 1 smoothest.", show_default=True)
    ] = 0.5,
    seed: Annotated[int, typer.Option(help="Same seed, same results.")] = 0,
    portrait: Annotated[bool, typer.Option(help="People keep their own colours.")] = True,
    strength: Annotated[float, typer.Option(help="How completely people keep them, 0 to 1.")] = 1.0,
    mask: Annotated[bool, typer.Option("--mask", help="Also write where people were found.")] = False,
    cube: Annotated[Path | None, typer.Option(help="Also save the fitted colour map here (.cube).")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A folder, or a file for a single result.")
    ] = Path(),
    format: Annotated[
        str | None, typer.Option(help="jpeg, png, webp, tiff, heif or avif; else as the source.")
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of lossy formats.")] = 92,
    keep_gps: Annotated[bool, typer.Option("--keep-gps", help="Keep the place in the metadata.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files of the same name.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Recolour photos: new colour families, swatches, or another photo's colours."""
    import tinct
    from tinct.effects.effect import checked
    from tinct.effects.migrate.params import MigrateParams

    mode = _mode({"auto": auto, "template": template, "reference": reference, "apply": apply})
    params = checked(
        MigrateParams,
        {
            "mode": "auto" if mode == "apply" else mode,
            "count": 1 if auto is None else auto,
            "colors": template,
            "degree": degree,
            "smoothness": smoothness,
            "seed": seed,
            "portrait": portrait,
            "strength": strength,
        },
    )
    fixed = tinct.ColorMap.load(apply) if apply is not None else None
    colors_from = _open_reference(reference) if reference is not None else None
    found = batch.collect(photos)
    outputs = batch.Outputs(output, len(found) * params.count == 1, overwrite, format)
    cubes = _Cubes(cube, len(found), params.count, overwrite) if cube is not None else None
    save: dict[str, Any] = {"quality": quality, "metadata": "all" if keep_gps else "no-gps"}
    label = apply.stem if apply is not None else params.mode

    def work(path: Path) -> dict[str, Any]:
        photo = tinct.open(path)
        results, maps, people = _recolor(photo, colors_from, params, fixed)
        report: dict[str, Any] = {"results": []}
        for number, result in enumerate(results, 1):
            name = f"{label}-{number}" if params.count > 1 else label
            target = outputs.photo(path, result.format, name)
            report["results"].append(str(result.save(target, format=format, overwrite=overwrite, **save)))
        if cubes is not None:
            report["maps"] = cubes.save(maps, path)
        if mask:
            report["mask"] = _save_mask(people, photo, outputs.beside(f"{path.stem}-people.png"))
        return report

    batch.run(found, work, as_json=json)


def _mode(options: dict[str, object]) -> str:
    """Which of the four ways to recolour was asked for; auto where none was."""
    given = [name for name, value in options.items() if value is not None]
    if len(given) > 1:
        raise ParameterError("mode", " and ".join("--" + name for name in given), "only one of them")
    return given[0] if given else "auto"


def _open_reference(path: Path) -> Photo:
    import tinct

    try:
        return tinct.open(path)
    except PhotoError as error:
        raise type(error)(f"reference: {error}") from None


def _recolor(
    photo: Photo, colors_from: Photo | None, params: MigrateParams, fixed: ColorMap | None
) -> tuple[list[Photo], list[ColorMap], Any]:
    """Results, the maps that made them, and the people that were left alone."""
    from tinct.effects.migrate.migrate import find_people, run

    if fixed is None:
        made = run(photo, colors_from, params)
        return list(made.photos), list(made.maps), made.people
    people = find_people(photo) if params.portrait else None
    done = fixed.apply(photo, degree=params.degree, protect=people, strength=params.strength)
    return [done], [fixed], people


class _Cubes:
    """Where fitted maps go: one under the name that was asked for, several under names made from it."""

    def __init__(self, path: Path, photos: int, maps: int, overwrite: bool) -> None:
        self._path, self._photos, self._maps, self._overwrite = path, photos, maps, overwrite
        self._names = batch.Outputs(path.parent, single=False, overwrite=overwrite)
        if photos * maps == 1 and path.exists() and not overwrite:
            raise OutputError(f"{path.name} exists; choose another name or add --overwrite")

    def save(self, maps: list[ColorMap], photo: Path) -> list[str]:
        saved = []
        for number, color_map in enumerate(maps, 1):
            parts = [self._path.stem]
            parts += [photo.stem] if self._photos > 1 else []
            parts += [str(number)] if self._maps > 1 else []
            path = self._names.beside("-".join(parts) + self._path.suffix)
            saved.append(str(color_map.save(path, overwrite=self._overwrite)))
        return saved


def _save_mask(people: Any, photo: Photo, path: Path) -> str | None:
    """Write the mask as a grey PNG; None without people."""
    if people is None:
        return None
    import numpy as np

    from tinct.photo.photo import Photo

    full = people.full(photo)
    return str(Photo(np.repeat(full[..., None], 3, axis=2), gray=True).save(path))
