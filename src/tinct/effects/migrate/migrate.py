"""Recolour a photo: fit a colour map on a proxy, apply it at full size, leave people as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from tinct.effects.choices import Seed
from tinct.effects.declare import OfOnePhoto, declared, effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Role, Rounded, Told, Untold, fact
from tinct.effects.migrate.parameters import (
    Chosen,
    GivenMap,
    Kept,
    Look,
    Mode,
    Portrait,
    Protected,
    Spread,
    Style,
    Swatches,
)
from tinct.effects.migrate.share import SwatchShare
from tinct.errors import ParameterError
from tinct.imaging import palette
from tinct.imaging.colormap import ColorMap
from tinct.imaging.lut_image import from_image, to_image
from tinct.imaging.people import SIDE, PersonMask, find_people
from tinct.imaging.pool import pooled
from tinct.imaging.region import region
from tinct.imaging.sample import Sample
from tinct.photo.given import PhotoLike, as_photo
from tinct.photo.photo import Photo
from tinct.photo.resize import shrink

__all__ = [
    "Migration",
    "dominant_colors",
    "fit_auto",
    "fit_reference",
    "fit_template",
    "migrate",
    "sampled",
    "together",
]

_MASK_SIDE = 1600  # pixels of the longer side of the picture that shows where people are


@dataclass(frozen=True, eq=False)
class Migration:
    """What `migrate` gives back."""

    photos: tuple[Photo, ...]
    """Results, one per map."""
    maps: Annotated[tuple[ColorMap, ...], Told(lambda maps: [one.title for one in maps])]
    """The maps that were fitted, at full degree; reuse them on other photos."""
    people: Annotated[PersonMask | None, Untold()]
    """Where people kept their colours; None when there are none or `portrait` is off."""
    swatches: tuple[SwatchShare, ...] = ()
    """Mode template: what became of each."""
    capacity: int | None = None
    """Mode template: how many swatches the photo can show without cutting one thing in two."""
    distinct: int | None = None
    """Mode auto: how many results are clearly different from the photo and from each other, by CIEDE2000 6 over what is
    coloured; fewer than asked where the photo has little colour to turn."""
    strips: Annotated[tuple[Photo, ...], Role("map", format="png")] = ()
    """With `maps`: each map as a picture; see :mod:`tinct.imaging.lut_image`."""
    kept: Annotated[Photo | None, Role("people", format="png")] = None
    """With `maps`: where people kept their colours, white, at most 1600 pixels; None without."""

    @property
    def photo(self) -> Photo:
        """The first result."""
        return self.photos[0]

    @property
    @fact
    def palettes(self) -> list[list[str]]:
        """The five dominant colours of each result, as ``#RRGGBB``."""
        return [[color.hex for color in dominant_colors(photo, 5)] for photo in self.photos]

    @property
    @fact
    def people_share(self) -> Annotated[float, Rounded(4)]:
        """Share of the photo that is people who kept their colours."""
        return 0.0 if self.people is None else self.people.share

    @property
    @fact
    def people_kept(self) -> dict[str, Any]:
        """Share, count and places of those people; see :class:`tinct.imaging.people.PersonMask`."""
        return {"share": 0.0, "count": 0, "where": []} if self.people is None else self.people.facts

    def mask(self, photo: Photo) -> NDArray[np.uint8] | None:
        """Where `photo`, the one that was recoloured, kept its colours: (H, W) uint8, 255 on people; None without."""
        return None if self.people is None else self.people.full(photo)


def together(
    mode: Mode, count: int, colors: object, reference: object, style: object, spread: float, map: object
) -> None:
    """Refuse parameters that do not belong to a mode, and ask for the one that it needs."""
    if mode == "template" and colors is None:
        raise ParameterError("colors", None, "1 to 7 colours with mode template")
    if mode != "template" and colors is not None:
        raise ParameterError("colors", colors, "nothing unless mode is template")
    if mode != "auto" and count != 1:
        raise ParameterError("count", count, "1 unless mode is auto")
    if mode != "auto" and style is not None:
        raise ParameterError("style", style, "nothing unless mode is auto")
    if mode != "template" and spread != 0:
        raise ParameterError("spread", spread, "0 unless mode is template")
    if mode == "reference" and reference is None:
        raise ParameterError("reference", None, "a photo with mode reference")
    if mode != "reference" and reference is not None:
        raise ParameterError("reference", "a photo", "nothing unless mode is reference")
    if mode == "map" and map is None:
        raise ParameterError("map", None, "a colour map as a strip, with mode map")
    if mode != "map" and map is not None:
        raise ParameterError("map", "a colour map", "nothing unless mode is map")


