"""Extend a photo beyond its borders: continue what is there where that can be done, else set it before itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, cast

import cv2
import numpy as np
from pydantic import BeforeValidator, Field

from tinct.effects.choices import Seed
from tinct.effects.declare import OfOnePhoto, effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.extend import backdrop, generated, subject
from tinct.effects.extend.frame import Frame, amount, box, frame_of, numbers, ratio, size
from tinct.effects.extend.sides import Side, continued
from tinct.effects.findings import Rounded
from tinct.effects.prompts import Wish
from tinct.errors import ParameterError
from tinct.imaging.invention import estimate
from tinct.photo.photo import Photo, Pixels
from tinct.photo.provenance import marked

__all__ = ["Extended", "extend"]

Method = Literal["auto", "plain", "banded", "backdrop", "generator"]

_HONEST: Final = 0.32
"""Confidence below which what would be continued is rather an invention, and the backdrop is taken."""
_LEAST: Final = 16  # pixels of a side of a photo that can be continued

Amount = Annotated[str, BeforeValidator(amount)]
Anchor = Literal["center", "left", "right", "top", "bottom"]
Box = Annotated[str, BeforeValidator(box)]


@dataclass(frozen=True, eq=False, kw_only=True)
class Extended:
    """What `extend` gives back."""

    photo: Photo
    """The whole; inside, the source's own pixels, but for a feather of at most 2 % of its shorter side."""
    engine: str
    """``plain``, ``banded``, ``plain+banded``, ``backdrop``, ``generator``; ``none`` where nothing was added."""
    confidence: Annotated[float, Rounded(3)]
    """How likely a continuation passes for a part of the photo, 0..1: the worst of its sides; for a backdrop, that of
    the continuation that was not taken; for a generator, how well it agrees with the photo at the seam."""
    note: str
    """Why it is a backdrop, as a sentence, or the generator's name; empty otherwise."""
    sides: tuple[Side, ...]
    """In the order in which they were extended, with what was measured."""
    box: tuple[int, int, int, int]
    """Where the photo lies in the whole: x, y, width, height in pixels."""


def _together(
    left: str,
    top: str,
    right: str,
    bottom: str,
    to: str | None,
    place: str | None,
    size: str | None,
    method: Method,
    prompt: str,
) -> None:
    if prompt and method != "generator":
        raise ParameterError("prompt", prompt[:40], "none but with method generator")
    if (place is None) != (size is None):
        raise ParameterError("size" if size is None else "place", None, "place and size together, or neither")
    if place is None or size is None:
        return
    if to is not None or any(text not in ("0", "0px", "0%") for text in (left, top, right, bottom)):
        raise ParameterError("place", place, "no left, top, right, bottom and to beside it")
    x, y, width, height = numbers(place)
    across, down = numbers(size)
    for end, whole, name in ((x + width, across, "x + width"), (y + height, down, "y + height")):
        if end > whole:
            raise ParameterError("place", f"{name} = {end}", f"{whole} or less, the size of the whole")


