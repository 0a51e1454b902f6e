"""Tiny diffusion models with random weights: a folder of diffusers, and the same weights as one file.

The architecture is that of Stable Diffusion 1, with as few channels as its normalisation allows; a few MB.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
    StableDiffusionXLInpaintPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

UNET, XL, VAE = (32, 64, 64, 64), (32, 64, 128), (32, 32, 64, 64)
HIDDEN, LEVELS, BLOCKS = 64, 4, 2
SIZES = {"unet": UNET, "vae": VAE, "hidden": HIDDEN, "layers": 2, "side": 64}
FULL = {"unet": (320, 640, 1280, 1280), "vae": (128, 256, 512, 512), "hidden": 768, "layers": 12, "side": 64}
"""As Stable Diffusion 1.5."""


def vocabulary(filled: int = 0) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Bytes, and merges of a few words; `filled` up to so many tokens."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = [chr(code) for code in plain] + [chr(256 + number) for number in range(256 - len(plain))]
    tokens, merges = letters + [f"{letter}</w>" for letter in letters], []
    for word in ("a", "red", "chair", "blue", "sky", "photo"):
        parts = [*word[:-1], f"{word[-1]}</w>"]
        while len(parts) > 1:
            pair = (parts[0], parts[1])
            if pair not in merges:
                merges.append(pair)
                tokens.append("".join(pair))
            parts[:2] = ["".join(pair)]
    tokens += [f"<|{number}|>" for number in range(filled - len(tokens) - 2)]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}, merges


def make(
    folder: Path, *, channels: int = 4, sizes: dict[str, Any] = SIZES, dtype: Any = torch.float32
) -> Any:
    """Write a model into `folder`; the pipeline that was written."""
    torch.manual_seed(channels)
    parts = _parts(channels, sizes, dtype, filled=49408 if sizes is FULL else 0)
    kind = StableDiffusionInpaintPipeline if channels == 9 else StableDiffusionPipeline
    pipe = kind(**parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False)
    pipe.save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nRandom weights.\n")
    return pipe


def make_xl(folder: Path, *, channels: int = 4) -> Any:
    """The same of Stable Diffusion XL."""
    torch.manual_seed(20 + channels)
    second = SIZES | {"hidden": 2 * HIDDEN, "act": "gelu"}
    parts = _parts(channels, SIZES | {"unet": XL, "context": 3 * HIDDEN, "xl": True}, torch.float32)
    projected = CLIPTextModelWithProjection(_text_config(len(parts["tokenizer"]), second))
    kind = StableDiffusionXLInpaintPipeline if channels == 9 else StableDiffusionXLPipeline
    vocab, merges = vocabulary()
    padded = CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77, pad_token="!")
    pipe = kind(**parts, text_encoder_2=projected, tokenizer_2=padded, add_watermarker=False)
    pipe.save_pretrained(folder)
    return pipe


def _text_config(words: int, sizes: dict[str, Any]) -> CLIPTextConfig:
    hidden = sizes["hidden"]
    return CLIPTextConfig(
        vocab_size=words,
        hidden_size=hidden,
        intermediate_size=4 * hidden,
        num_hidden_layers=sizes["layers"],
        num_attention_heads=max(1, hidden // 64),
        projection_dim=hidden,
        max_position_embeddings=77,
        hidden_act=sizes.get("act", "quick_gelu"),
        bos_token_id=words - 2,
        eos_token_id=words - 1,
    )


def _parts(channels: int, sizes: dict[str, Any], dtype: Any, filled: int = 0) -> dict[str, Any]:
    vocab, merges = vocabulary(filled)
    types = ["CrossAttnDownBlock2D"] * (len(sizes["unet"]) - 1)
    types.insert(0 if sizes.get("xl") else len(types), "DownBlock2D")
    more: dict[str, Any] = {"attention_head_dim": 8}
    if sizes.get("xl"):
        more = {
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + 2 * HIDDEN,
            "use_linear_projection": True,
            "transformer_layers_per_block": (1, 1, 2),
            "attention_head_dim": tuple(max(1, width // 64) for width in sizes["unet"]),
        }
    unet = UNet2DConditionModel(
        sample_size=sizes["side"] // 8 if sizes is not FULL else 64,
        in_channels=channels,
        out_channels=4,
        block_out_channels=sizes["unet"],
        layers_per_block=BLOCKS,
        cross_attention_dim=sizes.get("context", sizes["hidden"]),
        down_block_types=types,
        up_block_types=[one.replace("Down", "Up") for one in reversed(types)],
        **more,
    )
    vae = AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=4,
        block_out_channels=sizes["vae"],
        layers_per_block=BLOCKS,
        down_block_types=("DownEncoderBlock2D",) * len(sizes["vae"]),
        up_block_types=("UpDecoderBlock2D",) * len(sizes["vae"]),
        sample_size=sizes["side"],
        scaling_factor=0.13025 if sizes.get("xl") else 0.18215,
    )
    return {
        "unet": unet.to(dtype),
        "vae": vae.to(dtype),
        "text_encoder": CLIPTextModel(_text_config(len(vocab), sizes)).to(dtype),
        "tokenizer": CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=77),
        "scheduler": DPMSolverMultistepScheduler(
            beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1
        ),
    }


def write_single(pipe: Any, path: Path) -> None:
    """The weights of a pipeline as one file, under the names of the first programs for its family."""
    attended = [name.startswith("Cross") for name in pipe.unet.config.up_block_types]
    tensors = {
        **{
            f"model.diffusion_model.{_unet(name, attended)}": value
            for name, value in pipe.unet.state_dict().items()
        },
        **dict(_vae(name, value) for name, value in pipe.vae.state_dict().items()),
    }
    second = getattr(pipe, "text_encoder_2", None)
    begin = "cond_stage_model" if second is None else "conditioner.embedders.0"
    for name, value in pipe.text_encoder.state_dict().items():
        tensors[f"{begin}.transformer.text_model.{name.removeprefix('text_model.')}"] = value
    if second is not None:
        found = _open_clip(second.state_dict())
        tensors |= {f"conditioner.embedders.1.model.{name}": value for name, value in found.items()}
    save_file({name: value.contiguous().clone() for name, value in tensors.items()}, path)
    folder = path.parent / "tokenizer"
    if not folder.exists():
        pipe.tokenizer.save_pretrained(folder)
        if not (folder / "vocab.json").exists():
            found = json.loads((folder / "tokenizer.json").read_text())["model"]
            (folder / "vocab.json").write_text(json.dumps(found["vocab"]))
            merges = [" ".join(pair) for pair in found["merges"]]
            (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]))


_BLOCK = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET_ENDS = {
    "time_embedding.linear_1": "time_embed.0",
    "time_embedding.linear_2": "time_embed.2",
    "add_embedding.linear_1": "label_emb.0.0",
    "add_embedding.linear_2": "label_emb.0.2",
    "conv_in": "input_blocks.0.0",
    "conv_norm_out": "out.0",
    "conv_out": "out.2",
}


def _unet(name: str, attended: list[bool]) -> str:
    parts = name.split(".")
    for begin, other in _UNET_ENDS.items():
        if name.startswith(f"{begin}."):
            return other + name[len(begin) :]
    if parts[0] == "mid_block":
        kind, number, rest = parts[1], int(parts[2]), parts[3:]
        place = "middle_block.1" if kind == "attentions" else f"middle_block.{2 * number}"
        return f"{place}.{_inside(kind, rest)}"
    up, level, kind, number, rest = parts[0] == "up_blocks", int(parts[1]), parts[2], int(parts[3]), parts[4:]
    step = (BLOCKS + 1) * level + number
    if kind == "downsamplers":
        return f"input_blocks.{(BLOCKS + 1) * (level + 1)}.0.op.{rest[-1]}"
    if kind == "upsamplers":
        last = (BLOCKS + 1) * level + BLOCKS
        return f"output_blocks.{last}.{1 + attended[level]}.{'.'.join(rest)}"
    whole = f"output_blocks.{step}" if up else f"input_blocks.{step + 1}"
    return f"{whole}.{int(kind == 'attentions')}.{_inside(kind, rest)}"


def _inside(kind: str, rest: list[str]) -> str:
    return ".".join([_BLOCK.get(rest[0], rest[0]), *rest[1:]] if kind == "resnets" else rest)


_OPEN = {
    "embeddings.token_embedding.weight": "token_embedding.weight",
    "embeddings.position_embedding.weight": "positional_embedding",
    "final_layer_norm": "ln_final",
    "encoder.layers": "transformer.resblocks",
    "layer_norm": "ln_",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
    "self_attn.out_proj": "attn.out_proj",
}


def _open_clip(known: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A text encoder in the names of OpenCLIP, which has queries, keys and values in one matrix."""
    found: dict[str, torch.Tensor] = {}
    for name, value in known.items():
        name = name.removeprefix("text_model.")
        for old, new in _OPEN.items():
            name = name.replace(old, new)
        if name == "text_projection.weight":
            found["text_projection"] = value.T
        elif ".self_attn.q_proj." in name:
            both = [known[key] for key in _three(name, known)]
            found[name.replace(".self_attn.q_proj.", ".attn.in_proj_")] = torch.cat(both)
        elif ".self_attn." not in name:
            found[name] = value
    return found


