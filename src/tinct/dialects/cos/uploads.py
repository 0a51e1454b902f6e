"""Uploads in parts."""

from __future__ import annotations

from starlette.responses import Response

from tinct.dialects.cos import headers as fields
from tinct.dialects.cos.buckets import MOST_ENTRIES, encoder, moment, number, owner
from tinct.dialects.cos.call import Call
from tinct.dialects.cos.conditions import span
from tinct.dialects.cos.errors import CosError
from tinct.dialects.cos.objects import (
    arriving,
    body_length,
    copy_result,
    copy_source,
    whole_body,
    xml_reply,
)
from tinct.dialects.cos.xml import element, parse
from tinct.objects.multipart import MOST_PARTS, Upload

__all__ = ["abort", "complete", "copy_part", "list_parts", "list_uploads", "put_part", "start"]


async def start(call: Call) -> Response:
    """``POST /key?uploads``."""
    bucket = call.own("PutObject")
    given = call.request.headers
    upload = await call.backend.multipart.start(
        bucket, call.key, headers=fields.stored(given), public=fields.object_acl(given)
    )
    names = element("Bucket", bucket.name) + element("Key", upload.key) + element("UploadId", upload.id)
    return xml_reply(element("InitiateMultipartUploadResult", raw=names))


async def put_part(call: Call) -> Response:
    """``PUT /key?partNumber=&uploadId=``."""
    upload = await _upload(call)
    call.backend.blobs.check_room(body_length(call))
    part = await call.backend.multipart.put_part(
        upload, _part_number(call), arriving(call), md5=fields.content_md5(call.request.headers)
    )
    return Response(headers={"ETag": fields.quoted(part.etag), "x-cos-hash-crc64ecma": str(part.crc64)})


async def copy_part(call: Call) -> Response:
    """``PUT /key?partNumber=&uploadId=`` with ``x-cos-copy-source``, of which a range may be taken."""
    upload, at = await _upload(call), _part_number(call)
    source = await copy_source(call)
    asked = call.request.headers.get("x-cos-copy-source-range")
    part = span(asked, source.size)
    if asked and part is None:
        raise CosError("InvalidArgument", "x-cos-copy-source-range is bytes=first-last.")
    begin, end = part or (0, source.size)
    if part and begin >= end:
        raise CosError("InvalidRange")
    call.backend.blobs.check_room(end - begin)
    made = await call.backend.multipart.put_part(upload, at, call.backend.objects.stream(source, begin, end))
    return xml_reply(copy_result("CopyPartResult", made))


async def complete(call: Call) -> Response:
    """``POST /key?uploadId=``: the parts that are listed become the object."""
    upload = await _upload(call)
    listed = parse(await whole_body(call), "CompleteMultipartUpload").findall("Part")
    if not 1 <= len(listed) <= MOST_PARTS:
        raise CosError("MalformedXML")
    wanted = []
    for part in listed:
        at, etag = (part.findtext("PartNumber") or "").strip(), part.findtext("ETag")
        if not (at.isascii() and at.isdigit() and len(at) < 10) or etag is None:
            raise CosError("MalformedXML")
        wanted.append((int(at), etag))
    made = await call.backend.multipart.complete(upload, wanted)
    result = (
        element("Location", f"{call.host}/{made.key}")
        + element("Bucket", call.own("PutObject").name)
        + element("Key", made.key)
        + element("ETag", fields.quoted(made.etag))
    )
    return xml_reply(
        element("CompleteMultipartUploadResult", raw=result), {"x-cos-hash-crc64ecma": str(made.crc64)}
    )


async def abort(call: Call) -> Response:
    """``DELETE /key?uploadId=``."""
    await call.backend.multipart.abort(await _upload(call))
    return Response(status_code=204)


async def list_parts(call: Call) -> Response:
    """``GET /key?uploadId=``."""
    bucket, upload, text = call.own("PutObject"), await _upload(call), encoder(call)
    after = number(call, "part-number-marker", 0, most=MOST_PARTS)
    limit = number(call, "max-parts", MOST_ENTRIES, most=MOST_ENTRIES)
    parts, more = await call.backend.multipart.parts(upload, after=after, limit=limit)
    encoded = element("EncodingType", "url") if call.query.get("encoding-type") else ""
    head = (
        element("Bucket", bucket.name)
        + encoded
        + element("Key", text(upload.key))
        + element("UploadId", upload.id)
        + owner(bucket.account)
        + element("StorageClass", "STANDARD")
        + element("PartNumberMarker", after)
        + (element("NextPartNumberMarker", parts[-1].number) if more and parts else "")
        + element("MaxParts", limit)
        + element("IsTruncated", "true" if more and parts else "false")
    )
    lines = "".join(
        element(
            "Part",
            raw=element("PartNumber", part.number)
            + element("LastModified", moment(part.modified_at))
            + element("ETag", fields.quoted(part.etag))
            + element("Size", part.size),
        )
        for part in parts
    )
    return xml_reply(element("ListPartsResult", raw=head + lines))


async def list_uploads(call: Call) -> Response:
    """``GET /?uploads``: uploads of the bucket that are not finished."""
    bucket, text = call.own("GetBucket"), encoder(call)
    prefix, delimiter, key, upload_id = (
        call.query.get(name, "") for name in ("prefix", "delimiter", "key-marker", "upload-id-marker")
    )
    limit = number(call, "max-uploads", MOST_ENTRIES, most=MOST_ENTRIES)
    page = await call.backend.multipart.list(
        bucket, prefix=prefix, delimiter=delimiter, after=(key, upload_id), limit=limit
    )
    following = (
        "".join(
            element(f"Next{name}Marker", value)
            for name, value in zip(("Key", "UploadId"), (text(page.next[0]), page.next[1]), strict=True)
        )
        if page.next
        else ""
    )
    head = (
        element("Bucket", bucket.name)
        + (element("EncodingType", "url") if call.query.get("encoding-type") else "")
        + element("KeyMarker", text(key))
        + element("UploadIdMarker", upload_id)
        + following
        + element("MaxUploads", limit)
        + element("IsTruncated", "true" if page.next else "false")
        + element("Prefix", text(prefix))
        + (element("Delimiter", text(delimiter)) if delimiter else "")
    )
    owned = owner(bucket.account)
    uploads = "".join(
        element(
            "Upload",
            raw=element("Key", text(each.key))
            + element("UploadId", each.id)
            + element("StorageClass", "STANDARD")
            + owned.replace("Owner>", "Initiator>")
            + owned
            + element("Initiated", moment(each.created_at)),
        )
        for each in page.uploads
    )
    prefixes = "".join(element("CommonPrefixes", raw=element("Prefix", text(each))) for each in page.prefixes)
    return xml_reply(element("ListMultipartUploadsResult", raw=head + uploads + prefixes))


async def _upload(call: Call) -> Upload:
    bucket = call.own("PutObject")
    return await call.backend.multipart.get(bucket, call.key, call.query.get("uploadId", ""))


def _part_number(call: Call) -> int:
    given = call.query.get("partNumber", "")
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:10]) <= MOST_PARTS):
        raise CosError("InvalidArgument", f"partNumber is a whole number from 1 to {MOST_PARTS}.")
    return int(given)
