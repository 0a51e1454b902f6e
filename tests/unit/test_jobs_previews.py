"""Previews while others are made."""

import asyncio

import pytest

from backends import Postgres
from running import photo
from tinct.backend import open_backend
from tinct.errors import RateLimitError
from tinct.jobs.previews import Preview

pytestmark = pytest.mark.asyncio


async def test_who_would_wait_long_for_the_previews_of_others_is_told_to_come_back(
    postgres: Postgres, tmp_path
) -> None:
    settings = postgres.create(tmp_path / "data", preview_wait_s=0.02)  # the first one starts a process
    async with open_backend(settings) as backend:
        account = (await backend.accounts.create("tester")).account.id
        file = await backend.files.put(account, photo(format="PNG"))
        asked = [backend.previews.of(file, 64) for _ in range(3)]
        first, *others = await asyncio.gather(*asked, return_exceptions=True)
        assert isinstance(first, Preview)
        assert [type(other) for other in others] == [RateLimitError, RateLimitError]
        assert isinstance(await backend.previews.of(file, 64), Preview)  # and later it is made
