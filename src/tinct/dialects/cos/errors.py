"""Every refusal that a client of this API can get, and which of Tinct's errors becomes which."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.exceptions import HTTPException

from tinct import errors
from tinct.dialects.refusals import ErrorTable, RefusalError

__all__ = ["CODES", "CosError", "refusal"]

CODES: dict[str, tuple[int, str]] = {
    # Code: HTTP status, Message where nothing better is known
    "InvalidArgument": (400, "A parameter has a value that is not allowed."),
    "InvalidPicOperations": (400, "Pic-Operations is not as it should be."),
    "InvalidImageFormat": (400, "The source is not an image that can be read."),
    "ImageTooLarge": (400, "The image has too many bytes."),
    "ImageResolutionExceed": (400, "The image has too many pixels."),
    "InvalidImageSource": (400, "The image cannot be downloaded from its address."),
    "EntityTooLarge": (400, "The object is larger than is accepted."),
    "EntityTooSmall": (400, "A part other than the last is smaller than 1 MB."),
    "MalformedXML": (
        400,
        "The XML you provided was not well-formed or did not validate against our published schema.",
    ),
    "BadDigest": (400, "The Content-MD5 you specified is not that of the content."),
    "InvalidDigest": (400, "The Content-MD5 you specified is not valid."),
    "InvalidBucketName": (
        400,
        "The bucket name is not <name>-<APPID> of lower-case letters, digits and dashes.",
    ),
    "KeyTooLong": (400, "The object key is longer than 850 bytes."),
    "InvalidURI": (400, "The request target cannot be read."),
    "RequestTimeout": (400, "The body did not arrive in time."),
    "InvalidPart": (400, "A part is missing or has another ETag."),
    "InvalidPartOrder": (400, "The parts are not in ascending order."),
    "MissingRequestBodyError": (400, "The request body is empty."),
    "ExpiredToken": (400, "The security token has expired."),
    "PaymentRequired": (
        402,
        "The action performed on your resource is not allowed for now, please check the quota of your package.",
    ),
    "AccessDenied": (403, "Access Denied."),
    "InvalidAccessKeyId": (403, "The Access Key Id you provided does not exist in our records."),
    "SignatureDoesNotMatch": (403, "The Signature you specified is invalid."),
    "RequestTimeTooSkewed": (403, "The signature begins too far in the future; check your clock."),
    "NoProcessAuthority": (403, "The key may not process images in this bucket."),
    "NoSuchBucket": (404, "The specified bucket does not exist."),
    "NoSuchKey": (404, "The specified key does not exist."),
    "NoSuchUpload": (404, "The specified upload does not exist; it may have been completed or aborted."),
    "MethodNotAllowed": (405, "The method is not allowed on this resource."),
    "BucketAlreadyExists": (409, "The requested bucket name is not available."),
    "BucketAlreadyOwnedByYou": (409, "The bucket you tried to create already exists, and you own it."),
    "BucketNotEmpty": (409, "The bucket you tried to delete is not empty."),
    "MissingContentLength": (411, "The request needs a Content-Length, or a chunked body."),
    "PreconditionFailed": (412, "Precondition not match."),
    "InvalidRange": (416, "The requested range lies outside the object."),
    "InternalError": (500, "Something went wrong here; try again."),
    "NotImplemented": (501, "This is not offered here."),
    "ServiceUnavailable": (503, "The service is not available right now; try again."),
    "SlowDown": (503, "Too many requests; try again in a moment."),
}


class CosError(RefusalError):
    """A failure reply: one of `CODES`, and a sentence.

    Parameters
    ----------
    name : str
        ``Code``, a key of `CODES`.
    message : str, optional
        ``Message``, where the table's own does not say enough.
    details : mapping of str to str, optional
        Elements between ``Message`` and ``Resource``, such as ``ServerTime``.
    retry_after_s : float, optional
        Seconds for the ``Retry-After`` header.
    """

    name: str

    def __init__(
        self,
        name: str,
        message: str | None = None,
        *,
        details: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        status, usual = CODES[name]
        super().__init__(status, name, message or usual, retry_after_s=retry_after_s)
        self.details = dict(details or {})


_TABLE = ErrorTable[str](
    rows={
        errors.BucketMissingError: "NoSuchBucket",
        errors.BucketExistsError: "BucketAlreadyExists",
        errors.BucketNotEmptyError: "BucketNotEmpty",
        errors.BucketNameError: "InvalidBucketName",
        errors.ObjectKeyError: "InvalidURI",
        errors.ObjectMissingError: "NoSuchKey",
        errors.DigestError: "BadDigest",
        errors.MultipartMissingError: "NoSuchUpload",
        errors.PartMissingError: "InvalidPart",
        errors.PartOrderError: "InvalidPartOrder",
        errors.PartSizeError: "EntityTooSmall",
        errors.UploadLimitError: "EntityTooLarge",
        errors.PhotoFramesError: "InvalidImageFormat",
        errors.PhotoLimitError: "ImageResolutionExceed",
        errors.PhotoError: "InvalidImageFormat",
        errors.FetchError: "InvalidImageSource",
        errors.OversizeUrlError: "ImageTooLarge",
        errors.ParameterError: "InvalidArgument",
        errors.KeyRefusedError: "InvalidAccessKeyId",
        errors.CreditError: "PaymentRequired",
        errors.RateLimitError: "SlowDown",
        errors.QueueFullError: "SlowDown",
        errors.JobUnfinishedError: "SlowDown",
        errors.AccountError: "AccessDenied",
        errors.FileMissingError: "NoSuchKey",
        errors.JobMissingError: "InvalidArgument",
        errors.JobTimedOutError: "ImageResolutionExceed",  # the same picture would fail again
        errors.JobTooLongError: "ImageResolutionExceed",
        errors.JobMemoryError: "ImageResolutionExceed",
        errors.StorageError: "ServiceUnavailable",
        errors.DatabaseError: "ServiceUnavailable",
        errors.ModelError: "NotImplemented",
        Exception: "InternalError",
    },
    statuses={
        400: "InvalidArgument",
        404: "InvalidURI",
        405: "MethodNotAllowed",
        411: "MissingContentLength",
        413: "EntityTooLarge",
        500: "InternalError",
    },
)

_WORDED = {
    "NoSuchBucket",
    "NoSuchKey",
    "PaymentRequired",
    "InvalidAccessKeyId",
    "BadDigest",
    "InternalError",
    "BucketAlreadyExists",
}
"""Codes whose messages clients know."""


def refusal(error: Exception) -> CosError:
    """What a client is told of an error: of its request, of the HTTP layer, or of its job."""
    if isinstance(error, CosError):
        return error
    if isinstance(error, errors.BucketExistsError) and error.own:
        return CosError("BucketAlreadyOwnedByYou")
    if isinstance(error, errors.ObjectKeyError) and error.too_long:
        return CosError("KeyTooLong")
    name, message = _TABLE.of(error), None
    if isinstance(error, errors.TinctError) and name not in _WORDED:
        message = error.message
    elif isinstance(error, HTTPException):
        message = str(error.detail)
    return CosError(name, message, retry_after_s=getattr(error, "retry_after_s", None))
