"""Units of the YouCam API: grants, balances, history, and what repeated and failed calls cost."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from running import Server
from youcam_hazards import RAISES, picture
from youcam_wire import BODIES, Account, Caller, Json, account, filled, log_in, said, state, tinct

FOR_EVER = 253_402_300_799_000


def lighting(file: str, number: int = 0) -> Json:
    return dict(filled(BODIES["v1.0"]["lighting"], F=file) | {"request_id": number})


def grant(server: Server, to: Account, amount: int, *words: str) -> None:
    tinct(server, "credits", "grant", to.id, str(amount), *words)


def both(server: Server, of: Account) -> tuple[Caller, Caller]:
    """The same account by an access token and by its key."""
    return Caller(server.url, log_in(server.url, of)), Caller(server.url, of.client_id)


def units(caller: Caller) -> list[Json]:
    return list(said(caller.http.get("/v1.0/client/credit"))["results"])


def test_grants_are_listed_in_spending_order_under_the_names_of_the_kind_of_bearer(youcam: Server) -> None:
    of = account(youcam, credits=0)
    assert units(Caller(youcam.url, of.client_id)) == []
    grant(youcam, of, 10, "--kind", "bought")
    grant(youcam, of, 95, "--kind", "subscription", "--days", "30")
    grant(youcam, of, 5, "--kind", "gift", "--days", "2")
    by_token, by_key = both(youcam, of)
    old = units(by_token)
    assert all({"id", "type", "amount", "expiry"} <= set(one) for one in old)
    assert [one["amount"] for one in old] == [5, 95, 10]
    assert old[1]["type"] == "SubsToken"
    assert old[2]["type"] == "PaygToken"
    assert [type(one["id"]) for one in old] == [int] * 3
    now = time.time() * 1000
    days = [(one["expiry"] - now) / 86_400_000 for one in old[:2]]
    assert days == pytest.approx([2, 30], abs=0.01)
    assert old[2]["expiry"] == FOR_EVER
    new = units(by_key)
    assert [set(one) for one in new] == [{"id", "type", "amount", "amount_dec", "expiry"}] * 3
    assert [one["type"] for one in new] == ["Api" + one["type"] for one in old]
    assert [one["amount_dec"] for one in new] == [5, 95, 10]


def test_an_account_without_a_limit_shows_a_million(v1: Caller, v2: Caller) -> None:
    for caller in (v1, v2):
        (one,) = units(caller)
        assert (one["id"], one["amount"]) == (0, 1_000_000)
        assert one["type"].removeprefix("Api") == "SubsToken"


def test_what_ends_first_is_spent_first_and_one_entry_says_from_where(youcam: Server) -> None:
    of = account(youcam, credits=0)
    grant(youcam, of, 10, "--kind", "bought")
    grant(youcam, of, 1, "--kind", "subscription", "--days", "2")
    by_token, by_key = both(youcam, of)
    soon, late = (one["id"] for one in units(by_token))
    task = by_token.run("lighting", lighting(by_token.upload(picture(0.3))))
    assert by_token.balance() == 11  # nothing is consumed while it runs
    by_token.ended("lighting", task)
    assert [(one["id"], one["amount"]) for one in units(by_token)] == [(late, 9)]
    entry, *older = by_token.history()["history"]
    assert set(entry) == {"id", "timestamp", "action", "target_id", "info"}
    assert (entry["action"], entry["target_id"]) == ("api_lighting", task)
    drawn = [(one["id"], one["amount"]) for one in entry["info"]["credits"]]
    assert (set(entry["info"]), drawn) == ({"credits"}, [(soon, -1), (late, -1)])
    assert abs(entry["timestamp"] / 1000 - time.time()) < 120
    assert [one["action"] for one in older] == ["subscription_credits", "permanent_credits"]
    assert [one["info"]["credits"][0]["amount"] for one in older] == [1, 10]
    assert [one["target_id"] for one in older] == [str(soon), str(late)]
    newest = by_key.history(page_size=1)["history"][0]
    assert [one["amount_dec"] for one in newest["info"]["credits"]] == [-1, -1]


def test_the_history_comes_in_pages_newest_first(youcam: Server) -> None:
    of = account(youcam, credits=0)
    kinds = ["subscription", "bought", "gift", "compensation", "renewal"]
    for amount, kind in enumerate(kinds, 1):
        grant(youcam, of, amount, "--kind", kind)
    caller = Caller(youcam.url, of.client_id)
    found: list[Json] = []
    query: dict[str, Any] = {"page_size": 2}
    sizes = []
    while True:
        page = caller.history(**query)
        sizes.append(len(page["history"]))
        found += page["history"]
        if page["next_token"] is None:
            break
        assert page["next_token"].isdigit()
        query["starting_token"] = page["next_token"]
    assert sizes == [2, 2, 1]
    assert [one["action"] for one in found] == [
        "renew",
        "compensation_from_customer_service",
        "sign_up_gift",
        "permanent_credits",
        "subscription_credits",
    ]
    assert len(caller.history(page_size=30, starting_token="")["history"]) == 5
    assert len(caller.history(starting_token="null")["history"]) == 5


def test_what_lapses_is_an_entry_and_is_gone(youcam: Server) -> None:
    of = account(youcam, credits=0)
    grant(youcam, of, 4, "--kind", "gift", "--days", str(2 / 86_400))
    caller = Caller(youcam.url, of.client_id)
    for _ in range(100):
        entry = caller.history(page_size=1)["history"][0]
        if entry["action"] == "expire":
            break
        time.sleep(0.2)
    assert (entry["action"], entry["target_id"]) == ("expire", "")
    assert [one["amount"] for one in entry["info"]["credits"]] == [-4]
    assert units(caller) == []


def test_thirty_tasks_at_once_spend_what_there_is_and_no_more(youcam: Server) -> None:
    caller = Caller(youcam.url, account(youcam, credits=5).client_id)
    file = caller.upload(picture(0))
    with ThreadPoolExecutor(15) as pool:
        replies = list(pool.map(lambda n: caller.start("lighting", lighting(file, n)), range(30)))
    taken = [reply.json()["result"]["task_id"] for reply in replies if reply.status_code == 200]
    assert len(taken) == 2
    assert {r.json()["error_code"] for r in replies if r.status_code != 200} == {"CreditInsufficiency"}
    for task in taken:
        caller.ended("lighting", task)
    assert caller.balance() == 1


def test_a_task_that_fails_costs_nothing_and_leaves_no_entry(youcam: Server) -> None:
    of = account(youcam, credits=5)
    caller = Caller(youcam.url, of.client_id)
    before = caller.history()
    assert caller.failed("lighting", lighting(caller.upload(picture(0, RAISES)))) == "error_inference"
    assert caller.failed("lighting", lighting(caller.upload(b"words"))) == "error_decode_image"
    newer = caller.in_form("v2.0")
    assert newer.failed("lighting", {"src_file_id": newer.upload(b"words")}) == "error_decode_image"
    assert caller.balance() == 5
    assert caller.history() == before


# -- repeated calls of the older form --------------------------------------------------------------------


@pytest.fixture
def payer(youcam: Server) -> Caller:
    """Somebody with 20 units."""
    return Caller(youcam.url, account(youcam, credits=20).client_id)


def test_the_same_call_again_is_the_same_task_charged_once(payer: Caller) -> None:
    body = lighting(payer.upload(picture(0.2)))
    first = payer.run("lighting", body)
    assert payer.run("lighting", body) == first
    payer.ended("lighting", first)
    assert payer.run("relight", body) == first
    assert payer.balance() == 18


def test_another_number_file_tool_or_account_is_another_task(payer: Caller, other_caller: Caller) -> None:
    file = payer.upload(picture(0))
    tasks = [payer.run("lighting", lighting(file, number)) for number in (0, 1, 2**53)]
    tasks.append(payer.run("lighting", lighting(payer.upload(picture(0)))))
    tasks.append(payer.run("sod", lighting(file)))
    tasks.append(other_caller.run("lighting", lighting(other_caller.upload(picture(0)))))
    assert len(set(tasks)) == 6
    for task in tasks[:4]:
        payer.ended("lighting", task)


def test_fifty_equal_calls_at_once_are_one_task(payer: Caller) -> None:
    body = lighting(payer.upload(picture(0.3)))
    with ThreadPoolExecutor(25) as pool:
        tasks = set(pool.map(lambda _: payer.run("lighting", body), range(50)))
    (task,) = tasks
    payer.ended("lighting", task)
    assert payer.balance() == 18


def test_a_call_whose_task_failed_runs_anew(payer: Caller) -> None:
    body = lighting(payer.upload(picture(0, RAISES)))
    first = payer.run("lighting", body)
    assert state(payer.ended("lighting", first)) == "error"
    second = payer.run("lighting", body)
    assert second != first
    payer.ended("lighting", second)
    assert payer.balance() == 20


def test_calls_of_hair_tools_without_a_number_are_never_repeats(payer: Caller) -> None:
    """Where the tool is installed; else nothing is remembered of it either."""
    body = filled(BODIES["v1.0"]["hair-vol"], F=payer.upload(picture(0)))
    groups = said(payer.http.get("/v1.0/task/style-group/hair-vol"))["result"]["groups"]
    if groups:
        group = groups[0]["id"]
        styles = said(payer.http.get(f"/v1.0/task/style/hair-vol?style_group_id={group}"))["result"]["styles"]
        params = {"style_group_id": group, "style_ids": [styles[0]["id"]]}
        body["payload"]["actions"][0]["params"] = params
    replies = [payer.start("hair-vol", body) for _ in range(2)]
    if replies[0].status_code != 200:
        assert replies[0].json()["error_code"] == replies[1].json()["error_code"]
        return
    assert replies[0].json()["result"]["task_id"] != replies[1].json()["result"]["task_id"]
