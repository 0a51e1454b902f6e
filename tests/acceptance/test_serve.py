"""`tinct serve`, `tinct keys` and `tinct worker` as commands: first start, joining, options, health, metrics."""

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from running import COMMAND, START_S, Server, finished, photo, submitted, uploaded, worker_of
from tinct.dialects.registry import DIALECTS
from tinct.storage.embedded import EmbeddedPostgres

EFFECTS = "noop=effects_for_tests:NOOP,slow=effects_for_tests:SLOW,dies=effects_for_tests:DIES"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def started(data: Path) -> Iterator[Server]:
    server = Server(data, extra_effects=EFFECTS)
    yield server
    server.stop()


def test_the_first_start_shows_a_key_that_works_and_the_second_finds_everything(data: Path) -> None:
    first = Server(data, extra_effects=EFFECTS, first=True)
    key = first.first_key
    with first.client(key) as own:
        job = submitted(own, effect="noop", inputs={"image": uploaded(own, photo(48, 36))})
        done = finished(own, job["id"])
        assert own.get("/v1/account").json()["unlimited"] is True
    assert first.stop() == 0
    assert key not in first.logged()

    second = Server(data, extra_effects=EFFECTS)
    try:
        assert "tinct keys create" in second.last_line
        with second.client(key) as own:
            again = own.get(f"/v1/jobs/{job['id']}").json()
            assert again["results"][0]["id"] == done["results"][0]["id"]
            assert (
                len(own.get(f"/v1/files/{done['results'][0]['id']}/content").content)
                == done["results"][0]["size"]
            )
            moved = done["results"][0]["url"].replace(first.url, second.url)
            assert httpx.get(moved).status_code == 200, "a link outlives a restart"
    finally:
        assert second.stop() == 0


def test_keys_are_made_before_the_first_start_and_while_the_server_runs(data: Path) -> None:
    def keys(*arguments: str, said: str = "") -> str:
        done = subprocess.run(
            [*COMMAND, "keys", *arguments, "--data", str(data)],
            capture_output=True,
            text=True,
            timeout=START_S,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith(said)
        assert bool(done.stderr) == bool(said)
        return done.stdout

    early = keys("create", "--name", "early", "--credits", "5", "--json", said="No server has run in ")
    before = json.loads(early)
    assert set(before) == {"id", "api_key"} | {each.name for each in DIALECTS if each.credentials}
    assert before["ailab"] == {"api_key": before["api_key"]}
    assert set(before["cos"]) == {"secret_id", "secret_key"}
    server = Server(data)
    try:
        assert "tinct keys create" in server.last_line, "no default key once there is one"
        with server.client(before["api_key"]) as own:
            assert own.get("/v1/account").json()["available"] == 5
            during = server.key("late")
            assert own.get("/v1/account").status_code == 200
        with server.client(during["api_key"]) as own:
            assert own.get("/v1/account").json()["unlimited"] is True
            listed = {account["id"]: account for account in json.loads(keys("list", "--json"))}
            assert {before["id"], during["id"]} == set(listed)
            assert before["api_key"] not in keys("list")
            keys("revoke", during["id"])
            assert own.get("/v1/account").status_code == 401
    finally:
        server.stop()


def test_a_wrong_option_is_one_sentence_and_no_stack(tmp_path: Path) -> None:
    for arguments, said in (
        (["serve", "--data", str(tmp_path / "a"), "--port", "70000"], "--port: got '70000'"),
        (["serve", "--data", str(tmp_path / "a"), "--host", "a..b"], "cannot listen on a..b"),
        (["serve", "--data", __file__, "--port", "0"], "cannot be made; choose another"),
        (["serve", "--data", str(tmp_path / ("x" * 300)), "--port", "0"], "cannot be made; choose another"),
        (["keys", "revoke", "acct_nonsense", "--data", str(tmp_path / "b")], "no server data"),
        (["keys", "create", "--name", " ", "--data", str(tmp_path / "b")], "name"),
    ):
        done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=START_S)
        assert done.returncode in (1, 2)
        assert said in done.stderr
        assert "Traceback" not in done.stderr


def test_a_taken_port_is_said_so(server: Server, tmp_path: Path) -> None:
    port = server.url.rpartition(":")[2]
    done = subprocess.run(
        [*COMMAND, "serve", "--data", str(tmp_path / "other"), "--port", port],
        capture_output=True,
        text=True,
        timeout=START_S,
    )
    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert httpx.get(f"{server.url}/health").status_code == 200


