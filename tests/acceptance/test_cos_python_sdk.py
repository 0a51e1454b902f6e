"""Tencent's own Python SDK against a running server, by changing nothing but where it connects."""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from xml.etree import ElementTree

import httpx
import numpy as np
import pytest
from PIL import Image
from qcloud_cos import CosClientError, CosConfig, CosS3Client, CosServiceError
from qcloud_cos.ai_recognition import AIRecognitionClient

from running import Server, photo

REGION = "ap-test"
MB = 2**20
PRIVATE = "http://10.0.0.1/a.jpg"


def config(server: Server, key: dict[str, str], **options: object) -> CosConfig:
    host, port = server.url.removeprefix("http://").split(":")
    where = options or {"IP": host, "Port": int(port)}
    return CosConfig(
        Region=REGION, SecretId=key["secret_id"], SecretKey=key["secret_key"], Scheme="http", **where
    )


@pytest.fixture(scope="module")
def key(server: Server) -> dict[str, str]:
    return server.key("cos")["cos"]


@pytest.fixture(scope="module")
def cos(server: Server, key: dict[str, str]) -> AIRecognitionClient:
    return AIRecognitionClient(config(server, key), retry=0)


@pytest.fixture(scope="module")
def bucket(cos: CosS3Client) -> str:
    cos.create_bucket(Bucket="photos-1250000000")
    return "photos-1250000000"


@pytest.fixture(scope="module")
def through(server: Server, key: dict[str, str]) -> CosS3Client:
    """A client that believes in the vendor's hosts and has the server as its proxy."""
    return CosS3Client(config(server, key, Proxies={"http": server.url}), retry=0)


def gray(width: int = 160, height: int = 120, format: str = "JPEG") -> bytes:
    return photo(width, height, format=format, mode="L")


def size_of(data: bytes) -> tuple[int, int]:
    picture = Image.open(io.BytesIO(data))
    assert picture.format == "PNG"
    return picture.size


def code(refused: pytest.ExceptionInfo[CosServiceError]) -> tuple[int, str]:
    return refused.value.get_status_code(), refused.value.get_error_code()


def test_objects_go_in_and_come_out(cos, bucket):
    body = np.random.default_rng(0).bytes(100_000)
    put = cos.put_object(
        Bucket=bucket,
        Key="a dir/é+&=%.bin",
        Body=body,
        ContentType="application/x-test",
        Metadata={"x-cos-meta-color": "blue"},
    )
    head = cos.head_object(Bucket=bucket, Key="a dir/é+&=%.bin")
    got = cos.get_object(Bucket=bucket, Key="a dir/é+&=%.bin")
    assert got["Body"].get_raw_stream().read() == body
    assert head["ETag"] == put["ETag"] == got["ETag"]
    assert head["Content-Length"] == "100000"
    assert head["Content-Type"] == "application/x-test"
    assert head["x-cos-meta-color"] == "blue"
    part = cos.get_object(Bucket=bucket, Key="a dir/é+&=%.bin", Range="bytes=10-19")
    assert part["Body"].get_raw_stream().read() == body[10:20]
    other = cos.get_object(Bucket=bucket, Key="a dir/é+&=%.bin", ResponseContentType="text/x-other")
    assert other["Content-Type"] == "text/x-other"
    assert cos.object_exists(Bucket=bucket, Key="a dir/é+&=%.bin")
    cos.delete_object(Bucket=bucket, Key="a dir/é+&=%.bin")
    assert not cos.object_exists(Bucket=bucket, Key="a dir/é+&=%.bin")


