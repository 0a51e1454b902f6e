"""Replace what a mask covers: by an object or a surface from another photo, by another colour, or by a prompt."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field

from tinct.effects.choices import Seed, Strength
from tinct.effects.declare import OfOnePhoto, effect
from tinct.effects.effect import Progress, unheard
from tinct.effects.prompts import Guidance, Negative, Prompt, Steps
from tinct.effects.replace.place import Place, converted, shading
from tinct.errors import ParameterError
from tinct.imaging import subject
from tinct.imaging.fill.fill import fill
from tinct.imaging.fill.mask import removal
from tinct.imaging.foreground import estimate
from tinct.imaging.invention import estimate as seconds_of
from tinct.imaging.palette import from_hex, parse_colors
from tinct.imaging.repaint import repaint, with_grain
from tinct.models.generators.port import Request, Task
from tinct.photo.color import (
    linear_to_srgb,
    oklab_to_srgb,
    profile_to_srgb,
    srgb_to_linear,
    srgb_to_oklab,
    srgb_to_profile,
)
from tinct.photo.photo import Photo
from tinct.photo.provenance import marked
from tinct.photo.resize import resize

__all__ = ["Replacement", "replace"]

Array = NDArray[np.float32]
By = Literal["object", "surface", "color", "prompt"]

_GAIN: Final = (0.5, 1.8)  # by which light may be matched
_LEAST: Final = 1e-3  # of linear light
_TONE: Final = 0.85  # share of the way to the colour's own lightness


@dataclass(frozen=True, kw_only=True, eq=False)
class Replacement:
    """What `replace` gives back."""

    photo: Photo
    """The photo; outside the mask its pixels are those of the source."""
    cut_out_by: str
    """Who cut the object out of the reference: ``opacity``, ``person``, ``subject`` or ``isnet``; empty otherwise."""
    in_perspective: bool
    """Whether the mask is a quadrilateral and the surface was laid on it."""
    box: tuple[int, int, int, int]
    """The place: x, y, width, height in pixels."""
    model: str = ""
    """With a prompt: the generator's model, as its operator calls it; empty otherwise."""
    licence: str = ""
    """With a prompt: that of the model."""


def _one(value: object) -> object:
    return None if value is None else parse_colors(str(value), field="color", most=1)[0]


def _together(by: By | None, reference: object, color: object, prompt: str | None) -> None:
    way = _way(by, prompt)
    if way == "color" and color is None:
        raise ParameterError("color", None, "a colour, such as #B5302A or navy, with by color")
    if way == "prompt" and prompt is None:
        raise ParameterError("prompt", None, "what is to be seen in the mask, with by prompt")
    if way in ("object", "surface") and reference is None:
        raise ParameterError("reference", None, f"a photo of the {way}, with by {way}")
    if way in ("color", "prompt") and reference is not None:
        raise ParameterError("reference", "a photo", f"none with by {way}")
    if way != "color" and color is not None:
        raise ParameterError("color", color, "none but with by color")
    if way != "prompt" and prompt is not None:
        raise ParameterError("prompt", prompt, "none but with by prompt")


def _way(by: By | None, prompt: str | None) -> By:
    """A prompt alone says how."""
    return by or ("object" if prompt is None else "prompt")


def _task(by: By | None, prompt: str | None) -> Task | None:
    return "inpaint" if _way(by, prompt) == "prompt" else None


def _seconds(photo: tuple[int, int], by: By | None, prompt: str | None, steps: int | None) -> float:
    return seconds_of("inpaint", photo[::-1], steps) if _task(by, prompt) else 0.0


