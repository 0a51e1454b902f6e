"""Every refusal that a client of this API can get, and which of Tinct's errors becomes which."""

from __future__ import annotations

from tinct.errors import (
    AccountError,
    BrokenPhotoError,
    CreditError,
    DatabaseError,
    EmptyPhotoError,
    FileMissingError,
    JobMissingError,
    KeyRefusedError,
    ModelError,
    ParameterError,
    PhotoError,
    PhotoLimitError,
    QueueFullError,
    RateLimitError,
    StorageFullError,
    TinctError,
    UnsupportedPhotoError,
    UploadLimitError,
)
from tinct.jobs.job import Job, JobState

__all__ = ["RefusalError", "of_error", "of_job", "of_status"]

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


class RefusalError(TinctError):
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

    def __init__(self, name: str, message: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.name, self.retry_after_s = name, retry_after_s
        self.status, self.code_message = CODES[name]


_BY_ERROR: tuple[tuple[type[TinctError], str], ...] = (
    # the first that fits; narrower classes before wider ones
    (EmptyPhotoError, "PARAMETERS_CANNOT_EMPTY"),
    (UnsupportedPhotoError, "UNSUPPORTED_FILE_TYPES"),
    (BrokenPhotoError, "FILE_DECODING_FAILURE"),
    (PhotoLimitError, "FILE_RESOLUTION_EXCEEDS_LIMITS"),
    (PhotoError, "FILE_DECODING_FAILURE"),
    (UploadLimitError, "FILE_SIZE_EXCEEDS_LIMIT"),
    (ParameterError, "ERROR_INVALID_PARAMETER"),
    (KeyRefusedError, "ERROR_USER_NOT_EXISTS"),
    (CreditError, "ERROR_NOT_ENOUGH_CREDITS"),
    (RateLimitError, "EXCEEDING_LIMITS"),
    (AccountError, "ERROR_USER_LOCKED"),
    (JobMissingError, "ERROR_INVALID_PARAMETER"),
    (FileMissingError, "ERROR_AI_NOT_EXISTS"),
    (QueueFullError, "EXCEEDING_LIMITS"),
    (StorageFullError, "ERROR_INSUFFICIENT_RESOURCES"),
    (ModelError, "AI_SERVICE_ERROR"),
    (DatabaseError, "AI_SERVICE_ERROR"),
)

_BY_FAILURE = {
    "photo_empty": "FILE_DECODING_FAILURE",
    "photo_unsupported": "UNSUPPORTED_FILE_TYPES",
    "photo_broken": "FILE_DECODING_FAILURE",
    "photo_unusable": "FILE_DECODING_FAILURE",
    "photo_too_large": "FILE_RESOLUTION_EXCEEDS_LIMITS",
    "invalid_parameter": "ERROR_INVALID_PARAMETER",
    "out_of_memory": "ERROR_INSUFFICIENT_RESOURCES",
    "model_missing": "AI_SERVICE_ERROR",
    "model_damaged": "AI_SERVICE_ERROR",
    "model_unusable": "AI_SERVICE_ERROR",
}

_BY_STATUS = {404: "ERROR_AI_NOT_EXISTS", 405: "ERROR_METHOD_NOT_ALLOWED", 413: "FILE_SIZE_EXCEEDS_LIMIT"}


def of_error(error: TinctError) -> RefusalError:
    """What a client is told of an error that stopped its request."""
    code = next((code for kind, code in _BY_ERROR if isinstance(error, kind)), "PROCESSING_FAILURE")
    retry_after_s = getattr(error, "retry_after_s", None)
    return RefusalError(code, error.message, retry_after_s=retry_after_s)


def of_job(job: Job) -> RefusalError:
    """What a client is told when it polls, by task id, a job that did not succeed."""
    if job.state is JobState.TIMED_OUT:
        return RefusalError(
            "AI_SERVICE_TIMEOUT", "The job ran longer than is allowed; try a smaller picture."
        )
    failure = job.failure
    code = _BY_FAILURE.get(failure.code, "PROCESSING_FAILURE") if failure else "PROCESSING_FAILURE"
    message = failure.message if failure else f"The job ended as {job.state}."
    return RefusalError(code, message or f"The job ended as {job.state}.")


def of_status(status: int, message: str) -> RefusalError:
    """What a client is told when the HTTP layer refused its request before a handler saw it."""
    fallback = "ERROR_INVALID_PARAMETER" if status < 500 else "PROCESSING_FAILURE"
    return RefusalError(_BY_STATUS.get(status, fallback), message)
