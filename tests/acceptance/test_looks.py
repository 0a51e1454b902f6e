"""Named looks over the native API: kept with their files, used on another photo, replaced, deleted."""

import httpx
import pytest

from running import finished, photo, submitted, uploaded


def saved(client: httpx.Client, **look: object) -> dict:
    reply = client.post("/v1/looks", json=look)
    assert reply.status_code == 201, reply.text
    return reply.json()


def names(client: httpx.Client) -> list[str]:
    return [look["name"] for look in client.get("/v1/looks").json()["looks"]]


@pytest.fixture(scope="module")
def made(client: httpx.Client) -> dict:
    """A migration with its map."""
    order = {"effect": "migrate", "params": {"maps": True, "portrait": False}}
    return finished(client, submitted(client, inputs={"image": uploaded(client)}, **order)["id"])


def test_a_map_outlives_its_job_and_recolours_another_photo(client: httpx.Client, made: dict) -> None:
    assert [result["role"] for result in made["results"]] == ["main", "map"]
    look = saved(
        client, name="Sea", effect="migrate", params={"mode": "map"}, inputs={"map": made["results"][1]["id"]}
    )
    assert client.delete(f"/v1/jobs/{made['id']}").status_code == 204
    inputs = look["inputs"] | {"image": uploaded(client, photo(50, 40, seed=9))}
    done = finished(
        client, submitted(client, effect=look["effect"], params=look["params"], inputs=inputs)["id"]
    )
    assert done["state"] == "succeeded"

    assert client.delete(f"/v1/looks/{look['id']}").status_code == 204
    gone = client.get(f"/v1/files/{look['inputs']['map']}")
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "file_not_found")
    again = client.delete(f"/v1/looks/{look['id']}")
    assert (again.status_code, again.json()["error"]["code"]) == (404, "look_not_found")


def test_a_look_of_the_same_name_replaces_the_first_and_frees_its_files(client: httpx.Client) -> None:
    first, second = uploaded(client), uploaded(client)
    params = {"mode": "reference"}
    one = saved(client, name="Same", effect="migrate", params=params, inputs={"reference": first})
    two = saved(client, name="Same", effect="migrate", params=params, inputs={"reference": second})
    assert one["id"] == two["id"]
    assert names(client).count("Same") == 1
    assert client.get(f"/v1/files/{first}").status_code == 404
    assert client.get(f"/v1/files/{second}").json()["expires_at"] > "2100"
    saved(client, name="Other", effect="migrate", params=params, inputs={"reference": second})
    client.delete(f"/v1/looks/{two['id']}")
    assert client.get(f"/v1/files/{second}").status_code == 200, "another look needs it"


@pytest.mark.parametrize(
    ("look", "field"),
    [
        ({"name": "", "effect": "convert"}, "name"),
        ({"name": "  ", "effect": "convert"}, "name"),
        ({"name": "x" * 101, "effect": "convert"}, "name"),
        ({"name": "x", "effect": "nothing"}, "effect"),
        ({"name": "x", "effect": "migrate", "params": {"count": 9}}, "count"),
        ({"name": "x", "effect": "convert", "inputs": {"mask": "file_x"}}, "inputs"),
    ],
)
def test_what_no_order_could_say_is_no_look(client: httpx.Client, look: dict, field: str) -> None:
    reply = client.post("/v1/looks", json=look)
    assert (reply.status_code, reply.json()["error"]["field"]) == (422, field)


def test_looks_and_their_files_are_the_account_s_own(client: httpx.Client, stranger: httpx.Client) -> None:
    own = uploaded(client)
    look = saved(
        client, name="Own", effect="migrate", params={"mode": "reference"}, inputs={"reference": own}
    )
    assert "Own" not in names(stranger)
    assert stranger.delete(f"/v1/looks/{look['id']}").status_code == 404
    taken = stranger.post(
        "/v1/looks", json={"name": "Theirs", "effect": "migrate", "inputs": {"reference": own}}
    )
    assert (taken.status_code, taken.json()["error"]["code"]) == (404, "file_not_found")
    assert "Own" in names(client)
