"""The tools, a row each: their names, what they take in each generation, what they cost, and how they are done.

Everything else is one path of code for all of them. A tool whose effect does not exist yet has no `Form.to`: its
calls are checked as any other's, and answered with OperationNotSupport.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from tinct.dialects.youcam import params as p
from tinct.dialects.youcam import rules
from tinct.dialects.youcam.errors import Codes
from tinct.dialects.youcam.params import Param
from tinct.dialects.youcam.tool import CLIPS, HEIC, MB, PHOTOS, Form, Limit, Tool

__all__ = ["RESERVED", "TOOLS", "find"]

RESERVED: Final = frozenset({"style-group", "style", "template", "delete"})
"""First parts of paths that are no tools."""


def _both(form: Form) -> Mapping[str, Form]:
    return {"v1": form, "v2": form}


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
    "hair_too_short": ("error_face_parsing", "error_hair_too_short"),
    "bald": ("error_face_parsing", "error_hair_too_short"),
    "no_shoulder": ("error_no_shoulder", "error_no_shoulder"),
}
_GROWN: Final[Codes] = {**_HAIR, "bald": ("error_face_parsing", "error_bald_image")}
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


def _hair(slug: str, title: str, price: int, effect: str, formats: frozenset[str] = PHOTOS) -> Tool:
    return Tool(
        slug=slug,
        title=title,
        price=price,
        forms=_both(
            Form(limit=Limit(long=1024, formats=formats), styled="required", effect=effect, to=rules.as_style)
        ),
        codes=_HAIR if slug == "hair-style" else _GROWN,
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
        forms={
            version: Form(
                limit=Limit(formats=CLIPS, long=1920, bytes=100 * MB, seconds=seconds, rate=rate),
                params=(_SECONDS,),
                effect="video_enhance",
                to=rules.always(scale=2),
            )
            # v2 takes a minute, and what containers round of it; and 30 pictures a second, as they count them
            for version, seconds, rate in (("v1", 60.0, math.inf), ("v2", 60.5, 30.5))
        },
        codes=_SIDE_AS_BYTES,
        per_second=(1, 2),
    ),
    Tool(
        slug="obj-removal",
        title="AI Object Removal",
        price=1,
        action="api_object_removal",
        aliases=("object-removal",),
        forms=_both(Form(limit=Limit(formats=HEIC), inputs=_SRC_MSK, effect="erase", to=rules.none)),
    ),
    Tool(
        slug="generative-fill",
        title="AI Object Removal Pro",
        price=2,
        forms={"v2": Form(limit=Limit(formats=HEIC), inputs=_SRC_MSK, effect="erase", to=rules.none)},
    ),
    Tool(
        slug="sod",
        title="AI Photo Background Removal",
        price=1,
        action="api_background_removal",
        aliases=("bg-removal",),
        forms=_both(
            Form(
                limit=Limit(formats=HEIC), effect="background", to=rules.always(mode="remove"), picture="png"
            )
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
                limit=Limit(formats=HEIC), effect="background", to=rules.always(mode="mask"), picture="png"
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
                to=rules.scenery,
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
                limit=Limit(formats=HEIC), effect="background", to=rules.always(mode="mask"), picture="png"
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
        forms=_both(Form(effect="colorize", to=rules.always(variants=4))),
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="colorize/color-correct",
        title="AI Photo Color Correction",
        price=2,
        action="api_color_correct",
        aliases=("color-correct", "color-correction"),
        forms=_both(Form(effect="correct", to=rules.always(variants=4))),
        codes=_SIDE_AS_BYTES,
    ),
    Tool(
        slug="lighting",
        title="AI Photo Lighting",
        price=2,
        action="api_lighting",
        aliases=("relight",),
        forms={
            "v1": Form(limit=Limit(least=256), effect="light", to=rules.none),
            "v2": Form(effect="light", to=rules.none),
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
                to=lambda values: {"by": "prompt", **rules.worded(values)},
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
                check=rules.placed,
                effect="extend",
                to=rules.extended,
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
                to=rules.styled,
            ),
            "v2": Form(
                inputs={},
                params=(
                    p.text("prompt", 1, 500),
                    p.text("negative_prompt", 1, 500, required=False),
                    p.whole("steps", 1, 100, required=False, default=20),
                    p.number("cfg_scale", 0, 50, required=False, default=4.0),
                    p.listed("seed", required=False),
                    p.whole("width_ratio", 1, required=False, default=1),
                    p.whole("height_ratio", 1, required=False, default=1),
                ),
                styled="required",
                effect="generate",
                to=rules.drawn,
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
                to=rules.sized,
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
                check=rules.one_source,
                effect="generate",
                to=rules.redrawn,
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
        forms=_both(
            Form(limit=Limit(long=1024, formats=HEIC), inputs=_SRC_REF, effect="makeup", to=rules.none)
        ),
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
                check=rules.mapped,
                effect="swap",
                # whoever calls this API has agreed to its terms, which ask for the consent of those who are shown
                to=lambda values: {
                    "mapping": values["face_mapping"],
                    "consent": True,
                    "force": not values["strict"],
                },
            )
        ),
        codes={"face_angle": ("error_pose", "error_large_face_angle")},
    ),
    Tool(
        slug="face-swap/pre-process",
        title="AI Face Swap: face detection",
        price=0,
        forms=_both(Form(effect="detect_faces", to=rules.always(required=True), tells_faces=True)),
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
                to=rules.none,
            ),
            "v2.1": Form(
                limit=Limit(long=1024, formats=frozenset({"jpeg"})),
                inputs={"src": (1, 1), "ref": (0, 1)},
                params=(p.choice("hair_color", ("ref", "src"), required=False, default="ref"),),
                styled="optional",
                check=rules.one_example,
                effect=rules.worn,
                to=rules.as_worn,
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
