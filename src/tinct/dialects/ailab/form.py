"""The submit form: from its fields to a call of the effect ``migrate``.

Pure: bytes in, a record out, or a `AilabError` that names the field.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tinct.dialects.ailab.errors import AilabError
from tinct.jobs.intake import PhotoRule

__all__ = ["MAX_FILE_BYTES", "PHOTO", "Ask", "parse"]

MAX_FILE_BYTES = 3 * 1024 * 1024
MIN_SIDE, MAX_SIDE = 64, 10_000  # pixels; both are themselves outside
MAX_COLORS, MAX_COUNT = 7, 8

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_COUNT = re.compile(r"\+?\d{1,9}", re.ASCII)
_COLOR = re.compile(r"#?(?:[0-9a-f]{2})?([0-9a-f]{6})", re.IGNORECASE | re.ASCII)

PHOTO = PhotoRule(
    max_bytes=MAX_FILE_BYTES,
    formats=frozenset({"jpeg", "png"}),
    min_side=MIN_SIDE + 1,
    max_side=MAX_SIDE - 1,
    modes=frozenset({"rgb"}),
    channels=3,
)
"""What this API takes of a photo."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a client asks for."""

    image: bytes
    """The photo as sent."""
    reference: bytes | None
    """The photo whose palette is taken, in mode REF_PIC."""
    params: Mapping[str, Any]
    """Parameters of ``migrate``."""
    current: bool
    """v1.1.0: the client sent ``task_type``."""


def parse(fields: Mapping[str, bytes], *, listed: bool) -> Ask:
    """Read the form.

    Parameters
    ----------
    fields : mapping of str to bytes
        Part name to content, whether it came as a file or as text.
    listed : bool
        True for the RapidAPI listing: ``mode`` is optional and ``task_type`` does not exist.

    Raises
    ------
    AilabError
        A field is missing, empty or not allowed.
    """
    current = "task_type" in fields and not listed
    _check_complete(fields, listed=listed)
    if current and _text(fields, "task_type") != "async":
        raise _invalid("task_type", fields, "async")
    image = _file(fields, "image")
    mode = "AUTO" if listed and "mode" not in fields else _text(fields, "mode")
    if mode not in _NEEDS:
        raise _invalid("mode", fields, "AUTO, TEMPLATE or REF_PIC")
    params: dict[str, Any] = {"degree": _degree(fields)}
    reference = None
    if mode == "AUTO":
        params |= {"mode": "auto", "count": _count(fields)}
    elif mode == "TEMPLATE":
        params |= {"mode": "template", "colors": _colors(fields)}
    else:
        params |= {"mode": "reference"}
        reference = _file(fields, "ref")
    return Ask(image=image, reference=reference, params=params, current=current)


_NEEDS = {"AUTO": (), "TEMPLATE": ("color_template",), "REF_PIC": ("ref",)}
"""What each mode needs beside the fields that all need."""

_WORDS = {
    "image": "the photo to recolour, as a PNG or JPG file of multipart/form-data",
    "mode": "AUTO, TEMPLATE or REF_PIC",
    "degree": "a number from 0 to 1, how far the colours go",
    "color_template": f"1 to {MAX_COLORS} colours such as 056A6B,0A0B0C, which mode TEMPLATE gives to the photo",
    "ref": "the reference whose colours mode REF_PIC takes, as a PNG or JPG file of multipart/form-data",
}
"""What a required field is."""


def _check_complete(fields: Mapping[str, bytes], *, listed: bool) -> None:
    """Refuse a form without all that is required, and name all of it."""
    mode = fields.get("mode", b"AUTO" if listed else b"").decode("utf-8", "replace").strip()
    needed = ("image", *(() if listed else ("mode",)), "degree", *_NEEDS.get(mode, ()))
    missing = [f"{name}, {_WORDS[name]}" for name in needed if name not in fields]
    if missing:
        raise AilabError("MISSING_PARAMETERS", f"Missing: {'; '.join(missing)}.")


def _file(fields: Mapping[str, bytes], name: str) -> bytes:
    if not fields[name]:
        raise AilabError("PARAMETERS_CANNOT_EMPTY", f"{name} is empty; it is {_WORDS[name]}.")
    if len(fields[name]) > MAX_FILE_BYTES:
        found = f"{name} has more than {MAX_FILE_BYTES} bytes"
        raise AilabError("FILE_SIZE_EXCEEDS_LIMIT", f"{found}; allowed: up to {MAX_FILE_BYTES >> 20} MB.")
    return fields[name]


def _text(fields: Mapping[str, bytes], name: str) -> str:
    text = fields[name].decode("utf-8", "replace").strip()
    if not text:
        meant = f"; it is {_WORDS[name]}" if name in _WORDS else ""
        raise AilabError("PARAMETERS_CANNOT_EMPTY", f"{name} is empty{meant}.")
    return text


def _degree(fields: Mapping[str, bytes]) -> float:
    text = _text(fields, "degree")
    degree = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not 0 <= degree <= 1:
        raise _invalid("degree", fields, "a number from 0 to 1")
    return degree


def _count(fields: Mapping[str, bytes]) -> int:
    if "color_count" not in fields:
        return 1
    text = _text(fields, "color_count")
    count = int(text) if _COUNT.fullmatch(text) else 0
    if not 1 <= count <= MAX_COUNT:
        raise _invalid("color_count", fields, f"a whole number from 1 to {MAX_COUNT}")
    return count


def _colors(fields: Mapping[str, bytes]) -> list[str]:
    tokens = [_COLOR.fullmatch(token.strip()) for token in _text(fields, "color_template").split(",")]
    colors = [f"#{token[1].lower()}" for token in tokens if token]
    if len(colors) != len(tokens) or len(colors) > MAX_COLORS:
        raise _invalid("color_template", fields, f"1 to {MAX_COLORS} colours such as 056A6B,0A0B0C")
    return colors


def _invalid(name: str, fields: Mapping[str, bytes], allowed: str) -> AilabError:
    shown = fields[name][:40].decode("utf-8", "replace")
    return AilabError("ERROR_INVALID_PARAMETER", f"{name} is {shown!r}; allowed: {allowed}.")
