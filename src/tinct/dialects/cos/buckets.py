"""Buckets: PUT, HEAD, DELETE, the list of them, and the list of what is in one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.responses import Response

from tinct.dialects.cos.call import Call
from tinct.dialects.cos.errors import CosError
from tinct.dialects.cos.headers import iso_second, quoted, refuse_unsupported
from tinct.dialects.cos.objects import whole_body, xml_reply
from tinct.dialects.cos.xml import element, parse
from tinct.objects.objects import Object

__all__ = [
    "MOST_ENTRIES",
    "delete_bucket",
    "encoder",
    "head_bucket",
    "list_buckets",
    "list_objects",
    "moment",
    "number",
    "owner",
    "put_bucket",
]

MOST_ENTRIES = 1000
_MOST_BUCKETS = 2000


async def list_buckets(call: Call) -> Response:
    """``GET /`` of the service: the caller's buckets."""
    account = call.signed("GetService")
    limit = number(call, "max-keys", _MOST_BUCKETS, most=_MOST_BUCKETS)
    marker = call.query.get("marker", "")
    after = [each for each in await call.backend.buckets.list(account.id) if each.name > marker]
    buckets = "".join(
        element(
            "Bucket",
            raw=element("Name", bucket.name)
            + element("Location", call.region)
            + element("CreationDate", iso_second(bucket.created_at))
            + element("BucketType", "cos"),
        )
        for bucket in after[:limit]
    )
    more = (
        element("IsTruncated", "true") + element("NextMarker", after[limit - 1].name)
        if limit < len(after)
        else ""
    )
    return xml_reply(
        element("ListAllMyBucketsResult", raw=more + owner(account.id) + element("Buckets", raw=buckets))
    )


async def put_bucket(call: Call) -> Response:
    """``PUT /``."""
    account = call.signed("PutBucket")
    refuse_unsupported(call.request.headers)
    acl = call.request.headers.get("x-cos-acl") or "private"
    if acl == "public-read-write":
        raise CosError("NotImplemented", "Buckets that anyone may write are not offered here.")
    if acl not in ("private", "public-read"):
        raise CosError("InvalidArgument", "x-cos-acl of a bucket is private or public-read.")
    if call.request.headers.get("content-length", "0") != "0":
        asked = parse(await whole_body(call), "CreateBucketConfiguration")
        if asked.findtext("BucketArchConfig"):
            raise CosError("NotImplemented", "BucketArchConfig is not supported.")
    await call.backend.buckets.create(account.id, call.place.bucket or "", public=acl == "public-read")
    return Response()


async def head_bucket(call: Call) -> Response:
    """``HEAD /``."""
    call.readable("HeadBucket")
    return Response(headers={"x-cos-bucket-region": call.region})


async def delete_bucket(call: Call) -> Response:
    """``DELETE /``; only if it is empty."""
    await call.backend.buckets.delete(call.own("DeleteBucket"))
    return Response(status_code=204)


async def list_objects(call: Call) -> Response:
    """``GET /``: a page of the bucket."""
    bucket = call.readable("GetBucket")
    text = encoder(call)
    prefix, delimiter, marker = (call.query.get(name, "") for name in ("prefix", "delimiter", "marker"))
    limit = number(call, "max-keys", MOST_ENTRIES, most=MOST_ENTRIES)
    page = await call.backend.objects.list(
        bucket, prefix=prefix, delimiter=delimiter, marker=marker, limit=limit
    )
    head = (
        element("Name", bucket.name)
        + (element("EncodingType", "url") if text is not _plain else "")
        + element("Prefix", text(prefix))
        + element("Marker", text(marker))
        + element("MaxKeys", limit)
        + (element("Delimiter", text(delimiter)) if delimiter else "")
        + element("IsTruncated", "true" if page.next_marker is not None else "false")
        + (element("NextMarker", text(page.next_marker)) if page.next_marker is not None else "")
    )
    prefixes = "".join(element("CommonPrefixes", raw=element("Prefix", text(each))) for each in page.prefixes)
    owned = owner(bucket.account)
    objects = "".join(_contents(each, text, owned) for each in page.objects)
    return xml_reply(element("ListBucketResult", raw=head + prefixes + objects))


def _contents(found: Object, text: Callable[[str], str], owned: str) -> str:
    return element(
        "Contents",
        raw=element("Key", text(found.key))
        + element("LastModified", moment(found.modified_at))
        + element("ETag", quoted(found.etag))
        + element("Size", found.size)
        + owned
        + element("StorageClass", "STANDARD"),
    )


def owner(account: str) -> str:
    """Whose it is."""
    return element("Owner", raw=element("ID", f"qcs::cam::uin/{account}") + element("DisplayName", account))


def moment(when: datetime) -> str:
    """A moment as lists have it."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"


def number(call: Call, name: str, usual: int, *, most: int) -> int:
    """A whole number of the query; more than `most` means `most`.

    Raises
    ------
    CosError
        InvalidArgument: it is not one, or is negative.
    """
    given = call.query.get(name) or str(usual)
    if not (given.isascii() and given.isdigit()):
        raise CosError("InvalidArgument", f"{name} is not a whole number from 0 to {most}.")
    return min(int(given[:20]), most)


def encoder(call: Call) -> Callable[[str], str]:
    """How names go out: as they are, or percent-encoded but for the slash.

    Raises
    ------
    CosError
        InvalidArgument: another encoding is asked for.
    """
    kind = call.query.get("encoding-type", "")
    if kind not in ("", "url"):
        raise CosError("InvalidArgument", "encoding-type is url.")
    return _escaped if kind else _plain


def _plain(text: str) -> str:
    return text


def _escaped(text: str) -> str:
    return quote(text, safe="/-_.~")
