"""An operator's own hairstyles: photos of people whose hair may be put on others, kept in a folder.

A style is a folder of its name in ``settings.hair_styles``: ``photo.jpg``, the head it was taken from; ``thumb.jpg``,
its hair on a drawn head; ``style.json``, its facts.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinct import atomic
from tinct.errors import ParameterError
from tinct.photo import decode
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import current

__all__ = [
    "Facts",
    "Length",
    "Style",
    "facts_of",
    "load",
    "names",
    "nearest",
    "photo",
    "remove",
    "save",
    "styles",
    "thumb",
]

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,62}")
_PHOTO, _THUMB, _FACTS = "photo.jpg", "thumb.jpg", "style.json"
_QUALITY: Final = 95
_NEAR: Final = 1.8

Length = Literal["shaved", "short", "chin", "shoulder", "long"]
Wave = Literal["straight", "wavy", "curly"]
Group = Literal["female", "male", "all"]


class Facts(BaseModel):
    """What is declared of a style; by it the nearest of others' styles is found."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, max_length=80)
    group: Group = "all"
    length: Length = "shoulder"
    wave: Wave = "straight"
    bangs: bool = False
    up: bool = False
    """Tied or pinned up."""


class Style(Facts):
    """A style of the library."""

    name: str


_LENGTHS: Final[Mapping[str, Length]] = {
    "buzz": "shaved", "shaved": "shaved", "fade": "short", "undercut": "short", "crop": "short", "pixie": "short",
    "short": "short", "bob": "chin", "chin": "chin", "lob": "shoulder", "shoulder": "shoulder", "medium": "shoulder",
    "long": "long",
}  # fmt: skip
_WAVES: Final[Mapping[str, Wave]] = {
    "straight": "straight", "sleek": "straight", "blunt": "straight", "wave": "wavy", "waves": "wavy", "wavy": "wavy",
    "messy": "wavy", "curl": "curly", "curls": "curly", "curly": "curly", "afro": "curly", "coily": "curly",
}  # fmt: skip
_GROUPS: Final[Mapping[str, Group]] = {"female": "female", "male": "male", "all": "all"}
_UP: Final = frozenset({"bun", "updo", "ponytail", "up"})


def facts_of(name: str, length: Length = "shoulder", bangs: bool = False) -> Facts:
    """The facts that the words of a name declare; what they do not say is as given."""
    words = name.split("_")

    def said(table: Mapping[str, str], otherwise: str) -> str:
        return next((table[word] for word in words if word in table), otherwise)

    return Facts.model_validate(
        {
            "title": " ".join(word for word in words if word not in _GROUPS).capitalize() or name,
            "group": said(_GROUPS, "all"),
            "length": said(_LENGTHS, length),
            "wave": said(_WAVES, "straight"),
            "bangs": bangs or "bangs" in words or "fringe" in words,
            "up": bool(_UP.intersection(words)),
        }
    )


def names() -> tuple[str, ...]:
    """Names of all styles, sorted."""
    folder = current().hair_styles
    if not folder.is_dir():
        return ()
    return tuple(sorted(path.name for path in folder.iterdir() if (path / _FACTS).is_file()))


def styles() -> tuple[Style, ...]:
    """All styles, by name; what cannot be read is left out."""
    found = []
    for name in names():
        try:
            found.append(load(name))
        except ParameterError:
            continue
    return tuple(found)


def load(name: str) -> Style:
    """One style.

    Raises
    ------
    ParameterError
        There is none of that name, or its file is damaged.
    """
    path = _folder(name) / _FACTS
    try:
        facts = Facts.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise _unknown(name) from None
    return Style(name=name, **facts.model_dump())


def nearest(name: str) -> str | None:
    """The style that is most like what the words of a name declare; None where none is near enough.

    A step of length (shaved, short, chin, shoulder, long) counts 1, a step from straight over wavy to curly 0.6, bangs
    0.5, tied hair 1, and the other of female and male 1.5; what counts more than 1.8 in all is not near.
    """
    wanted = facts_of(name)
    away = {style.name: _away(wanted, style) for style in styles()}
    near = min(away, key=lambda one: (away[one], one), default=None)
    return near if near is not None and away[near] <= _NEAR else None


def _away(one: Facts, two: Facts) -> float:
    lengths, waves = list(get_args(Length)), list(get_args(Wave))
    other = one.group != two.group and "all" not in (one.group, two.group)
    return (
        abs(lengths.index(one.length) - lengths.index(two.length))
        + 0.6 * abs(waves.index(one.wave) - waves.index(two.wave))
        + 0.5 * (one.bangs != two.bangs)
        + 1.0 * (one.up != two.up)
        + 1.5 * other
    )


def photo(name: str) -> Photo:
    """The head whose hair a style is.

    Raises
    ------
    ParameterError
        There is no such style.
    """
    return decode.open(_bytes(name, _PHOTO))


def thumb(name: str) -> Photo:
    """A small picture of a style.

    Raises
    ------
    ParameterError
        There is no such style.
    """
    return decode.open(_bytes(name, _THUMB))


def save(name: str, facts: Facts, head: Photo, shown: Photo) -> None:
    """Keep a style under a name; one of that name is replaced.

    Raises
    ------
    ParameterError
        The name is none.
    OSError
        The folder cannot be written.
    """
    folder = _folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in (
        (_PHOTO, encode(head, "jpeg", quality=_QUALITY, metadata="none")),
        (_THUMB, encode(shown, "jpeg", quality=_QUALITY, metadata="none")),
        (_FACTS, facts.model_dump_json(indent=2).encode()),  # last: without it there is no style
    ):
        with atomic.writing(folder / file) as out:
            out.write(content)


def remove(name: str) -> None:
    """Forget a style.

    Raises
    ------
    ParameterError
        There is none of that name.
    """
    folder = _folder(name)
    if not folder.is_dir():
        raise _unknown(name)
    shutil.rmtree(folder)


def _folder(name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise ParameterError("style", name, "letters a to z, digits and _, at most 63")
    return current().hair_styles / name


def _bytes(name: str, file: str) -> bytes:
    try:
        return (_folder(name) / file).read_bytes()
    except OSError:
        raise _unknown(name) from None


def _unknown(name: str) -> ParameterError:
    known = ", ".join(names()) or "none yet; add some: tinct hair styles add FOLDER"
    return ParameterError("style", name, f"a style of this library: {known}")
