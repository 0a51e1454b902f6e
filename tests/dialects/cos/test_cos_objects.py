"""Objects on the wire: what comes back, what is refused, and with which code."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest

from cos_wire import BUCKET, OTHER, Cos, read, refusal
from tinct.objects.checksums import crc64

pytestmark = pytest.mark.asyncio

DATA = bytes(range(256)) * 8
ETAG = f'"{hashlib.md5(DATA).hexdigest()}"'
HOST = "cos.ap-test.myqcloud.com"


def md5(data: bytes) -> str:
    return base64.b64encode(hashlib.md5(data).digest()).decode()


async def test_an_object_comes_back_as_it_was_sent(cos: Cos) -> None:
    headers = {
        "Content-Type": "image/png",
        "Cache-Control": "max-age=60",
        "Content-Disposition": "attachment; filename=a.png",
        "Content-Encoding": "identity",
        "Expires": "Sun, 01 Mar 2026 12:00:00 GMT",
        "x-cos-meta-By": "me",
        "Content-MD5": md5(DATA),
        "X-Unknown": "dropped",
    }
    put = await cos.put("照片/a b+c.png", DATA, headers=headers)
    assert (put.content, put.headers["etag"]) == (b"", ETAG)
    assert put.headers["x-cos-hash-crc64ecma"] == str(crc64(DATA))
    for method, body in (("GET", DATA), ("HEAD", b"")):
        got = await cos(method, "照片/a b+c.png")
        assert (got.status_code, got.content) == (200, body)
        for name in ("Content-Type", "Cache-Control", "Content-Disposition", "Expires", "x-cos-meta-By"):
            assert got.headers[name] == headers[name]
        assert (got.headers["etag"], got.headers["accept-ranges"]) == (ETAG, "bytes")
        assert got.headers["x-cos-hash-crc64ecma"] == str(crc64(DATA))
        assert got.headers["content-length"] == str(len(DATA))
        assert "x-unknown" not in got.headers
        parsedate_to_datetime(got.headers["last-modified"])
        assert got.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert got.headers["x-content-type-options"] == "nosniff"


async def test_an_object_without_a_type_is_bytes(cos: Cos) -> None:
    await cos.put("a", b"")
    got = await cos("GET", "a")
    assert (got.content, got.headers["content-type"]) == (b"", "application/octet-stream")
    assert (got.headers["content-length"], got.headers["x-cos-hash-crc64ecma"]) == ("0", "0")


@pytest.mark.parametrize(
    ("asked", "status", "part", "shown"),
    [
        ("bytes=0-9", 206, DATA[:10], "bytes 0-9/2048"),
        ("bytes=2000-9999", 206, DATA[2000:], "bytes 2000-2047/2048"),
        ("bytes=-5", 206, DATA[-5:], "bytes 2043-2047/2048"),
        ("bytes=0-1,4-5", 200, DATA, None),
        ("lines=1-2", 200, DATA, None),
    ],
)
async def test_a_range_is_served(cos: Cos, asked: str, status: int, part: bytes, shown: str | None) -> None:
    await cos.put("a", DATA)
    got = await cos("GET", "a", headers={"Range": asked})
    assert (got.status_code, got.content, got.headers.get("content-range")) == (status, part, shown)
    assert got.headers["content-length"] == str(len(part))


async def test_a_range_beyond_the_end_cannot_be_served(cos: Cos) -> None:
    await cos.put("a", DATA)
    assert refusal(await cos("GET", "a", headers={"Range": "bytes=2048-"})) == (416, "InvalidRange")


async def test_a_range_of_another_version_is_not_mixed_in(cos: Cos) -> None:
    await cos.put("a", DATA)
    got = await cos("GET", "a", headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    assert (got.status_code, got.content) == (200, DATA)
    got = await cos("GET", "a", headers={"Range": "bytes=0-9", "If-Range": ETAG})
    assert (got.status_code, got.content) == (206, DATA[:10])


async def test_conditions_spare_or_refuse_a_read(cos: Cos) -> None:
    await cos.put("a", DATA)
    changed = parsedate_to_datetime((await cos("HEAD", "a")).headers["last-modified"])
    earlier = format_datetime(changed - timedelta(seconds=5), usegmt=True)
    later = format_datetime(changed + timedelta(seconds=5), usegmt=True)
    for method in ("GET", "HEAD"):
        for headers in ({"If-None-Match": ETAG}, {"If-Modified-Since": later}):
            got = await cos(method, "a", headers=headers)
            assert (got.status_code, got.content, got.headers["etag"]) == (304, b"", ETAG)
        got = await cos(method, "a", headers={"If-Match": ETAG, "If-Modified-Since": earlier})
        assert got.status_code == 200
    for headers in ({"If-Match": '"other"'}, {"If-Unmodified-Since": earlier}):
        got = await cos("GET", "a", headers=headers)
        assert refusal(got) == (412, "PreconditionFailed")
        assert "Precondition not match." in got.text
        head = await cos("HEAD", "a", headers=headers)
        assert (head.status_code, head.content) == (412, b"")


async def test_a_query_overrides_what_an_object_is_served_with(cos: Cos) -> None:
    await cos.put("a", DATA, headers={"Content-Type": "image/png"})
    query = {
        "response-content-type": "text/plain",
        "response-content-disposition": "attachment; filename=彩.png",
        "response-cache-control": "no-cache",
    }
    got = await cos("GET", "a", query=query)
    assert (got.headers["content-type"], got.headers["cache-control"]) == ("text/plain", "no-cache")
    raw = {name.lower(): value for name, value in got.headers.raw}
    assert raw[b"content-disposition"].decode() == "attachment; filename=彩.png"
    for value in ("a\r\nSet-Cookie: b", "a\nb", "a\0b"):
        got = await cos("GET", "a", query={"response-content-type": value})
        assert refusal(got) == (400, "InvalidArgument")


async def test_what_is_refused_leaves_the_old_object(cos: Cos) -> None:
    await cos.put("a", DATA)
    too_long = b"x" * (2 * 2**20 + 101)

    async def chunked(piece: bytes = b"new") -> AsyncIterator[bytes]:
        yield piece

    for headers, content, expected in (
        ({"Content-MD5": md5(b"other")}, b"new", (400, "BadDigest")),
        ({"Content-MD5": "AAAA"}, b"new", (400, "InvalidDigest")),
        ({"Content-MD5": "!"}, b"new", (400, "InvalidDigest")),
        ({"x-cos-acl": "everyone"}, b"new", (400, "InvalidArgument")),
        ({"x-cos-meta-a": "x" * 2100}, b"new", (400, "InvalidArgument")),
        ({"x-cos-server-side-encryption": "AES256"}, b"new", (501, "NotImplemented")),
        ({"x-cos-forbid-overwrite": "true"}, b"new", (501, "NotImplemented")),
        ({"x-cos-tagging": "a=b"}, b"new", (501, "NotImplemented")),
        ({}, too_long, (400, "EntityTooLarge")),
        ({"Content-Length": ""}, chunked(), (411, "MissingContentLength")),
        ({}, chunked(too_long), (400, "EntityTooLarge")),
    ):
        assert refusal(await cos("PUT", "a", headers=headers, content=content)) == expected
    assert (await cos("GET", "a")).content == DATA
    assert list(cos.backend.blobs.scratch.iterdir()) == []


async def test_a_body_may_come_in_chunks_of_unknown_number(cos: Cos) -> None:
    async def chunked() -> AsyncIterator[bytes]:
        yield DATA[:3]
        yield DATA[3:]

    await cos.put("a", chunked())
    reply = await cos("GET", "a")
    assert (reply.content, reply.headers["content-length"]) == (DATA, str(len(DATA)))


@pytest.mark.parametrize(
    ("key", "expected"),
    [("k" * 851, (400, "KeyTooLong")), ("é" * 426, (400, "KeyTooLong")), ("a\0b", (400, "InvalidURI"))],
    ids=["long", "long in bytes", "null"],
)
async def test_a_key_that_no_object_can_have_is_refused(
    cos: Cos, key: str, expected: tuple[int, str]
) -> None:
    for method in ("PUT", "GET", "DELETE"):
        content = b"x" if method == "PUT" else None
        assert refusal(await cos(method, key, content=content)) == expected


async def test_keys_that_look_like_paths_are_names(cos: Cos) -> None:
    for key in ("a//b", "a/", "%2e%2e/x", "a%2Fb", "a\\..\\b", "emoji 😀 & <xml>"):
        await cos.put(key, key.encode())
        assert (await cos("GET", key)).content == key.encode()
    blobs = cos.backend.settings.data / "blobs"
    assert all(path.is_relative_to(blobs / "objects") for path in blobs.rglob("*") if path.is_file())


async def test_deleting_twice_is_fine_but_not_in_a_bucket_that_is_missing(cos: Cos) -> None:
    await cos.put("a", DATA)
    for _ in range(2):
        gone = await cos("DELETE", "a")
        assert (gone.status_code, gone.content) == (204, b"")
    assert refusal(await cos("GET", "a")) == (404, "NoSuchKey")
    head = await cos("HEAD", "a")
    assert (head.status_code, head.content) == (404, b"")
    for method in ("DELETE", "GET", "PUT"):
        content = b"x" if method == "PUT" else None
        reply = await cos(method, "a", bucket="none-1250000000", content=content)
        assert refusal(reply) == (404, "NoSuchBucket")


async def test_a_copy_keeps_or_replaces_the_headers(cos: Cos) -> None:
    await cos.backend.buckets.create(cos.accounts["owner"], "second-1")
    await cos.put("dir/源 a.png", DATA, headers={"Content-Type": "image/png", "x-cos-meta-a": "1"})
    source = {"x-cos-copy-source": f"{BUCKET}.{HOST}/dir/%E6%BA%90%20a.png"}
    result = read(await cos("PUT", "copy", bucket="second-1", headers=source))
    assert (result.tag, result.findtext("ETag")) == ("CopyObjectResult", ETAG)
    datetime.strptime(result.findtext("LastModified") or "", "%Y-%m-%dT%H:%M:%SZ")
    got = await cos("GET", "copy", bucket="second-1")
    assert (got.content, got.headers["content-type"], got.headers["x-cos-meta-a"]) == (DATA, "image/png", "1")
    raw = f"{BUCKET}.{HOST}/dir/源%20a.png".encode()
    assert read(await cos("PUT", "copy", headers={"x-cos-copy-source": raw})).findtext("ETag") == ETAG
    replaced = source | {"x-cos-metadata-directive": "Replaced", "Content-Type": "text/plain"}
    read(await cos("PUT", "dir/源 a.png", headers=replaced))
    got = await cos("GET", "dir/源 a.png")
    assert (got.content, got.headers["content-type"]) == (DATA, "text/plain")
    assert "x-cos-meta-a" not in got.headers


async def test_a_copy_is_refused_with_a_reason(cos: Cos) -> None:
    await cos.put("a", DATA)
    here = f"{BUCKET}.{HOST}"
    for more, expected in (
        ({"x-cos-copy-source": f"{here}/missing"}, (404, "NoSuchKey")),
        ({"x-cos-copy-source": f"none-1.{HOST}/a"}, (404, "NoSuchBucket")),
        ({"x-cos-copy-source": f"{here}/a?versionId=1"}, (501, "NotImplemented")),
        ({"x-cos-copy-source": f"{here}/%ff"}, (400, "InvalidURI")),
        ({"x-cos-copy-source": f"{here}/a", "x-cos-metadata-directive": "Maybe"}, (400, "InvalidArgument")),
        (
            {"x-cos-copy-source": f"{here}/a", "x-cos-copy-source-If-Match": '"x"'},
            (412, "PreconditionFailed"),
        ),
        (
            {"x-cos-copy-source": f"{here}/a", "x-cos-copy-source-If-None-Match": ETAG},
            (412, "PreconditionFailed"),
        ),
        (
            {"x-cos-copy-source": f"{here}/a", "x-cos-server-side-encryption": "AES256"},
            (501, "NotImplemented"),
        ),
    ):
        assert refusal(await cos("PUT", "b", headers=more)) == expected
    assert refusal(await cos("GET", "b")) == (404, "NoSuchKey")


async def test_only_what_one_may_read_can_be_copied(cos: Cos) -> None:
    await cos.put("private", DATA, bucket=OTHER, who="stranger")
    await cos.put("public", DATA, bucket=OTHER, who="stranger", headers={"x-cos-acl": "public-read"})
    for name, expected in (("private", "AccessDenied"), ("missing", "AccessDenied")):
        reply = await cos("PUT", "b", headers={"x-cos-copy-source": f"{OTHER}.{HOST}/{name}"})
        assert refusal(reply) == (403, expected)
    read(await cos("PUT", "b", headers={"x-cos-copy-source": f"{OTHER}.{HOST}/public"}))
    assert (await cos("GET", "b")).content == DATA
    assert refusal(await cos("GET", "b", who=None)) == (403, "AccessDenied")


async def test_many_are_deleted_at_once(cos: Cos) -> None:
    for key in ("a", "b & c", "d"):
        await cos.put(key)
    body = (
        "<Delete><Object><Key>a</Key></Object><Object><Key>b &amp; c</Key></Object>"
        f"<Object><Key>missing</Key></Object><Object><Key>{'k' * 851}</Key></Object></Delete>"
    ).encode()
    result = read(await cos("POST", query={"delete": ""}, content=body, headers={"Content-MD5": md5(body)}))
    assert [each.findtext("Key") for each in result.findall("Deleted")] == ["a", "b & c", "missing"]
    (error,) = result.findall("Error")
    assert (error.findtext("Code"), len(error.findtext("Key") or "")) == ("KeyTooLong", 851)
    listed = await cos.backend.objects.list(await cos.backend.buckets.get(BUCKET))
    assert [each.key for each in listed.objects] == ["d"]
    quiet = b"<Delete><Quiet>true</Quiet><Object><Key>d</Key></Object></Delete>"
    result = read(await cos("POST", query={"delete": ""}, content=quiet, headers={"Content-MD5": md5(quiet)}))
    assert list(result) == []
    assert (await cos("HEAD", "d")).status_code == 404


async def test_a_list_of_deletes_that_cannot_be_read_deletes_nothing(cos: Cos) -> None:
    await cos.put("a")
    good = b"<Delete><Object><Key>a</Key></Object></Delete>"
    many = b"<Delete>" + b"<Object><Key>a</Key></Object>" * 1001 + b"</Delete>"
    for body, headers, expected in (
        (b"", {}, (400, "MissingRequestBodyError")),
        (b"<Delete>", {}, (400, "MalformedXML")),
        (b"<Other/>", {}, (400, "MalformedXML")),
        (b"<Delete/>", {}, (400, "MalformedXML")),
        (b"\xff", {}, (400, "MalformedXML")),
        (many, {}, (400, "MalformedXML")),
        (b'<!DOCTYPE d [<!ENTITY e "x">]>' + good, {}, (400, "MalformedXML")),
        (good + b" " * 2**21, {}, (400, "EntityTooLarge")),
        (good, {"Content-MD5": md5(b"other")}, (400, "BadDigest")),
        (good, {"Content-MD5": "x"}, (400, "InvalidDigest")),
        (good.replace(b"</Key>", b"</Key><VersionId>1</VersionId>"), {}, (501, "NotImplemented")),
    ):
        sent = {"Content-MD5": md5(body)} | headers
        reply = await cos("POST", query={"delete": ""}, content=body, headers=sent)
        assert refusal(reply) == expected, body[:60]
    assert (await cos("HEAD", "a")).status_code == 200


async def test_who_may_read_is_said_by_the_object_or_else_by_its_bucket(cos: Cos) -> None:
    await cos.backend.buckets.create(cos.accounts["owner"], "public-1", public=True)
    for bucket, acl, anyone in (
        (BUCKET, None, False),
        (BUCKET, "default", False),
        (BUCKET, "private", False),
        (BUCKET, "public-read", True),
        ("public-1", None, True),
        ("public-1", "default", True),
        ("public-1", "private", False),
        ("public-1", "public-read", True),
    ):
        headers = {"x-cos-acl": acl} if acl else {}
        await cos.put("a", DATA, bucket=bucket, headers=headers)
        for who in (None, "stranger"):
            status = 200 if anyone else 403
            assert (await cos("GET", "a", bucket=bucket, who=who)).status_code == status
            head = await cos("HEAD", "a", bucket=bucket, who=who)
            assert (head.status_code, head.content) == (status, b"")
        assert (await cos("GET", "a", bucket=bucket)).status_code == 200


async def test_others_may_not_write_nor_learn_what_is_there(cos: Cos) -> None:
    await cos.backend.buckets.create(cos.accounts["owner"], "public-1", public=True)
    await cos.put("a", DATA)
    await cos.put("a", DATA, bucket="public-1")
    for who in (None, "stranger"):
        assert refusal(await cos("GET", "missing", who=who)) == (403, "AccessDenied")
        assert refusal(await cos("GET", "missing", who=who, bucket="public-1")) == (404, "NoSuchKey")
        for bucket in (BUCKET, "public-1"):
            for method, query, content in (
                ("PUT", {}, b"x"),
                ("DELETE", {}, None),
                ("POST", {"uploads": ""}, None),
                ("POST", {"uploadId": "x"}, b"x"),
                ("PUT", {"uploadId": "x", "partNumber": "1"}, b"x"),
                ("GET", {"uploadId": "x"}, None),
            ):
                reply = await cos(method, "a", who=who, bucket=bucket, query=query, content=content)
                assert refusal(reply) == (403, "AccessDenied"), (who, bucket, method, query)
            copied = await cos(
                "PUT", "b", who=who, bucket=bucket, headers={"x-cos-copy-source": f"{BUCKET}.{HOST}/a"}
            )
            assert refusal(copied) == (403, "AccessDenied")
            deleted = await cos("POST", who=who, bucket=bucket, query={"delete": ""}, content=b"<Delete/>")
            assert refusal(deleted) == (403, "AccessDenied")
    assert (await cos("GET", "a")).content == DATA


async def test_nobody_overrides_headers_without_a_signature(cos: Cos) -> None:
    await cos.put("a", DATA, headers={"x-cos-acl": "public-read"})
    query = {"response-content-type": "text/html"}
    assert refusal(await cos("GET", "a", query=query, who=None)) == (403, "AccessDenied")
    assert (await cos("GET", "a", query=query, who="stranger")).status_code == 200


async def test_an_object_whose_bytes_are_lost_is_404_and_not_a_broken_200(cos: Cos) -> None:
    await cos.put("a", DATA)
    (path,) = [p for p in (cos.backend.settings.data / "blobs" / "objects").rglob("*") if p.is_file()]
    path.unlink()
    assert refusal(await cos("GET", "a")) == (404, "NoSuchKey")
    assert (await cos("DELETE", "a")).status_code == 204
