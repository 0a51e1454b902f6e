"""RSA key pairs of accounts: the server keeps one half sealed, and shows the other once.

Keep the private half where clients encrypt to the server; keep the public one where they sign.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)

from tinct.accounts.credential import Account
from tinct.accounts.keys import Accounts
from tinct.errors import KeyRefusedError, ParameterError

__all__ = ["KeyPairs"]

_BITS: Final = (1024, 2048, 3072, 4096)
_EXPONENT: Final = 65537


class KeyPairs:
    """Issues key pairs, and uses the halves that are kept."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    async def issue(
        self,
        account_id: str,
        kind: str,
        public_id: str,
        *,
        keep: Literal["private", "public"],
        bits: int = 2048,
        name: str = "",
        scopes: Sequence[str] = (),
        expires_at: datetime | None = None,
    ) -> bytes:
        """Make a pair, keep one half, and give out the other: it is shown only here.

        Parameters
        ----------
        kind, public_id : str
            What the pair is found by; `public_id` is unique within the kind.
        keep : {"private", "public"}
            The half that stays; the private one to decrypt, the public one to check signatures.
        bits : int
            1024, 2048, 3072 or 4096. 1024 is for wire formats that know nothing longer.

        Returns
        -------
        bytes
            The other half as DER: SubjectPublicKeyInfo of a public key, PKCS #8 of a private one.

        Raises
        ------
        ParameterError
            Another number of bits.
        """
        if bits not in _BITS:
            raise ParameterError("bits", bits, "one of " + ", ".join(map(str, _BITS)))
        key = await asyncio.to_thread(rsa.generate_private_key, _EXPONENT, bits)
        private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        kept, shown = (private, public) if keep == "private" else (public, private)
        await self._accounts.add_secret(
            account_id, kind, public_id, kept, name=name, scopes=scopes, expires_at=expires_at
        )
        return shown

    async def decrypt(self, kind: str, public_id: str, encrypted: bytes) -> tuple[Account, bytes]:
        """What a client encrypted with its public half, RSAES-PKCS1-v1_5 (RFC 8017, 7.2).

        Whoever calls this checks that the whole text is of the expected form: OpenSSL answers a wrong padding with
        random bytes instead of an error, on purpose.

        Raises
        ------
        KeyRefusedError
            The pair is unknown, revoked or expired, or the text cannot be decrypted.
        """
        account, der = await self._accounts.secret(kind, public_id)
        try:
            key = load_der_private_key(der, None)
            assert isinstance(key, rsa.RSAPrivateKey)
            return account, await asyncio.to_thread(key.decrypt, encrypted, padding.PKCS1v15())
        except ValueError:
            raise KeyRefusedError("the text was not encrypted with this account's key") from None

    async def verify(self, kind: str, public_id: str, message: bytes, signature: bytes) -> Account:
        """The account that signed a message, RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2).

        Raises
        ------
        KeyRefusedError
            The pair is unknown, revoked or expired, or the signature is not its own.
        """
        account, der = await self._accounts.secret(kind, public_id)
        try:
            key = load_der_public_key(der)
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(signature, message, padding.PKCS1v15(), hashes.SHA256())
        except (ValueError, InvalidSignature):
            raise KeyRefusedError("the signature does not fit the message") from None
        return account
