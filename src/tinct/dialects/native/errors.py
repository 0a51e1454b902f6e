"""The one error envelope, and the HTTP status of each of Tinct's errors."""

from __future__ import annotations

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from tinct.dialects.dialect import request_id_of
from tinct.dialects.native.wire import Error, ErrorReply
from tinct.dialects.refusals import ErrorTable, refusal_headers
from tinct.errors import (
    AccountError,
    ClipError,
    CreditError,
    DatabaseError,
    DigestError,
    FetchError,
    FileMissingError,
    FileNotSentError,
    IdempotencyError,
    InternalError,
    JobError,
    JobFailedError,
    JobMissingError,
    KeyRefusedError,
    LinkError,
    LinkExpiredError,
    LookMissingError,
    NoGeneratorError,
    NoWorkerError,
    OversizeUrlError,
    ParameterError,
    PhotoError,
    PhotoLimitError,
    PromptHookError,
    QueueFullError,
    RateLimitError,
    StorageAwayError,
    StorageFullError,
    TinctError,
    UnsupportedPhotoError,
    UploadLimitError,
)

__all__ = ["words"]

_TABLE = ErrorTable[int](
    rows={
        UnsupportedPhotoError: 415,
        PhotoLimitError: 413,
        UploadLimitError: 413,
        OversizeUrlError: 413,
        PhotoError: 422,
        ClipError: 422,
        JobFailedError: 422,
        InternalError: 500,
        ParameterError: 422,
        FetchError: 422,
        NoGeneratorError: 501,
        KeyRefusedError: 401,
        CreditError: 402,
        RateLimitError: 429,
        AccountError: 403,
        JobMissingError: 404,
        LookMissingError: 404,
        FileNotSentError: 409,
        FileMissingError: 404,
        LinkExpiredError: 404,
        LinkError: 403,
        IdempotencyError: 422,
        QueueFullError: 429,
        NoWorkerError: 503,
        PromptHookError: 503,
        JobError: 422,
        StorageFullError: 507,
        StorageAwayError: 503,
        DigestError: 422,
        DatabaseError: 503,
        Exception: 500,
    }
)
"""HTTP status by error."""

_CODES = {400: "malformed_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
_MESSAGES = {404: "There is nothing at this address.", 405: "The method is not allowed at this address."}


def words(request: Request, error: Exception) -> Response:
    """The reply to an error, in this API's words."""
    headers = refusal_headers(error)
    field = None
    if isinstance(error, RequestValidationError):
        status, code, (field, message) = 422, "invalid_parameter", _first(error)
    elif isinstance(error, HTTPException):
        status = error.status_code
        code = _CODES.get(status, "http_error")
        message = _MESSAGES.get(status, str(error.detail))
    elif isinstance(error, TinctError):
        status, code, message = _TABLE.of(error), error.code, error.message
        field = getattr(error, "field", None)
    else:
        status, code, message = 500, "internal", "The server failed; try again, and tell us the request id."
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    reply = ErrorReply(
        error=Error(code=code, message=message, field=field, request_id=request_id_of(request))
    )
    return JSONResponse(reply.model_dump(exclude_none=True), status, headers)


def _first(error: RequestValidationError) -> tuple[str, str]:
    """Field and sentence of the first thing that is wrong."""
    first = error.errors()[0]
    parts = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
    field = ".".join(parts) or "body"
    return field, f"{field}: {first['msg'].lower()}"
