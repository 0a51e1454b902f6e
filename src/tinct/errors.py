"""Every error that Tinct raises on purpose.

    TinctError
    ├── ParameterError          a value the caller chose is not allowed (field, value, allowed)
    ├── PhotoError              the bytes of a photo cannot be used
    │   ├── EmptyPhotoError         no bytes at all
    │   ├── UnsupportedPhotoError   not one of the formats that are read
    │   ├── BrokenPhotoError        the right signature, but truncated or corrupt
    │   └── PhotoLimitError         bytes, pixels or frames above a limit
    ├── ColorMapError           a .cube file that cannot be read
    ├── ModelError              weights are missing, damaged or not accepted
    │   ├── MissingModelError       not installed; says which command gets it
    │   └── DamagedModelError       digest differs; names both digests
    ├── OutputError             a result cannot be written where it was asked to go
    ├── DatabaseError           the database cannot be reached or started
    ├── StorageError            a stored file or its link cannot be used
    │   ├── FileMissingError        no such file, or it has expired, or it is someone else's
    │   ├── BlobKeyError            a storage key that is not allowed
    │   ├── UploadLimitError        more bytes than are accepted
    │   ├── StorageFullError        no room to accept more work
    │   ├── DigestError             the bytes that arrived are not those that were announced
    │   ├── BucketNameError         a bucket name that is not allowed
    │   ├── BucketMissingError      no such bucket
    │   ├── BucketExistsError       the bucket name is taken; knows whether by the caller
    │   ├── BucketNotEmptyError     objects or unfinished uploads are left in the bucket
    │   ├── ObjectKeyError          an object key that is not allowed
    │   ├── ObjectMissingError      no such object in the bucket
    │   ├── MultipartMissingError   no such upload in parts
    │   ├── PartError               the parts of an upload do not make an object
    │   │   ├── PartMissingError        one of them was not uploaded, or has other bytes
    │   │   ├── PartOrderError          they are not listed in rising order
    │   │   └── PartSizeError           one that is not the last is too small
    │   └── LinkError               a signed link is wrong
    │       └── LinkExpiredError        it was right, but its time is over
    ├── AccountError            the caller may not do this
    │   ├── KeyRefusedError         key or secret unknown, revoked or expired
    │   ├── CreditError             not enough credits
    │   └── RateLimitError          too many requests; knows when to come back
    ├── FetchError              a URL cannot be fetched
    │   ├── RefusedUrlError         it leads where nothing is fetched from
    │   ├── UnreachableUrlError     no answer, not 200, or too slow
    │   └── OversizeUrlError        the body is larger than allowed
    └── JobError                a job cannot be accepted or found
        ├── JobMissingError         no such job, or someone else's
        │   └── JobDeletedError         it was deleted by its owner
        ├── IdempotencyError        the same idempotency key with another order
        └── QueueFullError          as many jobs wait as are allowed; knows when to come back

Each class has a ``code`` that programs may rely on; ``str(error)`` is one sentence that any caller may see:
what was found, what is allowed, what to do. It never holds another library's message, a path of the
server or a stack.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AccountError",
    "BlobKeyError",
    "BrokenPhotoError",
    "BucketExistsError",
    "BucketMissingError",
    "BucketNameError",
    "BucketNotEmptyError",
    "ColorMapError",
    "CreditError",
    "DamagedModelError",
    "DatabaseError",
    "DigestError",
    "EmptyPhotoError",
    "FetchError",
    "FileMissingError",
    "IdempotencyError",
    "JobDeletedError",
    "JobError",
    "JobMissingError",
    "KeyRefusedError",
    "LinkError",
    "LinkExpiredError",
    "MissingModelError",
    "ModelError",
    "MultipartMissingError",
    "ObjectKeyError",
    "ObjectMissingError",
    "OutputError",
    "OversizeUrlError",
    "ParameterError",
    "PartError",
    "PartMissingError",
    "PartOrderError",
    "PartSizeError",
    "PhotoError",
    "PhotoLimitError",
    "QueueFullError",
    "RateLimitError",
    "RefusedUrlError",
    "StorageError",
    "StorageFullError",
    "TinctError",
    "UnreachableUrlError",
    "UnsupportedPhotoError",
    "UploadLimitError",
]


class TinctError(Exception):
    """Something Tinct could not do, said in a sentence."""

    code: ClassVar[str] = "error"

    @property
    def message(self) -> str:
        """The sentence a caller may see."""
        return str(self)


class ParameterError(TinctError, ValueError):
    """A value the caller chose is not allowed.

    Parameters
    ----------
    field : str
        Name of the parameter as the caller wrote it.
    value : object
        What was found.
    allowed : str
        What would have been accepted, as a phrase.
    """

    code = "invalid_parameter"

    def __init__(self, field: str, value: object, allowed: str) -> None:
        self.field, self.value, self.allowed = field, value, allowed
        super().__init__(field, value, allowed)

    def __str__(self) -> str:
        shown = repr(self.value)
        if len(shown) > 80:
            shown = shown[:77] + "..."
        return f"{self.field}: got {shown}; allowed: {self.allowed}"


class PhotoError(TinctError):
    """The bytes of a photo cannot be used."""

    code = "photo_unusable"


class EmptyPhotoError(PhotoError):
    """There are no bytes."""

    code = "photo_empty"


class UnsupportedPhotoError(PhotoError):
    """The content is not one of the photo formats that are read."""

    code = "photo_unsupported"


class BrokenPhotoError(PhotoError):
    """The content starts like a photo but is truncated or corrupt."""

    code = "photo_broken"


class PhotoLimitError(PhotoError):
    """The photo is above a limit in bytes, side, pixels or frames."""

    code = "photo_too_large"


class ColorMapError(TinctError):
    """A colour map (.cube) cannot be read."""

    code = "color_map_unusable"


class ModelError(TinctError):
    """Model weights cannot be used."""

    code = "model_unusable"


class MissingModelError(ModelError):
    """Model weights are not installed."""

    code = "model_missing"


class DamagedModelError(ModelError):
    """Model weights do not have the digest the manifest names."""

    code = "model_damaged"


class OutputError(TinctError):
    """A result cannot be written where it was asked to go."""

    code = "output_unusable"


class DatabaseError(TinctError):
    """The database cannot be reached or started."""

    code = "database_unavailable"


class StorageError(TinctError):
    """A stored file or its link cannot be used."""

    code = "storage_unusable"


class FileMissingError(StorageError):
    """There is no such file for this caller, or it has expired."""

    code = "file_not_found"


class BlobKeyError(StorageError, ValueError):
    """A storage key is not allowed."""

    code = "storage_key_refused"


class UploadLimitError(StorageError):
    """More bytes arrived than are accepted."""

    code = "upload_too_large"

    def __init__(self, limit: int) -> None:
        self.limit = limit
        super().__init__(
            f"the upload is larger than {limit} bytes, the most that is accepted; send a smaller file"
        )


class StorageFullError(StorageError):
    """There is no room to accept more work."""

    code = "storage_full"


class DigestError(StorageError):
    """The bytes that arrived are not those that were announced."""

    code = "digest_differs"


class BucketNameError(StorageError, ValueError):
    """A bucket name is not allowed."""

    code = "bucket_name_refused"


class BucketMissingError(StorageError):
    """There is no such bucket."""

    code = "bucket_not_found"


class BucketExistsError(StorageError):
    """The bucket name is taken.

    Parameters
    ----------
    own : bool
        True if the caller's own account has it.
    """

    code = "bucket_exists"

    def __init__(self, *, own: bool) -> None:
        self.own = own
        super().__init__(
            "the bucket is yours already"
            if own
            else "another account has a bucket of this name; choose another"
        )


class BucketNotEmptyError(StorageError):
    """Objects or unfinished uploads are left in the bucket."""

    code = "bucket_not_empty"


class ObjectKeyError(StorageError, ValueError):
    """An object key is not allowed.

    Parameters
    ----------
    too_long : bool
        True if its length is all that is wrong.
    """

    code = "object_key_refused"

    def __init__(self, message: str, *, too_long: bool = False) -> None:
        self.too_long = too_long
        super().__init__(message)


class ObjectMissingError(StorageError):
    """There is no such object in the bucket."""

    code = "object_not_found"


class MultipartMissingError(StorageError):
    """There is no such upload in parts: unknown, finished, aborted or abandoned."""

    code = "multipart_not_found"


class PartError(StorageError):
    """The parts of an upload do not make an object."""

    code = "parts_refused"


class PartMissingError(PartError):
    """A part was not uploaded, or its bytes are not those that are meant."""

    code = "part_missing"


class PartOrderError(PartError):
    """The parts are not listed in rising order."""

    code = "part_order"


class PartSizeError(PartError):
    """A part that is not the last is too small."""

    code = "part_too_small"


class LinkError(StorageError):
    """A signed link is wrong."""

    code = "link_refused"


class LinkExpiredError(LinkError):
    """A signed link was right, but its time is over."""

    code = "link_expired"


class AccountError(TinctError):
    """The caller may not do this."""

    code = "account_refused"


class KeyRefusedError(AccountError):
    """A key or secret is unknown, revoked or expired."""

    code = "key_refused"


class CreditError(AccountError):
    """There are not enough credits.

    Parameters
    ----------
    needed, available : int
        Price of the order and what is left, in credits.
    """

    code = "credits_insufficient"

    def __init__(self, needed: int, available: int) -> None:
        self.needed, self.available = needed, available
        super().__init__(
            f"the order costs {needed} credits and {available} are left; add credits and try again"
        )


class RateLimitError(AccountError):
    """Too many requests.

    Parameters
    ----------
    retry_after_s : float
        Seconds until one more request would be accepted.
    """

    code = "rate_limited"

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(f"too many requests; try again in {retry_after_s:.1f} s")


class FetchError(TinctError):
    """A URL cannot be fetched."""

    code = "url_unusable"


class RefusedUrlError(FetchError):
    """The URL leads where nothing is fetched from."""

    code = "url_refused"


class UnreachableUrlError(FetchError):
    """There was no answer, another one than 200, or it took too long."""

    code = "url_unreachable"


class OversizeUrlError(FetchError):
    """The body at the URL is larger than allowed."""

    code = "url_too_large"


class JobError(TinctError):
    """A job cannot be accepted or found."""

    code = "job_refused"


class JobMissingError(JobError):
    """There is no such job for this caller."""

    code = "job_not_found"


class JobDeletedError(JobMissingError):
    """The job was deleted by its owner."""

    code = "job_deleted"


class IdempotencyError(JobError):
    """An idempotency key was used before with another order."""

    code = "idempotency_conflict"


class QueueFullError(JobError):
    """As many jobs wait as are allowed.

    Parameters
    ----------
    waiting : int
        Jobs that wait now.
    retry_after_s : float
        Seconds after which trying again makes sense.
    """

    code = "queue_full"

    def __init__(self, waiting: int, retry_after_s: float) -> None:
        self.waiting, self.retry_after_s = waiting, retry_after_s
        super().__init__(
            f"{waiting} jobs wait already, the most that is allowed; try again in {retry_after_s:.0f} s"
        )
