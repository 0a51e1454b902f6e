"""A signature gives what it names and nothing else, in a URL and in the header."""

import re
from pathlib import Path

import pytest

import tinct.dialects.cos
from cos_wire import BUCKET, OTHER, Cos, refusal
from running import photo
from tinct.dialects.cos.coverage import PARAMETERS
from tinct.dialects.cos.credentials import CREDENTIALS
from tinct.errors import ParameterError

pytestmark = pytest.mark.asyncio

DENIED = (403, "AccessDenied")
HOST = "cos.ap-test.myqcloud.com"
COLOR = "ci-process=AIImageColoring"
OPERATIONS = f'{{"rules":[{{"fileid":"/taken.png","rule":"{COLOR}"}}]}}'
LENIENT = pytest.mark.parametrize("cos", [{"cos_strict_signatures": False}], indirect=True)


async def kept(cos: Cos) -> dict[str, bytes]:
    """What is in the owner's bucket."""
    bucket = await cos.backend.buckets.get(BUCKET)
    listed = await cos.backend.objects.list(bucket)
    return {each.key: (await cos("GET", each.key)).content for each in listed.objects}


async def test_a_presigned_url_does_what_it_was_signed_for(cos: Cos) -> None:
    assert (await cos.presigned("PUT", "a", content=b"new")).status_code == 200
    got = await cos.presigned("GET", "a", signed={"response-content-type": "text/x-a"})
    assert (got.content, got.headers["content-type"]) == (b"new", "text/x-a")
    listed = await cos.presigned("GET", signed={"prefix": "a", "max-keys": "1"})
    assert "<Key>a</Key>" in listed.text
    copied = await cos.presigned("PUT", "b", signed_headers={"x-cos-copy-source": f"{BUCKET}.{HOST}/a"})
    assert copied.status_code == 200
    assert (await cos.presigned("PUT", "c", signed_headers={"x-cos-acl": "public-read"})).status_code == 200
    assert (await cos("GET", "c", who=None)).status_code == 200


async def test_a_download_may_be_labelled_by_whoever_has_its_url(cos: Cos) -> None:
    await cos.put("a", b"kept")
    got = await cos.presigned("GET", "a", query="response-content-disposition=attachment&_=1&unknown")
    assert (got.content, got.headers["content-disposition"]) == (b"kept", "attachment")


@pytest.mark.parametrize("in_header", [False, True])
async def test_headers_that_a_signature_does_not_list_are_refused(cos: Cos, in_header: bool) -> None:
    await cos.put("secret", b"secret")
    await cos.put("a", photo(mode="L"))
    before = await kept(cos)
    for headers in (
        {"x-cos-copy-source": f"{BUCKET}.{HOST}/secret"},
        {"x-cos-copy-source": f"{OTHER}.{HOST}/theirs"},
        {"x-cos-acl": "public-read"},
        {"x-cos-meta-a": "b"},
        {"Pic-Operations": OPERATIONS},
        {"x-ci-anything": "1"},
    ):
        reply = await cos.presigned("PUT", "a", headers=headers, content=b"new", in_header=in_header)
        assert refusal(reply) == DENIED, headers
        assert next(iter(headers)).lower() in reply.text
    posted = {"Pic-Operations": OPERATIONS}
    reply = await cos.presigned(
        "POST", "a", signed={"image_process": ""}, headers=posted, in_header=in_header
    )
    assert refusal(reply) == DENIED
    assert await kept(cos) == before
    assert (await cos("GET", "a", who=None)).status_code == 403
    assert await cos.backend.jobs.depth() == {"queued": 0, "running": 0}


@pytest.mark.parametrize("in_header", [False, True])
async def test_parameters_that_a_signature_does_not_list_are_refused(cos: Cos, in_header: bool) -> None:
    await cos.put("a", photo(mode="L"))
    for method, key, query in (
        ("GET", "a", COLOR),
        ("GET", "a", f"{COLOR}&detect-url=http%3A%2F%2F127.0.0.1%3A1%2Fa.jpg"),
        ("GET", "a", "acl"),
        ("GET", "a", "uploadId=x"),
        ("PUT", "a", "partNumber=1&uploadId=x"),
        ("PUT", "a", "tagging"),
        ("POST", "a", "uploads"),
        ("POST", "a", "image_process"),
        ("POST", "", "delete"),
        ("DELETE", "a", "uploadId=x"),
        ("GET", "", "uploads"),
        ("GET", "", "prefix=a"),
    ):
        reply = await cos.presigned(method, key, query=query, in_header=in_header)
        assert refusal(reply) == DENIED, query
        assert query.partition("=")[0].lower() in reply.text
    assert await cos.backend.jobs.depth() == {"queued": 0, "running": 0}