@effect(
    title="Colour migration",
    engines={"classical": ("person", "colorizer")},
    together=together,
    label=lambda mode: mode,
    counted="count",
)
def migrate(
    photo: Annotated[Photo, Field(description="The photo to recolour.")],
    mode: Chosen = "auto",
    *,
    count: Annotated[
        int, Field(ge=1, le=8, description="How many results; more than 1 only in mode auto.")
    ] = 1,
    style: Annotated[
        Style | None,
        Field(
            description="Mode auto: natural turns what is known by its colour (sky, lawn, fruit) only as far as is "
            "likely, bold turns all nearly alike; by default natural for up to 4 results, bold for more."
        ),
    ] = None,
    colors: Swatches = None,
    spread: Spread = 0.0,
    reference: Look = None,
    map: GivenMap = None,
    mask: Annotated[
        Photo | None,
        OfOnePhoto(),
        Field(
            description="Recolour only here: a grey picture of the photo's size, white is recoloured, black is kept, "
            "grey blends. New colours are fitted to what is white alone."
        ),
    ] = None,
    degree: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="0 keeps the photo, 1 is the full recolouring, between them a linear blend.",
        ),
    ] = 1.0,
    smoothness: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Mode reference: 0 follows the reference's colours most tightly, 1 keeps the photo's drawing "
            "most.",
        ),
    ] = 0.5,
    seed: Seed = 0,
    portrait: Portrait = True,
    strength: Kept = 1.0,
    protect: Protected = "person",
    maps: Annotated[
        bool,
        Field(
            description="Also give what a preview needs: the colour map of each result as a strip of 33 tiles, to be "
            "applied to other photos by mode map, and where people kept their colours."
        ),
    ] = False,
    progress: Progress = unheard,
) -> Migration:
    """Recolour a photo: new colour families, asked swatches, or a reference photo's colours; people keep their own.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    """
    proxy = _proxy(photo)
    goal = None if reference is None else sampled(reference)
    people = find_people(photo, protect) if portrait else None
    source = Sample(proxy, None if people is None else 1 - strength * people.small, _counting(photo, mask))
    dealt = families = None
    if map is not None:
        fitted = [from_image(map)]
    else:
        from tinct.effects.migrate import fits

        if goal is not None:
            fitted = [fits.fit_reference(source, goal, smoothness, seed)]
        elif colors is not None:
            dealt = fits.fit_template(source, colors, spread)
            fitted = [dealt.map]
        else:
            families = fits.fit_families(source, count, seed, style)
            fitted = list(families.maps)
    progress(0.3)
    photos = []
    for number, color_map in enumerate(fitted, 1):
        photos.append(color_map.apply(photo, degree=degree, mask=mask, protect=people, strength=strength))
        progress(0.3 + 0.7 * number / len(fitted))
    return Migration(
        tuple(photos),
        tuple(fitted),
        people,
        swatches=() if dealt is None else dealt.swatches,
        capacity=None if dealt is None else dealt.capacity,
        distinct=None if families is None else families.distinct,
        strips=tuple(to_image(one) for one in fitted) if maps else (),
        kept=_picture(people, photo) if maps and people is not None else None,
    )


def _picture(people: PersonMask, photo: Photo) -> Photo:
    """Where people are, as a grey photo."""
    small = shrink(people.full(photo), _MASK_SIDE)
    return Photo(np.repeat(small[..., None], 3, axis=2).astype(np.uint8), gray=True)


PhotosLike: TypeAlias = PhotoLike | Sequence[PhotoLike]
"""One photo, or several to which one map is fitted: each counts alike."""


def fit_auto(
    photo: PhotosLike,
    count: int = 1,
    *,
    seed: int = 0,
    style: Style | None = None,
    mask: PhotosLike | None = None,
) -> list[ColorMap]:
    """Fit maps to distinct colour families; see :func:`migrate`.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        Or a list of up to 100 of them, to which the same maps are fitted.
    count : int
        1..8.
    seed, style
        As in :func:`migrate`.
    mask : photo, path, PIL image or array, optional
        What of the photo counts, as a grey picture of its size, white on what does; of several photos a list.

    Returns
    -------
    list of ColorMap

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    """
    from tinct.effects.migrate import fits

    params = _checked(mode="auto", count=count, seed=seed, style=style)
    return fits.fit_auto(_sample(photo, mask), params.count, params.seed, params.style)


