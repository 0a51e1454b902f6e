"""What `tinct worker` says about where it works, and what it refuses."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tinct.cli import app
from tinct.errors import StorageError
from tinct.settings import Settings
from tinct.storage.place import blobs_place, check_made, database_place


def test_places_are_said_without_users_and_passwords() -> None:
    settings = Settings(
        database_url="postgresql://someone:pass%40word@db.example:5433/tinct?sslmode=require",
        blob_url="s3://key:hidden@photos/tinct",
    )
    assert database_place(settings) == "PostgreSQL at db.example:5433, database tinct"
    assert blobs_place(settings) == "s3://photos/tinct"
    local = Settings(database_url="postgresql:///tinct?host=/run/postgresql", blob_url="/srv/files")
    assert database_place(local) == "PostgreSQL at /run/postgresql, database tinct"
    assert blobs_place(local) == "the folder /srv/files"


def test_a_worker_refuses_a_folder_that_no_server_has_used_and_leaves_it_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["worker"], ["worker", "--data", "elsewhere"]):
        with pytest.raises(StorageError, match=r"no server data in .*--data.*TINCT_DATABASE_URL"):
            CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not list(tmp_path.iterdir())


def test_an_external_database_without_the_servers_secret_or_files_is_refused(tmp_path: Path) -> None:
    given = {"data": tmp_path, "database_url": "postgresql://db.example/tinct"}
    with pytest.raises(StorageError, match="TINCT_SECRET"):
        check_made(Settings(**given))
    with pytest.raises(StorageError, match="TINCT_BLOB_URL"):
        check_made(Settings(**given, secret="s" * 32))
    check_made(Settings(**given, secret="s" * 32, blob_url="s3://photos"))
