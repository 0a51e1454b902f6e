"""The embedded PostgreSQL and the one door to it."""

import asyncio
import fcntl
import os
import signal
import stat
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from prepared import prepared
from tinct.errors import DatabaseError
from tinct.jobs.queue import schema
from tinct.settings import Settings
from tinct.storage.database import Database
from tinct.storage.embedded import EmbeddedPostgres

pytestmark = pytest.mark.asyncio

_JOIN = """
import sys
from pathlib import Path
from tinct.storage.embedded import EmbeddedPostgres

server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print("in", flush=True)
sys.stdin.readline()
server.stop()
"""


def postmaster(data: Path) -> int | None:
    """Number of the server's process, if it runs."""
    path = data / "database" / "cluster" / "postmaster.pid"
    return int(path.read_text().split()[0]) if path.exists() else None


async def noted(database: Database, note: str) -> list[str]:
    await database.run("CREATE TABLE IF NOT EXISTS notes (note text)")
    await database.run("INSERT INTO notes VALUES (%s)", (note,))
    return [row["note"] for row in await database.all("SELECT note FROM notes")]


async def test_a_second_start_finds_everything_as_it_was(tmp_path):
    for number, expected in ((1, ["1"]), (2, ["1", "2"])):
        database = await Database.open(Settings(data=tmp_path / "data"), schema())
        assert await noted(database, str(number)) == expected
        assert postmaster(tmp_path / "data")
        await database.close()
        assert postmaster(tmp_path / "data") is None


async def test_a_killed_server_recovers_with_all_that_was_committed(tmp_path):
    settings = Settings(data=prepared(tmp_path / "data"))
    database = await Database.open(settings, schema())
    await noted(database, "kept")
    pid = postmaster(settings.data)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    again = await Database.open(settings, schema())  # at once: the old process may not be gone yet
    assert await noted(again, "new") == ["kept", "new"]
    assert postmaster(settings.data) != pid
    await again.close()
    await database.close()


async def test_the_last_process_that_leaves_stops_the_server_even_if_others_were_killed(tmp_path):
    folder = prepared(tmp_path / "data") / "database"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _JOIN, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == b"in\n"
    processes[0].communicate(b"\n")
    assert postmaster(tmp_path / "data")
    processes[1].kill()
    processes[1].communicate()
    assert postmaster(tmp_path / "data")
    processes[2].communicate(b"\n")
    assert postmaster(tmp_path / "data") is None


async def test_the_socket_of_a_long_path_is_short_and_private(tmp_path):
    server = EmbeddedPostgres(tmp_path / ("x" * 90) / "database")
    url = server.start()
    folder = Path(url.split("host=")[1])
    assert len(os.fsencode(folder)) < 90
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert (folder / ".s.PGSQL.5432").is_socket()
    server.stop()
    assert not folder.exists()


async def test_a_prepared_socket_folder_that_is_a_link_is_refused(tmp_path):
    server = EmbeddedPostgres(tmp_path / ("y" * 90) / "database")
    folder = Path(server.url.split("host=")[1])
    folder.symlink_to(tmp_path)
    try:
        with pytest.raises(DatabaseError):
            server.start()
    finally:
        folder.unlink()
        server.stop()


async def test_no_network_address_is_listened_on(tmp_path):
    database = await Database.open(Settings(data=prepared(tmp_path / "data")), schema())
    row = await database.one("SELECT current_setting('listen_addresses') AS addresses")
    assert row == {"addresses": ""}
    await database.close()


async def test_four_processes_that_start_at_once_migrate_once(postgres, tmp_path):
    postgres.execute("CREATE DATABASE empty")
    settings = Settings(data=tmp_path / "data", database_url=postgres.url("empty"))
    opened = await asyncio.gather(*(Database.open(settings, schema()) for _ in range(4)))
    rows = await opened[0].all("SELECT name FROM migrations WHERE name NOT LIKE 'queue/%'")
    folder = resources.files("tinct.storage") / "migrations"
    assert sorted(row["name"] for row in rows) == sorted(
        f.name for f in folder.iterdir() if f.name.endswith(".sql")
    )
    for database in opened:
        await database.close()
    assert not (tmp_path / "data" / "database").exists()  # an external server needs no folder


