"""The table of effects and the checking of their parameters."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, Field

import tinct
from tinct.effects import registry
from tinct.effects.effect import checked
from tinct.effects.registry import get, names, register
from tinct.errors import ParameterError
from tinct.models import store
from tinct.models.generators.port import TASKS
from tinct.models.manifest import models


class Params(BaseModel, extra="forbid"):
    amount: float = Field(0.5, ge=0, le=1)
    sizes: list[int] = Field(default_factory=list)


@pytest.mark.parametrize("name", names())
def test_every_effect_describes_itself(name):
    effect = get(name)
    assert effect.name == name
    assert effect.title
    assert effect.summary.endswith(".")
    assert effect.inputs[0].name == "image"
    assert effect.credits >= 1
    assert all(i.summary.endswith(".") for i in effect.inputs)


@pytest.mark.parametrize("name", names())
def test_every_parameter_of_every_effect_is_documented_or_has_nothing_to_say(name):
    schema = get(name).params.model_json_schema()
    for field, described in schema.get("properties", {}).items():
        assert described.get("description"), f"{name}.{field} has no description"


@pytest.mark.parametrize("name", names())
def test_an_unknown_parameter_is_refused_by_name(name):
    with pytest.raises(ParameterError) as caught:
        get(name).parse({"no_such_parameter": 1})
    assert caught.value.field == "no_such_parameter"


def test_an_unknown_effect_is_refused_with_those_there_are():
    with pytest.raises(ParameterError, match=r"effect: got 'sparkle'; allowed: one of .*migrate"):
        get("sparkle")


def test_names_are_sorted():
    assert list(names()) == sorted(names())


def test_an_effect_of_ones_own_can_be_added(monkeypatch):
    monkeypatch.setattr(registry, "_WHERE", dict(registry._WHERE))
    register("mine", "tinct.effects.convert:convert")
    assert "mine" in names()
    assert get("mine") is get("convert")


@pytest.mark.parametrize(("name", "where"), [("", "a:B"), ("x", "a"), ("x", ":B"), ("x", "a:"), ("x", "a:1")])
def test_a_place_that_names_no_effect_is_refused(name, where):
    with pytest.raises(ParameterError, match="module:ATTRIBUTE"):
        register(name, where)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"amount": 2}, "amount"),
        ({"amount": None}, "amount"),
        ({"sizes": [1, "x"]}, "sizes.1"),
        ({"sizes": 3}, "sizes"),
        ({"other": 1}, "other"),
    ],
)
def test_the_first_wrong_field_is_named_with_its_value(params, field):
    with pytest.raises(ParameterError) as caught:
        checked(Params, params)
    assert caught.value.field == field
    assert "pydantic" not in str(caught.value)


def test_right_parameters_come_back_as_the_model():
    assert checked(Params, {"amount": 1, "sizes": [2]}) == Params(amount=1, sizes=[2])


def test_names_and_tables_that_are_written_from_the_declarations_are_fresh():
    command = [sys.executable, str(Path(__file__).parents[2] / "scripts" / "derive"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", names())
def test_every_effect_has_a_table_in_the_documentation(name):
    page = (Path(__file__).parents[2] / "docs" / "effects.md").read_text(encoding="utf-8")
    assert f"<!-- parameters of {name} -->" in page


@pytest.mark.parametrize("name", names())
def test_every_engine_needs_models_of_the_manifest_and_every_choice_of_one_is_declared(name):
    effect = get(name)
    assert {model for needed in effect.engines.values() for model in needed} <= {*models(), *TASKS}
    choices = effect.params.model_json_schema().get("properties", {}).get("engine", {}).get("enum", [])
    assert set(choices) - {"auto"} <= set(effect.engines)


def test_what_is_available_is_read_from_what_is_installed(monkeypatch):
    there = {"span-x2", *get("colorize").engines["colorizer"]}
    monkeypatch.setattr(store, "installed", lambda name: name in there)
    found = {engine.name: engine for engine in tinct.available()["enhance"]}
    assert found["classical"].ready
    assert found["classical"].fetch is None
    assert (found["span"].ready, found["span"].missing) == (False, ("span-x4",))
    assert found["span"].fetch == "tinct models fetch span-x4"
    assert [engine.ready for engine in tinct.available()["colorize"]] == [True]


def test_types_of_the_library_reach_type_checkers(tmp_path):
    program = tmp_path / "program.py"
    program.write_text(
        "import tinct\n"
        "photo = tinct.open('a.jpg')\n"
        "gain: float = tinct.light(photo, strength=0.5).gain\n"
        "tinct.light(photo, strenght=1)\n"
        "tinct.light(photo, engine='magic')\n"
        "wrong: str = tinct.enhance(photo, 4).photo\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        "",
        "--cache-dir",
        str(tmp_path),
        str(program),
    ]
    environment = os.environ | {"MYPYPATH": str(Path(tinct.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    lines = [
        int(line.split(":")[1])
        for line in done.stdout.splitlines()
        if line.startswith(str(program)) and " error: " in line
    ]
    assert lines == [4, 5, 6], done.stdout + done.stderr
