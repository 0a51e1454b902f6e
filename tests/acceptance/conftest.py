"""One server, and its callers, for all tests of the YouCam wire format."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from running import Server, photo
from youcam_wire import HTTP, Account, Api, Caller, account, log_in

LIMITS = ("address_calls", "token_calls", "v2_address_calls", "v2_key_calls")
UNLIMITED = dict.fromkeys((f"youcam_{name}" for name in LIMITS), "0/1")


@pytest.fixture(scope="session", autouse=True)
def _connections_end_with_the_session() -> Iterator[None]:
    yield
    HTTP.close()


@pytest.fixture(scope="session")
def youcam(tmp_path_factory: pytest.TempPathFactory, _face_models_folder: Path) -> Iterator[Server]:
    running = Server(
        tmp_path_factory.mktemp("youcam") / "data",
        extra_effects="light=youcam_hazards:LIGHT,moderate=youcam_hazards:MODERATE",
        allow_private_hosts="127.0.0.1",
        models=str(_face_models_folder),
        fetch_total_s="3",
        sweep_s="1",
        allow_swap="true",
        requests_per_minute="100000",
        refusals_per_minute="100000",
        **UNLIMITED,
    )
    yield running
    running.stop()


@pytest.fixture(scope="session")
def pair(youcam: Server) -> Account:
    """Keys of an account that may spend any number of credits."""
    return account(youcam)


@pytest.fixture(scope="session")
def v1(youcam: Server, pair: Account) -> Caller:
    """Speaks the older form, with an access token."""
    return Caller(youcam.url, log_in(youcam.url, pair), "v1.0")


@pytest.fixture(scope="session")
def v2(youcam: Server, pair: Account) -> Caller:
    """Speaks the newer form, with the key itself."""
    return Caller(youcam.url, pair.client_id, "v2.0")


@pytest.fixture(scope="session")
def other_caller(youcam: Server) -> Caller:
    """Another account, in the older form; its key is its bearer."""
    return Caller(youcam.url, account(youcam).client_id, "v1.0")


@pytest.fixture(scope="session")
def file(v1: Caller) -> str:
    """A small photo."""
    return v1.upload(photo(96, 72, format="JPEG"))


@pytest.fixture
def newer(v2: Caller) -> Api:
    return Api(f"{v2.url}/s2s/v2.0", v2.bearer)


@pytest.fixture
def older(v1: Caller) -> Api:
    return Api(f"{v1.url}/s2s/v1.0", v1.bearer)
