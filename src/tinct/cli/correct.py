"""``tinct correct``: truer colours."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinct.cli import batch

__all__ = ["correct"]


def correct(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    strength: Annotated[float, typer.Option(help="0 changes nothing, 1 is the full change.")] = 1.0,
    engine: Annotated[str, typer.Option(help="auto, classical or maxim; see tinct models.")] = "auto",
    variants: Annotated[int, typer.Option(help="How many looks, 1 to 4: natural, warm, vivid, soft.")] = 1,
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
    """Take away the tint of the light, set black and white, wake up dull colours."""
    import tinct
    from tinct.effects.correct.correct import run
    from tinct.effects.correct.params import CorrectParams
    from tinct.effects.correct.served import facts
    from tinct.effects.effect import checked

    params = checked(CorrectParams, {"strength": strength, "engine": engine, "variants": variants})
    found = batch.collect(photos)
    outputs = batch.Outputs(output, len(found) * params.variants == 1, overwrite, format)
    metadata: Any = "all" if keep_gps else "no-gps"

    def work(path: Path) -> dict[str, Any]:
        result = run(tinct.open(path), params)
        saved = []
        for look, corrected in zip(result.looks, result.photos, strict=True):
            name = f"corrected-{look}" if params.variants > 1 else "corrected"
            target = outputs.photo(path, corrected.format, name)
            saved.append(str(corrected.save(target, format=format, quality=quality, metadata=metadata)))
        return {"results": saved, **facts(result)}

    batch.run(found, work, as_json=json)
