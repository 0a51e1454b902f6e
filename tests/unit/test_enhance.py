"""Enhancing: what holds for every engine, with networks played by a stand-in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from skimage import data

import tinct
from tinct.effects import registry
from tinct.effects.enhance import engines, faces, timing
from tinct.effects.enhance.enhance import plan
from tinct.errors import MissingModelError, ModelLicenceError, ModelMemoryError, ParameterError
from tinct.faces import canonical
from tinct.faces.face import Face
from tinct.faces.pose import Pose
from tinct.models import runtime, store
from tinct.photo.color import delta_e_2000, srgb_to_lab
from tinct.photo.photo import Photo
from tinct.settings import Settings

Array = NDArray[np.float32]


class Network:
    """Enlarges like a network that also shifts colours, draws a pattern and needs memory by the pixel."""

    def __init__(self, factor: int, most_pixels: int = 10**9) -> None:
        self.factor, self.most_pixels, self.seen = factor, most_pixels, []

    def apply(self, x: Array) -> Array:
        assert x.dtype == np.float32
        assert x.shape[:2] == (1, 3)
        if x.shape[2] * x.shape[3] > self.most_pixels:
            raise ModelMemoryError("too large")
        self.seen.append(x.shape[2:])
        size = (x.shape[3] * self.factor, x.shape[2] * self.factor)
        out = cv2.resize(x[0].transpose(1, 2, 0), size, interpolation=cv2.INTER_CUBIC)
        out[::2, ::2] += 0.02
        return np.ascontiguousarray((out + np.float32([0.08, -0.05, 0.03])).transpose(2, 0, 1)[None])


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Network]:
    """Every network is installed, and is a stand-in."""
    names = {"span-x2": 2, "span-x4": 4, "realesrgan-x4plus": 4, "clearreality-x4": 4}
    played = {name: Network(factor) for name, factor in names.items()}
    monkeypatch.setattr(store, "installed", lambda name: name in played)
    monkeypatch.setattr(runtime, "session", lambda name: played[name])
    monkeypatch.setattr(timing, "_seconds_per_pixel", {})
    return played


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(store, "current", lambda: Settings(models=tmp_path))


@pytest.fixture(scope="module")
def cat() -> Photo:
    return Photo(np.ascontiguousarray(data.chelsea()[40:200, 80:300]))


def _unit(photo: Photo) -> Array:
    return photo.pixels.astype(np.float32) / np.float32(np.iinfo(photo.pixels.dtype).max)


def _low(photo: Photo, size: tuple[int, int]) -> Array:
    """CIELAB of what is broad: scaled to the source's size, and smooth there."""
    small = cv2.resize(_unit(photo), (size[1], size[0]), interpolation=cv2.INTER_AREA)
    return srgb_to_lab(cv2.GaussianBlur(small, (0, 0), 4))


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("model", ["span", "realesrgan", "classical"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_the_result_has_the_asked_size_the_sources_depth_and_its_broad_colours(
    networks: dict[str, Network], cat: Photo, scale: Any, model: Any, dtype: type[np.unsignedinteger]
) -> None:
    photo = Photo(cat.pixels.astype(dtype) * dtype(257 if dtype is np.uint16 else 1))
    result = tinct.enhance(photo, scale, model)
    assert result.photo.pixels.shape == (160 * scale, 220 * scale, 3)
    assert result.photo.pixels.dtype == dtype
    assert result.engine == model
    apart = delta_e_2000(_low(photo, (160, 220)), _low(result.photo, (160, 220)))
    assert apart.max() < 1  # the stand-in alone is off by 6


def test_a_network_of_its_own_scale_is_used_and_one_result_is_the_same_as_the_next(
    networks: dict[str, Network], cat: Photo
) -> None:
    one, two = (tinct.enhance(cat, 2, "span").photo.pixels for _ in range(2))
    assert np.array_equal(one, two)
    assert networks["span-x2"].seen
    assert not networks["span-x4"].seen
    tinct.enhance(cat, 4, "span")
    assert networks["span-x4"].seen


def test_tiles_do_not_show(networks: dict[str, Network], cat: Photo, monkeypatch: pytest.MonkeyPatch) -> None:
    large = Photo(np.tile(cat.pixels, (2, 2, 1)))
    whole = tinct.enhance(large, 2, "span")
    networks["span-x2"].most_pixels = 130 * 130
    tiled = tinct.enhance(large, 2, "span")
    assert whole.tiles < 5
    assert tiled.tiles > 12
    assert {max(shape) for shape in networks["span-x2"].seen[-tiled.tiles :]} <= set(range(100, 131))
    apart = np.abs(whole.photo.pixels.astype(int) - tiled.photo.pixels)
    assert apart.max() <= 3  # levels; windows of the cleaning begin elsewhere
    assert (apart > 1).mean() < 0.001
    assert apart.mean() < 0.2


def test_memory_that_never_suffices_is_said(networks: dict[str, Network], cat: Photo) -> None:
    networks["span-x2"].most_pixels = 64 * 64
    with pytest.raises(ModelMemoryError):
        tinct.enhance(cat, 2, "span")


def test_a_gradient_of_16_bits_keeps_all_its_steps(networks: dict[str, Network]) -> None:
    ramp = np.linspace(20_000, 20_600, 300).astype(np.uint16)  # 600 levels of 65,535: 2 of 255
    photo = Photo(np.repeat(np.tile(ramp, (64, 1))[..., None], 3, axis=2))
    for model in ("span", "classical"):
        result = tinct.enhance(photo, 2, model).photo.pixels[::2, ::2, 1].astype(int)  # type: ignore[arg-type]
        middle = cv2.blur(result[32:33].astype(np.float32), (5, 1))[0, 20:-20]
        assert len(np.unique(middle)) > 150
        assert np.diff(middle).max() < 8


def test_opacity_is_enlarged_and_hidden_colours_stay_hidden(networks: dict[str, Network]) -> None:
    y, x = np.mgrid[:80, :90]
    inside = (y - 40) ** 2 + (x - 45) ** 2 < 900
    pixels = np.where(inside[..., None], np.uint8([200, 120, 60]), np.uint8([0, 255, 0])).astype(np.uint8)
    result = tinct.enhance(Photo(pixels, inside.astype(np.uint8) * 255), 4, "span").photo
    assert result.alpha is not None
    assert result.alpha.shape == (320, 360)
    wanted = ((np.mgrid[:320, :360] - np.array([161.5, 181.5])[:, None, None]) ** 2).sum(0) < 120**2
    assert ((result.alpha > 127) == wanted).mean() > 0.99
    assert set(np.unique(result.alpha)) >= {0, 255}
    seen = result.pixels[result.alpha > 0].astype(int)
    assert np.abs(seen - [200, 120, 60]).max() < 12  # nothing of the green below


def test_wholly_transparent_photos_pass(networks: dict[str, Network]) -> None:
    photo = Photo(np.zeros((20, 20, 3), np.uint8), np.zeros((20, 20), np.uint8))
    result = tinct.enhance(photo).photo
    assert result.alpha is not None
    assert not result.alpha.any()


def test_grey_photos_stay_grey(networks: dict[str, Network]) -> None:
    photo = Photo(np.repeat(data.camera()[::4, ::4, None], 3, axis=2), gray=True)
    pixels = tinct.enhance(photo, 2, "span").photo.pixels
    assert np.array_equal(pixels[..., 0], pixels[..., 1])
    assert np.array_equal(pixels[..., 0], pixels[..., 2])


def test_profile_and_metadata_stay(networks: dict[str, Network], cat: Photo) -> None:
    photo = Photo(cat.pixels, icc=b"profile", exif=b"exif", format="jpeg", xmp=b"xmp")
    result = tinct.enhance(photo).photo
    assert (result.icc, result.exif, result.format, result.xmp) == (b"profile", b"exif", "jpeg", b"xmp")


def test_auto_takes_the_strong_network_for_small_and_soft_photos_and_the_faithful_one_for_others(
    networks: dict[str, Network],
) -> None:
    def chosen(scale: Any, side: int, soft: bool = False, worn: bool = False) -> tuple[str, bool]:
        engine = engines.select("auto", scale, side * side, worn, lambda: soft)
        return engine.name, engine.halved

    assert chosen(2, 300) == ("realesrgan", False)
    assert chosen(2, 300, soft=True) == ("realesrgan", True)
    assert chosen(2, 700) == ("span", False)
    assert chosen(2, 700, soft=True) == ("realesrgan", True)
    assert chosen(2, 1000, soft=True) == chosen(2, 2400) == ("span", False)
    assert chosen(2, 2500) == ("luma", False)  # 6 megapixels
    assert chosen(4, 2500) == ("span", False)
    assert chosen(1, 300, soft=True) == chosen(1, 700, soft=True) == ("realesrgan", True)
    assert chosen(1, 300, worn=True) == ("realesrgan", False)
    assert chosen(1, 300) == chosen(1, 700, worn=True) == ("classical", False)
    del networks["realesrgan-x4plus"]
    assert chosen(2, 300, soft=True) == ("span", False)
    del networks["span-x2"]
    assert chosen(2, 300) == ("classical", False)
    assert chosen(4, 300) == ("span", False)


@pytest.mark.parametrize("scale", [1, 2, 4])
@pytest.mark.parametrize("shape", [(160, 220), (151, 211)])
def test_soft_photos_are_restored_at_half_their_size(
    networks: dict[str, Network], cat: Photo, scale: Any, shape: tuple[int, int]
) -> None:
    blurred = cv2.GaussianBlur(cat.pixels, (0, 0), 1.6)
    soft = Photo(np.ascontiguousarray(blurred[: shape[0], : shape[1]], np.uint8))
    result = tinct.enhance(soft, scale)
    assert result.plan.engine.halved
    assert result.photo.pixels.shape == (shape[0] * scale, shape[1] * scale, 3)
    assert networks["realesrgan-x4plus"].seen[-1] == (
        shape[0] // 2 + 32 + shape[0] % 2,
        shape[1] // 2 + 32 + shape[1] % 2,
    )
    assert delta_e_2000(_low(soft, shape), _low(result.photo, shape)).max() < 1
    assert not tinct.enhance(cat, scale).plan.engine.halved


def test_an_answer_that_the_source_contradicts_is_not_believed(
    networks: dict[str, Network], cat: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, sane = networks["span-x2"], networks["span-x2"].apply

    def burst(x: Array) -> Array:
        out = sane(x)
        out[:, :, 100:130, 100:130] = np.float32([[[[9]], [[-9]], [[np.nan]]]])
        return out

    calm = tinct.enhance(cat, 2, "span").photo.pixels.astype(int)
    monkeypatch.setattr(network, "apply", burst)
    wild = tinct.enhance(cat, 2, "span").photo.pixels.astype(int)
    plain = tinct.enhance(cat, 2, "classical").photo.pixels.astype(int)
    apart = np.abs(wild - calm).max(axis=2)
    assert np.abs(wild - plain)[76:90, 76:90].max() < 30  # margins were cut off: the burst lies at 68..98
    assert not apart[:40].any()
    assert not apart[:, :40].any()


def test_without_any_model_auto_serves_and_says_how(nothing_installed: None, cat: Photo) -> None:
    result = tinct.enhance(cat)
    assert result.engine == "classical"
    assert result.photo.width == 440


@pytest.mark.parametrize(("model", "name"), [("span", "span-x2"), ("realesrgan", "realesrgan-x4plus")])
def test_a_named_model_that_is_not_installed_names_the_command(
    nothing_installed: None, cat: Photo, model: Any, name: str
) -> None:
    with pytest.raises(MissingModelError, match=f"tinct models fetch {name}"):
        tinct.enhance(cat, 2, model)


def test_a_model_whose_licence_was_not_accepted_names_licence_and_command(
    nothing_installed: None, cat: Photo
) -> None:
    with pytest.raises(ModelLicenceError, match=r"CC-BY-NC-SA.*tinct models fetch clearreality-x4"):
        tinct.enhance(cat, 4, "clearreality")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"scale": 3}, "scale"),
        ({"scale": "many"}, "scale"),
        ({"scale": True}, "scale"),
        ({"scale": 2.5}, "scale"),
        ({"model": "waifu"}, "model"),
        ({"model": ["span"]}, "model"),
        ({"denoise": 1.5}, "denoise"),
        ({"denoise": "lots"}, "denoise"),
        ({"denoise": float("nan")}, "denoise"),
        ({"sharpen": 1}, "sharpen"),
    ],
)
def test_bad_parameters_are_named(params: dict[str, Any], field: str) -> None:
    with pytest.raises(ParameterError, match=field):
        registry.get("enhance").parse(params)


