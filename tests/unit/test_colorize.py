"""Colorization with the shipped network: what it promises for every network that will ever be shipped."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from skimage import data

import tinct
from tinct.effects import registry
from tinct.effects.colorize import scan
from tinct.errors import ParameterError
from tinct.imaging.tone import tone_of
from tinct.photo.color import delta_e_2000, lab_to_srgb, srgb_to_lab
from tinct.photo.photo import Photo


def _lab(photo: Photo) -> NDArray[np.float32]:
    return srgb_to_lab(photo.pixels.astype(np.float32) / np.iinfo(photo.pixels.dtype).max)


def _gray(pixels: NDArray[np.uint8]) -> Photo:
    """Grey by luminance: the same Y, no chroma."""
    light = _lab(Photo(np.ascontiguousarray(pixels)))[..., 0]
    y = np.where(light > 8, ((light + 16) / 116) ** 3, light * 27 / 24389)
    level = np.where(y <= 0.0031308, 12.92 * y, 1.055 * y ** (1 / 2.4) - 0.055) * 255
    return Photo(np.repeat((level + 0.5).astype(np.uint8)[..., None], 3, axis=2), gray=True)


@pytest.fixture(scope="module")
def astronaut() -> Photo:
    return _gray(data.astronaut()[::2, ::2])


def test_a_face_gets_the_colour_of_skin(astronaut: Photo) -> None:
    face = _lab(tinct.colorize(astronaut).photo)[40:80, 95:130, 1:].reshape(-1, 2).mean(0)
    assert face[0] > 5
    assert face[1] > 5


def test_colours_are_nearer_to_the_truth_than_grey_is_on_skin(astronaut: Photo) -> None:
    where = np.s_[40:80, 95:130]
    truth = _lab(Photo(np.ascontiguousarray(data.astronaut()[::2, ::2])))[where]
    found = delta_e_2000(truth, _lab(tinct.colorize(astronaut).photo)[where]).mean()
    assert found < delta_e_2000(truth, _lab(astronaut)[where]).mean()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_lightness_stays_and_depth_stays(astronaut: Photo, dtype: type[np.unsignedinteger]) -> None:
    pixels = astronaut.pixels.astype(dtype) * dtype(257 if dtype is np.uint16 else 1)
    photo = tinct.colorize(Photo(pixels, gray=True)).photo
    assert photo.pixels.dtype == dtype
    assert not photo.gray
    assert np.abs(_lab(photo)[..., 0] - _lab(Photo(pixels))[..., 0]).max() * 2.55 <= 1


def test_sepia_and_grey_get_the_same_colours(astronaut: Photo) -> None:
    light = _lab(astronaut)[..., 0]
    tint = np.stack([light, 4 + 4 * np.sin(light / 32), 10 + 8 * np.sin(light / 32)], axis=-1)

    toned = tinct.colorize(Photo((lab_to_srgb(tint.astype(np.float32)) * 255 + 0.5).astype(np.uint8)))
    assert toned.tone == "toned"
    assert not toned.already_color
    assert delta_e_2000(_lab(toned.photo), _lab(tinct.colorize(astronaut).photo)).mean() <= 3


def test_a_photo_in_colour_is_recognised_and_still_coloured() -> None:
    source = Photo(np.ascontiguousarray(data.astronaut()[::4, ::4]))
    result = tinct.colorize(source)
    assert result.already_color
    assert not np.array_equal(result.photo.pixels, source.pixels)


def test_strength_zero_keeps_a_colour_photo_and_takes_the_tint_of_paper(astronaut: Photo) -> None:
    source = Photo(np.ascontiguousarray(data.astronaut()[::4, ::4]))
    assert delta_e_2000(_lab(tinct.colorize(source, 0).photo), _lab(source)).mean() < 0.6
    paper = np.clip(astronaut.pixels * np.array([1, 0.93, 0.78]), 0, 255).astype(np.uint8)
    neutral = _lab(tinct.colorize(Photo(paper), 0).photo)
    kept = _lab(tinct.colorize(Photo(paper), 0, neutralise=False).photo)
    assert np.abs(neutral[..., 1:]).max() < 1
    assert kept[..., 2].mean() > 5


def test_half_strength_is_half_the_chroma(astronaut: Photo) -> None:
    full, half = (_lab(tinct.colorize(astronaut, s).photo)[..., 1:] for s in (1.0, 0.5))
    calm = np.hypot(full[..., 0], full[..., 1]) < 20  # far from the gamut's border
    assert np.abs(half - full / 2)[calm].mean() < 0.5


def test_variants_differ_repeat_and_begin_with_the_best(astronaut: Photo) -> None:
    first, again = (tinct.colorize(astronaut, variants=4, seed=3).photos for _ in range(2))
    other = tinct.colorize(astronaut, variants=2, seed=4).photos
    assert all(np.array_equal(a.pixels, b.pixels) for a, b in zip(first, again, strict=True))
    assert np.array_equal(first[0].pixels, tinct.colorize(astronaut).photo.pixels)
    assert not np.array_equal(first[1].pixels, other[1].pixels)
    labs = [_lab(p) for p in first]
    for i in range(4):
        for j in range(i):
            assert delta_e_2000(labs[i], labs[j]).mean() > 1


def test_a_hint_on_a_sleeve_colours_the_suit_and_neither_face_nor_what_is_behind(astronaut: Photo) -> None:
    plain = _lab(tinct.colorize(astronaut).photo)
    hinted = _lab(tinct.colorize(astronaut, hints=[(60, 200, "#2060D0")]).photo)
    blue = srgb_to_lab(np.array([0x20, 0x60, 0xD0], np.float32) / 255)[1:]
    was, became = (np.linalg.norm(lab[..., 1:] - blue, axis=-1) for lab in (plain, hinted))
    reached = became < was / 2
    assert reached[125:220, 55:105].mean() > 0.8  # the chest, with a badge
    assert reached[150:165, 135:165].mean() > 0.8  # beyond the white strap
    moved = delta_e_2000(plain, hinted)
    assert moved[30:85, 95:140].mean() < 0.5
    assert moved[:60, :90].mean() < 0.5
    assert moved[:, 180:].mean() < 0.5


def test_a_reference_pulls_the_palette_towards_its_own(astronaut: Photo) -> None:
    blue = np.zeros((64, 64, 3), np.uint8)
    blue[:] = (40, 70, 160)
    orange = np.zeros((64, 64, 3), np.uint8)
    orange[:] = (190, 110, 40)
    cold = _lab(tinct.colorize(astronaut, reference=Photo(blue)).photo)[..., 2].mean()
    warm = _lab(tinct.colorize(astronaut, reference=Photo(orange)).photo)[..., 2].mean()
    assert cold < warm - 5


def test_what_is_found_to_be_damage_is_not_shown_to_the_network(
    astronaut: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = srgb_to_lab(astronaut.pixels.astype(np.float32) / 255)
    clean[..., 1:] = 0
    worn = clean.copy()
    for column in (40, 120, 200):
        worn[:, column : column + 2, 0] = 97
    monkeypatch.setattr(scan, "found_in", lambda rgb: (worn != clean).any(axis=2))
    wanted, raw, seen = (
        scan.lightness_seen(one, tone) for one, tone in ((clean, "gray"), (worn, "color"), (worn, "gray"))
    )
    assert np.abs(seen - wanted).mean() < 0.5 * np.abs(raw - wanted).mean()


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (3, 2), (33, 31)])
def test_any_size_works(shape: tuple[int, int]) -> None:
    level = np.random.default_rng(0).integers(0, 256, (*shape, 1), dtype=np.uint8)
    photo = Photo(np.repeat(level, 3, axis=2), gray=True)
    result = tinct.colorize(photo, variants=2, hints=[(0, 0, "#806040")])
    assert [p.pixels.shape for p in result.photos] == [(*shape, 3)] * 2


def test_alpha_and_profile_stay(astronaut: Photo) -> None:
    from PIL import ImageCms

    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha = np.full(astronaut.pixels.shape[:2], 90, np.uint8)
    photo = tinct.colorize(Photo(astronaut.pixels, alpha, icc)).photo
    assert photo.alpha is alpha
    assert photo.icc == icc
    assert np.abs(photo.pixels.astype(int) - tinct.colorize(astronaut).photo.pixels).mean() < 1


def test_a_scan_of_two_levels_stays_because_black_and_white_have_no_room_for_chroma() -> None:
    file = io.BytesIO()
    Image.fromarray(data.camera()[::4, ::4]).convert("1").save(file, "PNG")
    photo = tinct.open(file.getvalue())
    assert np.array_equal(tinct.colorize(photo).photo.pixels, photo.pixels)


@pytest.mark.parametrize("mode", ["L", "I;16", "CMYK", "LA"])
def test_every_kind_of_scan_is_coloured(mode: str) -> None:
    levels = data.camera()[::4, ::4]
    deep = mode == "I;16"
    image = Image.fromarray(levels.astype(np.uint16) * 257) if deep else Image.fromarray(levels).convert(mode)
    file = io.BytesIO()
    image.save(file, "JPEG" if mode == "CMYK" else "PNG")
    photo = tinct.open(file.getvalue())
    result = tinct.colorize(photo)
    assert result.photo.depth == photo.depth
    assert np.abs(_lab(result.photo)[..., 1:]).max() > 3


@pytest.mark.parametrize(
    ("field", "bad"),
    [
        ("variants", {"variants": 0}),
        ("variants", {"variants": 9}),
        ("strength", {"strength": 1.01}),
        ("strength", {"strength": float("nan")}),
        ("seed", {"seed": -1}),
        ("neutralise", {"neutralise": "maybe"}),
        ("hints.1", {"hints": [(1, 1, "#000000"), (256, 3, "#FF0000")]}),
        ("hints.0.y", {"hints": [(1, -1, "#FF0000")]}),
        ("hints.0.color", {"hints": [(1, 1, "reddish")]}),
        ("hints.0", {"hints": [7]}),
        ("hints", {"hints": [(1, 1, "#FF0000")] * 201}),
    ],
)
def test_a_wrong_parameter_is_named(astronaut: Photo, field: str, bad: dict[str, Any]) -> None:
    with pytest.raises(ParameterError) as caught:
        tinct.colorize(astronaut, **bad)
    assert caught.value.field == field


def test_the_registered_effect_reports_progress_and_facts(astronaut: Photo) -> None:
    heard: list[float] = []
    served = registry.get("colorize")
    params = served.parse({"variants": 2, "hints": [{"x": 3, "y": 4, "color": "336699"}]})
    output = served.run({"image": astronaut}, params, heard.append)
    assert len(output.photos) == 2
    assert output.facts == {"tone": "gray", "already_color": False, "doubted": 1}
    assert heard == sorted(heard)
    assert heard[-1] == 1


def test_one_tint_for_each_lightness_is_paper_and_two_are_colour() -> None:
    light = np.tile(np.linspace(5, 95, 100, dtype=np.float32), (100, 1))
    paper = np.stack([light, light * 0 + 6, light * 0.2], axis=-1)
    assert tone_of(paper) == "toned"
    assert tone_of(paper * np.array([1, 0, 0], np.float32)) == "gray"
    scene = paper.copy()
    scene[:50, :, 1:] *= -1
    assert tone_of(scene) == "color"


def test_grain_and_uneven_paper_are_no_colour_and_pale_things_are() -> None:
    light = np.tile(np.linspace(5, 95, 400, dtype=np.float32), (300, 1))
    across = np.linspace(0, 6, 300, dtype=np.float32)[:, None]
    print_ = np.stack([light, light * 0 + 4, 8 + light * 0.05 + across], axis=-1)
    grainy = print_ + np.random.default_rng(0).normal(0, 4, print_.shape).astype(np.float32)
    assert tone_of(print_) == "toned"
    assert tone_of(grainy) == "toned"
    things = print_.copy()
    for left in range(0, 400, 40):
        things[80:220, left : left + 20, 1] -= 8
        things[80:220, left : left + 20, 2] -= 6
    assert tone_of(things) == "color"
