"""The engine ``diffusers``: open what `look` has looked at, and run it. The only module that imports torch.

Nothing is ever fetched: the libraries are told to stay offline before they are imported, every call names local files
only, and weights are safetensors alone, which cannot hold code.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from tinct.errors import (
    ModelError,
    ModelMemoryError,
    ParameterError,
    PromptTooLongError,
    TinctError,
)
from tinct.models import runtime
from tinct.models.generators import registry
from tinct.models.generators.diffusion import single
from tinct.models.generators.diffusion.look import Found, look
from tinct.models.generators.diffusion.promises import check_promises
from tinct.models.generators.diffusion.tensors import shapes
from tinct.models.generators.port import Bytes, Facts, Progress, Request, Task, check_served
from tinct.models.generators.uses import Use

__all__ = ["DEVICES", "DTYPES", "Diffusers"]

DTYPES: Final = ("auto", "float32", "bfloat16", "float16")
DEVICES: Final = ("auto", "cpu", "cuda")
_OFFLINE: Final = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
}
_NO_MEMORY: Final = ("allocate memory", "out of memory", "bad_alloc", "not enough memory")


class Diffusers:
    """A diffusion model, ready to run; one picture at a time.

    Parameters
    ----------
    use : Use
        Its record; of ``options`` count ``dtype`` and ``device``.

    Raises
    ------
    ModelError
        The files cannot be used, or memory does not suffice.
    MissingModelError
        The extra ``generate`` is not installed.
    """

    def __init__(self, use: Use) -> None:
        self.facts: Facts = use.facts
        self._torch, self._library = _libraries()
        found = look(Path(use.where))
        self._family = found.family
        self._device = _device(self._torch, use.options.get("device", "auto"))
        self._dtype = _dtype(self._torch, use.options.get("dtype", "auto"), self._device)
        self._lock = threading.Lock()
        self._torch.set_num_threads(runtime.threads())
        with self._guarded("it cannot be loaded: its weights and its configuration do not fit together"):
            pipe = self._opened(found)
            pipe.to(self._device)
        self._pipes: dict[Task, Any] = {self._first(found): pipe}
        self._parts = {name: part for name, part in pipe.components.items() if part is not None}

    @property
    def runs_on(self) -> str:
        """Device and number format, such as ``cpu float32``."""
        return f"{self._device} {str(self._dtype).removeprefix('torch.')}"

    def make(self, request: Request, progress: Progress) -> Bytes:
        """See `tinct.models.generators.port.Generator.make`."""
        check_served(request.task, self.facts.serves)
        self._check_words(request)
        with self._lock, self._guarded("it broke on this request"):
            pipe = self._pipe(request.task)
            given = self._given(request)
            whole = self._steps(request)

            def told(pipe: Any, step: int, moment: Any, values: dict[str, Any]) -> dict[str, Any]:
                progress(min((step + 1) / whole, 1.0))
                return values

            with self._torch.inference_mode(), _quiet():
                made = pipe(**given, callback_on_step_end=told, output_type="np").images[0]
        if not np.isfinite(made).all():
            raise ModelError(
                f"the generator {self.facts.name!r} gave no numbers in {self.runs_on}; register it with --dtype float32"
            )
        levels: Bytes = np.rint(np.clip(made, 0, 1) * 255).astype(np.uint8)
        return levels

    # -- opening ----------------------------------------------------------------------------------

    def _first(self, found: Found) -> Task:
        return "text-to-image" if "text-to-image" in found.serves else "inpaint"

    def _opened(self, found: Found) -> Any:
        kind = getattr(self._library, self._family.pipelines[self._first(found)])
        nothing = {part: None for part in self._family.left_out if part in kind._get_signature_keys(kind)[0]}
        with _quiet():
            if found.where.is_dir():
                check_promises(self._torch, found.where, found)
                pipe = kind.from_pretrained(
                    str(found.where),
                    dtype=self._dtype,
                    local_files_only=True,
                    use_safetensors=True,
                    variant=found.variant,
                    **nothing,
                )
            else:
                with tempfile.TemporaryDirectory() as folder:
                    single.write_config(found.where, shapes(found.where), Path(folder))
                    check_promises(self._torch, Path(folder), found)
                    pipe = kind.from_single_file(
                        str(found.where), config=folder, dtype=self._dtype, local_files_only=True, **nothing
                    )
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def _pipe(self, task: Task) -> Any:
        """The pipeline of a task; all share the same weights."""
        if task not in self._pipes:
            kind = getattr(self._library, self._family.pipelines[task])
            wanted = kind._get_signature_keys(kind)[0]
            parts: dict[str, Any] = {name: self._parts.get(name) for name in wanted}
            with _quiet():
                made = kind(**parts, **_without_checker(kind))
            made.set_progress_bar_config(disable=True)
            self._pipes[task] = made
        return self._pipes[task]

    # -- one picture ------------------------------------------------------------------------------

    def _given(self, request: Request) -> dict[str, Any]:
        """Arguments of the pipeline."""
        height, width = request.size
        given: dict[str, Any] = {
            "prompt": request.prompt,
            "negative_prompt": request.negative or None,
            "num_inference_steps": request.steps or self.facts.steps,
            "guidance_scale": self.facts.guidance if request.guidance is None else request.guidance,
            "generator": self._torch.Generator("cpu").manual_seed(request.seed),  # the same on every device
        }
        if request.task != "image-to-image":
            given |= {"height": height, "width": width}
        if request.picture is not None:
            given["image"] = request.picture[None].astype(np.float32) / np.float32(255)  # (1, h, w, 3)
            given["strength"] = request.strength
        if request.mask is not None:
            given["mask_image"] = (request.mask[None, ..., None] > 0).astype(np.float32)  # (1, h, w, 1)
        return given

    def _steps(self, request: Request) -> int:
        """How many steps there will be: with a picture only their last part."""
        steps = request.steps or self.facts.steps
        return steps if request.picture is None else max(1, min(int(steps * request.strength), steps))

    def _check_words(self, request: Request) -> None:
        for name, tokenizer in self._parts.items():
            if not name.startswith("tokenizer"):
                continue
            most = min(int(tokenizer.model_max_length), 1024) - 2  # marks begin and end a prompt
            for field, text in (("prompt", request.prompt), ("negative", request.negative)):
                found = len(tokenizer(text, truncation=False, verbose=False)["input_ids"]) - 2
                if found > most:
                    raise PromptTooLongError(field, found, most)

    @contextlib.contextmanager
    def _guarded(self, what: str) -> Iterator[None]:
        """No library's own words reach a caller."""
        try:
            yield
        except TinctError:
            raise
        except MemoryError:
            raise self._memory() from None
        except (RuntimeError, OSError, ValueError, KeyError, TypeError, AttributeError, ImportError) as error:
            if any(words in str(error).lower() for words in _NO_MEMORY):
                raise self._memory() from None
            raise ModelError(f"the generator {self.facts.name!r} cannot be used: {what}") from error

    def _memory(self) -> ModelMemoryError:
        return ModelMemoryError(
            f"memory does not suffice for the generator {self.facts.name!r}; ask for a smaller picture, or register it "
            "with --dtype bfloat16"
        )


