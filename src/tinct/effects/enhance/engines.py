"""What enhances a window of a photo: networks of the manifest, or the classical engine.

A network that restores was taught on photos that are sharp at their size. Soft ones it takes for painted: it draws hard
outlines around smooth skin. At half their size they are sharp, and nothing is lost; so there it works at half the size.

Large photos are seldom sharp at their own size: a lens, a sensor and JPEG have blurred them by about a pixel. The small
network of clips, which was taught on such pictures, doubles them as well as the large one, in a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance import classical
from tinct.effects.enhance.by_luma import by_luma
from tinct.effects.enhance.consistency import area
from tinct.errors import ModelLicenceError
from tinct.models import manifest, runtime, store

__all__ = ["CLASSICAL", "ENGINES", "Engine", "Model", "Scale", "select", "slowest"]

Array = NDArray[np.float32]
Scale = Literal[1, 2, 4]
Model = Literal["auto", "span", "luma", "realesrgan", "clearreality", "animevideo", "classical"]

_STRONG = 160_000  # pixels up to which the strong network is worth its time: a minute or two on two cores
# Pixels from which doubling by the large network takes a core more than half a minute or so
_LARGE = 6_000_000


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A way to enhance, as data."""

    name: str
    """As it is called in the parameters."""
    models: Mapping[int, str] = field(default_factory=dict)
    """Ids in the manifest by how much they enlarge; none for the classical engine."""
    sides: tuple[int, ...]
    """Sides of what it sees at once, in pixels, the largest first."""
    bytes_per_pixel: float
    """Working memory for a pixel of what it sees, measured."""
    core_seconds: float
    """Of a core for a megapixel of what it sees, measured by ``python -m benchmarks.enhance --slow``."""
    margin: int
    """Pixels of context it wants around what it is asked for."""
    restores: bool = False
    """Whether it invents what wear has taken; see the top of this file."""
    halved: bool = False
    """Whether it works at half the photo's size."""
    sees_luma: bool = False
    """Whether its network is that of clips, which sees luma alone; colours are interpolated."""
    only_drawn: bool = False
    """Whether it adds nothing to what is smooth, and need not be asked there."""

    def on_half(self) -> Engine:
        """The same, for soft photos."""
        sides = tuple(2 * side for side in self.sides)
        bytes_per_pixel, core_seconds = self.bytes_per_pixel / 4, self.core_seconds / 4
        return replace(
            self,
            halved=True,
            sides=sides,
            margin=2 * self.margin,
            bytes_per_pixel=bytes_per_pixel,
            core_seconds=core_seconds,
        )

    def model(self, scale: Scale) -> str | None:
        """The id of its network for a result `scale` times as large: one that enlarges, by the least that does."""
        least = min(2 * scale if self.halved else scale, max(self.models, default=0))
        return self.models[min(f for f in self.models if f >= least)] if self.models else None

    def installed(self, scale: Scale) -> bool:
        """Whether it could work now."""
        model = self.model(scale)
        return model is None or store.installed(model)

    def apply(self, seen: Array, scale: Scale) -> Array:
        """Enhance a window.

        Parameters
        ----------
        seen : ndarray, (h, w, 3), float32
            0..1, encoded for display.
        scale : {1, 2, 4}

        Returns
        -------
        ndarray, (h * scale, w * scale, 3), float32
            About 0..1; not cut.
        """
        model = self.model(scale)
        if model is None:
            return classical.sharpened(seen) if scale == 1 else classical.enlarged(seen, scale)
        if self.sees_luma:
            return _sized(by_luma(model, seen), seen.shape[0] * scale)
        if not self.halved:
            return _sized(_asked(model, seen), seen.shape[0] * scale)
        height, width = seen.shape[:2]
        even = np.pad(seen, [(0, height % 2), (0, width % 2), (0, 0)], mode="edge")
        found = _sized(_asked(model, area(even, 2)), even.shape[0] * scale)
        return found[: height * scale, : width * scale]


def _asked(model: str, seen: Array) -> Array:
    """A network's answer (h * factor, w * factor, 3)."""
    fed = np.ascontiguousarray(seen.transpose(2, 0, 1)[None])
    return np.ascontiguousarray(runtime.session(model).apply(fed)[0].transpose(1, 2, 0))


