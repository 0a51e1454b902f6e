"""The command line in this process, for tests that look at what it says and writes."""

from __future__ import annotations

from typer.testing import CliRunner

from tinct.cli import app


def said(*words: object, fails: bool = False) -> str:
    """What ``tinct`` with these words says; it has to succeed, or to fail where that is expected."""
    result = CliRunner().invoke(app, [*map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == int(fails), result.output
    return result.output