@effect(
    title="Extend",
    engines={"plain": (), "banded": (), "backdrop": (), "generator": ("inpaint",)},
    credits=2,
    together=_together,
    label="extended",
    estimate=lambda photo, method: estimate("inpaint", photo[::-1]) if method == "generator" else 0.0,
    generates=lambda method: "inpaint" if method == "generator" else None,
)
def extend(
    photo: Annotated[
        Photo, Field(description="The photo to extend, in any depth and RGB profile; both stay.")
    ],
    *,
    left: Annotated[
        Amount, Field(description="What is added to the left: pixels, or a share such as 25%.")
    ] = "0",
    top: Annotated[Amount, Field(description="What is added at the top.")] = "0",
    right: Annotated[Amount, Field(description="What is added to the right.")] = "0",
    bottom: Annotated[Amount, Field(description="What is added at the bottom.")] = "0",
    to: Annotated[
        Annotated[str, BeforeValidator(ratio)] | None,
        Field(description="The shape of the result: a ratio such as 16:9, or a size such as 1920x1080."),
    ] = None,
    anchor: Annotated[
        Anchor, Field(description="Where the photo stays in what `to` makes of it.")
    ] = "center",
    crop: Annotated[
        Box | None,
        OfOnePhoto(),
        Field(description="The part of the photo that is kept, first of all: x, y, width, height in pixels."),
    ] = None,
    place: Annotated[
        Box | None,
        OfOnePhoto(),
        Field(
            description="Where the photo lies in the result, instead of amounts: x, y, width, height; it is scaled to "
            "that size."
        ),
    ] = None,
    size: Annotated[
        Annotated[str, BeforeValidator(size)] | None,
        Field(description="Width and height of the result, such as 900x600, together with `place`."),
    ] = None,
    method: Annotated[
        Method,
        Field(
            description="plain: smooth tones and grain. banded: structure, copied from the photo but never from "
            "people. backdrop: the photo itself behind it, out of focus. auto: by side, and the backdrop where nothing "
            "else is honest. generator: invented by the image generator that is installed."
        ),
    ] = "auto",
    prompt: Annotated[
        Wish, Field(description="With method generator: what is to be seen beyond the borders.")
    ] = "",
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Extended:
    """Extend the photo beyond its borders; what it shows stays as it is.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    NoGeneratorError, GeneratorError
        There is no generator, or it cannot do it.

    References
    ----------
    Pritch et al. 2009, "Shift-map image editing"; Bhat et al. 2008, "Fourier analysis of the 2D screened Poisson
    equation for gradient domain problems".
    """
    core = photo if crop is None else _cropped(photo, *numbers(crop))
    if place is not None and size is not None:
        x, y, width, height = numbers(place)
        across, down = numbers(size)
        core = _scaled(core, (height, width))
        frame = Frame(x, y, across - x - width, down - y - height)
    else:
        frame = frame_of((core.height, core.width), (left, top, right, bottom), to, anchor)
    inside = (frame.left, frame.top, core.width, core.height)
    if frame.empty:
        progress(1.0)
        return Extended(photo=core, engine="none", confidence=1.0, note="", sides=(), box=inside)
    if method == "generator":
        found = generated.continued(core, frame, prompt, seed, progress)
        made, engine, confidence, note = found.pixels, "generator", found.confidence, found.name
        sides: tuple[Side, ...] = ()
        core = marked(core, "compositeWithTrainedAlgorithmicMedia")
    else:
        made, engine, confidence, note, sides = _extended(core, frame, method, seed, progress)
    pixels = _pixels(made, core)
    if core.gray:
        pixels[...] = pixels[..., 1:2]
    edges = ((frame.top, frame.bottom), (frame.left, frame.right))
    alpha = None if core.alpha is None else _pixels(np.pad(core.alpha, edges, mode="edge"), core)
    progress(1.0)
    return Extended(
        photo=replace(core, pixels=pixels, alpha=alpha),
        engine=engine,
        confidence=confidence,
        note=note,
        sides=sides,
        box=inside,
    )


def _extended(
    core: Photo, frame: Frame, method: Method, seed: int, progress: Progress
) -> tuple[Pixels, str, float, str, tuple[Side, ...]]:
    """Pixels of the whole, the engine, the confidence, the note and the sides."""
    note, confidence = "", 0.0
    sides: tuple[Side, ...] = ()
    if method != "backdrop":
        if min(core.height, core.width) < _LEAST:
            note = f"A photo with a side below {_LEAST} pixels shows too little to continue."
        else:
            kept = subject.find(core)
            progress(0.15)
            only = method if method == "plain" or method == "banded" else None
            rng = np.random.default_rng(seed)
            done = continued(core.pixels, frame, kept, only, rng, lambda part: progress(0.15 + 0.85 * part))
            if done is None:
                note = "All that could be copied is people or the subject."
            else:
                confidence, sides = min(side.confidence for side in done.sides), done.sides
                note = _doubt(done.sides) if confidence < _HONEST and method == "auto" else ""
                if not note:
                    engine = "+".join(
                        dict.fromkeys(
                            side.engine for side in sorted(sides, key=lambda s: s.engine, reverse=True)
                        )
                    )
                    return done.pixels, engine, confidence, "", sides
    return backdrop.behind(core.pixels, frame), "backdrop", confidence, note, sides


def _doubt(sides: tuple[Side, ...]) -> str:
    worst = min(sides, key=lambda side: side.confidence)
    if worst.cut > 0.05:
        return f"People are cut off at the {worst.side}; continuing them would invent them."
    return f"What lies at the {worst.side} cannot be continued without visible inventions."


def _cropped(photo: Photo, x: int, y: int, width: int, height: int) -> Photo:
    if x + width > photo.width or y + height > photo.height:
        allowed = f"a rectangle inside the photo of {photo.width}x{photo.height}"
        raise ParameterError("crop", f"{x},{y},{width},{height}", allowed)
    part = np.s_[y : y + height, x : x + width]
    return replace(
        photo,
        pixels=photo.pixels[part].copy(),
        alpha=None if photo.alpha is None else photo.alpha[part].copy(),
    )


def _scaled(photo: Photo, size: tuple[int, int]) -> Photo:
    if (photo.height, photo.width) == size:
        return photo
    down = size[0] <= photo.height and size[1] <= photo.width
    way = cv2.INTER_AREA if down else cv2.INTER_CUBIC
    scaled = _pixels(cv2.resize(photo.pixels, size[::-1], interpolation=way), photo)
    if photo.alpha is None:
        return replace(photo, pixels=scaled)
    alpha = _pixels(cv2.resize(photo.alpha, size[::-1], interpolation=cv2.INTER_AREA), photo)
    return replace(photo, pixels=scaled, alpha=alpha)


def _pixels(values: object, photo: Photo) -> Pixels:
    found: Any = np.asarray(values, photo.pixels.dtype)
    return cast("Pixels", found)
