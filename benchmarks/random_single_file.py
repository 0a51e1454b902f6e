"""One file of Stable Diffusion 1 with random weights, written without torch: names and shapes are the true ones.

python -m benchmarks.random_single_file random.safetensors       # 2.1 GB, half precision
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

WIDTHS = (320, 640, 1280, 1280)
LATENT = (128, 256, 512, 512)
WORDS, TOKENS, HIDDEN = 49408, 77, 768
_NOISE = 2**20  # numbers that are drawn; tensors take theirs from them, in turns

Named = Iterator[tuple[str, tuple[int, ...]]]


def shapes(channels: int = 4) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor, by name; a network of 9 `channels` fills masks."""
    parts = (
        ("model.diffusion_model", _unet(channels)),
        ("first_stage_model", _autoencoder()),
        ("cond_stage_model.transformer.text_model", _text()),
    )
    return {f"{begin}.{name}": shape for begin, part in parts for name, shape in part}


def write(path: Path, *, channels: int = 4, seed: int = 0, without: str = "") -> None:
    """Write a file; `without` leaves out the tensors whose names contain it."""
    known = {name: shape for name, shape in shapes(channels).items() if not without or without not in name}
    header: dict[str, object] = {}
    begin = 0
    for name, shape in known.items():
        end = begin + 2 * math.prod(shape)
        header[name] = {"dtype": "F16", "shape": shape, "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(header).encode()
    noise = np.random.default_rng(seed).standard_normal(_NOISE).astype(np.float32)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in known.items():
            file.write(_values(name, shape, noise).tobytes())


def _values(name: str, shape: tuple[int, ...], noise: np.ndarray) -> np.ndarray:
    if len(shape) == 1:
        return np.full(shape, float(name.endswith("weight")), np.float16)  # only normalisations have such
    scale = 0.02 if "embedding" in name else 1 / math.sqrt(math.prod(shape[1:]))
    return np.resize(np.roll(noise, len(name)) * np.float32(scale), shape).astype(np.float16)


def _layer(name: str, *shape: int, bias: bool = True) -> Named:
    yield f"{name}.weight", shape
    if bias:
        yield f"{name}.bias", shape[:1]


def _unet(channels: int) -> Named:
    yield from _layer("time_embed.0", 1280, 320)
    yield from _layer("time_embed.2", 1280, 1280)
    yield from _layer("input_blocks.0.0", WIDTHS[0], channels, 3, 3)
    held, width, place = [WIDTHS[0]], WIDTHS[0], 1
    for level, wide in enumerate(WIDTHS):
        for _ in range(2):
            yield from _residual(f"input_blocks.{place}.0", width, wide)
            if level < 3:
                yield from _attention(f"input_blocks.{place}.1", wide)
            held.append(width := wide)
            place += 1
        if level < 3:
            yield from _layer(f"input_blocks.{place}.0.op", wide, wide, 3, 3)
            held.append(wide)
            place += 1
    yield from _residual("middle_block.0", width, width)
    yield from _attention("middle_block.1", width)
    yield from _residual("middle_block.2", width, width)
    place = 0
    for level, wide in reversed(tuple(enumerate(WIDTHS))):
        for block in range(3):
            yield from _residual(f"output_blocks.{place}.0", width + held.pop(), wide)
            width = wide
            if level < 3:
                yield from _attention(f"output_blocks.{place}.1", wide)
            if level and block == 2:
                yield from _layer(f"output_blocks.{place}.{1 + (level < 3)}.conv", wide, wide, 3, 3)
            place += 1
    yield from _layer("out.0", WIDTHS[0])
    yield from _layer("out.2", 4, WIDTHS[0], 3, 3)


def _residual(name: str, width: int, wide: int) -> Named:
    yield from _layer(f"{name}.in_layers.0", width)
    yield from _layer(f"{name}.in_layers.2", wide, width, 3, 3)
    yield from _layer(f"{name}.emb_layers.1", wide, 1280)
    yield from _layer(f"{name}.out_layers.0", wide)
    yield from _layer(f"{name}.out_layers.3", wide, wide, 3, 3)
    if width != wide:
        yield from _layer(f"{name}.skip_connection", wide, width, 1, 1)


def _attention(name: str, wide: int) -> Named:
    block = f"{name}.transformer_blocks.0"
    yield from _layer(f"{name}.norm", wide)
    yield from _layer(f"{name}.proj_in", wide, wide, 1, 1)
    for kind, seen in (("attn1", wide), ("attn2", HIDDEN)):
        yield from _layer(f"{block}.{kind}.to_q", wide, wide, bias=False)
        yield from _layer(f"{block}.{kind}.to_k", wide, seen, bias=False)
        yield from _layer(f"{block}.{kind}.to_v", wide, seen, bias=False)
        yield from _layer(f"{block}.{kind}.to_out.0", wide, wide)
    yield from _layer(f"{block}.ff.net.0.proj", 8 * wide, wide)
    yield from _layer(f"{block}.ff.net.2", wide, 4 * wide)
    for number in (1, 2, 3):
        yield from _layer(f"{block}.norm{number}", wide)
    yield from _layer(f"{name}.proj_out", wide, wide, 1, 1)


def _autoencoder() -> Named:
    top = LATENT[-1]
    for side, first, last in (("encoder", (LATENT[0], 3), (8, top)), ("decoder", (top, 4), (3, LATENT[0]))):
        yield from _layer(f"{side}.conv_in", *first, 3, 3)
        width = first[0]
        levels = tuple(enumerate(LATENT))
        for level, wide in levels if side == "encoder" else reversed(levels):
            way = "down" if side == "encoder" else "up"
            for block in range(2 if side == "encoder" else 3):
                yield from _block(f"{side}.{way}.{level}.block.{block}", width, wide)
                width = wide
            if level < 3 if side == "encoder" else level:
                yield from _layer(f"{side}.{way}.{level}.{way}sample.conv", wide, wide, 3, 3)
        yield from _block(f"{side}.mid.block_1", top, top)
        yield from _layer(f"{side}.mid.attn_1.norm", top)
        for part in ("q", "k", "v", "proj_out"):
            yield from _layer(f"{side}.mid.attn_1.{part}", top, top, 1, 1)
        yield from _block(f"{side}.mid.block_2", top, top)
        yield from _layer(f"{side}.norm_out", last[1])
        yield from _layer(f"{side}.conv_out", *last, 3, 3)
    yield from _layer("quant_conv", 8, 8, 1, 1)
    yield from _layer("post_quant_conv", 4, 4, 1, 1)


def _block(name: str, width: int, wide: int) -> Named:
    yield from _layer(f"{name}.norm1", width)
    yield from _layer(f"{name}.conv1", wide, width, 3, 3)
    yield from _layer(f"{name}.norm2", wide)
    yield from _layer(f"{name}.conv2", wide, wide, 3, 3)
    if width != wide:
        yield from _layer(f"{name}.nin_shortcut", wide, width, 1, 1)


def _text() -> Named:
    yield "embeddings.token_embedding.weight", (WORDS, HIDDEN)
    yield "embeddings.position_embedding.weight", (TOKENS, HIDDEN)
    for number in range(12):
        layer = f"encoder.layers.{number}"
        for part in ("q", "k", "v", "out"):
            yield from _layer(f"{layer}.self_attn.{part}_proj", HIDDEN, HIDDEN)
        yield from _layer(f"{layer}.mlp.fc1", 4 * HIDDEN, HIDDEN)
        yield from _layer(f"{layer}.mlp.fc2", HIDDEN, 4 * HIDDEN)
        for part in ("layer_norm1", "layer_norm2"):
            yield from _layer(f"{layer}.{part}", HIDDEN)
    yield from _layer("final_layer_norm", HIDDEN)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
