"""Who answers a request: the one place that decides between wire formats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.requests import HTTPConnection

from tinct.dialects.dialect import Dialect

__all__ = ["chosen"]

_ORDER: Final = ("signature", "domain", "path", "host")


def chosen(dialects: Sequence[Dialect], connection: HTTPConnection) -> Dialect:
    """The wire format that a request speaks; the last of them where none claims it.

    A signature says most, so it comes first. Then a host that is one format's altogether: a bucket's objects may have
    any path. Then the path, and last the host of an API, whose known paths may be served under other hosts too.
    """
    for kind in _ORDER:
        for dialect in dialects:
            if getattr(dialect.claims, kind)(connection):
                return dialect
    return dialects[-1]
