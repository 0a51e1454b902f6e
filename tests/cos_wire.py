"""A client of the COS dialect over a server in this process: it signs, and knows several callers."""

import hashlib
import hmac
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from tinct.backend import Backend

BUCKET, OTHER = "photos-1250000000", "other-1250000000"


def authorization(
    method: str,
    path: str,
    headers: Mapping[str, str | bytes],
    query: Mapping[str, str],
    key: str,
    secret: str,
    window: tuple[int, int] = (-60, 600),
) -> str:
    """Written from the contract alone, so that it is not the server's own idea of it.

    `window` is in seconds from now.
    """

    def digest(key: str, text: str) -> str:
        return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()

    def listed(values: Mapping[str, str | bytes]) -> tuple[str, str]:
        coded = sorted(
            (quote(name, safe="-_.~").lower(), quote(value, safe="-_.~")) for name, value in values.items()
        )
        return ";".join(name for name, _ in coded), "&".join(f"{name}={value}" for name, value in coded)

    now = int(time.time())
    times = f"{now + window[0]};{now + window[1]}"
    (params, param_text), (names, header_text) = listed(query), listed(headers)
    request = f"{method.lower()}\n{path}\n{param_text}\n{header_text}\n"
    text = f"sha1\n{times}\n{hashlib.sha1(request.encode()).hexdigest()}\n"
    return (
        f"q-sign-algorithm=sha1&q-ak={key}&q-sign-time={times}&q-key-time={times}&q-header-list={names}"
        f"&q-url-param-list={params}&q-signature={digest(digest(secret, times), text)}"
    )


def signs(name: str) -> bool:
    """Whether the official SDKs sign this header, of those that matter to tests."""
    return name.lower().startswith(("x-cos-", "x-ci-")) or name.lower() in ("pic-operations", "content-md5")


class Cos:
    """Call it: ``await cos("GET", "a.png")``."""

    def __init__(self, client: httpx.AsyncClient, backend: Backend, accounts: Mapping[str, str]) -> None:
        self.client, self.backend = client, backend
        self.accounts = accounts
        """Name of each caller -> account id; the key is ``AK-<name>``, the secret ``secret-<name>``."""

    async def __call__(
        self,
        method: str,
        key: str = "",
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str | bytes] | None = None,
        bucket: str | None = BUCKET,
        who: str | None = "owner",
        content: Any = None,
        window: tuple[int, int] = (-60, 600),
    ) -> httpx.Response:
        host = f"{bucket or 'service'}.cos.{'ap-test.' if bucket else ''}myqcloud.com"
        sent = {
            name: value if isinstance(value, bytes) else value.encode()
            for name, value in (headers or {}).items()
        }
        if who is not None:
            signed = {"host": host} | {name.lower(): value for name, value in sent.items() if signs(name)}
            sent["authorization"] = authorization(
                method, f"/{key}", signed, query or {}, f"AK-{who}", f"secret-{who}", window
            ).encode()
        text = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in (query or {}).items())
        url = httpx.URL(f"http://{host}", raw_path=f"/{quote(key, safe='/')}?{text}".encode())
        return await self.client.request(method, url, headers=sent, content=content)

    async def presigned(
        self,
        method: str,
        key: str = "",
        *,
        signed: Mapping[str, str] | None = None,
        signed_headers: Mapping[str, str] | None = None,
        query: str = "",
        before: str = "",
        headers: Mapping[str, str] | None = None,
        content: Any = None,
        with_host: bool = True,
        in_header: bool = False,
    ) -> httpx.Response:
        """By a URL that the owner signed for `signed`, and to which somebody added `query`, and `before` in front.

        With `in_header` that somebody moved its signature into the header.
        """
        host = f"{BUCKET}.cos.ap-test.myqcloud.com"
        covered = ({"host": host} if with_host else {}) | dict(signed_headers or {})
        claim = authorization(method, f"/{key}", covered, signed or {}, "AK-owner", "secret-owner")
        own = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in (signed or {}).items())
        text = "&".join(part for part in (before, "" if in_header else claim, own, query) if part)
        url = httpx.URL(f"http://{host}", raw_path=f"/{quote(key, safe='/')}?{text}".encode())
        sent = dict(signed_headers or {}) | dict(headers or {})
        if in_header:
            sent["authorization"] = claim
        return await self.client.request(method, url, headers=sent, content=content)

    async def put(self, key: str, content: Any = b"content", **more: Any) -> httpx.Response:
        reply = await self("PUT", key, content=content, **more)
        assert reply.status_code == 200, reply.text
        return reply


def refusal(reply: httpx.Response) -> tuple[int, str]:
    """Status and code of an error reply, which has everything that the SDKs want."""
    assert reply.headers["content-type"] == "application/xml"
    root = ET.fromstring(reply.text)
    assert root.tag == "Error"
    for name in ("Code", "Message", "Resource", "RequestId"):
        assert root.findtext(name), f"{name} is empty: {reply.text}"
    assert reply.headers["x-cos-request-id"] == root.findtext("RequestId")
    return reply.status_code, root.findtext("Code") or ""


def read(reply: httpx.Response) -> ET.Element:
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/xml"
    return ET.fromstring(reply.text)
