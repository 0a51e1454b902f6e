"""What the vendor does not publish, as one table that an operator can match to their own papers."""

from __future__ import annotations

import functools
import hashlib
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tinct.errors import ParameterError
from tinct.jobs import catalogue
from tinct.jobs.intake import PhotoRule

__all__ = ["Md5", "Status", "Table", "Type", "read"]

_FORMATS: Final = frozenset({"jpeg", "png", "webp", "bmp"})
_Path = Annotated[str, Field(pattern=r"^/[^?#\s]*$")]
_Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paths(_Row):
    """Where each call is made; the first is the main one."""

    createtask: tuple[_Path, ...]
    gettask: tuple[_Path, ...]
    deletetask: tuple[_Path, ...]


class Headers(_Row):
    """Names of headers, of requests and of callbacks."""

    token: _Header
    md5: _Header
    delivery: _Header


class Md5(_Row):
    """How a message is signed."""

    recipe: Literal["body+token", "token+body", "token+taskid+status"]
    check: bool
    """Whether requests must be signed too."""

    def of(self, body: bytes, token: str, taskid: str = "", status: str = "") -> str:
        """The signature: MD5 in lower-case hexadecimal.

        Parameters
        ----------
        body : bytes
            Exactly as it is sent.
        taskid, status : str
            What the message says of its task, where it does.
        """
        secret = token.encode("utf-8", "surrogatepass")
        if self.recipe == "body+token":
            signed = body + secret
        elif self.recipe == "token+body":
            signed = secret + body
        else:
            signed = secret + f"{taskid}{status}".encode("utf-8", "surrogatepass")
        return hashlib.md5(signed, usedforsecurity=False).hexdigest()


class Status(_Row):
    """The vendor's numbers."""

    queued: int
    processing: int
    success: int
    failed: int


class Limits(_Row):
    """What is taken, and what is kept."""

    max_bytes: int = Field(gt=0)
    min_side: int = Field(gt=0)
    max_side: int = Field(gt=0)
    requests_per_minute: int = Field(gt=0)
    keep_s: float = Field(gt=0, le=1e9)


class Calls(_Row):
    """How often and how long a callback is tried."""

    waits_s: tuple[Annotated[float, Field(ge=0)], ...]
    total_s: float = Field(gt=0, le=20)


class Type(_Row):
    """A kind of task."""

    name: str
    effect: str
    needs: tuple[str, ...] = ()
    """Further effects whose networks it uses."""
    params: Mapping[str, Any] = Field(default_factory=dict)
    large_pixels: int | None = Field(None, gt=0)
    """Pixels above which a photo is large."""
    large_params: Mapping[str, Any] = Field(default_factory=dict)
    list: Literal["none", "faces", "outputs"] = "none"
    """What ``facelist`` holds."""
    price: int = Field(1, ge=0)
    """In credits."""

    def parameters(self, pixels: int) -> dict[str, Any]:
        """Parameters of the effect for a photo of so many pixels."""
        large = self.large_pixels is not None and pixels > self.large_pixels
        return {**self.params, **(self.large_params if large else {})}

    def missing(self) -> str | None:
        """What has to be installed before this server can do it, as a sentence; None where it can."""
        for name in (self.effect, *self.needs):
            try:
                engines = catalogue.facts(name).engines
            except ParameterError:
                return f"{self.name} is not installed on this server: it has no effect called {name}"
            if engines and not any(engine.ready for engine in engines):
                return f"{self.name} is not installed on this server; its operator can: {engines[0].fetch}"
        return None


class Table(_Row):
    """All of it."""

    hosts: tuple[str, ...]
    paths: Paths
    headers: Headers
    md5: Md5
    status: Status
    limits: Limits
    callback: Calls
    types: Mapping[int, Type]

    @property
    def photo(self) -> PhotoRule:
        """What is taken of a picture."""
        limits = self.limits
        return PhotoRule(
            max_bytes=limits.max_bytes, formats=_FORMATS, min_side=limits.min_side, max_side=limits.max_side
        )

    def call(self, path: str) -> str | None:
        """Name of the call that is made at a path."""
        return next((name for name, known in self.paths if path in known), None)

    def under(self, path: str) -> bool:
        """Whether a path is near the calls' own, so that what nobody knows there is refused as by this API."""
        mains = (known[0].rpartition("/")[0] for _, known in self.paths if known)
        return any(folder and path.startswith(folder + "/") for folder in mains)


@functools.lru_cache(maxsize=8)
def read(path: Path | None) -> Table:
    """The table of this package, with what an operator's file changes.

    Raises
    ------
    ParameterError
        The file cannot be read, or says something that is not understood.
    """
    found = tomllib.loads(resources.files(__package__).joinpath("table.toml").read_text(encoding="utf-8"))
    try:
        own = {} if path is None else tomllib.loads(path.read_text(encoding="utf-8"))
        return Table.model_validate(_over(found, own))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParameterError("TINCT_PICMA", str(path), f"a TOML file that can be read; {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ParameterError(f"TINCT_PICMA {place}", first["input"], first["msg"].lower()) from None


def _over(below: Any, above: Any, place: str = "") -> Any:
    """One table over another; what is chosen as a whole, such as parameters, is replaced as a whole."""
    if not (isinstance(below, dict) and isinstance(above, dict)) or place in ("params", "large_params"):
        return above
    return below | {name: _over(below.get(name), value, name) for name, value in above.items()}
