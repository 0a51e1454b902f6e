"""Faces as plain data, for JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tinct.faces.face import Face

__all__ = ["facts"]


def facts(faces: Sequence[Face]) -> list[dict[str, Any]]:
    """Box (left, top, right, bottom; the last two outside), confidence and pose in degrees of each face."""
    return [
        {
            "box": list(face.box),
            "confidence": round(face.confidence, 3),
            "pose": {name: round(turn, 1) for name, turn in asdict(face.pose).items()},
        }
        for face in faces
    ]
