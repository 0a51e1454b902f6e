"""Light, sharpness and seam: what makes a face of another photo belong to this one."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.faces.flat import flat_points
from tinct.photo.transfer import linear_to_srgb, srgb_to_linear

__all__ = ["joined", "relit", "softened"]

Array = NDArray[np.float32]

_DARK: Final = 0.01  # linear light added before logarithms
_LIGHT: Final = 0.14  # blur in which light lies on a face, of its width
_STEP_WIDTH: Final = 2.5  # of a step that a Gaussian blurs, in its sigmas
_SOFT: Final = 0.3  # pixels; less is not seen
_MOST: Final = 0.55  # most by which light may differ from the face's mean, in logarithms


def softened(face: Array, edge: float, own_edge: float, width: float) -> Array:
    """The face, on a head `width` pixels wide, blurred as far as the head's edges are wider than its own.

    Both in pixels of the flattened face; see :func:`tinct.effects.swap.looks.edge_width`.
    """
    wider = float(np.sqrt(max(own_edge**2 - edge**2, 0.0)))
    sigma = wider / _STEP_WIDTH * width / float(np.linalg.norm(flat_points()[454] - flat_points()[234]))
    return face if sigma < _SOFT else np.asarray(cv2.GaussianBlur(face, (0, 0), sigma), np.float32)


def relit(face: Array, target: Array, skin: Array, own_skin: Array, width: float) -> Array:
    """The face (h, w, 3), sRGB 0..1, in the target's light and colour, as sharp as the target.

    `skin` and `own_skin` (h, w) are where both show skin.
    """
    one, two = (np.log(srgb_to_linear(np.clip(rgb, 0, 1)) + np.float32(_DARK)) for rgb in (face, target))
    sure, own = skin > 0.6, own_skin > 0.6
    if min(int(sure.sum()), int(own.sum())) < 50:
        return face
    tone = np.median(two[own], axis=0) - np.median(one[sure], axis=0)
    sigma = max(1.0, _LIGHT * width)
    light = _over(two, own_skin, sigma) - _over(one, skin, sigma)
    both = cv2.GaussianBlur(skin * own_skin, (0, 0), sigma)
    known = np.clip(2 * both, 0, 1)[..., None]
    # Highlights are the source's own light: half of them goes.
    spots = cv2.GaussianBlur(
        (one - _over(one, skin, 0.06 * width)).mean(axis=-1), (0, 0), max(0.6, 0.012 * width)
    )
    spots = np.clip(spots, 0, 0.8) * skin
    made = one + tone + np.clip(light - tone, -_MOST, _MOST) * known - 0.55 * spots[..., None]
    rgb = linear_to_srgb(np.clip(np.exp(made) - np.float32(_DARK), 0, 1).astype(np.float32))
    fine = max(1.0, width / 90)
    detail = [_detail(picture, fine)[where].std() for picture, where in ((rgb, sure), (target, own))]
    gain = float(np.clip(detail[1] / max(detail[0], 1e-4), 0.6, 1.15))
    smooth = cv2.GaussianBlur(rgb, (0, 0), fine)
    return np.asarray(np.clip(smooth + (rgb - smooth) * gain, 0, 1), np.float32)


def joined(face: Array, target: Array, mask: Array, width: float) -> Array:
    """`face` within `mask` (h, w), `target` outside, joined band by band (Burt, Adelson 1983); outside it is exact."""
    levels = int(np.clip(np.log2(max(width, 48) / 24), 2, 5))
    masks, ones, twos = [mask], [face], [target]
    for _ in range(levels):
        for pyramid in (masks, ones, twos):
            pyramid.append(np.asarray(cv2.pyrDown(pyramid[-1]), np.float32))
    out = ones[-1] * masks[-1][..., None] + twos[-1] * (1 - masks[-1][..., None])
    for level in range(levels - 1, -1, -1):
        size = masks[level].shape[1::-1]
        bands = [pyramid[level] - cv2.pyrUp(pyramid[level + 1], dstsize=size) for pyramid in (ones, twos)]
        share = masks[level][..., None]
        out = cv2.pyrUp(out, dstsize=size) + bands[0] * share + bands[1] * (1 - share)
    near = np.clip(1.5 * cv2.GaussianBlur(mask, (0, 0), max(0.6, width / 80)), 0, 1)
    near = np.where(mask > 0, near, 0)[..., None]
    return np.asarray(np.clip(out * near + target * (1 - near), 0, 1), np.float32)


def _over(values: Array, weight: Array, sigma: float) -> Array:
    """Blur that only counts places of weight."""
    total = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None] + np.float32(1e-4)
    return np.asarray(cv2.GaussianBlur(values * weight[..., None], (0, 0), sigma) / total, np.float32)


def _detail(rgb: Array, sigma: float) -> Array:
    gray = np.asarray(rgb.mean(axis=-1), np.float32)
    return np.asarray(gray - cv2.GaussianBlur(gray, (0, 0), sigma), np.float32)
