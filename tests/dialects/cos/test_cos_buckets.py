"""Buckets on the wire, and lists of what is in them."""

import re
from typing import Any

import pytest

from cos_wire import BUCKET, OTHER, Cos, read, refusal

pytestmark = pytest.mark.asyncio


async def test_a_bucket_is_made_found_listed_and_removed(cos: Cos) -> None:
    made = await cos("PUT", bucket="new-1250000000", headers={"x-cos-acl": "private"})
    assert (made.status_code, made.content) == (200, b"")
    head = await cos("HEAD", bucket="new-1250000000")
    assert (head.status_code, head.headers["x-cos-bucket-region"]) == (200, "ap-test")
    result = read(await cos("GET", bucket=None))
    assert result.tag == "ListAllMyBucketsResult"
    assert (result.findtext("Owner/ID") or "").startswith("qcs::cam::uin/")
    names = [each.findtext("Name") for each in result.findall("Buckets/Bucket")]
    assert names == ["new-1250000000", BUCKET]
    assert {each.tag for each in result.find("Buckets/Bucket") or ()} == {
        "Name", "Location", "CreationDate", "BucketType",
    }  # fmt: skip
    gone = await cos("DELETE", bucket="new-1250000000")
    assert (gone.status_code, gone.content) == (204, b"")
    assert refusal(await cos("DELETE", bucket="new-1250000000")) == (404, "NoSuchBucket")
    head = await cos("HEAD", bucket="new-1250000000")
    assert (head.status_code, head.content) == (404, b"")


async def test_the_list_of_buckets_is_paged(cos: Cos) -> None:
    for name in ("b-1", "a-1"):
        await cos("PUT", bucket=name)
    page = read(await cos("GET", bucket=None, query={"max-keys": "2"}))
    assert [each.text for each in page.iter("Name")] == ["a-1", "b-1"]
    assert (page.findtext("IsTruncated"), page.findtext("NextMarker")) == ("true", "b-1")
    page = read(await cos("GET", bucket=None, query={"marker": "b-1"}))
    assert [each.text for each in page.iter("Name")] == [BUCKET]
    for key in await (owned := cos.backend.buckets).list(cos.accounts["owner"]):
        await owned.delete(key)
    assert "<Buckets/>" in (await cos("GET", bucket=None)).text


async def test_a_name_that_is_taken_says_by_whom(cos: Cos) -> None:
    assert refusal(await cos("PUT")) == (409, "BucketAlreadyOwnedByYou")
    assert refusal(await cos("PUT", bucket=OTHER)) == (409, "BucketAlreadyExists")
    assert "The requested bucket name is not available." in (await cos("PUT", bucket=OTHER)).text


async def test_a_bucket_that_is_not_empty_stays(cos: Cos) -> None:
    await cos.put("a")
    assert refusal(await cos("DELETE")) == (409, "BucketNotEmpty")
    await cos("DELETE", "a")
    started = read(await cos("POST", "b", query={"uploads": ""}))
    assert refusal(await cos("DELETE")) == (409, "BucketNotEmpty")
    await cos("DELETE", "b", query={"uploadId": started.findtext("UploadId") or ""})
    assert (await cos("DELETE")).status_code == 204


async def test_a_bucket_is_made_as_asked_or_not_at_all(cos: Cos) -> None:
    zones = b"<CreateBucketConfiguration><BucketAZConfig>MAZ</BucketAZConfig></CreateBucketConfiguration>"
    files = b"<CreateBucketConfiguration><BucketArchConfig>OFS</BucketArchConfig></CreateBucketConfiguration>"
    for bucket, headers, content, expected in (
        ("-a", {}, None, (400, "InvalidBucketName")),
        ("a" * 64, {}, None, (400, "InvalidBucketName")),
        ("a-1", {"x-cos-acl": "public-read-write"}, None, (501, "NotImplemented")),
        ("a-1", {"x-cos-acl": "mine"}, None, (400, "InvalidArgument")),
        ("a-1", {"x-cos-grant-read": 'id="1"'}, None, (501, "NotImplemented")),
        ("a-1", {}, files, (501, "NotImplemented")),
        ("a-1", {}, b"<Other/>", (400, "MalformedXML")),
    ):
        reply = await cos("PUT", bucket=bucket, headers=headers, content=content)
        assert refusal(reply) == expected, bucket
    assert (await cos("PUT", bucket="a-1", content=zones)).status_code == 200
    assert (await cos("PUT", bucket="public-1", headers={"x-cos-acl": "public-read"})).status_code == 200
    assert (await cos("GET", bucket="public-1", who=None)).status_code == 200


