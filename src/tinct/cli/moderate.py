"""``tinct moderate``: check photos for unsafe content."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from tinct.cli import batch

__all__ = ["moderate"]

_UNSAFE = 3


def moderate(
    photos: Annotated[list[str], typer.Argument(metavar="PHOTO...", help="Files, folders or patterns.")],
    threshold: Annotated[float, typer.Option(help="Above 0, below 1; lower is stricter.")] = 0.5,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document, with the score of each class.")
    ] = False,
) -> None:
    """Check photos for nudity and pornography. Exit status 3 if one is unsafe, 1 if one could not be read."""
    import tinct
    from tinct.effects.effect import checked
    from tinct.effects.moderate.moderate import run
    from tinct.effects.moderate.params import ModerateParams

    params = checked(ModerateParams, {"threshold": threshold})
    unsafe = False

    def work(path: Path) -> dict[str, Any]:
        nonlocal unsafe
        found = run(tinct.open(path), params)
        unsafe |= found.verdict == "unsafe"
        if not json:
            typer.echo(f"{path}: {found.verdict} {found.score:.3f}")
        return asdict(found)

    batch.run(batch.collect(photos), work, as_json=json)
    if unsafe:
        raise typer.Exit(_UNSAFE)
