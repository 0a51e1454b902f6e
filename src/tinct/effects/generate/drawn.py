"""Little pictures of styles, drawn by rule: one landscape, and what each style makes of it.

They show what a style is like where no generator is there to show it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Kind", "picture"]

Bytes = NDArray[np.uint8]
Array = NDArray[np.float32]

Kind = Literal[
    "photograph", "studio", "film", "black_and_white", "golden_hour", "long_exposure",
    "oil", "watercolor", "gouache", "pastel", "ink_wash", "impression",
    "pencil", "colored_pencil", "line_art", "comic", "woodcut", "picture_book",
    "flat", "pixel", "low_poly", "stained_glass", "paper_cut", "neon",
]  # fmt: skip
"""Ways of drawing."""

_HEIGHT: Final = 240
_WIDTH: Final = 320
_PAPER: Final = np.array((244, 240, 228), np.float32)


def picture(kind: Kind) -> Bytes:
    """(240, 320, 3) sRGB, the same each time."""
    return _WAYS[kind](_landscape(), np.random.default_rng(7))


# -- the landscape -----------------------------------------------------------------------------------


def _landscape() -> Bytes:
    """A lake before hills under a low sun, with a tree and a house."""
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    sky = _between((92, 150, 214), (246, 214, 170), y / 140)
    sun = np.exp(-(((x - 236) ** 2 + (y - 78) ** 2) / 900))[..., None]
    out = sky + sun * (np.array((255, 236, 190), np.float32) - sky)
    for base, swing, length, phase, color in (
        (112, 16, 61, 0.4, (112, 128, 168)),
        (132, 13, 43, 2.1, (84, 118, 106)),
        (150, 8, 29, 4.0, (60, 96, 66)),
    ):
        ridge = base - swing * np.sin(x / length + phase) - swing * 0.4 * np.sin(x / length * 2.7)
        out = np.where((y > ridge)[..., None], np.array(color, np.float32), out)
    water = _between((110, 150, 176), (50, 88, 118), (y - 172) / 68)
    glint = 26 * np.sin(y * 1.1 + 3 * np.sin(x / 37)) * np.exp(-(((x - 236) / 46) ** 2))
    out = np.where((y > 172)[..., None], water + glint[..., None], out)
    shore = 206 + 14 * np.cos(x / 90 - 0.6)
    out = np.where((y > shore)[..., None], _between((122, 142, 66), (74, 96, 42), (y - 196) / 44), out)
    canvas = np.ascontiguousarray(np.clip(out, 0, 255).astype(np.uint8))
    cv2.rectangle(canvas, (64, 126), (70, 212), (70, 50, 38), -1)
    for at, radius in (((67, 104), 34), ((44, 122), 24), ((92, 120), 25)):
        cv2.circle(canvas, at, radius, (46, 92, 50), -1, cv2.LINE_AA)
        cv2.circle(canvas, (at[0] + 6, at[1] - 7), radius - 11, (72, 124, 62), -1, cv2.LINE_AA)
    cv2.rectangle(canvas, (188, 146), (226, 174), (222, 204, 178), -1)
    roof = np.array([(182, 148), (207, 126), (232, 148)], np.int32)
    cv2.fillPoly(canvas, [roof], (168, 72, 52), cv2.LINE_AA)
    cv2.rectangle(canvas, (202, 156), (212, 174), (96, 66, 52), -1)
    return canvas


def _between(first: tuple[int, int, int], last: tuple[int, int, int], at: Array) -> Array:
    share = np.clip(at, 0, 1)[..., None]
    return np.asarray(np.array(first, np.float32) * (1 - share) + np.array(last, np.float32) * share)


# -- means -------------------------------------------------------------------------------------------


def _bytes(values: NDArray[Any]) -> Bytes:
    return np.asarray(np.clip(np.rint(values), 0, 255), np.uint8)


def _gray(seen: Bytes) -> Array:
    return np.asarray(cv2.cvtColor(seen, cv2.COLOR_RGB2GRAY), np.float32)


def _noise(rng: np.random.Generator, sigma: float, amount: float) -> Array:
    """(h, w, 1) of structure about `sigma` pixels wide."""
    found = cv2.GaussianBlur(rng.standard_normal((_HEIGHT, _WIDTH)).astype(np.float32), (0, 0), sigma)
    return np.asarray(found / found.std() * amount, np.float32)[..., None]


def _edges(seen: Bytes, low: int = 40, high: int = 110) -> NDArray[np.bool_]:
    return np.asarray(cv2.Canny(cv2.GaussianBlur(seen, (0, 0), 0.8), low, high) > 0)


def _smooth(seen: Bytes, times: int = 4) -> Bytes:
    for _ in range(times):
        seen = np.asarray(cv2.bilateralFilter(seen, 9, 40, 7), np.uint8)
    return seen


def _few(seen: Bytes, colors: int) -> Bytes:
    """As few colours as that."""
    cv2.setRNGSeed(7)
    points = _smooth(seen).reshape(-1, 3).astype(np.float32)
    ends = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    start = np.zeros((len(points), 1), np.int32)
    _, labels, centers = cv2.kmeans(points, colors, start, ends, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(np.rint(centers)[labels.ravel()].reshape(seen.shape), np.uint8)


def _shuffled(seen: Bytes, rng: np.random.Generator, radius: float) -> Bytes:
    """Each pixel from somewhere near, as edges of wet paint."""
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    across, down = (_noise(rng, 2.0, radius)[..., 0] for _ in range(2))
    return np.asarray(cv2.remap(seen, x + across, y + down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT))


def _dabs(seen: Bytes, rng: np.random.Generator, length: int, width: int, count: int) -> Bytes:
    """Strokes in the colours of the places where they begin, along the edges."""
    gray = cv2.GaussianBlur(_gray(seen), (0, 0), 3)
    angle = np.arctan2(cv2.Sobel(gray, cv2.CV_32F, 0, 1), cv2.Sobel(gray, cv2.CV_32F, 1, 0)) + np.pi / 2
    canvas = seen.copy()
    for _ in range(count):
        y, x = int(rng.integers(_HEIGHT)), int(rng.integers(_WIDTH))
        turn = float(angle[y, x]) + rng.normal(0, 0.25)
        end = round(x + length * np.cos(turn)), round(y + length * np.sin(turn))
        color = [float(value) for value in np.clip(seen[y, x] + rng.normal(0, 10, 3), 0, 255)]
        cv2.line(canvas, (x, y), end, color, width, cv2.LINE_AA)
    return canvas


def _tinted(seen: Bytes, gain: tuple[float, float, float], lift: float = 0.0) -> Array:
    return np.asarray(seen.astype(np.float32) * np.array(gain, np.float32) + np.float32(lift))


def _vignette() -> Array:
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    away = ((x / _WIDTH - 0.5) ** 2 + (y / _HEIGHT - 0.5) ** 2) * 2
    return np.asarray(1 - 0.55 * away, np.float32)[..., None]


def _cells(rng: np.random.Generator, count: int) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """(h, w) nearest of some points, and the points (n, 2), x and y."""
    points = rng.uniform((0, 0), (_WIDTH, _HEIGHT), (count, 2))
    seeds = np.full((_HEIGHT, _WIDTH), 255, np.uint8)
    for x, y in points.astype(int):
        seeds[y, x] = 0
    _, labels = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    return np.asarray(labels, np.int32), points


def _filled(seen: Bytes, labels: NDArray[np.int32]) -> Bytes:
    """Each cell in its mean colour."""
    flat, sizes = labels.ravel(), np.bincount(labels.ravel())
    means = [np.bincount(flat, seen[..., one].ravel()) / np.maximum(sizes, 1) for one in range(3)]
    return np.asarray(np.rint(np.stack(means, axis=-1)[labels]), np.uint8)


# -- ways --------------------------------------------------------------------------------------------


def _photograph(seen: Bytes, rng: np.random.Generator) -> Bytes:
    return _bytes(cv2.GaussianBlur(seen, (0, 0), 0.7) + _noise(rng, 6.0, 3.0) + _noise(rng, 0.7, 2.0))


def _studio(seen: Bytes, rng: np.random.Generator) -> Bytes:
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    wall = 208 - 90 * ((x / _WIDTH - 0.45) ** 2 + (y / _HEIGHT - 0.4) ** 2)[..., None]
    out = np.repeat(wall, 3, axis=-1) * np.array((1.0, 0.99, 0.97), np.float32)
    shadow = cv2.GaussianBlur(
        (((x - 168) / 74) ** 2 + ((y - 196) / 13) ** 2 < 1).astype(np.float32), (0, 0), 6
    )
    out *= 1 - 0.45 * shadow[..., None]
    ball = ((x - 160) ** 2 + (y - 136) ** 2) / 58**2
    light = np.clip(1 - 0.75 * ((x - 138) ** 2 + (y - 110) ** 2) / 80**2, 0.15, 1)[..., None]
    out = np.where((ball < 1)[..., None], np.array((192, 70, 58), np.float32) * light + 46 * light**6, out)
    return _bytes(cv2.GaussianBlur(out, (0, 0), 0.7) + _noise(rng, 0.7, 1.5))


def _film(seen: Bytes, rng: np.random.Generator) -> Bytes:
    soft = cv2.GaussianBlur(_tinted(seen, (0.88, 0.84, 0.74), 26), (0, 0), 0.9)
    return _bytes(soft * _vignette() + _noise(rng, 0.9, 8.0))


def _black_and_white(seen: Bytes, rng: np.random.Generator) -> Bytes:
    tones = 255 * (_gray(seen) / 255) ** 1.15
    tones = (tones - tones.min()) * 255 / float(np.ptp(tones))
    return _bytes(np.repeat(tones[..., None], 3, axis=-1) * _vignette() + _noise(rng, 0.8, 6.0))


def _golden_hour(seen: Bytes, rng: np.random.Generator) -> Bytes:
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    haze = np.exp(-((x - 236) ** 2 / 16000 + (y - 90) ** 2 / 9000))[..., None]
    warm = _tinted(seen, (0.98, 0.74, 0.48), 6)
    return _bytes(warm + haze * (np.array((255, 206, 130), np.float32) - warm) * 0.75)


def _long_exposure(seen: Bytes, rng: np.random.Generator) -> Bytes:
    out = _tinted(seen, (0.46, 0.58, 0.92), 4)
    for rows in (np.s_[:96], np.s_[174:204]):
        out[rows] = cv2.blur(out[rows], (81, 3))
    return _bytes(out)


def _oil(seen: Bytes, rng: np.random.Generator) -> Bytes:
    laid = _dabs(_dabs(seen, rng, 13, 7, 1500), rng, 8, 3, 3500)
    relief = cv2.Sobel(_gray(laid), cv2.CV_32F, 1, 1, ksize=3)[..., None]
    return _bytes(laid + 0.12 * relief)


def _watercolor(seen: Bytes, rng: np.random.Generator) -> Bytes:
    wash = _shuffled(_smooth(seen), rng, 3.0).astype(np.float32)
    pale = _PAPER + (wash - _PAPER) * (0.72 + _noise(rng, 14.0, 0.16))
    rims = cv2.GaussianBlur(np.abs(cv2.Laplacian(_gray(_bytes(pale)), cv2.CV_32F)), (0, 0), 1.2)[..., None]
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    edge = np.minimum(np.minimum(x, _WIDTH - 1 - x), np.minimum(y, _HEIGHT - 1 - y))[..., None]
    inside = np.clip((edge - 9 - _noise(rng, 7.0, 4.0)) / 3, 0, 1)
    return _bytes(_PAPER + (pale - 1.5 * rims - _PAPER) * inside + _noise(rng, 0.9, 3.0))


def _gouache(seen: Bytes, rng: np.random.Generator) -> Bytes:
    return _bytes(_shuffled(_few(seen, 14), rng, 1.6) + _noise(rng, 3.0, 3.0))


def _pastel(seen: Bytes, rng: np.random.Generator) -> Bytes:
    soft = _dabs(seen, rng, 16, 2, 5000).astype(np.float32) * 0.8 + 50
    grain = _noise(rng, 0.8, 1.0)
    return _bytes(np.where(grain > 0.7, np.array((198, 186, 170), np.float32), soft + 4 * grain))


def _ink_wash(seen: Bytes, rng: np.random.Generator) -> Bytes:
    tones = cv2.GaussianBlur(_gray(_shuffled(seen, rng, 4.0)), (0, 0), 2.2)[..., None]
    ink = np.clip((150 - tones) / 120, 0, 1) * (0.8 + _noise(rng, 8.0, 0.2))
    return _bytes(_PAPER * (1 - 0.88 * ink) + _noise(rng, 1.0, 2.0))


def _impression(seen: Bytes, rng: np.random.Generator) -> Bytes:
    vivid = cv2.cvtColor(seen, cv2.COLOR_RGB2HSV)
    vivid[..., 1] = np.clip(vivid[..., 1].astype(np.int32) * 14 // 10, 0, 255)
    colors = np.asarray(cv2.cvtColor(vivid, cv2.COLOR_HSV2RGB), np.uint8)
    jittered = _bytes(colors + rng.normal(0, 26, (_HEIGHT, _WIDTH, 3)).astype(np.float32))
    return _dabs(_dabs(jittered, rng, 5, 5, 6000), rng, 4, 3, 6000)


def _hatched(tones: Array, step: int) -> Array:
    """(h, w): 1 where a stroke lies; darker tones have more directions of them."""
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    laid = np.zeros((_HEIGHT, _WIDTH), np.float32)
    for limit, along in ((190, x + y), (140, x - y), (95, 2 * y + x), (60, x)):
        laid += (tones < limit) & (along % step == 0)
    return np.minimum(laid, 1)


def _pencil(seen: Bytes, rng: np.random.Generator) -> Bytes:
    lines = cv2.GaussianBlur(_hatched(_gray(seen), 4), (0, 0), 0.6)[..., None]
    contours = cv2.GaussianBlur(_edges(seen).astype(np.float32), (0, 0), 0.7)[..., None]
    return _bytes(np.repeat(248 - 95 * lines - 190 * contours + _noise(rng, 0.8, 3.0), 3, axis=-1))


def _colored_pencil(seen: Bytes, rng: np.random.Generator) -> Bytes:
    lines = cv2.GaussianBlur(_hatched(_gray(seen) * 0.72, 3), (0, 0), 0.6)[..., None]
    share = np.clip(0.35 + 0.6 * lines + _noise(rng, 0.8, 0.08), 0, 1)
    return _bytes(_PAPER + (seen - _PAPER) * share)


def _line_art(seen: Bytes, rng: np.random.Generator) -> Bytes:
    lines = cv2.dilate(_edges(seen).astype(np.uint8), np.ones((2, 2), np.uint8)).astype(np.float32)
    return _bytes(np.repeat(255 - 235 * cv2.GaussianBlur(lines, (0, 0), 0.6)[..., None], 3, axis=-1))


def _comic(seen: Bytes, rng: np.random.Generator) -> Bytes:
    flat = _few(seen, 9).astype(np.float32) * 1.08
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH]
    dots = ((x % 6 - 3) ** 2 + (y % 6 - 3) ** 2 < 5) & (_gray(seen) < 105)
    flat[dots] *= 0.6
    flat[cv2.dilate(_edges(seen).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0] = 18
    return _bytes(flat)


def _woodcut(seen: Bytes, rng: np.random.Generator) -> Bytes:
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    cuts = 70 * np.sin((y + 5 * np.sin(x / 23)) * 1.25)
    dark = (_gray(seen) + cuts < 128)[..., None]
    return _bytes(np.where(dark, np.array((34, 38, 52), np.float32), np.array((236, 214, 176), np.float32)))


def _picture_book(seen: Bytes, rng: np.random.Generator) -> Bytes:
    soft = _few(seen, 10).astype(np.float32) * np.array((1.05, 0.98, 0.88), np.float32) + 10
    return _bytes(cv2.GaussianBlur(soft, (0, 0), 0.8) + _noise(rng, 1.2, 7.0))


def _flat(seen: Bytes, rng: np.random.Generator) -> Bytes:
    return np.asarray(cv2.medianBlur(_few(seen, 7), 7), np.uint8)


def _pixel(seen: Bytes, rng: np.random.Generator) -> Bytes:
    small = cv2.resize(_few(seen, 12), (_WIDTH // 8, _HEIGHT // 8), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.resize(small, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_NEAREST), np.uint8)


def _low_poly(seen: Bytes, rng: np.random.Generator) -> Bytes:
    plane = cv2.Subdiv2D((0, 0, _WIDTH, _HEIGHT))
    strong = np.argwhere(_edges(seen))
    chosen = strong[rng.integers(len(strong), size=170)][:, ::-1]
    rim = [(x, y) for x in np.linspace(0, _WIDTH - 1, 6) for y in np.linspace(0, _HEIGHT - 1, 5)]
    for x, y in [*chosen.tolist(), *rim]:
        plane.insert((float(x), float(y)))
    canvas = seen.copy()
    for corners in np.asarray(plane.getTriangleList(), np.float32).reshape(-1, 3, 2):
        inside = np.clip(corners.mean(axis=0), 0, (_WIDTH - 1, _HEIGHT - 1)).astype(int)
        around = np.concatenate((corners, inside[None])).clip(0, (_WIDTH - 1, _HEIGHT - 1)).astype(int)
        color = seen[around[:, 1], around[:, 0]].mean(axis=0)
        cv2.fillConvexPoly(canvas, corners.astype(np.int32), [float(value) for value in color], cv2.LINE_AA)
    return canvas


def _stained_glass(seen: Bytes, rng: np.random.Generator) -> Bytes:
    labels, _ = _cells(rng, 150)
    glass = _filled(seen, labels).astype(np.float32)
    glass = (glass - glass.mean(axis=-1, keepdims=True)) * 1.9 + glass.mean(axis=-1, keepdims=True) * 1.15
    seams = cv2.morphologyEx(labels.astype(np.float32), cv2.MORPH_GRADIENT, np.ones((4, 4), np.uint8)) > 0
    glass[seams] = 24
    return _bytes(glass + _noise(rng, 3.0, 5.0) * ~seams[..., None])


def _paper_cut(seen: Bytes, rng: np.random.Generator) -> Bytes:
    tones = cv2.GaussianBlur(_gray(_smooth(seen)), (0, 0), 2.5)
    out = np.full(seen.shape, (250, 226, 188), np.float32)
    sheets = ((196, (236, 176, 132)), (158, (206, 120, 104)), (122, (142, 82, 108)), (86, (74, 54, 92)))
    for limit, color in sheets:
        cut = (tones < limit).astype(np.float32)
        shadow = cv2.GaussianBlur(np.roll(cut, (5, 4), (0, 1)), (0, 0), 4)[..., None]
        out = out * (1 - 0.4 * shadow)
        out = np.where(cut[..., None] > 0, np.array(color, np.float32), out)
    return _bytes(out + _noise(rng, 1.0, 2.5))


def _neon(seen: Bytes, rng: np.random.Generator) -> Bytes:
    y, x = np.mgrid[0:_HEIGHT, 0:_WIDTH].astype(np.float32)
    hue = (x + y)[..., None] / (_HEIGHT + _WIDTH)
    color = _between((255, 40, 170), (40, 210, 255), hue[..., 0])
    line = _edges(seen).astype(np.float32)
    glow = sum(
        cv2.GaussianBlur(line, (0, 0), sigma) * gain for sigma, gain in ((0.7, 1.1), (3, 1.8), (9, 2.2))
    )
    dark = _tinted(seen, (0.08, 0.06, 0.16), 6)
    return _bytes(dark + color * np.asarray(glow, np.float32)[..., None] + 120 * line[..., None])


_WAYS: Final[Mapping[Kind, Callable[[Bytes, np.random.Generator], Bytes]]] = {
    "photograph": _photograph,
    "studio": _studio,
    "film": _film,
    "black_and_white": _black_and_white,
    "golden_hour": _golden_hour,
    "long_exposure": _long_exposure,
    "oil": _oil,
    "watercolor": _watercolor,
    "gouache": _gouache,
    "pastel": _pastel,
    "ink_wash": _ink_wash,
    "impression": _impression,
    "pencil": _pencil,
    "colored_pencil": _colored_pencil,
    "line_art": _line_art,
    "comic": _comic,
    "woodcut": _woodcut,
    "picture_book": _picture_book,
    "flat": _flat,
    "pixel": _pixel,
    "low_poly": _low_poly,
    "stained_glass": _stained_glass,
    "paper_cut": _paper_cut,
    "neon": _neon,
}