def test_a_server_without_workers_leaves_its_jobs_to_others(data: Path) -> None:
    server = Server(data, "--workers", "0", extra_effects=EFFECTS)
    try:
        with server.client(server.first_key) as own:
            job = submitted(own, effect="noop", inputs={"image": uploaded(own)})
            assert own.get(f"/v1/jobs/{job['id']}", params={"wait": 2}).json()["state"] == "queued"
            command = [*COMMAND, "worker", "--data", str(data), "--workers", "1"]
            with subprocess.Popen(command, env=server.environment, stdout=subprocess.DEVNULL) as worker:
                try:
                    assert finished(own, job["id"])["state"] == "succeeded"
                finally:
                    worker.terminate()
        none = subprocess.run(
            [*COMMAND, "worker", "--data", str(data)],
            env=server.environment | {"TINCT_WORKERS": "0"},
            capture_output=True,
            text=True,
            timeout=START_S,
        )
        assert none.returncode == 1
        assert "TINCT_WORKERS" in none.stderr
        assert "Traceback" not in none.stderr
    finally:
        server.stop()


def test_a_worker_can_join_and_leave_while_the_server_runs(started: Server) -> None:
    joined = subprocess.Popen(
        [*COMMAND, "worker", "--data", str(started.data), "--workers", "1"],
        env=started.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        os.kill(worker_of(started), signal.SIGSTOP)  # from here on only the new one can work
        with started.client(started.first_key) as own:
            job = submitted(own, effect="noop", inputs={"image": uploaded(own)})
            assert finished(own, job["id"])["state"] == "succeeded"
    finally:
        os.kill(worker_of(started), signal.SIGCONT)
        joined.terminate()
        greeting, said = joined.communicate(timeout=START_S)
    assert joined.returncode == 0, said
    assert "embedded PostgreSQL in" in greeting
    assert str(started.data / "blobs") in greeting
    assert "semaphore" not in said


def test_health_ready_and_metrics_tell_how_the_server_is(started: Server) -> None:
    with started.client(started.first_key) as own:
        job = submitted(own, effect="noop", inputs={"image": uploaded(own)})
        finished(own, job["id"])
        job = submitted(own, effect="dies", inputs={"image": uploaded(own)})
        assert finished(own, job["id"])["state"] == "retries_exhausted"
        own.get("/v1/jobs/nonsense")
    assert httpx.get(f"{started.url}/health").json() == {"status": "ok"}
    assert httpx.get(f"{started.url}/ready").json() == {"status": "ready"}
    text = httpx.get(f"{started.url}/metrics").text
    for line in (
        r'tinct_jobs\{state="queued"\} 0\.0',
        r'tinct_jobs_ended_total\{code="",effect="noop",state="succeeded"\} 1\.0',
        r'tinct_job_run_seconds_total\{code="",effect="noop",state="succeeded"\} \d',
        r'tinct_job_wait_seconds_total\{code="",effect="noop",state="succeeded"\} \d',
        r'tinct_requests_total\{dialect="native",method="GET",status="404"\} 1\.0',
        r'tinct_jobs_ended_total\{code="retries_exhausted",effect="dies",state="retries_exhausted"\} 1\.0',
        r'tinct_child_restarts_total\{effect="dies"\} 3\.0',
        r"tinct_worker_restarts_total 0\.0",
    ):
        assert re.search(line, text), line


def test_links_carry_the_public_address_and_metrics_ask_strangers_for_a_token(tmp_path: Path) -> None:
    token = "a-token-of-sixteen-or-more"
    server = Server(
        tmp_path / "data",
        public_url="https://photos.example/tinct",
        metrics_token=token,
        trusted_proxies="127.0.0.1",
    )
    try:
        with server.client(server.first_key) as own:
            url = own.get(f"/v1/files/{uploaded(own)}").json()["url"]
        assert url.startswith("https://photos.example/tinct/files/file_")
        assert httpx.get(url.replace("https://photos.example/tinct", server.url)).status_code == 200
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        assert httpx.get(f"{server.url}/metrics", headers=elsewhere).status_code == 404
        bearer = elsewhere | {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{server.url}/metrics", headers=bearer).status_code == 200
    finally:
        server.stop()


def test_a_damaged_table_makes_the_server_unready_but_not_dead(data: Path) -> None:
    server = Server(data, extra_effects=EFFECTS)
    with server.client(server.first_key) as own:
        uploaded(own)
    cluster = data / "database" / "cluster"
    database = EmbeddedPostgres(data / "database")
    with psycopg.connect(database.start()) as connection:
        (heap,) = connection.execute("SELECT pg_relation_filepath('files')").fetchone() or ()
    database.stop()
    server.stop()
    (cluster / heap).write_bytes(b"x" * 8192)
    server = Server(data, extra_effects=EFFECTS)
    try:
        ready = httpx.get(f"{server.url}/ready")
        assert (ready.status_code, ready.json()) == (503, {"status": "database unavailable"})
        assert httpx.get(f"{server.url}/health").status_code == 200
    finally:
        server.stop()
