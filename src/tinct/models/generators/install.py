"""Register what an operator brings: look at it, load it, let it do one step, and record what was found."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from tinct.errors import ParameterError
from tinct.machine import peak_memory
from tinct.models.generators import registry, uses
from tinct.models.generators.diffusion.look import Found
from tinct.models.generators.port import TASKS, Facts, Request, Task, check_served
from tinct.models.generators.registry import CPP, DIFFUSERS
from tinct.models.generators.uses import Use, UsedFile

__all__ = ["register"]

_LICENCE: Final = re.compile(r"^license(?:_name)?:\s*[\"']?([A-Za-z0-9][\w.+ -]{0,79})", re.MULTILINE)
_FRONT: Final = 4096  # characters of a README that may hold its front matter


def register(
    task: Task,
    where: Path,
    *,
    licence: str | None = None,
    name: str | None = None,
    engine: str | None = None,
    options: Mapping[str, str] | None = None,
    told: Callable[[str], None] = lambda line: None,
) -> Use:
    """Check a model and make it the one that serves a task here.

    Parameters
    ----------
    task : str
        ``text-to-image``, ``image-to-image`` or ``inpaint``.
    where : Path
        A folder of diffusers, a .safetensors or a .gguf file; it stays there.
    licence : str, optional
        What its authors state; by default what the front matter of its README says.
    name : str, optional
        What to call it; that of its folder or file by default.
    engine : str, optional
        ``diffusers`` or ``stable-diffusion.cpp``; by default the latter for .gguf files alone.
    options : mapping, optional
        For the engine: ``dtype``, ``device``.
    told : callable
        Hears what is being done.

    Returns
    -------
    Use
        The record that was kept.

    Raises
    ------
    ModelError
        It cannot be used; says why.
    ParameterError
        It does not serve the task, its licence is not known, or there is no such engine.
    OutputError
        The folder of models cannot be written.
    """
    if task not in TASKS:
        raise ParameterError("task", task, ", ".join(TASKS))
    chosen = engine or (CPP if where.suffix.lower() == ".gguf" else DIFFUSERS)
    if chosen not in registry.FILES:
        raise ParameterError("engine", chosen, ", ".join(registry.FILES))
    found = registry.look(chosen, where.expanduser().absolute())
    check_served(task, found.serves)
    stated = licence or _stated(found.base)
    if stated is None:
        raise ParameterError("licence", None, "what the model's authors state, such as creativeml-openrail-m")
    registry.check_installed(chosen)
    told(f"reading {len(found.files)} files")
    files = tuple(UsedFile.of(found.base / file, file) for file in found.files)
    use = Use(
        where=str(found.where),
        options=dict(options or {}),
        files=files,
        facts=Facts(
            engine=chosen,
            name=name or found.where.stem,
            family=found.family.name,
            licence=stated,
            sha256=uses.digest(files),
            serves=found.serves,
            sizes=found.sizes,
            guidance=found.family.guidance,
        ),
    )
    told("loading it, and one step")
    use = _tried(use, task, found)
    uses.keep(task, use)
    return use


def _tried(use: Use, task: Task, found: Found) -> Use:
    """The record with what one step took."""
    registry.drop()
    generator = registry.opened(use)
    side = found.sizes.native
    began = time.perf_counter()
    stepped = began

    def heard(share: float) -> None:
        nonlocal stepped
        stepped = time.perf_counter()

    generator.make(_trial(task, side), heard)
    ended = time.perf_counter()
    measured = {
        "step_s": round(stepped - began, 4),
        "rest_s": round(ended - stepped, 4),
        "memory_bytes": peak_memory() + getattr(generator, "apart_bytes", 0),
    }
    return use.model_copy(update={"facts": use.facts.model_copy(update=measured)})


def _trial(task: Task, side: int) -> Request:
    grey = np.full((side, side, 3), 127, np.uint8)
    mask = np.zeros((side, side), np.uint8)
    mask[side // 4 : -side // 4, side // 4 : -side // 4] = 255
    return Request(
        prompt="a photo",
        size=(side, side),
        picture=None if task == "text-to-image" else grey,
        mask=mask if task == "inpaint" else None,
        steps=1,
    )


def _stated(base: Path) -> str | None:
    """The licence in the front matter of a README, as model hubs keep it."""
    path = base / "README.md"
    try:
        if not path.is_file():  # a pipe would never open
            return None
        with path.open(encoding="utf-8", errors="replace") as file:
            text = file.read(_FRONT)
    except OSError:
        return None
    front = text.split("\n---", 1)[0] if text.startswith("---") else ""
    said = _LICENCE.search(front)
    return said[1].strip() if said else None
