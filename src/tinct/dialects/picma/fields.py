"""The fields of a call, however they were sent: as JSON, as a form, or in the query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from tinct.dialects import bodies
from tinct.dialects.picma.errors import CREATE_FAILED, MALFORMED
from tinct.dialects.refusals import RefusalError

__all__ = ["MAX_BODY_BYTES", "Ask", "Fields", "asked", "read"]

MAX_BODY_BYTES: Final = 2**20
_LONGEST_ID: Final = 255  # characters of chtaskid
_FORMS: Final = ("application/x-www-form-urlencoded", "multipart/form-data")
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What a call says."""

    values: Mapping[str, Any]
    body: bytes
    """The body as it came."""
    texts: bool = False
    """True where numbers come as text."""

    def text(self, name: str) -> str | None:
        """A text; None where there is none, or something else."""
        value = self.values.get(name)
        return value if isinstance(value, str) else None

    @property
    def taskid(self) -> str:
        """The task that is meant.

        Raises
        ------
        RefusalError
            It is missing.
        """
        found = self.text("taskid")
        if not found:
            raise RefusalError(400, MALFORMED, "taskid is missing; send the one that createtask gave")
        return found


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What createtask is asked for."""

    picurl: str
    type: int
    chtaskid: str | None
    callbackurl: str | None


async def read(request: Request) -> Fields:
    """The fields of a call.

    Raises
    ------
    starlette.exceptions.HTTPException
        400, the body is not what its type says; 413, it is too long.
    """
    if request.method == "GET":
        return Fields(values=dict(request.query_params), body=b"", texts=True)
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS and not body.lstrip().startswith(b"{"):  # curl -d says form whatever it sends
        async with bodies.form(request) as form:
            parts = await bodies.fields(form, MAX_BODY_BYTES)
        texts = {name: value.decode("utf-8", "replace") for name, value in parts.items()}
        if any("\0" in text for text in texts.values()):  # of a part that calls itself a file
            raise HTTPException(400, "The form holds a NUL character; remove it.")
        return Fields(values=texts, body=body, texts=True)
    return Fields(values=await bodies.json_object(request), body=body)


def asked(fields: Fields) -> Ask:
    """The fields of createtask, checked for their kind alone.

    Raises
    ------
    RefusalError
        One is missing, or of another kind.
    """
    picurl, chtaskid = fields.text("picurl"), _optional(fields, "chtaskid")
    if not picurl:
        raise _wrong("picurl", fields, "the http or https URL of a picture")
    if chtaskid is not None and len(chtaskid) > _LONGEST_ID:
        raise RefusalError(
            200, CREATE_FAILED, f"chtaskid has {len(chtaskid)} characters; allowed: {_LONGEST_ID}"
        )
    return Ask(
        picurl=picurl,
        type=_number(fields),
        chtaskid=chtaskid,
        callbackurl=_optional(fields, "callbackurl") or None,
    )


def _number(fields: Fields) -> int:
    value = fields.values.get("type")
    if isinstance(value, str) and fields.texts and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise _wrong("type", fields, "a whole number")


def _optional(fields: Fields, name: str) -> str | None:
    if fields.values.get(name) is not None and fields.text(name) is None:
        raise _wrong(name, fields, "a text, or null")
    return fields.text(name)


def _wrong(name: str, fields: Fields, allowed: str) -> RefusalError:
    found = repr(fields.values[name])[:60] if name in fields.values else "missing"
    return RefusalError(200, CREATE_FAILED, f"{name} is {found}; allowed: {allowed}")
