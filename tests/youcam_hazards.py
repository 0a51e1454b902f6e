"""The lighting effect and the content check as they are, but for pictures whose first pixels ask for something else."""

import io
import os
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from PIL import Image

from tinct.effects.declare import declared
from tinct.effects.effect import Output, Progress, Result
from tinct.effects.light.light import light as _real
from tinct.effects.moderate.moderate import moderate as _check
from tinct.photo.photo import Photo

UNSAFE = (9, 99, 199)
"""The second pixel of a picture that the stand-in for the content check calls unsafe."""
MARK = (7, 77, 177)
"""The second pixel of such a picture; the first one is tenths of a second, what happens then, and any number."""
FINE, RAISES, DIES = range(3)


def picture(seconds: float, then: int = FINE, number: int = 0, width: int = 300) -> bytes:
    """A PNG of 300 x 260 on which lighting takes so long; pictures differ by `number`."""
    pixels = np.full((260, width, 3), (90, 120, 60), np.uint8)
    pixels[0, 0] = round(seconds * 10), then, number
    pixels[0, 1] = MARK
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _run(photos: Mapping[str, Photo], params: Any, progress: Progress) -> Output:
    photo = photos["image"]
    tenths, then, _ = (int(value) for value in photo.pixels[0, 0])
    if tuple(photo.pixels[0, 1]) != MARK:
        return EFFECT.run(photos, params, progress)
    for step in range(tenths):
        time.sleep(0.1)
        progress((step + 1) / tenths)
    if then == RAISES:
        raise RuntimeError("a secret of the library, in /home/someone")
    if then == DIES:
        os._exit(9)
    return Output(results=(Result(photo=photo),))


def unsafe_picture() -> bytes:
    """A PNG that the content check is to call unsafe."""
    pixels = np.full((260, 300, 3), (90, 120, 60), np.uint8)
    pixels[0, 1] = UNSAFE
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def _judge(photos: Mapping[str, Photo], params: Any, progress: Progress) -> Output:
    output = CHECK.run(photos, params, progress)
    if tuple(photos["image"].pixels[0, 1]) != UNSAFE:
        return output
    return replace(output, facts={**output.facts, "verdict": "unsafe"})


CHECK = declared(_check)
MODERATE = replace(CHECK, run=_judge)


def _refuse(photos: Mapping[str, Photo], params: Any, progress: Progress) -> Output:
    return Output(facts={"verdict": "unsafe"})


STRICT = replace(CHECK, run=_refuse, engines={"none": ()})
"""Calls everything unsafe."""
EFFECT = declared(_real)
LIGHT = replace(EFFECT, run=_run)
