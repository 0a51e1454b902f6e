"""``tinct background``: the subject cut out, elsewhere, or before a blurred background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinct.cli import batch
from tinct.errors import ParameterError

__all__ = ["background"]


def background(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    mode: Annotated[str, typer.Option(help="remove, mask, change or blur.")] = "remove",
    subject: Annotated[str, typer.Option(help="auto, person or any.")] = "auto",
    color: Annotated[
        str | None, typer.Option(help='For change: "#RRGGBB", or two, from top to bottom.')
    ] = None,
    backdrop: Annotated[Path | None, typer.Option(help="For change: the photo to stand behind.")] = None,
    amount: Annotated[float, typer.Option(help="For blur: how far out of focus, up to 1.")] = 0.5,
    mask: Annotated[Path | None, typer.Option(help="A matte of your own, of the photo's size.")] = None,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="A folder, or a file for a single result.")
    ] = Path(),
    format: Annotated[
        str | None,
        typer.Option(
            help="jpeg, png, webp, tiff, heif or avif; else as the source, png where it has opacity."
        ),
    ] = None,
    quality: Annotated[int, typer.Option(min=1, max=100, help="Of lossy formats.")] = 92,
    keep_gps: Annotated[bool, typer.Option("--keep-gps", help="Keep the place in the metadata.")] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files of the same name.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Separate subjects from what is behind them."""
    import tinct
    from tinct.effects.background.background import run
    from tinct.effects.background.params import BackgroundParams
    from tinct.effects.background.served import facts
    from tinct.effects.effect import checked

    params = checked(BackgroundParams, {"mode": mode, "subject": subject, "colors": color, "amount": amount})
    found = batch.collect(photos)
    if mask is not None and len(found) > 1:
        raise ParameterError("mask", f"{len(found)} photos", "one photo, because a mask is of one")
    if format is None and params.mode in ("remove", "mask"):
        format = "png"
    behind = tinct.open(backdrop) if backdrop is not None else None
    matte = tinct.open(mask) if mask is not None else None
    outputs = batch.Outputs(output, len(found) == 1, overwrite, format)
    metadata: Any = "all" if keep_gps else "no-gps"
    names = {"remove": "cutout", "mask": "mask", "change": "background", "blur": "blur"}

    def work(path: Path) -> dict[str, Any]:
        result = run(tinct.open(path), params, backdrop=behind, mask=matte)
        target = outputs.photo(path, result.photo.format, names[params.mode])
        saved = result.photo.save(target, format=format, quality=quality, metadata=metadata)
        return {"results": [str(saved)], **facts(result)}

    batch.run(found, work, as_json=json)
