"""The signature of COS: a table of vectors that Tencent's Python SDK made, and what must not pass."""

import string
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinct.dialects.cos.signature import (
    Claim,
    format_string,
    from_header,
    from_query,
    pairs,
    signature,
    string_to_sign,
)

SECRET = b"secret of vectors"
HOST = ("host", b"b-125.cos.ap-test.myqcloud.com")
FORM = (
    "q-sign-algorithm=sha1&q-ak=AKIDvector&q-sign-time=1699999940;1700010000&q-key-time=1699999940;1700010000"
    "&q-header-list={}&q-url-param-list={}&q-signature={}"
)
VECTORS = {
    "plain": (
        FORM.format("host", "", "66163ea7487230e492b726a508c209cd6fac9c21"),
        "GET", "/a", "", (HOST,),
    ),
    "parameters, a blank sent as +": (
        FORM.format("host", "ci-process;detect-url", "2ffe9f4caf994870010555171ed51d72597cf4a3"),
        "GET",
        "/dir/ä b+&.jpg",
        "ci-process=AIImageColoring&detect-url=http%3A%2F%2Fh%2Fp%3Fq%3D1%26r%3Da+b",
        (HOST,),
    ),
    "headers": (
        FORM.format(
            "content-length;content-type;host;pic-operations;x-cos-meta-a", "",
            "abc50b9c608040bbd763f52278d264217c979f79",
        ),
        "PUT",
        "/k",
        "",
        (
            HOST,
            ("content-type", b"image/jpeg"),
            ("content-length", b"5"),
            ("pic-operations", b'{"rules":[]}'),
            ("x-cos-meta-a", b"b c!'()*"),
            ("accept", b"not signed"),
        ),
    ),
    "a listing": (
        FORM.format("host", "delimiter;max-keys;prefix", "5fa76e212f1a7b5e69402cce746c2c16794d0fff"),
        "GET", "/", "prefix=p%2F&delimiter=%2F&max-keys=10&not-signed=1", (HOST,),
    ),
    "names that have to be encoded": (
        FORM.format("host", "%c3%84;imagemogr2%2fthumbnail%2f%2150p", "c7433d0a7213f77ed5c24b1b1729e5c0e319c93b"),
        "GET", "/k", "imageMogr2/thumbnail/!50p&%C3%84=1", (HOST,),
    ),
}  # fmt: skip


def accepted(
    claim: Claim | None, method: str, path: str, query: str, headers, secret: bytes = SECRET
) -> bool:
    if claim is None:
        return False
    return (
        signature(claim, secret, format_string(claim, method, path, pairs(query), headers)) == claim.signature
    )


@pytest.mark.parametrize("name", VECTORS)
def test_every_vector_is_accepted(name):
    text, *request = VECTORS[name]
    assert accepted(from_header(text), *request)


@pytest.mark.parametrize("name", VECTORS)
def test_a_presigned_query_is_the_same_claim(name):
    text, method, path, query, headers = VECTORS[name]
    windows, lists, rest = text.partition("&q-header-list")
    twice = windows + lists + rest.replace(";", "%253B")  # some clients encode the lists once more
    for encoded in (text, text.replace(";", "%3B"), twice):
        claim = from_query(pairs(encoded + "&" + query))
        assert claim == from_header(text)
        assert accepted(claim, method, path, encoded + "&" + query, headers)


@pytest.mark.parametrize("name", VECTORS)
@given(data=st.data())
def test_no_change_of_one_signed_character_is_accepted(name, data):
    text, method, path, query, headers = VECTORS[name]
    claim = from_header(text)
    assert claim is not None
    alphabet = string.ascii_letters + string.digits + "/-"

    def changed(value: str, at: int) -> str:
        other = data.draw(st.sampled_from([c for c in alphabet if c.lower() != value[at].lower()]))
        return value[:at] + other + value[at + 1 :]

    signed = {name: value for name, value in headers if name in claim.headers}
    where = data.draw(st.sampled_from(["path", "signature", "secret", "method", *signed]))
    if where == "path" and len(path) > 1:
        path = changed(path, data.draw(st.integers(1, len(path) - 1)))
    elif where == "secret":
        key = SECRET.decode()
        assert not accepted(
            claim,
            method,
            path,
            query,
            headers,
            changed(key, data.draw(st.integers(0, len(key) - 1))).encode(),
        )
        return
    elif where == "method":
        method = {"GET": "PUT", "PUT": "DELETE"}[method]
    elif where in signed:
        value = signed[where].decode()
        wrong = changed(value, data.draw(st.integers(0, len(value) - 1))).encode()
        headers = tuple((n, wrong if n == where else v) for n, v in headers)
    else:
        text = text[:-40] + changed(text[-40:], data.draw(st.integers(0, 39)))
    assert not accepted(from_header(text), method, path, query, headers)


