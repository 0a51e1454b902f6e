"""The library in a process of its own: opens one file, then makes one picture after the other, waiting after each step.

It goes on only when it is told to: whoever asked ends it there, and no further step is begun.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from tinct import apart
from tinct.machine import peak_memory
from tinct.models.generators.port import Request
from tinct.models.generators.stablecpp.library import BrokenError, Library

__all__ = ["NAME", "asked", "main"]

NAME = "tinct.models.generators.stablecpp.alone"


def asked(request: Request) -> tuple[dict[str, Any], list[bytes]]:
    """A request as a frame."""
    plain = ("prompt", "negative", "size", "strength", "steps", "guidance", "seed")
    facts = {name: getattr(request, name) for name in plain}
    pictures = {"picture": request.picture, "mask": request.mask}
    given = [name for name, value in pictures.items() if value is not None]
    return facts | {"given": given}, [np.ascontiguousarray(pictures[name]).tobytes() for name in given]


def main() -> None:
    """Serve until nobody asks any more."""
    heard, told = apart.ours()
    try:
        facts, _ = apart.read(heard)
        try:
            library = Library(Path(facts["where"]), facts["dtype"], facts["threads"])
        except BrokenError as error:
            apart.write(told, {"failed": "memory" if error.memory else "broken"})
            return
        apart.write(told, {"opened": True})
        while True:
            _one(library, heard, told)
    except (EOFError, OSError):  # nobody asks any more
        return


def _one(library: Library, heard: Any, told: Any) -> None:
    facts, blocks = apart.read(heard)
    height, width = size = (facts["size"][0], facts["size"][1])
    sides = {"picture": (height, width, 3), "mask": size}
    names = facts.pop("given")
    given = {
        name: np.frombuffer(block, np.uint8).reshape(sides[name])
        for name, block in zip(names, blocks, strict=True)
    }

    def step(number: int, steps: int) -> None:
        try:
            apart.write(told, {"step": number, "steps": steps})
            apart.read(heard)
        except (EOFError, OSError, ValueError):
            os._exit(1)  # whoever asked is gone, and nothing else stops the library

    try:
        made = library.paint(Request(**facts | {"size": size} | given), step)
    except BrokenError as error:
        apart.write(told, {"failed": "memory" if error.memory else "broken"})
        return
    apart.write(told, {"made": [*made.shape], "peak": peak_memory()}, made.tobytes())


if __name__ == "__main__":
    main()
