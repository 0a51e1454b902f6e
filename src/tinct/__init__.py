"""Tinct: recolour photos, colour black-and-white ones, and run other photo effects, on your own machine.

>>> import tinct
>>> photo = tinct.open("house.jpg")
>>> tinct.migrate(photo, "template", colors="#DB0D0D,#0E0CBB").photo.save("red-blue.jpg")

Importing this package loads no model and starts nothing; each name below is imported on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tinct import errors as errors
    from tinct.effects.background.background import Background as Background
    from tinct.effects.background.background import background as background
    from tinct.effects.colorize.colorize import Colorization as Colorization
    from tinct.effects.colorize.colorize import colorize as colorize
    from tinct.effects.correct.correct import Correction as Correction
    from tinct.effects.correct.correct import correct as correct
    from tinct.effects.enhance.enhance import Enhancement as Enhancement
    from tinct.effects.enhance.enhance import enhance as enhance
    from tinct.effects.erase.erase import Erasure as Erasure
    from tinct.effects.erase.erase import erase as erase
    from tinct.effects.light.light import Lighting as Lighting
    from tinct.effects.light.light import light as light
    from tinct.effects.migrate.migrate import Migration as Migration
    from tinct.effects.migrate.migrate import dominant_colors as dominant_colors
    from tinct.effects.migrate.migrate import fit_auto as fit_auto
    from tinct.effects.migrate.migrate import fit_reference as fit_reference
    from tinct.effects.migrate.migrate import fit_template as fit_template
    from tinct.effects.migrate.migrate import migrate as migrate
    from tinct.effects.moderate.moderate import Moderation as Moderation
    from tinct.effects.moderate.moderate import moderate as moderate
    from tinct.faces.face import Face as Face
    from tinct.faces.find import find_faces as find_faces
    from tinct.imaging.colormap import ColorMap as ColorMap
    from tinct.photo.decode import open as open
    from tinct.photo.photo import Photo as Photo

__version__ = "0.1.0"

_WHERE = {
    "Background": "tinct.effects.background.background",
    "ColorMap": "tinct.imaging.colormap",
    "Colorization": "tinct.effects.colorize.colorize",
    "Correction": "tinct.effects.correct.correct",
    "Enhancement": "tinct.effects.enhance.enhance",
    "Erasure": "tinct.effects.erase.erase",
    "Face": "tinct.faces.face",
    "Lighting": "tinct.effects.light.light",
    "Migration": "tinct.effects.migrate.migrate",
    "Moderation": "tinct.effects.moderate.moderate",
    "Photo": "tinct.photo.photo",
    "background": "tinct.effects.background.background",
    "colorize": "tinct.effects.colorize.colorize",
    "correct": "tinct.effects.correct.correct",
    "dominant_colors": "tinct.effects.migrate.migrate",
    "enhance": "tinct.effects.enhance.enhance",
    "erase": "tinct.effects.erase.erase",
    "errors": "tinct.errors",
    "find_faces": "tinct.faces.find",
    "fit_auto": "tinct.effects.migrate.migrate",
    "fit_reference": "tinct.effects.migrate.migrate",
    "fit_template": "tinct.effects.migrate.migrate",
    "light": "tinct.effects.light.light",
    "migrate": "tinct.effects.migrate.migrate",
    "moderate": "tinct.effects.moderate.moderate",
    "open": "tinct.photo.decode",
}

__all__ = [
    "Background",
    "ColorMap",
    "Colorization",
    "Correction",
    "Enhancement",
    "Erasure",
    "Face",
    "Lighting",
    "Migration",
    "Moderation",
    "Photo",
    "background",
    "colorize",
    "correct",
    "dominant_colors",
    "enhance",
    "erase",
    "errors",
    "find_faces",
    "fit_auto",
    "fit_reference",
    "fit_template",
    "light",
    "migrate",
    "moderate",
    "open",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'tinct' has no attribute {name!r}")
    module = importlib.import_module(_WHERE[name])
    value = module if name == "errors" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
