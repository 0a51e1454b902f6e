"""Links that authorise themselves: signed, expiring, bound to one method, path and file name.

The signature is HMAC-SHA-256 over method, path, expiry and disposition, each on a line of its own, so that no two
different links share a message.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from tinct.errors import LinkError, LinkExpiredError
from tinct.storage.keyring import Keyring

__all__ = ["Links"]

_PURPOSE: Final = "links"


class Links:
    """Signs and checks links.

    Parameters
    ----------
    keyring : Keyring
        Its newest key signs; all of them are accepted.
    clock : callable, optional
        Seconds since 1970; for tests.
    """

    def __init__(self, keyring: Keyring, clock: Callable[[], float] = time.time) -> None:
        self._keyring = keyring
        self._clock = clock

    def sign(self, path: str, *, seconds: float, method: str = "GET", disposition: str = "") -> str:
        """A link to `path` that works for `seconds`.

        Parameters
        ----------
        path : str
            Starts with a slash, as it will stand in the request line; no query.
        seconds : float
            How long the link works.
        method : str
            The one method it is for; a GET link also works for HEAD.
        disposition : str
            What the reply's Content-Disposition will be; empty leaves it to the server.

        Returns
        -------
        str
            Path and query, to be put behind the server's public address.
        """
        expires = str(int(self._clock() + seconds))
        digest = self._keyring.digests(_PURPOSE, _message(method, path, expires, disposition))[0]
        query = {"expires": expires}
        if disposition:
            query["disposition"] = disposition
        query["signature"] = _text(digest)
        return f"{path}?{urlencode(query, quote_via=quote)}"

    def to_file(self, name: str, *, seconds: float) -> str:
        """A link to a stored file, by its id and an ending, for clients that look at it."""
        return self.sign(f"/files/{name}", seconds=seconds)

    def check(self, method: str, path: str, query: Mapping[str, str]) -> None:
        """Accept a request for a signed link, or raise.

        Parameters
        ----------
        method, path : str
            As requested; the path as it stood in the request line, not decoded.
        query : mapping of str to str
            The decoded query; other names than ours are not covered by the signature.

        Raises
        ------
        LinkError
            The signature is missing, malformed or for something else.
        LinkExpiredError
            The signature is right but its time is over.
        """
        expires, disposition = query.get("expires", ""), query.get("disposition", "")
        try:
            text = query.get("signature", "")
            digest = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if _text(digest) != text:  # another spelling of the same bytes
            digest = b""
        message = _message("GET" if method == "HEAD" else method, path, expires, disposition)
        if not self._keyring.accepts(_PURPOSE, message, digest):
            raise LinkError("the link's signature does not fit; ask for a new link")
        if int(expires) <= self._clock():
            raise LinkExpiredError("the link has expired; ask for a new one")


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _message(method: str, path: str, expires: str, disposition: str) -> bytes:
    parts = (method.upper(), path, expires, disposition)
    return b"\n".join(quote(part, safe="/").encode() for part in parts)
