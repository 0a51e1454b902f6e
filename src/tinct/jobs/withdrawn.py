"""Files that their owner took back: nothing new is made of them, and they go when no job needs them any more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tinct.storage.database import Database, storable

__all__ = ["ROLE", "let_go", "withdraw"]

ROLE: Final = "withdrawn"
"""Role of such a file."""


async def withdraw(database: Database, account: str, file_ids: Sequence[str]) -> None:
    """Let some files of an account be expired, at once or as soon as the jobs have ended that were promised them."""
    await database.run(
        "UPDATE files SET role = 'withdrawn' WHERE id = ANY(%s) AND account_id = %s"
        " AND state IN ('declared', 'stored')",
        ([file_id for file_id in file_ids if storable(file_id)], account),
    )
    await let_go(database)


async def let_go(database: Database) -> None:
    """Expire withdrawn files that no job needs any more; the next sweep takes their bytes."""
    await database.run(
        "UPDATE files SET expires_at = now() WHERE role = 'withdrawn' AND state IN ('declared', 'stored')"
        " AND expires_at > now() AND NOT EXISTS (SELECT FROM jobs WHERE jobs.account_id = files.account_id"
        " AND jobs.state IN ('queued', 'running') AND jsonb_path_exists(jobs.inputs, '$.** ? (@ == $id)',"
        " jsonb_build_object('id', files.id)))"
    )
