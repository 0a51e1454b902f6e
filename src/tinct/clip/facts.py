"""What is known of a clip before it is decoded, and whether it is one that is worked on."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tinct.clip import header
from tinct.clip.library import library, opened, packets
from tinct.clip.planes import Matrix
from tinct.errors import (
    BrokenClipError,
    ClipLimitError,
    ClipLookError,
    ClipMissingError,
    EmptyClipError,
    NoPictureError,
    UnsupportedClipError,
)
from tinct.settings import Settings, current

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.video.stream import VideoStream

__all__ = ["CODECS", "ClipFacts", "look", "picture", "sound"]

CODECS: Final = {"h264": "H.264", "mpeg4": "MPEG-4", "hevc": "HEVC", "vp9": "VP9"}
"""Codecs of pictures that are read, as FFmpeg calls them, and as people do."""
_CONTAINERS: Final = ("mp4", "mov")
_COVER: Final = 0x400  # a stream that is a picture of the cover
_HDR: Final = {16: "PQ", 18: "HLG"}  # H.273, table 3
_PROGRESSIVE: Final = (0, 1)  # order of fields: not known, none
_FIRST_PACKETS: Final = 60  # looked at for a frame that can be decoded
_LEAST_SIDE: Final = 16


@dataclass(frozen=True, kw_only=True)
class ClipFacts:
    """What a clip's header and its first frame say."""

    width: int
    """Pixels of an upright frame, as stored: not square where `aspect` is not 1."""
    height: int
    seconds: float
    fps: float
    """Mean frames a second."""
    frames: int
    """By the index, or by length and rate."""
    codec: str
    sound: str
    """Codec of the sound; empty where there is none."""
    depth: int
    """Bits of a sample."""
    rotation: int
    """Degrees clockwise by which stored frames are turned to be upright."""
    aspect: Fraction
    """Width over height of an upright pixel."""
    matrix: Matrix
    primaries: int
    """Numbers of H.273; 2 is not said."""
    transfer: int

    @property
    def megapixels(self) -> float:
        """Of all frames together."""
        return self.width * self.height * self.frames / 1e6


def look(path: Path, settings: Settings | None = None) -> ClipFacts:
    """Look at a clip's header and first frame.

    Raises
    ------
    ClipError
        It is none, is broken, or lies outside a limit of the settings; see the classes below it.
    """
    settings = settings or current()
    _glance(path, settings)
    with opened(path) as container:
        stream = picture(container)
        x = stream.codec_context
        _bounded(x.width, x.height, settings)
        rate = float(stream.average_rate or stream.guessed_rate or 0)
        seconds = _seconds(container, stream, rate)
        _timed(seconds, rate, settings)
        x.options = {"max_pixels": str(settings.max_clip_pixels)}
        first = _first(container, stream)
        _bounded(first.width, first.height, settings)
        _looked(stream, first)
        turned = -first.rotation % 360
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        upright = turned % 180 == 0
        hears = sound(container)
        return ClipFacts(
            width=(first.width if upright else first.height) // 2 * 2,
            height=(first.height if upright else first.width) // 2 * 2,
            seconds=seconds,
            fps=rate,
            frames=stream.frames or max(1, round(seconds * rate)),
            codec=x.name,
            sound="" if hears is None else hears.codec_context.name,
            depth=first.format.components[0].bits,
            rotation=turned,
            aspect=aspect if upright else 1 / aspect,
            matrix=Matrix(int(first.colorspace), _full(first), first.height),
            primaries=int(first.color_primaries),
            transfer=int(first.color_trc),
        )


def picture(container: Any) -> VideoStream:
    """The stream of pictures.

    Raises
    ------
    NoPictureError, UnsupportedClipError
        There is none, or none that is read.
    """
    streams = [one for one in container.streams.video if not int(one.disposition) & _COVER]
    if not streams:
        raise NoPictureError("the clip has sound and no picture; send one with a picture")
    found: VideoStream = streams[0]
    if found.codec_context is None or found.codec_context.name not in CODECS:
        name = found.codec_context.name if found.codec_context is not None else "an unknown codec"
        raise UnsupportedClipError(f"the clip is coded by {name}; allowed: {', '.join(CODECS.values())}")
    return found


def sound(container: Any) -> AudioStream | None:
    """The stream of sound, if there is one that can be read."""
    found = [one for one in container.streams.audio if one.codec_context is not None]
    return found[0] if found else None


def _glance(path: Path, settings: Settings) -> None:
    """What the first bytes and the size say."""
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError:
        raise ClipMissingError(f"there is no clip called {path.name} that can be read") from None
    if not size:
        raise EmptyClipError("the clip has no bytes (0 bytes found); send the whole file")
    if size > settings.max_clip_bytes:
        raise ClipLimitError(f"the clip has {size} bytes; allowed: up to {settings.max_clip_bytes}")
    found = header.kind(head)
    if found not in _CONTAINERS:
        what = "a WebM file" if found else "no clip, by its first bytes"
        raise UnsupportedClipError(f"the file is {what}; allowed: MP4, M4V and QuickTime (mov)")


def _bounded(width: int, height: int, settings: Settings) -> None:
    if min(width, height) < _LEAST_SIDE:
        raise ClipLimitError(f"the clip has {width}x{height} pixels; allowed: sides of {_LEAST_SIDE} or more")
    if max(width, height) > settings.max_clip_side or width * height > settings.max_clip_pixels:
        raise ClipLimitError(
            f"the clip has {width}x{height} pixels; allowed: sides up to {settings.max_clip_side} and "
            f"{settings.max_clip_pixels} pixels"
        )


def _timed(seconds: float, rate: float, settings: Settings) -> None:
    if not rate or seconds <= 0:
        raise BrokenClipError("the clip does not say how long its pictures run; save it anew")
    if rate > settings.max_clip_fps:
        raise ClipLimitError(
            f"the clip has {rate:g} frames a second; allowed: up to {settings.max_clip_fps:g}"
        )
    if seconds > settings.max_clip_s:
        raise ClipLimitError(f"the clip runs {seconds:.1f} s; allowed: up to {settings.max_clip_s:g} s")


def _seconds(container: Any, stream: Any, rate: float) -> float:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    return container.duration / 1e6 if container.duration else stream.frames / rate if rate else 0.0


def _first(container: Any, stream: Any) -> Any:
    """The first frame that can be decoded."""
    av = library()
    for number, packet in enumerate(packets(container, stream)):
        try:
            for frame in packet.decode():
                return frame
        except av.error.FFmpegError:
            pass
        if number > _FIRST_PACKETS:
            break
    raise BrokenClipError(
        "no frame of the clip can be decoded: it is truncated or corrupt; send the whole file"
    )


def _looked(stream: Any, first: Any) -> None:
    """Refuse what would look wrong."""
    if int(first.color_trc) in _HDR:
        raise ClipLookError(
            f"the clip is HDR ({_HDR[int(first.color_trc)]}); allowed: standard range; convert it first"
        )
    if first.interlaced_frame or stream.codec_context.field_order not in _PROGRESSIVE:
        raise ClipLookError("the clip is interlaced; allowed: whole frames; deinterlace it first")


def _full(frame: Any) -> bool:
    return int(frame.color_range) == 2 or str(frame.format.name).startswith("yuvj")
