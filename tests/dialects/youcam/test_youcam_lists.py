"""Units, styles and templates, limits, webhooks."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from youcam_client import Client, id_token, member

from backends import Postgres, working
from receivers import Receiver, reply
from tinct.backend import Backend, open_backend
from tinct.dialects.refusals import RefusalError
from tinct.dialects.youcam.ask import Chosen
from tinct.dialects.youcam.styles import resolve
from tinct.dialects.youcam.tools import find
from tinct.effects.hair.mannequin import mannequin
from tinct.errors import ParameterError
from tinct.jobs.job import Failure, JobState
from tinct.jobs.moves import end
from tinct.models import hairstyles
from tinct.settings import current

pytestmark = pytest.mark.asyncio


async def charged(backend: Backend, client: Client, task: str) -> None:
    async with working(backend):
        assert (await client.ended("enhance", task))["task_status"] == "success"


async def test_units_are_told_by_kind_and_spent_from_the_grant_that_ends_first(backend: Backend) -> None:
    account, pair = await member(backend, credits=0)
    soon, late = (datetime.now(UTC) + timedelta(days=days) for days in (1, 30))
    bought = await backend.credits.grant(account.id, 10, kind="bought", expires_at=late)
    rented = await backend.credits.grant(account.id, 1, kind="subscription", expires_at=soon)
    await backend.credits.grant(account.id, 5, kind="gift")
    client = Client(backend, pair["client_id"])
    body = {"client_id": pair["client_id"], "id_token": id_token(pair)}
    token = (await client.said("POST", "v1.0/client/auth", json=body))["result"]["access_token"]
    task = await client.run("enhance", src_file_id=await client.sent(), scale=1)
    rows = (await client.said("GET", "v1.0/client/credit"))["results"]
    assert [(row["type"], row["amount"], row["amount_dec"]) for row in rows] == [
        ("ApiSubsToken", 1, 1.0),
        ("ApiPaygToken", 10, 10.0),
        ("ApiPaygToken", 5, 5.0),
    ]
    assert rows[2]["expiry"] == 253402300799000
    older = (await Client(backend, token).said("GET", "v1.0/client/credit"))["results"]
    assert [row["type"] for row in older] == ["SubsToken", "PaygToken", "PaygToken"]
    await charged(backend, client, task)
    found = (await client.said("GET", "v1.0/client/credit/history"))["result"]
    assert found["next_token"] is None
    assert [(row["action"], row["target_id"]) for row in found["history"]] == [
        ("api_photo_enhance", task),
        ("sign_up_gift", found["history"][1]["target_id"]),
        ("subscription_credits", str(rented)),
        ("permanent_credits", str(bought)),
    ]
    spent = found["history"][0]["info"]["credits"]
    assert [(part["id"], part["amount"]) for part in spent] == [(rented, -1), (bought, -1)]


async def test_a_failed_task_leaves_nothing_in_the_history(backend: Backend) -> None:
    account, pair = await member(backend, credits=2)
    client = Client(backend, pair["client_id"])
    task = await client.run("enhance", src_file_id=await client.sent(), scale=1)
    async with backend.database.transaction() as connection:
        await end(connection, task, JobState.FAILED, failure=Failure(code="internal", message="no"))
    found = (await client.said("GET", "v1.0/client/credit/history"))["result"]["history"]
    assert [row["action"] for row in found] == ["permanent_credits"]
    assert (await backend.credits.balance(account.id)).available == 2


async def test_too_few_units_are_told_before_the_task_is_made_even_where_it_would_fail(
    backend: Backend,
) -> None:
    client = Client(backend, (await member(backend, credits=1))[1]["client_id"])
    for file in (await client.sent(), (await client.declared())["file_id"]):
        body = {"src_file_id": file, "scale": 1}
        await client.refused("POST", "v2.0/task/enhance", 400, "CreditInsufficiency", json=body)


async def test_history_comes_in_pages(backend: Backend) -> None:
    account, pair = await member(backend, credits=0)
    for _ in range(5):
        await backend.credits.grant(account.id, 1)
    client, seen, token = Client(backend, pair["client_id"]), [], ""
    while True:
        path = f"v1.0/client/credit/history?page_size=2&starting_token={token}"
        found = (await client.said("GET", path))["result"]
        seen += [row["id"] for row in found["history"]]
        token = found["next_token"]
        if token is None:
            break
        assert token.isdigit()
    assert len(set(seen)) == 5
    for query in ("page_size=31", "page_size=0", "page_size=x", "starting_token=x"):
        await client.refused("GET", f"v1.0/client/credit/history?{query}", 400, "InvalidParameters")


async def test_costs_name_every_tool_once(client: Client) -> None:
    first = (await client.said("GET", "v2.0/credit/feature-cost?page_size=20"))["result"]
    rest = (await client.said("GET", f"v2.0/credit/feature-cost?starting_token={first['next_token']}"))[
        "result"
    ]
    skus = first["skus"] + rest["skus"]
    assert rest["next_token"] is None
    urls = {sku["run_task_url"].partition("/task/")[2]: sku for sku in skus}
    assert len(urls) == len(skus)
    assert urls["enhance"]["amount"] == 2
    assert {name: urls["video-sr"][name] for name in ("amount", "unit", "proc_unit")} == {
        "amount": 1,
        "unit": "second",
        "proc_unit": 2,
    }
    assert "face-swap/pre-process" not in urls


async def test_templates_of_backgrounds_have_pictures_and_make_tasks(
    backend: Backend, client: Client
) -> None:
    rows, token = [], "null"
    while token is not None:
        path = f"v2.0/task/template/bg-replace?page_size=5&starting_token={token}"
        found = (await client.said("GET", path))["data"]
        rows, token = rows + found["templates"], found["next_token"]
    assert len({row["id"] for row in rows}) == len(rows) == 16
    assert set(rows[0]) == {"id", "thumb", "title", "category_name"}
    assert "nature_cherryblossom" in {row["id"] for row in rows}
    picture = await Client(backend).http.get(rows[0]["thumb"])
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    await Client(backend).refused("GET", "thumb/backgrounds/none.jpg", 404, "NotFound")
    file = await client.sent()
    for chosen in (
        {"template_id": rows[3]["id"]},
        {"template_id": "14"},
        {"style_group_id": 1, "style_ids": [14]},
    ):
        task = await client.run("bg-replace", src_file_id=file, type="template", **chosen)
        job = await backend.database.one("SELECT params FROM jobs WHERE id = %s", (task,))
        assert job is not None
        assert job["params"] == {"mode": "change", "scene": rows[3]["id"]}
    unknown = {"src_file_id": file, "type": "template", "template_id": "none"}
    await client.refused("POST", "v2.0/task/bg-replace", 400, "InvalidStyle", json=unknown)
    await client.run("bg-replace", src_file_id=file, type="prompt", template_id="none")  # ignored


HELD = (
    "female_s_wave_brunette", "female_blunt_bob", "female_sleek_middle_part", "female_retro_brown_waves",
    "female_messy_bun_brown", "all_messy_tapered_fade", "male_textured_crop", "all_side_swept_undercut", "all_buzz_cut",
)  # fmt: skip


async def test_ids_that_clients_hold_are_known_and_others_are_not(client: Client) -> None:
    file = await client.sent()
    for name in HELD:
        for path in ("v2.0/task/hair-style", "v2.1/task/hair-transfer"):
            body = {"src_file_id": file, "template_id": name}
            await client.refused("POST", path, 400, "OperationNotSupport", json=body)

    async def chosen(group: int, style: int, code: str) -> None:
        params = {"style_group_id": group, "style_ids": [style]}
        body: dict[str, Any] = {
            "request_id": 0,
            "payload": {"file_sets": {"src_ids": [file]}, "actions": [{"id": 0, "params": params}]},
        }
        await client.refused("POST", "v1.0/task/hair-style", 400, code, json=body)

    await chosen(18213963761051864, 11, "OperationNotSupport")
    await chosen(1, 21, "InvalidStyle")
    await chosen(9, 11, "InvalidStyleGroup")


async def test_styles_of_the_operators_library_are_listed_and_stand_in_for_those_that_clients_hold(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINCT_HAIR_STYLES", str(tmp_path / "styles"))
    current.cache_clear()
    try:
        head, _ = mannequin()
        for name in ("female_straight_bob", "female_long_waves"):
            hairstyles.save(name, hairstyles.facts_of(name), head, head)
        told = (await client.said("GET", "v2.0/task/template/hair-style"))["data"]["templates"]
        assert [one["id"] for one in told] == ["female_long_waves", "female_straight_bob"]
        assert told[0]["category_name"] == "Female"
        thumb = await client.http.get(
            told[0]["thumb"].partition("/s2s")[1] + told[0]["thumb"].partition("/s2s")[2]
        )
        assert thumb.headers["content-type"] == "image/jpeg"
        listed = (await client.said("GET", "v1.0/task/style/hair-style?style_group_id=1"))["result"]["styles"]
        assert [one["info"]["title"] for one in listed] == ["Long waves", "Straight bob"]
        assert all(1000 <= one["id"] < 2**53 for one in listed)
        tool = find("hair-style")
        assert tool is not None
        assert resolve(tool, Chosen(template="female_blunt_bob")) == {"style": "female_straight_bob"}
        assert resolve(tool, Chosen(template="female_s_wave_brunette")) == {"style": "female_long_waves"}
        assert resolve(tool, Chosen(group=1, style=listed[0]["id"])) == {"style": "female_long_waves"}
        with pytest.raises(RefusalError, match="no hairstyle like it"):
            resolve(tool, Chosen(template="all_buzz_cut"))
    finally:
        current.cache_clear()


async def test_lists_of_styles_answer_where_the_effect_is_not_installed(client: Client) -> None:
    for slug in ("text-to-image", "hair-style", "hair-ext", "hair-bang", "hair-vol"):
        for path, key in (("style-group", "groups"), ("style", "styles")):
            found = (await client.said("GET", f"v1.0/task/{path}/{slug}"))["result"]
            assert len(found[key]) <= 20
            assert (found["next_token"] is None) == (len(found[key]) < 20)
    await client.refused("GET", "v1.0/task/style/hair-style?style_group_id=7", 400, "InvalidStyleGroup")
    await client.refused("GET", "v1.0/task/style/hair-style?page_size=21", 400, "InvalidParameters")


# -- limits ----------------------------------------------------------------------------------------


async def test_each_generation_has_its_own_limits_and_one_shape_of_refusal(
    postgres: Postgres, tmp_path: Path
) -> None:
    limits = {"youcam_address_calls": "6/300", "youcam_token_calls": "3/60", "youcam_v2_key_calls": "2/300"}
    async with open_backend(postgres.create(tmp_path / "data", **limits)) as backend:
        client = Client(backend, (await member(backend))[1]["client_id"])

        async def statuses(path: str, count: int) -> list[int]:
            return [(await client.http.get(f"/s2s/{path}")).status_code for _ in range(count)]

        assert await statuses("v1.0/client/credit", 4) == [200] * 3 + [429]
        assert await statuses("v2.0/credit/feature-cost", 3) == [200] * 2 + [429]
        other = Client(backend, (await member(backend))[1]["client_id"])
        assert (await other.http.get("/s2s/v1.0/client/credit")).status_code == 200
        refused = await client.http.get("/s2s/v1.0/client/credit")
        assert refused.json() == {"status": 429, "error": "Too many requests"}
        assert int(refused.headers["retry-after"]) >= 1
        body = {"client_id": "a" * 32, "id_token": "x"}
        assert (await client.http.post("/s2s/v1.0/client/auth", json=body)).status_code == 429  # the address
        elsewhere = Client(backend, address="203.0.113.10")
        await elsewhere.refused("POST", "v1.0/client/auth", 401, "InvalidApiKey", json=body)


# -- webhooks --------------------------------------------------------------------------------------


async def test_every_address_is_told_once_that_a_task_has_ended(postgres: Postgres, tmp_path: Path) -> None:
    settings = postgres.create(tmp_path / "data", allow_private_hosts="127.0.0.1")
    async with Receiver(reply(200)) as one, Receiver(reply(200)) as other, open_backend(settings) as backend:
        account, pair = await member(backend)
        client = Client(backend, pair["client_id"])
        for receiver in (one, other):
            await backend.webhooks.add(account.id, "youcam", receiver.url)
        async with working(backend):
            task = await client.run("enhance", src_file_id=await client.sent(), scale=1)
            await client.ended("enhance", task)
            for _ in range(200):
                if one.got and other.got:
                    break
                await client.polled("enhance", task)
        for receiver in (one, other):
            (got,) = receiver.got
            said = json.loads(got.body)
            assert said["data"] == {"task_id": task, "task_status": "success"}
            assert got.headers["webhook-id"] == f"msg_{task}:{said['created_at']}"
        found = await backend.webhooks.list(account.id, "youcam")
        assert (await backend.webhooks.test(account.id, found[0].id)).heard


async def test_addresses_are_https_and_no_more_than_ten(postgres: Postgres, tmp_path: Path) -> None:
    settings = postgres.create(tmp_path / "data", allow_private_hosts="127.0.0.1")
    async with open_backend(settings) as backend:
        account, _ = await member(backend)
        with pytest.raises(ParameterError, match="https"):
            await backend.webhooks.add(account.id, "youcam", "http://192.0.2.7/")
        for number in range(10):
            await backend.webhooks.add(account.id, "youcam", f"http://127.0.0.1:9/{number}")
        with pytest.raises(ParameterError, match="10"):
            await backend.webhooks.add(account.id, "youcam", "http://127.0.0.1:9/more")
        first = (await backend.webhooks.list(account.id, "youcam"))[0]
        await backend.webhooks.remove(account.id, first.id)
        await backend.webhooks.add(account.id, "youcam", "http://127.0.0.1:9/more")


async def test_pages_of_listed_origins_alone_may_make_the_calls(postgres: Postgres, tmp_path: Path) -> None:
    settings = postgres.create(tmp_path / "data", youcam_cors="https://shop.example")
    async with open_backend(settings) as backend:
        client = Client(backend, (await member(backend))[1]["client_id"])
        for origin, allowed in (("https://shop.example", True), ("https://other.example", False)):
            headers = {"Origin": origin}
            asked = await client.http.options("/s2s/v2.0/file", headers=headers)
            assert asked.status_code == (204 if allowed else 405)
            for path in ("v2.0/credit/feature-cost", "v2.0/task/enhance/none"):
                reply = await client.http.get(f"/s2s/{path}", headers=headers)
                found = reply.headers.get("access-control-allow-origin")
                assert found == (origin if allowed else None)
