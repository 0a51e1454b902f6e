"""The table of effects: a name, and where it is declared. Importing it loads none of them."""

from __future__ import annotations

import ast
import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from tinct.errors import ParameterError

if TYPE_CHECKING:
    from tinct.effects.effect import Effect

__all__ = ["clip_names", "get", "names", "register", "sentence", "where"]

_WHERE = {
    "background": "tinct.effects.background.background:background",
    "cartoon": "tinct.effects.cartoon.cartoon:cartoon",
    "colorize": "tinct.effects.colorize.colorize:colorize",
    "convert": "tinct.effects.convert:convert",
    "correct": "tinct.effects.correct.correct:correct",
    "detect_faces": "tinct.effects.detect_faces.detect_faces:detect_faces",
    "enhance": "tinct.effects.enhance.enhance:enhance",
    "erase": "tinct.effects.erase.erase:erase",
    "extend": "tinct.effects.extend.extend:extend",
    "generate": "tinct.effects.generate.generate:generate",
    "hair_bangs": "tinct.effects.hair.bangs:hair_bangs",
    "hair_extend": "tinct.effects.hair.extend:hair_extend",
    "hair_style": "tinct.effects.hair.style:hair_style",
    "hair_transfer": "tinct.effects.hair.transfer:hair_transfer",
    "hair_volume": "tinct.effects.hair.volume:hair_volume",
    "light": "tinct.effects.light.light:light",
    "makeup": "tinct.effects.makeup.makeup:makeup",
    "migrate": "tinct.effects.migrate.migrate:migrate",
    "moderate": "tinct.effects.moderate.moderate:moderate",
    "replace": "tinct.effects.replace.replace:replace",
    "restore": "tinct.effects.restore.restore:restore",
    "swap": "tinct.effects.swap.swap:swap",
}


_CLIPS = {
    "video_colorize": "tinct.effects.colorize.clip:video_colorize",
    "video_correct": "tinct.effects.correct.clip:video_correct",
    "video_enhance": "tinct.effects.enhance.clip:video_enhance",
    "video_light": "tinct.effects.light.clip:video_light",
    "video_migrate": "tinct.effects.migrate.clip:video_migrate",
}
"""The same for clips; a folder holds an effect for both."""


def names() -> tuple[str, ...]:
    """Names of all effects on photos, sorted."""
    return tuple(sorted(_WHERE))


def clip_names() -> tuple[str, ...]:
    """Names of all effects on clips, sorted."""
    return tuple(sorted(_CLIPS))


def where(name: str) -> str:
    """``module:attribute`` of an effect.

    Raises
    ------
    ParameterError
        There is no such effect.
    """
    found = _WHERE.get(name) or _CLIPS.get(name)
    if found is None:
        raise ParameterError("effect", name, "one of " + ", ".join((*names(), *clip_names())))
    return found


def register(name: str, where: str) -> None:
    """Add an effect of one's own, or replace one.

    Parameters
    ----------
    name : str
        Its name in the library, APIs and on the command line.
    where : str
        ``module:attribute`` of a function declared by `tinct.effects.declare.effect`, or of an `Effect`; imported on
        first use.

    Raises
    ------
    ParameterError
        `where` has another form.
    """
    module, colon, attribute = where.partition(":")
    if not (name and module and colon and attribute.isidentifier()):
        raise ParameterError("effect", f"{name}={where}", "name=module:ATTRIBUTE")
    _WHERE[name] = where


def get(name: str) -> Effect:
    """The effect called `name`, imported on first use.

    Raises
    ------
    ParameterError
        There is no such effect, or none where it was said to be.
    """
    module, _, attribute = where(name).partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ModuleNotFoundError, AttributeError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name != module.partition(".")[0]:
            raise
        allowed = "module:attribute of a declared effect that Python finds, in PYTHONPATH or installed"
        raise ParameterError("effect", f"{name}={where(name)}", allowed) from None
    effect: Effect = getattr(found, "__effect__", found)
    return effect


def sentence(name: str) -> str:
    """The first paragraph of an effect's docstring, read from its source where there is one: loading it takes longer.

    Raises
    ------
    ParameterError
        There is no such effect.
    """
    module, _, attribute = where(name).partition(":")
    spec = importlib.util.find_spec(module)
    source = Path(spec.origin) if spec is not None and spec.origin else None
    if source is not None and source.suffix == ".py":
        for node in ast.parse(source.read_text(encoding="utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef)
                and node.name == attribute
                and (text := ast.get_docstring(node))
            ):
                return " ".join(text.partition("\n\n")[0].split())
    return get(name).summary
