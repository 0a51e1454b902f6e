"""The table of what the vendor does not publish, and what an operator may change of it."""

import json
import re
from pathlib import Path

import pytest

from tinct.dialects.picma.callbacks import heard
from tinct.dialects.picma.table import read
from tinct.errors import ParameterError
from tinct.jobs.callbacks.recipe import Answer

DOCS = Path(__file__).parents[3] / "docs" / "picma.md"


def test_an_operators_file_changes_only_what_it_says(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[status]\nsuccess = 9\n[types.2]\nparams = {}\n[types.8]\nname = "x"\neffect = "light"\n')
    before, after = read(None), read(own)
    assert (after.status.success, after.status.failed) == (9, before.status.failed)
    assert (after.types[2].params, after.types[2].effect) == ({}, "enhance")
    assert set(after.types) == {*before.types, 8}
    assert after.paths == before.paths


def test_the_example_of_the_documentation_is_understood(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    own = tmp_path / "own.toml"
    own.write_text(example)
    table = read(own)
    assert (table.call("/open/v2/create"), table.call("/createtask")) == ("createtask", None)
    assert table.callback.waits_s == (2, 4)
    assert table.types[7].missing() is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[status]\nsucces = 2", "status.succes"),
        ("[md5]\nrecipe = 'sha'", "md5.recipe"),
        ("[types.one]\nname = 'x'\neffect = 'light'", "types"),
        ("[types.8]\nname = 'x'", "types.8.effect"),
        ("[paths]\ngettask = ['gettask']", "paths.gettask"),
        ("[headers]\ntoken = 'a b'", "headers.token"),
        ("not toml", "TOML"),
    ],
)
def test_a_mistake_in_an_operators_file_is_named(tmp_path: Path, text: str, named: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(ParameterError) as caught:
        read(own)
    assert "TINCT_PICMA" in str(caught.value)
    assert named in str(caught.value)


def test_a_large_photo_keeps_its_size() -> None:
    enhance = read(None).types[1]
    assert enhance.parameters(4_000_000) == {"scale": 2, "faces": True}
    assert enhance.parameters(4_000_001) == {"scale": 1, "faces": True}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (200, {"code": 0, "msg": "", "data": {"success": True}}, True),
        (201, {"code": 0, "data": {"success": True, "more": 1}}, True),
        (200, {"code": 0, "data": {"success": "true"}}, False),
        (200, {"code": False, "data": {"success": True}}, False),
        (200, {"code": 1, "data": {"success": True}}, False),
        (200, {"data": {"success": True}}, False),
        (200, {"code": 0, "success": True}, False),
        (200, [], False),
        (302, {"code": 0, "data": {"success": True}}, False),
        (500, {"code": 0, "data": {"success": True}}, False),
    ],
)
def test_only_the_documented_reply_means_success(status: int, body: object, expected: bool) -> None:
    assert heard(Answer(status=status, body=json.dumps(body).encode())) is expected


def test_what_is_no_json_or_goes_on_for_ever_is_no_success() -> None:
    good = b'{"code":0,"data":{"success":true}}'
    assert not heard(Answer(status=200, body=b"ok"))
    assert not heard(Answer(status=200, body=b"[" * 60_000))
    assert not heard(Answer(status=200, body=good, whole=False))
