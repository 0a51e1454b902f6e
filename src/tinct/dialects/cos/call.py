"""A request as the handlers see it: where it goes, who sent it, and what its key may do there."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from tinct.accounts.credential import Account
from tinct.backend import Backend
from tinct.dialects.cos.addressing import Place, locate
from tinct.dialects.cos.auth import Caller
from tinct.dialects.cos.errors import CosError
from tinct.dialects.cos.signature import Pairs
from tinct.dialects.dialect import backend_of
from tinct.errors import ObjectMissingError
from tinct.objects.buckets import Bucket
from tinct.objects.objects import Object

__all__ = ["Call", "Handler", "located"]

_ASCII: Final = "".join(map(chr, range(33, 127)))
_REGION: Final = re.compile(r"(?:^|\.)(?:cos|ci|pic)\.([a-z0-9-]+)\.")


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request whose signature was found right, or that has none."""

    request: Request
    place: Place
    caller: Caller
    pairs: Pairs
    """The query in its order, as it was signed."""
    query: Mapping[str, str]
    """The first of equal names, decoded; a flag without a value has an empty one."""
    bucket: Bucket | None
    """The bucket of `place`, if there is one of that name."""

    @property
    def backend(self) -> Backend:
        """The services behind the server."""
        return backend_of(self.request)

    @property
    def account(self) -> Account | None:
        """Who signed; None for nobody."""
        return self.caller.account

    @property
    def key(self) -> str:
        """The object's key; empty for the bucket itself."""
        return self.place.key

    @property
    def host(self) -> str:
        """What replies call the place by."""
        return self.place.host

    @property
    def region(self) -> str:
        """The region that the client's host names; objects are where the server is, whatever it says."""
        found = _REGION.search(self.host)
        return found[1] if found else "local"

    async def elsewhere(self, text: str) -> tuple[Bucket, str]:
        """Bucket and key of another object, written as host and percent-encoded path.

        Raises
        ------
        CosError
            InvalidURI: not UTF-8.
        BucketMissingError
            There is no such bucket.
        """
        host, _, raw = text.removeprefix("http://").removeprefix("https://").lstrip("/").partition("/")
        # Some clients send bytes of UTF-8 as they are
        target = "/" + quote(raw.encode("latin-1"), safe=_ASCII)
        place = await located(self.backend, target, host)
        return await self.backend.buckets.get(place.bucket or ""), place.key

    def signed(self, action: str) -> Account:
        """Who signed, if the key has the right to `action` anywhere.

        Raises
        ------
        CosError
            AccessDenied.
        """
        account = self.account
        if account is None or not self.caller.may(action, self.place.bucket or "*"):
            raise CosError("AccessDenied")
        return account

    def own(self, action: str) -> Bucket:
        """The bucket, if it is the caller's and the key has the right to `action` in it.

        Raises
        ------
        CosError
            NoSuchBucket, AccessDenied.
        """
        bucket = self._existing()
        if not self._owns(bucket, action):
            raise CosError("AccessDenied")
        return bucket

    def readable(self, action: str) -> Bucket:
        """The bucket, if it is the caller's, with the right to `action`, or anyone's to read. Raises as `own`."""
        bucket = self._existing()
        if not (bucket.public or self._owns(bucket, action)):
            raise CosError("AccessDenied")
        return bucket

    async def read(self, key: str | None = None, bucket: Bucket | None = None) -> Object:
        """An object that the caller may read: the one the request names, unless told otherwise.

        To those who may not, an object that does not exist is not told from one that does.

        Raises
        ------
        CosError
            NoSuchBucket, AccessDenied.
        ObjectKeyError, ObjectMissingError
            There is none.
        """
        bucket = bucket or self._existing()
        owns = self._owns(bucket, "GetObject")
        try:
            found = await self.backend.objects.get(bucket, self.key if key is None else key)
        except ObjectMissingError:
            if owns or bucket.public:
                raise
            raise CosError("AccessDenied") from None
        if not (owns or (bucket.public if found.public is None else found.public)):
            raise CosError("AccessDenied")
        return found

    def _existing(self) -> Bucket:
        if self.bucket is None:
            raise CosError("NoSuchBucket")
        return self.bucket

    def _owns(self, bucket: Bucket, action: str) -> bool:
        account = self.account
        return account is not None and bucket.account == account.id and self.caller.may(action, bucket.name)


Handler = Callable[[Call], Awaitable[Response]]
"""Answers a request, or raises a `TinctError`."""


async def located(backend: Backend, target: str, host: str) -> Place:
    """Where a request target leads to on this server; see `locate`."""

    async def exists(name: str) -> bool:
        return await backend.buckets.find(name) is not None

    return await locate(
        target,
        host,
        base_domain=backend.settings.cos_base_domain,
        default_bucket=backend.settings.cos_default_bucket,
        exists=exists,
    )
