"""Named looks: settings to be used again, with the files that they need."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import Field

from tinct.dialects.dialect import backend_of
from tinct.dialects.native import wire
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.replies import REFUSALS
from tinct.jobs import looks

__all__ = ["router"]

router = APIRouter(prefix="/v1/looks", tags=["Looks"], responses=REFUSALS)


class NewLook(wire.Record):
    """What an order says beside its photo, under a name."""

    name: wire.Text = Field(min_length=1, max_length=100, description="One that is there is replaced.")
    effect: wire.Text = Field(min_length=1, max_length=100, description="Name of the effect.")
    params: dict[str, Any] = Field(default_factory=dict, description="As in an order.")
    inputs: dict[
        Annotated[str, Field(max_length=100)],
        Annotated[wire.Text, Field(min_length=1, max_length=100, description="A file id.")],
    ] = Field(
        default_factory=dict,
        max_length=16,
        description="Further photos, such as a colour map; these files stay as long as the look, and go with it.",
    )


class Look(NewLook):
    """A look that is kept."""

    id: str
    saved_at: datetime


class LookList(wire.Record):
    """All looks of the account, by name."""

    looks: list[Look]


@router.get("", response_model=LookList)
async def list_looks(request: Request, account: Caller) -> LookList:
    """All looks of the account, by name."""
    return LookList(looks=[_record(look) for look in await backend_of(request).looks.list(account.id)])


@router.post("", status_code=201, response_model=Look)
async def save_look(request: Request, account: Caller, look: NewLook) -> Look:
    """Keep settings under a name; a look of that name is replaced.

    To use it, order its effect with its params, its inputs and a photo.
    """
    saved = await backend_of(request).looks.save(account.id, look.name, look.effect, look.params, look.inputs)
    return _record(saved)


@router.delete("/{look_id}", status_code=204)
async def delete_look(
    request: Request,
    account: Caller,
    look_id: Annotated[str, Path(max_length=100, description="Id of a look.")],
) -> None:
    """Forget a look, and delete the files that only it needed."""
    await backend_of(request).looks.delete(account.id, look_id)


def _record(look: looks.Look) -> Look:
    return Look(
        id=look.id,
        name=look.name,
        effect=look.effect,
        params=dict(look.params),
        inputs=dict(look.inputs),
        saved_at=look.saved_at,
    )
