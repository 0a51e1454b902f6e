"""``tinct faces``: where the faces of photos are; ``tinct marked``: whether some of them were swapped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tinct.cli import batch

__all__ = ["faces", "marked"]


def faces(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    small: Annotated[
        bool, typer.Option("--small", help="Also faces of 14 to 24 pixels; takes several times as long.")
    ] = False,
    boxes: Annotated[
        Path | None, typer.Option(help="Also write the photo with numbered boxes: a file, or a folder.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Find faces: boxes from left to right, how sure each is, and how the heads are turned."""
    import tinct
    from tinct.faces.draw import boxed
    from tinct.faces.facts import facts

    named = batch.collect(photos)
    outputs = batch.Outputs(boxes, single=len(named.photos) == 1, overwrite=overwrite) if boxes else None

    def work(path: Path) -> dict[str, Any]:
        photo = tinct.open(path)
        found = tinct.find_faces(photo, small=small)
        if not json:
            typer.echo(f"{path}: {len(found)} {'face' if len(found) == 1 else 'faces'}")
            for number, face in enumerate(found):
                left, top, right, bottom = face.box
                typer.echo(
                    f"  {number}: {right - left}x{bottom - top} at {left},{top}; "
                    f"turned {face.pose.yaw:+.0f}, raised {face.pose.pitch:+.0f}, tilted {face.pose.roll:+.0f} degrees"
                )
        written = {}
        if outputs is not None:
            saved = boxed(photo, found).save(outputs.photo(path, photo.format, "faces"))
            written = {"picture": str(saved)}
        return {"faces": facts(found), **written}

    batch.run(named, work, as_json=json)


def marked(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Look for the invisible sign that swap writes with --mark invisible; strength from 6 on means that it is there."""
    import tinct

    def work(path: Path) -> dict[str, Any]:
        found = tinct.find_mark(tinct.open(path))
        if not json:
            said = "faces were swapped" if found.found else "no sign found"
            typer.echo(f"{path}: {said} (strength {found.strength:.1f})")
        return {"marked": found.found, "strength": round(found.strength, 2)}

    batch.run(batch.collect(photos), work, as_json=json)
