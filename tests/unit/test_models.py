"""Weights are found, verified before they are parsed, and run in one session per process."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tinct.cli import app
from tinct.errors import DamagedModelError, MissingModelError, ModelError
from tinct.models import manifest, runtime, store
from tinct.models.manifest import Packaged
from tinct.settings import current

MANIFEST = """
[tiny]
file = "tiny.onnx"
sha256 = "{digest}"
bytes = 7
purpose = "a test"
licence = "Apache-2.0"
origin = "made by the test"
card = "tiny.md"
"""


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder that holds one model, `tiny`, of the bytes ``weights``."""
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "tiny.onnx").write_bytes(b"weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    (tmp_path / "manifest.toml").write_text(MANIFEST.format(digest=digest))
    monkeypatch.setattr(store.resources, "files", lambda package: tmp_path)
    manifest.models.cache_clear()
    yield tmp_path
    manifest.models.cache_clear()


def packaged_models() -> dict[str, Packaged]:
    return {name: model for name, model in manifest.models().items() if isinstance(model, Packaged)}


def test_every_shipped_model_matches_its_manifest_entry() -> None:
    for name, entry in packaged_models().items():
        data = store.load(name)
        assert len(data) == entry.bytes
        assert hashlib.sha256(data).hexdigest() == entry.sha256


def test_every_shipped_model_has_a_model_card_that_names_its_digest() -> None:
    for name, entry in packaged_models().items():
        assert entry.sha256 in (store.card(name) or "")


def test_verified_weights_are_returned_whole(packaged: Path) -> None:
    assert store.load("tiny") == b"weights"


def test_damaged_weights_are_refused_with_both_digests(packaged: Path) -> None:
    (packaged / "weights" / "tiny.onnx").write_bytes(b"wEights")
    with pytest.raises(DamagedModelError) as caught:
        store.load("tiny")
    digests = set(re.findall(r"\b[0-9a-f]{64}\b", str(caught.value)))
    assert digests == {hashlib.sha256(data).hexdigest() for data in (b"weights", b"wEights")}
    assert str(packaged) not in str(caught.value)


def test_missing_weights_say_what_to_do_and_no_path(packaged: Path) -> None:
    (packaged / "weights" / "tiny.onnx").unlink()
    with pytest.raises(MissingModelError, match="reinstall") as caught:
        store.load("tiny")
    assert str(packaged) not in str(caught.value)


def test_an_unknown_model_is_refused_with_the_names_there_are(packaged: Path) -> None:
    with pytest.raises(MissingModelError, match=r"'tinny'.*tiny"):
        store.load("tinny")


def test_damaged_weights_never_reach_the_runtime(packaged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import onnxruntime

    (packaged / "weights" / "tiny.onnx").write_bytes(b"hostile")
    monkeypatch.setattr(onnxruntime, "InferenceSession", lambda *a, **k: pytest.fail("the file was parsed"))
    with pytest.raises(DamagedModelError):
        runtime.Session("tiny")


def test_verified_bytes_that_are_no_network_are_refused_without_the_librarys_words(packaged: Path) -> None:
    with pytest.raises(ModelError, match="'tiny'") as caught:
        runtime.Session("tiny")
    assert "onnx" not in str(caught.value).lower()


def test_threads_share_one_session() -> None:
    with ThreadPoolExecutor(8) as pool:
        sessions = list(pool.map(lambda _: runtime.session("person"), range(16)))
    assert len({id(session) for session in sessions}) == 1


def test_a_wrong_input_is_refused_without_the_librarys_words() -> None:
    with pytest.raises(ModelError, match=r"'person'.*float32 \(1, 2, 3\)") as caught:
        runtime.session("person").run({"rgb": np.zeros((1, 2, 3), np.float32)})
    assert "onnx" not in str(caught.value).lower()
    assert caught.value.__cause__ is None


def test_importing_the_runtime_module_loads_no_runtime() -> None:
    code = "import sys, tinct.models.runtime; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_show_prints_the_card_of_packaged_weights_below_their_facts() -> None:
    shown = CliRunner().invoke(app, ["models", "show", "person"]).output
    assert manifest.models()["person"].licence in shown
    assert "background (person)" in shown
    assert shown.endswith(store.card("person"))


def test_the_list_says_of_each_effects_engines_whether_they_can_work_and_what_to_fetch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINCT_MODELS", str(tmp_path))
    current.cache_clear()
    listed = CliRunner().invoke(app, ["models", "list"]).output
    current.cache_clear()
    assert re.search(r"^colorize +colorizer +ready$", listed, re.M)
    assert re.search(r"^moderate +opennsfw +not yet: tinct models fetch opennsfw$", listed, re.M)
