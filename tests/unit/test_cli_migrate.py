"""The commands ``tinct migrate`` and ``tinct palette``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from scenes import photo, picture
from typer.testing import CliRunner

import tinct
from tinct.cli import app
from tinct.errors import ColorMapError, OutputError, ParameterError, TinctError


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Two photos and something that is none, in the working directory."""
    monkeypatch.chdir(tmp_path)
    photo("coffee", 96).save("coffee.jpg")
    tinct.Photo(picture("rocket", 96)).save("rocket.png")
    Path("notes.jpg").write_text("no photo at all")
    return tmp_path


def _run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words], catch_exceptions=True)


def _migrate(*words: str) -> Result:
    return _run("migrate", *words, "--no-portrait")


def _files() -> set[str]:
    return {str(p) for p in Path().rglob("*") if p.is_file()}


def _error(result: Result, kind: type[TinctError]) -> str:
    assert isinstance(result.exception, kind), result.output
    return str(result.exception)


def test_auto_writes_as_many_results_as_asked_beside_the_photo(folder):
    result = _migrate("coffee.jpg", "--auto", "3", "-o", "out")
    assert result.exit_code == 0, result.output
    assert result.output.split() == [f"out/coffee-auto-{n}.jpg" for n in (1, 2, 3)]
    assert all(tinct.open(line).width == 96 for line in result.output.split())


@pytest.mark.parametrize(
    ("options", "name"),
    [
        (["--template", "#DB0D0D,#0E0CBB"], "coffee-template.jpg"),
        (["--reference", "rocket.png"], "coffee-reference.jpg"),
        ([], "coffee-auto.jpg"),
    ],
)
def test_each_mode_writes_a_recoloured_photo(folder, options, name):
    result = _migrate("coffee.jpg", *options, "-o", "out")
    assert result.exit_code == 0, result.output
    made = tinct.open(f"out/{name}")
    assert not np.array_equal(made.pixels, tinct.open("coffee.jpg").pixels)


def test_a_saved_map_applied_gives_the_same_picture(folder):
    first = _migrate("rocket.png", "--reference", "coffee.jpg", "--cube", "a.cube", "-o", "one.png")
    second = _migrate("rocket.png", "--apply", "a.cube", "-o", "two.png")
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    one, two = (tinct.open(f"{n}.png").pixels.astype(int) for n in ("one", "two"))
    assert np.abs(one - two).max() <= 1


def test_degree_zero_writes_the_source_pixels(folder):
    assert _migrate("rocket.png", "--auto", "1", "--degree", "0", "-o", "same.png").exit_code == 0
    assert np.array_equal(tinct.open("same.png").pixels, tinct.open("rocket.png").pixels)


def test_a_file_that_is_there_is_not_replaced_unless_asked(folder):
    before = Path("rocket.png").read_bytes()
    result = _migrate("coffee.jpg", "-o", "rocket.png")
    assert result.exit_code == 1
    assert "rocket.png" in result.output
    assert Path("rocket.png").read_bytes() == before
    assert _migrate("coffee.jpg", "-o", "rocket.png", "--overwrite").exit_code == 0
    assert Path("rocket.png").read_bytes() != before


def test_results_of_a_second_run_get_numbers(folder):
    for _ in range(2):
        assert _migrate("coffee.jpg", "-o", "out").exit_code == 0
    assert {p.name for p in Path("out").iterdir()} == {"coffee-auto.jpg", "coffee-auto-2.jpg"}


def test_photos_of_the_same_name_do_not_replace_each_other(folder):
    Path("more").mkdir()
    photo("chelsea", 96).save("more/coffee.jpg")
    assert _migrate("coffee.jpg", "more/coffee.jpg", "-o", "out").exit_code == 0
    assert len(list(Path("out").iterdir())) == 2


def test_one_bad_photo_does_not_stop_the_others(folder):
    result = _migrate(".", "-o", "out")
    assert result.exit_code == 1
    assert "notes.jpg" in result.output
    assert {p.name for p in Path("out").iterdir()} == {"coffee-auto.jpg", "rocket-auto.png"}


def test_patterns_and_folders_name_each_photo_once(folder):
    result = _migrate("*.png", "rocket.png", "-o", "out", "--json")
    assert result.exit_code == 0, result.output
    assert [r["photo"] for r in json.loads(result.output)] == ["rocket.png"]


def test_json_reports_results_maps_and_errors(folder):
    result = _migrate("coffee.jpg", "notes.jpg", "--cube", "m.cube", "-o", "out", "--json")
    assert result.exit_code == 1
    good, bad = json.loads(result.output)
    assert good == {"photo": "coffee.jpg", "results": ["out/coffee-auto.jpg"], "maps": ["m-coffee.cube"]}
    assert bad["photo"] == "notes.jpg"
    assert set(bad["error"]) == {"code", "message"}
    assert bad["error"]["code"].startswith("photo_")


def test_maps_of_several_results_get_names_of_their_own(folder):
    words = ["coffee.jpg", "rocket.png", "--auto", "2", "--cube", "m.cube", "-o", "out", "--overwrite"]
    assert _migrate(*words).exit_code == 0
    found = {p.name for p in Path().glob("*.cube")}
    assert found == {"m-coffee-1.cube", "m-coffee-2.cube", "m-rocket-1.cube", "m-rocket-2.cube"}


