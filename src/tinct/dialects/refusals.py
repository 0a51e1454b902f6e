"""How a wire format says no: one table by class of error, and one refusal that carries what its reply needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from starlette.exceptions import HTTPException

from tinct.errors import TinctError

__all__ = ["ErrorTable", "RefusalError", "refusal_headers"]

_T = TypeVar("_T")


class RefusalError(TinctError):
    """A failure reply.

    Parameters
    ----------
    status : int
        HTTP status.
    name : str or int
        The wire format's own code.
    message : str
        What was found, what is allowed, what to do.
    retry_after_s : float, optional
        Seconds after which trying again makes sense.
    """

    code = "refused"

    def __init__(
        self, status: int, name: str | int, message: str, *, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.name, self.retry_after_s = status, name, retry_after_s


@dataclass(frozen=True, kw_only=True)
class ErrorTable(Generic[_T]):
    """What each error becomes. An error that has no row of its own has its parent's, whatever the order of rows.

    The errors with which jobs end stand in the same tree, so that they need no table of their own.
    """

    rows: Mapping[type[Exception], _T]
    """By class; ``Exception`` must be there, for what nobody thought of."""
    statuses: Mapping[int, _T] = field(default_factory=dict)
    """By status, for what the HTTP layer refuses; 400 and 500 stand for all others, where they are there."""

    def __post_init__(self) -> None:
        if Exception not in self.rows:
            raise ValueError("an error table needs a row for Exception")

    def of(self, error: Exception) -> _T:
        """The row of an error."""
        if isinstance(error, HTTPException):
            for status in (error.status_code, 400 if error.status_code < 500 else 500):
                if status in self.statuses:
                    return self.statuses[status]
        return next(self.rows[kind] for kind in type(error).__mro__ if kind in self.rows)


def refusal_headers(error: Exception) -> dict[str, str]:
    """Headers that go with the reply to an error, whatever the wire format."""
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    retry_after_s = getattr(error, "retry_after_s", None)
    if retry_after_s is not None:
        headers["Retry-After"] = str(math.ceil(retry_after_s))
    return headers
