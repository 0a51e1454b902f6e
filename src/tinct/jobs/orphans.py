"""Bytes in the store that no record names: left by a process that died, or by a store that did not answer a deletion.

Each call looks at a bounded part of the store and goes on where the last one ended, in whatever process that was. Only
bytes of a certain age count, so that what is being stored now is left alone; and only in a store that this database has
marked as its own, so that a server with the wrong database removes nothing.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Final

from tinct.backend import Backend
from tinct.errors import FileMissingError
from tinct.storage.ids import new_id

__all__ = ["sweep"]

_log = logging.getLogger(__name__)
_PREFIXES: Final = ("objects/", "results/", "uploads/")  # what the server itself writes
_MARK: Final = "owner"  # key of the blob that says whose store it is
_BATCH: Final = 1000  # blobs looked at in one call
_KNOWN: Final = """
SELECT key FROM files WHERE key = ANY(%(keys)s)
UNION ALL SELECT piece FROM contents, unnest(pieces) AS piece WHERE pieces && %(keys)s AND piece = ANY(%(keys)s)
UNION ALL SELECT key FROM unnest(%(keys)s::text[]) AS key JOIN jobs ON jobs.id = split_part(key, '/', 2)
    WHERE key LIKE 'results/%%' AND jobs.finished_at IS NULL
"""


async def sweep(backend: Backend, batch: int = _BATCH) -> int:
    """Look at the next blobs of the store, and remove those that no record names; how many.

    Raises
    ------
    StorageAwayError
        The store does not answer; the next call begins at the same place.
    """
    if not await _own(backend, batch):
        return 0
    row = await backend.database.one("SELECT cursor FROM sweeps WHERE name = 'orphans'")
    found = await backend.blobs.list_after(row["cursor"] if row else "", batch)
    before = datetime.now(UTC) - timedelta(seconds=backend.settings.keep_orphans_s)
    old = [blob.key for blob in found if blob.modified_at < before and blob.key.startswith(_PREFIXES)]
    orphans = sorted(set(old) - await _known(backend, old))
    if orphans:
        _log.warning("removing %d blobs that no record names, such as %s", len(orphans), orphans[0])
        await backend.blobs.delete(*orphans)
    await _note(backend, "orphans", found[-1].key if len(found) == batch else "")
    return len(orphans)


async def _known(backend: Backend, keys: list[str]) -> set[str]:
    """Those of the keys that some record names, or that a running job may have stored."""
    rows = await backend.database.all(_KNOWN, {"keys": keys}) if keys else []
    return {row["key"] for row in rows}


async def _own(backend: Backend, batch: int) -> bool:
    """Whether the store is marked as this database's; marks one that is empty, or holds what this database knows."""
    row = await backend.database.one("SELECT cursor FROM sweeps WHERE name = 'owner'")
    mark = row["cursor"] if row else new_id("store")
    try:
        found = (await backend.blobs.get(_MARK)).decode("ascii", "replace")
    except FileMissingError:
        keys = [
            blob.key for blob in await backend.blobs.list_after("", batch) if blob.key.startswith(_PREFIXES)
        ]
        if keys and not await _known(backend, keys):
            _log.warning(
                "the store for files holds nothing that the database knows; nothing is removed from it"
            )
            return False
        await _note(backend, "owner", mark)
        await backend.blobs.put(_MARK, mark.encode())
        return True
    if found != mark:
        _log.warning("the store for files belongs to another database; nothing is removed from it")
    return found == mark


async def _note(backend: Backend, name: str, cursor: str) -> None:
    await backend.database.run(
        "INSERT INTO sweeps (name, cursor) VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET cursor = excluded.cursor",
        (name, cursor),
    )