def test_another_format_can_be_asked_for(folder):
    assert _migrate("coffee.jpg", "-o", "out", "--format", "webp").exit_code == 0
    assert tinct.open("out/coffee-auto.webp").format == "webp"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--auto", "0"], "--auto: got 0; allowed: 1 to 8"),
        (["--auto", "9"], "--auto: got 9; allowed: 1 to 8"),
        (["--template", ""], "--template: got ''; allowed: colours written"),
        (["--template", "reddish"], "--template: got 'reddish'; allowed: colours written"),
        (["--template", ",".join(["DB0D0D"] * 8)], "--template: got '8 colours'; allowed: 1 to 7"),
        (["--degree", "1.5"], "--degree: got 1.5; allowed:"),
        (["--degree", "nan"], "--degree: got nan; allowed:"),
        (["--protect", "skin"], "--protect: got 'skin'; allowed: nothing with --no-portrait"),
        (["--save-mask", "m.png"], "--save-mask: got 'm.png'; allowed: nothing with --no-portrait"),
        (["--smoothness", "2", "--reference", "rocket.png"], "--smoothness: got 2.0; allowed: 0 to 1"),
        (["--seed", "-5"], "--seed: got -5; allowed:"),
        (["--smoothness", "0.2"], "--smoothness: got '0.2'; allowed: only with --reference"),
        (["--spread", "0"], "--spread: got '0'; allowed: only with --template"),
        (["--style", "bold", "--template", "red"], "--style: got 'bold'; allowed: only with --auto"),
        (["--seed", "1", "--template", "red"], "--seed: got '1'; allowed: only with --auto or --reference"),
        (["--cube-size", "17"], "--cube-size: got '17'; allowed: only with --cube FILE"),
        (["--cube-size", "18", "--cube", "m.cube"], "--cube-size: got '18'; allowed: 17, 33, 65"),
        (["--cube", "m.txt"], "--cube: got 'm.txt'; allowed: a file name that ends in .cube or .png"),
        (["--sheet", "sheet.doc"], "--sheet: got 'sheet.doc'; allowed: a file name that ends in .jpg"),
        (["--quality", "0"], "--quality: got '0'; allowed: 1 to 100"),
        (["--quality", "80", "--format", "png"], "--quality: got '80'; allowed: no quality with png"),
        (["--skip-existing", "--overwrite"], "--skip-existing: got 'it'; allowed: either"),
        (["--auto", "2", "--template", "DB0D0D"], "mode: got '--auto and --template'; allowed: only one"),
        (["--reference", "rocket.png", "--apply", "a.cube"], "only one of them"),
        (["--format", "bmp"], "--format: got 'bmp'; allowed: one of jpeg"),
        (["--format", "png", "-o", "a.jpg"], "--format: got 'png'"),
        (["--auto", "2", "-o", "a.jpg"], "-o: got 'a.jpg'; allowed: a folder"),
    ],
)
def test_a_wrong_option_is_refused_with_what_is_allowed_and_nothing_is_written(folder, options, says):
    before = _files()
    assert says in _error(_migrate("coffee.jpg", *options), ParameterError)
    assert _files() == before


@pytest.mark.parametrize("typed", ["--protect-degree", "--strength"])
def test_an_option_is_named_as_it_was_typed(folder, typed):
    for words in ([typed, "-1"], [f"{typed}=-1"]):
        refused = _run("migrate", "coffee.jpg", *words)
        assert _error(refused, ParameterError) == f"{typed}: got -1.0; allowed: 0 to 1"


@pytest.mark.parametrize("reference", ["notes.jpg", "none.jpg", "."])
def test_an_unreadable_reference_is_refused_by_name_and_nothing_is_written(folder, reference):
    before = _files()
    assert _error(_migrate("coffee.jpg", "--reference", reference), TinctError).startswith("--reference: ")
    assert _files() == before


def test_an_unreadable_map_is_refused_and_nothing_is_written(folder):
    before = _files()
    assert "notes.jpg" in _error(_migrate("coffee.jpg", "--apply", "notes.jpg"), ColorMapError)
    assert _files() == before


def test_a_map_that_is_there_is_refused_before_anything_is_written(folder):
    Path("m.cube").write_text("mine")
    before = _files()
    assert "m.cube" in _error(_migrate("coffee.jpg", "--cube", "m.cube", "-o", "out"), OutputError)
    assert _files() == before
    assert Path("m.cube").read_text() == "mine"


@pytest.mark.parametrize("name", ["none.jpg", "*.gif", "empty"])
def test_a_photo_that_is_not_there_is_refused_by_name(folder, name):
    Path("empty").mkdir()
    assert f"photo: got '{name}'" in _error(_migrate(name), ParameterError)


