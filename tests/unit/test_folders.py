"""Folders of attempts: kept for the next one where they are empty, gone where they are not."""

import os
import time
from pathlib import Path

import pytest

from tinct.backend import Backend
from tinct.jobs import retention
from tinct.jobs.folders import IDLE, Folders

pytestmark = pytest.mark.asyncio


async def test_a_folder_that_is_left_empty_is_the_next_attempts_under_its_name(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    first = folders.take("job_a", 1)
    number = first.stat().st_ino
    os.utime(first, (0, 0))
    await folders.give_back(first, again=True)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith("job_a")]
    second = folders.take("job_b", 2)
    assert second.name.startswith("job_b.2.")
    assert second.stat().st_ino == number
    assert time.time() - second.stat().st_mtime < 3600  # it is not taken for a leftover
    assert list(tmp_path.iterdir()) == [second]


@pytest.mark.parametrize("again", [True, False])
async def test_what_an_attempt_left_goes_with_its_folder(tmp_path: Path, again: bool) -> None:
    folders = Folders(tmp_path)
    folder = folders.take("job_a", 1)
    (folder / "below").mkdir()
    (folder / "below" / "0").write_bytes(b"of another")
    await folders.give_back(folder, again=again)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_in_which_a_process_may_write_still_is_nobody_elses(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    await folders.give_back(folders.take("job_a", 1), again=False)
    assert list(tmp_path.iterdir()) == []


async def test_a_folder_that_was_swept_while_it_waited_is_made_anew(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    await folders.give_back(folders.take("job_a", 1), again=True)
    (idle,) = tmp_path.iterdir()
    idle.rmdir()
    assert list(folders.take("job_b", 1).iterdir()) == []


async def test_nothing_is_left_when_a_worker_ends(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    await folders.give_back(folders.take("job_a", 1), again=True)
    folders.close()
    assert list(tmp_path.iterdir()) == []


async def test_the_sweep_removes_old_idle_folders_but_none_that_is_being_used(backend: Backend) -> None:
    empty, used = (backend.blobs.scratch / f"{IDLE}{name}" for name in ("empty", "used"))
    for folder in (empty, used):
        folder.mkdir()
    (used / "0").touch()
    for folder in (empty, used):
        os.utime(folder, (0, 0))
    await retention.expire(backend)
    assert (empty.exists(), used.exists()) == (False, True)
