"""What happens inside a child process: files in, an effect, files out.

The child has no database and no secret, cannot open a socket or start a process (see `tinct.jobs.confine`). It gets
paths, writes into one folder, and tells over a pipe how far it is and what came of it, as lines of text.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import hashlib
import math
import os
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from tinct import apart
from tinct.effects import registry
from tinct.effects.effect import Progress
from tinct.errors import (
    ClipMissingError,
    InputGoneError,
    InternalError,
    JobMemoryError,
    ModelMemoryError,
    TinctError,
    UnsupportedPhotoError,
)
from tinct.jobs.confine import confine, own_session
from tinct.jobs.job import Failure, Metadata
from tinct.jobs.landlock import close_files
from tinct.jobs.screening import screened_run
from tinct.jobs.spare import Spare, share_heaps
from tinct.loading import loading
from tinct.models.generators.endpoint import Question, ask_by
from tinct.photo.provenance import Invented, invented
from tinct.settings import Settings, use

if TYPE_CHECKING:
    from tinct.clip.clip import Clip
    from tinct.photo.photo import Photo

__all__ = ["UNFIT", "Made", "Outcome", "Task", "perform", "serve"]

UNFIT: Final = "child_unfit"
"""Code of an outcome that says nothing of the job: this process cannot do it, and another may."""

_PR_SET_PDEATHSIG: Final = 1
_RESERVED: Final = 1 << 30  # bytes that a child's libraries reserve and do not use
_SMALLEST_STEP: Final = 0.01  # of progress that is told
_CLIP: Final = "mp4"  # what clips that are results are
_report: Callable[[str], None] | None = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """All that a child needs to know of a job."""

    effect: str
    params: Mapping[str, Any]
    inputs: Mapping[str, str | tuple[str, ...]]
    """Input name -> path of the encoded photo, or paths where the input takes a list; to be read only."""
    format: str | None
    quality: int
    folder: str
    """An empty folder for the results."""
    processor_s: float = 3600.0
    """Seconds of processor time, of all threads together, after which the kernel ends the process."""
    metadata: Metadata = "no-gps"
    screened: bool = False
    """Whether its photos are held against the content check first."""
    work: Callable[[Task], Outcome] | None = None
    """What is done in place of the effect; a function of a module, as it goes to the child by its name."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A result that lies in the folder."""

    path: str
    role: str
    """What it is to the caller: main, variant, mask, ..."""
    format: str
    size: int
    etag: str
    width: int
    height: int
    depth: int
    channels: int
    mode: str
    seconds: float | None = None
    """How long a clip runs; None of a photo."""
    frames: int = 1
    invented: Invented | None = None
    """Whether a model made it, or a part of it."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How the work ended; `code` is None where it succeeded."""

    made: tuple[Made, ...] = ()
    facts: Mapping[str, Any] | None = None
    code: str | None = None
    message: str = ""
    detail: str = ""
    """For the server's log; callers never see it."""

    @staticmethod
    def read(text: bytes) -> Outcome:
        """What `write` wrote, checked, as its writer has read a stranger's photo.

        Raises
        ------
        ValueError
            It is something else.
        """
        return _outcomes().validate_json(text, strict=True)

    def write(self) -> str:
        """Itself as one line."""
        return _outcomes().dump_json(self).decode()


@functools.cache
def _outcomes() -> TypeAdapter[Outcome]:
    return TypeAdapter(Outcome)


