"""``tinct credits`` and ``tinct keys`` on the data of a server, and the same facts over the native API."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from running import Server, finished, submitted, uploaded
from tinct.cli import app
from tinct.errors import StorageError


def run(server: Server, *arguments: str) -> Any:
    done = CliRunner().invoke(app, [*arguments, "--data", str(server.data), "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_credits_are_granted_spent_and_accounted_for_in_the_same_words_everywhere(server: Server):
    made = server.key("payer", credits=1)
    granted = run(server, "credits", "grant", made["id"], "5", "--kind", "trial", "--days", "2")
    assert (granted["available"], [grant["kind"] for grant in granted["grants"]]) == (6, ["trial", "grant"])
    with server.client(made["api_key"]) as client:
        job = finished(client, submitted(client, effect="noop", inputs={"image": uploaded(client)})["id"])
        told = client.get("/v1/account").json()
        first = client.get("/v1/account/history", params={"limit": 3}).json()
        rest = client.get("/v1/account/history", params={"cursor": first["next_cursor"]}).json()
    shown = run(server, "credits", "show", made["id"])
    assert (shown["available"], shown["held"]) == (told["available"], told["held"]) == (5, 0)
    assert [grant["id"] for grant in shown["grants"]] == [grant["id"] for grant in told["grants"]]
    history = run(server, "credits", "history", made["id"])
    found = [
        (entry["kind"], entry["job"], entry["note"], entry["available"], entry["held"]) for entry in history
    ]
    assert found == [
        ("charge", job["id"], "noop", 0, -1),
        ("hold", job["id"], "noop", -1, 1),
        ("grant", None, "trial", 5, 0),
        ("grant", None, "grant", 1, 0),
    ]
    over_http = first["entries"] + rest["entries"]
    assert [entry["id"] for entry in over_http] == [entry["id"] for entry in history]
    assert rest["next_cursor"] is None


def test_a_key_is_rotated_and_the_list_shows_balances_and_when_the_old_one_ends(server: Server):
    made = server.key("rotator", credits=3)
    new = run(server, "keys", "rotate", made["id"], "--grace-s", "1000")["api_key"]
    for key in (made["api_key"], new):
        with server.client(key) as client:
            assert client.get("/v1/account").status_code == 200
    listed = next(each for each in run(server, "keys", "list") if each["id"] == made["id"])
    assert (listed["available"], listed["held"], listed["unlimited"]) == (3, 0, False)
    old, young = [key for key in listed["keys"] if key["kind"] == "api_key"]
    assert made["api_key"].startswith(old["begins"])
    assert new.startswith(young["begins"])
    assert old["expires_at"] is not None
    assert young["expires_at"] is None
    several = CliRunner().invoke(app, ["keys", "rotate", made["id"], "--data", str(server.data)])
    assert (several.exit_code, "2 live keys fit" in several.output) == (2, True)
    newest = run(server, "keys", "rotate", made["id"], "--key", new, "--grace-s", "0")["api_key"]
    with server.client(new) as client:
        assert client.get("/v1/account").status_code == 401
    with server.client(newest) as client:
        assert client.get("/v1/account").json()["id"] == made["id"]


@pytest.mark.parametrize(
    "command",
    [["keys", "list"], ["keys", "revoke", "x"], ["credits", "show", "x"], ["credits", "history", "x"]],
)
def test_where_there_is_no_server_data_none_is_made(command: list[str], tmp_path: Path):
    data = tmp_path / "wrong"
    done = CliRunner().invoke(app, [*command, "--data", str(data)])
    assert isinstance(done.exception, StorageError)
    assert str(data) in str(done.exception)
    assert not data.exists()


def test_effects_tell_their_price(client: httpx.Client):
    noop = client.get("/v1/effects/noop").json()
    assert (noop["credits"], noop["price"]) == (1, {})
