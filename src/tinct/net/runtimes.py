"""Swap the wheels of the inference runtime, which are two packages with the same files.

``onnxruntime`` and ``onnxruntime-gpu`` both fill the folder ``onnxruntime``: whichever is installed last overwrites the
other, and removing one breaks both. So the old one is put aside whole, the new one is installed by pip and tried in a
process of its own, and where that fails the old one is put back.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

from tinct.errors import FetchError, ModelError
from tinct.settings import current

__all__ = ["Kind", "Runtime", "look", "swap"]

Kind = Literal["cpu", "gpu"]
PACKAGES: Final[dict[Kind, str]] = {"cpu": "onnxruntime", "gpu": "onnxruntime-gpu"}
_PROOF: Final[dict[Kind, str]] = {"cpu": "CPUExecutionProvider", "gpu": "CUDAExecutionProvider"}
"""What each must be able to use."""
_LOOK: Final = """
import importlib.metadata, json, sysconfig
found = {}
for name in ("onnxruntime", "onnxruntime-gpu"):
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
try:
    import onnxruntime
    providers = onnxruntime.get_available_providers()
except Exception:
    providers = []
print(json.dumps({"installed": found, "providers": providers, "folder": sysconfig.get_path("platlib")}))
"""


@dataclass(frozen=True, kw_only=True)
class Runtime:
    """What is installed, as a process of its own found it."""

    installed: dict[str, str]
    """Versions by package; more than one where they have overwritten each other."""
    providers: tuple[str, ...]
    """What it was built to compute with; none where it cannot be imported."""
    folder: Path
    """Where packages lie."""

    def good(self, kind: Kind) -> bool:
        """Whether it is this one, alone and whole."""
        return set(self.installed) == {PACKAGES[kind]} and _PROOF[kind] in self.providers


def look(python: str = sys.executable) -> Runtime:
    """What an interpreter has."""
    said = subprocess.run([python, "-c", _LOOK], capture_output=True, text=True, check=False).stdout
    found = json.loads(said)
    return Runtime(
        installed=found["installed"], providers=tuple(found["providers"]), folder=Path(found["folder"])
    )


def swap(kind: Kind, python: str = sys.executable) -> Runtime:
    """Install the runtime for `kind` in place of whatever is there, and prove it.

    Parameters
    ----------
    kind : {"cpu", "gpu"}
    python : str
        The interpreter whose packages are meant.

    Raises
    ------
    FetchError
        pip is missing or could not bring it; the old one is back in its place.
    ModelError
        It came and does not work; the old one is back in its place.
    """
    before = look(python)
    if before.good(kind):
        return before
    if current().offline:
        raise FetchError(f"{PACKAGES[kind]} is not brought: TINCT_OFFLINE is set; the runtime is as it was")
    pip = _pip(python)
    with _aside(before.folder):
        options = ["install", "--no-input", "--disable-pip-version-check", "--force-reinstall", "--no-deps"]
        status = _run([*pip, *options, _requirement(kind, with_extras=False)])
        if status == 0:  # now what it depends on, which is no reason to touch the runtime again
            status = _run([*pip, *options[:3], _requirement(kind, with_extras=True)])
        if status != 0:
            raise FetchError(
                f"pip could not bring {PACKAGES[kind]} (exit status {status}); see what it says, and check that this "
                "machine reaches its registry; the runtime is as it was"
            )
        after = look(python)
        if not after.good(kind):
            raise ModelError(
                f"{PACKAGES[kind]} was installed and cannot use {_PROOF[kind]} here; the runtime is as it was"
            )
    return after


def _requirement(kind: Kind, *, with_extras: bool) -> str:
    """The package with the versions that this one asks for."""
    for requirement in metadata.requires("tinct") or ():
        found = re.match(rf"{PACKAGES[kind]}(?![\w-])(\[[^\]]*\])?([^;]*)", requirement)
        if found:
            return PACKAGES[kind] + (found[1] or "" if with_extras else "") + found[2].strip()
    return PACKAGES[kind]


@contextlib.contextmanager
def _aside(folder: Path) -> Iterator[None]:
    """Take the files of both wheels away, and put them back after an exception."""
    try:
        store = Path(tempfile.mkdtemp(prefix=".tinct-runtime-", dir=folder))
    except OSError:
        raise FetchError(
            "this Python's packages cannot be changed by you; use an environment of your own"
        ) from None
    try:
        for path in _parts(folder):
            path.rename(store / path.name)
        yield
    except BaseException:
        for path in _parts(folder):
            shutil.rmtree(path)
        for path in store.iterdir():
            path.rename(folder / path.name)
        raise
    finally:
        shutil.rmtree(store, ignore_errors=True)


def _parts(folder: Path) -> list[Path]:
    """Folders of either wheel."""
    names = re.compile(r"onnxruntime|onnxruntime(_gpu)?-[^-]+\.dist-info")
    return [path for path in folder.iterdir() if names.fullmatch(path.name)]


def _pip(python: str) -> list[str]:
    """The command that installs into an interpreter's packages."""
    if python == sys.executable and importlib.util.find_spec("pip"):
        return [python, "-m", "pip"]
    outside = shutil.which("pip") or shutil.which("pip3")
    if outside is None:
        raise FetchError("the runtime comes with pip, which is not installed here; install it and try again")
    return [outside, "--python", python]


def _run(command: list[str]) -> int:
    output = sys.stderr if sys.stderr.isatty() else subprocess.DEVNULL  # standard output is for results
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, check=False).returncode
