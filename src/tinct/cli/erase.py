"""``tinct erase``: remove objects from photos."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinct.cli import batch
from tinct.errors import ParameterError, PhotoError

if TYPE_CHECKING:
    from tinct.photo.photo import Photo

__all__ = ["erase"]


def erase(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    mask: Annotated[
        Path | None, typer.Option(help="Grey picture of the photo's size: white is removed.")
    ] = None,
    box: Annotated[
        list[str] | None, typer.Option(help="A rectangle to remove, x,y,width,height; may be given again.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="shift continues structure, patch builds texture, auto chooses for each hole.")
    ] = "auto",
    grow: Annotated[int, typer.Option(help="Pixels by which to widen the mask, against halos.")] = 0,
    seed: Annotated[int, typer.Option(help="Same seed, same results.")] = 0,
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
    """Remove what a mask or rectangles cover; the rest of the photo stays."""
    import tinct
    from tinct.effects.effect import checked
    from tinct.effects.erase.erase import run
    from tinct.effects.erase.params import EraseParams

    params = checked(EraseParams, {"method": method, "grow": grow, "seed": seed})
    rectangles = [_rectangle(text) for text in box or []]
    if (mask is None) == (not rectangles):
        found = "both" if rectangles else "neither --mask nor --box"
        raise ParameterError("mask", found, "either --mask FILE or --box x,y,width,height")
    painted = _open_mask(mask) if mask is not None else None
    found_photos = batch.collect(photos)
    outputs = batch.Outputs(output, len(found_photos) == 1, overwrite, format)
    metadata: Any = "all" if keep_gps else "no-gps"

    def work(path: Path) -> dict[str, Any]:
        photo = tinct.open(path)
        target = outputs.photo(path, photo.format, "erased")
        result = run(photo, painted if painted is not None else _boxes(photo, rectangles), params)
        saved = result.photo.save(target, format=format, quality=quality, metadata=metadata)
        return {
            "results": [str(saved)],
            "holes": [{"box": list(h.box), "engine": h.engine} for h in result.holes],
        }

    batch.run(found_photos, work, as_json=json)


def _rectangle(text: str) -> tuple[int, int, int, int]:
    try:
        x, y, width, height = (int(part) for part in text.split(","))
    except ValueError:
        raise ParameterError("box", text, "x,y,width,height as whole numbers") from None
    return x, y, width, height


def _boxes(photo: Photo, rectangles: list[tuple[int, int, int, int]]) -> Photo:
    from tinct.effects.erase.mask import boxes

    return boxes(photo, rectangles)


def _open_mask(path: Path) -> Photo:
    import tinct

    try:
        return tinct.open(path)
    except PhotoError as error:
        raise type(error)(f"mask: {error}") from None
