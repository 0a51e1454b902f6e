"""What an operator brought: one record for each task, kept in the model store beside the weights that were fetched.

A record names where the model lies, which engine opens it, its licence, and every file with size and digest. The files
stay where they are; they are only read.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tinct.errors import DamagedModelError, MissingModelError
from tinct.models import store
from tinct.models.generators.port import TASKS, Facts, Task
from tinct.settings import current

__all__ = ["Use", "UsedFile", "check_files", "damage", "digest", "forget", "keep", "recorded"]

_CHUNK = 2**20


class UsedFile(BaseModel):
    """A file of a model as it was when it was registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Path below the model's folder, or below that of its file."""
    bytes: int
    modified_ns: int
    """Time of its last change, in nanoseconds."""
    sha256: str

    @classmethod
    def of(cls, path: Path, name: str) -> UsedFile:
        """Read a file whole."""
        found = path.stat()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(name=name, bytes=found.st_size, modified_ns=found.st_mtime_ns, sha256=digest)


class Use(BaseModel):
    """A generator that was registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    where: str = ""
    """Absolute path of its folder or file; empty for one that runs elsewhere."""
    options: dict[str, str] = {}
    """What the engine was told beside that, such as ``dtype`` and ``device``."""
    facts: Facts
    files: tuple[UsedFile, ...] = ()

    def path(self, file: UsedFile) -> Path:
        """Where one of its files lies."""
        where = Path(self.where)
        return (where if where.is_dir() else where.parent) / file.name


def digest(files: tuple[UsedFile, ...]) -> str:
    """One sha256 for all files of a model: that of the only file, or of all names and digests in order."""
    if len(files) == 1:
        return files[0].sha256
    lines = "".join(f"{file.sha256}  {file.name}\n" for file in sorted(files, key=lambda file: file.name))
    return hashlib.sha256(lines.encode()).hexdigest()


def recorded() -> dict[Task, Use]:
    """All records, by the task that each was registered for.

    Raises
    ------
    DamagedModelError
        A record cannot be read.
    """
    found: dict[Task, Use] = {}
    for task in TASKS:
        try:
            text = _path(task).read_bytes()
        except OSError:
            continue
        try:
            found[task] = Use.model_validate_json(text)
        except ValidationError:
            raise DamagedModelError(
                f"the record of what serves {task} is damaged; run: tinct models use {task} FOLDER_OR_FILE"
            ) from None
    return found


def keep(task: Task, use: Use) -> None:
    """Record that `use` serves `task`, in place of what did.

    Raises
    ------
    OutputError
        The folder of models cannot be written.
    """
    store.write(_path(task), use.model_dump_json(indent=2).encode())


def forget(task: Task) -> bool:
    """Forget what was registered for `task`; its files stay. False where nothing was."""
    there = _path(task).is_file()
    _path(task).unlink(missing_ok=True)
    return there


def check_files(use: Use) -> None:
    """Look, without reading them, whether the files are still those that were registered.

    Raises
    ------
    MissingModelError
        One is gone.
    DamagedModelError
        One has another size or was changed.
    """
    for file in use.files:
        try:
            found = use.path(file).stat()
        except OSError:
            raise MissingModelError(
                f"the generator {use.facts.name!r} lacks its file {file.name}; bring it back, or run: "
                "tinct models use TASK FOLDER_OR_FILE"
            ) from None
        if (found.st_size, found.st_mtime_ns) != (file.bytes, file.modified_ns):
            raise DamagedModelError(
                f"{file.name} of the generator {use.facts.name!r} was changed after it was registered; if that was "
                "meant, run again: tinct models use TASK FOLDER_OR_FILE"
            )


def damage(use: Use) -> DamagedModelError | MissingModelError | None:
    """What is wrong with the files, all of them read; None for nothing."""
    for file in use.files:
        path = use.path(file)
        if not path.is_file():
            return MissingModelError(f"the generator {use.facts.name!r} lacks its file {file.name}")
        found = UsedFile.of(path, file.name).sha256
        if found != file.sha256:
            return DamagedModelError(
                f"{file.name} of the generator {use.facts.name!r} is damaged: expected sha256 {file.sha256}, found "
                f"{found}"
            )
    return None


def _path(task: Task) -> Path:
    return current().models / "generators" / f"{task}.json"
