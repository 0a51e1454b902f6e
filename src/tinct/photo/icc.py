"""ICC profiles: between the encoding of a photo's own profile and sRGB.

Matrix profiles (Display P3, Adobe RGB, nearly every camera and screen) are computed here in float, without
clipping; profiles made of tables go through Little CMS by way of CIELAB, which is as wide.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tinct.errors import BrokenPhotoError
from tinct.photo.spaces import ADOBE_RGB, profile_of, refuse_hdr
from tinct.photo.transfer import linear_to_srgb, mix, srgb_to_linear

__all__ = [
    "Curve",
    "check_range",
    "gray_curve",
    "is_adobe_rgb",
    "is_srgb",
    "lcms_can_read",
    "profile_to_srgb",
    "srgb_to_profile",
    "usable",
]

Array = NDArray[np.float32]
Curve = Callable[[Array], Array]

# sRGB primaries adapted to the profile connection space's D50 by Bradford (ICC.1:2022, annex E).
_SRGB_TO_D50 = np.array(
    [[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]]
)
_D50 = np.array([0.9642, 1.0, 0.8249])


@dataclass(frozen=True)
class MatrixProfile:
    """An RGB profile of three curves and a matrix to XYZ (D50)."""

    matrix: NDArray[np.float64]  # (3, 3), columns are the primaries
    decode: tuple[Curve, Curve, Curve]
    encode: tuple[Curve, Curve, Curve]


def _u32(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 4], "big")


def _fixed(data: bytes, at: int) -> float:
    return int.from_bytes(data[at : at + 4], "big", signed=True) / 65536


def tags(icc: bytes) -> dict[bytes, bytes]:
    """The tags of a profile by signature; empty when the table makes no sense."""
    count = min(_u32(icc, 128), 256) if len(icc) >= 132 else 0
    found = {}
    for i in range(count):
        at = 132 + 12 * i
        offset, size = _u32(icc, at + 4), _u32(icc, at + 8)
        found[icc[at : at + 4]] = icc[offset : offset + size]
    return found


def _table_curve(table: NDArray[np.float64]) -> tuple[Curve, Curve]:
    places = np.linspace(0, 1, len(table))
    return (
        lambda x: np.interp(x, places, table).astype(np.float32),
        lambda y: np.interp(y, table, places).astype(np.float32),
    )


def _power_curve(g: float, a: float, b: float, c: float, d: float, e: float, f: float) -> tuple[Curve, Curve]:
    """(a x + b)^g + e from d on, c x + f below it; odd-symmetric around 0 so that nothing is clipped."""
    knee = c * d + f

    def decode(x: Array) -> Array:
        size = np.abs(x)
        y = np.where(size >= d, np.maximum(a * size + b, 0) ** g + e, c * size + f)
        return np.copysign(y, x).astype(np.float32)

    def encode(y: Array) -> Array:
        size = np.abs(y)
        x = (np.maximum(size - e, 0) ** (1 / g) - b) / a
        if c > 0:
            x = np.where(size >= knee, x, (size - f) / c)
        return np.copysign(x, y).astype(np.float32)

    return decode, encode


def _parametric(kind: int, p: list[float]) -> tuple[Curve, Curve] | None:
    """An ICC parametricCurveType (ICC.1:2022, 10.18) of one of the five kinds."""
    g, a, b = (p[0], 1.0, 0.0) if kind == 0 else p[:3]
    if not (0 < g <= 16 and 0 < a <= 16):
        return None
    if kind == 4:
        return _power_curve(g, a, b, p[3], p[4], p[5], p[6])
    if kind == 3:
        return _power_curve(g, a, b, p[3], p[4], 0.0, 0.0)
    offset = p[3] if kind == 2 else 0.0
    return _power_curve(g, a, b, 0.0, -b / a, offset, offset)


def _curve(data: bytes) -> tuple[Curve, Curve] | None:
    """A tone curve tag as (decode, encode); None when it does not rise from dark to light."""
    if data[:4] == b"para":
        kind = int.from_bytes(data[8:10], "big")
        wanted = {0: 1, 1: 3, 2: 4, 3: 5, 4: 7}.get(kind)
        if wanted is None or len(data) < 12 + 4 * wanted:
            return None
        found = _parametric(kind, [_fixed(data, 12 + 4 * i) for i in range(wanted)])
    elif data[:4] == b"curv" and len(data) >= 12:
        count = _u32(data, 8)
        if count < 2:
            gamma = int.from_bytes(data[12:14], "big") / 256 if count else 1.0
            found = _parametric(0, [gamma])
        else:
            table = np.frombuffer(data[12 : 12 + 2 * min(count, 65536)], ">u2").astype(np.float64) / 65535
            found = _table_curve(table) if len(table) == count else None
    else:
        return None
    return found if found and _rises(found[0]) else None


def _rises(decode: Curve) -> bool:
    """Whether a curve climbs from about 0 to about 1 and never turns back."""
    with np.errstate(all="ignore"):  # what is not a curve may well overflow
        y = decode(np.linspace(0, 1, 257, dtype=np.float32)).astype(np.float64)
    return bool(np.isfinite(y).all() and (np.diff(y) >= -1e-6).all() and abs(y[0]) < 0.2 and 0.5 < y[-1] < 2)


@functools.lru_cache(maxsize=16)
def matrix_profile(icc: bytes) -> MatrixProfile | None:
    """The profile as curves and matrix, or None when it is not of that kind."""
    found = tags(icc)
    if icc[16:20] != b"RGB " or icc[20:24] != b"XYZ " or b"A2B0" in found:
        return None
    columns, decode, encode = [], [], []
    for name in (b"r", b"g", b"b"):
        primary, curve = found.get(name + b"XYZ", b""), _curve(found.get(name + b"TRC", b""))
        if len(primary) < 20 or curve is None:
            return None
        columns.append([_fixed(primary, 8 + 4 * i) for i in range(3)])
        decode.append(curve[0])
        encode.append(curve[1])
    matrix = np.array(columns).T
    if abs(np.linalg.det(matrix)) < 1e-6:
        return None
    return MatrixProfile(matrix, (decode[0], decode[1], decode[2]), (encode[0], encode[1], encode[2]))


@functools.lru_cache(maxsize=16)
def is_srgb(icc: bytes) -> bool:
    """Whether a profile has sRGB's primaries and curve, whatever it is called."""
    profile = matrix_profile(icc)
    if profile is None or np.abs(profile.matrix - _SRGB_TO_D50).max() > 2e-3:
        return False
    x = np.linspace(0, 1, 65, dtype=np.float32)
    return all(np.abs(curve(x) - srgb_to_linear(x)).max() < 2e-3 for curve in profile.decode)