def test_the_command_ends_with_status_2_and_one_sentence_for_a_wrong_option(folder):
    command = [
        sys.executable,
        "-c",
        "from tinct.cli import main; main()",
        "migrate",
        "coffee.jpg",
        "--auto",
        "9",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("tinct: --auto: got 9; allowed:")
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""


def test_palette_prints_colours_with_their_shares(folder):
    result = _run("palette", "coffee.jpg", "--count", "4")
    assert result.exit_code == 0
    lines = [line for line in result.output.splitlines() if "#" in line]
    assert len(lines) == 4
    assert all(line.rstrip().endswith("%") for line in lines)


def test_palette_as_json_goes_on_after_a_bad_photo(folder):
    result = _run("palette", "notes.jpg", "rocket.png", "--json")
    assert result.exit_code == 1
    bad, good = json.loads(result.output)
    assert bad["error"]["code"].startswith("photo_")
    assert sum(c["share"] for c in good["colors"]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("count", ["0", "33"])
def test_palette_refuses_a_count_out_of_range(folder, count):
    refused = _run("palette", "coffee.jpg", "--count", count)
    assert refused.exit_code == 2
    assert "--count" in refused.output


def test_the_mask_shows_where_people_kept_their_colours(folder):
    tinct.Photo(picture("astronaut", 256)).save("person.png")
    result = _run("migrate", "person.png", "--auto", "1", "--save-mask", "m.png", "-o", "out", "--json")
    assert result.exit_code == 0, result.output
    (report,) = json.loads(result.output)
    assert report["mask"] == "m.png"
    mask, source, made = (
        tinct.open(p).pixels.astype(int) for p in (report["mask"], "person.png", report["results"][0])
    )
    assert mask.shape == source.shape
    kept = mask[..., 0] == 255
    assert 0.2 < kept.mean() < 0.9
    assert np.abs(made - source)[kept].max() <= 1
    assert np.abs(made - source)[mask[..., 0] == 0].mean() > 1


def test_a_photo_without_people_has_no_mask(folder):
    result = _run("migrate", "rocket.png", "--save-mask", "m.png", "-o", "out", "--json")
    assert json.loads(result.output)[0]["mask"] is None
    assert {p.name for p in Path("out").iterdir()} == {"rocket-auto.png"}


def test_a_mask_that_goes_in_says_where_colours_change(folder):
    source = tinct.open("coffee.jpg").pixels
    mask = np.zeros(source.shape, np.uint8)
    mask[:, :48] = 255
    tinct.Photo(mask, gray=True).save("where.png")
    for options in (["--template", "#0E0CBB"], ["--apply", "m.cube"]):
        words = [*options, *(["--cube", "m.cube"] if "--template" in options else [])]
        made = f"{options[0]}.png"
        assert _migrate("coffee.jpg", *words, "--mask", "where.png", "-o", made).exit_code == 0
        changed = (tinct.open(made).pixels != source).any(axis=2)
        assert not changed[:, 48:].any()
        assert changed[:, :48].mean() > 0.5
    wrong = _migrate("coffee.jpg", "rocket.png", "--mask", "where.png", "-o", "out")
    assert (
        _error(wrong, ParameterError) == "--mask: got '2 photos'; allowed: one photo, the one it belongs to"
    )


def test_a_saved_map_is_the_one_that_was_shown(folder):
    _migrate("rocket.png", "--template", "#0E0CBB", "--degree", "0.4", "--cube", "m.cube", "-o", "one.png")
    _migrate("rocket.png", "--apply", "m.cube", "-o", "two.png")
    one, two = (tinct.open(f"{n}.png").pixels.astype(int) for n in ("one", "two"))
    assert np.abs(one - two).max() <= 1
    full = _migrate("rocket.png", "--template", "#0E0CBB", "-o", "full.png")
    assert full.exit_code == 0
    assert np.abs(one - tinct.open("full.png").pixels).max() > 5


@pytest.mark.parametrize("size", [17, 65])
def test_a_map_is_saved_in_the_size_that_was_asked_for_with_its_title(folder, size):
    _migrate(
        "rocket.png", "--template", "#0E0CBB", "--cube", "m.cube", "--cube-size", str(size), "-o", "one.png"
    )
    assert tinct.ColorMap.load("m.cube").size == size
    assert tinct.ColorMap.load("m.cube").title == "Swatches #0E0CBB"
    _migrate("rocket.png", "--apply", "m.cube", "-o", "two.png")
    one, two = (tinct.open(f"{n}.png").pixels.astype(int) for n in ("one", "two"))
    error = np.abs(one - two)
    assert error.max() <= 1 if size == 65 else error.mean() < 5  # half as many nodes cannot say the same


def test_a_haldclut_does_what_the_cube_does(folder):
    for name in ("m.cube", "m.png"):
        _migrate("rocket.png", "--template", "#0E0CBB", "--cube", name, "-o", f"first-{name}.png")
        assert _migrate("coffee.jpg", "--apply", name, "-o", f"{name}-out.png").exit_code == 0
    one, two = (tinct.open(f"{n}-out.png").pixels.astype(int) for n in ("m.cube", "m.png"))
    assert np.abs(one - two).mean() < 0.3  # 33 nodes a side became 64
    assert np.percentile(np.abs(one - two), 99.9) <= 3