async def test_others_may_neither_list_nor_change_a_bucket(cos: Cos) -> None:
    for who in (None, "stranger"):
        for method, query in (("GET", {}), ("DELETE", {}), ("GET", {"uploads": ""})):
            assert refusal(await cos(method, who=who, query=query)) == (403, "AccessDenied")
        assert (await cos("HEAD", who=who)).status_code == 403
    assert refusal(await cos("PUT", bucket="new-1", who=None)) == (403, "AccessDenied")
    reply = await cos("GET", bucket=None, who=None)
    assert refusal(reply) == (403, "AccessDenied")
    assert "Check auth failure because signature empty." in reply.text


async def test_a_list_has_the_vendors_form(cos: Cos) -> None:
    await cos.put("a/b & c.png", b"x")
    reply = await cos("GET")
    read(reply)
    body = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", reply.text.partition("\n")[2]).strip()
    owner = cos.accounts["owner"]
    assert body == (
        f"<ListBucketResult><Name>{BUCKET}</Name><Prefix/><Marker/><MaxKeys>1000</MaxKeys>"
        "<IsTruncated>false</IsTruncated><Contents><Key>a/b &amp; c.png</Key><LastModified>TIME</LastModified>"
        '<ETag>"9dd4e461268c8034f5c8564e155c67a6"</ETag><Size>1</Size>'
        f"<Owner><ID>qcs::cam::uin/{owner}</ID><DisplayName>{owner}</DisplayName></Owner>"
        "<StorageClass>STANDARD</StorageClass></Contents></ListBucketResult>"
    )


async def test_a_list_is_folded_paged_and_encoded(cos: Cos) -> None:
    for key in ("b", "a b/1", "a b/2", "c/照", "\x01"):
        await cos.put(key)
    query: dict[str, Any] = {"delimiter": "/", "max-keys": "2", "encoding-type": "url", "prefix": ""}
    first = read(await cos("GET", query=query))
    assert [each.findtext("Prefix") for each in first.findall("CommonPrefixes")] == ["a%20b/"]
    assert [each.findtext("Key") for each in first.findall("Contents")] == ["%01"]
    for name, value in (
        ("EncodingType", "url"),
        ("Delimiter", "/"),
        ("MaxKeys", "2"),
        ("IsTruncated", "true"),
        ("NextMarker", "a%20b/"),
    ):
        assert first.findtext(name) == value
    second = read(await cos("GET", query=query | {"marker": "a b/"}))
    assert [each.findtext("Key") for each in second.findall("Contents")] == ["b"]
    assert [each.findtext("Prefix") for each in second.findall("CommonPrefixes")] == ["c/"]
    assert (second.findtext("Marker"), second.findtext("IsTruncated")) == ("a%20b/", "false")
    inside = read(await cos("GET", query={"prefix": "c/", "encoding-type": "url"}))
    assert [each.findtext("Key") for each in inside.findall("Contents")] == ["c/%E7%85%A7"]
    assert (inside.findtext("Prefix"), inside.find("Delimiter")) == ("c/", None)
    plain = read(await cos("GET", query={"prefix": "\x01"}))  # XML has no way to say this key
    assert plain.findtext("Contents/Key") == "\ufffd"


async def test_a_list_takes_sensible_numbers_only(cos: Cos) -> None:
    await cos.put("a")
    for name, value in (
        ("max-keys", "-1"),
        ("max-keys", "x"),
        ("max-keys", "1.5"),
        ("encoding-type", "base64"),
    ):
        assert refusal(await cos("GET", query={name: value})) == (400, "InvalidArgument")
    assert read(await cos("GET", query={"max-keys": "99999"})).findtext("MaxKeys") == "1000"
    none = read(await cos("GET", query={"max-keys": "0"}))
    assert (none.find("Contents"), none.findtext("IsTruncated")) == (None, "false")
    assert read(await cos("GET", query={"max-keys": ""})).findtext("MaxKeys") == "1000"
