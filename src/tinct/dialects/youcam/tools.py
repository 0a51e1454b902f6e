"""The tools, a row each: their names, what they take in each generation, what they cost, and how they are done.

Everything else is one path of code for all of them. A tool whose effect does not exist yet has no `Form.to`: its
calls are checked as any other's, and answered with OperationNotSupport.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tinct.dialects.youcam import params as p
from tinct.dialects.youcam.errors import Codes, invalid, unsupported
from tinct.dialects.youcam.params import Param
from tinct.dialects.youcam.tool import CLIPS, HEIC, MB, PHOTOS, Form, Limit, Tool, Values

__all__ = ["RESERVED", "TOOLS", "find"]

RESERVED: Final = frozenset({"style-group", "style", "template", "delete"})
"""First parts of paths that are no tools."""

# -- the rows' own small rules ---------------------------------------------------------------------


def _none(values: Values) -> dict[str, Any]:
    return {}


def _always(**params: Any) -> Callable[[Values], Mapping[str, Any]]:
    return lambda values: params


def _both(form: Form) -> Mapping[str, Form]:
    return {"v1": form, "v2": form}


def _mapped(values: Values, counts: Mapping[str, int]) -> None:
    if max(values["face_mapping"], default=-1) >= counts["ref"]:
        allowed = f"index up to {counts['ref'] - 1}, one for each reference"
        raise invalid("face_mapping", max(values["face_mapping"]), allowed)


def _placed(values: Values, counts: Mapping[str, int]) -> None:
    for at, size, whole in (("x", "width", "output_width"), ("y", "height", "output_height")):
        end = values[f"input_{at}"] + values[f"input_{size}"]
        if end > values[whole]:
            raise invalid(f"input_{at} + input_{size}", end, f"{whole} ({values[whole]}) or less")


def _scenery(values: Values) -> dict[str, Any]:
    """A background in words, or of a template; without either the first template."""
    if values["type"] == "prompt" and values["prompt"]:
        return {"mode": "change", "prompt": values["prompt"], "seed": values["chance"]}
    return {"mode": "change", **values["style"]}


def _extended(values: Values) -> dict[str, Any]:
    def box(prefix: str) -> list[int]:
        return [int(values[prefix + name]) for name in ("x", "y", "width", "height")]

    whole = [int(values[f"output_{side}"]) for side in ("width", "height")]
    by = {"method": "generator", "prompt": _GOES_ON, "seed": values["chance"]} if values["able"] else {}
    return {"crop": box("crop_input_"), "place": box("input_"), "size": whole, **by}


def _worded(values: Values) -> dict[str, Any]:
    """What a generator is told, whatever it makes."""
    return {"prompt": values["prompt"], "seed": values["chance"]}


def _styled(values: Values) -> dict[str, Any]:
    """A square in a style."""
    return {**values["style"], **_worded(values), "width": _LONG, "height": _LONG}


def _drawn(values: Values) -> dict[str, Any]:
    """A picture in a style, its longer side always the same."""
    ratio = values["width_ratio"], values["height_ratio"]
    width, height = (max(_SHORT, round(_LONG * side / max(ratio))) for side in ratio)
    seed = {} if values["seed"] is None else {"seed": values["seed"] % 2**31}
    return {
        **values["style"],
        **_worded(values),
        **seed,
        "negative": values["negative_prompt"] or "",
        "width": width,
        "height": height,
        "steps": values["steps"],
        "guidance": values["cfg_scale"],
    }


def _sized(values: Values) -> dict[str, Any]:
    """A picture of one of the documented sizes, ``W*H``."""
    width, height = map(int, values["size"].split("*"))
    return {
        **_worded(values),
        "negative": values["negative_prompt"] or "",
        "width": width,
        "height": height,
    }


def _redrawn(values: Values) -> dict[str, Any]:
    """A picture of another; without a size as large as `_LONG` squared, in the shape of that one."""
    width, height = values["size"] or values["shape"]
    if values["size"] is None:
        scale = _LONG / math.sqrt(width * height)
        width, height = (min(4096, max(64, 16 * round(side * scale / 16))) for side in (width, height))
    return {
        **_worded(values),
        "negative": values["negative_prompt"] or "",
        "width": width,
        "height": height,
    }


def _one_source(values: Values, counts: Mapping[str, int]) -> None:
    if counts["src"] > 1:
        raise unsupported(
            "AI Image Generator 2.0, from pictures: generators of this server begin with one picture; send one"
        )


def _one_example(values: Values, counts: Mapping[str, int]) -> None:
    if counts["ref"] + (values["style"] is not None) != 1:
        raise invalid("ref_file_id, ref_file_url, template_id", None, "exactly one of them")


_LONG: Final = 1024  # pixels of the longer side of a generated picture
_SHORT: Final = 128  # pixels of the shorter side, at least
_GOES_ON: Final = "the same scene goes on beyond the edges of the photo, same light, same place"
_OUT_PAINT: Final = (
    *(p.whole(f"output_{side}", 1, 4096) for side in ("width", "height")),
    *(p.whole(f"input_{at}", 0, 4096, down=True) for at in ("x", "y")),
    *(p.whole(f"input_{side}", 1, 4096) for side in ("width", "height")),
    *(p.whole(f"crop_input_{at}", 0, 4096) for at in ("x", "y")),
    *(p.whole(f"crop_input_{side}", 1, 4096) for side in ("width", "height")),
)
_MODEL: Final = p.choice("model", ("youcam-image-v2",))
_SECONDS: Final = Param(
    name="dst_duration",
    read=lambda value: p.whole_number(math.ceil(p.number("", 0, 60).read(value)), 1, 60),
    allowed="seconds of the video, 1 to 60",
)
_SRC_MSK: Final = {"src": (1, 1), "msk": (1, 1)}
_SRC_REF: Final = {"src": (1, 1), "ref": (1, 1)}
_SIDE_AS_BYTES: Final[Codes] = {"side": ("exceed_max_filesize", "exceed_max_filesize")}
_HAIR: Final[Codes] = {
    **_SIDE_AS_BYTES,
    "several_faces": ("error_multiple_people", "error_multiple_people"),
    "small_face": ("error_no_face", "error_insufficient_landmarks"),
    "face_angle": ("error_large_face_angle", "error_large_face_angle"),
    "faces_unlike": ("error_large_face_angle", "error_large_face_angle"),
    "face": ("error_face_parsing", "error_face_pose"),
}
_MAKEUP: Final[Codes] = {
    f"{prefix}{cause}": (older, f"error_{who}_{newer}")
    for prefix, who in (("", "src"), ("ref.", "ref"))
    for cause, older, newer in (
        ("no_face", "error_no_face", "no_face"),
        ("small_face", "error_no_face", "face_too_small"),
        ("face_angle", "error_pose", "large_face_angle"),
        ("eye_closed", "error_face_parsing", "eye_closed"),
        ("eye_covered", "error_face_parsing", "eye_occluded"),
        ("lip_covered", "error_face_parsing", "lip_occluded"),
    )
}


def _as_style(values: Values) -> Mapping[str, Any]:
    """What a style asks of its effect."""
    style: Mapping[str, Any] = values["style"]
    return style


def _worn(values: Values) -> str:
    return "hair_style" if values["style"] else "hair_transfer"


def _as_worn(values: Values) -> Mapping[str, Any]:
    """A template may keep the colour of the photo's hair; a reference brings its own."""
    return {**values["style"], "color": values["hair_color"]} if values["style"] else {}


