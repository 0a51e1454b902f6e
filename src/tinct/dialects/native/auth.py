"""Who calls: a bearer key."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tinct.accounts.keys import Account
from tinct.dialects.guard import admit

__all__ = ["Caller"]

_bearer = HTTPBearer(auto_error=False, description="An API key, as `tinct keys create` prints it.")


async def _caller(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Account:
    return await admit(request, given.credentials if given else None)


Caller = Annotated[Account, Depends(_caller)]
"""A route's parameter: the account that calls."""
