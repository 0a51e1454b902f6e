"""What can be wrong with stored files, buckets, objects and links."""

from __future__ import annotations

from tinct.errors.base import TinctError

__all__ = [
    "BlobKeyError",
    "BucketExistsError",
    "BucketMissingError",
    "BucketNameError",
    "BucketNotEmptyError",
    "DigestError",
    "FileExpiredError",
    "FileMissingError",
    "FileNotSentError",
    "LinkError",
    "LinkExpiredError",
    "MultipartMissingError",
    "ObjectKeyError",
    "ObjectMissingError",
    "PartError",
    "PartMissingError",
    "PartOrderError",
    "PartSizeError",
    "StorageAwayError",
    "StorageError",
    "StorageFullError",
    "UploadClosedError",
    "UploadLimitError",
]


class StorageError(TinctError):
    """A stored file or its link cannot be used."""

    code = "storage_unusable"


class FileMissingError(StorageError):
    """There is no such file for this caller, or it has expired."""

    code = "file_not_found"


class FileExpiredError(FileMissingError):
    """The file's time is over."""

    code = "file_expired"


class FileNotSentError(FileMissingError):
    """The file was declared, and its bytes have not come."""

    code = "file_not_sent"


class StorageAwayError(StorageError):
    """The store for bytes does not answer, or cannot be used."""

    code = "storage_unavailable"


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


class UploadClosedError(LinkError):
    """A declared file takes no more bytes: a job has named it."""

    code = "upload_closed"


class LinkExpiredError(LinkError):
    """A signed link was right, but its time is over."""

    code = "link_expired"