def test_copies_lists_and_many_deletes(cos, bucket):
    for name in ("list/a", "list/b/1", "list/b/2", "list/c d"):
        cos.put_object(Bucket=bucket, Key=name, Body=name.encode())
    cos.copy_object(
        Bucket=bucket, Key="list/copy", CopySource={"Bucket": bucket, "Key": "list/c d", "Region": REGION}
    )
    assert cos.get_object(Bucket=bucket, Key="list/copy")["Body"].get_raw_stream().read() == b"list/c d"
    page = cos.list_objects(Bucket=bucket, Prefix="list/", Delimiter="/")
    assert [item["Key"] for item in page["Contents"]] == ["list/a", "list/c d", "list/copy"]
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["list/b/"]
    first = cos.list_objects(Bucket=bucket, Prefix="list/", MaxKeys=2)
    assert first["IsTruncated"] == "true"
    rest = cos.list_objects(Bucket=bucket, Prefix="list/", Marker=first["NextMarker"])
    assert [item["Key"] for item in first["Contents"] + rest["Contents"]] == [
        "list/a", "list/b/1", "list/b/2", "list/c d", "list/copy",
    ]  # fmt: skip
    names = [{"Key": item["Key"]} for item in first["Contents"] + rest["Contents"]]
    deleted = cos.delete_objects(Bucket=bucket, Delete={"Object": names, "Quiet": "false"})
    assert len(deleted["Deleted"]) == 5
    assert "Contents" not in cos.list_objects(Bucket=bucket, Prefix="list/")


def test_buckets(cos, through, bucket):
    cos.create_bucket(Bucket="empty-1250000000")
    assert cos.bucket_exists(Bucket="empty-1250000000")
    # Asks the service's own host
    names = [item["Name"] for item in through.list_buckets()["Buckets"]["Bucket"]]
    assert {"empty-1250000000", bucket} <= set(names)
    cos.delete_bucket(Bucket="empty-1250000000")
    assert not cos.bucket_exists(Bucket="empty-1250000000")
    cos.put_object(Bucket=bucket, Key="keeps", Body=b"it")
    with pytest.raises(CosServiceError) as refused:
        cos.delete_bucket(Bucket=bucket)
    assert code(refused) == (409, "BucketNotEmpty")
    with pytest.raises(CosServiceError) as refused:
        cos.create_bucket(Bucket=bucket)
    assert code(refused) == (409, "BucketAlreadyOwnedByYou")


def test_a_large_file_goes_up_in_parts_and_comes_down_again(cos, bucket, tmp_path):
    body = np.random.default_rng(1).bytes(3 * MB + 12345)
    (tmp_path / "large").write_bytes(body)
    answer = cos.upload_file(
        Bucket=bucket,
        Key="large/file",
        LocalFilePath=str(tmp_path / "large"),
        PartSize=1,
        MAXThread=3,
        EnableMD5=True,
    )
    assert answer["ETag"].strip('"').endswith("-4")
    cos.download_file(Bucket=bucket, Key="large/file", DestFilePath=str(tmp_path / "back"))
    assert (tmp_path / "back").read_bytes() == body


def test_an_upload_in_parts_can_be_listed_and_aborted(cos, bucket):
    started = cos.create_multipart_upload(Bucket=bucket, Key="parts")["UploadId"]
    part = cos.upload_part(Bucket=bucket, Key="parts", Body=b"x" * MB, PartNumber=1, UploadId=started)
    listed = cos.list_parts(Bucket=bucket, Key="parts", UploadId=started)
    assert [item["ETag"] for item in listed["Part"]] == [part["ETag"]]
    assert [item["Key"] for item in cos.list_multipart_uploads(Bucket=bucket, Prefix="parts")["Upload"]] == [
        "parts"
    ]
    cos.abort_multipart_upload(Bucket=bucket, Key="parts", UploadId=started)
    with pytest.raises(CosServiceError) as refused:
        cos.list_parts(Bucket=bucket, Key="parts", UploadId=started)
    assert code(refused) == (404, "NoSuchUpload")


def test_an_object_is_coloured_on_download(cos, bucket):
    cos.put_object(Bucket=bucket, Key="old/grey.jpg", Body=gray())
    headers, body = cos.cos_ai_image_coloring(Bucket=bucket, ObjectKey="old/grey.jpg")
    data = body.get_raw_stream().read()
    assert headers["Content-Type"] == "image/png"
    assert size_of(data) == (160, 120)
    assert int(headers["Content-Length"]) == len(data)
    assert "Contents" not in cos.list_objects(Bucket=bucket, Prefix="old/grey.png")


