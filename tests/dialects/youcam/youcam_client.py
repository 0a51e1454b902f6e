"""A client of the wire format inside the test's process, as the vendor's documentation writes one."""

import asyncio
import base64
import json
import time
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from running import photo
from tinct.accounts.credential import Account
from tinct.backend import Backend
from tinct.dialects.youcam.auth import CREDENTIALS
from tinct.server.app import create_app

PICTURE = photo(320, 272, format="JPEG")


async def member(backend: Backend, credits: int | None = None) -> tuple[Account, dict[str, str]]:
    """An account and its pair."""
    account = await backend.accounts.open("customer", credits=credits)
    issued = await CREDENTIALS.issue(backend.accounts, account.id)
    return account, dict(issued.fields)


def encrypted(secret: str, plain: bytes) -> str:
    """What a client makes of its secret and a text."""
    key = load_der_public_key(base64.b64decode(secret))
    assert isinstance(key, rsa.RSAPublicKey)
    return base64.b64encode(key.encrypt(plain, padding.PKCS1v15())).decode()


def id_token(pair: dict[str, str], *, client_id: str | None = None, ago_s: float = 0) -> str:
    stamp = int((time.time() - ago_s) * 1000)
    plain = f"client_id={client_id or pair['client_id']}&timestamp={stamp}"
    return encrypted(pair["client_secret"], plain.encode())


class Client:
    """Calls with one bearer."""

    def __init__(self, backend: Backend, bearer: str | None = None, address: str = "203.0.113.9") -> None:
        transport = httpx.ASGITransport(create_app(backend), client=(address, 1), raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self.http = httpx.AsyncClient(transport=transport, base_url="http://tinct.test", headers=headers)

    async def said(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """The JSON of a reply, whose ``status`` is that of HTTP."""
        if "json" in options:  # httpx cannot write half a character, other clients can
            options["content"] = json.dumps(options.pop("json"))
        reply = await self.http.request(method, f"/s2s/{path}", **options)
        assert reply.status_code == status, reply.text
        found = reply.json()
        assert found["status"] == status
        return found

    async def refused(self, method: str, path: str, status: int, code: str, **options: Any) -> str:
        """The sentence of a refusal."""
        found = await self.said(method, path, status, **options)
        assert (set(found), found["error_code"]) == ({"status", "error", "error_code"}, code), found
        return str(found["error"])

    async def declared(self, version: str = "v2.0", **entry: Any) -> dict[str, Any]:
        """A declared file, as its reply tells of it."""
        said = {"content_type": "image/jpg", "file_name": "a.jpg", "file_size": len(PICTURE)} | entry
        path = f"{version}/file" + ("/enhance" if version.startswith("v1") else "")
        found = await self.said("POST", path, json={"files": [said]})
        return dict(found["data" if version.startswith("v2") else "result"]["files"][0])

    async def sent(self, data: bytes = PICTURE, version: str = "v2.0") -> str:
        """Id of a file that was declared and sent."""
        file = await self.declared(version)
        reply = await self.http.put(file["requests"][0]["url"], content=data)
        assert (reply.status_code, reply.content) == (200, b"")
        return str(file["file_id"])

    async def run(self, slug: str, status: int = 200, version: str = "v2.0", **body: Any) -> str:
        """Id of a task."""
        found = await self.said("POST", f"{version}/task/{slug}", status, json=body)
        return str(found["data" if version.startswith("v2") else "result"]["task_id"])

    async def run_v1(
        self, slug: str, params: dict[str, Any] | None = None, number: int = 0, **sets: Any
    ) -> str:
        return await self.run(slug, version="v1.0", **payload(params, number, **sets))

    async def polled(self, slug: str, task_id: str, version: str = "v2.0") -> Any:
        """``data`` or ``result`` of one poll."""
        if version.startswith("v1"):
            return (await self.said("GET", f"{version}/task/{slug}?task_id={task_id}"))["result"]
        return (await self.said("GET", f"{version}/task/{slug}/{task_id}"))["data"]

    async def ended(self, slug: str, task_id: str, version: str = "v2.0") -> Any:
        """The same once the task has ended."""
        for number in range(100):  # fewer than a key may call
            found = await self.polled(slug, task_id, version)
            if found.get("task_status", found.get("status")) != "running":
                return found
            await asyncio.sleep(min(0.05 * 1.2**number, 2.0))
        raise AssertionError("it does not end")


def payload(params: dict[str, Any] | None = None, number: int = 0, **sets: Any) -> dict[str, Any]:
    """A body of v1."""
    action = {"id": 0} | ({"params": params} if params is not None else {})
    files = {name: [ids] if isinstance(ids, str) else ids for name, ids in sets.items()}
    return {"request_id": number, "payload": {"file_sets": files, "actions": [action]}}
