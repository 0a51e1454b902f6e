"""Two classifiers of unsafe content, each run as its authors trained it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tinct.errors import MissingModelError
from tinct.models import runtime, store

__all__ = ["ENGINES", "engines", "scores", "unsafe"]

Array = NDArray[np.float32]
_SIDE = 224
_MARGIN = 16  # Open NSFW sees the middle of a photo of 256 x 256
_BGR_MEANS = np.array([104, 117, 123], np.float32)
_CLASSES = ("drawing", "hentai", "neutral", "porn", "sexy")


def _opennsfw(photo: Array) -> dict[str, float]:
    """Yahoo's Open NSFW, https://github.com/yahoo/open_nsfw: the probability of pornography."""
    whole = _squeezed(photo, _SIDE + 2 * _MARGIN)
    middle = (
        whole[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN, ::-1] * np.float32(255) - _BGR_MEANS
    )  # (224, 224, 3) BGR
    safe, unsafe_ = runtime.session("opennsfw").apply(middle[None]).ravel()
    return {"safe": float(safe), "unsafe": float(unsafe_)}


def _nsfwjs(photo: Array) -> dict[str, float]:
    """NSFWJS, https://github.com/infinitered/nsfwjs: five classes that sum to 1."""
    found = runtime.session("nsfwjs").apply(_squeezed(photo, _SIDE)[None]).ravel()
    return {name: float(value) for name, value in zip(_CLASSES, found, strict=True)}


ENGINES: dict[str, Callable[[Array], dict[str, float]]] = {"opennsfw": _opennsfw, "nsfwjs": _nsfwjs}
"""Classifiers by the id of their model."""


def engines() -> tuple[str, ...]:
    """Those that are installed.

    Raises
    ------
    MissingModelError
        None is.
    """
    found = tuple(name for name in ENGINES if store.installed(name))
    if not found:
        raise MissingModelError(
            "moderation needs one of the models 'opennsfw' and 'nsfwjs', better both; run: "
            "tinct models fetch opennsfw nsfwjs"
        )
    return found


def scores(photo: Array, engine: str) -> dict[str, float]:
    """Probabilities by class.

    Parameters
    ----------
    photo : ndarray, (h, w, 3), float32
        sRGB-encoded, 0..1.
    engine : str
        One of `ENGINES`.
    """
    return ENGINES[engine](photo)


def unsafe(engine: str, found: dict[str, float]) -> float:
    """The probability, 0..1, that an engine's classes give to what is not fit for everyone."""
    if engine == "opennsfw":
        return found["unsafe"]
    return found["hentai"] + found["porn"]


def _squeezed(photo: Array, side: int) -> Array:
    """The photo in a square, as both networks were trained."""
    from tinct.photo.resize import resize

    return resize(photo, (side, side))
