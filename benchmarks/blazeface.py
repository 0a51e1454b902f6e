"""Find faces with MediaPipe's short-range detector, to measure on; no part of Tinct.

Bazarevsky et al. 2019, "BlazeFace": 896 anchors at strides 8 and 16 of a 128-pixel view, boxes relative to them.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["Faces"]

_SIDE = 128


def _anchors() -> NDArray[np.float64]:
    """Centres (896, 2) in 0..1: two at each of 16x16 places, six at each of 8x8."""
    centres = []
    for cells, each in ((16, 2), (8, 6)):
        y, x = np.mgrid[:cells, :cells]
        places = (np.stack([x, y], axis=-1).reshape(-1, 2) + 0.5) / cells
        centres.append(np.repeat(places, each, axis=0))
    return np.concatenate(centres)


class Faces:
    """The detector in `folder`, the unpacked wheel ``mediapipe==0.10.14`` (training and benchmarks only)."""

    def __init__(self, folder: Path) -> None:
        from ai_edge_litert.interpreter import Interpreter

        model = folder / "mediapipe/modules/face_detection/face_detection_short_range.tflite"
        self._net = Interpreter(str(model), num_threads=1)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        self._outputs = [detail["index"] for detail in self._net.get_output_details()]
        self._centres = _anchors()

    def ellipses(self, pixels: NDArray[np.uint8]) -> list[tuple[float, float, float, float]]:
        """Centre and semi-axes, in pixels, of an ellipse within each face of (H, W, 3) RGB."""
        height, width = pixels.shape[:2]
        edge = max(height, width)
        square = np.zeros((edge, edge, 3), np.uint8)
        square[:height, :width] = pixels
        view = cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32) / 127.5 - 1
        self._net.set_tensor(self._input, view[None])
        self._net.invoke()
        boxes, scores = (self._net.get_tensor(index)[0] for index in self._outputs)
        found: list[tuple[float, float, float, float]] = []
        for best in np.argsort(-scores[:, 0]):
            if scores[best, 0] < 1.0:  # probability 0.73
                break
            cx, cy = (self._centres[best] + boxes[best, :2] / _SIDE) * edge
            w, h = boxes[best, 2:4] / _SIDE * edge
            if all(np.hypot(cx - x, cy - y) > 0.5 * w for x, y, _, _ in found):
                found.append((float(cx), float(cy), float(0.4 * w), float(0.5 * h)))
        return found
