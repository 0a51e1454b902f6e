"""The error tree: codes are unique, and a code and a sentence make an error again."""

import pytest

import tinct.errors
from tinct.errors import TinctError, restored
from tinct.jobs.job import Failure

CLASSES = [
    kind
    for kind in vars(tinct.errors).values()
    if isinstance(kind, type) and issubclass(kind, TinctError) and kind is not TinctError
]


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [kind.__dict__["code"] for kind in CLASSES]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("kind", CLASSES)
def test_what_a_job_kept_of_an_error_makes_it_again(kind: type[TinctError]) -> None:
    error = restored(kind.code, "what happened")
    assert type(error) is kind
    assert (error.code, error.message) == (kind.code, "what happened")
    assert Failure.of(Failure.of(error).error) == Failure(code=kind.code, message="what happened")


def test_an_unknown_code_is_a_failed_job_that_keeps_it() -> None:
    error = restored("no_stars_found", "there are no stars")
    assert isinstance(error, tinct.errors.JobFailedError)
    assert (error.code, error.message) == ("no_stars_found", "there are no stars")
    assert tinct.errors.JobFailedError.code == "failed"
