"""Effects that invent pixels, with a painter in the generator's place: what is kept, what is told, what is refused."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import painter
import tinct
from tinct.cli import app
from tinct.effects.generate.styles import style
from tinct.effects.registry import get
from tinct.errors import NoGeneratorError, ParameterError, PromptTooLongError
from tinct.models.generators import registry
from tinct.models.generators.port import Bytes, Progress, Request
from tinct.photo.photo import Photo
from tinct.photo.provenance import source

pytestmark = pytest.mark.usefixtures("no_generators_yet")


def _scene(height: int = 160, width: int = 200, depth: int = 8) -> Photo:
    """A dark wall with grain."""
    rng = np.random.default_rng(1)
    shade = 0.25 + 0.1 * np.linspace(0, 1, width)[None, :, None] * np.array([1, 0.9, 0.8])
    noisy = np.clip(shade + rng.normal(0, 0.02, (height, width, 1)), 0, 1)
    return Photo.from_array(noisy, depth=16 if depth == 16 else 8)


def _mask(height: int = 160, width: int = 200) -> Photo:
    grey = np.zeros((height, width), np.uint8)
    grey[60:110, 70:130] = 255
    return Photo.from_array(grey)


def test_a_picture_is_made_of_a_prompt_alone() -> None:
    painter.install()
    made = tinct.generate("a red chair", width=101, height=75, seed=3)
    assert (made.photo.width, made.photo.height) == (101, 75)
    assert (made.engine, made.model, made.licence) == ("painter:Painter", "painter", "Apache-2.0")
    assert made.made_at == (104, 80)
    assert source(made.photo) == "trainedAlgorithmicMedia"
    again = tinct.generate("a red chair", width=101, height=75, seed=3)
    np.testing.assert_array_equal(made.photo.pixels, again.photo.pixels)


def test_a_picture_is_made_of_a_photo_and_a_prompt() -> None:
    painter.install()
    scene = _scene()
    near, far = (tinct.generate("a cat", scene, strength=strength).photo for strength in (0.1, 0.9))
    assert (near.width, near.height) == (scene.width, scene.height)
    away = [np.abs(photo.pixels.astype(int) - scene.pixels).mean() for photo in (near, far)]
    assert 0 < away[0] < away[1]


@pytest.mark.parametrize(
    ("asked", "made"),
    [({"width": 100}, (100, 80)), ({"height": 320}, (400, 320)), ({"width": 96, "height": 96}, (96, 96))],
)
def test_a_photo_gives_its_middle_in_the_shape_that_is_asked_for(
    asked: dict[str, int], made: tuple[int, int]
) -> None:
    painter.install()
    scene = _scene()
    photo = tinct.generate("a cat", scene, strength=0.01, **asked).photo
    assert (photo.width, photo.height) == made
    assert abs(float(photo.pixels.mean()) - float(scene.pixels.mean())) < 6


def test_a_style_adds_its_words_and_what_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    painter.install()
    asked: list[Request] = []
    make = painter.Painter.make
    monkeypatch.setattr(painter, "MOST_WORDS", 100)

    def remembering(self: painter.Painter, request: Request, progress: Progress) -> Bytes:
        asked.append(request)
        return make(self, request, progress)

    monkeypatch.setattr(painter.Painter, "make", remembering)
    plain = tinct.generate("a harbour", width=64, height=64).photo
    drawn = tinct.generate("a harbour", width=64, height=64, style="woodcut", negative="boats").photo
    woodcut = style("woodcut")
    assert asked[1].prompt == f"a harbour, {woodcut.words}"
    assert asked[1].negative == f"boats, {woodcut.negative}"
    assert (asked[0].prompt, asked[0].negative) == ("a harbour", "")
    assert not np.array_equal(plain.pixels, drawn.pixels)
    with pytest.raises(ParameterError, match="style"):
        tinct.generate("a harbour", style="none")  # type: ignore[arg-type]


def test_a_style_shows_what_it_is_like() -> None:
    effect = get("generate")
    shown = effect.preview(effect.parse({"prompt": "x", "style": "neon"}))
    assert shown is not None
    assert effect.preview(effect.parse({"prompt": "x"})) is None


@pytest.mark.parametrize("prompt", ["", "  \n ", "x" * 2001, "a\x00b", 5, None, ["a"]])
def test_a_prompt_that_is_none_is_refused_by_name(prompt: object) -> None:
    painter.install()
    with pytest.raises(ParameterError, match=r"^prompt: "):
        tinct.generate(prompt)  # type: ignore[arg-type]


def test_ten_thousand_characters_are_counted_and_not_shown() -> None:
    with pytest.raises(ParameterError, match="10000 characters") as caught:
        tinct.generate("x" * 10_000)
    assert len(caught.value.message) < 200


def test_more_words_than_the_model_takes_are_never_cut() -> None:
    painter.install()
    with pytest.raises(PromptTooLongError):
        tinct.generate("chair " * 30)


def test_without_a_generator_nothing_is_made_in_its_place() -> None:
    scene, mask = _scene(), _mask()
    for call in (
        lambda: tinct.generate("a cat"),
        lambda: tinct.generate("a cat", scene),
        lambda: tinct.replace(scene, mask, prompt="a cat"),
        lambda: tinct.background(scene, "change", prompt="a forest", mask=mask),
        lambda: tinct.extend(scene, left="20", method="generator", prompt="a wall"),
    ):
        with pytest.raises(NoGeneratorError, match="tinct models use"):
            call()


@pytest.mark.parametrize("depth", [8, 16])
def test_replace_by_prompt_keeps_every_pixel_outside_the_mask(depth: int) -> None:
    painter.install("inpaint")
    scene, mask = _scene(depth=depth), _mask()
    made = tinct.replace(scene, mask, prompt="a red chair")
    outside = mask.pixels[..., 0] == 0
    np.testing.assert_array_equal(made.photo.pixels[outside], scene.pixels[outside])
    assert (made.photo.pixels[~outside] != scene.pixels[~outside]).mean() > 0.5
    assert made.photo.depth == depth
    assert (made.model, made.licence) == ("painter", "Apache-2.0")
    assert source(made.photo) == "compositeWithTrainedAlgorithmicMedia"


def test_light_and_grain_are_those_of_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generator that gives the whole window too bright and smooth is brought to the photo's light."""
    painter.install("inpaint")
    wall = np.full((64, 64, 3), 0.0)

    def bright(self: painter.Painter, request: object, progress: object) -> object:
        picture = request.picture.astype(float)  # type: ignore[attr-defined]
        return np.clip(
            np.full_like(picture, picture.mean(axis=(0, 1))) + 40 + 0 * wall.mean(), 0, 255
        ).astype(np.uint8)

    monkeypatch.setattr(painter.Painter, "make", bright)
    scene, mask = _scene(), _mask()
    made = tinct.replace(scene, mask, prompt="a wall").photo.pixels[60:110, 70:130].astype(float)
    own = scene.pixels[60:110, 70:130].astype(float)
    assert abs(made.mean() - own.mean()) < 4
    assert made.std(axis=(0, 1)).mean() == pytest.approx(own.std(axis=(0, 1)).mean(), rel=0.5)


