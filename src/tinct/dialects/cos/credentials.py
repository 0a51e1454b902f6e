"""COS keys: a SecretId and a SecretKey, scopes that say what they may do, and temporary keys that stand for them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from tinct.accounts.keys import Accounts
from tinct.dialects.credentials import Credentials, Issued
from tinct.errors import ParameterError

__all__ = ["CREDENTIALS", "KIND", "TEMPORARY", "allows"]

KIND: Final = "cos"
TEMPORARY: Final = "cos.sts"
_SCOPE: Final = re.compile(r"cos:(\*|[a-z0-9-]+):(\*|(ci:)?[A-Z][A-Za-z]+)")
_ALPHABET: Final = string.ascii_letters + string.digits  # as the vendor's keys have them


def allows(scopes: Sequence[str], action: str, bucket: str) -> bool:
    """Whether a key of these scopes has the right to an action, such as ``GetObject``, in a bucket."""
    return not scopes or any(_covers(scope, f"{KIND}:{bucket}:{action}") for scope in scopes)


def _covers(wide: str, narrow: str) -> bool:
    """Whether one scope allows all that another one does. Scopes are ``cos:<bucket>:<action>``, each ``*`` for all."""
    pairs = zip(wide.split(":", 2), narrow.split(":", 2), strict=False)
    return wide.count(":") >= 2 and all(one in ("*", other) for one, other in pairs)


class CosKeys(Credentials):
    """Signing keys, kept sealed, since signatures are checked with them."""

    kind = KIND
    scopes = "cos:BUCKET:ACTION"

    async def issue(
        self, accounts: Accounts, account_id: str, *, name: str = "", scopes: Sequence[str] = ()
    ) -> Issued:
        """A new key of an account."""
        secret_id, secret_key = "AKID" + _random(), _random()
        await accounts.add_secret(account_id, KIND, secret_id, secret_key.encode(), name=name, scopes=scopes)
        return Issued(
            fields={"secret_id": secret_id, "secret_key": secret_key},
            lines=(f"COS SecretId: {secret_id}", f"COS SecretKey, shown only now: {secret_key}"),
        )

    def accepts(self, scope: str) -> bool:
        """Whether `scope` is ``cos:BUCKET:ACTION``, such as ``cos:photos-1250000000:GetObject`` or ``cos:*:*``."""
        return _SCOPE.fullmatch(scope) is not None

    async def lend(
        self, accounts: Accounts, public_id: str, *, seconds: float, scopes: Sequence[str]
    ) -> Issued:
        """A temporary key with its token. Errors as `Credentials.lend`."""
        account, _ = await accounts.secret(KIND, public_id)
        for scope in scopes:
            if account.scopes and not any(_covers(own, scope) for own in account.scopes):
                raise ParameterError(
                    "scope", scope, "what the key itself may do: " + ", ".join(account.scopes)
                )
        tmp_id, tmp_key, token = "AKTP" + _random(), _random(), _random(64)
        expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
        await accounts.add_secret(
            account.id,
            TEMPORARY,
            tmp_id,
            f"{tmp_key}\n{token}".encode(),
            scopes=tuple(scopes) or account.scopes,
            expires_at=expires_at,
        )
        fields = {"tmp_secret_id": tmp_id, "tmp_secret_key": tmp_key, "token": token}
        return Issued(fields=fields | {"expires_at": expires_at.isoformat()}, lines=())

    @staticmethod
    def opened(sealed: bytes) -> tuple[bytes, bytes]:
        """Secret and token of a temporary key, from what is kept of it."""
        secret, _, token = sealed.partition(b"\n")
        return secret, token


CREDENTIALS: Final = CosKeys()
"""Keys of COS clients."""


def _random(length: int = 32) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
