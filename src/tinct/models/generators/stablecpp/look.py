"""Look at a file for this library before it opens it: Stable Diffusion 1, whole, in the widths that it knows."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tinct.errors import ForeignModelError
from tinct.models.generators.diffusion import single, tensors
from tinct.models.generators.diffusion.look import Found, most_pixels, serves
from tinct.models.generators.port import SizeRule
from tinct.models.generators.stablecpp import gguf

__all__ = ["ENDING", "look"]

ENDING: Final = ".gguf"
"""Of files that this library reads and others do not."""
_FAMILY: Final = "stable-diffusion"
_MULTIPLE: Final = 64  # it makes other sizes larger by itself
_WIDTHS: Final = (
    ("unet/config.json", "block_out_channels", [320, 640, 1280, 1280]),
    ("unet/config.json", "cross_attention_dim", 768),
    ("vae/config.json", "block_out_channels", [128, 256, 512, 512]),
    ("text_encoder/config.json", "hidden_size", 768),
    ("text_encoder/config.json", "num_hidden_layers", 12),
)


def look(where: Path) -> Found:
    """What a file is.

    Raises
    ------
    MissingModelError
        There is nothing.
    ForeignModelError
        It is no model of this family.
    PickledModelError
        Its weights are pickles.
    TruncatedModelError
        It is shorter than it says.
    """
    if where.is_dir():
        raise ForeignModelError(
            "stable-diffusion.cpp takes one file, .safetensors or .gguf, and this is a folder"
        )
    known = gguf.shapes(where) if where.suffix.lower() == ENDING else tensors.shapes(where)
    plan = single.plan(where, known, vocabulary=False)  # it carries one
    if plan.family.name != _FAMILY:
        raise ForeignModelError(
            f"the file is of {plan.family.name}; by stable-diffusion.cpp only {_FAMILY} is opened"
        )
    for part, name, width in _WIDTHS:
        if plan.configs[part][name] != width:
            raise ForeignModelError(
                f"the file's {part.partition('/')[0]} is not as wide or deep as that of Stable Diffusion 1, and "
                "stable-diffusion.cpp knows no other"
            )
    return Found(
        where=where,
        family=plan.family,
        serves=serves(plan.channels),
        sizes=SizeRule(multiple=_MULTIPLE, native=plan.native, most_pixels=most_pixels(plan.native)),
        files=(where.name,),
        elements={part: tensors.elements(known, prefix) for part, prefix in plan.prefixes.items()},
    )