def test_by_and_what_it_needs_belong_together() -> None:
    scene, mask = _scene(), _mask()
    with pytest.raises(ParameterError, match="prompt"):
        tinct.replace(scene, mask, "prompt")
    with pytest.raises(ParameterError, match="none but with by prompt"):
        tinct.replace(scene, mask, "color", color="navy", prompt="a cat")
    with pytest.raises(ParameterError, match="none with by prompt"):
        tinct.replace(scene, mask, prompt="a cat", reference=scene)
    with pytest.raises(ParameterError, match="reference"):
        tinct.replace(scene, mask)


def test_a_background_by_prompt_keeps_the_subject() -> None:
    painter.install()
    scene, mask = _scene(), _mask()
    made = tinct.background(scene, "change", prompt="a forest", mask=mask)
    inside = mask.pixels[..., 0] == 255
    np.testing.assert_array_equal(made.photo.pixels[inside], scene.pixels[inside])
    assert (made.photo.pixels[~inside] != scene.pixels[~inside]).mean() > 0.5
    with pytest.raises(ParameterError, match="prompt"):
        tinct.background(scene, "change", prompt="a forest", colors="white")
    with pytest.raises(ParameterError, match="prompt"):
        tinct.background(scene, "blur", prompt="a forest")


def test_extend_takes_a_generator_where_it_is_asked_for() -> None:
    painter.install("inpaint")
    scene = _scene()
    made = tinct.extend(scene, left="40", bottom="25%", method="generator", prompt="a wall")
    assert (made.photo.width, made.photo.height) == (240, 200)
    feather = round(0.02 * 160) + 1
    np.testing.assert_array_equal(
        made.photo.pixels[: 160 - feather, 40 + feather :], scene.pixels[: 160 - feather, feather:]
    )
    assert (made.engine, made.note) == ("generator", "painter")
    plain = tinct.extend(scene, left="40")
    assert plain.engine != "generator"


