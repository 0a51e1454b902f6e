"""Colour correction: casts go, good photos stay, looks differ."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

import tinct
from tinct.effects.correct import illuminant
from tinct.effects.correct.illuminant import Light, adaptation, cues, estimate
from tinct.effects.correct.looks import LOOKS, Tones, color_map, tones
from tinct.errors import ParameterError
from tinct.imaging import likelihood
from tinct.models import runtime, store
from tinct.photo.color import delta_e_2000, linear_to_srgb, srgb_to_lab, srgb_to_linear
from tinct.photo.photo import Photo

PICTURES = {
    name: np.ascontiguousarray(getattr(data, name)()[..., :3]) for name in ("coffee", "chelsea", "astronaut")
}
PLAIN = Tones(0.0, 1.0, 1.0)


def tinted(pixels: np.ndarray, red: float, blue: float) -> np.ndarray:
    """Under a light with these log2 R/G and B/G."""
    gains = np.exp2(np.array([red, 0, blue], np.float32))
    linear = srgb_to_linear(pixels.astype(np.float32) / 255) * gains / gains.max()
    return np.asarray(linear_to_srgb(linear) * 255 + 0.5, np.uint8)


def lab(pixels: np.ndarray) -> np.ndarray:
    return srgb_to_lab(np.asarray(pixels)[::3, ::3].astype(np.float32) / 255)


@pytest.mark.parametrize(("red", "blue"), [(0.4, -0.5), (-0.35, -0.35)])
def test_a_cast_goes_for_the_most_part(red, blue):
    """From the photo corrected. One has a tint of its own that counts as slight: hence no less than .72 in green."""
    left = []
    for pixels in PICTURES.values():
        cast = tinted(pixels, red, blue)
        plain = tinct.correct(Photo(pixels)).photos[0].pixels
        made = tinct.correct(Photo(cast)).photos[0].pixels
        before = delta_e_2000(lab(cast), lab(pixels)).mean()
        left.append(delta_e_2000(lab(made), lab(plain)).mean() / before)
    assert np.mean(left) < 0.75


@pytest.mark.parametrize("cast", [(0.4, -0.4), (-0.4, 0.4), (0.25, 0.25)])
def test_the_estimate_follows_the_light(cast):
    """A change of the light is found as a change in its direction, whatever the photos' own colours are."""
    along, across = [], []
    for pixels in PICTURES.values():
        small = np.ascontiguousarray(pixels[::2, ::2])
        home = np.array(estimate(small.astype(np.float32) / 255).tint)
        found = np.array(estimate(tinted(small, *cast).astype(np.float32) / 255).tint) - home
        along.append(found @ cast / (np.array(cast) @ cast))
        across.append(np.hypot(*(found - along[-1] * np.array(cast))))
    assert 0.5 < np.mean(along) < 1.3
    assert max(across) < 0.15


@given(red=st.floats(-0.8, 0.8), blue=st.floats(-0.8, 0.8))
@settings(max_examples=50)
def test_the_light_itself_becomes_white_of_the_same_luminance(red, blue):
    light = Light((red, blue), 1.0)
    white = adaptation(light) @ light.color
    assert np.ptp(white) < 1e-6
    assert white[0] == pytest.approx(light.color @ [0.2126729, 0.7151522, 0.0721750], abs=1e-6)


