"""Colour a black-and-white photo: guess chroma small, steer it, join it to the full-size luminance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tinct.effects.colorize import steer
from tinct.effects.colorize.join import MIDDLE, Join, spread
from tinct.effects.colorize.params import ColorizeParams, Neutralise
from tinct.effects.colorize.tone import Tone, scan_lightness, tone_of
from tinct.effects.effect import checked
from tinct.errors import ParameterError
from tinct.imaging.likelihood import guess
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo

__all__ = ["Colorization", "colorize", "run"]

Array = NDArray[np.float32]

_REFERENCE_SIDE = 96  # enough for a palette


@dataclass(frozen=True, eq=False)
class Colorization:
    """What `colorize` gives back."""

    photos: tuple[Photo, ...]
    """Colourings, the best first."""
    tone: Tone
    """What the photo was: ``gray``, ``toned`` (sepia, faded, yellowed) or ``color``."""

    @property
    def photo(self) -> Photo:
        """The best colouring."""
        return self.photos[0]

    @property
    def already_color(self) -> bool:
        """The photo had real colours before."""
        return self.tone == "color"


def colorize(
    photo: Photo,
    strength: float = 1.0,
    variants: int = 1,
    seed: int = 0,
    neutralise: Neutralise | bool = "auto",
    *,
    hints: Iterable[tuple[int, int, str] | Mapping[str, Any]] = (),
    reference: Photo | None = None,
    smooth_scan: bool = False,
) -> Colorization:
    """Colour a photo; its luminance stays.

    Parameters
    ----------
    photo : Photo
        8 or 16 bit, any size from 1x1; grey, toned, or in colour (then it is coloured anew).
    strength : float
        0..1; 0 adds no colour.
    variants : int
        1..4 different colourings, the best first.
    seed : int
        Same photo, parameters and seed: same results.
    neutralise : {"auto", "on", "off"} or bool
        What happens to chroma the photo already has, which shows where `strength` is below 1. ``auto``: the tint of
        toned photos goes, the colours of colour photos stay.
    hints : iterable of (x, y, colour)
        Known colours at pixels of the photo, such as ``(120, 80, "#3A5F2B")``; mappings with these names do as well.
    reference : Photo
        A photo whose colours to lean towards.
    smooth_scan : bool
        Keep dust, scratches and grain from misleading the network.

    Returns
    -------
    Colorization

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    ModelError
        The weights are missing or damaged.

    References
    ----------
    Zhang, Isola, Efros 2016, "Colorful Image Colorization".
    """
    params = checked(
        ColorizeParams,
        {
            "strength": strength,
            "variants": variants,
            "seed": seed,
            "neutralise": neutralise,
            "hints": list(hints),
            "smooth_scan": smooth_scan,
        },
    )
    return run(photo, reference, params)


def run(
    photo: Photo,
    reference: Photo | None,
    params: ColorizeParams,
    progress: Callable[[float], None] = lambda _: None,
) -> Colorization:
    """`colorize` with parameters that are already checked; `progress` hears 0..1."""
    hints = _hints(photo, params)
    lab = srgb_to_lab(photo.proxy(MIDDLE))  # (h, w, 3)
    light = np.ascontiguousarray(lab[..., 0])
    tone = tone_of(lab)
    seen = scan_lightness(light, params.smooth_scan)
    colorings = _colorings(seen, reference, params, hints)
    progress(0.2)
    keep = params.neutralise == "off" or (params.neutralise == "auto" and tone == "color")
    photos = []
    for number, cells in enumerate(colorings, 1):
        join = Join.fit(spread(cells, light), light)
        pixels = join.apply(photo, strength=params.strength, keep=keep)
        photos.append(replace(photo, pixels=pixels, gray=False))
        progress(0.2 + 0.8 * number / params.variants)
    return Colorization(tuple(photos), tone)


def _colorings(seen: Array, reference: Photo | None, params: ColorizeParams, hints: Array) -> list[Array]:
    """Chroma of the cells for each variant, from lightness as the network sees it."""
    best = guess(seen, hints)
    if reference is not None:
        palette = srgb_to_lab(reference.proxy(_REFERENCE_SIDE))[..., 1:].reshape(-1, 2)
        leaning = best.blend(guess(seen, hints, steer.reference_mood(best.chroma(), palette)))
        best = replace(leaning, logits=leaning.logits + steer.reference_tilt(leaning, palette))
    moods = steer.variant_moods(best.chroma(), params.variants - 1, params.seed)
    guesses = [best, *(best.blend(guess(seen, hints, mood)) for mood in moods)]
    return [steer.follow_hints(guessed.chroma(), guessed.light, hints) for guessed in guesses]


def _hints(photo: Photo, params: ColorizeParams) -> Array:
    """Hints (n, 4): row and column as shares of the photo, a*, b*."""
    rows = []
    for number, hint in enumerate(params.hints):
        if hint.x >= photo.width or hint.y >= photo.height:
            allowed = f"a point inside the photo, x below {photo.width} and y below {photo.height}"
            raise ParameterError(f"hints.{number}", f"{hint.x},{hint.y}", allowed)
        rows.append([(hint.y + 0.5) / photo.height, (hint.x + 0.5) / photo.width, *hint.chroma])
    return np.array(rows, np.float32).reshape(-1, 4)
