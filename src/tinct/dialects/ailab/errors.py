"""Every refusal that a client of this API can get, and which of Tinct's errors becomes which."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from tinct.dialects.refusals import ErrorTable, RefusalError
from tinct.errors import (
    AccountError,
    BrokenPhotoError,
    CreditError,
    DatabaseError,
    EmptyPhotoError,
    FileMissingError,
    JobMemoryError,
    JobMissingError,
    JobTimedOutError,
    JobTooLongError,
    KeyRefusedError,
    ModelError,
    ParameterError,
    PhotoError,
    PhotoFramesError,
    PhotoLimitError,
    QueueFullError,
    RateLimitError,
    StorageFullError,
    TinctError,
    UnsupportedPhotoError,
    UploadLimitError,
)

__all__ = ["CODES", "AilabError", "refusal"]

CODES: dict[str, tuple[int, str]] = {
    # error_detail.code: HTTP status, error_detail.code_message
    "MISSING_PARAMETERS": (400, "Required parameters are missing."),
    "PARAMETERS_CANNOT_EMPTY": (400, "A required parameter is empty."),
    "ERROR_INVALID_PARAMETER": (400, "A parameter has a value that is not allowed."),
    "ERROR_USER_NOT_EXISTS": (401, "The API key is missing or unknown."),
    "ERROR_USER_LOCKED": (403, "The account may not do this."),
    "ERROR_AI_NOT_EXISTS": (404, "There is no such capability."),
    "ERROR_METHOD_NOT_ALLOWED": (405, "The HTTP method is not allowed here."),
    "FILE_SIZE_EXCEEDS_LIMIT": (413, "The file has too many bytes."),
    "FILE_RESOLUTION_EXCEEDS_LIMITS": (413, "The picture's sides are outside the limits."),
    "UNSUPPORTED_FILE_TYPES": (415, "The file is not of a supported type."),
    "FILE_DECODING_FAILURE": (422, "The file cannot be decoded."),
    "ERROR_NOT_ENOUGH_CREDITS": (429, "The balance is exhausted."),
    "EXCEEDING_LIMITS": (429, "Too many requests."),
    "PROCESSING_FAILURE": (500, "Processing failed."),
    "AI_SERVICE_ERROR": (502, "The engine is not available."),
    "ERROR_INSUFFICIENT_RESOURCES": (503, "There are not enough resources right now."),
    "AI_SERVICE_TIMEOUT": (504, "Processing took too long."),
}


class AilabError(RefusalError):
    """A failure reply: one of `CODES`, and a sentence.

    Parameters
    ----------
    name : str
        ``error_detail.code``, a key of `CODES`.
    message : str
        ``error_detail.message``: what was found and what is allowed.
    retry_after_s : float, optional
        Seconds for the ``Retry-After`` header.
    """

    name: str

    def __init__(self, name: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(CODES[name][0], name, message, retry_after_s=retry_after_s)


_TABLE = ErrorTable[str](
    rows={
        EmptyPhotoError: "PARAMETERS_CANNOT_EMPTY",
        UnsupportedPhotoError: "UNSUPPORTED_FILE_TYPES",
        BrokenPhotoError: "FILE_DECODING_FAILURE",
        PhotoFramesError: "UNSUPPORTED_FILE_TYPES",
        PhotoLimitError: "FILE_RESOLUTION_EXCEEDS_LIMITS",
        PhotoError: "FILE_DECODING_FAILURE",
        UploadLimitError: "FILE_SIZE_EXCEEDS_LIMIT",
        ParameterError: "ERROR_INVALID_PARAMETER",
        KeyRefusedError: "ERROR_USER_NOT_EXISTS",
        CreditError: "ERROR_NOT_ENOUGH_CREDITS",
        RateLimitError: "EXCEEDING_LIMITS",
        AccountError: "ERROR_USER_LOCKED",
        JobMissingError: "ERROR_INVALID_PARAMETER",
        FileMissingError: "ERROR_AI_NOT_EXISTS",
        QueueFullError: "EXCEEDING_LIMITS",
        StorageFullError: "ERROR_INSUFFICIENT_RESOURCES",
        JobMemoryError: "ERROR_INSUFFICIENT_RESOURCES",
        JobTooLongError: "FILE_RESOLUTION_EXCEEDS_LIMITS",
        JobTimedOutError: "AI_SERVICE_TIMEOUT",
        ModelError: "AI_SERVICE_ERROR",
        DatabaseError: "AI_SERVICE_ERROR",
        Exception: "PROCESSING_FAILURE",
    },
    statuses={
        400: "ERROR_INVALID_PARAMETER",
        404: "ERROR_AI_NOT_EXISTS",
        405: "ERROR_METHOD_NOT_ALLOWED",
        413: "FILE_SIZE_EXCEEDS_LIMIT",
        500: "PROCESSING_FAILURE",
    },
)


def refusal(error: Exception) -> AilabError:
    """What a client is told of an error: of its request, of the HTTP layer, or of the job that it polls."""
    if isinstance(error, AilabError):
        return error
    if isinstance(error, KeyRefusedError):  # nobody learns from the sentence which keys there are
        message = CODES["ERROR_USER_NOT_EXISTS"][1]
    elif isinstance(error, TinctError):
        message = error.message
    elif isinstance(error, HTTPException):
        message = str(error.detail)
    else:
        message = "The server failed; try again."
    return AilabError(_TABLE.of(error), message, retry_after_s=getattr(error, "retry_after_s", None))
