"""Buckets: names, owners, and when they may go."""

import asyncio

import pytest

from tinct.backend import Backend
from tinct.errors import BucketExistsError, BucketMissingError, BucketNameError, BucketNotEmptyError

pytestmark = pytest.mark.asyncio


async def test_a_bucket_is_found_by_its_name_and_listed_for_its_owner(backend: Backend, account: str) -> None:
    made = [await backend.buckets.create(account, name) for name in ("b-1", "a-1250000000", "b1")]
    assert await backend.buckets.get("b-1") == made[0]
    assert (made[0].account, made[0].public) == (account, False)
    assert [bucket.name for bucket in await backend.buckets.list(account)] == ["a-1250000000", "b-1", "b1"]
    assert await backend.buckets.list("acct_other") == ()


async def test_a_name_belongs_to_whoever_took_it_first(backend: Backend, account: str) -> None:
    stranger = (await backend.accounts.create("other")).account.id
    await backend.buckets.create(account, "photos")
    for asker, own in ((account, True), (stranger, False)):
        with pytest.raises(BucketExistsError) as caught:
            await backend.buckets.create(asker, "photos")
        assert caught.value.own is own


async def test_one_of_many_at_once_gets_the_name(backend: Backend, account: str) -> None:
    tries = [backend.buckets.create(account, "photos") for _ in range(8)]
    found = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(each, BucketExistsError) for each in found) == 7


@pytest.mark.parametrize(
    "name",
    ["", "A", "a_b", "-a", "a-", "a.b", "ä", "a" * 64, "a/b", "..", "a\0", "a\n", "\ud800", "१"],
    ids=ascii,
)
async def test_a_name_that_is_no_label_of_a_host_is_refused_and_never_found(
    backend: Backend, account: str, name: str
) -> None:
    with pytest.raises(BucketNameError):
        await backend.buckets.create(account, name)
    assert await backend.buckets.find(name) is None
    with pytest.raises(BucketMissingError):
        await backend.buckets.get(name)


async def test_only_an_empty_bucket_is_deleted(backend: Backend, account: str) -> None:
    bucket = await backend.buckets.create(account, "photos")
    await backend.objects.put(bucket, "a", b"x")
    with pytest.raises(BucketNotEmptyError):
        await backend.buckets.delete(bucket)
    await backend.objects.delete(bucket, "a")
    upload = await backend.multipart.start(bucket, "b")
    with pytest.raises(BucketNotEmptyError):
        await backend.buckets.delete(bucket)
    await backend.multipart.abort(upload)
    await backend.buckets.delete(bucket)
    assert await backend.buckets.find("photos") is None
    await backend.buckets.delete(bucket)


async def test_what_arrives_for_a_bucket_that_went_meanwhile_is_refused(
    backend: Backend, account: str
) -> None:
    bucket = await backend.buckets.create(account, "photos")
    await backend.buckets.delete(bucket)
    with pytest.raises(BucketMissingError):
        await backend.objects.put(bucket, "a", b"x")
    with pytest.raises(BucketMissingError):
        await backend.multipart.start(bucket, "a")
