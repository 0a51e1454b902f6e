"""Frames of a clip one after the other, upright, whatever its codec, depth and sampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from tinct.clip.facts import ClipFacts, picture
from tinct.clip.library import library, opened, packets
from tinct.clip.planes import Frame
from tinct.errors import BrokenClipError
from tinct.settings import current

__all__ = ["Reader"]

_MOST_BROKEN: Final = 0.1  # of the frames
_FEW: Final = 2  # broken frames that are concealed in the shortest clip
_PLAIN: Final = ("yuv420p", "yuvj420p")


@dataclass
class Reader:
    """Reads a clip once; holds a frame at a time."""

    path: Path
    facts: ClipFacts
    threads: int = 1
    broken: int = 0
    """Frames so far that could not be decoded: the one before is shown longer in their place."""
    times: list[tuple[int, int]] = field(default_factory=list)
    """When each frame that was read and not yet taken from here is shown, and how long, in `time_base`."""
    time_base: Any = None

    def frames(self) -> Iterator[Frame]:
        """The frames.

        Raises
        ------
        BrokenClipError
            More than a tenth of them cannot be decoded.
        """
        av = library()
        with opened(self.path) as container:
            stream = picture(container)
            stream.codec_context.options = {"max_pixels": str(current().max_clip_pixels)}
            stream.thread_type, stream.thread_count = "AUTO", self.threads
            base: Any = stream.time_base
            self.time_base = base
            step = round(1 / (self.facts.fps * float(base)))
            number, last, read = 0, None, 0
            for packet in packets(container, stream):
                read += packet.size > 0
                try:
                    decoded = packet.decode()
                except av.error.FFmpegError:
                    self._count(1)
                    continue
                for frame in decoded:
                    self.broken += bool(frame.is_corrupt)
                    at = frame.pts if frame.pts is not None else step if last is None else last + step
                    if last is not None and at <= last:  # broken stamps
                        at = last + 1
                    last = at
                    self.times.append((at, frame.duration or step))
                    yield self._upright(frame, number, float(at * base))
                    number += 1
            missing = (stream.frames or read) - read  # a file that ends before its index says
            self._count(missing if missing > _FEW else 0)
            if not number:
                raise BrokenClipError("no frame of the clip can be decoded; send the whole file")

    def _count(self, broken: int) -> None:
        self.broken += broken
        if self.broken > max(_FEW, _MOST_BROKEN * self.facts.frames):
            raise BrokenClipError(
                f"{self.broken} of {self.facts.frames} frames of the clip are broken or missing; allowed: a tenth; "
                "send the whole file"
            )

    def _upright(self, frame: Any, number: int, seconds: float) -> Frame:
        """Planes of 8 bits, turned, of the clip's size."""
        facts = self.facts
        quarter = facts.rotation // 90
        size = (facts.width, facts.height) if quarter % 2 == 0 else (facts.height, facts.width)
        small = frame.format.name not in _PLAIN
        other = (frame.width // 2 * 2, frame.height // 2 * 2) != size  # a change of size in mid-stream
        if small or other:
            # What is said decides, whatever the name of the format says
            ranges = 2 if facts.matrix.full else 1
            frame = frame.reformat(
                width=size[0] if other else frame.width,
                height=size[1] if other else frame.height,
                format="yuv420p",
                src_color_range=ranges,
                dst_color_range=ranges,
            )
        planes = []
        for plane, scale in zip(frame.planes, (1, 2, 2), strict=True):
            lines = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            part = lines[: size[1] // scale, : size[0] // scale]
            planes.append(np.ascontiguousarray(np.rot90(part, -quarter)))
        y, u, v = planes
        return Frame(_own(y), _own(u), _own(v), seconds, number)


def _own(plane: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Not a view of memory that the decoder uses again."""
    return plane if plane.flags.owndata else plane.copy()
