"""Which bucket and object a request means, in every way that clients say it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from tinct.dialects.cos.errors import CosError

__all__ = ["HostName", "Place", "host_of", "locate", "split_target"]

_HOSTS: Final = (
    re.compile(r"service\.cos\.myqcloud\.com|cos\.[a-z0-9-]+\.myqcloud\.com"),
    re.compile(r"(?P<bucket>[a-z0-9-]+)\.(?P<kind>cos|ci|pic)\.[a-z0-9-]+\.myqcloud\.com"),
    re.compile(r"(?P<bucket>[a-z0-9-]+-[0-9]+)\.(?P<kind>cos|ci|pic)\.[a-z0-9.-]+"),
    re.compile(r"(?P<bucket>[a-z0-9-]+-[0-9]+)\.localhost"),
)
"""Names of this service or of a bucket: the vendor's own, and those that clients make of a domain they are given."""


@dataclass(frozen=True, kw_only=True)
class HostName:
    """What a host says of where a request goes."""

    bucket: str | None
    """None: the service."""
    ci: bool
    """Whether it is the host of image processing."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a request goes."""

    bucket: str | None
    """None at the root of the service."""
    key: str
    """Without the leading slash; empty for the bucket itself."""
    host: str
    """As the client wrote it, with a port if it gave one; what replies call the place by."""
    path: str
    """Decoded and whole, with its leading slash, as clients sign it."""
    ci: bool
    """Whether it came to the host of image processing."""

    @property
    def resource(self) -> str:
        """What error replies name."""
        return f"{self.host}/{self.key}"

    def host_of(self, bucket: str) -> str:
        """What replies call another bucket by: the same way as the client called this one."""
        first, dot, domain = self.host.partition(".")
        if first.lower() == self.bucket:
            return bucket + dot + domain
        whole, slash, last = self.host.rpartition("/")
        return whole + slash + bucket if slash and last == self.bucket else self.host


def host_of(host: str, base_domain: str | None) -> HostName | None:
    """What a ``Host`` header says, where it is a name of this service; None for every other host."""
    name = _name(host)
    for pattern in _HOSTS:
        if found := pattern.fullmatch(name):
            parts = found.groupdict()
            return HostName(bucket=parts.get("bucket"), ci=parts.get("kind") == "ci")
    if base_domain and name.endswith("." + base_domain.lower()):
        return HostName(bucket=name.removesuffix("." + base_domain.lower()), ci=False)
    return None


def split_target(target: str, host: str) -> tuple[str, str]:
    """Path and host of a request target that may be in absolute form, as proxies get it.

    Parameters
    ----------
    target : str
        Raw path, still percent-encoded, without the query.
    host : str
        ``Host`` header.
    """
    if target.startswith(("http://", "https://")):
        parts = urlsplit(target)
        return parts.path or "/", parts.netloc or host
    return target or "/", host


async def locate(
    target: str,
    host: str,
    *,
    base_domain: str | None,
    default_bucket: str | None,
    exists: Callable[[str], Awaitable[bool]],
) -> Place:
    """Resolve a request.

    The bucket is, in this order: the first label of the host, before ``.cos.``, ``.ci.``, ``.pic.`` or before the base
    domain; the first segment of the path, if there is such a bucket; the default bucket. Without a default bucket the
    first segment is the bucket in any case, and no segment means the service.

    Parameters
    ----------
    target, host : str
        See `split_target`.
    base_domain : str or None
        A domain of one's own, whose labels are buckets.
    default_bucket : str or None
        Where clients mean that name no bucket at all.
    exists : coroutine function
        Whether there is a bucket of that name.

    Raises
    ------
    CosError
        InvalidURI: the path is no UTF-8.
    """
    raw, host = split_target(target, host)
    try:
        path = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise CosError("InvalidURI", "The path is not UTF-8.") from None
    if not path.startswith("/"):
        raise CosError("InvalidURI", "The path does not begin with a slash.")
    if found := host_of(host, base_domain):
        return Place(bucket=found.bucket, key=path[1:], host=host, path=path, ci=found.ci)
    segment, _, rest = path[1:].partition("/")
    if segment and (default_bucket is None or await exists(segment)):
        return Place(bucket=segment, key=rest, host=f"{host}/{segment}", path=path, ci=False)
    return Place(bucket=default_bucket, key=path[1:], host=host, path=path, ci=False)


def _name(host: str) -> str:
    """The host in lower case, without its port."""
    name = host.strip().lower()
    if name.startswith("["):
        return name.partition("]")[0].lstrip("[")
    name = name.partition(":")[0]
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.rstrip(".")
