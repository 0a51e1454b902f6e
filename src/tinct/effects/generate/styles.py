"""Named styles of pictures: the records of ``styles.toml``."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Literal, get_args

from tinct.effects.generate import drawn
from tinct.photo.photo import Photo

__all__ = ["Name", "Style", "picture", "style"]

Name = Literal[
    "photograph", "studio", "film", "black_and_white", "golden_hour", "long_exposure",
    "oil", "watercolor", "gouache", "pastel", "ink_wash", "impression",
    "pencil", "colored_pencil", "line_art", "comic", "woodcut", "picture_book",
    "flat", "pixel", "low_poly", "stained_glass", "paper_cut", "neon",
]  # fmt: skip
"""Names of the styles."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """What a style adds to a request."""

    title: str
    group: str
    words: str
    """That follow the prompt."""
    negative: str = ""
    """What is not wanted."""
    guidance: float | None = None
    """How closely the prompt is followed; None: as the model is made for."""
    drawn: drawn.Kind
    """How its little picture is drawn."""

    def prompt(self, prompt: str) -> str:
        """The words of a request in this style."""
        return f"{prompt.rstrip(' ,.')}, {self.words}"

    def without(self, negative: str) -> str:
        """What such a request is not to show, beside what the caller says."""
        return ", ".join(filter(None, (negative, self.negative)))


@functools.cache
def _all() -> dict[str, Style]:
    text = resources.files("tinct.effects.generate").joinpath("styles.toml").read_text(encoding="utf-8")
    found = {name: Style(**record) for name, record in tomllib.loads(text).items()}
    assert set(found) == set(get_args(Name))
    return found


def style(name: Name) -> Style:
    """The style of a name."""
    return _all()[name]


def picture(name: Name | None) -> Photo | None:
    """A small picture of a style, for lists to choose from; None for none."""
    return None if name is None else Photo(drawn.picture(style(name).drawn))
