"""Where pixels come from, as the IPTC Photo Metadata Standard names it: its property Digital Source Type, in XMP.

The terms are those of the IPTC NewsCodes scheme, https://cv.iptc.org/newscodes/digitalsourcetype/.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal, TypeVar, get_args

from tinct.photo import xmp
from tinct.photo.picture import Picture

__all__ = ["SCHEME", "Invented", "invented", "kept", "marked", "source"]

P = TypeVar("P", bound=Picture)

Invented = Literal["trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"]
"""The whole picture was made by a trained model, or a part of it."""
SCHEME: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_NAME: Final = ("Iptc4xmpExt", "DigitalSourceType")


def marked(photo: P, kind: Invented) -> P:
    """The photo, whose metadata say that a model made it, or a part of it. A whole one stays a whole one."""
    said: str = "trainedAlgorithmicMedia" if source(photo) == "trainedAlgorithmicMedia" else kind
    return replace(photo, xmp=xmp.with_fact(photo.xmp, _NAME, SCHEME + said))


def source(photo: Picture) -> str | None:
    """The term that a photo's metadata say, such as ``digitalCapture``; None where they say nothing."""
    return _term(photo.xmp)


def invented(photo: Picture) -> Invented | None:
    """Whether a photo's metadata say that a model made it, or a part of it; None where they do not."""
    said = source(photo)
    return next((kind for kind in get_args(Invented) if kind == said), None)


def kept(packet: bytes | None) -> bytes | None:
    """Of an XMP packet what stays where no metadata is wanted: that a model made the pixels, and nothing else."""
    term = _term(packet)
    if term is None or term not in get_args(Invented):
        return None
    return xmp.with_fact(None, _NAME, SCHEME + term)


def _term(packet: bytes | None) -> str | None:
    said = xmp.fact(packet, _NAME)
    return said.rpartition("/")[2].strip() or None if said else None
