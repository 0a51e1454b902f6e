"""Bring archives from package registries, with the clients that this machine has, as they are configured.

The client decides from where. What it prints goes to the terminal; nothing it brings is opened here.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from tinct.errors import FetchError
from tinct.settings import current

__all__ = ["download"]

_STOP_S = 5.0


def download(registry: str, name: str, version: str, archive: str, folder: Path) -> Path:
    """Bring one archive into an empty folder.

    Parameters
    ----------
    registry : str
        ``pypi`` or ``npm``.
    name, version : str
        The package, and the one version that is wanted.
    archive : str
        File name of the archive; of a wheel it tells for which Python and system it was built.
    folder : Path
        An empty folder.

    Raises
    ------
    FetchError
        The client is missing, or could not bring it.
    """
    if current().offline:
        raise FetchError(
            f"{name} {version} is not brought: TINCT_OFFLINE is set; bring {archive} from another machine and run: "
            "tinct models import FOLDER"
        )
    command = _pip(name, version, archive, folder) if registry == "pypi" else _npm(name, version, folder)
    hint = f"or bring {archive} from another machine and run: tinct models import FOLDER"
    if command is None:
        client = "pip" if registry == "pypi" else "npm"
        raise FetchError(
            f"{name} {version} comes with {client}, which is not installed here; install it, {hint}"
        )
    status = _run(command, folder)
    found = [path for path in folder.iterdir() if path.is_file() and path.suffix in (".whl", ".tgz")]
    if status != 0 or len(found) != 1:
        raise FetchError(
            f"{Path(command[0]).name} could not bring {name} {version} (exit status {status}); see what it says, "
            f"check that this machine reaches its registry, {hint}"
        )
    return found[0]


def _pip(name: str, version: str, archive: str, folder: Path) -> list[str] | None:
    """The wheel of this very name is meant, also where pip would choose another for this machine."""
    found = shutil.which("pip") or shutil.which("pip3")
    client = [found] if found else [sys.executable, "-m", "pip"] if importlib.util.find_spec("pip") else None
    if client is None:
        return None
    python, abi, platform = archive.removesuffix(".whl").split("-")[-3:]
    options = ["--no-deps", "--no-input", "--disable-pip-version-check", "--only-binary", ":all:"]
    if python.startswith("cp"):
        options += ["--implementation", "cp", "--python-version", f"{python[2]}.{python[3:]}"]
        options += ["--abi", abi, "--platform", platform]
    return [*client, "download", *options, "--dest", str(folder), f"{name}=={version}"]


def _npm(name: str, version: str, folder: Path) -> list[str] | None:
    client = shutil.which("npm")
    if client is None:
        return None
    options = ["--ignore-scripts", "--loglevel=error", "--pack-destination", str(folder)]
    return [client, "pack", f"{name}@{version}", *options]


def _run(command: list[str], folder: Path) -> int:
    """Exit status of a client; it is stopped when this process is interrupted."""
    output = sys.stderr if sys.stderr.isatty() else subprocess.DEVNULL  # standard output is for results
    client = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output)
    try:
        return client.wait()
    except BaseException:
        client.terminate()
        try:
            client.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            client.kill()
            client.wait()
        raise
