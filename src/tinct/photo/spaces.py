"""Colour spaces that a file declares by numbers instead of an ICC profile.

Code points of ITU-T H.273 (nclx in HEIF and AVIF, cICP in PNG), chromaticities and gamma (PNG, BMP, TIFF), and
Exif's mark for Adobe RGB. What differs from sRGB in its curve alone is brought to sRGB's; wider primaries are kept,
and described by a profile that is made here.
"""

from __future__ import annotations

import functools
import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.errors import UnsupportedPhotoError

__all__ = [
    "ADOBE_RGB",
    "Space",
    "from_code_points",
    "from_gamma",
    "profile_of",
    "refuse_hdr",
    "to_srgb_curve",
]

Pixels = NDArray[np.uint8] | NDArray[np.uint16]
Pair = tuple[float, float]
_D65, _C, _DCI, _E = (0.3127, 0.3290), (0.310, 0.316), (0.314, 0.351), (1 / 3, 1 / 3)
_SRGB_XY = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
_P3_XY = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
_SMPTE_XY = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
_PRIMARIES: dict[int, tuple[tuple[Pair, ...], Pair]] = {
    1: (_SRGB_XY, _D65),
    4: (((0.67, 0.33), (0.21, 0.71), (0.14, 0.08)), _C),
    5: (((0.64, 0.33), (0.29, 0.60), (0.15, 0.06)), _D65),
    6: (_SMPTE_XY, _D65),
    7: (_SMPTE_XY, _D65),
    8: (((0.681, 0.319), (0.243, 0.692), (0.145, 0.049)), _C),
    9: (((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)), _D65),
    10: (((1.0, 0.0), (0.0, 1.0), (0.0, 0.0)), _E),
    11: (_P3_XY, _DCI),
    12: (_P3_XY, _D65),
    22: (((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)), _D65),
}
"""Red, green, blue and white by xy (H.273, table 2)."""

Curve = tuple[float, float, float, float, float]  # g, a, b, c, d: (a x + b)^g from d on, c x below
_SRGB: Curve = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT709: Curve = (
    1 / 0.45,
    1 / 1.099296826809442,
    0.099296826809442 / 1.099296826809442,
    1 / 4.5,
    0.081242858298635,
)
_CURVES: dict[int, Curve] = {
    1: _BT709,
    4: (2.2, 1, 0, 0, 0),
    5: (2.8, 1, 0, 0, 0),
    6: _BT709,
    7: (1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0913),
    8: (1.0, 1, 0, 0, 0),
    11: _BT709,
    12: _BT709,
    13: _SRGB,
    14: _BT709,
    15: _BT709,
    17: (2.6, (52.37 / 48) ** (1 / 2.6), 0, 0, 0),
}
"""From encoded to linear (H.273, table 3)."""
_HDR = {16: "PQ (SMPTE ST 2084)", 18: "HLG (ARIB STD-B67)"}
_UNSPECIFIED = (0, 2)
_USUAL_GAMMA = 2.2
_SAME_GAMMA = 0.05  # from here on a difference counts, as in libpng
_SAME_XY = 0.003


@dataclass(frozen=True, slots=True)
class Space:
    """An RGB space: red, green, blue and white by xy, and the curve from encoded to linear."""

    primaries: tuple[Pair, ...]
    white: Pair
    curve: Curve

    @property
    def has_srgb_primaries(self) -> bool:
        """Whether no colour is beyond sRGB's."""
        own, other = np.array([*self.primaries, self.white]), np.array([*_SRGB_XY, _D65])
        return bool(np.abs(own - other).max() <= _SAME_XY)

    @property
    def is_srgb(self) -> bool:
        """Whether pixels in it are sRGB as they are; a plain gamma of about 2.2 means that too."""
        plain = self.curve[1:] == (1, 0, 0, 0)
        usual = self.curve == _SRGB or (plain and abs(self.curve[0] / _USUAL_GAMMA - 1) < _SAME_GAMMA)
        return usual and self.has_srgb_primaries


ADOBE_RGB = Space(((0.64, 0.33), (0.21, 0.71), (0.15, 0.06)), _D65, (563 / 256, 1, 0, 0, 0))
"""Adobe RGB (1998), 4.3.1."""


_NAMES = {
    ADOBE_RGB: "Adobe RGB (1998), compatible",
    Space(_P3_XY, _D65, _SRGB): "Display P3",
    Space(*_PRIMARIES[9], _BT709): "BT.2020",
}


def refuse_hdr(transfer: int) -> None:
    """Refuse the transfer functions of high dynamic range, which have no white in the sense of a print.

    Raises
    ------
    UnsupportedPhotoError
        Names it.
    """
    if transfer in _HDR:
        raise UnsupportedPhotoError(
            f"the photo is HDR, encoded by {_HDR[transfer]}; allowed: standard dynamic range; "
            "save it as an SDR photo"
        )


