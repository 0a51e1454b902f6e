"""Tencent's own Node SDK against a running server, through its proxy setting and by the default bucket."""

import io
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from running import Server, photo

HERE = Path(__file__).parent / "cos_node"
BUCKET = "node-1250000000"
PATIENCE_S = 120


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the SDK is installed, every package by its digest."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("Node and npm are not on this machine")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "client.js"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S)
    if done.returncode:
        pytest.skip("npm cannot install the SDK; is the network there?")
    return folder


@pytest.fixture(scope="module")
def found(modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the SDK's calls gave."""
    (modules / "source.jpg").write_bytes(photo(160, 120, format="JPEG", mode="L"))
    (modules / "large.bin").write_bytes(np.random.default_rng(1).bytes(3 * 2**20 + 12345))
    server = Server(tmp_path_factory.mktemp("cos") / "data", cos_default_bucket=BUCKET)
    try:
        key = server.key("node")["cos"]
        arguments = [server.url.removeprefix("http://"), key["secret_id"], key["secret_key"], str(modules)]
        done = subprocess.run(
            ["node", str(modules / "client.js"), *arguments],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0, done.stderr + server.logged()
        yield json.loads(done.stdout) | {"folder": modules}
    finally:
        server.stop()


def test_objects_go_in_come_out_and_go_away(found):
    objects = found["objects"]
    assert len(set(objects["etags"])) == 1
    assert (objects["body"], objects["part"], objects["meta"]) == ("hello", "el", "1")
    assert objects["listed"] == ["照片/a b+c&=%.txt"]
    assert (objects["deleted"], objects["gone"]) == (["copy", "none"], 404)


def test_a_large_file_goes_up_in_parts(found):
    parts = found["parts"]
    assert parts["etag"].strip('"').endswith("-4")
    assert parts["location"].endswith("/large.bin")
    assert parts["same"] is True
    assert (parts["listed"], parts["after"]) == (["left"], 0)


def test_a_picture_is_coloured_on_download(found):
    picture = Image.open(io.BytesIO((found["folder"] / "down.png").read_bytes()))
    assert (found["coloring"]["type"], picture.format, picture.size) == ("image/png", "PNG", (160, 120))


def test_a_picture_is_coloured_on_upload_and_in_the_cloud(found):
    for form, folder in (("up", "up"), ("cloud", "old")):
        told = found["coloring"][form]
        assert told["OriginalInfo"]["Key"] == f"{folder}/grey.jpg"
        assert told["OriginalInfo"]["ImageInfo"]["Width"] == "160"
        made = told["ProcessResults"]["Object"]
        assert [item["Key"] for item in made] == [f"{folder}/out/one.png", "top.png"]
        assert all(int(item["Size"]) > 100 and len(item["ETag"].strip('"')) == 32 for item in made)


def test_refusals_are_read_as_the_vendors(found):
    errors = found["coloring"]["errors"]
    assert (errors["missing"]["status"], errors["missing"]["code"]) == (404, "NoSuchKey")
    assert errors["missing"]["message"] == "The specified key does not exist."
    assert (errors["url"]["status"], errors["url"]["code"]) == (400, "InvalidImageSource")
    assert (errors["key"]["status"], errors["key"]["code"]) == (403, "InvalidAccessKeyId")
    assert (errors["secret"]["status"], errors["secret"]["code"]) == (403, "SignatureDoesNotMatch")


def test_a_domain_without_a_bucket_means_the_default_one(found):
    assert found["domain"]["signature"] == "PNG"
