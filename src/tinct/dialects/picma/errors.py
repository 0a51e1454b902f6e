"""Every code that a client of this API can get, and which of Tinct's errors becomes which."""

from __future__ import annotations

from typing import Final

from starlette.exceptions import HTTPException

from tinct.dialects.refusals import ErrorTable, RefusalError
from tinct.errors import (
    AccountError,
    CreditError,
    EmptyPhotoError,
    FetchError,
    JobDeletedError,
    JobMissingError,
    JobTimedOutError,
    KeyRefusedError,
    OversizeUrlError,
    PhotoError,
    PhotoFramesError,
    PhotoLimitError,
    RateLimitError,
    RetriesExhaustedError,
    SmallPhotoError,
    TinctError,
    UnsupportedPhotoError,
    UploadLimitError,
)

__all__ = ["CREATE_FAILED", "MALFORMED", "WRONG_MD5", "failed", "refusal"]

MALFORMED: Final = 1_000_001
BUSY, BROKEN = 1_000_002, 1_000_003
CREATE_FAILED: Final = 1_001_001
BAD_URL, TOO_LARGE, UNSUPPORTED = 1_001_002, 1_001_003, 1_001_004
MISSING, DELETED = 1_002_001, 1_002_002
WRONG_TOKEN, NO_CREDITS = 1_003_001, 1_003_002
WRONG_MD5: Final = 1_003_003

_ROWS: Final[dict[type[Exception], tuple[int, int]]] = {
    # error: HTTP status, code
    AccountError: (401, WRONG_TOKEN),
    RateLimitError: (429, BUSY),
    JobMissingError: (200, MISSING),
    JobDeletedError: (200, DELETED),
    Exception: (500, BROKEN),
}
_CREATE_ROWS: Final = _ROWS | {
    FetchError: (200, BAD_URL),
    EmptyPhotoError: (200, BAD_URL),
    SmallPhotoError: (200, BAD_URL),
    OversizeUrlError: (200, TOO_LARGE),
    UploadLimitError: (200, TOO_LARGE),
    PhotoLimitError: (200, TOO_LARGE),
    PhotoFramesError: (200, UNSUPPORTED),
    PhotoError: (200, UNSUPPORTED),
    CreditError: (200, NO_CREDITS),
    Exception: (200, CREATE_FAILED),
}
_WORDS: Final[dict[type[Exception], str]] = {
    KeyRefusedError: "Invalid token",  # nobody learns from the sentence which tokens there are
    JobMissingError: "There is no such task; tasks are known for 30 days.",
    JobDeletedError: "The task was deleted.",
    UnsupportedPhotoError: "The content behind picurl is no JPEG, PNG, WebP or BMP.",
}
"""What this API's clients are told in place of what Tinct says to its own."""
_OTHERS, _CREATE = ErrorTable(rows=_ROWS), ErrorTable(rows=_CREATE_ROWS)

_FAILURES: Final = ErrorTable(
    rows={Exception: 1_004_001, JobTimedOutError: 1_004_002, RetriesExhaustedError: 1_004_003}
)


def refusal(error: Exception, call: str | None) -> RefusalError:
    """What a client is told of an error in a call; None where it made no call that there is."""
    if isinstance(error, RefusalError):
        return error
    if isinstance(error, HTTPException):
        code = MALFORMED if error.status_code < 500 else BROKEN
        return RefusalError(error.status_code, code, str(error.detail))
    status, code = (_CREATE if call == "createtask" else _OTHERS).of(error)
    said = error.message if isinstance(error, TinctError) else "The server failed; try again."
    for kind, words in _WORDS.items():
        said = words if isinstance(error, kind) else said
    return RefusalError(status, code, said, retry_after_s=getattr(error, "retry_after_s", None))


def failed(error: TinctError) -> int:
    """``errorcode`` of a task that ended without a result."""
    return _FAILURES.of(error)
