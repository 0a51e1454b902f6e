"""How large the extended photo is, and where the photo lies in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from pydantic import ValidationInfo

from tinct.errors import ParameterError

__all__ = ["ANCHORS", "MOST", "Frame", "amount", "box", "frame_of", "numbers", "ratio", "size"]

MOST: Final = 16_384
"""Pixels of the longer side of a result."""
_PERCENT: Final = 1000.0  # of the photo's side, at most, on each side
_PIXELS: Final = re.compile(r"\d{1,5}(px)?\Z")
_SHARE: Final = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)%\Z")
_RATIO: Final = re.compile(r"(\d{1,4}(?:\.\d{1,4})?)[:/](\d{1,4}(?:\.\d{1,4})?)\Z")
_BOX: Final = re.compile(r"\d{1,5},\d{1,5},0*[1-9]\d{0,4},0*[1-9]\d{0,4}\Z")
ANCHORS: Final = {
    "center": (0.5, 0.5),
    "left": (0.0, 0.5),
    "right": (1.0, 0.5),
    "top": (0.5, 0.0),
    "bottom": (0.5, 1.0),
}
"""Share of what is added across and down that goes to the left and to the top, by where the photo stays."""
_SIZE: Final = re.compile(r"(\d{1,5})x(\d{1,5})\Z")


@dataclass(frozen=True)
class Frame:
    """Pixels added on each side of what is kept of the photo."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Whether nothing is added."""
        return not (self.left or self.top or self.right or self.bottom)

    def around(self, size: tuple[int, int]) -> tuple[int, int]:
        """(height, width) of the whole around a picture of (height, width)."""
        return size[0] + self.top + self.bottom, size[1] + self.left + self.right


def amount(value: object, info: ValidationInfo) -> object:
    """How far one side is extended, as a checked text: pixels (``300``), or a share of the side (``25%``)."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    share = _SHARE.match(text)
    if not _PIXELS.match(text) and (share is None or float(share[1]) > _PERCENT):
        raise ParameterError(
            str(info.field_name), value, f"pixels such as 300, or 0% to {_PERCENT:.0f}% of the photo's side"
        )
    return text


def ratio(value: object, info: ValidationInfo) -> object:
    """The shape wanted, as a checked text: ``16:9``, or a size such as ``1920x1080``."""
    text = value.strip().lower() if isinstance(value, str) else ""
    shape, size = _RATIO.match(text), _SIZE.match(text)
    fine = (shape is not None and float(shape[1]) > 0 and float(shape[2]) > 0) or (
        size is not None and all(0 < int(side) <= MOST for side in size.groups())
    )
    if not fine:
        allowed = f"a ratio such as 16:9, or a size such as 1920x1080 with sides of 1 to {MOST}"
        raise ParameterError(str(info.field_name), value, allowed)
    return text


def box(value: object, info: ValidationInfo) -> object:
    """A rectangle, as a checked text: ``x,y,width,height``; a list of the four is taken too."""
    if isinstance(value, list | tuple):
        value = ",".join(str(one) for one in value)
    text = value.replace(" ", "") if isinstance(value, str) else ""
    if not _BOX.match(text):
        raise ParameterError(
            str(info.field_name), value, "x,y,width,height in pixels, the last two 1 or more"
        )
    return text


def size(value: object, info: ValidationInfo) -> object:
    """Width and height, as a checked text: ``900x600``; a list of the two is taken too."""
    if isinstance(value, list | tuple):
        value = "x".join(str(one) for one in value)
    text = value.strip().lower() if isinstance(value, str) else ""
    found = _SIZE.match(text)
    if found is None or not all(0 < int(side) <= MOST for side in found.groups()):
        raise ParameterError(str(info.field_name), value, f"WIDTHxHEIGHT with sides of 1 to {MOST} pixels")
    return text


def numbers(text: str) -> tuple[int, ...]:
    """The whole numbers of a checked rectangle or size."""
    return tuple(int(part) for part in re.split("[,x]", text))


def frame_of(size: tuple[int, int], amounts: tuple[str, str, str, str], to: str | None, anchor: str) -> Frame:
    """What is added to a photo of (height, width).

    Parameters
    ----------
    size : tuple of int
    amounts : tuple of str
        Left, top, right, bottom; see `amount`.
    to : str, optional
        The shape that the whole gets at least, after `amounts`; see `ratio`.
    anchor : str
        Where the photo stays in what `to` makes of it, one of `ANCHORS`.

    Raises
    ------
    ParameterError
        The result would be too large, or `to` is a size below the photo's own.
    """
    height, width = size
    left, top, right, bottom = (
        _pixels(text, side) for text, side in zip(amounts, (width, height, width, height), strict=True)
    )
    whole = height + top + bottom, width + left + right
    if to is not None:
        wanted = _wanted(whole, to)
        if wanted[0] < whole[0] or wanted[1] < whole[1]:
            allowed = f"{whole[1]}x{whole[0]} or larger on both sides; crop or scale the photo first"
            raise ParameterError("to", to, allowed)
        across, down = wanted[1] - whole[1], wanted[0] - whole[0]
        shares = ANCHORS[anchor]
        first, above = round(across * shares[0]), round(down * shares[1])
        left, right, top, bottom = left + first, right + across - first, top + above, bottom + down - above
        whole = wanted
    if max(whole) > MOST:
        raise ParameterError(
            "size", f"{whole[1]}x{whole[0]}", f"sides of at most {MOST} pixels; extend it less"
        )
    return Frame(left, top, right, bottom)


def _pixels(text: str, side: int) -> int:
    if text.endswith("%"):
        return round(float(text[:-1]) / 100 * side)
    return int(text.removesuffix("px"))


def _wanted(whole: tuple[int, int], to: str) -> tuple[int, int]:
    """(height, width) of shape `to`, the smallest that holds `whole` where `to` is a ratio."""
    if (size := _SIZE.match(to)) is not None:
        return int(size[2]), int(size[1])
    shape = _RATIO.match(to)
    assert shape is not None
    aspect = float(shape[1]) / float(shape[2])
    height, width = whole
    return max(height, round(width / aspect)), max(width, round(height * aspect))
