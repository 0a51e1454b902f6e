"""Colour migration as a whole: any photo in, the same photo in other colours out; or an error and nothing."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from photo_files import P3_XY, matrix_icc, scene
from scenes import photo, picture

import tinct
from tinct import Photo
from tinct.effects.registry import get
from tinct.errors import ParameterError, TinctError

MODES = {
    "auto": {"mode": "auto"},
    "template": {"mode": "template", "colors": "DB0D0D,0E0CBB"},
    "reference": {"mode": "reference", "reference": photo("rocket", 64)},
}
every_mode = pytest.mark.parametrize("options", MODES.values(), ids=MODES)
few = settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.differing_executors])


def _recolor(source: Photo, options: dict, **more) -> tinct.Migration:
    return tinct.migrate(source, **(options | {"portrait": False} | more))


@every_mode
def test_degree_zero_returns_the_source_pixels(options):
    source = photo("coffee")
    assert np.array_equal(_recolor(source, options, degree=0).photo.pixels, source.pixels)


@every_mode
def test_applying_the_fitted_map_is_the_same_as_migrating(options):
    source = photo("coffee")
    made = _recolor(source, options, degree=0.7)
    again = made.maps[0].apply(source, degree=0.7)
    assert np.array_equal(made.photo.pixels, again.pixels)


def test_fitting_and_applying_is_the_same_as_migrating():
    source, reference = photo("coffee"), photo("rocket", 64)
    fitted = {
        "auto": tinct.fit_auto(source, 1)[0],
        "template": tinct.fit_template(source, "DB0D0D,0E0CBB"),
        "reference": tinct.fit_reference(source, reference),
    }
    for name, color_map in fitted.items():
        made = _recolor(source, MODES[name]).photo
        assert np.array_equal(color_map.apply(source).pixels, made.pixels), name


@every_mode
@few
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    kind=st.sampled_from(["noise", "grey", "flat", "black", "white"]),
    depth=st.sampled_from([np.uint8, np.uint16]),
    seed=st.integers(0, 9),
)
def test_any_photo_of_any_size_comes_back_whole(options, size, kind, depth, seed):
    top = int(np.iinfo(depth).max)
    rng = np.random.default_rng(seed)
    pixels = {
        "noise": rng.integers(0, top + 1, (*size, 3)),
        "grey": np.repeat(rng.integers(0, top + 1, (*size, 1)), 3, axis=2),
        "flat": np.broadcast_to(rng.integers(0, top + 1, 3), (*size, 3)),
        "black": np.zeros((*size, 3)),
        "white": np.full((*size, 3), top),
    }[kind].astype(depth)
    source = Photo(pixels, pixels[..., 0].copy(), exif=b"II*\0\x08\0\0\0\0\0", format="tiff")
    made = _recolor(source, options)
    for result in made.photos:
        assert result.pixels.shape == pixels.shape
        assert result.pixels.dtype == depth
        assert np.array_equal(result.alpha, source.alpha)
        assert (result.exif, result.icc, result.format) == (source.exif, None, "tiff")
    assert all(np.isfinite(m.lattice).all() for m in made.maps)


@every_mode
@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (2, 2)])
def test_slivers_and_single_pixels_come_back_whole(options, size):
    pixels = np.random.default_rng(0).integers(0, 256, (*size, 3)).astype(np.uint8)
    assert _recolor(Photo(pixels), options).photo.pixels.shape == pixels.shape


@every_mode
def test_a_16_bit_photo_gets_what_its_8_bit_twin_gets(options):
    small = picture("coffee")
    deep = _recolor(Photo(small.astype(np.uint16) * 257), options).photo.pixels
    shallow = _recolor(Photo(small), options).photo.pixels
    assert deep.dtype == np.uint16
    off = np.abs(deep / 257 - shallow)
    assert np.percentile(off, 99) <= 1
    assert off.max() <= 4


@pytest.mark.parametrize(("mode", "percentile"), [("auto", 50), ("template", 50), ("reference", 99)])
def test_a_display_p3_photo_keeps_its_profile_and_looks_like_its_srgb_twin(mode, percentile):
    # Which colour goes where is a decision: rounding may tip it for a part of the photo.
    from tinct.photo.color import profile_to_srgb, srgb_to_profile

    icc = matrix_icc(P3_XY)
    small = picture("coffee")
    encoded = srgb_to_profile(small.astype(np.float32) / np.float32(255), icc)
    wide = Photo(np.rint(np.clip(encoded, 0, 1) * 255).astype(np.uint8), icc=icc)
    result = _recolor(wide, MODES[mode]).photo
    assert result.icc == icc
    seen = profile_to_srgb(result.pixels.astype(np.float32) / np.float32(255), icc)
    wanted = _recolor(Photo(small), MODES[mode]).photo.pixels / 255
    assert np.percentile(np.abs(seen - wanted), percentile) <= 5 / 255


def test_a_wide_gamut_photo_with_colours_beyond_srgb_works():
    wide = Photo(scene(60, 80, "uint16"), icc=matrix_icc(P3_XY))
    for options in MODES.values():
        assert _recolor(wide, options).photo.pixels.shape == (60, 80, 3)


@every_mode
def test_the_photo_given_is_never_written_to(options):
    pixels = picture("coffee").copy()
    _recolor(Photo(pixels), options)
    assert np.array_equal(pixels, picture("coffee"))


@pytest.mark.parametrize("count", [1, 8])
def test_auto_gives_as_many_results_as_asked(count):
    made = _recolor(photo("coffee", 64), MODES["auto"], count=count)
    assert len(made.photos) == len(made.maps) == count
    assert len({m.lattice.tobytes() for m in made.maps}) == count
    assert made.photo is made.photos[0]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"mode": "sepia"}, "mode"),
        ({"mode": None}, "mode"),
        ({"count": 0}, "count"),
        ({"count": 9}, "count"),
        ({"count": float("nan")}, "count"),
        ({"mode": "template"}, "colors"),
        ({"mode": "template", "colors": ""}, "colors"),
        ({"mode": "template", "colors": []}, "colors"),
        ({"mode": "template", "colors": ["DB0D0D"] * 8}, "colors"),
        ({"mode": "template", "colors": "reddish"}, "colors"),
        ({"mode": "template", "colors": "DB0D0D", "count": 2}, "count"),
        ({"mode": "template", "colors": "DB0D0D", "reference": photo()}, "reference"),
        ({"mode": "auto", "colors": "DB0D0D"}, "colors"),
        ({"mode": "auto", "reference": photo()}, "reference"),
        ({"mode": "reference"}, "reference"),
        ({"mode": "reference", "reference": photo(), "count": 3}, "count"),
        ({"mode": "reference", "reference": photo(), "colors": "DB0D0D"}, "colors"),
        ({"mode": "reference", "reference": photo(), "smoothness": 2}, "smoothness"),
        ({"degree": -0.1}, "degree"),
        ({"degree": 1.5}, "degree"),
        ({"degree": float("nan")}, "degree"),
        ({"degree": "half"}, "degree"),
        ({"strength": 7}, "strength"),
        ({"strength": float("nan")}, "strength"),
        ({"seed": -1}, "seed"),
        ({"portrait": "perhaps"}, "portrait"),
    ],
)
def test_a_wrong_parameter_is_refused_with_its_name_its_value_and_what_is_allowed(options, field):
    with pytest.raises(ParameterError, match=f"^{field}: got .*; allowed: .+") as caught:
        tinct.migrate(photo(), **options)
    assert caught.value.field == field
    assert caught.value.allowed


@pytest.mark.parametrize("given", [7, ["photo.jpg"], np.zeros((4, 4, 5), np.uint8), np.ndarray])
def test_something_that_is_no_photo_is_refused_by_name(given):
    with pytest.raises(ParameterError, match=r"^photo: got"):
        tinct.migrate(given)
    with pytest.raises(ParameterError, match=r"^reference: got"):
        tinct.migrate(photo(), "reference", reference=given)


def test_progress_rises_to_one():
    effect = get("migrate")
    heard: list[float] = []
    params = effect.parse({"count": 3, "portrait": False})
    output = effect.run({"image": photo("coffee", 64)}, params, heard.append)
    assert len(output.photos) == 3
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1)


def test_the_served_effect_reports_json_ready_facts():
    import json

    effect = get("migrate")
    output = effect.run({"image": photo("coffee", 64)}, effect.parse({"portrait": False}), lambda _: None)
    facts = json.loads(json.dumps(dict(output.facts)))
    assert len(facts["palettes"][0]) == 5
    assert facts["people_share"] == 0


def test_the_served_effect_ignores_no_reference_and_asks_for_a_missing_one():
    effect = get("migrate")
    params = effect.parse({"mode": "reference", "portrait": False})
    with pytest.raises(TinctError, match="reference"):
        effect.run({"image": photo("coffee", 64)}, params, lambda _: None)


def test_a_result_does_not_depend_on_the_environment(monkeypatch):
    code = (
        "import hashlib, numpy as np, tinct\n"
        "pixels = np.random.default_rng(0).integers(0, 256, (40, 600, 3), dtype=np.uint8)\n"
        "made = tinct.migrate(tinct.Photo(pixels), seed=3, portrait=False).photo.pixels\n"
        "print(hashlib.sha256(made.tobytes()).hexdigest())"
    )
    found = set()
    for side in ("16", "512"):
        monkeypatch.setenv("TINCT_PROXY_SIDE", side)
        found.add(
            subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        )
    assert len(found) == 1


@every_mode
def test_a_mask_says_what_is_recoloured(options):
    source = photo("coffee")
    inside = np.zeros(source.pixels.shape, np.uint8)
    inside[:, : source.width // 2] = 255
    mask = Photo(inside, gray=True)
    made = _recolor(source, options, mask=mask)
    changed = (made.photo.pixels != source.pixels).any(axis=2)
    assert not changed[:, source.width // 2 :].any()
    assert changed[:, : source.width // 2].mean() > 0.5


@pytest.mark.parametrize("mode", ["template", "reference"])
def test_what_lies_outside_a_mask_has_hardly_a_say_in_the_colours(mode):
    """Pixels of the border are in both small copies; in mode auto the network sees the whole photo."""
    source = photo("coffee")
    inside = np.zeros(source.pixels.shape, np.uint8)
    inside[:, : source.width // 2] = 255
    elsewhere = Photo(np.where(inside, source.pixels, 255 - source.pixels).astype(np.uint8))
    first, second = (
        _recolor(one, MODES[mode], mask=Photo(inside, gray=True)).maps[0] for one in (source, elsewhere)
    )
    whole = _recolor(source, MODES[mode]).maps[0]
    apart = np.abs(first.lattice - second.lattice).mean()
    assert apart < 0.5 * np.abs(first.lattice - whole.lattice).mean()


def test_a_mask_that_marks_nothing_or_has_another_size_is_refused():
    source = photo("coffee")
    for pixels in (np.zeros_like(source.pixels), np.full((8, 8, 3), 255, np.uint8)):
        with pytest.raises(ParameterError, match="mask"):
            _recolor(source, MODES["auto"], mask=Photo(pixels, gray=True))
