"""What is seen never depends on colours under an opacity of 0; what is measured is what is seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tinct
from tinct.imaging.sample import Sample
from tinct.photo.hidden import filled
from tinct.photo.photo import Photo


def scene(height: int = 64, width: int = 96) -> np.ndarray:
    """Dim warm and cool areas with texture, (H, W, 3) uint8."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    r = 70 + 50 * np.sin(x / 11) + 20 * (y > height / 2)
    g = 60 + 40 * np.cos(y / 9)
    b = 90 - 40 * np.sin(x / 11)
    return np.clip(np.stack([r, g, b], -1) + rng.normal(0, 3, (height, width, 3)), 0, 255).astype(np.uint8)


def disk(height: int = 64, width: int = 96, dtype: Any = np.uint8) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    distance = np.hypot(y - height / 2, x - width / 2)
    return np.rint(np.clip(25 - distance, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def cutout(hidden: tuple[int, int, int] | None, *, deep: bool = False) -> Photo:
    """The scene in a disk, with colours beside it that nobody sees; random ones for None."""
    pixels, alpha = scene(), disk()
    beside = alpha == 0
    noise = np.random.default_rng(1).integers(0, 256, pixels.shape, dtype=np.uint8)
    pixels[beside] = noise[beside] if hidden is None else hidden
    if deep:
        return Photo(pixels.astype(np.uint16) * np.uint16(257), alpha.astype(np.uint16) * np.uint16(257))
    return Photo(pixels, alpha)


HIDDEN = [(0, 255, 0), (0, 0, 0), None]
MASK = Photo(np.repeat(disk()[..., None], 3, 2), gray=True)
SPOT = np.zeros((64, 96, 3), np.uint8)
SPOT[28:36, 44:52] = 255
OPAQUE = Photo(scene()[::-1].copy())

EFFECTS: dict[str, Callable[[Photo], Any]] = {
    "auto": lambda p: tinct.migrate(p).photo,
    "swatches": lambda p: tinct.migrate(p, "template", colors="#DB0D0D,#0E0CBB").photo,
    "a reference for it": lambda p: tinct.migrate(p, "reference", reference=OPAQUE).photo,
    "as a reference": lambda p: tinct.migrate(OPAQUE, "reference", reference=p).photo,
    "light": lambda p: tinct.light(p).photo,
    "correct": lambda p: tinct.correct(p).photos[0],
    "enhance": lambda p: tinct.enhance(p, 2, model="classical").photo,
    "erase": lambda p: tinct.erase(p, mask=Photo(SPOT)).photo,
    "extend": lambda p: tinct.extend(p, right="16").photo,
    "another object": lambda p: tinct.replace(OPAQUE, Photo(SPOT), reference=p).photo,
    "another colour": lambda p: tinct.replace(p, Photo(SPOT), "color", color="red").photo,
    "cut out": lambda p: tinct.background(p, "remove", mask=MASK).photo,
    "another background": lambda p: tinct.background(p, "change", colors=["#0000FF"], mask=MASK).photo,
    "a blurred background": lambda p: tinct.background(p, "blur", mask=MASK).photo,
    "as a backdrop": lambda p: tinct.background(OPAQUE, "change", backdrop=p, mask=MASK).photo,
    "colorize": lambda p: tinct.colorize(p).photos[0],
    "hues of a reference": lambda p: tinct.colorize(OPAQUE, reference=p).photos[0],
}


def seen(photo: Any) -> np.ndarray:
    """All that is seen: opacity, and colours where there is any."""
    photo = getattr(photo, "photo", photo)
    alpha = np.full(photo.pixels.shape[:2], 255) if photo.alpha is None else photo.alpha
    return np.dstack([np.where(alpha[..., None] > 0, photo.pixels, 0), alpha])


@pytest.mark.parametrize("name", EFFECTS)
def test_what_is_seen_does_not_depend_on_what_is_hidden(name: str) -> None:
    first, *others = (seen(EFFECTS[name](cutout(hidden))) for hidden in HIDDEN)
    for other in others:
        assert np.array_equal(first, other)


def test_the_palette_counts_what_is_seen() -> None:
    lists = [[(c.hex, c.share) for c in tinct.dominant_colors(cutout(hidden))] for hidden in HIDDEN]
    assert lists[0] == lists[1] == lists[2]
    inside = disk() > 0
    inner = scene()[inside].reshape(1, -1, 3)
    colors = np.array([c.lab for c in tinct.dominant_colors(cutout((0, 255, 0)), 3)])
    wanted = np.array([c.lab for c in tinct.dominant_colors(Photo(np.ascontiguousarray(inner)), 3)])
    assert np.abs(colors - wanted).max() < 3


def test_maps_are_fitted_to_what_is_seen() -> None:
    for fit in (
        lambda p: tinct.fit_auto(p)[0],
        lambda p: tinct.fit_template(p, "#DB0D0D,#0E0CBB"),
        lambda p: tinct.fit_reference(p, OPAQUE),
        lambda p: tinct.fit_reference(OPAQUE, p),
    ):
        maps = [fit(cutout(hidden)).lattice for hidden in HIDDEN]
        assert np.array_equal(maps[0], maps[1])
        assert np.array_equal(maps[0], maps[2])


def test_light_is_judged_by_what_is_seen() -> None:
    photo = cutout((255, 255, 255))
    dark = Photo((photo.pixels * 0.25).astype(np.uint8), photo.alpha)
    dark.pixels[photo.alpha == 0] = 255
    visible = photo.alpha > 0
    made = tinct.light(dark).photo
    assert made.pixels[visible].mean() > 2 * dark.pixels[visible].mean()


def test_filling_keeps_what_is_seen_and_takes_its_colours() -> None:
    for deep in (False, True):
        photo = cutout((0, 255, 0), deep=deep)
        made = filled(photo.pixels, photo.alpha)
        visible = photo.alpha > 0
        assert made.dtype == photo.pixels.dtype
        assert np.array_equal(made[visible], photo.pixels[visible])
        low, high = photo.pixels[visible].min(0), photo.pixels[visible].max(0)
        assert (made[~visible] >= low).all()
        assert (made[~visible] <= high).all()


def test_filling_an_opaque_or_invisible_photo_does_no_harm() -> None:
    photo = Photo(scene(), np.full((64, 96), 255, np.uint8))
    assert photo.without_hidden_colors() is photo
    unseen = [Photo(np.full((5, 7, 3), v, np.uint8), np.zeros((5, 7), np.uint8)) for v in (3, 200)]
    made = [photo.without_hidden_colors().pixels for photo in unseen]
    assert np.array_equal(made[0], made[1])
    one = Photo(np.full((1, 1, 3), 9, np.uint8), np.zeros((1, 1), np.uint8))
    assert one.without_hidden_colors().pixels.shape == (1, 1, 3)


def test_a_weight_that_leaves_nothing_falls_back_to_what_is_seen() -> None:
    opacity = np.zeros((4, 4), np.float32)
    opacity[0, 0] = 1
    sample = Sample(np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.float32), opacity)
    assert sample.weights.tolist() == [1.0] + [0.0] * 15
    assert Sample(sample.rgb, None, np.zeros((4, 4), np.float32)).weights.sum() == pytest.approx(1)


# -- a new background -------------------------------------------------------------------------------


def test_another_background_makes_an_opaque_photo() -> None:
    made = tinct.background(cutout((255, 255, 255)), "change", colors=["#0000FF"], mask=MASK).photo
    assert made.alpha is None
    assert made.pixels[0, 0].tolist() == [0, 0, 255]
    whole = Photo(np.full((64, 96, 3), 255, np.uint8), gray=True)  # a mask that takes all of the cut-out
    whole.pixels[-1, -1] = 0
    made = tinct.background(cutout((255, 255, 255)), "change", colors=["#0000FF"], mask=whole).photo
    assert made.alpha is None
    assert made.pixels[0, 0].tolist() == [0, 0, 255]
    assert np.abs(made.pixels[32, 48].astype(int) - scene()[32, 48]).max() <= 1


def test_the_subject_is_as_opaque_as_matte_and_photo_together() -> None:
    half = Photo(scene(), np.full((64, 96), 128, np.uint8))
    matte = Photo(np.full((64, 96, 3), 128, np.uint8), gray=True)
    made = tinct.background(half, "remove", mask=matte).photo
    assert np.abs(made.alpha.astype(int) - 64).max() <= 1


def test_a_backdrop_that_is_not_opaque_leaves_the_photo_so() -> None:
    back = Photo(np.full((64, 96, 3), (0, 0, 255), np.uint8), np.full((64, 96), 100, np.uint8))
    made = tinct.background(cutout((255, 255, 255)), "change", backdrop=back, mask=MASK).photo
    assert made.alpha is not None
    assert abs(int(made.alpha[0, 0]) - 100) <= 1
    assert made.pixels[0, 0].tolist() == [0, 0, 255]
    assert made.alpha[32, 48] == 255
