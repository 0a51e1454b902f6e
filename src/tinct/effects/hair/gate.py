"""Which photos hair can be changed on; all others are refused with the reason."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from tinct.effects.hair.hairline import Forehead, forehead
from tinct.errors import (
    BaldError,
    EyeCoveredError,
    FaceAngleError,
    FacesUnlikeError,
    HairError,
    HairTooShortError,
    NoFaceError,
    NoShoulderError,
    SeveralFacesError,
)
from tinct.faces.covered import covered, share_around
from tinct.faces.face import Face
from tinct.faces.find import check, find_faces
from tinct.faces.flat import flattened
from tinct.faces.points import EYES
from tinct.imaging.hair.hair import Hair, find_hair
from tinct.imaging.hair.palette import palette
from tinct.photo.photo import Photo

if TYPE_CHECKING:
    from tinct.effects.hair.uncover import Uncovered
    from tinct.effects.hair.worn import Worn

__all__ = [
    "alike",
    "example",
    "fitting",
    "head",
    "long_enough",
    "seamless",
    "suitable",
    "turned",
    "with_eyes",
    "with_forehead",
    "with_parting",
]

_LEAST: Final = 128.0  # width of the face in pixels
_YAW, _PITCH, _ROLL = 45.0, 15.0, 15.0  # degrees either way
_INSIDE: Final = 0.9  # of the face's outline
_BESIDE: Final = 0.45  # of the largest face's width: what is smaller stands in the background
_BALD, _THICK = 0.2, 0.45  # see `Hair.crown`: for hair at all, and for hair that is to grow from the crown
_LITTLE: Final = 0.12  # area of hair in widths of the face squared
_THROAT: Final = 0.3  # see `Hair.throat`
_SHOULDER: Final = 0.75  # widths of the face from the chin to the lower border
_LONG: Final = 0.2  # widths of the face below the chin that hair has to reach before it can be made longer
_YAW_BANGS: Final = 20.0  # degrees either way
_HAIRLINE: Final = 0.6  # see `Forehead.seen`
_BESIDE_FACE: Final = 0.15  # v to which hair has to reach beside the face for bangs
_CHEEK: Final = 0.25  # widths of the face above the chin to which hair has to reach for curtain bangs
# See `Forehead.aside`: hair parted near the middle has up to .15, far aside .22 and more
_ASIDE: Final = 0.18
_FREE: Final = 0.3  # see `Forehead.free`
_COLORS: Final = 16.0
"""See `Hair.two_colors`: hair of 23 people has up to 11.5, scarves and clothes 26 and more."""
_SLEEK, _CLOTH = 0.22, 7.0
"""See `Hair.sleek`, `Hair.two_colors`: hair of 47 heads is not below .26, a close cap above brown hair is .14."""
_SMOOTH, _SMOOTH_CLOSED, _CLOSED = 0.012, 0.045, 0.9
"""See `Hair.strands`, `Hair.closed`: hair of 47 heads has .035 and more strands, and .07 where a beard or a top closes
it below the chin; coloured veils have .01 and less, a black one .025."""
_BRIM: Final = 0.12  # see `Hair.brim`: hair of 45 heads has up to .05
_CURLY: Final = 0.4  # see `Hair.curl`
_STREAKED: Final = 50.0  # see `Hair.streaks`: highlights over dark hair have 55, hair of one colour 19 to 44
_FAIR: Final = 0.45  # see `Hair.like_skin`: where white hair spreads onto the forehead it is .64
_LIKE: Final = 0.35  # see `Hair.like_clothes`
_EARS: Final = 0.35  # see `Hair.ears`: where hair covers them it is up to .27, else .4 and more
_SHOULDERS: Final = 0.6  # see `Hair.on_shoulders`: hair of 45 heads has up to .56, black jackets .7 and more
_REACH: Final = 0.9  # of the chin's height, to which hair has to reach that others are to wear
_YAW_WORN: Final = 30.0  # degrees either way
_ABOVE, _BESIDE_HEAD = 0.6, 0.15
"""See `Hair.cut_above`, `Hair.cut_beside`: of 50 pairs judged by eye 12 of 14 with more were bad, 6 of 36 with less."""
_UNPEOPLED: Final = 0.012  # see `Hair.unpeopled`: of those pairs good ones have up to .005, others from .02
_LONGER, _AS_LONG = 0.1, 0.05
"""Widths of the face that hair has to reach below the photo's border where that cuts what it is laid over; and that it
may end above hair whose end is seen."""
_APART, _APART_PITCH = 14.0, 19.0
"""Degrees by which two heads may be turned differently, sideways and up or down."""
_MIRRORED: Final = 5.0  # degrees that mirroring has to gain
_COVERED: Final = 0.6  # share of the rim around an eye that is unlike skin
_CUT: Final = 0.25  # see `Worn.cut`
_BODY, _BACK = 0.1, 0.5  # see `Uncovered.below`, `Uncovered.above`
_FACE, _BESIDE_CHEEK = 0.025, 0.006
"""See `Uncovered.face`, `Uncovered.beside`: of 34 pairs judged by eye at full size 13 have more, eight of them bad and
five in doubt; of the others none is bad."""
_LIDS: Final = 0.35
"""See `Worn.eyes`: a fringe that is cut away there, leaving smudges, has .45; others up to .22."""
_EDGES: Final = 0.006
"""Share of the free face with edges of the change: of 50 pairs judged by eye good ones have up to .005."""
_ENLARGED: Final = 2.0  # times that hair may be enlarged
_AS_SKIN: Final = "the hair has the colour of the skin; use a photo in which they can be told apart"
_AS_CLOTHES: Final = (
    "hair and clothes have colours too alike to be told apart; use a photo with other clothes"
)


def suitable(photo: Photo, *, crown: bool = True) -> Hair:
    """The hair of the only person.

    Parameters
    ----------
    photo : Photo
    crown : bool
        Whether hair has to be seen above the forehead: not bald, shaved, held by hands, or cut off by the border.

    Raises
    ------
    FaceError
        A subclass says what does not suit.
    """
    hair = _found(photo, _YAW)
    _demand(hair, _THICK if crown else _BALD)
    return hair


def _found(photo: Photo, yaw: float) -> Hair:
    face = _face(photo)
    check(face, least=_LEAST, yaw=yaw, pitch=_PITCH, roll=_ROLL, inside=_INSIDE)
    return find_hair(photo, face)


def _demand(hair: Hair, crown: float) -> None:
    """Refuse a head with hardly any hair."""
    area = float((hair.small > 0.5).sum()) / hair.seen.frame.width**2
    if hair.crown < crown or area < _LITTLE:
        raise BaldError(
            "too little hair can be seen above the forehead, as on bald heads and under hats; use a photo that shows it"
        )
    if hair.like_skin > _FAIR:
        raise HairError(_AS_SKIN)
    strands = hair.strands
    if strands < _SMOOTH or (strands < _SMOOTH_CLOSED and hair.closed > _CLOSED):
        raise HairError(
            "what lies around the face shows no strands, as a veil or a scarf does; use a sharp photo that shows hair"
        )
    cloth = hair.sleek < _SLEEK and hair.two_colors > _CLOTH
    if hair.two_colors > _COLORS or cloth or hair.brim > _BRIM:
        raise HairError(
            "what lies above the forehead has another colour or shape than the hair beside the face, as a hat or a "
            "scarf has, or cannot be told from the background; use a photo that shows hair alone"
        )


def _face(photo: Photo) -> Face:
    found = sorted(find_faces(photo), key=lambda face: -face.size)
    if not found:
        raise NoFaceError("no face was found in the photo; use one that shows a face from the front")
    several = [face for face in found if face.size > _BESIDE * found[0].size]
    if len(several) > 1:
        raise SeveralFacesError(
            f"{len(several)} faces were found in the photo where one is expected; crop it to one"
        )
    return found[0]


def long_enough(hair: Hair) -> None:
    """Refuse hair that cannot be made longer.

    Raises
    ------
    NoShoulderError, HairTooShortError, HairError
    """
    below = hair.bottom - hair.chin
    if below < _SHOULDER:
        raise NoShoulderError(
            f"the photo ends {max(below, 0):.1f} widths of the face below the chin; it has to show the shoulders "
            f"({_SHOULDER}): use a photo that is cut wider"
        )
    if hair.tip < hair.chin + _LONG:
        raise HairTooShortError("the hair ends above the shoulders; it has to reach them to be made longer")
    if _is_clothes(hair):
        raise HairError(_AS_CLOTHES)
    if abs(hair.face.pose.yaw) > 35:
        raise FaceAngleError("the face is turned too far; use a photo from the front")


def _is_clothes(hair: Hair) -> bool:
    """Whether what counts as hair may be clothes."""
    return hair.throat > _THROAT or hair.like_clothes > _LIKE or hair.on_shoulders > _SHOULDERS


def with_forehead(hair: Hair) -> tuple[Forehead, NDArray[np.float32]]:
    """The forehead of a head, and the colours of a fringe: at its roots and at its ends, (2, palette.COUNT, 3).

    Raises
    ------
    FaceAngleError, BaldError, HairTooShortError, HairError
    """
    if abs(hair.face.pose.yaw) > _YAW_BANGS:
        raise FaceAngleError(
            f"the face is turned sideways by {abs(hair.face.pose.yaw):.0f} degrees; at most {_YAW_BANGS:.0f} are "
            "allowed for bangs: use a photo from the front"
        )
    found, seen = forehead(hair), hair.seen
    if found.seen < _HAIRLINE:
        raise BaldError("no hair begins above the forehead; use a photo that shows the hairline")
    if hair.tip < _BESIDE_FACE or (hair.ears > _EARS and hair.tip < hair.chin - _CHEEK):
        raise HairTooShortError(
            "no hair falls beside the face; bangs would look put on: use a photo with longer hair"
        )
    if hair.curl > _CURLY:
        raise HairError(
            "the hair is curly, and bangs are drawn straight; use a photo with straight or wavy hair"
        )
    if hair.streaks > _STREAKED:
        raise HairError(
            "the hair has very light and very dark strands, of which no fringe of one colour can be made; use a photo "
            "with hair of one colour"
        )
    if found.free < _FREE:
        raise HairError("hair covers the forehead already; use a photo without bangs")
    if hair.like_skin > _FAIR:
        raise HairError(_AS_SKIN)
    top = float(seen.place(10)[1]) + 0.1
    at_roots = palette(hair, (seen.v < top) & (np.abs(seen.u) < 0.7))
    beside = palette(hair, (seen.v > top) & (seen.v < 0.6 * hair.chin) & (np.abs(seen.u) < 0.9))
    if at_roots is None or beside is None:
        raise HairError(_AS_SKIN)
    # as coloured hair, a fringe grows from darker roots and ends like the strands beside the face
    colors = np.stack([at_roots, beside])
    return found, colors


def with_parting(hair: Hair, above: Forehead) -> None:
    """Refuse heads beside whose face no hair hangs down from a parting, as curtain bangs do.

    Raises
    ------
    HairTooShortError, HairError
    """
    if hair.tip < hair.chin - _CHEEK:
        raise HairTooShortError(
            "the hair ends above the chin; curtain bangs need longer hair: use another cut"
        )
    if hair.ears > _EARS or above.aside > _ASIDE:
        raise HairError(
            "the hair is tied back or parted far aside, and curtain bangs hang on both sides of a parting in the "
            "middle: use another cut"
        )


def head(photo: Photo) -> Hair:
    """The hair of the only person, bald or not, who is to wear another's.

    Raises
    ------
    FaceError
        A subclass says what does not suit.
    """
    return with_eyes(_found(photo, _YAW_WORN))


def with_eyes(hair: Hair) -> Hair:
    """A head whose eyes nothing hides.

    Raises
    ------
    EyeCoveredError
    """
    hidden = covered(flattened(hair.rgb, hair.points))
    if max(share_around(hidden, ring) for ring in EYES) > _COVERED:
        raise EyeCoveredError(
            "glasses, hair or a hand hide an eye, and would be taken for hair or skin; use a photo that shows both eyes"
        )
    return hair


def example(photo: Photo) -> Hair:
    """The hair of the only person of a photo, which others may wear.

    Raises
    ------
    FaceError
        A subclass says what does not suit.
    """
    return as_example(_found(photo, _YAW_WORN))


def as_example(hair: Hair) -> Hair:
    """Hair that others may wear; see `example`."""
    _demand(hair, _THICK)
    if hair.ears > _EARS:
        raise HairError(
            "the ears show, and would come along beside those of whoever wears this hair; use a photo whose hair "
            "covers them"
        )
    if hair.tip > hair.chin and _is_clothes(hair):
        raise HairError(_AS_CLOTHES)
    if hair.tip < _REACH * hair.chin:
        raise HairError(
            "the hair ends above the chin; short hair does not cover what others' hair and ears leave behind: use a "
            "photo with hair that reaches the chin on both sides"
        )
    if hair.cut_above > _ABOVE or hair.cut_beside > _BESIDE_HEAD:
        raise HairError(
            "the photo's border cuts the hair; use a photo with room around all of it, above and at both sides"
        )
    if hair.unpeopled > _UNPEOPLED:
        raise HairError(
            "hair and background cannot be told apart; use a photo before a plain background of another colour"
        )
    return hair


def alike(hair: Hair, other: Hair) -> Hair:
    """The other's hair, mirrored if its head then stands more like the wearer's.

    Raises
    ------
    FacesUnlikeError
        The heads are turned too differently.
    """
    one, two = hair.face.pose, other.face.pose
    if abs(one.yaw + two.yaw) + _MIRRORED < abs(one.yaw - two.yaw):
        other, two = other.mirrored(), replace(two, yaw=-two.yaw, roll=-two.roll)
    for name, away, most in (
        ("sideways", one.yaw - two.yaw, _APART),
        ("up or down", one.pitch - two.pitch, _APART_PITCH),
    ):
        if abs(away) > most:
            raise FacesUnlikeError(
                f"the heads are turned {name} differently by {abs(away):.0f} degrees; at most {most:.0f} are "
                "allowed: use a reference that looks the same way"
            )
    if hair.frame.width > _ENLARGED * other.frame.width:
        raise FacesUnlikeError(
            f"the reference's face is {other.frame.width:.0f} pixels wide and the photo's {hair.frame.width:.0f}; hair "
            f"may be enlarged {_ENLARGED:.1f} times at most: use a larger reference"
        )
    return other


def fitting(hair: Hair, other: Hair, worn: Worn, below: Uncovered) -> None:
    """Refuse another's hair that would look bad on this head.

    Raises
    ------
    HairError
        Says what is too much.
    """
    if worn.cut > _CUT:
        raise HairError("the border cuts the hair; use a photo that shows all of it").of_reference()
    if worn.eyes > _LIDS:
        raise HairError(
            "the fringe hangs into the eyes; use a photo whose hair leaves them free"
        ).of_reference()
    cut = hair.tip > hair.bottom - _LONGER
    least = hair.bottom + _LONGER if cut else hair.tip - _AS_LONG
    if (hair.tip > hair.chin and other.tip < least) or below.below > _BODY or below.above > _BACK:
        raise HairError(
            "the photo's hair is longer or much wider than the reference's, and what it hides cannot be known; use a "
            "reference with longer hair, or a photo with shorter hair"
        )
    if below.face > _FACE:
        raise HairError(
            "the photo's own hair hides too much of its face, which would have to be made up; use a reference whose "
            "hair covers more of the face, or a photo with hair out of the face"
        )
    if below.beside > _BESIDE_CHEEK:
        raise HairError(
            "skin would have to be made up beside the face, where the hair stands off; use a photo whose hair lies "
            "close to the cheeks"
        ).of_reference()


def seamless(edges: float) -> None:
    """Refuse hair beside which an edge would be seen on the face.

    Parameters
    ----------
    edges : float
        Share of the free face.

    Raises
    ------
    HairError
    """
    if edges > _EDGES:
        raise HairError(
            "forehead or cheeks that the photo's own hair or its light hides cannot be continued without an edge; use "
            "a reference whose hair covers more of the face, or a photo in even light"
        )


def turned(hair: Hair) -> float:
    """Sine of the head's turn to the picture's right."""
    return float(np.sin(np.radians(hair.face.pose.yaw)))
