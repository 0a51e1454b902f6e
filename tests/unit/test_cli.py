"""What all commands share: help, version, folders, and the line that sums up."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from scenes import photo

import tinct
from running import command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two photos, one that is broken, and what programs leave beside photos."""
    inside = tmp_path / "holiday"
    inside.mkdir()
    photo("coffee", 48).save(inside / "coffee.jpg")
    photo("rocket", 48).save(inside / "rocket.png")
    photo("rocket", 48).save(inside / ".hidden.jpg")
    (inside / "broken.jpg").write_text("no photo at all")
    (inside / "._coffee.jpg").write_bytes(b"\0\5\26\7resource fork")
    (inside / "notes.txt").write_text("no photo either")
    return tmp_path


def _tinct(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return command(*words, folder=folder)


def test_the_version_is_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tinct", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"tinct {tinct.__version__}\n")


@pytest.mark.parametrize("words", [("-h",), ("migrate", "-h"), ("models", "-h"), ("models", "list", "-h")])
def test_help_has_a_short_name_everywhere(tmp_path, words):
    done = _tinct(tmp_path, *words)
    assert done.returncode == 0, done.stderr
    assert "Usage: tinct " + " ".join(words[:-1]) in done.stdout


def test_a_folder_leaves_hidden_files_alone_and_the_last_line_sums_up(folder):
    done = _tinct(folder, "migrate", "holiday", "--template", "navy,#f80", "--no-portrait", "-o", "out")
    assert done.returncode == 1
    assert done.stdout.split() == ["out/coffee-template.jpg", "out/rocket-template.png"]
    assert "broken.jpg" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "tinct: 2 photos done, 3 files skipped (hidden, or no photos), 1 failed; results in out"
    )


def test_a_hidden_file_that_is_named_is_worked_on(folder):
    done = _tinct(folder, "convert", "holiday/.hidden.jpg", "-o", "seen.png")
    assert done.returncode == 0, done.stderr
    assert (folder / "seen.png").exists()


def test_one_photo_and_programs_get_no_line_that_sums_up(folder):
    one = _tinct(folder, "convert", "holiday/coffee.jpg", "--format", "jpg", "-o", "out")
    assert (one.stdout, one.stderr) == ("out/coffee-convert.jpg\n", "")
    many = _tinct(folder, "palette", "holiday", "--json")
    assert "done" not in many.stderr
    reports = json.loads(many.stdout)
    assert [Path(report["photo"]).name for report in reports] == ["broken.jpg", "coffee.jpg", "rocket.png"]
    assert "error" in reports[0]
