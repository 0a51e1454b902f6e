"""Tables of the codes with which wire formats refuse, in the page of each."""

import html
import importlib
import re

__all__ = ["write"]

TABLE = re.compile(r"(<!-- codes of (\w+) -->\n)(?:.*\n)*?(<!-- end -->\n)")


def write(text: str) -> str:
    """The page with the tables that are derived."""
    return TABLE.sub(lambda found: found[1] + _table(found[2]) + found[3], text)


def _table(dialect: str) -> str:
    codes = importlib.import_module(f"tinct.dialects.{dialect}.errors").CODES
    rows = sorted((status, name, sentence) for name, (status, sentence) in codes.items())
    return "| status | code | |\n|---|---|---|\n" + "".join(
        f"| {status} | `{name}` | {html.escape(sentence, quote=False)} |\n" for status, name, sentence in rows
    )
