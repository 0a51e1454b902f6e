"""Listing a bucket: always what a plain sort and fold gives, at a cost that grows with the page alone."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends import Postgres
from tinct.backend import Backend, open_backend
from tinct.objects.buckets import Bucket
from tinct.objects.objects import Listing


class World(NamedTuple):
    runner: asyncio.Runner
    backend: Backend
    bucket: Bucket

    def fill(self, keys: list[str]) -> None:
        """Exactly these objects, with no bytes behind them."""

        async def work() -> None:
            async with self.backend.database.transaction() as connection:
                await connection.execute("DELETE FROM objects")
                await connection.execute("DELETE FROM contents")
                await connection.execute(
                    "INSERT INTO contents (id, pieces, sizes, size, etag, crc64, unused_since)"
                    " SELECT key, '{}', '{}', 0, '', 0, now() FROM unnest(%s::text[]) AS key",
                    (keys,),
                )
                await connection.execute(
                    "INSERT INTO objects (bucket_id, key, content_id, headers)"
                    " SELECT %s, key, key, '{}' FROM unnest(%s::text[]) AS key",
                    (self.bucket.id, keys),
                )

        self.runner.run(work())

    def list(self, **wanted: object) -> Listing:
        return self.runner.run(self.backend.objects.list(self.bucket, **wanted))


@pytest.fixture(scope="module")
def world(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("listing")
    with asyncio.Runner() as runner:
        opening = open_backend(postgres.create(folder / "data"))
        backend = runner.run(opening.__aenter__())
        account = runner.run(backend.accounts.create("tester")).account.id
        yield World(runner, backend, runner.run(backend.buckets.create(account, "photos")))
        runner.run(opening.__aexit__(None, None, None))


def folded(keys: list[str], prefix: str, delimiter: str, marker: str) -> list[tuple[str, bool]]:
    """What a listing means: entries in order; True for those that stand for several keys."""
    entries: dict[str, bool] = {}
    for key in sorted(keys, key=str.encode):
        rest = key.removeprefix(prefix) if key.startswith(prefix) else None
        if rest is None or key.encode() <= marker.encode():
            continue
        head, found, _ = rest.partition(delimiter) if delimiter else (rest, "", "")
        entry = prefix + head + found
        if found and entry == marker:  # the page begins after all of it
            continue
        entries[entry] = bool(found)
    return list(entries.items())


def shown(listing: Listing) -> list[tuple[str, bool]]:
    entries = [(each.key, False) for each in listing.objects] + [(each, True) for each in listing.prefixes]
    return sorted(entries, key=lambda entry: entry[0].encode())


letters = st.sampled_from(
    ["a", "b", "A", "/", "//", "%", "_", "é", "\ue000", "\U0010ffff", "😀", "\x01", "ab/"]
)
texts = st.lists(letters, max_size=4).map("".join)


@given(
    keys=st.lists(texts.filter(bool), max_size=25, unique=True),
    prefix=texts,
    delimiter=st.sampled_from(["", "/", "a", "//", "ab", "\U0010ffff", "é"]),
    marker=texts,
    limit=st.integers(1, 5),
)
@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)
def test_every_page_is_what_sorting_and_folding_gives(world, keys, prefix, delimiter, marker, limit):
    world.fill(keys)
    expected = folded(keys, prefix, delimiter, marker)
    wanted = {"prefix": prefix, "delimiter": delimiter, "limit": limit}
    page = world.list(marker=marker, **wanted)
    assert shown(page) == expected[:limit]
    assert page.next_marker == (expected[limit - 1][0] if len(expected) > limit else None)
    while page.next_marker is not None:  # and the pages together are the whole
        marker = page.next_marker
        expected = expected[limit:]
        page = world.list(marker=marker, **wanted)
        assert shown(page) == expected[:limit]


def test_a_folder_of_many_objects_costs_few_lookups(world):
    """Two folders of 5 000 keys each: the page of both reads about as many rows as it has entries."""
    world.fill([f"{folder}/{number:05}" for folder in "ab" for number in range(5_000)] + ["z"])
    counted = "SELECT idx_tup_fetch + idx_tup_read AS n FROM pg_stat_all_indexes WHERE indexrelname = 'objects_pkey'"

    def lookups() -> int:
        async def work() -> int:
            async with world.backend.database.connection() as connection:
                await connection.execute("SELECT pg_stat_force_next_flush()")
                await connection.execute("SELECT pg_stat_clear_snapshot()")
                row = await (await connection.execute(counted)).fetchone()
                assert row
                return int(row["n"])

        return world.runner.run(work())

    world.runner.run(world.backend.database.run("ANALYZE objects"))
    before = lookups()
    page = world.list(delimiter="/")
    assert ([each.key for each in page.objects], page.prefixes) == (["z"], ("a/", "b/"))
    world.runner.run(asyncio.sleep(0.05))
    assert 0 < lookups() - before < 100


def test_a_page_of_nothing_is_empty(world):
    world.fill(["a"])
    for wanted in ({"limit": 0}, {"prefix": "\0"}, {"marker": "\ud800"}, {"delimiter": "\0"}):
        assert world.list(**wanted) == Listing(objects=(), prefixes=(), next_marker=None)
