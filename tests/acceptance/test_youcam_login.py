"""Logging in to the YouCam API: by a token encrypted to the server, by the key, and every way in which it fails."""

import base64
import json
import re
import textwrap
import time
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key

from running import Server
from youcam_wire import HTTP, Account, Caller, account, encrypted, id_token, log_in, refused, said, tinct


def auth(server: Server, **body: Any) -> httpx.Response:
    return HTTP.post(f"{server.url}/s2s/v1.0/client/auth", json=body)


def works(server: Server, bearer: str, form: str = "v1.0") -> bool:
    """Whether a bearer is good for a call that needs one."""
    return Caller(server.url, bearer, form).start("enhance", {}).status_code == 400


def test_the_pair_is_printed_once_for_people_and_programs(youcam: Server) -> None:
    printed = tinct(youcam, "keys", "create", "--name", "person", "--for", "youcam")
    (client_id,) = re.findall(r"(?<![\w+/])[A-Za-z0-9]{32}(?![\w+/=])", printed)
    (secret,) = re.findall(r"[A-Za-z0-9+/]{200,}={0,2}", printed)
    assert len(secret) == 216  # RSA-1024
    listed = tinct(youcam, "keys", "list", "--json")
    assert secret[:40] not in listed
    assert works(youcam, log_in(youcam.url, Account("", client_id, secret)))


def test_an_access_token_is_opaque_lives_two_hours_and_is_good_for_both_forms(
    youcam: Server, pair: Account
) -> None:
    made = said(auth(youcam, client_id=pair.client_id, id_token=id_token(pair)))
    assert made["result"]["expires_in"] == 7200
    token = made["result"]["access_token"]
    assert re.fullmatch(r"[A-Za-z0-9._-]+", token)
    assert works(youcam, token, "v1.0")
    assert works(youcam, token, "v2.0")


def test_an_id_token_may_come_again_and_several_access_tokens_live_at_once(
    youcam: Server, pair: Account
) -> None:
    proof = id_token(pair)
    tokens = [
        said(auth(youcam, client_id=pair.client_id, id_token=proof))["result"]["access_token"]
        for _ in range(3)
    ]
    assert len(set(tokens)) == 3
    assert all(works(youcam, token) for token in tokens)


def _as_it_is(proof: str) -> str:
    return proof


def _url_safe(proof: str) -> str:
    return proof.replace("+", "-").replace("/", "_").rstrip("=")


@pytest.mark.parametrize(
    "spelt", [_as_it_is, _url_safe, lambda proof: f"  {proof}\n", lambda proof: proof.rstrip("=")]
)
def test_id_tokens_are_accepted_as_clients_spell_them(youcam: Server, pair: Account, spelt: Any) -> None:
    said(auth(youcam, client_id=pair.client_id, id_token=spelt(id_token(pair))))


@pytest.mark.parametrize("width", [64, 10_000])
def test_the_secret_is_a_public_key_that_clients_wrap_into_pem(
    youcam: Server, pair: Account, width: int
) -> None:
    lines = "\n".join(textwrap.wrap(pair.client_secret, width))
    pem = f"-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----\n"
    key: Any = load_pem_public_key(pem.encode())
    assert key.key_size == 1024
    text = f"client_id={pair.client_id}&timestamp={int(time.time() * 1000)}"
    proof = base64.b64encode(key.encrypt(text.encode(), padding.PKCS1v15())).decode()
    assert len(base64.b64decode(proof)) == 128
    said(auth(youcam, client_id=pair.client_id, id_token=proof))


def test_the_key_itself_and_the_servers_own_key_are_bearers(youcam: Server, pair: Account) -> None:
    own = youcam.key()["api_key"]
    for bearer in (pair.client_id, own):
        for form in ("v1.0", "v1.1", "v2.0", "v2.1"):
            if form == "v1.1":
                assert Caller(youcam.url, bearer, form).declared(b"x")["file_id"]
            else:
                assert works(youcam, bearer, form), (bearer == own, form)