def test_of_twenty_at_once_all_are_coloured_or_told_to_slow_down(server, key, cos, bucket):
    cos.put_object(Bucket=bucket, Key="crowd.jpg", Body=gray(96, 64))
    host, port = server.url.removeprefix("http://").split(":")
    pooled = {"IP": host, "Port": int(port), "PoolConnections": 20, "PoolMaxSize": 20}
    crowd = AIRecognitionClient(config(server, key, **pooled), retry=0)

    def color(_: int) -> bool:
        try:
            _, body = crowd.cos_ai_image_coloring(Bucket=bucket, ObjectKey="crowd.jpg")
            return size_of(body.get_raw_stream().read()) == (96, 64)
        except CosServiceError as refused:
            return (refused.get_status_code(), refused.get_error_code()) == (503, "SlowDown")

    with ThreadPoolExecutor(20) as threads:
        assert all(threads.map(color, range(20)))


def test_a_picture_elsewhere_is_coloured_even_if_its_url_is_encoded_three_times(cos, bucket, server, client):
    uploaded = client.post("/v1/files", content=gray(96, 64), headers={"content-type": "image/jpeg"}).json()
    job = client.post(
        "/v1/jobs", params={"wait": 20}, json={"effect": "convert", "inputs": {"image": uploaded["id"]}}
    )
    url = client.get(f"/v1/jobs/{job.json()['id']}", params={"wait": 20}).json()["results"][0]["url"]
    _, body = cos.cos_ai_image_coloring(Bucket=bucket, DetectUrl=url)
    assert size_of(body.get_raw_stream().read()) == (96, 64)
    again = httpx.QueryParams({"u": httpx.QueryParams({"u": url})["u"]})
    twice = str(again)[2:]  # percent-encoded once; the SDK adds another round
    _, body = cos.cos_ai_image_coloring(Bucket=bucket, DetectUrl=twice)
    assert size_of(body.get_raw_stream().read()) == (96, 64)


def test_an_upload_is_coloured_on_its_way(cos, bucket):
    rules = (
        '{"is_pic_info":1,"rules":[{"fileid":"out/one.png","rule":"ci-process=AIImageColoring"},'
        '{"fileid":"/top.png","rule":"ci-process = AIImageColoring"}]}'
    )
    _, told = cos.ci_put_object(Bucket=bucket, Key="up/source.jpg", Body=gray(), PicOperations=rules)
    assert told["OriginalInfo"]["Key"] == "up/source.jpg"
    assert told["OriginalInfo"]["Location"].endswith("/up/source.jpg")
    assert told["OriginalInfo"]["ImageInfo"]["Width"] == "160"
    made = told["ProcessResults"]["Object"]
    assert [item["Key"] for item in made] == ["up/out/one.png", "top.png"]
    for item in made:
        got = cos.get_object(Bucket=bucket, Key=item["Key"])
        data = got["Body"].get_raw_stream().read()
        assert (len(data), got["ETag"]) == (int(item["Size"]), item["ETag"])
        assert size_of(data) == (160, 120)


def test_an_object_is_coloured_in_the_cloud_and_may_replace_itself(cos, bucket):
    cos.put_object(Bucket=bucket, Key="cloud/a.jpg", Body=gray())
    rule = '{"rules":[{"fileid":"a.jpg","rule":"ci-process=AIImageColoring"}]}'
    _, told = cos.ci_image_process(Bucket=bucket, Key="cloud/a.jpg", PicOperations=rule)
    assert told["ProcessResults"]["Object"]["Key"] == "cloud/a.jpg"
    assert size_of(cos.get_object(Bucket=bucket, Key="cloud/a.jpg")["Body"].get_raw_stream().read()) == (
        160,
        120,
    )


