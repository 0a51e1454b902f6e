"""Every way in which clients of COS say which bucket and object they mean."""

import pytest

from tinct.dialects.cos.addressing import host_of, locate
from tinct.dialects.cos.errors import CosError
from tinct.dialects.cos.picops import parse

pytestmark = pytest.mark.asyncio

VENDOR = "photos-125.cos.ap-test.myqcloud.com"


async def place(target: str, host: str, **settings):
    async def exists(name: str) -> bool:
        return name == "known-125"

    given = {"base_domain": None, "default_bucket": None} | settings
    return await locate(target, host, exists=exists, **given)


@pytest.mark.parametrize(
    ("target", "host", "settings", "bucket", "key"),
    [
        ("/a/b.jpg", VENDOR, {}, "photos-125", "a/b.jpg"),
        ("/a/b.jpg", VENDOR + ":8080", {}, "photos-125", "a/b.jpg"),
        ("/a", VENDOR.upper(), {}, "photos-125", "a"),
        ("/a", "photos-125.ci.ap-test.myqcloud.com", {}, "photos-125", "a"),
        ("/a", "photos-125.pic.ap-test.myqcloud.com", {}, "photos-125", "a"),
        ("/", VENDOR, {}, "photos-125", ""),
        ("/", "service.cos.myqcloud.com", {}, None, ""),
        ("/", "cos.ap-test.myqcloud.com", {}, None, ""),
        ("/a%20b%2Bc/%C3%A9", VENDOR, {}, "photos-125", "a b+c/é"),
        ("/a//b/../c", VENDOR, {}, "photos-125", "a//b/../c"),
        (f"http://{VENDOR}/x", "127.0.0.1:8080", {}, "photos-125", "x"),
        (f"http://{VENDOR}", "127.0.0.1:8080", {}, "photos-125", ""),
        ("/x", "photos-125.localhost:8080", {}, "photos-125", "x"),
        ("/x", "photos-125.cos.example.org", {}, "photos-125", "x"),
        ("/x", "photos-125.img.example.org", {"base_domain": "img.example.org"}, "photos-125", "x"),
        ("/known-125/x/y", "127.0.0.1:8080", {"default_bucket": "d-1"}, "known-125", "x/y"),
        ("/other-125/x/y", "127.0.0.1:8080", {"default_bucket": "d-1"}, "d-1", "other-125/x/y"),
        ("/", "127.0.0.1", {"default_bucket": "d-1"}, "d-1", ""),
        ("/other-125/x", "127.0.0.1", {}, "other-125", "x"),
        ("/", "127.0.0.1", {}, None, ""),
        ("/known-125/x", "[::1]:8080", {}, "known-125", "x"),
    ],
)
async def test_bucket_and_key(target, host, settings, bucket, key):
    found = await place(target, host, **settings)
    assert (found.bucket, found.key) == (bucket, key)


async def test_the_signed_path_is_whole_in_path_style():
    found = await place("/known-125/x%20y", "127.0.0.1")
    assert (found.path, found.key, found.host) == ("/known-125/x y", "x y", "127.0.0.1/known-125")


@pytest.mark.parametrize(
    ("host", "target", "settings", "other"),
    [
        (VENDOR + ":80", "/a", {}, "other-1.cos.ap-test.myqcloud.com:80"),
        ("photos-125.localhost:8080", "/a", {}, "other-1.localhost:8080"),
        ("127.0.0.1:8080", "/known-125/a", {}, "127.0.0.1:8080/other-1"),
        ("127.0.0.1:8080", "/a", {"default_bucket": "0"}, "127.0.0.1:8080"),
        ("Photos-125.IMG.example.org", "/a", {"base_domain": "Img.example.org"}, "other-1.IMG.example.org"),
    ],
)
async def test_another_bucket_is_called_the_same_way(host, target, settings, other):
    found = await place(target, host, **settings)
    assert found.host_of("other-1") == other
    assert found.host_of(found.bucket) == found.host.replace("Photos", "photos")


async def test_the_processing_host_is_known():
    assert (await place("/", "photos-125.ci.ap-test.myqcloud.com")).ci
    assert not (await place("/", VENDOR)).ci


@pytest.mark.parametrize("target", ["/%ff%fe", "*", "no-slash"])
async def test_paths_that_are_none_are_refused(target):
    with pytest.raises(CosError) as refused:
        await place(target, VENDOR)
    assert refused.value.name == "InvalidURI"


@pytest.mark.parametrize(
    ("host", "bucket", "ci"),
    [
        (VENDOR + ":80", "photos-125", False),
        ("photos-125.ci.ap-test.myqcloud.com", "photos-125", True),
        ("service.cos.myqcloud.com", None, False),
        ("cos.ap-test.myqcloud.com", None, False),
        ("photos-125.cos.example.org", "photos-125", False),
        ("photos-125.localhost:8080", "photos-125", False),
        ("photos.img.example.org", "photos", False),
    ],
)
async def test_a_host_of_this_service_says_bucket_and_kind(host, bucket, ci):
    found = host_of(host, "img.example.org")
    assert (found.bucket, found.ci) == (bucket, ci)


@pytest.mark.parametrize(
    "host",
    ["tinct.example.org", "tinct.ci.example.org", "localhost:8080", "tinct.localhost", "img.example.org",
     "127.0.0.1", "", "evilmyqcloud.com"],
)  # fmt: skip
async def test_other_hosts_are_not_this_service_s(host):
    assert host_of(host, "img.example.org") is None


RULE = '{{"rules":[{{"fileid":"{}","rule":"ci-process=AIImageColoring"}}]}}'


@pytest.mark.parametrize(
    ("file_id", "key", "expected"),
    [
        ("p2/x.jpg", "p1/test1.jpg", "p1/p2/x.jpg"),
        ("/p2/x.jpg", "p1/test1.jpg", "p2/x.jpg"),
        ("x.jpg", "test1.jpg", "x.jpg"),
        ("test1.jpg", "p1/test1.jpg", "p1/test1.jpg"),
        ("ä b.png", "p/", "p/ä b.png"),
    ],
)
async def test_a_file_id_is_absolute_or_beside_the_object(file_id, key, expected):
    assert parse(RULE.format(file_id), key).rules[0].key == expected


async def test_operations_without_rules_ask_for_nothing():
    for text in ("{}", '{"rules":[]}', '{"rules":null,"is_pic_info":1}'):
        assert parse(text, "k").rules == ()
    assert parse('{"is_pic_info":"1"}', "k").info


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "InvalidArgument"), ("[]", "InvalidArgument"), ("[" * 100_000, "InvalidArgument"),
        ("{", "InvalidArgument"),
        ('{"is_pic_info":2}', "InvalidPicOperations"), ('{"is_pic_info":[]}', "InvalidPicOperations"),
        ('{"rules":{"fileid":"x"}}', "InvalidPicOperations"), ('{"rules":"x"}', "InvalidPicOperations"),
        ('{"rules":[1]}', "InvalidPicOperations"), ('{"rules":[{"fileid":"x"}]}', "InvalidPicOperations"),
        (RULE.format("x/"), "InvalidPicOperations"), (RULE.format(" "), "InvalidPicOperations"),
        (RULE.format("x").replace("AIImage", "Other"), "InvalidArgument"),
        (RULE.format("x").replace('"fileid"', '"bucket":5,"fileid"'), "InvalidPicOperations"),
    ],
)  # fmt: skip
async def test_operations_of_another_form_are_refused(text, expected):
    with pytest.raises(CosError) as refused:
        parse(text, "k")
    assert refused.value.name == expected
