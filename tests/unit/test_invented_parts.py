"""Effects that let a generator invent a part of a photo: the rest stays, and the file says so."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import painter
import tinct
from tinct.effects import registry
from tinct.errors import NoGeneratorError, ParameterError
from tinct.models.generators import registry as generators
from tinct.models.generators.port import Request
from tinct.photo import provenance
from tinct.photo.photo import Photo
from tinct.settings import current


@pytest.fixture
def no_generator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TINCT_MODELS", str(tmp_path / "models"))
    current.cache_clear()
    yield
    generators.drop()
    current.cache_clear()


@pytest.fixture
def asked(no_generator: None, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What the painter, which is installed, is asked for."""
    painter.install()
    found: list[Request] = []
    make = painter.Painter.make

    def remembering(self, request, progress):  # type: ignore[no-untyped-def]
        found.append(request)
        return make(self, request, progress)

    monkeypatch.setattr(painter.Painter, "make", remembering)
    return found


def scene(height: int = 96, width: int = 128, depth: int = 8) -> Photo:
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) * 255 // (height + width)], axis=-1)
    return Photo((pixels * (257 if depth == 16 else 1)).astype(np.uint16 if depth == 16 else np.uint8))


@pytest.mark.parametrize("depth", [8, 16])
def test_a_generator_extends_a_photo_whose_own_pixels_stay(asked: list[Request], depth: int) -> None:
    photo = scene(depth=depth)
    made = tinct.extend(photo, left="50%", bottom="20", method="generator", prompt="a quiet lake")
    assert (made.engine, made.note, made.box) == ("generator", "painter", (64, 0, 128, 96))
    assert (made.photo.width, made.photo.height, made.photo.depth) == (192, 116, depth)
    feather = round(0.02 * 96) + 1
    inner = made.photo.pixels[: 96 - feather, 64 + feather :]
    assert np.array_equal(inner, photo.pixels[: 96 - feather, feather:])
    assert 0 <= made.confidence <= 1
    (request,) = asked
    assert request.prompt == "a quiet lake"
    assert request.mask is not None
    assert request.mask[0, 0] == 255
    assert request.mask[40, 150] == 0
    assert provenance.source(made.photo) == "compositeWithTrainedAlgorithmicMedia"


def test_another_seed_invents_something_else(asked: list[Request]) -> None:
    first, again, other = (
        tinct.extend(scene(), right="64", method="generator", seed=seed).photo.pixels for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_invented_tones_meet_the_photos_at_the_seam(asked: list[Request]) -> None:
    grey = Photo(np.full((200, 200, 3), 40, np.uint8))
    made = tinct.extend(grey, right="100", method="generator", prompt="x").photo.pixels.astype(int)
    raw = asked and painter.Painter(painter.painter()).make(asked[0], lambda share: None).astype(int)
    seam = np.s_[20:180, 200:204]
    assert abs(made[seam].mean() - 40) < abs(raw[seam].mean() - 40)


def test_a_prompt_becomes_the_background_of_the_subject(asked: list[Request]) -> None:
    photo = scene()
    mask = np.zeros((96, 128, 3), np.uint8)
    mask[20:70, 30:90] = 255
    made = tinct.background(photo, "change", prompt="a pine forest", mask=Photo(mask), seed=4)
    assert np.array_equal(made.photo.pixels[30:60, 40:80], photo.pixels[30:60, 40:80])
    assert not np.array_equal(made.photo.pixels[:10], photo.pixels[:10])
    assert [(one.prompt, one.seed, one.task) for one in asked] == [("a pine forest", 4, "text-to-image")]
    assert provenance.source(made.photo) == "compositeWithTrainedAlgorithmicMedia"
    drawn = tinct.background(photo, "change", scene="sky_day", mask=Photo(mask))
    assert provenance.source(drawn.photo) is None


def test_without_a_generator_nothing_takes_its_place(no_generator: None) -> None:
    with pytest.raises(NoGeneratorError):
        tinct.extend(scene(), right="10", method="generator")
    with pytest.raises(NoGeneratorError):
        tinct.background(scene(), "change", prompt="a forest", mask=scene())


def test_what_a_worker_needs_follows_from_the_parameters() -> None:
    extend, background = registry.get("extend"), registry.get("background")
    assert extend.capability({"image": "f"}, {"method": "generator"}) == "generate.inpaint"
    assert extend.capability({"image": "f"}, {"method": "auto"}) == ""
    assert background.capability({}, {"mode": "change", "prompt": "x"}) == "generate.text-to-image"
    assert background.capability({}, {"mode": "remove"}) == ""
    assert registry.get("light").capability({}, {}) == ""


@pytest.mark.parametrize("prompt", ["", "x" * 2001, 7])
def test_a_background_needs_a_prompt_of_some_characters(prompt: object) -> None:
    with pytest.raises(ParameterError, match="prompt"):
        tinct.background(scene(), "change", prompt=prompt)  # type: ignore[arg-type]


def test_a_prompt_that_nothing_listens_to_is_refused() -> None:
    with pytest.raises(ParameterError, match="prompt"):
        tinct.extend(scene(), right="10", prompt="a lake")
    with pytest.raises(ParameterError, match="prompt"):
        tinct.background(scene(), "blur", prompt="a lake")
