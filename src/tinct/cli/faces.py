"""``tinct faces``: where the faces of photos are; ``tinct marked``: whether some of them were swapped."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tinct.cli import batch, inputs
from tinct.cli.common import AS_JSON, PHOTOS, RECURSIVE
from tinct.cli.words import labels

if TYPE_CHECKING:
    from tinct.faces.face import Face

__all__ = ["faces", "marked"]


def faces(
    photos: list[str] = PHOTOS,
    recursive: bool = RECURSIVE,
    small: Annotated[
        bool, typer.Option("--small", help="Also faces of 14 to 24 pixels; takes several times as long.")
    ] = False,
    boxes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE|FOLDER", help="Also write the photo with numbered boxes: a file, or a folder."
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")] = False,
    json: bool = AS_JSON,
) -> None:
    """Find faces: boxes from left to right, how sure each is, and how the heads are turned."""
    import tinct
    from tinct.faces.draw import boxed
    from tinct.faces.facts import facts

    named = batch.collect(photos, recursive=recursive, labels=labels)
    outputs = None
    if boxes is not None:
        single = len(named.photos) == 1
        outputs = batch.Outputs(
            boxes, single, overwrite, places=named.places, photos=named.photos, option="--boxes"
        )
        outputs.check()

    def work(path: Path) -> batch.Done:
        photo = inputs.opened(path)
        found = tinct.find_faces(photo, small=small)
        written = {}
        if outputs is not None:
            saved = boxed(photo, found).save(outputs.photo(path, photo.format, "faces"))
            written = {"picture": str(saved)}
        return batch.Done({"faces": facts(found), **written}, [lambda: _print(path, found)])

    batch.run(named, work, as_json=json)


def marked(
    photos: list[str] = PHOTOS,
    recursive: bool = RECURSIVE,
    json: bool = AS_JSON,
) -> None:
    """Look for the invisible sign that swap writes with --mark invisible; strength from 6 on means that it is there."""
    import tinct

    def work(path: Path) -> batch.Done:
        found = tinct.find_mark(inputs.opened(path))
        said = "faces were swapped" if found.found else "no sign found"
        line = f"{path}: {said} (strength {found.strength:.1f})"
        report = {"marked": found.found, "strength": round(found.strength, 2)}
        return batch.Done(report, [lambda: typer.echo(line)])

    batch.run(batch.collect(photos, recursive=recursive), work, as_json=json, abreast=True)


def _print(path: Path, found: Sequence[Face]) -> None:
    typer.echo(f"{path}: {len(found)} {'face' if len(found) == 1 else 'faces'}")
    for number, face in enumerate(found):
        left, top, right, bottom = face.box
        typer.echo(
            f"  {number}: {right - left}x{bottom - top} at {left},{top}; "
            f"turned {face.pose.yaw:+.0f}, raised {face.pose.pitch:+.0f}, tilted {face.pose.roll:+.0f} degrees"
        )
