"""The rows' own small rules: what an effect is told of a call's values, and which values do not go together."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final

from tinct.dialects.youcam.errors import invalid, unsupported
from tinct.dialects.youcam.tool import Values

__all__ = [
    "always",
    "as_style",
    "as_worn",
    "drawn",
    "extended",
    "mapped",
    "none",
    "one_example",
    "one_source",
    "placed",
    "redrawn",
    "scenery",
    "sized",
    "styled",
    "worded",
    "worn",
]

_LONG: Final = 1024  # pixels of the longer side of a generated picture
_SHORT: Final = 128  # pixels of the shorter side, at least


def none(values: Values) -> dict[str, Any]:
    """Nothing: the effect's own defaults."""
    return {}


def always(**params: Any) -> Callable[[Values], Mapping[str, Any]]:
    """The same parameters, whatever the values are."""
    return lambda values: params


def mapped(values: Values, counts: Mapping[str, int]) -> None:
    """Faces are mapped to references that were sent."""
    if max(values["face_mapping"], default=-1) >= counts["ref"]:
        allowed = f"index up to {counts['ref'] - 1}, one for each reference"
        raise invalid("face_mapping", max(values["face_mapping"]), allowed)


def placed(values: Values, counts: Mapping[str, int]) -> None:
    """What comes in lies within what goes out."""
    for at, size, whole in (("x", "width", "output_width"), ("y", "height", "output_height")):
        end = values[f"input_{at}"] + values[f"input_{size}"]
        if end > values[whole]:
            raise invalid(f"input_{at} + input_{size}", end, f"{whole} ({values[whole]}) or less")


def scenery(values: Values) -> dict[str, Any]:
    """A background in words, or of a template; without either the first template."""
    if values["type"] == "prompt" and values["prompt"]:
        return {"mode": "change", "prompt": values["prompt"], "seed": values["chance"]}
    return {"mode": "change", **values["style"]}


def extended(values: Values) -> dict[str, Any]:
    """The part of the photo that stays, where it lies, and who paints the rest."""

    def box(prefix: str) -> list[int]:
        return [int(values[prefix + name]) for name in ("x", "y", "width", "height")]

    whole = [int(values[f"output_{side}"]) for side in ("width", "height")]
    by = {"method": "generator", "seed": values["chance"]} if values["able"] else {}
    return {"crop": box("crop_input_"), "place": box("input_"), "size": whole, **by}


def worded(values: Values) -> dict[str, Any]:
    """What a generator is told, whatever it makes."""
    return {"prompt": values["prompt"], "seed": values["chance"]}


def styled(values: Values) -> dict[str, Any]:
    """A square in a style."""
    return {**values["style"], **worded(values), "width": _LONG, "height": _LONG}


def drawn(values: Values) -> dict[str, Any]:
    """A picture in a style, its longer side always the same."""
    ratio = values["width_ratio"], values["height_ratio"]
    width, height = (max(_SHORT, round(_LONG * side / max(ratio))) for side in ratio)
    seed = {} if values["seed"] is None else {"seed": values["seed"] % 2**31}
    return {
        **values["style"],
        **worded(values),
        **seed,
        "negative": values["negative_prompt"] or "",
        "width": width,
        "height": height,
        "steps": values["steps"],
        "guidance": values["cfg_scale"],
    }


def sized(values: Values) -> dict[str, Any]:
    """A picture of one of the documented sizes, ``W*H``."""
    width, height = map(int, values["size"].split("*"))
    return {
        **worded(values),
        "negative": values["negative_prompt"] or "",
        "width": width,
        "height": height,
    }


def redrawn(values: Values) -> dict[str, Any]:
    """A picture of another; without a size as large as `_LONG` squared, in the shape of that one."""
    width, height = values["size"] or values["shape"]
    if values["size"] is None:
        scale = _LONG / math.sqrt(width * height)
        width, height = (min(4096, max(64, 16 * round(side * scale / 16))) for side in (width, height))
    return {
        **worded(values),
        "negative": values["negative_prompt"] or "",
        "width": width,
        "height": height,
    }


def one_source(values: Values, counts: Mapping[str, int]) -> None:
    """One picture to begin with."""
    if counts["src"] > 1:
        raise unsupported(
            "AI Image Generator 2.0, from pictures: generators of this server begin with one picture; send one"
        )


def one_example(values: Values, counts: Mapping[str, int]) -> None:
    """A reference or a template, not both."""
    if counts["ref"] + (values["style"] is not None) != 1:
        raise invalid("ref_file_id, ref_file_url, template_id", None, "exactly one of them")


def as_style(values: Values) -> Mapping[str, Any]:
    """What a style asks of its effect."""
    style: Mapping[str, Any] = values["style"]
    return style


def worn(values: Values) -> str:
    """A style of the library, or the hair of a reference."""
    return "hair_style" if values["style"] else "hair_transfer"


def as_worn(values: Values) -> Mapping[str, Any]:
    """A template may keep the colour of the photo's hair; a reference brings its own."""
    return {**values["style"], "color": values["hair_color"]} if values["style"] else {}