def _hair(slug: str, title: str, price: int, effect: str, formats: frozenset[str] = PHOTOS) -> Tool:
    return Tool(
        slug=slug,
        title=title,
        price=price,
        forms=_both(
            Form(limit=Limit(long=1024, formats=formats), styled="required", effect=effect, to=_as_style)
        ),
        codes=_HAIR,
        repeats=slug == "hair-style",
        catalogue="hair" if slug == "hair-style" else slug,
    )


# -- the table -------------------------------------------------------------------------------------

TOOLS: Final[Sequence[Tool]] = (
    Tool(
        slug="enhance",
        title="AI Photo Enhance",
        price=2,
        action="api_photo_enhance",
        forms=_both(
            Form(
                limit=Limit(formats=HEIC),
                params=(p.one_of("scale", (1, 2, 4)),),
                effect="enhance",
                to=lambda values: {"scale": values["scale"]},
            )
        ),
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="video-sr",
        title="AI Video Enhance",
        price=lambda values: math.ceil(values["dst_duration"] / 2),
        action="api_video_enhance",
        aliases=("video-enhance",),
        forms=_both(
            Form(
                limit=Limit(formats=CLIPS, long=1920, bytes=100 * MB),
                params=(_SECONDS,),
                effect="video_enhance",
                to=_always(scale=2),
            )
        ),
        codes=_SIDE_AS_BYTES,
        per_second=(1, 2),
    ),
    Tool(
        slug="obj-removal",
        title="AI Object Removal",
        price=1,
        action="api_object_removal",
        aliases=("object-removal",),
        forms=_both(Form(limit=Limit(formats=HEIC), inputs=_SRC_MSK, effect="erase", to=_none)),
    ),
    Tool(
        slug="generative-fill",
        title="AI Object Removal Pro",
        price=2,
        forms={"v2": Form(limit=Limit(formats=HEIC), inputs=_SRC_MSK, effect="erase", to=_none)},
    ),
    Tool(
        slug="sod",
        title="AI Photo Background Removal",
        price=1,
        action="api_background_removal",
        aliases=("bg-removal",),
        forms=_both(
            Form(limit=Limit(formats=HEIC), effect="background", to=_always(mode="remove"), picture="png")
        ),
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="bg-replace",
        title="AI Photo Background Change",
        price=4,
        action="api_change_background",
        aliases=("bg-replace-v2", "bg-change", "change-bg"),
        forms={
            "v1": Form(
                limit=Limit(formats=HEIC), effect="background", to=_always(mode="mask"), picture="png"
            ),
            "v2": Form(
                limit=Limit(formats=HEIC),
                params=(
                    p.choice("type", ("prompt", "template"), required=False, default="prompt"),
                    p.text("prompt", 1, 2000, required=False),
                ),
                styled="optional",
                styled_if=("type", "template"),
                effect="background",
                to=_scenery,
            ),
        },
        catalogue="backgrounds",
    ),
    Tool(
        slug="bg-blur",
        title="AI Photo Background Blur",
        price=1,
        action="api_blur_background",
        aliases=("blur-bg",),
        forms={
            "v1": Form(
                limit=Limit(formats=HEIC), effect="background", to=_always(mode="mask"), picture="png"
            ),
            "v2": Form(
                limit=Limit(formats=HEIC),
                params=(p.whole("intensity", 0, 100, required=False, default=50),),
                effect=lambda values: "background" if values["intensity"] else "convert",
                to=lambda values: (
                    {"mode": "blur", "amount": values["intensity"] / 100} if values["intensity"] else {}
                ),
            ),
        },
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="colorize",
        title="AI Photo Colorize",
        price=2,
        action="api_colorize",
        aliases=("colorization",),
        forms=_both(Form(effect="colorize", to=_always(variants=4))),
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="colorize/color-correct",
        title="AI Photo Color Correction",
        price=2,
        action="api_color_correct",
        aliases=("color-correct", "color-correction"),
        forms=_both(Form(effect="correct", to=_always(variants=4))),
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="lighting",
        title="AI Photo Lighting",
        price=2,
        action="api_lighting",
        aliases=("relight",),
        forms={
            "v1": Form(limit=Limit(least=256), effect="light", to=_none),
            "v2": Form(effect="light", to=_none),
        },
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="obj-replace",
        title="AI Replace",
        price=1,
        action="api_obj_replace",
        aliases=("replace",),
        forms={
            version: Form(
                limit=Limit(long=2048, short=short),
                inputs=_SRC_MSK,
                params=(p.text("prompt", 1, 2000),),
                effect="replace",
                to=lambda values: {"by": "prompt", **_worded(values)},
            )
            for version, short in (("v1", 1024), ("v2", None))
        },
    ),
    Tool(
        slug="out-paint",
        title="AI Image Extender",
        price=2,
        action="api_out_paint",
        forms=_both(
            Form(
                limit=Limit(long=8192),
                params=_OUT_PAINT,
                check=_placed,
                effect="extend",
                to=_extended,
                better_with="generate.inpaint",
            )
        ),
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="text-to-image",
        title="AI Image Generator",
        price=2,
        action="api_text_to_image",
        forms={
            "v1": Form(
                inputs={},
                params=(p.text("prompt", 1, 2000),),
                styled="required",
                effect="generate",
                to=_styled,
            ),
            "v2": Form(
                inputs={},
                params=(
                    p.text("prompt", 1, 500),
                    p.text("negative_prompt", 1, 500, required=False),
                    p.whole("steps", 1, 100, required=False, default=20),
                    p.number("cfg_scale", 0, 50, required=False, default=4.0),
                    p.listed("seed", required=False),
                    p.whole("width_ratio", 1, 100, required=False, default=1),
                    p.whole("height_ratio", 1, 100, required=False, default=1),
                ),
                styled="required",
                effect="generate",
                to=_drawn,
            ),
        },
        catalogue="pictures",
    ),
    Tool(
        slug="text-to-image/youcam",
        title="AI Image Generator 2.0",
        price=1,
        forms={
            "v2": Form(
                inputs={},
                params=(
                    _MODEL,
                    p.text("prompt", 1, 800),
                    p.text("negative_prompt", 1, 500, required=False),
                    p.choice(
                        "size",
                        ("1664*928", "1472*1104", "1328*1328", "1104*1472", "928*1664"),
                        required=False,
                        default="1664*928",
                    ),
                    p.flag("prompt_extend", required=False, default=True),
                ),
                effect="generate",
                to=_sized,
            )
        },
    ),
    Tool(
        slug="image-to-image/youcam",
        title="AI Image Generator 2.0, from pictures",
        price=1,
        forms={
            "v2": Form(
                limit=Limit(formats=PHOTOS | {"bmp", "tiff", "webp", "gif"}, long=3072, least=384),
                inputs={"src": (1, 3)},
                params=(
                    _MODEL,
                    p.text("prompt", 1, 800),
                    p.text("negative_prompt", 1, 500, required=False),
                    p.sides("size", 512, 2048, 16, required=False),
                    p.flag("prompt_extend", required=False, default=True),
                ),
                check=_one_source,
                effect="generate",
                to=_redrawn,
            )
        },
        codes={"side": ("invalid_parameter", "invalid_parameter")},
    ),
    Tool(
        slug="mu-transfer",
        title="AI Makeup Transfer",
        price=2,
        action="api_mu_transfer",
        aliases=("mu-trans-rec",),
        forms=_both(Form(limit=Limit(long=1024, formats=HEIC), inputs=_SRC_REF, effect="makeup", to=_none)),
        codes=_MAKEUP,
    ),
    Tool(
        slug="face-swap",
        title="AI Face Swap",
        price=1,
        action="api_face_swap",
        forms=_both(
            Form(
                inputs={"src": (1, 1), "ref": (1, 10)},
                params=(p.faces("face_mapping"),),
                check=_mapped,
                effect="swap",
                # whoever calls this API has agreed to its terms, which ask for the consent of those who are shown
                to=lambda values: {"mapping": values["face_mapping"], "consent": True},
            )
        ),
    ),
    Tool(
        slug="face-swap/pre-process",
        title="AI Face Swap: face detection",
        price=0,
        forms=_both(Form(effect="detect_faces", to=_always(required=True), tells_faces=True)),
    ),
    _hair("hair-style", "AI Hairstyle Generator", 1, "hair_style", frozenset({"jpeg"})),
    _hair("hair-ext", "AI Hair Extension", 1, "hair_extend"),
    _hair("hair-bang", "AI Hair Bang Generator", 1, "hair_bangs"),
    _hair("hair-vol", "AI Hair Volume Generator", 2, "hair_volume"),
    Tool(
        slug="hair-transfer",
        title="AI Hairstyle from a picture",
        price=2,
        forms={
            "v2": Form(
                limit=Limit(long=1024, formats=frozenset({"jpeg"})),
                inputs=_SRC_REF,
                effect="hair_transfer",
                to=_none,
            ),
            "v2.1": Form(
                limit=Limit(long=1024, formats=frozenset({"jpeg"})),
                inputs={"src": (1, 1), "ref": (0, 1)},
                params=(p.choice("hair_color", ("ref", "src"), required=False, default="ref"),),
                styled="optional",
                check=_one_example,
                effect=_worn,
                to=_as_worn,
            ),
        },
        codes=_HAIR,
        catalogue="hair",
    ),
)
"""Every tool."""

_BY_NAME: Final = {name: tool for tool in TOOLS for name in (tool.slug, *tool.aliases)}


def find(name: str) -> Tool | None:
    """The tool of a slug, or of another name of it."""
    return _BY_NAME.get(name)