def _libraries() -> tuple[Any, Any]:
    """Torch and diffusers, told to stay offline."""
    registry.check_installed(registry.DIFFUSERS)
    for name, value in _OFFLINE.items():
        os.environ[name] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers
        import torch
        import transformers

    diffusers.logging.set_verbosity(diffusers.logging.CRITICAL)
    transformers.logging.set_verbosity(transformers.logging.CRITICAL)
    transformers.logging.disable_progress_bar()
    diffusers.logging.disable_progress_bar()
    return torch, diffusers


def _device(torch: Any, asked: str) -> str:
    if asked not in DEVICES:
        raise ParameterError("device", asked, ", ".join(DEVICES))
    there = bool(torch.cuda.is_available())
    if asked == "cuda" and not there:
        raise ParameterError("device", asked, "cpu, for torch finds no graphics card with CUDA here")
    return "cuda" if there and asked != "cpu" else "cpu"


def _dtype(torch: Any, asked: str, device: str) -> Any:
    """Of numbers: bfloat16 where the hardware computes in it, which halves the memory; else what is exact."""
    if asked not in DTYPES:
        raise ParameterError("dtype", asked, ", ".join(DTYPES))
    if asked != "auto":
        return getattr(torch, asked)
    if device == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    flags = torch.backends.cpu.get_cpu_capability() if hasattr(torch.backends, "cpu") else ""
    fast = "AVX512" in flags and bool(getattr(torch.cpu, "_is_avx512_bf16_supported", bool)())
    return torch.bfloat16 if fast else torch.float32


def _without_checker(kind: Any) -> Mapping[str, bool]:
    return {"requires_safety_checker": False} if "StableDiffusionXL" not in kind.__name__ else {}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the libraries' own advice."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