async def test_a_transaction_is_undone_by_an_exception(backend):
    async def begin_and_fail() -> None:
        async with backend.database.transaction() as connection:
            await connection.execute("INSERT INTO accounts (id, name, unlimited) VALUES ('a', 'a', true)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await begin_and_fail()
    assert not await backend.accounts.any()


async def test_an_unreachable_server_is_said_in_one_sentence_without_its_address():
    with pytest.raises(DatabaseError) as caught:
        await Database.open(Settings(database_url="postgresql://someone@127.0.0.1:1/x"))
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_server_that_died_is_started_again_and_the_pool_and_the_listener_work_again(tmp_path):
    settings = Settings(data=prepared(tmp_path / "data"))
    database = await Database.open(settings, schema())
    heard: asyncio.Queue[str | None] = asyncio.Queue()

    async def listen() -> None:
        async for note in database.notifications("tinct_jobs"):
            heard.put_nowait(note.payload if note else None)

    listening = asyncio.create_task(listen())
    assert await heard.get() is None
    pid = postmaster(settings.data)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert await asyncio.wait_for(heard.get(), 20) is None
    await database.run("SELECT pg_notify('tinct_jobs', 'hello')")
    assert await asyncio.wait_for(heard.get(), 20) == "hello"
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    await database.close()


async def test_one_process_at_a_time_has_a_lock(backend):
    async with backend.database.only_one("x") as first, backend.database.only_one("x") as second:
        assert (first, second) == (True, False)
        async with backend.database.only_one("y") as other:
            assert other
    async with backend.database.only_one("x") as again:
        assert again


async def test_starting_as_root_changes_no_mode_outside_the_data_folder(tmp_path):
    private = tmp_path / "private" / "deeper"
    private.mkdir(parents=True)
    above = [private, *private.parents]
    for folder in (private, private.parent, tmp_path):
        folder.chmod(0o700)
    before = [folder.stat().st_mode for folder in above]
    database = await Database.open(Settings(data=private / "data"), schema())
    await noted(database, "works")
    await database.close()
    assert [folder.stat().st_mode for folder in above] == before


async def test_a_damaged_control_file_is_said_at_once(tmp_path):
    folder = prepared(tmp_path / "data") / "database"
    server = EmbeddedPostgres(folder)
    control = folder / "cluster" / "global" / "pg_control"
    control.write_bytes(b"x" * control.stat().st_size)
    with pytest.raises(DatabaseError, match="control file is damaged; put a backup"):
        server.start()
    server.stop()
    with (folder / "lease").open("ab") as lease:  # given up with the start that failed
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)


async def test_a_damaged_table_is_told_from_a_database_that_is_away(tmp_path):
    settings = Settings(data=prepared(tmp_path / "data"))
    database = await Database.open(settings, schema())
    await noted(database, "gone")
    await database.check()
    row = await database.one("SELECT pg_relation_filepath('notes') AS path")
    await database.close()
    assert row is not None
    (settings.data / "database" / "cluster" / row["path"]).write_bytes(b"x" * 8192)
    database = await Database.open(settings, schema())
    for _ in range(2):
        with pytest.raises(DatabaseError, match="damaged"):
            await database.check()
    await database.close()


async def test_damage_that_a_query_meets_behind_the_first_pages_is_remembered(tmp_path):
    settings = Settings(data=prepared(tmp_path / "data"))
    database = await Database.open(settings, schema())
    await noted(database, "first")
    await database.run("INSERT INTO notes SELECT 'more' FROM generate_series(1, 2000)")
    row = await database.one("SELECT pg_relation_filepath('notes') AS path")
    await database.close()
    assert row is not None
    with (settings.data / "database" / "cluster" / row["path"]).open("r+b") as heap:
        heap.seek(8192)
        heap.write(b"x" * 8192)
    database = await Database.open(settings, schema())
    await database.check()
    with pytest.raises(DatabaseError, match="damaged"):
        await database.all("SELECT note FROM notes")
    with pytest.raises(DatabaseError, match="damaged"):
        await database.check()
    await database.close()


async def test_a_cluster_of_another_version_is_said_with_those_there_are(tmp_path):
    folder = prepared(tmp_path / "data") / "database"
    server = EmbeddedPostgres(folder)
    (folder / "cluster" / "PG_VERSION").write_text("9\n")
    with pytest.raises(DatabaseError, match=r"made by PostgreSQL 9, and .* brings .*18"):
        server.start()


async def test_whoever_ends_at_once_takes_the_server_along_unless_another_uses_it(tmp_path):
    folder = prepared(tmp_path / "data") / "database"
    first, second = EmbeddedPostgres(folder), EmbeddedPostgres(folder)
    first.start()
    second.start()
    first.abandon()
    assert postmaster(tmp_path / "data"), "the other one uses it"
    first.stop()
    second.abandon()
    assert postmaster(tmp_path / "data") is None
