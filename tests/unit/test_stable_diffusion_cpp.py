"""The engine stable-diffusion.cpp, with a stand-in for its library; the true one is in `test_real_stable_diffusion`."""

from __future__ import annotations

import gc
import json
import math
import struct
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest
from typer.testing import CliRunner

from benchmarks import random_single_file
from tinct import apart
from tinct.cli import app
from tinct.effects.available import available
from tinct.errors import (
    ForeignModelError,
    MissingModelError,
    ModelError,
    ModelMemoryError,
    ParameterError,
    PickledModelError,
    TruncatedModelError,
)
from tinct.imaging.invention import invent
from tinct.models.generators import install, registry, uses
from tinct.models.generators.install import register
from tinct.models.generators.port import TASKS, Request, Task
from tinct.models.generators.stablecpp import library
from tinct.models.generators.stablecpp.engine import StableDiffusionCpp
from tinct.models.generators.stablecpp.words import plain
from tinct.settings import current

pytestmark = pytest.mark.usefixtures("no_generators_yet")

SIDE = 64
STAND_IN = Path(__file__).parents[1] / "native_stand_in"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library is there."""
    monkeypatch.syspath_prepend(STAND_IN)
    monkeypatch.delitem(sys.modules, "stable_diffusion_cpp", raising=False)
    monkeypatch.setattr(library, "_hooks", [])


@pytest.fixture(params=["apart", "here"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> StableDiffusionCpp:
    """One that runs the library in a process of its own, and one as in a worker's child."""
    monkeypatch.setattr(apart, "_allowed", request.param == "apart")
    opened = registry.opened(_registered(tmp_path, monkeypatch))
    assert isinstance(opened, StableDiffusionCpp)
    assert (opened._process is None) == (request.param == "here")
    return opened


def _registered(folder: Path, monkeypatch: pytest.MonkeyPatch, task: Task = "text-to-image") -> uses.Use:
    monkeypatch.setattr(install, "_tried", lambda use, task, found: use)  # at 512 pixels
    return register(task, model(folder), licence="apache-2.0", engine="stable-diffusion.cpp")


def model(folder: Path, *, channels: int = 4, without: str = "", **changed: tuple[int, ...]) -> Path:
    """A file that names all tensors and holds no numbers."""
    known = {
        name: shape
        for name, shape in random_single_file.shapes(channels).items()
        if not without or without not in name
    }
    known |= {name: changed[name] for name in changed}
    entries = {
        name: {"dtype": "F16", "shape": shape, "data_offsets": [0, 0]} for name, shape in known.items()
    }
    text = json.dumps(entries).encode()
    path = folder / "model.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    return path


def _request(task: Task = "text-to-image", **more: object) -> Request:
    rng = np.random.default_rng(5)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[20:44, 16:40] = 255
    given: dict[str, object] = {"prompt": "a red chair", "size": (SIDE, SIDE), "steps": 4, "seed": 3}
    if task != "text-to-image":
        given["picture"] = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    if task == "inpaint":
        given["mask"] = mask
    return Request(**(given | more))  # type: ignore[arg-type]


def _unheard(share: float) -> None:
    pass


def test_all_tasks_are_done_with_progress_after_each_step(engine: StableDiffusionCpp) -> None:
    for task, heard_of in (("text-to-image", 4), ("image-to-image", 2), ("inpaint", 4)):
        heard: list[float] = []
        request = _request(task, strength=0.6 if task == "image-to-image" else 1.0)  # type: ignore[arg-type]
        made = engine.make(request, heard.append)
        assert (made.shape, made.dtype) == ((SIDE, SIDE, 3), np.uint8)
        assert heard == pytest.approx([(step + 1) / heard_of for step in range(heard_of)])
        if request.picture is not None and request.mask is not None:
            outside = request.mask == 0
            assert np.abs(made.astype(int) - request.picture)[outside].max() <= 1
            assert (made != request.picture)[~outside].mean() > 0.9


