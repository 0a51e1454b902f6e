"""Pictures and a clip for the tools of the YouCam API."""

import functools
import io
import tempfile
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from skimage import data as samples


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def encoded(pixels: Any, format: str = "JPEG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(file, format, quality=92)
    return file.getvalue()


@functools.cache
def face(side: int = 320, format: str = "JPEG") -> bytes:
    """A woman from the front; her face is about two fifths as wide as the square picture."""
    square = Image.fromarray(samples.astronaut()[:270, 90:360])
    return encoded(square.resize((side, side), Image.Resampling.LANCZOS), format)


@functools.cache
def combed() -> np.ndarray:
    """The same woman, 512 x 512, her curls drawn out downwards: straight hair."""
    pixels = samples.astronaut()
    kept = np.zeros(pixels.shape[:2], np.float32)
    cv2.ellipse(kept, ((225, 118), (100, 140), 0), 1.0, -1)  # her face
    kept = cv2.GaussianBlur(kept, (0, 0), 4)[..., None]
    return np.asarray(kept * pixels + (1 - kept) * cv2.blur(pixels, (1, 25)), np.uint8)


@functools.cache
def combed_face(side: int) -> bytes:
    """`face`, combed."""
    square = Image.fromarray(combed()[:270, 90:360])
    return encoded(square.resize((side, side), Image.Resampling.LANCZOS))


@functools.cache
def two_faces() -> bytes:
    """500 x 300."""
    one = samples.astronaut()[:300, 100:350]
    return encoded(np.concatenate([one, one[:, ::-1]], 1))


def flat(width: int = 300, height: int = 260, color: tuple[int, int, int] = (90, 120, 60)) -> np.ndarray:
    return np.full((height, width, 3), color, np.uint8)


def mask(width: int, height: int) -> bytes:
    """White in the middle."""
    pixels = np.zeros((height, width), np.uint8)
    pixels[height // 3 : height // 2, width // 3 : width // 2] = 255
    return encoded(pixels, "PNG")


@functools.cache
def clip(seconds: int = 8) -> bytes:
    """MPEG-4 in mp4, 64 x 48 at 5 frames a second, silent."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 5, (64, 48))
        for frame in range(5 * seconds):
            pixels = flat(64, 48)
            pixels[10:30, frame % 40 : frame % 40 + 20] = 220
            writer.write(pixels)
        writer.release()
        return path.read_bytes()
