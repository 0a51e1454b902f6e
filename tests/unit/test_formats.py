"""One table of formats: everything that names a format, an ending or a content type agrees with it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from photo_files import as_bytes, scene
from PIL import Image

from tinct.cli import batch
from tinct.dialects.native.wire import Order
from tinct.errors import ParameterError, UnsupportedPhotoError
from tinct.jobs import child, orders
from tinct.jobs.file import MEDIA_TYPES, format_of, suffix
from tinct.jobs.job import Order as Call
from tinct.photo import decode, formats
from tinct.photo.encode import encode
from tinct.photo.photo import Photo
from tinct.settings import Settings

ROWS = {row.name: row for row in formats.FORMATS}


@pytest.mark.parametrize("fact", ["endings", "media_types"])
def test_no_ending_and_no_media_type_stands_for_two_formats(fact: str) -> None:
    words = [word for row in formats.FORMATS for word in getattr(row, fact)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("name", formats.WRITABLE)
def test_what_is_written_is_recognised_by_its_own_row_alone(name: str) -> None:
    data = encode(Photo(scene()), name)
    assert [row.name for row in formats.FORMATS if row.magic(data[:64])] == [name]


@pytest.mark.parametrize("name", formats.WRITABLE)
def test_depth_and_channels_of_files_are_those_that_the_row_declares(name: str) -> None:
    row = ROWS[name]
    for dtype in ("uint8", "uint16"):
        deep = scene(dtype=dtype)
        plain = decode.probe(encode(Photo(deep), name))
        assert plain.depth == max(d for d in row.depths if d <= deep.itemsize * 8)
        assert plain.channels == 3
        clear = decode.probe(encode(Photo(deep, deep[..., 0].copy()), name))
        assert clear.channels == (4 if 4 in row.channels else 3)
        gray = Photo(np.repeat(deep[..., :1], 3, 2), gray=True)
        assert decode.probe(encode(gray, name)).channels == (1 if 1 in row.channels else 3)


def test_a_format_is_known_by_every_usual_name() -> None:
    for word in ("jpg", "JPEG", ".jpe", " tif ", "heic", "HEIF", "pjpeg"):
        assert formats.named(word) is not None, word
    assert formats.named("xyz") is None
    assert formats.of_media_type("image/JPEG; q=1") is ROWS["jpeg"]


def test_a_result_keeps_its_sources_format_where_that_can_be_written() -> None:
    assert [formats.kept(kind) for kind in ("jpeg", "heif", "avif", "bmp", "gif", None)] == [
        "jpeg", "heif", "avif", "png", "png", "png",
    ]  # fmt: skip


def test_every_interface_takes_exactly_the_formats_that_are_written() -> None:
    schema = Order.model_json_schema()["properties"]["format"]["anyOf"][0]
    assert tuple(schema["enum"]) == formats.WRITABLE
    for name in ROWS:
        call = Call(account="a", effect="convert", inputs={"image": "f"}, format=name)
        if name in formats.WRITABLE:
            orders.check(call, Settings())
            batch.Outputs(Path("out"), True, format=name)
        else:
            with pytest.raises(ParameterError, match="format"):
                orders.check(call, Settings())
            with pytest.raises(ParameterError, match="format"):
                batch.Outputs(Path("out"), True, format=name)
    assert set(ROWS) <= set(MEDIA_TYPES)
    for name in ROWS:
        assert format_of(MEDIA_TYPES[name]) == name
        assert formats.of_path("x" + suffix(name)) is ROWS[name]


def test_an_order_for_a_format_whose_extra_is_missing_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnsupportedPhotoError, match=r'pip install "tinct\[heic\]"'):
        orders.check(Call(account="a", effect="convert", inputs={"image": "f"}, format="heif"), Settings())
    assert formats.kept("heif") == "png"


@pytest.mark.parametrize("ending", sorted(e for row in formats.FORMATS for e in row.endings))
def test_a_photo_of_any_ending_is_found_in_a_folder(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"photo{ending.upper()}"
    path.write_bytes(b"x")
    assert batch.collect([str(tmp_path)]).photos == [path]


@pytest.mark.parametrize("ending", [".jpe", ".jfif", ".pjpeg", ".mpo", ".hif"])
def test_an_output_of_any_ending_is_a_file_and_not_a_folder(ending: str, tmp_path: Path) -> None:
    outputs = batch.Outputs(tmp_path / f"out{ending}", True)
    target = outputs.photo(Path("a.png"), "png", "auto")
    assert target == tmp_path / f"out{ending}"
    Photo(scene()).save(target)
    assert decode.open(target).format == formats.of_path(target).name


@pytest.mark.parametrize("words", [["x" * 300 + ".jpg"], ["a\0b.jpg"], ["y/" * 3000]])
def test_an_argument_that_cannot_be_a_file_is_refused_in_a_sentence(words: list[str]) -> None:
    with pytest.raises(ParameterError, match=r"^photo: got .*allowed: a file, a folder or a pattern"):
        batch.collect(words)
    assert not batch.Outputs(Path("x" * 300), True)._is_file


LONG = "x" * 300


@pytest.mark.parametrize(
    "words",
    [
        ["palette", f"{LONG}.jpg"],
        ["migrate", "PHOTO", "--reference", f"{LONG}.jpg"],
        ["migrate", "PHOTO", "--apply", f"{LONG}.cube"],
        ["migrate", "PHOTO", "--auto", "1", "-o", f"{LONG}.jpg"],
        ["migrate", "PHOTO", "--auto", "1", "-o", LONG],
        ["migrate", "PHOTO", "--auto", "1", "-o", f"{LONG}/{LONG}.jpg"],
        ["migrate", "PHOTO", "--auto", "1", "-o", "out", "--cube", f"{LONG}.cube"],
        ["background", "PHOTO", "--mask", f"{LONG}.png"],
    ],
    ids=lambda words: " ".join(word[:12] for word in words),
)
def test_a_very_long_name_gives_a_sentence_and_no_traceback(words: list[str], tmp_path: Path) -> None:
    photo = Photo(scene()).save(tmp_path / "a.png")
    words = [str(photo) if word == "PHOTO" else word for word in words]
    command = [sys.executable, "-c", "from tinct.cli import main; main()", *words]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert run.returncode in (1, 2)
    assert "Traceback" not in run.stderr
    assert "tinct: " in run.stderr


def result_of(data: bytes, format: str | None, tmp_path: Path) -> child.Made:
    """What a child says of the file that it made from a photo."""
    source = tmp_path / "source"
    source.write_bytes(data)
    folder = tmp_path / "results"
    folder.mkdir()
    task = child.Task(
        effect="convert",
        params={},
        inputs={"image": str(source)},
        format=format,
        quality=92,
        folder=str(folder),
    )
    outcome = child.perform(task)
    assert outcome.code is None, outcome
    return outcome.made[0]


def test_facts_of_results_are_those_of_the_files(tmp_path: Path) -> None:
    gray = as_bytes(Image.fromarray(scene()).convert("L"), "JPEG")
    made = result_of(gray, None, tmp_path)
    assert (made.format, made.channels, made.depth, made.mode) == ("jpeg", 1, 8, "gray")


def test_facts_of_a_deep_avif_tell_its_ten_bits(tmp_path: Path) -> None:
    made = result_of(encode(Photo(scene(dtype="uint16")), "png"), "avif", tmp_path)
    assert (made.format, made.channels, made.depth, made.mode) == ("avif", 3, 10, "rgb")


def test_a_heic_photo_gives_a_heic_result_on_the_server_too(tmp_path: Path) -> None:
    assert result_of(encode(Photo(scene()), "heif"), None, tmp_path).format == "heif"


def test_rows_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        ROWS["png"].name = "x"  # type: ignore[misc]
