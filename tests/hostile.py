"""What a hostile client puts into a request: odd values in every place of a body, odd bodies, odd headers."""

import copy
import json
from collections.abc import Iterator
from typing import Any

_DEEP = 50_000

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1.5, 10**30, -(10**400), 1e308, "", "\0", "a\0b", "\ud800", "\N{PILE OF POO}" * 300,
    "x" * 20_000, "' OR 1=1 --", "../../../etc/passwd", "%00", "{}", "NaN", [], [[]], {}, {"\0": "\0"}, [None] * 1000,
    [True], ["\0"], {"a": {"b": {"c": []}}},
)  # fmt: skip
"""Values of JSON that may stand anywhere."""
BODIES = (
    b"", b" ", b"null", b"true", b"7", b'"x"', b"[]", b"[{}]", b"{", b'{"a":', b"\xff\xfe", b"\0" * 100, b"NaN",
    b'{"taskid":NaN}', b'{"type":Infinity}', b"[" * _DEEP, b'{"a":' * _DEEP, b'{"a":' + b"9" * 5000 + b"}",
    b'{"a":1e999999}', b'{"a":1,"a":2}', b'\xef\xbb\xbf{"a":1}', "{\"a\":1}".encode("utf-16"),
    b"a=1&b=%ff%00&a=%zz", b"--x\r\nContent-Disposition: form-data\r\n\r\n",
)  # fmt: skip
"""Bodies that are none, or hardly."""
TYPES = (
    "application/json", "application/json; charset=utf-16", "application/json; charset=nonsense", "text/plain", "",
    "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=" + "x" * 500, "a/b; c=\"",
)  # fmt: skip
HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"authorization", b"Bearer \xff\xfe"), (b"authorization", b"Bearer " + b"a" * 10_000),
    (b"authorization", b"Basic \0"),
    (b"token", b"\xff\xfe"), (b"token", b""), (b"md5", b"\xff" * 40), (b"host", b"a b"), (b"host", b"[::1"),
    (b"host", b"yce-api-01.perfectcorp.com:99999"), (b"x-forwarded-for", b"\xff"), (b"accept", b"\0"),
    (b"content-length", b"-1"), (b"content-length", b"9" * 400), (b"content-encoding", b"gzip"),
    (b"transfer-encoding", b"chunked, chunked"), (b"expect", b"100-continue"), (b"range", b"bytes=-0"),
    (b"cookie", b"\xff=\xff"), (b"origin", b"\xff"), (b"user-agent", b"\xff" * 5000),
)  # fmt: skip


def spoilt(body: Any, odd: tuple[Any, ...] = ODD) -> Iterator[bytes]:
    """A good body as JSON with an odd value in each of its places in turn, and without each of them."""
    for path in tuple(_places(body)):
        for value in odd:
            yield _with(body, path, value)
        yield _with(body, path)


def _places(body: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in steps:
        yield (*before, key)
        yield from _places(value, (*before, key))


def _with(body: Any, path: tuple[Any, ...], *value: Any) -> bytes:
    made = copy.deepcopy(body)
    place = made
    for step in path[:-1]:
        place = place[step]
    if value:
        place[path[-1]] = value[0]
    else:
        del place[path[-1]]
    return json.dumps(made).encode()
