"""Buckets: who owns a name, and whether everyone may read what is in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tinct.errors import BucketExistsError, BucketMissingError, BucketNameError, BucketNotEmptyError
from tinct.storage.database import Dangling, Database, Row, storable

__all__ = ["Bucket", "Buckets"]

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)  # one label of a host name


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A place for objects."""

    id: int
    name: str
    """Unique among all accounts."""
    account: str
    """Its owner."""
    public: bool
    """Whether anyone may read an object that does not say otherwise itself."""
    created_at: datetime


class Buckets:
    """Makes, finds and removes buckets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def create(self, account: str, name: str, *, public: bool = False) -> Bucket:
        """Make a bucket.

        Raises
        ------
        BucketNameError
            The name is not a label of a host name.
        BucketExistsError
            It is taken.
        """
        if not _NAME.fullmatch(name):
            raise BucketNameError(
                "a bucket name has 1 to 63 of a-z, 0-9 and hyphens, and no hyphen at either end"
            )
        row = await self._database.one(
            "INSERT INTO buckets (account_id, name, public) VALUES (%s, %s, %s)"
            " ON CONFLICT (name) DO NOTHING RETURNING *",
            (account, name, public),
        )
        if row is None:
            found = await self.find(name)
            raise BucketExistsError(own=found is not None and found.account == account)
        return _bucket(row)

    async def get(self, name: str) -> Bucket:
        """The bucket of this name, whoever owns it.

        Raises
        ------
        BucketMissingError
            There is none.
        """
        found = await self.find(name)
        if found is None:
            raise BucketMissingError("there is no such bucket; create it first")
        return found

    async def find(self, name: str) -> Bucket | None:
        """The bucket of this name, or None."""
        if not storable(name):
            return None
        row = await self._database.one("SELECT * FROM buckets WHERE name = %s", (name,))
        return _bucket(row) if row else None

    async def list(self, account: str) -> tuple[Bucket, ...]:
        """An account's buckets, by name."""
        rows = await self._database.all(
            'SELECT * FROM buckets WHERE account_id = %s ORDER BY name COLLATE "C"', (account,)
        )
        return tuple(_bucket(row) for row in rows)

    async def delete(self, bucket: Bucket) -> None:
        """Remove an empty bucket.

        Raises
        ------
        BucketNotEmptyError
            Objects or unfinished uploads are in it.
        """
        try:
            await self._database.run("DELETE FROM buckets WHERE id = %s", (bucket.id,))
        except Dangling:
            raise BucketNotEmptyError(
                "objects or unfinished uploads are in the bucket; delete them first"
            ) from None


def _bucket(row: Row) -> Bucket:
    return Bucket(
        id=row["id"],
        name=row["name"],
        account=row["account_id"],
        public=row["public"],
        created_at=row["created_at"],
    )
