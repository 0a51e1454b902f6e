"""Every code that a client can get: of refused calls, and of tasks that ended without a result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from starlette.exceptions import HTTPException

from tinct.dialects.refusals import ErrorTable, RefusalError
from tinct.errors import (
    BaldError,
    ClipError,
    ClipLimitError,
    CreditError,
    DatabaseError,
    EffectRefusedError,
    EyeClosedError,
    EyeCoveredError,
    FaceAngleError,
    FaceError,
    FacesUnlikeError,
    FileMissingError,
    GenerationRefusedError,
    GeneratorAnswerError,
    HairError,
    HairTooShortError,
    InputGoneError,
    InputNotSentError,
    JobFailedError,
    JobMemoryError,
    JobMissingError,
    JobTimedOutError,
    JobTooLongError,
    KeyRefusedError,
    LinkError,
    LipCoveredError,
    ModelError,
    NoFaceError,
    NoGeneratorError,
    NoShoulderError,
    NoWorkerError,
    ParameterError,
    PhotoError,
    PhotoFramesError,
    PhotoLimitError,
    PromptHookError,
    PromptTooLongError,
    QueueFullError,
    RateLimitError,
    ReferenceEyeClosedError,
    ReferenceEyeCoveredError,
    ReferenceFaceAngleError,
    ReferenceFaceError,
    ReferenceLipCoveredError,
    ReferenceNoFaceError,
    ReferenceSmallFaceError,
    RetriesExhaustedError,
    SeveralFacesError,
    SmallFaceError,
    SmallPhotoError,
    StorageAwayError,
    StorageError,
    StorageFullError,
    TinctError,
    UnsafePhotoError,
    UnsafePromptError,
    UnsafeResultError,
    UnsupportedClipError,
    UploadLimitError,
)
from tinct.jobs.job import Failure

__all__ = ["Codes", "Generation", "engine_code", "failure", "invalid", "refusal", "refused", "unsupported"]

Generation = Literal["v1", "v2"]
Codes = Mapping[str, tuple[str, str]]
"""Why a task failed -> what it is called in v1.0, and in v2."""

_CAUSE: Final = "youcam."  # begins the code of a failure that only this wire format knows
_NO_TASK: Final = "Invalid task ID"  # clients look for these words

_REFUSALS: Final = ErrorTable[tuple[int, str]](
    rows={
        KeyRefusedError: (401, "InvalidAccessToken"),
        RateLimitError: (429, ""),
        CreditError: (400, "CreditInsufficiency"),
        ParameterError: (400, "InvalidParameters"),
        PhotoError: (400, "InvalidParameters"),
        FileMissingError: (400, "InvalidParameters"),
        JobTooLongError: (400, "InvalidParameters"),
        JobMissingError: (400, "InvalidTaskId"),
        ModelError: (400, "OperationNotSupport"),
        EffectRefusedError: (400, "OperationNotSupport"),
        NoGeneratorError: (400, "OperationNotSupport"),
        NoWorkerError: (400, "OperationNotSupport"),
        PromptHookError: (503, "unknown_internal_error"),
        LinkError: (403, "Forbidden"),
        UploadLimitError: (413, "PayloadTooLarge"),
        QueueFullError: (503, "unknown_internal_error"),
        StorageFullError: (503, "unknown_internal_error"),
        StorageAwayError: (503, "unknown_internal_error"),
        DatabaseError: (503, "unknown_internal_error"),
        Exception: (500, "unknown_internal_error"),
    },
    statuses={
        400: (400, "BadRequest"),
        404: (404, "NotFound"),
        405: (405, "MethodNotAllowed"),
        413: (413, "PayloadTooLarge"),
        500: (500, "unknown_internal_error"),
    },
)

_CAUSES: Final = ErrorTable[str](
    rows={
        InputNotSentError: "download.image",
        InputGoneError: "download.image",
        UploadLimitError: "bytes",
        PhotoLimitError: "side",
        PhotoFramesError: "decode.image",
        SmallPhotoError: "parameter",
        PhotoError: "decode.image",
        UnsupportedClipError: "unsupported.video",
        ClipLimitError: "side",
        ClipError: "decode.video",
        UnsafePhotoError: "unsafe",
        UnsafePromptError: "unsafe",
        GenerationRefusedError: "unsafe",
        UnsafeResultError: "unsafe_results",
        GeneratorAnswerError: "inference",
        PromptTooLongError: "parameter",
        ParameterError: "parameter",
        NoFaceError: "no_face",
        SeveralFacesError: "several_faces",
        SmallFaceError: "small_face",
        FaceAngleError: "face_angle",
        EyeClosedError: "eye_closed",
        EyeCoveredError: "eye_covered",
        LipCoveredError: "lip_covered",
        FacesUnlikeError: "faces_unlike",
        BaldError: "bald",
        HairTooShortError: "hair_too_short",
        HairError: "hair",
        NoShoulderError: "no_shoulder",
        FaceError: "face",
        ReferenceNoFaceError: "ref.no_face",
        ReferenceSmallFaceError: "ref.small_face",
        ReferenceFaceAngleError: "ref.face_angle",
        ReferenceEyeClosedError: "ref.eye_closed",
        ReferenceEyeCoveredError: "ref.eye_covered",
        ReferenceLipCoveredError: "ref.lip_covered",
        ReferenceFaceError: "ref.face",
        JobMemoryError: "inference",
        JobTimedOutError: "server",
        RetriesExhaustedError: "server",
        JobFailedError: "inference",
        StorageError: "upload",
        Exception: "inference",
    }
)

# What every tool's list has; what only some have stands with those tools.
_ENGINE: Final[Codes] = {
    "download.image": ("error_download_image", "error_download_image"),
    "download.mask": ("error_download_mask", "error_download_mask"),
    "download.video": ("error_download_image", "error_download_video"),
    "decode.image": ("error_decode_image", "error_decode_image"),
    "decode.mask": ("error_decode_mask", "error_decode_mask"),
    "decode.video": ("error_decode_image", "error_decode_video"),
    "unsupported.video": ("error_decode_image", "error_unsupported_video"),
    "duration": ("invalid_parameter", "error_unexpected_video_duration"),
    "bytes": ("exceed_max_filesize", "exceed_max_filesize"),
    "side": ("exceed_max_filesize", "error_exceed_max_image_size"),
    "parameter": ("invalid_parameter", "invalid_parameter"),
    "mask_size": ("invalid_parameter", "size_mismatch_on_input_image_and_mask"),
    "unsafe": ("error_nsfw_content_detected", "error_nsfw_content_detected"),
    "unsafe_results": ("exceed_nsfw_retry_limits", "exceed_nsfw_retry_limits"),
    "no_face": ("error_no_face", "error_no_face"),
    "several_faces": ("error_no_face", "error_no_face"),
    "small_face": ("error_no_face", "error_no_face"),
    "face_angle": ("error_pose", "error_pose"),
    "faces_unlike": ("error_pose", "error_pose"),
    "eye_closed": ("error_face_parsing", "error_face_parsing"),
    "eye_covered": ("error_face_parsing", "error_face_parsing"),
    "lip_covered": ("error_face_parsing", "error_face_parsing"),
    "bald": ("error_face_parsing", "error_face_parsing"),
    "hair_too_short": ("error_face_parsing", "error_face_parsing"),
    "hair": ("error_face_parsing", "error_face_parsing"),
    "no_shoulder": ("error_face_parsing", "error_face_parsing"),
    "face": ("error_face_parsing", "error_face_parsing"),
    "inference": ("error_inference", "error_inference"),
    "server": ("unknown_internal_error", "unknown_internal_error"),
    "upload": ("error_upload", "error_upload"),
}


def refusal(error: Exception) -> RefusalError:
    """What a client is told of a call that was refused; ``name`` is empty where there is no code."""
    if isinstance(error, RefusalError):
        return error
    status, code = _REFUSALS.of(error)
    if isinstance(error, RateLimitError):
        message = "Too many requests"
    elif isinstance(error, JobMissingError):
        message = _NO_TASK
    elif isinstance(error, TinctError):
        message = error.message
    elif isinstance(error, HTTPException):
        message = str(error.detail)
        status = error.status_code if status == 400 else status
    else:
        message = "The server failed; try again."
    return RefusalError(status, code, message, retry_after_s=getattr(error, "retry_after_s", None))


def invalid(field: str, value: object, allowed: str) -> RefusalError:
    """A field that is missing or not allowed."""
    found = "missing" if value is None else f"{value!r}"
    shown = found if len(found) <= 60 else found[:57] + "..."
    return RefusalError(400, "InvalidParameters", f"{field} is {shown}; allowed: {allowed}")


def unsupported(message: str) -> RefusalError:
    """What this server cannot do."""
    return RefusalError(400, "OperationNotSupport", message)


def failure(cause: str, message: str) -> Failure:
    """Why a task has failed before it began; `cause` is a key of the table of codes."""
    return Failure(code=_CAUSE + cause, message=message)


def refused(error: PhotoError, kind: str, role: str) -> Failure:
    """Why a task has failed before it began: the file of `role`, an image, mask or video by `kind`, is none to use."""
    cause = _CAUSES.of(error)
    return failure(f"decode.{kind}" if cause.startswith("decode.") else cause, f"{role}: {error.message}")


def engine_code(error: TinctError, generation: Generation, own: Codes) -> str:
    """``error`` of a task that ended without a result.

    Parameters
    ----------
    own : Codes
        What the tool calls otherwise than the rest.
    """
    known = error.code.startswith(_CAUSE)
    cause = error.code.removeprefix(_CAUSE) if known else _CAUSES.of(error)
    for name in (cause, cause.removeprefix("ref.")):
        for table in (own, _ENGINE):
            if name in table:
                return table[name][0 if generation == "v1" else 1]
    return _ENGINE["inference"][0]