@pytest.mark.parametrize("header", ["bearer {}", "BEARER {}", "Bearer   {}"])
def test_the_scheme_is_understood_in_any_case(youcam: Server, pair: Account, header: str) -> None:
    reply = HTTP.get(
        f"{youcam.url}/s2s/v1.0/client/credit",
        headers={"Authorization": header.format(pair.client_id)},
    )
    said(reply)


# -- refusals --------------------------------------------------------------------------------------------


def test_an_undecryptable_id_token_is_refused_by_its_own_code(youcam: Server, pair: Account) -> None:
    for proof in (
        "AAAA",
        "!!!",
        base64.b64encode(bytes(128)).decode(),
        base64.b64encode(b"\xff" * 128).decode(),
    ):
        refused(auth(youcam, client_id=pair.client_id, id_token=proof), 401, "InvalidAuthentication")


def test_a_broken_padding_which_decrypts_to_random_text_is_never_let_in(
    youcam: Server, pair: Account
) -> None:
    proof = bytearray(base64.b64decode(id_token(pair)))
    for place in range(0, 128, 8):
        broken = bytearray(proof)
        broken[place] ^= 0x55
        spelt = base64.b64encode(broken).decode()
        refused(auth(youcam, client_id=pair.client_id, id_token=spelt), 401, "InvalidAuthentication")


def test_every_made_up_id_token_is_refused_by_the_same_sentence(youcam: Server, pair: Account) -> None:
    now = int(time.time() * 1000)
    texts = ("", "x", "client_id=" + "x" * 32 + f"&timestamp={now}", f"timestamp={now}", "x" * 100)
    proofs = ["AAAA", "!!!", base64.b64encode(bytes(128)).decode(), base64.b64encode(b"\xff" * 128).decode()]
    proofs += [encrypted(pair.client_secret, text) for text in texts]
    sentences = {
        refused(auth(youcam, client_id=pair.client_id, id_token=proof), 401, "InvalidAuthentication")
        for proof in proofs
    }
    assert len(sentences) == 1, sentences


@pytest.mark.parametrize("ago_s", [400, -400, 86_400, 10**9])
def test_a_stale_or_future_id_token_is_refused(youcam: Server, pair: Account, ago_s: float) -> None:
    proof = id_token(pair, ago_s=ago_s)
    refused(auth(youcam, client_id=pair.client_id, id_token=proof), 401, "InvalidAuthentication")


@pytest.mark.parametrize("ago_s", [240, -240])
def test_clocks_may_differ_by_four_minutes(youcam: Server, pair: Account, ago_s: float) -> None:
    said(auth(youcam, client_id=pair.client_id, id_token=id_token(pair, ago_s=ago_s)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "client_id={id}",
        "timestamp={now}&client_id={id}",
        "client_id={id}&timestamp={now}&more=1",
        " client_id={id}&timestamp={now}",
        "client_id={id}&timestamp={now}\n",
        "client_id={id}&timestamp=-{now}",
        "client_id={id}&timestamp={now}.5",
        "client_id={id}&timestamp=\N{ARABIC-INDIC DIGIT ONE}{now}",
        "client_id=" + "x" * 32 + "&timestamp={now}",
    ],
)
def test_an_id_token_of_another_pattern_or_of_another_client_is_refused(
    youcam: Server, pair: Account, text: str
) -> None:
    plain = text.format(id=pair.client_id, now=int(time.time() * 1000))
    proof = encrypted(pair.client_secret, plain)
    refused(auth(youcam, client_id=pair.client_id, id_token=proof), 401, "InvalidAuthentication")


def test_another_accounts_id_token_is_refused(youcam: Server, pair: Account) -> None:
    other = account(youcam)
    refused(auth(youcam, client_id=pair.client_id, id_token=id_token(other)), 401, "InvalidAuthentication")
    for_pair = f"client_id={pair.client_id}&timestamp={int(time.time() * 1000)}"
    proof = encrypted(other.client_secret, for_pair)  # the right words to the wrong key
    refused(auth(youcam, client_id=pair.client_id, id_token=proof), 401, "InvalidAuthentication")


