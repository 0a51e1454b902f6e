"""The native API against its own description: generated requests, good and bad, and what comes back."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from running import Server, finished, submitted, uploaded

EXAMPLES = int(os.environ.get("TINCT_SCHEMATHESIS_EXAMPLES", "5"))
PATIENCE_S = 60 + EXAMPLES * 10


def test_generated_requests_find_no_5xx_and_nothing_undocumented(server: Server, tmp_path: Path) -> None:
    with server.client() as own:
        finished(own, submitted(own, effect="noop", inputs={"image": uploaded(own)})["id"])
        authorization = own.headers["authorization"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"),
            *("--header", f"Authorization: {authorization}"),
            *(
                "--max-examples",
                str(EXAMPLES),
                "--generation-deterministic",
                "--no-color",
                "--continue-on-failure",
            ),
            # What a schema cannot say: that bytes are a photo and that an effect exists.
            *("--exclude-checks", "positive_data_acceptance"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    paths = httpx.get(f"{server.url}/openapi.json").json()["paths"].values()
    assert f"Tested: {sum(map(len, paths))}" in done.stdout, "every operation is tried"


def test_every_operation_is_described(server: Server) -> None:
    api = httpx.get(f"{server.url}/openapi.json").json()
    operations = {
        (method.upper(), path): operation
        for path, methods in api["paths"].items()
        for method, operation in methods.items()
    }
    assert len(operations) == 28
    for name, operation in operations.items():
        assert operation["description"], name
        by_link = name == ("PUT", "/v1/files/{file_id}/content")
        assert bool(operation["security"]) != by_link, name
        assert {"401", "404", "422", "429"} <= set(operation["responses"]), name
    assert "ErrorReply" in json.dumps(operations["POST", "/v1/jobs"]["responses"]["402"])


@pytest.mark.parametrize("path", ["/v1/files", "/v1/jobs", "/v1/jobs/job_x", "/v1/files/file_x"])
def test_a_wrong_method_is_told_every_right_one(server: Server, path: str) -> None:
    api = httpx.get(f"{server.url}/openapi.json").json()["paths"]
    described = next(methods for template, methods in api.items() if template.count("/") == path.count("/") and (
        template.split("/")[2] == path.split("/")[2]))  # fmt: skip
    reply = httpx.request("PATCH", server.url + path)
    assert reply.status_code == 405
    assert set(reply.headers["allow"].split(", ")) == {method.upper() for method in described}
