"""Stable Diffusion 1 in one file: its configuration, read from the shapes of its tensors, and its words.

A single file holds weights alone. What is fixed in this family stands here as data; what varies is read from the file.
The vocabulary of the words is not in the file: it comes from a folder ``tokenizer`` beside it, or from the package
open_clip_torch, where that is installed.

References
----------
Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models"; Radford et al. 2021, "Learning
transferable visual models from natural language supervision" (the words).
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tinct.errors import ForeignModelError, MissingModelError
from tinct.models.generators.diffusion.tensors import Shapes

__all__ = ["PREFIXES", "Plan", "plan", "write_config"]

PREFIXES: Final = {
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "text_encoder": "cond_stage_model.",
}
"""How names of tensors begin, by part."""

_UNET, _VAE = PREFIXES["unet"], PREFIXES["vae"]
_TEXT: Final = "cond_stage_model.transformer.text_model."
_LEVELS: Final = 4
_BLOCKS: Final = 2  # on each level
_HEAD: Final = 64  # channels of a head of the text encoder
_WORDS: Final = 77  # tokens of a prompt, with those that begin and end it
_LATENT: Final = 4
_SCALE: Final = 0.18215  # of the latents
_NATIVE: Final = 64  # latents on a side
_TOKENIZER: Final = ("tokenizer/merges.txt", "tokenizer/vocab.json")
_PACKAGED: Final = ("open_clip", "bpe_simple_vocab_16e6.txt.gz")
_MERGES: Final = 49152 - 256 - 2
_OTHERS: Final = {
    "conditioner.embedders.": "Stable Diffusion XL",
    "cond_stage_model.model.": "Stable Diffusion 2",
    "double_blocks.": "Flux",
    "model.diffusion_model.joint_blocks.": "Stable Diffusion 3",
    "model.diffusion_model.double_blocks.": "Flux",
    "lora_": "a LoRA, which is no whole model",
}
"""How names of tensors begin in files of others."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to open a file."""

    channels: int
    """That the network takes."""
    native: int
    """Side of the square that it was made for, in pixels."""
    multiple: int
    beside: tuple[str, ...]
    """Files of the tokenizer, below the file's folder; none where a package has them."""
    configs: dict[str, dict[str, Any]]
    """By file."""


def plan(where: Path, known: Shapes) -> Plan:
    """How to open the file at `where`, whose tensors are `known`.

    Raises
    ------
    ForeignModelError
        It is of another family.
    MissingModelError
        No vocabulary was found.
    """
    unet = _unet(known)
    vae = _vae(known)
    beside = tuple(name for name in _TOKENIZER if (where.parent / name).is_file())
    if len(beside) != len(_TOKENIZER):
        beside = ()
        if _packaged() is None:
            raise MissingModelError(
                "a single file holds no vocabulary, and none was found: put the folder tokenizer (vocab.json and "
                "merges.txt, as in the model's folder for diffusers) beside the file, or run: "
                "pip install --no-deps open-clip-torch"
            )
    multiple = 2 ** (len(vae["block_out_channels"]) - 1)
    configs: dict[str, dict[str, Any]] = {
        "model_index.json": {
            "_class_name": "StableDiffusionInpaintPipeline"
            if unet["in_channels"] == 9
            else "StableDiffusionPipeline",
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "feature_extractor": [None, None],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
        },
        "unet/config.json": unet,
        "vae/config.json": vae,
        "text_encoder/config.json": _text(known),
        "scheduler/scheduler_config.json": _SCHEDULER,
    }
    return Plan(
        channels=unet["in_channels"],
        native=_NATIVE * multiple,
        multiple=multiple,
        beside=beside,
        configs=configs,
    )


