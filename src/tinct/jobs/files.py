"""Uploads and results: stored, found, streamed and deleted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

from tinct.errors import FileExpiredError, FileMissingError, FileNotSentError, StorageAwayError
from tinct.jobs.file import File, FileState, content_of, file_of, record, suffix
from tinct.jobs.received import Accepted, receive
from tinct.photo.glance import Glance, glance
from tinct.settings import Settings
from tinct.storage.blobs import Blobs
from tinct.storage.chunks import begun
from tinct.storage.database import Database, Row, storable
from tinct.storage.ids import new_id
from tinct.storage.keys import safe_name

__all__ = ["Files", "Glance"]


class Files:
    """Stores, finds, streams and deletes files."""

    def __init__(self, database: Database, blobs: Blobs, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._settings = settings

    async def put(
        self,
        account: str,
        chunks: AsyncIterator[bytes] | bytes,
        *,
        name: str | None = None,
        max_bytes: int | None = None,
        keep_s: float | None = None,
        accepted: Accepted = "photos",
    ) -> File:
        """Store an upload while it arrives.

        Parameters
        ----------
        account : str
            Who owns it.
        chunks : async iterator of bytes, or bytes
            The encoded photo; an iterator is counted as it comes and never gathered in memory.
        name : str, optional
            What the caller calls it.
        max_bytes : int, optional
            The most that is accepted; the settings' ``max_photo_bytes`` by default.
        keep_s : float, optional
            Seconds it stays; the settings' ``keep_inputs_s`` by default.
        accepted : Accepted
            What it may be.

        Raises
        ------
        UploadLimitError
            More bytes came; reading stopped there.
        PhotoError
            It is not a photo that can be read, or it is above a limit.
        StorageError
            It cannot be stored.
        """
        self._blobs.check_room()
        most = self._settings.max_photo_bytes
        limit = min(max_bytes or most, most)
        async with receive(chunks, self._blobs.scratch, limit, accepted, self._settings) as came:
            file_id, now = new_id("file"), datetime.now(UTC)
            keep = timedelta(seconds=self._settings.keep_inputs_s if keep_s is None else keep_s)
            file = File(
                id=file_id,
                account=account,
                key=f"uploads/{account}/{file_id}",
                name=safe_name(name, file_id + suffix(came.facts.format)),
                job_id=None,
                role=None,
                created_at=now,
                expires_at=now + keep,
                **content_of(came),
            )
            await self._blobs.adopt(came.path, file.key)
        async with self._database.connection() as connection:
            await record(connection, file)
        return file

    async def get(self, account: str | None, file_id: str) -> File:
        """One file.

        Parameters
        ----------
        account : str or None
            Its owner; None where a signed link stands for the owner.

        Raises
        ------
        FileMissingError
            Unknown, or someone else's.
        FileExpiredError
            Its time is over.
        FileNotSentError
            It was declared, and its bytes have not come.
        """
        found = await self.get_many(account, [file_id])
        return found[file_id]

    async def get_many(
        self, account: str | None, file_ids: list[str], *, absent: frozenset[FileState] = frozenset()
    ) -> dict[str, File]:
        """Several files by id.

        Parameters
        ----------
        absent : frozenset of FileState
            ``DECLARED``, ``GONE``: states without bytes in which a file is given back too.

        Raises as `get` if one of them is missing.
        """
        if not file_ids:
            return {}
        safe = [file_id for file_id in file_ids if storable(file_id)]
        rows = await self._database.all(
            "SELECT * FROM files WHERE id = ANY(%s) AND (%s::text IS NULL OR account_id = %s) AND state <> 'deleted'",
            (safe, account, account),
        )
        found = {row["id"]: file_of(row) for row in rows}
        for file_id in file_ids:
            state = found[file_id].state if file_id in found else None
            if state is FileState.STORED or state in absent:
                continue
            if state is FileState.DECLARED:
                raise FileNotSentError(
                    "the file was declared, but never sent; PUT its bytes to its upload URL"
                )
            if state is FileState.GONE:
                raise FileExpiredError("the file has expired; upload it again")
            raise FileMissingError("there is no such file; upload it again")
        return {file_id: found[file_id] for file_id in dict.fromkeys(file_ids)}

    async def find(self, account: str, file_id: str) -> File:
        """One file, declared or stored. Raises as `get`."""
        found = await self.get_many(account, [file_id], absent=frozenset({FileState.DECLARED}))
        return found[file_id]

    async def list(
        self, account: str, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[tuple[File, ...], str | None]:
        """An account's live files, newest first, and the cursor of the next page."""
        if cursor is not None and not storable(cursor):
            return (), None
        rows = await self._database.all(
            "SELECT * FROM files WHERE account_id = %s AND expires_at > now() AND state IN ('declared', 'stored')"
            " AND (%s::text IS NULL OR id < %s) ORDER BY id DESC LIMIT %s",
            (account, cursor, cursor, limit + 1),
        )
        files = tuple(file_of(row) for row in rows[:limit])
        return files, files[-1].id if len(rows) > limit else None

    async def open(self, file: File, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Its bytes from `start` up to, but without, `end`; what is wrong shows before the first is given out.

        Raises
        ------
        FileMissingError
            They are gone.
        StorageAwayError
            The store does not answer.
        """
        return await begun(self._blobs.stream(file.key, start, end))

    async def stream(self, file: File, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """As `open`, for a reader that can still change its mind when the first bytes do not come."""
        async for chunk in self._blobs.stream(file.key, start, end):
            yield chunk

    async def look(self, file: File) -> Glance:
        """A stored photo as it will be seen, without decoding it: small enough to be held in memory.

        Raises
        ------
        PhotoError
            Its header cannot be read.
        FileMissingError, StorageAwayError
            As `open`.
        """
        return await asyncio.to_thread(glance, b"".join([chunk async for chunk in await self.open(file)]))

    async def delete(self, account: str, file_id: str) -> None:
        """Delete a file: nobody reaches it from now on, and its bytes go.

        Raises
        ------
        FileMissingError, FileExpiredError
            As `get`.
        StorageAwayError
            Its bytes could not be removed yet; that is done as soon as the store answers.
        """
        row = None
        if storable(file_id):
            row = await self._database.one(
                "UPDATE files SET state = 'deleted' WHERE id = %s AND account_id = %s AND (state = 'deleted'"
                " OR (state <> 'gone' AND expires_at > now())) RETURNING id, key",
                (file_id, account),
            )
        if row is None:
            await self.get(account, file_id)
            raise FileMissingError("there is no such file")
        await self.remove([row])

    async def remove(self, rows: Sequence[Row]) -> None:
        """Remove the bytes of deleted files, then their records; rows of `id` and `key`.

        Raises
        ------
        StorageAwayError
            The bytes are still there; the records say so, and the next sweep tries again.
        """
        try:
            await self._blobs.delete(*(row["key"] for row in rows))
        except StorageAwayError:
            raise StorageAwayError(
                "it is deleted, but the store for files does not answer; its bytes go as soon as it does"
            ) from None
        await self._database.run(
            "DELETE FROM files WHERE id = ANY(%s) AND state = 'deleted'", ([row["id"] for row in rows],)
        )

    async def sweep(self, batch: int) -> int:
        """Remove what was deleted and what has expired, and forget what is long gone; how many files lost their bytes.

        Raises
        ------
        StorageAwayError
            Some bytes are still there.
        """
        removed = 0
        while True:
            deleted = await self._database.all(
                "SELECT id, key FROM files WHERE state = 'deleted' ORDER BY id LIMIT %s", (batch,)
            )
            expired = await self._database.all(
                "SELECT id, key FROM files WHERE state IN ('declared', 'stored') AND expires_at <= now()"
                " ORDER BY expires_at LIMIT %s",
                (batch,),
            )
            # Bytes first: a record whose bytes are still there is found again by the next sweep.
            await self._blobs.delete(*(row["key"] for row in expired))
            await self._database.run(
                "UPDATE files SET state = 'gone' WHERE id = ANY(%s)", ([row["id"] for row in expired],)
            )
            await self.remove(deleted)
            removed += len(deleted) + len(expired)
            if max(len(deleted), len(expired)) < batch:
                break
        await self._database.run(
            "DELETE FROM files WHERE id IN (SELECT id FROM files WHERE state = 'gone'"
            " AND expires_at < now() - make_interval(secs => %s) LIMIT %s)",
            (self._settings.keep_jobs_s, batch),
        )
        return removed