def test_an_unknown_client_is_refused_before_its_token_is_looked_at(youcam: Server, pair: Account) -> None:
    for wrong in ("x" * 32, "é" * 40, "a" * 5000):
        refused(auth(youcam, client_id=wrong, id_token=id_token(pair)), 401, "InvalidApiKey")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"client_id": "x"},
        {"id_token": "x"},
        {"client_id": "", "id_token": "x"},
        {"client_id": "x", "id_token": ""},
        {"client_id": 7, "id_token": "x"},
        {"client_id": "x", "id_token": None},
        {"client_id": ["x"], "id_token": {}},
    ],
)
def test_missing_empty_and_ill_typed_fields_are_bad_parameters(youcam: Server, body: dict[str, Any]) -> None:
    refused(auth(youcam, **body), 400, "InvalidParameters")


def test_a_revoked_key_ends_itself_and_its_tokens(youcam: Server) -> None:
    gone = account(youcam)
    token = log_in(youcam.url, gone)
    assert works(youcam, token)
    tinct(youcam, "keys", "revoke", gone.id)
    refused(auth(youcam, client_id=gone.client_id, id_token=id_token(gone)), 401, "InactiveApiKey")
    refused(Caller(youcam.url, token).start("enhance", {}), 401, "InvalidAccessToken")
    refused(Caller(youcam.url, gone.client_id).start("enhance", {}), 401, "InvalidAccessToken")
    refused(Caller(youcam.url, gone.client_id, "v2.0").start("enhance", {}), 401, "InactiveApiKey")


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer nonsense", "Basic eDp4", "Token {}", "{}", "Bearer <{}>"],
)
def test_calls_without_a_good_bearer_are_refused_in_the_words_of_their_form(
    youcam: Server, pair: Account, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header.format(pair.client_id)}

    def call(method: str, path: str) -> httpx.Response:
        return HTTP.request(method, f"{youcam.url}/s2s/{path}", headers=headers)

    for method, path in (
        ("GET", "v1.0/client/credit"),
        ("GET", "v1.0/client/credit/history"),
        ("POST", "v1.0/file/enhance"),
        ("POST", "v1.0/task/enhance"),
        ("GET", "v1.0/task/enhance?task_id=x"),
        ("GET", "v1.0/task/style-group/hair-style"),
    ):
        reply = call(method, path)
        assert refused(reply, 401, "InvalidAccessToken") == "Unauthorized"
    for method, path in (
        ("POST", "v2.0/file"),
        ("POST", "v2.0/task/enhance"),
        ("GET", "v2.0/task/enhance/xxxxxxxxxxxx"),
        ("POST", "v2.0/task/delete"),
        ("GET", "v2.0/credit/feature-cost"),
        ("GET", "v2.0/task/template/bg-replace"),
    ):
        reply = call(method, path)
        assert refused(reply, 401, "InvalidApiKey") == "This API key is not recognized."


def test_keys_and_tokens_of_other_wire_formats_are_none_here_and_the_other_way_round(
    youcam: Server, pair: Account
) -> None:
    made = json.loads(tinct(youcam, "keys", "create", "--name", "all", "--json"))
    for other in (made["picma"]["token"], made["cos"]["secret_id"], made["cos"]["secret_key"]):
        assert not works(youcam, other, "v1.0")
        assert not works(youcam, other, "v2.0")
    assert not works(youcam, made["youcam"]["client_secret"])
    for bearer in (pair.client_id, log_in(youcam.url, pair)):
        headers = {"Authorization": f"Bearer {bearer}"}
        assert HTTP.get(f"{youcam.url}/v1/account", headers=headers).status_code == 401


def test_the_private_half_is_nowhere_in_what_the_server_shows(youcam: Server, pair: Account) -> None:
    """The pair that is printed is a public key: it can encrypt, and no more."""
    key: Any = load_der_public_key(base64.b64decode(pair.client_secret))
    assert not hasattr(key, "private_numbers")
    assert pair.client_secret not in youcam.logged()
