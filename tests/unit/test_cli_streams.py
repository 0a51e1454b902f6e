"""Photos through pipes: ``-`` is standard input and output."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scenes import photo, picture

import tinct

COMMAND = [sys.executable, "-m", "tinct"]


def _piped(folder: Path, data: bytes, *words: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *words], cwd=folder, input=data, capture_output=True, check=False)


@pytest.fixture
def coffee(tmp_path: Path) -> bytes:
    return photo("coffee", 64).save(tmp_path / "coffee.jpg").read_bytes()


@pytest.mark.parametrize("words", [["-"], ["-", "-o", "-"]])
def test_a_piped_photo_comes_out_of_the_pipe_and_nothing_else(tmp_path, coffee, words):
    done = _piped(tmp_path, coffee, "convert", *words, "--format", "png")
    assert (done.returncode, done.stderr) == (0, b"")
    made = np.asarray(Image.open(io.BytesIO(done.stdout)))
    assert np.array_equal(made, tinct.open(coffee).pixels)
    assert [path.name for path in tmp_path.iterdir()] == ["coffee.jpg"]


def test_a_file_goes_to_a_pipe_and_a_pipe_to_a_file(tmp_path, coffee):
    out = _piped(tmp_path, b"", "convert", "coffee.jpg", "--format", "webp", "-o", "-")
    assert Image.open(io.BytesIO(out.stdout)).format == "WEBP"
    done = _piped(tmp_path, coffee, "convert", "-", "-o", "made.png")
    assert done.stdout == b"made.png\n"
    assert tinct.open(tmp_path / "made.png").width == 64
    done = _piped(tmp_path, coffee, "convert", "-", "-o", "out", "--json")
    assert json.loads(done.stdout) == [{"photo": "-", "results": ["out/photo-convert.jpg"]}]


def test_what_is_beside_the_photo_may_come_through_the_pipe_instead(tmp_path, coffee):
    tinct.Photo(picture("rocket", 64)).save(tmp_path / "rocket.png")
    words = ["migrate", "rocket.png", "--no-portrait", "-o"]
    assert _piped(tmp_path, coffee, *words, "one.png", "--reference", "-").returncode == 0
    assert _piped(tmp_path, b"", *words, "two.png", "--reference", "coffee.jpg").returncode == 0
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["-", "-"], "photo: got '- twice'; allowed: standard input once"),
        (["-", "coffee.jpg", "-o", "-"], "-o: got '-'; allowed: a folder, because there are several"),
        (["-", "--json"], "--json: got 'it'; allowed: no JSON with the photo on standard output"),
    ],
)
def test_what_cannot_go_through_a_pipe_is_refused(tmp_path, coffee, words, says):
    done = _piped(tmp_path, coffee, "convert", *words)
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().startswith(f"tinct: {says}")


def test_broken_bytes_are_an_error_and_no_output(tmp_path):
    for data in (b"", b"no photo"):
        done = _piped(tmp_path, data, "convert", "-")
        assert (done.returncode, done.stdout) == (1, b"")
        assert done.stderr.startswith(b"tinct: -: the ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["convert", "-", "-o", "x.png"], "photo: got '- at a terminal'"),
        (["migrate", "coffee.jpg", "--reference", "-", "-o", "x.png"], "--reference: got '- at a terminal'"),
        (["convert", "coffee.jpg", "-o", "-"], "-o: got '- at a terminal'"),
    ],
)
def test_a_terminal_is_neither_read_nor_filled_with_bytes(tmp_path, coffee, words, says):
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [*COMMAND, *words], cwd=tmp_path, stdin=theirs, stdout=theirs, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2
    assert done.stderr.decode().startswith(f"tinct: {says}")


@pytest.mark.parametrize("encoding", ["utf-8:strict", "ascii:strict", "cp1252:strict"])
def test_no_file_name_and_no_terminal_stops_what_is_told(tmp_path, coffee, encoding):
    (tmp_path / "coffee.jpg").rename(tmp_path / os.fsdecode(b"caf\xe9.jpg"))  # as old archives hold them
    told = []
    for words in (["convert", ".", "-o", "out"], ["palette", "."]):
        done = subprocess.run(
            [*COMMAND, *words],
            cwd=tmp_path,
            capture_output=True,
            check=False,
            env=os.environ | {"PYTHONIOENCODING": encoding},
        )
        assert (done.returncode, done.stderr) == (0, b"")
        told.append(done.stdout)
    name = b"?" if encoding.startswith("ascii") else b"\xe9"  # typer opens a stream of ASCII anew
    assert told[0] == b"out/caf" + name + b"-convert.jpg\n"
    assert b"%" in told[1]