@effect(
    title="Replace",
    engines={"reference": (), "color": (), "prompt": ("inpaint",)},
    together=_together,
    estimate=_seconds,
    generates=_task,
    label="replaced",
)
def replace(
    photo: Annotated[Photo, Field(description="The photo in which something is replaced.")],
    mask: Annotated[
        Photo,
        OfOnePhoto(),
        Field(
            description="A grey picture of the same size: white is replaced, black is kept, grey between them mixes."
        ),
    ],
    by: Annotated[
        By | None,
        Field(
            description="object: what the reference shows, cut out and set into the mask, the old one removed. "
            "surface: the whole reference, laid on the mask in its light and, on a mask with four corners, in its "
            "perspective. color: another colour, the drawing and the light stay. prompt: what a prompt says, by a "
            "generator that the operator installed. None: prompt where there is one, else object."
        ),
    ] = None,
    *,
    reference: Annotated[
        Photo | None, Field(description="The photo with the object, cut out or not, or of the surface.")
    ] = None,
    color: Annotated[
        Annotated[str, BeforeValidator(_one)] | None,
        Field(description="The new colour: a name of CSS, #RGB or #RRGGBB."),
    ] = None,
    prompt: Annotated[
        Prompt | None, Field(description="What is to be seen in the mask, such as: a red armchair.")
    ] = None,
    negative: Negative = "",
    steps: Steps = None,
    guidance: Guidance = None,
    match: Annotated[
        float,
        Field(ge=0, le=1, description="How far an object takes on the light of the place; 0 keeps its own."),
    ] = 0.5,
    strength: Strength = 1.0,
    seed: Seed = 0,
    progress: Progress = unheard,
) -> Replacement:
    """Replace what a mask covers by an object or a surface from another photo, by another colour, or by a prompt.

    Raises
    ------
    NoGeneratorError
        By prompt, and no generator is installed that fills masks.
    GeneratorError, ModelError
        By prompt, and it did not come about.
    ParameterError
        Names the field, what was found and what is allowed.
    """
    weight = removal(photo, mask)
    place = Place.of(weight)
    most = np.float32(np.iinfo(photo.pixels.dtype).max)
    cut_out_by, model, licence = "", "", ""
    by = _way(by, prompt)
    if by == "prompt":
        assert prompt is not None
        asked = Request(
            prompt=prompt, negative=negative, size=(1, 1), steps=steps, guidance=guidance, seed=seed
        )
        whole, invention = repaint(photo, weight, asked, lambda share: progress(0.98 * share))
        made, model, licence = whole[place.slices], invention.facts.name, invention.facts.licence
    elif by == "color":
        assert color is not None
        made = _recoloured(
            photo.pixels[place.slices].astype(np.float32) / most, place.weight, color, photo.icc
        )
    elif by == "surface":
        assert reference is not None
        made = _surface(photo.pixels[place.slices].astype(np.float32) / most, place, reference, photo.icc)
    else:
        assert reference is not None
        made, cut_out_by = _object(photo, weight, place, reference, match, seed, progress)
    pixels = photo.pixels.copy()
    old = pixels[place.slices].astype(np.float32)
    share = place.weight[..., None] * np.float32(strength)
    if by in ("object", "surface"):
        made = _with_grain(made, photo, weight, place, np.random.default_rng(seed))
    mixed = np.rint(np.clip(old + (made * most - old) * share, 0, most))
    pixels[place.slices] = np.where(share > 0, mixed, old).astype(pixels.dtype)
    grey = photo.gray and bool((pixels == pixels[..., :1]).all())
    progress(1.0)
    result = dataclasses.replace(photo, pixels=pixels, gray=grey)
    return Replacement(
        photo=marked(result, "compositeWithTrainedAlgorithmicMedia") if by == "prompt" else result,
        cut_out_by=cut_out_by,
        in_perspective=by == "surface" and place.quadrilateral,
        box=place.box,
        model=model,
        licence=licence,
    )


def _recoloured(colors: Array, weight: Array, color: str, icc: bytes | None) -> Array:
    """The same surface in another colour: its lightness moves as a whole, its chroma becomes the colour's."""
    lab = srgb_to_oklab(profile_to_srgb(colors, icc))
    wanted = srgb_to_oklab(from_hex([color]))[0]
    total = max(float(weight.sum()), 1e-3)
    mean = (lab * weight[..., None]).sum(axis=(0, 1)) / total  # (3,)
    light = lab[..., 0] * (1 + _TONE * (wanted[0] / max(float(mean[0]), 0.05) - 1))
    out = np.empty_like(lab)
    out[..., 0] = np.clip(light, 0, 1)
    # darker and brighter places of a surface have less chroma
    fade = np.clip(lab[..., 0] / max(float(mean[0]), 0.05), 0.3, 1.2) * np.clip(
        (1.02 - out[..., 0]) / 0.15, 0, 1
    )
    out[..., 1:] = wanted[1:] * fade[..., None] + 0.15 * (lab[..., 1:] - mean[1:])
    return np.clip(srgb_to_profile(oklab_to_srgb(out), icc), 0, 1)


