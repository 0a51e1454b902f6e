"""The words of the command line: one vocabulary, one form of errors, examples that run, completion in the shell."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from scenes import photo
from typer.testing import CliRunner

from running import command
from tinct.cli import app, examples, words
from tinct.effects import registry

pytestmark = pytest.mark.usefixtures("built_in_effects_alone")
ROOT = typer.main.get_command(app)


def _commands(command=ROOT, path=()):
    """All commands that do something, by name."""
    ctx = typer.Context(command, info_name="tinct")
    if hasattr(command, "list_commands"):
        for name in command.list_commands(ctx):
            inner = command.get_command(ctx, name)
            yield from _commands(inner, (*path, name))
    else:
        yield " ".join(path), command


COMMANDS = dict(_commands())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    photo("coffee", 48).save(tmp_path / "coffee.jpg")
    return tmp_path


def _error(folder: Path, *said: str) -> str:
    done = command(*said, folder=folder)
    assert done.returncode == 2, done
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_text_ends_with_an_example_that_the_command_understands(name):
    helped = CliRunner().invoke(app, [*name.split(), "-h"], env={"COLUMNS": "200"})
    assert helped.exit_code == 0
    for line in examples.lines(name, COMMANDS[name]):
        assert " ".join(line.split()) in " ".join(helped.output.split())
        said = shlex.split(line.partition(" < ")[0])
        assert said[: 1 + len(name.split())] == ["tinct", *name.split()]
        COMMANDS[name].make_context("tinct", said[1 + len(name.split()) :])


def test_a_mask_goes_in_and_save_mask_comes_out():
    for name, known in COMMANDS.items():
        for param in known.params:
            if "--mask" in param.opts:
                assert param.metavar == "FILE", name
                assert not getattr(param, "is_flag", False), name
            assert not ("mask" in param.name and param.opts[0].startswith("--") and "matte" in param.opts), (
                name
            )
    assert any("--save-mask" in param.opts for param in COMMANDS["migrate"].params)


def test_the_amount_is_degree_and_the_network_engine_everywhere():
    for name in registry.names():
        opts = {
            opt
            for param in COMMANDS[{"detect_faces": "faces"}.get(name, name.replace("hair_", "hair "))].params
            for opt in param.opts
        }
        assert not opts & {"--strength", "--amount", "--model", "--method"}, name
    for name in ("migrate", "colorize", "light", "correct", "background"):
        assert any("--degree" in param.opts for param in COMMANDS[name].params), name
    for name in ("light", "correct", "enhance", "erase"):
        assert any("--engine" in param.opts for param in COMMANDS[name].params), name


def test_the_librarys_names_are_understood_too(folder):
    for word in ("--degree", "--strength"):
        done = CliRunner().invoke(
            app, ["light", str(folder / "coffee.jpg"), word, "0", "-o", str(folder / f"{word}.png")]
        )
        assert done.exit_code == 0, done.output
    assert (folder / "--degree.png").read_bytes() == (folder / "--strength.png").read_bytes()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        ("light coffee.jpg --degree 2", "--degree: got 2.0; allowed: 0 to 1"),
        ("light coffee.jpg --strength=2", "--strength: got 2.0; allowed: 0 to 1"),
        ("light coffee.jpg --degree much", "--degree: got 'much'; allowed: 0 to 1"),
        ("enhance coffee.jpg --scale 3", "--scale: got 3; allowed: 1, 2 or 4"),
        ("enhance coffee.jpg --scale big", "--scale: got 'big'; allowed: 1, 2 or 4"),
        ("erase coffee.jpg", "--mask: got 'neither --mask nor --box'; allowed: either --mask FILE or"),
        ("erase coffee.jpg --box left", "--box: got 'left'; allowed: x,y,width,height"),
        ("colorize coffee.jpg --hint 1,2", "--hint: got '1,2'; allowed: "),
        ("background coffee.jpg --color reddish", "--color: got 'it'; allowed: only with --mode change"),
        ("background coffee.jpg --mode change", "--color: got nothing; allowed: one or two colours"),
        ("background coffee.jpg --degree 0.5", "--degree: got '0.5'; allowed: only with --mode blur"),
        (
            "background coffee.jpg --subject any --mask coffee.jpg",
            "--subject: got 'any'; allowed: nothing with",
        ),
        ("convert coffee.jpg --format bmp", "--format: got 'bmp'; allowed: one of jpeg, png"),
        ("convert coffee.jpg --quality", "--quality: got nothing; allowed: a value"),
        (
            "convert coffee.jpg --formt png",
            "--formt: there is no such option; allowed: the options of: ",
        ),
        ("convert", "PHOTOS: got nothing; allowed: files, folders or patterns"),
        ("convert nowhere.jpg", "photo: got 'nowhere.jpg'; allowed: a file, a folder or a pattern"),
        ("palette coffee.jpg --count 40", "--count: got '40'; allowed: 1 to 32"),
        ("palette coffee.jpg --count=many", "--count: got 'many'; allowed: 1 to 32"),
        ("colourise coffee.jpg", "command: got 'colourise'; allowed: background, cartoon, colorize"),
        ("credits grant acct 0", "AMOUNT: got '0'; allowed: 1 or more"),
    ],
)
def test_errors_name_the_option_as_it_was_typed_in_one_form(folder, said, line):
    assert _error(folder, *said.split()).startswith(f"tinct: {line}")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("tinct migrate photo.jpg --style ", {"natural", "bold"}),
        ("tinct background photo.jpg --mode ", {"remove", "mask", "change", "blur"}),
        ("tinct enhance photo.jpg --scale ", {"1", "2", "4"}),
        ("tinct light photo.jpg --engine ma", {"maxim"}),
        ("tinct convert photo.jpg --format ", {"jpg", "png", "webp", "tiff", "heic", "avif"}),
        ("tinct mig", {"migrate"}),
        ("tinct migrate --save", {"--save-mask"}),
    ],
)
def test_the_shell_completes_choices(line, wanted):
    words_before = line.split(" ")
    asked = os.environ | {
        "_TINCT_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words_before) - 1),
    }
    command = [sys.executable, "-c", "import sys; sys.argv[0] = 'tinct'; from tinct.cli import main; main()"]
    done = subprocess.run(command, env=asked, capture_output=True, text=True, check=False)
    assert wanted <= set(done.stdout.split()), done


def test_labels_of_a_function_cover_its_choices():
    assert words.labels_of(registry.get("enhance")) == {"x2", "x4", "enhanced"}


def test_one_word_is_one_parameter_of_an_effect():
    for name in registry.names():
        effect = registry.get(name)
        shown = [words.word(effect, field) for field in effect.params.model_fields]
        if name != "migrate":
            assert len(set(shown)) == len(shown), name


LONG = "x" * 300


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (f"worker --data {LONG}", f"there is no server data in {LONG}"),
        (f"video light coffee.jpg -o {LONG}.mp4", "coffee.jpg: the file is no clip"),
        (f"video light coffee.jpg -o {LONG}", "cannot be made; choose another output"),
        (f"video light coffee.jpg --compare {LONG}.mp4", "the file is no clip"),
        (f"models import {LONG}", "folder: got 'xxx"),
        (f"hair styles add {LONG}", "folder: got 'xxx"),
    ],
)
def test_what_cannot_be_a_path_is_one_sentence(folder, said, says):
    done = command(*said.split(), folder=folder)
    assert done.returncode in (1, 2)
    (line,) = done.stderr.splitlines()
    assert line.startswith("tinct: ")
    assert says in line


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ("serve --port 70000", "--port: got '70000'; allowed: 0 to 65535"),
        ("serve --port=abc", "--port: got 'abc'; allowed: 0 to 65535"),
        ("serve --workers -1", "--workers: got '-1'; allowed: 0 or more"),
        ("serve --host=", "--host: got ''; allowed: "),
        ("worker --for generate!", "--for: got 'generate!'; allowed: "),
        ("keys create --name me --for rapid", "--for: got 'rapid'; allowed: one of ailab, cos"),
    ],
)
def test_the_servers_options_are_named_as_they_are_typed(folder, said, says):
    assert _error(folder, *said.split()).startswith(f"tinct: {says}")


def test_a_name_with_control_characters_stays_one_line_and_colours_nothing(folder):
    name = "a\nb\x1b[31m.png"
    (folder / name).write_bytes(b"no photo")
    done = command("convert", name, folder=folder)
    (line,) = done.stderr.splitlines()
    assert line.startswith("tinct: a\\nb\\x1b[31m.png: ")


@pytest.mark.parametrize(
    ("said", "says"),
    [
        (
            "-o clip.avi",
            "-o: got 'clip.avi'; allowed: a file name that ends in .mp4 or .m4v or .mov, or a folder",
        ),
        ("--compare both.txt", "--compare: got 'both.txt'; allowed: a file name that ends in .mp4"),
        ("--compare coffee.jpg/both.mp4", "folder coffee.jpg cannot be made; choose another output"),
        ("-o coffee.jpg/clip.mp4", "folder coffee.jpg cannot be made; choose another output"),
        ("--cube look.txt", "--cube: got 'look.txt'; allowed: a file name that ends in .cube or .png"),
    ],
)
def test_where_a_clip_cannot_go_is_said_before_the_work(folder, said, says):
    done = command("video", "migrate", "coffee.jpg", *said.split(), folder=folder)
    assert done.returncode in (1, 2)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"tinct: {says}")
    assert sorted(path.name for path in folder.iterdir()) == ["coffee.jpg"]


@pytest.mark.parametrize("said", ["light coffee.jpg -o result.jxl", "convert coffee.jpg -o made/Result.PDF"])
def test_a_file_of_another_kind_becomes_no_folder(folder, said):
    where = said.split()[-1]
    assert _error(folder, *said.split()).startswith(
        f"tinct: -o: got '{where}'; allowed: a name that ends in one of"
    )
    assert not (folder / where).exists()


def test_a_folder_may_have_a_point_in_its_name(folder):
    assert command("convert", "coffee.jpg", "-o", "v1.2", folder=folder).returncode == 0
    (folder / "made.txt").mkdir()
    assert command("convert", "coffee.jpg", "-o", "made.txt", folder=folder).returncode == 0


def test_a_mask_of_people_that_cannot_be_saved_is_said_so(folder):
    done = command("migrate", "coffee.jpg", "--auto", "1", "--save-mask", "people.png", folder=folder)
    assert done.returncode == 0
    assert done.stderr == "tinct: coffee.jpg: no people were found, so there is no mask to save\n"
    assert not (folder / "people.png").exists()
