"""``tinct enhance`` as people call it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import said
from PIL import Image
from skimage import data

import tinct
from tinct.cli import enhance as command
from tinct.errors import MissingModelError, ParameterError
from tinct.models import store
from tinct.settings import Settings


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(store, "current", lambda: Settings(models=tmp_path / "models"))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "cat.png"
    Image.fromarray(data.chelsea()[40:140, 80:200]).save(path)
    return path


def test_the_file_is_what_the_library_gives(photo: Path, tmp_path: Path) -> None:
    said("enhance", photo, "--scale", 4, "-o", tmp_path / "large.png")
    found = tinct.open(tmp_path / "large.png")
    assert (found.width, found.height) == (480, 400)
    assert np.array_equal(found.pixels, tinct.enhance(tinct.open(photo), 4).photo.pixels)


def test_names_tell_the_scale_and_nothing_is_replaced(photo: Path, tmp_path: Path) -> None:
    for scale in (1, 2, 2):
        said("enhance", photo, "--scale", scale, "-o", tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["cat-enhanced.png", "cat-x2-2.png", "cat-x2.png"]


def test_json_tells_engine_tiles_and_times(photo: Path, tmp_path: Path) -> None:
    (report,) = json.loads(said("enhance", photo, "-o", tmp_path / "out", "--json"))
    assert report["engine"] == "classical"
    assert report["tiles"] == 1
    assert report["seconds"] >= 0
    assert report["estimated_seconds"] >= 0


def test_how_long_it_will_take_is_said_before_it_is_done(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "WORTH_SAYING_S", 0.0)
    lines = said("enhance", photo, "-o", tmp_path / "out").splitlines()
    assert lines[0].startswith(f"{photo}: about 0 s (classical")
    assert lines[1] == str(tmp_path / "out" / "cat-x2.png")


def test_one_bad_photo_does_not_stop_the_others(photo: Path, tmp_path: Path) -> None:
    Image.new("RGB", (5, 5)).save(tmp_path / "dot.png")
    assert "8 pixels or more" in said(
        "enhance", tmp_path / "dot.png", photo, "-o", tmp_path / "out", fails=True
    )
    assert (tmp_path / "out" / "cat-x2.png").exists()


def test_a_model_that_is_missing_names_the_command(photo: Path, tmp_path: Path) -> None:
    assert "tinct models fetch realesrgan-x4plus" in said(
        "enhance", photo, "--model", "realesrgan", "-o", tmp_path / "out", fails=True
    )
    with pytest.raises(MissingModelError):
        tinct.enhance(tinct.open(photo), 2, "realesrgan")


@pytest.mark.parametrize("option", [("--scale", 3), ("--model", "magic"), ("--denoise", "2")])
def test_a_wrong_option_is_refused_before_any_work(
    photo: Path, tmp_path: Path, option: tuple[str, object]
) -> None:
    with pytest.raises(ParameterError):
        said("enhance", photo, *option, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()
