"""Effects that only tests need."""

import os
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from tinct.effects.effect import Effect, Input, Output, Progress, Result, best_first
from tinct.photo.photo import Photo


class Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Slow(BaseModel):
    model_config = ConfigDict(extra="forbid")
    seconds: float = Field(1.0, ge=0, le=60)


def _same(photos: Mapping[str, Photo], params: Nothing, progress: Progress) -> Output:
    return Output(results=(Result(photo=photos["image"]),), facts={"seen": photos["image"].width})


def _slow(photos: Mapping[str, Photo], params: Slow, progress: Progress) -> Output:
    for step in range(20):
        time.sleep(params.seconds / 20)
        progress((step + 1) / 20)
    return Output(results=(Result(photo=photos["image"]),))


def _broken(photos: Mapping[str, Photo], params: Nothing, progress: Progress) -> Output:
    raise RuntimeError("a secret of the library, in /home/someone")


NOOP = Effect(name="noop", title="No-op", summary="Gives back the photo.", params=Nothing, run=_same)
SLOW = Effect(name="slow", title="Slow", summary="Takes its time.", params=Slow, run=_slow)
BROKEN = Effect(name="broken", title="Broken", summary="Breaks.", params=Nothing, run=_broken)


def _dies(photos: Mapping[str, Photo], params: Nothing, progress: Progress) -> Output:
    os._exit(9)


DIES = Effect(name="dies", title="Dies", summary="Takes its process with it.", params=Nothing, run=_dies)


def _album(photos: Mapping[str, Any], params: Nothing, progress: Progress) -> Output:
    """The image, and of each reference a mask, in the order in which they came."""
    masks = (Result(photo=reference, role="mask") for reference in photos.get("references", ()))
    return Output(
        results=(Result(photo=photos["image"]), *masks),
        facts={"widths": [reference.width for reference in photos.get("references", ())]},
    )


def _measure(photos: Mapping[str, Photo], params: Nothing, progress: Progress) -> Output:
    return Output(facts={"width": photos["image"].width})


ALBUM = Effect(
    name="album",
    title="Album",
    summary="Takes a list.",
    params=Nothing,
    run=_album,
    inputs=(
        Input(name="image", summary="A photo."),
        Input(name="references", summary="More photos.", required=False, most=3),
    ),
    roles=("main", "mask"),
)
MEASURE = Effect(
    name="measure", title="Measure", summary="Tells facts.", params=Nothing, run=_measure, roles=()
)


class Paint(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prompt: str = "a harbour"
    seed: int = 0
    unsafe: int = 0
    """As many pictures are red, whatever their seeds."""


def _paint(photos: Mapping[str, Photo], params: Paint, progress: Progress) -> Output:
    PAINTED.append(params.seed)
    color = (255, 0, 0) if len(PAINTED) <= params.unsafe else (0, 0, 255)
    photo = Photo(np.full((64, 64, 3), color, np.uint8))
    return Output(results=(Result(photo=photo),), facts={"seed": params.seed})


PAINTED: list[int] = []
"""Seeds of the pictures that `PAINT` has made in this process."""
PAINT = Effect(
    name="paint",
    title="Paint",
    summary="Stands for what a generator does.",
    params=Paint,
    run=_paint,
    inputs=(Input(name="image", summary="A photo.", required=False),),
    generates=lambda inputs, params: "image-to-image" if inputs.get("image") else "text-to-image",
)


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid")
    prompt: str = Field(min_length=1, max_length=1000, description="What is to be seen.")
    count: int = Field(1, ge=1, le=4, description="How many pictures.")


def _sketch(photos: Mapping[str, Photo], params: Words, progress: Progress) -> Output:
    """Stripes as many as words, each picture in another grey."""
    place = np.arange(120) * len(params.prompt.split()) // 120
    stripes = np.repeat(np.repeat((place * 30 % 200)[None, :, None], 80, axis=0), 3, axis=2)
    made = [Photo(np.asarray(stripes + 20 * number, np.uint8)) for number in range(params.count)]
    return Output(results=best_first(made), facts={"words": len(params.prompt.split())})


SKETCH = Effect(
    name="sketch",
    title="Sketch",
    summary="Makes stripes of words; it needs no photo.",
    params=Words,
    run=_sketch,
    inputs=(),
    roles=("main", "variant"),
    counted="count",
)
