"""Results with roles, jobs that only tell facts, and inputs that are lists, over the native API."""

import json

import httpx
import pytest

from running import finished, photo, submitted, uploaded

WIDTHS = [11, 12, 13]


def refused(reply: httpx.Response) -> tuple[int, str, str]:
    error = reply.json()["error"]
    return reply.status_code, error["code"], error.get("field")


def test_a_list_of_photos_reaches_the_effect_in_order_and_results_tell_their_roles(client: httpx.Client):
    image, *references = (uploaded(client, photo(width, 9)) for width in (10, *WIDTHS))
    inputs = {"image": image, "references": references[::-1]}
    job = finished(client, submitted(client, effect="album", inputs=inputs)["id"])
    assert (job["state"], job["inputs"]) == ("succeeded", inputs)
    assert job["facts"] == {"widths": WIDTHS[::-1]}
    found = [(result["role"], result["width"]) for result in job["results"]]
    assert found == [("main", 10), ("mask", 13), ("mask", 12), ("mask", 11)]
    file = client.get(f"/v1/files/{job['results'][1]['id']}").json()
    assert (file["role"], file["job"]) == ("mask", job["id"])
    assert client.get(f"/v1/files/{image}").json()["role"] is None


@pytest.mark.parametrize("count", [1, 3])
def test_repeated_parts_of_a_form_are_a_list(client: httpx.Client, count: int):
    parts = [("references", (f"{width}.png", photo(width, 9))) for width in WIDTHS[:count]]
    order = {"order": (None, json.dumps({"effect": "album"}))}
    reply = client.post("/v1/jobs", files=[*order.items(), ("image", ("a.png", photo(10, 9))), *parts])
    assert reply.status_code == 202, reply.text
    assert finished(client, reply.json()["id"])["facts"] == {"widths": WIDTHS[:count]}


def test_the_order_of_a_list_makes_another_order(client: httpx.Client):
    image, *references = (uploaded(client, photo(width, 9)) for width in (10, *WIDTHS))
    statuses = []
    for named in (references, references, references[::-1]):
        order = {"effect": "album", "inputs": {"image": image, "references": named}}
        reply = client.post("/v1/jobs", json=order, headers={"Idempotency-Key": "album"})
        statuses.append(reply.status_code)
    assert statuses == [202, 200, 422]


def test_a_list_where_one_photo_belongs_and_the_other_way_round_are_refused_by_name(client: httpx.Client):
    one = uploaded(client)
    for inputs, field in (
        ({"image": [one]}, "image"),
        ({"image": one, "references": one}, "references"),
        ({"image": one, "references": [one] * 4}, "references"),
    ):
        reply = client.post("/v1/jobs", json={"effect": "album", "inputs": inputs})
        assert refused(reply) == (422, "invalid_parameter", field)
    reply = client.post("/v1/jobs", json={"effect": "album", "inputs": {"image": one, "references": []}})
    assert reply.status_code == 422


def test_a_job_that_only_tells_facts_has_no_files(client: httpx.Client):
    job = finished(client, submitted(client, effect="measure", inputs={"image": uploaded(client)})["id"])
    assert (job["state"], job["results"], job["facts"]) == ("succeeded", [], {"width": 96})


def test_an_effect_says_what_it_takes_and_gives(client: httpx.Client):
    album = client.get("/v1/effects/album").json()
    assert [(item["name"], item["most"]) for item in album["inputs"]] == [("image", 1), ("references", 3)]
    assert album["roles"] == ["main", "mask"]
