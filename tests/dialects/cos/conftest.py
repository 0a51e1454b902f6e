"""A server of the COS dialect in this process."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from backends import Postgres
from cos_wire import BUCKET, OTHER, Cos
from tinct.backend import open_backend
from tinct.server.app import create_app


@pytest_asyncio.fixture
async def cos(request: pytest.FixtureRequest, postgres: Postgres, tmp_path: Path) -> AsyncIterator[Cos]:
    """A server with two accounts, each with a private bucket; objects may have two megabytes and a bit.

    A parameter holds other settings.
    """
    limits = {"max_object_bytes": 2 * 2**20 + 100} | getattr(request, "param", {})
    settings = postgres.create(tmp_path / "data", **limits)
    async with open_backend(settings) as backend:
        accounts = {}
        for name in ("owner", "stranger"):
            accounts[name] = (await backend.accounts.create(name)).account.id
            await backend.accounts.add_secret(accounts[name], "cos", f"AK-{name}", f"secret-{name}".encode())
        await backend.buckets.create(accounts["owner"], BUCKET)
        await backend.buckets.create(accounts["stranger"], OTHER)
        app = create_app(backend)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport) as client:
            yield Cos(client, backend, accounts)