def _three(name: str, known: dict[str, torch.Tensor]) -> list[str]:
    """The names of queries, keys and values, by the new name of the queries."""
    end = name.replace("transformer.resblocks", "encoder.layers")
    whole = next(key for key in known if key.endswith(end))
    return [whole.replace("q_proj", f"{letter}_proj") for letter in "qkv"]


def _vae(name: str, value: torch.Tensor) -> tuple[str, torch.Tensor]:
    for level in range(LEVELS):
        name = name.replace(f"encoder.down_blocks.{level}.resnets.", f"encoder.down.{level}.block.")
        name = name.replace(
            f"encoder.down_blocks.{level}.downsamplers.0.", f"encoder.down.{level}.downsample."
        )
        name = name.replace(f"decoder.up_blocks.{level}.resnets.", f"decoder.up.{LEVELS - 1 - level}.block.")
        name = name.replace(
            f"decoder.up_blocks.{level}.upsamplers.0.", f"decoder.up.{LEVELS - 1 - level}.upsample."
        )
    for old, new in (
        ("mid_block.resnets.0", "mid.block_1"),
        ("mid_block.resnets.1", "mid.block_2"),
        ("conv_shortcut", "nin_shortcut"),
        ("conv_norm_out", "norm_out"),
    ):
        name = name.replace(old, new)
    if "mid_block.attentions.0" in name:
        for old, new in (
            ("mid_block.attentions.0", "mid.attn_1"),
            ("group_norm", "norm"),
            ("to_q", "q"),
            ("to_k", "k"),
            ("to_v", "v"),
            ("to_out.0", "proj_out"),
        ):
            name = name.replace(old, new)
        if value.ndim == 2:
            value = value[..., None, None]
    return f"first_stage_model.{name}", value