ODD = "0019aA %/;=&+\u0661\u00e4\u2028"  # among them a digit that is not one of ASCII's


@pytest.mark.parametrize("name", VECTORS)
@given(data=st.data())
def test_no_character_put_in_or_taken_out_is_accepted(name, data):
    text, method, path, query, headers = VECTORS[name]
    claim = from_header(text)
    assert claim is not None
    signed = [item for item in pairs(query) if item[0] != "not-signed"]
    parts = {"path": path, "sign": "1699999940;1700010000", "key": "1699999940;1700010000"}
    parts |= {f"?{key}": value for key, value in signed}
    parts |= {f":{key}": value.decode() for key, value in headers if key in claim.headers}
    where = data.draw(st.sampled_from(sorted(parts)))
    value = parts[where]
    at = data.draw(st.integers(0, len(value)))
    if at < len(value) and data.draw(st.booleans()):
        other = value[:at] + value[at + 1 :]
    else:
        other = value[:at] + data.draw(st.sampled_from(ODD)) + value[at:]

    def judged(parts: dict[str, str]) -> bool:
        lists = text[text.index("&q-header-list") :]
        windows = "".join(f"&q-{name}-time={quote(parts[name], safe=';')}" for name in ("sign", "key"))
        claim = from_header(f"q-sign-algorithm=sha1&q-ak=AKIDvector{windows}{lists}")
        query = "&".join(f"{quote(key, safe='')}={quote(parts[f'?{key}'], safe='')}" for key, _ in signed)
        sent = tuple((key, parts.get(f":{key}", value.decode()).encode()) for key, value in headers)
        return accepted(claim, method, parts["path"], query, sent)

    assert judged(parts)
    if other != value:
        assert not judged(parts | {where: other})


@pytest.mark.parametrize(
    "window", ["01699999940;1700010000", "%D9%A1699999940;1700010000", "1;2;3", ";", "1;"]
)
def test_a_window_has_one_spelling(window):
    text = VECTORS["plain"][0].replace("q-sign-time=1699999940;1700010000", f"q-sign-time={window}")
    assert from_header(text) is None


@pytest.mark.parametrize("name", ["parameters, a blank sent as +", "a listing"])
def test_no_change_of_a_signed_parameter_is_accepted(name):
    text, method, path, query, headers = VECTORS[name]
    for index, (key, value) in enumerate(pairs(query)):
        if key == "not-signed":
            continue
        items = query.split("&")
        for wrong in (f"{key}={value}x", f"{key}x={value}", ""):
            tried = "&".join([*items[:index], wrong, *items[index + 1 :]])
            assert not accepted(from_header(text), method, path, tried, headers)


@pytest.mark.parametrize("field", ["q-sign-time=1699999940;1700010000", "q-key-time=1699999940;1700010000"])
def test_no_change_of_a_window_is_accepted(field):
    text, *request = VECTORS["plain"]
    for other in ("1699999941;1700010000", "1699999940;1800010000"):
        assert not accepted(from_header(text.replace(field, field.partition("=")[0] + "=" + other)), *request)


def test_each_window_serves_its_own_step():
    claim = from_header(
        FORM.format("", "", "0" * 40).replace("q-key-time=1699999940", "q-key-time=1600000000")
    )
    assert claim is not None
    formatted = format_string(claim, "GET", "/", (), ())
    assert "1699999940;1700010000" in string_to_sign(claim, formatted)
    assert claim.key_time == (1600000000, 1700010000)


@pytest.mark.parametrize(
    "text",
    [
        "", "AKID", "Bearer tnct_x", FORM.format("host", "", "66163e"), FORM.format("host", "", "Z" * 40),
        FORM.format("host", "", "0" * 40).replace("sha1", "sha256"),
        FORM.format("host", "", "0" * 40).replace("q-sign-time=1699999940", "q-sign-time=now"),
        FORM.format("host", "", "0" * 40).replace("AKIDvector", ""),
        FORM.format("host", "", "0" * 40).replace("&q-header-list=host", ""),
        "\x00" * 100, "&" * 1000, "=" * 1000,
    ],
)  # fmt: skip
def test_what_has_another_form_is_no_claim(text):
    assert from_header(text) is None
    assert from_query(pairs(text)) is None


def test_a_flag_without_a_value_is_signed_as_an_empty_one():
    claim = from_header(FORM.format("", "image_process", "0" * 40))
    assert claim is not None
    for query in ("image_process", "image_process="):
        assert format_string(claim, "POST", "/k", pairs(query), ()) == "post\n/k\nimage_process=\n\n"


def test_of_equal_names_the_first_counts():
    claim = from_header(FORM.format("host", "prefix", "0" * 40))
    assert claim is not None
    formatted = format_string(claim, "GET", "/", pairs("prefix=one&prefix=two"), (HOST, ("host", b"evil")))
    assert "prefix=one\n" in formatted
    assert "evil" not in formatted
