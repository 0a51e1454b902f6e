"""Colour maps do in other programs what they do here: ffmpeg's lut3d and haldclut, OpenColorIO's own readers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from scenes import photo, wavy_map

import tinct
from tinct import ColorMap, Photo

SOURCE = photo("coffee")


@pytest.fixture(scope="module")
def fitted() -> ColorMap:
    return tinct.fit_template(SOURCE, "DB0D0D,0E0CBB")


def _ffmpeg(folder: Path, graph: str, *inputs: str) -> np.ndarray:
    """Pixels that ffmpeg makes of a photo."""
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    SOURCE.save(folder / "source.png")
    files = [word for name in ("source.png", *inputs) for word in ("-i", name)]
    command = [ffmpeg, "-v", "error", "-y", *files, "-filter_complex", graph, "-frames:v", "1", "made.png"]
    subprocess.run(command, cwd=folder, check=True)
    return tinct.open(folder / "made.png").pixels.astype(int)


def _differs(made: np.ndarray, color_map: ColorMap) -> np.ndarray:
    return np.abs(made - color_map.apply(SOURCE).pixels.astype(int))


@pytest.mark.parametrize("size", [17, 33, 65])
def test_ffmpeg_applies_a_saved_cube_as_we_do(tmp_path, fitted, size):
    for color_map in (fitted, wavy_map()):
        color_map.save(tmp_path / "a.cube", size=size)
        made = _ffmpeg(tmp_path, "format=gbrp,lut3d=a.cube:interp=tetrahedral,format=rgb24")
        assert _differs(made, color_map.resized(size)).max() <= 1


def test_ffmpeg_applies_a_saved_haldclut_as_we_do(tmp_path, fitted):
    for color_map in (fitted, wavy_map()):
        color_map.save(tmp_path / "a.png")
        graph = "[0]format=rgb48[s];[1]format=rgb48[c];[s][c]haldclut=interp=tetrahedral,format=rgb24"
        made = _ffmpeg(tmp_path, graph, "a.png")
        error = _differs(made, color_map.resized(64))
        assert error.max() <= 2  # ffmpeg goes from 16 bits to 8 by cutting
        assert error.mean() < 0.3


def test_a_haldclut_of_ffmpeg_is_read_and_changes_nothing(tmp_path):
    ffmpeg = pytest.importorskip("imageio_ffmpeg").get_ffmpeg_exe()
    command = [ffmpeg, "-v", "error", "-f", "lavfi", "-i", "haldclutsrc=6", "-frames:v", "1", "identity.png"]
    subprocess.run(command, cwd=tmp_path, check=True)
    read = ColorMap.load(tmp_path / "identity.png")
    assert read.size == 36
    assert _differs(SOURCE.pixels.astype(int), read).max() <= 1


@pytest.mark.parametrize("size", [17, 33, 65])
def test_opencolorio_reads_a_saved_cube_as_we_do(tmp_path, fitted, size):
    import PyOpenColorIO as ocio

    path = fitted.save(tmp_path / "a.cube", size=size)
    transform = ocio.FileTransform(str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    processor = ocio.Config.CreateRaw().getProcessor(transform).getDefaultCPUProcessor()
    pixels = np.ascontiguousarray(SOURCE.pixels, np.float32) / np.float32(255)
    processor.applyRGB(pixels)
    made = np.rint(np.clip(pixels, 0, 1) * 255).astype(int)
    assert _differs(made, fitted.resized(size)).max() <= 1


def test_a_cube_that_opencolorio_wrote_is_read(tmp_path, fitted):
    import PyOpenColorIO as ocio

    transform = ocio.Lut3DTransform(gridSize=33)
    transform.setData(np.ascontiguousarray(fitted.lattice, np.float32).ravel())
    baker = ocio.Baker()
    config = ocio.Config()
    config.addColorSpace(ocio.ColorSpace(name="plain"))
    config.setRole("default", "plain")
    space = ocio.ColorSpace(name="look")
    space.setTransform(transform, ocio.COLORSPACE_DIR_FROM_REFERENCE)
    config.addColorSpace(space)
    for setter, value in (
        (baker.setConfig, config),
        (baker.setFormat, "iridas_cube"),
        (baker.setInputSpace, "plain"),
        (baker.setTargetSpace, "look"),
        (baker.setCubeSize, 33),
    ):
        setter(value)
    path = tmp_path / "baked.cube"
    path.write_text(baker.bake())
    assert np.abs(ColorMap.load(path).lattice - fitted.lattice).max() < 1e-4


def test_the_title_survives_every_size(tmp_path, fitted):
    for size in (17, 33, 65):
        assert ColorMap.load(fitted.save(tmp_path / "a.cube", size=size)).title == fitted.title


@pytest.mark.parametrize(
    ("width", "height", "says"),
    [(512, 511, "512 x 511, not a HaldCLUT"), (100, 100, "100 x 100, not a HaldCLUT")],
)
def test_a_picture_that_is_no_haldclut_is_refused(tmp_path, width, height, says):
    path = Photo(np.zeros((height, width, 3), np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(tinct.errors.ColorMapError, match=says):
        ColorMap.load(path)
