"""Find a model's weights and prove that they are the right ones before anything parses them.

Packaged weights lie in this package's folder ``weights``. Fetched ones lie in ``settings.models``, a folder a model:

    span-x2/net.param, net.bin       sources, as they came; the manifest has their digests
    span-x2/<key>-<digest>.onnx      what they were converted to; the name holds its digest

The key tells from which sources, by which edition of the converters and for which size; so a converted file of
another model or edition is not found, and one whose bytes changed is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

from tinct import atomic
from tinct.errors import DamagedModelError, MissingModelError, OutputError, ParameterError
from tinct.models import convert
from tinct.models.manifest import Fetched, Packaged, Source, entry
from tinct.settings import current

__all__ = [
    "Size",
    "card",
    "check_converted",
    "converted",
    "demand",
    "discard_converted",
    "folder",
    "installed",
    "load",
    "save",
    "sources",
    "unwritable",
    "write",
]

Size = tuple[int, int]
_DIGEST = 64  # characters


def folder(name: str) -> Path:
    """The folder of a fetched model."""
    return current().models / name


def installed(name: str) -> bool:
    """Whether all files of the model `name` are there, with the right size; a digest is checked on loading.

    Raises
    ------
    MissingModelError
        The manifest does not know the name.
    """
    model = entry(name)
    if isinstance(model, Packaged):
        return resources.files("tinct.models").joinpath("weights", model.file).is_file()
    return all(_has_size(folder(name) / source.file, source.bytes) for source in model.sources)


def demand(names: Sequence[str]) -> None:
    """Refuse to start where one of several models that work together is not installed.

    Raises
    ------
    MissingModelError
        Names all that are missing, and the one command that gets them.
    """
    missing = [name for name in names if not installed(name)]
    if len(missing) == 1:
        raise _missing(missing[0])
    if missing:
        listed = ", ".join(repr(name) for name in missing)
        raise MissingModelError(
            f"the models {listed} are not installed; run: tinct models fetch {' '.join(missing)}"
        )


def card(name: str) -> str | None:
    """The model card of `name`, as Markdown; None for fetched weights, whose authors say what they are.

    Raises
    ------
    MissingModelError
        The manifest does not know the name.
    """
    model = entry(name)
    if not isinstance(model, Packaged):
        return None
    return resources.files("tinct.models").joinpath("cards", model.card).read_text(encoding="utf-8")


def load(name: str, size: Size | None = None) -> bytes:
    """Verified weights of the model `name`, as ONNX.

    Parameters
    ----------
    name : str
        Id in the manifest.
    size : (int, int), optional
        Height and width of the input, for a network that is converted for one size at a time; its default
        otherwise.

    Raises
    ------
    MissingModelError
        The manifest or the installation lacks it.
    DamagedModelError
        A file is not the one the manifest names; both digests are given.
    ParameterError
        The network does not run at this size.
    """
    model = entry(name)
    if isinstance(model, Packaged):
        return _packaged(name, model)
    chosen = _checked_size(name, model, size)
    if model.conversion == "none":
        return convert.with_outputs(_source(name, model.sources[0]), model.inner)
    found = _find(name, _key(name, model, chosen))
    return found if found is not None else converted(name, chosen)


def sources(name: str, model: Fetched) -> dict[str, bytes]:
    """Verified source files of a fetched model, by file name; raises as :func:`load` does."""
    return {source.file: _source(name, source) for source in model.sources}


def converted(name: str, size: Size | None) -> bytes:
    """Convert the sources of a fetched model anew and keep the result; raises as :func:`load` does."""
    model = entry(name)
    assert isinstance(model, Fetched)
    data = convert.to_onnx(model.conversion, sources(name, model), size)
    key = _key(name, model, size)
    # A folder that cannot be written costs the time to convert, no more
    with contextlib.suppress(OutputError):
        write(folder(name) / f"{key}-{hashlib.sha256(data).hexdigest()}.onnx", data)
    return data


def save(name: str, source: Source, data: bytes) -> None:
    """Keep a source file of a fetched model.

    Raises
    ------
    DamagedModelError
        It is not the file that the manifest names; nothing is written.
    OutputError
        The folder of models cannot be written.
    """
    _verified(name, source.sha256, data)
    write(folder(name) / source.file, data)


def check_converted(name: str) -> None:
    """Compare all converted files of a model with the digests in their names.

    Raises
    ------
    DamagedModelError
        One differs; both digests are given.
    """
    for path in folder(name).glob("*.onnx"):
        digest = path.stem.rpartition("-")[2]
        if len(digest) == _DIGEST:
            _verified(name, digest, path.read_bytes())


def discard_converted(name: str) -> None:
    """Remove all converted files of a model; they are made anew when they are needed."""
    for path in folder(name).glob("*-*.onnx"):
        path.unlink(missing_ok=True)


def write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, and to the disk.

    Raises
    ------
    OutputError
        The folder of models cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic.writing(path, mode=0o644, durable=True) as file:
            file.write(data)
    except OSError:
        raise unwritable() from None


def unwritable() -> OutputError:
    """The folder of models takes nothing."""
    return OutputError("the folder of models cannot be written; set TINCT_MODELS to a folder with room")


def _packaged(name: str, model: Packaged) -> bytes:
    try:
        data = resources.files("tinct.models").joinpath("weights", model.file).read_bytes()
    except OSError:
        raise MissingModelError(
            f"the weights of {name!r} are not installed; reinstall the package tinct"
        ) from None
    return _verified(name, model.sha256, data, "reinstall the package tinct")


def _source(name: str, source: Source) -> bytes:
    try:
        data = (folder(name) / source.file).read_bytes()
    except OSError:
        raise _missing(name) from None
    return _verified(name, source.sha256, data)


def _missing(name: str) -> MissingModelError:
    return MissingModelError(f"the model {name!r} is not installed; run: tinct models fetch {name}")


def _verified(name: str, expected: str, data: bytes, remedy: str | None = None) -> bytes:
    found = hashlib.sha256(data).hexdigest()
    if found != expected:
        raise DamagedModelError(
            f"the weights of {name!r} are damaged: expected sha256 {expected}, found {found}; "
            + (remedy or f"run: tinct models fetch {name}")
        )
    return data


def _find(name: str, key: str) -> bytes | None:
    """The converted file of this key, verified by the digest in its name."""
    for path in sorted(folder(name).glob(f"{key}-*.onnx")):
        with contextlib.suppress(FileNotFoundError):  # another process has just replaced it
            return _verified(name, path.stem.removeprefix(f"{key}-"), path.read_bytes())
    return None


def _key(name: str, model: Fetched, size: Size | None) -> str:
    """Names what a converted file was made from."""
    made_from = [name, str(convert.EDITION), *(source.sha256 for source in model.sources)]
    digest = hashlib.sha256("\n".join(made_from).encode()).hexdigest()[:12]
    return digest if size is None else f"{digest}-{size[0]}x{size[1]}"


def _checked_size(name: str, model: Fetched, size: Size | None) -> Size | None:
    if model.sizes is None:
        if size is not None:
            raise ParameterError("size", size, f"none, because the model {name!r} runs at any size")
        return None
    height, width = chosen = size or model.sizes.default
    step, most = model.sizes.multiple, model.sizes.most_pixels
    if min(chosen) < step or height % step or width % step or height * width > most:
        raise ParameterError("size", size, f"height and width multiples of {step}, at most {most} pixels")
    return chosen


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except OSError:
        return False
