"""The engine diffusers on tiny random models: folder and file, all tasks, cancelling, and no network in any of it."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tinct.errors import (
    ForeignModelError,
    MissingModelError,
    ModelError,
    ParameterError,
    PickledModelError,
    PromptTooLongError,
    TruncatedModelError,
)
from tinct.imaging.invention import invent
from tinct.machine import peak_memory
from tinct.models import runtime
from tinct.models.generators import install, registry, uses
from tinct.models.generators.diffusion.look import look
from tinct.models.generators.install import register
from tinct.models.generators.port import TASKS, Request, Task

if any(find_spec(name) is None for name in ("torch", "diffusers")):
    pytest.skip("the extra generate is not installed", allow_module_level=True)
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # the libraries' own
    pytest.mark.usefixtures("no_generators_yet"),
]

# PyTorch takes seconds to import, and every process of a run collects this file: it comes with the first test.

SIDE = 64


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``four`` and ``nine`` channels as folders, and ``four`` as one file."""
    from benchmarks import random_diffusion as tiny_diffusion

    folder = tmp_path_factory.mktemp("tiny")
    pipe = tiny_diffusion.make(folder / "four")
    tiny_diffusion.make(folder / "nine", channels=9)
    (folder / "one").mkdir()
    tiny_diffusion.write_single(pipe, folder / "one" / "four.safetensors")
    return folder


