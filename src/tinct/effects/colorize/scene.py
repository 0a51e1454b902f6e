"""Colour photos of one scene alike: the network's answers are averaged over what they have in common.

Photos that show the same place are found first (`tinct.imaging.places`), so that what only resembles something in
another photo is not coloured like it. Between such photos, cells that look alike to the network's encoder share what
the network said of them, as log-probabilities, before each photo is decoded: what is unclear in one photo is decided
by all. Chroma is decided for a photo as a whole, so what was decided is averaged once more in the same way.

A photo is looked at twice: small, for the reading, and in full, when it is coloured. What is held of each between is
about 3 MB while the scene is read, and 36 kB then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from tinct.effects.colorize.carry import carry
from tinct.effects.colorize.colorize import Colorization, Source, colorize, predicted
from tinct.effects.colorize.hints import Hint, located
from tinct.effects.declare import declared
from tinct.effects.effect import Progress, checked, unheard
from tinct.errors import ParameterError
from tinct.imaging.kindred import Kindred, Seen, kindred
from tinct.imaging.likelihood import ChromaDistribution
from tinct.imaging.mean_field import resized
from tinct.imaging.places import AGREED, Points, agreeing
from tinct.imaging.pool import MOST
from tinct.imaging.things import things_of
from tinct.photo.given import PhotoLike, as_photo
from tinct.photo.photo import Photo
from tinct.photo.resize import resize

__all__ = ["Scene", "SceneHint", "SceneReader", "colorize_scene"]

Array = NDArray[np.float32]
Half = NDArray[np.float16]

_PARTNERS: Final = 8  # photos that each hears: those with which it has most in common
_SURE: Final = 0.3  # trust from which a hint is carried to another photo
_BACK: Final = 3  # cells that the way there and back may end apart: even things have many places alike


class SceneHint(Hint):
    """The colour of one point of one photo of a scene."""

    photo: int = Field(0, ge=0, description="Number of the photo, from 0.")


def _hint(value: object) -> object:
    """Also accept (x, y, colour) and (photo, x, y, colour)."""
    if isinstance(value, list | tuple) and len(value) in (3, 4):
        return dict(zip(("photo", "x", "y", "color")[-len(value) :], value, strict=True))
    return value


class _Hints(BaseModel):
    """What hints are brought to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hints: list[Annotated[SceneHint, BeforeValidator(_hint)]] = Field([], max_length=200)


@dataclass(frozen=True, eq=False)
class _Read:
    """What is held of a photo while the scene is read."""

    logits: Half
    """(h, w, q) log-probabilities."""
    bins: Array
    light: Array
    share: Array
    seen: Seen
    coarse: Half
    """(n, q) log-probabilities of the cells that are compared."""
    points: Points
    sharp: Half
    """(h, w) L* of the middle size, in which things are outlined."""
    size: tuple[int, int]
    """Width and height of the photo."""

    @classmethod
    def of(cls, photo: Photo, reference: Photo | None) -> _Read:
        source = Source.of(photo)
        answer = predicted(source.seen, reference)
        size = answer.looks.shape[:2]
        seen = Seen(answer.looks.astype(np.float16), resize(answer.light, (size[0], size[1])))
        return cls(
            logits=_normal(answer.logits).astype(np.float16),
            bins=answer.bins,
            light=answer.light,
            share=answer.share,
            seen=seen,
            coarse=_normal(resized(answer.logits, seen.size))
            .reshape(-1, len(answer.bins))
            .astype(np.float16),
            points=Points.of(source.seen),
            sharp=source.seen.astype(np.float16),
            size=(photo.width, photo.height),
        )

    def answer(self, moved: Array | None = None) -> ChromaDistribution:
        """The distribution, with its logits moved by (n, q)."""
        logits = self.logits.astype(np.float32)
        if moved is not None:
            logits += resized(moved.reshape(*self.seen.size, -1), (logits.shape[0], logits.shape[1]))
        return ChromaDistribution(
            logits, self.bins, self.light, self.share, self.seen.looks.astype(np.float32)
        )


