"""How a job can end without a result, beside what the effect itself or a photo says; and codes back into errors."""

from __future__ import annotations

from collections.abc import Iterator

from tinct.errors.base import TinctError

__all__ = [
    "AbandonedError",
    "InputGoneError",
    "InputNotSentError",
    "InternalError",
    "JobCancelledError",
    "JobFailedError",
    "JobMemoryError",
    "JobTimedOutError",
    "RetriesExhaustedError",
    "restored",
]


class JobFailedError(TinctError):
    """A job ended without a result."""

    code = "failed"


class JobTimedOutError(JobFailedError):
    """An attempt ran longer than the job's deadline.

    Parameters
    ----------
    deadline_s : float
        The deadline, in seconds.
    """

    code = "timed_out"

    def __init__(self, deadline_s: float) -> None:
        super().__init__(
            f"the job ran longer than {deadline_s:g} s, its deadline; send a smaller photo or a shorter clip"
        )


class JobMemoryError(JobFailedError):
    """The job needs more memory than one job may use.

    Parameters
    ----------
    most_bytes : int, optional
        The most for one job, where it was measured.
    """

    code = "out_of_memory"

    def __init__(self, most_bytes: int | None = None) -> None:
        found = (
            "more memory than one job may use"
            if most_bytes is None
            else f"more than {most_bytes >> 20} MiB, the most for one job"
        )
        super().__init__(f"the job needs {found}; send a smaller photo")


class RetriesExhaustedError(JobFailedError):
    """Every allowed attempt lost its process.

    Parameters
    ----------
    attempts : int
        How many were made.
    """

    code = "retries_exhausted"

    def __init__(self, attempts: int) -> None:
        super().__init__(
            f"the process died at each of {attempts} attempts; the photo may be too much for the effect"
        )


class JobCancelledError(JobFailedError):
    """Its owner cancelled it."""

    code = "cancelled"

    def __init__(self) -> None:
        super().__init__("the job was cancelled")


class AbandonedError(JobCancelledError):
    """Nobody asked for a leased job in time.

    Parameters
    ----------
    lease_s : float
        Seconds for which it was kept.
    """

    code = "abandoned"

    def __init__(self, lease_s: float) -> None:
        self.lease_s = lease_s
        JobFailedError.__init__(
            self, f"nobody asked for the job for {lease_s:g} s, so it was dropped; it cost nothing"
        )


class InputGoneError(JobFailedError):
    """An input was deleted, or expired, before the job had read it."""

    code = "input_gone"

    def __init__(self) -> None:
        super().__init__(
            "an input of the job was deleted, or expired, before it was read; upload it and order again"
        )


class InputNotSentError(JobFailedError):
    """An input was declared, and its bytes never came; the job failed at birth."""

    code = "input_not_sent"

    def __init__(self) -> None:
        super().__init__(
            "an input of the job was declared but never sent; PUT its bytes to its upload URL and order again"
        )


class InternalError(JobFailedError):
    """The effect broke; only the server's log knows where."""

    code = "internal"

    def __init__(self) -> None:
        super().__init__("the effect broke on this photo; the server's log says where")


def restored(code: str, message: str) -> TinctError:
    """An error as it was when its code and message were written down.

    Parameters
    ----------
    code : str
        A class's ``code``. Of an unknown one, such as that of an effect which is not loaded here, the result is
        a `JobFailedError` that keeps the code.
    message : str
        Its sentence.
    """
    kind = next((kind for kind in _kinds(TinctError) if kind.__dict__.get("code") == code), JobFailedError)
    error = kind.restored(message)
    error.code = code
    return error


def _kinds(root: type[TinctError]) -> Iterator[type[TinctError]]:
    """A class and all below it."""
    yield root
    for kind in root.__subclasses__():
        yield from _kinds(kind)