@functools.lru_cache(maxsize=16)
def is_adobe_rgb(icc: bytes) -> bool:
    """Whether a profile has the primaries of Adobe RGB (1998) and a gamma of about 2.2."""
    found, wanted = matrix_profile(icc), matrix_profile(profile_of(ADOBE_RGB))
    if found is None or wanted is None or np.abs(found.matrix - wanted.matrix).max() > 2e-3:
        return False
    x = np.linspace(0, 1, 65, dtype=np.float32)
    return all(np.abs(curve(x) - wanted.decode[0](x)).max() < 5e-3 for curve in found.decode)


@functools.lru_cache(maxsize=16)
def gray_curve(icc: bytes) -> Curve | None:
    """The tone curve (to linear light) of a gray profile, or None when it has none that can be used."""
    if icc[16:20] != b"GRAY":
        return None
    curve = _curve(tags(icc).get(b"kTRC", b""))
    return curve[0] if curve else None


@functools.lru_cache(maxsize=16)
def usable(icc: bytes) -> bool:
    """Whether a profile describes RGB pixels and can be computed with."""
    if len(icc) < max(132, _u32(icc, 0)) or icc[36:40] != b"acsp" or icc[16:20] != b"RGB ":
        return False
    return matrix_profile(icc) is not None or lcms_can_read(icc, bands=3)


def check_range(icc: bytes) -> None:
    """Refuse a profile of high dynamic range, which names PQ or HLG in its cicp tag (ICC.1:2022, 9.2.17).

    Raises
    ------
    UnsupportedPhotoError
        Names what was found.
    """
    found = tags(icc).get(b"cicp", b"")
    if len(found) >= 12:
        refuse_hdr(found[9])


