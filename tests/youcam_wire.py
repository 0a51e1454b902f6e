"""Both generations of the YouCam API as a caller sees them, from their documentation alone; strict about replies."""

import base64
import copy
import io
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from PIL import Image

from running import Server

Json = dict[str, Any]
BODIES: dict[str, dict[str, Json]] = json.loads(
    (Path(__file__).parent / "acceptance" / "youcam_bodies.json").read_text()
)
"""Every run body of the documentation, by generation and tool."""
HELD = (
    "female_s_wave_brunette",
    "female_blunt_bob",
    "female_sleek_middle_part",
    "female_retro_brown_waves",
    "female_messy_bun_brown",
    "all_messy_tapered_fade",
    "male_textured_crop",
    "all_side_swept_undercut",
    "all_buzz_cut",
)
"""Templates of hair that clients hold as constants."""


# -- accounts --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Account:
    """What ``tinct keys create --for youcam`` prints."""

    id: str
    client_id: str
    client_secret: str


def tinct(server: Server, *words: str) -> str:
    """Standard output of a command on the server's data."""
    done = server.command(*words)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tinct_refuses(server: Server, *words: str) -> str:
    """What a command says that fails for a reason that it tells."""
    done = server.command(*words)
    assert done.returncode in (1, 2), done.stdout
    return done.stdout + done.stderr


def account(server: Server, credits: int | None = None, name: str = "caller") -> Account:
    """A new one; without `credits` it may spend any number."""
    limited = [] if credits is None else ["--credits", str(credits)]
    made = json.loads(tinct(server, "keys", "create", "--name", name, "--for", "youcam", "--json", *limited))
    return Account(made["id"], made["youcam"]["client_id"], made["youcam"]["client_secret"])


def encrypted(client_secret: str, text: str) -> str:
    """Base64 of RSAES-PKCS1-v1_5, as node-forge, JSEncrypt and others make it."""
    key = load_der_public_key(base64.b64decode(client_secret))
    assert isinstance(key, rsa.RSAPublicKey)
    return base64.b64encode(key.encrypt(text.encode(), padding.PKCS1v15())).decode()


def id_token(of: Account, *, ago_s: float = 0) -> str:
    """What a client sends to log in."""
    at = int((time.time() - ago_s) * 1000)
    return encrypted(of.client_secret, f"client_id={of.client_id}&timestamp={at}")


# -- calls -----------------------------------------------------------------------------------------------

HTTP = httpx.Client(trust_env=False, timeout=60, limits=httpx.Limits(max_connections=100))
"""One for all: each has certificates to read."""


def said(reply: httpx.Response, status: int = 200) -> Json:
    """The body of a JSON reply, whose status is the same in both places."""
    assert reply.status_code == status, reply.text
    assert reply.headers["content-type"].split(";")[0] == "application/json"
    assert reply.headers["x-request-id"]
    body = reply.json()
    assert body["status"] == status
    return dict(body)


def refused(reply: httpx.Response, status: int, code: str) -> str:
    """The sentence of a refusal that has exactly the documented form."""
    body = said(reply, status)
    assert set(body) == {"status", "error", "error_code"}, body
    assert body["error_code"] == code, body
    assert isinstance(body["error"], str)
    assert body["error"].strip()
    return str(body["error"])


def log_in(url: str, of: Account, **how: Any) -> str:
    body = said(
        HTTP.post(
            f"{url}/s2s/v1.0/client/auth",
            json={"client_id": of.client_id, "id_token": id_token(of, **how)},
        )
    )
    assert set(body) == {"status", "result"}
    assert set(body["result"]) == {"access_token", "expires_in"}
    return str(body["result"]["access_token"])


def fetched(url: str) -> httpx.Response:
    """GET without credentials."""
    return HTTP.get(url)


def put(url: str, content: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    return HTTP.put(url, content=content, headers=headers)


def filled(body: Any, **values: Any) -> Any:
    """A documented body with ids in the place of its letters."""
    if isinstance(body, dict):
        return {key: filled(value, **values) for key, value in body.items()}
    if isinstance(body, list):
        return [filled(value, **values) for value in body]
    return values.get(body, body) if isinstance(body, str) else body


def body_of(slug: str, action: int = 0, **more: Any) -> Json:
    """The documented body with another number of the action, and what `more` puts in."""
    body: Json = filled(BODIES["v1.0"][slug], **{name: more.pop(name) for name in "FMR" if name in more})
    body["payload"]["actions"][0]["id"] = action
    body["payload"] |= more.pop("payload", {})
    body["payload"]["actions"][0] |= more
    return body


class Http:
    """Requests below one address with one bearer."""

    def __init__(self, base: str, bearer: str) -> None:
        self.base, self.bearer = base, bearer

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bearer}"} | (headers or {})
        return HTTP.request(method, self.base + path, headers=headers, **more)

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.request("GET", path, **more)

    def post(self, path: str, **more: Any) -> httpx.Response:
        return self.request("POST", path, **more)