def test_without_rules_an_upload_is_only_stored(cos, bucket):
    _, told = cos.ci_put_object(
        Bucket=bucket, Key="plain.jpg", Body=gray(), PicOperations='{"is_pic_info":0}'
    )
    assert told["OriginalInfo"]["Key"] == "plain.jpg"
    assert "ProcessResults" not in told


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ("no json", "InvalidArgument"),
        ('{"rules":[{"fileid":"x","rule":"imageMogr2/thumbnail"}]}', "InvalidArgument"),
        ('{"rules":[{"rule":"ci-process=AIImageColoring"}]}', "InvalidPicOperations"),
        ('{"rules":[{"fileid":"x/","rule":"ci-process=AIImageColoring"}]}', "InvalidPicOperations"),
        (
            '{"rules":[' + ",".join(['{"fileid":"x","rule":"ci-process=AIImageColoring"}'] * 6) + "]}",
            "InvalidPicOperations",
        ),
    ],
)
def test_operations_that_are_wrong_are_refused_and_nothing_is_stored(cos, bucket, operations, expected):
    with pytest.raises(CosServiceError) as refused:
        cos.ci_put_object(Bucket=bucket, Key="refused.jpg", Body=gray(), PicOperations=operations)
    assert code(refused) == (400, expected)
    assert not cos.object_exists(Bucket=bucket, Key="refused.jpg")


def test_what_is_missing_or_no_image_is_named(cos, bucket):
    cos.put_object(Bucket=bucket, Key="text.jpg", Body=b"this is not a photo")
    for call, expected in (
        (lambda: cos.cos_ai_image_coloring(Bucket=bucket, ObjectKey="text.jpg"), (400, "InvalidImageFormat")),
        (lambda: cos.cos_ai_image_coloring(Bucket=bucket, ObjectKey="none.jpg"), (404, "NoSuchKey")),
        (lambda: cos.cos_ai_image_coloring(Bucket="none-1250000000", ObjectKey="a"), (404, "NoSuchBucket")),
        (lambda: cos.cos_ai_image_coloring(Bucket=bucket, DetectUrl=PRIVATE), (400, "InvalidImageSource")),
        (lambda: cos.get_object(Bucket=bucket, Key="none"), (404, "NoSuchKey")),
    ):
        with pytest.raises(CosServiceError) as refused:
            call()
        assert code(refused) == expected
        assert refused.value.get_request_id()
        assert refused.value.get_resource_location().startswith(("photos-", "none-"))
    with pytest.raises(CosServiceError) as refused:
        cos.head_object(Bucket=bucket, Key="none")
    assert code(refused) == (404, "NoSuchResource")  # the SDK's own word for an empty reply


def test_wrong_keys_are_told_from_wrong_signatures(server, key, bucket):
    for change, expected in (
        ({"secret_key": "x" * 32}, "SignatureDoesNotMatch"),
        ({"secret_id": "AKIDx"}, "InvalidAccessKeyId"),
    ):
        with pytest.raises(CosServiceError) as refused:
            CosS3Client(config(server, key | change), retry=0).get_object(Bucket=bucket, Key="keeps")
        assert code(refused) == (403, expected)


def test_strangers_are_refused_but_for_what_is_public(server, cos, bucket):
    other = CosS3Client(config(server, server.key("another")["cos"]), retry=0)
    with pytest.raises(CosServiceError) as refused:
        other.get_object(Bucket=bucket, Key="keeps")
    assert code(refused) == (403, "AccessDenied")
    cos.put_object(Bucket=bucket, Key="for all", Body=b"to see", ACL="public-read")
    assert other.get_object(Bucket=bucket, Key="for all")["Body"].get_raw_stream().read() == b"to see"
    host = {"Host": f"{bucket}.cos.{REGION}.myqcloud.com"}
    assert httpx.get(f"{server.url}/for%20all", headers=host).text == "to see"
    assert httpx.get(f"{server.url}/keeps", headers=host).status_code == 403
    with pytest.raises(CosServiceError) as refused:
        other.create_bucket(Bucket=bucket)
    assert code(refused) == (409, "BucketAlreadyExists")