def test_parameters_may_be_text_as_forms_send_them() -> None:
    params = registry.get("enhance").parse({"scale": "4", "denoise": "0.3"})
    assert (params.scale, params.denoise) == (4, 0.3)


@pytest.mark.parametrize("shape", [(7, 100), (100, 7), (1, 1)])
def test_a_photo_below_8_pixels_is_refused(shape: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match="8 pixels or more"):
        tinct.enhance(Photo(np.zeros((*shape, 3), np.uint8)))


@pytest.mark.parametrize("shape", [(8, 8), (8, 300), (301, 9)])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_the_smallest_and_narrowest_photos_pass(
    networks: dict[str, Network], shape: tuple[int, int], scale: Any
) -> None:
    photo = Photo(np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8))
    for model in ("span", "classical"):
        out = tinct.enhance(photo, scale, model).photo.pixels  # type: ignore[arg-type]
        assert out.shape == (shape[0] * scale, shape[1] * scale, 3)


def test_a_result_above_the_limit_names_the_scales_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    from tinct.effects.enhance import enhance as module

    monkeypatch.setattr(module, "_MOST_PIXELS", 40_000)
    photo = Photo(np.zeros((100, 100, 3), np.uint8))
    with pytest.raises(ParameterError, match=r"scale: got 4; allowed: 1 or 2 .* 40000 pixels"):
        tinct.enhance(photo, 4, "classical")
    assert tinct.enhance(photo, 2, "classical").photo.width == 200


