"""Tinct: recolour photos, colour black-and-white ones, and run other photo effects, on your own machine.

>>> import tinct
>>> photo = tinct.open("house.jpg")
>>> tinct.migrate(photo, "template", colors="#DB0D0D,#0E0CBB").photo.save("red-blue.jpg")

Importing this package loads no model and starts nothing; each name is imported on first use. Which names there are,
editors and type checkers read in ``__init__.pyi`` beside this file, and so does this file; effects of one's own that
are registered appear too.
"""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

__version__ = "0.1.0"


_STUB = Path(__file__).with_suffix(".pyi").read_text(encoding="utf-8")
_WHERE = {name: where for where, name in re.findall(r"^from (\S+) import (\w+) as \2$", _STUB, re.MULTILINE)}
"""The module of each name that the stub imports for others; of effects it has the signatures."""
__all__ = sorted([*_WHERE, *re.findall(r"^def (\w+)", _STUB, re.MULTILINE)])


def __getattr__(name: str) -> Any:
    if name in _WHERE:
        where = _WHERE[name]
        found = importlib.import_module(f"{where}.{name}" if where == __name__ else where)
        found = found if where == __name__ else getattr(found, name)
    else:
        from tinct.effects import registry

        if name not in registry.names():
            raise AttributeError(f"module 'tinct' has no attribute {name!r}")
        module_name, _, attribute = registry.where(name).partition(":")
        return getattr(importlib.import_module(module_name), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
