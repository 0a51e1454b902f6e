"""In place of stable-diffusion-cpp-python 0.4.7, which is compiled for a quarter of an hour: behaves as that does.

Callbacks are ctypes' own, so that what they raise is swallowed; it prints on the process's output; a file that it
cannot load gives an empty pointer and no error; a picture that it cannot make, the error of an empty pointer. Sizes are
made larger to multiples of 64. Signs in prompts that the library takes for commands end the process here.
"""

from __future__ import annotations

import ctypes
import json
import os
import re
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

sd_log_callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_progress = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_int, ctypes.c_float, ctypes.c_void_p)
_log: Any = None
_COMMANDS = re.compile(r"(?<!\\)[(\[\]{}]|<lora:|\bBREAK\b|:[+-]?[.\d]+\)")


def sd_set_log_callback(callback: Any, data: Any) -> None:
    global _log
    _log = callback


def _say(level: int, text: str) -> None:
    os.write(1, b"the library thinks aloud\n")
    if _log is not None:
        _log(level, text.encode(), None)


class StableDiffusion:
    def __init__(
        self, *, model_path: str = "", wtype: str = "default", n_threads: int = -1, verbose: bool = True
    ) -> None:
        with open(model_path, "rb") as file:
            known = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        whole = "model.diffusion_model.middle_block.0.out_layers.3.weight" in known
        _say(1 if whole else 3, "loaded" if whole else "tensor not in model file")
        self.model = ctypes.pointer(ctypes.c_int(1)) if whole else ctypes.POINTER(ctypes.c_int)()
        self._kept = {"default": 1.0, "f32": 1.0, "f16": 1.0, "q8_0": 0.9, "q4_0": 0.8}[wtype]

    def generate_image(
        self,
        prompt: str,
        negative_prompt: str = "",
        init_image: Image.Image | None = None,
        mask_image: Image.Image | None = None,
        width: int = 512,
        height: int = 512,
        cfg_scale: float = 7.0,
        sample_method: str = "default",
        scheduler: str = "default",
        sample_steps: int = 20,
        strength: float = 0.75,
        seed: int = 42,
        progress_callback: Callable[[int, int, float], None] | None = None,
    ) -> list[Image.Image]:
        assert (sample_method, scheduler) == ("dpm++2m", "discrete")
        if _COMMANDS.search(prompt) or "crash" in prompt:
            os.abort()
        width, height = (-(-side // 64) * 64 for side in (width, height))
        if init_image is not None:
            assert (init_image.mode, init_image.size) == ("RGB", (width, height))
            if strength < 1:
                sample_steps = max(1, min(int(sample_steps * strength), sample_steps - 1))
        told = _progress(
            lambda step, steps, seconds, data: (progress_callback or print)(step, steps, seconds)
        )
        told(0, sample_steps, 0.0, None)
        for step in range(1, sample_steps + 1):
            if "kill" in prompt:
                os.kill(os.getpid(), 9)
            told(step, sample_steps, 0.1, None)
            if "mark " in prompt:
                with open(bytes.fromhex(prompt.partition("mark ")[2]), "a") as file:
                    file.write(f"{step}\n")
        if "broken" in prompt or "huge" in prompt:
            _say(3, "sampling failed" if "broken" in prompt else "failed to allocate the compute buffer")
            raise ValueError("NULL pointer access")
        words = [len(prompt), sum(prompt.encode()), sum(negative_prompt.encode()), int(10 * cfg_scale)]
        seed = int.from_bytes(os.urandom(2), "little") if seed < 0 else seed
        rng = np.random.default_rng([seed, *words, int(10 * self._kept)])
        made = rng.integers(0, 256, (height, width, 3)).astype(float)
        if init_image is not None:
            begun = np.asarray(init_image, float)
            made = begun + strength * (made - begun)
            if mask_image is not None:
                assert mask_image.size == (width, height)
                made = np.where(np.asarray(mask_image.convert("L"))[..., None] > 0, made, begun + 1)
        return [Image.fromarray(np.clip(made, 0, 255).astype(np.uint8)).convert("RGBA")]
