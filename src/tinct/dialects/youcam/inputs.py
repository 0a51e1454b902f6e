"""The files of a task: found or fetched, and held against what the tool takes. What is wrong fails the task alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request

from tinct.dialects.content import base_of
from tinct.dialects.dialect import backend_of, settings_of
from tinct.dialects.youcam.ask import Ask
from tinct.dialects.youcam.errors import failure, refused
from tinct.dialects.youcam.files import DOWNLOADS
from tinct.dialects.youcam.tool import Limit
from tinct.errors import FetchError, FileMissingError, LinkError, PhotoError, StorageError, UploadLimitError
from tinct.jobs import withdrawn
from tinct.jobs.file import File, FileState
from tinct.jobs.intake import PhotoRule, Upload, Url
from tinct.jobs.job import Failure
from tinct.jobs.received import Accepted
from tinct.settings import Settings

__all__ = ["Found", "fetched", "stored"]

_ABSENT: Final = frozenset({FileState.DECLARED, FileState.GONE})
_SECONDS: Final = "dst_duration"
_SLACK_S: Final = 1.0
_INPUTS: Final = {"src": "image", "msk": "mask", "ref": "reference"}
"""What the effects call each role."""


@dataclass(kw_only=True)
class Found:
    """The files of a task."""

    files: dict[str, list[File]] = field(default_factory=dict)
    failure: Failure | None = None
    """Why the task fails before it began."""

    def shape(self) -> tuple[int, int]:
        """Width and height of the source, as far as they are known."""
        photo = self.files["src"][-1].photo if self.files.get("src") else None
        return (1, 1) if photo is None else (photo.width, photo.height)

    @staticmethod
    def names(ask: Ask) -> dict[str, object]:
        """Which inputs of the effect a call gives, before any file is looked at."""
        return {_INPUTS[role]: named for role, named in ask.files.items() if named}

    def inputs(self, ask: Ask) -> dict[str, str | tuple[str, ...]]:
        """By the effect's names."""
        named: dict[str, str | tuple[str, ...]] = {}
        for role, files in self.files.items():
            ids = tuple(file.id for file in files)
            if ask.form.inputs[role][1] > 1 and role != "src":
                named[_INPUTS[role] + "s"] = ids
            elif ids:
                named[_INPUTS[role]] = ids[0]
        return named


async def stored(request: Request, account: str, ask: Ask) -> Found:
    """The files that a call names by their ids.

    Raises
    ------
    FileMissingError
        One was never issued, or is another account's.
    """
    ids = [each for role, named in ask.files.items() if role not in ask.by_url for each in named]
    known = await backend_of(request).files.get_many(account, ids, absent=_ABSENT)
    return Found(
        files={
            role: [known[each] for each in named]
            for role, named in ask.files.items()
            if role not in ask.by_url
        }
    )


@asynccontextmanager
async def fetched(request: Request, account: str, ask: Ask, found: Found) -> AsyncIterator[Found]:
    """The same with what URLs lead to, all held against the limits. What was fetched goes if the block raises."""
    async with AsyncExitStack() as stack:
        for role in sorted(ask.by_url):
            found.files[role] = []
            for url in ask.files[role]:
                if found.failure is None:
                    await _fetch(stack, request, account, ask, found, role, url)
        if found.failure is None:
            found.failure = await _wrong(request, ask, found)
        yield found


async def _fetch(
    stack: AsyncExitStack, request: Request, account: str, ask: Ask, found: Found, role: str, url: str
) -> None:
    backend = backend_of(request)
    rule = PhotoRule(max_bytes=ask.form.limit.bytes)
    try:
        source = await _own(request, url) or Url(url=url, field=role)
        accepted: Accepted = "photos and clips" if _kind(ask, role) == "video" else "photos"
        brought = await stack.enter_async_context(
            backend.intake.brought(account, {role: source}, rule, accepted=accepted)
        )
    except (FetchError, UploadLimitError, LinkError, StorageError) as error:
        found.failure = failure("download." + _kind(ask, role), f"{role}: {error.message}")
    except PhotoError as error:
        found.failure = refused(error, _kind(ask, role), role)
    else:
        found.files[role].extend(brought.made)


