"""Stable Diffusion 1 and XL in one file: their configuration, read from the shapes of the tensors, and their words.

A single file holds weights alone. What is fixed in a family stands here as data; what varies is read from the file.
The vocabulary of the words is not in the file: it comes from a folder ``tokenizer`` beside it, or from the package
open_clip_torch, where that is installed.

References
----------
Rombach et al. 2022, "High-resolution image synthesis with latent diffusion models"; Podell et al. 2023, "SDXL:
Improving latent diffusion models for high-resolution image synthesis"; Radford et al. 2021, "Learning transferable
visual models from natural language supervision" (the words).
"""

from __future__ import annotations

import gzip
import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tinct.errors import ForeignModelError, MissingModelError
from tinct.models.generators.diffusion.families import Family, family_named
from tinct.models.generators.diffusion.tensors import Shapes

__all__ = ["Plan", "plan", "write_config"]

_UNET, _VAE = "model.diffusion_model.", "first_stage_model."
_CLIP: Final = "cond_stage_model."
_FIRST, _SECOND = "conditioner.embedders.0.", "conditioner.embedders.1."
_BLOCKS: Final = 2  # on each level
_HEAD: Final = 64  # channels of a head
_HEADS: Final = 8  # of the network of Stable Diffusion 1, on every level
_WORDS: Final = 77  # tokens of a prompt, with those that begin and end it
_LATENT: Final = 4
_SIZES: Final = 6  # numbers that say to SDXL how large and how cut a picture was
_TOKENIZER: Final = ("tokenizer/merges.txt", "tokenizer/vocab.json")
_PACKAGED: Final = ("open_clip", "bpe_simple_vocab_16e6.txt.gz")
_MERGES: Final = 49152 - 256 - 2
_OTHERS: Final = {
    "conditioner.embedders.0.model.": "the refiner of Stable Diffusion XL",
    "cond_stage_model.model.": "Stable Diffusion 2, and no file of it says what its network predicts",
    "double_blocks.": "Flux",
    "model.diffusion_model.joint_blocks.": "Stable Diffusion 3",
    "model.diffusion_model.double_blocks.": "Flux",
    "lora_": "a LoRA, which is no whole model",
}
"""How names of tensors begin in files of others."""


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What is fixed in files of a family."""

    family: str
    prefixes: Mapping[str, str]
    """How names of tensors begin, by part."""
    native: int
    """Latents on a side."""
    scale: float
    """Of the latents."""
    texts: Mapping[str, Callable[[Shapes], dict[str, Any]]]
    """Configuration of each text encoder."""
    pads: Mapping[str, str]
    """What fills up a prompt, by tokenizer."""
    more: Mapping[str, Any]
    """In ``model_index.json``."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How to open a file."""

    family: Family
    prefixes: Mapping[str, str]
    """How names of tensors begin, by part that has weights."""
    channels: int
    """That the network takes."""
    native: int
    """Side of the square that it was made for, in pixels."""
    multiple: int
    beside: tuple[str, ...]
    """Files of the tokenizer, below the file's folder; none where a package has them."""
    configs: dict[str, dict[str, Any]]
    """By file."""


