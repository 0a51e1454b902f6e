"""Pairs to learn from: a short clip of a photo in motion, halved, noisy, through H.264 and through the filter of noise
along motion, as the network meets frames; and what they were."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from tinct.clip.planes import Planes
from tinct.effects.enhance.temporal import Cleaner, noise_of
from training.shards import part, photos

__all__ = ["SIDE", "clips", "pairs"]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]

SIDE = 48  # of what the network sees
_EDGE = 8  # pixels around that, which the filter sees
_TILE = SIDE + 2 * _EDGE  # a whole number of H.264's blocks
_ROWS, _COLUMNS, _FRAMES = 8, 10, 8
_CHOSEN = 4  # frames of each clip
_HELD_OUT = 32  # one photo of so many


def clips(held_out: bool, seed: int) -> Iterator[tuple[Pixels, NDArray[np.intp], Pixels]]:
    """Batches of 80 clips: shown (80, 8, 64, 64), numbers of chosen frames (80, 4), their truth (80, 4, 96, 96)."""
    rng = np.random.default_rng(seed)
    moves = []
    for move in _moves(held_out, rng):
        moves.append(move)
        if len(moves) == _ROWS * _COLUMNS:
            truth = np.stack(moves)  # (80, 8, 128, 128)
            moves = []
            shown = _shown(truth, rng)
            numbers = np.stack([_numbers(rng) for _ in truth])
            inside = truth[:, :, 2 * _EDGE : -2 * _EDGE, 2 * _EDGE : -2 * _EDGE]
            yield shown, numbers, np.take_along_axis(inside, numbers[..., None, None], axis=1)


def pairs(folder: Path, held_out: bool, seed: int) -> tuple[NDArray[np.float16], Pixels]:
    """Seen (n, 5, 48, 48) in units of luma and wanted (n, 96, 96), of the clips that were stored in a folder."""
    rng = np.random.default_rng(seed)
    paths = sorted(folder.glob("held-*.npz" if held_out else "part-*.npz"))
    count = len(paths) * _ROWS * _COLUMNS * _CHOSEN
    seen = np.empty((count, 5, SIDE, SIDE), np.float16)
    wanted = np.empty((count, 2 * SIDE, 2 * SIDE), np.uint8)
    at = 0
    for path in paths:
        with np.load(path) as kept:
            shown, numbers, truth = (kept[name] for name in ("shown", "numbers", "truth"))
        noise = max(0.3, noise_of(np.concatenate(list(shown[:, 2]), axis=1)))
        for one, chosen, wants in zip(shown, numbers, truth, strict=True):
            # Clips are larger, and their noise better known
            guess = noise * float(np.exp(rng.normal(0, 0.12)))
            for left, want in zip(_left(one, guess, chosen), wants, strict=True):
                seen[at], wanted[at] = left, want
                at += 1
    return seen, wanted


def _left(shown: Pixels, noise: float, numbers: NDArray[np.intp]) -> Iterator[NDArray[np.float16]]:
    """What the filter of noise makes of the chosen frames of a clip (5, 48, 48)."""
    cleaner, grey = Cleaner(1.0, noise), np.full((_TILE // 2, _TILE // 2), 128, np.uint8)
    inside = np.s_[:, _EDGE:-_EDGE, _EDGE:-_EDGE]
    frames = [Planes(luma, grey, grey) for luma in shown[: numbers[-1] + 2]]
    for number, frame in enumerate(frames[: numbers[-1] + 1]):
        after = frames[number + 1] if number + 1 < len(frames) else None
        seen = cleaner(frame, after).seen
        if number in numbers:
            yield seen[inside].astype(np.float16)


def _numbers(rng: np.random.Generator) -> NDArray[np.intp]:
    """Frames to learn from, rarely the first, which nothing was averaged with."""
    some = rng.choice(np.arange(1, _FRAMES), _CHOSEN, replace=False)
    if rng.random() < 0.15:
        some[0] = 0
    return np.sort(some)


def _moves(held_out: bool, rng: np.random.Generator) -> Iterator[Pixels]:
    """Short clips (8, 128, 128) of luma: a photo in motion, and before half of them another that moves by itself."""
    behind: Pixels | None = None
    for key, rgb in photos():
        if (part(key, _HELD_OUT) == 0) != held_out:
            continue
        luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        least = 2 * _TILE / min(luma.shape)
        if least > 1:
            continue
        scale = rng.uniform(max(least, 0.65), 1)  # smaller shows less of the photo's own compression
        luma = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        alone, places = _move(luma, rng)
        frames = alone
        if behind is not None and rng.random() < 0.5:
            near = _near(places, rng)
            frames = np.rint(behind + (alone - behind.astype(np.float32)) * near).astype(np.uint8)
        behind = alone
        shown = frames.astype(np.float32)
        if rng.random() < 0.2:  # light that changes
            shown *= 1 + rng.normal(0, 0.01, (_FRAMES, 1, 1)).astype(np.float32)
        if rng.random() < 0.5:
            shown = 16 + shown * np.float32(219 / 255)
        yield np.rint(np.clip(shown, 0, 255)).astype(np.uint8)


def _move(luma: Pixels, rng: np.random.Generator) -> tuple[Pixels, Array]:
    """A pan over a photo, mostly with some zoom and turning, some standing still; and where pixels were in it.

    (8, 128, 128) and (8, 128, 128, 2).
    """
    if rng.random() < 0.5:
        luma = luma[:, ::-1]
    luma, side = np.ascontiguousarray(luma), 2 * _TILE
    still, rigid = rng.random() < 0.12, rng.random() < 0.4
    step = np.zeros(2) if still else rng.uniform(-3, 3, 2)
    zoom, turn = (0, 0) if still or rigid else (rng.normal(0, 0.006), rng.normal(0, 0.006))
    room = np.array(luma.shape[::-1]) - side
    start = rng.uniform(0, np.maximum(room, 1)) - step * _FRAMES / 2 * rng.random()
    middle, grid = (side - 1) / 2, np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1)
    frames, places = [], []
    for n in range(_FRAMES):
        size, angle = 1 + zoom * n, turn * n
        a = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * size
        place = ((grid - middle) @ a.T + start + step * n + middle).astype(np.float32)
        places.append(place)
        frames.append(
            cv2.remap(luma, place, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)  # type: ignore[call-overload]
        )
    return np.stack(frames), np.stack(places)


def _near(places: Array, rng: np.random.Generator) -> Array:
    """How far a thing of soft edge, an ellipse or a bar, covers what is behind it: (8, 128, 128)."""
    angle, wide = rng.uniform(0, np.pi), rng.uniform(6, 50, 2)
    if rng.random() < 0.4:
        wide[0] = 1e4
    away = places - places[_FRAMES // 2, _TILE, _TILE] - rng.uniform(-40, 40, 2)
    along = away[..., 0] * np.cos(angle) + away[..., 1] * np.sin(angle)
    across = away[..., 1] * np.cos(angle) - away[..., 0] * np.sin(angle)
    out = (np.hypot(along / wide[0], across / wide[1]) - 1) * wide.min() / rng.uniform(1, 3)
    return np.asarray(np.clip(0.5 - out, 0, 1), np.float32)


def _shown(truth: Pixels, rng: np.random.Generator) -> Pixels:
    """(80, frames, 64, 64) as a camera of half the sides and a codec would show them."""
    way = rng.choice((cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_CUBIC))
    blur = rng.uniform(0.2, 0.7) if rng.random() < 0.15 else 0.0
    small = np.empty((len(truth), _FRAMES, _TILE, _TILE), np.float32)
    for number, move in enumerate(truth):
        for at, frame in enumerate(move):
            soft = cv2.GaussianBlur(frame, (0, 0), blur) if blur else frame
            small[number, at] = cv2.resize(soft, (_TILE, _TILE), interpolation=int(way))
    if rng.random() < 0.55:
        noise = rng.normal(0, 1, small.shape).astype(np.float32)
        if rng.random() < 0.2:  # as of a camera that filled its colours in
            noise = np.stack([[cv2.GaussianBlur(one, (0, 0), 0.5) for one in some] for some in noise])
            noise /= noise.std()
        small += noise * np.float32(rng.uniform(1, 10))
    shown = np.rint(np.clip(small, 0, 255)).astype(np.uint8)
    return shown if rng.random() < 0.12 else _coded(shown, int(np.clip(rng.normal(19, 4), 10, 34)), rng)


def _coded(tiles: Pixels, crf: int, rng: np.random.Generator) -> Pixels:
    """The tiles side by side in one clip, through x264 and back."""
    grid = tiles.reshape(_ROWS, _COLUMNS, _FRAMES, _TILE, _TILE).transpose(2, 0, 3, 1, 4)
    frames = np.ascontiguousarray(grid.reshape(_FRAMES, _ROWS * _TILE, _COLUMNS * _TILE))
    file = io.BytesIO()
    preset = str(rng.choice(("veryfast", "medium")))
    # Chroma, two planes beside each other
    grey = np.full((frames.shape[1] // 2, frames.shape[2]), 128, np.uint8)
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
    split = decoded.reshape(_FRAMES, _ROWS, _TILE, _COLUMNS, _TILE).transpose(1, 3, 0, 2, 4)
    return np.ascontiguousarray(split.reshape(-1, _FRAMES, _TILE, _TILE))