def fit_template(
    photo: PhotosLike, colors: str | Iterable[str], *, spread: float = 0.0, mask: PhotosLike | None = None
) -> ColorMap:
    """Fit the map that makes swatches the main colours; see :func:`migrate`.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        Or a list of up to 100 of them, to which the same map is fitted.
    colors : str or iterable of str
        1 to 7 swatches, as in :func:`migrate`; one string may hold several, separated by commas.
    spread : float
        0 is calm, 1 insists on every swatch.
    mask : photo, path, PIL image or array, optional
        As in :func:`fit_auto`.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    """
    from tinct.effects.migrate import fits

    params = _checked(mode="template", colors=colors, spread=spread)
    return fits.fit_template(_sample(photo, mask), params.colors, params.spread).map


def fit_reference(
    photo: PhotosLike,
    reference: PhotosLike,
    *,
    smoothness: float = 0.5,
    seed: int = 0,
    mask: PhotosLike | None = None,
    reference_mask: PhotosLike | None = None,
) -> ColorMap:
    """Fit the map that gives `photo` the colours of `reference`; see :func:`migrate`.

    Parameters
    ----------
    photo, reference : Photo, path, bytes, file, PIL image or array
        Or lists of up to 100 of them: one map for a whole set, or the colours of a set of examples.
    smoothness : float
        0 follows the reference's colours most tightly, 1 keeps the photo's drawing most.
    seed : int
        The same photos and seed give the same map.
    mask, reference_mask : photo, path, PIL image or array, optional
        What counts, as in :func:`fit_auto`: the map of an object is fitted to it alone, and applied to it alone.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    """
    from tinct.effects.migrate import fits

    params = _checked(mode="reference", smoothness=smoothness, seed=seed)
    source = _sample(photo, mask)
    goal = _sample(reference, reference_mask, "reference")
    return fits.fit_reference(source, goal, params.smoothness, params.seed)


def _checked(**params: object) -> Any:
    return declared(migrate).parse(params)


def dominant_colors(photo: PhotosLike, count: int = 6) -> list[palette.DominantColor]:
    """The dominant colours of a photo, or of several, largest first.

    Parameters
    ----------
    photo : Photo, path, bytes, file, PIL image or array
        Or a list of up to 100 of them; each counts alike.
    count : int
        1..32; a photo with fewer colours gives fewer.

    Raises
    ------
    ParameterError
        `count` is out of range.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 32:
        raise ParameterError("count", count, "a whole number from 1 to 32")
    return palette.clusters(_sample(photo), count)


def _sample(given: PhotosLike, masks: PhotosLike | None = None, field: str = "photo") -> Sample:
    """What a fit sees of photos."""
    several = list(given) if isinstance(given, list | tuple) else [given]
    parts = (
        [masks] * len(several)
        if masks is None
        else list(masks)
        if isinstance(masks, list | tuple)
        else [masks]
    )
    if len(parts) != len(several):
        raise ParameterError("mask", f"{len(parts)} masks", f"{len(several)}, one for each photo")
    samples = [sampled(as_photo(one, field), part) for one, part in zip(several, parts, strict=True)]
    return pooled(samples, SIDE, field)


def sampled(photo: Photo, mask: Any = None) -> Sample:
    """What a fit sees of a photo, within a mask."""
    return Sample(_proxy(photo.without_hidden_colors()), opacity=_counting(photo, mask))


def _counting(photo: Photo, mask: Any) -> NDArray[np.float32] | None:
    """How much each place of the small copy counts: its opacity, within a mask; None where all count alike."""
    opacity = photo.opacity(SIDE)
    if mask is None:
        return opacity
    inside = np.asarray(shrink(region(photo, mask), SIDE) / np.float32(255), np.float32)
    if not inside.any():
        raise ParameterError("mask", "nothing but black", "white where the photo counts")
    return inside if opacity is None else np.asarray(opacity * inside, np.float32)


def _proxy(photo: Photo) -> NDArray[np.float32]:
    """The small copy on which everything is fitted: (h, w, 3), sRGB-encoded."""
    return photo.proxy(SIDE)
