"""Whether every job of a benchmark ended once, with one result and one charge if any: by database and store alone."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Mapping

from tinct.backend import open_backend
from tinct.settings import Settings

__all__ = ["audit"]


def audit(
    environment: Mapping[str, str], ids: Collection[str], account: str, charged: bool = True
) -> list[str]:
    """What is wrong, one sentence each; nothing if all is well.

    Parameters
    ----------
    environment : mapping
        Settings of the servers, ``TINCT_...`` and those of the store's client.
    ids : collection of str
        Jobs that were accepted, as the callers know.
    account : str
        Whose they are.
    charged : bool
        Whether it pays by credits.
    """
    os.environ.update(environment)
    return asyncio.run(_audit(Settings.from_environment(), set(ids), account, charged))


async def _audit(settings: Settings, ids: set[str], account: str, charged: bool) -> list[str]:
    wrong = []
    async with open_backend(settings) as backend:
        jobs = await backend.database.all("SELECT id, state FROM jobs WHERE account_id = %s", (account,))
        lines = await backend.database.all(
            "SELECT job_id, kind FROM ledger WHERE account_id = %s AND job_id IS NOT NULL", (account,)
        )
        files = await backend.database.all("SELECT job_id, key FROM files WHERE account_id = %s", (account,))
        balance = await backend.credits.balance(account)
        known = {row["id"] for row in jobs}
        if known != ids:
            wrong.append(f"{len(ids - known)} jobs lost, {len(known - ids)} doubled")
        states = Counter(row["state"] for row in jobs)
        if states != {"succeeded": len(ids)}:
            wrong.append(f"ends: {dict(states)}")
        entries = Counter((row["job_id"], row["kind"]) for row in lines)
        if entries != {(job, kind): 1 for job in ids for kind in ("hold", "charge") if charged}:
            wrong.append(f"entries of the ledger: {dict(Counter(kind for _, kind in entries.elements()))}")
        if balance.held:
            wrong.append(f"{balance.held} credits are still held")
        if Counter(row["job_id"] for row in files) != Counter(dict.fromkeys(ids, 1)):
            wrong.append(f"{len(files)} results for {len(ids)} jobs")
        missing = [row["key"] for row in files if not await _there(backend.blobs, row["key"])]
        if missing:
            wrong.append(f"{len(missing)} results without bytes")
    return wrong


async def _there(blobs: object, key: str) -> bool:
    from tinct.errors import FileMissingError

    try:
        await blobs.head(key)  # type: ignore[attr-defined]
    except FileMissingError:
        return False
    return True
