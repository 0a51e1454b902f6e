"""Parameters of effects that invent pixels, declared once, and what all of them tell of it."""

from __future__ import annotations

import unicodedata
from typing import Annotated, Final

from pydantic import BeforeValidator, Field, StrictStr, StringConstraints, ValidationInfo

from tinct.errors import ParameterError

__all__ = ["Guidance", "Negative", "Prompt", "Steps", "Wish"]

_MOST: Final = 2000  # characters; models take fewer words than that, and say so


def _words(value: object, info: ValidationInfo) -> object:
    """Text without the space around it; no control characters but those that part words."""
    allowed = f"1 to {_MOST} characters of text that say what is to be seen"
    if not isinstance(value, str):
        raise ParameterError(str(info.field_name), value, allowed)
    text = " ".join(value.split())
    if len(text) > _MOST:
        raise ParameterError(str(info.field_name), f"{len(text)} characters", f"up to {_MOST}")
    if any(unicodedata.category(one) in ("Cc", "Cs") for one in text):
        raise ParameterError(str(info.field_name), "control characters", allowed)
    return text


def _some(value: object, info: ValidationInfo) -> object:
    text = _words(value, info)
    if not text:
        raise ParameterError(
            str(info.field_name), value, f"1 to {_MOST} characters of text that say what is to be seen"
        )
    return text


Prompt = Annotated[StrictStr, StringConstraints(min_length=1, max_length=_MOST), BeforeValidator(_some)]
"""What is to be seen."""
Wish = Annotated[StrictStr, StringConstraints(max_length=_MOST), BeforeValidator(_words)]
"""The same where it may be left out."""
Negative = Annotated[Wish, Field(description="With a prompt: what is not to be seen.")]
Steps = Annotated[
    int | None,
    Field(
        ge=1,
        le=150,
        description="With a prompt: steps of the generator; none: as many as its model is made for.",
    ),
]
Guidance = Annotated[
    float | None,
    Field(
        ge=0,
        le=50,
        description="With a prompt: how closely to follow it; none: as the model is made for.",
    ),
]