@pytest.mark.parametrize("direction", [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_a_slight_tint_is_left_and_a_strong_one_goes(monkeypatch, direction):
    """Tints along the daylights and across them, both ways."""
    small = np.ascontiguousarray(PICTURES["coffee"][::4, ::4]).astype(np.float32) / 255
    for size, least, most in ((0.04, 0.0, 0.1), (0.4, 0.9, 1.0)):
        both = [size * share for share in direction]
        monkeypatch.setattr(illuminant, "cues", lambda rgb, both=both: (*both, *both))
        light = estimate(small)
        assert least <= light.confidence < most
        warm, pink = (light.tint[0] - light.tint[1]) / 2, -sum(light.tint) / 2
        assert least * size * 0.6 <= np.dot((warm, pink), direction) < most * size * 1.3


def test_a_slight_tint_across_the_daylights_stays_beside_a_strong_one_along_them(monkeypatch):
    monkeypatch.setattr(illuminant, "cues", lambda rgb: (0.5, 0.0, 0.5, 0.0))
    card = tinted(np.full((20, 20, 3), 140, np.uint8), 0.5, -0.5).astype(np.float32) / 255
    warm = estimate(card).tint
    assert (warm[0] - warm[1]) / 2 > 0.35
    assert abs(sum(warm)) / 2 < 0.01


def test_no_light_is_believed_beyond_those_that_were_learned_from(monkeypatch):
    for sign in (1, -1):
        monkeypatch.setattr(illuminant, "cues", lambda rgb, sign=sign: (sign * 0.9,) * 4)
        card = tinted(np.full((20, 20, 3), 140, np.uint8), 0.9 * sign, -0.9 * sign).astype(np.float32) / 255
        red, blue = estimate(card).tint
        assert abs(red - blue) / 2 > 0.5
        assert abs(red - blue) / 2 <= 0.75
        assert abs(red + blue) / 2 <= 0.42


def test_what_the_colorizer_said_before_is_not_asked_again(monkeypatch):
    small = np.ascontiguousarray(PICTURES["coffee"][::4, ::4]).astype(np.float32) / 255
    expected = likelihood.glance(np.ascontiguousarray(srgb_to_lab(small)[..., 0]))
    found = cues(small)
    monkeypatch.setattr(illuminant, "glance", lambda light: pytest.fail("asked again"))
    assert cues(small, expected) == pytest.approx(found)


def test_edges_show_the_light_of_highlights():
    """Grey texture and a large red wall: the wall decides nothing."""
    pixels = np.random.default_rng(0).uniform(0.2, 0.8, (80, 80, 1)).repeat(3, axis=2).astype(np.float32)
    pixels[:, :50] = (0.7, 0.1, 0.1)
    warm, pink = cues(pixels)[2:]
    assert abs(warm) < 0.05
    assert abs(pink) < 0.05
    warm, pink = cues(tinted(np.asarray(pixels * 255, np.uint8), 0.5, -0.5).astype(np.float32) / 255)[2:]
    assert warm == pytest.approx(0.5, abs=0.06)
    assert pink == pytest.approx(0, abs=0.06)


def test_photos_without_colour_are_no_trouble():
    for value in (0, 7, 128, 255):
        flat = np.full((40, 50, 3), value, np.uint8)
        made = tinct.correct(Photo(flat)).photos[0].pixels
        assert np.ptp(made, axis=-1).max() <= 2
    gray = np.repeat(PICTURES["chelsea"][..., 1:2], 3, axis=2)
    assert np.ptp(tinct.correct(Photo(gray)).photos[0].pixels.astype(int), axis=-1).max() <= 6


def test_a_flat_photo_gets_its_black_and_white():
    flat = (PICTURES["coffee"] * 0.6 + 40).astype(np.uint8)
    made = tinct.correct(Photo(flat)).photos[0].pixels
    assert np.percentile(made, 1) < np.percentile(flat, 1)
    assert np.percentile(made, 99) > np.percentile(flat, 99)
    assert tones(PICTURES["coffee"].astype(np.float32) / 255).black < 0.03


def test_looks_differ_and_the_first_is_the_plain_correction():
    made = tinct.correct(Photo(PICTURES["chelsea"]), variants=4)
    assert made.looks == ("natural", "warm", "vivid", "soft")
    labs = [lab(photo.pixels) for photo in made.photos]
    for i in range(4):
        for j in range(i):
            assert delta_e_2000(labs[i], labs[j]).mean() > 1
    first = tinct.correct(Photo(PICTURES["chelsea"])).photos[0]
    assert np.array_equal(made.photos[0].pixels, first.pixels)
    assert labs[1][..., 2].mean() > labs[0][..., 2].mean()
    chroma = [np.hypot(one[..., 1], one[..., 2]).mean() for one in labs]
    assert chroma[2] > chroma[0] > chroma[3]


def test_every_look_keeps_black_white_and_the_order_of_greys():
    ramp = np.repeat(np.linspace(0, 1, 64, dtype=np.float32)[:, None], 3, axis=1)
    for look in LOOKS:
        mapped = color_map(Light((0.0, 0.0), 1.0), PLAIN, look).colors(ramp)
        assert mapped[0].max() < 0.01
        assert mapped[-1].min() > 0.85
        assert (np.diff(mapped.mean(axis=1)) > 0).all()


def test_strength_depth_alpha_and_size_are_kept():
    deep = tinted(PICTURES["coffee"], 0.3, -0.3).astype(np.uint16) * 257
    alpha = np.full(deep.shape[:2], 1234, np.uint16)
    photo = Photo(deep, alpha=alpha)
    assert np.array_equal(tinct.correct(photo, strength=0).photos[0].pixels, deep)
    made = tinct.correct(photo).photos[0]
    assert made.pixels.dtype == np.uint16
    assert np.array_equal(made.alpha, alpha)
    half = tinct.correct(photo, strength=0.5).photos[0].pixels.astype(float)
    middle = (deep.astype(float) + made.pixels) / 2
    assert np.abs(half - middle).mean() < 0.01 * 65535


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (30, 1), (2, 2)])
def test_any_size_works(shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)
    assert tinct.correct(Photo(pixels)).photos[0].pixels.shape == pixels.shape


