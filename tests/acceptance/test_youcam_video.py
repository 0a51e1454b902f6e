"""Video Enhance of the YouCam API: twice the sides, sound and length kept, and each cause of failure by its code."""

from pathlib import Path

import pytest

from tinct.clip.clip import Clip
from unit.clips import pan, write
from youcam_pictures import clip, face
from youcam_wire import Caller, body_of, downloaded, said, state, urls

SLUG = "video-sr"
KIND = "video/mp4"


def test_a_clip_becomes_an_mp4_of_twice_the_sides(v2: Caller, tmp_path: Path) -> None:
    source = write(tmp_path / "a.mov", pan(25, 64, 48), sound="aac", format="mov")
    file = v2.upload(source.read_bytes(), "video/quicktime")
    found = v2.ended(SLUG, said(v2.start(SLUG, {"src_file_id": file, "dst_duration": 1}))["data"]["task_id"])
    assert state(found) == "success", found
    (url,) = urls(found)
    made = tmp_path / "made.mp4"
    made.write_bytes(downloaded(url))
    facts = Clip.open(made).facts
    assert (facts.width, facts.height, facts.frames, facts.codec, facts.sound) == (128, 96, 25, "h264", "aac")
    assert facts.seconds == pytest.approx(1, abs=0.04)


def test_a_length_that_is_more_than_a_second_off_fails_by_its_code(v1: Caller, v2: Caller) -> None:
    old, new = v1.upload(clip(3), KIND, SLUG), v2.upload(clip(3), KIND)
    body = body_of(SLUG, F=old)
    assert v1.failed(SLUG, body) == "invalid_parameter"  # the documented body says 8 seconds
    assert v2.failed(SLUG, {"src_file_id": new, "dst_duration": 5}) == "error_unexpected_video_duration"


def test_what_is_no_clip_cannot_be_decoded(v1: Caller, v2: Caller) -> None:
    old, new = v1.upload(face(), KIND, SLUG), v2.upload(face(), KIND)
    assert v1.failed(SLUG, body_of(SLUG, F=old)) == "error_decode_image"
    assert v2.failed(SLUG, {"src_file_id": new, "dst_duration": 5}) == "error_decode_video"


def test_a_clip_that_is_cut_off_or_of_another_codec_has_codes_of_its_own(v2: Caller, tmp_path: Path) -> None:
    whole = clip(3)
    file = v2.upload(whole[: len(whole) // 2], KIND)
    assert v2.failed(SLUG, {"src_file_id": file, "dst_duration": 3}) == "error_decode_video"
    other = write(tmp_path / "a.mov", pan(25, 64, 48), codec="mjpeg", pixels="yuvj420p", format="mov")
    file = v2.upload(other.read_bytes(), "video/quicktime")
    assert v2.failed(SLUG, {"src_file_id": file, "dst_duration": 1}) == "error_unsupported_video"


def test_a_side_above_the_limit_is_too_large(v2: Caller, tmp_path: Path) -> None:
    wide = write(tmp_path / "a.mp4", pan(2, 1936, 32), rate=2)
    file = v2.upload(wide.read_bytes(), KIND)
    assert v2.failed(SLUG, {"src_file_id": file, "dst_duration": 1}) == "exceed_max_filesize"


def test_a_clip_that_was_never_sent_could_not_be_downloaded(v1: Caller, v2: Caller) -> None:
    assert v1.failed(SLUG, body_of(SLUG, F=v1.declared(b"x")["file_id"])) == "error_download_image"
    unsent = v2.declared(b"x")["file_id"]
    assert v2.failed(SLUG, {"src_file_id": unsent, "dst_duration": 5}) == "error_download_video"