def _sized(found: Array, height: int) -> Array:
    """An answer brought to the asked height: smaller by area averages, larger without a network."""
    if found.shape[0] < height:
        return classical.enlarged(found, height // found.shape[0])
    return area(found, found.shape[0] // height)


CLASSICAL = Engine(name="classical", sides=(512, 256), bytes_per_pixel=1200, core_seconds=0.5, margin=12)
_SPAN = Engine(
    name="span",
    models={2: "span-x2", 4: "span-x4"},
    sides=(384, 256, 192, 128),
    bytes_per_pixel=4000,
    core_seconds=14,
    margin=12,
    only_drawn=True,
)
_LUMA = Engine(
    name="luma",
    models={2: "clip"},
    sides=(512, 384, 256, 128),
    bytes_per_pixel=1200,
    core_seconds=1.2,
    margin=14,
    sees_luma=True,
)
_REALESRGAN = Engine(
    name="realesrgan",
    models={4: "realesrgan-x4plus"},
    sides=(256, 192, 128, 96),
    bytes_per_pixel=20_000,
    core_seconds=600,
    margin=16,
    restores=True,
)
_CLEARREALITY = Engine(
    name="clearreality",
    models={4: "clearreality-x4"},
    sides=(384, 256, 192, 128),
    bytes_per_pixel=4000,
    core_seconds=14,  # not measured: the same architecture as span's
    margin=12,
)
_ANIMEVIDEO = Engine(
    name="animevideo",
    models={2: "realesr-animevideo-x2", 4: "realesr-animevideo-x4"},
    sides=(384, 256, 192, 128),
    bytes_per_pixel=2500,
    core_seconds=20,  # not measured: half as many weights again as span's, and each pixel meets all of them
    margin=12,
)
ENGINES = {e.name: e for e in (CLASSICAL, _SPAN, _LUMA, _REALESRGAN, _CLEARREALITY, _ANIMEVIDEO)}


def select(model: Model, scale: Scale, pixels: int, is_worn: bool, is_soft: Callable[[], bool]) -> Engine:
    """The engine for a photo.

    At its own size a photo that is neither soft nor worn has nothing that a network could restore: enlarged and scaled
    back it is what it was. It is sharpened without one.

    Parameters
    ----------
    model : str
    scale : {1, 2, 4}
    pixels : int
        How many the photo has.
    is_worn : bool
        Whether it has noise or JPEG blocks that are worth removing.
    is_soft : callable
        Tells whether the photo is; asked only where it decides.

    Raises
    ------
    ModelLicenceError
        A named model is not installed, and its licence has to be accepted for that.
    MissingModelError
        A named model is not installed.
    """
    if model != "auto":
        engine = ENGINES[model]
        _demand(engine.model(scale))
        return engine.on_half() if engine.restores and is_soft() else engine
    if pixels <= 4 * _STRONG and _REALESRGAN.installed(scale):
        if is_soft():
            return _REALESRGAN.on_half()
        if pixels <= _STRONG and (scale > 1 or is_worn):
            return _REALESRGAN
    if scale == 1:
        return CLASSICAL
    if scale == 2 and pixels >= _LARGE:
        return _LUMA
    return _SPAN if _SPAN.installed(scale) else CLASSICAL


def slowest(model: Model, scale: Scale, pixels: int) -> Engine:
    """The slowest engine that `select` may take for a photo of this size, whatever it shows and is installed here."""
    if model != "auto":
        return ENGINES[model]
    if pixels <= 4 * _STRONG:
        return _REALESRGAN if pixels <= _STRONG else _REALESRGAN.on_half()
    if scale == 2 and pixels >= _LARGE:
        return _LUMA
    return CLASSICAL if scale == 1 else _SPAN


def _demand(name: str | None) -> None:
    """Raise at once what the store would raise on loading the model."""
    if name is None or store.installed(name):
        return
    entry = manifest.entry(name)
    if isinstance(entry, manifest.Fetched) and entry.consent:
        raise ModelLicenceError(
            f"the model {name!r} is not installed, and its licence ({entry.licence}) has to be accepted first; "
            f"run: tinct models fetch {name}"
        )
    store.load(name)