async def _own(request: Request, url: str) -> Upload | None:
    """What a link of this server leads to; no request is made for it. None for any other URL.

    Raises
    ------
    LinkError, FileMissingError
        It does not work, or not any more.
    """
    parts, base = urlsplit(url), urlsplit(base_of(request))
    path = parts.path.removeprefix(base.path)  # a proxy may serve this server below a path
    if parts.netloc.lower() != base.netloc.lower() or not path.startswith((DOWNLOADS, "/files/")):
        return None
    backend = backend_of(request)
    backend.links.check("GET", path, dict(parse_qsl(parts.query)))
    file = await backend.files.get(None, path.rpartition("/")[2].partition(".")[0])
    if file.role == withdrawn.ROLE:  # its bytes are there for those who had it before
        raise FileMissingError("the task of this file was deleted")
    return Upload(chunks=await backend.files.open(file), name=file.name)


async def _wrong(request: Request, ask: Ask, found: Found) -> Failure | None:
    """What is wrong with the files of a task."""
    for role, files in found.files.items():
        for file in files:
            kind = _kind(ask, role)
            if file.state in _ABSENT or file.role == withdrawn.ROLE:
                why = "was never sent" if file.state is FileState.DECLARED else "has expired"
                return failure(f"download.{kind}", f"The file of {role} {why}.")
            wrong = _beyond(ask.form.limit, role, kind, file, settings_of(request)) or _time(ask, file)
            if wrong is not None:
                return wrong
    if found.files.get("msk"):
        return await _unlike(request, found.files["src"][0], found.files["msk"][0])
    return None


def _beyond(limit: Limit, role: str, kind: str, file: File, settings: Settings) -> Failure | None:
    if file.format not in limit.formats:
        allowed = ", ".join(sorted(limit.formats))
        why = f"The file of {role} is none of: {allowed}"
        if file.format == "bin" and kind != "video":  # nothing is known of it, not even why
            most = f"{settings.max_photo_pixels} pixels and {settings.max_photo_side} on a side"
            why += f", or cannot be read here; photos of up to {most} can"
        return failure(f"decode.{kind}", f"{why}.")
    if file.size >= limit.bytes:
        found = f"The file of {role} has {file.size} bytes; allowed: fewer than {limit.bytes}."
        return failure("bytes", found)
    seen = file.photo or file.clip
    if seen is None:
        return None
    short, long = sorted((seen.width, seen.height))
    sides = f"The picture of {role} has {seen.width}x{seen.height} pixels; allowed: "
    if long > limit.long:
        return failure("side", f"{sides}a longer side of {limit.long} or less.")
    if limit.short is not None and short > limit.short:
        return failure("side", f"{sides}a shorter side of {limit.short} or less.")
    if limit.least is not None and short < limit.least:
        return failure("parameter", f"{sides}a shorter side of {limit.least} or more.")
    return None


def _time(ask: Ask, file: File) -> Failure | None:
    """What is wrong with how long a clip runs, and how fast; what the call says of the former decides the price."""
    said, limit = ask.values.get(_SECONDS), ask.form.limit
    if said is None or file.seconds is None:
        return None
    if file.seconds >= limit.seconds:
        allowed = f"allowed: less than {limit.seconds:g}"
        return failure("duration", f"The video runs {file.seconds:.1f} s; {allowed}.")
    rate = file.clip.frames / file.seconds if file.clip is not None and file.seconds else 0.0
    if rate > limit.rate:
        allowed = f"allowed: {limit.rate:g} or fewer"
        return failure("unsupported.video", f"The video has {rate:.0f} pictures a second; {allowed}.")
    if abs(file.seconds - said) > _SLACK_S:
        return failure(
            "duration", f"The video runs {file.seconds:.1f} s; {_SECONDS} says {said}, and may be 1 s off."
        )
    return None


async def _unlike(request: Request, source: File, mask: File) -> Failure | None:
    """Whether a mask is not of its picture's size, as both are seen."""
    files = backend_of(request).files
    try:
        one, other = await files.look(source), await files.look(mask)
    except PhotoError as error:
        return failure("decode.mask", error.message)
    if not other.whole:
        return failure("decode.mask", "The end of the mask is missing.")
    if (one.width, one.height) != (other.width, other.height):
        sizes = f"{other.width}x{other.height} pixels, the picture {one.width}x{one.height}"
        return failure("mask_size", f"The mask has {sizes}; both have to be of one size.")
    return None


def _kind(ask: Ask, role: str) -> str:
    if role == "msk":
        return "mask"
    return "video" if role == "src" and ask.form.takes_clips else "image"
