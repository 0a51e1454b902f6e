"""Tables of the fields of the native API's records, in docs/api.md."""

import re

from tinct.dialects.native import wire
from tinct.effects.tables import parameters

__all__ = ["write"]

TABLE = re.compile(r"(<!-- fields of (\w+) -->\n)(?:.*\n)*?(<!-- end -->\n)")


def write(text: str) -> str:
    """The page with the tables that are derived."""
    return TABLE.sub(lambda found: found[1] + _table(found[2]) + found[3], text)


def _table(record: str) -> str:
    rows = [
        f"| `{found.name}` | {found.default} | {found.summary} |".replace("``", "`")
        for found in parameters(getattr(wire, record))
    ]
    return "\n".join(["| field | default | |", "|---|---|---|", *rows]) + "\n"
