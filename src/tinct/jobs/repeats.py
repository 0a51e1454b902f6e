"""Orders that come twice: what an idempotency key came with before, and whether this is the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tinct.errors import FileMissingError, IdempotencyError
from tinct.jobs.files import Files
from tinct.jobs.job import Order, file_ids
from tinct.jobs.orders import digest
from tinct.settings import Settings
from tinct.storage.database import Connection, Database, Json, storable

__all__ = ["Remembered", "Repeats"]

_REMEMBER: Final = """
INSERT INTO idempotency AS i (account_id, key, digest, contents, job_id, expires_at)
VALUES (%(account)s, %(key)s, %(digest)s, %(contents)s, %(job)s, now() + make_interval(secs => %(seconds)s))
ON CONFLICT (account_id, key) DO UPDATE
    SET digest = excluded.digest, contents = excluded.contents, job_id = excluded.job_id,
        expires_at = excluded.expires_at
    WHERE i.expires_at <= now()
RETURNING job_id
"""


@dataclass(frozen=True, kw_only=True)
class Remembered:
    """An order that an idempotency key came with before."""

    job_id: str
    digest: bytes
    contents: Mapping[str, str]
    """What its inputs held: file id, or whatever else the intake calls them -> MD5."""


class Repeats:
    """Remembers orders by account and idempotency key."""

    def __init__(self, database: Database, files: Files, settings: Settings) -> None:
        self._database, self._files, self._settings = database, files, settings

    async def find(self, account: str, key: str) -> Remembered | None:
        """The order that a key came with before, if it is still known."""
        if not storable(key):
            return None
        row = await self._database.one(
            "SELECT job_id, digest, contents FROM idempotency"
            " WHERE account_id = %s AND key = %s AND expires_at > now()",
            (account, key),
        )
        if row is None:
            return None
        return Remembered(job_id=row["job_id"], digest=row["digest"], contents=row["contents"])

    async def forget(self, account: str, key: str, job_id: str) -> None:
        """Let a key that led to this job lead to a new one."""
        await self._database.run(
            "DELETE FROM idempotency WHERE account_id = %s AND key = %s AND job_id = %s",
            (account, key, job_id),
        )

    async def check(self, order: Order, known: Remembered, contents: Mapping[str, str]) -> None:
        """Accept an order that is the known one, though its files may have gone.

        Parameters
        ----------
        contents : mapping of str to str
            What else is known of its inputs' bytes.

        Raises
        ------
        IdempotencyError
            It is another one.
        """
        held = {**known.contents, **contents}
        unknown = [file_id for file_id in file_ids(order.inputs) if file_id not in held]
        try:
            files = await self._files.get_many(order.account, unknown)
        except FileMissingError:
            raise _other() from None
        held |= {file_id: file.etag for file_id, file in files.items()}
        if digest(order, held) != known.digest:
            raise _other()

    async def remember(
        self, connection: Connection, order: Order, contents: Mapping[str, str], job_id: str
    ) -> str | None:
        """Keep an order in the caller's transaction; the job of its key, if another process was faster.

        Raises
        ------
        IdempotencyError
            That one came with another order.
        """
        parameters = {
            "account": order.account,
            "key": order.idempotency_key,
            "digest": digest(order, contents),
            "contents": Json(dict(contents)),
            "job": job_id,
            "seconds": self._settings.idempotency_s,
        }
        if await (await connection.execute(_REMEMBER, parameters)).fetchone() is not None:
            return None
        cursor = await connection.execute(
            "SELECT digest, job_id FROM idempotency WHERE account_id = %(account)s AND key = %(key)s",
            parameters,
        )
        row = await cursor.fetchone()
        if row is None or row["digest"] != parameters["digest"]:
            raise _other()
        return str(row["job_id"])


def _other() -> IdempotencyError:
    return IdempotencyError("this idempotency key came with another order before; use a new key")
