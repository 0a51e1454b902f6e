"""Backgrounds: what is cut out, what stands behind it, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data
from typer.testing import CliRunner

import tinct
from tinct.cli import app
from tinct.effects.background.backdrop import blurred
from tinct.effects.registry import get
from tinct.errors import ParameterError
from tinct.imaging.foreground import estimate
from tinct.models import runtime, store
from tinct.photo.photo import Photo
from tinct.settings import Settings

ASTRONAUT = np.ascontiguousarray(data.astronaut()[::2, ::2])
RUN = CliRunner()


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(store, "current", lambda: Settings(models=tmp_path / "models"))


def ball(dtype: type = np.uint8) -> tuple[Photo, Photo]:
    """A red ball on a blue ground, and its mask with a soft edge."""
    y, x = np.mgrid[:120, :160].astype(np.float32)
    alpha = np.clip(41 - np.hypot(x - 80, y - 60), 0, 1)[..., None]
    mixed = alpha * np.array([200, 40, 30]) + (1 - alpha) * np.array([30, 60, 200])
    scale = 257 if dtype == np.uint16 else 1
    pixels = (np.rint(mixed) * scale).astype(dtype)
    return Photo(pixels), Photo(np.repeat(np.rint(alpha * 255).astype(np.uint8), 3, axis=2))


def test_a_person_is_found_and_cut_out():
    made = tinct.background(Photo(ASTRONAUT))
    assert made.engine == "person"
    assert made.confidence > 0.8
    alpha = made.photo.alpha
    assert alpha[60, 110] == 255
    assert alpha[20, 10] == 0
    assert 0.2 < made.coverage < 0.7
    inside = alpha == 255
    assert np.array_equal(made.photo.pixels[inside], ASTRONAUT[inside])


def test_the_mask_is_the_matte_alone():
    made = tinct.background(Photo(ASTRONAUT), "mask").photo
    assert made.gray
    assert made.alpha is None
    assert np.array_equal(made.pixels[..., 0], tinct.background(Photo(ASTRONAUT)).photo.alpha)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_old_background_does_not_come_along(dtype):
    photo, mask = ball(dtype)
    made = tinct.background(photo, mask=mask)
    assert made.engine == "mask"
    assert made.photo.pixels.dtype == dtype
    edge = (mask.pixels[..., 0] > 60) & (mask.pixels[..., 0] < 200)
    most = np.iinfo(dtype).max / 255
    assert np.abs(made.photo.pixels[edge] / most - [200, 40, 30]).max() < 25


def test_colours_are_told_apart_on_a_made_mixture():
    y, x = np.mgrid[:90, :120].astype(np.float32)
    alpha = np.clip((30 - np.hypot(x - 60, y - 45)) / 8, 0, 1).astype(np.float32)
    front = np.stack([0.7 + 0.1 * np.sin(x / 30), 0.3 + 0 * x, 0.2 + 0 * x], -1).astype(np.float32)
    back = np.stack([0.1 + 0 * x, 0.4 + 0.1 * np.cos(y / 25), 0.8 + 0 * x], -1).astype(np.float32)
    mixed = alpha[..., None] * front + (1 - alpha[..., None]) * back
    found, behind = estimate(mixed, alpha)
    seen, hidden = alpha > 0.1, alpha < 0.9
    assert np.abs(found - front)[seen].mean() < 0.02
    assert np.abs(behind - back)[hidden].mean() < 0.02


def test_another_background_is_mixed_as_light():
    photo, mask = ball()
    made = tinct.background(photo, "change", colors="#FFFFFF,#000000", mask=mask).photo.pixels
    assert made[0].min() > 250
    assert made[-1].max() < 5
    assert np.abs(made[60, 80].astype(int) - [200, 40, 30]).max() == 0
    middle = made[60, 2].astype(int)
    assert 175 < middle[0] < 200, "half of the light is 188, not 128"


def test_a_backdrop_is_cut_to_shape_and_not_stretched():
    photo, mask = ball()
    wide = np.zeros((100, 400, 3), np.uint8)
    wide[:, 150:250] = [0, 255, 0]
    made = tinct.background(photo, "change", backdrop=Photo(wide), mask=mask).photo
    assert (made.width, made.height) == (160, 120)
    green = (made.pixels == [0, 255, 0]).all(axis=-1)
    assert green[2].sum() == pytest.approx(120, abs=2)


def test_the_background_blurs_and_the_subject_does_not():
    rng = np.random.default_rng(0)
    photo, mask = ball()
    pixels = photo.pixels.copy()
    outside = mask.pixels[..., 0] == 0
    pixels[outside] = rng.integers(0, 256, (outside.sum(), 3))
    made = tinct.background(Photo(pixels), "blur", amount=1.0, mask=mask).photo.pixels
    inside = mask.pixels[..., 0] == 255
    assert np.array_equal(made[inside], pixels[inside])
    assert made[:15].std() < 0.5 * pixels[:15].std()


def test_the_subject_does_not_bleed_into_the_blur():
    photo, mask = ball()
    made = tinct.background(photo, "blur", amount=1.0, mask=mask).photo.pixels
    ring = np.hypot(*(np.mgrid[:120, :160] - np.array([60, 80])[:, None, None]))
    near = made[(ring > 44) & (ring < 50)].astype(int)
    assert np.abs(near - [30, 60, 200]).max() < 12


def test_bright_points_bloom():
    back = np.full((200, 300, 3), 0.1, np.float32)
    back[100, 150] = 1.0
    alpha = np.zeros((200, 300), np.float32)
    bloomed = blurred(back, alpha, 1.0).max()
    back[100, 150] = 0.8
    assert bloomed - 0.1 > 2 * (blurred(back, alpha, 1.0).max() - 0.1)


def test_any_subject_is_found_without_a_fetch_and_the_confidence_says_how_surely():
    photo, mask = ball()
    made = tinct.background(photo, "mask", subject="any")
    assert made.engine == "subject"
    assert np.abs(made.photo.pixels.astype(int) - mask.pixels).mean() < 4
    assert made.confidence > 0.7
    hidden = tinct.background(Photo(data.rocket()), "mask", subject="any").confidence
    assert hidden < made.confidence - 0.2


def test_nothing_is_taken_where_nothing_stands_out():
    noise = np.random.default_rng(0).integers(90, 110, (120, 160, 3)).astype(np.uint8)
    for pixels in (noise, data.grass()[..., None].repeat(3, -1), data.gravel()[..., None].repeat(3, -1)):
        with pytest.raises(ParameterError, match="subject"):
            tinct.background(Photo(np.ascontiguousarray(pixels)), "mask", subject="any")


def test_a_cat_that_fills_the_photo_is_cut_out():
    alpha = tinct.background(Photo(data.chelsea()), subject="any").photo.alpha
    assert (alpha[100:200, 160:300] > 240).mean() > 0.95  # its face
    assert (alpha[:60, 400:] < 60).mean() > 0.6  # the cushion behind


def test_what_the_network_expects_to_be_right_is_an_overlap():
    from tinct.imaging.salient import expected_overlap

    probability = np.array([[1, 1, 0.5, 0], [1, 1, 0.5, 0]], np.float32)
    mask = np.array([[1, 1, 0, 0], [1, 1, 0, 0]], np.float32)
    assert expected_overlap(probability, mask) == pytest.approx(4 / 5)
    assert expected_overlap(probability, np.zeros_like(mask)) == 0
    assert expected_overlap(mask, mask) == 1


def test_a_network_for_any_subject_serves_where_it_is_installed(monkeypatch):
    class Net:
        def apply(self, seen):
            assert seen.shape == (1, 3, 1024, 1024)
            return (seen[:, :1] > 0.1).astype(np.float32)  # red is the subject

    monkeypatch.setattr(store, "installed", lambda name: name == "isnet")
    monkeypatch.setattr(runtime, "session", lambda name, size=None: Net())
    photo, mask = ball()
    made = tinct.background(photo, "mask", subject="any")
    assert made.engine == "isnet"
    assert np.abs(made.photo.pixels.astype(int) - mask.pixels).mean() < 8


def test_opacity_that_was_there_stays():
    photo, mask = ball()
    alpha = np.full((120, 160), 255, np.uint8)
    alpha[:, :80] = 0
    made = tinct.background(Photo(photo.pixels, alpha=alpha), mask=mask).photo
    assert made.alpha[:, :80].max() == 0
    assert made.alpha[60, 100] == 255


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"mode": "delete"}, "mode"), ({"mode": "change"}, "colors"), ({"colors": "#FF0000"}, "colors"),
        ({"mode": "change", "colors": "reddish"}, "colors"),
        ({"mode": "change", "colors": "#000000,#111111,#222222"}, "colors"),
        ({"mode": "blur", "amount": 0}, "amount"), ({"subject": "cat"}, "subject"),
        ({"backdrop": Photo(np.zeros((4, 4, 3), np.uint8))}, "backdrop"),
        ({"mask": Photo(np.zeros((4, 4, 3), np.uint8))}, "mask"),
        ({"mask": Photo(np.zeros((120, 160, 3), np.uint8))}, "mask"),
        ({"mask": Photo(np.full((120, 160, 3), 255, np.uint8))}, "mask"),
        ({"subject": "person"}, "subject"),
    ],
)  # fmt: skip
def test_what_is_not_allowed_is_named(arguments, field):
    with pytest.raises(ParameterError, match=field):
        tinct.background(ball()[0], **arguments)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (3, 3)])
def test_tiny_photos_get_an_answer_or_a_clear_error(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    try:
        made = tinct.background(Photo(pixels), "mask").photo
    except ParameterError:
        return  # nothing to be found
    assert made.pixels.shape == pixels.shape


def test_the_command_and_the_served_effect_give_what_the_library_gives(tmp_path):
    Image.fromarray(ASTRONAUT).save(tmp_path / "a.jpg", quality=95)
    result = RUN.invoke(app, ["background", str(tmp_path / "a.jpg"), "-o", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0, result.output
    photo = tinct.open(tmp_path / "a.jpg")
    library = tinct.background(photo).photo
    found = tinct.open(tmp_path / "out" / "a-cutout.png")
    assert np.array_equal(found.alpha, library.alpha)
    effect = get("background")
    output = effect.run({"image": photo}, effect.parse({}), lambda share: None)
    assert np.array_equal(output.photos[0].pixels, library.pixels)
    assert json.loads(json.dumps(dict(output.facts)))["engine"] == "person"


def test_a_drawn_scene_stands_behind_the_subject_and_is_the_same_at_every_call():
    from tinct.effects.background import scenes

    photo, mask = Photo(np.full((60, 80, 3), 200, np.uint8)), np.zeros((60, 80, 3), np.uint8)
    mask[20:40, 30:50] = 255
    made = [tinct.background(photo, "change", scene="sky_night", mask=Photo(mask)).photo for _ in range(2)]
    assert np.array_equal(made[0].pixels, made[1].pixels)
    assert (made[0].pixels[30, 40] == 200).all()
    assert made[0].pixels[0].mean() < 60
    assert len({scenes.picture(name).pixels.tobytes() for name in scenes._SCENES}) == len(scenes._SCENES)


def test_a_scene_stands_alone():
    photo = Photo(np.zeros((8, 8, 3), np.uint8))
    for more in ({"colors": ["red"]}, {"backdrop": photo}):
        with pytest.raises(ParameterError):
            tinct.background(photo, "change", scene="sky_day", **more)
    with pytest.raises(ParameterError):
        tinct.background(photo, "blur", scene="sky_day")
