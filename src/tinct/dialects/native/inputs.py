"""Where an order's photos come from: files, other jobs' results, URLs, parts of the same request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from starlette.datastructures import UploadFile

from tinct.dialects.bodies import chunks
from tinct.errors import ParameterError
from tinct.jobs.catalogue import facts
from tinct.jobs.intake import ResultOf, Source, Stored, Upload, Url

__all__ = ["sources"]

_RESULT = re.compile(r"(job_[0-9a-z]{26})(?:/(\d{1,4}))?", re.ASCII)
_URL = re.compile(r"https?://", re.IGNORECASE)


def sources(
    effect: str, references: Mapping[str, str | list[str]], parts: Mapping[str, list[UploadFile]]
) -> dict[str, Source | Sequence[Source]]:
    """Where each input comes from.

    Raises
    ------
    ParameterError
        There is no such effect, a reference is of no known kind, or an input came both as a part and as a reference.
    """
    found: dict[str, Source | Sequence[Source]] = {}
    lists = {item.name for item in facts(effect).inputs if item.most > 1}
    for name, some in parts.items():
        if name in references:
            raise ParameterError(name, "a part and a reference", "one of the two")
        uploads = [Upload(chunks=chunks(part), name=part.filename) for part in some]
        found[name] = uploads if len(uploads) > 1 or name in lists else uploads[0]
    for name, named in references.items():
        found[name] = (
            _source(name, named) if isinstance(named, str) else [_source(name, each) for each in named]
        )
    return found


def _source(name: str, reference: str) -> Source:
    if _URL.match(reference):
        return Url(url=reference)
    if reference.startswith("file_"):
        return Stored(file_id=reference)
    result = _RESULT.fullmatch(reference)
    if result is None:
        raise ParameterError(name, reference, "a file id, a job id, <job id>/<n>, or an http(s) URL")
    return ResultOf(job_id=result[1], number=int(result[2] or 0))