@pytest.fixture(autouse=True)
def _one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "_threads", 1)  # on a busy machine two wait for each other


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Every socket is refused, and none may be asked for."""
    asked: list[object] = []

    def refuse(*args: object, **kwargs: object) -> None:
        asked.append(args)
        raise OSError("no network in this test")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield asked
    assert asked == []


def _request(task: Task = "text-to-image", **more: object) -> Request:
    rng = np.random.default_rng(5)
    picture = rng.integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[20:44, 16:40] = 255
    given: dict[str, object] = {"prompt": "a red chair", "size": (SIDE, SIDE), "steps": 3, "seed": 3}
    if task != "text-to-image":
        given["picture"] = picture
    if task == "inpaint":
        given["mask"] = mask
    return Request(**(given | more))  # type: ignore[arg-type]


def _unheard(share: float) -> None:
    pass


def test_a_folder_and_one_file_of_the_same_weights_give_equal_pixels(models: Path) -> None:
    folder = register("text-to-image", models / "four")
    single = register("inpaint", models / "one" / "four.safetensors", licence="apache-2.0")
    for task in TASKS:
        request = _request(task, strength=0.7)
        first = registry.opened(folder).make(request, _unheard)
        second = registry.opened(single).make(request, _unheard)
        np.testing.assert_array_equal(first, second)
        assert first.shape == (SIDE, SIDE, 3)
        assert first.std() > 1


@pytest.mark.parametrize("name", ["four", "nine"])
def test_a_mask_is_filled_by_models_of_four_and_nine_channels(models: Path, name: str) -> None:
    use = register("inpaint", models / name)
    heard: list[float] = []
    request = _request("inpaint")
    made = registry.opened(use).make(request, heard.append)
    assert heard == pytest.approx([1 / 3, 2 / 3, 1])
    np.testing.assert_array_equal(made, registry.opened(use).make(request, _unheard))
    assert (made != registry.opened(use).make(_request("inpaint", seed=4), _unheard)).any()
    assert (made != registry.opened(use).make(_request("inpaint", prompt="blue sky"), _unheard)).any()


def test_a_model_for_masks_serves_nothing_else(models: Path) -> None:
    with pytest.raises(ParameterError, match="inpaint"):
        register("text-to-image", models / "nine")
    use = register("inpaint", models / "nine")
    assert set(registry.served()) == {"inpaint"}
    with pytest.raises(ParameterError, match="inpaint"):
        registry.opened(use).make(_request(), _unheard)


def test_what_is_registered_is_recorded_with_licence_digest_and_time(models: Path) -> None:
    use = register("text-to-image", models / "four", name="tiny")
    assert uses.recorded() == {"text-to-image": use}
    facts = use.facts
    assert (facts.engine, facts.name, facts.family) == ("diffusers", "tiny", "stable-diffusion")
    assert (facts.licence, len(facts.sha256), facts.serves) == ("apache-2.0", 64, frozenset(TASKS))
    assert (facts.sizes.native, facts.sizes.multiple) == (SIDE, 8)
    assert facts.step_s > 0
    assert facts.memory_bytes > 0
    assert {file.name for file in use.files} >= {
        "model_index.json",
        "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
        "scheduler/scheduler_config.json",
    }
    assert uses.damage(use) is None


def test_a_licence_that_nobody_states_has_to_be_given(models: Path) -> None:
    with pytest.raises(ParameterError, match="licence"):
        register("text-to-image", models / "one" / "four.safetensors")


def test_cancelling_takes_effect_within_one_step(models: Path) -> None:
    use = register("text-to-image", models / "four")
    heard: list[float] = []

    def stop(share: float) -> None:
        heard.append(share)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        registry.opened(use).make(_request(steps=50), stop)
    assert len(heard) == 1
    assert registry.opened(use).make(_request(steps=1), _unheard).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("field", ["prompt", "negative"])
def test_more_tokens_than_the_model_takes_are_refused_with_their_number(models: Path, field: str) -> None:
    use = register("text-to-image", models / "four")
    registry.opened(use).make(_request(**{field: " ".join(["chair"] * 75)}, steps=1), _unheard)
    with pytest.raises(PromptTooLongError, match=f"{field}: 76 tokens"):
        registry.opened(use).make(_request(**{field: " ".join(["chair"] * 76)}), _unheard)


def test_sizes_that_do_not_divide_are_made_larger_and_cut(models: Path) -> None:
    use = register("text-to-image", models / "four")
    made = invent(_request(size=(61, 75)))
    assert made.worked_at == (64, 80)
    whole = registry.opened(use).make(_request(size=(64, 80)), _unheard)
    np.testing.assert_array_equal(made.picture, whole[:61, :75])


def test_the_larger_family_is_opened_too(tmp_path: Path) -> None:
    from benchmarks import random_diffusion as tiny_diffusion

    tiny_diffusion.make_xl(tmp_path / "xl")
    use = register("text-to-image", tmp_path / "xl", licence="openrail++")
    assert use.facts.family == "stable-diffusion-xl"
    for task in TASKS:
        assert registry.opened(use).make(_request(task, strength=0.7), _unheard).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("channels", [4, 9])
def test_one_file_of_the_larger_family_gives_the_pixels_of_its_folder(
    tmp_path: Path, channels: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from benchmarks import random_diffusion as tiny_diffusion

    monkeypatch.setattr(install, "_tried", lambda use, task, found: use)  # at 1024 pixels for the file
    pipe = tiny_diffusion.make_xl(tmp_path / "xl", channels=channels)
    (tmp_path / "one").mkdir()
    tiny_diffusion.write_single(pipe, tmp_path / "one" / "xl.safetensors")
    folder = register("inpaint", tmp_path / "xl", licence="openrail++")
    single = register("inpaint", tmp_path / "one" / "xl.safetensors", licence="openrail++")
    assert single.facts.family == folder.facts.family == "stable-diffusion-xl"
    assert single.facts.serves == folder.facts.serves
    for task in sorted(folder.facts.serves):
        request = _request(task, strength=0.7)
        first = registry.opened(folder).make(request, _unheard)
        np.testing.assert_array_equal(first, registry.opened(single).make(request, _unheard))


def test_bfloat16_gives_a_like_picture(models: Path) -> None:
    exact = register("text-to-image", models / "four", options={"dtype": "float32"})
    first = registry.opened(exact).make(_request(), _unheard).astype(float)
    half = register("text-to-image", models / "four", options={"dtype": "bfloat16"})
    second = registry.opened(half).make(_request(), _unheard).astype(float)
    assert 0 < np.abs(first - second).mean() < 8
    with pytest.raises(ParameterError, match="dtype"):
        register("text-to-image", models / "four", options={"dtype": "float8"})


def test_a_graphics_card_gives_a_like_picture(models: Path) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no graphics card with CUDA")
    given = {"dtype": "float32"}
    on_cpu = register("text-to-image", models / "four", options=given | {"device": "cpu"})
    first = registry.opened(on_cpu).make(_request(), _unheard).astype(float)
    on_card = register("text-to-image", models / "four", options=given | {"device": "cuda"})
    assert np.abs(first - registry.opened(on_card).make(_request(), _unheard)).mean() < 2


# -- what is refused, each with its own sentence ------------------------------------------------------


@pytest.fixture
def copy(models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models / "four", tmp_path / "copy"))


def test_a_folder_of_another_family_is_named(copy: Path) -> None:
    index = copy / "model_index.json"
    index.write_text(index.read_text().replace("StableDiffusionPipeline", "FluxPipeline"))
    with pytest.raises(ForeignModelError, match=r"FluxPipeline.*stable-diffusion"):
        look(copy)


def test_a_folder_that_is_no_model_is_told_from_one(tmp_path: Path) -> None:
    with pytest.raises(ForeignModelError, match=r"model_index\.json"):
        look(tmp_path)
    with pytest.raises(MissingModelError, match="there is nothing"):
        look(tmp_path / "nowhere")


def test_a_folder_may_name_no_program_of_its_own(copy: Path) -> None:
    index = json.loads((copy / "model_index.json").read_text())
    for change in (
        {"unet": ["own_code", "UNet2DConditionModel"]},
        {"unet": ["diffusers", "Evil"]},
        {"more": ["diffusers", "AutoencoderKL"]},
    ):
        (copy / "model_index.json").write_text(json.dumps(index | change))
        with pytest.raises(ForeignModelError, match="names the part"):
            look(copy)


def test_weights_as_pickles_are_never_opened(copy: Path, tmp_path: Path) -> None:
    import torch

    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(PickledModelError, match="unet holds its weights as a pickle"):
        look(copy)
    torch.save({"a": torch.zeros(3)}, tmp_path / "old.ckpt")
    with pytest.raises(PickledModelError, match=r"old\.ckpt"):
        look(tmp_path / "old.ckpt")
    (tmp_path / "old.ckpt").rename(tmp_path / "disguised.safetensors")
    with pytest.raises(PickledModelError, match=r"disguised\.safetensors"):
        look(tmp_path / "disguised.safetensors")


@pytest.mark.parametrize("left", [0, 4, 100, -1000, -1])
def test_a_truncated_file_is_refused_before_it_is_loaded(copy: Path, left: int) -> None:
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:left])
    with pytest.raises(TruncatedModelError, match="cut short"):
        look(copy)


def test_weights_that_lack_tensors_are_not_filled_up_with_chance(copy: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(weights)
    save_file({name: value for name, value in tensors.items() if "mid_block" not in name}, weights)
    with pytest.raises(TruncatedModelError, match="unet lack"):
        register("text-to-image", copy)
    assert uses.recorded() == {}


def test_weights_of_another_configuration_are_refused(copy: Path) -> None:
    config = json.loads((copy / "unet" / "config.json").read_text())
    (copy / "unet" / "config.json").write_text(json.dumps(config | {"block_out_channels": [32, 32, 64, 64]}))
    with pytest.raises(ModelError, match="do not fit together"):
        register("text-to-image", copy)


@pytest.mark.parametrize(
    ("part", "absurd"),
    [
        ("unet", {"block_out_channels": [2**20, 2**20]}),
        ("unet", {"layers_per_block": 10**9}),
        ("unet", {"transformer_layers_per_block": 10**9}),
        ("unet", {"cross_attention_dim": 2**40}),
        ("vae", {"latent_channels": 2**36}),
        ("text_encoder", {"num_hidden_layers": 10**9}),
        ("text_encoder", {"vocab_size": 2**40}),
        ("text_encoder", {"max_position_embeddings": 2**40}),
    ],
    ids=str,
)
def test_a_configuration_that_wants_more_than_the_weights_hold_gets_no_memory(
    copy: Path, part: str, absurd: dict[str, object]
) -> None:
    path = copy / part / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | absurd))
    before = peak_memory()
    with pytest.raises(ModelError):
        register("text-to-image", copy)
    assert peak_memory() - before < 200 * 2**20
    assert uses.recorded() == {}


def test_a_scheduler_of_absurd_length_is_refused(copy: Path) -> None:
    path = copy / "scheduler" / "scheduler_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"num_train_timesteps": 10**10}))
    with pytest.raises(ForeignModelError, match="steps of training"):
        look(copy)


def test_a_single_file_of_another_family_is_named(tmp_path: Path, models: Path) -> None:
    import torch
    from safetensors.torch import save_file

    save_file({"conditioner.embedders.0.model.x": torch.zeros(2)}, tmp_path / "refiner.safetensors")
    with pytest.raises(ForeignModelError, match="refiner of Stable Diffusion XL"):
        look(tmp_path / "refiner.safetensors")
    save_file({"cond_stage_model.model.x": torch.zeros(2)}, tmp_path / "two.safetensors")
    with pytest.raises(ForeignModelError, match=r"Stable Diffusion 2.*bring the model's folder"):
        look(tmp_path / "two.safetensors")
    save_file({"lora_unet_x": torch.zeros(2)}, tmp_path / "lora.safetensors")
    with pytest.raises(ForeignModelError, match="LoRA"):
        look(tmp_path / "lora.safetensors")
    (tmp_path / "text.txt").write_text("no model at all, but long enough")
    with pytest.raises(ForeignModelError, match=r"text\.txt is no model"):
        look(tmp_path / "text.txt")


def test_a_single_file_without_a_vocabulary_says_where_to_put_one(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tinct.models.generators.diffusion import single

    shutil.copy(models / "one" / "four.safetensors", tmp_path / "alone.safetensors")
    monkeypatch.setattr(single, "_PACKAGED", ("no_such_package", "bpe.gz"))
    with pytest.raises(MissingModelError, match="tokenizer"):
        look(tmp_path / "alone.safetensors")
