"""``tinct colorize`` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import said
from PIL import Image
from skimage import data

import tinct
from tinct.errors import OutputError, ParameterError


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "old.png"
    Image.fromarray(data.camera()[::4, ::4]).save(path)
    return path


def test_each_variant_is_a_file_and_the_first_is_what_one_would_be(photo: Path, tmp_path: Path) -> None:
    said("colorize", photo, "--variants", 3, "-o", tmp_path / "out")
    said("colorize", photo, "-o", tmp_path / "one.png")
    files = sorted((tmp_path / "out").iterdir())
    assert [f.name for f in files] == ["old-color-1.png", "old-color-2.png", "old-color-3.png"]
    assert np.array_equal(tinct.open(files[0]).pixels, tinct.open(tmp_path / "one.png").pixels)


def test_a_sheet_shows_every_photo_before_and_after(photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "older.png"
    other.write_bytes(photo.read_bytes())
    said("colorize", photo, other, "-o", tmp_path / "out", "--sheet", tmp_path / "sheet.png")
    sheet = tinct.open(tmp_path / "sheet.png").pixels
    assert sheet.shape == (8 + 2 * 264, 8 + 2 * 264, 3)
    before, after = sheet[8:136, 8:136].astype(int), sheet[8:136, 272:400].astype(int)
    assert np.ptp(before, axis=2).max() == 0
    assert np.ptp(after, axis=2).max() > 5
    with pytest.raises(OutputError):
        said("colorize", photo, "-o", tmp_path / "more", "--sheet", tmp_path / "sheet.png")


def test_a_hint_on_the_command_line_is_the_librarys_hint(photo: Path, tmp_path: Path) -> None:
    said("colorize", photo, "--hint", "30,40,#2060D0", "-o", tmp_path / "hinted.png")
    wanted = tinct.colorize(tinct.open(photo), hints=[(30, 40, "#2060D0")]).photo
    assert np.array_equal(tinct.open(tmp_path / "hinted.png").pixels, wanted.pixels)


def test_json_says_what_the_photo_was(photo: Path, tmp_path: Path) -> None:
    report = json.loads(said("colorize", photo, "-o", tmp_path / "out", "--json"))
    assert report[0]["tone"] == "gray"
    assert report[0]["already_color"] is False
    assert Path(report[0]["results"][0]).exists()


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("variants", ["--variants", "5"]),
        ("strength", ["--strength", "2"]),
        ("hints.0.x", ["--hint", "left,2,#FF0000"]),
        ("hints.0", ["--hint", "1,2"]),
        ("hint", ["--hint", "1,2,#FF0000", "{again}"]),
    ],
)
def test_a_wrong_option_is_named(photo: Path, tmp_path: Path, field: str, options: list[str]) -> None:
    again = tmp_path / "again.png"
    again.write_bytes(photo.read_bytes())
    with pytest.raises(ParameterError) as caught:
        said(
            "colorize", photo, *(str(again) if o == "{again}" else o for o in options), "-o", tmp_path / "out"
        )
    assert caught.value.field == field


def test_a_red_stamp_stays_red_unless_told_otherwise(tmp_path: Path) -> None:
    pixels = np.repeat(data.camera()[::4, ::4, None], 3, axis=2)
    pixels[20:34, 90:110] = (200, 30, 40)
    Image.fromarray(pixels).save(tmp_path / "stamped.png")
    said("colorize", tmp_path / "stamped.png", "-o", tmp_path / "kept.png")
    said("colorize", tmp_path / "stamped.png", "-o", tmp_path / "gone.png", "--neutralise", "on")
    kept, gone = (
        tinct.open(tmp_path / name).pixels[22:32, 92:108].astype(int) for name in ("kept.png", "gone.png")
    )
    assert np.abs(kept - (200, 30, 40)).max() <= 3
    assert np.abs(gone - (200, 30, 40)).max() > 40
    around = tinct.open(tmp_path / "kept.png").pixels[:80, :80].astype(int)
    assert np.ptp(around, axis=2).mean() > 1


def test_a_run_that_goes_on_makes_the_sheet_anew_of_all_results(photo: Path, tmp_path: Path) -> None:
    album = tmp_path / "album"
    album.mkdir()
    photo.rename(album / "a.png")
    line = [album, "--skip-existing", "-o", tmp_path / "out", "--sheet", tmp_path / "sheet.png"]
    said("colorize", *line)
    first = tinct.open(tmp_path / "sheet.png").pixels
    (album / "b.png").write_bytes((album / "a.png").read_bytes())
    said("colorize", *line)
    both = tinct.open(tmp_path / "sheet.png").pixels
    assert both.shape[0] == first.shape[0] + 264
    assert np.abs(both[: first.shape[0] - 8].astype(int) - first[:-8]).max() <= 1
    assert not list(tmp_path.glob("sheet-*"))


@pytest.mark.parametrize("hint", ["3,4 navy", "navy", "other.png:3,4,navy"])
def test_a_hint_that_cannot_be_read_says_how_one_is_written(photo: Path, hint: str) -> None:
    with pytest.raises(ParameterError, match="x,y,colour, such as 120,80,navy"):
        said("colorize", photo, "--hint", hint)
