"""Find a model's weights and prove that they are the right ones before anything parses them."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from importlib import resources

from pydantic import BaseModel, ConfigDict

from tinct.errors import DamagedModelError, MissingModelError

__all__ = ["Model", "load", "models"]


class Model(BaseModel):
    """An entry of ``manifest.toml``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    """File in this package's folder ``weights``."""
    sha256: str
    """Digest of the file, hexadecimal."""
    bytes: int
    """Size of the file."""
    purpose: str
    """What it is for, as a phrase."""
    licence: str
    """SPDX identifier."""
    origin: str
    """How the weights were made."""
    card: str
    """Model card, relative to the repository."""


@functools.cache
def models() -> dict[str, Model]:
    """All models of the manifest by id."""
    text = resources.files("tinct.models").joinpath("manifest.toml").read_text(encoding="utf-8")
    return {name: Model.model_validate(entry) for name, entry in tomllib.loads(text).items()}


def load(name: str) -> bytes:
    """Verified weights of the model `name`.

    Raises
    ------
    MissingModelError
        The manifest or the installation lacks it.
    DamagedModelError
        The file is not the one the manifest names; both digests are given.
    """
    entry = models().get(name)
    if entry is None:
        raise MissingModelError(f"no model is called {name!r}; there are: {', '.join(sorted(models()))}")
    try:
        data = resources.files("tinct.models").joinpath("weights", entry.file).read_bytes()
    except OSError:
        raise MissingModelError(
            f"the weights of {name!r} are not installed; reinstall the package tinct"
        ) from None
    found = hashlib.sha256(data).hexdigest()
    if found != entry.sha256:
        raise DamagedModelError(
            f"the weights of {name!r} are damaged: expected sha256 {entry.sha256}, found {found}; "
            "reinstall the package tinct"
        )
    return data
