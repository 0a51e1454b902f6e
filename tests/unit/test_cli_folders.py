"""Folders again and again: results are not taken for photos, names do not collide, work is not done twice."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from scenes import photo

import tinct
from running import command
from tinct.cli import inputs, words
from tinct.cli.outputs import Outputs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Photos in a folder, and in folders inside it."""
    for name, scene in (
        ("a.jpg", "coffee"),
        ("b.png", "rocket"),
        ("inside/a.jpg", "chelsea"),
        (".no/c.jpg", "rocket"),
    ):
        path = tmp_path / "holiday" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        photo(scene, 40).save(path)
    tinct.ColorMap.identity(9).save(tmp_path / "warm.cube")
    return tmp_path


def _tinct(folder: Path, *said: str, status: int = 0) -> subprocess.CompletedProcess[str]:
    done = command(*said, folder=folder)
    assert done.returncode == status, done.stderr
    return done


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_tree_of_folders_comes_out_as_the_same_tree(folder):
    done = _tinct(folder, "convert", "holiday", "--recursive", "-o", "out")
    assert done.stdout.split() == ["out/a-convert.jpg", "out/b-convert.png", "out/inside/a-convert.jpg"]
    assert done.stderr == "tinct: 3 photos done; results in out\n"
    flat = _tinct(folder, "convert", "holiday", "-o", "flat")
    assert flat.stdout.split() == ["flat/a-convert.jpg", "flat/b-convert.png"]


def test_without_an_output_each_result_lies_beside_its_photo(folder):
    done = _tinct(folder, "convert", "holiday", "-r")
    assert done.stdout.split() == [
        "holiday/a-convert.jpg",
        "holiday/b-convert.png",
        "holiday/inside/a-convert.jpg",
    ]


def test_no_run_takes_results_of_any_run_for_photos(folder):
    runs = (
        ["--apply", "../warm.cube"],
        ["--auto", "2"],
        ["--template", "navy", "-o", "made"],
        ["--apply", "../warm.cube", "--save-mask", "mask.png", "--portrait"],
    )
    for run in runs:
        before = _files(folder / "holiday")
        made = _tinct(folder / "holiday", "migrate", ".", "-r", "--no-portrait", *run).stdout.split()
        assert len(made) == 3 * (2 if "--auto" in run else 1), made
        assert before < _files(folder / "holiday")
    again = _tinct(folder / "holiday", "convert", ".", "-r")
    assert re.search(r"3 photos done, 1[56] files skipped \(results of other photos\)", again.stderr)
    named = _tinct(folder / "holiday", "convert", "a-auto-1.jpg")
    assert named.stdout == "a-auto-1-convert.jpg\n"


def test_a_photo_whose_name_only_looks_like_a_result_is_worked_on(folder):
    photo("coffee", 40).save(folder / "holiday" / "sunset-color.jpg")
    photo("coffee", 40).save(folder / "holiday" / "a-tower.jpg")
    made = _tinct(folder, "convert", "holiday", "-o", "out").stdout
    assert "out/sunset-color-convert.jpg" in made
    assert "out/a-tower-convert.jpg" in made


def test_labels_of_every_effect_and_mode_are_known():
    known = set(words.labels())
    assert {"auto", "template", "reference", "apply", "cutout", "blur", "background", "mask"} <= known
    assert {"color", "x2", "x4", "enhanced", "erased", "corrected", "light", "convert", "faces"} <= known


def test_what_is_there_is_left_out_and_the_rest_is_done(folder):
    run = ["convert", "holiday", "-r", "-o", "out", "--skip-existing"]
    assert len(_tinct(folder, *run).stdout.split()) == 3
    (folder / "out/b-convert.png").unlink()
    again = _tinct(folder, *run)
    assert again.stdout.split() == ["out/b-convert.png"]
    assert again.stderr == "tinct: 1 photos done, 2 photos skipped (results exist); results in out\n"
    reports = json.loads(_tinct(folder, *run, "--json").stdout)
    assert all(report["skipped"] == "results exist" for report in reports)


def test_variants_are_left_out_only_when_all_are_there(folder):
    run = ["migrate", "holiday/a.jpg", "--auto", "2", "--no-portrait", "-o", "out", "--skip-existing"]
    assert len(_tinct(folder, *run).stdout.split()) == 2
    assert _tinct(folder, *run).stdout == ""
    (folder / "out/a-auto-2.jpg").unlink()
    assert "out/a-auto-2.jpg" in _tinct(folder, *run).stdout


def test_a_result_of_one_photo_is_not_taken_for_that_of_another_of_its_name(folder):
    photo("rocket", 40).save(folder / "holiday/a.png")
    run = ["convert", "holiday", "-o", "out", "--format", "webp", "--skip-existing"]
    assert _tinct(folder, *run).stdout.split() == [
        "out/a-jpg-convert.webp",
        "out/a-png-convert.webp",
        "out/b-convert.webp",
    ]
    assert _tinct(folder, *run).stdout == ""
    assert inputs.results_among([Path("a.jpg"), Path("a.png"), Path("a-jpg-convert.webp")], words.labels) == {
        Path("a-jpg-convert.webp")
    }


def test_runs_of_other_counts_never_replace_each_other(folder):
    base = ["migrate", "holiday/a.jpg", "--no-portrait", "-o", "out"]
    made = [
        line
        for run in ([], [], ["--auto", "3"], ["--auto", "3"])
        for line in _tinct(folder, *base, *run).stdout.split()
    ]
    assert len(set(made)) == len(made) == 8
    assert len(_files(folder / "out")) == 8


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (["--cube", "made.txt"], "--cube: got 'made.txt'"),
        (["--sheet", "holiday/a.jpg", "--overwrite"], "--sheet: got 'holiday/a.jpg'; allowed: another file"),
        (["--save-mask", "b/mask.gif"], "--save-mask: got 'b/mask.gif'"),
        (["--sheet", "taken.png"], "taken.png exists"),
        (["--cube", "warm.cube/look.cube"], "folder warm.cube cannot be made"),
        (["-o", "warm.cube/out"], "folder out cannot be made"),
    ],
)
def test_what_could_not_be_written_is_refused_before_any_work(folder, said, says):
    photo("coffee", 40).save(folder / "taken.png")
    before = _files(folder)
    done = command("migrate", "holiday/a.jpg", "-o", "out", *said, folder=folder)
    assert done.returncode in (1, 2)
    assert done.stderr.startswith(f"tinct: {says}")
    assert _files(folder) == before


def test_an_output_of_a_folder_that_is_none_says_so(folder):
    outputs = Outputs(folder / "warm.cube" / "out", single=False)
    with pytest.raises(tinct.errors.OutputError):
        outputs.check()
