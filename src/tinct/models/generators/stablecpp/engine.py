"""The engine ``stable-diffusion.cpp``: one file of Stable Diffusion 1, by ggml, which needs no torch.

The library cannot be stopped once a picture is begun. So it runs in a process of its own, which waits after each step
and is ended when `progress` raises. A worker's child may start none and needs none: it is itself ended as a whole.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np

from tinct import apart
from tinct.errors import ModelError, ModelMemoryError, ParameterError
from tinct.models import runtime
from tinct.models.generators import registry
from tinct.models.generators.port import Bytes, Facts, Progress, Request, check_served
from tinct.models.generators.stablecpp import alone
from tinct.models.generators.stablecpp.library import DTYPES, BrokenError, Library
from tinct.models.generators.stablecpp.look import look
from tinct.models.generators.uses import Use

__all__ = ["StableDiffusionCpp"]

T = TypeVar("T")

_LOADED: Final = "it cannot be loaded: its weights are not those of Stable Diffusion 1"
_MADE: Final = "it broke on this request"


class StableDiffusionCpp:
    """A model, ready to run; one picture at a time.

    Parameters
    ----------
    use : Use
        Its record; of ``options`` counts ``dtype``, that weights are kept as.

    Raises
    ------
    ModelError
        The file cannot be used, or memory does not suffice.
    MissingModelError
        The library is not installed.
    """

    def __init__(self, use: Use) -> None:
        registry.check_installed(registry.CPP)
        self.facts: Facts = use.facts
        self.apart_bytes = 0
        """Memory that its own process held at most so far."""
        self._dtype = _dtype(use)
        self._where = Path(use.where)
        look(self._where)
        self._lock = threading.Lock()
        self._process: apart.Apart | None = None
        self._library: Library | None = None
        self._open()

    def make(self, request: Request, progress: Progress) -> Bytes:
        """See `tinct.models.generators.port.Generator.make`. Prompts of any length are read in pieces of 75 tokens."""
        check_served(request.task, self.facts.serves)
        guidance = self.facts.guidance if request.guidance is None else request.guidance
        whole = replace(request, steps=request.steps or self.facts.steps, guidance=guidance)
        with self._lock:
            self._open()
            if self._library is not None:
                return self._here(self._library, whole, progress)
            assert self._process is not None
            return self._there(self._process, whole, progress)

    def _open(self) -> None:
        """Load the file, if it is not."""
        if self._library is not None or self._process is not None:
            return
        if not apart.allowed():
            self._library = _guarded(
                self.facts.name, _LOADED, lambda: Library(self._where, self._dtype, runtime.threads())
            )
            return
        process = apart.Apart(alone.NAME)
        try:
            told = {"where": str(self._where), "dtype": self._dtype, "threads": runtime.threads()}
            self._said(process, _LOADED, told)
            self._answered(process, _LOADED)
        except BaseException:
            process.end()
            raise
        self._process = process

    def _here(self, library: Library, request: Request, progress: Progress) -> Bytes:
        def heard(step: int, steps: int) -> None:
            progress(min(step / steps, 1.0))

        return _guarded(self.facts.name, _MADE, lambda: library.paint(request, heard))

    def _there(self, process: apart.Apart, request: Request, progress: Progress) -> Bytes:
        made: Bytes | None = None
        try:
            facts, blocks = alone.asked(request)
            self._said(process, _MADE, facts, *blocks)
            while made is None:
                share, made = self._heard(process, request)
                if made is None:
                    progress(share)
                    self._said(process, _MADE, {})
        finally:
            if made is None:  # it may be anywhere in the picture
                process.end()
                self._process = None
        return made

    def _heard(self, process: apart.Apart, request: Request) -> tuple[float, Bytes | None]:
        """How far it is, and the picture once it is done."""
        facts, blocks = self._answered(process, _MADE)
        try:
            if "made" not in facts:
                return min(max(0, int(facts["step"])) / max(1, int(facts["steps"])), 1.0), None
            self.apart_bytes = max(self.apart_bytes, int(facts["peak"]))
            return 1.0, np.frombuffer(blocks[0], np.uint8).reshape((*request.size, 3))
        except (KeyError, IndexError, TypeError, ValueError, OverflowError):
            raise self._failed(_MADE, memory=False) from None

    def _said(self, process: apart.Apart, what: str, facts: Mapping[str, Any], *blocks: bytes) -> None:
        try:
            process.send(facts, *blocks)
        except apart.LostError as error:
            raise self._failed(what, memory=error.killed) from None

    def _answered(self, process: apart.Apart, what: str) -> tuple[dict[str, Any], list[bytes]]:
        try:
            facts, blocks = process.receive()
        except apart.LostError as error:
            raise self._failed(what, memory=error.killed) from None
        if "failed" in facts:
            raise self._failed(what, memory=facts["failed"] == "memory")
        return facts, blocks

    def _failed(self, what: str, *, memory: bool) -> ModelError:
        return _failure(self.facts.name, what, memory=memory)


def _guarded(name: str, what: str, work: Callable[[], T]) -> T:
    """Run the library in this process."""
    try:
        return work()
    except BrokenError as error:
        raise _failure(name, what, memory=error.memory) from None


def _failure(name: str, what: str, *, memory: bool) -> ModelError:
    if memory:
        return ModelMemoryError(
            f"memory does not suffice for the generator {name!r}; ask for a smaller picture, or register it with "
            "--dtype q8_0"
        )
    return ModelError(f"the generator {name!r} cannot be used: {what}")


def _dtype(use: Use) -> str:
    dtype, device = use.options.get("dtype", "auto"), use.options.get("device", "auto")
    if dtype not in DTYPES:
        raise ParameterError(
            "dtype", dtype, ", ".join(DTYPES) + ", all that stable-diffusion.cpp is asked for here"
        )
    if device != "auto":
        raise ParameterError(
            "device", device, "auto, for stable-diffusion.cpp computes on what it was compiled for"
        )
    return dtype
