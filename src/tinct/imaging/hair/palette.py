"""The colours of a head's hair, sorted by their light."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tinct.imaging.hair.hair import SKIN, Hair
from tinct.photo.transfer import srgb_to_linear

__all__ = ["COUNT", "looked_up", "palette"]

Array = NDArray[np.float32]

COUNT: Final = 48
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], np.float32)
_LEAST: Final = 300  # pixels of hair from which its colours are known
_SURELY: Final = 18.0  # the same where most of the hair is farther from the skin
_DEEP: Final = 0.04  # widths of the face from the edges of hair
_HUE: Final = 0.45  # logarithm by which the channels of a rank may differ from those of the usual colour


def palette(hair: Hair, where: NDArray[np.bool_] | None = None) -> Array | None:
    """Linear light (COUNT, 3) of the hair from its darkest to its lightest places; None where too little is seen.

    Parameters
    ----------
    hair : Hair
    where : ndarray, (h, w), bool, optional
        On the small copy: preferred places.
    """
    seen = hair.seen
    inside = (hair.small > 0.92) & (seen.v < hair.chin)
    apart = hair.apart
    if inside.any():
        # at the edges of face and hair skin shines through; deep within the hair its own colour may be skin's
        deep = inside & seen.shrunk(inside, _DEEP) & ~seen.grown(seen.oval > 0.5, 2 * _DEEP)
        usual = float(np.median(apart[inside]))
        inside &= (apart > max(SKIN, min(_SURELY, 0.8 * usual))) | deep
    if where is not None and (inside & where).sum() > _LEAST:
        inside &= where
    if inside.sum() < _LEAST:
        return None
    colors = srgb_to_linear(seen.rgb[inside])
    light = colors @ _LUMA
    order = np.argsort(light)
    colors, light = colors[order], light[order]
    places = np.linspace(0.01, 0.975, COUNT)
    half = max(5, len(colors) // COUNT // 2)
    middles = (places * len(colors)).astype(int)
    made = np.stack([colors[max(0, at - half) : at + half].mean(axis=0) for at in middles])
    # highlights are of the light's colour; of hair that is lit elsewhere they keep half of its own
    own = np.median(colors / (light[:, None] + 1e-5), axis=0)
    share = 0.55 * np.clip((places - 0.6) / 0.4, 0, 1)[:, None]
    # ranks of quite another hue are of skin or wall that shines through the strands
    hue = np.log((made + 1e-4) / ((made @ _LUMA)[:, None] * own + 1e-4))
    share = np.maximum(share, np.clip((np.ptp(hue, axis=1) - _HUE) / _HUE, 0, 1)[:, None])
    mixed = made * (1 - share) + own * (made @ _LUMA)[:, None] * share
    return np.asarray(mixed, np.float32)


def looked_up(colors: Array, rank: NDArray[np.floating]) -> Array:
    """Colours of ranks (...) in 0..1, (..., 3)."""
    place = np.clip(rank, 0, 0.999) * (len(colors) - 1)
    low = place.astype(int)
    share = (place - low)[..., None].astype(np.float32)
    return np.asarray(colors[low] * (1 - share) + colors[low + 1] * share, np.float32)
