"""A photo may be given in whatever form a program has it, and goes back into it."""

from __future__ import annotations

import io
import os
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageShow

import tinct
from tinct.effects import registry
from tinct.effects.effect import Effect
from tinct.errors import OutputError, ParameterError, PhotoLimitError, PhotoMissingError, TinctError
from tinct.photo.given import as_photo
from tinct.settings import current
from unit.photo_files import as_bytes, exif_block, jpeg, matrix_icc, scene


class Trickle(io.RawIOBase):
    """A file that gives a few bytes at a time."""

    def __init__(self, data: bytes) -> None:
        self._file = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        return self._file.readinto(memoryview(buffer)[:100])


class Place(os.PathLike):
    """A path of another library."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return str(self._path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tinct.Photo(scene()).save(tmp_path / "scene.png")


FORMS = {
    "a Photo": tinct.open,
    "a string": str,
    "a path": lambda path: path,
    "a path of another library": Place,
    "bytes": lambda path: path.read_bytes(),
    "a bytearray": lambda path: bytearray(path.read_bytes()),
    "a memoryview": lambda path: memoryview(path.read_bytes()),
    "a file in memory": lambda path: io.BytesIO(path.read_bytes()),
    "a file that gives little at a time": lambda path: Trickle(path.read_bytes()),
    "an image of PIL": Image.open,
    "an array": lambda path: np.asarray(Image.open(path)),
    "an array of floats": lambda path: np.asarray(Image.open(path)) / 255,
    "an array of 32-bit floats": lambda path: np.asarray(Image.open(path), np.float32) / 255,
}


@pytest.mark.parametrize("form", FORMS)
def test_a_photo_in_any_form_has_the_same_pixels(form: str, path: Path) -> None:
    given = as_photo(FORMS[form](path))
    assert np.array_equal(given.pixels, scene())
    assert given.alpha is None


def test_an_open_file_is_read_from_where_it_stands_and_stays_open(path: Path) -> None:
    with open(path, "rb") as file:
        assert tinct.open(file).width == 53
        assert not file.closed
    before = io.BytesIO(b"head" + path.read_bytes())
    before.seek(4)
    assert tinct.open(before).width == 53


@pytest.mark.parametrize("name", registry.names())
def test_every_effect_takes_whatever_is_a_photo_and_says_what_is_none(name: str, monkeypatch) -> None:
    function = getattr(tinct, name)
    effect: Effect = function.__effect__
    seen: dict[str, object] = {}
    monkeypatch.setattr(
        Effect,
        "accept",
        lambda self, photos, params: seen.update(photos) or (_ for _ in ()).throw(StopIteration),
    )
    inputs = {item.argument: scene() for item in effect.inputs}
    words = {name: "any" for name, field in effect.params.model_fields.items() if field.is_required()}
    with pytest.raises((StopIteration, RuntimeError)):
        function(**inputs, **words)
    for item in effect.inputs:
        found = seen[item.name] if item.is_list else [seen[item.name]]
        assert all(isinstance(one, tinct.Photo) for one in found)
    for item in effect.inputs:
        with pytest.raises(ParameterError, match=f"^{item.argument}: got 7; allowed: a Photo, a path"):
            function(**{**inputs, **words, item.argument: 7})


def test_an_effect_gives_the_same_for_every_form(path: Path) -> None:
    wanted = tinct.migrate(tinct.open(path), "template", colors="navy", portrait=False).photo.pixels
    for form in ("a string", "bytes", "an image of PIL", "an array"):
        made = tinct.migrate(FORMS[form](path), "template", colors="navy", portrait=False)
        assert np.array_equal(made.photo.pixels, wanted), form
    reference = tinct.migrate(path, "reference", reference=str(path), portrait=False)
    assert reference.photo.width == 53


def test_an_input_that_takes_several_takes_one_alone_too() -> None:
    from tinct.photo.given import as_photos

    assert len(as_photos(scene())) == 1
    assert len(as_photos([scene(), Image.fromarray(scene())])) == 2
    with pytest.raises(ParameterError, match=r"^references: got 3"):
        as_photos([scene(), 3], "references")


@pytest.mark.parametrize("read", [tinct.open, tinct.migrate, tinct.ColorMap.load])
def test_a_missing_file_is_a_file_not_found_error_that_says_which(read) -> None:
    with pytest.raises(FileNotFoundError, match=r"nowhere\.jpg") as caught:
        read("nowhere.jpg")
    assert isinstance(caught.value, TinctError)
    assert "\n" not in str(caught.value)


def test_an_address_is_not_fetched_and_the_error_says_so() -> None:
    with pytest.raises(PhotoMissingError, match="addresses are not fetched here"):
        tinct.open("https://example.com/photo.jpg")


def test_a_file_opened_as_text_is_told_how_to_open_it() -> None:
    with pytest.raises(ParameterError, match=r"open\(path, 'rb'\)"):
        tinct.open(io.StringIO("text"))  # type: ignore[arg-type]


# -- arrays ---------------------------------------------------------------------------------------


def test_numpy_sees_the_pixels_without_a_copy_and_cannot_change_them() -> None:
    photo = tinct.Photo(scene())
    seen = np.asarray(photo)
    assert np.shares_memory(seen, photo.pixels)
    with pytest.raises(ValueError, match="read-only"):
        seen[0, 0] = 0
    mine = np.array(photo)
    mine[:] = 0
    assert np.array_equal(photo.pixels, scene())
    assert np.asarray(photo, float).dtype == float


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pixels_make_the_way_through_an_array_and_back(channels: int, dtype: type) -> None:
    array = np.random.default_rng(0).integers(0, np.iinfo(dtype).max, (5, 7, channels), dtype, endpoint=True)
    photo = tinct.Photo.from_array(array)
    assert photo.gray == (channels < 3)
    assert (photo.alpha is not None) == (channels in (2, 4))
    again = tinct.Photo.from_array(np.asarray(photo))
    assert np.array_equal(again.pixels, photo.pixels)
    assert np.array_equal(np.asarray(photo)[..., : min(channels, 3)][..., 0], array[..., 0])
    array[:] = 0
    assert photo.pixels.any(), "it is a copy"


def test_other_types_of_arrays_become_levels() -> None:
    assert tinct.Photo.from_array(np.array([[True, False]])).pixels[0, :, 0].tolist() == [255, 0]
    assert tinct.Photo.from_array(np.array([[0.5, 1.0]])).pixels[0, :, 0].tolist() == [128, 255]
    assert tinct.Photo.from_array(np.array([[0.5]], np.float16), depth=16).pixels.dtype == np.uint16
    assert tinct.Photo.from_array([[0, 0.25]]).gray
    assert tinct.Photo.from_array(scene(9, 9, "uint16").astype(">u2")).depth == 16
    assert tinct.Photo.from_array(scene(), icc=matrix_icc(), format="jpg").format == "jpeg"


@pytest.mark.parametrize(
    ("array", "says"),
    [
        (np.zeros((2, 2, 3), np.int64), "int64"),
        (np.zeros((3, 4, 5), np.uint8), r"\(3, 4, 5\)"),
        (np.zeros((0, 4, 3), np.uint8), r"\(0, 4, 3\)"),
        (np.zeros(3, np.uint8), r"\(3,\)"),
        (np.full((2, 2), 2.0), "floats from 2 to 2"),
        (np.full((2, 2), np.nan), "floats from nan"),
        (np.array([["a"]]), "<U1"),
    ],
)
def test_an_array_that_holds_no_photo_is_refused_with_what_was_found(array: np.ndarray, says: str) -> None:
    with pytest.raises(ParameterError, match=says):
        tinct.Photo.from_array(array)


# -- Pillow ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "YCbCr", "HSV"])
def test_an_image_of_pillow_has_the_pixels_that_pillow_shows(mode: str) -> None:
    image = Image.fromarray(scene()).convert("P" if mode == "PA" else mode).convert(mode)
    shown = np.asarray(image.convert("RGB"))
    photo = tinct.Photo.from_pil(image)
    assert np.array_equal(photo.pixels, shown)
    assert photo.gray == (mode in ("1", "L", "LA"))


def test_pictures_of_16_bits_stay_so() -> None:
    deep = np.arange(35, dtype=np.uint16).reshape(5, 7) * 1800
    photo = tinct.Photo.from_pil(Image.fromarray(deep))
    assert photo.depth == 16
    assert np.array_equal(photo.pixels[..., 0], deep)
    assert np.array_equal(np.asarray(photo.to_pil()), deep)
    assert tinct.Photo.from_pil(Image.fromarray(deep.astype(np.int32))).depth == 16
    with pytest.raises(ParameterError, match="mode I with values from -1"):
        tinct.Photo.from_pil(Image.fromarray(np.full((2, 2), -1, np.int32)))
    with pytest.raises(ParameterError, match="mode F"):
        tinct.Photo.from_pil(Image.new("F", (3, 3)))


def test_an_opened_image_becomes_the_photo_that_its_file_is() -> None:
    icc = matrix_icc()
    kinds = [
        jpeg(exif=b"Exif\0\0" + exif_block(6), icc_profile=icc, dpi=(300, 300)),
        as_bytes(Image.fromarray(scene()[..., 1]), "PNG", icc_profile=matrix_icc(curve=1.8, space=b"GRAY")),
        as_bytes(Image.fromarray(np.dstack([scene(), scene()[..., :1]])), "PNG", icc_profile=icc),
        as_bytes(Image.fromarray(scene()).convert("CMYK"), "JPEG", quality=95),
        as_bytes(Image.fromarray(scene()).quantize(16), "GIF"),
    ]
    for data in kinds:
        file, image = tinct.open(data), tinct.Photo.from_pil(Image.open(io.BytesIO(data)))
        assert repr(image) == repr(file)
        assert np.abs(image.pixels.astype(int) - file.pixels).max() <= 2
        assert (image.icc, image.exif, image.resolution) == (file.icc, file.exif, file.resolution)


def test_a_photo_goes_to_pillow_with_profile_exif_and_resolution() -> None:
    photo = tinct.open(jpeg(exif=b"Exif\0\0" + exif_block(6), icc_profile=matrix_icc(), dpi=(300, 300)))
    image = photo.to_pil()
    assert (image.mode, image.size) == ("RGB", (photo.width, photo.height))
    saved = tinct.open(as_bytes(image, "TIFF", dpi=image.info["dpi"]))
    assert saved.icc == photo.icc
    again = tinct.Photo.from_pil(image)
    assert np.array_equal(again.pixels, photo.pixels)
    assert (again.icc, again.exif, again.resolution) == (photo.icc, photo.exif, photo.resolution)
    lab = ImageCms.profileToProfile(
        image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    differ = np.abs(tinct.Photo.from_pil(lab).pixels.astype(int) - photo.pixels)
    assert differ.mean() < 1, "Lab of 8 bits has no more"


def test_limits_hold_for_images_of_pillow_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINCT_MAX_PHOTO_PIXELS", "100")
    current.cache_clear()
    try:
        with pytest.raises(PhotoLimitError):
            tinct.Photo.from_pil(Image.new("RGB", (20, 20)))
    finally:
        monkeypatch.undo()
        current.cache_clear()


# -- what people see ------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_notebook_gets_a_small_srgb_picture_however_large_the_photo_is(dtype: str) -> None:
    large = np.random.default_rng(0).integers(0, 255, (3000, 2000, 3)).astype(dtype)
    alpha = np.full(large.shape[:2], np.iinfo(dtype).max, dtype)
    shown = tinct.Photo(large, alpha, matrix_icc())._repr_png_()
    assert len(shown) < 2**21
    image = Image.open(io.BytesIO(shown))
    assert (image.format, image.mode, image.size) == ("PNG", "RGBA", (512, 768))
    assert "icc_profile" not in image.info


def test_a_small_photo_is_shown_as_it_is() -> None:
    photo = tinct.Photo(scene())
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(photo._repr_png_()))), scene())


def test_what_the_library_returns_prints_short() -> None:
    made = tinct.migrate(scene(), "template", colors="red,navy")
    assert repr(made.maps[0]) == "ColorMap('Swatches #FF0000 #000080', 33x33x33)"
    colored = tinct.colorize(scene()[..., 0])
    for found in (made, colored, tinct.background(scene(), mask=scene()[..., 0]), tinct.Photo(scene())):
        assert len(repr(found)) < 400, repr(found)
        assert "array(" not in repr(found)


def test_showing_opens_a_program_with_a_bounded_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Image.Image] = []

    class Viewer(ImageShow.Viewer):
        def show(self, image: Image.Image, **options: object) -> int:
            seen.append(image)
            return 1

    monkeypatch.setattr(ImageShow, "_viewers", [Viewer()])
    tinct.Photo(scene()).show(side=20)
    assert [image.size for image in seen] == [(20, 14)]
    monkeypatch.setattr(ImageShow, "_viewers", [])
    with pytest.raises(OutputError, match="save the photo"):
        tinct.Photo(scene()).show()


def test_showing_in_a_notebook_displays_it_there(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[object] = []
    shell = types.SimpleNamespace(kernel=object())
    for name, content in {
        "IPython": {},
        "IPython.core": {},
        "IPython.core.getipython": {"get_ipython": lambda: shell},
        "IPython.display": {"display": shown.append},
    }.items():
        module = types.ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
    photo = tinct.Photo(scene())
    photo.show()
    assert shown == [photo]
