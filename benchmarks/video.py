"""Clips, measured: ``python -m benchmarks.video [enhance|steady|files|speed]``.

Clips are made from photos (a pan, a zoom, a parallax of two layers) and cut from the street clip of the evaluation
data.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

import tinct
from benchmarks.data import photos
from tinct.clip.clip import Clip
from tinct.photo import color

Pixels = NDArray[np.uint8]
Array = NDArray[np.float32]

SIZE = (768, 512)  # of the truth
FRAMES, CLIPS = 40, 6
NOISE = 10.0
_BORDER = 16


def write(path: Path, frames: list[Pixels], rate: int = 25, crf: int = 18) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=rate, options={"crf": str(crf), "preset": "veryfast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, frame in enumerate(frames):
            made = av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format="yuv420p")
            made.pts, made.time_base = number, Fraction(1, rate)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return path


def moves(
    count: int = 6, painted: Callable[[Pixels], Pixels] = lambda pixels: pixels
) -> Iterator[tuple[str, list[Pixels]]]:
    """Clips over photos, which may be painted before they move: name and frames of the truth."""
    kinds: tuple[tuple[str, Callable[[Pixels, int], list[Pixels]]], ...] = (
        ("pan", _pan),
        ("zoom", _zoom),
        ("parallax", _parallax),
    )
    for number, path in enumerate(photos("kodak")[:count]):
        pixels = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
        if pixels.shape[0] > pixels.shape[1]:
            pixels = np.ascontiguousarray(np.rot90(pixels))
        name, kind = kinds[number % len(kinds)]
        yield f"{name} {path.stem}", kind(painted(pixels), FRAMES)


def _view(pixels: Pixels, scale: float, x: float, y: float, size: tuple[int, int] = (576, 384)) -> Pixels:
    place = np.array([[scale, 0, x], [0, scale, y]], np.float32)
    return cv2.warpAffine(
        pixels, place, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REFLECT
    )


def _pan(pixels: Pixels, count: int) -> list[Pixels]:
    return [_view(pixels, 1, 2.3 * n, 1.1 * n) for n in range(count)]


def _zoom(pixels: Pixels, count: int) -> list[Pixels]:
    return [
        _view(pixels, s, 96 * (1 - s) + 40, 64 * (1 - s) + 30)
        for s in (1.15 - 0.006 * n for n in range(count))
    ]


def _parallax(pixels: Pixels, count: int) -> list[Pixels]:
    y, x = np.mgrid[0:384, 0:576]
    near = np.clip((200 - np.hypot(x - 288, 1.3 * (y - 240))) / 6, 0, 1)[..., None]
    frames = []
    for n in range(count):
        far, close = _view(pixels, 1, 1.2 * n, 20), _view(pixels, 0.9, 60 + 3.1 * n, 50)
        frames.append(np.rint(far + (close - far.astype(np.float32)) * near).astype(np.uint8))
    return frames


def street(start: float = 12.0, count: int = FRAMES) -> list[Pixels]:
    with av.open(str(photos("video")[0])) as clip:
        frames = []
        for frame in clip.decode(video=0):
            if float(frame.time or 0) >= start:
                frames.append(frame.to_ndarray(format="rgb24"))
            if len(frames) == count:
                break
    return frames


def luma(clip: Clip) -> list[Array]:
    return [frame.y.astype(np.float32) for frame in clip.frames()]


def decibels(made: list[Array], truth: list[Array]) -> float:
    inside = np.s_[_BORDER:-_BORDER, _BORDER:-_BORDER]
    errors = [float(((a - b)[inside] ** 2).mean()) for a, b in zip(made, truth, strict=True)]
    return float(np.mean([10 * np.log10(255**2 / max(error, 1e-6)) for error in errors]))


def warp_error(made: list[Array], truth: list[Array]) -> float:
    """Mean change along the truth's motion, where that can be followed."""
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = truth[0].shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    found = []
    for n in range(1, len(truth), 2):
        now, then = (frame.clip(0, 255).astype(np.uint8) for frame in (truth[n], truth[n - 1]))
        flow = search.calc(now, then, None)
        place = x + flow[..., 0], y + flow[..., 1]
        follows = cv2.blur(np.abs(cv2.remap(truth[n - 1], *place, cv2.INTER_CUBIC) - truth[n]), (5, 5)) < 6
        follows[:_BORDER] = follows[-_BORDER:] = follows[:, :_BORDER] = follows[:, -_BORDER:] = False
        found.append(float(np.abs(cv2.remap(made[n - 1], *place, cv2.INTER_CUBIC) - made[n])[follows].mean()))
    return float(np.mean(found))


