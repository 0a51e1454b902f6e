"""Effects on clips: ``tinct.video.migrate("clip.mp4", "template", colors="navy").clip.save("blue.mp4")``.

Each is called as its effect on photos, and takes a `Clip`, a path, bytes or an open file. Needs PyAV:
``pip install "tinct[video]"``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinct.clip.clip import Clip as Clip
    from tinct.effects.colorize.clip import video_colorize as colorize
    from tinct.effects.correct.clip import video_correct as correct
    from tinct.effects.enhance.clip import video_enhance as enhance
    from tinct.effects.light.clip import video_light as light
    from tinct.effects.migrate.clip import video_migrate as migrate

__all__ = ["Clip", "colorize", "correct", "enhance", "light", "migrate"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tinct.video' has no attribute {name!r}")
    if name == "Clip":
        found: Any = importlib.import_module("tinct.clip.clip").Clip
    else:
        from tinct.effects import registry

        module, _, attribute = registry.where(f"video_{name}").partition(":")
        found = getattr(importlib.import_module(module), attribute)
    globals()[name] = found
    return found
