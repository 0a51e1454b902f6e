"""Why an effect cannot work on a face."""

from __future__ import annotations

from tinct.errors.base import TinctError

__all__ = [
    "EyeClosedError",
    "EyeCoveredError",
    "FaceAngleError",
    "FaceCoveredError",
    "FaceCutError",
    "FaceError",
    "FacesUnlikeError",
    "LipCoveredError",
    "NoFaceError",
    "SeveralFacesError",
    "SmallFaceError",
]


class FaceError(TinctError):
    """The faces of a photo do not allow the effect.

    Parameters
    ----------
    message : str
        The sentence.
    role : str
        Which of the effect's photos is meant: ``image``, or the name of another input.
    """

    code = "face_unusable"

    def __init__(self, message: str, role: str = "image") -> None:
        self.role = role
        super().__init__(message)


class NoFaceError(FaceError):
    """No face was found."""

    code = "no_face"


class SeveralFacesError(FaceError):
    """There are several faces where one is expected."""

    code = "several_faces"


class SmallFaceError(FaceError):
    """The face is too small."""

    code = "face_too_small"


class FaceAngleError(FaceError):
    """The face is turned, raised or tilted too far."""

    code = "face_angle"


class FaceCutError(FaceError):
    """The photo's border cuts the face."""

    code = "face_cut"


class FaceCoveredError(FaceError):
    """Something hides too much of the face."""

    code = "face_covered"


class EyeCoveredError(FaceCoveredError):
    """Something hides an eye: hair, dark glasses, a hand."""

    code = "eye_covered"


class LipCoveredError(FaceCoveredError):
    """Something hides the lips."""

    code = "lip_covered"


class EyeClosedError(FaceError):
    """An eye is closed."""

    code = "eye_closed"


class FacesUnlikeError(FaceError):
    """Two faces differ too much, in pose or expression, for one to take the other's place."""

    code = "faces_unlike"
