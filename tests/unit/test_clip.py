"""Clips: read and written frame by frame, with their times, colours and sound; bad ones refused in a sentence."""

import itertools
import json
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from clips import RATE, heard, lag_s, pan, rgb, sweep, times, write

from tinct import errors
from tinct.clip.clip import Clip, remade
from tinct.clip.facts import picture
from tinct.clip.library import opened, packets
from tinct.clip.planes import Matrix
from tinct.photo.photo import Photo
from tinct.settings import Settings, current, use

FRAMES = pan(12)


def same(path: Path, **more: Any) -> Clip:
    """A clip with all its frames as they were."""
    return remade(Clip.open(path), lambda frames: frames, progress=lambda share: None, **more)


def unlike(one: list[Any], other: list[Any]) -> float:
    """Mean difference of frames, 0..255."""
    assert len(one) == len(other)
    return float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in zip(one, other, strict=True)]))


@pytest.fixture(autouse=True)
def _drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "drafts").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "drafts"))


@pytest.mark.parametrize(
    ("codec", "pixels", "format"),
    [
        ("libx264", "yuv420p", "mp4"),
        ("libx264", "yuv420p10le", "mov"),
        ("libx264", "yuv444p", "mp4"),
        ("libx264", "yuvj420p", "mp4"),
        ("mpeg4", "yuv420p", "mp4"),
        ("libx265", "yuv420p10le", "mp4"),
        ("libvpx-vp9", "yuv422p", "mp4"),
    ],
)
def test_every_codec_depth_and_sampling_becomes_h264_of_the_same_look(
    tmp_path: Path, codec: str, pixels: str, format: str
) -> None:
    options = {"libx265": {"x265-params": "log-level=none"}, "libvpx-vp9": {"cpu-used": "8"}}.get(codec)
    path = write(tmp_path / f"a.{format}", FRAMES, codec=codec, pixels=pixels, options=options, format=format)
    made = same(path)
    assert made.facts.codec == "h264"
    assert made.facts.depth == 8
    assert unlike(rgb(path), rgb(made.path)) < 3.5


def test_uneven_times_and_b_frames_keep_every_time(tmp_path: Path) -> None:
    uneven = [0, 4, 5, 13, 17, 30, 31, 33, 50, 54, 58, 70]
    path = write(tmp_path / "a.mp4", FRAMES, times=uneven, options={"bf": "3"})
    made = same(path)
    assert times(made.path) == pytest.approx(times(path), abs=1e-3)
    assert times(path) == pytest.approx([t / 100 for t in uneven], abs=1e-3)


def test_duration_stays_within_one_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", FRAMES, options={"bf": "2"})
    assert same(path).facts.seconds == pytest.approx(Clip.open(path).facts.seconds, abs=1 / RATE)


@pytest.mark.parametrize(("sound", "late"), [("aac", 0.0), ("aac", 0.2), ("mp3", 0.0), ("mp3", 0.2)])
def test_sound_stays_in_step(tmp_path: Path, sound: str, late: float) -> None:
    path = write(tmp_path / "a.mp4", pan(30), sound=sound, late_s=late)
    made = same(path)
    assert made.facts.sound == "aac"
    assert abs(lag_s(heard(path), heard(made.path))) < 0.01
    assert lag_s(sweep(30 / RATE), heard(made.path)) == pytest.approx(late, abs=0.03)


