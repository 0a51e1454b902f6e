"""Access tokens, key pairs, rotation, and what a refused credential was worth."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

from tinct.accounts.credential import Standing
from tinct.errors import KeyRefusedError, ParameterError

pytestmark = pytest.mark.asyncio
KIND = "youcam.token"


async def test_a_token_opens_its_account_for_its_life_and_is_stored_only_as_a_hash(backend, account):
    token = await backend.tokens.issue(account, KIND, seconds=60, scopes=["x"])
    assert re.fullmatch(r"[A-Za-z0-9_-]{40,}", token.text)
    found = await backend.tokens.account(KIND, token.text)
    assert (found.id, found.credential_id, found.scopes) == (account, token.id, ("x",))
    row = await backend.database.one("SELECT string_agg(c::text, ' ') AS text FROM credentials c")
    assert token.text[16:] not in row["text"]
    await backend.database.run("UPDATE credentials SET expires_at = now() WHERE id = %s", (token.id,))
    with pytest.raises(KeyRefusedError):
        await backend.tokens.account(KIND, token.text)
    await backend.database.run("UPDATE credentials SET expires_at = now() - interval '2 days'")
    assert await backend.tokens.sweep() == 1


async def test_wrong_tokens_and_those_of_another_kind_are_refused_in_the_same_words(backend, account):
    token = await backend.tokens.issue(account, KIND, seconds=60)
    text = token.text
    other = "A" if text[-1] != "A" else "B"
    messages = set()
    for kind, wrong in (
        *(
            (KIND, each)
            for each in ("", text[:-1], text + "A", text[:-1] + other, "\0", "\ud800" * 20, "x" * 999)
        ),
        ("other.token", text),
        ("api_key", text),
    ):
        with pytest.raises(KeyRefusedError) as caught:
            await backend.tokens.account(kind, wrong)
        messages.add(str(caught.value))
    assert len(messages) == 1
    with pytest.raises(ParameterError):
        await backend.tokens.issue(account, KIND, seconds=0)


async def test_a_token_ends_when_it_its_parent_or_its_account_is_revoked(backend, account):
    parent = await backend.accounts.add_secret(account, "youcam", "client", b"secret")
    one, two, three = [
        await backend.tokens.issue(account, KIND, seconds=60, parent_id=parent_id)
        for parent_id in (None, parent, None)
    ]
    assert await backend.tokens.revoke(KIND, one.text)
    assert not await backend.tokens.revoke(KIND, one.text)
    assert (await backend.tokens.account(KIND, two.text)).id == account
    await backend.accounts.revoke_credential(parent)
    for token in (one, two):
        with pytest.raises(KeyRefusedError):
            await backend.tokens.account(KIND, token.text)
    assert (await backend.tokens.account(KIND, three.text)).id == account
    await backend.accounts.revoke(account)
    with pytest.raises(KeyRefusedError):
        await backend.tokens.account(KIND, three.text)


async def test_a_client_encrypts_with_the_half_that_is_shown_and_the_server_reads_it(backend, account):
    shown = await backend.key_pairs.issue(account, "youcam", "client", keep="private", bits=1024)
    assert len(shown) == 162  # SubjectPublicKeyInfo of RSA-1024: 216 characters of base64
    encrypted = load_der_public_key(shown).encrypt(b"client_id=client", padding.PKCS1v15())
    found, text = await backend.key_pairs.decrypt("youcam", "client", encrypted)
    assert (found.id, text) == (account, b"client_id=client")
    for wrong in (b"", encrypted[:-1]):
        with pytest.raises(KeyRefusedError):
            await backend.key_pairs.decrypt("youcam", "client", wrong)
    with pytest.raises(KeyRefusedError):
        await backend.key_pairs.decrypt("youcam", "stranger", encrypted)
    with pytest.raises(ParameterError):
        await backend.key_pairs.issue(account, "youcam", "short", keep="private", bits=512)


async def test_a_client_signs_with_the_half_that_is_shown_and_the_server_checks_it(backend, account):
    shown = await backend.key_pairs.issue(account, "signer", "client", keep="public")
    signature = load_der_private_key(shown, None).sign(b"message", padding.PKCS1v15(), hashes.SHA256())
    assert (await backend.key_pairs.verify("signer", "client", b"message", signature)).id == account
    for message, wrong in ((b"other", signature), (b"message", b""), (b"message", signature[::-1])):
        with pytest.raises(KeyRefusedError):
            await backend.key_pairs.verify("signer", "client", message, wrong)
    row = await backend.database.one("SELECT string_agg(c::text, ' ') AS text FROM credentials c")
    assert shown[40:80].hex() not in row["text"]


async def test_a_rotated_key_works_for_a_grace_period_beside_the_new_one(backend, account):
    old = await backend.accounts.add_key(account, name="laptop", scopes=["jobs"])
    first = (await backend.accounts.credentials(account))[0]
    old_id = (await backend.accounts.authenticate(old)).credential_id
    new = await backend.accounts.rotate(old_id, grace_s=3600)
    for key in (old, new):
        found = await backend.accounts.authenticate(key)
        assert (found.id, found.scopes) == (account, ("jobs",))
    await backend.accounts.retire(old_id, grace_s=7200)  # never later than before
    listed = {c.id: c for c in await backend.accounts.credentials(account)}
    assert listed[old_id].expires_at < datetime.now(UTC) + timedelta(seconds=3601)
    assert (listed[found.credential_id].name, listed[found.credential_id].expires_at) == ("laptop", None)
    await backend.database.run(
        "UPDATE credentials SET expires_at = expires_at - interval '1 hour' WHERE id = %s", (old_id,)
    )
    with pytest.raises(KeyRefusedError):
        await backend.accounts.authenticate(old)
    assert (await backend.accounts.authenticate(new)).id == account
    with pytest.raises(KeyRefusedError):
        await backend.accounts.rotate(old_id, grace_s=0)
    assert (await backend.accounts.credentials(account))[0] == first  # another key of the account


async def test_a_refused_credential_tells_why_to_those_who_may_say_it(backend, account):
    async def standing() -> Standing:
        return await backend.accounts.standing("youcam", "client")

    assert await standing() is Standing.UNKNOWN
    cred = await backend.accounts.add_secret(account, "youcam", "client", b"secret")
    assert await standing() is Standing.LIVE
    await backend.database.run("UPDATE credentials SET expires_at = now() WHERE id = %s", (cred,))
    assert await standing() is Standing.EXPIRED
    await backend.accounts.revoke_credential(cred)
    assert await standing() is Standing.REVOKED
    assert await backend.accounts.standing("youcam", "\0") is Standing.UNKNOWN
