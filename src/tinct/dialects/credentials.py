"""Keys that wire formats issue: what `tinct keys` knows of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinct.accounts.credential import Credential
from tinct.accounts.keys import Accounts
from tinct.errors import ParameterError

__all__ = ["API_KEYS", "ApiKeys", "Credentials", "Issued"]


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A new key, which is never shown again."""

    fields: Mapping[str, str]
    """For programs, by the names that the API's own clients use."""
    lines: Sequence[str]
    """For people."""


class Credentials(ABC):
    """The keys of a wire format. Several may share one kind, which is then issued once for all of them."""

    kind: str
    """What they are called in the database."""
    scopes: str = ""
    """The form of a scope, such as ``cos:BUCKET:ACTION``; empty where keys have none."""

    hidden: bool = False
    """Whether their public id opens doors by itself, so that lists show its first characters alone."""

    @abstractmethod
    async def issue(
        self, accounts: Accounts, account_id: str, *, name: str = "", scopes: Sequence[str] = ()
    ) -> Issued:
        """A new key of an account.

        Parameters
        ----------
        name : str
            For people.
        scopes : sequence of str
            What it may do; empty means everything.
        """

    def accepts(self, scope: str) -> bool:
        """Whether `scope` has the form of this wire format's scopes; a mistyped one would allow nothing."""
        return False

    async def lend(
        self, accounts: Accounts, public_id: str, *, seconds: float, scopes: Sequence[str]
    ) -> Issued:
        """A temporary key that stands for another one.

        Raises
        ------
        ParameterError
            This wire format has none, or a scope is more than the other key may do.
        KeyRefusedError
            There is no live key `public_id`.
        """
        raise ParameterError("for", self.kind, "a wire format with temporary keys")

    async def rotate(self, accounts: Accounts, account_id: str, old: Credential, *, grace_s: float) -> Issued:
        """A new key of the same name and scopes in place of an old one, which ends after `grace_s` seconds."""
        issued = await self.issue(accounts, account_id, name=old.name, scopes=old.scopes)
        await accounts.retire(old.id, grace_s=grace_s)
        return issued


class ApiKeys(Credentials):
    """Plain API keys, sent in a header as they are."""

    kind = "api_key"

    async def issue(
        self, accounts: Accounts, account_id: str, *, name: str = "", scopes: Sequence[str] = ()
    ) -> Issued:
        """A new key of an account."""
        return self._shown(await accounts.add_key(account_id, name=name, scopes=scopes))

    async def rotate(self, accounts: Accounts, account_id: str, old: Credential, *, grace_s: float) -> Issued:
        """As `Credentials.rotate`, in one transaction."""
        return self._shown(await accounts.rotate(old.id, grace_s=grace_s))

    @staticmethod
    def _shown(key: str) -> Issued:
        return Issued(fields={"api_key": key}, lines=(f"API key, shown only now: {key}",))


API_KEYS = ApiKeys()
"""One key for every wire format whose clients send a plain one."""
