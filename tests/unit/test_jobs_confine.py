"""What an effect in a child cannot do, tried from inside."""

import asyncio
import json
import multiprocessing
import os
import platform
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from backends import Postgres, ended, submitted, working
from tinct.backend import open_backend
from tinct.jobs.child import Task
from tinct.jobs.children import Child, ChildLostError, dispose
from tinct.jobs.confine import own_session
from tinct.jobs.job import JobState

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"),
    reason="no system-call filter here",
)

SCRIPT = """
import asyncio, json, sys
from pathlib import Path
from backends import ended, submitted, working
from tinct.backend import open_backend
from tinct.settings import Settings

async def main():
    async with open_backend(Settings.from_environment()) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        job = await ended(backend, await submitted(backend, account, "escape"))
        print(json.dumps({"state": job.state, "facts": dict(job.facts), "failure": str(job.failure)}))

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_an_effect_sees_no_secret_and_can_start_no_process_and_no_connection(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data", workers=1)
    (tmp_path / "script.py").write_text(SCRIPT)
    settings.data.mkdir(exist_ok=True)
    (settings.data / "key").write_text("nobody's business")
    secret = "a-secret-of-the-server-that-nobody-may-see"
    environment = settings.to_environment() | {
        "TINCT_SECRET": secret,
        "AWS_SECRET_ACCESS_KEY": secret,
        "MY_TOKEN": secret,
    }
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["state"] == JobState.SUCCEEDED, told["failure"]
    facts = told["facts"]
    assert secret not in facts.pop("shown")
    seen = set(facts.pop("environment"))
    assert not {name for name in seen if name.startswith(("TINCT_", "AWS_")) or name == "MY_TOKEN"}
    assert "PATH" in seen
    assert facts.pop("temporary files") == str(settings.data / "scratch")
    assert [facts.pop("own temporary file"), facts.pop("read a program")] == ["allowed", "allowed"]
    closed = {name: facts.pop(name) for name in ("key", "data folder", "write beside", "write to a program")}
    assert set(closed.values()) == {"PermissionError"}, closed
    assert facts == {
        "session": True,
        "fork": "PermissionError",
        "program": "PermissionError",
        "internet": "PermissionError",
        "local socket": "PermissionError",
        "signal to its parent": "PermissionError",
        "signal to all": "PermissionError",
        "signal to itself": "allowed",
        "thread": "allowed",
    }


def test_the_workers_own_environment_stays_as_it_is():
    before = dict(os.environ)
    import tinct.jobs.forkserver  # noqa: F401

    assert dict(os.environ) == before


@pytest.mark.asyncio
async def test_effects_with_threads_and_models_work_in_a_confined_child(postgres: Postgres, tmp_path):
    from running import photo
    from youcam_pictures import face

    settings = postgres.create(tmp_path / "data", workers=1)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        image = await backend.files.put(account, photo(format="JPEG"))
        somebody = await backend.files.put(account, face())
        for effect in ("convert", "enhance", "light", "correct", "background"):
            chosen = somebody if effect == "background" else image
            job = await submitted(backend, account, effect, inputs={"image": chosen.id})
            last = await ended(backend, job, 300)
            assert (last.state, last.attempt) == (JobState.SUCCEEDED, 1), (effect, last.failure)


def _start_another(note: str) -> None:
    """What an effect could do where there is no filter: start a process that outlives its own."""
    own_session()
    if os.fork() == 0:
        Path(note).write_text(str(os.getpid()))
        time.sleep(600)
        os._exit(0)
    time.sleep(600)


def test_a_process_that_a_child_started_does_not_survive_it(tmp_path):
    note = tmp_path / "pid"
    child = multiprocessing.get_context("forkserver").Process(
        target=_start_another, args=(str(note),), daemon=True
    )
    child.start()
    until = time.monotonic() + 60
    while not (note.exists() and note.read_text()):
        assert time.monotonic() < until
        time.sleep(0.05)
    grandchild = psutil.Process(int(note.read_text()))
    assert grandchild.is_running()
    dispose(child)
    while grandchild.is_running() and grandchild.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.asyncio
async def test_a_child_that_nobody_watches_ends_with_its_processor_time(postgres: Postgres, tmp_path):
    settings = postgres.create(tmp_path / "data")
    child = Child(settings, tmp_path)
    try:
        task = Task(
            effect="spin", params={}, inputs={}, format=None, quality=90, folder=str(tmp_path), processor_s=1
        )
        with pytest.raises(ChildLostError):
            await asyncio.wait_for(child.run(task, lambda share: None), 60)
        quick = Task(
            effect="noop", params={}, inputs={}, format="png", quality=90, folder=str(tmp_path), processor_s=1
        )
        for _ in range(3):  # what earlier tasks took does not count
            assert (await child.run(quick, lambda share: None)).code is None
    finally:
        child.drop()


@pytest.mark.asyncio
@pytest.mark.parametrize("number", [0, 1, 2], ids=["nonsense", "a file elsewhere", "a link to it"])
async def test_a_child_that_tells_what_cannot_be_is_lost(postgres: Postgres, tmp_path, number):
    other = tmp_path / "other"
    other.write_text("somebody's")
    settings = postgres.create(tmp_path / "data", workers=1, job_attempts=1)
    async with open_backend(settings) as backend, working(backend):
        account = (await backend.accounts.create("tester")).account.id
        job = await submitted(backend, account, "liar", params={"file": str(other), "number": number})
        last = await ended(backend, job)
        assert (last.state, last.results) == (JobState.RETRIES_EXHAUSTED, ())
        assert other.read_text() == "somebody's"
        assert (await ended(backend, await submitted(backend, account))).state is JobState.SUCCEEDED
