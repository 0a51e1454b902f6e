"""Lists in pages: how many a call wants, and after which one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from starlette.requests import Request

from tinct.dialects.youcam.errors import invalid

__all__ = ["Page", "asked"]

_T = TypeVar("_T")
_SIZE: Final = 20
_DIGITS: Final = 18  # of a token


@dataclass(frozen=True, kw_only=True)
class Page:
    """The part of a list that is wanted."""

    size: int
    after: int | None
    """What the last page's ``next_token`` was; None for the first page."""

    def cut(self, rows: Sequence[_T]) -> tuple[Sequence[_T], str | None]:
        """Some rows of a list that stays as it is, and the token of the next page.

        Raises
        ------
        RefusalError
            The token is none of this list.
        """
        start = self.after or 0
        if self.after is not None and not 0 < start < len(rows):
            raise invalid("starting_token", str(start), "the next_token of a page")
        end = start + self.size
        return rows[start:end], str(end) if end < len(rows) else None


def asked(request: Request, *, most: int) -> Page:
    """What the query says.

    Raises
    ------
    RefusalError
        ``page_size`` or ``starting_token`` is not allowed.
    """
    size, after = request.query_params.get("page_size"), request.query_params.get("starting_token")
    if size is not None and not (size.isascii() and size.isdigit() and 1 <= int(size[:9]) <= most):
        raise invalid("page_size", size, f"a whole number from 1 to {most}")
    if after in (None, "", "null"):
        return Page(size=int(size or _SIZE), after=None)
    assert after is not None
    if not (after.isascii() and after.isdigit() and len(after) <= _DIGITS):
        raise invalid("starting_token", after, "the next_token of a page")
    return Page(size=int(size or _SIZE), after=int(after))
