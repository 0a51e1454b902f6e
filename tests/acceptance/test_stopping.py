"""`tinct serve` is told to stop, is told twice, is killed, loses its worker: what becomes of its jobs and processes."""

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from running import COMMAND, START_S, Server, alive, finished, submitted, uploaded, worker_of

EFFECTS = "slow=effects_for_tests:SLOW"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_sigterm_lets_a_running_job_finish_and_leaves_no_process(data: Path) -> None:
    server = Server(data, extra_effects=EFFECTS)
    key = server.first_key
    with server.client(key) as own:
        job = submitted(own, effect="slow", params={"seconds": 2}, inputs={"image": uploaded(own)})
        while own.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued":
            time.sleep(0.05)
        worker = worker_of(server)
        assert server.stop() == 0
    assert not alive(worker)
    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/health")
    again = Server(data, extra_effects=EFFECTS)
    try:
        with again.client(key) as own:
            ended = finished(own, job["id"])
            assert (ended["state"], ended["attempt"]) == ("succeeded", 1)
    finally:
        again.stop()


def test_sigterm_while_it_starts_is_a_stop_like_any_other(data: Path) -> None:
    for pause in (0.9, 1.4):
        starting = subprocess.Popen(
            [*COMMAND, "serve", "--data", str(data), "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        time.sleep(pause)
        starting.send_signal(signal.SIGTERM)
        _, said = starting.communicate(timeout=START_S)
        # The latter before Python had read the program
        assert starting.returncode in (0, -signal.SIGTERM), said
        assert b"Traceback" not in said
    Server(data).stop()


def test_a_call_that_waits_is_answered_when_the_server_stops(data: Path) -> None:
    server = Server(data, extra_effects=EFFECTS, shutdown_s="1")
    with server.client(server.first_key) as own, ThreadPoolExecutor(1) as pool:
        job = submitted(own, effect="slow", params={"seconds": 50}, inputs={"image": uploaded(own)})
        while own.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued":
            time.sleep(0.05)
        waiting = pool.submit(own.get, f"/v1/jobs/{job['id']}", params={"wait": 25})
        time.sleep(0.5)
        assert not waiting.done()
        assert server.stop() == 0
        reply = waiting.result()
    assert reply.status_code == 200
    assert reply.json()["finished_at"] is None
    assert "timeout graceful shutdown exceeded" not in server.logged()


def test_a_second_sigterm_ends_at_once_and_the_job_is_done_by_the_next_start(data: Path) -> None:
    server = Server(data, extra_effects=EFFECTS, stalled_s="2", heartbeat_s="0.5", sweep_s="0.5")
    key = server.first_key
    with server.client(key) as own:
        job = submitted(own, effect="slow", params={"seconds": 4}, inputs={"image": uploaded(own)})
        while own.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued":
            time.sleep(0.05)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        database = int((data / "database" / "cluster" / "postmaster.pid").read_text().split()[0])
        worker = worker_of(server)
        assert server.stop() != 0, "it did not wait for the job"
        assert not alive(worker)
        assert not alive(database)
    again = Server(data, extra_effects=EFFECTS, stalled_s="2", heartbeat_s="0.5", sweep_s="0.5")
    try:
        with again.client(key) as own:
            assert finished(own, job["id"])["state"] == "succeeded"
    finally:
        again.stop()


def test_a_killed_worker_is_replaced_and_its_job_runs_again_while_health_answers(data: Path) -> None:
    server = Server(data, extra_effects=EFFECTS, stalled_s="2", heartbeat_s="0.5", sweep_s="0.5")
    try:
        with server.client(server.first_key) as own:
            job = submitted(own, effect="slow", params={"seconds": 2}, inputs={"image": uploaded(own)})
            while own.get(f"/v1/jobs/{job['id']}").json()["state"] == "queued":
                time.sleep(0.05)
            killed = worker_of(server)
            os.kill(killed, signal.SIGKILL)
            assert httpx.get(f"{server.url}/health").status_code == 200
            ended = finished(own, job["id"])
            assert (ended["state"], ended["attempt"]) == ("succeeded", 2)
            assert worker_of(server) != killed
            assert "tinct_worker_restarts_total 1.0" in httpx.get(f"{server.url}/metrics").text
    finally:
        server.stop()


def test_a_killed_server_takes_its_worker_along(data: Path) -> None:
    server = Server(data, extra_effects=EFFECTS)
    worker = worker_of(server)
    server.process.kill()
    until = time.monotonic() + 20
    while alive(worker) and time.monotonic() < until:
        time.sleep(0.1)
    assert not alive(worker)
    server.stop()