def _normal(logits: Array) -> Array:
    """Log-probabilities, the impossible at -16 for float16's sake."""
    logits = logits - logits.max(axis=-1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    return np.asarray(np.maximum(logits, np.float32(-16)), np.float32)


class SceneReader:
    """Looks at photos one after another, then reads them as one scene.

    Parameters
    ----------
    reference : Photo, optional
        A photo whose colours to lean towards.
    """

    def __init__(self, reference: Photo | None = None) -> None:
        self._reference = reference
        self._read: list[_Read] = []

    def look(self, photo: Photo) -> int:
        """Look at one more photo, of which only what is small is kept; its number."""
        if len(self._read) >= MOST:
            raise ParameterError("photos", f"more than {MOST}", f"1 to {MOST} photos of a scene")
        self._read.append(_Read.of(photo.without_hidden_colors(), self._reference))
        return len(self._read) - 1

    def read(self, hints: Sequence[Any] = (), progress: Progress = unheard) -> Scene:
        """Decide on colours for all of them.

        Parameters
        ----------
        hints : sequence of SceneHint
            Or tuples, of the number of a photo, x, y and colour; of three they are of the first photo.

        Raises
        ------
        ParameterError
            A hint is outside its photo, or of a photo that is not there.
        """
        count = len(self._read)
        known = self._located(checked(_Hints, {"hints": list(hints)}).hints)
        near = self._partners()
        pairs: list[dict[int, Kindred]] = [{} for _ in range(count)]
        for one in range(count):
            for other in near[one]:
                if other not in pairs[one]:
                    pairs[one][other], pairs[other][one] = kindred(
                        self._read[one].seen, self._read[other].seen
                    )
            progress(0.5 * (one + 1) / max(count, 1))
        points = self._carried(known, near, pairs)
        coarse = [one.coarse.astype(np.float32) for one in self._read] if any(near) else []
        alone = []
        for number, read in enumerate(self._read):
            moved = _agreed(coarse, number, near[number], pairs[number]) if near[number] else None
            alone.append(read.answer(moved).chroma())
            progress(0.5 + 0.4 * (number + 1) / count)
        small = [
            resize(chroma, read.seen.size).reshape(-1, 2)
            for chroma, read in zip(alone, self._read, strict=True)
        ]
        cells = []
        for number, (read, chroma) in enumerate(zip(self._read, alone, strict=True)):
            if near[number]:
                moved = _agreed(small, number, near[number], pairs[number])
                wide = resize(moved.reshape(*read.seen.size, 2), read.light.shape)
                chroma = np.asarray(chroma + wide * read.share[..., None], np.float32)
            if points[number]:
                things = things_of(read.sharp.astype(np.float32))
                carried = carry(read.answer(), np.array(points[number], np.float32), things)
                chroma = carried.over(chroma)
            cells.append(chroma)
        progress(1.0)
        return Scene(tuple(cells), tuple(tuple(sorted(one)) for one in near))

    def _located(self, hints: Sequence[SceneHint]) -> list[list[list[float]]]:
        """Row and column as shares, a*, b* of the hints of each photo."""
        found: list[list[list[float]]] = [[] for _ in self._read]
        for number, hint in enumerate(hints):
            if hint.photo >= len(self._read):
                allowed = f"0 to {len(self._read) - 1}, the number of a photo"
                raise ParameterError(f"hints.{number}.photo", hint.photo, allowed)
            found[hint.photo] += located(self._read[hint.photo].size, [hint], number).tolist()
        return found

    def _partners(self) -> list[list[int]]:
        """The photos that each hears, the most kindred first."""
        found: list[list[tuple[int, int]]] = [[] for _ in self._read]
        for one, first in enumerate(self._read):
            for other in range(one):
                agreed = agreeing(first.points, self._read[other].points)
                if agreed >= AGREED:
                    found[one].append((-agreed, other))
                    found[other].append((-agreed, one))
        return [[number for _, number in sorted(one)[:_PARTNERS]] for one in found]

    def _carried(
        self,
        known: list[list[list[float]]],
        near: list[list[int]],
        pairs: list[dict[int, Kindred]],
    ) -> list[list[list[float]]]:
        """Hints of each photo with those of others whose places are in it; its own come last, and count."""
        own = [list(one) for one in known]
        found: list[list[list[float]]] = [[] for _ in known]
        for start, hints in enumerate(own):
            for hint in hints:
                for number, point in self._followed(start, hint, pairs).items():
                    if number != start:
                        found[number].append(point)
        return [far + one for far, one in zip(found, own, strict=True)]

    def _followed(
        self, start: int, hint: list[float], pairs: list[dict[int, Kindred]]
    ) -> dict[int, list[float]]:
        """Where the place of a hint is in every photo to which it can be followed, from one to the next."""
        places = {start: hint}
        waiting = [start]
        while waiting:
            here = waiting.pop(0)
            for other in sorted(pairs[here]):
                if other in places:
                    continue
                found = _moved(
                    places[here], self._read[here].seen, self._read[other].seen, pairs, here, other
                )
                if found is not None:
                    places[other] = found
                    waiting.append(other)
        return places


def _moved(
    hint: list[float], one: Seen, other: Seen, pairs: list[dict[int, Kindred]], here: int, there: int
) -> list[float] | None:
    """The hint at its place in another photo; None where that is not sure, there and back."""
    rows, columns = one.size
    cell = min(int(hint[0] * rows), rows - 1) * columns + min(int(hint[1] * columns), columns - 1)
    match = pairs[here][there]
    best = int(match.cells[cell, 0])
    back = divmod(int(pairs[there][here].cells[best, 0]), columns)
    away = max(abs(a - b) for a, b in zip(back, divmod(cell, columns), strict=True))
    if match.trust[cell] < _SURE or away > _BACK:
        return None
    row, column = divmod(best, other.size[1])
    return [(row + 0.5) / other.size[0], (column + 0.5) / other.size[1], *hint[2:]]


def _agreed(values: Sequence[Array], number: int, near: Sequence[int], pairs: Mapping[int, Kindred]) -> Array:
    """How far the values (n, q) of a photo's cells move when those of its partners are heard."""
    own = values[number]
    total, weight = np.zeros_like(own), np.ones(len(own), np.float32)
    for other in near:
        match = pairs[other]
        total += (match.heard(values[other]) - own) * match.trust[:, None]
        weight += match.trust
    return np.asarray(total / weight[:, None], np.float32)


@dataclass(frozen=True, eq=False)
class Scene:
    """What was decided for the photos of a scene."""

    cells: tuple[Array, ...]
    """(h, w, 2) a*, b* for each photo."""
    partners: tuple[tuple[int, ...], ...]
    """The photos that each was coloured alike with; none where it shows another place."""

    def colorize(
        self, number: int, photo: Photo, strength: float = 1.0, neutralise: Any = "auto"
    ) -> Colorization:
        """Colour a photo of the scene.

        Parameters
        ----------
        number : int
            Which of the photos it is.
        photo : Photo
            The same that was looked at.
        strength, neutralise
            As in `tinct.colorize`.
        """
        source = Source.of(photo.without_hidden_colors())
        return Colorization((source.colored(self.cells[number], strength, neutralise),), source.tone)


def colorize_scene(
    photos: Sequence[PhotoLike],
    strength: float = 1.0,
    neutralise: str | bool = "auto",
    *,
    hints: Iterable[SceneHint | tuple[Any, ...] | Mapping[str, Any]] = (),
    reference: PhotoLike | None = None,
    progress: Progress = unheard,
) -> Iterator[Colorization]:
    """Colour photos of one scene alike: the same coat, the same wall; what shows another place is coloured as alone.

    Photos are read twice, one at a time, so hundreds of megapixels need no more memory than one of them does.

    Parameters
    ----------
    photos : list
        1 to 100 of whatever `tinct.colorize` takes; files that cannot be read twice as bytes.
    strength, neutralise, reference
        As in :func:`colorize`.
    hints : iterable
        Known colours: the number of a photo, from 0, x, y in pixels, and color. They are carried to the photos in which
        the place is found again.

    Yields
    ------
    Colorization
        One for each photo, in their order; made when it is asked for.

    Raises
    ------
    ParameterError
        Names the field, what was found and what is allowed.
    ModelError
        The weights are missing or damaged.
    """
    if not isinstance(photos, Sequence) or isinstance(photos, str | bytes) or not 1 <= len(photos) <= MOST:
        found = f"{len(photos)} photos" if isinstance(photos, list | tuple) else photos
        raise ParameterError("photos", found, f"a list of 1 to {MOST} photos")
    for number, one in enumerate(photos):
        if hasattr(one, "read"):
            raise ParameterError(f"photos.{number}", "an open file", "its path or bytes: it is read twice")
    params = declared(colorize).parse({"strength": strength, "neutralise": neutralise})
    reader = SceneReader(None if reference is None else as_photo(reference, "reference"))
    for number, one in enumerate(photos, 1):
        reader.look(as_photo(one, "photos"))
        progress(0.4 * number / len(photos))
    scene = reader.read(list(hints), lambda share: progress(0.4 + 0.3 * share))
    return _colored(scene, photos, params, progress)


def _colored(
    scene: Scene, photos: Sequence[PhotoLike], params: Any, progress: Progress
) -> Iterator[Colorization]:
    for number, one in enumerate(photos):
        yield scene.colorize(number, as_photo(one, "photos"), params.strength, params.neutralise)
        progress(0.7 + 0.3 * (number + 1) / len(photos))
