"""How a recolouring by palette is judged, in numbers that agree with the eye.

Pixels are (H, W, 3) uint8 sRGB of one size before and after. Lab is CIELAB D65 by OpenCV. A thing that was one stays
one: a smooth place of the photo must not become two hues, no contour may appear, JPEG's blocks must not show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.metrics import colored, difference, to_lab
from tinct.effects.migrate.graph import clusters, graph_of
from tinct.effects.migrate.natural import Expectation
from tinct.effects.migrate.space import from_srgb, reachable
from tinct.imaging.gamut import max_chroma
from tinct.imaging.palette import from_hex
from tinct.imaging.sample import Sample
from tinct.photo.color import oklab_to_srgb, srgb_to_lab, srgb_to_oklab

__all__ = ["blocks", "distances", "even_turns", "gain", "likelier", "moved_lightness", "rainbow", "rings"]

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]

_LIGHT = np.array([0.6, 1, 1], np.float32)


def _small(pixels: Pixels, side: int) -> Pixels:
    scale = min(1.0, side / max(pixels.shape[:2]))
    size = (max(8, round(pixels.shape[1] * scale)), max(8, round(pixels.shape[0] * scale)))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _ends(values: Array, axis: int, apart: int) -> tuple[Array, Array]:
    """Values at the first and at the second of every two pixels `apart` from each other."""
    first = np.moveaxis(values, axis, 0)
    return np.moveaxis(first[:-apart], 0, axis), np.moveaxis(first[apart:], 0, axis)


def rainbow(source: Pixels, result: Pixels) -> float:
    """R, percent: smooth places, 1/24 of the longer side wide, across which a*, b* changes by 8 + 1.5 x as before."""
    before, after = (cv2.GaussianBlur(to_lab(_small(p, 384)), (0, 0), 1.5) for p in (source, result))
    apart = max(4, round(max(before.shape[:2]) / 24))
    bad = total = 0
    for axis in (0, 1):
        if before.shape[axis] <= apart:
            continue
        steps = np.linalg.norm(np.diff(before * _LIGHT, axis=axis), axis=-1)
        way = np.insert(np.cumsum(steps, axis=axis), 0, 0, axis=axis)
        near, far = _ends(before, axis, apart)
        walked = np.subtract(*reversed(_ends(way, axis, apart)))
        gap = np.linalg.norm((far - near) * _LIGHT, axis=-1)
        smooth = (gap < 8) & (walked < gap + 5)
        hue_before = np.linalg.norm((far - near)[..., 1:], axis=-1)
        near, far = _ends(after, axis, apart)
        grown = np.linalg.norm((far - near)[..., 1:], axis=-1) - 1.5 * hue_before
        bad += int((grown[smooth] > 8).sum())
        total += int(smooth.sum())
    return 100 * bad / max(total, 1)


def rings(source: Pixels, result: Pixels) -> float:
    """Percent of 5 x 5 windows, even in the photo (L*, a*, b* within 4), in which a* or b* ranges over more than 10."""
    square = np.ones((5, 5), np.uint8)

    def ranges(pixels: Pixels) -> Array:
        lab = np.ascontiguousarray(to_lab(_small(pixels, 640)))
        return np.asarray(cv2.dilate(lab, square) - cv2.erode(lab, square))

    before, after = ranges(source), ranges(result)[..., 1:].max(axis=-1)
    even = (before <= 4).all(axis=-1)
    bad = (after > 10) & (after > 3 * before[..., 1:].max(axis=-1))
    return 100 * float((bad & even).sum() / max(even.sum(), 1))


def gain(source: Pixels, result: Pixels) -> float:
    """G: 99th percentile, over neighbouring pixels, of the step in a*, b* after beside the step in Lab (+ 2) before."""
    before, after = (to_lab(_small(p, 640)) for p in (source, result))
    found = []
    for axis in (0, 1):
        old = np.linalg.norm(np.diff(before, axis=axis), axis=-1)
        new = np.linalg.norm(np.diff(after, axis=axis)[..., 1:], axis=-1)
        found.append((new / (old + 2)).ravel())
    return float(np.percentile(np.concatenate(found), 99))


def blocks(source: Pixels, result: Pixels) -> float:
    """J: growth of the steps in a*, b* across JPEG's 8-pixel lines beyond those beside them, in smooth places."""
    light = cv2.GaussianBlur(to_lab(source[:1024, :1024])[..., 0], (0, 0), 1)
    slope = np.hypot(cv2.Sobel(light, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(light, cv2.CV_32F, 0, 1) / 8)
    smooth = slope < 0.8
    return float(np.mean(list(_excess(result, smooth))) - np.mean(list(_excess(source, smooth))))


def _excess(pixels: Pixels, smooth: NDArray[np.bool_]) -> Iterator[float]:
    lab = to_lab(pixels[:1024, :1024])
    for axis in (0, 1):
        step = np.linalg.norm(np.diff(lab[..., 1:], axis=axis), axis=-1)
        even = np.take(smooth, range(step.shape[axis]), axis=axis)
        line = np.arange(step.shape[axis]) % 8 == 7
        on, beside = (
            np.compress(which, step, axis)[np.compress(which, even, axis)] for which in (line, ~line)
        )
        yield float(on.mean() - beside.mean()) if on.size and beside.size else 0.0


def distances(result: Pixels, colors: Sequence[str], least: float = 0.02) -> list[float]:
    """How far each swatch is from the nearest colour that fills `least` of the result, at that colour's lightness."""
    space = from_srgb(_small(result, 256).astype(np.float32) / 255)
    label, centre = clusters(space, np.ones(space.shape[:2], np.float32), 14, light=0.35)
    large = np.bincount(label.ravel(), minlength=len(centre)) / label.size >= least
    swatches = from_srgb(from_hex(colors))
    asked = np.hypot(swatches[:, 1], swatches[:, 2])
    held = reachable(centre[:, 0], swatches[:, 1:])  # (K, m, 2)
    chroma = np.linalg.norm(held, axis=-1)
    lost = np.maximum(0, 0.4 * np.minimum(asked, 45) - chroma)  # a near-white cannot stand for a vivid swatch
    apart = np.linalg.norm(centre[:, None, 1:] - held, axis=-1)
    found = (apart + lost) / (1 + 0.03 * chroma)
    return [float(value) for value in found[large].min(axis=0)]


def moved_lightness(source: Pixels, result: Pixels) -> float:
    """Mean absolute change of L*."""
    return float(np.abs(to_lab(source)[..., 0] - to_lab(result)[..., 0]).mean())


def likelier(source: Pixels, result: Pixels) -> float:
    """Mean log-likelihood, by the colorizer, of the result's colours minus that of the source's own, in nats."""
    before, after = (graph_of(Sample(_small(p, 512).astype(np.float32) / 255), 26) for p in (source, result))
    expected = Expectation.of(before)
    own, new = (graph.colors.reshape(-1, 3)[expected.at] for graph in (before, after))
    colored = np.hypot(own[:, 1], own[:, 2]) >= 4
    return (
        float((expected.of_colors(new) - expected.of_colors(own))[colored].mean()) if colored.any() else 0.0
    )


def even_turns(source: Pixels, count: int, vivid: float) -> float:
    """Mean CIEDE2000 between the nearest two of `count` even turns of all hues, lightness kept, nothing else asked.

    Every coloured pixel gets `vivid` times its own chroma, or what sRGB holds of it: what distance a photo has room
    for, if lawns may be blue and smooth areas may break. NaN for a photo without colour.
    """
    lab = to_lab(source).reshape(-1, 3)[::11]
    own = srgb_to_oklab(source.reshape(-1, 3)[::11].astype(np.float32) / np.float32(255))[colored(lab)]
    if not len(own):
        return float("nan")
    hue, chroma = np.arctan2(own[:, 2], own[:, 1]), np.hypot(own[:, 1], own[:, 2]) * np.float32(vivid)
    best = 0.0
    for start in np.linspace(0, 2 * np.pi / count, 3, endpoint=False):
        made = []
        for number in range(count):
            turned = hue + np.float32(start + 2 * np.pi * number / count)
            way = np.stack([np.cos(turned), np.sin(turned)], axis=-1).astype(np.float32)
            held = np.minimum(chroma, max_chroma(own[:, 0], way))[:, None] * way
            rgb = np.clip(oklab_to_srgb(np.column_stack([own[:, :1], held])), 0, 1)
            made.append(srgb_to_lab(np.asarray(rgb, np.float32)))
        best = max(best, min(float(difference(a, b).mean()) for a, b in combinations(made, 2)))
    return best
