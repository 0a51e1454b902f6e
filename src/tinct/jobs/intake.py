"""The one way in: inputs stored or fetched, checked, submitted, undone on failure, waited for.

A wire format says where each photo comes from and what it takes of one; everything else is the same for all.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from tinct.errors import (
    FetchError,
    JobUnfinishedError,
    ParameterError,
    PhotoError,
    PhotoLimitError,
    PhotoModeError,
    SmallPhotoError,
    TinctError,
    UnsupportedPhotoError,
    UploadLimitError,
)
from tinct.jobs.file import File
from tinct.jobs.files import Files
from tinct.jobs.job import Failure, Job, JobState, Order
from tinct.jobs.received import Accepted
from tinct.jobs.repeats import Remembered
from tinct.jobs.service import Jobs, Submission
from tinct.net.fetch import Fetcher
from tinct.objects.objects import Object, Objects
from tinct.settings import Settings
from tinct.storage.chunks import stream_of

__all__ = ["Brought", "Copy", "Intake", "PhotoRule", "ResultOf", "Source", "Stored", "Upload", "Url"]


@dataclass(frozen=True, kw_only=True)
class Upload:
    """Bytes that come with the request; an iterator is read as it comes, never gathered."""

    chunks: AsyncIterator[bytes] | bytes
    name: str | None = None
    """What the caller calls the file."""
    field: str = ""
    """What the caller calls the input, for errors; the input's own name by default."""


@dataclass(frozen=True, kw_only=True)
class Url:
    """What a URL leads to; fetched while the caller waits."""

    url: str
    redirects: int | None = None
    """How many are followed; the settings' number by default."""
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A file that is there already, or was declared."""

    file_id: str
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class ResultOf:
    """A result of another job of the account."""

    job_id: str
    number: int = 0
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """An object of a bucket, which the caller may read."""

    object: Object
    field: str = ""


Source = Upload | Url | Stored | ResultOf | Copy


@dataclass(frozen=True, kw_only=True)
class PhotoRule:
    """What a wire format takes of a photo, within what the server takes; None where it takes all of that."""

    max_bytes: int | None = None
    formats: frozenset[str] | None = None
    min_side: int | None = None
    """Least pixels of the shorter side."""
    max_side: int | None = None
    """Most pixels of the longer side."""
    modes: frozenset[str] | None = None
    channels: int | None = None

    def check(self, field: str, file: File) -> None:
        """Hold a file against the rule.

        Raises
        ------
        UploadLimitError, UnsupportedPhotoError, SmallPhotoError, PhotoLimitError, PhotoModeError
            It breaks the rule; the sentence names `field`.
        """
        if self.max_bytes is not None and file.size > self.max_bytes:
            raise UploadLimitError(self.max_bytes)
        if self.formats is not None and file.format not in self.formats:
            allowed = ", ".join(sorted(self.formats)).upper()
            raise UnsupportedPhotoError(f"{field} is {file.format.upper()}; allowed: {allowed}")
        if self == PhotoRule(max_bytes=self.max_bytes, formats=self.formats):
            return
        photo = file.as_photo()
        sides = f"{field} has {photo.width}x{photo.height} pixels; allowed: each side"
        if self.min_side is not None and min(photo.width, photo.height) < self.min_side:
            raise SmallPhotoError(f"{sides} {self.min_side} or more")
        if self.max_side is not None and max(photo.width, photo.height) > self.max_side:
            raise PhotoLimitError(f"{sides} {self.max_side} or less")
        if (self.modes is not None and photo.mode not in self.modes) or (
            self.channels is not None and photo.channels != self.channels
        ):
            allowed = "/".join(sorted(self.modes or {photo.mode})).upper()
            found = f"{field} is {photo.mode.upper()} with {photo.channels} channels"
            raise PhotoModeError(
                f"{found}; allowed: {allowed} with {self.channels or photo.channels} channels"
            )


_ANY: Final = PhotoRule()


@dataclass(frozen=True, kw_only=True)
class Brought:
    """What came of an order's sources."""

    inputs: dict[str, str | tuple[str, ...]]
    made: list[File]
    """Files that are there for this order alone."""
    contents: dict[str, str]
    """For the order's memory: digest of a URL -> MD5 of what it led to."""