def serve(
    tasks: Connection, told: Connection, settings: Settings, scratch: Path, stored: Path | None
) -> None:
    """A child's life: tasks are performed one after the other, until the server closes their pipe.

    It may write below `scratch`, and read its inputs there or below `stored`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _prepare(told, settings, scratch, stored)
    assert _report is not None
    report = _report

    def ask(question: Question) -> bytes:
        """The worker asks, as a child reaches nothing, and answers where tasks come from."""
        report(f"ask {question.model_dump_json()}")
        answer = tasks.recv()
        if isinstance(answer, Failure):
            raise answer.error
        return bytes(answer)

    ask_by(ask)
    apart.forbid()
    spare = Spare()
    while True:
        try:
            task = tasks.recv()
        except EOFError:
            return
        outcome = perform(task)
        try:
            line = outcome.write()
        except ValueError as error:
            line = _failed(InternalError(), f"facts that are no JSON: {error}").write()
        _report(f"outcome {line}")
        del task, outcome, line
        spare.give_back()  # nobody waits for it


def _prepare(told: Connection, settings: Settings, scratch: Path, stored: Path | None) -> None:
    """Set up a new child: limits, what to do when the server dies, and everything slow to import."""
    global _report
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    own_session()
    inputs = [path for path in (stored, settings.models) if path is not None]
    # First: it binds this thread and later ones
    close_files(settings.data, readable=inputs, writable=[scratch])
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # die at once, even inside a library's long loop
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (settings.job_memory_bytes, settings.job_memory_bytes))
    os.nice(5)  # the API answers first
    descriptor, one_at_a_time = told.fileno(), threading.Lock()

    def write(line: str) -> None:
        with one_at_a_time, contextlib.suppress(OSError):  # the server has dropped this child, or is gone
            left = memoryview(line.encode() + b"\n")
            while left:
                left = left[os.write(descriptor, left) :]

    _report = write
    use(settings)
    with loading():
        for name, where in settings.own_effects():
            registry.register(name, where)
        threads = max(1, (os.cpu_count() or 1) // max(1, settings.workers))
        share_heaps(threads)
        _warm(threads)
    _limit_address_space(settings.job_memory_bytes)
    confine()


def perform(task: Task) -> Outcome:
    """Run one task. Errors come back as an outcome, never as an exception."""
    try:
        if closed := _closed_input(task):
            return Outcome(code=UNFIT, detail=closed)
        _limit_processor(task.processor_s)
        with _temporary_files_in(task.folder):
            return (task.work or _perform)(task)
    except (MemoryError, ModelMemoryError):
        return _failed(JobMemoryError())
    except TinctError as error:
        return _failed(error)
    except Exception as error:
        if _out_of_memory(error):
            return _failed(JobMemoryError())
        return _failed(InternalError(), f"{type(error).__name__}: {error} at {_place(error)}")


def _closed_input(task: Task) -> str | None:
    """Why an input that is there cannot be read, if one cannot: that is no fault of the photo's.

    What a child may read is decided once, when it starts; a folder that was put in another's place, as from a backup,
    stays closed to it.
    """
    for named in task.inputs.values():
        for path in (named,) if isinstance(named, str) else named:
            try:
                os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
            except FileNotFoundError:
                continue  # whoever reads it says so
            except OSError as error:
                return f"an input cannot be read: {error.strerror}"
    return None


@contextlib.contextmanager
def _temporary_files_in(folder: str) -> Iterator[None]:
    """What libraries put aside goes with the task's own folder."""
    before, tempfile.tempdir = tempfile.tempdir, folder
    try:
        yield
    finally:
        tempfile.tempdir = before


def _out_of_memory(error: Exception) -> bool:
    """Whether the system refused memory: with a number, or to a library that was to be loaded."""
    if isinstance(error, ImportError):
        return any(words in str(error) for words in ("failed to map segment", "annot allocate memory"))
    return isinstance(error, OSError) and error.errno == errno.ENOMEM


def _failed(error: TinctError, detail: str = "") -> Outcome:
    return Outcome(code=error.code, message=error.message, detail=detail)


