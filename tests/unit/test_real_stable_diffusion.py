"""The engine stable-diffusion.cpp by its true library and a file of the true size with random weights.

Where the library is not installed all of it is skipped: it is compiled for a quarter of an hour. It takes minutes and
7 GB of disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import psutil
import pytest

from benchmarks import random_single_file
from tinct import apart
from tinct.errors import ModelError, TruncatedModelError
from tinct.jobs.child import Task as Work
from tinct.jobs.children import Child
from tinct.models import runtime
from tinct.models.generators import install, registry, uses
from tinct.models.generators.install import register
from tinct.models.generators.port import TASKS, Facts, Request, Task
from tinct.models.generators.stablecpp.engine import StableDiffusionCpp
from tinct.models.generators.uses import Use
from tinct.photo import decode
from tinct.settings import current

if find_spec("stable_diffusion_cpp") is None:
    pytest.skip("stable-diffusion-cpp-python is not installed", allow_module_level=True)
pytestmark = pytest.mark.usefixtures("no_generators_yet")

SIDE = 64
ENGINE = "stable-diffusion.cpp"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    path = tmp_path_factory.mktemp("random") / "random.safetensors"
    random_single_file.write(path)
    yield path
    path.unlink()


@pytest.fixture(scope="module")
def engine(file: Path) -> Iterator[StableDiffusionCpp]:
    found = registry.look(ENGINE, file)
    facts = Facts(
        engine=ENGINE,
        name="r",
        family=found.family.name,
        licence="none",
        serves=found.serves,
        sizes=found.sizes,
    )
    before, runtime._threads = runtime._threads, 1
    yield StableDiffusionCpp(Use(where=str(file), facts=facts))
    runtime._threads = before


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_threads", 1)
    trial = install._trial
    monkeypatch.setattr(install, "_trial", lambda task, side: trial(task, SIDE))  # not 512 pixels


def _request(task: Task = "text-to-image", **more: object) -> Request:
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[16:48, 16:48] = 255
    given: dict[str, object] = {"prompt": "a red chair", "size": (SIDE, SIDE), "steps": 2, "seed": 3}
    if task != "text-to-image":
        given["picture"] = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    if task == "inpaint":
        given["mask"] = mask
    return Request(**(given | more))  # type: ignore[arg-type]


def _unheard(share: float) -> None:
    pass


def test_pictures_of_all_tasks_come_again_with_their_seed(engine: StableDiffusionCpp) -> None:
    for task in TASKS:
        heard: list[float] = []
        request = _request(task)
        first = engine.make(request, heard.append)
        assert heard == [0.5, 1.0]
        assert (first.shape, first.std() > 5) == ((SIDE, SIDE, 3), True)
        if task == "text-to-image":
            np.testing.assert_array_equal(first, engine.make(request, _unheard))
        for other in ({"seed": 4}, {"negative": "fog"}, {"guidance": 1.5}, {"prompt": "blue sky"}):
            assert (engine.make(_request(task, **other), _unheard) != first).mean() > 0.3
            if task != "text-to-image":
                break


def test_cancelling_ends_the_process_before_a_second_step(engine: StableDiffusionCpp) -> None:
    heard: list[float] = []
    assert engine._process is not None
    process = psutil.Process(engine._process.pid)

    def stop(share: float) -> None:
        heard.append(share)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.make(_request(steps=50), stop)
    assert heard == [0.02]
    assert not process.is_running()
    assert engine.make(_request(steps=1), _unheard).shape == (SIDE, SIDE, 3)


def test_no_prompt_ends_the_library(engine: StableDiffusionCpp) -> None:
    assert engine._process is not None
    pid = engine._process.pid
    signs = (
        "<lora:/etc/passwd:1>",
        "(a:..)",
        "((((( [[[ :1.2)",
        "BREAK \\( BREAK",
        "<|endoftext|>",
        "\U0001f600" * 500,
    )
    for prompt in signs:
        engine.make(_request(prompt=prompt, steps=1), _unheard)
    assert engine._process.pid == pid


def test_words_beyond_the_first_75_tokens_count(engine: StableDiffusionCpp) -> None:
    many = "chair " * 100
    first, second = (engine.make(_request(prompt=many + end), _unheard) for end in ("red", "blue"))
    assert (first != second).any()


def test_weights_kept_as_fewer_bits_give_a_like_picture_in_less_memory(
    engine: StableDiffusionCpp, file: Path
) -> None:
    first = engine.make(_request(), _unheard).astype(float)
    use = register("text-to-image", file, licence="none", engine=ENGINE, options={"dtype": "q8_0"})
    assert uses.recorded() == {"text-to-image": use}
    assert use.facts.step_s > 0
    packed = registry.opened(use)
    assert isinstance(packed, StableDiffusionCpp)
    assert 0 < np.abs(first - packed.make(_request(), _unheard)).mean() < 20
    assert packed.apart_bytes < 0.9 * engine.apart_bytes


def test_a_gguf_file_of_the_same_weights_is_read(file: Path, tmp_path: Path) -> None:
    import stable_diffusion_cpp

    path = tmp_path / "random.gguf"
    made = stable_diffusion_cpp.convert(
        str(file).encode(), b"", str(path).encode(), stable_diffusion_cpp.GGMLType.SD_TYPE_Q8_0, b"", False
    )
    assert made
    use = register("inpaint", path, licence="none")
    assert (use.facts.engine, use.facts.serves) == (ENGINE, frozenset(TASKS))
    assert registry.opened(use).make(_request("inpaint"), _unheard).std() > 5
    with path.open("r+b") as whole:
        whole.truncate(path.stat().st_size - 100)
    with pytest.raises(TruncatedModelError, match="cut short"):
        registry.look(registry.CPP, path)


def test_weights_that_lack_tensors_are_not_filled_up_with_chance(tmp_path: Path) -> None:
    random_single_file.write(tmp_path / "part.safetensors", without="middle_block.1.transformer_blocks.0.ff")
    with pytest.raises(ModelError, match="cannot be loaded"):
        register("text-to-image", tmp_path / "part.safetensors", licence="none", engine=ENGINE)
    assert uses.recorded() == {}


def test_a_model_for_masks_fills_them(tmp_path: Path) -> None:
    random_single_file.write(tmp_path / "nine.safetensors", channels=9)
    use = register("inpaint", tmp_path / "nine.safetensors", licence="none", engine=ENGINE)
    assert use.facts.serves == {"inpaint"}
    assert registry.opened(use).make(_request("inpaint"), _unheard).std() > 5


def test_a_workers_child_that_may_start_no_process_makes_the_same_picture(
    engine: StableDiffusionCpp, file: Path, tmp_path: Path
) -> None:
    given = {"prompt": "a red chair", "steps": 1, "seed": 3, "guidance": 5.0}
    expected = engine.make(_request(**given, size=(256, 256)), _unheard)  # smaller ones are made at 512
    register("text-to-image", file, licence="none", engine=ENGINE)
    registry.drop()
    heard: list[float] = []

    async def made() -> np.ndarray:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        child = Child(current().model_copy(update={"data": tmp_path / "data"}), scratch)
        params = given | {"width": 256, "height": 256}
        work = Work(
            effect="generate", params=params, inputs={}, format="png", quality=90, folder=str(scratch)
        )
        try:
            outcome = await child.run(work, heard.append)
            assert (outcome.code, outcome.detail) == (None, "")
            return decode.open(Path(outcome.made[0].path)).pixels
        finally:
            child.drop()

    np.testing.assert_array_equal(asyncio.run(made()), expected)
    assert heard == [1.0]
    assert apart.allowed()