def test_progress_rises_tile_by_tile_to_one_and_an_estimate_comes_before(
    networks: dict[str, Network], cat: Photo
) -> None:
    photo, heard = Photo(np.tile(cat.pixels, (3, 3, 1))), []
    before = plan(photo, 2, "span").estimate
    result = tinct.enhance(photo, 2, "span", progress=heard.append)
    assert len(heard) == result.tiles == before.tiles > 1
    assert heard == sorted(heard)
    assert heard[-1] == 1
    assert before.seconds > 0
    assert result.plan.estimate == before
    # Learned from the work itself
    assert plan(photo, 2, "span").estimate.seconds == pytest.approx(result.seconds)


def test_work_can_be_stopped_from_progress(networks: dict[str, Network], cat: Photo) -> None:
    class StoppedError(Exception):
        pass

    def stop(_: float) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        tinct.enhance(cat, model="span", progress=stop)


def test_the_served_effect_reports_its_engine(networks: dict[str, Network], cat: Photo) -> None:
    served = registry.get("enhance")
    output = served.run({"image": cat}, served.parse({"scale": 4, "model": "span"}), lambda _: None)
    assert output.photos[0].width == 880
    facts = json.loads(json.dumps(output.facts))
    assert facts["engine"] == "span"
    assert facts["tiles"] >= 1
    assert facts["seconds"] >= 0
    assert facts["cleaned"] is False


