"""``tinct light`` and ``tinct correct`` as people call them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from commands import said
from PIL import Image
from skimage import data

import tinct
from tinct.effects.registry import get
from tinct.errors import ParameterError


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "dark.png"
    Image.fromarray((data.chelsea()[::2, ::2] * 0.25).astype(np.uint8)).save(path)
    return path


def test_the_lit_file_is_what_the_library_gives(photo: Path, tmp_path: Path) -> None:
    told = json.loads(said("light", photo, "-o", tmp_path / "out.png", "--strength", 0.5, "--json"))
    made = tinct.open(tmp_path / "out.png")
    assert np.array_equal(made.pixels, tinct.light(tinct.open(photo), strength=0.5).photo.pixels)
    assert "classical" in json.dumps(told)
    assert made.pixels.mean() > 1.3 * tinct.open(photo).pixels.mean()


def test_every_look_gets_a_file_of_its_own(photo: Path, tmp_path: Path) -> None:
    said("correct", photo, "-o", tmp_path / "out", "--variants", 4)
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"dark-corrected-{look}.png" for look in ("natural", "soft", "vivid", "warm")]
    first = tinct.open(tmp_path / "out" / "dark-corrected-natural.png")
    assert np.array_equal(first.pixels, tinct.correct(tinct.open(photo)).photos[0].pixels)


def test_what_is_not_allowed_is_named(photo: Path) -> None:
    with pytest.raises(ParameterError, match="variants"):
        said("correct", photo, "--variants", 5)
    with pytest.raises(ParameterError, match="engine"):
        said("light", photo, "--engine", "magic")


@pytest.mark.parametrize("name", ["light", "correct"])
def test_the_served_effect_is_the_library_and_tells_facts(photo: Path, name: str) -> None:
    effect, told = get(name), []
    output = effect.run({"image": tinct.open(photo)}, effect.parse({}), told.append)
    library = (
        tinct.light(tinct.open(photo)).photo
        if name == "light"
        else tinct.correct(tinct.open(photo)).photos[0]
    )
    assert np.array_equal(output.photos[0].pixels, library.pixels)
    assert output.facts["engine"] == "classical"
    json.dumps(dict(output.facts))
    assert told[-1] == 1.0
    assert told == sorted(told)
