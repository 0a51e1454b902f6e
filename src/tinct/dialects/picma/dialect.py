"""The endpoint of all calls: which one a request makes, whose it is, and its reply."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tinct.accounts.credential import Account
from tinct.accounts.limits import Window
from tinct.dialects.dialect import Claims, Dialect, application, backend_of, settings_of
from tinct.dialects.guard import counted, refused
from tinct.dialects.limits import CallLimits
from tinct.dialects.picma import fields, tasks, wire
from tinct.dialects.picma.credentials import CREDENTIALS, account_of, public_id
from tinct.dialects.picma.errors import WRONG_MD5, refusal
from tinct.dialects.picma.table import Table, read
from tinct.dialects.refusals import RefusalError, refusal_headers
from tinct.errors import KeyRefusedError
from tinct.settings import Settings

__all__ = ["DIALECT"]

Handler = Callable[..., Coroutine[Any, Any, dict[str, Any]]]
_CALLS: Final[Mapping[str, tuple[Handler, frozenset[str]]]] = {
    "createtask": (tasks.create, frozenset({"POST"})),
    "gettask": (tasks.get, frozenset({"POST", "GET"})),
    "deletetask": (tasks.delete, frozenset({"POST"})),
}
_METHODS: Final = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


async def _answer(request: Request) -> Response:
    table = _table(request)
    name = table.call(request.url.path)
    if name is None:
        raise HTTPException(404, "There is no such call; there are " + ", ".join(_CALLS))
    handler, methods = _CALLS[name]
    if request.method not in methods:
        allowed = ", ".join(sorted(methods))
        raise HTTPException(
            405, f"{name} does not take {request.method}; allowed: {allowed}", {"Allow": allowed}
        )
    token = _presented(request, table)
    if token is None:
        token, said = await _written(request)
        account = await _admitted(request, token)
    else:
        account = await _admitted(request, token)
        said = await fields.read(request)
    _check_md5(request, table, said, token)
    base = str(request.base_url)
    return JSONResponse(await handler(backend_of(request), table, account, said, base, public_id(token)))


def _presented(request: Request, table: Table) -> str | None:
    """The token outside of the body."""
    if token := request.headers.get(table.headers.token):
        return token.strip()
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip()
    return request.query_params.get("token")


async def _written(request: Request) -> tuple[str, fields.Fields]:
    """The token in the body; a body that cannot be read has none."""
    try:
        said = await fields.read(request)
    except HTTPException as error:
        if error.status_code != 400:
            raise
        said = fields.Fields(values={}, body=b"")
    return said.text("token") or "", said


async def _admitted(request: Request, token: str) -> Account:
    try:
        account = await account_of(backend_of(request).accounts, token)
    except KeyRefusedError:
        await refused(request)
        raise
    await counted(request, account)
    return account


def _check_md5(request: Request, table: Table, said: fields.Fields, token: str) -> None:
    if not table.md5.check:
        return
    expected = table.md5.of(said.body, token, said.text("taskid") or "")
    given = request.headers.get(table.headers.md5, "").strip().lower()
    if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode()):
        raise RefusalError(401, WRONG_MD5, f"md5 does not fit; it is that of {table.md5.recipe}")


def _words(request: Request, error: Exception) -> Response:
    found = refusal(error, _table(request).call(request.url.path))
    return JSONResponse(
        wire.envelope(None, int(found.name), found.message), found.status, refusal_headers(error)
    )


def _table(connection: HTTPConnection) -> Table:
    return read(settings_of(connection).picma)


def _addressed(connection: HTTPConnection) -> bool:
    table, path = _table(connection), connection.scope["path"]
    return table.call(path) is not None or table.under(path)


def _vendor_host(connection: HTTPConnection) -> bool:
    return connection.headers.get("host", "").partition(":")[0].lower() in _table(connection).hosts


def _limits(settings: Settings) -> CallLimits:
    return CallLimits(
        body_bytes=lambda connection: fields.MAX_BODY_BYTES,
        key=Window(read(settings.picma).limits.requests_per_minute, 60),
        refused=Window(settings.refusals_per_minute, 60, pool="all"),
    )


DIALECT = Dialect(
    name=tasks.NAME,
    app=application([Route("/{path:path}", _answer, methods=_METHODS)], _words),
    claims=Claims(path=_addressed, host=_vendor_host),
    errors=_words,
    limits=_limits,
    credentials=CREDENTIALS,
)
"""PicMa."""
