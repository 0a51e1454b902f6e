"""One running server for all tests that only talk to it."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Generator, Iterator, Sequence
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from backends import Postgres
from prepared import Place
from running import Server
from tinct import settings
from tinct.backend import Backend, open_backend
from tinct.effects import registry
from tinct.loading import loading

LONGEST = (
    "test_youcam_v2.py",
    "test_serve.py",
    "test_stopping.py",
    "test_page.py",
    "test_docs_snippets.py",
    "test_storage.py",
    "test_picma_faults.py",
    "test_youcam_v1.py",
    "test_picma_client.py",
    "test_troubles.py",
    "test_journeys.py",
    "test_youcam_tasks.py",
    "test_jobs_worker.py",
    "test_memory.py",
    "test_install.py",
    "test_diffusion.py",
    "test_colorize.py",
)
"""Files that take longest, in this order, whatever their folder."""
QUICK = ("dialects", "unit")
"""Folders whose files are done in seconds; those of the others start servers."""


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """All that is imported and collected stays until the end."""
    with loading():
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, so that no process is left with it when the others have nothing to do any more."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        if item.path.name in LONGEST:
            return LONGEST.index(item.path.name)
        return len(LONGEST) + (item.path.relative_to(here).parts[0] in QUICK)

    items.sort(key=place)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--fault-jobs", type=int, default=40, help="Jobs of the fault test; 1000 for the long one."
    )


@pytest.fixture(scope="session", autouse=True)
def _one_prepared_folder_for_all_processes(tmp_path_factory: pytest.TempPathFactory) -> None:
    own = tmp_path_factory.getbasetemp()
    Place.shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    running = Server(
        tmp_path_factory.mktemp("server") / "data",
        allow_private_hosts="127.0.0.1",
        extra_effects=",".join(
            f"{name}=effects_for_tests:{name.upper()}"
            for name in ("noop", "slow", "broken", "album", "measure", "sketch")
        ),
        max_upload_bytes=str(8 * 2**20),
        requests_per_minute="100000",
        refusals_per_minute="100000",
    )
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(server: Server) -> Iterator[httpx.Client]:
    """The native API with a key that may spend any number of credits."""
    with server.client() as native:
        yield native


@pytest.fixture(scope="session")
def stranger(server: Server) -> Iterator[httpx.Client]:
    """Another account."""
    with server.client() as native:
        yield native


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """One PostgreSQL for the tests that open a backend themselves."""
    folder = tmp_path_factory.mktemp("postgres")
    running = Postgres(folder)
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def _databases_go_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    if "postgres" not in request.fixturenames:
        yield
        return
    postgres = request.getfixturevalue("postgres")
    before = len(postgres.made)
    yield
    postgres.keep(before)


@pytest.fixture(scope="session", autouse=True)
def _temporary_files_of_children_go_with_the_session(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[None]:
    """Processes that are killed leave theirs behind."""
    before = tempfile.gettempdir()  # this process goes on with it
    folder = tmp_path_factory.mktemp("tmp")
    os.environ["TMPDIR"] = str(folder)
    yield
    os.environ["TMPDIR"] = before
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture
async def backend(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Backend]:
    """Everything behind the API, on a database of its own."""
    async with open_backend(postgres.create(tmp_path / "data")) as opened:
        yield opened


@pytest_asyncio.fixture
async def account(backend: Backend) -> str:
    """Id of an account that may spend any number of credits."""
    return (await backend.accounts.create("tester")).account.id


@pytest.fixture(scope="session")
def bucket() -> Iterator[dict[str, str]]:
    """A server that speaks S3, with one bucket ``photos``; the environment that leads there."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(200):
            try:
                make = urllib.request.Request(f"{address}/photos", method="PUT")
                urllib.request.urlopen(make, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise AssertionError("the S3 server does not start")
        yield {
            "AWS_ENDPOINT": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "us-east-1",
        }
    finally:
        process.terminate()
        process.wait(10)


def _folder_with(names: Sequence[str], factory: pytest.TempPathFactory) -> Path:
    """A folder with some fetched models: the user's own, or one into which they are fetched."""
    from tinct.cli import models
    from tinct.errors import FetchError
    from tinct.models import store
    from tinct.settings import current

    if all(map(store.installed, names)):
        return current().models
    folder = factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TINCT_MODELS", str(folder))
        current.cache_clear()
        try:
            models.fetch(list(names))
        except FetchError as error:
            pytest.skip(f"the networks {', '.join(names)} cannot be fetched here: {error}")
        finally:
            current.cache_clear()
    return folder


@contextlib.contextmanager
def _models_in(folder: Path) -> Iterator[None]:
    """This process finds its models there."""
    from tinct.models import runtime
    from tinct.settings import current

    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TINCT_MODELS", str(folder))
        current.cache_clear()
        yield
    current.cache_clear()
    runtime.forget()


@pytest.fixture(scope="session")
def _face_models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tinct.faces.find import MODELS

    return _folder_with(MODELS, tmp_path_factory)


@pytest.fixture(scope="session")
def _thing_models_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tinct.imaging.things import MODELS

    return _folder_with(MODELS, tmp_path_factory)


@pytest.fixture(scope="module")
def face_models(_face_models_folder: Path) -> Iterator[None]:
    """The networks for faces are installed; the module is skipped where they cannot be."""
    with _models_in(_face_models_folder):
        yield


@pytest.fixture(scope="module")
def thing_models(_thing_models_folder: Path) -> Iterator[None]:
    """The networks that outline things are installed; the module is skipped where they cannot be."""
    with _models_in(_thing_models_folder):
        yield


BUILT_IN = dict(registry._WHERE)


@pytest.fixture(autouse=True)
def _settings_are_the_environments() -> None:
    """A task of a child that was performed in this process has left its server's settings here."""
    if settings._given is not None:
        settings._given = None
        settings.current.cache_clear()


@pytest.fixture(autouse=True)
def _effects_are_the_built_in_ones() -> None:
    """A backend that was opened with an operator's effects registers them for the whole process."""
    registry._WHERE.update(BUILT_IN)


@pytest.fixture
def no_generators_yet(tmp_path: Path) -> Iterator[None]:
    """A store of models with nothing in it, in this process."""
    from tinct.models.generators import registry as generators

    before = settings.current()
    settings.use(before.model_copy(update={"models": tmp_path / "models"}))
    generators.drop()
    yield
    generators.drop()
    settings.use(before)


@pytest.fixture
def built_in_effects_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what the package itself has, whoever registered effects in this process before."""
    monkeypatch.setattr(registry, "_WHERE", dict(BUILT_IN))
