"""Files appear whole or not at all, with the rights of any new file."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinct import atomic
from tinct.imaging import cube


def test_a_block_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def half() -> None:
        with atomic.writing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_a_name_that_is_taken_is_refused_where_it_may_not_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with pytest.raises(FileExistsError), atomic.writing(path, overwrite=False) as file:
        file.write(b"new")
    assert path.read_bytes() == b"old"
    with atomic.writing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_a_cube_has_the_rights_of_any_new_file_without_touching_the_process_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other threads make files meanwhile; with an open umask theirs would be writable for everyone."""
    (tmp_path / "other").touch()
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("the umask belongs to the whole process"))
    written = cube.write(np.zeros((2, 2, 2, 3), np.float32), "", tmp_path / "a.cube")
    assert written.stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_writer_that_is_killed_leaves_no_file_of_that_name(tmp_path: Path) -> None:
    code = """
import os, pathlib, sys
from tinct import atomic
with atomic.writing(pathlib.Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os._exit(1)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a")], check=False)
    assert not (tmp_path / "a").exists()


def test_a_secret_is_for_its_owner_alone(tmp_path: Path) -> None:
    with atomic.writing(tmp_path / "secret", mode=0o600, durable=True) as file:
        file.write(b"x")
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