def lcms_can_read(icc: bytes, *, bands: int) -> bool:
    """Whether Little CMS can bring pixels of so many channels from the profile to Lab."""
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(icc))
        ImageCms.buildTransform(
            profile,
            ImageCms.createProfile("LAB"),
            {3: "RGB", 4: "CMYK"}[bands],
            "LAB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
    except Exception:  # the binding raises several kinds for a profile that makes no sense
        return False
    return True


def _unit(pixels: NDArray[np.generic]) -> Array:
    """Integers to 0..1 by their full range; floats stay."""
    if pixels.dtype == np.uint8:
        return pixels.astype(np.float32) / np.float32(255)
    if pixels.dtype == np.uint16:
        return pixels.astype(np.float32) / np.float32(65535)
    return pixels.astype(np.float32)


def profile_to_srgb(pixels: NDArray[np.generic], icc: bytes | None) -> Array:
    """Pixels in a photo's own encoding to sRGB.

    Parameters
    ----------
    pixels : ndarray, (..., 3), uint8, uint16 or float (0..1)
        Encoded in the space that `icc` describes.
    icc : bytes or None
        None, or a profile equal to sRGB, changes nothing but the type.

    Returns
    -------
    ndarray, (..., 3), float32
        sRGB-encoded; below 0 and above 1 where the colour is outside sRGB's gamut.

    Raises
    ------
    BrokenPhotoError
        The profile cannot be used for RGB pixels.
    """
    rgb = _unit(pixels)
    if icc is None or is_srgb(icc):
        return rgb
    profile = matrix_profile(icc)
    if profile is None:
        return _lab_d50_to_srgb(_import_lab(rgb, icc))
    linear = np.stack([curve(rgb[..., i]) for i, curve in enumerate(profile.decode)], axis=-1)
    return linear_to_srgb(mix(linear, np.linalg.inv(_SRGB_TO_D50) @ profile.matrix))


def srgb_to_profile(rgb: Array, icc: bytes | None) -> Array:
    """sRGB to a photo's own encoding, the inverse of `profile_to_srgb`.

    Parameters
    ----------
    rgb : ndarray, (..., 3), float32
        sRGB-encoded; values outside 0..1 are allowed.
    icc : bytes or None

    Returns
    -------
    ndarray, (..., 3), float32
        0..1 in the encoding of the profile; colours outside its gamut are cut per channel.

    Raises
    ------
    BrokenPhotoError
        The profile cannot be used for RGB pixels.
    """
    rgb = np.asarray(rgb, np.float32)
    if icc is None or is_srgb(icc):
        return np.clip(rgb, 0, 1)
    profile = matrix_profile(icc)
    if profile is None:
        return _export_lab(_srgb_to_lab_d50(rgb), icc)
    linear = mix(srgb_to_linear(rgb), np.linalg.inv(profile.matrix) @ _SRGB_TO_D50)
    np.clip(linear, 0, 1, out=linear)
    return np.clip(np.stack([curve(linear[..., i]) for i, curve in enumerate(profile.encode)], axis=-1), 0, 1)


def _lab_d50_to_srgb(lab: Array) -> Array:
    f = np.stack(
        [(lab[..., 0] + 16) / 116 + lab[..., 1] / 500, (lab[..., 0] + 16) / 116,
         (lab[..., 0] + 16) / 116 - lab[..., 2] / 200], axis=-1)  # fmt: skip
    xyz = np.where(f > 6 / 29, f**3, (f - 4 / 29) * (3 * (6 / 29) ** 2)) * _D50
    return linear_to_srgb(mix(xyz.astype(np.float32), np.linalg.inv(_SRGB_TO_D50)))


def _srgb_to_lab_d50(rgb: Array) -> Array:
    xyz = mix(srgb_to_linear(rgb), _SRGB_TO_D50) / _D50
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    lab = np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1
    )
    return lab.astype(np.float32)


def _import_lab(rgb: Array, icc: bytes) -> Array:
    """Little CMS, through vips: profile to CIELAB (D50), relative colorimetric."""
    from tinct.photo.vips import VipsError, from_array, to_array, with_profile

    flat = np.rint(np.clip(rgb.reshape(1, -1, 3), 0, 1) * 65535).astype(np.uint16)
    try:
        lab = to_array(
            with_profile(from_array(flat), icc).icc_import(embedded=True, intent="relative", pcs="lab")
        )
    except VipsError:
        raise BrokenPhotoError(
            "the colour profile cannot be used; save the photo with an RGB profile"
        ) from None
    return lab.astype(np.float32).reshape(rgb.shape)


def _export_lab(lab: Array, icc: bytes) -> Array:
    """Little CMS, through vips: CIELAB (D50) to profile, relative colorimetric, 16 bits."""
    from tinct.photo.vips import VipsError, from_array, to_array, with_profile

    image = with_profile(from_array(lab.reshape(1, -1, 3)).copy(interpretation="lab"), icc)
    try:
        out = to_array(image.icc_export(intent="relative", depth=16, pcs="lab"))
    except VipsError:
        raise BrokenPhotoError("the colour profile cannot be written to; use an RGB profile") from None
    return (out.astype(np.float32) / np.float32(65535)).reshape(lab.shape)
