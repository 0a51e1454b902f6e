"""Which faces can be put on which heads; all others are refused with the reason.

Bounds were chosen by eye on drawn pairs of photos that no figure is reported on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from tinct.effects.swap.lit import lit_unlike
from tinct.effects.swap.looks import Looks, edge_on
from tinct.effects.swap.shape import eye_opening, mouth_opening, smile
from tinct.errors import EyeCoveredError, FaceCoveredError, FaceError, FacesUnlikeError
from tinct.errors.faces import FORCE
from tinct.faces.covered import share_around
from tinct.faces.face import Face
from tinct.faces.points import EYES, LIPS_RING

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tinct.effects.swap.onto import Given

__all__ = ["COVERED", "fitting", "refuse_hidden", "refuse_unlike"]

COVERED: Final = 0.6
"""Share of the rim around an eye or the lips from which on they count as hidden."""
_FINGER: Final = 0.04  # share of the lips
_GLASSES, _BEARD, _CHILD = -1.2, -1.65, -0.5
"""Log-odds from which a face counts as wearing one, or as a small child's; see the card of `face-signs`."""
_GROWN, _YEARS = -1.0, 1.3
"""Log-odds below which it does not matter how surely a face is no child's; and by how much they may differ above."""
_TURN: Final = 16.0  # degrees by which both may differ, sideways and up or down together
_OPEN: Final = 0.055  # difference of the mouths' openings, of their width
_LIDS: Final = 0.1  # difference of the eyes' openings, of their width: beyond it open eyes lie over creases
_SMILE: Final = 0.1  # of the mouths' widths, of the distance of the eyes: cheeks of a laugh, or of none
_LIT: Final = 0.66  # difference of the logarithm of light, see `lit_unlike`
_LIGHTER, _DARKER, _HUE = 0.75, 0.5, 0.36
"""By how much, in logarithms of light, a reference's skin may be lighter or darker, and one channel beside that."""
_SMOOTHER, _ROUGHER = 0.38, 0.45  # of how strong folds are, logarithm: those of a reference beside a head's
_SOFTER, _SHARPER = 0.25, 0.55  # of how wide edges are, logarithm: a softer reference, or a sharper one
_LOCK, _OWN_LOCK = 0.26, 0.5  # share hidden around an eye and its brow, of a reference and of a head
_STRANDS, _OWN_STRANDS = 0.06, 0.12  # share of the middle of the face that is hidden
_ENLARGED: Final = 1.5  # times a face may be enlarged
_SAME: Final = f"use a reference with the same expression{FORCE}"


def refuse_hidden(hidden: NDArray[np.float32], seen: Looks) -> None:
    """Refuse a face of which something hides what is put on, or is put on with it.

    Raises
    ------
    EyeCoveredError, FaceCoveredError
    """
    if max(share_around(hidden, ring) for ring in EYES) > COVERED:
        raise EyeCoveredError(
            f"hair, glasses, a hand or deep shade hide an eye; use a photo that shows both{FORCE}"
        )
    if seen.signs.glasses > _GLASSES:
        raise EyeCoveredError(
            f"the face seems to wear glasses, which would be cut in two; use a photo without them{FORCE}"
        )
    if share_around(hidden, LIPS_RING) > COVERED or seen.lips > _FINGER:
        raise FaceCoveredError(
            f"a hand, a beard or something else hides the mouth; use a photo that shows the lips{FORCE}"
        )
    if seen.signs.beard > _BEARD:
        raise FaceCoveredError(
            "the face seems to wear a beard, a moustache or stubble, which would end where the faces are joined; use a "
            f"shaven one{FORCE}"
        )


def fitting(source: Given, target: Given) -> Given:
    """The source, or its mirror image where only that suits the target.

    Raises
    ------
    FacesUnlikeError, EyeCoveredError
        Neither does; says why the source as it is does not.
    """
    try:
        refuse_unlike(source, target)
    except FaceError as error:
        failure = error
    else:
        return source
    turned = source.mirrored()
    try:
        refuse_unlike(turned, target)
    except FaceError:
        raise failure from None
    return turned


