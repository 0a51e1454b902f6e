"""The cartoon: even colours, tones in steps, lines, and skin that keeps its shading."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from skimage import data as samples

import tinct
from tinct.effects.cartoon.flow import Flow, lines
from tinct.errors import ParameterError
from tinct.photo.color import srgb_to_lab
from tinct.photo.photo import Photo


@pytest.fixture(scope="module")
def coffee() -> Photo:
    return Photo(cv2.resize(samples.coffee(), (300, 200), interpolation=cv2.INTER_AREA))


def lightness(photo: Photo) -> np.ndarray:
    return srgb_to_lab(photo.pixels.astype(np.float32) / 255)[..., 0]


def test_small_differences_go_and_large_ones_stay(coffee: Photo) -> None:
    before, after = lightness(coffee), lightness(tinct.cartoon(coffee, lines=0).photo)
    fine = [np.abs(cv2.Laplacian(light, cv2.CV_32F)) for light in (before, after)]
    assert np.median(fine[1]) < 0.2 * np.median(fine[0])
    assert np.corrcoef(before.ravel(), after.ravel())[0, 1] > 0.975


def test_fewer_tones_leave_fewer_levels_of_lightness(coffee: Photo) -> None:
    def spread(tones: int) -> float:
        light = lightness(tinct.cartoon(coffee, tones=tones, lines=0).photo)
        counts = np.histogram(light, 100, (0, 100))[0] / light.size
        return float(np.exp(-(counts[counts > 0] * np.log(counts[counts > 0])).sum()))

    assert spread(3) < spread(24)


def test_a_gradient_falls_into_steps() -> None:
    ramp = np.repeat(np.linspace(0, 255, 400).astype(np.uint8)[None, :, None], 60, axis=0).repeat(3, axis=2)
    ramp[..., 2] = np.minimum(ramp[..., 2], 250)
    steps = np.diff(lightness(tinct.cartoon(Photo(ramp), tones=4, lines=0, smoothness=0).photo)[30])
    assert np.median(steps) < 0.05 * steps.max()  # steep at borders, level between them
    assert steps.min() > -0.01  # and never backwards


def test_lines_darken_edges_and_nothing_else() -> None:
    halves = np.full((120, 160, 3), 90, np.uint8)
    halves[:, 80:] = 190
    without, drawn = (lightness(tinct.cartoon(Photo(halves), lines=n).photo) for n in (0, 1))
    assert (without - drawn)[:, 74:80].max() > 25
    assert np.abs(without - drawn)[:, :60].max() < 0.1


def test_lines_follow_a_circle() -> None:
    ring = np.full((128, 128), 80, np.float32)
    cv2.circle(ring, (64, 64), 40, 20.0, 3, cv2.LINE_AA)
    flow = Flow.of(ring)
    y, x = np.mgrid[:128, :128] - 64
    on = np.abs(np.hypot(x, y) - 40) < 1.5
    radial = np.abs(flow.x * x + flow.y * y)[on] / 40
    assert radial.mean() < 0.03
    assert lines(ring, 1.5)[on].max() < -3 < -0.01 < lines(ring, 1.5)[64, 50]


def test_skin_keeps_its_shading_where_walls_fall_into_steps() -> None:
    ramp = np.linspace(0.55, 1.0, 300, dtype=np.float32)[None, :, None].repeat(80, axis=0)
    skin, wall = (
        np.rint(ramp * np.array(color, np.float32)).astype(np.uint8)
        for color in ((224, 172, 140), (150, 190, 200))
    )

    def steepest(pixels: np.ndarray) -> float:
        light = lightness(tinct.cartoon(Photo(pixels), tones=5, lines=0, smoothness=0).photo)[40]
        return float(np.diff(light).max())

    assert steepest(skin) < 0.6 * steepest(wall)


def test_strength_zero_returns_the_source_pixels(coffee: Photo) -> None:
    assert np.array_equal(tinct.cartoon(coffee, strength=0).photo.pixels, coffee.pixels)


def test_depth_grey_opacity_and_size_stay(coffee: Photo) -> None:
    deep = Photo(coffee.pixels.astype(np.uint16) * 257, alpha=np.full((200, 300), 40_000, np.uint16))
    made = tinct.cartoon(deep).photo
    assert made.pixels.dtype == np.uint16
    assert made.pixels.shape == deep.pixels.shape
    assert np.array_equal(made.alpha, deep.alpha)
    grey = np.repeat(cv2.cvtColor(coffee.pixels, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2)
    made = tinct.cartoon(replace(coffee, pixels=grey, gray=True)).photo
    assert (made.pixels == made.pixels[..., :1]).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (64, 64)])
def test_tiny_photos_are_drawn(size: tuple[int, int]) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    assert tinct.cartoon(Photo(pixels)).photo.pixels.shape == pixels.shape


@pytest.mark.parametrize("params", [{"tones": 2}, {"lines": 1.1}, {"smoothness": -0.1}, {"tones": "many"}])
def test_parameters_out_of_range_are_refused_by_name(coffee: Photo, params: dict[str, object]) -> None:
    with pytest.raises(ParameterError, match=next(iter(params))):
        tinct.cartoon(coffee, **params)


def test_a_face_in_shade_keeps_its_eyes_and_a_flushed_cheek_its_colour() -> None:
    skin = np.full((120, 120, 3), (112, 84, 70), np.uint8)
    skin[50:54, 44:49] = (88, 65, 54)  # an eye, 8 L* darker
    before, after = lightness(Photo(skin)), lightness(tinct.cartoon(Photo(skin), lines=0).photo)
    seen, drawn = (np.median(one) - one[50:54, 44:49].min() for one in (before, after))
    assert drawn > 0.75 * seen > 5

    cheek = np.full((60, 60, 3), (230, 105, 70), np.uint8)
    made = tinct.cartoon(Photo(cheek), lines=0).photo.pixels
    before, after = (
        np.hypot(*srgb_to_lab(pixels.astype(np.float32) / 255)[30, 30, 1:]) for pixels in (cheek, made)
    )
    assert after < 1.05 * before
