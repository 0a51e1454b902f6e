"""The public names, and what importing them costs."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import tinct

pytestmark = pytest.mark.usefixtures("built_in_effects_alone")
HEAVY = {
    "cv2",
    "PyOpenColorIO",
    "pyvips",
    "onnxruntime",
    "PIL",
    "fastapi",
    "httpx",
    "psycopg",
    "procrastinate",
    "scipy",
}


def _modules() -> list[str]:
    found = pkgutil.walk_packages(tinct.__path__, "tinct.")
    return [m.name for m in found if not m.name.endswith("__main__")]


def _loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys; print(*sorted(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_public_names_are_sorted_and_unique():
    assert tinct.__all__ == sorted(set(tinct.__all__))


@pytest.mark.parametrize("name", tinct.__all__)
def test_every_public_name_can_be_imported_and_says_what_it_is(name):
    value = getattr(tinct, name)
    assert value.__doc__ or name == "PhotoLike"  # a union of types holds no sentence


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'colour'"):
        tinct.colour  # noqa: B018


def test_listing_the_package_shows_its_public_names():
    assert set(tinct.__all__) <= set(dir(tinct))


@pytest.mark.parametrize("name", _modules())
def test_every_module_imports_and_lists_names_that_it_has(name):
    module = importlib.import_module(name)
    assert module.__doc__, "a module says in its first line what it is"
    names = getattr(module, "__all__", [])
    assert len(names) == len(set(names))
    assert all(hasattr(module, n) for n in names)


def test_importing_the_package_loads_no_heavy_library():
    assert not _loaded_by("import tinct") & (HEAVY | {"numpy", "pydantic"})


def test_the_help_of_the_command_line_loads_no_heavy_library():
    assert not _loaded_by("import tinct.cli") & (HEAVY | {"numpy", "pydantic"})


def test_opening_and_migrating_loads_no_server_and_no_inference_runtime():
    statement = (
        "import numpy as np, tinct\n"
        "photo = tinct.Photo(np.zeros((4, 4, 3), np.uint8))\n"
        "tinct.migrate(photo, 'template', colors='DB0D0D', portrait=False)"
    )
    assert not _loaded_by(statement) & {"onnxruntime", "fastapi", "httpx", "psycopg", "procrastinate"}


@pytest.mark.parametrize("module", ["tinct.server.run", "tinct.jobs.worker"])
def test_servers_and_workers_load_no_http_client_and_no_codec_before_they_need_one(module):
    assert not _loaded_by(f"import {module}") & {"httpx", "requests", "cv2", "pyvips", "av", "onnxruntime"}


def test_the_list_of_commands_loads_no_effect_and_says_what_each_does():
    statement = (
        "from typer.testing import CliRunner\n"
        "from tinct.cli import app\n"
        "assert 'Brighten dark' in CliRunner().invoke(app, ['--help']).output"
    )
    assert not _loaded_by(statement) & {"cv2", "numpy", "pyvips"}


def test_the_sentence_of_an_effect_is_the_same_without_loading_it():
    from tinct.effects import registry

    assert {name: registry.sentence(name) for name in registry.names()} == {
        name: registry.get(name).summary for name in registry.names()
    }


def test_editors_see_what_may_be_given_to_each_effect():
    from tinct.effects import registry

    stub = ast.parse(Path(tinct.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    functions = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
    assert {registry.where(name).rpartition(":")[2] for name in registry.names()} == set(functions)
    for name, node in functions.items():
        types = {
            one.arg: ast.unparse(one.annotation)
            for one in (*node.args.args, *node.args.kwonlyargs)
            if one.annotation
        }
        assert types["photo"].removesuffix(" | None") == "PhotoLike", name
        assert ast.get_docstring(node), name
        for item in getattr(tinct, name).__effect__.inputs:
            assert "PhotoLike" in types[item.argument], f"{name}: {item.argument}"
    mode = {one.arg: ast.unparse(one.annotation) for one in functions["migrate"].args.args}["mode"]
    assert mode == "Literal['auto', 'template', 'reference', 'map']"
