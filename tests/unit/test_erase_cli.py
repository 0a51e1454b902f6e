"""``tinct erase`` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import said
from scenes import picture

import tinct
from tinct.errors import EmptyPhotoError, ParameterError
from tinct.imaging.fill.mask import boxes
from tinct.photo.photo import Photo

BOX = (50, 22, 18, 16)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return Photo(picture("coffee", 96)).save(tmp_path / "cup.png")


def test_boxes_and_a_mask_of_the_same_pixels_give_the_librarys_result(photo: Path, tmp_path: Path) -> None:
    source = tinct.open(photo)
    mask = boxes(source, [BOX])
    mask.save(tmp_path / "mask.png")
    said("erase", photo, "--mask", tmp_path / "mask.png", "--method", "patch", "-o", tmp_path / "one.png")
    said(
        "erase", photo, "--box", "50,22,10,16", "--box", "60,22,8,16", "--method", "patch",
        "-o", tmp_path / "two.png",
    )  # fmt: skip
    wanted = tinct.erase(source, mask, "patch").photo.pixels
    assert np.array_equal(tinct.open(tmp_path / "one.png").pixels, wanted)
    assert np.array_equal(tinct.open(tmp_path / "two.png").pixels, wanted)


def test_json_names_the_holes_and_what_filled_them(photo: Path, tmp_path: Path) -> None:
    report = json.loads(
        said("erase", photo, "--box", "50,22,18,16", "--method", "shift", "-o", tmp_path, "--json")
    )
    assert report[0]["holes"] == [{"box": list(BOX), "engine": "shift"}]
    assert Path(report[0]["results"][0]).name == "cup-erased.png"


@pytest.mark.parametrize(
    ("field", "options"),
    [
        ("mask", []),
        ("mask", ["--mask", "{photo}", "--box", "1,1,2,2"]),
        ("box", ["--box", "1,2,3"]),
        ("box", ["--box", "left,2,3,4"]),
        ("method", ["--box", "1,1,2,2", "--method", "magic"]),
        ("grow", ["--box", "1,1,2,2", "--grow", "999"]),
    ],
)
def test_a_wrong_option_is_named(photo: Path, tmp_path: Path, field: str, options: list[str]) -> None:
    with pytest.raises(ParameterError) as caught:
        said("erase", photo, *(option.format(photo=photo) for option in options), "-o", tmp_path / "out")
    assert caught.value.field == field


def test_a_mask_that_cannot_be_read_is_not_taken_for_the_photo(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "mask.png").write_bytes(b"")
    with pytest.raises(EmptyPhotoError, match=r"^--mask: "):
        said("erase", photo, "--mask", tmp_path / "mask.png", "-o", tmp_path / "out.png")


def test_a_file_of_the_same_name_is_not_replaced(photo: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken.png"
    taken.write_bytes(b"mine")
    assert "taken.png exists" in said("erase", photo, "--box", "50,22,9,9", "-o", taken, fails=True)
    assert taken.read_bytes() == b"mine"


def test_a_box_outside_one_photo_does_not_stop_the_others(photo: Path, tmp_path: Path) -> None:
    small = Photo(picture("coffee", 40)).save(tmp_path / "small.png")
    said("erase", small, photo, "--box", "60,30,9,9", "-o", tmp_path / "out", fails=True)
    assert [f.name for f in (tmp_path / "out").iterdir()] == ["cup-erased.png"]
