"""What children may read is what is stored, however old they are and whatever happened to its folder."""

import asyncio
import random
import shutil
import subprocess
import sys

import pytest

from backends import Postgres, ended, submitted, working
from running import photo
from tinct.backend import open_backend
from tinct.jobs.job import JobState

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="no such sandbox here")

SHORT_OF_DESCRIPTORS = """
import os, resource, sys
from pathlib import Path
from tinct.jobs.landlock import close_files

data = Path(sys.argv[1])
free = os.open(os.devnull, os.O_RDONLY)
os.close(free)
resource.setrlimit(resource.RLIMIT_NOFILE, (free + 1, free + 1))  # the rules themselves take the last one
try:
    print("closed" if close_files(data, readable=[data / "blobs"], writable=[data / "scratch"]) else "none")
except OSError:
    print("refused")
"""


def test_a_sandbox_that_misses_a_rule_is_not_put_on(tmp_path):
    for name in ("blobs", "scratch"):
        (tmp_path / name).mkdir()
    done = subprocess.run(
        [sys.executable, "-c", SHORT_OF_DESCRIPTORS, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    if done.stdout.strip() == "none":
        pytest.skip("no such sandbox here")
    assert done.stdout.strip() == "refused"


@pytest.mark.asyncio
async def test_a_result_that_a_child_cannot_read_any_more_is_read_by_its_successor(
    postgres: Postgres, tmp_path
):
    settings = postgres.create(tmp_path / "data", workers=1)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        first = await ended(backend, await submitted(backend, account))
        root = backend.blobs.root
        assert root is not None
        root.rename(root.with_name("before"))  # as who puts a copy in its place
        shutil.copytree(root.with_name("before"), root)
        second = await submitted(backend, account, inputs={"image": first.results[0].file_id})
        last = await ended(backend, second)
        assert (last.state, last.attempt) == (JobState.SUCCEEDED, 2), last.failure


@pytest.mark.asyncio
async def test_children_that_are_replaced_all_the_time_read_each_others_results(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data", workers=2, child_jobs=3, stalled_s=30)
    chance = random.Random(0)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        known = [(await backend.files.put(account, photo(format="PNG"))).id]

        async def one() -> None:
            source = chance.choice(known)
            effect = chance.choice(("noop", "convert"))
            job = await submitted(backend, account, effect, inputs={"image": source}, format="png")
            last = await ended(backend, job)
            assert (last.state, last.attempt) == (JobState.SUCCEEDED, 1), last.failure
            known.append(last.results[0].file_id)

        async def chain(number: int) -> None:
            for _ in range(number):
                await one()
                gone = await ended(backend, await submitted(backend, account))
                await backend.jobs.delete(account, gone.id)  # folders come and go beside

        await asyncio.gather(*(chain(8) for _ in range(4)))