def test_aac_is_copied_packet_by_packet(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", FRAMES, sound="aac")

    def sound(path: Path) -> list[bytes]:
        with av.open(str(path)) as clip:
            return [bytes(packet) for packet in clip.demux(audio=0) if packet.size]

    assert sound(same(path).path) == sound(path)


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_turned_clip_comes_back_upright(tmp_path: Path, rotation: int) -> None:
    path = write(tmp_path / "a.mp4", FRAMES, rotation=rotation)
    made = same(path)
    turned = [np.rot90(frame, rotation // 90) for frame in rgb(path)]
    assert made.facts.rotation == 0
    assert unlike(turned, rgb(made.path)) < 3.5


def test_pixels_that_are_not_square_stay_so_and_turn_with_the_frame(tmp_path: Path) -> None:
    def wide(context: Any) -> None:
        context.sample_aspect_ratio = Fraction(4, 3)

    assert same(write(tmp_path / "a.mp4", FRAMES, change=wide)).facts.aspect == Fraction(4, 3)
    turned = write(tmp_path / "b.mp4", FRAMES, change=wide, rotation=90)
    assert same(turned).facts.aspect == Fraction(3, 4)


@pytest.mark.parametrize(("matrix", "primaries", "transfer"), [(1, 1, 1), (6, 6, 6), (9, 9, 14), (2, 2, 2)])
def test_color_tags_stay(tmp_path: Path, matrix: int, primaries: int, transfer: int) -> None:
    def tagged(context: Any) -> None:
        context.colorspace, context.color_primaries, context.color_trc = matrix, primaries, transfer

    path = write(tmp_path / "a.mp4", FRAMES, change=tagged)
    found = same(path).facts
    assert (found.matrix.number, found.primaries, found.transfer) == (matrix, primaries, transfer)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("number", [1, 6, 9])
def test_rgb_and_back_is_the_same_frame(number: int, full: bool) -> None:
    matrix = Matrix(number, full, 96)
    planes = matrix.planes(FRAMES[0])
    seen = matrix.rgb(planes)
    again = matrix.planes(seen)
    assert np.abs(again.y.astype(int) - planes.y).max() <= 12  # where a colour lies outside of RGB
    assert np.abs(again.y.astype(int) - planes.y).mean() < 0.5
    assert unlike([seen], [FRAMES[0]]) < 5  # chroma has half the sides
    kept = matrix.moved(planes, seen, seen)
    assert all((getattr(kept, name) == getattr(planes, name)).all() for name in "yuv")
    moved = matrix.moved(planes, seen, FRAMES[1])
    assert unlike([moved.y], [matrix.planes(FRAMES[1]).y]) < 1


def test_a_gray_ramp_is_gray_from_black_to_white() -> None:
    ramp = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None, :, None], 4, 0).repeat(3, 2)
    planes = Matrix(1, False, 720).planes(ramp)
    assert (planes.y.min(), planes.y.max()) == (16, 235)
    assert set(np.unique(planes.u)) | set(np.unique(planes.v)) == {128}


def test_ffprobe_agrees_on_every_tag(tmp_path: Path) -> None:
    if shutil.which("ffprobe") is None:
        pytest.skip("ffprobe is not installed")

    def tagged(context: Any) -> None:
        context.colorspace, context.color_primaries, context.color_trc = 1, 1, 1
        context.sample_aspect_ratio = Fraction(4, 3)

    path = write(tmp_path / "a.mp4", pan(25), change=tagged, sound="aac")
    made = same(path).save(tmp_path / "made.mp4")
    asked = "codec_name,width,height,pix_fmt,color_range,color_space,color_transfer,color_primaries,nb_frames"
    asked += ",sample_aspect_ratio,r_frame_rate,avg_frame_rate,start_time"
    command = ["ffprobe", "-v", "error", "-show_entries", f"stream={asked}", "-of", "json"]
    there, here = (
        json.loads(subprocess.run([*command, str(p)], capture_output=True, check=True).stdout)["streams"]
        for p in (path, made)
    )
    there[0].setdefault("color_range", "tv")
    assert here == there
    assert hashes(made) == hashes(same(path).path)  # the same frames, every time, whoever decodes


def hashes(path: Path) -> list[str]:
    """A digest of each frame as Debian's ffmpeg decodes it; it has nothing to complain of."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", "0:v", "-f", "framemd5", "-"]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    assert done.stderr == ""
    found = [line.rpartition(",")[2].strip() for line in done.stdout.splitlines() if not line.startswith("#")]
    assert len(found) == 25
    return found


def test_sound_of_telephones_becomes_aac(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mov", pan(25), sound="libopencore_amrnb", format="mov")
    assert Clip.open(path).facts.sound in ("amrnb", "amr_nb")
    made = same(path)
    assert made.facts.sound == "aac"
    assert abs(lag_s(heard(path, 8000), heard(made.path, 8000), 8000)) < 0.03


# -- what is wrong with a clip ---------------------------------------------------------------------


def test_some_broken_frames_are_concealed_and_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", pan(40), options={"g": "5", "bf": "0"})
    with av.open(str(path)) as clip:
        places = [(packet.pos, packet.size) for packet in clip.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    at, size = places[24]  # the last of its group: no other frame is made of it
    data[at : at + size] = bytes(size)
    path.write_bytes(bytes(data))
    made = same(path)
    assert made.broken >= 1
    assert made.facts.seconds == pytest.approx(40 / RATE, abs=1 / RATE)


def test_a_clip_cut_in_half_is_broken(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", pan(40), options={"movflags": "faststart"})
    whole = path.read_bytes()
    with (
        av.open(str(path)) as clip,
        av.open(str(tmp_path / "fast.mp4"), "w", options={"movflags": "faststart"}) as out,
    ):
        stream = out.add_stream_from_template(clip.streams.video[0])
        for packet in clip.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    fast = (tmp_path / "fast.mp4").read_bytes()
    path.write_bytes(fast[: len(fast) * 2 // 3])
    with pytest.raises(errors.BrokenClipError, match="allowed: a tenth"):
        same(path)
    path.write_bytes(whole[: len(whole) // 2])  # its index stood at the end
    with pytest.raises(errors.BrokenClipError):
        Clip.open(path)


def patched(path: Path, tag: bytes, which: int, at: int, value: int) -> Path:
    """A clip with four bytes of its index overwritten, so far behind the name of one of its boxes."""
    data = bytearray(path.read_bytes())
    place = data.index(b"moov")
    for _ in range(which + 1):
        place = data.index(tag, place + 1)
    data[place + at : place + at + 4] = value.to_bytes(4, "big")
    path.write_bytes(bytes(data))
    return path


def test_a_packet_that_cannot_be_read_ends_the_clip_there(tmp_path: Path) -> None:
    class Ending:
        def __init__(self, container: Any) -> None:
            self.container = container

        def demux(self, stream: Any) -> Any:
            yield from itertools.islice(self.container.demux(stream), 9)
            raise av.error.MemoryError(12, "Cannot allocate memory")

    with opened(write(tmp_path / "a.mp4", FRAMES, options={"bf": "3"})) as container:
        stream = picture(container)
        found = list(packets(Ending(container), stream))
        assert sum(len(packet.decode()) for packet in found) == 9  # those that waited for others too


def test_sound_whose_times_stand_still_is_refused(tmp_path: Path) -> None:
    path = patched(write(tmp_path / "a.mp4", FRAMES, sound="aac"), b"mdhd", 1, 16, 1_006_680_960)
    with pytest.raises(errors.BrokenClipError, match="the clip's sound are corrupt"):
        same(path)


def test_sound_that_changes_its_rate_in_mid_stream_stays(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", pan(30), sound="mp3")
    with av.open(str(path)) as clip:
        places = [packet.pos for packet in clip.demux(audio=0) if packet.size]
    data = bytearray(path.read_bytes())
    data[places[10] + 2] = data[places[10] + 2] & 0xF3 | 0x08  # 32 kHz; ISO 11172-3, 2.4.1.3
    path.write_bytes(bytes(data))
    made = same(path)
    assert len(heard(made.path)) == pytest.approx(30 / RATE * 48_000, abs=3000)
    assert lag_s(sweep(30 / RATE), heard(made.path)) == pytest.approx(0, abs=0.1)  # what was broken is lost


def test_no_bytes_are_an_error_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"")
    with pytest.raises(errors.EmptyClipError):
        Clip.open(path)
    with pytest.raises(errors.ClipMissingError):
        Clip.open(tmp_path / "none.mp4")


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", FRAMES, sound="aac")
    with av.open(str(path)) as clip, av.open(str(tmp_path / "b.mp4"), "w") as out:
        stream = out.add_stream_from_template(clip.streams.audio[0])
        for packet in clip.demux(audio=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    with pytest.raises(errors.NoPictureError):
        Clip.open(tmp_path / "b.mp4")


@pytest.mark.parametrize("name", ["picture.mp4", "list.mp4", "page.mov"])
def test_what_is_no_clip_by_its_bytes_is_refused_whatever_its_name(tmp_path: Path, name: str) -> None:
    contents = {
        "picture.mp4": cv2.imencode(".png", FRAMES[0])[1].tobytes(),
        "list.mp4": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        "page.mov": b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/a.ts\n",
    }
    (tmp_path / name).write_bytes(contents[name])
    with pytest.raises(errors.UnsupportedClipError, match="no clip"):
        Clip.open(tmp_path / name)


def test_other_codecs_are_refused_by_name(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mov", FRAMES, codec="mjpeg", pixels="yuvj420p", format="mov")
    with pytest.raises(errors.UnsupportedClipError, match=r"mjpeg; allowed: H\.264, MPEG-4, HEVC, VP9"):
        Clip.open(path)


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG")])
def test_hdr_is_refused(tmp_path: Path, transfer: int, name: str) -> None:
    def hdr(context: Any) -> None:
        context.colorspace, context.color_primaries, context.color_trc = 9, 9, transfer

    with pytest.raises(errors.ClipLookError, match=name):
        Clip.open(write(tmp_path / "a.mp4", FRAMES, pixels="yuv420p10le", change=hdr))


def test_interlaced_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", FRAMES, options={"flags": "+ildct+ilme", "x264-params": "tff=1"})
    with pytest.raises(errors.ClipLookError, match="interlaced"):
        Clip.open(path)


@pytest.mark.parametrize(
    ("limit", "value", "words"),
    [
        ("max_clip_side", 100, "128x96 pixels"),
        ("max_clip_pixels", 10_000, "128x96 pixels"),
        ("max_clip_s", 0.2, "runs 0.5 s"),
        ("max_clip_bytes", 1000, "bytes; allowed: up to 1000"),
    ],
)
def test_limits_are_settings(tmp_path: Path, limit: str, value: float, words: str) -> None:
    path = write(tmp_path / "a.mp4", FRAMES)
    before = current()
    use(Settings(**{limit: value}))
    try:
        with pytest.raises(errors.ClipLimitError, match=words):
            Clip.open(path)
    finally:
        use(before)


def test_a_thousand_frames_a_second_are_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.ClipLimitError, match="1000 frames a second"):
        Clip.open(write(tmp_path / "a.mp4", FRAMES, rate=1000))


def test_a_result_above_the_limits_is_refused_before_the_work(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", FRAMES)
    with pytest.raises(errors.ClipLimitError, match="the result would have 8192x4096"):
        same(path, size=(8192, 4096))


def test_who_cancels_leaves_no_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", FRAMES, sound="aac")

    class StoppedError(Exception):
        pass

    told: list[float] = []

    def stop(share: float) -> None:
        told.append(share)
        if len(told) == 5:
            raise StoppedError

    with pytest.raises(StoppedError):
        remade(Clip.open(path), lambda frames: frames, progress=stop)
    assert told == pytest.approx([n / 12 for n in range(1, 6)])
    assert not list((tmp_path / "drafts").iterdir())


def test_a_full_disk_is_a_sentence_and_leaves_no_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", pan(30, 256, 192))
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        with pytest.raises(errors.OutputError, match="no room is left"):
            same(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list((tmp_path / "drafts").iterdir())


def test_a_result_goes_with_the_last_who_holds_it(tmp_path: Path) -> None:
    made = same(write(tmp_path / "a.mp4", FRAMES))
    where = made.path
    saved = made.save(tmp_path / "kept.mp4")
    with pytest.raises(errors.OutputError):
        made.save(saved, overwrite=False)
    with pytest.raises(errors.ParameterError):
        made.save(tmp_path / "kept.avi")
    del made
    assert not where.exists()
    assert Clip.open(saved).facts.frames == 12


def test_a_clip_may_come_as_bytes_or_an_open_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mp4", FRAMES)
    assert Clip.open(path.read_bytes()).facts == Clip.open(path).facts
    with path.open("rb") as file:
        assert Clip.open(file).facts == Clip.open(path).facts
    with pytest.raises(errors.ParameterError):
        Clip.open(Photo(FRAMES[0]))  # type: ignore[arg-type]


def test_reading_the_package_loads_no_video_library() -> None:
    code = "import sys, tinct, tinct.clip.clip; print('av' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
