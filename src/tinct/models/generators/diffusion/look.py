"""Look at a model that an operator brought, before any library opens it: which family, which files, what it serves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tinct.errors import ForeignModelError, MissingModelError, TruncatedModelError
from tinct.models.generators.diffusion import single
from tinct.models.generators.diffusion.families import FAMILIES, Family, family_of
from tinct.models.generators.diffusion.tensors import elements, shapes
from tinct.models.generators.port import TASKS, SizeRule, Task
from tinct.models.generators.weights import PICKLED, pickled

__all__ = ["INDEX", "Found", "look", "most_pixels", "serves"]

INDEX: Final = "model_index.json"
"""The file of a folder of diffusers that names its parts."""
_ROOM: Final = 1.5  # of the native area, beyond which these networks repeat themselves
_STEMS: Final = ("diffusion_pytorch_model", "model")
# Steps of noise that a scheduler counts; all known models were taught with 1,000
_MOST_MOMENTS: Final = 10_000
_MOST_JSON: Final = 16 * 2**20  # bytes; a vocabulary has one or two MB


@dataclass(frozen=True, kw_only=True)
class Found:
    """What lies there."""

    where: Path
    family: Family
    serves: frozenset[Task]
    sizes: SizeRule
    files: tuple[str, ...]
    """Every file that will be opened, below `base`."""
    elements: Mapping[str, int]
    """Numbers that the files hold for each part."""
    variant: str | None = None
    """``fp16`` where the weights' files are called so."""

    @property
    def base(self) -> Path:
        """The folder that the files' names begin in."""
        return self.where if self.where.is_dir() else self.where.parent


def look(where: Path) -> Found:
    """What a folder or file is.

    Raises
    ------
    MissingModelError
        There is nothing, or a part is missing.
    ForeignModelError
        It is no model, or one of a family that is not known.
    PickledModelError
        Its weights are pickles.
    TruncatedModelError
        A file is shorter than it says.
    """
    if where.is_dir():
        return _folder(where)
    if not where.exists():
        raise MissingModelError(
            f"there is nothing at {where}; give a folder of diffusers or a .safetensors file"
        )
    known = shapes(where)
    plan = single.plan(where, known)
    return Found(
        where=where,
        family=plan.family,
        serves=serves(plan.channels),
        sizes=_sizes(plan.native, plan.multiple),
        files=(where.name, *plan.beside),
        elements={part: elements(known, prefix) for part, prefix in plan.prefixes.items()},
    )


