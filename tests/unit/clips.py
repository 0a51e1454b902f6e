"""Small clips that tests make, and what they ask of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
RATE = 25


def pan(count: int, width: int = 128, height: int = 96, seed: int = 0, step: int = 2) -> list[Pixels]:
    """Frames (H, W, 3) of a slow pan over soft coloured blotches."""
    import cv2

    rng = np.random.default_rng(seed)
    whole = rng.random((height // 8 + 1, (width + step * count) // 8 + 2, 3)).astype(np.float32)
    wide = cv2.resize(whole, (width + step * count, height), interpolation=cv2.INTER_CUBIC)
    shown = np.clip(30 + wide * 190, 0, 255).astype(np.uint8)
    return [np.ascontiguousarray(shown[:, step * n : step * n + width]) for n in range(count)]


def write(
    path: Path,
    frames: Sequence[Pixels],
    *,
    codec: str = "libx264",
    pixels: str = "yuv420p",
    rate: int = RATE,
    times: Sequence[int] | None = None,
    options: dict[str, str] | None = None,
    sound: str = "",
    late_s: float = 0.0,
    rotation: int = 0,
    change: Callable[[Any], None] = lambda context: None,
    format: str = "mp4",
) -> Path:
    """A clip of RGB frames, their times in hundredths of a second if given; sound is a sweep."""
    with av.open(str(path), "w", format=format) as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        height, width = frames[0].shape[:2]
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.thread_count = 1
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 100)
        if rotation:
            stream.set_display_rotation(rotation)
        change(stream.codec_context)
        heard = out.add_stream(sound, rate=48_000 if "amr" not in sound else 8_000) if sound else None
        if heard is not None and sound != "mp3":
            heard.layout = "mono"
        if heard is not None and "amr" in sound:
            heard.bit_rate = 12_200
        if heard is not None:
            for packet in _heard(heard, len(frames) / rate, late_s):
                out.mux(packet)
        for number, pixels_of in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(pixels_of, format="rgb24").reformat(format=pixels)
            frame.pts = number if times is None else times[number]
            frame.time_base = Fraction(1, rate) if times is None else Fraction(1, 100)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def sweep(seconds: float, rate: int = 48_000) -> NDArray[np.float32]:
    """A tone that rises, (n,): it is like itself at no other time."""
    t = np.arange(int(seconds * rate)) / rate
    return (0.4 * np.sin(2 * np.pi * (200 * t + 600 * t * t))).astype(np.float32)


def _heard(stream: Any, seconds: float, late_s: float) -> Any:
    rate = stream.codec_context.sample_rate
    samples = sweep(seconds, rate)
    resampler = av.AudioResampler(
        format=stream.codec_context.format or "fltp", layout=stream.codec_context.layout or "mono", rate=rate
    )
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = rate, round(late_s * rate), Fraction(1, rate)
    size = stream.codec_context.frame_size
    fifo = av.AudioFifo()
    for part in resampler.resample(frame):
        part.pts = None
        fifo.write(part)
    at = round(late_s * rate)
    while (piece := fifo.read(size or 1024, partial=True)) is not None:
        piece.pts, piece.time_base = at, Fraction(1, rate)
        at += piece.samples
        yield from stream.encode(piece)
    yield from stream.encode(None)


def times(path: Path) -> list[float]:
    """When each frame is shown, in seconds."""
    with av.open(str(path)) as clip:
        return [float(frame.time or 0) for frame in clip.decode(video=0)]


def rgb(path: Path) -> list[Pixels]:
    """All frames, (H, W, 3), as FFmpeg converts them; by way of 4:2:0, as its ways from others differ a little."""
    with av.open(str(path)) as clip:
        frames = list(clip.decode(video=0))
    plain = [f if "420p" in f.format.name[-5:] else f.reformat(format="yuv420p") for f in frames]
    return [frame.to_ndarray(format="rgb24") for frame in plain]


def heard(path: Path, rate: int = 48_000) -> NDArray[np.float32]:
    """The sound as one channel, (n,), silence before it begins included."""
    with av.open(str(path)) as clip:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        found: list[NDArray[np.float32]] = []
        for frame in clip.decode(audio=0):
            if not found:
                found.append(np.zeros(max(0, round(float(frame.time or 0) * rate)), np.float32))
            found += [part.to_ndarray()[0] for part in resampler.resample(frame)]
    return np.concatenate(found)


def lag_s(one: NDArray[np.float32], other: NDArray[np.float32], rate: int = 48_000) -> float:
    """Seconds by which `other` comes after `one`, by cross-correlation."""
    size = 1 << int(np.ceil(np.log2(len(one) + len(other))))
    product = np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size))
    at = int(np.argmax(np.fft.irfft(product, size)))
    return (at if at < size // 2 else at - size) / rate
