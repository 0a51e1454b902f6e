"""Why an effect cannot work on a face."""

from __future__ import annotations

from typing import Final

from tinct.errors.base import TinctError

__all__ = [
    "FORCE",
    "BaldError",
    "EyeClosedError",
    "EyeCoveredError",
    "FaceAngleError",
    "FaceCoveredError",
    "FaceCutError",
    "FaceError",
    "FacesUnlikeError",
    "HairError",
    "HairTooShortError",
    "LipCoveredError",
    "NoFaceError",
    "NoShoulderError",
    "ReferenceEyeClosedError",
    "ReferenceEyeCoveredError",
    "ReferenceFaceAngleError",
    "ReferenceFaceError",
    "ReferenceLipCoveredError",
    "ReferenceNoFaceError",
    "ReferenceSmallFaceError",
    "SeveralFacesError",
    "SmallFaceError",
]

FORCE: Final = ", or force it"
"""How a message ends where the parameter ``force`` overrides it; wire formats without such a field leave it out."""


class FaceError(TinctError):
    """The faces of a photo do not allow the effect."""

    code = "face_unusable"

    def of_reference(self) -> FaceError:
        """The same of the photo that is the example, for effects that take one beside the photo they change."""
        kind = next(
            (kind for kind in type(self).__subclasses__() if issubclass(kind, ReferenceFaceError)),
            ReferenceFaceError,
        )
        return kind(f"reference: {self}")


class ReferenceFaceError(FaceError):
    """The faces of the reference photo do not allow the effect."""

    code = "reference_face_unusable"


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


class ReferenceNoFaceError(NoFaceError, ReferenceFaceError):
    """No face was found in the reference photo."""

    code = "reference_no_face"


class ReferenceSmallFaceError(SmallFaceError, ReferenceFaceError):
    """The face of the reference photo is too small."""

    code = "reference_face_too_small"


class ReferenceFaceAngleError(FaceAngleError, ReferenceFaceError):
    """The face of the reference photo is turned, raised or tilted too far."""

    code = "reference_face_angle"


class ReferenceEyeClosedError(EyeClosedError, ReferenceFaceError):
    """An eye of the reference photo's face is closed."""

    code = "reference_eye_closed"


class ReferenceEyeCoveredError(EyeCoveredError, ReferenceFaceError):
    """Something hides an eye of the reference photo's face."""

    code = "reference_eye_covered"


class ReferenceLipCoveredError(LipCoveredError, ReferenceFaceError):
    """Something hides the lips of the reference photo's face."""

    code = "reference_lip_covered"


class HairError(FaceError):
    """The hair of the person does not allow the effect."""

    code = "hair_unusable"


class BaldError(HairError):
    """There is hardly any hair, or it cannot be seen."""

    code = "bald"


class HairTooShortError(HairError):
    """The hair is too short."""

    code = "hair_too_short"


class NoShoulderError(FaceError):
    """The photo does not show the shoulders."""

    code = "no_shoulder"