def _folder(where: Path) -> Found:
    index = _index(where)
    said = str(index.get("_class_name"))
    family = family_of(said)
    if family is None:
        known = ", ".join(one.name for one in FAMILIES)
        raise ForeignModelError(f"the folder holds a {said[:60]}, which no engine here knows; known: {known}")
    _check_parts(index, family)
    variants = {_variant(where, part) for part in family.weights}
    files = [INDEX]
    counted = {}
    for part in family.weights:
        weights = _weights(where / part)
        counted[part] = sum(elements(shapes(path)) for path in weights)
        files += [f"{part}/{path.name}" for path in weights]
    for part in (*family.weights, *family.others):
        if part in index:
            files += [f"{part}/{path.name}" for path in _texts(where / part)]
    unet, vae = (_json(where / part / "config.json", f"{part}/config.json") for part in ("unet", "vae"))
    try:
        multiple = 2 ** (len(vae["block_out_channels"]) - 1)
        native = int(unet["sample_size"]) * multiple
        channels = int(unet["in_channels"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ForeignModelError("unet/config.json or vae/config.json lacks what this family has") from None
    _check_moments(where)
    return Found(
        where=where,
        family=family,
        serves=serves(channels),
        sizes=_sizes(native, multiple),
        files=tuple(sorted(files)),
        elements=counted,
        variant=variants.pop() if len(variants) == 1 else None,
    )


def _index(where: Path) -> dict[str, Any]:
    if not (where / INDEX).is_file():
        if any(path.suffix in PICKLED for path in where.iterdir()):
            raise pickled("the folder", "as a folder of diffusers with .safetensors")
        raise ForeignModelError(f"the folder has no {INDEX}, so it is no folder of diffusers; check the path")
    return _json(where / INDEX, INDEX)


def _check_parts(index: Mapping[str, Any], family: Family) -> None:
    """Nothing but the family's own parts and classes: a folder may name no program of its own."""
    for part, said in index.items():
        if part.startswith("_") or not isinstance(said, list) or part in family.left_out:
            continue
        library, kind = (str(one) for one in (*said, "", "")[:2])
        if said == [None, None]:
            continue
        fits = part in (*family.weights, *family.others)
        of_its_own = kind in family.classes or (part == "scheduler" and kind.endswith("Scheduler"))
        if not fits or not of_its_own or library not in ("diffusers", "transformers"):
            raise ForeignModelError(
                f"{INDEX} names the part {part[:40]!r} of {kind[:60]!r}, which is none of {family.name}"
            )
    missing = [part for part in (*family.weights, *family.others) if part not in index]
    if missing:
        raise MissingModelError(f"{INDEX} lacks what {family.name} needs: {', '.join(missing)}")


def _weights(part: Path) -> list[Path]:
    """The files of a part's weights: one, or several with an index."""
    for stem in _STEMS:
        for variant in ("", ".fp16"):
            whole = part / f"{stem}{variant}.safetensors"
            if whole.is_file():
                return [whole]
            index = part / f"{stem}.safetensors.index{variant}.json"
            if index.is_file():
                return _shards(part, index)
    if part.is_dir() and any(path.suffix in PICKLED for path in part.iterdir()):
        raise pickled(part.name, "with .safetensors")
    raise MissingModelError(f"{part.name} has no weights as .safetensors; copy the whole folder")


def _shards(part: Path, index: Path) -> list[Path]:
    names = _json(index, f"{part.name}/{index.name}").get("weight_map")
    if not isinstance(names, dict) or not names:
        raise ForeignModelError(f"{part.name}/{index.name} names no files")
    found = sorted({str(name) for name in names.values()})
    for name in found:
        if Path(name).name != name:
            raise ForeignModelError(f"{part.name}/{index.name} names a file that lies elsewhere")
        if not (part / name).is_file():
            raise MissingModelError(f"{part.name} lacks its file {name}; copy the whole folder")
    return [part / name for name in found]


def _variant(where: Path, part: str) -> str | None:
    return "fp16" if ".fp16" in _weights(where / part)[0].name else None


def _texts(part: Path) -> list[Path]:
    if not part.is_dir():
        raise MissingModelError(f"the folder lacks its part {part.name}; copy the whole folder")
    return sorted(path for path in part.iterdir() if path.suffix in (".json", ".txt") and path.is_file())


def _json(path: Path, name: str) -> dict[str, Any]:
    try:
        if not path.is_file():  # a pipe would never open
            raise FileNotFoundError
        if path.stat().st_size > _MOST_JSON:
            raise ValueError
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise MissingModelError(f"the folder lacks {name}; copy the whole folder") from None
    except (ValueError, RecursionError):
        raise TruncatedModelError(f"{name} is no JSON that can be read; copy it again") from None
    if not isinstance(found, dict):
        raise ForeignModelError(f"{name} does not hold what a model's does")
    return found


def _check_moments(where: Path) -> None:
    """A scheduler makes tables of as many numbers as it is told."""
    name = "scheduler/scheduler_config.json"
    said = _json(where / name, name).get("num_train_timesteps", 0)
    if not isinstance(said, int) or said > _MOST_MOMENTS:
        raise ForeignModelError(
            f"{name} says {str(said)[:40]} steps of training; at most {_MOST_MOMENTS} are known"
        )


def serves(channels: int) -> frozenset[Task]:
    """What a network does, by the channels that it takes: with those of a mask it does nothing but fill it.

    Raises
    ------
    ForeignModelError
        No known one takes so many.
    """
    if channels == 4:
        return frozenset(TASKS)
    if channels == 9:
        return frozenset(("inpaint",))
    raise ForeignModelError(f"its network takes {channels} channels; known: 4, and 9 for masks")


def most_pixels(native: int) -> int:
    """The largest height x width for a network that was made for squares of `native` pixels."""
    return int(native**2 * _ROOM)


def _sizes(native: int, multiple: int) -> SizeRule:
    try:
        return SizeRule(multiple=multiple, native=native, most_pixels=most_pixels(native))
    except ValueError:
        raise ForeignModelError(f"it was made for {native} pixels, which no known model was") from None
