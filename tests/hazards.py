"""Effects that do everything an effect should not, to see that nothing else suffers."""

import ctypes
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel

from tinct.effects.effect import Effect, Input, Output, Progress, Sizes, best_first
from tinct.jobs import child
from tinct.jobs.child import Outcome, Task
from tinct.jobs.spare import resident
from tinct.photo.photo import Photo
from tinct.settings import current


class Params(BaseModel):
    seconds: float = 0.0
    megabytes: int = 0
    file: str = ""
    number: int = 1


def _picture(value: int = 0) -> Photo:
    return Photo(np.full((4, 4, 3), value % 256, np.uint8))


def _noop(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    return Output(
        results=best_first([photos.get("image") or _picture(params.number)]), facts={"number": params.number}
    )


def _slow(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    if params.file:
        Path(params.file).write_text(str(os.getpid()))
    for step in range(20):
        time.sleep(params.seconds / 20)
        progress((step + 1) / 20)
    return Output(results=best_first([_picture()]))


def _crash(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    if params.file:
        with Path(params.file).open("a") as file:
            file.write("x")
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError("unreachable")


def _flaky(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    if not Path(params.file).exists():
        Path(params.file).touch()
        os._exit(9)
    return Output(results=best_first([_picture()]))


def _hog(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    held = [np.ones(2**20, np.uint8) for _ in range(params.megabytes)]
    time.sleep(params.seconds)
    return Output(results=best_first([_picture(len(held))]))


def _hang(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    """Inside C, with Python's own signal handlers out of reach."""
    if params.file:
        Path(params.file).write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(3600)  # keeps the interpreter's lock
    raise AssertionError("unreachable")


def _spin(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    while True:
        pass


def _liar(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    """As a photo could make a library do: tells the server what came of the task, in its own words."""
    assert child._report is not None
    path = params.file
    if params.number == 2:
        path = f"{tempfile.gettempdir()}/link"
        os.symlink(params.file, path)
    lie = child.Made(
        path=path,
        role="main",
        format="png",
        size=1,
        etag="",
        width=1,
        height=1,
        depth=8,
        channels=3,
        mode="rgb",
    )
    child._report("outcome " + (child.Outcome(made=(lie,)).write() if params.number else "nonsense"))
    return Output(results=best_first([_picture()]))


def _broken(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    raise RuntimeError("a library's secret at /home/someone")


def _many(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    return Output(results=best_first(_picture(n) for n in range(params.number)))


def _limits(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    """Tells what the code of a child takes for its settings."""
    facts = {"max_photo_pixels": current().max_photo_pixels, "models": str(current().models)}
    return Output(results=best_first([_picture()]), facts=facts)


def _seconds(sizes: Sizes, params: Params) -> float:
    return params.seconds + sum(width * height / 1e6 for width, height in sizes.get("image", ()))


def _try(act) -> str:  # type: ignore[no-untyped-def]
    try:
        act()
    except OSError as error:
        return type(error).__name__
    return "allowed"


def _escape(photos: Mapping[str, Photo], params: Params, progress: Progress) -> Output:
    """Tries what an effect has no use for, and tells what came of it."""
    facts: dict[str, object] = {
        "environment": sorted(os.environ),
        "shown": Path("/proc/self/environ").read_bytes().replace(b"\0", b" ").decode(),
        "session": os.getsid(0) == os.getpid() == os.getpgrp(),
        "fork": _try(os.fork) if params.number else "untried",
        "program": _try(lambda: subprocess.run(["/bin/true"], check=True)),
        "internet": _try(lambda: socket.socket(socket.AF_INET).close()),
        "local socket": _try(lambda: socket.socket(socket.AF_UNIX).close()),
        "signal to its parent": _try(lambda: os.kill(os.getppid(), 0)),
        "signal to all": _try(lambda: os.kill(-1, 0)),
        "signal to itself": _try(lambda: os.kill(os.getpid(), 0)),
        "thread": _try(lambda: threading.Thread(target=int).start()),
        "key": _try(lambda: (current().data / "key").read_bytes()),
        "data folder": _try(lambda: os.listdir(current().data)),
        "write beside": _try(lambda: (current().data.parent / "made").write_text("here")),
        "write to a program": _try(lambda: open(os.__file__, "r+").close()),
        "read a program": _try(lambda: open(os.__file__).close()),
        "own temporary file": _try(lambda: tempfile.TemporaryFile().close()),
        "temporary files": str(Path(tempfile.gettempdir()).parent),
    }
    return Output(results=best_first([_picture()]), facts=facts)


def _effect(name: str, run, credits: int = 1) -> Effect:  # type: ignore[no-untyped-def]
    image = Input(name="image", summary="Any photo.", required=False)
    return Effect(
        name=name, title=name, summary=name, params=Params, run=run, inputs=(image,), credits=credits
    )


NOOP = _effect("noop", _noop)
SLOW = _effect("slow", _slow)
CRASH = _effect("crash", _crash)
FLAKY = _effect("flaky", _flaky)
HOG = _effect("hog", _hog)
HANG = _effect("hang", _hang)
BROKEN = _effect("broken", _broken)
MANY = _effect("many", _many, credits=3)
ESCAPE = _effect("escape", _escape)
LIMITS = _effect("limits", _limits)
LASTING = replace(_effect("lasting", _noop), estimate=_seconds)
LIAR = _effect("liar", _liar)
SPIN = _effect("spin", _spin)
GIFTED = replace(
    _effect("gifted", _slow, credits=2), needs=lambda params: "generate" if params.number else ""
)
"""Needs a worker that can generate, unless its number is 0."""

GAPS = 256 * 2**20
"""Bytes that `leave_gaps` fills and frees."""
_kept: list[bytes] = []


def leave_gaps(_: Task) -> Outcome:
    """Fill the heap with small pieces, and free all but the last, so that the heap keeps its end."""
    size = 64 * 2**10
    pieces = [b"x" * (size + number % 2) for number in range(GAPS // size)]
    _kept.append(pieces.pop())
    return Outcome(facts={"resident": resident()})


def heaps_of_threads(_: Task) -> Outcome:
    """How many heaps there are once eight threads have allocated at the same time, by the C library's own account."""
    library = ctypes.CDLL(None)
    library.malloc.restype = library.open_memstream.restype = ctypes.c_void_p
    together = threading.Barrier(8)

    def allocate() -> None:
        together.wait()
        library.free(ctypes.c_void_p(library.malloc(100_000)))
        together.wait()

    threads = [threading.Thread(target=allocate) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    text, size = ctypes.c_char_p(), ctypes.c_size_t()
    stream = ctypes.c_void_p(library.open_memstream(ctypes.byref(text), ctypes.byref(size)))
    library.malloc_info(0, stream)
    library.fclose(stream)
    return Outcome(facts={"heaps": (text.value or b"").count(b"<heap ")})