class Caller:
    """Somebody with a bearer, who speaks one form of the API: ``v1.0``, ``v2.0`` or ``v2.1``."""

    def __init__(self, url: str, bearer: str, form: str = "v1.0") -> None:
        self.url, self.bearer, self.form = url, bearer, form
        self.http = Http(f"{url}/s2s", bearer)

    def in_form(self, form: str) -> "Caller":
        return Caller(self.url, self.bearer, form)

    @property
    def inner(self) -> str:
        """Name of what a reply holds."""
        return "data" if self.form.startswith("v2") else "result"

    # -- files

    def declare(self, *entries: Json, slug: str = "enhance") -> list[Json]:
        """The file call; its reply is checked against what was asked."""
        body = said(self.http.post(f"/{self.form}/file/{slug}", json={"files": list(entries)}))
        assert set(body) == {"status", self.inner}
        assert set(body[self.inner]) == {"files"}
        files = body[self.inner]["files"]
        assert len(files) == len(entries)
        for asked, got in zip(entries, files, strict=True):
            assert set(got) == {"content_type", "file_name", "file_id", "requests"}
            assert (got["content_type"], got["file_name"]) == (asked["content_type"], asked["file_name"])
            assert 0 < len(got["file_id"]) <= 200
            assert got["file_id"].replace("-", "").replace("_", "").isalnum()
            (request,) = got["requests"]
            assert set(request) == {"method", "url", "headers"}
            assert request["method"] == "PUT"
            assert request["url"].startswith("http")
            wanted = {"Content-Type": asked["content_type"]}
            if self.form != "v1.0":
                wanted["Content-Length"] = str(asked["file_size"])
            assert request["headers"] == wanted
        return list(files)

    def declared(self, content: bytes, kind: str = "image/jpg", slug: str = "enhance") -> Json:
        """One file, not yet sent."""
        entry: Json = {"content_type": kind, "file_name": "photo.jpg", "file_size": len(content)}
        if self.form == "v1.0":
            del entry["file_size"]
        return self.declare(entry, slug=slug)[0]

    def upload(self, content: bytes, kind: str = "image/jpg", slug: str = "enhance") -> str:
        """Id of a file that has been sent."""
        file = self.declared(content, kind, slug)
        (request,) = file["requests"]
        reply = put(request["url"], content, request["headers"])
        assert (reply.status_code, reply.content) == (200, b""), reply.text
        return str(file["file_id"])

    # -- tasks

    def start(self, slug: str, body: Any) -> httpx.Response:
        return self.http.post(f"/{self.form}/task/{slug}", json=body)

    def run(self, slug: str, body: Any) -> str:
        """The id of a task that was accepted."""
        found = said(self.start(slug, body))
        assert set(found) == {"status", self.inner}
        assert set(found[self.inner]) == {"task_id"}
        task_id = found[self.inner]["task_id"]
        assert 8 <= len(task_id) <= 128
        assert task_id.replace("-", "").replace("_", "").isalnum()
        return str(task_id)

    def ask(self, slug: str, task_id: str) -> httpx.Response:
        if self.form.startswith("v2"):
            return self.http.get(f"/{self.form}/task/{slug}/{task_id}")
        return self.http.get(f"/{self.form}/task/{slug}?task_id={task_id}")  # as clients do: not encoded

    def poll(self, slug: str, task_id: str) -> Json:
        """What a poll says, in the words of the form; which keys are there and which are not is checked."""
        body = said(self.ask(slug, task_id))
        assert set(body) == {"status", self.inner}
        found = dict(body[self.inner])
        faces = slug == "face-swap/pre-process"
        (_checked_v2 if self.form.startswith("v2") else _checked_v1)(found, faces)
        return found

    def ended(self, slug: str, task_id: str, patience_s: float = 240, every_s: float = 0.15) -> Json:
        """The last poll of a task."""
        until = time.monotonic() + patience_s
        while time.monotonic() < until:
            found = self.poll(slug, task_id)
            if state(found) != "running":
                return found
            time.sleep(every_s)
        raise AssertionError(f"task {task_id} of {slug} did not end")

    def done(self, slug: str, body: Any) -> list[bytes]:
        """Run a task that succeeds; the bytes of its results."""
        found = self.ended(slug, self.run(slug, body))
        assert state(found) == "success", found
        return [downloaded(url) for url in urls(found)]

    def failed(self, slug: str, body: Any) -> str:
        """Run a task that fails; its error."""
        found = self.ended(slug, self.run(slug, body))
        assert state(found) == "error", found
        return str(found["error"])

    def templates(self, slug: str) -> list[Json]:
        """The first page of a tool's templates."""
        body = said(self.http.get(f"/{self.form}/task/template/{slug}"))
        assert set(body) == {"status", "data"}
        assert set(body["data"]) == {"templates", "next_token"}
        return list(body["data"]["templates"])

    # -- money

    def balance(self) -> int:
        body = said(self.http.get("/v1.0/client/credit"))
        assert set(body) == {"status", "results"}
        return sum(one["amount"] for one in body["results"])

    def history(self, **query: Any) -> Json:
        body = said(self.http.get("/v1.0/client/credit/history", params=query))
        assert set(body) == {"status", "result"}
        assert set(body["result"]) == {"next_token", "history"}
        return dict(body["result"])


