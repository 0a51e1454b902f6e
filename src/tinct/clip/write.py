"""A clip on its way out: H.264 and AAC in MP4, with the times, colours and sound of the clip that it was made from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from tinct.clip.facts import ClipFacts, sound
from tinct.clip.library import library, opened, packets, writing_errors
from tinct.clip.planes import Planes
from tinct.errors import BrokenClipError, UnsupportedClipError

__all__ = ["Writer"]

_ENCODERS: Final = ("libx264", "libopenh264", "h264_videotoolbox", "h264_mf")
"""Of H.264, the best first; builds of FFmpeg without GPL parts have no first."""
_QUALITY: Final = {
    "crf": "17",  # no loss is seen
    "preset": "veryfast",  # slower ones save bytes alone
    # Vivid colours flicker less: by finer steps of chroma (a third; a tenth of bytes), and by motion that is chosen
    # by what is left of it and not by its grain (a twentieth of it all, and as many bytes less).
    "x264-params": "chroma-qp-offset=-4:subme=7:no-psy=1",
}
_BITS: Final = 0.2  # a pixel, of encoders without a constant quality
_COPIED: Final = ("aac",)
_SOUND_RATE: Final = 160_000  # bits a second
_UNSAID: Final = (0, 2)
_MOST_REFUSED: Final = 0.1  # of the sound
_FEW: Final = 2  # packets of the shortest


class Writer:
    """Takes frames in the order in which they are shown.

    Parameters
    ----------
    path : Path
        The file to write; it is left half-written if an error ends the block.
    source : Path
        The clip whose sound is taken.
    facts : ClipFacts
        Of the source.
    size : tuple of int
        Width and height of the frames, even.
    """

    def __init__(
        self, path: Path, source: Path, facts: ClipFacts, size: tuple[int, int], time_base: Any, threads: int
    ) -> None:
        self._av = library()
        self._stack = ExitStack()
        with writing_errors():
            self._out = self._av.open(
                f"file:{path.absolute()}", "w", format="mp4", options={"movflags": "+faststart"}
            )
        self._facts, self._size, self._time_base = facts, size, time_base
        self._stream = self._picture(threads)
        inside = self._stack.enter_context(opened(source))
        hears = sound(inside)
        self._sound = None if hears is None else _Sound(self._av, inside, hears, self._out)

    def _picture(self, threads: int) -> Any:
        facts, av = self._facts, self._av
        name = next((one for one in _ENCODERS if _has(av, one)), None)
        if name is None:
            raise UnsupportedClipError(
                "this build of PyAV has no encoder of H.264; install the wheel of PyPI"
            )
        rate = facts.fps
        stream = self._out.add_stream(name, rate=_fraction(rate))
        x = stream.codec_context
        x.width, x.height = self._size
        x.pix_fmt = "yuv420p"
        x.time_base = self._time_base
        x.thread_count = threads
        if name == "libx264":
            x.options = _QUALITY
        else:
            x.bit_rate = int(self._size[0] * self._size[1] * rate * _BITS)
        x.color_range = 2 if facts.matrix.full else 1
        for field, value in (
            ("colorspace", facts.matrix.number),
            ("color_primaries", facts.primaries),
            ("color_trc", facts.transfer),
        ):
            if value not in _UNSAID:
                setattr(x, field, value)
        if facts.aspect != 1:
            x.sample_aspect_ratio = facts.aspect
        x.flags |= int(av.codec.context.Flags.frame_duration)
        return stream

    def __enter__(self) -> Self:
        return self

    def put(self, planes: Planes, at: int, lasts: int) -> None:
        """Write a frame that is shown from `at` for so long, both in the time base."""
        frame = self._av.VideoFrame(*self._size, "yuv420p")
        for plane, values in zip(frame.planes, (planes.y, planes.u, planes.v), strict=True):
            lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            lines[:, : plane.width] = values
        frame.pts, frame.duration, frame.time_base = at, lasts, self._time_base
        self._encode(frame)
        if self._sound is not None:
            with _coding_errors(self._av):
                self._sound.until(float(at * self._time_base))

    def _encode(self, frame: Any) -> None:
        with _coding_errors(self._av):
            for packet in self._stream.encode(frame):
                self._out.mux(packet)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._encode(None)
                with _coding_errors(self._av):
                    if self._sound is not None:
                        self._sound.finish()
                    self._out.close()
        finally:
            with suppress(Exception):  # the error that ends the block is the one to tell
                self._out.close()
            self._stack.close()


class _Sound:
    """The sound of a clip, copied where it is AAC, else coded anew."""

    def __init__(self, av: Any, container: Any, stream: Any, out: Any) -> None:
        self._av, self._out = av, out
        self._copied = stream.codec_context.name in _COPIED
        if self._copied:
            self._stream = out.add_stream_from_template(stream)
        else:
            rate = stream.codec_context.sample_rate or 48_000
            layout = "mono" if stream.codec_context.layout.nb_channels == 1 else "stereo"
            self._stream = out.add_stream("aac", rate=rate, layout=layout)
            self._stream.bit_rate = min(_SOUND_RATE, rate * (2 if layout == "mono" else 4))
            self._evened = {"format": "fltp", "layout": layout, "rate": rate}
            self._resampler = av.AudioResampler(**self._evened)
            self._given: tuple[str, str, int] | None = None
        self._packets = self._made(container, stream)
        self._next: Any = None
        self._written = self._refused = 0

    def until(self, seconds: float) -> None:
        """Write what is heard up to then."""
        while True:
            if self._next is None:
                self._next = next(self._packets, None)
            if self._next is None or self._time() > seconds:
                return
            try:
                self._out.mux(self._next)
                self._written += 1
            except self._av.error.ArgumentError:  # its time is not after that of the one before
                self._refused += 1
            self._next = None

    def finish(self) -> None:
        """Write the rest.

        Raises
        ------
        BrokenClipError
            More than a tenth of it has times that cannot be written.
        """
        self.until(float("inf"))
        if self._refused > max(_FEW, _MOST_REFUSED * (self._written + self._refused)):
            raise BrokenClipError(
                "the times of the clip's sound are corrupt; save it anew, or without its sound"
            )

    def _time(self) -> float:
        return float(self._next.dts * self._next.time_base)

    def _made(self, container: Any, stream: Any) -> Iterator[Any]:
        for packet in packets(container, stream):
            if self._copied:
                if packet.dts is not None and packet.size:
                    packet.stream = self._stream
                    yield packet
                continue
            try:
                heard = packet.decode()
            except self._av.error.FFmpegError:
                continue  # a gap of some milliseconds
            for frame in heard:
                for part in self._even(frame):
                    yield from self._stream.encode(part)
        if not self._copied:
            for part in self._resampler.resample(None):
                yield from self._stream.encode(part)
            yield from self._stream.encode(None)

    def _even(self, frame: Any) -> list[Any]:
        """A frame of sound at the rate and of the channels that are written."""
        given = (frame.format.name, frame.layout.name, frame.sample_rate)
        if given != self._given:  # sound may change in mid-stream
            self._given, self._resampler = given, self._av.AudioResampler(**self._evened)
        return list(self._resampler.resample(frame))


@contextmanager
def _coding_errors(av: Any) -> Iterator[None]:
    """What goes wrong while a clip is coded and written."""
    with writing_errors():
        try:
            yield
        except av.error.FFmpegError as error:
            if isinstance(error, OSError):
                raise
            raise BrokenClipError(
                "the times of the clip's frames or sound are corrupt; save it anew"
            ) from None


def _has(av: Any, name: str) -> bool:
    try:
        av.codec.Codec(name, "w")
    except (av.codec.codec.UnknownCodecError, ValueError):
        return False
    return True


def _fraction(rate: float) -> Any:
    from fractions import Fraction

    return Fraction(rate).limit_denominator(1001)
