"""Results that a model made are signed by the worker: a child, which has read a stranger's photo, knows no key."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from tinct.atomic import writing
from tinct.errors import OutputError
from tinct.jobs.child import Made, Outcome
from tinct.photo.credentials import Signatory

__all__ = ["signed"]


def signed(outcome: Outcome, signatory: Signatory) -> Outcome:
    """The outcome with its files signed; a failure where one cannot be, for nothing leaves unsigned then."""
    try:
        return replace(outcome, made=tuple(_signed(made, signatory) for made in outcome.made))
    except OutputError as error:
        return Outcome(code=error.code, message=error.message)
    except OSError:
        return Outcome(code=OutputError.code, message="a result could not be signed; order it again")


def _signed(made: Made, signatory: Signatory) -> Made:
    if made.invented is None or not signatory.signs(made.format):
        return made
    path = Path(made.path)
    with open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:  # its child may still be there
        data = signatory.signed(file.read(), made.format, made.invented)
    with writing(path) as file:
        file.write(data)
    return replace(made, size=len(data), etag=hashlib.md5(data, usedforsecurity=False).hexdigest())
