"""Optional parts of the installation, as this package's own metadata names them: ``pip install "tinct[server]"``."""

from __future__ import annotations

import re

__all__ = ["SERVER", "bringing", "command", "lacking"]

SERVER = "server"
"""The extra that brings database, web server and object store."""

_NAME = re.compile(r"[A-Za-z0-9._-]+")


def lacking(extra: str) -> list[str]:
    """Names of the packages that `extra` asks for and that are not installed, in the order in which it asks."""
    wanted = [
        _NAME.match(requirement)
        for requirement in _requirements()
        if re.search(rf"""extra\s*==\s*['"]{re.escape(extra)}['"]""", requirement)
    ]
    return [name[0] for name in wanted if name is not None and not _installed(name[0])]


def bringing(package: str) -> str | None:
    """The extra that asks for a package, rather a small one than ``dev``; None if none does."""
    found = [
        marker[1]
        for requirement in _requirements()
        if (name := _NAME.match(requirement)) and name[0].lower() == package.lower()
        if (marker := re.search(r"""extra\s*==\s*['"]([^'"]+)['"]""", requirement))
    ]
    return min(found, key=lambda extra: (extra == "dev", extra), default=None)


def command(extra: str) -> str:
    """The command that installs `extra`."""
    return f'pip install "tinct[{extra}]"'


def _requirements() -> list[str]:
    from importlib import metadata  # slow to load, and asked for little

    return metadata.requires("tinct") or []


def _installed(name: str) -> bool:
    from importlib import metadata

    try:
        metadata.version(name)
    except metadata.PackageNotFoundError:
        return False
    return True
