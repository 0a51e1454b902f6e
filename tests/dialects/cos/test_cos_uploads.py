"""Uploads in parts on the wire."""

import hashlib
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator

import pytest

from cos_wire import BUCKET, Cos, read, refusal

pytestmark = pytest.mark.asyncio

FIRST, SECOND = b"1" * 2**20, b"the end"
HOST = f"{BUCKET}.cos.ap-test.myqcloud.com"


async def begun(cos: Cos, key: str = "dir/a.png", **headers: str) -> str:
    result = read(await cos("POST", key, query={"uploads": ""}, headers=headers))
    assert result.tag == "InitiateMultipartUploadResult"
    assert (result.findtext("Bucket"), result.findtext("Key")) == (BUCKET, key)
    return result.findtext("UploadId") or ""


async def sent(cos: Cos, upload: str, number: int, content: bytes, key: str = "dir/a.png") -> str:
    query = {"partNumber": str(number), "uploadId": upload}
    reply = await cos("PUT", key, query=query, content=content)
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["etag"] == f'"{hashlib.md5(content).hexdigest()}"'
    return reply.headers["etag"]


def listed(*parts: tuple[int, str]) -> bytes:
    root = ET.Element("CompleteMultipartUpload")
    for number, etag in parts:
        part = ET.SubElement(root, "Part")
        ET.SubElement(part, "PartNumber").text = str(number)
        ET.SubElement(part, "ETag").text = etag
    return ET.tostring(root)


async def test_an_object_goes_up_in_parts(cos: Cos) -> None:
    upload = await begun(
        cos, **{"Content-Type": "image/png", "x-cos-meta-a": "1", "x-cos-acl": "public-read"}
    )
    second = await sent(cos, upload, 2, SECOND)
    first = await sent(cos, upload, 1, FIRST)
    assert refusal(await cos("GET", "dir/a.png")) == (404, "NoSuchKey")
    body = listed((1, first), (2, second))
    result = read(await cos("POST", "dir/a.png", query={"uploadId": upload}, content=body))
    assert result.tag == "CompleteMultipartUploadResult"
    assert (result.findtext("Location"), result.findtext("Key")) == (f"{HOST}/dir/a.png", "dir/a.png")
    assert (result.findtext("ETag") or "").endswith('-2"')
    got = await cos("GET", "dir/a.png", who=None)
    assert got.content == FIRST + SECOND
    assert (got.headers["content-type"], got.headers["x-cos-meta-a"]) == ("image/png", "1")
    assert got.headers["etag"] == result.findtext("ETag")
    got = await cos("GET", "dir/a.png", headers={"Range": f"bytes={2**20 - 1}-{2**20 + 2}"})
    assert (got.status_code, got.content) == (206, b"1the")
    assert refusal(await cos("POST", "dir/a.png", query={"uploadId": upload}, content=body)) == (
        404,
        "NoSuchUpload",
    )


async def test_parts_are_listed_as_the_sdks_read_them(cos: Cos) -> None:
    upload = await begun(cos)
    etags = [await sent(cos, upload, number, b"x" * number) for number in (1, 2, 3)]
    query = {"uploadId": upload, "max-parts": "2", "part-number-marker": "0", "encoding-type": "url"}
    page = read(await cos("GET", "dir/a.png", query=query))
    assert page.tag == "ListPartsResult"
    assert [(each.findtext("PartNumber"), each.findtext("Size")) for each in page.findall("Part")] == [
        ("1", "1"),
        ("2", "2"),
    ]
    assert [each.findtext("ETag") for each in page.findall("Part")] == etags[:2]
    for name, value in (
        ("IsTruncated", "true"),
        ("NextPartNumberMarker", "2"),
        ("UploadId", upload),
        ("MaxParts", "2"),
    ):
        assert page.findtext(name) == value
    page = read(await cos("GET", "dir/a.png", query=query | {"part-number-marker": "2"}))
    assert [each.findtext("PartNumber") for each in page.findall("Part")] == ["3"]
    assert (page.findtext("IsTruncated"), page.find("NextPartNumberMarker")) == ("false", None)


async def test_unfinished_uploads_are_listed(cos: Cos) -> None:
    empty = read(await cos("GET", query={"uploads": "", "prefix": "dir"}))
    assert (empty.tag, empty.find("Upload")) == ("ListMultipartUploadsResult", None)
    assert empty.findtext("IsTruncated") == "false"
    one, two = await begun(cos, "dir/a b"), await begun(cos, "x")
    query = {"uploads": "", "max-uploads": "1", "encoding-type": "url"}
    page = read(await cos("GET", query=query))
    assert (page.findtext("Upload/Key"), page.findtext("Upload/UploadId")) == ("dir/a%20b", one)
    assert page.findtext("Upload/Initiated")
    assert (page.findtext("NextKeyMarker"), page.findtext("NextUploadIdMarker")) == ("dir/a%20b", one)
    page = read(await cos("GET", query=query | {"key-marker": "dir/a b", "upload-id-marker": one}))
    assert (page.findtext("Upload/UploadId"), page.findtext("IsTruncated")) == (two, "false")
    page = read(await cos("GET", query={"uploads": "", "delimiter": "/"}))
    assert page.findtext("CommonPrefixes/Prefix") == "dir/"
    assert [each.findtext("Key") for each in page.findall("Upload")] == ["x"]


