"""The library stable-diffusion.cpp itself, in whichever process this is. The only module that imports it.

It swallows what its callbacks raise, prints what it thinks, and gives an empty pointer where it fails: all of that ends
here.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from tinct.models.generators.port import Bytes, Request
from tinct.models.generators.stablecpp.words import plain
from tinct.photo.photo import Photo

__all__ = ["DTYPES", "BrokenError", "Library"]

DTYPES: Final = {"auto": "default", "float32": "f32", "float16": "f16", "q8_0": "q8_0", "q4_0": "q4_0"}
"""Numbers that the weights are kept as: as in the file, or as these; ggml's name for each."""
# As diffusers' DPMSolverMultistepScheduler, which single files get there
_METHOD, _SCHEDULE = "dpm++2m", "discrete"
_SEEDS: Final = 2**63 - 1  # of one below 0 it would draw another each time
_WARNING: Final = 2  # from this level on its words are kept
_NO_MEMORY: Final = ("alloc", "memory")
_heard: Final[deque[str]] = deque(maxlen=20)
_hooks: Final[list[Any]] = []
"""Callbacks that the library holds: they have to live as long as it does."""


class BrokenError(Exception):
    """It has failed.

    Parameters
    ----------
    memory : bool
        Whether for want of memory.
    """

    def __init__(self, memory: bool) -> None:
        self.memory = memory
        super().__init__("the library has failed")


class Library:
    """A file of weights, loaded.

    Parameters
    ----------
    where : Path
        It has been looked at.
    dtype : str
        One of `DTYPES`.
    threads : int
        That it computes with.

    Raises
    ------
    BrokenError
        It cannot load the file.
    """

    def __init__(self, where: Path, dtype: str, threads: int) -> None:
        import stable_diffusion_cpp as native

        _hush(native)
        with _failing():
            self._model = native.StableDiffusion(
                model_path=str(where), wtype=DTYPES[dtype], n_threads=threads, verbose=False
            )
            if not self._model.model:  # an empty pointer, and no error
                raise ValueError

    def paint(self, request: Request, heard: Callable[[int, int], None]) -> Bytes:
        """The picture, (h, w, 3) of ``request.size``; its steps and guidance are given.

        Parameters
        ----------
        request : Request
        heard : callable
            Hears after each step its number, from 1, and how many there are. What it raises comes out of here, though
            only when the picture is done: the library cannot be stopped.

        Raises
        ------
        BrokenError
            There is no picture.
        """
        height, width = request.size
        raised: list[BaseException] = []

        def told(step: int, steps: int, seconds: float) -> None:
            if step > 0 and not raised:
                try:
                    heard(step, steps)
                except BaseException as error:  # it would be swallowed
                    raised.append(error)

        with _failing():
            made = self._model.generate_image(
                prompt=plain(request.prompt),
                negative_prompt=plain(request.negative),
                init_image=None if request.picture is None else Photo(request.picture).to_pil(),
                mask_image=None if request.mask is None else _grey(request.mask).to_pil(),
                width=width,
                height=height,
                cfg_scale=request.guidance,
                sample_method=_METHOD,
                scheduler=_SCHEDULE,
                sample_steps=request.steps,
                strength=request.strength,
                seed=request.seed & _SEEDS,
                progress_callback=told,
            )[0]
        if raised:
            raise raised[0]
        found: Bytes = np.asarray(made.convert("RGB"), np.uint8)
        if found.shape != (height, width, 3):
            raise BrokenError(memory=False)
        return found


def _grey(mask: Bytes) -> Photo:
    return Photo(np.repeat(mask[..., None], 3, axis=2))


@contextlib.contextmanager
def _failing() -> Any:
    """Its own errors, told apart by what it said."""
    _heard.clear()
    try:
        yield
    except (ValueError, RuntimeError, OSError, TypeError, AttributeError, IndexError, MemoryError) as error:
        said = " ".join(_heard).lower()
        raise BrokenError(isinstance(error, MemoryError) or any(w in said for w in _NO_MEMORY)) from None


def _hush(native: Any) -> None:
    """Keep its last warnings, and print nothing."""
    if _hooks:
        return

    @native.sd_log_callback  # type: ignore[untyped-decorator]
    def kept(level: int, text: bytes, data: object) -> None:
        if level >= _WARNING:
            _heard.append(text.decode("utf-8", errors="replace"))

    _hooks.append(kept)
    native.sd_set_log_callback(kept, None)
