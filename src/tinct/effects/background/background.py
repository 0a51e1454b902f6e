"""Backgrounds: remove, mask, change or blur what is behind the subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from tinct.effects.background import backdrop as backdrops
from tinct.effects.background import scenes
from tinct.effects.choices import Seed
from tinct.effects.declare import OfOnePhoto, effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.findings import Rounded
from tinct.effects.prompts import Prompt
from tinct.errors import ParameterError
from tinct.imaging.foreground import estimate, foreground
from tinct.imaging.invention import estimate as seconds_of
from tinct.imaging.invention import invent
from tinct.imaging.palette import parse_colors
from tinct.imaging.strips import rows_of
from tinct.imaging.subject import Matte, Subject, find, given
from tinct.models.generators.port import Request
from tinct.photo.color import linear_to_srgb, srgb_to_linear, srgb_to_profile
from tinct.photo.photo import Photo, Pixels
from tinct.photo.provenance import marked
from tinct.photo.resize import resize, shrink

__all__ = ["Background", "background"]

Array = NDArray[np.float32]
Mode = Literal["remove", "mask", "change", "blur"]

_PROXY: Final = 1200  # longer side at which colours are told apart
_STRIP: Final = 1 << 19  # pixels worked on at once
_WRAP: Final = 0.12  # of the new background's light that reaches around the subject's edge


@dataclass(frozen=True, kw_only=True)
class Background:
    """What came of it."""

    photo: Photo
    engine: str
    """``person``, ``subject``, ``isnet`` or ``mask``: who found the subject."""
    confidence: float
    """0..1; of ``subject`` how much of the matte is expected to be right, as intersection over union."""
    coverage: Annotated[float, Rounded(4)]
    """Share of the photo that is the subject."""


def _one_or_two(value: object) -> object:
    return None if value is None else parse_colors(value, most=2)  # type: ignore[arg-type]


def _together(mode: Mode, colors: object, scene: object, backdrop: object, prompt: str | None) -> None:
    if prompt is not None and (mode != "change" or any(one is not None for one in (colors, scene, backdrop))):
        raise ParameterError(
            "prompt", prompt[:40], "a prompt only with mode change and without colors, a scene or a backdrop"
        )
    if colors is not None and mode != "change":
        raise ParameterError("colors", f"with mode {mode}", "colours only with mode change")
    if scene is not None and (mode != "change" or colors is not None):
        raise ParameterError("scene", scene, "a scene only with mode change and without colors")
    if backdrop is not None and (mode != "change" or colors is not None or scene is not None):
        raise ParameterError(
            "backdrop", "a photo", "a backdrop only with mode change and without colors or a scene"
        )
    if mode == "change" and all(one is None for one in (backdrop, colors, scene, prompt)):
        allowed = "one or two colours, a scene, a prompt, or a backdrop, with mode change"
        raise ParameterError("colors", None, allowed)


_LABELS = {"remove": "cutout", "mask": "mask", "change": "background", "blur": "blur"}


@effect(
    title="Background",
    engines={
        "person": ("person",),
        "subject": ("subject",),
        "isnet": ("isnet",),
        "mask": (),
        "prompt": ("text-to-image",),
    },
    together=_together,
    label=lambda mode: _LABELS[mode],
    preview=lambda scene: scenes.picture(scene),
    estimate=lambda photo, prompt: 0.0 if prompt is None else seconds_of("text-to-image", photo[::-1]),
    generates=lambda prompt: None if prompt is None else "text-to-image",
)
def background(
    photo: Annotated[Photo, Field(description="The photo with the subject.")],
    mode: Annotated[
        Mode,
        Field(
            description="remove: the subject alone, with opacity. mask: its matte, white on black. change: the subject "
            "on another background. blur: the background out of focus."
        ),
    ] = "remove",
    *,
    subject: Annotated[
        Subject,
        Field(
            description="person: people only. any: whatever stands out, by the network in the package, or by isnet if "
            "that is installed. auto: people if there are any, else any."
        ),
    ] = "auto",
    colors: Annotated[
        Annotated[Sequence[str], Field(min_length=1, max_length=2)] | None,
        BeforeValidator(_one_or_two),
        Field(
            description="For change, without a backdrop: one colour, or two from top to bottom; CSS names, #RGB or "
            "#RRGGBB."
        ),
    ] = None,
    scene: Annotated[
        scenes.Scene | None,
        Field(description="For change, without a backdrop and colours: one that is drawn, of that name."),
    ] = None,
    prompt: Annotated[
        Prompt | None,
        Field(
            description="For change, without a backdrop, colours and a scene: what is to be seen there, in words; it "
            "is invented by the image generator that is installed."
        ),
    ] = None,
    seed: Seed = 0,
    amount: Annotated[
        float,
        Field(
            gt=0, le=1, description="For blur: how far out of focus; 1 is a lens of a twentieth of the photo."
        ),
    ] = 0.5,
    backdrop: Annotated[
        Photo | None, Field(description="For change: what stands behind the subject; cut to shape.")
    ] = None,
    mask: Annotated[
        Photo | None,
        OfOnePhoto(),
        Field(description="A matte of one's own: grey, of the photo's size, white on the subject."),
    ] = None,
    progress: Progress = unheard,
) -> Background:
    """Cut the subject out, give its matte, put it before another background, or blur what is behind it.

    Raises
    ------
    ParameterError
        A parameter is not allowed, or no subject was found.
    NoGeneratorError, GeneratorError
        There is no generator, or it cannot do it.
    """
    matte = given(photo, mask) if mask is not None else find(photo, subject)
    progress(0.2 if prompt else 0.4)
    if prompt is not None:
        invented = invent(
            Request(prompt=prompt, size=(photo.height, photo.width), seed=seed),
            lambda share: progress(0.2 + 0.6 * share),
        )
        backdrop, photo = Photo(invented.picture), marked(photo, "compositeWithTrainedAlgorithmicMedia")

    def behind(back: Array, share: Array) -> Array | None:
        """What is to stand behind the subject, at any size; None for nothing."""
        if mode == "blur":
            return backdrops.blurred(back, share, amount)
        if backdrop is not None:
            return backdrops.covering(backdrop, (photo.height, photo.width), photo.icc)
        if colors is not None:
            return backdrops.gradient(colors, (photo.height, photo.width), photo.icc)
        if scene is not None:
            return srgb_to_profile(scenes.render(scene, (photo.height, photo.width)), photo.icc)
        return None

    if mode != "blur":
        matte = replace(matte, alpha=_times(matte.alpha, photo.alpha))
    made = (
        _as_photo(photo, matte)
        if mode == "mask"
        else _separated(photo, matte, behind, wrap=mode == "change", backdrop=backdrop)
    )
    if mode == "change":
        made = replace(made, alpha=_behind_and_before(matte, backdrop, photo))
    if mode in ("remove", "mask"):
        made = replace(made, format="png")  # JPEG would lose the opacity, and blur the matte
    progress(1.0)
    return Background(photo=made, engine=matte.engine, confidence=matte.confidence, coverage=matte.coverage)


def _times(matte: NDArray[np.uint8], opacity: Pixels | None) -> NDArray[np.uint8]:
    """What is seen of the subject: the matte, as far as the photo is opaque there."""
    if opacity is None:
        return matte
    share = opacity.astype(np.float32) / np.float32(np.iinfo(opacity.dtype).max)
    return np.rint(matte * share).astype(np.uint8)


def _behind_and_before(matte: Matte, backdrop: Photo | None, photo: Photo) -> Pixels | None:
    """Opacity of the subject before its new background: opaque, unless that is not."""
    if backdrop is None or backdrop.alpha is None:
        return None
    far = _backdrop_opacity(backdrop, photo)
    both = 1 - (1 - matte.alpha.astype(np.float32) / np.float32(255)) * (1 - far)
    levels: Pixels = np.rint(both * np.iinfo(photo.pixels.dtype).max).astype(photo.pixels.dtype)
    return levels


def _backdrop_opacity(backdrop: Photo, photo: Photo) -> Array:
    """(H, W) of the photo, 0..1, cut to shape as the backdrop is."""
    assert backdrop.alpha is not None
    as_gray = replace(backdrop, pixels=_three(backdrop.alpha), alpha=None, icc=None)
    return backdrops.covering(as_gray, (photo.height, photo.width), None)[..., 0]


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


def _separated(
    photo: Photo,
    matte: Matte,
    scenery_of: Callable[[Array, Array], Array | None],
    *,
    wrap: bool,
    backdrop: Photo | None,
) -> Photo:
    """The subject without the colours of its old background, before another or before nothing."""
    most = np.float32(np.iinfo(photo.pixels.dtype).max)
    small = shrink(photo.pixels, _PROXY).astype(np.float32) / most
    share = resize(matte.alpha.astype(np.float32) / np.float32(255), (small.shape[0], small.shape[1]))
    front, back = estimate(small, share)
    behind = scenery_of(resize(back, share.shape), share)
    out, size = np.empty_like(photo.pixels), (photo.height, photo.width)
    far = None if backdrop is None or backdrop.alpha is None else _backdrop_opacity(backdrop, photo)
    for top, rows, alpha in _strips(photo, matte, most):
        count = len(rows)
        made = foreground(rows, alpha, rows_of(front, top, count, size), rows_of(back, top, count, size))
        if behind is not None:
            scenery = rows_of(behind, top, count, size)
            part = alpha if far is None else _share(alpha, far[top : top + count, :, None])
            made = _joined(rows, made, scenery, alpha, part, wrap=wrap)
        out[top : top + count] = np.clip(made, 0, 1) * most + np.float32(0.5)
    opacity = photo.alpha
    if behind is None:
        opacity = _in_depth(matte.alpha, photo)
    return replace(photo, pixels=out, alpha=opacity, gray=photo.gray and behind is None)


def _strips(photo: Photo, matte: Matte, most: np.float32) -> Iterator[tuple[int, Array, Array]]:
    """First row, pixels (n, W, 3) and matte (n, W, 1), 0..1."""
    step = max(1, _STRIP // photo.width)
    for top in range(0, photo.height, step):
        rows = photo.pixels[top : top + step].astype(np.float32) / most
        yield top, rows, matte.alpha[top : top + step, :, None].astype(np.float32) / np.float32(255)


def _share(alpha: Array, far: Array) -> Array:
    """The subject's share of the colour where the background is not opaque either (Porter and Duff 1984)."""
    return np.asarray(alpha / np.maximum(alpha + far * (1 - alpha), np.float32(1e-6)), np.float32)


def _joined(rows: Array, front: Array, behind: Array, alpha: Array, share: Array, *, wrap: bool) -> Array:
    """The subject before its new background, mixed as light is; where it is opaque the photo's own pixels stay."""
    light, scenery = srgb_to_linear(front), srgb_to_linear(behind)
    if wrap:  # light from behind reaches a little around the edge
        light = light + np.float32(_WRAP) * 4 * alpha * (1 - alpha) * (scenery - light)
    mixed = linear_to_srgb(np.clip(share * light + (1 - share) * scenery, 0, 1))
    return np.asarray(np.where(alpha >= 1, rows, mixed), np.float32)
