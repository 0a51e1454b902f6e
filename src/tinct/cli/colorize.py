"""``tinct colorize``: colour black-and-white photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinct.cli import batch
from tinct.cli.sheet import Sheet
from tinct.errors import OutputError, ParameterError

__all__ = ["colorize"]


def colorize(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    variants: Annotated[
        int, typer.Option(help="How many colourings of each, 1 to 4; the first is best.")
    ] = 1,
    strength: Annotated[float, typer.Option(help="0 adds no colour, 1 colours fully.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Same seed, same results.")] = 0,
    neutralise: Annotated[
        str,
        typer.Option(help="Colour the photo already has: auto drops the tint of paper, on all, off none."),
    ] = "auto",
    hint: Annotated[
        list[str] | None, typer.Option(help='A known colour, "x,y,#RRGGBB"; may be given again.')
    ] = None,
    reference: Annotated[Path | None, typer.Option(help="A photo whose colours to lean towards.")] = None,
    smooth_scan: Annotated[
        bool,
        typer.Option("--smooth-scan", help="Keep dust, scratches and grain from misleading the network."),
    ] = False,
    sheet: Annotated[Path | None, typer.Option(help="Also write a before/after contact sheet here.")] = None,
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
    """Colour black-and-white, sepia and faded photos; their luminance stays."""
    import tinct
    from tinct.effects.colorize.colorize import run
    from tinct.effects.colorize.params import ColorizeParams
    from tinct.effects.effect import checked

    chosen = {"variants": variants, "strength": strength, "seed": seed, "neutralise": neutralise}
    params = checked(ColorizeParams, chosen | {"hints": hint or [], "smooth_scan": smooth_scan})
    found = batch.collect(photos)
    if params.hints and len(found) > 1:
        raise ParameterError("hint", f"{len(found)} photos", "one photo, because hints are points of it")
    if sheet is not None and sheet.exists() and not overwrite:
        raise OutputError(f"{sheet.name} exists; choose another name or add --overwrite")
    colors_from = tinct.open(reference) if reference is not None else None
    outputs = batch.Outputs(output, len(found) * params.variants == 1, overwrite, format)
    metadata: Any = "all" if keep_gps else "no-gps"
    page = Sheet()

    def work(path: Path) -> dict[str, Any]:
        photo = tinct.open(path)
        result = run(photo, colors_from, params)
        if sheet is not None:
            page.add(photo, *result.photos)
        saved = []
        for number, colored in enumerate(result.photos, 1):
            name = f"color-{number}" if params.variants > 1 else "color"
            target = outputs.photo(path, colored.format, name)
            saved.append(str(colored.save(target, format=format, quality=quality, metadata=metadata)))
        return {"results": saved, "tone": result.tone, "already_color": result.already_color}

    try:
        batch.run(found, work, as_json=json)
    finally:
        if sheet is not None and page:
            page.save(sheet)
