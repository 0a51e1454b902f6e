"""``tinct watch`` as people leave it running: half files, new names, restarts, a full disk."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import tinct

COMMAND = [sys.executable, "-m", "tinct", "watch"]
QUICK = ["--every", "0.1", "--settle", "0.3"]


def _photo(seed: int) -> tinct.Photo:
    return tinct.Photo(np.random.default_rng(seed).integers(0, 256, (24, 32, 3), dtype=np.uint8))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    tinct.ColorMap.identity(5).save(tmp_path / "look.cube")
    return tmp_path


@contextlib.contextmanager
def _watching(folder: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    options = words or ("--apply", "look.cube", "--no-portrait", "-o", "out")
    child = subprocess.Popen(
        [*COMMAND, "in", *QUICK, *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        child.communicate(timeout=60)


def _come(folder: Path, *names: str) -> None:
    """Wait for results."""
    deadline = time.monotonic() + 60
    while not all((folder / "out" / name).exists() for name in names):
        assert time.monotonic() < deadline, sorted(p.name for p in (folder / "out").glob("*"))
        time.sleep(0.05)


def _once(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    options = words or ("--apply", "look.cube", "--no-portrait", "-o", "out")
    return subprocess.run(
        [*COMMAND, "in", *QUICK, "--once", *options], cwd=folder, capture_output=True, text=True, check=False
    )


def _results(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "out").iterdir() if not path.name.startswith("."))


def test_what_arrives_is_worked_on_when_it_is_complete_and_a_stop_is_clean(folder):
    data = _photo(1).save(folder / "whole.jpg").read_bytes()
    with _watching(folder) as child:
        (folder / "in/early.png").write_bytes(_photo(2).save(folder / "p.png").read_bytes())
        _come(folder, "early-apply-look.png")
        with (folder / "in/slow.jpg").open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            time.sleep(1.5)  # longer than files must not change
            assert _results(folder) == ["early-apply-look.png"]
            file.write(data[len(data) // 2 :])
        _come(folder, "slow-apply-look.jpg")
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=60)
    assert child.returncode == 0
    assert out.split() == ["out/early-apply-look.png", "out/slow-apply-look.jpg"]
    assert err.splitlines() == ["tinct: watching in; results go to out", "tinct: stopped"]


def test_a_restart_and_a_new_name_do_nothing_twice_and_a_new_photo_is_done(folder):
    _photo(1).save(folder / "in/a.jpg")
    assert _once(folder).stdout.split() == ["out/a-apply-look.jpg"]
    (folder / "in/a.jpg").rename(folder / "in/renamed.jpg")
    assert _once(folder).stdout == ""
    _photo(2).save(folder / "in/a.jpg")
    assert _once(folder).stdout.split() == ["out/a-apply-look-2.jpg"]
    (folder / "out/.tinct-watch.json").unlink()  # as after a crash: the results tell
    (folder / "in/renamed.jpg").unlink()
    assert _once(folder, "convert", "-o", "other").stdout.split() == ["other/a-convert.jpg"]
    (folder / "other/.tinct-watch.json").unlink()
    assert _once(folder, "convert", "-o", "other").stdout == ""


def test_a_file_that_is_no_photo_is_named_once_and_tried_again_when_it_changes(folder):
    (folder / "in/a.bmp").write_bytes(b"BM no photo")
    broken = b"\x89PNG\r\n\x1a\n" + b"IEND" * 20
    (folder / "in/b.png").write_bytes(broken)
    _photo(1).save(folder / "in/c.png")
    with _watching(folder) as child:
        _come(folder, "c-apply-look.png")
        time.sleep(1)
        _photo(2).save(folder / "in/b.png")
        _come(folder, "b-apply-look.png")
        child.send_signal(signal.SIGTERM)
        _, err = child.communicate(timeout=60)
    assert sum("b.png" in line for line in err.splitlines()) <= 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small file system")
def test_a_full_disk_is_waited_for(folder):
    (folder / "out").mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder / "out")],
        check=False,
        capture_output=True,
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    try:
        with contextlib.suppress(OSError), (folder / "out/filler").open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        _photo(1).save(folder / "in/a.png")
        with _watching(folder) as child:
            assert child.stderr is not None
            lines = [child.stderr.readline() for _ in range(3)]
            assert "cannot be written" in lines[1]
            assert "the next try is in 2 s" in lines[2]
            (folder / "out/filler").unlink()
            _come(folder, "a-apply-look.png")
    finally:
        subprocess.run(["umount", str(folder / "out")], check=True)


def test_results_inside_the_watched_folder_are_not_taken_for_photos(folder):
    _photo(1).save(folder / "in/a.png")
    for out in ("in/out", "in"):
        words = ("convert", "--recursive", "-o", out)
        assert _once(folder, *words).stdout.split() == [f"{out}/a-convert.png"]
        assert _once(folder, *words).stdout == ""


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["convert"], "--output: got nothing; allowed: a folder for the results"),
        (["convert", "-o", "a.jpg"], "-o: got 'a.jpg'; allowed: a folder for the results"),
        (["convert", "-o", "out", "--json"], "--json: got 'it'; allowed: nothing with watch"),
        (["light", "-o", "out", "--degree", "2"], "--degree: got 2.0; allowed: 0 to 1"),
        (
            ["colorise", "-o", "out"],
            "effect: got 'colorise'; allowed: the name of an effect, such as migrate or",
        ),
        (["moderate", "-o", "out"], "-o: there is no such option"),
    ],
)
def test_options_are_checked_before_anything_is_watched(folder, words, says):
    done = _once(folder, *words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"tinct: {says}")
