"""Every refusal that a client of this API can get, and which of Tinct's errors becomes which."""

from __future__ import annotations

from collections.abc import Mapping

from tinct import errors
from tinct.errors import TinctError
from tinct.jobs.job import Job, JobState

__all__ = ["CODES", "CosError", "of_error", "of_job", "of_status"]

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


class CosError(TinctError):
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

    def __init__(
        self,
        name: str,
        message: str | None = None,
        *,
        details: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.status, usual = CODES[name]
        super().__init__(message or usual)
        self.name, self.details, self.retry_after_s = name, dict(details or {}), retry_after_s


_BY_ERROR: tuple[tuple[type[TinctError], str], ...] = (
    # the first that fits; narrower classes before wider ones
    (errors.BucketMissingError, "NoSuchBucket"),
    (errors.BucketNotEmptyError, "BucketNotEmpty"),
    (errors.BucketNameError, "InvalidBucketName"),
    (errors.ObjectMissingError, "NoSuchKey"),
    (errors.DigestError, "BadDigest"),
    (errors.MultipartMissingError, "NoSuchUpload"),
    (errors.PartMissingError, "InvalidPart"),
    (errors.PartOrderError, "InvalidPartOrder"),
    (errors.PartSizeError, "EntityTooSmall"),
    (errors.UploadLimitError, "EntityTooLarge"),
    (errors.PhotoLimitError, "ImageResolutionExceed"),
    (errors.PhotoError, "InvalidImageFormat"),
    (errors.FetchError, "InvalidImageSource"),
    (errors.ParameterError, "InvalidArgument"),
    (errors.KeyRefusedError, "InvalidAccessKeyId"),
    (errors.CreditError, "PaymentRequired"),
    (errors.RateLimitError, "SlowDown"),
    (errors.QueueFullError, "SlowDown"),
    (errors.AccountError, "AccessDenied"),
    (errors.FileMissingError, "NoSuchKey"),
    (errors.JobMissingError, "InvalidArgument"),
    (errors.StorageFullError, "ServiceUnavailable"),
    (errors.StorageError, "ServiceUnavailable"),
    (errors.DatabaseError, "ServiceUnavailable"),
    (errors.ModelError, "NotImplemented"),
)

_BY_FAILURE = {
    "photo_empty": "InvalidImageFormat",
    "photo_unsupported": "InvalidImageFormat",
    "photo_broken": "InvalidImageFormat",
    "photo_unusable": "InvalidImageFormat",
    "photo_too_large": "ImageResolutionExceed",
    "invalid_parameter": "InvalidArgument",
    "model_missing": "NotImplemented",
    "model_damaged": "NotImplemented",
    "model_unusable": "NotImplemented",
    "out_of_memory": "ImageResolutionExceed",  # the same picture would fail again
}

_BY_STATUS = {404: "InvalidURI", 405: "MethodNotAllowed", 411: "MissingContentLength", 413: "EntityTooLarge"}


def of_error(error: TinctError) -> CosError:
    """What a client is told of an error that stopped its request."""
    if isinstance(error, CosError):
        return error
    if isinstance(error, errors.BucketExistsError):
        return CosError("BucketAlreadyOwnedByYou" if error.own else "BucketAlreadyExists")
    if isinstance(error, errors.ObjectKeyError):
        return CosError("KeyTooLong") if error.too_long else CosError("InvalidURI", error.message)
    name = next((name for kind, name in _BY_ERROR if isinstance(error, kind)), "InternalError")
    usual = name in _WORDED
    retry_after_s = getattr(error, "retry_after_s", None)
    return CosError(name, None if usual else error.message, retry_after_s=retry_after_s)


_WORDED = {"NoSuchBucket", "NoSuchKey", "PaymentRequired", "InvalidAccessKeyId", "BadDigest", "InternalError"}
"""Codes whose messages clients know."""


def of_job(job: Job) -> CosError:
    """What a client is told of a job that did not succeed."""
    failure = job.failure
    if job.state is JobState.TIMED_OUT:
        return CosError("ImageResolutionExceed", "The image takes longer than is allowed; try a smaller one.")
    name = _BY_FAILURE.get(failure.code, "InternalError") if failure else "InternalError"
    return CosError(name, failure.message if failure and name != "InternalError" else None)


def of_status(status: int, message: str) -> CosError:
    """What a client is told when the HTTP layer refused its request before a handler saw it."""
    fallback = "InvalidArgument" if status < 500 else "InternalError"
    return CosError(_BY_STATUS.get(status, fallback), message)
