"""What ``tinct keys`` refuses before it touches anything."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from tinct.cli.keys import app


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
