"""``tinct light``: brighter photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinct.cli import batch

__all__ = ["light"]


def light(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    strength: Annotated[float, typer.Option(help="0 changes nothing, 1 is the full change.")] = 1.0,
    engine: Annotated[str, typer.Option(help="auto, classical or maxim; see tinct models.")] = "auto",
    denoise: Annotated[
        bool, typer.Option("--denoise/--no-denoise", help="Remove the noise that brightening would show.")
    ] = True,
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
    """Brighten dark and unevenly lit photos."""
    import tinct
    from tinct.effects.effect import checked
    from tinct.effects.light.light import run
    from tinct.effects.light.params import LightParams
    from tinct.effects.light.served import facts

    params = checked(LightParams, {"strength": strength, "engine": engine, "denoise": denoise})
    found = batch.collect(photos)
    outputs = batch.Outputs(output, len(found) == 1, overwrite, format)
    metadata: Any = "all" if keep_gps else "no-gps"

    def work(path: Path) -> dict[str, Any]:
        result = run(tinct.open(path), params)
        target = outputs.photo(path, result.photo.format, "light")
        saved = result.photo.save(target, format=format, quality=quality, metadata=metadata)
        return {"results": [str(saved)], **facts(result)}

    batch.run(found, work, as_json=json)