def test_a_key_may_do_only_what_its_scopes_say(server, cos, bucket):
    limited = server.key("owner")["cos"]
    assert limited["secret_id"].startswith("AKID")
    made = server.keys(
        "create",
        "--name",
        "reader",
        "--cos-scope",
        "cos:*:PutBucket",
        "--cos-scope",
        "cos:*:GetObject",
        "--cos-scope",
        "cos:*:PutObject",
        "--json",
    )
    reader = AIRecognitionClient(config(server, json.loads(made)["cos"]), retry=0)
    reader.create_bucket(Bucket="reader-1250000000")
    reader.put_object(Bucket="reader-1250000000", Key="a.jpg", Body=gray())
    for call, expected in (
        (
            lambda: reader.cos_ai_image_coloring(Bucket="reader-1250000000", ObjectKey="a.jpg"),
            "NoProcessAuthority",
        ),
        (lambda: reader.delete_object(Bucket="reader-1250000000", Key="a.jpg"), "AccessDenied"),
    ):
        with pytest.raises(CosServiceError) as refused:
            call()
        assert code(refused) == (403, expected)


def test_a_presigned_url_works_until_it_expires(server, cos, through, bucket):
    cos.put_object(Bucket=bucket, Key="signed it.txt", Body=b"hello")
    host = f"{bucket}.cos.{REGION}.myqcloud.com"
    for seconds, status in ((300, 200), (-100, 403)):
        url = through.get_presigned_url(Bucket=bucket, Key="signed it.txt", Method="GET", Expired=seconds)
        reply = httpx.get(server.url + url.partition(host)[2], headers={"Host": host})
        assert reply.status_code == status, reply.text
        if status == 403:
            error = ElementTree.fromstring(reply.text)
            assert error.findtext("Message") == "Request has expired"
            assert error.findtext("ServerTime")


def test_temporary_keys_need_their_token(server, key, cos, bucket):
    made = json.loads(server.keys("temporary", key["secret_id"], "--seconds", "600"))
    pair = {"secret_id": made["tmp_secret_id"], "secret_key": made["tmp_secret_key"]}
    host, port = server.url.removeprefix("http://").split(":")
    where = {"IP": host, "Port": int(port)}
    good = CosS3Client(config(server, pair, Token=made["token"], **where), retry=0)
    assert good.object_exists(Bucket=bucket, Key="keeps") in (True, False)
    with pytest.raises(CosServiceError) as refused:
        CosS3Client(config(server, pair, Token="another", **where), retry=0).get_object(
            Bucket=bucket, Key="keeps"
        )
    assert code(refused) == (403, "AccessDenied")


def test_a_proxy_setting_reaches_the_server_too(through, bucket):
    through.put_object(Bucket=bucket, Key="by proxy", Body=b"there")
    assert through.get_object(Bucket=bucket, Key="by proxy")["Body"].get_raw_stream().read() == b"there"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a default bucket, for clients that cannot name one."""
    running = Server(tmp_path_factory.mktemp("cos") / "data", cos_default_bucket="default-1250000000")
    yield running
    running.stop()


def test_a_domain_without_a_bucket_means_the_default_one(own):
    domain = own.url.removeprefix("http://")
    client = CosS3Client(config(own, own.key()["cos"], Domain=domain), retry=0)
    client.create_bucket(Bucket="whatever-1250000000")
    client.put_object(Bucket="whatever-1250000000", Key="v1/files", Body=b"not the native API")
    assert (
        client.get_object(Bucket="whatever-1250000000", Key="v1/files")["Body"].get_raw_stream().read()
        == b"not the native API"
    )
    with pytest.raises((CosServiceError, CosClientError)):
        client.get_object(Bucket="whatever-1250000000", Key="none")
