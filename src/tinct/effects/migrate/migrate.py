"""Recolour a photo: fit a colour map on a proxy, apply it at full size, leave people as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tinct.effects.effect import checked
from tinct.effects.migrate import auto, template
from tinct.effects.migrate.params import MigrateParams
from tinct.effects.migrate.reference import fit_reference as fit_colors_of
from tinct.errors import ParameterError
from tinct.imaging import palette
from tinct.imaging.colormap import ColorMap
from tinct.imaging.sample import Sample
from tinct.photo.photo import Photo
from tinct.settings import current

if TYPE_CHECKING:
    from tinct.imaging.people import PersonMask

__all__ = [
    "Migration",
    "dominant_colors",
    "find_people",
    "fit_auto",
    "fit_reference",
    "fit_template",
    "migrate",
    "run",
]


@dataclass(frozen=True, eq=False)
class Migration:
    """What `migrate` gives back."""

    photos: tuple[Photo, ...]
    """Results, one per map."""
    maps: tuple[ColorMap, ...]
    """The maps that were fitted, at full degree; reuse them on other photos."""
    people: PersonMask | None
    """Where people kept their colours; None when there are none or `portrait` is off."""

    @property
    def photo(self) -> Photo:
        """The first result."""
        return self.photos[0]

    def mask(self, photo: Photo) -> NDArray[np.uint8] | None:
        """Where `photo`, the one that was recoloured, kept its colours: (H, W) uint8, 255 on people; None without."""
        return None if self.people is None else self.people.full(photo)


def migrate(
    photo: Photo,
    mode: str = "auto",
    *,
    count: int = 1,
    colors: str | Iterable[str] | None = None,
    reference: Photo | None = None,
    degree: float = 1.0,
    smoothness: float = 0.5,
    seed: int = 0,
    portrait: bool = True,
    strength: float = 1.0,
) -> Migration:
    """Recolour a photo.

    Parameters
    ----------
    photo : Photo
        8 or 16 bit, any size from 1x1.
    mode : {"auto", "template", "reference"}
        New colour families; swatches that become the main colours; the colours of another photo.
    count : int
        Mode auto: how many results, 1..8.
    colors : str or iterable of str
        Mode template: 1..7 swatches, ``RRGGBB``, ``#RRGGBB`` or ``AARRGGBB``.
    reference : Photo
        Mode reference: where the colours come from.
    degree : float
        0..1; 0 returns the source's pixels exactly.
    smoothness : float
        Mode reference: 0 (tightest) .. 1 (smoothest).
    seed : int
        Same photo, parameters and seed: same results.
    portrait : bool
        People keep their own colours.
    strength : float
        Of that protection, 0..1.

    Returns
    -------
    Migration

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    """
    params = checked(
        MigrateParams,
        {
            "mode": mode,
            "count": count,
            "colors": colors if colors is None or isinstance(colors, str) else list(colors),
            "degree": degree,
            "smoothness": smoothness,
            "seed": seed,
            "portrait": portrait,
            "strength": strength,
        },
    )
    return run(photo, reference, params)


def run(
    photo: Photo,
    reference: Photo | None,
    params: MigrateParams,
    progress: Callable[[float], None] = lambda _: None,
) -> Migration:
    """`migrate` with parameters that are already checked; `progress` hears 0..1."""
    if (params.mode == "reference") != (reference is not None):
        wanted = "a photo with mode reference" if reference is None else "nothing unless mode is reference"
        raise ParameterError("reference", None if reference is None else repr(reference), wanted)
    proxy = _proxy(photo, "photo")
    goal = None if reference is None else Sample(_proxy(reference, "reference"))
    people = _find_people(proxy) if params.portrait else None
    source = Sample(proxy, None if people is None else 1 - params.strength * people.small)
    if params.mode == "auto":
        maps = auto.fit_auto(source, params.count, params.seed)
    elif params.mode == "template":
        maps = [template.fit_template(source, params.colors or [])]
    else:
        assert goal is not None
        maps = [fit_colors_of(source, goal, params.smoothness, params.seed)]
    progress(0.3)
    photos = []
    for number, color_map in enumerate(maps, 1):
        photos.append(color_map.apply(photo, degree=params.degree, protect=people, strength=params.strength))
        progress(0.3 + 0.7 * number / len(maps))
    return Migration(tuple(photos), tuple(maps), people)


def fit_auto(photo: Photo, count: int = 1, *, seed: int = 0) -> list[ColorMap]:
    """Fit maps to `count` (1..8) distinct colour families; see :func:`migrate`."""
    params = checked(MigrateParams, {"mode": "auto", "count": count, "seed": seed})
    return auto.fit_auto(Sample(_proxy(photo, "photo")), params.count, params.seed)


def fit_template(photo: Photo, colors: str | Iterable[str]) -> ColorMap:
    """Fit the map that makes 1..7 swatches the photo's main colours; see :func:`migrate`."""
    listed = colors if isinstance(colors, str) else list(colors)
    params = checked(MigrateParams, {"mode": "template", "colors": listed})
    return template.fit_template(Sample(_proxy(photo, "photo")), params.colors or [])


def fit_reference(photo: Photo, reference: Photo, *, smoothness: float = 0.5, seed: int = 0) -> ColorMap:
    """Fit the map that gives `photo` the colours of `reference`; see :func:`migrate`."""
    params = checked(MigrateParams, {"mode": "reference", "smoothness": smoothness, "seed": seed})
    source, goal = Sample(_proxy(photo, "photo")), Sample(_proxy(reference, "reference"))
    return fit_colors_of(source, goal, params.smoothness, params.seed)


def dominant_colors(photo: Photo, count: int = 6) -> list[palette.DominantColor]:
    """The photo's dominant colours, largest first.

    Parameters
    ----------
    photo : Photo
    count : int
        1..32; a photo with fewer colours gives fewer.

    Raises
    ------
    ParameterError
        `count` is out of range.
    """
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= 32:
        raise ParameterError("count", count, "a whole number from 1 to 32")
    return palette.clusters(Sample(_proxy(photo, "photo")), count)


def _proxy(photo: Photo, field: str) -> NDArray[np.float32]:
    """The small copy on which everything is fitted: (h, w, 3), sRGB-encoded."""
    if not isinstance(photo, Photo):
        raise ParameterError(field, photo, "a Photo, as tinct.open returns it")
    return photo.proxy(current().proxy_side)


def find_people(photo: Photo) -> PersonMask | None:
    """Where people are in `photo`; None where there are none."""
    return _find_people(_proxy(photo, "photo"))


def _find_people(proxy: NDArray[np.float32]) -> PersonMask | None:
    from tinct.imaging import people

    return people.find_people(proxy)
