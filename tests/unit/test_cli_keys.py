"""What ``tinct keys`` refuses before it touches anything."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tinct.cli.backends import with_backend
from tinct.cli.keys import app
from tinct.settings import Settings


@pytest.mark.parametrize(
    "scope", ["", "GetObject", "cos:photos:", "cos:photos:getobject", "s3:*:*", "cos:A:GetObject"]
)
@pytest.mark.parametrize("command", [["create", "--name", "x"], ["temporary", "AKIDx"]])
def test_a_scope_that_would_allow_nothing_is_refused(command: list[str], scope: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = CliRunner().invoke(app, [*command, "--cos-scope", scope, "--data", str(data)])
    assert done.exit_code == 2
    assert "cos:BUCKET:ACTION" in done.output.replace("\n", " ")
    assert not data.exists()


def test_where_no_server_ever_ran_a_key_is_made_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key in another folder than the server's would be refused by that server."""

    @asynccontextmanager
    async def opened(settings: Settings) -> AsyncIterator[Settings]:
        yield settings

    monkeypatch.setattr("tinct.backend.open_backend", opened)

    async def action(backend: Any) -> Any:
        return backend.data

    def made() -> None:
        with_backend(tmp_path / "new", action, make=True)

    alone = typer.Typer()
    alone.command()(made)
    said = CliRunner().invoke(alone).output.replace("\n", " ")
    assert "No server has run in" in said
    assert "--data FOLDER" in said
    (tmp_path / "new" / "database" / "cluster").mkdir(parents=True)
    for name in ("secret", "database/cluster/PG_VERSION"):
        (tmp_path / "new" / name).write_text("18")
    assert CliRunner().invoke(alone).output == ""
