"""Browser sessions: what opens them, what ends them, and what a page of another site cannot do with them."""

import asyncio
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import pytest_asyncio

from tinct.backend import Backend
from tinct.errors import CrossSiteError, KeyRefusedError
from tinct.server.app import create_app

PLAIN = "http://tinct.example.org"


@pytest_asyncio.fixture
async def key(backend: Backend) -> str:
    return (await backend.accounts.create("tester")).api_key


@pytest_asyncio.fixture
async def browser(backend: Backend):
    transport = httpx.ASGITransport(create_app(backend), client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=transport, base_url=PLAIN) as opened:
        yield opened


async def signed_in(browser: httpx.AsyncClient, key: str) -> str:
    reply = await browser.post("/v1/session", headers={"Authorization": f"Bearer {key}"})
    assert reply.status_code == 201, reply.text
    return str(reply.json()["csrf"])


def refused(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, reply.json()["error"]["code"]


@pytest.mark.asyncio
async def test_a_key_opens_a_session_whose_cookie_reads_and_whose_token_changes(browser, key):
    csrf = await signed_in(browser, key)
    assert (await browser.get("/v1/account")).json()["name"] == "tester"
    assert refused(await browser.delete("/v1/files/file_x")) == (403, "csrf_refused")
    assert refused(await browser.delete("/v1/files/file_x", headers={"X-CSRF-Token": "0" * 64})) == (
        403,
        "csrf_refused",
    )
    assert refused(await browser.delete("/v1/files/file_x", headers={"X-CSRF-Token": csrf})) == (
        404,
        "file_not_found",
    )
    again = (await browser.get("/v1/session")).json()
    assert again["csrf"] == csrf


@pytest.mark.asyncio
async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(browser, key):
    reply = await browser.post("/v1/session", headers={"Authorization": f"Bearer {key}"})
    cookie = reply.headers["set-cookie"]
    for part in ("HttpOnly", "SameSite=strict", "Path=/v1"):
        assert part in cookie
    assert "Secure" not in cookie  # the server is reached without TLS
    assert reply.headers["cache-control"] == "no-store"
    assert key not in reply.text


@pytest.mark.asyncio
async def test_a_cookie_for_tls_alone_where_the_server_is_reached_so(postgres, tmp_path, key, backend):
    transport = httpx.ASGITransport(create_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="https://tinct.example.org") as browser:
        reply = await browser.post("/v1/session", headers={"Authorization": f"Bearer {key}"})
    assert "Secure" in reply.headers["set-cookie"]


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.asyncio
async def test_what_another_sites_page_sends_changes_nothing_even_with_the_token(browser, key, site):
    csrf = await signed_in(browser, key)
    headers = {"X-CSRF-Token": csrf, "Sec-Fetch-Site": site}
    assert refused(await browser.delete("/v1/session", headers=headers)) == (403, "csrf_refused")
    opening = await browser.post("/v1/session", json={"code": "x"}, headers={"Sec-Fetch-Site": site})
    assert refused(opening) == (403, "csrf_refused")
    assert (await browser.get("/v1/account")).status_code == 200


@pytest.mark.asyncio
async def test_a_session_ends_with_its_key_with_its_account_and_when_it_is_ended(backend, browser, key):
    csrf = await signed_in(browser, key)
    left = await browser.delete("/v1/session", headers={"X-CSRF-Token": csrf})
    assert left.status_code == 204
    assert 'tinct_session=""' in left.headers["set-cookie"]
    assert refused(await browser.get("/v1/account")) == (401, "key_refused")

    await signed_in(browser, key)
    account = await backend.accounts.authenticate(key)
    await backend.accounts.revoke_credential(account.credential_id)
    assert refused(await browser.get("/v1/account")) == (401, "key_refused")

    await signed_in(browser, await backend.accounts.add_key(account.id))
    await backend.accounts.revoke(account.id)
    assert refused(await browser.get("/v1/account")) == (401, "key_refused")


@pytest.mark.asyncio
async def test_a_session_ends_when_its_time_is_over(backend, browser, key):
    await signed_in(browser, key)
    await backend.database.run(
        "UPDATE credentials SET expires_at = %s WHERE kind = 'browser.session'",
        (datetime.now(UTC) - timedelta(seconds=1),),
    )
    assert refused(await browser.get("/v1/account")) == (401, "key_refused")


@pytest.mark.asyncio
async def test_a_key_that_is_sent_counts_more_than_a_cookie(browser, key):
    await signed_in(browser, key)
    wrong = await browser.get("/v1/account", headers={"Authorization": "Bearer tnct_wrong"})
    assert refused(wrong) == (401, "key_refused")
    right = await browser.delete("/v1/files/file_x", headers={"Authorization": f"Bearer {key}"})
    assert refused(right) == (404, "file_not_found")


@pytest.mark.asyncio
async def test_a_link_opens_one_session_however_many_try_at_once(backend, browser, key):
    account = await backend.accounts.authenticate(key)
    code = await backend.sessions.link(account.id)
    replies = await asyncio.gather(*(browser.post("/v1/session", json={"code": code}) for _ in range(10)))
    assert sorted(reply.status_code for reply in replies) == [201] + [401] * 9
    assert (await browser.get("/v1/account")).json()["id"] == account.id


@pytest.mark.parametrize("code", ["", "x", "é" * 20, "x" * 200])
@pytest.mark.asyncio
async def test_no_other_code_opens_a_session(browser, code):
    reply = await browser.post("/v1/session", json={"code": code})
    assert reply.status_code in (401, 422)
    assert "set-cookie" not in reply.headers


@pytest.mark.asyncio
async def test_one_session_s_token_is_worth_nothing_in_another(backend, key):
    account = await backend.accounts.authenticate(key)
    first, second = [await backend.sessions.open(account) for _ in range(2)]
    backend.sessions.check(first.text, first.csrf)
    for wrong in (second.csrf, None, "", "é", first.csrf + "00"):
        with pytest.raises(CrossSiteError):
            backend.sessions.check(first.text, wrong)
    with pytest.raises(KeyRefusedError):
        await backend.sessions.account(await backend.sessions.link(account.id))


@pytest.mark.asyncio
async def test_two_servers_on_one_machine_do_not_end_each_others_sessions(backend, key):
    """Browsers keep cookies by host, whatever the port."""
    transport = httpx.ASGITransport(create_app(backend), client=("203.0.113.5", 1))
    async with httpx.AsyncClient(transport=transport) as browser:
        given = {"Authorization": f"Bearer {key}"}
        first, second = "http://127.0.0.1:8080", "http://127.0.0.1:8081"
        csrf = (await browser.post(f"{first}/v1/session", headers=given)).json()["csrf"]
        other = (await browser.post(f"{second}/v1/session", headers=given)).json()["csrf"]
        assert (await browser.get(f"{first}/v1/session")).json()["csrf"] == csrf != other
        await browser.delete(f"{second}/v1/session", headers={"X-CSRF-Token": other})
        assert (await browser.get(f"{second}/v1/session")).status_code == 204
        assert (await browser.get(f"{first}/v1/account")).status_code == 200
