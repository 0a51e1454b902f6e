"""`tinct doctor` finds what is wrong with a server's parts, says what to do, and changes nothing."""

import json
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prepared import prepared
from tinct.cli import app
from tinct.cli.doctor import _clock
from tinct.settings import current
from tinct.storage.embedded import EmbeddedPostgres


def examined(data: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """Exit status, and the findings by part."""
    done = CliRunner().invoke(app, ["doctor", "--data", str(data), "--json"], catch_exceptions=False)
    return done.exit_code, {finding["part"]: finding for finding in json.loads(done.output)}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A server's data, with nobody at work on it."""
    data = prepared(tmp_path / "data")
    (data / "secret").touch(0o600)
    (data / "secret").write_text("s" * 48)
    return data


def test_a_folder_without_a_server_is_left_as_it_is_and_told_so(tmp_path: Path) -> None:
    code, found = examined(tmp_path / "none")
    assert code == 0
    assert "no server data" in found["data folder"]["said"]
    assert "tinct serve" in found["data folder"]["to_do"]
    assert not (tmp_path / "none").exists()
    assert "tinct video" in found["extra video"]["said"]


def test_a_healthy_server_is_well_in_all_parts_and_no_process_stays(data: Path) -> None:
    code, found = examined(data)
    assert code == 0, found
    assert {found[part]["state"] for part in ("database", "files", "data folder", "clock")} == {"ok"}
    assert found["database"]["said"].startswith("PostgreSQL 18")
    assert not (data / "database" / "cluster" / "postmaster.pid").exists()
    assert not [path for path in (data / "blobs").rglob("*") if path.is_file()]


def test_a_damaged_database_is_wrong_with_its_reason(data: Path) -> None:
    control = data / "database" / "cluster" / "global" / "pg_control"
    control.write_bytes(b"x" * control.stat().st_size)
    code, found = examined(data)
    assert code == 1
    assert found["database"]["state"] == "wrong"
    assert "control file is damaged" in found["database"]["said"]
    assert found["files"]["state"] == "ok"


def test_a_store_that_cannot_be_used_and_an_open_secret_are_wrong(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    (data / "secret").chmod(0o644)
    monkeypatch.setenv("TINCT_BLOB_URL", str(tmp_path / "file" / "blobs"))
    code, found = examined(data)
    assert code == 1
    assert found["files"]["state"] == "wrong"
    assert found["data folder"]["to_do"] == f"run: chmod 600 {data / 'secret'}"


def test_damaged_weights_are_wrong_with_the_command_that_mends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinct.models.manifest import fetched

    monkeypatch.setenv("TINCT_MODELS", str(tmp_path))
    current.cache_clear()
    (source,) = fetched("opennsfw").sources
    (tmp_path / "opennsfw").mkdir()
    (tmp_path / "opennsfw" / source.file).write_bytes(b"x" * source.bytes)
    done = CliRunner().invoke(app, ["doctor", "--data", str(tmp_path / "none")], catch_exceptions=False)
    current.cache_clear()
    assert done.exit_code == 1, done.output
    assert "-> run: tinct models fetch opennsfw" in done.output


def test_clocks_that_differ_are_wrong() -> None:
    assert _clock("the database", time.time()).state == "ok"
    assert _clock("the database", time.time() - 60).state == "wrong"


def test_what_an_embedded_server_is_asked_leaves_it_to_its_other_users(data: Path) -> None:
    server = EmbeddedPostgres(data / "database")
    server.start()
    assert examined(data)[1]["database"]["state"] == "ok"
    assert (data / "database" / "cluster" / "postmaster.pid").exists()
    server.stop()
