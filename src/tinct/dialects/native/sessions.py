"""Sessions of browsers: opened by a key or a one-time code, kept in a cookie that no script can read."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request, Response
from pydantic import Field

from tinct.accounts.credential import Account
from tinct.accounts.sessions import Session
from tinct.dialects.content import base_of
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.guard import admit, refused
from tinct.dialects.native import wire
from tinct.dialects.native.auth import SCHEME, Bearer, check_origin, cookie_of, of_session
from tinct.dialects.native.replies import REFUSALS
from tinct.errors import CrossSiteError, KeyRefusedError

__all__ = ["router"]

router = APIRouter(prefix="/v1/session", tags=["Sessions"], responses=REFUSALS)

_PATH = "/v1"  # the cookie is sent to the API alone


_OPTIONAL: dict[str, Any] = {"security": [{}, {SCHEME: []}]}  # both answer also where there is no session
NO_SESSION: dict[int | str, dict[str, Any]] = {204: {"description": "There is no session."}}


class Opening(wire.Record):
    """What opens a session, where no key is sent."""

    code: wire.Text | None = Field(
        None, min_length=1, max_length=200, description="Of the link that `tinct serve --open` makes."
    )


class OpenSession(wire.Record):
    """A browser's session."""

    account: str = Field(description="Id of the account.")
    name: str = Field(description="Name of the account.")
    csrf: str = Field(description="Send it as ``X-CSRF-Token`` with every request that changes something.")
    expires_at: datetime | None = Field(description="When it ends; null where it was open already.")
    max_upload_bytes: int = Field(description="The most that one uploaded file may have.")


@router.post("", status_code=201, response_model=OpenSession)
async def open_session(
    request: Request, response: Response, given: Bearer, opening: Annotated[Opening | None, Body()] = None
) -> OpenSession:
    """Open a session: by the key in `Authorization`, or by the `code` of a one-time link.

    The reply sets a cookie that scripts cannot read and that other sites cannot send. It ends with the key by which
    it was opened.
    """
    code = opening.code if opening is not None else None
    sessions = backend_of(request).sessions
    try:
        check_origin(request)
        found = await sessions.redeem(code) if given is None and code is not None else None
    except (KeyRefusedError, CrossSiteError):
        await refused(request)
        raise
    account = found or await admit(request, given.credentials if given else None)
    session = await sessions.open(account)
    _set(request, response, session)
    return _record(request, account, session.csrf, session.expires_at)


@router.get("", response_model=OpenSession, responses=NO_SESSION, openapi_extra=_OPTIONAL)
async def get_session(request: Request) -> OpenSession | Response:
    """The session whose cookie was sent, and its CSRF token: for a page that was loaded again.

    204 where there is none, or none any more: a page that asks is not refused.
    """
    session = request.cookies.get(cookie_of(request))
    if not session:
        return Response(status_code=204)
    try:
        account = await of_session(request, session)
    except KeyRefusedError:
        return Response(status_code=204)
    return _record(request, account, backend_of(request).sessions.csrf(session), None)


@router.delete("", status_code=204, openapi_extra=_OPTIONAL)
async def end_session(request: Request, response: Response) -> None:
    """End the session whose cookie was sent, and take the cookie back."""
    if session := request.cookies.get(cookie_of(request)):
        await of_session(request, session)
        await backend_of(request).sessions.end(session)
    response.delete_cookie(cookie_of(request), path=_PATH)


def _record(request: Request, account: Account, csrf: str, expires_at: datetime | None) -> OpenSession:
    settings = settings_of(request)
    return OpenSession(
        account=account.id,
        name=account.name,
        csrf=csrf,
        expires_at=expires_at,
        max_upload_bytes=min(settings.max_upload_bytes, settings.max_photo_bytes),
    )


def _set(request: Request, response: Response, session: Session) -> None:
    settings = settings_of(request)
    response.set_cookie(
        cookie_of(request),
        session.text,
        max_age=int(settings.session_s),
        path=_PATH,
        secure=base_of(request).startswith("https:"),
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"