def state(found: Json) -> str:
    """Of a poll of either form."""
    return str(found.get("task_status") or found["status"])


def _checked_v1(found: Json, faces: bool) -> None:
    assert found["polling_interval"] in (1000, 3000)
    keys = {"polling_interval", "status"}
    if found["status"] == "success":
        keys |= {"error", "results"} | ({"faces"} if faces else set())
        assert found["error"] is None
        (result,) = found["results"]
        assert set(result) == {"id", "data"} | ({"faces"} if faces else set())
        for picture in result["data"]:
            assert set(picture) == {"dst_id", "url"} | ({"faces"} if faces else set())
    elif found["status"] == "error":
        keys |= {"error", "error_message"}
        _checked_failure(found)
    else:
        assert found["status"] == "running"
    assert set(found) == keys, found


def _checked_v2(found: Json, faces: bool) -> None:
    keys = {"task_status"}
    if found["task_status"] == "success":
        keys |= {"results"} | (found.keys() & {"error"})
        assert found.get("error") is None
        results = found["results"]
        if "output" in results:
            assert set(results) == {"output"}
            assert all(set(picture) == {"url", "dst_id"} for picture in results["output"])
        else:
            assert set(results) == {"url", "dst_id"} | ({"faces", "result"} if faces else set())
    elif found["task_status"] == "error":
        keys |= {"error", "error_message"}
        _checked_failure(found)
    else:
        assert found["task_status"] == "running"
    assert set(found) == keys, found


def _checked_failure(found: Json) -> None:
    assert found["error"]
    assert found["error"].replace("_", "").isalnum()
    assert isinstance(found["error_message"], str)
    assert found["error_message"]


def entries(found: Json) -> list[Json]:
    """What a successful poll of either form lists: ``url`` and ``dst_id`` of each picture."""
    results = found["results"]
    if isinstance(results, list):
        return list(results[0]["data"])
    return list(results.get("output") or [results])


def urls(found: Json) -> list[str]:
    return [one["url"] for one in entries(found)]


def downloaded(url: str) -> bytes:
    """A result, as a browser of another site gets it."""
    reply = fetched(url)
    assert reply.status_code == 200, reply.text
    assert reply.headers["access-control-allow-origin"] == "*"
    kind = reply.headers["content-type"]
    if kind.startswith("image/"):
        assert kind == Image.MIME[str(Image.open(io.BytesIO(reply.content)).format)]
    return reply.content


# -- clients without manners --------------------------------------------------------------------------


class Api:
    """A client without manners: it sends what it is told, and takes apart what it gets."""

    def __init__(self, base: str, bearer: str) -> None:
        self.base, self.bearer = base, bearer

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}
        return HTTP.request(method, self.base + path, headers=headers, **more)

    def json(self, method: str, path: str, **more: Any) -> Any:
        return self.call(method, path, **more).json()


def declared(api: Api, content: bytes, kind: str = "image/jpeg", path: str = "/file") -> Json:
    entry = {"content_type": kind, "file_name": "a.jpg", "file_size": len(content)}
    return dict(api.json("POST", path, json={"files": [entry]})["data"]["files"][0])


def polls(api: Api, path: str, pause_s: float = 0.2) -> Iterator[Any]:
    """Bodies of polls, the first one at once."""
    for _ in range(400):
        yield api.json("GET", path)
        time.sleep(pause_s)
    raise AssertionError("it never ended")


# -- bodies that are wrong -------------------------------------------------------------------------------

ABSENT = object()
"""Instead of a value: the key goes."""


def changed(body: Any, path: str, value: object) -> Any:
    """A copy with another value at a path such as ``payload.actions.0.id``, or without it."""
    made = copy.deepcopy(body)
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = made
    for part in way:
        place = place[part]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return made