async def test_an_aborted_upload_is_gone(cos: Cos) -> None:
    upload = await begun(cos)
    gone = await cos("DELETE", "dir/a.png", query={"uploadId": upload})
    assert (gone.status_code, gone.content) == (204, b"")
    for method, query, content in (
        ("DELETE", {}, None),
        ("GET", {}, None),
        ("PUT", {"partNumber": "1"}, b"x"),
        ("POST", {}, listed((1, "x"))),
    ):
        reply = await cos(method, "dir/a.png", query={"uploadId": upload, **query}, content=content)
        assert refusal(reply) == (404, "NoSuchUpload")


async def test_a_list_of_parts_that_makes_no_object_is_refused(cos: Cos) -> None:
    upload = await begun(cos)
    first, small, last = [
        await sent(cos, upload, n, data) for n, data in ((1, FIRST), (2, b"x"), (3, SECOND))
    ]
    for body, expected in (
        (listed((1, first), (2, small), (3, last)), (400, "EntityTooSmall")),
        (listed((3, last), (1, first)), (400, "InvalidPartOrder")),
        (listed((1, first), (1, first)), (400, "InvalidPartOrder")),
        (listed((1, last)), (400, "InvalidPart")),
        (listed((4, last)), (400, "InvalidPart")),
        (listed(), (400, "MalformedXML")),
        (listed((1, first)).replace(b"<PartNumber>1<", b"<PartNumber>one<"), (400, "MalformedXML")),
        (listed((1, first)).replace(b"ETag", b"Tag"), (400, "MalformedXML")),
        (b"<CompleteMultipartUpload>", (400, "MalformedXML")),
        (b"", (400, "MissingRequestBodyError")),
    ):
        reply = await cos("POST", "dir/a.png", query={"uploadId": upload}, content=body)
        assert refusal(reply) == expected, body
    body = listed((1, first), (3, last))
    read(await cos("POST", "dir/a.png", query={"uploadId": upload}, content=body))
    assert (await cos("GET", "dir/a.png")).content == FIRST + SECOND


async def test_a_part_that_is_not_right_is_refused(cos: Cos) -> None:
    upload = await begun(cos)

    async def chunked() -> AsyncIterator[bytes]:
        yield b"x"

    for number, headers, content, expected in (
        ("0", {}, b"x", (400, "InvalidArgument")),
        ("10001", {}, b"x", (400, "InvalidArgument")),
        ("", {}, b"x", (400, "InvalidArgument")),
        ("one", {}, b"x", (400, "InvalidArgument")),
        ("9" * 30, {}, b"x", (400, "InvalidArgument")),
        ("1", {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}, b"x", (400, "BadDigest")),
        ("1", {}, b"x" * (2 * 2**20 + 101), (400, "EntityTooLarge")),
        ("1", {"Content-Length": ""}, chunked(), (411, "MissingContentLength")),
    ):
        query = {"partNumber": number, "uploadId": upload}
        reply = await cos("PUT", "dir/a.png", query=query, headers=headers, content=content)
        assert refusal(reply) == expected
    assert read(await cos("GET", "dir/a.png", query={"uploadId": upload})).find("Part") is None


async def test_parts_can_be_copied_from_objects(cos: Cos) -> None:
    await cos.put("source", FIRST + SECOND)
    upload = await begun(cos)
    etags = []
    for number, span in ((1, f"bytes=0-{2**20 - 1}"), (2, f"bytes={2**20}-"), (3, "")):
        headers = {"x-cos-copy-source": f"{HOST}/source", "x-cos-copy-source-range": span}
        query = {"partNumber": str(number), "uploadId": upload}
        result = read(await cos("PUT", "dir/a.png", query=query, headers=headers))
        assert result.tag == "CopyPartResult"
        etags.append(result.findtext("ETag") or "")
    for span, expected in (("bytes=x", (400, "InvalidArgument")), (f"bytes={2**21}-", (416, "InvalidRange"))):
        headers = {"x-cos-copy-source": f"{HOST}/source", "x-cos-copy-source-range": span}
        reply = await cos("PUT", "dir/a.png", query={"partNumber": "4", "uploadId": upload}, headers=headers)
        assert refusal(reply) == expected
    body = listed((1, etags[0]), (3, etags[2]))
    read(await cos("POST", "dir/a.png", query={"uploadId": upload}, content=body))
    assert (await cos("GET", "dir/a.png")).content == FIRST + FIRST + SECOND
