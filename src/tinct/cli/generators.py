"""``tinct models use``: bring a generator, and what other commands tell of those there are."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tinct.errors import ParameterError

if TYPE_CHECKING:
    from tinct.models.generators.uses import Use

__all__ = ["forget", "reach_service", "rows", "use"]

TASK = typer.Argument(metavar="TASK", help="text-to-image, image-to-image or inpaint.")


def use(
    task: Annotated[str, TASK],
    where: Annotated[
        Path, typer.Argument(help="A folder of diffusers, a .safetensors or a .gguf file; it stays there.")
    ],
    licence: Annotated[
        str | None, typer.Option(help="What its authors state; else what the model's README says.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What to call it; else its folder's or file's name.")
    ] = None,
    engine: Annotated[
        str | None,
        typer.Option(
            metavar="diffusers|stable-diffusion.cpp",
            help="What runs it; else the latter for .gguf files alone.",
        ),
    ] = None,
    dtype: Annotated[
        str,
        typer.Option(
            metavar="auto|float32|bfloat16|float16|q8_0|q4_0",
            help="Numbers it computes with; to stable-diffusion.cpp, those that weights are kept as.",
        ),
    ] = "auto",
    device: Annotated[str, typer.Option(metavar="auto|cpu|cuda", help="Where it computes.")] = "auto",
) -> None:
    """Check a generator that you bring (it is loaded, and does one step), and let effects use it for a task."""
    from tinct.models.generators.install import register

    made = register(
        _task(task),
        where,
        licence=licence,
        name=name,
        engine=engine,
        options={"dtype": dtype, "device": device},
        told=lambda line: typer.echo(line, err=True),
    )
    for key, value in _facts(made).items():
        if value:
            typer.echo(f"{key:14} {value}")


def forget(task: Annotated[str, TASK]) -> None:
    """Let effects no longer use what was registered for a task; its files stay."""
    from tinct.models.generators.uses import forget as forgotten

    chosen = _task(task)
    typer.echo(f"{chosen}: {'forgotten' if forgotten(chosen) else 'nothing was registered'}")


def reach_service() -> None:
    """Let effects of this process ask the images service that the settings name, if they name one."""
    from tinct.settings import current

    if current().images_url is not None:
        from tinct.models.generators.endpoint import ask_by
        from tinct.net.images import ask_now

        ask_by(ask_now)


def rows() -> list[dict[str, Any]]:
    """What `tinct models list` tells: a row for each task that is served here."""
    from tinct.models.generators.registry import served

    return [{"task": task} | _facts(found) for task, found in served().items()]


def _facts(found: Use) -> dict[str, Any]:
    from tinct.models.generators.registry import lacking

    facts = found.facts
    return {
        "name": facts.name,
        "engine": facts.engine,
        "family": facts.family,
        "licence": facts.licence,
        "sha256": facts.sha256,
        "serves": ", ".join(sorted(facts.serves)),
        "where": found.where,
        "made for": f"{facts.sizes.native} pixels",
        "picture": f"{facts.estimate((facts.sizes.native,) * 2):.0f} s for {facts.steps} steps, as measured here",
        "lacks": lacking(facts.engine) or "",
        "memory": f"{facts.memory_bytes / 1e9:.1f} GB at most, as measured here",
    }


def _task(text: str) -> Any:
    from tinct.models.generators.port import TASKS

    if text not in TASKS:
        raise ParameterError("TASK", text, ", ".join(TASKS))
    return text