def from_code_points(primaries: int, transfer: int) -> Space | None:
    """The space of H.273 code points; None where they say nothing.

    Raises
    ------
    UnsupportedPhotoError
        PQ, HLG, or numbers that stand for nothing known.
    """
    refuse_hdr(transfer)
    if primaries in _UNSPECIFIED and transfer in _UNSPECIFIED:
        return None
    xy = _PRIMARIES.get(1 if primaries in _UNSPECIFIED else primaries)
    curve = _CURVES.get(13 if transfer in _UNSPECIFIED else transfer)
    if xy is None or curve is None:
        raise UnsupportedPhotoError(
            f"the photo's colours are declared by the numbers {primaries} and {transfer} of H.273; "
            "allowed: RGB spaces such as sRGB, Display P3 and BT.2020; save it with an ICC profile"
        )
    return Space(*xy, curve)


def from_gamma(
    gamma: float | None, primaries: tuple[Pair, ...] | None = None, white: Pair = _D65
) -> Space | None:
    """The space of a decoding exponent and chromaticities; None where neither makes sense.

    Parameters
    ----------
    gamma : float or None
        linear = encoded ** gamma; None means sRGB's curve.
    primaries : tuple of pairs or None
        xy of red, green and blue; None means sRGB's.
    white : pair
    """
    if gamma is not None and not 0.2 <= gamma <= 8:
        gamma = None
    if primaries is not None:
        found = np.array([*primaries, white])
        area = abs(np.linalg.det(np.column_stack([found[:3], np.ones(3)])))
        if not (
            np.isfinite(found).all() and (found[:, 1] > 0.0).all() and found.max() <= 1.2 and area > 0.01
        ):
            primaries = None
    if gamma is None and primaries is None:
        return None
    curve = _SRGB if gamma is None else (gamma, 1.0, 0.0, 0.0, 0.0)
    return Space(primaries, white, curve) if primaries else Space(_SRGB_XY, _D65, curve)


def to_srgb_curve(pixels: Pixels, space: Space) -> Pixels:
    """Pixels of any shape with sRGB's curve instead of the space's, same type."""
    from tinct.photo.transfer import linear_to_srgb

    top = np.iinfo(pixels.dtype).max
    g, a, b, c, d = space.curve
    x = np.linspace(0, 1, top + 1)
    linear = np.where(x >= d, np.maximum(a * x + b, 0) ** g, c * x)
    table = np.rint(np.clip(linear_to_srgb(linear.astype(np.float32)), 0, 1) * top).astype(pixels.dtype)
    curved: Pixels = table[pixels]  # type: ignore[assignment]
    return curved


@functools.lru_cache(maxsize=16)
def profile_of(space: Space) -> bytes:
    """An ICC profile (version 4.3, matrix and curves) of a space."""
    xy = np.array(space.primaries)
    columns = np.stack([xy[:, 0], xy[:, 1], 1 - xy.sum(1)])  # (XYZ, RGB), each of any length
    white = np.array([space.white[0] / space.white[1], 1.0, (1 - sum(space.white)) / space.white[1]])
    matrix = columns * np.linalg.solve(columns, white)
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    d50 = np.array([0.9642, 1.0, 0.8249])
    adapt = np.linalg.inv(bradford) @ np.diag((bradford @ d50) / (bradford @ white)) @ bradford
    matrix = adapt @ matrix
    kind, numbers = (0, space.curve[:1]) if space.curve[1:] == (1, 0, 0, 0) else (3, space.curve)
    tone = b"para\0\0\0\0" + struct.pack(">HH", kind, 0) + _fixed(*numbers)
    tags = {
        b"desc": _text(_NAMES.get(space, "RGB as the file declared it")),
        b"cprt": _text("No copyright, use freely"),
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(*d50),
        b"chad": b"sf32\0\0\0\0" + _fixed(*adapt.ravel()),
    }
    for i, name in enumerate((b"r", b"g", b"b")):
        tags[name + b"XYZ"] = b"XYZ \0\0\0\0" + _fixed(*matrix[:, i])
        tags[name + b"TRC"] = tone
    return _icc(tags)


def _fixed(*numbers: float) -> bytes:
    """Numbers as s15Fixed16."""
    return struct.pack(f">{len(numbers)}i", *(round(float(number) * 65536) for number in numbers))


def _text(words: str) -> bytes:
    coded = words.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II4sII", 1, 12, b"enUS", len(coded), 28) + coded


def _icc(tags: dict[bytes, bytes]) -> bytes:
    at, table, body = 132 + 12 * len(tags), b"", b""
    placed: dict[bytes, int] = {}
    for name, content in tags.items():
        if content not in placed:  # the three curves are one
            placed[content] = at + len(body)
            body += content + b"\0" * (-len(content) % 4)
        table += name + struct.pack(">II", placed[content], len(content))
    head = struct.pack(">I4xI4s4s4s", at + len(body), 0x04300000, b"mntr", b"RGB ", b"XYZ ")
    head += struct.pack(">6H4s", 2024, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + _fixed(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body
