"""A page of a bucket in one query, however many objects are behind an entry.

With a delimiter the query walks: it looks up the first key after the last entry, and an entry that stands for many
keys is left by looking for the first key after all of them. So a page costs as many look-ups in the index as it has
entries.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from tinct.storage.database import Database, Row, storable

__all__ = ["LAST", "Entry", "after_all", "entries"]

# After a beginning: not before any key that has it, since 4 * 213 > 850 bytes
LAST: Final = "\U0010ffff" * 213

_PLAIN: Final = (
    "SELECT * FROM (SELECT * FROM objects WHERE bucket_id = %(bucket)s AND key > %(after)s AND key >= %(prefix)s"
    " AND key <= %(last)s ORDER BY key LIMIT %(limit)s) AS page JOIN contents ON contents.id = content_id"
    " ORDER BY key"
)

_GROUPED: Final = """
WITH RECURSIVE walk AS (
    SELECT 0 AS place, false AS grouped, ''::text COLLATE "C" AS name, %(after)s::text COLLATE "C" AS after
    UNION ALL
    SELECT place + 1, length(beginning) > 0,
           CASE WHEN length(beginning) > 0 THEN beginning ELSE next.key END,
           CASE WHEN length(beginning) > 0 THEN beginning || %(high)s ELSE next.key END
    FROM walk, LATERAL (
        SELECT key, strpos(substr(key, %(skip)s + 1), %(delimiter)s) AS at FROM objects
        WHERE bucket_id = %(bucket)s AND key > walk.after AND key >= %(prefix)s AND key <= %(last)s
        ORDER BY key LIMIT 1
    ) AS next, LATERAL (
        SELECT CASE WHEN at > 0 THEN left(next.key, %(skip)s + at - 1 + %(wide)s) ELSE '' END AS beginning
    ) AS entry
    WHERE place < %(limit)s
)
SELECT walk.name AS entry_name, walk.grouped AS entry_grouped, objects.*, contents.* FROM walk
LEFT JOIN objects ON NOT grouped AND bucket_id = %(bucket)s AND objects.key = walk.name
LEFT JOIN contents ON contents.id = content_id
WHERE place > 0 ORDER BY place
"""


class Entry(NamedTuple):
    """One line of a listing."""

    name: str
    object: Row | None
    """The object's row; None for the common beginning of many."""


async def entries(
    database: Database, bucket: int, prefix: str, delimiter: str, marker: str, limit: int
) -> list[Entry]:
    """The first `limit` entries after `marker`."""
    if not (storable(prefix) and storable(delimiter) and storable(marker)) or limit < 1:
        return []
    wanted = {
        "bucket": bucket,
        "after": after_all(prefix, delimiter, marker),
        "prefix": prefix,
        "last": prefix + LAST,
        "limit": limit,
    }
    if not delimiter:
        return [Entry(row["key"], row) for row in await database.all(_PLAIN, wanted)]
    wanted |= {"delimiter": delimiter, "skip": len(prefix), "wide": len(delimiter), "high": LAST}
    rows = await database.all(_GROUPED, wanted)
    return [Entry(row["entry_name"], None if row["entry_grouped"] else row) for row in rows]


def after_all(prefix: str, delimiter: str, marker: str) -> str:
    """What all further keys come after.

    A marker that is a common beginning stands for all of its keys.
    """
    if delimiter and marker.startswith(prefix):
        at = marker.find(delimiter, len(prefix))
        if at >= 0 and at + len(delimiter) == len(marker):
            return marker + LAST
    return marker
