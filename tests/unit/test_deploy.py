"""The samples for operators agree with the settings and the requirements that they stand for."""

import re
import tomllib
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tinct.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FIELDS = {name: field.default for name, field in Settings.model_fields.items()}


def seconds(name: str, text: str) -> float:
    found = re.search(rf"{name}[= ](\d+)s?", text)
    assert found, name
    return float(found[1])


def test_the_pinned_releases_are_those_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    pins = {
        canonicalize_name(name): version
        for line in (DEPLOY / "constraints.txt").read_text().splitlines()
        if not line.startswith("#")
        for name, _, version in [line.partition("==")]
    }
    for text in (*project["dependencies"], *extras["server"], *extras["heic"]):
        wanted = Requirement(text)
        assert wanted.specifier.contains(pins[canonicalize_name(wanted.name)]), text


def test_every_variable_in_a_sample_is_a_setting() -> None:
    for path in DEPLOY.iterdir():
        for name in re.findall(r"TINCT_([A-Z_]+)", path.read_text()):
            assert name.lower() in FIELDS, f"{path.name}: {name}"


def test_a_proxy_lets_through_what_the_server_takes_and_waits_as_long() -> None:
    text = (DEPLOY / "nginx.conf").read_text()
    size = re.search(r"client_max_body_size (\d+)m", text)
    assert size
    assert int(size[1]) * 2**20 >= FIELDS["max_upload_bytes"]
    assert seconds("client_header_timeout", text) >= FIELDS["header_s"]
    assert seconds("client_body_timeout", text) >= FIELDS["body_idle_s"]
    assert seconds("proxy_read_timeout", text) > max(FIELDS["cos_wait_s"], FIELDS["max_wait_s"])


def test_running_jobs_get_their_time_before_a_supervisor_kills() -> None:
    needed = FIELDS["shutdown_s"] + 10
    assert seconds("TimeoutStopSec", (DEPLOY / "tinct.service").read_text()) > needed
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    assert float(compose["x-tinct"]["stop_grace_period"].rstrip("s")) > needed


def test_the_containers_are_not_root_and_cannot_write_their_own_files() -> None:
    assert re.search(r"^USER [1-9]", (DEPLOY / "Dockerfile").read_text(), re.M)
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert all(services[name]["read_only"] for name in ("api", "worker"))
    assert services["worker"]["deploy"]["replicas"] == 2


def test_the_containers_have_no_capabilities_and_gain_none() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    for name in ("api", "worker"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert "cap_add" not in services[name]
        assert "no-new-privileges:true" in services[name]["security_opt"]


def test_every_pinned_release_has_the_digests_of_its_files() -> None:
    releases = (DEPLOY / "constraints.txt").read_text().splitlines()
    text = (DEPLOY / "requirements.lock").read_text()
    locked = re.findall(
        r"^([\w.-]+==[\w.+!-]+) \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.MULTILINE
    )
    assert sorted(locked) == sorted(line for line in releases if not line.startswith("#"))


def test_every_release_is_pinned_exactly() -> None:
    lines = (DEPLOY / "constraints.txt").read_text().splitlines()
    loose = [
        line for line in lines if not line.startswith("#") and not re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)
    ]
    assert loose == []
