"""A backend for each test, without a worker: tasks wait until a test runs one."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from youcam_client import Client, member

from backends import Postgres
from tinct.backend import Backend, open_backend


@pytest_asyncio.fixture
async def backend(postgres: Postgres, tmp_path: Path) -> AsyncIterator[Backend]:
    limits = dict.fromkeys(("youcam_address_calls", "youcam_v2_address_calls"), "0/1")
    async with open_backend(postgres.create(tmp_path / "data", allow_swap=True, **limits)) as running:
        yield running


@pytest_asyncio.fixture
async def client(backend: Backend) -> Client:
    """Calls with the key of an account that pays nothing."""
    return Client(backend, (await member(backend))[1]["client_id"])