def test_a_network_is_carried_to_full_size(monkeypatch):
    class Redder:
        def apply(self, seen):
            return np.clip(seen * np.array([1.2, 1, 0.8], np.float32), 0, 1)

    monkeypatch.setattr(store, "installed", lambda name: True)
    monkeypatch.setattr(runtime, "session", lambda name, size=None: Redder())
    made = tinct.correct(Photo(PICTURES["chelsea"]), engine="maxim", variants=2)
    assert made.engine == "maxim"
    wanted = np.clip(PICTURES["chelsea"] * np.array([1.2, 1, 0.8]), 0, 255)
    assert np.abs(made.photos[0].pixels - wanted).mean() < 6


@pytest.mark.parametrize(
    ("field", "value"),
    [("strength", -0.1), ("strength", float("nan")), ("variants", 0), ("variants", 5), ("engine", "magic")],
)
def test_what_is_not_allowed_is_named(field, value):
    with pytest.raises(ParameterError, match=field):
        tinct.correct(Photo(PICTURES["coffee"]), **{field: value})


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ((255, 150, 30), (30, 16, 8)),  # a sunset: its light part is redder than any light
        ((170, 110, 60), (10, 6, 4)),  # a stage, a candle: most of it is dark
        ((250, 250, 250), (190, 150, 110)),  # a warm wall beside a white one
    ],
)
def test_warmth_of_the_scene_stays(monkeypatch, upper, lower):
    monkeypatch.setattr(illuminant, "cues", lambda rgb: (0.5, 0.0, 0.5, 0.0))
    scene = np.empty((40, 40, 3), np.float32)
    scene[:14], scene[14:] = upper, lower
    assert np.abs(estimate(scene / np.float32(255)).tint).max() < 0.03


@pytest.mark.parametrize("ends", [(0, 140), (70, 255)])
def test_a_night_without_white_and_a_high_key_without_black_stay(ends):
    ramp = np.linspace(*ends, 4000, dtype=np.float32).reshape(40, 100, 1) / 255
    found = tones(np.repeat(ramp, 3, axis=2))
    assert (found.black, found.white) == (0, 1)
