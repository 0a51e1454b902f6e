"""``tinct enhance``: sharper and larger photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinct.cli import batch

__all__ = ["enhance"]

_WORTH_SAYING = 3.0  # seconds


def enhance(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    scale: Annotated[int, typer.Option(help="1 restores; 2 and 4 enlarge so many times.")] = 2,
    model: Annotated[
        str,
        typer.Option(help="auto, span, realesrgan, clearreality, animevideo or classical; see tinct models."),
    ] = "auto",
    denoise: Annotated[
        str, typer.Option(help="auto, or 0 (none) to 1: how much noise and JPEG blocks are removed.")
    ] = "auto",
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
    """Make photos sharper and larger; their colours stay."""
    import tinct
    from tinct.effects.effect import checked
    from tinct.effects.enhance.enhance import plan, run
    from tinct.effects.enhance.params import EnhanceParams
    from tinct.effects.enhance.served import facts

    params = checked(EnhanceParams, {"scale": scale, "model": model, "denoise": denoise})
    found = batch.collect(photos)
    outputs = batch.Outputs(output, len(found) == 1, overwrite, format)
    metadata: Any = "all" if keep_gps else "no-gps"
    meter = batch.Meter()

    def work(path: Path) -> dict[str, Any]:
        photo = tinct.open(path)
        planned = plan(photo, params)
        before = planned.estimate
        if before.seconds >= _WORTH_SAYING:
            meter.say(f"{path}: about {_duration(before.seconds)} ({before.engine}, tiles: {before.tiles})")
        result = run(photo, params, meter.part, planned)
        target = outputs.photo(path, result.photo.format, f"x{scale}" if scale > 1 else "enhanced")
        saved = result.photo.save(target, format=format, quality=quality, metadata=metadata)
        return {"results": [str(saved)], **facts(result)}

    batch.run(found, work, as_json=json, meter=meter)


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
