"""Where a server's records and bytes are, in words that hold no secret, and whether there is a server at all."""

from __future__ import annotations

import os
from urllib.parse import parse_qs, unquote, urlsplit

from tinct.errors import StorageError
from tinct.settings import Settings

__all__ = ["blobs_place", "check_made", "database_place"]


def database_place(settings: Settings) -> str:
    """The database, without user and password."""
    if settings.database_url is None:
        return f"the embedded PostgreSQL in {settings.data / 'database'}"
    url = urlsplit(settings.database_url)
    host = url.hostname or parse_qs(url.query).get("host", ["the local socket"])[0]
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL at {host}{port}, database {unquote(url.path.strip('/')) or 'of the user'}"


def blobs_place(settings: Settings) -> str:
    """The store of files, without credentials."""
    if settings.blob_url is None:
        return f"the folder {settings.data / 'blobs'}"
    if "://" not in settings.blob_url:
        return f"the folder {settings.blob_url}"
    url = urlsplit(settings.blob_url)
    return f"{url.scheme}://{url.hostname or ''}{url.path}"


def check_made(settings: Settings, *, files: bool = True) -> None:
    """Stop where no server has ever kept anything: whoever only joins one would wait for ever on an empty folder.

    Parameters
    ----------
    files : bool
        Whether the store of files is needed too.

    Raises
    ------
    StorageError
        Names what is missing and how to say where it is.
    """
    data = settings.data
    if settings.database_url is None and not os.path.isfile(data / "database" / "cluster" / "PG_VERSION"):
        raise StorageError(
            f"there is no server data in {data}; give its folder with --data or TINCT_DATA, or the address of its "
            "database with TINCT_DATABASE_URL"
        )
    if settings.secret is None and not os.path.isfile(data / "secret"):
        raise StorageError(f"there is no secret in {data}; give the server's own with TINCT_SECRET")
    if (
        files
        and settings.database_url is not None
        and settings.blob_url is None
        and not os.path.isdir(data / "blobs")
    ):
        raise StorageError(f"there are no files in {data}; give the server's store with TINCT_BLOB_URL")