async def test_of_two_of_a_name_none_is_taken(cos: Cos) -> None:
    """The signed one goes first, in letters that a signature does not tell apart, and another does the work."""
    good, evil = f"{BUCKET}.{HOST}/b", f"{BUCKET}.{HOST}/a"
    await cos.put("a", b"a")
    await cos.put("b", b"b")
    signed = {"prefix": "b"}
    assert "<Key>a</Key>" not in (await cos.presigned("GET", signed=signed)).text
    host = f"{BUCKET}.{HOST}"
    for before, query in (("Prefix=b", "prefix=a"), ("prefix=b", "prefix=a"), ("PREFIX=b", "")):
        reply = await cos.presigned("GET", signed=signed, before=before, query=query)
        assert refusal(reply) == DENIED
    claim = await cos.presigned("PUT", "c", signed_headers={"x-cos-copy-source": good})
    assert claim.status_code == 200
    request = claim.request
    twice = [*request.headers.multi_items(), ("x-cos-copy-source", evil)]
    assert refusal(await cos.client.request("PUT", request.url, headers=twice)) == DENIED
    assert host in str(request.url)
    assert (await cos("GET", "c")).content == b"b"


@pytest.mark.parametrize("in_header", [False, True])
@pytest.mark.parametrize("cos", [{}, {"cos_strict_signatures": False}], indirect=True)
async def test_a_signature_without_the_host_is_refused(cos: Cos, in_header: bool) -> None:
    """It would open the same key in every bucket."""
    await cos.put("a")
    reply = await cos.presigned("GET", "a", with_host=False, in_header=in_header)
    assert refusal(reply) == DENIED
    assert "host" in reply.text


@LENIENT
async def test_without_the_strict_setting_a_header_may_list_less_and_a_url_may_not(cos: Cos) -> None:
    headers = {"x-cos-acl": "public-read"}
    assert refusal(await cos.presigned("PUT", "a", headers=headers, content=b"new")) == DENIED
    reply = await cos.presigned("PUT", "a", headers=headers, content=b"new", in_header=True)
    assert reply.status_code == 200


async def test_a_list_of_deletes_is_covered_by_its_digest(cos: Cos) -> None:
    await cos.put("a")
    body = b"<Delete><Object><Key>a</Key></Object></Delete>"
    assert refusal(await cos("POST", query={"delete": ""}, content=body)) == (400, "InvalidDigest")
    unlisted = {"Content-MD5": "6oNoXWSo1pCwvTpdWgJ8CA=="}
    reply = await cos.presigned("POST", signed={"delete": ""}, headers=unlisted, content=body)
    assert refusal(reply) == DENIED
    assert (await cos("HEAD", "a")).status_code == 200


async def test_every_parameter_that_is_read_has_to_be_signed() -> None:
    folder = Path(tinct.dialects.cos.__file__).parent
    text = "\n".join(path.read_text() for path in folder.glob("*.py"))
    read = re.findall(r'query(?:\.get\(|\[)"([\w-]+)"|"([\w-]+)" in (?:call\.)?query', text)
    read += [(name, "") for name in re.findall(r'number\(call, "([\w-]+)"', text)]
    assert len(read) > 10
    assert {one or other for one, other in read} <= PARAMETERS


async def test_a_temporary_key_is_never_lent_more_than_its_parent_has(cos: Cos) -> None:
    accounts = cos.backend.accounts
    own = (f"cos:{BUCKET}:GetObject", f"cos:{BUCKET}:HeadBucket")
    await accounts.add_secret(cos.accounts["owner"], "cos", "AK-reader", b"secret-reader", scopes=own)
    for wider in (
        "cos:*:*",
        "cos:*:GetObject",
        f"cos:{BUCKET}:*",
        f"cos:{BUCKET}:PutObject",
        f"cos:{OTHER}:GetObject",
    ):
        with pytest.raises(ParameterError, match="what the key itself may do"):
            await CREDENTIALS.lend(accounts, "AK-reader", seconds=60, scopes=[own[0], wider])
    await cos.put("a", b"kept")
    for scopes, may_look in (((), 200), ((own[0],), 403)):
        lent = (await CREDENTIALS.lend(accounts, "AK-reader", seconds=60, scopes=scopes)).fields
        account, sealed = await accounts.secret("cos.sts", str(lent["tmp_secret_id"]))
        assert set(account.scopes) == set(scopes or own)
        secret, token = CREDENTIALS.opened(sealed)
        await accounts.add_secret(
            cos.accounts["owner"], "cos.sts", f"AK-{may_look}", b"secret-%d\n" % may_look + token,
            scopes=account.scopes,
        )  # fmt: skip
        assert secret
        sent = {"x-cos-security-token": token.decode()}
        who = str(may_look)
        assert (await cos("GET", "a", who=who, headers=sent)).content == b"kept"
        assert (await cos("HEAD", who=who, headers=sent)).status_code == may_look
        assert refusal(await cos("PUT", "a", who=who, headers=sent, content=b"x")) == DENIED
