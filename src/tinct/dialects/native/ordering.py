"""An order as it arrives: JSON, or a form with the order as one part and photos as the others."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from tinct.dialects import bodies
from tinct.dialects.native.wire import Order
from tinct.errors import ParameterError

__all__ = ["BODY", "read"]

_FORM = {
    "type": "object",
    "required": ["order"],
    "properties": {"order": {"type": "string", "description": "The order, as JSON."}},
    "additionalProperties": {
        "type": "string",
        "format": "binary",
        "description": "A photo, by input name; parts of one name, in their order, for an input that takes a list.",
    },
}
BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": Order.model_json_schema()},
            "multipart/form-data": {"schema": _FORM},
        },
    }
}
"""The request's body, for the API's documentation."""


@asynccontextmanager
async def read(request: Request) -> AsyncIterator[tuple[Order, Mapping[str, list[UploadFile]]]]:
    """The order, and the photos that came with it by input name.

    Raises
    ------
    HTTPException
        400, the body is neither JSON nor a form.
    RequestValidationError, ParameterError
        The order is not one.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        yield await _parsed(await request.body()), {}
        return
    async with bodies.form(request) as form:
        parts: dict[str, list[UploadFile]] = {}
        for name, part in form.multi_items():
            if isinstance(part, UploadFile):
                parts.setdefault(name, []).append(part)
        order = form.get("order")
        if order is None:
            raise ParameterError("order", None, "the order as JSON, as the part called order")
        parts.pop("order", None)
        most = bodies.MAX_TEXT_BYTES
        text = await order.read(most + 1) if isinstance(order, UploadFile) else order.encode()
        if len(text) > most:
            raise HTTPException(
                413, f"The part called order is larger than {most} bytes, the most that is accepted."
            )
        yield await _parsed(text), parts


async def _parsed(text: bytes) -> Order:
    try:
        return Order.model_validate(await bodies.json_value(text))
    except ValidationError as error:
        raise RequestValidationError(error.errors()) from None
