"""Pairs to learn from: a pan over a photo, halved, with noise, through H.264; and what it was."""

from __future__ import annotations

import io
from collections.abc import Iterator

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from training.shards import part, photos

__all__ = ["SIDE", "pairs"]

Pixels = NDArray[np.uint8]

SIDE = 48  # of what the network sees; a whole number of H.264's blocks
_ROWS, _COLUMNS, _FRAMES = 8, 10, 6
_HELD_OUT = 32  # one photo of so many


def pairs(count: int, held_out: bool, seed: int) -> tuple[Pixels, Pixels]:
    """Seen (n, 48, 48) and wanted (n, 96, 96) luma of `count` pairs, two of each photo."""
    rng = np.random.default_rng(seed)
    seen, wanted, pans = [], [], []
    for pan in _pans(held_out, rng):
        pans.append(pan)
        if len(pans) == _ROWS * _COLUMNS:
            truth = np.stack(pans)  # (80, frames, 96, 96)
            pans = []
            shown = _shown(truth, rng)
            for number in rng.choice(_FRAMES, 2, replace=False):
                seen.append(shown[:, number])
                wanted.append(truth[:, number])
            if len(seen) * _ROWS * _COLUMNS >= count:
                break
    return np.concatenate(seen), np.concatenate(wanted)


def _pans(held_out: bool, rng: np.random.Generator) -> Iterator[Pixels]:
    """Short moves (frames, 96, 96) over a photo's luma."""
    for key, rgb in photos():
        if (part(key, _HELD_OUT) == 0) != held_out:
            continue
        luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        least = (2 * SIDE + 14) / min(luma.shape)
        if least > 1:
            continue
        scale = rng.uniform(max(least, 0.65), 1)  # smaller shows less of the photo's own compression
        luma = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            luma = np.rint(16 + luma * (219 / 255)).astype(np.uint8)
        if rng.random() < 0.5:
            luma = luma[:, ::-1]
        step = rng.integers(-2, 3, 2)
        room = np.array(luma.shape) - 2 * SIDE - 2 * _FRAMES
        start = rng.integers(0, np.maximum(room, 1)) + np.where(step < 0, 2 * _FRAMES, 0)
        corners = start + step * np.arange(_FRAMES)[:, None]
        yield np.stack([luma[y : y + 2 * SIDE, x : x + 2 * SIDE] for y, x in corners])


def _shown(truth: Pixels, rng: np.random.Generator) -> Pixels:
    """(80, frames, 48, 48) as a camera of half the sides and a codec would show them."""
    way = rng.choice((cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_CUBIC))
    blur = rng.uniform(0.2, 0.7) if rng.random() < 0.2 else 0.0
    noise = rng.uniform(0.5, 3) if rng.random() < 0.3 else 0.0  # what the cleaning leaves
    small = np.empty((len(truth), _FRAMES, SIDE, SIDE), np.float32)
    for number, pan in enumerate(truth):
        for at, frame in enumerate(pan):
            soft = cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame
            small[number, at] = cv2.resize(soft, (SIDE, SIDE), interpolation=int(way))
    small += rng.normal(0, 1, small.shape).astype(np.float32) * np.float32(noise)
    shown = np.rint(np.clip(small, 0, 255)).astype(np.uint8)
    return shown if rng.random() < 0.12 else _coded(shown, int(np.clip(rng.normal(20, 5), 10, 36)), rng)


def _coded(tiles: Pixels, crf: int, rng: np.random.Generator) -> Pixels:
    """The tiles side by side in one clip, through x264 and back."""
    grid = tiles.reshape(_ROWS, _COLUMNS, _FRAMES, SIDE, SIDE).transpose(2, 0, 3, 1, 4)
    frames = np.ascontiguousarray(grid.reshape(_FRAMES, _ROWS * SIDE, _COLUMNS * SIDE))
    file = io.BytesIO()
    preset = str(rng.choice(("veryfast", "medium")))
    grey = np.full(
        (frames.shape[1] // 2, frames.shape[2]), 128, np.uint8
    )  # chroma, two planes beside each other
    with av.open(file, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": str(crf), "preset": preset})
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        stream.thread_count = 1
        for frame in frames:
            planes = np.concatenate([frame, grey])
            out.mux(stream.encode(av.VideoFrame.from_ndarray(planes, format="yuv420p")))
        out.mux(stream.encode(None))
    file.seek(0)
    with av.open(file) as back:  # planes as they are: as "gray" they would be taken for another range
        decoded = np.stack([frame.to_ndarray()[: frames.shape[1]] for frame in back.decode(video=0)])
    if decoded.shape != frames.shape:
        raise RuntimeError(f"{decoded.shape} frames came back of {frames.shape}")
    if abs(float(decoded.mean()) - float(frames.mean())) > 1:
        raise RuntimeError("the codec changed the brightness")
    split = decoded.reshape(_FRAMES, _ROWS, SIDE, _COLUMNS, SIDE).transpose(1, 3, 0, 2, 4)
    return np.ascontiguousarray(split.reshape(-1, _FRAMES, SIDE, SIDE))
