"""How long reading and writing take, beside Pillow and OpenCV: ``python -m benchmarks.decode [MEGAPIXELS]``.

The picture is made here: smooth colours with a photo's noise.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import cv2
import numpy as np
from PIL import Image

from tinct.photo import decode
from tinct.photo.encode import encode
from tinct.photo.photo import Photo


def picture(megapixels: float) -> np.ndarray:
    """A 3:2 picture, (H, W, 3) uint8."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    rng = np.random.default_rng(0)
    blobs = rng.integers(0, 256, (24, 36, 3), dtype=np.uint8)
    smooth = cv2.resize(blobs, (round(height * 1.5), height), interpolation=cv2.INTER_CUBIC)
    noise = rng.integers(-3, 4, smooth.shape, dtype=np.int8)
    return np.clip(smooth.astype(np.int16) + noise, 0, 255).astype(np.uint8)


def best_of(run: Callable[[], object], times: int = 3) -> float:
    """Seconds of the quickest run."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return min(taken)


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))


def by_opencv(data: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB)


def main() -> None:
    """Print the table."""
    megapixels = float(sys.argv[1]) if len(sys.argv) > 1 else 24.0
    photo = Photo(picture(megapixels))
    print(f"{photo.width} x {photo.height}, seconds, best of 3\n")
    print("| format | MB | encode | decode | Pillow decode | OpenCV decode |\n|---|---|---|---|---|---|")
    for kind in ("jpeg", "png", "webp", "tiff"):
        data = encode(photo, kind)
        cells = [len(data) / 1e6, best_of(lambda kind=kind: encode(photo, kind))]
        cells += [best_of(lambda data=data, f=f: f(data)) for f in (decode.open, by_pillow, by_opencv)]
        print(f"| {kind} | {cells[0]:.1f} | " + " | ".join(f"{cell:.2f}" for cell in cells[1:]) + " |")


if __name__ == "__main__":
    main()
