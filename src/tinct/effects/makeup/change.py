"""What has to change on a face so that it wears what another wears, or a named look.

All changes are logarithms of factors of linear light: (SIDE, SIDE, 3) on the flattened face, or (3,) for lips. They
are differences between what the other wears and what this face wears already, so a face's own look changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.effects.makeup.areas import STEP, areas
from tinct.effects.makeup.looks import Look
from tinct.effects.makeup.worn import Worn

__all__ = ["Amounts", "Change", "from_face", "from_look"]

Array = NDArray[np.float32]

_CAST: Final = 0.6  # how much of the difference of both skins' colours goes with the lips: the light's cast
_LIGHTER: Final = 0.25
"""Most by which a channel of the lips grows lighter: pigments swallow light, and what is brighter than the skin's own
light allows seems to glow."""
_BESIDE_SKIN, _DEEPER = 0.2, 0.1
"""By how much more the brightest channel of vividly painted lips may stand out from the skin than it does where the
colour is worn, as what looks right on fair skin would shine on dark one; and how much darker that makes it at most."""
_THINNER: Final = 0.5
"""By how much of the difference of both skins' lightness darkening is divided on darker skin: a pigment has a
darkness of its own, to which dark skin is nearer."""
_SHAPE: Final = 0.35  # share of the lightness of blotches that foundation levels
_OPENED: Final = 0.08  # most by which lids grow lighter: deep eyes stay deep
_BLENDED: Final = 16 * STEP  # how softly blush ends where cheeks are no redder
_USUAL_SKIN: Final = np.array([-0.55, -1.15, -1.55], np.float32)  # of the wearer for whom looks are written
_BARE_LIPS: Final = np.array([0.15, -0.21, 0.06], np.float32)
"""Hue of lips without makeup beside the skin: the mean of men and women in face crops."""
_PAINTED: Final = (0.45, 0.9)
"""Distances from it that are no lipstick, and surely one."""
_DEEP, _TINGE = 0.2, 0.05
"""Lightness and hue in which lids differ without any shadow on them: that much is left out."""


@dataclass(frozen=True)
class Amounts:
    """How much of each part is applied, 0..1."""

    lips: float
    shadow: float
    liner: float
    blush: float
    foundation: float


@dataclass(frozen=True, eq=False)
class Change:
    """What changes."""

    field: Array
    """(SIDE, SIDE, 3) on the skin."""
    lips: Array
    """(3,)."""
    lips_density: float
    """How completely the lips take it, 0..1."""


def from_face(own: Worn, other: Worn, amounts: Amounts) -> Change:
    """So that a face wears what `other` wears."""
    worn = areas()
    seen = (other.seen * own.seen)[..., None]
    field = _even(own, amounts.foundation * _evener(own, other))
    shadow = other.shadow - own.shadow
    light = shadow.mean(axis=-1, keepdims=True)
    lit = np.clip(_beyond(light, _DEEP), -1.6, _OPENED)
    dark = np.clip(-light - _DEEP, 0, None)
    # Dark pigments keep their hue when laid on thinner
    share = np.where(dark > 0, -lit / np.maximum(-light, 1e-3), 1.0)
    shadow = lit + share * _beyond(shadow - light, _TINGE)
    thin = 1 / (1 + _THINNER * max(float(other.skin.mean() - own.skin.mean()), 0.0))
    field += amounts.shadow * thin * shadow * worn.lids[..., None] * seen
    liner = np.minimum(other.liner - own.liner, 0)
    field += amounts.liner * thin * (np.clip(liner, -1.6, 0) * worn.lashes)[..., None] * seen
    blush = other.blush - own.blush
    blush = blush - blush.mean(axis=-1, keepdims=True)
    warm = np.clip(blush[..., :1] / 0.04, 0, 1)
    blush = cv2.GaussianBlur(np.clip(blush, -0.25, 0.25) * warm * seen, (0, 0), _BLENDED)
    field += amounts.blush * blush * worn.cheeks[..., None]
    density = amounts.lips * _painted(other.lips - other.skin)
    return Change(np.asarray(field, np.float32), _lips(own, other.lips, other.skin), density)


def from_look(own: Worn, look: Look, amounts: Amounts) -> Change:
    """So that a face wears a named look."""
    worn = areas()
    seen = own.seen[..., None]
    field = _even(own, amounts.foundation * look.even)
    pigment = look.shadow.color - own.skin
    light = pigment.mean()
    pigment = np.clip(light, -2.2, 0.25) + (pigment - light)
    field += amounts.shadow * look.shadow.density * pigment * worn.lids[..., None] * seen
    field += amounts.liner * look.liner * -1.3 * worn.lashes[..., None] * seen
    blush = look.blush.color - own.skin
    blush = np.clip(blush - blush.mean(), -0.6, 0.6)
    field += amounts.blush * look.blush.density * 0.6 * blush * worn.cheeks[..., None] * seen
    lips = _lips(own, look.lips.color, _USUAL_SKIN)
    return Change(np.asarray(field, np.float32), lips, amounts.lips * look.lips.density)


def _lips(own: Worn, color: Array, skin: Array) -> Array:
    """The change of the lips towards a colour worn on other skin.

    Lightness is half the colour's own and half what it is beside the skin; its hue is its own, with a part of the
    difference of both skins, which is the light's cast.
    """
    other, mine = skin.mean(), own.skin.mean()
    light = color.mean() + 0.5 * (mine - other)
    hue = color - color.mean() + _CAST * ((own.skin - mine) - (skin - other))
    now = own.lips.mean()
    change = hue - (own.lips - now) + max(float(light - now), -2.5)
    worn, top = color - skin, float(change.max())
    vivid = min(float(worn.max() - worn.mean()), 1.0)
    shines = vivid * (float((own.lips + change - own.skin).max() - worn.max()) - _BESIDE_SKIN)
    return np.asarray(change - max(top - _LIGHTER, min(shines, top + _DEEPER), 0.0), np.float32)


def _beyond(values: Array, usual: float) -> Array:
    """What of differences goes beyond those that faces have by nature."""
    return np.asarray(np.sign(values) * np.maximum(np.abs(values) - usual, 0), np.float32)


def _painted(relative: Array) -> float:
    """How sure it is that lips, relative to the skin, wear lipstick: 0..1."""
    away = float(np.linalg.norm(relative - relative.mean() - _BARE_LIPS))
    return float(np.clip((away - _PAINTED[0]) / (_PAINTED[1] - _PAINTED[0]), 0, 1))


def _even(own: Worn, amount: float) -> Array:
    """Blotches of the skin levelled by `amount`: their colour, and less of their lightness, which is shape too."""
    low = np.clip(own.low, -0.4, 0.4)
    light = low.mean(axis=-1, keepdims=True)
    field = -amount * (0.7 * (low - light) + _SHAPE * light)
    return np.asarray(field * areas().skin[..., None] * own.seen[..., None], np.float32)


def _evener(own: Worn, other: Worn) -> float:
    """How much evener the other skin is, 0..1."""
    return float(np.clip(1 - other.uneven / max(own.uneven, 1e-4), 0, 0.8))
