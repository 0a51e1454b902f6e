"""API keys and the secrets of signed dialects."""

from datetime import UTC, datetime, timedelta

import pytest

from tinct.accounts.keys import Accounts
from tinct.errors import KeyRefusedError, ParameterError, StorageError
from tinct.storage.keyring import Keyring

pytestmark = pytest.mark.asyncio


async def test_a_key_opens_its_account_and_is_stored_only_as_a_hash(backend):
    made = await backend.accounts.create("  Anna ", credits=5)
    assert made.api_key.startswith("tnct_")
    found = await backend.accounts.authenticate(made.api_key)
    assert (found.id, found.name, found.unlimited) == (made.account.id, "Anna", False)
    rows = await backend.database.all("SELECT c::text AS text FROM credentials c")
    assert len(rows) == 1
    assert made.api_key not in rows[0]["text"]
    assert made.api_key[17:] not in rows[0]["text"]


async def test_wrong_keys_are_all_refused_in_the_same_words(backend):
    key = (await backend.accounts.create("Anna")).api_key
    last = "0" if key[-1] != "0" else "1"
    wrong = [
        "",
        "x",
        "tnct_",
        key[:-1],
        key + "0",
        key[:-1] + last,
        key.upper(),
        "tnct_\0" + key[6:],
        "\ud800" * 9,
    ]
    messages = set()
    for attempt in wrong:
        with pytest.raises(KeyRefusedError) as caught:
            await backend.accounts.authenticate(attempt)
        messages.add(str(caught.value))
    assert len(messages) == 1


async def test_each_key_of_an_account_can_be_revoked_by_itself(backend):
    made = await backend.accounts.create("Anna")
    second = await backend.accounts.add_key(made.account.id, name="laptop")
    first_id, second_id = [c.id for c in await backend.accounts.credentials(made.account.id)]
    assert await backend.accounts.revoke_credential(first_id)
    assert not await backend.accounts.revoke_credential(first_id)
    with pytest.raises(KeyRefusedError):
        await backend.accounts.authenticate(made.api_key)
    assert (await backend.accounts.authenticate(second)).id == made.account.id
    credentials = {c.id: c for c in await backend.accounts.credentials(made.account.id)}
    assert credentials[first_id].revoked_at is not None
    assert credentials[second_id].last_used_at is not None


async def test_a_revoked_account_refuses_every_key_and_secret(backend):
    made = await backend.accounts.create("Anna")
    await backend.accounts.add_secret(made.account.id, "cos", "id-1", b"secret")
    assert await backend.accounts.revoke(made.account.id)
    assert not await backend.accounts.revoke(made.account.id)
    with pytest.raises(KeyRefusedError):
        await backend.accounts.authenticate(made.api_key)
    with pytest.raises(KeyRefusedError):
        await backend.accounts.secret("cos", "id-1")
    assert [account.revoked_at is None for account in await backend.accounts.list()] == [False]


async def test_a_key_expires(backend, account):
    now = datetime.now(UTC)
    live = await backend.accounts.add_key(account, expires_at=now + timedelta(hours=1))
    dead = await backend.accounts.add_key(account, expires_at=now - timedelta(seconds=1))
    assert (await backend.accounts.authenticate(live)).id == account
    with pytest.raises(KeyRefusedError):
        await backend.accounts.authenticate(dead)


async def test_a_key_with_scopes_does_only_what_they_say(backend, account):
    key = await backend.accounts.add_key(account, scopes=["jobs:read"])
    assert (await backend.accounts.authenticate(key, scope="jobs:read")).scopes == ("jobs:read",)
    with pytest.raises(KeyRefusedError, match="jobs:write"):
        await backend.accounts.authenticate(key, scope="jobs:write")


async def test_secrets_come_back_and_are_not_stored_in_the_clear(backend, account):
    await backend.accounts.add_secret(account, "cos", "AKID1", b"first secret")
    await backend.accounts.add_secret(account, "cos", "AKID2", b"second secret")
    owner, secret = await backend.accounts.secret("cos", "AKID1")
    assert (owner.id, secret) == (account, b"first secret")
    assert await backend.accounts.secret_of(account, "cos") == ("AKID2", b"second secret")
    assert await backend.accounts.secret_of(account, "webhook") is None
    for kind, public_id in (("youcam", "AKID1"), ("cos", "AKID3"), ("cos", "\0")):
        with pytest.raises(KeyRefusedError):
            await backend.accounts.secret(kind, public_id)
    row = await backend.database.one("SELECT string_agg(c::text, ' ') AS text FROM credentials c")
    assert b"secret".hex() not in row["text"]


async def test_rotating_the_servers_secret_keeps_keys_and_secrets_working(backend):
    old, new = "o" * 40, "n" * 40
    before = Accounts(backend.database, Keyring((old,)))
    made = await before.create("Anna")
    await before.add_secret(made.account.id, "cos", "id", b"sealed")
    during = Accounts(backend.database, Keyring((new, old)))
    assert (await during.authenticate(made.api_key)).id == made.account.id
    assert (await during.secret("cos", "id"))[1] == b"sealed"
    after = Accounts(backend.database, Keyring((new,)))
    with pytest.raises(KeyRefusedError):
        await after.authenticate(made.api_key)
    with pytest.raises(StorageError, match="TINCT_SECRET"):
        await after.secret("cos", "id")


async def test_first_start_is_recognised_by_there_being_no_account(backend):
    assert not await backend.accounts.any()
    await backend.accounts.create("Anna")
    assert await backend.accounts.any()


@pytest.mark.parametrize(("name", "credits"), [("", None), ("   ", None), ("x" * 201, None), ("x", -1)])
async def test_an_account_needs_a_name_and_no_debt(backend, name, credits):
    with pytest.raises(ParameterError):
        await backend.accounts.create(name, credits=credits)


async def test_an_account_without_credits_has_none(backend):
    made = await backend.accounts.create("poor", credits=0)
    balance = await backend.credits.balance(made.account.id)
    assert (balance.unlimited, balance.available) == (False, 0)