class Intake:
    """Takes orders in."""

    def __init__(
        self, jobs: Jobs, files: Files, objects: Objects, fetcher: Fetcher, settings: Settings
    ) -> None:
        self._jobs, self._files, self._objects = jobs, files, objects
        self._fetcher, self._settings = fetcher, settings

    async def submit(
        self,
        order: Order,
        sources: Mapping[str, Source | Sequence[Source]],
        *,
        rule: PhotoRule = _ANY,
        fetching_may_fail: bool = False,
    ) -> Submission:
        """Bring an order's inputs in, and submit it. Whatever fails, nothing is left of it.

        Parameters
        ----------
        order : Order
            Without inputs.
        sources : mapping of str to Source, or to several
            Where each input comes from; several where the input takes a list.
        rule : PhotoRule
            What is taken of each photo.
        fetching_may_fail : bool
            True: where inputs come by URL, one that leads to no photo makes a job that has failed, free of charge.
            False: it is refused.

        Raises
        ------
        FetchError, PhotoError, UploadLimitError, FileMissingError, JobMissingError, ParameterError
            A source is not what is taken.
        TinctError
            As `Jobs.submit`. An order that is known by its idempotency key is refused for none of these.
        """
        if order.idempotency_key is not None:
            known = await self._jobs.repeats.find(order.account, order.idempotency_key)
            if known is not None:
                return await self._again(order, sources, known, rule)
        try:
            async with self.brought(order.account, sources, rule) as found:
                submission = await self._jobs.submit(
                    dataclasses.replace(order, inputs=found.inputs), contents=found.contents
                )
            if submission.replayed:  # the same order came twice at once
                await self._discard(order.account, found.made)
            return submission
        except (FetchError, PhotoError, UploadLimitError) as error:
            if not (fetching_may_fail and any(isinstance(each, Url) for each in _flat(sources))):
                raise
            return await self._jobs.submit(order, failure=Failure.of(error))

    @asynccontextmanager
    async def brought(
        self,
        account: str,
        sources: Mapping[str, Source | Sequence[Source]],
        rule: PhotoRule,
        *,
        accepted: Accepted = "photos",
    ) -> AsyncIterator[Brought]:
        """Every source as a file; those that were made are deleted again if the block raises.

        Parameters
        ----------
        accepted : Accepted
            What is taken of bytes that are not stored yet.

        Raises
        ------
        TinctError
            As `submit`.
        """
        found = Brought(inputs={}, made=[], contents={})
        try:
            for name, given in sources.items():
                if isinstance(given, Sequence):
                    found.inputs[name] = tuple(
                        [await self._file(account, name, each, rule, found, accepted) for each in given]
                    )
                else:
                    found.inputs[name] = await self._file(account, name, given, rule, found, accepted)
            yield found
        except BaseException:
            await self._discard(account, found.made)
            raise

    async def result(self, job: Job, seconds: float) -> Job:
        """The job when it has succeeded, for a caller who waits for it and takes nothing else.

        If the caller leaves, or the time is over, the job is cancelled.

        Raises
        ------
        JobUnfinishedError
            It has not ended within `seconds`.
        TinctError
            Why it failed.
        """
        try:
            last = await self._jobs.wait(job.account, job.id, seconds)
        except BaseException:  # the caller left: nobody waits for this job
            await self._jobs.cancel(job.account, job.id)
            raise
        if not last.state.final:
            await self._jobs.cancel(job.account, job.id)
            raise JobUnfinishedError(seconds)
        if last.state is not JobState.SUCCEEDED:
            raise last.error
        return last

    async def _file(
        self, account: str, name: str, source: Source, rule: PhotoRule, found: Brought, accepted: Accepted
    ) -> str:
        """Id of the file that a source is or becomes."""
        if isinstance(source, Stored | ResultOf):
            file_id = await self._known_file(account, name, source)
            if rule != PhotoRule(max_bytes=rule.max_bytes):  # what is stored was bounded when it came
                rule.check(source.field or name, await self._files.get(account, file_id))
            return file_id
        file = await self._put(account, source, rule, accepted)
        found.made.append(file)
        rule.check(source.field or name, file)
        if isinstance(source, Url):
            found.contents[_url_key(source)] = file.etag
        return file.id

    async def _put(
        self, account: str, source: Upload | Url | Copy, rule: PhotoRule, accepted: Accepted
    ) -> File:
        most = self._most(rule)
        async with self._opened(source, most) as (chunks, name):
            return await self._files.put(account, chunks, name=name, max_bytes=most, accepted=accepted)

    def _most(self, rule: PhotoRule) -> int:
        own = self._settings.max_upload_bytes if rule.max_bytes is None else rule.max_bytes
        return min(own, self._settings.max_photo_bytes)

    @asynccontextmanager
    async def _opened(
        self, source: Upload | Url | Copy, most: int
    ) -> AsyncIterator[tuple[AsyncIterator[bytes] | bytes, str | None]]:
        """The bytes of a source, and its name."""
        if isinstance(source, Upload):
            yield source.chunks, source.name
        elif isinstance(source, Copy):
            if source.object.size > most:
                raise UploadLimitError(most)
            yield self._objects.stream(source.object), source.object.key.rpartition("/")[2]
        else:
            async with self._fetcher.open(source.url, max_bytes=most, redirects=source.redirects) as answer:
                yield answer.chunks, answer.url.partition("?")[0].rpartition("/")[2]

    async def _known_file(self, account: str, name: str, source: Stored | ResultOf) -> str:
        if isinstance(source, Stored):
            return source.file_id
        job = await self._jobs.get(account, source.job_id)
        if job.state is not JobState.SUCCEEDED or source.number >= len(job.results):
            found = f"{source.job_id}/{source.number} ({job.state}, {len(job.results)} results)"
            raise ParameterError(source.field or name, found, "a result of a job that succeeded")
        return job.results[source.number].file_id

    async def _discard(self, account: str, files: Sequence[File]) -> None:
        for file in files:
            try:
                await self._files.delete(account, file.id)
            except TinctError:
                continue  # already gone

    # -- an order that came before ------------------------------------------------------------------

    async def _again(
        self,
        order: Order,
        sources: Mapping[str, Source | Sequence[Source]],
        known: Remembered,
        rule: PhotoRule,
    ) -> Submission:
        """The job of a repeated order. Its inputs are told by what they hold; nothing is stored, and little fetched."""
        inputs: dict[str, str | tuple[str, ...]] = {}
        contents: dict[str, str] = {}

        async def told(name: str, source: Source) -> str:
            if isinstance(source, Stored | ResultOf):
                return await self._known_file(order.account, name, source)
            key = _url_key(source) if isinstance(source, Url) else f"content:{len(contents)}"
            contents[key] = known.contents.get(key) or await self._digest(source, rule)
            return key

        for name, given in sources.items():
            inputs[name] = (
                tuple([await told(name, each) for each in given])
                if isinstance(given, Sequence)
                else await told(name, given)
            )
        return await self._jobs.submit(dataclasses.replace(order, inputs=inputs), contents=contents)

    async def _digest(self, source: Upload | Url | Copy, rule: PhotoRule) -> str:
        """MD5 of what a source holds, as files have it, without keeping it."""
        digest, size, most = hashlib.md5(usedforsecurity=False), 0, self._most(rule)
        async with self._opened(source, most) as (chunks, _):
            async for chunk in stream_of(chunks):
                size += len(chunk)
                if size > most:
                    raise UploadLimitError(most)
                digest.update(chunk)
        return digest.hexdigest()


def _flat(sources: Mapping[str, Source | Sequence[Source]]) -> list[Source]:
    return [
        each for given in sources.values() for each in (given if isinstance(given, Sequence) else (given,))
    ]


def _url_key(source: Url) -> str:
    """What an order's memory calls a URL, which may hold a secret."""
    return "url:" + hashlib.sha256(source.url.encode()).hexdigest()