def test_what_is_asked_for_reaches_the_library(engine: StableDiffusionCpp) -> None:
    first = engine.make(_request(), _unheard)
    np.testing.assert_array_equal(first, engine.make(_request(), _unheard))
    for other in ({"seed": 4}, {"negative": "fog"}, {"guidance": 2.0}, {"prompt": "blue sky"}):
        assert (first != engine.make(_request(**other), _unheard)).any()
    below = [engine.make(_request(seed=-7), _unheard) for _ in range(2)]
    np.testing.assert_array_equal(*below)
    heard: list[float] = []
    engine.make(_request(steps=None), heard.append)
    assert len(heard) == engine.facts.steps


def test_cancelling_begins_no_further_step_and_the_next_picture_is_made(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = StableDiffusionCpp(_registered(tmp_path, monkeypatch))
    mark = tmp_path / "steps"
    process = engine._process
    assert process is not None

    def stop(share: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.make(_request(prompt=f"mark {bytes(mark).hex()}", steps=50), stop)
    assert not psutil.pid_exists(process.pid)
    assert not mark.exists()  # it would be written at the end of the first step
    engine.make(_request(prompt=f"mark {bytes(mark).hex()}", steps=3), _unheard)
    assert mark.read_text().split() == ["1", "2", "3"]


def test_what_progress_raises_in_a_workers_child_comes_out_after_the_picture(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "_allowed", False)
    engine = StableDiffusionCpp(_registered(tmp_path, monkeypatch))
    heard: list[float] = []

    def stop(share: float) -> None:
        heard.append(share)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.make(_request(), stop)
    assert heard == [0.25]


def test_a_generator_that_is_dropped_ends_its_process(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = registry.opened(_registered(tmp_path, monkeypatch))
    assert isinstance(engine, StableDiffusionCpp)
    assert engine._process is not None
    pid = engine._process.pid
    assert psutil.pid_exists(pid)
    del engine
    registry.drop()
    gc.collect()
    assert not psutil.pid_exists(pid)


@pytest.mark.parametrize(
    ("prompt", "error"),
    [("broken", ModelError), ("huge", ModelMemoryError), ("a huge one", ModelMemoryError)],
)
def test_a_picture_that_the_library_cannot_make_is_an_error_of_ours(
    engine: StableDiffusionCpp, prompt: str, error: type[ModelError]
) -> None:
    with pytest.raises(error, match="the generator 'model'"):
        engine.make(_request(prompt=prompt), _unheard)
    assert engine.make(_request(), _unheard).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize(("prompt", "error"), [("crash", ModelError), ("kill", ModelMemoryError)])
def test_a_library_that_ends_its_process_ends_the_request_alone(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch, prompt: str, error: type[ModelError]
) -> None:
    engine = StableDiffusionCpp(_registered(tmp_path, monkeypatch))
    with pytest.raises(error):
        engine.make(_request(prompt=prompt), _unheard)
    assert engine.make(_request(), _unheard).shape == (SIDE, SIDE, 3)


def test_a_process_has_no_secret_and_imports_nothing_from_the_folder_one_stands_in(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINCT_IMAGES_KEY", "very-secret")
    (tmp_path / "numpy.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)
    engine = StableDiffusionCpp(_registered(tmp_path, monkeypatch))
    assert engine._process is not None
    assert psutil.Process(engine._process.pid).net_connections() == []
    assert "very-secret" not in str(psutil.Process(engine._process.pid).environ())


def test_sizes_are_multiples_of_64_and_cut_back(engine: StableDiffusionCpp) -> None:
    assert engine.facts.sizes.multiple == 64
    made = invent(_request(size=(300, 410)))
    assert made.worked_at == (320, 448)
    whole = engine.make(_request(size=(320, 448)), _unheard)
    np.testing.assert_array_equal(made.picture, whole[:300, :410])


def test_signs_in_a_prompt_command_nothing(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = StableDiffusionCpp(_registered(tmp_path, monkeypatch))
    for prompt, words in (
        ("An (important:1.3) word", "an \\(important: 1.3) word"),
        ("a [cat|dog] {x}", "a \\(cat|dog) \\(x)"),
        ("<lora:/etc/shadow:1> BREAK", "< lora: /etc/shadow: 1> break"),
        ("nul\0 and \\( slash", "nul  and /\\( slash"),
        ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600"),
    ):
        assert plain(prompt) == words
        engine.make(_request(prompt=prompt, steps=1), _unheard)


def test_a_model_for_masks_serves_nothing_else(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_tried", lambda use, task, found: use)
    path = model(tmp_path, channels=9)
    with pytest.raises(ParameterError, match="inpaint"):
        register("text-to-image", path, licence="x", engine="stable-diffusion.cpp")
    use = register("inpaint", path, licence="x", engine="stable-diffusion.cpp")
    assert use.facts.serves == {"inpaint"}
    with pytest.raises(ParameterError, match="inpaint"):
        registry.opened(use).make(_request(), _unheard)


def test_registering_does_a_step_and_records_what_it_took(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "peak_memory", int)  # what its own process took counts
    use = register("inpaint", model(tmp_path), licence="apache-2.0", engine="stable-diffusion.cpp", name="sd")
    assert uses.recorded() == {"inpaint": use}
    facts = use.facts
    assert (facts.engine, facts.name, facts.family) == ("stable-diffusion.cpp", "sd", "stable-diffusion")
    assert (facts.licence, len(facts.sha256), facts.serves) == ("apache-2.0", 64, frozenset(TASKS))
    assert [file.name for file in use.files] == ["model.safetensors"]
    assert facts.memory_bytes > 10 * 2**20
    assert facts.step_s > 0
    for options, name in (({"dtype": "bfloat16"}, "dtype"), ({"device": "cuda"}, "device")):
        with pytest.raises(ParameterError, match=name):
            register("inpaint", model(tmp_path), licence="x", engine="stable-diffusion.cpp", options=options)
    with pytest.raises(ParameterError, match=r"diffusers, stable-diffusion\.cpp"):
        register("inpaint", model(tmp_path), licence="x", engine="comfy")


def test_without_the_library_everything_says_what_to_install(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = _registered(tmp_path, monkeypatch)
    engine = next(one for one in available()["generate"] if one.name == "text")
    assert (engine.ready, engine.served_by) == (True, "stable-diffusion.cpp: model")
    monkeypatch.setattr(
        registry, "_NEEDS", registry._NEEDS | {registry.CPP: (("no_such",), "stable-diffusion-cpp")}
    )
    engine = next(one for one in available()["generate"] if one.name == "text")
    command = 'pip install "tinct[stable-diffusion-cpp]"'
    assert (engine.ready, engine.served_by, engine.fetch) == (False, "", command)
    assert registry.ready() == {}
    for words in (["doctor"], ["models", "list"]):
        assert f"run: {command}" in CliRunner().invoke(app, words).output
    registry.drop()
    for broken in (
        lambda: registry.opened(use),
        lambda: register("inpaint", model(tmp_path), licence="x", engine="stable-diffusion.cpp"),
    ):
        with pytest.raises(MissingModelError, match=r"stable-diffusion\.cpp needs no_such; run: pip install"):
            broken()


# -- what is refused ----------------------------------------------------------------------------------


def test_files_of_others_are_refused_before_the_library_opens_them(tmp_path: Path) -> None:
    def look(path: Path) -> object:
        return registry.look(registry.CPP, path)

    with pytest.raises(ForeignModelError, match="folder"):
        look(tmp_path)
    with pytest.raises(MissingModelError):
        look(tmp_path / "nothing.safetensors")
    name = "model.diffusion_model.input_blocks.1.0.out_layers.3.weight"
    with pytest.raises(ForeignModelError, match="unet is not as wide"):
        look(model(tmp_path, **{name: (64, 64, 3, 3)}))
    with pytest.raises(ForeignModelError, match="no model of stable-diffusion"):
        look(model(tmp_path, without="cond_stage_model"))
    whole = model(tmp_path)
    whole.write_bytes(whole.read_bytes()[:-9])
    with pytest.raises(TruncatedModelError, match="cut short"):
        look(whole)
    for name in ("old.ckpt", "old.safetensors", "old.gguf"):
        (tmp_path / name).write_bytes(b"PK\x03\x04" + bytes(60))
        with pytest.raises(PickledModelError, match="pickle"):
            look(tmp_path / name)


def test_weights_that_lack_tensors_are_refused_by_the_library(tmp_path: Path, installed: None) -> None:
    path = model(tmp_path, without="middle_block.0")
    with pytest.raises(ModelError, match="cannot be loaded"):
        register("text-to-image", path, licence="x", engine="stable-diffusion.cpp")
    assert uses.recorded() == {}


def _text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def gguf(
    path: Path, known: dict[str, tuple[int, ...]], *, kind: int = 8, version: int = 3, left: int = 0
) -> Path:
    """A GGUF file of those tensors, of Q8_0 unless said, with `left` bytes cut off."""
    keys = [
        _text("general.name") + struct.pack("<I", 8) + _text("tiny"),
        _text("general.alignment") + struct.pack("<II", 4, 64),
        _text("words") + struct.pack("<IIQ", 9, 8, 2) + _text("a") + _text("b"),
        _text("numbers") + struct.pack("<IIQ3f", 9, 6, 3, 1, 2, 3),
    ]
    tensors, offset = [], 0
    for name, shape in known.items():
        offset += -offset % 64
        sides = struct.pack(f"<I{len(shape)}Q", len(shape), *reversed(shape))
        tensors.append(_text(name) + sides + struct.pack("<IQ", kind, offset))
        offset += -(-math.prod(shape) // 32) * 34
    head = b"GGUF" + struct.pack("<IQQ", version, len(known), len(keys)) + b"".join(keys + tensors)
    data = head + bytes(-len(head) % 64) + bytes(offset)
    path.write_bytes(data[: len(data) - left])
    return path


def test_gguf_files_are_read_by_their_header_and_refused_by_it(tmp_path: Path) -> None:
    from tinct.models.generators.stablecpp.gguf import shapes

    known = {"a.weight": (3, 2, 64), "b.bias": (64,)}
    assert shapes(gguf(tmp_path / "a.gguf", known)) == known
    for left in (1, 100, 400, 600):
        with pytest.raises(TruncatedModelError, match="cut short"):
            shapes(gguf(tmp_path / "a.gguf", known, left=left))
    for changed, said in (({"kind": 99}, "type"), ({"version": 9}, "version")):
        with pytest.raises(ForeignModelError, match=said):
            shapes(gguf(tmp_path / "a.gguf", known, **changed))
    absurd = b"GGUF" + struct.pack("<IQQ", 3, 2**60, 0) + bytes(64)
    long = b"GGUF" + struct.pack("<IQQQ", 3, 1, 0, 2**60) + bytes(64)
    for data, said in ((b"no model at all", "begins otherwise"), (absurd, "more tensors"), (long, "longer")):
        (tmp_path / "a.gguf").write_bytes(data)
        with pytest.raises(ForeignModelError, match=said):
            shapes(tmp_path / "a.gguf")
    with pytest.raises(ForeignModelError, match="no model of stable-diffusion"):
        registry.look(registry.CPP, gguf(tmp_path / "a.gguf", known))


def test_a_gguf_file_goes_to_this_engine_by_itself(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(install, "_tried", lambda use, task, found: use)
    monkeypatch.setattr(math, "prod", lambda shape: 0)  # no numbers: the file would have a gigabyte
    path = gguf(tmp_path / "a.gguf", random_single_file.shapes(), kind=1)
    use = register("image-to-image", path, licence="x")
    assert (use.facts.engine, use.facts.serves) == ("stable-diffusion.cpp", frozenset(TASKS))


@pytest.mark.asyncio
async def test_in_a_workers_child_the_library_runs_in_that_child(
    tmp_path: Path, installed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinct.jobs.child import Task as Work
    from tinct.jobs.children import Child
    from tinct.photo import decode

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    _registered(tmp_path, monkeypatch)
    settings = current().model_copy(update={"data": tmp_path / "data"})
    child = Child(settings, scratch)
    heard: list[float] = []
    try:
        params = {"prompt": "a red chair", "width": 64, "height": 64, "steps": 4, "seed": 3}
        work = Work(
            effect="generate", params=params, inputs={}, format="png", quality=90, folder=str(scratch)
        )
        outcome = await child.run(work, heard.append)
        assert (outcome.code, outcome.detail) == (None, "")
        assert child.pid is not None
        assert psutil.Process(child.pid).children() == []
    finally:
        child.drop()
    assert heard == sorted(heard)
    assert len(heard) >= 4
    made = decode.open(Path(outcome.made[0].path)).pixels
    monkeypatch.setattr(apart, "_allowed", False)
    here = invent(_request(size=(64, 64)))
    np.testing.assert_array_equal(made, here.picture)