def test_a_restored_photo_keeps_fine_grain_unless_all_noise_is_to_go(
    networks: dict[str, Network], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in that smooths everything, as restoring networks do to skin."""
    network, enlarge = networks["realesrgan-x4plus"], networks["realesrgan-x4plus"].apply
    monkeypatch.setattr(
        network,
        "apply",
        lambda x: enlarge(cv2.blur(x[0].transpose(1, 2, 0), (9, 9)).transpose(2, 0, 1)[None]),
    )
    grain = np.random.default_rng(0).normal(0, 1.5, (96, 96, 1))
    photo = Photo(np.repeat((128 + grain).round().astype(np.uint8), 3, axis=2))

    def left(denoise: Any) -> float:
        found = tinct.enhance(photo, 2, "realesrgan", denoise).photo.pixels
        small = cv2.resize(found, (96, 96), interpolation=cv2.INTER_AREA).astype(float)
        return float((small - cv2.GaussianBlur(small, (0, 0), 3))[16:-16, 16:-16].std())

    auto, half, full = left("auto"), left(0.5), left(1.0)
    assert 0.4 * 1.5 < auto < 1.2 * 1.5
    assert full < half < auto
    assert full < 0.5


def test_how_long_it_may_take_is_known_from_the_size_alone() -> None:
    served = registry.get("enhance")
    assert served.estimate is not None

    def seconds(side: int, **params: Any) -> float:
        assert served.estimate is not None
        return served.estimate({"image": [(side, side)]}, served.parse(params))

    assert (
        seconds(2000, model="classical")
        < 20
        < seconds(2000, model="span")
        < seconds(2000, model="realesrgan")
    )
    assert seconds(4000, model="span") == pytest.approx(4 * seconds(2000, model="span"), rel=0.2)
    # Half as long again for faces
    assert seconds(4000, scale=4) == pytest.approx(1.5 * seconds(4000, model="span"))
    assert 1.5 * seconds(4000, model="luma") < seconds(4000) < seconds(4000, model="span") / 2
    assert seconds(400) == seconds(400, model="realesrgan") > seconds(4000, scale=1)


def with_faces(monkeypatch: pytest.MonkeyPatch, photo: Photo, *boxes: tuple[int, int, int]) -> None:
    """Let faces be found: left, top and width of each."""
    canon = canonical.points() * [1, -1, -1]
    low, high = canon.min(axis=0), canon.max(axis=0)
    found = []
    for left, top, width in boxes:
        points = (canon - low) / (high - low)[0] * width + [left, top, 0]
        whole = np.concatenate([points, points[:10]])
        found.append(Face(whole, 0.9, Pose(0, 0, 0), (photo.width, photo.height)))
    monkeypatch.setattr(faces, "installed", lambda: True)
    monkeypatch.setattr(faces, "find_faces", lambda photo: tuple(found))


@pytest.fixture
def street() -> Photo:
    """Larger than the strong network is worth its time for."""
    rng = np.random.default_rng(0)
    pixels = cv2.GaussianBlur(rng.integers(0, 256, (800, 1100, 3), np.uint8), (0, 0), 1)
    return Photo(np.clip((pixels.astype(np.float32) - 128) * 3 + 128, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("scale", [2, 4])
def test_small_faces_of_a_large_photo_get_the_strong_network_without_a_seam(
    networks: dict[str, Network], street: Photo, monkeypatch: pytest.MonkeyPatch, scale: Any
) -> None:
    street = Photo(np.ascontiguousarray(street.pixels[:480, :640]))  # still larger than that
    without = tinct.enhance(street, scale)
    assert not networks["realesrgan-x4plus"].seen
    with_faces(monkeypatch, street, (300, 200, 60))
    made = tinct.enhance(street, scale)
    assert (without.faces_restored, made.faces_restored, made.faces_left) == (0, 1, 0)
    assert made.engine == "span"
    assert networks["realesrgan-x4plus"].seen
    different = np.abs(made.photo.pixels.astype(int) - without.photo.pixels).max(axis=-1)
    left, top, right, bottom = made.plan.faces[0].place
    inside = np.zeros(different.shape, bool)
    inside[top * scale : bottom * scale, left * scale : right * scale] = True
    assert not different[~inside].any()
    assert different[inside].any()
    rim = different.copy()
    rim[top * scale + 2 : bottom * scale - 2, left * scale + 2 : right * scale - 2] = 0
    assert rim.max() <= 3  # it begins from nothing


def test_faces_for_which_the_time_does_not_suffice_are_counted_and_the_largest_come_first(
    networks: dict[str, Network], street: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_faces(monkeypatch, street, *((20 + 120 * number, 100, 60 + 2 * number) for number in range(8)))
    chosen = plan(street, 2)
    assert chosen.engine.name == "span"
    assert len(chosen.faces) + chosen.faces_left == 8
    assert 1 <= len(chosen.faces) < 8
    assert sum(face.core_seconds for face in chosen.faces) <= max(60, 0.5 * 14 * 0.88 * 1.5)
    assert (
        chosen.faces[0].face.width
        == max(face.face.width for face in chosen.faces)
        == pytest.approx(74, abs=3)
    )
    served = registry.get("enhance")
    most = served.estimate({"image": [(1100, 800)]}, served.parse({})) if served.estimate else 0
    own = served.estimate({"image": [(1100, 800)]}, served.parse({"model": "span"})) if served.estimate else 0
    assert sum(face.core_seconds for face in chosen.faces) <= most - own


def test_a_named_model_and_large_sharp_faces_are_left_to_it(
    networks: dict[str, Network], street: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_faces(monkeypatch, street, (100, 20, 600))
    assert plan(street, 2).faces == ()
    with_faces(monkeypatch, street, (300, 200, 60))
    assert plan(street, 2, "span").faces == ()


def test_progress_rises_over_photo_and_faces(
    networks: dict[str, Network], street: Photo, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_faces(monkeypatch, street, (300, 200, 60))
    heard: list[float] = []
    tinct.enhance(street, 2, progress=heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == pytest.approx(1)
    assert heard[-2] < 0.9


def test_the_surroundings_of_a_face_are_clipped_to_the_photo_and_cut_at_the_same_place_of_the_result() -> (
    None
):
    from tinct.effects.enhance.crops import _widened, cut

    assert _widened((100, 100, 200, 150), 400, 400) == (70, 85, 230, 165)
    assert _widened((10, 0, 60, 50), 70, 60) == (0, 0, 70, 60)
    pixels = np.arange(20 * 30 * 3, dtype=np.uint16).reshape(20, 30, 3)
    before = cut(Photo(pixels, alpha=pixels[..., 0]), (3, 4, 13, 9))
    assert np.array_equal(before.pixels, pixels[4:9, 3:13])
    assert before.alpha is not None
    assert np.array_equal(before.alpha, pixels[4:9, 3:13, 0])
    after = cut(Photo(pixels.repeat(2, 0).repeat(2, 1)), (3, 4, 13, 9), 2)
    assert np.array_equal(after.pixels[::2, ::2], before.pixels)
