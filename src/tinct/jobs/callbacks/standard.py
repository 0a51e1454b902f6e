"""Recipes after the Standard Webhooks specification, version 1.0.0 (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Final

from tinct.jobs.callbacks.recipe import Delivery, Recipe
from tinct.jobs.job import Job

__all__ = ["WAITS_S", "new_secret", "signature", "standard_webhook"]

WAITS_S: Final = (5.0, 300.0, 1800.0, *(hours * 3600.0 for hours in (2, 5, 10, 14, 20, 24)))
"""Seconds from one try to the next: ten tries within 75.6 hours."""
_JITTER: Final = 0.1
_PREFIX: Final = "whsec_"
_SECRET_BYTES: Final = 32


def new_secret() -> str:
    """A secret as receivers' libraries want it: ``whsec_`` and 32 random bytes in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """Version 1 signature: base64 of HMAC-SHA-256 over ``id.timestamp.body``.

    Parameters
    ----------
    secret : str
        As `new_secret` makes it.
    message_id : str
        Without a dot.
    timestamp : int
        Seconds since 1970 of this sending.
    body : bytes
        Exactly what is sent.
    """
    key = base64.b64decode(secret.removeprefix(_PREFIX) + "==")  # some leave the padding out
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return "v1," + base64.b64encode(digest).decode()


def _own_id(delivery: Delivery) -> str:
    return delivery.id


def standard_webhook(
    *,
    body: Callable[[Job, Delivery], Awaitable[bytes | None]],
    secrets_of: Callable[[str], Awaitable[Sequence[str]]],
    message_id: Callable[[Delivery], str] = _own_id,
    waits_s: tuple[float, ...] = WAITS_S,
) -> Recipe:
    """A recipe that signs with every live secret of the account, so that secrets can be changed without a gap.

    Parameters
    ----------
    body : callable
        Writes the message; JSON.
    secrets_of : callable
        An account's live secrets, newest first.
    message_id : callable, optional
        The id that receivers see, from the delivery alone.
    waits_s : tuple of float, optional
        Seconds between tries.
    """

    async def headers(delivery: Delivery, message: bytes, now: datetime) -> Mapping[str, str]:
        name, timestamp = message_id(delivery), int(now.timestamp())
        live = await secrets_of(delivery.account)
        return {
            "Content-Type": "application/json",
            "webhook-id": name,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": " ".join(signature(one, name, timestamp, message) for one in live),
        }

    return Recipe(
        body=body,
        headers=headers,
        waits_s=waits_s,
        jitter=_JITTER,
        stops=frozenset({410}),
        busy=frozenset({429, 503}),
    )
