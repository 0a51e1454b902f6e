"""Enhance a clip: noise goes along motion, a network doubles the luma, and frames lend each other detail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.clip.clip import Clip, remade
from tinct.clip.planes import Frame, Planes
from tinct.effects.choices import ClipIn
from tinct.effects.declare import effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.enhance.engines import ENGINES
from tinct.effects.enhance.fusion import Fusion
from tinct.effects.enhance.temporal import AHEAD, Cleaned, Cleaner
from tinct.effects.enhance.work import sides, tiling
from tinct.imaging.tiles import merged
from tinct.models import runtime, store
from tinct.models.runtime import session

__all__ = ["VideoEnhancement", "video_enhance"]

Array = NDArray[np.float32]
Engine = Literal["network", "span", "classical"]
Scale = Literal[1, 2]

_SPAN: Final = ENGINES["span"]
_COST_S: Final = {
    ("network", 1): 0.3,
    ("network", 2): 0.6,
    ("span", 1): 16.0,
    ("span", 2): 16.0,
    ("classical", 1): 0.15,
    ("classical", 2): 0.3,
}
"""Seconds for a megapixel of a frame, with decoding and encoding; see ``python -m benchmarks.video``."""


@dataclass(frozen=True, kw_only=True)
class VideoEnhancement:
    """What enhancing made of a clip."""

    clip: Clip
    """The result."""
    engine: str
    """``network``, ``span`` or ``classical``: who served."""
    scale: int


def _seconds(clip: tuple[int, ...], scale: int, engine: str) -> float:
    width, height, frames = clip
    return 1 + _COST_S[engine, scale] * width * height * frames / 1e6


@effect(
    title="Enhancing of clips",
    engines={"network": ("clip",), "span": (_SPAN.models[2],), "classical": ()},
    credits=5,
    estimate=_seconds,
    label=lambda scale: f"x{scale}",
)
def video_enhance(
    clip: ClipIn,
    scale: Annotated[Scale, Field(description="1 cleans and sharpens, 2 also doubles the sides.")] = 2,
    *,
    denoise: Annotated[
        float,
        Field(ge=0, le=1, description="How much of the noise goes, averaged along motion; 0 leaves it all."),
    ] = 1.0,
    engine: Annotated[
        Engine,
        Field(
            description="network is small and sharpens and takes blocks of compression away; span is the network of "
            "photos, fetched, which takes some thirty times as long; classical only averages and interpolates, in a "
            "third of the time."
        ),
    ] = "network",
    progress: Progress = unheard,
) -> VideoEnhancement:
    """Clean a clip, sharpen it and double its sides, steadily; times, colours and sound stay.

    Raises
    ------
    ParameterError
        A parameter is not allowed.
    ClipError
        The clip cannot be used, or would become larger than the settings allow.
    OutputError
        There is no room for the result.
    """
    enlarge = _ENLARGE[engine]
    if engine == "span":
        store.demand([_SPAN.models[2]])

    def work(frames: Iterator[Frame]) -> Iterator[Planes]:
        clean = Cleaner(denoise)
        fuse = Fusion() if scale == 2 and engine != "classical" else None
        for frame, ahead in _with_next(frames):
            after = ahead[0] if ahead and engine == "network" else None  # others do not look at it
            cleaned = clean(frame, after, ahead)
            y, u, v = cleaned.planes
            luma = enlarge(cleaned, scale)
            if fuse:
                luma = fuse(_rounded(y), y, cleaned.views[3], luma, clean.is_cut)
            yield Planes(_rounded(luma), *(_rounded(_enlarged(c, scale)) for c in (u, v)))

    size = (clip.facts.width * scale, clip.facts.height * scale)
    made = remade(clip, work, size=size, progress=progress)
    return VideoEnhancement(clip=made, engine=engine, scale=scale)


def _with_next(frames: Iterator[Frame]) -> Iterator[tuple[Frame, list[Frame]]]:
    """Each frame, and those after it, `AHEAD` at most."""
    held: list[Frame] = []
    for frame in frames:
        held.append(frame)
        if len(held) > AHEAD:
            yield held[0], held[1:]
            held = held[1:]
    while held:
        yield held[0], held[1:]
        held = held[1:]


def _by_network(cleaned: Cleaned, scale: int) -> Array:
    """Twice the sides, and back by averages where they stay."""
    seen = cleaned.seen
    doubled = session("clip").run({"seen": seen[None] / np.float32(255)})[0][0, 0] * np.float32(255)
    if scale == 2:
        return np.asarray(doubled, np.float32)
    return np.asarray(cv2.resize(doubled, seen.shape[:0:-1], interpolation=cv2.INTER_AREA), np.float32)


def _by_span(cleaned: Cleaned, scale: int) -> Array:
    """What photos get, tile by tile, of luma alone: what it makes of colours would not be steady."""
    luma = cleaned.planes[0]
    factor: Scale = 2 if scale == 2 else 1

    def work(seen: Array) -> Array:
        return np.asarray(_SPAN.apply(np.repeat(seen[..., None], 3, axis=2), factor).mean(axis=2), np.float32)

    def whole(side: int) -> Array:
        rows = merged(luma / np.float32(255), tiling(luma.shape[0], luma.shape[1], _SPAN, side), work, scale)
        return np.concatenate([band.copy() for _, band in rows])

    return runtime.by_tiles(sides(_SPAN), whole) * np.float32(255)


def _by_lanczos(cleaned: Cleaned, scale: int) -> Array:
    luma = cleaned.planes[0]
    if scale == 1:
        return luma
    size = (luma.shape[1] * scale, luma.shape[0] * scale)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_LANCZOS4), np.float32)


def _enlarged(chroma: Array, scale: int) -> Array:
    if scale == 1:
        return chroma
    size = (chroma.shape[1] * scale, chroma.shape[0] * scale)
    return np.asarray(cv2.resize(chroma, size, interpolation=cv2.INTER_CUBIC), np.float32)


_ENLARGE: Final[dict[str, Callable[[Cleaned, int], Array]]] = {
    "network": _by_network,
    "span": _by_span,
    "classical": _by_lanczos,
}


def _rounded(plane: Array) -> NDArray[np.uint8]:
    return np.rint(np.clip(plane, 0, 255)).astype(np.uint8)
