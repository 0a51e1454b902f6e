"""Two wheels fill one folder: they are swapped whole, proved, and put back where that fails."""

from __future__ import annotations

import base64
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tinct.errors import FetchError, ModelError
from tinct.net import runtimes

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


def wheel(folder: Path, package: str, providers: list[str], version: str = "1.22.0") -> Path:
    """A wheel with one module, ``onnxruntime``, that names these providers."""
    name = package.replace("-", "_")
    info = f"{name}-{version}.dist-info"
    facts = ["Metadata-Version: 2.1", f"Name: {package}", f"Version: {version}"]
    facts += ["Provides-Extra: cuda", "Provides-Extra: cudnn"]
    files = {
        "onnxruntime/__init__.py": f"def get_available_providers():\n    return {providers}\n",
        f"onnxruntime/of_{name}.py": "",
        f"{info}/METADATA": "\n".join(facts) + "\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in files.items())
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, text in (files | {f"{info}/RECORD": record + f"{info}/RECORD,,\n"}).items():
            archive.writestr(inside, text)
    return path


def _digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """All that pip finds."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    return folder


@pytest.fixture
def python(tmp_path: Path, shelf: Path) -> str:
    """An interpreter with the CPU's wheel."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "env"], check=True)
    made = str(tmp_path / "env" / "bin" / "python")
    wheel(shelf, "onnxruntime", [CPU])
    assert runtimes.swap("cpu", made).installed == {"onnxruntime": "1.22.0"}
    return made


def modules(python: str) -> set[str]:
    folder = runtimes.look(python).folder / "onnxruntime"
    return {path.name for path in folder.glob("*.py")}


def test_there_and_back_leaves_one_wheel_and_only_its_files(shelf: Path, python: str) -> None:
    wheel(shelf, "onnxruntime-gpu", [CUDA, CPU])
    there = runtimes.swap("gpu", python)
    assert there.installed == {"onnxruntime-gpu": "1.22.0"}
    assert there.providers == (CUDA, CPU)
    assert modules(python) == {"__init__.py", "of_onnxruntime_gpu.py"}
    back = runtimes.swap("cpu", python)
    assert back.installed == {"onnxruntime": "1.22.0"}
    assert modules(python) == {"__init__.py", "of_onnxruntime.py"}
    assert not list(back.folder.glob(".tinct-*"))


def test_a_wheel_that_does_not_come_leaves_the_old_one(python: str) -> None:
    with pytest.raises(FetchError, match="pip could not bring onnxruntime-gpu"):
        runtimes.swap("gpu", python)
    assert runtimes.look(python).good("cpu")
    assert modules(python) == {"__init__.py", "of_onnxruntime.py"}


def test_a_wheel_without_cuda_is_taken_out_again(shelf: Path, python: str) -> None:
    wheel(shelf, "onnxruntime-gpu", [CPU])
    with pytest.raises(ModelError, match="cannot use CUDAExecutionProvider"):
        runtimes.swap("gpu", python)
    assert runtimes.look(python).good("cpu")
    assert not list(runtimes.look(python).folder.glob("onnxruntime_gpu*"))


def test_two_wheels_that_have_overwritten_each_other_are_told_and_mended(shelf: Path, python: str) -> None:
    gpu = wheel(shelf, "onnxruntime-gpu", [CUDA, CPU])
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-deps", str(gpu)]
    subprocess.run(pip, check=True)
    mixed = runtimes.look(python)
    assert set(mixed.installed) == {"onnxruntime", "onnxruntime-gpu"}
    assert not mixed.good("cpu")
    assert not mixed.good("gpu")
    assert runtimes.swap("gpu", python).good("gpu")
    assert modules(python) == {"__init__.py", "of_onnxruntime_gpu.py"}
