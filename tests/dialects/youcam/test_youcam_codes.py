"""Whatever goes wrong with a task, each tool tells it by a code of its own list in each generation."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tinct import errors
from tinct.dialects.youcam.errors import engine_code, failure
from tinct.dialects.youcam.tool import Tool
from tinct.dialects.youcam.tools import TOOLS
from tinct.dialects.youcam.wire import polled
from tinct.effects.swap import gate
from tinct.errors import ClipError, TinctError
from tinct.jobs.job import Failure, JobState

OLDER = {
    "exceed_max_filesize", "invalid_parameter", "error_download_image", "error_download_mask", "error_decode_image",
    "error_decode_mask", "error_nsfw_content_detected", "error_no_face", "error_pose", "error_face_parsing",
    "error_inference", "exceed_nsfw_retry_limits", "error_upload", "unknown_internal_error",
}  # fmt: skip
OLDER_HAIR = OLDER | {"error_multiple_people", "error_no_shoulder", "error_large_face_angle"}
NEWER = OLDER | {"error_exceed_max_image_size"}
_HAIR = {
    "error_multiple_people", "error_no_shoulder", "error_large_face_angle", "error_insufficient_landmarks",
    "error_hair_too_short", "error_face_pose",
}  # fmt: skip
_FACES = {
    "error_multiple_people", "error_no_shoulder", "error_large_face_angle", "error_unsupport_ratio",
    "error_download_video", "error_decode_video",
}  # fmt: skip
_MASK = {"size_mismatch_on_input_image_and_mask"}
OWN = {
    **dict.fromkeys(("hair-style", "hair-transfer"), _HAIR),
    **dict.fromkeys(("hair-ext", "hair-bang", "hair-vol"), _HAIR | {"error_bald_image"}),
    **dict.fromkeys(("face-swap", "sod"), _FACES),
    **dict.fromkeys(("obj-removal", "generative-fill", "obj-replace", "bg-replace"), _MASK),
    "mu-transfer": {
        f"error_{who}_{what}"
        for who in ("src", "ref")
        for what in ("no_face", "face_too_small", "large_face_angle", "eye_closed", "eye_occluded", "lip_occluded")
    },
    "video-sr": {
        "error_download_video", "error_decode_video", "error_unsupported_video", "error_unexpected_video_duration",
    },
}  # fmt: skip
"""Codes of the newer form that only some tools have."""
HAIR = {tool.slug for tool in TOOLS if tool.slug.startswith("hair-")}


def found() -> Iterator[TinctError]:
    """One of every error that there is."""
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type) and issubclass(kind, TinctError):
            yield kept(kind)


def kept(kind: type[TinctError]) -> TinctError:
    """An error as a job keeps it."""
    return Failure(code=kind.code, message="it went wrong").error


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.slug)
def test_every_error_has_a_code_of_the_tools_list(tool: Tool) -> None:
    clips = any(form.takes_clips for form in tool.forms.values())
    for error in found():
        if isinstance(error, ClipError) and not clips:
            continue  # its files are none of them, as is known before
        older, newer = (engine_code(error, form, tool.codes) for form in ("v1", "v2"))
        if "v1" in tool.forms:
            assert older in (OLDER_HAIR if tool.slug in HAIR else OLDER), (type(error), older)
        assert newer in NEWER | OWN.get(tool.slug, set()), (type(error), newer)


ASSIGNED = [
    # tool, error, code of v1, code of v2
    ("enhance", errors.PhotoError, "error_decode_image", "error_decode_image"),
    ("enhance", errors.PhotoLimitError, "exceed_max_filesize", "exceed_max_filesize"),
    ("enhance", errors.PhotoFramesError, "error_decode_image", "error_decode_image"),
    ("bg-replace", errors.PhotoLimitError, "exceed_max_filesize", "error_exceed_max_image_size"),
    ("enhance", errors.JobMemoryError, "error_inference", "error_inference"),
    ("enhance", errors.JobTimedOutError, "unknown_internal_error", "unknown_internal_error"),
    ("enhance", errors.RetriesExhaustedError, "unknown_internal_error", "unknown_internal_error"),
    ("enhance", errors.StorageError, "error_upload", "error_upload"),
    ("text-to-image", errors.UnsafePromptError, "error_nsfw_content_detected", "error_nsfw_content_detected"),
    ("text-to-image", errors.UnsafeResultError, "exceed_nsfw_retry_limits", "exceed_nsfw_retry_limits"),
    ("text-to-image", errors.PromptTooLongError, "invalid_parameter", "invalid_parameter"),
    ("face-swap/pre-process", errors.NoFaceError, "error_no_face", "error_no_face"),
    ("face-swap", errors.FaceAngleError, "error_pose", "error_large_face_angle"),
    ("face-swap", errors.FaceError, "error_face_parsing", "error_face_parsing"),
    ("hair-style", errors.NoFaceError, "error_no_face", "error_no_face"),
    ("hair-style", errors.SmallFaceError, "error_no_face", "error_insufficient_landmarks"),
    ("hair-style", errors.SeveralFacesError, "error_multiple_people", "error_multiple_people"),
    ("hair-style", errors.FaceAngleError, "error_large_face_angle", "error_large_face_angle"),
    ("hair-style", errors.FaceError, "error_face_parsing", "error_face_pose"),
    ("hair-ext", errors.NoShoulderError, "error_no_shoulder", "error_no_shoulder"),
    ("hair-ext", errors.BaldError, "error_face_parsing", "error_bald_image"),
    ("hair-bang", errors.HairTooShortError, "error_face_parsing", "error_hair_too_short"),
    ("mu-transfer", errors.NoFaceError, "error_no_face", "error_src_no_face"),
    ("mu-transfer", errors.SmallFaceError, "error_no_face", "error_src_face_too_small"),
    ("mu-transfer", errors.FaceAngleError, "error_pose", "error_src_large_face_angle"),
    ("mu-transfer", errors.EyeClosedError, "error_face_parsing", "error_src_eye_closed"),
    ("mu-transfer", errors.EyeCoveredError, "error_face_parsing", "error_src_eye_occluded"),
    ("mu-transfer", errors.LipCoveredError, "error_face_parsing", "error_src_lip_occluded"),
    ("mu-transfer", errors.ReferenceNoFaceError, "error_no_face", "error_ref_no_face"),
    ("mu-transfer", errors.ReferenceSmallFaceError, "error_no_face", "error_ref_face_too_small"),
    ("mu-transfer", errors.ReferenceFaceAngleError, "error_pose", "error_ref_large_face_angle"),
    ("mu-transfer", errors.ReferenceEyeClosedError, "error_face_parsing", "error_ref_eye_closed"),
    ("mu-transfer", errors.ReferenceEyeCoveredError, "error_face_parsing", "error_ref_eye_occluded"),
    ("mu-transfer", errors.ReferenceLipCoveredError, "error_face_parsing", "error_ref_lip_occluded"),
    ("video-sr", errors.UnsupportedClipError, "error_decode_image", "error_unsupported_video"),
    ("video-sr", errors.ClipError, "error_decode_image", "error_decode_video"),
]


@pytest.mark.parametrize(
    ("slug", "kind", "older", "newer"), ASSIGNED, ids=[f"{row[0]}-{row[1].__name__}" for row in ASSIGNED]
)
def test_each_cause_has_the_code_that_was_assigned_to_it(
    slug: str, kind: type[TinctError], older: str, newer: str
) -> None:
    (tool,) = (tool for tool in TOOLS if tool.slug == slug)
    error = kept(kind)
    assert [engine_code(error, form, tool.codes) for form in ("v1", "v2")] == [older, newer]


@pytest.mark.parametrize(
    ("slug", "cause", "older", "newer"),
    [
        ("enhance", "download.image", "error_download_image", "error_download_image"),
        ("obj-removal", "download.mask", "error_download_mask", "error_download_mask"),
        ("video-sr", "download.video", "error_download_image", "error_download_video"),
        ("obj-removal", "decode.mask", "error_decode_mask", "error_decode_mask"),
        ("obj-removal", "mask_size", "invalid_parameter", "size_mismatch_on_input_image_and_mask"),
        ("obj-removal", "side", "exceed_max_filesize", "error_exceed_max_image_size"),
        ("image-to-image/youcam", "side", "invalid_parameter", "invalid_parameter"),
        ("enhance", "bytes", "exceed_max_filesize", "exceed_max_filesize"),
        ("lighting", "parameter", "invalid_parameter", "invalid_parameter"),
        ("video-sr", "duration", "invalid_parameter", "error_unexpected_video_duration"),
        ("video-sr", "unsupported.video", "error_decode_image", "error_unsupported_video"),
    ],
)
def test_what_is_wrong_with_a_file_has_the_code_that_was_assigned_to_it(
    slug: str, cause: str, older: str, newer: str
) -> None:
    (tool,) = (tool for tool in TOOLS if tool.slug == slug)
    error = failure(cause, "it is wrong").error
    assert [engine_code(error, form, tool.codes) for form in ("v1", "v2")] == [older, newer]


def test_nobody_is_told_of_a_choice_that_these_apis_do_not_have() -> None:
    ahead, aside = (
        SimpleNamespace(pose=SimpleNamespace(yaw=yaw, pitch=0), width=100, points=None) for yaw in (0, 40)
    )
    with pytest.raises(errors.FacesUnlikeError, match=", or force it") as caught:
        gate._posed(cast("Any", ahead), cast("Any", aside))
    why = Failure(code=caught.value.code, message=caught.value.message).error
    job = cast("Any", SimpleNamespace(state=JobState.FAILED, error=why))
    swap = next(tool for tool in TOOLS if tool.slug == "face-swap")
    told = polled(job, swap, "v2", lambda file, format: "", datetime.now(UTC))["data"]
    assert told["error"] == "error_pose"
    assert told["error_message"].endswith("use a reference that looks the same way")
