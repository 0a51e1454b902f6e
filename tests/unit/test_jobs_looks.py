"""Looks while several are saved at once: the limit holds, and no file stays that no look names."""

import asyncio

import pytest

from backends import Postgres
from running import photo
from tinct.backend import Backend, open_backend
from tinct.errors import ParameterError

pytestmark = pytest.mark.asyncio


async def saved(backend: Backend, account: str, name: str) -> str:
    """A look with a reference of its own; the id of that file."""
    file = await backend.files.put(account, photo(format="PNG"))
    await backend.looks.save(account, name, "migrate", {"mode": "reference"}, {"reference": file.id})
    return file.id


async def test_looks_that_are_saved_at_once_are_no_more_than_allowed(postgres: Postgres, tmp_path) -> None:
    async with open_backend(postgres.create(tmp_path / "data", max_looks=3)) as backend:
        account = (await backend.accounts.create("tester")).account.id
        tries = [saved(backend, account, f"look {number}") for number in range(8)]
        ends = await asyncio.gather(*tries, return_exceptions=True)
        refused = [end for end in ends if isinstance(end, BaseException)]
        assert {type(end) for end in refused} == {ParameterError}
        assert (len(refused), len(await backend.looks.list(account))) == (5, 3)


async def test_of_looks_of_one_name_that_are_saved_at_once_the_files_of_one_stay(
    postgres: Postgres, tmp_path
) -> None:
    async with open_backend(postgres.create(tmp_path / "data")) as backend:
        account = (await backend.accounts.create("tester")).account.id
        await asyncio.gather(*(saved(backend, account, "look") for _ in range(8)))
        (look,) = await backend.looks.list(account)
        rows = await backend.database.all("SELECT id FROM files WHERE state = 'stored'")
        assert [row["id"] for row in rows] == [look.inputs["reference"]]
