"""How orders come in: every kind of source, what is left of a refused one, and orders that come twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from backends import ended, working
from picture_host import hosted
from running import photo
from tinct.backend import Backend
from tinct.errors import (
    CreditError,
    FileMissingError,
    IdempotencyError,
    JobUnfinishedError,
    ParameterError,
    PhotoModeError,
    QueueFullError,
    SmallPhotoError,
    StorageFullError,
    UnreachableUrlError,
    UnsupportedPhotoError,
    UploadLimitError,
)
from tinct.jobs.intake import Copy, PhotoRule, ResultOf, Source, Stored, Upload, Url
from tinct.jobs.job import JobState, Order

pytestmark = pytest.mark.asyncio

PICTURE = photo()


@pytest.fixture
def site(tmp_path) -> Iterator[str]:
    """A web server on loopback with one picture."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "a.png").write_bytes(PICTURE)
    with hosted(tmp_path / "site") as address:
        yield address


def change(backend: Backend, **settings: object) -> None:
    """Other settings for the parts that read them when they are asked."""
    new = backend.settings.with_changes(**settings)
    for part in (backend.intake, backend.intake._fetcher, backend.jobs, backend.files):
        part._settings = new


def order(account: str, **more: object) -> Order:
    return Order(account=account, effect="noop", **more)


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100):
        yield content[start : start + 100]


async def left(backend: Backend) -> tuple[int, int, int]:
    """Files, jobs and blobs that there are."""
    files = await backend.database.all("SELECT id FROM files WHERE state <> 'deleted'")
    blobs = [path for path in (backend.settings.data / "blobs").rglob("*") if path.is_file()]
    return len(files), len(await backend.database.all("SELECT id FROM jobs")), len(blobs)


async def test_every_kind_of_source_becomes_an_input(backend: Backend, account: str, site: str) -> None:
    change(backend, allow_private_hosts="127.0.0.1")
    bucket = await backend.buckets.create(account, "photos-1250000000")
    thing = await backend.objects.put(bucket, "a/b.png", PICTURE, headers={})
    stored = await backend.files.put(account, PICTURE)
    async with working(backend):
        first = await backend.intake.submit(order(account), {"image": Stored(file_id=stored.id)})
        done = await ended(backend, first.job)
    sources: list[Source] = [
        Upload(chunks=PICTURE),
        Upload(chunks=pieces(PICTURE), name="mine.png"),
        Url(url=f"{site}/a.png"),
        Stored(file_id=stored.id),
        ResultOf(job_id=done.id),
        Copy(object=thing),
    ]
    for source in sources:
        job = (await backend.intake.submit(order(account), {"image": source})).job
        file = await backend.files.get(account, job.inputs["image"])
        same = (
            file.id == done.results[0].file_id if isinstance(source, ResultOf) else file.etag == stored.etag
        )
        assert same, source


RULE = PhotoRule(formats=frozenset({"png"}), min_side=50, modes=frozenset({"rgb"}), channels=3)


@pytest.mark.parametrize(
    ("content", "rule", "error"),
    [
        (photo(format="JPEG"), RULE, UnsupportedPhotoError),
        (photo(49, 60), RULE, SmallPhotoError),
        (photo(mode="RGBA"), RULE, PhotoModeError),
        (photo(mode="L"), RULE, PhotoModeError),
        (PICTURE, PhotoRule(max_bytes=len(PICTURE) - 1), UploadLimitError),
        (b"no photo", PhotoRule(), UnsupportedPhotoError),
    ],
)
async def test_nothing_is_left_of_what_breaks_a_rule(
    backend: Backend, account: str, content: bytes, rule: PhotoRule, error: type[Exception]
) -> None:
    before = await left(backend)
    good = Upload(chunks=PICTURE)
    with pytest.raises(error) as caught:
        await backend.intake.submit(
            order(account), {"image": good, "other": Upload(chunks=content, field="ref")}, rule=rule
        )
    if error in (SmallPhotoError, PhotoModeError):
        assert str(caught.value).startswith("ref ")
    assert await left(backend) == before


