"""Colour a black-and-white photo: predict chroma small, condition it, join it to the full-size luminance."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from tinct.effects.choices import Seed
from tinct.effects.colorize import conditioning, doubt
from tinct.effects.colorize.carry import carry
from tinct.effects.colorize.hints import Hint, Hints, located
from tinct.effects.colorize.join import MIDDLE, Join, spread
from tinct.effects.colorize.scan import lightness_seen
from tinct.effects.declare import CheckedAs, OfOnePhoto, effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import fact
from tinct.imaging.likelihood import ChromaDistribution, predict_chroma
from tinct.imaging.things import things_of
from tinct.imaging.tone import RealColor, Tone, tone_of
from tinct.photo.color import lab_to_srgb, srgb_to_lab
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["Colorization", "Neutralise", "Source", "colorize", "predicted"]

Array = NDArray[np.float32]
Neutralise = Literal["auto", "on", "off"]

_REFERENCE_SIDE = 96  # enough for a palette


@dataclass(frozen=True, eq=False)
class Colorization:
    """What `colorize` gives back."""

    photos: tuple[Photo, ...]
    """Colourings, the best first."""
    tone: Tone
    """What the photo was: ``gray``, ``toned`` (sepia, faded, yellowed) or ``color``."""
    doubted: int = 0
    """How many of the others give things in doubt (clothes, cars, walls) another likely colour, skin staying; the
    rest are tints of the whole, for want of doubt."""

    @property
    def photo(self) -> Photo:
        """The best colouring."""
        return self.photos[0]

    @property
    @fact
    def already_color(self) -> bool:
        """The photo had real colours before."""
        return self.tone == "color"


def _or_bool(value: object) -> object:
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else value


@effect(
    title="Colorization",
    engines={"colorizer": ("colorizer", "extent", "subject")},
    label="color",
    counted="variants",
)
def colorize(
    photo: Annotated[
        Photo, Field(description="The photo to colour: grey, toned, or in colour; then it is coloured anew.")
    ],
    strength: Annotated[
        float, Field(ge=0, le=1, description="0 leaves the photo without new colour, 1 colours it fully.")
    ] = 1.0,
    variants: Annotated[
        int, Field(ge=1, le=4, description="How many different colourings; the first is the best answer.")
    ] = 1,
    seed: Seed = 0,
    neutralise: Annotated[
        Neutralise | bool,
        CheckedAs(Neutralise),
        BeforeValidator(_or_bool),
        Field(
            description="What happens to colour the photo already has. auto: the tint of sepia, faded and yellowed "
            "photos goes; colour in places, such as a red stamp, stays; a photo in colour is coloured anew, its own "
            "colours show where strength is below 1. on: all goes. off: the tint shows too where strength is below 1."
        ),
    ] = "auto",
    *,
    hints: Annotated[
        Sequence[Hint | tuple[int, int, str] | Mapping[str, Any]],
        CheckedAs(Hints),
        OfOnePhoto(),
        Field(
            max_length=200,
            description="Known colours: x, y in pixels, and color. Each fills the thing that the point is on.",
        ),
    ] = (),
    reference: Annotated[Photo | None, Field(description="A photo whose colours to lean towards.")] = None,
    progress: Progress = unheard,
) -> Colorization:
    """Colour a black-and-white photo; luminance stays, and known colours or a reference photo may steer it.

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
    points = located((photo.width, photo.height), hints)
    source = Source.of(photo)
    colorings, doubted = _colorings(source, reference, variants, seed, points)
    progress(0.2)
    photos = []
    for number, cells in enumerate(colorings, 1):
        photos.append(source.colored(cells, strength, neutralise))
        progress(0.2 + 0.8 * number / variants)
    return Colorization(tuple(photos), source.tone, doubted)


@dataclass(frozen=True, eq=False)
class Source:
    """A photo that is to be coloured."""

    photo: Photo
    lab: Array
    """(h, w, 3) of the middle size."""
    tone: Tone

    @classmethod
    def of(cls, photo: Photo) -> Source:
        """Look at a photo."""
        lab = srgb_to_lab(photo.proxy(MIDDLE))
        return cls(photo, lab, tone_of(lab))

    @functools.cached_property
    def seen(self) -> Array:
        """Lightness (h, w) as the network should see it."""
        return lightness_seen(self.lab, self.tone)

    def colored(self, cells: Array, strength: float, neutralise: Neutralise | bool) -> Photo:
        """With the chroma of cells, (h, w, 2)."""
        light = np.ascontiguousarray(self.lab[..., 0])
        keep = neutralise == "off" or (neutralise == "auto" and self.tone == "color")
        real = None if neutralise == "on" else RealColor.of(self.lab)
        join = Join.fit(spread(cells, light), light)
        pixels = join.apply(self.photo, strength=strength, keep=keep, real=real)
        return replace(self.photo, pixels=pixels, gray=False)


def predicted(seen: Array, reference: Photo | None) -> ChromaDistribution:
    """What the network knows, leaning towards the colours of a reference photo."""
    best = predict_chroma(seen)
    if reference is None:
        return best
    palette = srgb_to_lab(reference.proxy(_REFERENCE_SIDE))[..., 1:].reshape(-1, 2)
    leaning = best.blend(predict_chroma(seen, conditioning.reference_mood(best.chroma(), palette)))
    return replace(leaning, logits=leaning.logits + conditioning.reference_tilt(leaning, palette))


def _colorings(
    source: Source, reference: Photo | None, variants: int, seed: int, hints: Array
) -> tuple[list[Array], int]:
    """Chroma of the cells for each variant, and how many of them choose other colours for things in doubt."""
    best = predicted(source.seen, reference)
    chroma = best.chroma()
    others: list[Array] = []
    tints: list[Array] = []
    if variants > 1:
        skin = _skin(source, chroma)
        others = doubt.colorings(chroma, best.light, doubt.choices(best, chroma, skin), variants - 1, seed)
        for mood in conditioning.variant_moods(chroma, variants - 1 - len(others), seed):
            tint = best.blend(predict_chroma(source.seen, mood)).chroma()
            tints.append(np.asarray(tint + (chroma - tint) * skin[..., None], np.float32))
    found = [chroma, *others, *tints]
    if len(hints):
        known = carry(best, hints, things_of(source.seen))
        found = [known.over(one) for one in found]
    return found, len(others)


def _skin(source: Source, chroma: Array) -> Array:
    """How much of each cell is skin, (h, w), 0 to 1."""
    from tinct.imaging.people import find_people

    lab = source.lab.copy()
    lab[..., 1:] = resize(chroma, lab.shape[:2])  # it is found where it has its colour
    people = find_people(Photo((np.clip(lab_to_srgb(lab), 0, 1) * 255).astype(np.uint8)), "skin")
    if people is None:
        return np.zeros(chroma.shape[:2], np.float32)
    return np.asarray(resize(people.small, chroma.shape[:2]), np.float32)
