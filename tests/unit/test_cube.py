"""Colour maps as .cube files."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenes import photo, wavy_map

import tinct
from tinct import ColorMap
from tinct.errors import ColorMapError, OutputError
from tinct.photo.photo import Photo

HEAD = "LUT_3D_SIZE 2\n"
ROWS = "".join(f"{r} {g} {b}\n" for b in (0, 1) for g in (0, 1) for r in (0, 1))


def _load(folder, text):
    path = folder / "map.cube"
    path.write_text(text)
    return ColorMap.load(path)


@settings(deadline=None, max_examples=20)
@given(size=st.integers(2, 20), seed=st.integers(0, 1000))
def test_a_saved_map_comes_back_the_same(tmp_path_factory, size, seed):
    path = tmp_path_factory.mktemp("cube") / "a.cube"
    rng = np.random.default_rng(seed)
    made = ColorMap(rng.random((size, size, size, 3), dtype=np.float32), "Some title")
    back = ColorMap.load(made.save(path))
    assert np.abs(back.lattice - made.lattice).max() <= 1e-6
    assert back.title == "Some title"


def test_a_loaded_map_recolours_within_one_level_of_the_fitted_one(tmp_path):
    made = tinct.fit_template(photo("coffee"), "DB0D0D,0E0CBB")
    back = ColorMap.load(made.save(tmp_path / "a.cube"))
    before, after = made.apply(photo("coffee")).pixels, back.apply(photo("coffee")).pixels
    assert np.abs(before.astype(int) - after.astype(int)).max() <= 1


def test_red_changes_fastest_as_the_specification_says(tmp_path):
    rows = [f"{0.1 * i} 0 0" for i in range(8)]
    loaded = _load(tmp_path, HEAD + "\n".join(rows))
    assert loaded.lattice[1, 0, 0, 0] == pytest.approx(0.1)
    assert loaded.lattice[0, 1, 0, 0] == pytest.approx(0.2)
    assert loaded.lattice[0, 0, 1, 0] == pytest.approx(0.4)


def test_comments_blank_lines_domains_and_unknown_keywords_are_read_over(tmp_path):
    text = (
        '# made elsewhere\n\nTITLE "A # title"\nDOMAIN_MIN 0 0.0 0.000\nDOMAIN_MAX 1.0 1 1.00\nINPUT_RANGE 0 1\n'
        + HEAD
        + "# rows\n"
        + ROWS
    )
    loaded = _load(tmp_path, text)
    assert loaded.title == "A # title"
    assert np.abs(loaded.lattice - ColorMap.identity(2).lattice).max() == 0


def test_windows_line_ends_and_exponents_are_read(tmp_path):
    text = (HEAD + ROWS.replace("1 1 1", "1e0 +1.0 10.0E-1")).replace("\n", "\r\n")
    assert np.array_equal(_load(tmp_path, text).lattice, ColorMap.identity(2).lattice)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no LUT_3D_SIZE"),
        (ROWS, "no LUT_3D_SIZE"),
        ("LUT_1D_SIZE 4\n0 0 0\n", "1-D table"),
        ("LUT_3D_SIZE 1\n0 0 0\n", "2 to 129"),
        ("LUT_3D_SIZE 500\n0 0 0\n", "2 to 129"),
        ("LUT_3D_SIZE many\n0 0 0\n", "2 to 129"),
        ("LUT_3D_SIZE\n0 0 0\n", "2 to 129"),
        (HEAD + ROWS + "0 0 0\n", "9 rows"),
        (HEAD + ROWS[6:], "7 rows"),
        (HEAD + ROWS.replace("1 1 1", "1 1"), "not three numbers"),
        (HEAD + ROWS.replace("1 1 1", "1 1 x"), "not three numbers"),
        (HEAD + ROWS.replace("1 1 1", "1 1 1e999"), "not three numbers"),
        (HEAD + "\n".join("0 0" for _ in range(8)), "not three numbers"),
        ("DOMAIN_MAX 2000 2000 2000\n" + HEAD + ROWS, "about 0..1 is read"),
        ("DOMAIN_MIN 0 0\n" + HEAD + ROWS, "needs 3 numbers"),
        ("\x00\xff\x00\x01", "no LUT_3D_SIZE"),
    ],
)
def test_a_file_that_is_no_3d_cube_is_refused_with_the_reason(tmp_path, text, says):
    with pytest.raises(ColorMapError, match=says) as caught:
        _load(tmp_path, text)
    assert "map.cube" in str(caught.value)
    assert str(tmp_path) not in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.cube", tmp_path):
        with pytest.raises(ColorMapError, match="cannot be read"):
            ColorMap.load(path)


def test_a_file_larger_than_any_cube_is_refused_unread(tmp_path):
    path = tmp_path / "big.cube"
    with path.open("wb") as file:
        file.truncate(200 * 2**20)
    with pytest.raises(ColorMapError, match="larger"):
        ColorMap.load(path)


def test_saving_replaces_only_when_allowed_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "a.cube"
    wavy_map(0, 3).save(path)
    first = path.read_bytes()
    with pytest.raises(OutputError, match=r"a\.cube"):
        wavy_map(1, 3).save(path, overwrite=False)
    assert path.read_bytes() == first
    wavy_map(1, 3).save(path)
    assert path.read_bytes() != first
    assert [p.name for p in tmp_path.iterdir()] == ["a.cube"]


def test_saving_where_no_folder_is_says_so(tmp_path):
    with pytest.raises(OutputError, match=r"a\.cube cannot be written") as caught:
        wavy_map().save(tmp_path / "none" / "a.cube")
    assert str(tmp_path) not in str(caught.value)


def test_a_title_cannot_break_the_file(tmp_path):
    made = ColorMap(wavy_map(0, 3).lattice, 'A "quoted"\nLUT_3D_SIZE 9 é')
    back = ColorMap.load(made.save(tmp_path / "a.cube"))
    assert back.size == 3
    assert np.abs(back.lattice - made.lattice).max() < 1e-5


def _written(tmp_path, head: str, ending: str = "\n", start: bytes = b"") -> ColorMap:
    """A map of three nodes a side that turns each channel around, under some head."""
    steps = (1.0, 0.5, 0.0)
    rows = [f"{r:.6f} {g:.6f} {b:.6f}" for b in steps for g in steps for r in steps]
    path = tmp_path / "a.cube"
    path.write_bytes(start + ending.join([*head.split("\n"), *rows, ""]).encode())
    return ColorMap.load(path)


def _mapped(color_map: ColorMap) -> list[int]:
    photo = Photo(np.full((2, 2, 3), (51, 102, 204), np.uint8))
    return color_map.apply(photo).pixels[0, 0].tolist()


@pytest.mark.parametrize(
    "head",
    [
        "LUT_3D_SIZE 3\nLUT_3D_INPUT_RANGE -0.125 1.125",
        "LUT_3D_SIZE 3\nDOMAIN_MIN -0.125 -0.125 -0.125\nDOMAIN_MAX 1.125 1.125 1.125",
        "domain_max 1.125 1.125 1.125 # behind\nDomain_Min -.125 -1.25e-1 -0.125\nlut_3d_size 3",
    ],
)
def test_a_domain_is_applied_in_every_spelling(tmp_path, head):
    # (51, 102, 204) / 255 on -0.125..1.125, turned around, by OpenColorIO
    assert np.abs(np.subtract(_mapped(_written(tmp_path, head)), (189, 148, 66))).max() <= 1


def test_each_channel_has_a_domain_of_its_own(tmp_path):
    found = _mapped(_written(tmp_path, "LUT_3D_SIZE 3\nDOMAIN_MIN 0 0 0.5\nDOMAIN_MAX 1 2 1"))
    assert np.abs(np.subtract(found, (204, 204, 102))).max() <= 1


def test_outside_its_domain_a_map_holds_its_ends(tmp_path):
    found = _mapped(_written(tmp_path, "LUT_3D_SIZE 3\nLUT_3D_INPUT_RANGE 0.3 0.7"))
    assert np.abs(np.subtract(found, (255, 191, 0))).max() <= 1


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_marks_line_ends_case_and_comments_do_no_harm(tmp_path, start, ending):
    head = '# first\nTitle "a # in it"\n\nlut_3d_size\t3 # behind\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1.0 1 1.000\n  # last'
    made = _written(tmp_path, head, ending, start)
    assert _mapped(made) == [204, 153, 51]
    assert made.title == "a # in it"


@pytest.mark.parametrize(
    "head",
    [
        "LUT_3D_SIZE 3\nDOMAIN_MIN 1 1 1",
        "LUT_3D_SIZE 3\nDOMAIN_MAX 1023 1023 1023",
        "LUT_3D_SIZE 3\nDOMAIN_MAX 1 1",
        "LUT_3D_SIZE 3\nDOMAIN_MIN a b c",
        "LUT_3D_SIZE 3\nLUT_3D_INPUT_RANGE 0",
        "LUT_3D_SIZE 3\nLUT_3D_INPUT_RANGE 0 nan",
        "LUT_3D_SIZE 3\nDOMAIN_MIDDLE 0 0 0",
    ],
)
def test_a_domain_that_makes_no_sense_is_refused_and_never_ignored(tmp_path, head):
    with pytest.raises(ColorMapError):
        _written(tmp_path, head)