def enhance(folder: Path) -> None:
    """x2 against Lanczos, on clean and noisy halves of the truth."""
    rng = np.random.default_rng(0)
    sources = [*moves(CLIPS), ("street", street(count=FRAMES))]
    print(
        "| clip | | Lanczos dB | classical dB | network dB | gain dB | warp error over Lanczos' |\n"
        "|---|---|---|---|---|---|---|"
    )
    gains: dict[str, list[tuple[float, float]]] = {"clean": [], "noisy": []}
    for name, frames in sources:
        height, width = (side // 4 * 4 for side in frames[0].shape[:2])
        frames = [frame[:height, :width] for frame in frames]
        truth = [cv2.cvtColor(frame, cv2.COLOR_RGB2YUV)[..., 0].astype(np.float32) for frame in frames]
        truth = [16 + frame * (219 / 255) for frame in truth]
        halves = [
            cv2.resize(frame, (width // 2, height // 2), interpolation=cv2.INTER_AREA) for frame in frames
        ]
        noisy = [np.clip(np.rint(f + rng.normal(0, NOISE, f.shape)), 0, 255).astype(np.uint8) for f in halves]
        for kind, some in (("clean", halves), ("noisy", noisy)):
            path = write(folder / "half.mp4", some, crf=16)
            lanczos = [
                cv2.resize(f.y.astype(np.float32), (width, height), interpolation=cv2.INTER_LANCZOS4)
                for f in Clip.open(path).frames()
            ]
            made = {e: luma(tinct.video.enhance(path, engine=e).clip) for e in ("classical", "network")}
            base = decibels(lanczos, truth)
            values = {engine: decibels(found, truth) for engine, found in made.items()}
            ratio = warp_error(made["network"], truth) / warp_error(lanczos, truth)
            gains[kind].append((values["network"] - base, ratio))
            print(
                f"| {name} | {kind} | {base:.2f} | {values['classical']:.2f} | {values['network']:.2f} | "
                f"{values['network'] - base:+.2f} | {ratio:.2f} |",
                flush=True,
            )
    for kind, found in gains.items():
        mean = np.mean(found, axis=0)
        print(
            f"{kind}: mean gain {mean[0]:+.2f} dB, least {min(g for g, _ in found):+.2f}; warp error x{mean[1]:.2f}"
        )


def chroma_flicker(frames: list[Pixels], truth: list[Pixels]) -> float:
    """Change of a*, b* along the motion of `truth`."""
    labs = [color.srgb_to_lab(frame.astype(np.float32) / 255)[..., 1:] for frame in frames]
    greys = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in truth]
    search = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    height, width = greys[0].shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    found = []
    for n in range(1, len(frames)):
        flow = search.calc(greys[n], greys[n - 1], None)
        place = x + flow[..., 0], y + flow[..., 1]
        follows = np.abs(cv2.remap(greys[n - 1].astype(np.float32), *place, cv2.INTER_LINEAR) - greys[n]) < 8
        found.append(
            float(np.abs(cv2.remap(labs[n - 1], *place, cv2.INTER_LINEAR) - labs[n])[follows].mean())
        )
    return float(np.mean(found))


def frames_of(clip: Clip) -> list[Pixels]:
    return [clip.facts.matrix.rgb(frame) for frame in clip.frames()]


def steady(folder: Path) -> None:
    """Flicker of colours after migrate and colorize, against the source's.

    A map that makes colours livelier makes what moves between pixels livelier too: how much, the same map on frames
    shows that were never coded. A photo that was painted once and then moved, its chroma of half the sides as in all
    clips, is as steady as can be: what is measured of it is how finely it is drawn.
    """
    print(
        "| clip | what | flicker | of the source | the same map on clean frames | painted once, then moved |\n"
        "|---|---|---|---|---|---|"
    )
    sources = [*moves(3), ("street", street(count=FRAMES))]
    for name, frames in sources:
        path = write(folder / "colour.mp4", frames)
        grey = write(
            folder / "grey.mp4", [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY)[..., None].repeat(3, 2) for f in frames]
        )
        truth = frames_of(Clip.open(path))
        own = chroma_flicker(truth, truth)
        tries: list[tuple[str, Callable[[], Any]]] = [
            ("migrate auto", partial(tinct.video.migrate, path)),
            ("migrate template", partial(tinct.video.migrate, path, "template", colors="navy,orange")),
        ]
        if hasattr(tinct.video, "colorize"):
            tries.append(("colorize", partial(tinct.video.colorize, grey)))
        for what, work in tries:
            made = work()
            found, ideal, once = chroma_flicker(frames_of(made.clip), truth), "", ""
            if "migrate" in what:
                paint = made.color_maps[0].painter(1.0)
                ideal = f"x{chroma_flicker([paint(frame, None) for frame in frames], truth) / own:.2f}"
                moved = dict(moves(3, lambda pixels: paint(pixels, None))).get(name)  # noqa: B023  # used at once
                if moved is not None:
                    matrix = made.clip.facts.matrix
                    seen = [matrix.rgb(matrix.planes(frame)) for frame in moved]
                    once = f"x{chroma_flicker(seen, truth) / own:.2f}"
            print(f"| {name} | {what} | {found:.3f} | x{found / own:.2f} | {ideal} | {once} |", flush=True)


def speed(folder: Path) -> None:
    """CPU-seconds for a megapixel of a frame, and memory against length, each in a process of its own."""
    code = (
        "import resource, sys, time, tinct, tinct.video as v\n"
        "from tinct.clip.clip import Clip\n"
        "c = Clip.open(sys.argv[1]); p = c.facts.megapixels\n"
        "v.enhance(sys.argv[2], 2)\n"
        "t = time.process_time(); getattr(v, sys.argv[3])(c, **eval(sys.argv[4])); t = time.process_time() - t\n"
        "m = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10\n"
        "print(f'{t / p:.3f} CPU-s/MP, {c.facts.frames} frames, {m} MiB')\n"
    )
    frames = street(count=50)
    short = write(folder / "short.mp4", frames)
    long = write(folder / "long.mp4", frames * 6)
    tiny = write(folder / "tiny.mp4", [frame[:64, :64] for frame in frames[:3]])
    for name, options in (
        ("enhance", {"scale": 2}),
        ("enhance", {"scale": 1}),
        ("enhance", {"scale": 2, "engine": "classical"}),
        ("migrate", {"portrait": False}),
        ("light", {}),
    ):
        for path in (short, long):
            command = [sys.executable, "-c", code, str(path), str(tiny), name, repr(options)]
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
            print(f"{name} {options}: {said}", flush=True)


def files(folder: Path) -> None:
    """Times and sound of the street clip, enhanced: duration, and lag by cross-correlation."""
    source = folder / "street.mp4"
    with av.open(str(photos("video")[0])) as clip:
        picture, sound = clip.streams.video[0], clip.streams.audio[0]
        with av.open(str(source), "w") as out:
            streams = {s: out.add_stream_from_template(s) for s in (picture, sound)}
            for packet in clip.demux(picture, sound):
                if packet.size and packet.dts is not None and float(packet.dts * packet.time_base) < 8:
                    packet.stream = streams[packet.stream]
                    out.mux(packet)
    made = tinct.video.enhance(source).clip
    one, other = (_heard(path) for path in (source, made.path))
    size = 1 << int(np.ceil(np.log2(len(one) + len(other))))
    at = int(np.argmax(np.fft.irfft(np.fft.rfft(other, size) * np.conj(np.fft.rfft(one, size)), size)))
    lag = (at if at < size // 2 else at - size) / 48_000
    gap = made.facts.seconds - Clip.open(source).facts.seconds
    print(
        f"duration {gap * 1000:+.1f} ms (a frame: {1000 / made.facts.fps:.0f} ms), sound {lag * 1000:+.2f} ms"
    )


def _heard(path: Path) -> Array:
    with av.open(str(path)) as clip:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=48_000)
        parts = [part.to_ndarray()[0] for frame in clip.decode(audio=0) for part in resampler.resample(frame)]
    return np.concatenate(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", default=["enhance", "steady", "speed", "files"])
    parser.add_argument("--quick", action="store_true", help="16 frames of three photos and the street")
    options = parser.parse_args()
    if options.quick:
        global FRAMES, CLIPS
        FRAMES, CLIPS = 16, 3
    kinds = {"enhance": enhance, "steady": steady, "speed": speed, "files": files}
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as name:
        for what in options.what:
            print(f"\n## {what}")
            kinds[what](Path(name))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"\n{time.process_time() - begun:.0f} CPU-s, {peak} MiB")


if __name__ == "__main__":
    main()