def write_config(where: Path, known: Shapes, folder: Path) -> None:
    """Write what diffusers wants beside the weights into an empty folder."""
    found = plan(where, known)
    for name, config in found.configs.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(config), encoding="utf-8")
    (folder / "tokenizer").mkdir()
    if found.beside:
        for name in found.beside:
            (folder / name).write_bytes((where.parent / name).read_bytes())
    else:
        vocabulary, merges = _words()
        (folder / "tokenizer" / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        (folder / "tokenizer" / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": _WORDS,
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    }
    (folder / "tokenizer" / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")


_SCHEDULER: Final[dict[str, Any]] = {
    "_class_name": "DPMSolverMultistepScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "epsilon",
    "steps_offset": 1,
}


def _shape(known: Shapes, name: str, dimensions: int) -> tuple[int, ...]:
    found = known.get(name)
    if found is None or len(found) != dimensions:
        other = next(
            (kind for begin, kind in _OTHERS.items() if any(one.startswith(begin) for one in known)), None
        )
        raise ForeignModelError(
            f"the file is no Stable Diffusion 1 model{f': it is {other}' if other else ''}; single files of others are "
            "not opened: bring the model's folder for diffusers"
        )
    return found


def _unet(known: Shapes) -> dict[str, Any]:
    first = _shape(known, f"{_UNET}input_blocks.0.0.weight", 4)
    channels = [
        _shape(known, f"{_UNET}input_blocks.{(_BLOCKS + 1) * level + 1}.0.out_layers.3.weight", 4)[0]
        for level in range(_LEVELS)
    ]
    attention = f"{_UNET}input_blocks.1.1."
    _shape(known, f"{attention}proj_in.weight", 4)  # later families have a matrix there
    context = _shape(known, f"{attention}transformer_blocks.0.attn2.to_k.weight", 2)[1]
    return {
        "_class_name": "UNet2DConditionModel",
        "sample_size": _NATIVE,
        "in_channels": first[1],
        "out_channels": _LATENT,
        "block_out_channels": channels,
        "layers_per_block": _BLOCKS,
        "cross_attention_dim": context,
        "attention_head_dim": 8,
        "down_block_types": [*["CrossAttnDownBlock2D"] * (_LEVELS - 1), "DownBlock2D"],
        "up_block_types": ["UpBlock2D", *["CrossAttnUpBlock2D"] * (_LEVELS - 1)],
    }


def _vae(known: Shapes) -> dict[str, Any]:
    channels = [
        _shape(known, f"{_VAE}encoder.down.{level}.block.0.conv1.weight", 4)[0] for level in range(_LEVELS)
    ]
    return {
        "_class_name": "AutoencoderKL",
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": _LATENT,
        "scaling_factor": _SCALE,
        "sample_size": _NATIVE * 2 ** (_LEVELS - 1),
        "block_out_channels": channels,
        "layers_per_block": _BLOCKS,
        "down_block_types": ["DownEncoderBlock2D"] * _LEVELS,
        "up_block_types": ["UpDecoderBlock2D"] * _LEVELS,
    }


def _text(known: Shapes) -> dict[str, Any]:
    words, hidden = _shape(known, f"{_TEXT}embeddings.token_embedding.weight", 2)
    layers = len(
        {name[len(_TEXT) :].split(".")[2] for name in known if name.startswith(f"{_TEXT}encoder.layers.")}
    )
    return {
        "architectures": ["CLIPTextModel"],
        "model_type": "clip_text_model",
        "hidden_act": "quick_gelu",
        "hidden_size": hidden,
        "intermediate_size": _shape(known, f"{_TEXT}encoder.layers.0.mlp.fc1.weight", 2)[0],
        "num_hidden_layers": layers,
        "num_attention_heads": max(1, hidden // _HEAD),
        "max_position_embeddings": _shape(known, f"{_TEXT}embeddings.position_embedding.weight", 2)[0],
        "projection_dim": hidden,
        "vocab_size": words,
        "bos_token_id": words - 2,
        "eos_token_id": words - 1,
        "pad_token_id": 1,
    }


def _packaged() -> Path | None:
    """The vocabulary of CLIP in an installed package, which is not imported; None where there is none."""
    package, name = _PACKAGED
    spec = importlib.util.find_spec(package)
    for folder in (spec.submodule_search_locations or ()) if spec is not None else ():
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    return None


def _words() -> tuple[dict[str, int], list[str]]:
    """Vocabulary and merges of CLIP from the package's list of merges: bytes, bytes that end a word, merges, marks."""
    path = _packaged()
    assert path is not None
    with gzip.open(path, "rt", encoding="utf-8") as file:
        merges = file.read(64 * 2**20).split("\n")[1 : 1 + _MERGES]
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(code) for code in plain] + [chr(256 + n) for n in range(256 - len(plain))]
    tokens = letters + [f"{letter}</w>" for letter in letters] + [merge.replace(" ", "") for merge in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(tokens)}, merges