def _perform(task: Task) -> Outcome:
    from tinct.photo import encode, formats, probe

    effect = registry.get(task.effect)
    clips = {item.name for item in effect.inputs if item.clip}
    photos = {
        name: tuple(map(_opened, map(Path, named)))
        if not isinstance(named, str)
        else _clip(Path(named))
        if name in clips
        else _opened(Path(named))
        for name, named in task.inputs.items()
    }
    params = effect.accept(photos, task.params)
    output = screened_run(effect, photos, params, _progress(), screened=task.screened)
    made = [_moving(output.clip, task.folder)] if output.clip is not None else []
    for number, result in enumerate(output.results, len(made)):
        format = result.format or task.format or formats.kept(result.photo.format)
        data = encode.encode(result.photo, format, quality=task.quality, metadata=task.metadata)
        path = Path(task.folder) / str(number)
        path.write_bytes(data)
        facts = probe.facts(data)  # of what was written, which may be less than what was made
        made.append(
            Made(
                path=str(path),
                role=result.role,
                format=format,
                size=len(data),
                etag=hashlib.md5(data, usedforsecurity=False).hexdigest(),
                width=facts.width,
                height=facts.height,
                depth=facts.depth,
                channels=facts.channels,
                mode=facts.mode,
                invented=invented(result.photo),
            )
        )
    return Outcome(made=tuple(made), facts=dict(output.facts))


def _clip(path: Path) -> Clip:
    """A clip that is an input, looked at; its owner may have deleted it a moment ago."""
    from tinct.clip.clip import Clip

    try:
        return Clip.open(path)
    except ClipMissingError:
        raise InputGoneError from None


def _moving(clip: Clip, folder: str) -> Made:
    """A clip that was made, under a name of its own in the task's folder."""
    path = Path(folder) / "clip"
    os.link(clip.path, path)  # its first name goes with the clip
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    facts = clip.facts
    return Made(
        path=str(path),
        role="main",
        format=_CLIP,
        size=path.stat().st_size,
        etag=digest.hexdigest(),
        width=facts.width,
        height=facts.height,
        depth=facts.depth,
        channels=3,
        mode="rgb",
        seconds=facts.seconds,
        frames=facts.frames,
    )


def _opened(path: Path) -> Photo:
    """An input, decoded; its owner may have deleted it a moment ago."""
    from tinct.photo import decode

    try:
        return decode.open(path)
    except UnsupportedPhotoError:
        if path.exists():
            raise
        raise InputGoneError from None


def _progress() -> Progress:
    """Tells steps of a hundredth; a callback that is called a thousand times costs nothing."""
    told = 0.0

    def tell(share: float) -> None:
        nonlocal told
        if _report is not None and share - told >= _SMALLEST_STEP:
            told = share
            _report(f"progress {min(max(share, 0.0), 1.0):.3f}")

    return tell


def _warm(threads: int) -> None:
    """Import what effects use, and keep each library to this child's share of the cores."""
    os.environ["VIPS_CONCURRENCY"] = str(threads)
    import cv2

    import tinct.photo.decode
    import tinct.photo.encode
    import tinct.photo.vips  # noqa: F401
    from tinct.models import runtime

    cv2.setNumThreads(threads)
    runtime.use_threads(threads)


def _limit_processor(seconds: float) -> None:
    """Bound the time that this task computes, in case nobody is left to watch its deadline."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    most = math.ceil(usage.ru_utime + usage.ru_stime + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _limit_address_space(memory: int) -> None:
    """Bound what can be mapped, so that a huge allocation raises instead of waking the kernel's killer.

    The bound lies above `memory`: threads and models reserve far more than they use, and libraries end the process when
    that is refused. What is used counts, and the server watches it.
    """
    more = memory + max(memory, _RESERVED)
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            mapped = int(file.read().split()[0]) * resource.getpagesize()
    except OSError:  # no such file system here; the server watches the resident size anyway
        return
    resource.setrlimit(resource.RLIMIT_AS, (mapped + more, mapped + more))


def _place(error: BaseException) -> str:
    """File and line of the innermost frame."""
    trace = error.__traceback__
    place = "?"
    while trace is not None:
        place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
