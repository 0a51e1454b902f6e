"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["table"]


def table(title: str, note: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A heading, a sentence, and a table whose first column is text and whose others are figures."""
    lines = [f"### {title}", "", note, "", "| " + " | ".join(head) + " |", "|---|" + "--:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