def refuse_unlike(source: Given, target: Given) -> None:
    """Refuse two faces of which one cannot take the other's place.

    Raises
    ------
    FacesUnlikeError, EyeCoveredError
        Says what differs, by how much, and what is allowed.
    """
    one, two = source.face, target.face
    _posed(one, two)
    _of_one_expression(one, two)
    _of_one_skin(source.looks, target.looks)
    if two.width > _ENLARGED * one.width:
        raise FacesUnlikeError(
            f"the reference's face is {one.width:.0f} pixels wide and the photo's {two.width:.0f}; it may be enlarged "
            f"{_ENLARGED} times at most: use a larger reference{FORCE}"
        )
    wide = float(np.log(edge_on(source.looks.edge, two.width) / target.looks.edge))
    if wide > _SOFTER or wide < -_SHARPER:
        raise FacesUnlikeError(
            f"the reference is much {'softer' if wide > 0 else 'sharper'} than the photo; use photos that are alike "
            f"sharp{FORCE}"
        )
    hair = f"hair, a hand or deep shade lies over a brow or a cheek; use a photo that shows them free{FORCE}"
    if source.looks.brows > _LOCK or source.looks.hidden > _STRANDS:
        raise EyeCoveredError(hair).of_reference()
    if target.looks.brows > _OWN_LOCK or target.looks.hidden > _OWN_STRANDS:
        raise EyeCoveredError(hair)


def _posed(one: Face, two: Face) -> None:
    turns = (one.pose.yaw - two.pose.yaw, one.pose.pitch - two.pose.pitch)
    away = float(np.hypot(*turns))
    if away > _TURN:
        name = "sideways" if abs(turns[0]) >= abs(turns[1]) else "up or down"
        raise FacesUnlikeError(
            f"the faces are turned {name} differently, by {away:.0f} degrees in all; at most {_TURN:.0f} are allowed: "
            f"use a reference that looks the same way{FORCE}"
        )


def _of_one_expression(one: Face, two: Face) -> None:
    if abs(mouth_opening(one.points) - mouth_opening(two.points)) > _OPEN:
        raise FacesUnlikeError(f"one mouth is open much wider than the other; {_SAME}")
    if abs(eye_opening(one.points) - eye_opening(two.points)) > _LIDS:
        raise FacesUnlikeError(f"the eyes of one face are open much wider than those of the other; {_SAME}")
    if abs(smile(one.points) - smile(two.points)) > _SMILE:
        raise FacesUnlikeError(f"one face laughs and the other does not; {_SAME}")


def _of_one_skin(one: Looks, two: Looks) -> None:
    years = [max(seen.signs.child, _GROWN) for seen in (one, two)]
    if (years[0] > _CHILD) != (years[1] > _CHILD) or abs(years[0] - years[1]) > _YEARS:
        raise FacesUnlikeError(
            f"one face seems to be a small child's and the other not; use faces of like age{FORCE}"
        )
    apart = one.tone - two.tone
    lighter, hue = float(apart.mean()), float(np.abs(apart - apart.mean()).max())
    if not -_DARKER <= lighter <= _LIGHTER or hue > _HUE:
        raise FacesUnlikeError(
            "skin, or the light's colour, is much lighter, darker or of another hue on one photo, so that eyes and "
            f"teeth would glow or be dull; use a reference of like skin in like light{FORCE}"
        )
    if not -_SMOOTHER <= one.folds - two.folds <= _ROUGHER:
        raise FacesUnlikeError(
            "the skin of one face is much smoother than the other's: folds would end where the faces are joined; use a "
            f"reference of like age and sharpness{FORCE}"
        )
    if lit_unlike(one.light, two.light) > _LIT:
        raise FacesUnlikeError(
            "the faces are lit from different sides, so that shadows of one would lie across the other; "
            f"use a reference in similar light{FORCE}"
        )
