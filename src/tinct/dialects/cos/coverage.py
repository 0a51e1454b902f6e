"""What a signature has to list: whatever changes what its request does.

The signed text holds only what the signature itself lists, so that anyone who holds a presigned URL could add a header
or a parameter to it, or move the signature into the header. Both official SDKs sign the host, every header that is
asked for here, and every parameter but those of the list of buckets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tinct.dialects.cos.signature import Claim, Pairs, encoded_name

__all__ = ["NOT_OFFERED", "PARAMETERS", "TOKENS", "unsigned"]

TOKENS: Final = ("x-cos-security-token", "x-ci-security-token")
"""Where the token of a temporary key stands; it belongs to the key, and Node's SDK adds it after signing."""

NOT_OFFERED: Final = frozenset({
    "accelerate", "acl", "cors", "domain", "encryption", "inventory", "lifecycle", "location", "logging",
    "notification", "object-lock", "origin", "policy", "publicAccessBlock", "referer", "replication", "restore",
    "retention", "select", "tagging", "torrent", "versioning", "versions", "website",
})  # fmt: skip
"""Sub-resources of objects and buckets that are not there."""

PARAMETERS: Final = NOT_OFFERED | frozenset({
    "ci-process", "delete", "delimiter", "detect-url", "encoding-type", "image_process", "key-marker", "marker",
    "max-keys", "max-parts", "max-uploads", "part-number-marker", "partNumber", "prefix", "upload-id-marker",
    "uploadId", "uploads",
})  # fmt: skip
"""Parameters that say what is done. Those that only say how a download is labelled, ``response-*``, are often put after
a presigned URL, as the vendor's pages show; all others mean nothing here."""

_SIGNED: Final = frozenset(encoded_name(name) for name in PARAMETERS)
_PREFIXES: Final = ("x-cos-", "x-ci-")
_FREE: Final = frozenset({*TOKENS, "x-cos-sdk-retry"})


def unsigned(
    claim: Claim,
    query: Pairs,
    headers: Sequence[tuple[str, bytes]],
    *,
    presigned: bool,
    strict: bool,
    service: bool = False,
) -> str | None:
    """What a signature should list and does not, or what stands there more than once; None if all is well.

    Parameters
    ----------
    claim : Claim
    query : Pairs
        All parameters.
    headers : sequence of (str, bytes)
        All headers, names in lower case.
    presigned : bool
        Whether the signature is in the query.
    strict : bool
        Whether signatures in the header have to list as much as those in the query; the host they list anyway.
    service : bool
        Whether the request goes to the service, where a signature in the header need not list any parameter: there is
        only the list of the caller's buckets, which Python's SDK asks for so.
    """
    if "host" not in claim.headers:
        return "host"
    if not (presigned or strict):
        return None
    params, fields = list(_params(query)), list(_fields(query, headers))
    missing = [name for name in params if name not in claim.params] if presigned or not service else []
    missing += [name for name in fields if name not in claim.headers]
    missing += [name for name, count in Counter(params).items() if count > 1]
    missing += [name for name, count in Counter(fields).items() if count > 1]
    return next(iter(missing), None)


def _params(query: Pairs) -> Iterator[str]:
    """Parameters that say what is done, as a signature lists them: it knows no difference of case."""
    return (name for each, _ in query if (name := encoded_name(each)) in _SIGNED)


def _fields(query: Pairs, headers: Sequence[tuple[str, bytes]]) -> Iterator[str]:
    """Headers that say what is done; of a list of deletes also the digest that stands for it."""
    deletes = any(name == "delete" for name, _ in query)
    for name, _ in headers:
        extends = name.startswith(_PREFIXES) and name not in _FREE
        if extends or name == "pic-operations" or (deletes and name == "content-md5"):
            yield encoded_name(name)
