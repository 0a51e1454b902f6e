"""Backgrounds: remove, mask, change or blur what is behind the subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.background import scene
from tinct.effects.background.foreground import estimate, foreground
from tinct.effects.background.params import BackgroundParams, Mode, Subject
from tinct.effects.background.subject import Matte, find, given
from tinct.effects.effect import Progress, checked
from tinct.errors import ParameterError
from tinct.photo.color import linear_to_srgb, srgb_to_linear
from tinct.photo.photo import Photo, Pixels
from tinct.photo.resize import resize, shrink

__all__ = ["Background", "background", "run"]

Array = NDArray[np.float32]

_PROXY: Final = 1200  # longer side at which colours are told apart
_STRIP: Final = 1 << 19  # pixels worked on at once
_WRAP: Final = 0.12  # of the new background's light that reaches around the subject's edge


@dataclass(frozen=True, kw_only=True)
class Background:
    """What came of it."""

    photo: Photo
    engine: str
    """``person``, ``isnet``, ``classical`` or ``mask``: who found the subject."""
    confidence: float
    """0..1."""
    coverage: float
    """Share of the photo that is the subject."""


def background(
    photo: Photo,
    mode: Mode = "remove",
    *,
    subject: Subject = "auto",
    colors: str | Sequence[str] | None = None,
    amount: float = 0.5,
    backdrop: Photo | None = None,
    mask: Photo | None = None,
) -> Background:
    """Separate a subject from what is behind it.

    Parameters
    ----------
    photo : Photo
        Any size, 8 or 16 bit, any RGB profile; all kept.
    mode : {"remove", "mask", "change", "blur"}
        The subject with opacity; its matte; the subject elsewhere; the background out of focus.
    subject : {"auto", "person", "any"}
        What to look for.
    colors : str or sequence of str, optional
        For ``change``: one colour, or two from top to bottom.
    amount : float
        For ``blur``: 0..1.
    backdrop : Photo, optional
        For ``change``: what stands behind the subject; cut to shape.
    mask : Photo, optional
        A matte of one's own, grey, of the photo's size.

    Raises
    ------
    ParameterError
        A parameter is not allowed, or no subject was found.
    """
    listed = colors if colors is None or isinstance(colors, str) else list(colors)
    params = checked(BackgroundParams, {"mode": mode, "subject": subject, "colors": listed, "amount": amount})
    return run(photo, params, backdrop=backdrop, mask=mask)


def run(
    photo: Photo,
    params: BackgroundParams,
    progress: Progress = lambda share: None,
    *,
    backdrop: Photo | None = None,
    mask: Photo | None = None,
) -> Background:
    """`background` with checked parameters."""
    if backdrop is not None and (params.mode != "change" or params.colors is not None):
        raise ParameterError("backdrop", "a photo", "a backdrop only with mode change and without colors")
    if params.mode == "change" and backdrop is None and params.colors is None:
        raise ParameterError("colors", None, "one or two colours, or a backdrop, with mode change")
    matte = given(photo, mask) if mask is not None else find(photo, params.subject)
    progress(0.4)
    masked = params.mode == "mask"
    made = _as_photo(photo, matte) if masked else _separated(photo, matte, params, backdrop)
    progress(1.0)
    return Background(
        photo=made, engine=matte.engine, confidence=matte.confidence, coverage=round(matte.coverage, 4)
    )


def _as_photo(photo: Photo, matte: Matte) -> Photo:
    """The matte, in the photo's depth."""
    levels = _in_depth(matte.alpha, photo)
    return replace(photo, pixels=_three(levels), alpha=None, icc=None, gray=True)


def _three(levels: Pixels) -> Pixels:
    out = np.empty((*levels.shape, 3), levels.dtype)
    out[...] = levels[..., None]
    return out


def _in_depth(alpha: NDArray[np.uint8], photo: Photo) -> Pixels:
    return alpha if photo.depth == 8 else alpha.astype(np.uint16) * np.uint16(257)


def _separated(photo: Photo, matte: Matte, params: BackgroundParams, backdrop: Photo | None) -> Photo:
    most = np.float32(np.iinfo(photo.pixels.dtype).max)
    small = shrink(photo.pixels, _PROXY).astype(np.float32) / most
    share = resize(matte.alpha.astype(np.float32) / np.float32(255), (small.shape[0], small.shape[1]))
    front, back = estimate(small, share)
    behind = _behind(photo, params, backdrop, resize(back, share.shape), share)
    out = np.empty_like(photo.pixels)
    for top, rows, alpha in _strips(photo, matte, most):
        count = len(rows)
        made = foreground(rows, alpha, _rows(front, top, count, photo), _rows(back, top, count, photo))
        if behind is not None:
            scenery = _rows(behind, top, count, photo)
            made = _joined(rows, made, scenery, alpha, wrap=params.mode == "change")
        out[top : top + count] = np.clip(made, 0, 1) * most + np.float32(0.5)
    opacity = photo.alpha
    if behind is None:
        opacity = _in_depth(matte.alpha, photo)
        if photo.alpha is not None:
            opacity = np.minimum(opacity, photo.alpha)
    return replace(photo, pixels=out, alpha=opacity, gray=photo.gray and behind is None)


def _behind(
    photo: Photo, params: BackgroundParams, backdrop: Photo | None, back: Array, share: Array
) -> Array | None:
    """What is to stand behind the subject, at any size; None for nothing."""
    if params.mode == "blur":
        return scene.blurred(back, share, params.amount)
    if backdrop is not None:
        return scene.covering(backdrop, (photo.height, photo.width), photo.icc)
    if params.colors is not None:
        return scene.gradient(params.colors, (photo.height, photo.width), photo.icc)
    return None


def _strips(photo: Photo, matte: Matte, most: np.float32) -> Iterator[tuple[int, Array, Array]]:
    """First row, pixels (n, W, 3) and matte (n, W, 1), 0..1."""
    step = max(1, _STRIP // photo.width)
    for top in range(0, photo.height, step):
        rows = photo.pixels[top : top + step].astype(np.float32) / most
        yield top, rows, matte.alpha[top : top + step, :, None].astype(np.float32) / np.float32(255)


def _rows(small: Array, top: int, count: int, photo: Photo) -> Array:
    """Rows of a small picture (h, w, 3) at the photo's size: (count, W, 3)."""
    h, w = small.shape[:2]
    if (h, w) == (photo.height, photo.width):
        return small[top : top + count]
    step_x, step_y = w / photo.width, h / photo.height
    place = np.array([[step_x, 0, 0.5 * step_x - 0.5], [0, step_y, (top + 0.5) * step_y - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    out = cv2.warpAffine(
        np.ascontiguousarray(small), place, (photo.width, count), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(out, np.float32).reshape(count, photo.width, 3)


def _joined(rows: Array, front: Array, behind: Array, alpha: Array, *, wrap: bool) -> Array:
    """The subject before its new background, mixed as light is; where it is opaque the photo's own pixels stay."""
    light, scenery = srgb_to_linear(front), srgb_to_linear(behind)
    if wrap:  # light from behind reaches a little around the edge
        light = light + np.float32(_WRAP) * 4 * alpha * (1 - alpha) * (scenery - light)
    mixed = linear_to_srgb(np.clip(alpha * light + (1 - alpha) * scenery, 0, 1))
    return np.asarray(np.where(alpha >= 1, rows, mixed), np.float32)