def test_what_is_asked_of_a_generator_is_known_before_the_work() -> None:
    for name, inputs, params, capability in (
        ("generate", {}, {"prompt": "a cat"}, "generate.text-to-image"),
        ("generate", {"image": "file"}, {"prompt": "a cat"}, "generate.image-to-image"),
        ("replace", {"image": "f", "mask": "f"}, {"prompt": "a cat"}, "generate.inpaint"),
        ("replace", {"image": "f", "mask": "f"}, {"by": "color", "color": "navy"}, ""),
        ("background", {"image": "f"}, {"mode": "change", "prompt": "x"}, "generate.text-to-image"),
        ("background", {"image": "f"}, {}, ""),
        ("extend", {"image": "f"}, {"left": "9", "method": "generator", "prompt": "x"}, "generate.inpaint"),
        ("extend", {"image": "f"}, {"left": "9"}, ""),
    ):
        assert get(name).capability(inputs, params) == capability


def test_what_is_available_names_the_engine_that_serves() -> None:
    found = {engine.name: engine for engine in tinct.available()["replace"]}
    assert (found["prompt"].ready, found["prompt"].fetch) == (
        False,
        "tinct models use inpaint FOLDER_OR_FILE",
    )
    painter.install("inpaint")
    found = {engine.name: engine for engine in tinct.available()["replace"]}
    assert (found["prompt"].ready, found["prompt"].served_by) == (True, "painter:Painter: painter")


def test_an_estimate_follows_what_was_measured_when_it_was_registered() -> None:
    painter.install(step_s=2.0, steps=10)
    generate = get("generate")
    assert generate.estimate is not None
    params = generate.parse({"prompt": "a cat", "width": 128, "height": 128})
    assert generate.estimate({}, params) == pytest.approx(20)
    replace = get("replace")
    assert replace.estimate is not None
    plain = replace.parse({"by": "color", "color": "navy"})
    assert replace.estimate({"image": [(200, 160)]}, plain) == 0
    assert replace.slow({"image": "f"}, plain) is False
    assert replace.slow({"image": "f"}, replace.parse({"prompt": "a cat"})) is True


def test_the_command_makes_a_picture_of_no_photo(tmp_path: Path) -> None:
    painter.install()
    run = CliRunner().invoke(
        app,
        [
            "generate",
            "--prompt",
            "a red chair",
            "--width",
            "96",
            "--height",
            "64",
            "-o",
            str(tmp_path / "a.png"),
        ],
    )
    assert run.exit_code == 0, run.output
    assert tinct.open(tmp_path / "a.png").width == 96
    tinct.open(tmp_path / "a.png").save(tmp_path / "photo.jpg")
    run = CliRunner().invoke(
        app, ["generate", str(tmp_path / "photo.jpg"), "--prompt", "a cat", "--strength", "0.5"]
    )
    assert run.exit_code == 0, run.output
    assert (tmp_path / "photo-generated.jpg").exists() or (tmp_path / "photo-generated.png").exists()


def test_what_serves_is_listed_verified_and_looked_at_by_the_doctor() -> None:
    runner = CliRunner()
    said = runner.invoke(app, ["doctor"]).output
    assert "tinct models use text-to-image" in said
    painter.install(memory_bytes=2**40)
    listed = runner.invoke(app, ["models", "list"]).output
    assert "text-to-image          painter by painter:Painter, Apache-2.0" in listed
    assert "ready, by painter:Painter: painter" in listed
    assert "text-to-image (painter): ok" in runner.invoke(app, ["models", "verify"]).output
    assert "TINCT_JOB_MEMORY_BYTES" in runner.invoke(app, ["doctor"]).output
    assert "forgotten" in runner.invoke(app, ["models", "forget", "text-to-image"]).output
    assert registry.served() == {}


def test_what_cannot_be_registered_is_said_in_a_sentence(tmp_path: Path) -> None:
    for arguments, said in (
        (["sculpt", str(tmp_path)], "text-to-image, image-to-image, inpaint"),
        (["inpaint", str(tmp_path / "nowhere")], "there is nothing at"),
        (["inpaint", str(tmp_path)], "model_index.json"),
    ):
        run = CliRunner().invoke(app, ["models", "use", *arguments])
        assert run.exit_code == 1
        assert said in str(run.exception)
    assert registry.served() == {}


def test_the_command_says_how_to_bring_a_generator(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["generate", "--prompt", "a cat", "-o", str(tmp_path / "a.png")])
    assert run.exit_code == 1
    assert "tinct models use text-to-image" in run.output
    assert not (tmp_path / "a.png").exists()
