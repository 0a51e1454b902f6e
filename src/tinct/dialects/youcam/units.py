"""Units: what an account has, what happened to them, and what calls cost."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request

from tinct.accounts.credits import Entry, Grant
from tinct.dialects.content import base_of
from tinct.dialects.dialect import backend_of
from tinct.dialects.youcam.auth import Caller
from tinct.dialects.youcam.pages import asked
from tinct.dialects.youcam.tools import TOOLS, find

__all__ = ["balance", "costs", "history"]

_NEVER_MS: Final = 253_402_300_799_000  # the last second of the year 9999
_UNLIMITED: Final = 1_000_000
_SUBSCRIPTIONS: Final = ("subscription", "renewal")
_GRANTS: Final = {
    "subscription": "subscription_credits",
    "renewal": "renew",
    "gift": "sign_up_gift",
    "compensation": "compensation_from_customer_service",
}
_BOUGHT: Final = "permanent_credits"
_KINDS: Final = ("charge", "grant", "expire")
_TOOL: Final = re.compile(r"youcam/(.+)")


async def balance(request: Request, caller: Caller) -> list[dict[str, Any]]:
    """``client/credit``: what has not been spent, in spending order; running tasks have spent nothing."""
    found = await backend_of(request).credits.balance(caller.account.id)
    if found.unlimited:
        everything = {"id": 0, "amount": _UNLIMITED, "expiry": _NEVER_MS}
        return [_typed(everything, "SubsToken", caller)]
    return [
        _typed(
            {
                "id": grant.id,
                "amount": grant.available + grant.held,
                "expiry": _milliseconds(grant.expires_at),
            },
            "SubsToken" if grant.kind in _SUBSCRIPTIONS else "PaygToken",
            caller,
        )
        for grant in found.grants
        if _live(grant)
    ]


async def history(request: Request, caller: Caller) -> dict[str, Any]:
    """``client/credit/history``, newest first."""
    page = asked(request, most=30)
    entries = await backend_of(request).credits.history(
        caller.account.id, limit=page.size + 1, before=page.after, kinds=_KINDS
    )
    shown = entries[: page.size]
    return {
        "next_token": str(shown[-1].id) if len(entries) > page.size else None,
        "history": [_told(entry) for entry in shown],
    }


def costs(request: Request) -> dict[str, Any]:
    """``credit/feature-cost``."""
    page = asked(request, most=20)
    rows = [tool for tool in TOOLS if "v2" in tool.forms and tool.price != 0]
    shown, next_token = page.cut(rows)
    prices, base = backend_of(request).prices, base_of(request)
    skus = []
    for tool in shown:
        amount, seconds = tool.per_second or (tool.price, 1)
        assert isinstance(amount, int)
        skus.append(
            {
                "description": tool.title,
                "amount": prices.base(f"youcam/{tool.slug}", amount),
                "unit": "second" if tool.per_second else "result_image",
                "proc_unit": seconds,
                "run_task_url": f"{base}/s2s/v2.0/task/{tool.slug}",
            }
        )
    return {"next_token": next_token, "skus": skus}


def _typed(entry: dict[str, Any], kind: str, caller: Caller) -> dict[str, Any]:
    """An entry as clients of that kind of bearer read it."""
    named = kind if caller.by_token else f"Api{kind}"
    return {
        "id": entry["id"],
        "type": named,
        "amount": entry["amount"],
        "amount_dec": float(entry["amount"]),
    } | entry


def _live(grant: Grant) -> bool:
    return grant.available + grant.held > 0


def _told(entry: Entry) -> dict[str, Any]:
    spent = entry.kind == "charge"
    return {
        "id": entry.id,
        "timestamp": _milliseconds(entry.at),
        "action": _action(entry),
        "target_id": entry.job_id or (str(entry.parts[0].grant_id) if entry.kind == "grant" else ""),
        "info": {
            "credits": [
                {"id": part.grant_id, "amount": amount, "amount_dec": float(amount)}
                for part in entry.parts
                if (amount := part.held if spent else part.available)
            ]
        },
    }


def _action(entry: Entry) -> str:
    if entry.kind == "expire":
        return "expire"
    if entry.kind == "grant":
        return _GRANTS.get(entry.note, _BOUGHT)
    slug = _TOOL.fullmatch(entry.note)
    tool = find(slug[1]) if slug else None
    return tool.name if tool else "api_" + re.sub(r"[^a-z0-9]+", "_", entry.note.lower())


def _milliseconds(at: datetime | None) -> int:
    return _NEVER_MS if at is None else round(at.timestamp() * 1000)
