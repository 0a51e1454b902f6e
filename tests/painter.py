"""A generator that paints by rule: no network, and yet all that the port promises. Engine ``painter:Painter``."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from tinct.errors import ParameterError, PromptTooLongError
from tinct.models.generators.port import TASKS, Bytes, Facts, Progress, Request, SizeRule, Task
from tinct.models.generators.uses import Use, keep

MOST_WORDS = 20
SLOWLY = "slowly "
"""Begins prompts whose picture takes its time; the rest names the file that tells how far it is, and who makes it."""


class Painter:
    """Stripes whose colours come from the prompt and the seed; every step mixes more of them in."""

    def __init__(self, use: Use) -> None:
        self.facts = use.facts
        self.asked: list[Request] = []

    def make(self, request: Request, progress: Progress) -> Bytes:
        self.asked.append(request)
        if request.task not in self.facts.serves:
            raise ParameterError("task", request.task, ", ".join(sorted(self.facts.serves)))
        for field in ("prompt", "negative"):
            words = len(getattr(request, field).split())
            if words > MOST_WORDS:
                raise PromptTooLongError(field, words, MOST_WORDS)
        digest = hashlib.sha256(f"{request.prompt}\n{request.negative}".encode()).digest()
        rng = np.random.default_rng([request.seed, *digest[:8]])
        height, width = request.size
        colors = rng.integers(0, 256, (-(-width // 4), 3))
        drawn = np.broadcast_to(np.repeat(colors, 4, axis=0)[:width], (height, width, 3))
        told = request.prompt.removeprefix(SLOWLY) if request.prompt.startswith(SLOWLY) else None
        steps, made = request.steps or self.facts.steps, np.full((height, width, 3), 127.0)
        begun = made if request.picture is None else request.picture.astype(float)
        share = 1.0 if request.picture is None else request.strength
        for step in range(1, steps + 1):
            made = begun + (drawn - begun) * share * step / steps
            progress(step / steps)
            if told is not None:
                _tell(Path(told), step)
        if request.mask is not None and request.picture is not None:
            # As networks do: not quite
            made = np.where(request.mask[..., None] > 0, made, request.picture + 1.0)
        return np.rint(np.clip(made, 0, 255)).astype(np.uint8)


def _tell(file: Path, step: int) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(json.dumps({"pid": os.getpid(), "step": step}))
    beside.replace(file)
    time.sleep(0.1)


def painter(serves: Iterable[Task] = TASKS, **facts: object) -> Use:
    """The record of a painter."""
    given = {"sizes": SizeRule(native=128, most_pixels=256 * 256), "steps": 4, **facts}
    return Use(
        facts=Facts.model_validate(
            {
                "engine": "painter:Painter",
                "name": "painter",
                "family": "stripes",
                "licence": "Apache-2.0",
                "serves": frozenset(serves),
                **given,
            }
        )
    )


def install(task: Task = "text-to-image", serves: Iterable[Task] = TASKS, **facts: object) -> Use:
    """Register a painter with the model store of this process's settings."""
    use = painter(serves, **facts)
    keep(task, use)
    return use