def _surface(under: Array, place: Place, reference: Photo, icc: bytes | None) -> Array:
    """The reference on the place, lit as the place was."""
    left, top, width, height = 0, 0, place.box[2], place.box[3]
    picture = converted(reference, icc)
    corners = place.corners
    wide = float(np.linalg.norm(corners[1] - corners[0]) + np.linalg.norm(corners[2] - corners[3])) / 2
    tall = float(np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])) / 2
    scale = max(wide / picture.shape[1], tall / picture.shape[0])  # cut to shape, never stretched
    cut = (
        min(picture.shape[0], max(1, round(tall / scale))),
        min(picture.shape[1], max(1, round(wide / scale))),
    )
    top, left = (picture.shape[0] - cut[0]) // 2, (picture.shape[1] - cut[1]) // 2
    picture = resize(
        picture[top : top + cut[0], left : left + cut[1]], (max(1, round(tall)), max(1, round(wide)))
    )
    ends = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32) * [picture.shape[1], picture.shape[0]]
    half = np.float32(0.5)  # corners are edges of pixels, the warp counts their middles
    way = cv2.getPerspectiveTransform(
        np.asarray(ends - half, np.float32), np.asarray(corners - half, np.float32)
    )
    laid = cv2.warpPerspective(
        picture, way, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    lit = srgb_to_linear(np.asarray(laid, np.float32).reshape(height, width, 3))
    return linear_to_srgb(np.clip(lit * shading(srgb_to_linear(under), place.weight), 0, 1))


def _object(
    photo: Photo,
    weight: NDArray[np.uint8],
    place: Place,
    reference: Photo,
    match: float,
    seed: int,
    progress: Progress,
) -> tuple[Array, str]:
    """The place without what was there, with the reference's object in it; and who cut that out."""
    known = weight == 0
    if photo.alpha is not None:
        known &= photo.alpha > 0
    if not known.any():
        raise ParameterError("mask", "every pixel that is not transparent", "some of them left black")
    cleared, _ = fill(photo.pixels, weight, known, seed=seed, progress=lambda part: progress(0.6 * part))
    most = np.float32(np.iinfo(photo.pixels.dtype).max)
    behind = srgb_to_linear(cleared[place.slices].astype(np.float32) / most)
    front, alpha, engine, own_light = _cut_out(reference, photo.icc)
    progress(0.8)
    if own_light is not None and match:
        ring = photo.pixels[place.around(weight)].astype(np.float32) / most
        if len(ring):
            here = np.maximum(srgb_to_linear(ring).mean(axis=0), _LEAST)
            gain = np.clip((here / np.maximum(own_light, _LEAST)) ** match, *_GAIN)
            front = np.clip(front * gain, 0, 1)
    laid, share = _fitted(front, alpha, place)
    return linear_to_srgb(np.clip(laid * share + behind * (1 - share), 0, 1)), engine


def _cut_out(reference: Photo, icc: bytes | None) -> tuple[Array, Array, str, Array | None]:
    """The object in linear light (h, w, 3), its matte (h, w), who cut it, and the mean light (3,) behind it."""
    colors = converted(reference, icc)
    light = None
    if reference.alpha is not None and int(reference.alpha.min()) < np.iinfo(reference.alpha.dtype).max:
        alpha = reference.alpha.astype(np.float32) / np.float32(np.iinfo(reference.alpha.dtype).max)
        engine = "opacity"
    else:
        try:
            found = subject.find(reference, "auto")
        except ParameterError as error:
            allowed = "a photo whose subject stands out, or one that is cut out"
            raise ParameterError("reference", str(error.value), allowed) from None
        alpha, engine = found.alpha.astype(np.float32) / np.float32(255), found.engine
        front, back = estimate(colors, alpha)
        size = colors.shape[0], colors.shape[1]
        edge = ((alpha > 0) & (alpha < 1))[..., None]
        colors = np.where(edge, resize(front, size), colors)
        light = srgb_to_linear(resize(back, size)[alpha < 0.5].reshape(-1, 3)).mean(axis=0)
    if not (alpha > 0.5).any():
        raise ParameterError("reference", "nothing opaque", "a photo with an object in it")
    rows, columns = np.flatnonzero((alpha > 0.02).any(axis=1)), np.flatnonzero((alpha > 0.02).any(axis=0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return srgb_to_linear(colors[part]), np.asarray(alpha[part], np.float32), engine, light


def _fitted(front: Array, alpha: Array, place: Place) -> tuple[Array, Array]:
    """The object as large as the place allows, standing on its lower edge: colours (h, w, 3) and share (h, w, 1)."""
    _, _, width, height = place.box
    scale = min(width / alpha.shape[1], height / alpha.shape[0])
    size = max(1, round(alpha.shape[0] * scale)), max(1, round(alpha.shape[1] * scale))
    share = resize(alpha, size)
    colors = resize(front * alpha[..., None], size) / np.maximum(share, np.float32(1e-4))[..., None]
    laid, opacity = np.zeros((height, width, 3), np.float32), np.zeros((height, width, 1), np.float32)
    left = (width - size[1]) // 2
    spot = np.s_[height - size[0] : height, left : left + size[1]]
    laid[spot], opacity[spot] = colors, share[..., None]
    return laid, opacity


def _with_grain(
    made: Array, photo: Photo, weight: NDArray[np.uint8], place: Place, rng: np.random.Generator
) -> Array:
    """As noisy as what lies around, where it is less so."""
    top, left = max(0, place.box[1] - 64), max(0, place.box[0] - 64)
    window = np.s_[top : place.box[1] + place.box[3] + 64, left : place.box[0] + place.box[2] + 64]
    near = photo.pixels[window].astype(np.float32) / np.float32(np.iinfo(photo.pixels.dtype).max)
    return with_grain(made, near, weight[window] > 0, rng)
