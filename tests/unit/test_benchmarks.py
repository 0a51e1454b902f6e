"""A benchmark that lacks a package says which extra brings it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tinct import extras

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("module", "package", "extra"),
    [
        ("skimage", "scikit-image", "bench"),
        ("qcloud_cos", "cos-python-sdk-v5", "dev"),
        ("httpx", "httpx", "server"),
    ],
)
def test_what_is_lacking_is_named_with_the_extra_that_brings_it(
    module: str, package: str, extra: str
) -> None:
    program = f"import benchmarks, sys; sys.modules[{module!r}] = None; import {module}.data"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == f'benchmarks: {package} is not installed; run: pip install -e ".[{extra}]"\n'


def test_any_other_error_is_shown_as_ever() -> None:
    program = "import benchmarks; import nothing_of_this_name"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert "Traceback" in done.stderr
    assert extras.bringing("nothing-of-this-name") is None


@pytest.mark.parametrize("name", ["folder", "migrate", "migrate_speed"])
def test_a_benchmark_of_colour_migration_says_how_it_is_used(name: str) -> None:
    line = [sys.executable, "-m", f"benchmarks.{name}"]
    helped = subprocess.run([*line, "--help"], cwd=ROOT, capture_output=True, text=True)
    assert helped.returncode == 0
    assert helped.stdout.startswith("usage:")
    wrong = subprocess.run([*line, "nonsense"], cwd=ROOT, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "Traceback" not in wrong.stderr
