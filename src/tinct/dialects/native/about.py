"""The lists of effects, and the account's own record."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.exceptions import HTTPException

from tinct.accounts.prices import Prices
from tinct.dialects.dialect import backend_of
from tinct.dialects.native import wire
from tinct.dialects.native.auth import Caller
from tinct.dialects.native.replies import PREVIEW, REFUSALS
from tinct.errors import ParameterError
from tinct.jobs.catalogue import EffectFacts, catalogue, facts, preview

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["About"], responses=REFUSALS)


@router.get("/effects", response_model=wire.EffectList)
async def list_effects(request: Request, account: Caller) -> wire.EffectList:
    """All effects, each with the JSON Schema of its parameters."""
    backend = backend_of(request)
    workers = await backend.capabilities.live()
    return wire.EffectList(effects=[_effect(found, backend.prices) for found in catalogue(workers)])


@router.get("/effects/{name}", response_model=wire.Effect)
async def get_effect(
    request: Request, account: Caller, name: Annotated[str, Path(max_length=100)]
) -> wire.Effect:
    """One effect."""
    backend = backend_of(request)
    workers = await backend.capabilities.live()
    try:
        return _effect(facts(name, workers), backend.prices)
    except ParameterError as error:
        raise HTTPException(404, error.message) from None


@router.get("/effects/{name}/preview", response_class=Response, responses=PREVIEW)
async def get_effect_preview(
    request: Request,
    account: Caller,
    name: Annotated[str, Path(max_length=100)],
    params: Annotated[
        wire.Text, Query(max_length=1000, description="Some of its `pictured` parameters, as a JSON object.")
    ] = "{}",
) -> Response:
    """A small picture of what a choice brings, such as a cut of hair or a backdrop: for lists to choose from."""
    try:
        pictured = facts(name).pictured
    except ParameterError as error:
        raise HTTPException(404, error.message) from None
    try:
        chosen = json.loads(params)
    except (ValueError, RecursionError):
        raise ParameterError("params", params, "a JSON object") from None
    plain = isinstance(chosen, dict) and all(
        isinstance(value, str | int | float | bool) and key in pictured for key, value in chosen.items()
    )
    if not plain:
        raise ParameterError("params", params, "a JSON object of " + (", ".join(pictured) or "nothing"))
    made = await asyncio.to_thread(preview, name, tuple(sorted(chosen.items())))
    if made is None:
        raise HTTPException(404, "There is no picture of that.")
    return Response(made, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=86400"})


@router.get("/account", response_model=wire.Account)
async def get_account(request: Request, account: Caller) -> wire.Account:
    """The account behind the key, and what it can spend."""
    balance = await backend_of(request).credits.balance(account.id)
    return wire.Account(
        id=account.id,
        name=account.name,
        unlimited=balance.unlimited,
        available=balance.available,
        held=balance.held,
        grants=[wire.Grant(**dataclasses.asdict(grant)) for grant in balance.grants],
    )


@router.get("/account/history", response_model=wire.History)
async def get_history(
    request: Request,
    account: Caller,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9]{1,18}$")] = None,
) -> wire.History:
    """What happened to the account's credits, newest first: one entry for each grant, move of a job, or grant's end."""
    before = int(cursor) if cursor else None
    found = await backend_of(request).credits.history(account.id, limit=limit + 1, before=before)
    entries = [
        wire.Entry(
            id=entry.id,
            kind=entry.kind,
            job=entry.job_id,
            note=entry.note,
            available=entry.available,
            held=entry.held,
            grants=[
                wire.Change(grant=part.grant_id, available=part.available, held=part.held)
                for part in entry.parts
            ],
            at=entry.at,
        )
        for entry in found[:limit]
    ]
    return wire.History(entries=entries, next_cursor=str(entries[-1].id) if len(found) > limit else None)


def _effect(found: EffectFacts, prices: Prices) -> wire.Effect:
    return wire.Effect(
        name=found.name,
        title=found.title,
        summary=found.summary,
        credits=prices.base(found.name, found.credits),
        price=prices.terms(found.name),
        inputs=[wire.EffectInput(**dataclasses.asdict(item)) for item in found.inputs],
        engines=[
            wire.EffectEngine(
                name=engine.name,
                models=list(engine.models),
                missing=list(engine.missing),
                served_by=engine.served_by or None,
                worker=None if engine.worker is None else "present" if engine.worker else "absent",
                ready=engine.ready,
                fetch=engine.fetch,
            )
            for engine in found.engines
        ],
        roles=list(found.roles),
        pictured=list(found.pictured),
        faces=found.faces,
        params=dict(found.params),
    )
