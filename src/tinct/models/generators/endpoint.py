"""The engine ``endpoint``: a service that speaks the OpenAI images API makes the pictures.

Nothing here opens a connection: whoever runs this process says how such a service is asked, by `ask_by`. A worker's
child hands the question to its worker, which asks through `tinct.net.images`; so does the command line by itself.

References
----------
OpenAI API reference, images: ``POST /images/generations`` and ``POST /images/edits``; in a mask, what is transparent is
edited.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Annotated, Final

import numpy as np
from pydantic import Base64Bytes, BaseModel, ConfigDict, Field

from tinct.errors import GeneratorAnswerError, GeneratorAwayError, ParameterError, PhotoError
from tinct.models.generators.port import TASKS, Bytes, Facts, Progress, Request, SizeRule
from tinct.models.generators.uses import Use
from tinct.photo import decode
from tinct.photo.color import profile_to_srgb
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.photo.resize import resize
from tinct.settings import Settings

__all__ = ["Endpoint", "Question", "ask_by", "use_of"]


class Question(BaseModel):
    """What a service is asked."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str
    size: Annotated[str, Field(pattern=r"^\d{2,5}x\d{2,5}$")]
    """Width and height."""
    picture: Base64Bytes | None = None
    """PNG."""
    mask: Base64Bytes | None = None
    """PNG of the same size, transparent where something is to be invented."""


Ask = Callable[[Question], bytes]
"""Gives the encoded picture; raises `tinct.errors.GeneratorError`."""
_ask: Ask | None = None


def ask_by(ask: Ask | None) -> None:
    """Say how this process asks a service; None: not at all."""
    global _ask
    _ask = ask


def use_of(settings: Settings) -> Use | None:
    """The record of the service that the settings name; None where they name none."""
    if settings.images_url is None:
        return None
    sizes = tuple(_size(text) for text in settings.images_sizes.split(","))
    return Use(
        facts=Facts(
            engine="endpoint",
            name=settings.images_model,
            family="service",
            licence="as the service's terms say",
            serves=frozenset(TASKS),
            sizes=SizeRule(multiple=1, native=1024, fixed=sizes),
            steps=1,
            step_s=settings.images_answer_s / 3,  # jobs may take three times their estimate
        )
    )


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.strip().partition("x")
    return int(height), int(width)


class Endpoint:
    """A service; see `tinct.models.generators.port.Generator`."""

    def __init__(self, use: Use) -> None:
        self.facts: Facts = use.facts

    def make(self, request: Request, progress: Progress) -> Bytes:
        """See the port. Seeds, steps and guidance are the service's own; a negative prompt is refused."""
        if request.negative:
            raise ParameterError("negative", request.negative, "none: the images service knows no such thing")
        if _ask is None:
            raise GeneratorAwayError(
                "pictures come from an images service here, which servers and the command line ask; a program of your "
                "own says how: tinct.models.generators.endpoint.ask_by(tinct.net.images.ask_now)"
            )
        height, width = request.size
        encoded = _ask(
            Question(
                prompt=request.prompt,
                size=f"{width}x{height}",
                picture=None if request.picture is None else _text(Photo(request.picture)),
                mask=None if request.mask is None else _text(_holed(request)),
            )
        )
        progress(1.0)
        try:
            made = decode.open(encoded)
        except PhotoError:
            raise GeneratorAnswerError("the images service's answer is no picture that can be read") from None
        if made.width * height != made.height * width:
            raise GeneratorAnswerError(
                f"the images service gave {made.width}x{made.height} pixels where {width}x{height} were wanted"
            )
        return _in_size(made, request.size)


_FORMAT: Final = "png"


def _text(photo: Photo) -> bytes:
    return b64encode(encode(photo, _FORMAT))


def _holed(request: Request) -> Photo:
    assert request.picture is not None
    assert request.mask is not None
    return Photo(request.picture, alpha=np.asarray(255 - request.mask, np.uint8))


def _in_size(made: Photo, size: tuple[int, int]) -> Bytes:
    colors = np.clip(profile_to_srgb(made.pixels, made.icc), 0, 1)
    if (made.height, made.width) != size:
        colors = np.clip(resize(colors, size), 0, 1)
    return np.rint(colors * 255).astype(np.uint8)
