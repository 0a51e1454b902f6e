"""The server's secrets, from which every other key is derived.

A ring holds one or more secrets, newest first: the newest makes signatures, hashes and seals, all of them are accepted.
To rotate, put a new one in front; take the last one away when nothing made with it is alive any more.
"""

from __future__ import annotations

import contextlib
import hmac
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tinct import atomic
from tinct.errors import ParameterError, StorageError
from tinct.settings import Settings

__all__ = ["Keyring", "open_keyring"]

_SHORTEST: Final = 32  # characters of a secret
_NONCE: Final = 12  # bytes, as AES-GCM wants them


class Keyring:
    """Keys derived from the secrets for one purpose each.

    Parameters
    ----------
    ring : sequence of str
        Secrets, newest first, 32 characters or more each.

    Raises
    ------
    ParameterError
        There is none, or one is too short.
    """

    def __init__(self, ring: tuple[str, ...]) -> None:
        if not ring or any(len(secret) < _SHORTEST for secret in ring):
            raise ParameterError(
                "TINCT_SECRET", f"{len(ring)} secrets", f"{_SHORTEST} characters or more each"
            )
        self._ring = tuple(secret.encode() for secret in ring)

    def keys(self, purpose: str) -> tuple[bytes, ...]:
        """A 32-byte key per secret, newest first, that serves `purpose` alone."""
        return tuple(hmac.digest(secret, f"tinct {purpose}".encode(), "sha256") for secret in self._ring)

    def digests(self, purpose: str, message: bytes) -> tuple[bytes, ...]:
        """HMAC-SHA-256 of `message` under each of ``keys(purpose)``, newest first."""
        return tuple(hmac.digest(key, message, "sha256") for key in self.keys(purpose))

    def accepts(self, purpose: str, message: bytes, digest: bytes) -> bool:
        """True if `digest` is that of `message` under any of the keys; takes the same time whatever is wrong."""
        matches = [hmac.compare_digest(known, digest) for known in self.digests(purpose, message)]
        return any(matches)

    def seal(self, purpose: str, secret: bytes) -> bytes:
        """Encrypt `secret` with AES-256-GCM under the newest key."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + AESGCM(self.keys(purpose)[0]).encrypt(nonce, secret, purpose.encode())

    def unseal(self, purpose: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made under any of the keys.

        Raises
        ------
        StorageError
            None of the keys fits.
        """
        for key in self.keys(purpose):
            try:
                return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], purpose.encode())
            except InvalidTag:
                continue
        raise StorageError(
            "a stored secret cannot be opened; put the secret it was made with back into TINCT_SECRET"
        )


def open_keyring(settings: Settings) -> Keyring:
    """The ring from the settings, or from ``secret`` in the data folder, which is made on first use.

    Raises
    ------
    ParameterError
        A secret is too short.
    StorageError
        The file can be read by others.
    """
    if settings.secret is not None:
        return Keyring(tuple(part.strip() for part in settings.secret.split(",")))
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = settings.data / "secret"
    _create(path)
    if path.stat().st_mode & 0o077:
        raise StorageError("the file `secret` in the data folder can be read by others; make it 0600")
    return Keyring(tuple(path.read_text(encoding="ascii").split()))


def _create(path: Path) -> None:
    """Write a new secret unless one is there; whole and flushed before it gets its name, so no reader sees half."""
    if path.exists():
        return
    secret = f"{secrets.token_urlsafe(48)}\n".encode()
    with (
        contextlib.suppress(FileExistsError),  # another process was faster
        atomic.writing(path, overwrite=False, mode=0o600, durable=True) as file,
    ):
        file.write(secret)
