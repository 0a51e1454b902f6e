"""Who may call, and the code of every refusal."""

import base64
import json
import secrets
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner
from youcam_client import Client, encrypted, id_token, member

from backends import Postgres, working
from tinct.backend import Backend, open_backend
from tinct.cli import app
from tinct.dialects.youcam.auth import CREDENTIALS


async def signed_in(backend: Backend, pair: dict[str, str], text: str | None = None) -> str:
    body = {"client_id": pair["client_id"], "id_token": text or id_token(pair)}
    found = await Client(backend).said("POST", "v1.0/client/auth", json=body)
    assert found["result"]["expires_in"] == 7200
    return str(found["result"]["access_token"])


@pytest.mark.asyncio
async def test_the_secret_is_a_public_key_of_1024_bits_as_the_vendors(backend: Backend) -> None:
    _, pair = await member(backend)
    assert (len(pair["client_id"]), len(pair["client_secret"])) == (32, 216)
    assert len(base64.b64decode(id_token(pair))) == 128


@pytest.mark.asyncio
async def test_every_spelling_of_an_id_token_that_clients_send_signs_in(backend: Backend) -> None:
    _, pair = await member(backend)
    good = id_token(pair)
    urlsafe = good.replace("+", "-").replace("/", "_")
    tokens = {
        await signed_in(backend, pair, text) for text in (good, urlsafe, good.rstrip("="), f" {good}\n")
    }
    assert len(tokens) == 4  # the same id_token again is allowed, and each gives another token


@pytest.mark.asyncio
async def test_random_bytes_never_sign_in(backend: Backend) -> None:
    """OpenSSL decrypts wrong padding to random bytes instead of an error."""
    _, pair = await member(backend)
    client = Client(backend)
    for _ in range(20):
        text = base64.b64encode(secrets.token_bytes(128)).decode()
        body = {"client_id": pair["client_id"], "id_token": text}
        await client.refused("POST", "v1.0/client/auth", 401, "InvalidAuthentication", json=body)


@pytest.mark.parametrize("case", ["stale", "early", "another's", "trailing", "leading", "short", "text"])
@pytest.mark.asyncio
async def test_an_id_token_that_is_not_wholly_right_is_refused(backend: Backend, case: str) -> None:
    _, pair = await member(backend)
    _, other = await member(backend)
    said = f"client_id={pair['client_id']}&timestamp="
    text = {
        "stale": id_token(pair, ago_s=301),
        "early": id_token(pair, ago_s=-301),
        "another's": id_token(pair, client_id=other["client_id"]),
        "trailing": encrypted(pair["client_secret"], f"{said}1730190000000&x=1".encode()),
        "leading": encrypted(pair["client_secret"], f"x&{said}1730190000000".encode()),
        "short": id_token(pair)[:-8],
        "text": "not base64!",
    }[case]
    body = {"client_id": pair["client_id"], "id_token": text}
    await Client(backend).refused("POST", "v1.0/client/auth", 401, "InvalidAuthentication", json=body)


@pytest.mark.parametrize("body", [{}, {"client_id": "", "id_token": "a"}, {"client_id": 5, "id_token": "a"}])
@pytest.mark.asyncio
async def test_a_missing_field_of_signing_in_is_named(backend: Backend, body: dict[str, object]) -> None:
    said = await Client(backend).refused("POST", "v1.0/client/auth", 400, "InvalidParameters", json=body)
    assert "client_id" in said


@pytest.mark.asyncio
async def test_unknown_revoked_and_expired_keys_are_told_apart(backend: Backend) -> None:
    client, pairs = Client(backend), [await member(backend) for _ in range(2)]
    for account, _ in pairs:
        (key,) = await backend.accounts.credentials(account.id)
        if account is pairs[0][0]:
            await backend.accounts.revoke_credential(key.id)
        else:
            await backend.accounts.retire(key.id, grace_s=0)
    for pair, code in zip([p for _, p in pairs], ("InactiveApiKey", "ExpiredApiKey"), strict=True):
        body = {"client_id": pair["client_id"], "id_token": id_token(pair)}
        await client.refused("POST", "v1.0/client/auth", 401, code, json=body)
        caller = Client(backend, pair["client_id"])
        await caller.refused("GET", "v2.0/credit/feature-cost", 401, code)
        await caller.refused("GET", "v1.0/client/credit", 401, "InvalidAccessToken")
    body = {"client_id": "a" * 32, "id_token": "AAAA"}
    said = await client.refused("POST", "v1.0/client/auth", 401, "InvalidApiKey", json=body)
    assert said == "This API key is not recognized."