def plan(where: Path, known: Shapes, *, vocabulary: bool = True) -> Plan:
    """How to open the file at `where`, whose tensors are `known`; whoever has a `vocabulary` of its own needs none.

    Raises
    ------
    ForeignModelError
        It is of another family.
    MissingModelError
        No vocabulary was found.
    """
    kind = next(
        (kind for kind in _KINDS if all(_begun(known, begin) for begin in kind.prefixes.values())), None
    )
    other = next((name for begin, name in _OTHERS.items() if _begun(known, begin)), None)
    if kind is None or other is not None:
        raise _foreign(other)
    family = family_named(kind.family)
    texts = {part: config(known) for part, config in kind.texts.items()}
    unet = _unet(known, kind, texts)
    vae = _vae(known, kind)
    beside = tuple(name for name in _TOKENIZER if (where.parent / name).is_file())
    if len(beside) != len(_TOKENIZER):
        beside = ()
        if vocabulary and _packaged() is None:
            raise MissingModelError(
                "a single file holds no vocabulary, and none was found: put the folder tokenizer (vocab.json and "
                "merges.txt, as in the model's folder for diffusers) beside the file, or run: "
                "pip install --no-deps open-clip-torch"
            )
    multiple = 2 ** (len(vae["block_out_channels"]) - 1)
    index: dict[str, Any] = {
        "_class_name": family.pipelines["inpaint" if unet["in_channels"] == 9 else "text-to-image"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
        **{part: ["transformers", config["architectures"][0]] for part, config in texts.items()},
        **{part: ["transformers", "CLIPTokenizer"] for part in kind.pads},
        **kind.more,
    }
    configs: dict[str, dict[str, Any]] = {
        "model_index.json": index,
        "unet/config.json": unet,
        "vae/config.json": vae,
        "scheduler/scheduler_config.json": _SCHEDULER,
        **{f"{part}/config.json": config for part, config in texts.items()},
        **{f"{part}/tokenizer_config.json": _tokenizer(pad) for part, pad in kind.pads.items()},
    }
    return Plan(
        family=family,
        prefixes=kind.prefixes,
        channels=unet["in_channels"],
        native=kind.native * multiple,
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
    for words in [folder / part for part in found.family.others if part.startswith("tokenizer")]:
        if found.beside:
            for name in found.beside:
                (words / Path(name).name).write_bytes((where.parent / name).read_bytes())
        else:
            vocabulary, merges = _words()
            (words / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
            (words / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")


_SCHEDULER: Final[dict[str, Any]] = {
    "_class_name": "DPMSolverMultistepScheduler",
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "epsilon",
    "steps_offset": 1,
}


def _tokenizer(pad: str) -> dict[str, Any]:
    return {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": _WORDS,
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": pad,
    }


def _begun(known: Shapes, begin: str) -> bool:
    return any(name.startswith(begin) for name in known)


def _foreign(other: str | None) -> ForeignModelError:
    families = " or ".join(kind.family for kind in _KINDS)
    return ForeignModelError(
        f"the file is no model of {families}{f': it is {other}' if other else ''}; single files of others are not "
        "opened: bring the model's folder for diffusers"
    )


def _shape(known: Shapes, name: str, dimensions: int) -> tuple[int, ...]:
    found = known.get(name)
    if found is None or len(found) != dimensions:
        raise _foreign(None)
    return found


def _unet(known: Shapes, kind: _Kind, texts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    first = _shape(known, f"{_UNET}input_blocks.0.0.weight", 4)
    channels: list[int] = []
    while (name := f"{_UNET}input_blocks.{(_BLOCKS + 1) * len(channels) + 1}.0.out_layers.3.weight") in known:
        channels.append(_shape(known, name, 4)[0])
    begins = [f"{_UNET}input_blocks.{(_BLOCKS + 1) * level + 1}.1." for level in range(len(channels))]
    deep = [_count(known, f"{begin}transformer_blocks.") for begin in begins]  # 0: no attention there
    attended = next(
        (begin for begin, layers in zip(begins, deep, strict=True) if layers), begins[0] if begins else ""
    )
    linear = len(known.get(f"{attended}proj_in.weight", ())) == 2
    larger = "text_encoder_2" in texts
    if linear != larger:
        raise _foreign(None)
    return {
        "_class_name": "UNet2DConditionModel",
        "sample_size": kind.native,
        "in_channels": first[1],
        "out_channels": _LATENT,
        "block_out_channels": channels,
        "layers_per_block": _BLOCKS,
        "cross_attention_dim": _shape(known, f"{attended}transformer_blocks.0.attn2.to_k.weight", 2)[1],
        "transformer_layers_per_block": [max(1, layers) for layers in deep],
        "attention_head_dim": [max(1, width // _HEAD) for width in channels] if larger else _HEADS,
        "use_linear_projection": linear,
        "down_block_types": ["CrossAttnDownBlock2D" if layers else "DownBlock2D" for layers in deep],
        "up_block_types": ["CrossAttnUpBlock2D" if layers else "UpBlock2D" for layers in reversed(deep)],
        **(_of_sizes(known, texts) if larger else {}),
    }


def _of_sizes(known: Shapes, texts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What tells the network of SDXL how large a picture is to be, and the whole prompt's meaning."""
    whole = _shape(known, f"{_UNET}label_emb.0.0.weight", 2)[1]
    return {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": (whole - texts["text_encoder_2"]["projection_dim"]) // _SIZES,
        "projection_class_embeddings_input_dim": whole,
    }


def _count(known: Shapes, begin: str) -> int:
    return len({name[len(begin) :].partition(".")[0] for name in known if name.startswith(begin)})


def _vae(known: Shapes, kind: _Kind) -> dict[str, Any]:
    channels: list[int] = []
    while (name := f"{_VAE}encoder.down.{len(channels)}.block.0.conv1.weight") in known:
        channels.append(_shape(known, name, 4)[0])
    if not channels:
        raise _foreign(None)
    return {
        "_class_name": "AutoencoderKL",
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": _LATENT,
        "scaling_factor": kind.scale,
        "sample_size": kind.native * 2 ** (len(channels) - 1),
        "block_out_channels": channels,
        "layers_per_block": _BLOCKS,
        "down_block_types": ["DownEncoderBlock2D"] * len(channels),
        "up_block_types": ["UpDecoderBlock2D"] * len(channels),
    }


def _clip(begin: str) -> Callable[[Shapes], dict[str, Any]]:
    """Of a text encoder in the names of transformers."""
    text = f"{begin}transformer.text_model."

    def config(known: Shapes) -> dict[str, Any]:
        words = _shape(known, f"{text}embeddings.token_embedding.weight", 2)
        return _text(
            "CLIPTextModel",
            words=words,
            places=_shape(known, f"{text}embeddings.position_embedding.weight", 2)[0],
            inner=_shape(known, f"{text}encoder.layers.0.mlp.fc1.weight", 2)[0],
            layers=_count(known, f"{text}encoder.layers."),
            projected=words[1],
            act="quick_gelu",
        )

    return config


def _open_clip(begin: str) -> Callable[[Shapes], dict[str, Any]]:
    """Of one in the names of OpenCLIP."""
    text = f"{begin}model."

    def config(known: Shapes) -> dict[str, Any]:
        return _text(
            "CLIPTextModelWithProjection",
            words=_shape(known, f"{text}token_embedding.weight", 2),
            places=_shape(known, f"{text}positional_embedding", 2)[0],
            inner=_shape(known, f"{text}transformer.resblocks.0.mlp.c_fc.weight", 2)[0],
            layers=_count(known, f"{text}transformer.resblocks."),
            projected=_shape(known, f"{text}text_projection", 2)[1],
            act="gelu",
        )

    return config


def _text(
    kind: str, *, words: tuple[int, ...], places: int, inner: int, layers: int, projected: int, act: str
) -> dict[str, Any]:
    count, hidden = words
    return {
        "architectures": [kind],
        "model_type": "clip_text_model",
        "hidden_act": act,
        "hidden_size": hidden,
        "intermediate_size": inner,
        "num_hidden_layers": layers,
        "num_attention_heads": max(1, hidden // _HEAD),
        "max_position_embeddings": places,
        "projection_dim": projected,
        "vocab_size": count,
        "bos_token_id": count - 2,
        "eos_token_id": count - 1,
        "pad_token_id": 1,
    }


_KINDS: Final = (
    _Kind(
        family="stable-diffusion",
        prefixes={"unet": _UNET, "vae": _VAE, "text_encoder": f"{_CLIP}transformer."},
        native=64,
        scale=0.18215,
        texts={"text_encoder": _clip(_CLIP)},
        pads={"tokenizer": "<|endoftext|>"},
        more={
            "requires_safety_checker": False,
            "safety_checker": [None, None],
            "feature_extractor": [None, None],
        },
    ),
    _Kind(
        family="stable-diffusion-xl",
        prefixes={
            "unet": _UNET,
            "vae": _VAE,
            "text_encoder": f"{_FIRST}transformer.",
            "text_encoder_2": _SECOND,
        },
        native=128,
        scale=0.13025,
        texts={"text_encoder": _clip(_FIRST), "text_encoder_2": _open_clip(_SECOND)},
        pads={"tokenizer": "<|endoftext|>", "tokenizer_2": "!"},
        more={
            "force_zeros_for_empty_prompt": True,
            "feature_extractor": [None, None],
            "image_encoder": [None, None],
        },
    ),
)
"""Families whose files are opened."""


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