async def test_nothing_is_left_of_an_order_that_is_refused(backend: Backend) -> None:
    poor = (await backend.accounts.create("poor", credits=0)).account.id
    other = await backend.files.put(poor, PICTURE)
    before = await left(backend)
    for given, error in (
        ({"image": Upload(chunks=PICTURE)}, CreditError),
        ({"image": Upload(chunks=PICTURE), "none": Stored(file_id="file_x")}, ParameterError),
        ({"image": ResultOf(job_id="job_" + "0" * 26)}, Exception),
    ):
        with pytest.raises(error):
            await backend.intake.submit(order(poor), given)
    assert await left(backend) == before
    assert (await backend.files.get(poor, other.id)).id == other.id


async def test_a_url_that_leads_nowhere_is_refused_or_a_failed_job_as_the_caller_wants(
    backend: Backend, account: str, site: str
) -> None:
    change(backend, allow_private_hosts="127.0.0.1")
    source = {"image": Url(url=f"{site}/none.png")}
    with pytest.raises(UnreachableUrlError):
        await backend.intake.submit(order(account), source)
    job = (await backend.intake.submit(order(account), source, fetching_may_fail=True)).job
    assert (job.state, job.credits) == (JobState.FAILED, 0)
    assert isinstance(job.error, UnreachableUrlError)


async def test_a_caller_who_waits_in_vain_or_leaves_cancels_the_job(backend: Backend, account: str) -> None:
    job = (await backend.intake.submit(order(account), {"image": Upload(chunks=PICTURE)})).job
    with pytest.raises(JobUnfinishedError):
        await backend.intake.result(job, 0.01)
    assert (await backend.jobs.get(account, job.id)).state is JobState.CANCELLED
    job = (await backend.intake.submit(order(account), {"image": Upload(chunks=PICTURE)})).job
    waiting = asyncio.create_task(backend.intake.result(job, 60))
    await asyncio.sleep(0.05)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert (await backend.jobs.get(account, job.id)).state is JobState.CANCELLED


@pytest.mark.parametrize("kind", ["upload", "url", "file", "result"])
async def test_an_order_that_is_known_is_refused_for_nothing(
    backend: Backend, account: str, site: str, kind: str, tmp_path
) -> None:
    change(backend, allow_private_hosts="127.0.0.1")
    stored = await backend.files.put(account, PICTURE)
    async with working(backend):
        made = await ended(
            backend, (await backend.intake.submit(order(account), {"image": Stored(file_id=stored.id)})).job
        )

    def source() -> Source:
        return {
            "upload": Upload(chunks=pieces(PICTURE)),
            "url": Url(url=f"{site}/a.png"),
            "file": Stored(file_id=stored.id),
            "result": ResultOf(job_id=made.id),
        }[kind]

    asked = order(account, idempotency_key="k")
    first = await backend.intake.submit(asked, {"image": source()})
    await backend.files.delete(account, stored.id)  # its file, the web server's and the result's all go
    await backend.database.run("UPDATE files SET expires_at = now()")
    (tmp_path / "site" / "a.png").unlink()
    backend.blobs._min_free_bytes = 2**60
    change(backend, allow_private_hosts="127.0.0.1", max_queued_jobs=1)
    again = await backend.intake.submit(asked, {"image": source()})
    assert (again.job.id, again.replayed) == (first.job.id, True)
    with pytest.raises(IdempotencyError):
        await backend.intake.submit(asked, {"image": Upload(chunks=photo(seed=5))})
    with pytest.raises(IdempotencyError):
        await backend.intake.submit(asked, {"image": Stored(file_id="file_" + "0" * 26)})
    with pytest.raises((StorageFullError, FileMissingError, UnreachableUrlError, QueueFullError)):
        await backend.intake.submit(order(account, idempotency_key="other"), {"image": source()})
    assert len(await backend.database.all("SELECT id FROM jobs")) == 2


async def test_the_same_order_many_times_at_once_is_one_job_and_leaves_one_file(
    backend: Backend, account: str
) -> None:
    asked = order(account, idempotency_key="k")
    many = await asyncio.gather(
        *(backend.intake.submit(asked, {"image": Upload(chunks=pieces(PICTURE))}) for _ in range(10))
    )
    assert len({submission.job.id for submission in many}) == 1
    assert sum(not submission.replayed for submission in many) == 1
    files = await backend.database.all("SELECT id FROM files WHERE state = 'stored'")
    assert len(files) == 1
