"""The tables of parameters in docs/effects.md."""

import re

from tinct.effects import registry
from tinct.effects.tables import table

__all__ = ["write"]

TABLE = re.compile(r"(<!-- parameters of (\w+) -->\n)(?:.*\n)*?(<!-- end -->\n)")


def write(text: str) -> str:
    """The page with the tables that are derived."""
    return TABLE.sub(lambda found: found[1] + table(registry.get(found[2])) + found[3], text)
