"""What enhances a window of a photo: networks of the manifest, or the classical engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tinct.effects.enhance import classical
from tinct.effects.enhance.params import Model, Scale
from tinct.effects.enhance.pin import area
from tinct.errors import ModelLicenceError
from tinct.models import manifest, runtime, store

__all__ = ["CLASSICAL", "Engine", "choose"]

Array = NDArray[np.float32]

_STRONG = 160_000  # pixels of photos up to which the strong network is worth its time


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
    margin: int
    """Pixels of context it wants around what it is asked for."""

    def model(self, scale: Scale) -> str | None:
        """The id of its network for a result `scale` times as large: one that enlarges, by the least that does."""
        return self.models[min(f for f in self.models if f >= scale)] if self.models else None

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
        fed = np.ascontiguousarray(seen.transpose(2, 0, 1)[None])
        found = runtime.session(model).apply(fed)[0].transpose(1, 2, 0)  # (h * factor, w * factor, 3)
        return area(np.ascontiguousarray(found), found.shape[0] // (seen.shape[0] * scale))


CLASSICAL = Engine(name="classical", sides=(512, 256), bytes_per_pixel=1200, margin=12)
_SPAN = Engine(
    name="span",
    models={2: "span-x2", 4: "span-x4"},
    sides=(384, 256, 192, 128),
    bytes_per_pixel=4000,
    margin=16,
)
_REALESRGAN = Engine(
    name="realesrgan",
    models={4: "realesrgan-x4plus"},
    sides=(256, 192, 128, 96),
    bytes_per_pixel=20_000,
    margin=16,
)
_CLEARREALITY = Engine(
    name="clearreality",
    models={4: "clearreality-x4"},
    sides=(384, 256, 192, 128),
    bytes_per_pixel=4000,
    margin=16,
)
_ANIMEVIDEO = Engine(
    name="animevideo",
    models={2: "realesr-animevideo-x2", 4: "realesr-animevideo-x4"},
    sides=(384, 256, 192, 128),
    bytes_per_pixel=2500,
    margin=16,
)
_ENGINES = {e.name: e for e in (CLASSICAL, _SPAN, _REALESRGAN, _CLEARREALITY, _ANIMEVIDEO)}


def choose(model: Model, scale: Scale, pixels: int) -> Engine:
    """The engine for a photo of so many pixels.

    Raises
    ------
    ModelLicenceError
        A named model is not installed, and its licence has to be accepted for that.
    MissingModelError
        A named model is not installed.
    """
    if model != "auto":
        engine = _ENGINES[model]
        _demand(engine.model(scale))
        return engine
    wanted = (_REALESRGAN, _SPAN) if pixels <= _STRONG else (_SPAN,)
    return next((engine for engine in wanted if engine.installed(scale)), CLASSICAL)


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