@pytest.mark.asyncio
async def test_tokens_and_keys_are_good_for_both_generations(backend: Backend) -> None:
    _, pair = await member(backend)
    token = await signed_in(backend, pair)
    own = (await backend.accounts.create("native")).api_key
    for bearer in (token, pair["client_id"], own):
        for path in ("v1.0/client/credit", "v2.0/credit/feature-cost"):
            await Client(backend, bearer).said("GET", path)


@pytest.mark.asyncio
async def test_an_operator_may_refuse_keys_that_come_as_they_are(postgres: Postgres, tmp_path: Path) -> None:
    async with open_backend(postgres.create(tmp_path / "data", youcam_raw_keys=False)) as backend:
        _, pair = await member(backend)
        own = (await backend.accounts.create("native")).api_key
        for bearer in (await signed_in(backend, pair), own):
            await Client(backend, bearer).said("GET", "v1.0/client/credit")
        raw = Client(backend, pair["client_id"])
        await raw.refused("GET", "v1.0/client/credit", 401, "InvalidAccessToken")
        await raw.refused("GET", "v2.0/credit/feature-cost", 401, "InvalidApiKey")


@pytest.mark.asyncio
async def test_a_key_that_ends_in_mid_task_ends_its_polls_and_not_the_task(backend: Backend) -> None:
    account, pair = await member(backend, credits=5)
    token = await signed_in(backend, pair)
    clients = [Client(backend, token), Client(backend, pair["client_id"])]
    file = await clients[0].sent()
    task = await clients[0].run("enhance", src_file_id=file, scale=1)
    (key,) = [one for one in await backend.accounts.credentials(account.id) if one.kind == "youcam"]
    await backend.accounts.revoke_credential(key.id)
    for client in clients:
        await client.refused("GET", f"v1.0/task/enhance?task_id={task}", 401, "InvalidAccessToken")
        await client.refused("POST", "v1.0/file/enhance", 401, "InvalidAccessToken", json={"files": []})
    async with working(backend):
        job = await backend.jobs.wait(account.id, task, 60)
    assert job.state.value == "succeeded"
    again = Client(backend, (await CREDENTIALS.issue(backend.accounts, account.id)).fields["client_id"])
    assert (await again.polled("enhance", task))["task_status"] == "success"


@pytest.mark.asyncio
async def test_a_revoked_key_ends_its_tokens(backend: Backend) -> None:
    account, pair = await member(backend)
    token = await signed_in(backend, pair)
    (key,) = [one for one in await backend.accounts.credentials(account.id) if one.kind == "youcam"]
    await backend.accounts.revoke_credential(key.id)
    for path in ("v1.0/client/credit", "v2.0/credit/feature-cost"):
        await Client(backend, token).refused("GET", path, 401, "InvalidAccessToken")


@pytest.mark.parametrize(
    "header", ["", "KEY", "Bearer <KEY>", "Basic KEY", "Bearer ", "Bearer KEYx", "bearer  KEY"]
)
@pytest.mark.asyncio
async def test_only_a_bearer_in_its_form_is_one(backend: Backend, header: str) -> None:
    _, pair = await member(backend)
    good = header.startswith("bearer")
    headers = {"Authorization": header.replace("KEY", pair["client_id"])}
    for path, code in (
        ("v2.0/credit/feature-cost", "InvalidApiKey"),
        ("v1.0/client/credit", "InvalidAccessToken"),
    ):
        if good:
            await Client(backend).said("GET", path, headers=headers)
        else:
            await Client(backend).refused("GET", path, 401, code, headers=headers)


def test_lists_of_keys_do_not_show_the_client_id(tmp_path: Path) -> None:
    run = partial(CliRunner().invoke, app)
    data = ["--data", str(tmp_path / "data")]
    made = run(["keys", "create", "--name", "a", "--for", "youcam", "--json", *data])
    client_id = json.loads(made.stdout)["youcam"]["client_id"]
    listed = run(["keys", "list", "--json", *data])
    ((key,),) = (account["keys"] for account in json.loads(listed.stdout))
    assert key["begins"] == client_id[:8]
    assert client_id not in listed.stdout
