"""Whatever is killed, and whenever: every job ends, once, with one result and one charge.

``pytest tests/acceptance/test_faults.py --fault-jobs 1000`` is the long form.
"""

import asyncio
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backends import HAZARDS
from faults import PATIENCE_S, Faults, rage
from tinct.backend import Backend, open_backend
from tinct.settings import Settings


def order(faults: Faults, key: str, number: int) -> str:
    body = {"effect": "slow", "params": {"seconds": 0.1 * (number % 5), "number": number}}
    reply = faults.ask(key, "POST", "/v1/jobs", json=body, headers={"Idempotency-Key": f"order-{number}"})
    assert reply.status_code in (200, 202), reply.text
    return str(reply.json()["id"])


def all_ended(faults: Faults, key: str, ids: list[str]) -> bool:
    """Wait until every job is final, first come first, as long as jobs go on ending."""
    since = time.monotonic()
    for job_id in ids:
        while not (reply := faults.ask(key, "GET", f"/v1/jobs/{job_id}")).json().get("finished_at"):
            assert reply.status_code == 200, reply.text
            if time.monotonic() - since > PATIENCE_S:
                return False
            time.sleep(0.05)
        since = time.monotonic()
    return True


async def audit(backend: Backend, account: str, ids: list[str]) -> None:
    """Look into the database and the store, not at what the API says."""
    jobs = await backend.database.all("SELECT * FROM jobs")
    assert {job["id"] for job in jobs} == set(ids)
    assert Counter(job["state"] for job in jobs) == {"succeeded": len(ids)}
    lines = await backend.database.all("SELECT job_id, kind FROM ledger WHERE job_id IS NOT NULL")
    assert Counter((line["job_id"], line["kind"]) for line in lines) == {
        (job_id, kind): 1 for job_id in ids for kind in ("hold", "charge")
    }
    balance = await backend.credits.balance(account)
    assert (balance.available, balance.held) == (5, 0)
    files = await backend.database.all("SELECT job_id, key FROM files")
    assert Counter(file["job_id"] for file in files) == dict.fromkeys(ids, 1)
    folder = backend.settings.data / "blobs"
    stored = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"owner"}
    assert stored == {file["key"] for file in files}
    for job in jobs:
        assert [result["file_id"] for result in job["results"]]


def test_every_job_ends_once_with_one_result_and_one_charge_whatever_is_killed(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count = request.config.getoption("--fault-jobs")
    faults = Faults(tmp_path / "data", seed=count)
    try:
        made = faults.server.key("payer", credits=count + 5)
        key, done = made["api_key"], threading.Event()
        raging = threading.Thread(target=rage, args=(faults, done, count))
        raging.start()
        try:
            with ThreadPoolExecutor(4) as pool:
                ids = list(pool.map(lambda number: order(faults, key, number), range(count)))
            assert len(set(ids)) == count
            assert all_ended(faults, key, ids)
        finally:
            done.set()
            raging.join()
    finally:
        faults.server.stop()
    print(dict(faults.killed))
    assert all(faults.killed[what] for what in ("child", "worker", "database", "api"))

    async def look() -> None:
        settings = Settings(data=tmp_path / "data", extra_effects=HAZARDS)
        async with open_backend(settings) as backend:
            await audit(backend, made["id"], ids)

    asyncio.run(look())
