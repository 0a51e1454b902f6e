"""Whether a model's configuration wants no more than its weights hold, told before anything is allocated.

The libraries build what a configuration says and fill what the files lack with chance numbers; a configuration that is
damaged, or made to harm, may say terabytes. So each part is built once without storage, and the first number too many
ends that.
"""

from __future__ import annotations

import importlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tinct.errors import ForeignModelError, TruncatedModelError
from tinct.models.generators.diffusion.look import INDEX, Found

__all__ = ["check_promises"]

_MOST_LAYERS: Final = 200


def check_promises(torch: Any, config: Path, found: Found) -> None:
    """Build every part of a folder's configuration on PyTorch's device ``meta``, which has shapes and no memory.

    Parameters
    ----------
    torch : module
        PyTorch.
    config : Path
        A folder of diffusers; its weights are not read.
    found : Found
        What its files hold.

    Raises
    ------
    ForeignModelError
        It says more layers than any model has.
    TruncatedModelError
        The configuration wants more numbers than the files hold.
    """
    index = json.loads((config / INDEX).read_text(encoding="utf-8"))
    for part in found.elements:
        library, kind = index[part]
        _check_depth(config / part / "config.json", part)
        with torch.device("meta"), _no_more_than(torch, part, found.elements[part]):
            _build(getattr(importlib.import_module(library), kind), config / part)


def _check_depth(config: Path, part: str) -> None:
    """Lists of as many entries as there are layers are made before the first layer is."""

    def layers(value: Any, counts: bool = False) -> Iterator[int]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from layers(inner, "layers" in name)
        elif isinstance(value, list):
            for inner in value:
                yield from layers(inner, counts)
        elif counts and isinstance(value, int):
            yield value

    said = max(layers(json.loads(config.read_text(encoding="utf-8"))), default=0)
    if said > _MOST_LAYERS:
        raise ForeignModelError(
            f"{part}/config.json says {said} layers; no known model has more than {_MOST_LAYERS} of one kind"
        )


def _build(kind: Any, config: Path) -> None:
    if hasattr(kind, "config_class"):  # of transformers
        kind(kind.config_class.from_pretrained(str(config), local_files_only=True))
    else:
        kind.from_config(kind.load_config(str(config), local_files_only=True))


@contextmanager
def _no_more_than(torch: Any, part: str, elements: int) -> Iterator[None]:
    """Count what this thread's networks register as their own."""
    here, left = threading.get_ident(), elements

    def counted(module: Any, name: str, parameter: Any) -> None:
        nonlocal left
        if parameter is None or threading.get_ident() != here:
            return
        left -= parameter.numel()
        if left < 0:
            raise TruncatedModelError(
                f"the weights of {part} lack some of what its configuration wants: they hold {elements} numbers; copy "
                "the model again"
            )

    hook = torch.nn.modules.module.register_module_parameter_registration_hook(counted)
    try:
        yield
    finally:
        hook.remove()
